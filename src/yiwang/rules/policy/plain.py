"""Decision tables as plain values (YAML, JSON), readable by a lawyer, and back.

A cell is written `60`, `[a, b]` (one of them), `≥ 60`, `60 至 64` or `{not_in: [a, b]}`. What a row
leaves out is not asked about. Facts and rows are lists, for databases keep no order of keys.
"""

from __future__ import annotations

import dataclasses
import difflib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from yiwang.kernel.terms import Term
from yiwang.rules.policy.parts import (
    ANY,
    SEVERAL,
    WITHOUT_VALUE,
    Cell,
    CellOp,
    Fact,
    FactKind,
    FactOption,
    Given,
    Measure,
    Row,
    RuleOutcome,
    RuleSet,
    TestRow,
)

SIGNS: Mapping[str, CellOp] = {
    "≥": CellOp.GE,
    ">=": CellOp.GE,
    "不小于": CellOp.GE,
    "不早于": CellOp.GE,
    "≤": CellOp.LE,
    "<=": CellOp.LE,
    "不大于": CellOp.LE,
    "不晚于": CellOp.LE,
    "≠": CellOp.NE,
    "!=": CellOp.NE,
    "不等于": CellOp.NE,
    ">": CellOp.GT,
    "大于": CellOp.GT,
    "晚于": CellOp.GT,
    "<": CellOp.LT,
    "小于": CellOp.LT,
    "早于": CellOp.LT,
    "=": CellOp.EQ,
    "等于": CellOp.EQ,
}
"""How a comparison with a number or a day is written -> its operator; longer signs come first."""

WRITTEN: Mapping[CellOp, str] = {
    CellOp.GE: "≥",
    CellOp.LE: "≤",
    CellOp.NE: "≠",
    CellOp.GT: ">",
    CellOp.LT: "<",
}

NOT_ASKED = frozenset({"-", "不限", "any"})
"""How a cell that asks nothing is written where a row is a list."""

_FROM_TO = re.compile(r"(.+?)\s*(?:\.\.|至|到)\s*(.+)")
_WHOLE = re.compile(r"[+-]?\d{1,16}", re.ASCII)
_DECIMAL = re.compile(r"[+-]?\d{1,16}(?:\.\d{1,24})?(?:[eE][+-]?\d{1,2})?", re.ASCII)
_ORDERED = frozenset({FactKind.NUMBER, FactKind.DATE})


@dataclass(frozen=True, kw_only=True)
class FormatProblem:
    """A value that cannot be read: where, what is wrong, what would put it right."""

    place: str
    message: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.place}：{self.message}{self.remedy}"


class RuleFormatError(ValueError):
    """A table cannot be read; `problems` says where and how to mend each."""

    def __init__(self, problems: Sequence[FormatProblem]) -> None:
        super().__init__("；".join(str(one) for one in problems))
        self.problems = tuple(problems)


def rules_from_plain(plain: object, *, place: str = "") -> RuleSet:
    """Return the table that `plain` describes; whether it is sound is another question.

    Args:
        plain: Mappings, lists and scalars, as YAML or JSON gives them.
        place: Where it stands in what is read, for the problems.

    Raises:
        RuleFormatError: with every problem found.
    """
    reader = _Reader(problems=[])
    found = reader.rule_set(plain, place)
    if reader.problems or found is None:
        raise RuleFormatError(reader.problems)
    return found


def rules_to_plain(rule_set: RuleSet) -> dict[str, Any]:
    """Return a table as JSON-ready values; `rules_from_plain` reads it back the same."""
    plain: dict[str, Any] = {"name": rule_set.name}
    if rule_set.note:
        plain["note"] = rule_set.note
    plain["facts"] = [_fact_plain(one) for one in rule_set.facts]
    plain["rows"] = [_row_plain(rule_set, one) for one in rule_set.rows]
    if rule_set.tests:
        plain["tests"] = [_test_plain(one) for one in rule_set.tests]
    return plain


def _fact_plain(fact: Fact) -> dict[str, Any]:
    plain: dict[str, Any] = {}
    for field in dataclasses.fields(fact):
        value = getattr(fact, field.name)
        if value == field.default:
            continue
        if field.name == "options":
            plain["options"] = [{"value": one.value, "label": one.label} for one in value]
        else:
            plain[field.name] = value.value if isinstance(value, Term) else value
    return plain


