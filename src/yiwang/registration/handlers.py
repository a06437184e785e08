"""What this package does about cases, licences and inspections; handlers may be called again."""

from __future__ import annotations

from datetime import datetime, time

from django.utils import timezone

from yiwang.cases.events import CancellationGranted, CaseEnded, CaseGranted, CaseRefused
from yiwang.cases.policy.ending import EndKind
from yiwang.cases.queries.granted import (
    granted_answers,
    granted_before,
    granted_item,
    granted_values,
)
from yiwang.content import queries as content
from yiwang.kernel.keeping import keep
from yiwang.licences import queries as licences
from yiwang.licences.events import LicenceStateChanged
from yiwang.licences.policy.states import LicenceState
from yiwang.organisations.permissions import Actor
from yiwang.registration import queries, services, telling
from yiwang.registration.policy.notices import (
    ExitRule,
    NoticeKind,
    NoticeRules,
    asked_questions,
    changed,
    ends,
    same_part,
)
from yiwang.supervision import queries as supervision
from yiwang.supervision import services as lists
from yiwang.supervision.events import InspectionClosed
from yiwang.supervision.policy.inspections import InspectionResult

JOB = Actor(ref="job:dual-notice", name="系统（双告知）")

PERSON = "person:"
DUAL_NOTICE = "dual_notice:"


def _rules() -> NoticeRules | None:
    return keep("rules of dual notices", queries.rules)


def on_case_granted(event: CaseGranted) -> None:
    """Tell departments of a registration, its change or end; close notices a permit answers."""
    rules = _rules()
    if rules is None:
        return
    at = event.granted_at or datetime.combine(
        event.granted_on, time.min, tzinfo=timezone.get_default_timezone()
    )
    chosen = granted_values(event.number, asked_questions(rules, event.item_slug))
    if exit_rule := ends(rules, event.item_slug, chosen):
        _end(rules, exit_rule, event, at=at)
        return
    if event.item_slug in rules.items:
        _registered(rules, event, chosen, at=at)
        return
    services.note_permit(
        entity_ref=event.holder_ref,
        item_slug=event.item_slug,
        case_number=event.number,
        licence_identifier=event.licence_identifier,
        by=JOB,
        at=at,
    )


def on_case_refused(event: CaseRefused) -> None:
    """Write on notices that the permit they ask about was refused."""
    if _rules() is None:
        return
    services.note_refusal(
        entity_ref=event.applicant_ref,
        item_slug=event.item_slug,
        case_number=event.number,
        calendar=content.workday_calendar(),
        by=JOB,
        at=datetime.combine(event.refused_on, time.min, tzinfo=timezone.get_default_timezone()),
    )


def on_cancellation_granted(event: CancellationGranted) -> None:
    """Tell departments of a business that was deregistered."""
    rules = _rules()
    if rules is None:
        return
    chosen = granted_values(event.number, asked_questions(rules, event.item_slug))
    if exit_rule := ends(rules, event.item_slug, chosen):
        _end(rules, exit_rule, event, at=event.granted_at)


def on_case_ended(event: CaseEnded) -> None:
    """Close notices of a registration that was undone; tell of a permit without a licence."""
    rules = _rules()
    if rules is None:
        return
    what = f"{EndKind(event.kind).label}：{event.reason}"
    telling.note_ended(cases=[event.number], on=timezone.localdate(event.ended_at))
    services.end_open(cases=[event.number], reason=f"登记已{what}。", by=JOB, at=event.ended_at)
    if event.licence_identifier:
        return  # the licence tells its own end
    line = supervision.line_of(case_number=event.number)
    if line is None:
        return
    services.note_permit_end(
        rules=rules,
        line=line,
        identifiers=(),
        told=f"{line.item_name}已{what}。",
        calendar=content.workday_calendar(),
        by=JOB,
        at=event.ended_at,
    )


ENDED = frozenset(
    {
        LicenceState.CANCELLED.value,
        LicenceState.REVOKED.value,
        LicenceState.WITHDRAWN.value,
        LicenceState.FORFEITED.value,
    }
)
"""States after which a firm no longer has the permit."""


def on_licence_state_changed(event: LicenceStateChanged) -> None:
    """Tell registrar and supervisors that the permit of a firm ended."""
    rules = _rules()
    if rules is None or event.state not in ENDED:
        return
    identifiers = licences.versions(event.identifier)
    line = supervision.line_of(licence_identifiers=identifiers)
    if line is None:
        return  # of before lists were kept
    label = LicenceState(event.state).label
    services.note_permit_end(
        rules=rules,
        line=line,
        identifiers=identifiers,
        told=f"{line.item_name}{label}：{event.reason}" if event.reason else line.item_name + label,
        calendar=content.workday_calendar(),
        by=JOB,
        at=event.changed_at,
    )


def on_inspection_closed(event: InspectionClosed) -> None:
    """Write on the notice what the inspection found that it asked for."""
    if not event.source.startswith(DUAL_NOTICE):
        return
    services.note_inspected(
        number=int(event.source.removeprefix(DUAL_NOTICE)),
        result=f"{InspectionResult(event.result).label}：{event.finding}",
        by=JOB,
        at=event.closed_at,
    )


