"""We know that the map to GB/T 39046 is whole and names only fields that exist."""

from __future__ import annotations

import dataclasses
import re

import pytest

from tests.factories.catalogue import PACKS
from yiwang.catalogue.policy import items
from yiwang.kernel.identifiers import items as item_codes
from yiwang.organisations.queries import DepartmentView

PAGE = (PACKS.parent / "docs" / "reference" / "gbt39046.md").read_text()
ROWS = re.findall(r"^\| (\d+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", PAGE, re.MULTILINE)
CLASSES = {
    name: kind
    for name, kind in [*vars(items).items(), ("DepartmentView", DepartmentView)]
    if isinstance(kind, type) and dataclasses.is_dataclass(kind)
}


def fields_of(kind: type) -> set[str]:
    kept = {one.name for one in dataclasses.fields(kind)}  # type: ignore[arg-type]
    return kept | {name for name, value in vars(kind).items() if isinstance(value, property)}


def test_all_64_numbers_are_there_once_and_in_order():
    assert [int(number) for number, *_ in ROWS] == list(range(1, 65))
    assert len({name for _, name, *_ in ROWS}) == 64


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_each_row_names_fields_that_exist_or_says_why_there_is_none(row: tuple[str, ...]):
    _, _, here, difference = row
    named = re.findall(r"`(\w+)\.(\w+)`", here)

    if here.strip() == "not kept":
        assert difference.startswith("because ")
    else:
        assert named
    for name, field in named:
        assert field in fields_of(CLASSES[name]), f"{name}.{field}"


def test_every_field_named_anywhere_on_the_page_exists():
    for name, field in re.findall(r"`([A-Z]\w+)\.(\w+)`", PAGE):
        if (name, field) != ("Class", "field") and (name, field) != ("DepartmentView", "field"):
            assert field in fields_of(CLASSES[name]), f"{name}.{field}"
    assert "ITEM_TYPE_CODES" in vars(items)


def test_lengths_of_codes_are_those_of_the_program():
    assert item_codes.IMPLEMENTATION_LENGTH == 31
    assert "12 for the basic code, 31 for the implementation code" in PAGE
