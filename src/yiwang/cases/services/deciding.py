"""The decision (决定), made by another person than the review, and the end without one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction

from yiwang.audit import services as audit
from yiwang.cases.events import CancellationGranted, CaseGranted, CaseRefused
from yiwang.cases.models import Case, CaseMaterial, Opinion, Renewal, Termination
from yiwang.cases.models.automatic import AutoRun
from yiwang.cases.policy import letters
from yiwang.cases.policy.answers import plain_answers
from yiwang.cases.policy.deadlines import day_of, delivery_due_on, months_after, publicity_due_on
from yiwang.cases.policy.mailed import ENTRY_DAYS, entered_until
from yiwang.cases.policy.states import STEPS, STOPPED, CaseState, Step, Way, after
from yiwang.cases.policy.terminating import ARTICLES, BY_CLOCK, TerminationGround
from yiwang.cases.policy.terms import DeliveryChannel, DocumentKind, MaterialState, Outcome
from yiwang.cases.policy.visiting import WindowAct
from yiwang.cases.queries import CaseNotFoundError, CaseView, case_view, staff_may_read
from yiwang.cases.services import approval, kept
from yiwang.cases.services.accepting import CLOSING_FIELDS, close, publish_closed
from yiwang.cases.services.delivering import deliver
from yiwang.cases.services.hearing import resting_on_record
from yiwang.cases.services.interested import require_heard
from yiwang.cases.services.procedure import end_stop, line, require_site_check
from yiwang.cases.services.steps import (
    Capacity,
    begin,
    capacity,
    heading,
    issue,
    locked,
    materials_of,
    move,
    require_holder,
    require_version,
    version_of,
    written,
)
from yiwang.cases.services.visiting import Visitor, note_visit
from yiwang.catalogue.policy.items import (
    Channel,
    HandlingKind,
    ItemVersion,
    Question,
    QuestionKind,
)
from yiwang.kernel import events
from yiwang.kernel.errors import RefusedError
from yiwang.kernel.workdays import WorkdayCalendar
from yiwang.licences import queries as licences_held
from yiwang.licences import services as licences
from yiwang.licences.policy.states import LicenceState, LicenceStep
from yiwang.licences.queries import LicenceView
from yiwang.organisations.permissions import Actor
from yiwang.organisations.queries import DepartmentView
from yiwang.registers import services as registers

SYSTEM = "system:delivery"
GRANT_REASON = "申请材料齐全、符合法定形式，经审查符合法定条件、标准。"


class SamePersonError(RefusedError):
    """Who reviewed may not decide."""

    code = "cases.same_person"


class DecisionRefusedError(RefusedError):
    """The decision cannot be made like that."""

    code = "cases.decision_refused"


class TerminationRefusedError(RefusedError):
    """The case cannot be ended without a decision like that."""

    code = "cases.termination_refused"


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
        version: Row version `by` saw.

    Raises:
        CaseNotFoundError: no such case for these eyes.
        PermissionRefusedError: `by` may not decide here.
        ConflictRefusedError: somebody acted since `version`.
        StepRefusedError: not waiting for a decision.
        SamePersonError: `by` reviewed it.
        NotHolderError: the case was given to somebody else.
        DecisionRefusedError: a grant while materials are outstanding.
        ProcedureRefusedError: on the spot, while a side may still state its views; a grant before
            the check on the spot that the item asks for.
        TextRefusedError: a refusal without reason or article.
        CalendarGapError: the calendar ends before the delivery date; nothing is changed.

    Source:
        行政许可法 第三十四条, 第三十七条, 第三十八条, 第三十九条, 第四十四条.
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
            case.licence_identifier = _issue_licence(
                case, item, holder_number=holder_number, by=by, at=at
            )
            changed.append("licence_identifier")
            if item.public:
                case.publicity_due_on = publicity_due_on(decided_on=today, calendar=calendar)
                changed.append("publicity_due_on")
        move(case, step, acting=acting, by=by, at=at, changed=changed, reason=reason, basis=article)
        approval.file_form(
            case, item, step, outcome, reason=reason, article=article, run=run, by=by, at=at
        )
        _issue_decision(
            case, item, outcome, reason=reason, article=article, notes=notes, by=by, at=at
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
    _refuse_reviewer(case, by)


def _refuse_reviewer(case: Case, by: Actor) -> None:
    if case.reviewed_by == by.ref or Opinion.objects.filter(case=case, by=by.ref).exists():
        raise SamePersonError("您审查过本办件，不能由同一人决定，请由本部门其他审批人员决定。")


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


def _issue_licence(
    case: Case, item: ItemVersion, *, holder_number: str, by: Actor, at: datetime
) -> str:
    """Issue, replace or end the licence the item is about, if any; return what the holder has.

    A change, a renewal or a reissue makes the next version of the licence held here; where none
    is held (it was given before the platform was) a first one is issued.
    """
    if not item.result.licence_type:
        return ""
    answers = case.answers_now()
    kind = _kind(case, item)
    old = None if kind is HandlingKind.ISSUE else _held(case, item, answers, on=day_of(at))
    if kind is HandlingKind.CANCEL:
        if old is not None:
            licences.move_licence(
                identifier=old.identifier,
                step=LicenceStep.CANCEL,
                reason=f"持有人申请{kind.label}",
                case_number=case.number,
                by=by,
                at=at,
            )
        return ""
    fields = [
        (question.label, answer_text(question, answers[question.id]))
        for question in item.questions()
        if question.id in item.result.scope_fields and answers.get(question.id) is not None
    ]
    valid_from, valid_until = _validity(item, day_of(at))
    if old is not None and kind in NEXT_VERSION:
        valid_from, valid_until = _next_validity(kind, item, old, today=day_of(at))
        answered = {label for label, _ in fields}
        return licences.replace_licence(
            identifier=old.identifier,
            fields=[
                *fields,
                *(pair for pair in licences_held.unasked_fields(old, answered=answered)),
            ],
            valid_from=valid_from,
            valid_until=valid_until,
            reason=f"持有人申请{kind.label}",
            case_number=case.number,
            by=by,
            at=at,
            holder_name=case.applicant_name,
        ).identifier
    licence = licences.issue_licence(
        type_code=item.result.licence_type,
        holder_ref=case.applicant_ref,
        holder_name=case.applicant_name,
        holder_number=holder_number or _number_of(case, item, by=by, at=at),
        issuer=case.department_code,
        fields=fields,
        valid_from=valid_from,
        valid_until=valid_until,
        case_number=case.number,
        by=by,
        at=at,
    )
    return licence.identifier


def _number_of(case: Case, item: ItemVersion, *, by: Actor, at: datetime) -> str:
    held = registers.prefill_in_full(
        ref=case.applicant_ref,
        purpose=f"颁发{item.result.name}",
        by=by,
        at=at,
        department=case.deciding_department,
    )
    number = held.get("person.id_number") or held.get("entity.uscc")
    return number.value if number else ""


NEXT_VERSION = frozenset({HandlingKind.CHANGE, HandlingKind.RENEW, HandlingKind.REISSUE})
"""Kinds of handling that lead to the next version of a licence (变更、延续、补证)."""


def _held(
    case: Case, item: ItemVersion, answers: Mapping[str, object], *, on: date
) -> LicenceView | None:
    """Return the licence the case is about: the one it names, or the only one of its type.

    Raises:
        DecisionRefusedError: several are held and the application names none of them, or the one
            to be renewed was taken from the holder since.
    """
    held = licences_held.valid_licences(case.applicant_ref, item.result.licence_type, on=on)
    asked = Renewal.objects.filter(case=case).first()
    if asked is not None:
        return _to_renew(asked, held)
    named = [one for one in held if one.number and one.number in answers.values()]
    if len(held) > 1 and not named:
        numbers = "、".join(one.number for one in held)
        raise DecisionRefusedError(
            f"申请人有{len(held)}份有效的{item.result.name}（{numbers}），申请没有写明是哪一份；"
            "请先补正，写明证照编号。"
        )
    return next(iter(named or held), None)


TAKEN = frozenset(
    {
        LicenceState.SUSPENDED,
        LicenceState.REVOKED,
        LicenceState.WITHDRAWN,
        LicenceState.FORFEITED,
    }
)
"""Taken from the holder: no renewal gives it back."""


def _to_renew(asked: Renewal, held: Sequence[LicenceView]) -> LicenceView | None:
    """Return the licence whose renewal was asked for, though it may have run out since in time.

    Raises:
        DecisionRefusedError: it was taken from the holder since, or given up.
    """
    old = licences_held.newest_version(asked.licence_identifier)
    if old.state is LicenceState.VALID:
        valid = asked.in_time or old.identifier in {one.identifier for one in held}
        return old if valid else None
    if asked.in_time or old.state in TAKEN:
        raise DecisionRefusedError(
            f"申请延续的{old.type_name}（{old.number}）现为“{old.state.label}”，不能准予延续；"
            "请作出不予决定，或者待其恢复有效。"
        )
    return None


def _next_validity(
    kind: HandlingKind, item: ItemVersion, old: LicenceView, *, today: date
) -> tuple[date, date | None]:
    """Return the days of the next version: a renewal goes on where the old one ends.

    Source:
        行政许可法 第五十条 (延续): the holder loses no day by asking early.
    """
    if kind is not HandlingKind.RENEW or old.valid_until is None:
        return today, old.valid_until
    months = item.result.valid_months
    until = months_after(old.valid_until, months) if months else None
    return min(today, old.valid_until), until


def _kind(case: Case, item: ItemVersion) -> HandlingKind:
    """Return what the case does to the result, by the handling item it was received under."""
    if not item.handling_items:
        return HandlingKind.ISSUE
    answers = case.answers_now()
    handling = item.handling_of(plain_answers(answers))
    return handling.kind if handling else HandlingKind.ISSUE


def _validity(item: ItemVersion, today: date) -> tuple[date, date | None]:
    months = item.result.valid_months
    return today, months_after(today, months) if months else None


def answer_text(question: Question, value: object) -> str:
    """Return an answer as people read it: labels of choices, yes and no, number with unit."""
    labels = {option.value: option.label for option in question.options}
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, list | tuple):
        return "、".join(labels.get(str(one), str(one)) for one in value)
    if question.kind is QuestionKind.NUMBER:
        return (
            f"{value:g}{question.unit}" if isinstance(value, float) else f"{value}{question.unit}"
        )
    return labels.get(str(value), str(value))


def _issue_decision(
    case: Case,
    item: ItemVersion,
    outcome: Outcome,
    *,
    reason: str,
    article: str,
    notes: Sequence[str],
    by: Actor,
    at: datetime,
) -> None:
    seal = kept.department(case.deciding_department)
    top = heading(case, item, seal.name)
    kind, body = _letter(top, outcome, reason=reason, article=article, on=day_of(at))
    if outcome is Outcome.GRANT and case.licence_identifier and _kind(case, item) in NEXT_VERSION:
        kind, body, notes = _letter_of_next_version(
            case, top, kind, body, notes, reason=reason, article=article
        )
    body["paragraphs"] = [*body["paragraphs"], *notes]  # type: ignore[misc]  # a list of texts
    message = (
        f"您的“{item.name}”申请已准予。"
        if outcome is Outcome.GRANT
        else f"您的“{item.name}”申请未获准予，理由和救济途径见决定书。"
    )
    issue(case, kind, body=body, item=item, seal=seal, by=by, at=at, message=message)


def _letter_of_next_version(
    case: Case,
    top: letters.Heading,
    kind: DocumentKind,
    body: letters.Body,
    notes: Sequence[str],
    *,
    reason: str,
    article: str,
) -> tuple[DocumentKind, letters.Body, Sequence[str]]:
    """Return the letter with the days of the licence as issued, and what changed on it."""
    new = licences_held.licence(case.licence_identifier)
    if not new.previous_identifier:
        return kind, body, notes
    old = licences_held.licence(new.previous_identifier)
    body = letters.grant_letter(
        top,
        reason=reason,
        article=article,
        valid_from=new.valid_from,
        valid_until=new.valid_until,
    )
    before, changes = dict(old.fields), []
    if old.holder_name != new.holder_name:
        changes.append(f"持证人由“{old.holder_name}”变更为“{new.holder_name}”")
    changes += [
        f"{label}由“{before.get(label, '无')}”变更为“{text}”"
        for label, text in new.fields
        if before.get(label) != text
    ]
    told = f"证照编号{new.number}，第{new.version}版，替代第{old.version}版。"
    if changes:
        told += f"变更内容：{'；'.join(changes)}。"
    return kind, body, [*notes, told]


def _letter(
    top: letters.Heading, outcome: Outcome, *, reason: str, article: str, on: date
) -> tuple[DocumentKind, letters.Body]:
    """Return what the letter of a decision says."""
    if outcome is Outcome.GRANT:
        valid_from, valid_until = _validity(top.item, on)
        return DocumentKind.GRANT_DECISION, letters.grant_letter(
            top, reason=reason, article=article, valid_from=valid_from, valid_until=valid_until
        )
    return DocumentKind.REFUSAL_DECISION, letters.refusal_letter(
        top, opening="经审查，本机关决定不予准许您的申请。", reason=reason, article=article
    )


@dataclass(frozen=True, kw_only=True)
class LetterDraft:
    """A letter as it would be issued now; number and seal come with the act."""

    issuer: str
    title: str
    recipient: str
    paragraphs: tuple[str, ...]
    day: str


def draft_decision(
    *, number: str, outcome: Outcome, by: Actor, at: datetime, reason: str = "", article: str = ""
) -> LetterDraft:
    """Return the letter that `decide` would issue; it changes nothing.

    Raises:
        CaseNotFoundError: no such case for these eyes.
    """
    case = Case.objects.filter(number=number).first()
    if case is None or not staff_may_read(case, by):
        raise CaseNotFoundError
    item = version_of(case)
    seal = kept.department(case.deciding_department)
    if outcome is Outcome.GRANT:
        reason, article = reason or GRANT_REASON, article.strip() or letters.articles(item)
    top = heading(case, item, seal.name)
    kind, body = _letter(top, outcome, reason=reason, article=article, on=day_of(at))
    return LetterDraft(
        issuer=seal.name,
        title=letters.title(kind, item),
        recipient=case.applicant_name,
        paragraphs=(*body["paragraphs"], "".join(body["remedies"])),  # type: ignore[misc,arg-type]
        day=letters.chinese_day(day_of(at)),
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
    if _kind(case, item) is HandlingKind.CANCEL:
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
    _refuse_reviewer(case, by)
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