def _registered(
    rules: NoticeRules,
    event: CaseGranted,
    chosen: dict[str, frozenset[str]],
    *,
    at: datetime,
) -> None:
    found = changed(rules, event.item_slug, chosen)
    texts = granted_answers(event.number, {*rules.scope_questions, *(rule.text for rule in found)})
    departments = services.concerned(rules, event.holder_ref)
    for rule in found:
        if rule.renames and not event.holder_ref.startswith(PERSON):
            lists.rename_subject(
                subject_ref=event.holder_ref,
                name=texts.get(rule.text, ""),
                case_number=event.number,
                by=JOB.ref,
                at=at,
            )
        services.tell(
            rules=rules,
            kind=rule.kind,
            told=f"{rule.kind.label}：{texts.get(rule.text, '见登记办件')}",
            case_number=event.number,
            entity_ref=event.holder_ref,
            entity_name=event.holder_name,
            item_slug=event.item_slug,
            item_name=event.item_name,
            departments=departments,
            calendar=content.workday_calendar(),
            by=JOB,
            at=at,
            happened_at=event.granted_at,
        )
    scopes = {*rules.scope_questions, *(r.text for r in found if r.kind is NoticeKind.SCOPE)}
    telling.note_registered(case_number=event.number, on=event.granted_on, at=at)
    services.push_notices(
        rules=rules,
        case_number=event.number,
        entity_ref=event.holder_ref,
        entity_name=event.holder_name,
        scope="；".join(text for key, text in texts.items() if key in scopes),
        calendar=content.workday_calendar(),
        by=JOB,
        at=at,
        happened_at=event.granted_at,
    )


def _end(
    rules: NoticeRules,
    rule: ExitRule,
    event: CaseGranted | CancellationGranted,
    *,
    at: datetime,
) -> None:
    """Take a business that ended off the lists, end what is open, tell who supervised it.

    A firm ends altogether. A person lives on: only what rests on registrations by the same item
    ends with the business. Of a firm whose branch ended, what rests on that branch ends.
    """
    if rule.part:
        _end_part(rules, rule, event, at=at)
        return
    person = event.holder_ref.startswith(PERSON)
    telling.note_ended(
        holder_ref=event.holder_ref, item_slug=event.item_slug, on=timezone.localdate(at)
    )
    departments = services.concerned(rules, event.holder_ref)
    reason = f"{event.item_name}已经准予，经营主体终止。"
    services.tell(
        rules=rules,
        kind=NoticeKind.ENDED,
        told=f"{reason}请核对其名下的许可，依法办理注销。",
        case_number=event.number,
        entity_ref=event.holder_ref,
        entity_name=event.holder_name,
        item_slug=event.item_slug,
        item_name=event.item_name,
        departments=departments,
        calendar=content.workday_calendar(),
        by=JOB,
        at=at,
        happened_at=at,
    )
    lists.remove_lines(
        subject_ref=event.holder_ref,
        item_slug=event.item_slug if person else None,
        reason=reason,
        removed_on=timezone.localdate(at),
        by=JOB.ref,
        at=at,
    )
    if not person:
        services.end_open(entity_ref=event.holder_ref, reason=reason, by=JOB, at=at)
        return
    cases = [
        number
        for number in services.open_cases(event.holder_ref)
        if granted_item(number) == event.item_slug
    ]
    services.end_open(cases=cases, reason=reason, by=JOB, at=at)


def _end_part(
    rules: NoticeRules,
    rule: ExitRule,
    event: CaseGranted | CancellationGranted,
    *,
    at: datetime,
) -> None:
    """End what rests on the registrations of one branch; the firm and its other branches stay."""
    answers = granted_before(event.number, rule.part)
    cases = same_part(event.number, answers)
    name = next((text for text in answers.get(event.number, {}).values()), "")
    what = f"{name}的" if name else ""
    reason = f"{what}{event.item_name}（注销）已经准予，该分支机构终止。"
    services.tell(
        rules=rules,
        kind=NoticeKind.ENDED,
        told=f"{reason}{event.holder_name}仍在，请只核对这家分支机构的许可，依法办理注销。",
        case_number=event.number,
        entity_ref=event.holder_ref,
        entity_name=event.holder_name,
        item_slug=event.item_slug,
        item_name=event.item_name,
        departments=services.concerned(rules, event.holder_ref),
        calendar=content.workday_calendar(),
        by=JOB,
        at=at,
        happened_at=at,
    )
    telling.note_ended(cases=cases, on=timezone.localdate(at))
    lists.remove_lines(
        subject_ref=event.holder_ref,
        item_slug=event.item_slug,
        cases=cases,
        reason=reason,
        removed_on=timezone.localdate(at),
        by=JOB.ref,
        at=at,
    )
    services.end_open(cases=cases, reason=reason, by=JOB, at=at)
