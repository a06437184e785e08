"""Clocks of the law: when something is due, what does not count, and what light it shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, timezone

from yiwang.kernel.terms import Term
from yiwang.kernel.workdays import CalendarGapError, WorkdayCalendar

AMBER_DAYS = 2
"""Days left, in the clock's own unit, from which it turns amber, where the settings say nothing.
Our own choice (UX-14)."""

_amber = [AMBER_DAYS]


def set_amber_days(days: int) -> None:
    """Say from how many days left clocks are amber; called once at start-up.

    Raises:
        ValueError: less than one.
    """
    if days < 1:
        raise ValueError(f"amber from {days} days left")
    _amber[0] = days


def amber_days() -> int:
    """Return from how many days left, in the clock's own unit, a clock is amber (临期)."""
    return _amber[0]


ONE_DAY = timedelta(days=1)

BEIJING = timezone(timedelta(hours=8), "Asia/Shanghai")
"""The one legal time of the country, without summer time since 1991."""


def day_of(moment: datetime) -> date:
    """Return the day on which something that happened at `moment` counts as having happened.

    An electronic application counts as received when it enters the system, at night and on
    Sundays too.

    Raises:
        ValueError: `moment` has no time zone.

    Source:
        电子签名法 第十一条.
    """
    if moment.tzinfo is None:
        raise ValueError("a moment needs its time zone")
    return moment.astimezone(BEIJING).date()


class StopReason(Term):
    """What takes time that does not count towards the limit.

    Source: 行政许可法 第四十五条.
    """

    HEARING = "hearing", "听证"
    TENDER = "tender", "招标"
    AUCTION = "auction", "拍卖"
    INSPECTION = "inspection", "检验"
    TESTING = "testing", "检测"
    QUARANTINE = "quarantine", "检疫"
    APPRAISAL = "appraisal", "鉴定"
    EXPERT_REVIEW = "expert_review", "专家评审"


@dataclass(frozen=True, kw_only=True)
class ClockStop:
    """A stretch of days that does not count towards the limit (不计入期限的时间).

    Both ends are inclusive. `ended_on` is None while the stretch is still open.
    """

    reason: StopReason
    started_on: date
    ended_on: date | None = None

    def __post_init__(self) -> None:
        if self.ended_on is not None and self.ended_on < self.started_on:
            raise ValueError("ended_on lies before started_on")

    def covers(self, day: date) -> bool:
        """Tell whether `day` falls inside the stretch."""
        return self.started_on <= day and (self.ended_on is None or day <= self.ended_on)


def due_on(
    *,
    accepted_on: date,
    limit_workdays: int,
    stops: Sequence[ClockStop] = (),
    calendar: WorkdayCalendar,
) -> date | None:
    """Return the last day on which the act is still in time.

    The day of acceptance is not counted; the first day counted is the day after.
    Non-working days and stopped days are passed over.

    Args:
        accepted_on: Day on which the limit starts: of acceptance (受理之日), of receipt for
            the correction notice, of the decision for delivery.
        limit_workdays: Length of the limit in working days, extensions included; >= 1.
        stops: Stretches left out, in any order; they may overlap.
        calendar: Must cover every day up to the result.

    Returns:
        The due date, or None while a stretch is open: the clock is not running, so no
        date can be given.

    Raises:
        ValueError: `limit_workdays` is below 1.
        CalendarGapError: the count runs past the years loaded into `calendar`.

    Source:
        行政许可法 第四十二条 (limit), 第四十五条 (stops), 第八十二条 (working days);
        民法典 第二百零一条 (first day not counted).

    Example:
        A 3-day limit accepted on Friday 2026-03-06 is due on Wednesday 2026-03-11.
    """
    if limit_workdays < 1:
        raise ValueError("limit_workdays must be at least 1")
    stretches = _merged(stops)
    if stretches is None:
        return None
    due = calendar.add_workdays(accepted_on, limit_workdays)
    for started_on, ended_on in stretches:
        if ended_on <= accepted_on:
            continue
        if started_on > due:
            break
        before = max(started_on - ONE_DAY, accepted_on)
        due = calendar.add_workdays(due, calendar.workdays_between(before, ended_on))
    return due


