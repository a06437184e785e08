"""What changed between two decision tables, in sentences a lawyer reads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from yiwang.rules.policy.parts import ANY, Fact, Row, RuleSet, TestRow
from yiwang.rules.policy.wording import cell_words, fact_words, inner, row_words, test_words


def rule_differences(old: RuleSet, new: RuleSet) -> list[str]:
    """Return the differences between two tables, one sentence each; empty: there are none."""
    if old == new:
        return []
    return list(_differences(old, new)) or ["规则的写法有改动，内容相同。"]


def _differences(old: RuleSet, new: RuleSet) -> Iterator[str]:
    for label, before, after in (("名称", old.name, new.name), ("说明", old.note, new.note)):
        if before != after:
            yield f"{label}由“{before}”改为“{after}”。"
    yield from _facts(old, new)
    yield from _rows(old, new)
    yield from _tests(old.tests, new.tests)


def _facts(old: RuleSet, new: RuleSet) -> Iterator[str]:
    before = {fact.name: fact for fact in old.facts}
    after = {fact.name: fact for fact in new.facts}
    for name, fact in after.items():
        if name not in before:
            yield f"新增事实：{fact_words(fact)}。"
        elif fact != before[name]:
            yield _changed(before[name], fact)
    for name, fact in before.items():
        if name not in after:
            yield f"删去事实：{fact_words(fact)}。"
    if _order(before, after):
        yield "事实的顺序有调整。"


def _changed(before: Fact, after: Fact) -> str:
    was, now = fact_words(before), fact_words(after)
    if was == now:  # two questions may be called alike
        was, now = f"{was}（{before.source}）", f"{now}（{after.source}）"
    return f"事实由“{was}”改为“{now}”。"


def _rows(old: RuleSet, new: RuleSet) -> Iterator[str]:
    before = {row.id: (index, row) for index, row in enumerate(old.rows, start=1)}
    after = {row.id: (index, row) for index, row in enumerate(new.rows, start=1)}
    for name, (index, row) in after.items():
        if name not in before:
            yield f"新增第 {index} 行（{name}）：{row_words(new, row)}"
        else:
            yield from _row(old, new, before[name][1], row, index)
    for name, (index, row) in before.items():
        if name not in after:
            yield f"删去原第 {index} 行（{name}）：{row_words(old, row)}"
    kept = [name for name in after if name in before]
    was = [name for name in before if name in after]
    if kept != was:
        yield f"行的先后由 {'、'.join(was)} 改为 {'、'.join(kept)}，先符合的行先作决定。"


def _row(old: RuleSet, new: RuleSet, before: Row, after: Row, index: int) -> Iterator[str]:
    was = _cells(old, before)
    now = _cells(new, after)
    for name, (fact, cell) in now.items():
        earlier = was.get(name, (fact, ANY))
        if cell_words(*earlier) != cell_words(fact, cell):
            yield (
                f"第 {index} 行（{after.id}）“{fact.label}”"
                f"由“{inner(cell_words(*earlier))}”改为“{inner(cell_words(fact, cell))}”。"
            )
    if before.outcome is not after.outcome:
        yield (
            f"第 {index} 行（{after.id}）结果由“{before.outcome.label}”"
            f"改为“{after.outcome.label}”。"
        )
    if before.reason != after.reason:
        yield f"第 {index} 行（{after.id}）理由由“{before.reason}”改为“{after.reason}”。"


def _cells(rule_set: RuleSet, row: Row) -> dict[str, tuple[Fact, Any]]:
    pairs = zip(rule_set.facts, row.cells, strict=False)
    return {fact.name: (fact, cell) for fact, cell in pairs}


def _tests(old: Sequence[TestRow], new: Sequence[TestRow]) -> Iterator[str]:
    for test in new:
        if test not in old:
            yield f"新增或修改测试行：{test_words(test)}。"
    names = {test.name for test in new}
    for test in old:
        if test not in new and test.name not in names:
            yield f"删去测试行：{test_words(test)}。"


def _order(before: dict[str, Any], after: dict[str, Any]) -> bool:
    return [one for one in before if one in after] != [one for one in after if one in before]
