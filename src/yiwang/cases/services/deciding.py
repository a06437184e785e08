"""The decision (决定), made by another person than the review."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from django.db import transaction

from yiwang.audit import services as audit
from yiwang.cases.events import CancellationGranted, CaseGranted, CaseRefused
from yiwang.cases.models import Case
from yiwang.cases.models.automatic import AutoRun
from yiwang.cases.policy import letters
from yiwang.cases.policy.deadlines import day_of, delivery_due_on, publicity_due_on
from yiwang.cases.policy.states import STEPS, CaseState, Step, Way, after
from yiwang.cases.policy.terms import DeliveryChannel, MaterialState, Outcome
from yiwang.cases.queries import CaseView, case_view
from yiwang.cases.services import approval
from yiwang.cases.services.decision_errors import DecisionRefusedError, refuse_reviewer
from yiwang.cases.services.decision_letters import (
    GRANT_REASON,
    conditions_not_met,
    issue_decision,
)
from yiwang.cases.services.delivering import deliver
from yiwang.cases.services.hearing import resting_on_record
from yiwang.cases.services.interested import require_heard
from yiwang.cases.services.licensing import issue_licence, kind_of
from yiwang.cases.services.site_checks import require_site_check
from yiwang.cases.services.steps import (
    Capacity,
    capacity,
    locked,
    materials_of,
    move,
    require_holder,
    require_version,
    version_of,
    written,
)
from yiwang.catalogue.policy.items import Channel, HandlingKind, ItemVersion
from yiwang.kernel import events
from yiwang.kernel.workdays import WorkdayCalendar
from yiwang.organisations.permissions import Actor

SYSTEM = "system:delivery"


@transaction.atomic
def decide(
    *,
    number: str,
    outcome: Outcome,
    calendar: WorkdayCalendar,
    by: Actor,
    at: datetime,
    reason: str = "",
    article: str = "",
    unmet: Sequence[int] = (),
    version: int | None = None,
) -> CaseView:
    """Decide a case (作出决定): grant, with the licence in the same transaction, or refuse.

    Of an item whose result is given at once, an accepted case is decided on the spot: the check
    at acceptance was the review. The result of an application through the portal is delivered
    there at once and the case is closed; at a counter somebody hands it over.

    Args:
        number: Case number.
        outcome: Grant or refuse; may differ from what was proposed.
        calendar: Covers the ten days of delivery.
        by: Holds a post that decides in the deciding department; not the reviewer.
        at: Moment of the decision.
        reason: Facts and reasons; required for a refusal.
        article: Law and article; required for a refusal, for a grant the item's own by default.
        unmet: Which of the published conditions of the item are not met, by their places from 1;
            none where a refusal rests on something else.
        version: Row version `by` saw.

    Raises:
        CaseNotFoundError: no such case for these eyes.
        PermissionRefusedError: `by` may not decide here.
        ConflictRefusedError: somebody acted since `version`.
        StepRefusedError: not waiting for a decision.
        SamePersonError: `by` reviewed it.
        NotHolderError: the case was given to somebody else.
        DecisionRefusedError: a grant while materials are outstanding or a condition is not met;
            the item has no such condition.
        ProcedureRefusedError: on the spot, while a side may still state its views; a grant before
            the check on the spot that the item asks for.
        TextRefusedError: a refusal without reason or article.
        CalendarGapError: the calendar ends before the delivery date; nothing is changed.

    Source:
        行政许可法 第三十条, 第三十四条, 第三十七条, 第三十八条, 第三十九条, 第四十四条.
    """
    case = locked(number)
    step = _step(case, outcome)
    acting = capacity(case, STEPS[step], by)
    require_version(case, version)
    after(step, CaseState(case.state), immediate=case.immediate)
    require_holder(case, by)
    _require_review(case, by)
    if STEPS[step].way is Way.ON_SPOT:
        require_heard(case, today=day_of(at))
    item = version_of(case)
    if outcome is Outcome.REFUSE:
        reason = written(reason, "不予的理由")
        article = written(article, "法律依据")
    else:
        _require_complete(case)
        require_site_check(case)
        reason = written(reason or GRANT_REASON, "理由")
        article = article.strip() or letters.articles(item)
    places = conditions_not_met(item, outcome, unmet)
    reason = resting_on_record(case, reason)
    conclude(
        case,
        item,
        step,
        outcome,
        acting=acting,
        calendar=calendar,
        by=by,
        at=at,
        reason=reason,
        article=article,
        unmet=places,
    )
    return case_view(case)


def grant_automatically(
    case: Case,
    run: AutoRun,
    *,
    calendar: WorkdayCalendar,
    by: Actor,
    at: datetime,
    reason: str,
    holder_number: str = "",
) -> None:
    """Grant a locked, accepted case because its rules did in `run` (自动准予).

    With `holder_number`, which the rules read from the register just now, it is not read again.

    Raises:
        StepRefusedError: not accepted.
        DecisionRefusedError: materials are outstanding, or it is unclear which licence is meant.
        ProcedureRefusedError: the item asks for a check on the spot.
        CalendarGapError: the calendar ends before the delivery date.

    Source:
        个人信息保护法 第二十四条 (the letter says how it came about and offers a person).
    """
    acting = capacity(case, STEPS[Step.GRANT_AUTOMATIC], by)
    after(Step.GRANT_AUTOMATIC, CaseState(case.state), immediate=case.immediate)
    _require_complete(case)
    require_site_check(case)
    item = version_of(case)
    conclude(
        case,
        item,
        Step.GRANT_AUTOMATIC,
        Outcome.GRANT,
        acting=acting,
        calendar=calendar,
        by=by,
        at=at,
        reason=written(reason, "理由"),
        article=letters.articles(item),
        notes=letters.AUTOMATIC_NOTES,
        run=run,
        holder_number=holder_number,
    )


def conclude(
    case: Case,
    item: ItemVersion,
    step: Step,
    outcome: Outcome,
    *,
    acting: Capacity,
    calendar: WorkdayCalendar,
    by: Actor,
    at: datetime,
    reason: str,
    article: str,
    notes: Sequence[str] = (),
    unmet: Sequence[int] = (),
    run: AutoRun | None = None,
    holder_number: str = "",
) -> None:
    """Write a decision on a locked case: licence, state, letter, event and, online, delivery.

    The caller has made sure that `by` may decide so.

    Args:
        case: The locked row.
        item: Its item version.
        step: Grant or refusal, by whichever way.
        outcome: What the step means.
        acting: In which capacity.
        calendar: Covers the ten days of delivery.
        by: Who decides.
        at: Moment of the decision.
        reason: Facts and reasons.
        article: Law and article.
        notes: What the letter says besides.
        unmet: Places of the published conditions that are not met.
        run: The run of the rules that decided; None: people or the law did.
        holder_number: Number of the applicant as registered; empty: to be read, where a licence
            needs it.
    """
    today = day_of(at)
    case.delivery_due_on = delivery_due_on(decided_on=today, calendar=calendar)

    case.outcome, case.decided_by, case.decided_at = outcome.value, by.ref, at
    case.due_on, case.assigned_to = case.delivery_due_on, ""
    changed = [
        "outcome",
        "decided_by",
        "decided_at",
        "delivery_due_on",
        "due_on",
        "assigned_to",
        "stopped_since",
    ]
    with events.together(), audit.together():
        if outcome is Outcome.GRANT:
            case.licence_identifier = issue_licence(
                case, item, holder_number=holder_number, by=by, at=at
            )
            changed.append("licence_identifier")
            if item.public:
                case.publicity_due_on = publicity_due_on(decided_on=today, calendar=calendar)
                changed.append("publicity_due_on")
        move(case, step, acting=acting, by=by, at=at, changed=changed, reason=reason, basis=article)
        approval.file_form(
            case,
            item,
            step,
            outcome,
            reason=reason,
            article=article,
            unmet=unmet,
            run=run,
            by=by,
            at=at,
        )
        issue_decision(
            case,
            item,
            outcome,
            reason=reason,
            article=article,
            notes=notes,
            unmet=unmet,
            by=by,
            at=at,
        )
        _publish(case, item, outcome, today, at=at)
    if case.channel == Channel.PORTAL:
        deliver(
            case,
            channel=DeliveryChannel.IN_APP,
            result="已送达申请人的平台账号",
            acting=Capacity(),
            by=Actor(ref=SYSTEM, name="一网通办平台"),
            at=at,
        )


def _step(case: Case, outcome: Outcome) -> Step:
    on_spot = case.state == CaseState.ACCEPTED
    if outcome is Outcome.GRANT:
        return Step.GRANT_ON_SPOT if on_spot else Step.GRANT
    return Step.REFUSE_ON_SPOT if on_spot else Step.REFUSE


def _require_review(case: Case, by: Actor) -> None:
    """Stop unless somebody else reviewed the case.

    Source:
        行政许可法 第三十四条 (review); separation of duties, one review and one approval.
    """
    if not case.reviewed_by:
        raise DecisionRefusedError("本办件还没有审查意见，请先由审查人员审查。")
    refuse_reviewer(case, by)


def _require_complete(case: Case) -> None:
    states = {MaterialState.MISSING, MaterialState.PROMISED, MaterialState.WITHDRAWN}
    if not version_of(case).tolerance_issue_first:
        states.add(MaterialState.TOLERATED)
    outstanding = [one.name for one in materials_of(case) if one.state in states]
    if outstanding:
        listed = "、".join(f"“{name}”" for name in outstanding)
        raise DecisionRefusedError(
            f"还没有收到{listed}，不能准予；请待申请人补齐，或者作出不予决定。"
        )


def _publish(case: Case, item: ItemVersion, outcome: Outcome, today: date, *, at: datetime) -> None:
    if outcome is Outcome.REFUSE:
        events.publish(
            CaseRefused(
                number=case.number,
                item_slug=case.item_slug,
                applicant_ref=case.applicant_ref,
                refused_on=today,
            )
        )
        return
    if kind_of(case, item) is HandlingKind.CANCEL:
        events.publish(  # the end of a licence is told by the licence, that of a firm by this
            CancellationGranted(
                number=case.number,
                item_slug=case.item_slug,
                item_name=case.item_name,
                holder_ref=case.applicant_ref,
                holder_name=case.applicant_name,
                granted_at=at,
            )
        )
        return
    if not item.supervision.department:
        raise ValueError(f"item {item.slug} has no supervisor, so it cannot have been published")
    events.publish(
        CaseGranted(
            number=case.number,
            item_slug=case.item_slug,
            item_name=case.item_name,
            holder_ref=case.applicant_ref,
            holder_name=case.applicant_name,
            supervising_department=item.supervision.department,
            licence_identifier=case.licence_identifier,
            granted_on=today,
            granted_at=at,
        )
    )
