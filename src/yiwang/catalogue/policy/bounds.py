"""What no text of an item may be, whether it passes the checks or not: bounds of what is kept."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping

from yiwang.catalogue.policy.items import ItemVersion
from yiwang.catalogue.policy.parsing import Problem

LONGEST_TEXT = 5_000
"""Longest single text of an item, in characters. Our own choice."""

MOST_ROWS = 300
"""Most entries of one list of an item. Our own choice: the longest of the packs has fifty."""

LONGEST: Mapping[str, int] = {
    "slug": 80,
    "name": 200,
    "task_code": 31,
    "handling_code": 33,
    "department": 40,
    "field": 40,
    "external_code": 80,
    "parent": 80,
}
"""Fields of the version that lists filter on, with the characters their columns hold."""

UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
"""Characters that no page shows and the database does not hold."""


def unkeepable(version: ItemVersion) -> list[Problem]:
    """Return the texts that are too long or hold characters that cannot be kept."""
    return [
        Problem(place=place, message=message, remedy=remedy, rule="texts_fit")
        for place, value in walk(version)
        for message, remedy in _wrong(place, value)
    ]


def _wrong(place: str, value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, tuple):
        if len(value) > MOST_ROWS:
            yield f"有{len(value)}行，最多{MOST_ROWS}行。", "请合并或者拆成几个事项。"
    elif isinstance(value, str):
        most = LONGEST.get(place, LONGEST_TEXT)
        if len(value) > most:
            yield f"有{len(value)}个字，最多{most}个字。", "请缩短。"
        if UNPRINTABLE.search(value):
            yield "含有看不见的控制字符。", "请删去这些字符后重新填写。"


def walk(value: object, place: str = "") -> Iterator[tuple[str, object]]:
    """Yield the place of each text and each list inside `value`, and the text or list itself."""
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, tuple):
        yield place, value
        for index, one in enumerate(value):
            yield from walk(one, f"{place}[{index}]")
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            inner = f"{place}.{field.name}" if place else field.name
            yield from walk(getattr(value, field.name), inner)
