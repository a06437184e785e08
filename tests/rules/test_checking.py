"""Gaps, contradictions, rows never reached and failing examples are found, and told in words."""

from __future__ import annotations

import itertools
import time
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.rules.tables import AGE, HOME, card, cell, row, table
from yiwang.rules.policy import checking, regions
from yiwang.rules.policy.evaluating import Verdict
from yiwang.rules.policy.soundness import unsound
from yiwang.rules.policy.tables import (
    ANY,
    Cell,
    CellOp,
    Fact,
    FactKind,
    FactOption,
    Given,
    Measure,
    ProblemKind,
    RuleOutcome,
    RuleSet,
    TestRow,
    evaluate,
    problems,
    rules_from_plain,
    rules_to_plain,
)
from yiwang.rules.policy.wording import row_words


def told(rules: RuleSet, kind: ProblemKind) -> list[str]:
    return [one.sentence for one in problems(rules) if one.kind is kind]


def tried(name: str, expect: RuleOutcome, row_id: str = "", **facts: Any) -> TestRow:
    pairs = tuple(Given(fact=fact, value=value) for fact, value in facts.items())
    return TestRow(name=name, given=pairs, expect=expect, row=row_id)


GRANT, HAND_OVER = RuleOutcome.GRANT, RuleOutcome.HAND_OVER


@pytest.mark.parametrize("op", [op for op in CellOp if op is not CellOp.ANY])
@pytest.mark.parametrize("values", [(), (60,), (64, 60), (60, 64, 70)])
def test_a_row_that_is_unsound_is_still_shown_in_words(op: CellOp, values: tuple[int, ...]):
    rules = table(row("r1", Cell(op=op, values=values)), facts=(AGE,))

    assert AGE.label in row_words(rules, rules.rows[0])


def test_a_gap_is_shown_in_words():
    rules = table(
        row("young", cell("lt", 60), ANY, grant=False),
        row("old", cell("ge", 65), ANY),
        row("away", cell("between", 60, 64), cell("eq", "away"), grant=False),
        facts=(AGE, HOME),
    )
    assert told(rules, ProblemKind.GAP) == [
        "年龄 60 至 64 岁 且 户籍是“本市”：没有一行说到。"
        "请补一行；确实都转人工的，最后加一行“其他情形”。"
    ]


def test_a_table_that_says_everything_has_no_gap_or_contradiction():
    rules = replace(card(), tests=(tried("老人", GRANT, "old", age=70, home="here", alive=True),))
    assert problems(rules) == ()


def test_a_row_that_is_never_reached_is_told_with_the_rows_before_it():
    rules = table(
        row("a", cell("ge", 60), ANY),
        row("b", cell("lt", 60), cell("eq", "here")),
        row("c", ANY, cell("eq", "here")),
        row("d", ANY, ANY, grant=False),
        facts=(AGE, HOME),
    )
    assert told(rules, ProblemKind.UNREACHABLE) == [
        "第 3 行（c）永远用不到，前面的第 1 行、第 2 行已经全部说到。请把它移到前面，或者删去。"
    ]


def test_a_cell_that_no_value_fits_is_told():
    rules = table(row("a", cell("gt", 120)), row("b", ANY, grant=False), facts=(AGE,))
    assert told(rules, ProblemKind.UNREACHABLE) == [
        "第 1 行（a）“年龄”一格没有值能符合。请更正这一格，或者删去这一行。"
    ]


def test_a_grant_that_takes_away_a_hand_over_is_a_contradiction():
    rules = table(
        row("old", cell("ge", 60), ANY),
        row("away", ANY, cell("eq", "away"), grant=False, reason="外省市须核实"),
        row("rest", ANY, ANY, grant=False),
        facts=(AGE, HOME),
    )
    assert told(rules, ProblemKind.OVERLAP) == [
        "年龄 60 至 120 岁 且 户籍是“外省市”：第 1 行准予，而第 2 行要转人工（外省市须核实），"
        "先说到的算数。请把第 2 行移到前面，或者把其中一行写窄。"
    ]
    turned = replace(rules, rows=(rules.rows[1], rules.rows[0], rules.rows[2]))
    assert told(turned, ProblemKind.OVERLAP) == []


