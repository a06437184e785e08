"""We know that every field and every check of the format stands in its reference."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from yiwang.catalogue.policy import items
from yiwang.catalogue.policy.checks import CHECKS, REGISTER_FIELDS
from yiwang.catalogue.policy.parsing import NOT_IN_FILES

REFERENCE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "item-format.md"

DESCRIBED = (
    items.ItemVersion,
    items.Limit,
    items.Fee,
    items.Basis,
    items.Question,
    items.Section,
    items.Material,
    items.FlowStep,
    items.Result,
    items.Supervision,
    items.Faq,
    items.ServicePoint,
)
TERMS = (
    items.ItemType,
    items.Audience,
    items.CaseKind,
    items.Channel,
    items.QuestionKind,
    items.Necessity,
    items.MaterialSource,
    items.WaiveBy,
    items.ResultKind,
    items.StepRole,
)


@pytest.mark.parametrize("kind", DESCRIBED, ids=lambda kind: kind.__name__)
def test_every_field_stands_in_the_reference(kind: type) -> None:
    text = REFERENCE.read_text(encoding="utf-8")

    missing = [
        field.name
        for field in dataclasses.fields(kind)
        if f"`{field.name}`" not in text and field.name not in NOT_IN_FILES
    ]

    assert missing == []


@pytest.mark.parametrize("term", TERMS, ids=lambda term: term.__name__)
def test_every_value_stands_in_the_reference(term: type[items.Term]) -> None:
    text = REFERENCE.read_text(encoding="utf-8")

    assert [one.value for one in term if f"`{one.value}`" not in text] == []


def test_every_check_stands_in_the_reference_as_the_code_describes_it() -> None:
    text = REFERENCE.read_text(encoding="utf-8")

    lines = [f"| `{one.name}` | {(one.find.__doc__ or '').splitlines()[0]} |" for one in CHECKS]

    assert [line for line in lines if line not in text] == []


def test_every_register_field_stands_in_the_reference() -> None:
    text = REFERENCE.read_text(encoding="utf-8")

    assert sorted(one for one in REGISTER_FIELDS if f"`{one}`" not in text) == []
