"""A table as a lawyer writes it reads back the same, and a slip is told with its place."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import yaml

from tests.rules.tables import AGE, card, cell, row, table
from yiwang.rules.policy.soundness import unsound
from yiwang.rules.policy.tables import (
    ANY,
    Cell,
    Fact,
    FactKind,
    Given,
    Measure,
    RuleFormatError,
    RuleOutcome,
    TestRow,
    rules_from_plain,
    rules_to_plain,
)

WRITTEN = """
name: 老年人优待证补发
note: 自 2026-12-01 起用
facts:
  - {name: age, label: 年龄, kind: number, source: check:population.age, unit: 岁, whole: true}
  - {name: home, label: 户籍, kind: choice, source: answer:home,
     options: {here: 本市, away: 外省市}}
  - {name: lost, label: 遗失日期, kind: date, source: answer:lost_on, measure: days}
  - {name: street, label: 街镇, kind: text, source: answer:street, optional: true}
  - {name: alive, label: 在世, kind: yes_no, source: answer:alive}
rows:
  - {id: r1, when: {alive: false}, outcome: hand_over, reason: 已去世}
  - {id: r2, when: {age: ≥ 60, home: here, lost: 0 至 30}, outcome: grant, reason: 老人}
  - {id: r3, when: {age: ">= 80", home: {not_in: [away]}}, outcome: 准予, reason: 高龄}
  - {id: r4, when: {street: {prefix: [安亭, 江桥]}, age: [60, 61]}, outcome: grant, reason: 试点}
  - {id: r5, cells: ["60..64", [here, away], "-", {unknown: true}, 不限],
     outcome: 转人工, reason: 核实}
  - {id: rest, outcome: hand_over, reason: 其他}
tests:
  - {name: 老人, day: 2026-12-01, facts: {age: 70, home: here, lost: 2026-11-20, alive: true},
     expect: grant, row: r2}
  - {name: 没有年龄, facts: {age: null, home: here}, expect: hand_over}