def test_days_numbers_and_texts_are_put_into_words():
    ends = Fact(name="ends", label="到期日", kind=FactKind.DATE, source="answer:e", future=True)
    rules = table(row("a", cell("ge", date(2027, 1, 1))), facts=(ends,))
    assert "到期日不晚于 2026-12-31：没有一行说到" in told(rules, ProblemKind.GAP)[0]
    area = Fact(name="area", label="面积", kind=FactKind.NUMBER, source="answer:a", unit="平方米")
    rules = table(row("a", cell("lt", 50)), row("b", cell("gt", 80.5)), facts=(area,))
    assert "面积 50 至 80.5 平方米：没有一行说到" in told(rules, ProblemKind.GAP)[0]
    town = Fact(name="town", label="街镇", kind=FactKind.TEXT, source="case:town")
    rules = table(row("a", cell("prefix", "安亭")), row("b", cell("eq", "江桥")), facts=(town,))
    assert "街镇是其他文字：没有一行说到" in told(rules, ProblemKind.GAP)[0]
    since = replace(ends, future=False, measure=Measure.YEARS, label="出生日期")
    rules = table(row("a", cell("ge", 60)), facts=(since,))
    assert "从出生日期到申请日已满的年数 0 至 59 年" in told(rules, ProblemKind.GAP)[0]


def test_a_missing_value_is_a_case_of_its_own():
    phone = replace(HOME, optional=True)
    rules = table(row("a", ANY), facts=(phone,))
    assert "户籍没有值：没有一行说到" in told(rules, ProblemKind.GAP)[0]
    assert told(table(row("a", ANY, grant=False), facts=(phone,)), ProblemKind.GAP) == []


def test_a_failing_example_is_told_with_what_came_out_and_why():
    rules = replace(
        card(),
        tests=(
            tried("五十九岁", GRANT, age=59, home="here", alive=True),
            tried("已去世", HAND_OVER, "rest", age=70, home="here", alive=False),
            tried("没有年龄", GRANT, home="here", alive=True),
            tried("不存在的行", GRANT, "nowhere"),
        ),
    )
    assert told(rules, ProblemKind.TEST) == [
        "测试“五十九岁”应为准予，结果是转人工（第 3 行）：第 3 行：“在世”不限。"
        "请改规则，或者改这个测试行。",
        "测试“已去世”应为转人工（第 3 行），结果是转人工（第 1 行）："
        "第 1 行：“在世”为否，要求“为‘否’”，符合。请改规则，或者改这个测试行。",
        "测试“没有年龄”应为准予，结果是转人工：“年龄”没有值。请改规则，或者改这个测试行。",
        "测试“不存在的行”要求由 nowhere 行决定，而没有这一行。请改成现有的行号，或者留空。",
    ]


def test_a_table_without_examples_is_told_so():
    assert "没有测试行" in told(card(), ProblemKind.TEST)[0]


def test_a_table_too_large_to_check_says_so_in_bounded_time():
    facts = tuple(
        Fact(name=f"f{n}", label=f"事实{n}", kind=FactKind.NUMBER, source="answer:x")
        for n in range(20)
    )
    rows = tuple(
        row(
            f"r{n}",
            *(cell("ne", (n * 7 + m * 3) % 50) for m in range(20)),
            grant=bool(n % 2),
        )
        for n in range(50)
    )
    began = time.perf_counter()
    found = told(table(*rows, facts=facts), ProblemKind.TOO_LARGE)
    assert time.perf_counter() - began < 20
    assert found == [
        "表太复杂，无法查清有没有遗漏和矛盾。请减少事实或不同的取值，或者拆成几个事项。"
    ]


def test_many_gaps_are_counted_after_the_first_ten():
    rules = table(*(row(f"r{n}", cell("eq", n * 2)) for n in range(30)), facts=(AGE,))
    assert len(told(rules, ProblemKind.GAP)) == 1
    wide = table(
        *(row(f"r{n}", cell("eq", n * 3), cell("ne", n)) for n in range(30)),
        facts=(AGE, replace(AGE, name="second", label="第二")),
    )
    gaps = told(wide, ProblemKind.GAP)
    assert len(gaps) == checking.MOST_SHOWN + 1
    assert "没有列出" in gaps[-1]


# what is true of every table, not only of those above


