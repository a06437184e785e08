"""Two versions of an item side by side, field by field, so that a lawyer can read what changed."""

from __future__ import annotations

import dataclasses
import difflib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from yiwang.catalogue.policy.items import ItemVersion
from yiwang.catalogue.policy.shapes import FieldShape, Shape, shapes
from yiwang.kernel.terms import Term

SHORTEST_SAME = 2
"""Fewest words in a row that two texts share and that stay unmarked between two changes."""

_WORDS = re.compile(r"[A-Za-z0-9_.\-]+|\s+|.", re.DOTALL)


class Kind(Term):
    """What happened to a field or a row."""

    CHANGED = "changed", "修改"
    ADDED = "added", "新增"
    REMOVED = "removed", "删去"
    MOVED = "moved", "调整顺序"


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One field or row that differs.

    Attributes:
        place: Fields on the way from the item, each with the row it leads to; None: no row.
        old, new: The values; of a moved row both are its number.
    """

    place: tuple[tuple[FieldShape, Any], ...]
    kind: Kind
    old: Any
    new: Any


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A stretch of text and whether it stands in this version only."""

    text: str
    marked: bool


def compare(old: ItemVersion, new: ItemVersion) -> list[Difference]:
    """Return what differs, in the order of the fields; what is the same is left out."""
    return list(_fields(old, new, ()))


def pieces(old: str, new: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Return both texts cut into what they share and what each has alone."""
    left, right = _WORDS.findall(old), _WORDS.findall(new)
    matcher = difflib.SequenceMatcher(a=left, b=right, autojunk=False)
    if matcher.ratio() < 0.3:  # two different sentences share only commas
        return _whole(old), _whole(new)
    blocks = matcher.get_opcodes()
    before: list[Piece] = []
    after: list[Piece] = []
    for place, (tag, a, b, c, d) in enumerate(blocks):
        inside = 0 < place < len(blocks) - 1
        marked = tag != "equal" or (inside and b - a < SHORTEST_SAME)
        _put(before, "".join(left[a:b]), marked)
        _put(after, "".join(right[c:d]), marked)
    return tuple(before), tuple(after)


def _whole(text: str) -> tuple[Piece, ...]:
    return (Piece(text=text, marked=True),) if text else ()


def _put(kept: list[Piece], text: str, marked: bool) -> None:
    if not text:
        return
    if kept and kept[-1].marked is marked:
        text = kept.pop().text + text
    kept.append(Piece(text=text, marked=marked))


def _fields(old: Any, new: Any, place: tuple[tuple[FieldShape, Any], ...]) -> Iterator[Difference]:
    owner: type = type(new)
    for shape in shapes(owner):
        if shape.name == "version":
            continue
        before, after = getattr(old, shape.name), getattr(new, shape.name)
        if before == after:
            continue
        if shape.shape is Shape.PART and before is not None and after is not None:
            yield from _fields(before, after, (*place, (shape, None)))
        elif shape.shape in {Shape.ROWS, Shape.TEXTS}:
            yield from _rows(shape, before, after, place)
        else:
            here = (*place, (shape, None))
            yield Difference(place=here, kind=_kind(before, after), old=before, new=after)


def _kind(before: Any, after: Any) -> Kind:
    if before in (None, "", ()):
        return Kind.ADDED
    return Kind.REMOVED if after in (None, "", ()) else Kind.CHANGED


def _rows(
    shape: FieldShape,
    before: Sequence[Any],
    after: Sequence[Any],
    place: tuple[tuple[FieldShape, Any], ...],
) -> Iterator[Difference]:
    key = _key(before, after)
    pairs = _paired(before, after) if key is None else _by_key(before, after, key)
    stayed: list[tuple[int, int]] = []
    for old, new in pairs:
        row = after[new] if new is not None else before[old if old is not None else 0]
        here = (*place, (shape, row))
        if old is None:
            yield Difference(place=here, kind=Kind.ADDED, old=None, new=row)
        elif new is None:
            yield Difference(place=here, kind=Kind.REMOVED, old=row, new=None)
        else:
            stayed.append((old, new))
            if before[old] == after[new]:
                continue
            if dataclasses.is_dataclass(row):
                yield from _fields(before[old], after[new], here)
            else:
                yield Difference(place=here, kind=Kind.CHANGED, old=before[old], new=after[new])
    stayed.sort()
    kept = _longest_run([new for _old, new in stayed])
    for old, new in stayed:
        if new not in kept:
            here = (*place, (shape, after[new]))
            yield Difference(place=here, kind=Kind.MOVED, old=old + 1, new=new + 1)


def _longest_run(order: Sequence[int]) -> frozenset[int]:
    """Return the longest part of `order` that rises: the rows that kept their order."""
    runs: list[list[int]] = [[]]
    for number in order:
        fitting = [run for run in runs if not run or run[-1] < number]
        longest: list[int] = max(fitting, key=len)
        runs.append([*longest, number])
    whole: list[int] = max(runs, key=len)
    return frozenset(whole)


def _key(before: Sequence[Any], after: Sequence[Any]) -> Callable[[Any], Any] | None:
    """Return what names a row: its id, code, value or place; None where rows have no name."""
    for name in ("id", "code", "value", "at"):
        rows = [*before, *after]
        if rows and all(hasattr(row, name) for row in rows) and not hasattr(rows[0], "op"):

            def key(row: Any, name: str = name) -> Any:
                return getattr(row, name)

            unique = all(len({key(row) for row in side}) == len(side) for side in (before, after))
            return key if unique else None
    return None


Pairs = list[tuple[int | None, int | None]]


def _by_key(before: Sequence[Any], after: Sequence[Any], key: Callable[[Any], Any]) -> Pairs:
    old = {key(row): index for index, row in enumerate(before)}
    new = {key(row): index for index, row in enumerate(after)}
    pairs: Pairs = [(old.get(name), index) for name, index in new.items()]
    return pairs + [(index, None) for name, index in old.items() if name not in new]


def _paired(before: Sequence[Any], after: Sequence[Any]) -> Pairs:
    """Return the rows in pairs by likeness, for rows without a name; order is kept."""
    left, right = [repr(row) for row in before], [repr(row) for row in after]
    pairs: Pairs = []
    matcher = difflib.SequenceMatcher(a=left, b=right, autojunk=False)
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag == "equal":
            pairs += list(zip(range(a, b), range(c, d), strict=True))
            continue
        shared = min(b - a, d - c)
        pairs += list(zip(range(a, a + shared), range(c, c + shared), strict=True))
        pairs += [(index, None) for index in range(a + shared, b)]
        pairs += [(None, index) for index in range(c + shared, d)]
    return pairs
