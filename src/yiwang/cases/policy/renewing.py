"""Renewal of a licence (延续): how early it is asked, and what silence means."""

from __future__ import annotations

from datetime import date, timedelta

from yiwang.catalogue.policy.items import ItemVersion
from yiwang.kernel.workdays import CalendarGapError, WorkdayCalendar

RENEWAL_LEAD_WORKDAYS = 30
"""Working days before the end of validity at which renewal is asked, unless the item says
otherwise. 行政许可法 第五十条第一款, 第八十二条."""

ARTICLE = "《中华人民共和国行政许可法》第五十条第二款"

DEEMED_REASON = "被许可人在法定期限内申请延续，本机关在有效期届满前未作出决定，依法视为准予延续。"
"""Source: 行政许可法 第五十条第二款."""

DEEMED_NOTES = ("本决定由系统在有效期届满时依法记录，并已报告本机关负责监督的人员。",)


def lead_workdays(item: ItemVersion) -> int:
    """Return how many working days before the end of validity renewal of the item is asked."""
    return item.result.renewal_lead_workdays or RENEWAL_LEAD_WORKDAYS


def in_time(*, asked_on: date, valid_until: date, lead: int, calendar: WorkdayCalendar) -> bool:
    """Tell whether renewal is asked early enough for silence to count as consent.

    Args:
        asked_on: Day of the application; not counted.
        valid_until: First day on which the licence is no longer valid.
        lead: Working days that must lie between.
        calendar: Where it ends before the licence does, two calendar days stand for one working
            day, which never shortens the period.

    Source:
        行政许可法 第五十条第一款: 有效期届满三十日前.
    """
    last = valid_until - timedelta(days=1)
    try:
        return calendar.add_workdays(asked_on, lead) <= last
    except CalendarGapError:
        return asked_on + timedelta(days=2 * lead) <= last


def late_words(*, name: str, lead: int, last: date) -> str:
    """Return what somebody is told who asks too late."""
    return (
        f"您的“{name}”延续申请已收到，但距有效期届满（{last.year}年{last.month}月{last.day}日）"
        f"不足{lead}个工作日。本机关仍会依法审查；届满前没有作出决定的，不视为准予延续。"
        "届满后请停止相关活动，或者重新申请新的许可。"
    )
