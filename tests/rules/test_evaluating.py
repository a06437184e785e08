"""A table grants only on what it knows, and says how it came there."""

from __future__ import annotations

import math
import pickle
import time
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

import pytest

from tests.rules.tables import AGE, ALIVE, HOME, card, cell, row, table
from yiwang.rules.policy.parts import MOST_CELLS, MOST_FACTS, MOST_TEXT, MOST_VALUES
from yiwang.rules.policy.tables import (
    ANY,
    Fact,
    FactKind,
    Measure,
    RuleOutcome,
    evaluate,
    nearest_grant,
    verdict_to_plain,
)

GRANT, HAND_OVER = RuleOutcome.GRANT, RuleOutcome.HAND_OVER
GOOD = {"age": 72, "home": "here", "alive": True}
TODAY = date(2026, 11, 25)
BORN = Fact(name="born", label="出生日期", kind=FactKind.DATE, source="register:person.born_on")


def test_the_first_row_that_holds_decides():
    verdict = evaluate(card(), GOOD)
    assert (verdict.outcome, verdict.row_id) == (GRANT, "old")
    assert verdict.reason == "年满六十周岁的本市户籍老人"


def test_a_row_before_it_takes_the_case_away():
    verdict = evaluate(card(), GOOD | {"alive": False})
    assert (verdict.outcome, verdict.row_id) == (HAND_OVER, "dead")


def test_the_path_names_the_first_failing_cell_of_each_row_and_all_cells_of_the_last():
    verdict = evaluate(card(), GOOD)
    assert verdict.sentences == (
        "第 1 行：“在世”为是，要求“为‘否’”，不符合。",
        "第 2 行：“年龄”为 72 岁，要求“不小于 60 岁”，符合。",
        "第 2 行：“户籍”为本市，要求“是本市”，符合。",
        "第 2 行：“在世”不限。",
    )


def test_where_no_row_holds_a_person_does():
    rules = table(row("r1", cell("ge", 60), ANY, ANY))
    verdict = evaluate(rules, GOOD | {"age": 59})
    assert (verdict.outcome, verdict.row_id) == (HAND_OVER, "")
    assert "没有一行规则" in verdict.reason


@pytest.mark.parametrize(
    ("fact", "value", "why"),
    [
        ("age", None, "“年龄”没有值。"),
        ("age", "  ", "“年龄”没有值。"),
        ("age", "七十二", "“年龄”不是数字。"),
        ("age", "72", "“年龄”不是数字。"),
        ("age", True, "“年龄”不是数字。"),
        ("age", [72], "“年龄”不是数字。"),
        ("age", math.nan, "“年龄”不是可用的数字。"),
        ("age", Decimal("NaN"), "“年龄”不是可用的数字。"),
        ("age", Decimal("sNaN"), "“年龄”不是可用的数字。"),
        ("age", math.inf, "“年龄”不是可用的数字。"),
        ("age", 10**400, "“年龄”不是可用的数字。"),
        ("age", 72.5, "“年龄”不是整数。"),
        ("age", -1, "“年龄”低于可能的最小值。"),
        ("age", 121, "“年龄”超过可能的最大值。"),
        ("home", "本市", "“户籍”不在所列选项中。"),
        ("home", ("here",), "“户籍”不是选项。"),
        ("alive", "true", "“在世”不是“是”或“否”。"),
        ("alive", 1, "“在世”不是“是”或“否”。"),
    ],
)
def test_what_cannot_be_used_goes_to_a_person_with_the_fact_named(
    fact: str, value: object, why: str
):
    verdict = evaluate(card(), GOOD | {fact: value})
    assert verdict.outcome is HAND_OVER
    assert [one.sentence for one in verdict.refused_facts] == [why]
    assert verdict.row_id == ""


def test_every_fact_that_cannot_be_used_is_named():
    verdict = evaluate(card(), {})
    assert [one.name for one in verdict.refused_facts] == ["age", "home", "alive"]


def test_facts_that_the_table_does_not_declare_are_not_looked_at():
    assert evaluate(card(), GOOD | {"grant": True, "年龄": 5}).row_id == "old"


