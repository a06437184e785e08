"""Automatic handling (无人干预自动办理): rules decide a case without a person, or hand it over.

A run gathers facts first, outside every lock, because registers may be slow; the grant is then
one transaction: acceptance, decision, licence and letters together, or nothing of it.

Source:
    个人信息保护法 第二十四条 (automated decisions, the right to a person).
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

import orjson
import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from yiwang.audit import services as audit
from yiwang.cases.models import Case, CaseMaterial, Message
from yiwang.cases.models.automatic import AutoReview, AutoRun, AutoWaiting
from yiwang.cases.policy.automatic import (
    GatheredFact,
    Ground,
    ReviewCause,
    next_attempt,
)
from yiwang.cases.policy.checks import (
    Asking,
    CheckDown,
    Trouble,
    checks_of,
    register_fields,
    registers_disagree,
)
from yiwang.cases.policy.deadlines import day_of
from yiwang.cases.policy.states import CaseState
from yiwang.cases.policy.terms import MaterialState
from yiwang.cases.queries import CaseNotFoundError, CaseView, case_view
from yiwang.cases.queries import automatic as questions
from yiwang.cases.services import checks, kept, waiting
from yiwang.cases.services.accepting import accept_automatically
from yiwang.cases.services.deciding import grant_automatically
from yiwang.cases.services.steps import JOB, locked, version_of, written
from yiwang.catalogue.policy.items import ItemVersion, Question
from yiwang.kernel.errors import RefusedError
from yiwang.kernel.workdays import CalendarGapError, WorkdayCalendar
from yiwang.organisations import scope
from yiwang.organisations.permissions import Actor, Post
from yiwang.registers.policy import field_crypto
from yiwang.registers.queries import Prefilled
from yiwang.registers.services import prefill_in_full
from yiwang.rules.policy.tables import Fact, RuleOutcome, RuleSet, evaluate

log = structlog.get_logger()

SYSTEM = Actor(ref=f"{JOB}automatic", name="系统（自动办理）")
"""Who decides when rules do; the seal is the authority's."""

PURPOSE = "按事项的自动办理规则核验申请，准予的颁发证照"
UNDECLARED = "信中没有申请人签字的声明，需要人工审看并一次性告知补正。"
BATCH = 100
"""Waiting cases handled in one run of the job."""


class PersonRefusedError(RefusedError):
    """There is no automatic decision that a person could look at."""

    code = "cases.person_refused"


def decide_by_rules(*, case: CaseView, calendar: WorkdayCalendar, at: datetime) -> CaseView:
    """Have the rules decide a case that just came in, where its item allows; else change nothing.

    For whoever received it, to be called after the receipt is kept. Trouble with rules or
    registers never reaches whoever submitted: the case then waits for the job, or for a person.

    Args:
        case: As it was received.
        calendar: Covers the limits that start with acceptance and the ten days of delivery.
        at: Moment of the receipt.

    Returns:
        The case as it stands now.
    """
    if case.state is not CaseState.RECEIVED or not waiting.is_automatic(
        kept.item_version(case.item_slug, case.item_version)
    ):
        return case
    return _tried(number=case.number, calendar=calendar, by=SYSTEM, at=at) or case


def _tried(*, number: str, calendar: WorkdayCalendar, by: Actor, at: datetime) -> CaseView | None:
    """Run the rules on a case; one that breaks them is left for the job, or for a person."""
    try:
        return handle(number=number, calendar=calendar, by=by, at=at)
    except Exception:
        log.exception("cases.automatic_failed", number=number)
        return None


@dataclass(frozen=True, kw_only=True)
class _Run:
    """What a run found out, before anything is written."""

    outcome: RuleOutcome
    ground: Ground
    reason: str
    row_id: str = ""
    facts: tuple[GatheredFact, ...] = ()
    path: tuple[str, ...] = ()
    holder_number: str = ""
    """Number of the applicant as registered; empty: not looked up."""
    again: bool = False
    """Whether to ask again later: a register did not answer."""


