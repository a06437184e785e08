"""We know that guide, checklist and form of an item speak of the same things."""

from __future__ import annotations

import pytest

from tests.factories.catalogue import pack_items
from yiwang.catalogue.policy.items import (
    Answer,
    Audience,
    ItemVersion,
    Necessity,
    QuestionKind,
    asked,
    needed,
)

pytestmark = pytest.mark.thorough

ITEMS = pack_items("jiading")


def first_answers(version: ItemVersion, *, yes: bool) -> dict[str, Answer]:
    answers: dict[str, Answer] = {}
    for question in version.questions():
        if question.kind is QuestionKind.YES_NO:
            answers[question.id] = yes
        elif question.kind is QuestionKind.CHOICES:
            answers[question.id] = tuple(option.value for option in question.options)
        elif question.options:
            answers[question.id] = question.options[0].value
        elif question.kind is QuestionKind.NUMBER:
            answers[question.id] = question.maximum
    return answers


@pytest.mark.parametrize("version", ITEMS, ids=lambda version: version.slug)
@pytest.mark.parametrize("yes", [True, False])
def test_a_checklist_is_part_of_the_guide(version: ItemVersion, yes: bool) -> None:
    checklist = needed(version, first_answers(version, yes=yes))

    assert set(checklist) <= set(version.materials)
    assert {one for one in version.materials if one.necessity is not Necessity.CONDITIONAL} <= set(
        checklist
    )


@pytest.mark.parametrize("version", ITEMS, ids=lambda version: version.slug)
def test_every_conditional_material_is_needed_by_somebody(version: ItemVersion) -> None:
    answers = first_answers(version, yes=True)
    for material in version.materials:
        for when in material.needed_when:
            value = when.value[0] if isinstance(when.value, tuple) else when.value
            assert material in needed(version, answers | {when.question: value})


@pytest.mark.parametrize("version", ITEMS, ids=lambda version: version.slug)
def test_every_question_is_asked_of_somebody(version: ItemVersion) -> None:
    seen = set()
    for yes in (True, False):
        answers = first_answers(version, yes=yes)
        seen |= set(asked(version, answers))
        for question in version.questions():
            for option in question.options:
                value = (option.value,) if question.kind is QuestionKind.CHOICES else option.value
                seen |= set(asked(version, answers | {question.id: value}))

    assert set(version.questions()) - seen == set()


@pytest.mark.parametrize("version", ITEMS, ids=lambda version: version.slug)
def test_who_applies_is_not_typed_but_taken_from_the_register(version: ItemVersion) -> None:
    prefilled = {question.prefill for question in version.questions()}
    wanted = (
        {"person.name", "person.id_number"}
        if version.audiences == (Audience.PERSON,)
        else {"entity.name", "entity.uscc"}
    )

    assert wanted <= prefilled


@pytest.mark.parametrize("version", ITEMS, ids=lambda version: version.slug)
def test_what_a_department_made_is_not_asked_for_without_a_reason(version: ItemVersion) -> None:
    asked_for = [
        material
        for material in version.materials
        if material.source == "government" and material.waive_by == "none"
    ]

    assert all(len(material.not_waived_reason) > 10 for material in asked_for)
    assert len(asked_for) <= 1
