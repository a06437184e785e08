"""Evaluates a decision table: first row that holds, with the path taken; fails closed.

Whatever is missing, mistyped, out of bounds or in the future goes to a person with the fact named.
The time it takes is bounded by the number of cells; nothing in a table can loop.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from yiwang.rules.policy.parts import (
    MOST_NUMBER,
    MOST_TEXT,
    Cell,
    CellOp,
    Fact,
    FactKind,
    Measure,
    RuleOutcome,
    RuleSet,
    Value,
)
from yiwang.rules.policy.soundness import unsound
from yiwang.rules.policy.wording import cell_words, checked_words, label_of, value_words

NO_ROW = "没有一行规则适用于这种情形，由工作人员办理。"
UNUSABLE = "规则本身有问题，由工作人员办理。"
NOT_ALL_KNOWN = "有的事实没有查到或者不可信，由工作人员办理。"

_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


class RefusedFact(NamedTuple):
    """A fact that could not be used, and why."""

    name: str
    label: str
    why: str

    @property
    def sentence(self) -> str:
        """One sentence that names the fact."""
        return f"“{self.label}”{self.why}。"


class Step(NamedTuple):
    """One cell of one row, as it is checked, with its words."""

    row_id: str
    number: int
    fact: Fact
    cell: Cell
    label: str
    asked: str


class CheckedCell(NamedTuple):
    """A cell that was checked, with the value it met."""

    step: Step
    value: Value | None
    passed: bool

    @property
    def row_id(self) -> str:
        """Id of the row."""
        return self.step.row_id

    @property
    def number(self) -> int:
        """Number of the row, counted from 1."""
        return self.step.number

    @property
    def fact(self) -> str:
        """Name of the fact."""
        return self.step.fact.name

    @property
    def sentence(self) -> str:
        """The check in one Chinese sentence."""
        step = self.step
        return checked_words(
            step.fact,
            step.cell,
            self.value,
            passed=self.passed,
            label=step.label,
            asked=step.asked,
        )


class NearGrant(NamedTuple):
    """A granting row, and its cells that do not hold."""

    row_id: str
    lacking: tuple[Step, ...]


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What a table decided and how it came there.

    Attributes:
        row_id: The row that decided; empty: none did.
        reason: Reason of that row, or why no row was asked.
        path: For each row tried the first cell that failed; for the row that decided all cells.
        refused_facts: Facts that could not be used; when there are any, no row was asked.
    """

    outcome: RuleOutcome
    row_id: str
    reason: str
    path: tuple[CheckedCell, ...] = ()
    refused_facts: tuple[RefusedFact, ...] = ()

    @property
    def sentences(self) -> tuple[str, ...]:
        """The whole way in words, row by row."""
        if self.refused_facts:
            return tuple(one.sentence for one in self.refused_facts)
        return tuple(f"第 {one.number} 行：{one.sentence}" for one in self.path)


def evaluate(rule_set: RuleSet, facts: Mapping[str, object], *, on: date | None = None) -> Verdict:
    """Return what `rule_set` decides about `facts`.

    Facts that the table does not declare are not looked at. Days may be dates or ISO text.

    Args:
        rule_set: The table; one that is unsound hands everything over.
        facts: Name of a fact -> its value; None and empty text count as missing.
        on: Day of the application. Without it no fact that is a day can be used, for nobody
            could tell whether it lies in the future.
    """
    program = _program(rule_set)
    if program is None:
        return Verdict(outcome=RuleOutcome.HAND_OVER, row_id="", reason=UNUSABLE)
    values, refused = _values(program, facts, on)
    if refused:
        return Verdict(
            outcome=RuleOutcome.HAND_OVER,
            row_id="",
            reason=NOT_ALL_KNOWN,
            refused_facts=tuple(refused),
        )
    path: list[CheckedCell] = []
    for row in program.rows:
        for index, test, operand, step in row.tests:
            value = values[index]
            if not (test is _unknown if value is None else test(value, operand)):
                path.append(CheckedCell(step, value, False))
                break
        else:
            path += [
                CheckedCell(step, value, True)
                for step, value in zip(row.steps, values, strict=True)
            ]
            return Verdict(outcome=row.outcome, row_id=row.id, reason=row.reason, path=tuple(path))
    return Verdict(outcome=RuleOutcome.HAND_OVER, row_id="", reason=NO_ROW, path=tuple(path))


