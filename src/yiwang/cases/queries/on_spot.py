"""What was put right on the spot, and what may be (当场更正)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from yiwang.cases.models import CaseEvent, SpotFix
from yiwang.cases.policy.answers import plain_answers
from yiwang.cases.policy.states import CaseState, Step
from yiwang.cases.policy.terms import MaterialState, PaperForm
from yiwang.cases.queries import CasePage, MaterialView
from yiwang.catalogue.policy.items import ItemVersion, Question, asked
from yiwang.registers import queries as registers


@dataclass(frozen=True, kw_only=True)
class SpotFixView:
    """One thing that was put right; of an answer the values, of a material files and forms."""

    question_id: str
    material_id: str
    name: str
    old_answer: object
    new_answer: object
    old_refs: tuple[str, ...]
    old_form: PaperForm | None
    at: datetime
    by_name: str


def spot_fixes(page: CasePage) -> tuple[SpotFixView, ...]:
    """Return what was put right on a case that was read; no query where nothing was."""
    if not any(one.step is Step.FIX_ON_SPOT for one in page.events):
        return ()
    return tuple(
        SpotFixView(
            question_id=row.question_id,
            material_id=row.material_id,
            name=row.name,
            old_answer=row.old_answer,
            new_answer=row.new_answer,
            old_refs=tuple(row.old_refs),
            old_form=PaperForm(row.old_form) if row.old_form else None,
            at=row.at,
            by_name=row.by_name,
        )
        for row in SpotFix.objects.filter(case__number=page.case.number).order_by("id")
    )


def asks_on_spot(page: CasePage) -> tuple[str, ...]:
    """Return what the applicant was asked to put right, while it can be; oldest first."""
    if page.case.state is not CaseState.RECEIVED:
        return ()
    return tuple(one.reason for one in page.events if one.step is Step.ASK_ON_SPOT)


def put_right_since(page: CasePage) -> bool:
    """Tell whether something was put right after it was last asked for."""
    steps = [one.step for one in page.events if one.step in _ASKED_AND_DONE]
    return bool(steps) and steps[-1] is Step.FIX_ON_SPOT


_ASKED_AND_DONE = frozenset({Step.ASK_ON_SPOT, Step.FIX_ON_SPOT})


def waiting_on_spot(numbers: Collection[str]) -> frozenset[str]:
    """Return which of one's received cases wait for an error to be put right; one query at most."""
    if not numbers:
        return frozenset()
    last: dict[str, str] = {}
    rows = CaseEvent.objects.filter(
        case__number__in=sorted(numbers), step__in=sorted(one.value for one in _ASKED_AND_DONE)
    )
    for number, step in rows.order_by("id").values_list("case__number", "step"):
        last[number] = step
    return frozenset(number for number, step in last.items() if step == Step.ASK_ON_SPOT.value)


def fixable_questions(page: CasePage, item: ItemVersion) -> tuple[Question, ...]:
    """Return the questions whose answers may be put right: those no register answers."""
    try:
        held = registers.prefill(page.case.applicant_ref)
    except LookupError:
        held = {}
    return tuple(
        question
        for question in asked(item, plain_answers(page.answers))
        if not (question.prefill in held and held[question.prefill].value)
    )


def fixable_materials(page: CasePage) -> tuple[MaterialView, ...]:
    """Return the materials that may be exchanged: those that were filed."""
    return tuple(one for one in page.materials if one.state is MaterialState.FILED)