def handle(*, number: str, calendar: WorkdayCalendar, by: Actor, at: datetime) -> CaseView | None:
    """Run the rules on a waiting case: grant it, or hand it to a person.

    A second call, or one after a person began, changes nothing.

    Args:
        number: Case number.
        calendar: Covers the limits that start with acceptance and the ten days of delivery.
        by: A named job.
        at: Moment of the run.

    Returns:
        The case, or None when it is not waiting for a machine.
    """
    if not by.ref.startswith(JOB):
        raise ValueError("only a named job runs rules")
    began = time.perf_counter()
    with scope.everything():
        entry = (
            AutoWaiting.objects.select_related("case__answer")
            .annotate(
                switched=questions.last_switch(OuterRef("case__item_slug")),
                seen_by_people=Exists(_to_be_seen(OuterRef("case"))),
            )
            .filter(case__number=number, settled_at=None)
            .first()
        )
        if entry is None:
            return None
        case = entry.case
        item = version_of(case)
        run = _decided(
            case,
            item,
            stopped=questions.is_off(entry.switched),
            seen_by_people=entry.seen_by_people,
            by=by,
            at=at,
        )
        took = round((time.perf_counter() - began) * 1000)
        try:
            return _kept(entry, run, item, calendar=calendar, by=by, at=at, took_ms=took)
        except (RefusedError, CalendarGapError, LookupError) as refusal:
            sentence = getattr(refusal, "message", "") or "系统未能制发结果。"
            log.warning("cases.automatic_not_possible", number=number, error=str(refusal))
            instead = _Run(
                outcome=RuleOutcome.HAND_OVER,
                ground=Ground.NOT_POSSIBLE,
                reason=sentence,
                facts=run.facts,
                path=run.path,
            )
            return _kept(entry, instead, item, calendar=calendar, by=by, at=at, took_ms=took)


def _decided(
    case: Case, item: ItemVersion, *, stopped: bool, seen_by_people: bool, by: Actor, at: datetime
) -> _Run:
    """Gather the facts and evaluate; writes nothing but the trace of reading registers."""
    rules = item.auto_rules
    if rules is None or not item.auto_decide:
        return _over(Ground.RULES_CHANGED, "本事项不再自动办理。")
    if case.state != CaseState.RECEIVED or case.assigned_to:
        return _over(Ground.TAKEN, "工作人员已经开始办理。")
    if stopped:
        return _over(Ground.STOPPED, "本事项的自动办理已停用。")
    if not _in_force(case, at):
        return _over(Ground.RULES_CHANGED, "申请以后事项已有新版本，规则以人工核对为准。")
    if item.declaration and not case.answer.declaration:
        return _over(Ground.MATERIALS, UNDECLARED)
    if seen_by_people:
        names = _to_be_seen(case).order_by("id").values_list("name", flat=True)
        listed = "、".join(f"“{name}”" for name in names)
        return _over(Ground.MATERIALS, f"需要人工审看：{listed}。")
    if case.must_check_site:
        return _over(Ground.SITE_CHECK, "本事项准予前必须现场核查，由两名以上工作人员进行。")
    registered = _registered(case, by=by, at=at)
    facts = gather(case, item, rules, registered, at=at)
    verdict = evaluate(rules, {fact.name: fact.value for fact in facts}, on=case.received_on)
    troubled = [fact.note for fact in facts if fact.note]
    if troubled:  # whatever the rows say: what a register did not answer is no ground
        return _Run(
            outcome=RuleOutcome.HAND_OVER,
            ground=Ground.CHECK_FAILED,
            reason="".join(dict.fromkeys(troubled)),
            facts=facts,
            path=verdict.sentences,
            again=any(fact.note and fact.value is None for fact in facts),
        )
    granted = verdict.outcome is RuleOutcome.GRANT
    return _Run(
        outcome=verdict.outcome,
        ground=Ground.RULE_GRANTS if granted else Ground.RULE_HANDS_OVER,
        reason=verdict.reason,
        row_id=verdict.row_id,
        facts=facts,
        path=verdict.sentences,
        holder_number=_number(registered),
    )