"""


def test_a_table_is_read_as_a_lawyer_writes_it():
    rules = rules_from_plain(yaml.safe_load(WRITTEN))
    assert unsound(rules) == []
    assert rules.rows[1].cells == (
        cell("ge", 60),
        cell("eq", "here"),
        cell("between", 0, 30),
        ANY,
        ANY,
    )
    assert rules.rows[2].cells[:2] == (cell("ge", 80), cell("not_in", "away"))
    assert rules.rows[4].cells == (
        cell("between", 60, 64),
        cell("in", "here", "away"),
        ANY,
        cell("unknown"),
        ANY,
    )
    assert rules.rows[5].otherwise
    assert rules.tests[0].on == date(2026, 12, 1)
    assert rules.tests[1].given[0] == Given(fact="age", value=None)


def test_a_table_written_out_reads_back_the_same():
    rules = rules_from_plain(yaml.safe_load(WRITTEN))
    plain = rules_to_plain(rules)
    assert rules_from_plain(plain) == rules
    assert rules_from_plain(yaml.safe_load(yaml.safe_dump(plain, allow_unicode=True))) == rules
    assert plain["rows"][1]["when"] == {"age": "≥ 60", "home": "here", "lost": "0 至 30"}


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (60, cell("eq", 60)),
        ("60", cell("eq", 60)),
        ("60.5", cell("eq", 60.5)),
        ("≥60", cell("ge", 60)),
        ("不小于 60", cell("ge", 60)),
        ("<= -1.5", cell("le", -1.5)),
        ("> 3", cell("gt", 3)),
        ("小于3", cell("lt", 3)),
        ("!= 3", cell("ne", 3)),
        ("60..64", cell("between", 60, 64)),
        ("60 到 64", cell("between", 60, 64)),
        ([60, 61], cell("in", 60, 61)),
        ({"ge": 60}, cell("ge", 60)),
        ({"between": [60, 64]}, cell("between", 60, 64)),
        ({"any": True}, ANY),
    ],
)
def test_a_number_may_be_compared_in_several_ways_of_writing(written: object, read: Cell):
    plain = rules_to_plain(table(row("r1", ANY), facts=(AGE,)))
    plain["rows"][0]["when"] = {"age": written}
    assert rules_from_plain(plain).rows[0].cells == (read,)


def _broken(**changes: Any) -> dict[str, Any]:
    plain = rules_to_plain(card())
    row_changes = changes.pop("row", {})
    plain["rows"][1] |= row_changes
    return plain | changes


@pytest.mark.parametrize(
    ("plain", "words"),
    [
        ([], "（规则）：应为“键: 值”的结构。"),
        ("x", "应为“键: 值”的结构。"),
        (_broken(fact=1), "fact：不认识这个键。是否为 facts？"),
        (_broken(facts=3), "facts：应为列表。"),
        (_broken(facts=["age"]), "facts[0]：应为“键: 值”的结构。"),
        (_broken(rows={"a": 1}), "rows：应为列表。"),
        (_broken(row={"when": {"agee": 1}}), "rows[1].when.agee：不认识这个键。是否为 age？"),
        (_broken(row={"when": {"age": "老"}}), "rows[1].when.age：“老”不是“年龄”的值。请填写数字"),
        (_broken(row={"when": {"age": "≥ 六十"}}), "“六十”不是“年龄”的值。"),
        (_broken(row={"when": {"age": [[1]]}}), "“[1]”不是“年龄”的值。"),
        (_broken(row={"when": {"age": {"ge": 1, "le": 2}}}), "一格只能有一种比较。"),
        (_broken(row={"when": {"age": {"run": "import os"}}}), "“run”不是可选的值。"),
        (_broken(row={"when": {"age": {"known": 3}}}), "后面应写 true"),
        (_broken(row={"outcome": "refuse"}), "rows[1].outcome：“refuse”不是可选的值。"),
        (
            _broken(row={"outcome": None}),
            "请从这些值中选一个：grant（准予）",
        ),
        (_broken(row={"reason": 3}), "rows[1].reason：“3”的类型不对。"),
        (_broken(row={"cells": ["-"]}), "rows[1].cells：有 1 个格子，而事实有 3 个。"),
        (_broken(tests=[{"name": "t", "expect": "grant", "facts": {"x": 1}}]), "tests[0].facts.x"),
        (_broken(tests=[{"name": "t", "expect": "grant", "day": "今天"}]), "“今天”不是日期。"),
        (_broken(tests=[{"name": "t", "expect": "grant", "facts": {"age": [1]}}]), "不是一个值"),
    ],
)
def test_a_slip_is_told_with_its_place_and_remedy(plain: object, words: str):
    with pytest.raises(RuleFormatError) as caught:
        rules_from_plain(plain)
    assert words in str(caught.value)


def test_the_place_begins_where_the_table_stands():
    with pytest.raises(RuleFormatError) as caught:
        rules_from_plain(_broken(row={"outcome": "no"}), place="auto_rules")
    assert caught.value.problems[0].place == "auto_rules.rows[1].outcome"


HELD = Fact(
    name="held",
    label="持证",
    kind=FactKind.DATE,
    source="answer:held",
    measure=Measure.YEARS,
)


def test_the_ends_of_what_is_possible_may_be_asked_for():
    for value in (0, 120):
        assert not unsound(table(row("r1", cell("ge", value), ANY, ANY)))
    assert not unsound(table(row("r1", cell("ge", 0)), facts=(HELD,)))


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        (table(row("R 1", ANY, ANY, ANY)), "“R 1”不能作行号。"),
        (table(row("r1", ANY, ANY, ANY, reason=" ")), "没有写理由。"),
        (table(row("r1", cell("ge", 61, 62), ANY, ANY)), "只能带一个值"),
        (table(row("r1", cell("between", 64, 60), ANY, ANY)), "起点大于终点"),
        (table(row("r1", cell("ge", 60.5), ANY, ANY)), "请填整数"),
        (table(row("r1", cell("ge", -5), ANY, ANY)), "最小为 0，请填不小于 0 的数"),
        (table(row("r1", cell("between", 60, 150), ANY, ANY)), "最大为 120，请填不大于 120 的数"),
        (table(row("r1", cell("ge", -1)), facts=(HELD,)), "最小为 0，请填不小于 0 的数"),
        (table(row("r1", ANY, cell("eq", "there"), ANY)), "请从 本市、外省市 中选"),
        (table(row("r1", ANY, ANY, cell("ne", True))), "是否不能用“不等于”比较"),
        (table(row("r1", cell("unknown"), ANY, ANY)), "这个事实必须有值"),
        (table(row("r1", cell("any", 3), ANY, ANY)), "“不限”不带值"),
        (table(row("r1", cell("in"), ANY, ANY)), "“属于”没有值"),
    ],
)
def test_what_no_table_may_say_is_told_in_a_sentence(rules, words: str):
    assert words in "".join(one.sentence for one in unsound(rules))


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"name": "年龄"}, "“年龄”不能作标识"),
        ({"label": ""}, "没有中文名称"),
        ({"source": ""}, "没有写明事实从哪里来"),
        ({"options": ()}, "选项与类型不符"),
        (
            {"kind": FactKind.NUMBER, "options": (), "minimum": 3.0, "maximum": 2.0},
            "最小值大于最大值",
        ),
        ({"whole": True}, "只有数字才能要求整数"),
        ({"measure": Measure.YEARS}, "只有日期才能按天数或年数比较"),
        ({"future": True}, "只有日期才能晚于申请日"),
        ({"minimum": 1.0}, "只有数字才有最小值和最大值"),
    ],
)
def test_what_no_fact_may_be_is_told_in_a_sentence(more: dict[str, Any], words: str):
    given = {
        "name": "home",
        "label": "户籍",
        "kind": FactKind.CHOICE,
        "source": "answer:home",
        "options": card().facts[1].options,
    }
    rules = table(row("r1", ANY), facts=(Fact(**given | more),))
    assert words in "".join(one.sentence for one in unsound(rules))


def test_a_test_row_may_hold_what_no_fact_should():
    plain = _broken(tests=[{"name": "t", "expect": "hand_over", "facts": {"age": "很老"}}])
    assert rules_from_plain(plain).tests == (
        TestRow(name="t", given=(Given(fact="age", value="很老"),), expect=RuleOutcome.HAND_OVER),
    )
