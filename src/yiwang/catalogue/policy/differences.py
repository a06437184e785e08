"""What differs between two definitions of an item, in lines a person can read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

LONGEST_SHOWN = 60
"""Characters of a value shown in a line; the rest is cut."""


def differences(old: Any, new: Any, place: str = "") -> Iterator[str]:
    """Yield `field: old → new` for each place where `old` and `new` differ.

    Members of a list are matched by their `id`, `value` or `question` where they have one, so
    that a material moved down is not a material changed.
    """
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in [*old, *(key for key in new if key not in old)]:
            inner = f"{place}.{key}" if place else str(key)
            yield from differences(old.get(key), new.get(key), inner)
    elif _keyed(old) and _keyed(new):
        yield from _of_lists(_by_key(old), _by_key(new), place)
    elif old != new:
        yield f"{place}：{_shown(old)} → {_shown(new)}"


def _of_lists(old: Mapping[str, Any], new: Mapping[str, Any], place: str) -> Iterator[str]:
    for key in [*old, *(key for key in new if key not in old)]:
        yield from differences(old.get(key), new.get(key), f"{place}[{key}]")
    both = [key for key in old if key in new]
    if both != [key for key in new if key in old]:
        yield f"{place}：顺序改变"


def _by_key(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {str(row["id"]): row for row in rows}


def _keyed(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(one, Mapping) and "id" in one for one in value
    )


def _shown(value: Any) -> str:
    if value is None:
        return "（无）"
    if isinstance(value, Mapping):
        value = value.get("name") or value.get("label") or value.get("title") or dict(value)
    if isinstance(value, list):
        value = "、".join(_shown(one) for one in value) or "（空）"
    text = str(value) or "（空）"
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"
