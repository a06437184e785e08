"""Departments that are asked for their opinion before one decides."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from django.db import transaction

from yiwang.cases.models import Case, DepartmentInquiry
from yiwang.cases.policy.deadlines import day_of
from yiwang.cases.policy.procedure import INQUIRY_WORKDAYS, LONGEST_INQUIRY_WORKDAYS, InquiryAnswer
from yiwang.cases.policy.states import STEPS, CaseState, Desk, Step, after
from yiwang.cases.policy.terms import ClockKind
from yiwang.cases.queries import CaseView, case_view, departments_of
from yiwang.cases.services import clocks, kept
from yiwang.cases.services.procedure import ProcedureRefusedError
from yiwang.cases.services.steps import (
    JOB,
    Capacity,
    begin,
    capacity,
    locked,
    move,
    require_holder,
    require_version,
    written,
)
from yiwang.kernel.workdays import WorkdayCalendar
from yiwang.organisations import queries as organisations
from yiwang.organisations.permissions import Actor, Permission
from yiwang.organisations.policy.terms import DepartmentKind


@transaction.atomic
def ask_departments(
    *,
    number: str,
    departments: Sequence[str],
    question: str,
    calendar: WorkdayCalendar,
    by: Actor,
    at: datetime,
    workdays: int = INQUIRY_WORKDAYS,
    version: int | None = None,
) -> CaseView:
    """Ask other departments for their opinion, all at the same time (征求部门意见).

    Args:
        number: Case number.
        departments: Their codes; each is asked once.
        question: What they shall look at.
        calendar: Covers the day by which to answer.
        by: Who reviews the case.
        at: Moment of asking.
        workdays: How long they have.
        version: Row version `by` saw.

    Raises:
        CaseNotFoundError: no such case for these eyes.
        PermissionRefusedError: `by` may not review in the deciding department.
        ConflictRefusedError: somebody acted since `version`.
        StepRefusedError: not under review.
        NotHolderError: the case was given to somebody else.
        ProcedureRefusedError: no department, one that does not exist, that decides or was asked.
        TextRefusedError: no question.
        CalendarGapError: the calendar ends before the day.

    Source:
        行政许可法 第二十六条第二款.
    """
    case, acting = begin(number, Step.ASK_DEPARTMENT, by=by, version=version)
    require_holder(case, by)
    today, text = day_of(at), written(question, "征求意见的内容")
    if not 1 <= workdays <= LONGEST_INQUIRY_WORKDAYS:
        raise ProcedureRefusedError(f"反馈期限应为1至{LONGEST_INQUIRY_WORKDAYS}个工作日。")
    codes = list(dict.fromkeys(departments))
    names = _names_of(case, codes, today)
    due = calendar.add_workdays(today, workdays)
    for code in codes:
        DepartmentInquiry.objects.create(
            case=case, department=code, question=text, asked_by=by.ref, asked_at=at, due_on=due
        )
        clocks.start(
            case,
            ClockKind.OPINION,
            subject=code,
            starts_on=today,
            due_on=due,
            workdays=workdays,
        )
    case.asked_departments = [*case.asked_departments, *codes]
    move(
        case,
        Step.ASK_DEPARTMENT,
        acting=acting,
        by=by,
        at=at,
        changed=["asked_departments"],
        reason=f"{'、'.join(names)}：{text}",
    )
    return case_view(case)


def _names_of(case: Case, codes: Sequence[str], today: date) -> list[str]:
    if not codes:
        raise ProcedureRefusedError("请至少选择一个部门。")
    known = {
        unit.code: unit.short_name or unit.name
        for unit in organisations.departments(on=today)
        if unit.kind is not DepartmentKind.CENTRE
    }
    for code in codes:
        if code == case.deciding_department or code not in known:
            raise ProcedureRefusedError("只能征求本部门以外的办事部门的意见，请从名单中选择。")
        if code in case.asked_departments:
            raise ProcedureRefusedError(f"已经征求过{known[code]}的意见，请等待反馈。")
    return [known[code] for code in codes]


@transaction.atomic
def give_opinion(
    *,
    number: str,
    answer: InquiryAnswer,
    opinion: str,
    by: Actor,
    at: datetime,
    department: str = "",
    version: int | None = None,
) -> CaseView:
    """Give a department's opinion on a case that another one decides (反馈部门意见).

    Args:
        number: Case number.
        answer: Whether the department agrees.
        opinion: Its reasons.
        by: A reviewer of the asked department, or a named job that brings its answer.
        at: Moment of answering.
        department: Which of the asked departments; empty: the one of `by` that has not answered.
        version: Row version `by` saw.

    Raises:
        CaseNotFoundError: no such case for these eyes.
        PermissionRefusedError: `by` reviews in none of the asked departments.
        ConflictRefusedError: somebody acted since `version`.
        StepRefusedError: the case has gone on to its decision.
        ProcedureRefusedError: answered already.
        TextRefusedError: no opinion.

    Source:
        行政许可法 第二十六条第二款.
    """
    case = locked(number)
    acting = capacity(case, STEPS[Step.DEPARTMENT_OPINION], by)
    require_version(case, version)
    after(Step.DEPARTMENT_OPINION, CaseState(case.state))
    mine = [
        code
        for code in departments_of(case, Desk.ASKED)
        if department in {"", code}
        and (by.ref.startswith(JOB) or by.may(Permission.CASE_REVIEW, department=code))
    ]
    row = (
        DepartmentInquiry.objects.select_for_update()
        .filter(case=case, department__in=mine, answered_at=None)
        .order_by("id")
        .first()
    )
    if row is None:
        raise ProcedureRefusedError("没有等待您所在部门反馈的意见，请刷新后查看。")
    text = written(opinion, "部门意见")
    row.answer, row.opinion = answer.value, text
    row.answered_by, row.answered_by_name, row.answered_at = by.ref, by.name or by.ref, at
    row.save(update_fields=["answer", "opinion", "answered_by", "answered_by_name", "answered_at"])
    clocks.meet(case, ClockKind.OPINION, on=day_of(at), subject=row.department)
    if acting.department:
        acting = Capacity(post=acting.post, department=row.department)
    move(
        case,
        Step.DEPARTMENT_OPINION,
        acting=acting,
        by=by,
        at=at,
        reason=f"{answer.label}：{text}",
    )
    return case_view(case)


def require_opinions(case: Case, *, today: date) -> None:
    """Stop a proposal while an opinion that was asked for may still come in time.

    Raises:
        ProcedureRefusedError: one is outstanding and not overdue; says whose and until when.
    """
    if not case.asked_departments:
        return
    waiting = list(
        DepartmentInquiry.objects.filter(case=case, answered_at=None, due_on__gte=today)
        .order_by("due_on", "id")
        .values_list("department", "due_on")
    )
    if waiting:
        names = "、".join(kept.department(code).short_name or code for code, _ in waiting)
        raise ProcedureRefusedError(
            f"{names}还没有反馈意见，反馈期限为{waiting[-1][1]:%Y-%m-%d}，请待反馈或者期满后再提出。"
        )
