"""The licence that a grant gives: a new one, or the next version of one that is held."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from yiwang.cases.models import Case, Renewal
from yiwang.cases.policy.answers import plain_answers
from yiwang.cases.policy.deadlines import day_of, months_after
from yiwang.cases.services.answers import answer_text
from yiwang.cases.services.decision_errors import DecisionRefusedError
from yiwang.catalogue.policy.items import HandlingKind, ItemVersion
from yiwang.licences import queries as licences_held
from yiwang.licences import services as licences
from yiwang.licences.policy.states import LicenceState, LicenceStep
from yiwang.licences.queries import LicenceView
from yiwang.organisations.permissions import Actor
from yiwang.registers import services as registers


def issue_licence(
    case: Case, item: ItemVersion, *, holder_number: str, by: Actor, at: datetime
) -> str:
    """Issue, replace or end the licence the item is about, if any; return what the holder has.

    A change, a renewal or a reissue makes the next version of the licence held here; where none
    is held (it was given before the platform was) a first one is issued.
    """
    if not item.result.licence_type:
        return ""
    answers = case.answers_now()
    kind = kind_of(case, item)
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
    valid_from, valid_until = first_validity(item, day_of(at))
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


def kind_of(case: Case, item: ItemVersion) -> HandlingKind:
    """Return what the case does to the result, by the handling item it was received under."""
    if not item.handling_items:
        return HandlingKind.ISSUE
    answers = case.answers_now()
    handling = item.handling_of(plain_answers(answers))
    return handling.kind if handling else HandlingKind.ISSUE


def first_validity(item: ItemVersion, today: date) -> tuple[date, date | None]:
    """Return the first and the last day of a new licence; None: it has no end."""
    months = item.result.valid_months
    return today, months_after(today, months) if months else None