def _over(ground: Ground, reason: str) -> _Run:
    return _Run(outcome=RuleOutcome.HAND_OVER, ground=ground, reason=reason)


def _in_force(case: Case, at: datetime) -> bool:
    try:
        return kept.item(case.item_slug, on=day_of(at)).version == case.item_version
    except LookupError:
        return False


def _to_be_seen(case: Case | OuterRef) -> QuerySet[CaseMaterial]:
    """Return the materials that only a person can judge: files and what is missing."""
    return CaseMaterial.objects.filter(case=case).exclude(state=MaterialState.WAIVED.value)


def gather(
    case: Case,
    item: ItemVersion,
    rules: RuleSet,
    registered: Mapping[str, Prefilled],
    *,
    at: datetime,
) -> tuple[GatheredFact, ...]:
    """Ask for every fact that the rules declare; what nobody answers is not known."""
    answers: Mapping[str, object] = case.answers_now()
    asked: dict[str, tuple[str, object]] = {}
    for name, wanted in checks_of([fact.source for fact in rules.facts]).items():
        asked[name] = checks.ask(
            name,
            Asking(
                case_number=case.number,
                item_slug=case.item_slug,
                applicant_ref=case.applicant_ref,
                applicant_name=case.applicant_name,
                number=_number(registered),
                on=case.received_on,
                at=at,
                answers=answers,
                wanted=wanted,
            ),
        )
    facts = [_fact(fact, case, answers, registered, asked, at=at) for fact in rules.facts]
    doubts = _Doubts(
        questions=item.questions(),
        answers=answers,
        held={name: one.value for name, one in registered.items()},
        on=case.received_on,
    )
    return tuple(fact if fact.note else replace(fact, note=doubts.about(fact)) for fact in facts)


@dataclass(frozen=True, kw_only=True)
class _Doubts:
    """Finds facts on which two registers, or the applicant and a register, disagree."""

    questions: Sequence[Question]
    answers: Mapping[str, object]
    held: Mapping[str, str]
    on: date

    def about(self, fact: GatheredFact) -> str:
        """Return why a fact is not believed; empty: it is."""
        if registers_disagree(fact.origin, fact.value, self.held, on=self.on):
            return f"{fact.source}答复的“{fact.label}”与登记信息不一致。"
        fields = register_fields(fact.origin)
        for question in self.questions:
            concerned = question.prefill in fields or fact.origin == f"answer:{question.id}"
            if concerned and not self._as_registered(question):
                return f"填写的“{question.label}”与登记信息不一致。"
        return ""

    def _as_registered(self, question: Question) -> bool:
        """Tell whether nothing else was filled in; a masked number is what the form showed."""
        answer, held = self.answers.get(question.id), self.held.get(question.prefill)
        text = "" if answer is None else str(answer).strip()
        if not text or "*" in text or held is None:
            return True
        labels = {option.value: option.label for option in question.options}
        return held.strip() in {text, labels.get(text)}


def _registered(case: Case, *, by: Actor, at: datetime) -> Mapping[str, Prefilled]:
    try:
        return prefill_in_full(
            ref=case.applicant_ref,
            purpose=PURPOSE,
            by=with_power(by, case),
            at=at,
            department=case.deciding_department,
        )
    except LookupError:
        return {}


def _number(registered: Mapping[str, Prefilled]) -> str:
    number = registered.get("person.id_number") or registered.get("entity.uscc")
    return number.value if number else ""


def with_power(by: Actor, case: Case) -> Actor:
    """Return the job with the power of an approver of the deciding department, for this case."""
    return Actor(
        ref=by.ref,
        name=by.name or SYSTEM.name,
        posts={case.deciding_department: frozenset({Post.APPROVER})},
    )


