"""What changed between two tables is told in sentences."""

from __future__ import annotations

from dataclasses import replace

from tests.rules.tables import AGE, card, cell
from yiwang.rules.policy.tables import ANY, Given, RuleOutcome, TestRow, rule_differences
from yiwang.rules.policy.wording import source_of

OLD = TestRow(name="老人", given=(Given(fact="age", value=70),), expect=RuleOutcome.GRANT)


def test_the_same_table_has_no_differences():
    assert rule_differences(card(), card()) == []


def test_a_changed_cell_outcome_and_reason_are_told_with_both_sides():
    old = card()
    row = replace(
        old.rows[1],
        cells=(cell("ge", 65), ANY, ANY),
        outcome=RuleOutcome.HAND_OVER,
        reason="须核实",
    )
    new = replace(old, rows=(old.rows[0], row, old.rows[2]))

    assert rule_differences(old, new) == [
        "第 2 行（old）“年龄”由“不小于 60 岁”改为“不小于 65 岁”。",
        "第 2 行（old）“户籍”由“是本市”改为“不限”。",
        "第 2 行（old）结果由“准予”改为“转人工”。",
        "第 2 行（old）理由由“年满六十周岁的本市户籍老人”改为“须核实”。",
    ]


def test_rows_added_removed_and_moved_are_told():
    old = card()
    added = replace(old.rows[1], id="very_old", cells=(cell("ge", 90), ANY, ANY))
    new = replace(old, rows=(old.rows[1], added, old.rows[0]))

    told = rule_differences(old, new)
    assert told == [
        "新增第 2 行（very_old）：年龄不小于 90 岁：准予（年满六十周岁的本市户籍老人）。",
        "删去原第 3 行（rest）：其他情形：转人工（不符合自动准予的情形）。",
        "行的先后由 dead、old 改为 old、dead，先符合的行先作决定。",
    ]


def test_facts_tests_and_words_are_told():
    old = replace(card(), tests=(OLD,))
    new = replace(
        old,
        name="新表",
        facts=(replace(AGE, maximum=130), *old.facts[1:]),
        tests=(replace(OLD, name="新的"),),
    )

    assert rule_differences(old, new) == [
        "名称由“表”改为“新表”。",
        "事实由“年龄（数字，最小 0，最大 120，整数，单位 岁，来源 人口库：周岁年龄）”"
        "改为“年龄（数字，最小 0，最大 130，整数，单位 岁，来源 人口库：周岁年龄）”。",
        "新增或修改测试行：新的，应为准予。",
        "删去测试行：老人，应为准予。",
    ]


def test_two_questions_that_are_called_alike_are_told_apart():
    old = card()
    asked = replace(AGE, source="answer:age")
    old = replace(old, facts=(asked, *old.facts[1:]))
    new = replace(old, facts=(replace(asked, source="answer:age_now"), *old.facts[1:]))

    (told,) = rule_differences(old, new)

    assert "来源 申请人填写：年龄）（answer:age）”改为" in told
    assert told.endswith("（answer:age_now）”。")


def test_a_source_is_said_in_words():
    held = replace(AGE, label="持有敬老卡", source="check:licences.senior_card")

    assert source_of(held) == "电子证照库：持有敬老卡"
    assert source_of(replace(AGE, source="register:person.born_on")) == "登记库：出生日期"
    assert source_of(replace(AGE, source="case:received_on")) == "办件本身：申请日"
    assert source_of(replace(AGE, source="gossip")) == "来源不明：gossip"