def nearest_grant(
    rule_set: RuleSet, facts: Mapping[str, object], *, on: date | None = None
) -> NearGrant | None:
    """Return the granting row that fails in the fewest cells, the first of equals.

    Without a cell that fails, a row before it took the case. None: no row grants, or a fact could
    not be used.

    Args:
        rule_set: The table.
        facts: As for `evaluate`.
        on: Day of the application.
    """
    program = _program(rule_set)
    if program is None:
        return None
    values, refused = _values(program, facts, on)
    if refused:
        return None
    nearest: NearGrant | None = None
    for row in program.rows:
        if row.outcome is not RuleOutcome.GRANT:
            continue
        lacking = []
        for index, test, operand, step in row.tests:
            value = values[index]
            if not (test is _unknown if value is None else test(value, operand)):
                lacking.append(step)
                if nearest is not None and len(lacking) >= len(nearest.lacking):
                    break
        else:
            nearest = NearGrant(row.id, tuple(lacking))
            if not lacking:
                break
    return nearest


def _values(
    program: _Program, facts: Mapping[str, object], on: date | None
) -> tuple[list[Any], list[RefusedFact]]:
    """Return the value of each fact, and the facts that cannot be used."""
    values: list[Any] = []
    refused: list[RefusedFact] = []
    for fact, read in program.facts:
        try:
            given = facts.get(fact.name)
            blank = given is None or (isinstance(given, str) and not given.strip())
            value = None if blank else read(fact, given, on)
            if value is None and not fact.optional:
                raise _UnusableError("没有值")
        except _UnusableError as error:
            refused.append(RefusedFact(fact.name, fact.label, str(error)))
            value = None
        values.append(value)
    return values, refused


def cell_holds(cell: Cell, value: Value | None, *, fact: Fact, outcome: RuleOutcome) -> bool:
    """Tell whether a sound cell holds for a value that was read, in a row of `outcome`."""
    test, operand = _test(cell, fact=fact, outcome=outcome)
    if test is None:
        return True
    return test is _unknown if value is None else test(value, operand)


def verdict_to_plain(verdict: Verdict) -> dict[str, Any]:
    """Return a verdict as JSON-ready values, to be kept with a run."""
    return {
        "outcome": verdict.outcome.value,
        "row": verdict.row_id,
        "reason": verdict.reason,
        "path": [
            {
                "row": one.row_id,
                "number": one.number,
                "fact": one.fact,
                "label": one.step.label,
                "value": value_words(one.step.fact, one.value),
                "passed": one.passed,
                "sentence": one.sentence,
            }
            for one in verdict.path
        ],
        "refused_facts": [
            {"fact": one.name, "label": one.label, "why": one.why} for one in verdict.refused_facts
        ],
    }


class _UnusableError(Exception):
    """A value cannot be used; its text says why."""


Test = Callable[[Any, Any], bool]
Read = Callable[[Fact, Any, date | None], Any]


class _Line(NamedTuple):
    """One row, ready to run."""

    id: str
    outcome: RuleOutcome
    reason: str
    tests: tuple[tuple[int, Test, Any, Step], ...]
    steps: tuple[Step, ...]


class _Program(NamedTuple):
    """A table, ready to run."""

    facts: tuple[tuple[Fact, Read], ...]
    rows: tuple[_Line, ...]


def _program(rule_set: RuleSet) -> _Program | None:
    """Return the table made ready, once per table; None when it is unsound."""
    held = vars(rule_set)
    if "_program" not in held:
        held["_program"] = None if unsound(rule_set) else _made(rule_set)
    program: _Program | None = held["_program"]
    return program


def _made(rule_set: RuleSet) -> _Program:
    lines = []
    for number, row in enumerate(rule_set.rows, start=1):
        steps = tuple(
            Step(row.id, number, fact, cell, label_of(fact), cell_words(fact, cell))
            for fact, cell in zip(rule_set.facts, row.cells, strict=True)
        )
        tests = []
        for index, step in enumerate(steps):
            test, operand = _test(step.cell, fact=step.fact, outcome=row.outcome)
            if test is not None:
                tests.append((index, test, operand, step))
        lines.append(_Line(row.id, row.outcome, row.reason, tuple(tests), steps))
    return _Program(
        facts=tuple((fact, _READERS[fact.kind]) for fact in rule_set.facts), rows=tuple(lines)
    )


