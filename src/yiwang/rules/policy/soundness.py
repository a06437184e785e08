"""Whether a decision table can be used at all: everything declared, every type right, no excess."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from yiwang.kernel.terms import Term
from yiwang.rules.policy.parts import (
    MOST_CELLS,
    MOST_FACTS,
    MOST_NUMBER,
    MOST_ROWS,
    MOST_TESTS,
    MOST_TEXT,
    MOST_VALUES,
    MOST_WORDS,
    NAME,
    OPS,
    SEVERAL,
    WITHOUT_VALUE,
    Cell,
    CellOp,
    Fact,
    FactKind,
    Measure,
    Row,
    RuleSet,
    Value,
)


class ProblemKind(Term):
    """What is wrong with a table."""

    UNSOUND = "unsound", "规则写法"
    GAP = "gap", "没有说到的情形"
    OVERLAP = "overlap", "互相矛盾的行"
    UNREACHABLE = "unreachable", "用不到的行"
    TEST = "test", "不通过的测试行"
    TOO_LARGE = "too_large", "无法查全"


@dataclass(frozen=True, kw_only=True)
class RuleProblem:
    """Something wrong with a table.

    Attributes:
        place: Where, such as `rows[2].age`, `facts[0].options`, `tests[1]`.
        message: What is wrong.
        remedy: What would put it right.
    """

    kind: ProblemKind
    place: str
    message: str
    remedy: str

    @property
    def sentence(self) -> str:
        """Both, as one text."""
        return f"{self.message}{self.remedy}"


Findings = Iterator[tuple[str, str, str]]


def unsound(rule_set: RuleSet) -> list[RuleProblem]:
    """Return what keeps a table from deciding anything; while there is any, all goes to people."""
    return [
        RuleProblem(kind=ProblemKind.UNSOUND, place=place, message=message, remedy=remedy)
        for place, message, remedy in _findings(rule_set)
    ]


def _findings(rule_set: RuleSet) -> Findings:
    yield from _bounds(rule_set)
    for index, fact in enumerate(rule_set.facts):
        yield from _fact(f"facts[{index}]", fact)
    for name, count in Counter(fact.name for fact in rule_set.facts).items():
        if count > 1:
            yield "facts", f"事实“{name}”写了 {count} 次。", "请改名或合并，名字不能重复。"
    for name, count in Counter(row.id for row in rule_set.rows).items():
        if count > 1:
            yield "rows", f"行号“{name}”用了 {count} 次。", "请给每一行不同的行号。"
    for index, row in enumerate(rule_set.rows):
        yield from _row(f"rows[{index}]", row, rule_set)


def _bounds(rule_set: RuleSet) -> Findings:
    if not rule_set.name.strip():
        yield "name", "规则没有名称。", "请填写名称，如 老年人优待证补发。"
    for name, text in (("name", rule_set.name), ("note", rule_set.note)):
        if len(text) > MOST_WORDS:
            yield name, f"文字有 {len(text)} 个字。", f"请缩短到 {MOST_WORDS} 个字以内。"
    if not rule_set.facts:
        yield "facts", "没有声明任何事实。", "请先声明规则要看的事实。"
    if not rule_set.rows:
        yield "rows", "没有任何一行规则。", "请至少写一行。"
    for name, held, most, noun in (
        ("facts", len(rule_set.facts), MOST_FACTS, "个事实"),
        ("rows", len(rule_set.rows), MOST_ROWS, "行"),
        ("tests", len(rule_set.tests), MOST_TESTS, "个测试行"),
    ):
        if held > most:
            yield name, f"有 {held} {noun}。", f"最多 {most} {noun}，请合并或拆成几个事项。"
    if len(rule_set.facts) * len(rule_set.rows) > MOST_CELLS:
        yield "rows", "行数乘以事实数太大。", f"最多 {MOST_CELLS} 个格子，请合并行。"


def _fact(place: str, fact: Fact) -> Findings:
    if not NAME.fullmatch(fact.name):
        yield (
            f"{place}.name",
            f"“{fact.name}”不能作标识。" if fact.name else "事实没有标识。",
            "请用小写英文字母、数字和下划线，以字母开头。",
        )
    if not fact.label.strip() or len(fact.label) > MOST_WORDS:
        yield f"{place}.label", "事实没有中文名称或太长。", "请填写申请人看得懂的名称。"
    if not fact.source.strip():
        yield (
            f"{place}.source",
            "没有写明事实从哪里来。",
            "请选择来源；直接写 YAML 的，如 answer:问题标识。",
        )
    if len(fact.unit) > 20:
        yield f"{place}.unit", "单位太长。", "请缩短到 20 个字以内。"
    yield from _options(place, fact)
    if fact.compared_as is not FactKind.NUMBER and (
        fact.minimum is not None or fact.maximum is not None
    ):
        yield f"{place}.minimum", "只有数字才有最小值和最大值。", "请去掉。"
    limits = [one for one in (fact.minimum, fact.maximum) if one is not None]
    if not all(math.isfinite(one) and abs(one) <= MOST_NUMBER for one in limits):
        yield f"{place}.minimum", "最小值或最大值不是可用的数字。", "请填写普通的数字。"
    elif len(limits) == 2 and limits[0] > limits[1]:
        yield f"{place}.minimum", "最小值大于最大值。", "请更正。"
    if fact.whole and fact.kind is not FactKind.NUMBER:
        yield f"{place}.whole", "只有数字才能要求整数。", "请去掉“只收整数”。"
    if fact.measure is not Measure.DAY and fact.kind is not FactKind.DATE:
        yield f"{place}.measure", "只有日期才能按天数或年数比较。", "请选“日期本身”。"
    if fact.future and fact.kind is not FactKind.DATE:
        yield f"{place}.future", "只有日期才能晚于申请日。", "请去掉。"
    elif fact.future and fact.measure is not Measure.DAY:
        yield f"{place}.future", "按天数或年数比较的日期不能晚于申请日。", "请去掉其中一个。"


def _options(place: str, fact: Fact) -> Findings:
    values = [one.value for one in fact.options]
    if (fact.kind is FactKind.CHOICE) != bool(values):
        yield f"{place}.options", "选项与类型不符。", "类型为选项的须列出选项，其他类型不列。"
    if len(set(values)) != len(values):
        yield f"{place}.options", "选项的值有重复。", "请去掉重复的。"
    if len(values) > MOST_VALUES:
        yield f"{place}.options", "选项太多。", f"最多 {MOST_VALUES} 个。"
    for one in fact.options:
        if not one.value or len(one.value) > MOST_WORDS or not one.label.strip():
            yield f"{place}.options", "选项没有值或没有显示的文字。", "请补上。"


def _row(place: str, row: Row, rule_set: RuleSet) -> Findings:
    if not NAME.fullmatch(row.id):
        yield f"{place}.id", f"“{row.id}”不能作行号。", "请用小写英文字母和数字，如 r1。"
    if not row.reason.strip():
        yield f"{place}.reason", "没有写理由。", "请写明准予的依据，或者为什么要人工办理。"
    if len(row.reason) > MOST_WORDS:
        yield f"{place}.reason", "理由太长。", f"请缩短到 {MOST_WORDS} 个字以内。"
    if len(row.cells) != len(rule_set.facts):
        yield (
            place,
            f"有 {len(row.cells)} 个格子，而事实有 {len(rule_set.facts)} 个。",
            "每个事实一格，不限的写“不限”。",
        )
        return
    for fact, cell in zip(rule_set.facts, row.cells, strict=True):
        for message, remedy in _cell(fact, cell):
            yield f"{place}.{fact.name}", f"“{fact.label}”一格：{message}", remedy


def _cell(fact: Fact, cell: Cell) -> Iterator[tuple[str, str]]:
    kind = fact.compared_as
    if cell.op not in OPS[kind]:
        yield f"{kind.label}不能用“{cell.op.label}”比较。", "请换一种比较。"
        return
    if cell.op in {CellOp.KNOWN, CellOp.UNKNOWN} and not fact.optional:
        yield "这个事实必须有值。", "只有声明为可以没有值的事实才能这样比较。"
    if cell.op in WITHOUT_VALUE:
        if cell.values:
            yield f"“{cell.op.label}”不带值。", "请去掉值，或者换一种比较。"
        return
    if not cell.values:
        yield f"“{cell.op.label}”没有值。", "请填写要比较的值。"
        return
    if len(cell.values) > MOST_VALUES:
        yield "值太多。", f"最多 {MOST_VALUES} 个。"
    if cell.op not in SEVERAL and len(cell.values) != 1:
        yield f"“{cell.op.label}”只能带一个值。", "请只留一个，几个值用“属于”。"
    for value in cell.values:
        if remedy := _misfit(fact, value):
            yield f"“{value}”不是这个事实的值。", remedy
            return
    if cell.op is CellOp.BETWEEN:
        if len(cell.values) != 2:
            yield "“介于”须带两个值。", "请填写起点和终点。"
        elif cell.values[0] > cell.values[1]:  # type: ignore[operator]  # both fit the fact
            yield "起点大于终点。", "请更正。"


def _misfit(fact: Fact, value: Value) -> str:
    """Return what a value of `fact` looks like; empty when `value` is one."""
    kind = fact.compared_as
    if kind is FactKind.YES_NO:
        return "" if isinstance(value, bool) else "请填 是 或 否。"
    if kind is FactKind.DATE:
        plain = isinstance(value, date) and not isinstance(value, datetime)
        return "" if plain else "请按 2026-01-31 的样式填写。"
    if kind is FactKind.NUMBER:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return "请填数字。"
        if not math.isfinite(value) or abs(value) > MOST_NUMBER:
            return "请填普通的数字。"
        if fact.in_wholes and not float(value).is_integer():
            return "请填整数。"
        lowest = 0 if fact.kind is FactKind.DATE else fact.minimum  # counted since a past day
        if lowest is not None and value < lowest:
            return f"该事实最小为 {lowest:g}，请填不小于 {lowest:g} 的数。"
        if fact.maximum is not None and value > fact.maximum:
            return f"该事实最大为 {fact.maximum:g}，请填不大于 {fact.maximum:g} 的数。"
        return ""
    if not isinstance(value, str) or not value.strip() or len(value) > MOST_TEXT:
        return "请填文字。"
    if value != value.strip():
        return "请去掉前后的空格。"
    if kind is FactKind.CHOICE and value not in {one.value for one in fact.options}:
        return f"请从 {'、'.join(one.label for one in fact.options)} 中选。"
    return ""
