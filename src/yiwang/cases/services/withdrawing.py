"""Cases that end without a decision: withdrawn, terminated, or not corrected in time."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import transaction

from yiwang.cases.models import Case, CaseMaterial, Termination
from yiwang.cases.policy import letters
from yiwang.cases.policy.deadlines import day_of
from yiwang.cases.policy.mailed import ENTRY_DAYS, entered_until
from yiwang.cases.policy.states import STEPS, STOPPED, CaseState, Step
from yiwang.cases.policy.terminating import ARTICLES, BY_CLOCK, TerminationGround
from yiwang.cases.policy.terms import DocumentKind, MaterialState
from yiwang.cases.policy.visiting import WindowAct
from yiwang.cases.queries import CaseView, case_view
from yiwang.cases.services import kept
from yiwang.cases.services.accepting import CLOSING_FIELDS, close, publish_closed
from yiwang.cases.services.decision_errors import refuse_reviewer
from yiwang.cases.services.procedure import line
from yiwang.cases.services.special import end_stop
from yiwang.cases.services.steps import (
    Capacity,
    begin,
    capacity,
    heading,
    issue,
    locked,
    move,
    version_of,
    written,
)
from yiwang.cases.services.visiting import Visitor, note_visit
from yiwang.catalogue.policy.items import ItemVersion
from yiwang.kernel.errors import RefusedError
from yiwang.organisations.permissions import Actor
from yiwang.organisations.queries import DepartmentView


class TerminationRefusedError(RefusedError):
    """The case cannot be ended without a decision like that."""

    code = "cases.termination_refused"


@transaction.atomic
def withdraw_case(
    *,
    number: str,
    reason: str,
    by: Actor,
    at: datetime,
    version: int | None = None,
    visitor: Visitor | None = None,
) -> CaseView:
    """Withdraw an application before the decision (撤回申请).

    Args:
        number: Case number.
        reason: In the applicant's words; at a window as they signed it.
        by: Acts for the applicant, or holds a post at a window of the case.
        at: Moment of withdrawal.
        version: Row version `by` saw.
        visitor: Who came to the window for it; None: an account of the applicant's.

    Raises:
        CaseNotFoundError: no such case for these eyes.
        PermissionRefusedError: `by` neither acts for the applicant nor takes things in here.
        ConflictRefusedError: somebody acted since `version`.
        StepRefusedError: decided or finished already.
        VisitRefusedError: at a window, and whoever is there was not identified or may not.
        TextRefusedError: the reason is too long or missing.
    """
    case, acting = begin(number, Step.WITHDRAW, by=by, version=version)
    item, seal = version_of(case), kept.department(case.deciding_department)
    reason = written(reason, "理由")
    if acting.post:
        note_visit(case, WindowAct.WITHDRAW, visitor, acting=acting, by=by, at=at)
    _end(
        case,
        Step.WITHDRAW,
        letters.withdrawal_letter(heading(case, item, seal.name)),
        item=item,
        seal=seal,
        reason=reason,
        acting=acting,
        by=by,
        at=at,
    )
    return case_view(case)


@transaction.atomic
def terminate_case(
    *,
    number: str,
    ground: TerminationGround,
    facts: str,
    happened_on: date,
    by: Actor,
    at: datetime,
    article: str = "",
    version: int | None = None,
) -> CaseView:
    """End a case without a decision (终止办理), on a ground of the list.

    Args:
        number: Case number.
        ground: Why; that a correction was not filed is for the clock.
        facts: What happened, and what proves it; the applicant's side reads it.
        happened_on: When it happened, today at the latest.
        by: Who decides in the deciding department.
        at: Moment of ending.
        article: Article of the law; only where the ground names none itself.
        version: Row version `by` saw.

    Raises:
        CaseNotFoundError: no such case for these eyes.
        PermissionRefusedError: `by` may not decide in the deciding department.
        ConflictRefusedError: somebody acted since `version`.
        StepRefusedError: decided or finished already.
        SamePersonError: `by` reviewed it.
        TextRefusedError: facts or article are missing or too long.
        TerminationRefusedError: the ground is the clock's or does not stand here, or the day is
            not over yet.
    """
    case, acting = begin(number, Step.TERMINATE, by=by, version=version)
    refuse_reviewer(case, by)
    if ground in BY_CLOCK:
        raise TerminationRefusedError(
            "逾期未补正的，由系统在补正期限届满后终止办理，不由人员办理；请选择其他事由。"
        )
    if happened_on > day_of(at):
        raise TerminationRefusedError("事由发生的日期不能晚于今天，请核对后再提交。")
    if ground is TerminationGround.NOT_COMPLETED and not _owes_material(case, today=day_of(at)):
        raise TerminationRefusedError(
            "本办件没有逾期未补齐的容缺材料，不能以此终止办理；请选择其他事由。"
        )
    _terminate(
        case,
        ground,
        facts=written(facts, "事实"),
        article=ARTICLES.get(ground) or line(article, "依据"),
        happened_on=happened_on,
        acting=acting,
        by=by,
        at=at,
    )
    return case_view(case)


def _owes_material(case: Case, *, today: date) -> bool:
    return CaseMaterial.objects.filter(
        case=case, state=MaterialState.TOLERATED.value, due_on__lt=today
    ).exists()


def _terminate(
    case: Case,
    ground: TerminationGround,
    *,
    facts: str,
    article: str,
    happened_on: date,
    acting: Capacity,
    by: Actor,
    at: datetime,
) -> None:
    Termination.objects.create(
        case=case,
        ground=ground.value,
        article=article,
        facts=facts,
        happened_on=happened_on,
        by=by.ref,
        at=at,
    )
    item, seal = version_of(case), kept.department(case.deciding_department)
    _end(
        case,
        Step.TERMINATE,
        letters.termination_letter(
            heading(case, item, seal.name),
            ground=ground.label,
            article=article,
            facts=facts,
            happened_on=happened_on,
        ),
        item=item,
        seal=seal,
        reason=f"{ground.label}：{facts}" if ground not in BY_CLOCK else ground.label,
        basis=article,
        acting=acting,
        by=by,
        at=at,
    )


def _end(
    case: Case,
    step: Step,
    body: letters.Body,
    *,
    item: ItemVersion,
    seal: DepartmentView,
    reason: str,
    acting: Capacity,
    by: Actor,
    at: datetime,
    basis: str = "",
) -> None:
    if CaseState(case.state) in STOPPED:
        end_stop(case, by=by, at=at)
    close(case, at)
    move(
        case,
        step,
        acting=acting,
        by=by,
        at=at,
        changed=CLOSING_FIELDS,
        reason=reason,
        basis=basis,
    )
    issue(
        case,
        DocumentKind.END_NOTICE,
        body=body,
        item=item,
        seal=seal,
        by=by,
        at=at,
        message=f"您的“{item.name}”申请已终止办理。",
    )
    publish_closed(case)


def end_expired_corrections(*, by: Actor, at: datetime, limit: int = 200) -> list[str]:
    """End cases whose correction was not filed in time; return their numbers. For a named job.

    Whatever way a case came, its correction may come by post: it is given up some days after the
    day that was told, so that a letter that was got on that day finds it open.
    """
    latest = day_of(at) - timedelta(days=ENTRY_DAYS)
    numbers = list(
        Case.objects.filter(state=CaseState.CORRECTION.value, due_on__lt=latest)
        .order_by("due_on", "id")
        .values_list("number", flat=True)[:limit]
    )
    ended = []
    for number in numbers:
        if _end_expired(number, by=by, at=at):
            ended.append(number)
    return ended


@transaction.atomic
def _end_expired(number: str, *, by: Actor, at: datetime) -> bool:
    case = locked(number)
    if case.state != CaseState.CORRECTION or case.due_on is None:
        return False
    if entered_until(case.due_on) >= day_of(at):
        return False
    ground = TerminationGround.NOT_CORRECTED
    _terminate(
        case,
        ground,
        facts=f"补正期限至{letters.chinese_day(case.due_on)}届满，没有提交补正材料。",
        article=ARTICLES[ground],
        happened_on=case.due_on,
        acting=capacity(case, STEPS[Step.TERMINATE], by),
        by=by,
        at=at,
    )
    return True
