"""Cells, rows and facts in Chinese words, as an applicant and a lawyer read them."""

from __future__ import annotations

from datetime import date

from yiwang.rules.policy.parts import (
    Cell,
    CellOp,
    Fact,
    FactKind,
    Measure,
    Row,
    RuleSet,
    TestRow,
    Value,
)
from yiwang.rules.policy.sources import CHECK_NAMES, LICENCES, reading_words, source_parts

_SIGNS = {
    CellOp.GT: "大于",
    CellOp.GE: "不小于",
    CellOp.LT: "小于",
    CellOp.LE: "不大于",
}
_DAY_SIGNS = {
    CellOp.GT: "晚于",
    CellOp.GE: "不早于",
    CellOp.LT: "早于",
    CellOp.LE: "不晚于",
}


def label_of(fact: Fact) -> str:
    """Return what a fact is called: a measured date says what is measured."""
    if fact.kind is FactKind.DATE and fact.measure is Measure.DAYS:
        return f"从{fact.label}到申请日的天数"
    if fact.kind is FactKind.DATE and fact.measure is Measure.YEARS:
        return f"从{fact.label}到申请日已满的年数"
    return fact.label


def unit_of(fact: Fact) -> str:
    """Return the unit behind a number, with a space before it; empty where there is none."""
    measured = {Measure.DAYS: "天", Measure.YEARS: "年"}.get(fact.measure, "")
    unit = fact.unit or (measured if fact.kind is FactKind.DATE else "")
    return f" {unit}" if unit else ""


def value_words(fact: Fact, value: Value | None) -> str:
    """Return a value of a fact as a person reads it."""
    if value is None:
        return "没有值"
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int | float):
        return f"{number_words(value)}{unit_of(fact)}"
    if fact.kind is FactKind.CHOICE:
        return next((one.label for one in fact.options if one.value == value), value)
    return f"“{value}”"


def number_words(value: float) -> str:
    """Return a number without a needless point."""
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def cell_words(fact: Fact, cell: Cell) -> str:
    """Return what a cell asks, without the name of the fact: 不小于 60 岁."""
    if cell.op in {CellOp.ANY, CellOp.KNOWN, CellOp.UNKNOWN}:
        return cell.op.label
    words = [value_words(fact, one) for one in cell.values]
    if fact.kind is FactKind.YES_NO:
        return f"为“{words[0]}”" if words else cell.op.label
    if cell.op is CellOp.BETWEEN and len(cell.values) == 2:
        first = words[0].removesuffix(unit_of(fact))
        return f"{first} 至 {words[1]}（含两端）"
    if cell.op in {CellOp.EQ, CellOp.IN}:
        return f"是{_either(words)}"
    if cell.op in {CellOp.NE, CellOp.NOT_IN}:
        return f"不是{_either(words)}"
    if cell.op is CellOp.PREFIX:
        return f"以{_either(words)}开头"
    signs = _DAY_SIGNS if fact.compared_as is FactKind.DATE else _SIGNS
    return f"{signs.get(cell.op, cell.op.label)}{_either(words)}"  # an unsound cell is shown too


def _either(words: list[str]) -> str:
    if not words:
        return "（空）"
    text = "、".join(words[:-1])
    text = f"{text}或{words[-1]}" if text else words[-1]
    return f" {text}" if text[0].isascii() else text


def checked_words(
    fact: Fact, cell: Cell, value: Value | None, *, passed: bool, label: str, asked: str
) -> str:
    """Return one sentence about a cell and the value it met.

    Args:
        fact: The fact.
        cell: The cell.
        value: The value it met.
        passed: Whether the cell held.
        label: `label_of(fact)`.
        asked: `cell_words(fact, cell)`; both are worked out once per table.
    """
    if cell.op is CellOp.ANY:
        if not passed:
            return f"“{label}”没有值，本行没有写明没有值也可以，不符合。"
        return f"“{label}”不限。"
    shown = value_words(fact, value)
    verdict = "符合" if passed else "不符合"
    state = shown if value is None else f"为{' ' if shown[0].isascii() else ''}{shown}"
    return f"“{label}”{state}，要求“{inner(asked)}”，{verdict}。"


def inner(text: str) -> str:
    """Return words that go between quotation marks: their own become single ones (“‘…’”)."""
    return text.replace("“", "‘").replace("”", "’")


def row_words(rule_set: RuleSet, row: Row) -> str:
    """Return one row as a sentence for the guide, such as 年龄不小于 60 岁，且户籍是本市：准予."""
    parts = [
        f"{label_of(fact)}{cell_words(fact, cell)}"
        for fact, cell in zip(rule_set.facts, row.cells, strict=False)
        if cell.op is not CellOp.ANY
    ]
    condition = "，且".join(parts) if parts else "其他情形"
    reason = f"（{row.reason.rstrip('。')}）" if row.reason else ""
    return f"{condition}：{row.outcome.label}{reason}。"


def fact_words(fact: Fact, *, sourced: bool = True) -> str:
    """Return a fact with all that is declared about it.

    Args:
        fact: The fact.
        sourced: Whether to say who is asked for it; false where that stands beside it.
    """
    notes = [fact.kind.label]
    if fact.options:
        notes.append("、".join(one.label for one in fact.options))
    if fact.minimum is not None:
        notes.append(f"最小 {number_words(fact.minimum)}")
    if fact.maximum is not None:
        notes.append(f"最大 {number_words(fact.maximum)}")
    if fact.whole:
        notes.append("整数")
    if fact.unit:
        notes.append(f"单位 {fact.unit}")
    if fact.measure is not Measure.DAY:
        notes.append(fact.measure.label)
    if fact.future:
        notes.append("可以晚于申请日")
    if fact.optional:
        notes.append("可以没有值")
    if sourced:
        notes.append(f"来源 {source_of(fact)}")
    return f"{fact.label}（{'，'.join(notes)}）"


def source_of(fact: Fact) -> str:
    """Return who is asked for a fact, in words; what has no words of its own is called as it is.

    An answer is named by the fact and not by its question, since the form is not at hand here.
    """
    _kind, rest = source_parts(fact.source)
    if rest.startswith(f"{LICENCES}."):
        return f"{CHECK_NAMES[LICENCES]}：{fact.label}"
    return reading_words(fact.source, questions={rest: fact.label})


def test_words(test: TestRow) -> str:
    """Return a test row with what it expects."""
    row = f"，由 {test.row} 行" if test.row else ""
    return f"{test.name or '（未命名）'}，应为{test.expect.label}{row}"
