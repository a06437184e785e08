"""The whole file of one case, as its reader may see it."""

from __future__ import annotations

from dataclasses import replace

from yiwang.cases.models import Case, CaseDocument, CaseMaterial, Delivery
from yiwang.cases.policy.states import INTERNAL, STEPS, CaseState, Step, Way
from yiwang.cases.queries.parts import proposed_before, sent_back_by
from yiwang.cases.queries.reading import (
    CaseNotFoundError,
    departments_of,
    may_read,
    may_read_letter,
    staff_may_read,
)
from yiwang.cases.queries.views import (
    CasePage,
    CaseView,
    DocumentView,
    TimelineRow,
    case_view,
    correction_view,
    delivery_view,
    document_view,
    events_of,
    material_view,
    opinion_view,
)
from yiwang.organisations.permissions import Actor, Permission


def case(number: str, *, by: Actor) -> CaseView:
    """Return one case; one query.

    Raises:
        CaseNotFoundError: there is none, or `by` may not read it.
    """
    row = Case.objects.filter(number=number).first()
    if row is None or not may_read(row, by):
        raise CaseNotFoundError
    return case_view(row)


def case_page(number: str, *, by: Actor) -> CasePage:
    """Return the whole file of one case; seven queries at most.

    The reviewer's opinion is internal: an applicant gets None, no internal letters, and no words of
    internal steps.

    Raises:
        CaseNotFoundError: there is none, or `by` may not read it.
    """
    row = (
        Case.objects.select_related("answer", "correction")
        .annotate(proposed_before=proposed_before(by), sent_back_by_oneself=sent_back_by(by))
        .filter(number=number)
        .first()
    )
    if row is None or not may_read(row, by):
        raise CaseNotFoundError
    deliveries = [delivery_view(one) for one in Delivery.objects.filter(case=row).order_by("id")]
    correction = correction_view(row)
    return CasePage(
        case=case_view(row),
        declared=bool(row.answer.declaration),
        answers=row.answers_now(),
        materials=tuple(
            material_view(one, correction=correction, corrected_on=row.corrected_on)
            for one in CaseMaterial.objects.filter(case=row).order_by("id")
        ),
        correction=correction,
        opinion=opinion_view(row) if staff_may_read(row, by) else None,
        events=_events_for(row, by),
        documents=tuple(document_view(one, deliveries) for one in letter_rows(row, by)),
        deliveries=tuple(deliveries),
        steps=open_steps(row, by) - _other_part(row, by),
    )


def timeline(number: str, *, by: Actor) -> tuple[TimelineRow, ...]:
    """Return the steps of one case, oldest first; two queries.

    Raises:
        CaseNotFoundError: there is none, or `by` may not read it.
    """
    return _events_for(_readable(number, by), by)


def documents_of(number: str, *, by: Actor) -> tuple[DocumentView, ...]:
    """Return the letters of one case, oldest first; three queries.

    Raises:
        CaseNotFoundError: there is none, or `by` may not read it.
    """
    row = _readable(number, by)
    deliveries = [delivery_view(one) for one in Delivery.objects.filter(case=row).order_by("id")]
    return tuple(document_view(one, deliveries) for one in letter_rows(row, by))


def letter_rows(row: Case, by: Actor) -> list[CaseDocument]:
    """Return the letters of a case that `by` may see, oldest first."""
    found = list(CaseDocument.objects.filter(case=row).order_by("id"))
    for one in found:
        one.case = row
    return [one for one in found if may_read_letter(one, by)]


def open_steps(row: Case, by: Actor) -> frozenset[Step]:
    """Return the steps that `by` may take on the case now."""
    state = CaseState(row.state)
    return frozenset(
        step
        for step, move in STEPS.items()
        if state in move.starts
        and (move.way is None or (move.way is Way.ON_SPOT and row.immediate))
        and (
            (move.by_applicant and by.acts_for(row.applicant_ref))
            or (
                move.permission is not None
                and any(
                    by.may(move.permission, department=code)
                    for code in departments_of(row, move.desk)
                )
            )
        )
        and not (step is Step.ASK_CORRECTION and row.corrected_on is not None)
    )


def _other_part(row: Case, by: Actor) -> frozenset[Step]:
    """Return the steps that `by` may not take because they had the other part in the case."""
    reviewed = row.reviewed_by == by.ref or row.proposed_before  # type: ignore[attr-defined]  # annotated by case_page
    sent_back: bool = row.sent_back_by_oneself  # type: ignore[attr-defined]  # annotated by case_page
    deciding = [step for step, move in STEPS.items() if move.permission is Permission.CASE_DECIDE]
    return frozenset((deciding if reviewed else []) + ([Step.PROPOSE] if sent_back else []))


def _readable(number: str, by: Actor) -> Case:
    row = Case.objects.filter(number=number).first()
    if row is None or not may_read(row, by):
        raise CaseNotFoundError
    return row


def _events_for(row: Case, by: Actor) -> tuple[TimelineRow, ...]:
    """Return the steps as `by` may read them."""
    if staff_may_read(row, by):
        return events_of(row)
    return tuple(replace(one, reason="") if one.step in INTERNAL else one for one in events_of(row))
