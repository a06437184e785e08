"""Clocks of a case: started, met, reckoned anew, and reported when they were missed (期限)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction

from yiwang.audit import services as audit
from yiwang.cases.models import Case, CaseClock, Extension, Hearing, SpecialProcedure
from yiwang.cases.models.commitments import Commitment
from yiwang.cases.policy.deadlines import (
    day_of,
    decision_days,
    delivery_due_on,
    notice_due_on,
    publicity_due_on,
)
from yiwang.cases.policy.states import OPEN, RUNNING, STOPPED, CaseState
from yiwang.cases.policy.terms import BEFORE_DECISION, OF_THE_APPLICANT, ClockKind
from yiwang.cases.services import alarming
from yiwang.cases.services.steps import locked, version_of
from yiwang.catalogue.policy.items import ItemVersion
from yiwang.kernel.clocks import ClockStop, StopReason
from yiwang.kernel.workdays import CalendarGapError, WorkdayCalendar
from yiwang.organisations.permissions import Actor

LIMIT_FIELDS = ("statutory_on", "promised_on", "due_on", "stopped_since")
"""Columns that hold the limit for the decision."""

UNDECIDED = (CaseState.ACCEPTED, CaseState.REVIEWING, CaseState.DECISION_PENDING)
"""States in which the limit for the decision runs."""


def start(
    case: Case,
    kind: ClockKind,
    *,
    starts_on: date,
    due_on: date,
    workdays: int | None = None,
    subject: str = "",
    met_on: date | None = None,
) -> None:
    """Start a clock of a case that is none of its columns; a second start changes nothing.

    Args:
        case: The case.
        kind: Which clock.
        starts_on: First day, not counted.
        due_on: Last day in time.
        workdays: How many working days that are, where it is reckoned anew with the calendar;
            None: a fixed day.
        subject: Which one, where a case may have several of the kind.
        met_on: Day on which it was met, where that is known already.
    """
    CaseClock.objects.get_or_create(
        case=case,
        kind=kind.value,
        subject=subject,
        defaults={
            "starts_on": starts_on,
            "due_on": due_on,
            "workdays": workdays,
            "met_on": met_on,
        },
    )


def meet(case: Case, kind: ClockKind, *, on: date, subject: str = "") -> None:
    """Note the day on which what the clock asks for was done; a second call changes nothing."""
    CaseClock.objects.filter(case=case, kind=kind.value, subject=subject, met_on=None).update(
        met_on=on
    )


def stop(case: Case, kind: ClockKind, *, on: date, subject: str = "") -> None:
    """Stop a clock; it has no last day until it runs again."""
    CaseClock.objects.filter(
        case=case, kind=kind.value, subject=subject, met_on=None, stopped_since=None
    ).update(stopped_since=on, due_on=None)


def resume(case: Case, kind: ClockKind, *, due_on: date, subject: str = "") -> None:
    """Let a stopped clock run again until `due_on`."""
    CaseClock.objects.filter(case=case, kind=kind.value, subject=subject, met_on=None).exclude(
        stopped_since=None
    ).update(stopped_since=None, due_on=due_on)


def stops_of(case: Case) -> list[ClockStop]:
    """Return the stretches that do not count towards the limit of the case; two queries."""
    stops = [
        ClockStop(reason=StopReason(row.kind), started_on=row.started_on, ended_on=row.ended_on)
        for row in SpecialProcedure.objects.filter(case=case)
    ]
    stops += [
        ClockStop(reason=StopReason.HEARING, started_on=row.told_on, ended_on=row.ended_on)
        for row in Hearing.objects.filter(case=case)
    ]
    return stops


def extended_workdays(case: Case) -> int:
    """Return by how many working days the head extended the limit; no query where nobody did."""
    if case.extended_on is None:
        return 0
    return Extension.objects.get(case=case, approved=True).workdays


def set_limits(case: Case, item: ItemVersion, *, calendar: WorkdayCalendar) -> None:
    """Reckon both limits of an accepted, running case from everything that is written down.

    A case on commitment was promised its decision the same day, until something stopped or
    extended it.

    Raises:
        CalendarGapError: the calendar ends before a limit; nothing is changed.
    """
    if case.accepted_on is None:
        raise ValueError(f"case {case.number} was not accepted")
    stops = stops_of(case)
    days = decision_days(
        accepted_on=case.accepted_on,
        limit=item.limit,
        stops=stops,
        extended_workdays=extended_workdays(case),
        calendar=calendar,
    )
    case.statutory_on, case.promised_on = days.statutory_on, days.promised_on
    if not stops and case.extended_on is None and _same_day(case, item):
        case.promised_on = case.accepted_on
    case.due_on, case.stopped_since = case.promised_on, None


def _same_day(case: Case, item: ItemVersion) -> bool:
    """Tell whether the decision was promised for the day of acceptance; others cost no query."""
    return (
        item.commitment_terms is not None
        and not case.deemed
        and Commitment.objects.filter(case=case).exists()
    )


def stop_limits(case: Case, *, on: date, due_on: date | None) -> None:
    """Take both limits away while the case waits for something that does not count.

    Args:
        case: The locked row.
        on: First day that does not count.
        due_on: The day told to the applicant.
    """
    case.statutory_on = case.promised_on = None
    case.due_on, case.stopped_since = due_on, on


def missed(case: Case, kind: ClockKind, *, starts_on: date, due_on: date, at: datetime) -> None:
    """Write down that a clock of the ordinary course was missed, for the report and the head."""
    _row, fresh = CaseClock.objects.get_or_create(
        case=case,
        kind=kind.value,
        subject="",
        defaults={
            "starts_on": starts_on,
            "due_on": due_on,
            "missed_reported_at": at,
            "met_on": day_of(at),
        },
    )
    if fresh:
        alarming.tell_heads([(case, kind, due_on)], at=at)


RECKONED_BY = Actor(ref="job:recompute-clocks", name="系统（重算期限）")


@dataclass(frozen=True, kw_only=True)
class Recomputed:
    """What reckoning anew came to.

    Attributes:
        checked: Cases looked at.
        changed: Numbers of those whose days moved.
        failed: Numbers of those whose days lie beyond the calendar; they keep the old ones.
    """

    checked: int
    changed: tuple[str, ...]
    failed: tuple[str, ...]


def recompute(
    *, calendar: WorkdayCalendar, by: Actor, at: datetime, batch: int = 500
) -> Recomputed:
    """Reckon every running clock anew, because a holiday notice was loaded (重算期限).

    Each case is its own transaction; what moved is written to the trail with old and new days.
    A second run changes nothing.

    Args:
        calendar: As the notices make it now.
        by: A named job or an operator.
        at: Moment of reckoning.
        batch: Cases read at once.
    """
    states = sorted(state.value for state in RUNNING)
    last, checked = 0, 0
    changed: list[str] = []
    failed: list[str] = []
    while True:
        rows = list(
            Case.objects.filter(state__in=states, id__gt=last)
            .order_by("id")
            .values_list("id", "number")[:batch]
        )
        if not rows:
            return Recomputed(checked=checked, changed=tuple(changed), failed=tuple(failed))
        for key, number in rows:
            last, checked = key, checked + 1
            outcome = _recompute(number, calendar=calendar, by=by, at=at)
            if outcome is None:
                failed.append(number)
            elif outcome:
                changed.append(number)


@transaction.atomic
def _recompute(number: str, *, calendar: WorkdayCalendar, by: Actor, at: datetime) -> bool | None:
    case = locked(number)
    if CaseState(case.state) not in RUNNING:
        return False
    before = {name: getattr(case, name) for name in _DAYS}
    try:
        moved = _clocks_anew(case, calendar)
        _columns_anew(case, calendar)
    except CalendarGapError:
        transaction.set_rollback(True)
        return None
    after = {name: getattr(case, name) for name in _DAYS}
    if before == after and not moved:
        return False
    case.save(update_fields=list(_DAYS))
    audit.record(
        at=at,
        actor=by.ref,
        act="cases.clocks_recomputed",
        target=f"case:{case.number}",
        detail={
            name: f"{before[name]}>{after[name]}" for name in _DAYS if before[name] != after[name]
        }
        | {kind: f"{old}>{new}" for kind, old, new in moved},
        department=case.deciding_department,
        ip=by.ip,
    )
    return True


_DAYS = (
    "notice_due_on",
    "statutory_on",
    "promised_on",
    "delivery_due_on",
    "publicity_due_on",
    "due_on",
)


def _columns_anew(case: Case, calendar: WorkdayCalendar) -> None:
    state = CaseState(case.state)
    if state is CaseState.RECEIVED:
        received_on = case.corrected_on or case.received_on
        case.notice_due_on = notice_due_on(received_on=received_on, calendar=calendar)
        case.due_on = case.notice_due_on
    elif state in UNDECIDED:
        set_limits(case, version_of(case), calendar=calendar)
    elif state in STOPPED:
        case.due_on = _hearing_day(case) or next_due_on(case)
    elif case.decided_at is not None:
        decided_on = day_of(case.decided_at)
        case.delivery_due_on = delivery_due_on(decided_on=decided_on, calendar=calendar)
        case.due_on = case.delivery_due_on
        if case.publicity_due_on is not None:
            case.publicity_due_on = publicity_due_on(decided_on=decided_on, calendar=calendar)


def _hearing_day(case: Case) -> date | None:
    """Return the day of the hearing that was told and not held yet, if any."""
    row = Hearing.objects.filter(case=case, ended_on=None, held_at__isnull=False).first()
    return day_of(row.held_at) if row is not None and row.held_at is not None else None


def next_due_on(case: Case) -> date | None:
    """Return the earliest last day among the clocks of the case that are not met."""
    return (
        CaseClock.objects.filter(case=case, met_on=None, due_on__isnull=False)
        .order_by("due_on")
        .values_list("due_on", flat=True)
        .first()
    )


def _clocks_anew(case: Case, calendar: WorkdayCalendar) -> Sequence[tuple[str, date, date]]:
    moved = []
    for row in CaseClock.objects.filter(
        case=case, met_on=None, workdays__isnull=False, due_on__isnull=False
    ):
        due_on = calendar.add_workdays(row.starts_on, row.workdays or 0)
        if due_on != row.due_on and row.due_on is not None:
            moved.append((row.kind, row.due_on, due_on))
            row.due_on = due_on
            row.save(update_fields=["due_on"])
            _told_anew(case, ClockKind(row.kind), row.subject, due_on)
    return moved


def _told_anew(case: Case, kind: ClockKind, subject: str, due_on: date) -> None:
    """Keep the records that name the same day in step with the clock."""
    if kind is ClockKind.SPECIAL_END:
        SpecialProcedure.objects.filter(case=case, serial=int(subject), ended_on=None).update(
            told_until=due_on
        )
    elif kind is ClockKind.HEARING_REQUEST:
        Hearing.objects.filter(case=case, ended_on=None).update(request_due_on=due_on)
    elif kind is ClockKind.HEARING_HOLD:
        Hearing.objects.filter(case=case, ended_on=None).update(hold_due_on=due_on)


_FIND_MISSED = """
    INSERT INTO cases_caseclock (case_id, kind, subject, starts_on, due_on, missed_reported_at)
    SELECT id, %(kind)s::varchar, '', LEAST({starts}, {due}), {due}, %(at)s
    FROM cases_case AS c
    WHERE state = ANY (%(states)s) AND {due} < %(today)s AND NOT EXISTS (
        SELECT FROM cases_caseclock AS k WHERE k.case_id = c.id AND k.kind = %(kind)s::varchar
            AND k.subject = ''
    )
    ORDER BY {due}, id LIMIT %(limit)s
    ON CONFLICT (case_id, kind, subject) DO NOTHING
    RETURNING case_id, kind, due_on
