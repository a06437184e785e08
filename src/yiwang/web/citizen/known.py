"""What is known before anybody types: answers of the registers, materials that need not come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from django.http import HttpRequest
from django.utils.translation import gettext as _

from yiwang.cases.policy.commitments import SignedBy, certifiable, tolerable
from yiwang.cases.policy.terms import MaterialState
from yiwang.cases.queries import DraftView
from yiwang.catalogue.policy.items import (
    Answer,
    ItemVersion,
    Material,
    OnCommitment,
    Question,
    QuestionKind,
    WaiveBy,
    asked,
    needed,
)
from yiwang.documents import queries as documents
from yiwang.licences import queries as licences
from yiwang.organisations.services import second_step
from yiwang.registers import queries as registers
from yiwang.registers.queries import Prefilled
from yiwang.web.citizen import guides

FIXED_KINDS = frozenset({QuestionKind.USCC, QuestionKind.CITIZEN_ID})


FIXED_KEYS = frozenset({"person.name", "entity.name", "entity.legal_representative"})
"""Answers that say who applies: they are put right at the register, never typed over."""


def strength(request: HttpRequest) -> SignedBy:
    """Return how whoever asks had proved who they are, for what they sign."""
    user = request.user.pk
    bound = user is not None and second_step.has_phone(user_id=user)
    return SignedBy.SECOND_STEP if bound else SignedBy.ACCOUNT


def subject_name(ref: str) -> str:
    """Return the name of a person or an entity for a choice; the ref itself when unknown."""
    try:
        if ref.startswith("person:"):
            return registers.person(ref).name
        return registers.entity(ref).name
    except LookupError:
        return ref


@dataclass(frozen=True, kw_only=True)
class DraftMaterial:
    """One material of a draft as the applicant sees it.

    Attributes:
        state: Waived, filed, tolerated or missing, computed by the same rules as at receipt.
        by_promise: A written promise may take its place, signed with the submission.
    """

    line: guides.MaterialLine
    state: MaterialState
    source: str
    files: Sequence[documents.UploadView]
    by_promise: bool = False

    @property
    def done(self) -> bool:
        """Whether nothing is left to do now."""
        return self.state is not MaterialState.MISSING


def fixed(question: Question, prefilled: Mapping[str, Prefilled]) -> bool:
    """Tell whether a known answer may not be typed over on this form."""
    held = prefilled.get(question.prefill)
    return (
        question.kind in FIXED_KINDS
        or question.prefill in FIXED_KEYS
        or (held is not None and held.masked and question.kind is not QuestionKind.PHONE)
    )


def known_answers(
    item: ItemVersion, answers: Mapping[str, Answer], prefilled: Mapping[str, Prefilled]
) -> dict[str, Answer]:
    """Return the answers that the registers give to questions that are asked and not answered."""
    held: dict[str, Answer] = {}
    for question in asked(item, answers):
        found_one = prefilled.get(question.prefill) if question.prefill else None
        if found_one is not None and answers.get(question.id) is None:
            held[question.id] = found_one.value
    return held


def answers_of(
    draft: DraftView, item: ItemVersion, prefilled: Mapping[str, Prefilled]
) -> dict[str, Answer]:
    """Return the answers of a draft as the rules read them, those of the registers included."""
    typed: dict[str, Answer] = {
        key: tuple(value) if isinstance(value, list) else value  # type: ignore[misc]
        for key, value in draft.answers.items()
    }
    return known_answers(item, typed, prefilled) | typed


def draft_materials(
    draft: DraftView,
    item: ItemVersion,
    answers: Mapping[str, Answer],
    prefilled: Mapping[str, Prefilled],
    *,
    today: date,
    committed: bool = False,
    tolerant: bool = True,
    promising: bool = True,
) -> list[DraftMaterial]:
    """Return each material with its state; the receipt computes it again and has the last word.

    Args:
        draft: The draft with its files.
        item: Its item version.
        answers: Everything answered so far.
        prefilled: What the registers hold.
        today: Day of asking.
        committed: A letter of commitment was signed.
        tolerant: What may be missing counts as to come, once the promise to file it is signed.
        promising: A written promise may take the place of certificates that the item names.
    """
    files = documents.uploads([ref for _material, ref in draft.uploads])
    result = []
    for material, line in zip(needed(item, answers), guides.checklist(item, answers), strict=True):
        filed = [
            files[ref]
            for material_id, ref in draft.uploads
            if material_id == material.id and ref in files
        ]
        source = waived_by(material, draft.applicant_ref, prefilled, today=today)
        by_promise = False
        if filed:
            state = MaterialState.FILED
        elif source:
            state = MaterialState.WAIVED
        elif committed and material.on_commitment is OnCommitment.REPLACED:
            state, source = MaterialState.WAIVED, _("告知承诺书")
        elif committed and material.on_commitment is OnCommitment.LATER:
            state = MaterialState.PROMISED
        elif by_promise := promising and certifiable(material):
            state, source = MaterialState.WAIVED, _("书面承诺，提交时签署")
        elif tolerant and tolerable(item, material):
            state = MaterialState.TOLERATED
        else:
            state = MaterialState.MISSING
        if line.waived and not source:
            line = replace(line, tag=_("须提交"), colour="neutral", how=material.accept_standard)
        result.append(
            DraftMaterial(line=line, state=state, source=source, files=filed, by_promise=by_promise)
        )
    return result


def waived_by(
    material: Material, applicant_ref: str, prefilled: Mapping[str, Prefilled], *, today: date
) -> str:
    """Return the source that makes a material unnecessary; empty: it must be handed in."""
    if material.waive_by is WaiveBy.GENERATED:
        return _("由系统根据填写的内容生成")
    if material.waive_by is WaiveBy.REGISTER:
        held = prefilled.get(material.waive_ref)
        return held.source_label if held else ""
    if material.waive_by is WaiveBy.LICENCE and licences.has_valid(
        applicant_ref, material.waive_ref, on=today
    ):
        return _("电子证照库")
    return ""


def prefill(ref: str) -> dict[str, Prefilled]:
    """Return what the registers hold about a subject; nothing where they cannot tell."""
    try:
        return registers.prefill(ref)
    except LookupError:
        return {}
