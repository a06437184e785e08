"""Assignment and review (分派、审查)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from django.db import transaction

from yiwang.cases.models import Case, Opinion
from yiwang.cases.policy.deadlines import day_of
from yiwang.cases.policy.states import STEPS, CaseState, Desk, Step, after
from yiwang.cases.policy.terms import Outcome
from yiwang.cases.queries import CaseView, case_view, departments_of
from yiwang.cases.services import approval
from yiwang.cases.services.hearing import refuse_chair
from yiwang.cases.services.interested import require_heard
from yiwang.cases.services.procedure import require_opinions
from yiwang.cases.services.steps import (
    Capacity,
    begin,
    capacity,
    locked,
    move,
    require_holder,
    require_version,
    version_of,
    written,
)
from yiwang.kernel.errors import RefusedError
from yiwang.organisations import queries as organisations
from yiwang.organisations.permissions import Actor, Permission

HANDLERS: Mapping[CaseState, tuple[Permission, Desk]] = {
    CaseState.RECEIVED: (Permission.CASE_ACCEPT, Desk.WINDOW),
    CaseState.ACCEPTED: (Permission.CASE_REVIEW, Desk.DECIDER),
    CaseState.REVIEWING: (Permission.CASE_REVIEW, Desk.DECIDER),
    CaseState.SPECIAL: (Permission.CASE_REVIEW, Desk.DECIDER),
    CaseState.HEARING: (Permission.CASE_REVIEW, Desk.DECIDER),
    CaseState.DECISION_PENDING: (Permission.CASE_DECIDE, Desk.DECIDER),
}
"""What the holder of a case must be allowed to do in each state, and where."""


class AssignmentRefusedError(RefusedError):
    """The case cannot be given to that person."""

    code = "cases.assignment_refused"


@transaction.atomic
def assign_case(
    *, number: str, to: str, by: Actor, at: datetime, version: int | None = None
) -> CaseView:
    """Give a case to a member of staff (分派), or take it oneself (领办).

    An accepted case is under review from then on. Who may handle the case may take it while
    nobody else holds it; giving it to others is for the head of the deciding department.

    Args:
        number: Case number.
        to: Ref of the account, `user:<login>`.
        by: Who gives or takes.
        at: Moment of assigning.
        version: Row version `by` saw.

    Raises:
        CaseNotFoundError: no such case for these eyes.
        PermissionRefusedError: `by` may not assign here.
        ConflictRefusedError: somebody acted since `version`.
        StepRefusedError: the case is in a state in which nobody handles it.
        NotHolderError: somebody else holds it and `by` is not the head.
        AssignmentRefusedError: `to` may not handle it now.
    """
    case = locked(number)
    state = CaseState(case.state)
    taking = to == by.ref and not by.may(
        Permission.CASE_ASSIGN, department=case.deciding_department
    )
    acting = _taker(case, state, by) if taking else capacity(case, STEPS[Step.ASSIGN], by)
    require_version(case, version)
    step = Step.START_REVIEW if state is CaseState.ACCEPTED else Step.ASSIGN
    after(step, state)
    if taking:
        require_holder(case, by)
    else:
        _check_handler(case, state, to, at)
    if state is CaseState.DECISION_PENDING and to == case.reviewed_by:
        raise AssignmentRefusedError("审查人员不能决定自己审查的办件，请分派给其他审批人员。")
    case.assigned_to = to
    move(case, step, acting=acting, by=by, at=at, changed=["assigned_to"])
    return case_view(case)


def _taker(case: Case, state: CaseState, by: Actor) -> Capacity:
    permission, desk = HANDLERS.get(state, (Permission.CASE_ASSIGN, Desk.DECIDER))
    return capacity(case, replace(STEPS[Step.ASSIGN], permission=permission, desk=desk), by)


def _check_handler(case: Case, state: CaseState, to: str, at: datetime) -> None:
    permission, desk = HANDLERS[state]
    logins = {
        f"user:{staff.login}"
        for department in dict.fromkeys(departments_of(case, desk))
        for staff in organisations.staff_with(permission, department=department, at=at)
    }
    if to not in logins:
        raise AssignmentRefusedError(
            f"该人员在本部门没有“{permission.label}”的岗位，请从可分派人员中选择。"
        )


@transaction.atomic
def propose(
    *,
    number: str,
    outcome: Outcome,
    opinion: str,
    by: Actor,
    at: datetime,
    version: int | None = None,
) -> CaseView:
    """Propose the decision (提出审查意见); another person decides.

    Args:
        number: Case number.
        outcome: Grant or refuse.
        opinion: What was checked and found; internal.
        by: A reviewer of the deciding department.
        at: Moment of proposing.
        version: Row version `by` saw.

    Raises:
        CaseNotFoundError: no such case for these eyes.
        PermissionRefusedError: `by` may not review in the deciding department.
        ConflictRefusedError: somebody acted since `version`.
        StepRefusedError: not accepted, or proposed already.
        NotHolderError: the case was given to somebody else.
        ProcedureRefusedError: a department may still answer or a side be heard in time, or `by`
            chaired the hearing.
        TextRefusedError: no opinion, or too long.

    Source:
        行政许可法 第三十四条第一款; the plan, 一(一)(二) 一审一核.
    """
    case, acting = begin(number, Step.PROPOSE, by=by, version=version)
    require_holder(case, by)
    refuse_chair(case, by)
    require_opinions(case, today=day_of(at))
    require_heard(case, today=day_of(at))
    text = written(opinion, "审查意见")
    proposal = Opinion.objects.create(
        case=case, outcome=outcome.value, text=text, by=by.ref, by_name=by.name or by.ref, at=at
    )
    case.reviewed_by, case.reviewed_at, case.assigned_to = by.ref, at, ""
    move(
        case,
        Step.PROPOSE,
        acting=acting,
        by=by,
        at=at,
        changed=["reviewed_by", "reviewed_at", "assigned_to"],
    )
    approval.file_opinion(case, version_of(case), proposal, by=by, at=at)
    return case_view(case)
