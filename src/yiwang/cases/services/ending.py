"""Ending what was granted (撤销、撤回、注销): proposal, views of the holder, decision."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import transaction

from yiwang.cases.events import CaseEnded
from yiwang.cases.models import Case, EndProposal, Message
from yiwang.cases.policy import ending, letters
from yiwang.cases.policy.deadlines import day_of
from yiwang.cases.policy.ending import EndKind, EndOutcome, NotEnded
from yiwang.cases.policy.states import STEPS, CaseState, Step, after
from yiwang.cases.policy.terms import ClockKind, DocumentKind
from yiwang.cases.queries import CaseView, case_view
from yiwang.cases.services import clocks, kept, post_checks
from yiwang.cases.services.steps import (
    Capacity,
    begin,
    capacity,
    heading,
    issue,
    locked,
    move,
    require_version,
    version_of,
    written,
)
from yiwang.kernel import events
from yiwang.kernel.errors import RefusedError
from yiwang.kernel.workdays import WorkdayCalendar
from yiwang.licences import queries as licences_held
from yiwang.licences import services as licences
from yiwang.licences.policy.states import LIVE
from yiwang.licences.queries import LicenceView
from yiwang.organisations.permissions import Actor

DEREGISTER_BATCH = 200
"""Cases deregistered in one run; the next run takes the rest."""

LICENCE_REASON_LENGTH = 300


class EndRefusedError(RefusedError):
    """The case cannot be ended like that."""

    code = "cases.end_refused"


class SameProposerError(RefusedError):
    """Who proposed to end a licence may not decide on it."""

    code = "cases.same_proposer"


@transaction.atomic
def propose_end(
    *,
    number: str,
    ground: str,
    facts: str,
    evidence: str,
    calendar: WorkdayCalendar,
    by: Actor,
    at: datetime,
    compensation: str = "",
    version: int | None = None,
) -> CaseView:
    """Propose to revoke, retract or deregister what a closed case granted (提出终结).

    Before a revocation or retraction the holder is told and has STATEMENT_LIMIT_WORKDAYS
    working days for views.

    Args:
        number: Case number.
        ground: Code of `policy.ending.GROUNDS`; says which of the three it is.
        facts: What was found.
        evidence: What proves it.
        calendar: Covers the days for views.
        by: Holds a post that may propose in the deciding department.
        at: Moment of the proposal.
        compensation: How losses are made good, of a retraction required.
        version: Row version `by` saw.

    Raises:
        CaseNotFoundError: no such case for these eyes.
        PermissionRefusedError: `by` may not propose here.
        ConflictRefusedError: somebody acted since `version`.
        StepRefusedError: the case is not closed.
        EndRefusedError: nothing was granted, a proposal is open, or the ground is unknown.
        TextRefusedError: facts, evidence or compensation are missing or too long.
        CalendarGapError: the calendar ends before the day; nothing is changed.

    Source:
        行政许可法 第八条, 第三十六条, 第六十九条, 第七十条.
    """
    case, acting = begin(number, Step.PROPOSE_END, by=by, version=version)
    return _propose(
        case,
        ground,
        facts=facts,
        evidence=evidence,
        compensation=compensation,
        calendar=calendar,
        acting=acting,
        by=by,
        at=at,
    )


def _propose(
    case: Case,
    code: str,
    *,
    facts: str,
    evidence: str,
    compensation: str,
    calendar: WorkdayCalendar | None,
    acting: Capacity,
    by: Actor,
    at: datetime,
) -> CaseView:
    ground = ending.GROUNDS.get(code)
    if ground is None:
        raise EndRefusedError("请从所列事由中选择一项，撤销、撤回、注销只能依法定事由提出。")
    if case.outcome != "grant":
        raise EndRefusedError("本办件没有准予许可，没有可以撤销、撤回或者注销的结果。")
    if EndProposal.objects.filter(case=case, outcome="").exists():
        raise EndRefusedError("本办件已有一项待决定的提议，请先由审批人员作出决定。")
    facts = written(facts, "查明的事实")
    evidence = written(evidence, "证据")
    if ground.kind is EndKind.RETRACT:
        compensation = written(compensation, "补偿安排")
    views_due_on = None
    if ground.kind in ending.HEARD:
        assert calendar is not None
        views_due_on = calendar.add_workdays(day_of(at), ending.STATEMENT_LIMIT_WORKDAYS)
    row = EndProposal.objects.create(
        case=case,
        kind=ground.kind.value,
        ground=code,
        facts=facts,
        evidence=evidence,
        compensation=compensation if ground.kind is EndKind.RETRACT else "",
        department_code=case.deciding_department,
        proposed_by=by.ref,
        proposed_by_name=by.name or by.ref,
        proposed_at=at,
        views_due_on=views_due_on,
    )
    move(
        case,
        Step.PROPOSE_END,
        acting=acting,
        by=by,
        at=at,
        reason=f"拟{ground.kind.label}：{ground.text}",
        basis=ground.article,
    )
    if views_due_on is not None:
        clocks.start(
            case,
            ClockKind.STATEMENT,
            starts_on=day_of(at),
            due_on=views_due_on,
            workdays=ending.STATEMENT_LIMIT_WORKDAYS,
            subject=str(row.pk),
        )
        item, seal = version_of(case), kept.department(case.deciding_department)
        issue(
            case,
            DocumentKind.STATEMENT_RIGHT,
            body=ending.statement_letter(
                heading(case, item, seal.name),
                ground=ground,
                facts=facts,
                evidence=evidence,
                until=views_due_on,
            ),
            item=item,
            seal=seal,
            by=by,
            at=at,
            message=f"本机关拟{ground.kind.label}您取得的“{item.name}”，您可以在"
            f"{letters.chinese_day(views_due_on)}前陈述和申辩，事实和依据见文书。",
            subject=str(row.pk),
        )
    return case_view(case)


@transaction.atomic
def state_views(
    *, number: str, text: str, by: Actor, at: datetime, version: int | None = None
) -> CaseView:
    """Keep what the holder says to a proposal (陈述申辩); at a window the clerk writes it down.

    Raises:
        CaseNotFoundError: no such case for these eyes.
        PermissionRefusedError: `by` neither acts for the holder nor takes things in.
        ConflictRefusedError: somebody acted since `version`.
        StepRefusedError: the case is not closed any more.
        EndRefusedError: nothing is proposed, views were stated, or the time is over.
        TextRefusedError: nothing is said, or too much.

    Source:
        行政许可法 第七条, 第三十六条.
    """
    case, acting = begin(number, Step.STATE_VIEWS, by=by, version=version)
    row = _open(case)
    if row is None or row.views_due_on is None:
        raise EndRefusedError("本办件没有等待陈述申辩的提议，如有疑问，请联系办理部门。")
    if row.stated_at is not None:
        raise EndRefusedError("您的陈述和申辩已经收到；需要补充的，请联系办理部门。")
    if day_of(at) > row.views_due_on:
        raise EndRefusedError(
            f"陈述申辩期限已于{letters.chinese_day(row.views_due_on)}届满；"
            "仍可联系办理部门说明情况，或者对决定申请行政复议。"
        )
    row.statement, row.stated_by, row.stated_at = written(text, "陈述和申辩的内容"), by.ref, at
    row.save(update_fields=["statement", "stated_by", "stated_at"])
    clocks.meet(case, ClockKind.STATEMENT, on=day_of(at), subject=str(row.pk))
    move(case, Step.STATE_VIEWS, acting=acting, by=by, at=at, reason=row.statement)
    return case_view(case)


@transaction.atomic
def decide_end(
    *,
    number: str,
    reason: str,
    by: Actor,
    at: datetime,
    public_interest: str = "",
    not_ended: NotEnded | None = None,
    version: int | None = None,
) -> CaseView:
    """Decide on a proposal (决定终结): end case and licence together, or leave both.

    Args:
        number: Case number.
        reason: Why; goes into the letter.
        by: May end here; not who proposed.
        at: Moment of the decision.
        public_interest: Of a revocation: what was weighed.
        not_ended: Why nothing is ended; None: it is ended.
        version: Row version `by` saw.

    Raises:
        CaseNotFoundError: no such case for these eyes.
        PermissionRefusedError: `by` may not decide here.
        ConflictRefusedError: somebody acted since `version`.
        StepRefusedError: the case is not closed any more.
        SameProposerError: `by` proposed it.
        EndRefusedError: nothing is proposed, the holder still has time, or the law leaves no
            choice.
        TextRefusedError: reason, or weighing of the public interest, is missing or too long.

    Source:
        行政许可法 第八条, 第三十六条, 第六十九条, 第七十条.
    """
    case = locked(number)
    row = _open(case)
    step = _step(row, not_ended)
    acting = capacity(case, STEPS[step], by)
    require_version(case, version)
    after(step, CaseState(case.state))
    if row is None:
        raise EndRefusedError("本办件没有待决定的提议，请先由审查人员提出。")
    if row.proposed_by == by.ref:
        raise SameProposerError("这项提议由您提出，不能由同一人决定，请由本部门其他审批人员决定。")
    return _decide(
        case,
        row,
        step,
        reason=reason,
        public_interest=public_interest,
        not_ended=not_ended,
        acting=acting,
        by=by,
        at=at,
    )


def _step(row: EndProposal | None, not_ended: NotEnded | None) -> Step:
    if row is None or not_ended is not None:
        return Step.DECLINE_END
    return ending.STEP[EndKind(row.kind)]


def _decide(
    case: Case,
    row: EndProposal,
    step: Step,
    *,
    reason: str,
    public_interest: str,
    not_ended: NotEnded | None,
    acting: Capacity,
    by: Actor,
    at: datetime,
) -> CaseView:
    ground, today = ending.GROUNDS[row.ground], day_of(at)
    reason = written(reason, "理由")
    if not_ended is not None:
        if not_ended not in ending.reasons_against(ground):
            raise EndRefusedError(
                f"“{ground.text}”属于应当{ground.kind.label}的情形，事实成立的不能以“"
                f"{not_ended.label}”为由不{ground.kind.label}。"
            )
    elif row.views_due_on is not None and row.stated_at is None and today <= row.views_due_on:
        raise EndRefusedError(
            f"被许可人在{letters.chinese_day(row.views_due_on)}前可以陈述和申辩，"
            "请在收到其意见或者期满后再决定。"
        )
    if ground.kind is EndKind.REVOKE and not_ended is None:
        public_interest = written(public_interest, "是否损害公共利益的衡量")
    row.outcome = (EndOutcome.ENDED if not_ended is None else EndOutcome.DECLINED).value
    row.not_ended = not_ended.value if not_ended else ""
    row.reason, row.public_interest = reason, public_interest.strip()
    row.decided_by, row.decided_by_name = by.ref, by.name or by.ref
    row.decided_at, row.decided_on = at, today
    row.save(
        update_fields=[
            "outcome",
            "not_ended",
            "reason",
            "public_interest",
            "decided_by",
            "decided_by_name",
            "decided_at",
            "decided_on",
        ]
    )
    if not_ended is not None:
        move(case, step, acting=acting, by=by, at=at, reason=f"{not_ended.label}：{reason}")
        post_checks.reopen_check(number=case.number, at=at)
        if row.views_due_on is not None:
            _tell_kept(case, row, at=at)
        return case_view(case)
    licence = _end_licence(case, row, by=by, at=at)
    move(case, step, acting=acting, by=by, at=at, reason=reason, basis=ground.article)
    _issue_letter(case, row, licence=licence, by=by, at=at)
    if ground.kind is EndKind.REVOKE:
        post_checks.close_revoked(
            number=case.number,
            reason=row.facts,
            broken=ground.code in ending.COMMITMENT_BROKEN,
            by=by,
            at=at,
        )
    events.publish(
        CaseEnded(
            number=case.number,
            item_slug=case.item_slug,
            holder_ref=case.applicant_ref,
            kind=row.kind,
            ground=row.ground,
            licence_identifier=licence.identifier if licence else "",
            reason=ground.text,
            ended_at=at,
        )
    )
    return case_view(case)


def _end_licence(case: Case, row: EndProposal, *, by: Actor, at: datetime) -> LicenceView | None:
    """End the version of the licence that is held now; later cases may have replaced the first."""
    if not case.licence_identifier:
        return None
    licence = licences_held.newest_version(case.licence_identifier)
    if licence.state not in LIVE:
        return licence
    kind = EndKind(row.kind)
    return licences.move_licence(
        identifier=licence.identifier,
        step=ending.LICENCE_STEP[kind],
        reason=f"{ending.GROUNDS[row.ground].text}。{row.reason}"[:LICENCE_REASON_LENGTH],
        case_number=case.number,
        by=by,
        at=at,
    )


def _issue_letter(
    case: Case, row: EndProposal, *, licence: LicenceView | None, by: Actor, at: datetime
) -> None:
    item, seal = version_of(case), kept.department(case.deciding_department)
    ground = ending.GROUNDS[row.ground]
    issue(
        case,
        ending.LETTER[ground.kind],
        body=ending.ending_letter(
            heading(case, item, seal.name),
            ground=ground,
            facts=row.facts,
            evidence=row.evidence,
            reason=row.reason,
            statement=row.statement,
            public_interest=row.public_interest,
            compensation=row.compensation,
            licence_number=licence.number if licence else "",
        ),
        item=item,
        seal=seal,
        by=by,
        at=at,
        message=f"您取得的“{item.name}”已被{ground.kind.label}，事实、依据和救济途径见决定书。",
        subject=str(row.pk),
    )


def _tell_kept(case: Case, row: EndProposal, *, at: datetime) -> None:
    kind = EndKind(row.kind)
    Message.objects.create(
        to_ref=case.applicant_ref,
        case=case,
        title=f"不予{kind.label}（{case.query_code}）",
        body=f"本机关决定不{kind.label}您取得的“{case.item_name}”，许可继续有效。理由：{row.reason}",
        at=at,
    )


def _open(case: Case) -> EndProposal | None:
    return EndProposal.objects.select_for_update().filter(case=case, outcome="").first()


def deregister_expired(*, by: Actor, at: datetime, limit: int = DEREGISTER_BATCH) -> list[str]:
    """Deregister what ran out DEREGISTER_AFTER_DAYS ago and was not renewed. For a named job.

    A run over the same day changes nothing more.

    Returns:
        The numbers of the cases.

    Source:
        行政许可法 第七十条第一项.
    """
    ended_by = day_of(at) - timedelta(days=ending.DEREGISTER_AFTER_DAYS)
    done = []
    for licence in licences_held.expired(by=ended_by, limit=limit):
        if _deregister(licence.case_number, until=licence.valid_until, by=by, at=at):
            done.append(licence.case_number)
    return done


@transaction.atomic
def _deregister(number: str, *, until: date | None, by: Actor, at: datetime) -> bool:
    case = Case.objects.select_for_update().filter(number=number).first()
    if case is None or case.state != CaseState.CLOSED or _open(case) is not None or until is None:
        return False
    acting = capacity(case, STEPS[Step.PROPOSE_END], by)
    last = letters.chinese_day(until - timedelta(days=1))
    _propose(
        case,
        ending.EXPIRED,
        facts=f"有效期至{last}届满，没有准予延续。",
        evidence="电子证照库的记录",
        compensation="",
        calendar=None,
        acting=acting,
        by=by,
        at=at,
    )
    row = _open(case)
    assert row is not None
    _decide(
        case,
        row,
        Step.DEREGISTER,
        reason="有效期届满未延续，依法办理注销手续。",
        public_interest="",
        not_ended=None,
        acting=capacity(case, STEPS[Step.DEREGISTER], by),
        by=by,
        at=at,
    )
    return True
