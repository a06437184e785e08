"""Tolerance after receipt (容缺受理): reminders, what is filed, and what follows when it is not."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import F

from yiwang.audit import services as audit
from yiwang.cases.models import Case, CaseMaterial, Message
from yiwang.cases.models.commitments import ToleranceCommitment
from yiwang.cases.policy.commitments import RecordKind
from yiwang.cases.policy.deadlines import day_of, months_after
from yiwang.cases.policy.letters import chinese_day
from yiwang.cases.policy.states import FINISHED, CaseState
from yiwang.cases.policy.terms import ClockKind, MaterialState, Outcome
from yiwang.cases.services import clocks, kept, records
from yiwang.kernel.workdays import WorkdayCalendar
from yiwang.organisations.permissions import Actor

BATCH = 500

NEVER_OWED = frozenset({CaseState.WITHDRAWN, CaseState.NOT_ACCEPTED, CaseState.NO_NEED})
"""Cases that ended so that nobody waits for what was promised, whenever they ended."""


def filed(case: Case, material_id: str, *, at: datetime) -> None:
    """Meet the clock of a material; when it was the last one, the promise is kept."""
    today = day_of(at)
    clocks.meet(case, ClockKind.TOLERANCE, subject=material_id, on=today)
    row = ToleranceCommitment.objects.select_for_update().filter(case=case).first()
    if row is None or row.fulfilled_on is not None:
        return
    still = CaseMaterial.objects.filter(case=case, state=MaterialState.TOLERATED.value).exists()
    if not still:
        row.fulfilled_on = today
        row.save(update_fields=["fulfilled_on"])


@transaction.atomic
def remind_tolerance(
    *, calendar: WorkdayCalendar, by: Actor, at: datetime, limit: int = BATCH
) -> list[str]:
    """Remind of tolerated materials one working day before their last day and on it, each once.

    Args:
        calendar: Names the next working day.
        by: A named job.
        at: Moment of the run.
        limit: Most cases in one run.

    Returns:
        The numbers of the cases whose applicants were reminded.
    """
    today = day_of(at)
    tomorrow = calendar.add_workdays(today, 1)
    materials = (
        CaseMaterial.objects.filter(
            state=MaterialState.TOLERATED.value, due_on__range=(today, tomorrow)
        )
        .exclude(case__state__in=_over())
        .exclude(case__outcome=Outcome.REFUSE.value)
        .select_related("case")
        .order_by("due_on", "id")[:limit]
    )
    told: list[str] = []
    for material in materials:
        row = (
            ToleranceCommitment.objects.select_for_update().filter(case_id=material.case_id).first()
        )
        if row is None or material.due_on is None:
            continue
        mark = f"{material.material_id}:{'on' if material.due_on == today else 'before'}"
        if mark in row.reminded:
            continue
        row.reminded = [*row.reminded, mark]
        row.save(update_fields=["reminded"])
        when = "今天" if material.due_on == today else chinese_day(material.due_on)
        Message.objects.create(
            to_ref=row.applicant_ref,
            case=material.case,
            title=f"请补齐容缺的材料（{material.case.query_code}）",
            body=f"您承诺补齐的“{material.name}”最后期限是{when}，请在办件中上传或者交到窗口。",
            at=at,
        )
        told.append(material.case.number)
    return list(dict.fromkeys(told))


@transaction.atomic
def report_broken_tolerance(*, by: Actor, at: datetime, limit: int = BATCH) -> list[str]:
    """Note promises whose last day is past; a repeated failure goes on the record (容缺逾期).

    The case itself is left to a person, who decides on the file as it is or ends it. A promise
    whose case was refused or ended by its last day is not broken: nothing could be filed any more.

    Args:
        by: A named job.
        at: Moment of the run.
        limit: Most in one run.

    Returns:
        The numbers of the cases.

    Source:
        The numbers stand in the pack of the district (`trust`).
    """
    today = day_of(at)
    rules = kept.trust_rules()
    rows = list(
        ToleranceCommitment.objects.select_for_update(of=("self",), skip_locked=True)
        .filter(fulfilled_on__isnull=True, broken_on__isnull=True, due_on__lt=today)
        .exclude(case__state__in=sorted(one.value for one in NEVER_OWED))
        .exclude(case__outcome=Outcome.REFUSE.value, case__decided_at__date__lte=F("due_on"))
        .exclude(case__outcome="", case__closed_at__date__lte=F("due_on"))
        .select_related("case")
        .order_by("due_on", "id")[:limit]
    )
    for row in rows:
        row.broken_on = today
        row.save(update_fields=["broken_on"])
        audit.record(
            at=at,
            actor=by.ref,
            act="cases.report_broken_tolerance",
            target=f"case:{row.case.number}",
            detail={"materials": row.materials, "due_on": row.due_on},
            department=row.case.department_code,
        )
        Message.objects.create(
            to_ref=row.applicant_ref,
            case=row.case,
            title=f"容缺的材料逾期没有补齐（{row.case.query_code}）",
            body="您承诺的材料逾期没有补齐，本机关将按已有的材料作出决定或者终止办理。",
            at=at,
        )
        since = months_after(today, -rules.tolerance_ban_months)
        broken = ToleranceCommitment.objects.filter(
            applicant_ref=row.applicant_ref, broken_on__gt=since
        ).count()
        if broken >= rules.tolerance_strikes:
            records.enter(
                applicant_ref=row.applicant_ref,
                kind=RecordKind.BROKEN_TOLERANCE,
                reason=f"{rules.tolerance_ban_months}个月内{broken}次没有按承诺补齐容缺材料",
                basis=rules.source or "上海市优化营商环境条例 第二十四条",
                department=row.case.department_code,
                until_on=months_after(today, rules.tolerance_ban_months),
                case_number=row.case.number,
                by=by,
                at=at,
            )
    return [row.case.number for row in rows]


def _over() -> list[str]:
    return sorted(one.value for one in FINISHED - {CaseState.CLOSED})