def fact_strategy(name: str) -> st.SearchStrategy[Fact]:
    return st.one_of(
        st.builds(
            Fact,
            name=st.just(name),
            label=st.just(name),
            kind=st.just(FactKind.NUMBER),
            source=st.just("answer:x"),
            whole=st.booleans(),
            optional=st.booleans(),
            minimum=st.sampled_from([None, 0.0, 2.0]),
            maximum=st.sampled_from([None, 4.0, 5.0]),
        ),
        st.builds(
            Fact,
            name=st.just(name),
            label=st.just(name),
            kind=st.just(FactKind.CHOICE),
            source=st.just("answer:x"),
            optional=st.booleans(),
            options=st.just(tuple(FactOption(value=one, label=one) for one in "abc")),
        ),
        st.builds(
            Fact,
            name=st.just(name),
            label=st.just(name),
            kind=st.sampled_from([FactKind.YES_NO, FactKind.TEXT]),
            source=st.just("answer:x"),
            optional=st.booleans(),
        ),
        st.builds(
            Fact,
            name=st.just(name),
            label=st.just(name),
            kind=st.just(FactKind.DATE),
            source=st.just("answer:x"),
            measure=st.sampled_from(Measure),
            optional=st.booleans(),
        ),
    )


TODAY = date(2026, 11, 25)


def value_of(fact: Fact) -> st.SearchStrategy[Any]:
    if fact.compared_as is FactKind.NUMBER:
        return st.integers(0, 5)
    if fact.kind is FactKind.YES_NO:
        return st.booleans()
    if fact.kind is FactKind.CHOICE:
        return st.sampled_from("abc")
    if fact.kind is FactKind.DATE:
        return st.dates(date(2026, 11, 20), date(2026, 11, 28))
    return st.sampled_from(["甲", "甲乙", "甲乙丙", "丁"])


@st.composite
def cells(draw: st.DrawFn, fact: Fact) -> Cell:
    op = draw(st.sampled_from(sorted(CellOp)))
    value = value_of(fact)
    if op in {CellOp.ANY, CellOp.KNOWN, CellOp.UNKNOWN}:
        return Cell(op=op)
    if op is CellOp.BETWEEN:
        return Cell(op=op, values=tuple(sorted([draw(value), draw(value)])))
    if op in {CellOp.IN, CellOp.NOT_IN, CellOp.PREFIX}:
        return Cell(op=op, values=tuple(draw(st.lists(value, min_size=1, max_size=3))))
    return Cell(op=op, values=(draw(value),))


@st.composite
def tables(draw: st.DrawFn) -> RuleSet:
    facts = tuple(draw(fact_strategy(f"f{n}")) for n in range(draw(st.integers(1, 3))))
    rows = []
    for number in range(draw(st.integers(1, 4))):
        chosen = []
        for fact in facts:
            one = draw(cells(fact))
            sound = not unsound(table(row("r", one), facts=(fact,)))
            chosen.append(one if sound else ANY)
        rows.append(row(f"r{number}", *chosen, grant=draw(st.booleans()), reason="因为"))
    return table(*rows, facts=facts)


def samples(fact: Fact) -> list[Any]:
    """Return values that meet every part a small table can be cut into."""
    if fact.kind is FactKind.NUMBER:
        step = 1 if fact.whole else 2
        found: list[Any] = [number / step for number in range(-4 * step, 10 * step)]
        found = [
            one
            for one in found
            if (fact.minimum is None or one >= fact.minimum)
            and (fact.maximum is None or one <= fact.maximum)
        ]
    elif fact.kind is FactKind.CHOICE:
        found = ["a", "b", "c"]
    elif fact.kind is FactKind.YES_NO:
        found = [True, False]
    elif fact.kind is FactKind.DATE and fact.measure is Measure.YEARS:
        found = [date(2026 - years, 1, 1) for years in range(9)]
    elif fact.kind is FactKind.DATE:
        found = [date.fromordinal(TODAY.toordinal() - days) for days in range(10)]
    else:
        found = ["甲", "甲乙", "甲乙丙", "丁", "甲丙", "甲乙丁", "丁丁", "甲乙丙丙", "戊"]
    return [*found, None] if fact.optional else found