def _test(cell: Cell, *, fact: Fact, outcome: RuleOutcome) -> tuple[Test | None, Any]:
    """Return how a cell is tested and against what; None: it is not.

    A grant never rests on what nobody knows unless its row says so: where a fact may be missing,
    a granting row that does not ask about it still asks that it is known.
    """
    if cell.op is CellOp.ANY:
        return (_known if outcome is RuleOutcome.GRANT and fact.optional else None), None
    if cell.op in _ONE:
        return _ONE[cell.op], cell.values[0]
    if cell.op is CellOp.BETWEEN:
        return _between, cell.values
    if cell.op is CellOp.PREFIX:
        return str.startswith, cell.values
    if cell.op is CellOp.KNOWN:
        return _known, None
    if cell.op is CellOp.UNKNOWN:
        return _unknown, None
    return (_in if cell.op is CellOp.IN else _not_in), frozenset(cell.values)


_ONE: Mapping[CellOp, Test] = {
    CellOp.EQ: operator.eq,
    CellOp.NE: operator.ne,
    CellOp.GT: operator.gt,
    CellOp.GE: operator.ge,
    CellOp.LT: operator.lt,
    CellOp.LE: operator.le,
}


def _between(value: Any, ends: Any) -> bool:
    return bool(ends[0] <= value <= ends[1])


def _in(value: Any, values: Any) -> bool:
    return value in values


def _not_in(value: Any, values: Any) -> bool:
    return value not in values


def _known(value: Any, _nothing: Any) -> bool:
    return value is not None


def _unknown(value: Any, _nothing: Any) -> bool:
    return value is None


def _number(fact: Fact, value: Any, _on: date | None) -> int | float:
    if isinstance(value, Decimal):
        value = float(value) if value.is_finite() else math.nan
    elif isinstance(value, bool) or not isinstance(value, int | float):
        raise _UnusableError("不是数字")
    if not -MOST_NUMBER <= value <= MOST_NUMBER:  # not-a-number fails here too
        raise _UnusableError("不是可用的数字")
    if fact.whole and not float(value).is_integer():
        raise _UnusableError("不是整数")
    return _bounded(fact, value)


def _bounded(fact: Fact, value: float) -> float:
    if fact.minimum is not None and value < fact.minimum:
        raise _UnusableError("低于可能的最小值")
    if fact.maximum is not None and value > fact.maximum:
        raise _UnusableError("超过可能的最大值")
    return value


def _day(fact: Fact, value: Any, on: date | None) -> date | float:
    if isinstance(value, str) and _ISO_DAY.fullmatch(value):
        try:
            value = date.fromisoformat(value)
        except ValueError:
            raise _UnusableError("不是日期") from None
    if isinstance(value, datetime) or not isinstance(value, date):
        raise _UnusableError("不是日期")
    if fact.future and fact.measure is Measure.DAY:
        return value
    if on is None:
        raise _UnusableError("是日期，而没有申请日可以对照")
    if value > on:
        raise _UnusableError("晚于申请日")
    if fact.measure is Measure.DAYS:
        return _bounded(fact, (on - value).days)
    if fact.measure is Measure.YEARS:
        return _bounded(fact, full_years(value, on))
    return value


def full_years(since: date, on: date) -> int:
    """Return the whole years from `since` to `on`: a year is full on its anniversary.

    Whoever was born on 29 February is a year older on 1 March of other years.
    """
    return on.year - since.year - ((on.month, on.day) < (since.month, since.day))


def _yes_no(fact: Fact, value: Any, _on: date | None) -> bool:
    if not isinstance(value, bool):
        raise _UnusableError("不是“是”或“否”")
    return value


def _text(fact: Fact, value: Any, _on: date | None) -> str:
    if not isinstance(value, str):
        raise _UnusableError("不是文字")
    if len(value) > MOST_TEXT:
        raise _UnusableError("文字太长")
    return value.strip()


def _choice(fact: Fact, value: Any, _on: date | None) -> str:
    if not isinstance(value, str):
        raise _UnusableError("不是选项")
    for option in fact.options:
        if option.value == value:
            return value
    raise _UnusableError("不在所列选项中")


_READERS: Mapping[FactKind, Read] = {
    FactKind.TEXT: _text,
    FactKind.NUMBER: _number,
    FactKind.DATE: _day,
    FactKind.YES_NO: _yes_no,
    FactKind.CHOICE: _choice,
}