"""

_REPORT = """
    UPDATE cases_caseclock SET missed_reported_at = %(at)s WHERE id IN (
        SELECT id FROM cases_caseclock
        WHERE met_on IS NULL AND missed_reported_at IS NULL AND due_on < %(today)s
            AND NOT kind = ANY (%(lenient)s)
        ORDER BY due_on, id LIMIT %(limit)s
    )
    RETURNING case_id, kind, due_on
"""

_DONE_AFTER_ALL = """
    UPDATE cases_caseclock AS k SET met_on = GREATEST(k.starts_on, {met})
    FROM cases_case AS c
    WHERE k.case_id = c.id AND k.kind = %(kind)s AND k.subject = '' AND k.met_on IS NULL
        AND k.missed_reported_at IS NOT NULL AND NOT c.state = ANY (%(states)s)
"""

_OVER = """
    UPDATE cases_caseclock AS k SET met_on = GREATEST(k.starts_on, {over})
    FROM cases_case AS c
    WHERE k.case_id = c.id AND k.met_on IS NULL AND k.kind = ANY (%(kinds)s)
        AND (k.missed_reported_at IS NOT NULL OR {over} <= k.due_on)
"""
"""What was asked for on the way to a decision cannot be missed any more once the case is over."""

_LOCAL = "({column} AT TIME ZONE 'Asia/Shanghai')::date"


@dataclass(frozen=True, kw_only=True)
class _Column:
    """A clock that is a column of the case: while which states it runs, and when it is met."""

    kind: ClockKind
    states: tuple[CaseState, ...]
    starts: str
    due: str
    met: str


_DECIDED_ON = _LOCAL.format(column="decided_at")
_CLOSED_ON = _LOCAL.format(column="closed_at")
_WAS_OVER = _LOCAL.format(column="COALESCE(c.decided_at, c.closed_at)")
_ENDED = f"COALESCE({_LOCAL.format(column='c.decided_at')}, {_LOCAL.format(column='c.touched_at')})"

_COLUMNS = (
    _Column(
        kind=ClockKind.NOTICE,
        states=(CaseState.RECEIVED,),
        starts="COALESCE(corrected_on, received_on)",
        due="due_on",
        met="COALESCE(c.accepted_on, " + _LOCAL.format(column="c.touched_at") + ")",
    ),
    _Column(
        kind=ClockKind.STATUTORY,
        states=UNDECIDED,
        starts="accepted_on",
        due="statutory_on",
        met=_ENDED,
    ),
    _Column(
        kind=ClockKind.PROMISED,
        states=UNDECIDED,
        starts="accepted_on",
        due="promised_on",
        met=_ENDED,
    ),
    _Column(
        kind=ClockKind.DELIVERY,
        states=(CaseState.APPROVED, CaseState.REJECTED, CaseState.DELIVERING),
        starts=_DECIDED_ON,
        due="delivery_due_on",
        met=_LOCAL.format(column="COALESCE(c.closed_at, c.touched_at)"),
    ),
)


@dataclass(frozen=True, kw_only=True)
class MissedClock:
    """One clock that was missed."""

    number: str
    department: str
    kind: ClockKind
    due_on: date


@transaction.atomic
def report_missed(*, by: Actor, at: datetime, limit: int = 1_000) -> list[MissedClock]:
    """Write down every clock of the authority that was missed, once, with a trail row each.

    They stand on the page of missed clocks of the department until they are done, and its head
    gets a message of each. A second run reports nothing twice.

    Args:
        by: A named job.
        at: Moment of the run.
        limit: Most clocks of one kind in one run.
    """
    words: dict[str, Any] = {"at": at, "today": day_of(at), "limit": limit}
    found: list[tuple[int, str, date]] = []
    with connection.cursor() as cursor:
        for column in _COLUMNS:
            states = [state.value for state in column.states]
            cursor.execute(
                _DONE_AFTER_ALL.format(met=column.met),
                {"kind": column.kind.value, "states": _still(column)},
            )
            cursor.execute(
                _FIND_MISSED.format(starts=column.starts, due=column.due),
                words | {"kind": column.kind.value, "states": states},
            )
            found += cursor.fetchall()
        cursor.execute(
            _OVER.format(over=_WAS_OVER), {"kinds": [kind.value for kind in BEFORE_DECISION]}
        )
        cursor.execute(_REPORT, words | {"lenient": [kind.value for kind in OF_THE_APPLICANT]})
        found += cursor.fetchall()
    rows = Case.objects.in_bulk([key for key, _kind, _due in found])
    reported = [
        MissedClock(
            number=rows[key].number,
            department=rows[key].deciding_department,
            kind=ClockKind(kind),
            due_on=due_on,
        )
        for key, kind, due_on in found
    ]
    for one in reported:
        audit.record(
            at=at,
            actor=by.ref,
            act="cases.clock_missed",
            target=f"case:{one.number}",
            detail={"kind": one.kind.value, "due_on": one.due_on},
            department=one.department,
            ip=by.ip,
        )
    alarming.tell_heads(
        [(rows[key], ClockKind(kind), due_on) for key, kind, due_on in found], at=at
    )
    return reported


def _still(column: _Column) -> list[str]:
    """Return the states in which a missed clock is not done yet; a stop does not make it done."""
    states = set(column.states) | (STOPPED if column.states == UNDECIDED else set())
    return sorted(state.value for state in states & (OPEN | set(column.states)))
