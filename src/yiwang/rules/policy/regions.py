"""Cuts what facts may be into finitely many parts, so that a table is checked exactly.

Between two neighbouring values that occur in a table every value is treated alike, so each fact's
domain falls into a few parts: points and stretches of numbers and days, options of a choice, texts
named and all others, and "no value" of a fact that may be missing. A set of parts of one fact is a
number whose bits are the parts; a box is one such set for each fact.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from yiwang.rules.policy.evaluating import cell_holds
from yiwang.rules.policy.parts import Cell, CellOp, Fact, FactKind, Row, RuleOutcome, RuleSet, Value
from yiwang.rules.policy.wording import label_of, unit_of, value_words

Box = tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Part:
    """One part of what a fact may be.

    Attributes:
        sample: A value in it, by which cells are tried; None: no value.
        low, high: Ends of a stretch; None: open to that side.
        ends: Whether the low and the high end belong to it.
    """

    sample: Value | None
    low: Any = None
    high: Any = None
    ends: tuple[bool, bool] = (True, True)
    words: str = ""


@dataclass(frozen=True, kw_only=True)
class Domain:
    """All parts of one fact; ordered ones first and in order."""

    fact: Fact
    parts: tuple[Part, ...]

    @property
    def whole(self) -> int:
        """The set of all parts."""
        return (1 << len(self.parts)) - 1

    def holding(self, cell: Cell, outcome: RuleOutcome) -> int:
        """Return the parts in which `cell` holds in a row of `outcome`."""
        return sum(
            1 << index
            for index, part in enumerate(self.parts)
            if cell_holds(cell, part.sample, fact=self.fact, outcome=outcome)
        )

    def words(self, held: int) -> str:
        """Return a set of parts in words: 年龄 60 至 64 岁."""
        ordered = self.fact.compared_as in {FactKind.NUMBER, FactKind.DATE}
        chosen = [part for index, part in enumerate(self.parts) if held >> index & 1]
        pieces = list(self._runs(held)) if ordered else [part.words for part in chosen]
        if ordered:
            pieces += [part.words for part in chosen if part.sample is None]
        text = "或".join(pieces)
        if not ordered and text[:1] in {"“", "其"}:
            text = f"是{text}"
        return f"{label_of(self.fact)}{' ' if text[:1].isascii() else ''}{text}"

    def _runs(self, held: int) -> Iterator[str]:
        run: list[Part] = []
        for index, part in enumerate(self.parts):
            if held >> index & 1 and part.sample is not None:
                run.append(part)
            elif run:
                yield self._stretch(run)
                run = []
        if run:
            yield self._stretch(run)

    def _stretch(self, run: Sequence[Part]) -> str:
        first, last = run[0], run[-1]
        day = self.fact.compared_as is FactKind.DATE
        unit = unit_of(self.fact)

        def shown(value: Any) -> str:
            return value_words(self.fact, value).removesuffix(unit)

        low, high = first.low, last.high
        low_in, high_in = first.ends[0], last.ends[1]
        if low is None and high is None:
            return "任何值"
        if low == high:
            return f"{shown(low)}{unit}"
        if low is not None and high is not None and low_in and high_in:
            return f"{shown(low)} 至 {shown(high)}{unit}"
        words = []
        if low is not None:
            sign = ("不早于" if day else "不小于") if low_in else ("晚于" if day else "大于")
            words.append(f"{sign} {shown(low)}{unit}")
        if high is not None:
            sign = ("不晚于" if day else "不大于") if high_in else ("早于" if day else "小于")
            words.append(f"{sign} {shown(high)}{unit}")
        return "且".join(words)


def domains(rule_set: RuleSet) -> tuple[Domain, ...]:
    """Return the domain of each fact of a sound table, cut at the values that occur in it."""
    return tuple(
        _domain(fact, [row.cells[index] for row in rule_set.rows])
        for index, fact in enumerate(rule_set.facts)
    )


def boxes(rule_set: RuleSet, cut: Sequence[Domain]) -> tuple[Box, ...]:
    """Return for each row the box in which it holds."""
    return tuple(_box(row, cut) for row in rule_set.rows)


def _box(row: Row, cut: Sequence[Domain]) -> Box:
    return tuple(
        domain.holding(cell, row.outcome) for domain, cell in zip(cut, row.cells, strict=True)
    )


def meet(one: Box, other: Box) -> Box | None:
    """Return what both boxes hold; None: nothing."""
    both = tuple(a & b for a, b in zip(one, other, strict=True))
    return both if all(both) else None


def without(box: Box, taken: Box) -> Iterator[Box]:
    """Yield boxes that do not meet and hold together what `box` holds and `taken` does not."""
    rest = list(box)
    for index, held in enumerate(taken):
        if outside := rest[index] & ~held:
            yield (*rest[:index], outside, *rest[index + 1 :])
        rest[index] &= held
        if not rest[index]:
            return


def joined(several: Sequence[Box]) -> list[Box]:
    """Return the same in fewer boxes where two differ in one fact only."""
    left = list(several)
    again = True
    while again:
        again = False
        for a in range(len(left)):
            for b in range(a + 1, len(left)):
                differ = [
                    n for n, (x, y) in enumerate(zip(left[a], left[b], strict=True)) if x != y
                ]
                if len(differ) <= 1:
                    left[a] = tuple(x | y for x, y in zip(left[a], left[b], strict=True))
                    del left[b]
                    again = True
                    break
            if again:
                break
    return left


def box_words(box: Box, cut: Sequence[Domain]) -> str:
    """Return a box in words; facts of which it holds everything are left out."""
    parts = [
        domain.words(held) for domain, held in zip(cut, box, strict=True) if held != domain.whole
    ]
    return " 且 ".join(parts) or "任何情形"


def _domain(fact: Fact, cells: Sequence[Cell]) -> Domain:
    values = [value for cell in cells for value in cell.values]
    kind = fact.compared_as
    if kind is FactKind.YES_NO:
        parts = [Part(sample=True, words="为是"), Part(sample=False, words="为否")]
    elif kind is FactKind.CHOICE:
        parts = [Part(sample=one.value, words=f"“{one.label}”") for one in fact.options]
    elif kind is FactKind.TEXT:
        parts = list(_texts(cells))
    elif kind is FactKind.DATE:
        parts = list(_days(sorted({one for one in values if isinstance(one, date)})))
    else:
        numbers = sorted({one for one in values if isinstance(one, int | float)})
        parts = list(_numbers(fact, numbers))
    if fact.optional:
        parts.append(Part(sample=None, words="没有值"))
    return Domain(fact=fact, parts=tuple(parts))


def _texts(cells: Sequence[Cell]) -> Iterator[Part]:
    named: set[str] = set()
    begun: set[str] = set()
    for cell in cells:
        (begun if cell.op is CellOp.PREFIX else named).update(map(str, cell.values))
    for text in sorted(named):
        yield Part(sample=text, words=f"“{text}”")
    for text in sorted(begun):
        yield Part(sample=_fresh(text, named | begun), words=f"以“{text}”开头的其他文字")
    yield Part(sample=_fresh("", named | begun), words="其他文字")


def _fresh(start: str, taken: set[str]) -> str:
    """Return a text that begins with `start` and otherwise with nothing that is taken."""
    for code in range(0x4E00, 0x9FFF):
        text = start + chr(code)
        if not any(one.startswith(text) for one in taken):
            return text
    raise AssertionError("a table names fewer texts than there are characters")


def _days(marks: Sequence[date]) -> Iterator[Part]:
    numbers = [one.toordinal() for one in marks]
    for part in _wholes(numbers, date.min.toordinal(), date.max.toordinal()):
        low, high = part.low, part.high
        yield Part(
            sample=date.fromordinal(int(part.sample)),  # type: ignore[arg-type]  # a number here
            low=None if low == date.min.toordinal() else date.fromordinal(low),
            high=None if high == date.max.toordinal() else date.fromordinal(high),
        )


def _numbers(fact: Fact, marks: Sequence[float]) -> Iterator[Part]:
    low, high = fact.minimum, fact.maximum
    if fact.kind is FactKind.DATE:
        low = max(0, low or 0)
    if fact.in_wholes:
        yield from _wholes([int(one) for one in marks], low, high)
    else:
        yield from _reals(marks, low, high)


def _wholes(marks: Sequence[int], low: float | None, high: float | None) -> Iterator[Part]:
    """Yield each mark as a part and the whole numbers between them as stretches."""
    least = None if low is None else _ceil(low)
    most = None if high is None else int(high // 1)
    start = least
    for mark in marks:
        if (least is not None and mark < least) or (most is not None and mark > most):
            continue
        if start is None:
            yield Part(sample=mark - 1, low=None, high=mark - 1)
        elif start < mark:
            yield Part(sample=start, low=start, high=mark - 1)
        yield Part(sample=mark, low=mark, high=mark)
        start = mark + 1
    if start is None and most is None:
        yield Part(sample=0)
    elif start is None and most is not None:
        yield Part(sample=most, low=None, high=most)
    elif start is not None and (most is None or start <= most):
        yield Part(sample=start, low=start, high=most)


def _ceil(value: float) -> int:
    return -int(-value // 1)


def _reals(marks: Sequence[float], low: float | None, high: float | None) -> Iterator[Part]:
    """Yield each mark as a part and the numbers between them as stretches without their ends."""
    inside = [
        one
        for one in sorted({*marks, *(end for end in (low, high) if end is not None)})
        if (low is None or one >= low) and (high is None or one <= high)
    ]
    if not inside:
        yield Part(sample=0.0)
        return
    if low is None:
        yield Part(sample=inside[0] - 1, high=inside[0], ends=(True, False))
    for index, mark in enumerate(inside):
        yield Part(sample=mark, low=mark, high=mark)
        if index + 1 < len(inside):
            after = inside[index + 1]
            middle = mark + (after - mark) / 2
            if mark < middle < after:
                yield Part(sample=middle, low=mark, high=after, ends=(False, False))
    if high is None:
        yield Part(sample=inside[-1] + 1, low=inside[-1], ends=(False, True))