def _row_plain(rule_set: RuleSet, row: Row) -> dict[str, Any]:
    asked = {
        fact.name: cell_plain(fact, cell)
        for fact, cell in zip(rule_set.facts, row.cells, strict=False)
        if cell != ANY
    }
    plain: dict[str, Any] = {"id": row.id}
    if asked:
        plain["when"] = asked
    return plain | {"outcome": row.outcome.value, "reason": row.reason}


def _test_plain(test: TestRow) -> dict[str, Any]:
    plain: dict[str, Any] = {"name": test.name}
    if test.on is not None:
        plain["day"] = test.on.isoformat()
    plain["facts"] = {one.fact: _scalar_plain(one.value) for one in test.given}
    plain["expect"] = test.expect.value
    if test.row:
        plain["row"] = test.row
    return plain


def cell_plain(fact: Fact, cell: Cell) -> Any:
    """Return a cell as it is written in a file."""
    values = [_scalar_plain(one) for one in cell.values]
    if cell.op in WITHOUT_VALUE:
        return {cell.op.value: True}
    ordered = fact.compared_as in _ORDERED
    if len(values) == 1 and cell.op is CellOp.EQ:
        return values[0]
    if len(values) == 1 and cell.op in WRITTEN and ordered:
        return f"{WRITTEN[cell.op]} {values[0]}"
    if len(values) == 2 and cell.op is CellOp.BETWEEN and ordered:
        return f"{values[0]} 至 {values[1]}"
    if cell.op is CellOp.IN:
        return values
    return {cell.op.value: values if cell.op in SEVERAL or len(values) != 1 else values[0]}


def _scalar_plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