def _fact(
    fact: Fact,
    case: Case,
    answers: Mapping[str, object],
    registered: Mapping[str, Prefilled],
    asked: Mapping[str, tuple[str, object]],
    *,
    at: datetime,
) -> GatheredFact:
    kind, _colon, rest = fact.source.partition(":")
    source, note, version, raw = "", "", "", None
    moment = at
    if kind == "answer":
        raw, source, moment = answers.get(rest), "申请人填写", case.received_at
    elif kind == "register":
        held = registered.get(rest)
        raw, source = (held.value, held.source_label) if held else (None, "登记信息")
    elif kind == "case":
        raw, source = case_fact(case, rest), "办件"
    elif kind == "check":
        name, _dot, field = rest.partition(".")
        version, told = asked[name]
        if isinstance(told, CheckDown):
            source, note, moment = told.source, told.message, told.asked_at
            if told.trouble is Trouble.UNKNOWN:
                note = ""
        else:
            raw, source, moment = told.fields.get(field), told.source, told.asked_at  # type: ignore[attr-defined]  # the other outcome
    return GatheredFact(
        name=fact.name,
        label=fact.label,
        value=None if raw == "" else raw,
        source=source,
        origin=fact.source,
        at=moment,
        shown=next((one.label for one in fact.options if one.value == raw), ""),
        note=note,
        version=version,
    )


def case_fact(case: Case, name: str) -> object:
    """Return a fact about the case itself; None: there is no such fact."""
    facts: Mapping[str, object] = {
        "received_on": case.received_on,
        "channel": case.channel,
        "applicant_kind": case.applicant_kind,
        "applicant_name": case.applicant_name,
        "town": case.town or None,
    }
    return facts.get(name)


def _kept(
    entry: AutoWaiting,
    run: _Run,
    item: ItemVersion,
    *,
    calendar: WorkdayCalendar,
    by: Actor,
    at: datetime,
    took_ms: int,
) -> CaseView | None:
    """Write the run, and what follows from it, in one transaction.

    Returns:
        The case, or None where another run, or the applicant's wish for a person, came before.
    """
    with transaction.atomic(), audit.together():
        case = locked(entry.case.number)
        case.answer = entry.case.answer  # declared once, it never changes
        if run.outcome is RuleOutcome.GRANT:
            run = _still_granted(case, run)
        attempts = entry.attempts + 1
        again = (
            next_attempt(attempts=attempts, received_at=case.received_at, at=at)
            if run.again
            else None
        )
        waiting_still = AutoWaiting.objects.filter(
            pk=case.pk, settled_at=None, attempts=entry.attempts
        )
        if not waiting_still.update(
            attempts=attempts, due_at=again or entry.due_at, settled_at=None if again else at
        ):
            return None
        row = _write(case, run, serial=attempts, at=at, took_ms=took_ms)
        if run.outcome is RuleOutcome.GRANT:
            acting = with_power(by, case)
            accept_automatically(case, calendar=calendar, by=acting, at=at)
            grant_automatically(
                case,
                row,
                calendar=calendar,
                by=acting,
                at=at,
                reason=grant_reason(run.reason),
                holder_number=run.holder_number,
            )
        else:
            audit.record(
                at=at,
                actor=by.ref,
                act="cases.automatic_run",
                target=f"case:{case.number}",
                detail={"outcome": row.outcome, "ground": row.ground, "serial": row.serial},
                department=case.deciding_department,
            )
        return case_view(case)


def _still_granted(case: Case, run: _Run) -> _Run:
    """Return the run, or a hand-over when somebody acted while the registers were asked."""
    if case.state != CaseState.RECEIVED or case.assigned_to:
        return _over(Ground.TAKEN, "工作人员已经开始办理。")
    if questions.stopped(case.item_slug):
        return _over(Ground.STOPPED, "本事项的自动办理已停用。")
    return run


def grant_reason(reason: str) -> str:
    """Return the reason as the letter gives it."""
    return f"经系统按照公布的自动办理规则核验，{reason or '符合准予条件'}"