def everything(rules: RuleSet) -> list[tuple[dict[str, Any], Verdict]]:
    names = [fact.name for fact in rules.facts]
    cases = itertools.product(*(samples(fact) for fact in rules.facts))
    made = [dict(zip(names, values, strict=True)) for values in cases]
    return [(facts, evaluate(rules, facts, on=TODAY)) for facts in made]


@settings(max_examples=60, deadline=None)
@given(tables())
def test_the_check_finds_what_trying_every_case_finds(rules: RuleSet):
    seen = everything(rules)
    found = problems(rules)
    assert not [one for one in found if one.kind is ProblemKind.UNSOUND]
    future = {fact.name for fact in rules.facts if fact.kind is FactKind.DATE}
    uncovered = [facts for facts, verdict in seen if not verdict.row_id]
    gaps = [one for one in found if one.kind is ProblemKind.GAP]
    if uncovered:
        assert gaps
    if gaps and not future:  # a day after the application is a gap that no case can be
        assert uncovered
    reached = {verdict.row_id for _facts, verdict in seen}
    unreached = {
        rules.rows[int(one.place[5:-1])].id for one in found if one.kind is ProblemKind.UNREACHABLE
    }
    assert not reached & unreached
    if not future:
        assert unreached == {one.id for one in rules.rows} - reached
    overlap = any(one.kind is ProblemKind.OVERLAP for one in found)
    if not future:
        assert overlap == contradicted(rules, seen)
    else:
        assert overlap or not contradicted(rules, seen)


def contradicted(rules: RuleSet, seen: list[tuple[dict[str, Any], Verdict]]) -> bool:
    for facts, verdict in seen:
        if verdict.outcome is RuleOutcome.GRANT:
            number = [one.id for one in rules.rows].index(verdict.row_id)
            for later in rules.rows[number + 1 :]:
                alone = evaluate(replace(rules, rows=(later,)), facts, on=TODAY)
                if alone.row_id and not later.otherwise and later.outcome is HAND_OVER:
                    return True
    return False


@settings(max_examples=60, deadline=None)
@given(tables())
def test_parts_of_a_fact_cover_it_once(rules: RuleSet):
    for domain, fact in zip(regions.domains(rules), rules.facts, strict=True):
        alone = table(
            *(row(f"r{n}", one.cells[rules.facts.index(fact)], grant=False)
              for n, one in enumerate(rules.rows)),
            facts=(fact,),
        )  # fmt: skip
        patterns = {
            tuple(
                bool(evaluate(replace(alone, rows=(one,)), {fact.name: value}, on=TODAY).row_id)
                for one in alone.rows
            )
            for value in samples(fact)
        }
        parts = {
            tuple(
                bool(domain.holding(one.cells[0], RuleOutcome.HAND_OVER) >> index & 1)
                for one in alone.rows
            )
            for index in range(len(domain.parts))
        }
        assert patterns <= parts


values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.dates(),
    st.datetimes(),
    st.decimals(),
    st.binary(max_size=3),
    st.lists(st.integers(), max_size=2),
    st.just(object()),
)


@settings(max_examples=150, deadline=None)
@given(tables(), st.data())
def test_nothing_that_is_thrown_at_a_table_makes_it_raise_or_grant_blindly(
    rules: RuleSet, data: st.DataObject
):
    facts = {fact.name: data.draw(st.one_of(values, value_of(fact))) for fact in rules.facts}
    verdict = evaluate(rules, facts, on=data.draw(st.one_of(st.none(), st.just(TODAY))))
    missing = [fact.name for fact in rules.facts if facts[fact.name] is None]
    needed = [fact.name for fact in rules.facts if not fact.optional and fact.name in missing]
    if needed:
        assert verdict.outcome is RuleOutcome.HAND_OVER
        assert set(needed) <= {one.name for one in verdict.refused_facts}
    if verdict.outcome is RuleOutcome.GRANT:
        row_of = next(one for one in rules.rows if one.id == verdict.row_id)
        for fact, held in zip(rules.facts, row_of.cells, strict=True):
            assert (
                facts[fact.name] is not None
                or held.op is CellOp.UNKNOWN
                or (isinstance(facts[fact.name], str))
            )


@settings(max_examples=100, deadline=None)
@given(tables())
def test_every_table_reads_back_as_it_was_written(rules: RuleSet):
    assert rules_from_plain(rules_to_plain(rules)) == rules