@pytest.mark.parametrize(
    ("value", "outcome", "why"),
    [
        (date(1966, 11, 25), GRANT, ""),
        ("1966-11-25", GRANT, ""),
        (date(1966, 11, 26), HAND_OVER, ""),
        (date(2026, 11, 26), HAND_OVER, "“出生日期”晚于申请日。"),
        ("1966-02-30", HAND_OVER, "“出生日期”不是日期。"),
        ("19661125", HAND_OVER, "“出生日期”不是日期。"),
        (datetime(1966, 11, 25), HAND_OVER, "“出生日期”不是日期。"),
        (-5, HAND_OVER, "“出生日期”不是日期。"),
    ],
)
def test_full_years_count_to_the_day_of_the_application(
    value: object, outcome: RuleOutcome, why: str
):
    rules = table(row("r1", cell("ge", 60)), facts=(replace(BORN, measure=Measure.YEARS),))
    verdict = evaluate(rules, {"born": value}, on=TODAY)
    assert verdict.outcome is outcome
    assert "".join(one.sentence for one in verdict.refused_facts) == why


def test_born_on_a_leap_day_is_a_year_older_on_the_first_of_march():
    rules = table(row("r1", cell("ge", 60)), facts=(replace(BORN, measure=Measure.YEARS),))
    born = {"born": date(1964, 2, 29)}
    assert evaluate(rules, born, on=date(2023, 3, 1)).outcome is HAND_OVER
    assert evaluate(rules, born, on=date(2024, 2, 29)).outcome is GRANT
    assert evaluate(rules, {"born": date(1968, 2, 29)}, on=date(2027, 12, 31)).outcome is HAND_OVER
    assert evaluate(rules, {"born": date(1967, 2, 28)}, on=date(2027, 2, 28)).outcome is GRANT


def test_days_are_counted_and_compared_as_days():
    ends = Fact(name="ends", label="到期日", kind=FactKind.DATE, source="answer:ends", future=True)
    rules = table(row("r1", cell("between", date(2027, 1, 1), date(2027, 12, 31))), facts=(ends,))
    assert evaluate(rules, {"ends": "2027-12-31"}).outcome is GRANT
    assert evaluate(rules, {"ends": "2028-01-01"}).outcome is HAND_OVER
    counted = replace(BORN, name="left", label="离职日期", measure=Measure.DAYS)
    rules = table(row("r1", cell("le", 60)), facts=(counted,))
    assert evaluate(rules, {"left": "2026-09-26"}, on=TODAY).outcome is GRANT
    assert evaluate(rules, {"left": "2026-09-25"}, on=TODAY).outcome is HAND_OVER


def test_a_day_without_the_day_of_the_application_is_not_trusted():
    rules = table(row("r1", cell("le", date(2030, 1, 1))), facts=(BORN,))
    verdict = evaluate(rules, {"born": date(2000, 1, 1)})
    assert [one.sentence for one in verdict.refused_facts] == [
        "“出生日期”是日期，而没有申请日可以对照。"
    ]


def test_a_grant_never_rests_on_an_unknown_that_its_row_does_not_name():
    phone = replace(HOME, optional=True)
    rules = table(row("r1", cell("ge", 60), ANY), facts=(AGE, phone))
    silent = evaluate(rules, {"age": 70})
    assert silent.outcome is HAND_OVER
    assert silent.sentences == ("第 1 行：“户籍”没有值，本行没有写明没有值也可以，不符合。",)
    named = table(row("r1", cell("ge", 60), cell("unknown")), facts=(AGE, phone))
    assert evaluate(named, {"age": 70}).outcome is GRANT
    assert evaluate(named, {"age": 70, "home": "here"}).outcome is HAND_OVER
    assert evaluate(named, {"age": 70, "home": "elsewhere"}).refused_facts[0].name == "home"


@pytest.mark.parametrize("op", ["ne", "not_in", "eq", "in", "known"])
def test_an_unknown_value_holds_no_comparison(op: str):
    phone = replace(HOME, optional=True)
    only = cell(op) if op == "known" else cell(op, "here")
    for grant in (True, False):
        rules = table(row("r1", only, grant=grant), facts=(phone,))
        assert evaluate(rules, {}).row_id == ""


def test_texts_are_compared_by_beginning_and_as_a_whole():
    text = Fact(name="place", label="地址", kind=FactKind.TEXT, source="register:person.address")
    rules = table(row("r1", cell("prefix", "上海市嘉定区", "嘉定区")), facts=(text,))
    assert evaluate(rules, {"place": " 嘉定区塔城路 "}).outcome is GRANT
    assert evaluate(rules, {"place": "上海市"}).outcome is HAND_OVER
    assert evaluate(rules, {"place": "嘉定区" + "x" * 500}).refused_facts[0].why == "文字太长"


