"""We know that the schema another system reads asks what the pages ask, of every item."""

from __future__ import annotations

import math
from datetime import date
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories.catalogue import an_item, pack_items
from yiwang.cases.policy.answers import plain_answers, problems
from yiwang.catalogue.policy.form_schema import form_schema
from yiwang.catalogue.policy.items import ItemVersion, Question, QuestionKind, asked, holds

TODAY = date(2026, 3, 2)
ITEMS = pack_items("jiading") + pack_items("example")

SOUND: dict[QuestionKind, Any] = {
    QuestionKind.TEXT: "文字",
    QuestionKind.LONG_TEXT: "文字",
    QuestionKind.DATE: "2026-03-01",
    QuestionKind.PHONE: "13900001234",
    QuestionKind.USCC: "91310114XXXX000122",
    QuestionKind.CITIZEN_ID: "310114198506151037",
}


def answer(question: Question, draw: Any) -> Any:
    if question.kind is QuestionKind.YES_NO:
        return draw(st.booleans())
    values = [option.value for option in question.options]
    if question.kind is QuestionKind.CHOICE:
        return draw(st.sampled_from(values))
    if question.kind is QuestionKind.CHOICES:
        return draw(st.lists(st.sampled_from(values), min_size=1, unique=True))
    if question.kind is QuestionKind.NUMBER:
        low = math.ceil(question.minimum or 0)
        high = low + 3 if question.maximum is None else min(low + 3, int(question.maximum))
        return draw(st.integers(low, high))
    return SOUND[question.kind]


@pytest.mark.thorough
@pytest.mark.parametrize("version", ITEMS, ids=lambda version: version.slug)
@settings(max_examples=3, database=None, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_what_the_pages_take_the_schema_takes_and_what_they_miss_it_misses(
    version: ItemVersion, data: st.DataObject
) -> None:
    given_answers: dict[str, Any] = {}
    for question in version.questions():
        if holds(question.when, plain_answers(given_answers)):
            given_answers[question.id] = answer(question, data.draw)
    schema = form_schema(version)
    needed = [
        question.id
        for question in asked(version, plain_answers(given_answers))
        if not question.optional and not question.prefill
    ]

    jsonschema_rs.validate(schema, given_answers)
    left_out = data.draw(st.sampled_from(needed))
    less = {key: value for key, value in given_answers.items() if key != left_out}

    missing = {one.question_id for one in problems(version, plain_answers(less), today=TODAY)}
    assert left_out in missing
    with pytest.raises(jsonschema_rs.ValidationError):
        jsonschema_rs.validate(schema, less)


def test_a_schema_is_a_schema_and_names_the_version() -> None:
    schema = form_schema(an_item())

    jsonschema_rs.meta.validate(schema)
    assert schema["$id"] == "urn:yiwang:item:stall-permit:0:form"
    with pytest.raises(jsonschema_rs.ValidationError):
        jsonschema_rs.validate(schema, {"nothing": 1})


@pytest.mark.parametrize("value", ["x", True, 21, -1])
def test_bounds_and_kinds_are_those_of_the_question(value: object) -> None:
    number = {"id": "seats", "label": "座位", "kind": "number", "unit": "个"}
    version = an_item(
        sections=[{"id": "s", "title": "甲", "questions": [number | {"minimum": 0, "maximum": 20}]}]
    )

    with pytest.raises(jsonschema_rs.ValidationError):
        jsonschema_rs.validate(form_schema(version), {"sells": "goods", "seats": value})
