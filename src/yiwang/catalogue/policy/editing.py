"""Changes to the plain definition of an item, place by place: what the editor does.

A place is written `sections.0.questions.2`. Every act returns a new definition and leaves the old
one as it is. A place that does not exist raises LookupError.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from yiwang.catalogue.policy.items import ITEM_TYPE_CODES, ItemType, ItemVersion
from yiwang.catalogue.policy.parsing import parse_item, to_plain
from yiwang.catalogue.policy.shapes import Shape, shape_of

DEEPEST = 8
"""Most parts of a place; the deepest of an item has six."""

NEW = "new"
"""Stands in a place for a row that is still to be added."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """A place of rows inside an item.

    Attributes:
        text: As written in an address.
        parts: Its parts, names and numbers in turn.
        kind: The class of the row.
        list_parts: Place of the list that holds it.
        index: Number of the row; None: one to be added.
    """

    text: str
    parts: tuple[str | int, ...]
    kind: type
    list_parts: tuple[str | int, ...] = field(default=())
    index: int | None = None


def place(text: str) -> Place:
    """Return the place of a row, `materials.2` or `materials.new`.

    Raises:
        LookupError: an item has no such place.
    """
    words = text.split(".")
    if len(words) > DEEPEST:
        raise LookupError(f"no place {text}")
    owner: type = ItemVersion
    parts: list[str | int] = []
    rest = list(words)
    while rest:
        shape = shape_of(owner, rest.pop(0))
        parts.append(shape.name)
        if shape.of is None or shape.shape not in {Shape.PART, Shape.ROWS}:
            raise LookupError(f"no rows at {text}")
        owner = shape.of
        if shape.shape is Shape.PART:
            continue
        if not rest:
            raise LookupError(f"{text} names a list, not a row")
        number = rest.pop(0)
        if number == NEW and not rest:
            return Place(
                text=text, parts=(*parts, NEW), kind=owner, list_parts=tuple(parts), index=None
            )
        if not (number.isascii() and number.isdecimal() and len(number) <= 4):
            raise LookupError(f"no row {number}")
        parts.append(int(number))
        if not rest:
            return Place(
                text=text,
                parts=tuple(parts),
                kind=owner,
                list_parts=tuple(parts[:-1]),
                index=int(number),
            )
    raise LookupError(f"{text} is not a row")


def value_at(definition: Any, parts: tuple[str | int, ...]) -> Any:
    """Return what stands at a place; a field that is left out is None.

    Raises:
        LookupError: a row that does not exist.
    """
    value = definition
    for part in parts:
        if value is None:
            return None
        value = value[part] if isinstance(part, int) else value.get(part)
    return value


def rows_at(definition: Any, parts: tuple[str | int, ...]) -> list[Any]:
    """Return the rows of the list at a place; a list that is left out has none."""
    return list(value_at(definition, parts) or ())


def with_fields(
    definition: Mapping[str, Any], parts: tuple[str | int, ...], values: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the definition with some fields of the thing at a place replaced; () is the item."""
    whole = copy.deepcopy(dict(definition))
    target = whole if not parts else value_at(whole, parts)
    if not isinstance(target, dict):
        raise LookupError(f"nothing at {parts}")
    target.update(values)
    return whole


def with_row(definition: Mapping[str, Any], at: Place, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the definition with a row replaced, or added at the end."""
    rows = rows_at(definition, at.list_parts)
    if at.index is None:
        rows.append(dict(row))
    else:
        rows[at.index] = dict(row)
    return _with_list(definition, at.list_parts, rows)


def without_row(definition: Mapping[str, Any], at: Place) -> dict[str, Any]:
    """Return the definition without a row."""
    rows = rows_at(definition, at.list_parts)
    del rows[_index(at, rows)]
    return _with_list(definition, at.list_parts, rows)


def with_row_moved(definition: Mapping[str, Any], at: Place, steps: int) -> dict[str, Any]:
    """Return the definition with a row moved up (-1) or down (1); at either end it stays."""
    rows = rows_at(definition, at.list_parts)
    index = _index(at, rows)
    rows.insert(min(max(index + steps, 0), len(rows) - 1), rows.pop(index))
    return _with_list(definition, at.list_parts, rows)


def normal(definition: Mapping[str, Any]) -> dict[str, Any]:
    """Return the definition as it is stored: what equals its default is left out.

    Raises:
        ItemFormatError: it has not the form of an item.
    """
    return to_plain(parse_item(definition))


def blank_item(
    *, slug: str, name: str, item_type: ItemType, department: str, on: date
) -> ItemVersion:
    """Return an item of which only the name is known, for its draft to begin from."""
    code = ITEM_TYPE_CODES[item_type]
    day = on.isoformat()
    return parse_item(
        {
            "slug": slug,
            "name": name,
            "item_type": item_type.value,
            "task_code": "",
            "handling_code": "",
            "department": department,
            "audiences": [],
            "field": "",
            "themes": [],
            "aliases": [],
            "summary": "",
            "case_kind": "promised",
            "channels": ["counter"],
            "onsite_times": 1,
            "onsite_reason": "",
            "limit": {
                "statutory_workdays": 20,
                "promised_workdays": 20,
                "source": "",
                "effective_on": day,
            },
            "fees": [],
            "minutes_to_fill": 10,
            "basis": [],
            "conditions": [],
            "questionnaire": [],
            "sections": [],
            "materials": [],
            "flow": [],
            "result": {"kind": "licence" if code == "01" else "decision", "name": ""},
            "supervision": {"department": department, "method": "", "basis": ""},
            "service_points": [],
            "consult_phone": "",
            "complaint_phone": "",
            "review_body": "",
            "litigation_body": "",
            "faq": [],
            "declaration": "",
            "source": "",
            "source_year": on.year,
            "effective_on": day,
        }
    )


def _index(at: Place, rows: list[Any]) -> int:
    if at.index is None or at.index >= len(rows):
        raise LookupError(f"no row {at.text}")
    return at.index


def _with_list(
    definition: Mapping[str, Any], parts: tuple[str | int, ...], rows: list[Any]
) -> dict[str, Any]:
    *way, name = parts
    return with_fields(definition, tuple(way), {str(name): rows})