@dataclass
class _Reader:
    """Reads a table and notes what it cannot read."""

    problems: list[FormatProblem]

    def wrong(self, place: str, message: str, remedy: str) -> None:
        self.problems.append(FormatProblem(place=place, message=message, remedy=remedy))

    def mapping(self, value: object, place: str, known: Iterable[str]) -> Mapping[str, Any] | None:
        if not isinstance(value, Mapping):
            self.wrong(place or "（规则）", "应为“键: 值”的结构。", "请按规则格式逐项填写。")
            return None
        names = list(known)
        for key in value:
            if key not in names:
                close = difflib.get_close_matches(str(key), names, n=1)
                hint = f"是否为 {close[0]}？" if close else f"可用的键：{'、'.join(names)}。"
                self.wrong(_join(place, str(key)), "不认识这个键。", hint)
        return value

    def rows(self, value: object, place: str) -> list[Any]:
        if not isinstance(value, list | tuple):
            self.wrong(place, "应为列表。", "每项一行，以“- ”开头；没有内容写 []。")
            return []
        return list(value)

    def text(self, held: Mapping[str, Any], key: str, place: str, *, needed: bool = False) -> str:
        value = held.get(key)
        if value is None and needed:
            self.wrong(_join(place, key), "没有填写。", "请补上。")
        if value is None:
            return ""
        if not isinstance(value, str):
            self.wrong(
                _join(place, key), f"“{value}”的类型不对。", "请填写文字，数字请加英文双引号。"
            )
            return ""
        return value.strip()

    def term(self, kind: Any, value: object, place: str, default: Any) -> Any:
        if value is None and default is not None:
            return default
        members = {one.value: one for one in kind} | {one.label: one for one in kind}
        found = members.get(value) if isinstance(value, str) else None
        if found is None:
            choices = "、".join(f"{one.value}（{one.label}）" for one in kind)
            self.wrong(place, f"“{value}”不是可选的值。", f"请从这些值中选一个：{choices}。")
            return default if default is not None else next(iter(kind))
        return found

    def flag(self, held: Mapping[str, Any], key: str, place: str) -> bool:
        value = held.get(key, False)
        if not isinstance(value, bool):
            self.wrong(_join(place, key), f"“{value}”的类型不对。", "请填写 true 或 false。")
            return False
        return value

    def number(self, held: Mapping[str, Any], key: str, place: str) -> float | None:
        value = held.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.wrong(_join(place, key), f"“{value}”的类型不对。", "请填写数字。")
            return None
        return value

    def rule_set(self, plain: object, place: str) -> RuleSet | None:
        held = self.mapping(plain, place, ("name", "note", "facts", "rows", "tests"))
        if held is None:
            return None
        facts = tuple(self.facts(held.get("facts", ()), _join(place, "facts")))
        rows = tuple(self.table(held.get("rows", ()), facts, _join(place, "rows")))
        tests = tuple(self.tests(held.get("tests", ()), facts, _join(place, "tests")))
        return RuleSet(
            name=self.text(held, "name", place),
            note=self.text(held, "note", place),
            facts=facts,
            rows=rows,
            tests=tests,
        )

    def facts(self, value: object, place: str) -> Iterable[Fact]:
        known = [field.name for field in dataclasses.fields(Fact)]
        if isinstance(value, Mapping):
            value = [
                {"name": name, **rest} if isinstance(rest, Mapping) else rest
                for name, rest in value.items()
            ]
        for index, one in enumerate(self.rows(value, place)):
            at = f"{place}[{index}]"
            held = self.mapping(one, at, known)
            if held is None:
                continue
            yield Fact(
                name=self.text(held, "name", at, needed=True),
                label=self.text(held, "label", at),
                kind=self.term(FactKind, held.get("kind"), _join(at, "kind"), None),
                source=self.text(held, "source", at),
                options=tuple(self.options(held.get("options", ()), _join(at, "options"))),
                unit=self.text(held, "unit", at),
                minimum=self.number(held, "minimum", at),
                maximum=self.number(held, "maximum", at),
                whole=self.flag(held, "whole", at),
                measure=self.term(Measure, held.get("measure"), _join(at, "measure"), Measure.DAY),
                future=self.flag(held, "future", at),
                optional=self.flag(held, "optional", at),
            )

    def options(self, value: object, place: str) -> Iterable[FactOption]:
        if isinstance(value, Mapping):
            value = [{"value": one, "label": label} for one, label in value.items()]
        for index, one in enumerate(self.rows(value, place)):
            at = f"{place}[{index}]"
            held = self.mapping(one, at, ("value", "label"))
            if held is not None:
                yield FactOption(
                    value=self.text(held, "value", at, needed=True),
                    label=self.text(held, "label", at),
                )

    def table(self, value: object, facts: Sequence[Fact], place: str) -> Iterable[Row]:
        keys = ("id", "when", "cells", "outcome", "reason")
        for index, one in enumerate(self.rows(value, place)):
            at = f"{place}[{index}]"
            held = self.mapping(one, at, keys)
            if held is None:
                continue
            if "cells" in held:
                cells = self.listed(held["cells"], facts, _join(at, "cells"))
            else:
                cells = self.named(held.get("when", {}), facts, _join(at, "when"))
            yield Row(
                id=self.text(held, "id", at, needed=True),
                cells=cells,
                outcome=self.term(RuleOutcome, held.get("outcome"), _join(at, "outcome"), None),
                reason=self.text(held, "reason", at),
            )

    def named(self, value: object, facts: Sequence[Fact], place: str) -> tuple[Cell, ...]:
        names = [fact.name for fact in facts]
        held = self.mapping(value, place, names)
        if held is None:
            return ()
        return tuple(
            self.cell(held[fact.name], fact, _join(place, fact.name)) if fact.name in held else ANY
            for fact in facts
        )

    def listed(self, value: object, facts: Sequence[Fact], place: str) -> tuple[Cell, ...]:
        held = self.rows(value, place)
        if len(held) != len(facts):
            self.wrong(
                place,
                f"有 {len(held)} 个格子，而事实有 {len(facts)} 个。",
                "每个事实一格，不限的写 “-”。",
            )
        return tuple(
            ANY
            if one is None or (isinstance(one, str) and one.strip() in NOT_ASKED)
            else self.cell(one, fact, f"{place}[{index}]")
            for index, (one, fact) in enumerate(zip(held, facts, strict=False))
        )

    def cell(self, value: object, fact: Fact, place: str) -> Cell:
        if isinstance(value, Mapping):
            return self.operated(value, fact, place)
        if isinstance(value, list | tuple):
            return Cell(op=CellOp.IN, values=self.values(value, fact, place))
        if isinstance(value, str) and fact.compared_as in _ORDERED:
            return self.written(value.strip(), fact, place)
        return Cell(op=CellOp.EQ, values=self.values([value], fact, place))

    def operated(self, value: Mapping[Any, Any], fact: Fact, place: str) -> Cell:
        if len(value) != 1:
            self.wrong(place, "一格只能有一种比较。", "几个条件请写成“介于”，或者分成几行。")
            return ANY
        name, held = next(iter(value.items()))
        op: CellOp = self.term(CellOp, name, place, CellOp.ANY)
        if op in WITHOUT_VALUE:
            if held is not True:
                self.wrong(place, f"“{op.label}”后面应写 true。", "请更正，或者换一种比较。")
            return Cell(op=op)
        several = held if isinstance(held, list | tuple) else [held]
        return Cell(op=op, values=self.values(several, fact, place))

    def written(self, text: str, fact: Fact, place: str) -> Cell:
        for sign, op in SIGNS.items():
            if text.startswith(sign):
                rest = text.removeprefix(sign).strip()
                return Cell(op=op, values=self.values([rest], fact, place))
        if ends := _FROM_TO.fullmatch(text):
            return Cell(op=CellOp.BETWEEN, values=self.values(ends.groups(), fact, place))
        return Cell(op=CellOp.EQ, values=self.values([text], fact, place))

    def values(self, several: Iterable[object], fact: Fact, place: str) -> tuple[Any, ...]:
        return tuple(read for one in several if (read := self.value(one, fact, place)) is not None)

    def value(self, value: object, fact: Fact, place: str) -> Any:
        read = typed(value, fact.compared_as)
        if read is None:
            self.wrong(place, f"“{value}”不是“{fact.label}”的值。", REMEDIES[fact.compared_as])
        return read

    def tests(self, value: object, facts: Sequence[Fact], place: str) -> Iterable[TestRow]:
        keys = ("name", "day", "facts", "expect", "row")
        known = {fact.name: fact for fact in facts}
        for index, one in enumerate(self.rows(value, place)):
            at = f"{place}[{index}]"
            held = self.mapping(one, at, keys)
            if held is None:
                continue
            given = self.mapping(held.get("facts", {}), _join(at, "facts"), known) or {}
            on = held.get("day")
            day = None if on is None else typed(on, FactKind.DATE)
            if on is not None and day is None:
                self.wrong(_join(at, "day"), f"“{on}”不是日期。", REMEDIES[FactKind.DATE])
            yield TestRow(
                name=self.text(held, "name", at),
                on=day,
                given=tuple(
                    Given(fact=name, value=self.given(given[name], fact, f"{at}.facts.{name}"))
                    for name, fact in known.items()
                    if name in given
                ),
                expect=self.term(RuleOutcome, held.get("expect"), _join(at, "expect"), None),
                row=self.text(held, "row", at),
            )

    def given(self, value: object, fact: Fact, place: str) -> Any:
        """Read a fact of a test row; one of the wrong kind stays, for that is worth a test too."""
        if value is None:
            return None
        if not isinstance(value, str | int | float | date):
            self.wrong(place, f"“{value}”不是一个值。", "请填写文字、数字、日期、true 或 false。")
            return None
        if fact.kind is FactKind.DATE:
            day = typed(value, FactKind.DATE)
            return value if day is None else day
        return value.isoformat() if isinstance(value, date) else value


