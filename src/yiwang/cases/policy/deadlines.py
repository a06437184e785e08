"""The clocks of a case (期限): which there are, how long each runs, and where the law says so."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from yiwang.cases.policy.procedure import INSPECTION_START_WORKDAYS, PUBLICITY_WORKDAYS
from yiwang.cases.policy.states import STOPPED, CaseState
from yiwang.cases.policy.terms import ClockKind, unit_of
from yiwang.catalogue.policy.items import Limit
from yiwang.kernel.clocks import ClockStop, DayUnit, LightAnswer, due_on, light
from yiwang.kernel.workdays import WorkdayCalendar

CLOCKS_DIFFER = timedelta(minutes=1)
"""How far the clocks of two servers may differ, and how long a call may have waited for a row."""

PLACE = ZoneInfo("Asia/Shanghai")
"""Days of the law are days of the place."""

NOTICE_LIMIT_WORKDAYS = 5
"""Longest time to tell what is missing, in working days. 行政许可法 第三十二条第一款第四项."""

DELIVERY_LIMIT_WORKDAYS = 10
"""Longest time to hand over the certificate, in working days. 行政许可法 第四十四条."""

EVALUATION_DAYS = 30
"""Calendar days after closure in which the service may be rated. GB/T 39734 leaves it open."""

DRAFT_DAYS = 90
"""Calendar days a draft is kept after the last change; shown to the applicant."""


def day_of(at: datetime) -> date:
    """Return the day of the place on which the moment `at` falls.

    Raises:
        ValueError: `at` has no time zone.

    Source:
        电子签名法 第十一条: a message counts as received when it enters the system, so an
        application of Sunday 23:50 is received on that Sunday.
    """
    if at.tzinfo is None:
        raise ValueError("at must be aware")
    return at.astimezone(PLACE).date()


def notice_due_on(*, received_on: date, calendar: WorkdayCalendar) -> date:
    """Return the last day to accept, to refuse, or to tell everything that is missing, once.

    After it the application is deemed accepted from the day it was received.

    Args:
        received_on: Day of receipt, or of the correction that was filed; not counted.
        calendar: Must cover the result.

    Raises:
        CalendarGapError: the count leaves the years loaded into `calendar`.

    Source:
        行政许可法 第三十二条第一款第四项, 第八十二条.

    Example:
        Received on Sunday 2026-03-08: due on Friday 2026-03-13.
    """
    return calendar.add_workdays(received_on, NOTICE_LIMIT_WORKDAYS)


def correction_due_on(*, asked_on: date, days: int) -> date:
    """Return the last day to file a correction, `days` calendar days after it was asked for.

    No law sets the period: the item version does, else the pack of the district, from a day on.
    """
    return asked_on + timedelta(days=days)


@dataclass(frozen=True, kw_only=True)
class DecisionDays:
    """Both limits of a decision; None while the clock is stopped."""

    statutory_on: date | None
    promised_on: date | None


def decision_days(
    *,
    accepted_on: date,
    limit: Limit,
    stops: Sequence[ClockStop] = (),
    extended_workdays: int = 0,
    calendar: WorkdayCalendar,
) -> DecisionDays:
    """Return the last days for a decision by law and by promise.

    Args:
        accepted_on: Day of acceptance; not counted.
        limit: Both limits of the item version; 0 working days is the day of acceptance itself.
        stops: Stretches that do not count.
        extended_workdays: Days by which the head extended the limit; the promise moves with it.
        calendar: Must cover both results.

    Raises:
        CalendarGapError: the count leaves the years loaded into `calendar`.

    Source:
        行政许可法 第三十四条第二款 (on the spot), 第四十二条 (limit), 第四十五条 (stops),
        第八十二条 (working days).

    Example:
        Limits of 20 and 5 working days, accepted on Friday 2026-03-06: 2026-04-03 and 2026-03-13.
    """
    return DecisionDays(
        statutory_on=_due(
            accepted_on, limit.statutory_workdays + extended_workdays, stops, calendar
        ),
        promised_on=_due(accepted_on, limit.promised_workdays + extended_workdays, stops, calendar),
    )


def _due(
    accepted_on: date, workdays: int, stops: Sequence[ClockStop], calendar: WorkdayCalendar
) -> date | None:
    if workdays == 0:
        return accepted_on
    return due_on(accepted_on=accepted_on, limit_workdays=workdays, stops=stops, calendar=calendar)


def case_light(
    *, state: CaseState, due_on: date | None, today: date, calendar: WorkdayCalendar
) -> LightAnswer:
    """Return the light of the clock that runs in a state; grey while the limit does not run.

    Args:
        state: Where the case stands; only the correction counts calendar days.
        due_on: Last day of that clock; None when finished.
        today: Day of looking.
        calendar: Working days.
    """
    correcting = state is CaseState.CORRECTION
    return light(
        due_on=due_on,
        today=today,
        calendar=calendar,
        unit=unit_of(ClockKind.CORRECTION) if correcting else DayUnit.WORKDAY,
        stopped=state in STOPPED,
    )


def delivery_due_on(*, decided_on: date, calendar: WorkdayCalendar) -> date:
    """Return the last day to hand over the decision and the certificate.

    Raises:
        CalendarGapError: the count leaves the years loaded into `calendar`.

    Source:
        行政许可法 第四十四条: ten days from the decision.
    """
    return calendar.add_workdays(decided_on, DELIVERY_LIMIT_WORKDAYS)


def publicity_due_on(*, decided_on: date, calendar: WorkdayCalendar) -> date:
    """Return the last day to publish a decision: PUBLICITY_WORKDAYS after it.

    Raises:
        CalendarGapError: the count leaves the years loaded into `calendar`.

    Source:
        行政许可法 第四十条 (granted decisions are public).
    """
    return calendar.add_workdays(decided_on, PUBLICITY_WORKDAYS)


def inspection_start_due_on(*, accepted_on: date, calendar: WorkdayCalendar) -> date:
    """Return the last day to send two officers to inspect, test or quarantine.

    Raises:
        CalendarGapError: the count leaves the years loaded into `calendar`.

    Source:
        行政许可法 第五十五条第二款: within five days of acceptance.
    """
    return calendar.add_workdays(accepted_on, INSPECTION_START_WORKDAYS)


def evaluation_until(*, closed_on: date) -> date:
    """Return the last day on which the service may be rated, inclusive.

    Source:
        GB/T 39734-2020: whoever did not rate at once may do so within a set period.
    """
    return closed_on + timedelta(days=EVALUATION_DAYS)


def months_after(day: date, months: int) -> date:
    """Return the same day `months` months later, or the last day of that month.

    Source:
        民法典 第二百零二条: where the month has no such day, its last day ends the period.
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))