@pytest.mark.parametrize(
    "rules",
    [
        table(),
        table(row("r1", ANY)),
        table(row("r1", cell("gt", 1), cell("gt", "here"), ANY)),
        table(row("r1", cell("ge", "60"), ANY, ANY)),
        table(row("r1", cell("ge", math.nan), ANY, ANY)),
        table(row("r1", ANY, ANY, ANY), row("r1", ANY, ANY, ANY)),
        table(row("r1", ANY, ANY), facts=(AGE, AGE)),
        table(*(row(f"r{n}", ANY, ANY, ANY) for n in range(101))),
    ],
)
def test_an_unsound_table_hands_everything_over(rules):
    verdict = evaluate(rules, GOOD)
    assert verdict.outcome is HAND_OVER
    assert "规则本身有问题" in verdict.reason


def test_the_largest_table_that_may_be_written_ends_and_looks_at_no_cell_twice():
    texts = tuple(f"{n:03}" + "字" * (MOST_TEXT - 3) for n in range(MOST_VALUES))
    facts = tuple(
        Fact(name=f"f{n}", label=f"事实{n}", kind=FactKind.TEXT, source="answer:x")
        for n in range(MOST_FACTS)
    )
    holds, fails = cell("not_in", *texts), cell("in", *texts)
    rows = [
        row(f"r{n}", *[holds] * (MOST_FACTS - 1), fails) for n in range(MOST_CELLS // MOST_FACTS)
    ]
    told = {fact.name: "别" * MOST_TEXT for fact in facts}
    began = time.perf_counter()

    verdict = evaluate(table(*rows, facts=facts), told)

    assert time.perf_counter() - began < 2
    assert verdict.outcome is HAND_OVER
    looked_at = [(one.row_id, one.fact) for one in verdict.path]
    assert 0 < len(looked_at) == len(set(looked_at)) <= MOST_CELLS


def test_a_verdict_is_kept_as_plain_values():
    plain = verdict_to_plain(evaluate(card(), GOOD))
    assert (plain["outcome"], plain["row"]) == ("grant", "old")
    assert plain["path"][1] == {
        "row": "old",
        "number": 2,
        "fact": "age",
        "label": "年龄",
        "value": "72 岁",
        "passed": True,
        "sentence": "“年龄”为 72 岁，要求“不小于 60 岁”，符合。",
    }
    refused = verdict_to_plain(evaluate(card(), GOOD | {"age": None}))
    assert refused["refused_facts"] == [{"fact": "age", "label": "年龄", "why": "没有值"}]


def test_a_table_that_ran_is_still_copied_and_equal():
    rules = card()
    evaluate(rules, GOOD)
    assert pickle.loads(pickle.dumps(rules)) == rules == card()  # noqa: S301
    assert ALIVE in rules.facts


def test_the_nearest_grant_is_the_row_that_fails_in_the_fewest_cells():
    rules = table(
        row("far", cell("ge", 80), cell("eq", "away"), ANY),
        row("near", cell("ge", 60), cell("eq", "here"), ANY),
        row("as_near", cell("ge", 70), cell("eq", "here"), ANY),
    )

    near = nearest_grant(rules, GOOD | {"age": 59})

    assert near is not None
    assert (near.row_id, [one.fact.name for one in near.lacking]) == ("near", ["age"])


def test_a_grant_that_a_row_before_took_away_lacks_nothing():
    near = nearest_grant(card(), GOOD | {"alive": False})

    assert near is not None
    assert (near.row_id, near.lacking) == ("old", ())


def test_a_fact_that_may_be_missing_and_is_counts_as_lacking():
    rules = table(row("any", ANY, ANY, ANY), facts=(replace(AGE, optional=True), HOME, ALIVE))

    near = nearest_grant(rules, {"home": "here", "alive": True})

    assert near is not None
    assert [one.fact.name for one in near.lacking] == ["age"]


def test_without_a_granting_row_or_a_usable_fact_nothing_is_near():
    handing = table(row("all", ANY, ANY, ANY, grant=False))

    assert nearest_grant(handing, GOOD) is None
    assert nearest_grant(card(), GOOD | {"age": "old"}) is None
    assert nearest_grant(table(row("bad", cell("prefix", 3), ANY, ANY)), GOOD) is None