def _write(case: Case, run: _Run, *, serial: int, at: datetime, took_ms: int) -> AutoRun:
    return AutoRun.objects.create(
        case=case,
        serial=serial,
        item_slug=case.item_slug,
        item_version=case.item_version,
        department=case.deciding_department,
        at=at,
        outcome=run.outcome.value,
        ground=run.ground.value,
        row_id=run.row_id[:80],
        reason=run.reason[:400],
        sealed=_sealed(case, serial, run) if run.facts else None,
        took_ms=took_ms,
    )


def _sealed(case: Case, serial: int, run: _Run) -> bytes:
    plain = orjson.dumps(
        {
            "facts": [
                {
                    "name": fact.name,
                    "label": fact.label,
                    "value": fact.value,
                    "source": fact.source,
                    "origin": fact.origin,
                    "at": fact.at,
                    "shown": fact.shown,
                    "note": fact.note,
                    "version": fact.version,
                }
                for fact in run.facts
            ],
            "path": list(run.path),
        },
        default=str,
    ).decode()
    return field_crypto.encrypt(
        plain,
        keys=field_crypto.field_keys(settings.FIELD_KEYS),
        context=questions.seal_context(case.number, serial),
    )


def handle_waiting(
    *, calendar: WorkdayCalendar, by: Actor, at: datetime, limit: int = BATCH
) -> list[str]:
    """Run the rules on cases whose time has come: left over, or a register to be asked again.

    Returns:
        The numbers of the cases that were handled.
    """
    numbers = list(
        AutoWaiting.objects.filter(settled_at=None, due_at__lte=at)
        .order_by("due_at")
        .values_list("case__number", flat=True)[:limit]
    )
    return [
        number
        for number in numbers
        if _tried(number=number, calendar=calendar, by=by, at=at) is not None
    ]


@transaction.atomic
def ask_person(*, number: str, reason: str, by: Actor, at: datetime) -> CaseView:
    """Ask that a person decides, or looks at what a machine decided (要求人工办理或者复核).

    Before the decision the machine stops trying; afterwards a person reviews the automatic grant
    and the applicant hears what was found. A second call changes nothing.

    Args:
        number: Case number.
        reason: Why; may be empty before the decision.
        by: Acts for the applicant.
        at: Moment of asking.

    Raises:
        CaseNotFoundError: no such case of theirs.
        PersonRefusedError: no machine decides or decided the case.
        TextRefusedError: afterwards, no reason, or too long.

    Source:
        个人信息保护法 第二十四条第三款.
    """
    with scope.everything():
        case = locked(number)
        if not by.acts_for(case.applicant_ref):
            raise CaseNotFoundError
        entry = AutoWaiting.objects.select_for_update().filter(case=case, settled_at=None).first()
        if entry is not None:
            entry.settled_at = at
            entry.save(update_fields=["settled_at"])
            waiting.hand_over(case, ground=Ground.ASKED, reason=waiting.PERSON_WANTED, at=at)
        elif AutoRun.objects.filter(case=case, outcome=RuleOutcome.GRANT.value).exists():
            _ask_review(case, written(reason, "要求人工复核的理由"), by=by, at=at)
        else:
            raise PersonRefusedError("本办件由工作人员办理，没有自动作出的决定，不需要另行提出。")
        audit.record(
            at=at,
            actor=by.ref,
            act="cases.ask_person",
            target=f"case:{case.number}",
            detail={"decided": case.decided_at is not None},
            department=case.deciding_department,
            ip=by.ip,
            on_behalf_of=case.applicant_ref,
        )
        return case_view(case)


def _ask_review(case: Case, reason: str, *, by: Actor, at: datetime) -> None:
    AutoReview.objects.get_or_create(
        case=case,
        cause=ReviewCause.APPLICANT.value,
        defaults={
            "department": case.deciding_department,
            "item_slug": case.item_slug,
            "day": day_of(at),
            "asked_by": by.ref,
            "asked_at": at,
            "asked_reason": reason,
        },
    )


def tell(case: Case, *, title: str, body: str, at: datetime) -> None:
    """Send the applicant a message; its title carries no personal data."""
    Message.objects.create(to_ref=case.applicant_ref, case=case, title=title, body=body, at=at)