REMEDIES: Mapping[FactKind, str] = {
    FactKind.TEXT: "请填写文字。",
    FactKind.NUMBER: "请填写数字，如 60、≥ 60 或 60 至 64。",
    FactKind.DATE: "请按 2026-01-31 的样式填写。",
    FactKind.YES_NO: "请填写 true 或 false。",
    FactKind.CHOICE: "请填写选项的值。",
}


def typed(value: object, kind: FactKind) -> Any:
    """Return a written value as its kind holds it; None where it is none."""
    return _TYPED[kind](value)


def _day(value: object) -> date | None:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII):
        try:
            return date.fromisoformat(value)
        except ValueError:
            return None
    return None


def _number(value: object) -> int | float | None:
    if isinstance(value, str):
        if _WHOLE.fullmatch(value):
            return int(value)
        return float(value) if _DECIMAL.fullmatch(value) else None
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _yes_no(value: object) -> bool | None:
    if isinstance(value, str):
        return {"是": True, "否": False}.get(value.strip())
    return value if isinstance(value, bool) else None


def _word(value: object) -> str | None:
    return value.strip() if isinstance(value, str) and value.strip() else None


_TYPED: Mapping[FactKind, Callable[[object], Any]] = {
    FactKind.TEXT: _word,
    FactKind.NUMBER: _number,
    FactKind.DATE: _day,
    FactKind.YES_NO: _yes_no,
    FactKind.CHOICE: _word,
}


def _join(place: str, key: str) -> str:
    return f"{place}.{key}" if place else key
