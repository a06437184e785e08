"""The watch over reads: numbers, calendar, who is staff, who may close (查看告警)."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date, datetime
from zoneinfo import ZoneInfo

from yiwang.audit import services as audit
from yiwang.audit.policy import alarms
from yiwang.audit.queries import AlarmView
from yiwang.content import queries as content
from yiwang.kernel.workdays import CalendarGapError, WorkdayCalendar
from yiwang.organisations.models import User
from yiwang.organisations.permissions import EVERYWHERE, Actor, Permission, require
from yiwang.organisations.policy.terms import UserKind

PLACE = ZoneInfo("Asia/Shanghai")
ACCOUNT = "user:"


def watch_reads(*, by: Actor, at: datetime) -> list[AlarmView]:
    """Look at the reads since the last run; return the alarms that were raised.

    Args:
        by: A named job, or the operator.
        at: Moment of the run; its day says which numbers of the packs hold.
    """
    on = at.astimezone(PLACE).date()
    said = {key: text.text for key in alarms.KEYS if (text := content.text(key, on=on))}
    return audit.find_alarms(
        rules=alarms.rules(said),
        zone=PLACE,
        is_workday=_workdays(),
        staff=_staff,
        by=by.ref,
        at=at,
    )


def close_alarm(*, alarm_id: int, words: str, by: Actor, at: datetime) -> AlarmView:
    """Close an alarm with what was found.

    Raises:
        PermissionRefusedError: `by` is no auditor.
        LookupError: there is no such alarm.
        AlarmRefusedError: closed already, no words, or the reads are one's own.
    """
    require(by, Permission.ALARM_CLOSE, department=EVERYWHERE)
    return audit.close_alarm(alarm_id=alarm_id, words=words, by=by.ref, at=at, ip=by.ip)


def _staff(refs: Collection[str]) -> set[str]:
    logins = [ref.removeprefix(ACCOUNT) for ref in refs if ref.startswith(ACCOUNT)]
    found = User.objects.filter(login__in=logins, kind=UserKind.STAFF.value)
    return {f"{ACCOUNT}{login}" for login in found.values_list("login", flat=True)}


def _workdays() -> Callable[[date], bool]:
    """Return whether a day is worked; beyond the notices Monday to Friday are."""
    try:
        calendar: WorkdayCalendar | None = content.workday_calendar()
    except CalendarGapError:
        calendar = None

    def is_workday(day: date) -> bool:
        if calendar is not None:
            try:
                return calendar.is_workday(day)
            except CalendarGapError:
                pass
        return day.isoweekday() <= 5

    return is_workday