def workdays_spent(
    *,
    accepted_on: date,
    ended_on: date,
    stops: Sequence[ClockStop] = (),
    calendar: WorkdayCalendar,
) -> int:
    """Return how many working days something took, counted as `due_on` counts its limit.

    Args:
        accepted_on: Day on which the limit starts; not counted.
        ended_on: Last day; a stretch that is still open ends on it.
        stops: Stretches left out, in any order; they may overlap.
        calendar: Must cover both days.

    Raises:
        CalendarGapError: one of the days is not covered.

    Source:
        行政许可法 第四十五条, 第八十二条; 民法典 第二百零一条.

    Example:
        Accepted on Friday 2026-03-06 and decided on Wednesday 2026-03-11: 3.
    """
    closed = [
        stop
        if stop.ended_on is not None
        else replace(stop, ended_on=max(stop.started_on, ended_on))
        for stop in stops
    ]
    spent = calendar.workdays_between(accepted_on, ended_on)
    for started_on, stopped_until in _merged(closed) or ():
        before = max(started_on - ONE_DAY, accepted_on)
        last = min(stopped_until, ended_on)
        if last > before:
            spent -= calendar.workdays_between(before, last)
    return spent


def _merged(stops: Sequence[ClockStop]) -> list[tuple[date, date]] | None:
    """Return the stretches in order and without overlap, or None when one is open."""
    merged: list[tuple[date, date]] = []
    for stop in sorted(stops, key=lambda stop: stop.started_on):
        if stop.ended_on is None:
            return None
        if merged and stop.started_on <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], stop.ended_on))
        else:
            merged.append((stop.started_on, stop.ended_on))
    return merged


class DayUnit(Term):
    """What days a clock counts (计算单位).

    Source: 行政许可法 第八十二条 (its limits in working days); 民法典 第二百条 (others in days).
    """

    WORKDAY = "workday", "工作日"
    CALENDAR_DAY = "calendar_day", "自然日"


_MEASURES = {DayUnit.WORKDAY: "个工作日", DayUnit.CALENDAR_DAY: "天"}
"""A unit as it stands behind a number."""


class Light(Term):
    """The colour of a clock; always shown with its words (UX-14)."""

    GREEN = "green", "正常"
    AMBER = "amber", "临期"
    RED = "red", "到期或超期"
    GREY = "grey", "不计时"


@dataclass(frozen=True, kw_only=True)
class LightAnswer:
    """What a clock shows.

    Attributes:
        light: Colour.
        days_left: Days of `unit` to the due date; 0 on the day itself; negative when late, at
            least one late; None while nothing is counted.
        unit: What the clock counts: working days or calendar days.
        text: The words beside the colour; they name the unit.
    """

    light: Light
    days_left: int | None
    unit: DayUnit
    text: str


def light(
    *,
    due_on: date | None,
    today: date,
    calendar: WorkdayCalendar,
    unit: DayUnit,
    stopped: bool = False,
) -> LightAnswer:
    """Return the light of a clock on the day `today`.

    Args:
        due_on: Last day in time; None before the clock starts and while it is stopped.
        today: Day of looking.
        calendar: Where it does not reach, the light says so instead of failing, so that one
            date outside the calendar never hides a whole list. Calendar days need none.
        unit: What the clock counts.
        stopped: Whether a stretch that does not count is open.

    Example:
        Due on Monday 2026-03-16, seen on Friday 2026-03-13: 剩 1 个工作日, or 剩 3 天.
    """

    def answer(colour: Light, text: str, left: int | None = None) -> LightAnswer:
        return LightAnswer(light=colour, days_left=left, unit=unit, text=text)

    if stopped:
        return answer(Light.GREY, "暂停计时")
    if due_on is None:
        return answer(Light.GREY, "未开始计时")
    if today == due_on:
        return answer(Light.RED, "今日到期", 0)
    late = today > due_on
    try:
        left = _days_between(today, due_on, unit, calendar)
    except CalendarGapError:
        return answer(Light.RED, "已超期") if late else answer(Light.GREY, "工作日历未装入")
    if late:
        left = min(left, -1)  # due on Friday, seen on Saturday: late, though no working day passed
        return answer(Light.RED, f"超期 {-left} {_MEASURES[unit]}", left)
    colour = Light.AMBER if left <= amber_days() else Light.GREEN
    return answer(colour, f"剩 {left} {_MEASURES[unit]}", left)


def _days_between(start: date, end: date, unit: DayUnit, calendar: WorkdayCalendar) -> int:
    if unit is DayUnit.WORKDAY:
        return calendar.workdays_between(start, end)
    return (end - start).days
