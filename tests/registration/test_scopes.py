"""A scope is read: what a rule names, what needs nothing, what nobody guesses."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories.registration import RULES, SHOP
from tests.registration.test_notices import pack_file
from yiwang.registration.policy.notices import Stage
from yiwang.registration.policy.parsing import parse
from yiwang.registration.policy.scopes import (
    SCOPE_MAX,
    ScopeRefusedError,
    checked,
    name_of,
    needed,
    read,
    scope_of,
)

DAY = dt.date(2026, 3, 6)
CLOSING = "（除依法须经批准的项目外，凭营业执照依法自主开展经营活动）"
LICENSED = "（依法须经批准的项目，经相关部门批准后方可开展经营活动，具体经营项目以许可证件为准）"


def placed(text: str) -> tuple[dict[str, tuple[str, ...]], tuple[str, ...], tuple[str, ...]]:
    found = read(RULES, text, on=DAY)
    return (
        {one.rule.item: one.phrases for one in found.needed},
        found.general,
        tuple(one.phrase for one in found.unclear),
    )


@pytest.mark.parametrize(
    ("text", "items", "general", "unclear"),
    [
        pytest.param("餐饮服务", {"restaurant": ("餐饮服务",)}, (), (), id="word for word"),
        pytest.param("从事餐饮服务", {"restaurant": ("从事餐饮服务",)}, (), (), id="a verb before"),
        pytest.param(
            "餐饮服务（小型饭店）", {"restaurant": ("餐饮服务（小型饭店）",)}, (), (), id="narrowed"
        ),
        pytest.param("餐饮管理", {}, ("餐饮管理",), (), id="general although it begins alike"),
        pytest.param("餐饮服务咨询", {}, (), ("餐饮服务咨询",), id="more words are not guessed"),
        pytest.param("卖花", {}, (), ("卖花",), id="unknown"),
        pytest.param(
            "食品销售（仅销售预包装食品）",
            {"packed-food": ("食品销售（仅销售预包装食品）",)},
            (),
            (),
            id="the longest words win",
        ),
        pytest.param(
            "食品销售(仅销售预包装食品)",
            {"packed-food": ("食品销售（仅销售预包装食品）",)},
            (),
            (),
            id="half-width brackets",
        ),
        pytest.param(
            "化工产品销售（不含危险化学品经营）",
            {},
            (),
            ("化工产品销售（不含危险化学品经营）",),
            id="what is left out needs nothing",
        ),
        pytest.param(
            "技术服务、技术开发", {}, ("技术服务、技术开发",), (), id="an entry with a comma"
        ),
        pytest.param(
            "餐饮服务、软件开发，卖花",
            {"restaurant": ("餐饮服务",)},
            ("软件开发",),
            ("卖花",),
            id="commas part",
        ),
        pytest.param(
            f"许可项目：餐饮服务。{LICENSED}一般项目：软件开发；餐饮管理。{CLOSING}",
            {"restaurant": ("餐饮服务",)},
            ("软件开发", "餐饮管理"),
            (),
            id="as a licence prints it",
        ),
        pytest.param(
            "餐饮服务；餐饮服务；食品销售；软件开发；软件开发；卖花；卖花",
            {"restaurant": ("餐饮服务", "食品销售")},
            ("软件开发",),
            ("卖花",),
            id="repeated",
        ),
        pytest.param(
            "餐饮 服务\n软件\t开发", {"restaurant": ("餐饮服务",)}, ("软件开发",), (), id="spaces"
        ),
        pytest.param("餐饮服务（没有收尾", {}, (), ("餐饮服务（没有收尾",), id="an open bracket"),
        pytest.param("<b>餐饮服务", {"restaurant": ("<b>餐饮服务",)}, (), (), id="markup is text"),
    ],
)
def test_each_phrase_is_placed_once(text, items, general, unclear):
    assert placed(text) == (items, general, unclear)


def test_an_unclear_phrase_names_the_permits_whose_words_stand_in_it():
    (one,) = read(RULES, "餐饮服务咨询", on=DAY).unclear
    assert [rule.item for rule in one.near] == ["restaurant"]
    (other,) = read(RULES, "信息咨询", on=DAY).unclear
    assert other.near == ()


def test_a_rule_holds_from_its_first_day_to_the_day_before_its_end():
    first, last = dt.date(2026, 3, 1), dt.date(2026, 4, 1)
    old = dataclasses.replace(RULES.rules[0], effective_on=first, ended_on=last)
    rules = dataclasses.replace(RULES, rules=(old,))

    days = [first - dt.timedelta(1), first, last - dt.timedelta(1), last]

    assert [bool(read(rules, "餐饮服务", on=day).needed) for day in days] == [
        False,
        True,
        True,
        False,
    ]


def test_departments_are_told_of_what_may_need_a_permit_but_not_of_what_came_before():
    told = needed(RULES, "餐饮服务咨询；危险化学品经营；餐饮管理", on=DAY)
    assert [(one.rule.item, one.keyword) for one in told] == [("restaurant", "餐饮服务")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "请填写经营范围"),
        (" \n\t ", "请填写经营范围"),
        ("；；，。", "没有读到经营项目"),
        (CLOSING, "没有读到经营项目"),
        ("餐饮服务\x07", "无法显示的字符"),
        ("餐饮服务\u202e", "无法显示的字符"),
        ("饭" * 10_000, "最多2,000个字，现为10,000个字"),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_sentence(text, said):
    with pytest.raises(ScopeRefusedError) as refusal:
        checked(text)
    assert said in refusal.value.message
    assert refusal.value.message.count("。") == 1


@given(st.text(max_size=300))
def test_no_text_breaks_the_reading_and_no_phrase_is_placed_twice(text):
    found = read(RULES, text, on=DAY)
    names = [*found.general, *(one.phrase for one in found.unclear)]
    assert len(names) == len(set(names))
    assert len(checked("餐" * SCOPE_MAX)) == SCOPE_MAX


def test_only_the_questions_that_declare_a_scope_are_read():
    assert scope_of(RULES, SHOP, {"business_scope": " 餐饮服务 "}) == "餐饮服务"
    assert scope_of(RULES, "other", {"business_scope": "餐饮服务"}) == ""
    assert scope_of(RULES, SHOP, {"request_kind": "move", "new_scope": "餐饮服务"}) == ""
    assert scope_of(RULES, SHOP, {"request_kind": "change", "new_scope": "餐饮服务"}) == "餐饮服务"
    assert scope_of(RULES, SHOP, {"business_scope": ["餐饮服务"], "shop_name": 3}) == ""
    assert name_of(RULES, {"shop_name": " 示例小店 "}) == "示例小店"
    assert name_of(RULES, {}) == ""


def test_the_district_names_stage_source_and_day_of_each_rule():
    rules, errors = parse(pack_file())
    assert errors == []
    assert rules is not None
    for rule in rules.rules:
        assert rule.source, rule.item
        assert rule.effective_on, rule.item
    assert {rule.stage for rule in rules.rules} == set(Stage)
    found = read(rules, "餐饮服务；住宿服务；酒店管理；危险化学品经营；软件开发", on=DAY)
    assert [one.rule.item for one in found.needed] == [
        "food-business",
        "hotel-special-trade",
        "hazardous-chemicals",
    ]
    assert found.general == ("酒店管理", "软件开发")
    assert found.unclear == ()


def rule(**changes: object) -> dict[str, object]:
    return {
        "keywords": ["餐饮服务"],
        "item": "food-business",
        "item_name": "食品经营许可",
        "department": "market",
    } | changes


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ([rule(), rule()], "在同一天有两条规则"),
        ([rule(stage="later")], "stage"),
        ([rule(effective_on="2026-01-01")], "effective_on"),
        (
            [rule(effective_on=dt.date(2026, 1, 2), ended_on=dt.date(2026, 1, 2))],
            "不晚于开始施行的日期",
        ),
        ([rule(keywords=["软件 开发"])], "既写作需要许可，又写作不需要许可"),
    ],
)
def test_a_mistake_in_a_rule_is_named(rules, said):
    found, errors = parse(pack_file(rules=rules))
    assert found is None
    assert said in str(errors)


def test_an_old_rule_may_stand_beside_the_one_that_took_its_place():
    day = dt.date(2026, 6, 1)
    rules, errors = parse(pack_file(rules=[rule(ended_on=day), rule(effective_on=day)]))
    assert errors == []
    assert rules is not None
    assert len(rules.rules) == 2
