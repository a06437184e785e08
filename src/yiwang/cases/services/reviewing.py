"""Assignment and review (分派、审查)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from django.db import transaction

from yiwang.cases.models import Case, Message, Opinion, SentBack
from yiwang.cases.policy.deadlines import day_of
from yiwang.cases.policy.states import STEPS, CaseState, Desk, Step, after
from yiwang.cases.policy.terms import Outcome
from yiwang.cases.queries import CaseView, case_view, departments_of
from yiwang.cases.services import approval
from yiwang.cases.services.hearing import refuse_chair
from yiwang.cases.services.inquiring import require_opinions
from yiwang.cases.services.interested import require_heard
from yiwang.cases.services.site_checks import require_site_check
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
    CaseState.RECEIVED: (Permission.CASE_ACCEPT, Desk.ACCEPTOR),
    CaseState.ACCEPTED: (Permission.CASE_REVIEW, Desk.DECIDER),
    CaseState.REVIEWING: (Permission.CASE_REVIEW, Desk.DECIDER),
    CaseState.SPECIAL: (Permission.CASE_REVIEW, Desk.DECIDER),
    CaseState.HEARING: (Permission.CASE_REVIEW, Desk.DECIDER),
    CaseState.DECISION_PENDING: (Permission.CASE_DECIDE, Desk.DECIDER),
}
"""What the holder of a case must be allowed to do in each state, and where."""


class ReviewerRefusedError(RefusedError):
    """Whoever has had the other part in the case does not take this one."""

    code = "cases.reviewer_refused"


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
    _check_two(case, state, to)
    case.assigned_to = to
    move(case, step, acting=acting, by=by, at=at, changed=["assigned_to"])
    return case_view(case)


def _check_two(case: Case, state: CaseState, to: str) -> None:
    """Refuse to give a case to somebody who has had the other part in it."""
    if state is CaseState.DECISION_PENDING and (
        to == case.reviewed_by or Opinion.objects.filter(case=case, by=to).exists()
    ):
        raise AssignmentRefusedError("审查人员不能决定自己审查的办件，请分派给其他审批人员。")
    if case.sent_back and SentBack.objects.filter(case=case, by=to).exists():
        raise AssignmentRefusedError("退回复审的人员不能再审查本办件，请分派给其他审查人员。")


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
        ProcedureRefusedError: a department may still answer or a side be heard in time, the check
            on the spot is missing, or `by` chaired the hearing.
        ReviewerRefusedError: `by` sent the case back.
        TextRefusedError: no opinion, or too long.

    Source:
        行政许可法 第三十四条第一款; the plan, 一(一)(二) 一审一核.
    """
    case, acting = begin(number, Step.PROPOSE, by=by, version=version)
    require_holder(case, by)
    refuse_chair(case, by)
    require_opinions(case, today=day_of(at))
    require_heard(case, today=day_of(at))
    if outcome is Outcome.GRANT:
        require_site_check(case)
    if SentBack.objects.filter(case=case, by=by.ref).exists():
        raise ReviewerRefusedError("您把本办件退回复审过，不能再由您审查，请由其他审查人员办理。")
    text = written(opinion, "审查意见")
    proposal = Opinion.objects.create(
        case=case, outcome=outcome.value, text=text, by=by.ref, by_name=by.name or by.ref, at=at
    )
    case.reviewed_by, case.reviewed_at, case.assigned_to = by.ref, at, ""
    case.sent_back = False
    move(
        case,
        Step.PROPOSE,
        acting=acting,
        by=by,
        at=at,
        changed=["reviewed_by", "reviewed_at", "assigned_to", "sent_back"],
    )
    approval.file_opinion(case, version_of(case), proposal, by=by, at=at)
    return case_view(case)


@transaction.atomic
def send_back(
    *, number: str, reason: str, by: Actor, at: datetime, version: int | None = None
) -> CaseView:
    """Send a proposal back to the reviewer (退回复审): the clock runs on.

    It is no decision: the case still has one review that stands and one approval, by two people,
    and whoever sent it back never reviews it. It goes first in the reviewer's queue.

    Args:
        number: Case number.
        reason: What is to be looked at again; internal.
        by: Decides in the deciding department; not the reviewer.
        at: Moment of sending back.
        version: Row version `by` saw.

    Raises:
        CaseNotFoundError: no such case for these eyes.
        PermissionRefusedError: `by` may not decide here.
        ConflictRefusedError: somebody acted since `version`.
        StepRefusedError: nothing was proposed.
        NotHolderError: the case was given to somebody else.
        ReviewerRefusedError: `by` wrote an opinion on it.
        TextRefusedError: no reason, or too long.

    Source:
        The plan, 一(一)(二) 一审一核; 行政许可法 第三十四条.
    """
    case, acting = begin(number, Step.SEND_BACK, by=by, version=version)
    require_holder(case, by)
    opinions = Opinion.objects.filter(case=case)
    if case.reviewed_by == by.ref or opinions.filter(by=by.ref).exists():
        raise ReviewerRefusedError("您审查过本办件，不能由您退回复审，请由其他审批人员办理。")
    text = written(reason, "退回的理由")
    opinion = opinions.get(sent_back=None)
    SentBack.objects.create(
        case=case, opinion=opinion, reason=text, by=by.ref, by_name=by.name or by.ref, at=at
    )
    reviewers = {
        f"user:{one.login}"
        for one in organisations.staff_with(
            Permission.CASE_REVIEW, department=case.deciding_department, at=at
        )
    } - {by.ref}
    to = opinion.by if opinion.by in reviewers else ""
    case.reviewed_by, case.reviewed_at, case.sent_back = "", None, True
    case.assigned_to = to
    move(
        case,
        Step.SEND_BACK,
        acting=acting,
        by=by,
        at=at,
        changed=["reviewed_by", "reviewed_at", "sent_back", "assigned_to"],
        reason=text,
    )
    for ref in [to] if to else sorted(reviewers):
        Message.objects.create(
            to_ref=ref,
            case=case,
            title=f"审批人员退回复审（{case.query_code}）",
            body=f"“{case.item_name}”的审查意见被退回：{text.removesuffix('。')}。"
            "办理期限继续计算，请尽快复审。",
            at=at,
        )
    return case_view(case)
