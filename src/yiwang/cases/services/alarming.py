"""Telling staff of clocks: the head of one that was missed, the holder of one that ends soon."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef

from yiwang.audit import queries as audit_queries
from yiwang.audit import services as audit
from yiwang.cases.models import Case, CaseClock, ClockReminder, Message
from yiwang.cases.policy import reminding
from yiwang.cases.policy.deadlines import day_of
from yiwang.cases.policy.letters import chinese_day
from yiwang.cases.policy.states import RUNNING, CaseState
from yiwang.cases.policy.terms import OF_THE_APPLICANT, ClockKind
from yiwang.content import queries as content
from yiwang.kernel.workdays import CalendarGapError, WorkdayCalendar
from yiwang.notices import services as notices
from yiwang.notices.policy.templates import WorkOccasion
from yiwang.organisations import queries as organisations
from yiwang.organisations.permissions import EVERYWHERE, Actor, Permission

STAFF = "user:"
"""Beginning of the refs of those who work here; others have no messages here."""

OF_THE_HOLDER = sorted(state.value for state in RUNNING - {CaseState.CORRECTION})
"""States in which it is the turn of whoever holds the case."""


@transaction.atomic
def tell_auditors(*, alarm_id: int, at: datetime) -> int:
    """Leave a message about an alarm over reads for each auditor, once; return how many (查看告警).

    It names no person and no record: those stand on the page of the alarm. Whose reads it is about
    is not told, unless nobody else is an auditor.

    Args:
        alarm_id: The alarm.
        at: Moment at which it was raised.

    Raises:
        LookupError: there is no such alarm.
    """
    alarm = audit_queries.alarm(alarm_id)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"tell alarm:{alarm_id}"]
        )
    auditors = {
        f"{STAFF}{one.login}"
        for one in organisations.staff_with(Permission.ALARM_CLOSE, department=EVERYWHERE, at=at)
    }
    title = f"查看告警（第{alarm.id}号）：{alarm.kind.label}"
    body = (
        f"{chinese_day(alarm.day)}有{len(alarm.readers)}人共{alarm.reads}次查看超出规定的次数，"
        "请在“操作日志”的“查看告警”中核实并处理。"
    )
    told = set(
        Message.objects.filter(to_ref__in=auditors, title=title, case=None).values_list(
            "to_ref", flat=True
        )
    )
    wanted = sorted((auditors - set(alarm.readers) or auditors) - told)
    Message.objects.bulk_create(
        [Message(to_ref=ref, title=title, body=body, at=at) for ref in wanted]
    )
    return len(wanted)


def tell_heads(missed: Iterable[tuple[Case, ClockKind, date]], *, at: datetime) -> None:
    """Tell the heads of the departments, in the act that reports the clocks, so once per clock."""
    heads: dict[str, list[str]] = {}
    for case, kind, due_on in missed:
        department = case.deciding_department
        if department not in heads:
            heads[department] = [
                f"{STAFF}{one.login}"
                for one in organisations.staff_with(
                    Permission.CASE_ASSIGN, department=department, at=at
                )
            ]
        for ref in heads[department]:
            _leave(WorkOccasion.CLOCK_MISSED, case, kind, due_on, to_ref=ref, at=at)


def _leave(
    occasion: WorkOccasion, case: Case, kind: ClockKind, due_on: date, *, to_ref: str, at: datetime
) -> None:
    told = notices.work_message(
        occasion,
        {
            "code": case.query_code,
            "item": case.item_name,
            "clock": kind.label,
            "day": chinese_day(due_on),
        },
    )
    Message.objects.create(to_ref=to_ref, case=case, title=told.subject, body=told.body, at=at)


@transaction.atomic
def remind_holders(
    *, calendar: WorkdayCalendar, by: Actor, at: datetime, limit: int = 1_000
) -> list[str]:
    """Remind whoever holds a case that its next clock ends soon (期限临近提醒).

    Once per clock, last day and holder: a case that went to a colleague reminds the colleague too.
    How early, the packs say (`clocks.remind_workdays`).

    Args:
        calendar: Working days.
        by: A named job.
        at: Moment of the run.
        limit: Most cases in one run.

    Returns:
        The numbers of the cases.
    """
    said = content.text(reminding.KEY)
    days = reminding.remind_workdays(said.text if said else None)
    if days == 0:
        return []
    today = day_of(at)
    try:
        until = calendar.add_workdays(today, days)
    except CalendarGapError:
        until = today
    told = ClockReminder.objects.filter(
        case=OuterRef("pk"), due_on=OuterRef("due_on"), to_ref=OuterRef("assigned_to")
    )
    rows = list(
        Case.objects.select_for_update(skip_locked=True)
        .filter(
            ~Exists(told),
            state__in=OF_THE_HOLDER,
            assigned_to__startswith=STAFF,
            due_on__gte=today,
            due_on__lte=until,
        )
        .order_by("due_on", "id")[:limit]
    )
    clocks = CaseClock.objects.filter(case__in=rows, met_on=None, due_on=F("case__due_on"))
    kinds = {row.case_id: ClockKind(row.kind) for row in clocks.order_by("-id")}
    numbers = []
    for case in rows:
        kind = kinds.get(case.pk) or _ordinary(case)
        if case.due_on is None or kind in OF_THE_APPLICANT:
            continue
        ClockReminder.objects.create(
            case=case, kind=kind.value, due_on=case.due_on, to_ref=case.assigned_to, at=at
        )
        _leave(WorkOccasion.CLOCK_NEAR, case, kind, case.due_on, to_ref=case.assigned_to, at=at)
        audit.record(
            at=at,
            actor=by.ref,
            act="cases.remind_holder",
            target=f"case:{case.number}",
            detail={"kind": kind.value, "due_on": case.due_on, "to": case.assigned_to},
            department=case.deciding_department,
            ip=by.ip,
        )
        numbers.append(case.number)
    return numbers


def _ordinary(case: Case) -> ClockKind:
    """Return which clock of the ordinary course runs in the state of a case."""
    if case.state == CaseState.RECEIVED:
        return ClockKind.NOTICE
    if case.decided_at is not None:
        return ClockKind.DELIVERY
    return ClockKind.PROMISED if case.due_on == case.promised_on else ClockKind.STATUTORY
