"""The decision table in the browser: written in a draft, tried at saving, read by everybody."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.factories import cases
from tests.factories.desk import signed_in
from tests.web.officer.keeping import begun, fields, fill, number, words
from yiwang.catalogue import drafts
from yiwang.organisations.permissions import Actor, Post
from yiwang.rules.policy.tables import Cell, CellOp, RuleOutcome, RuleSet

pytestmark = [pytest.mark.usefixtures("keepers"), pytest.mark.thorough]

OWNER = Actor(ref="user:owner", posts={"market": frozenset({Post.ITEM_OWNER})})
ITEM = "diner"


@pytest.fixture
def keepers(keepers):
    cases.publish(cases.restaurant(slug=ITEM))


@pytest.fixture
def draft(keepers) -> str:
    return begun(item=ITEM)


def rules(draft: str) -> RuleSet:
    found = drafts.draft(number(draft), by=OWNER).version.auto_rules
    assert found is not None
    return found


def seats(draft: str) -> str:
    """Write a table about seats and return the address of its page."""
    owner, page = signed_in("owner"), f"{draft}edit/auto/"
    fill(owner, page, name="小饭馆")
    fill(
        owner,
        f"{draft}rules/facts/new/",
        label="开业年数",
        name="years",
        kind="number",
        source="check:entity.years",
        unit="年",
        minimum="0",
        whole="on",
    )
    fill(
        owner,
        f"{draft}rules/facts/new/",
        label="在营",
        name="open",
        kind="yes_no",
        source="check:entity.open",
    )
    fill(
        owner,
        f"{draft}rules/rows/new/",
        op__years="ge",
        value__years="3",
        op__open="yes",
        outcome="grant",
        reason="开业三年以上",
    )
    return page


def test_a_table_is_written_step_by_step_and_kept(draft):
    seats(draft)

    kept = rules(draft)
    assert [fact.name for fact in kept.facts] == ["years", "open"]
    assert kept.rows[0].id == "r1"
    assert kept.rows[0].cells == (
        Cell(op=CellOp.GE, values=(3,)),
        Cell(op=CellOp.EQ, values=(True,)),
    )
    assert kept.rows[0].outcome is RuleOutcome.GRANT


def test_a_row_is_for_a_person_until_somebody_chooses_that_it_grants(draft):
    seats(draft)
    page = f"{draft}rules/rows/new/"

    assert fields(signed_in("owner").get(page))["outcome"] == ["hand_over"]
    fill(signed_in("owner"), page, op__years="lt", value__years="3", reason="新开的店")

    assert [row.outcome for row in rules(draft).rows] == [RuleOutcome.GRANT, RuleOutcome.HAND_OVER]


def test_the_page_shows_table_gaps_and_tests_with_their_path(draft):
    page = seats(draft)
    owner = signed_in("owner")
    fill(
        owner,
        f"{draft}rules/tests/new/",
        name="开业两年",
        given__years="2",
        given__open="yes",
        expect="grant",
    )

    text = words(owner.get(page))
    assert "不小于 3 年" in text
    assert "修改 第 1 行" in text
    assert "开业年数 0 至 2 年：没有一行说到" in text
    assert "测试“开业两年”应为准予，结果是转人工" in text
    assert "不通过" in text
    assert "第 1 行：“开业年数”为 2 年，要求“不小于 3 年”，不符合。" in text
    fill(owner, f"{draft}rules/tests/0/", expect="hand_over")
    fill(
        owner,
        f"{draft}rules/rows/new/",
        outcome="hand_over",
        reason="须看过再定",
    )
    text = words(owner.get(page))
    assert "没有遗漏、没有矛盾、没有用不到的行，测试行全部通过。" in text


@pytest.mark.parametrize(
    "part", ["edit/auto/", "rules/facts/0/", "rules/facts/1/", "rules/rows/0/"]
)
def test_saving_a_part_untouched_changes_nothing(draft, part):
    seats(draft)
    before = drafts.draft(number(draft), by=OWNER)

    answer = fill(signed_in("owner"), f"{draft}{part}")

    assert answer.status_code == 302, words(answer)
    after = drafts.draft(number(draft), by=OWNER)
    assert (after.definition, after.line.revision) == (before.definition, before.line.revision)


def test_rows_and_facts_move_with_their_cells(draft):
    page = seats(draft)
    owner = signed_in("owner")
    fill(owner, f"{draft}rules/rows/new/", outcome="hand_over", reason="其他")
    before = rules(draft)

    fill(owner, page, move="rows.1:up")
    assert [row.id for row in rules(draft).rows] == ["r2", "r1"]
    fill(owner, page, move="facts.0:down")
    turned = rules(draft)
    assert [fact.name for fact in turned.facts] == ["open", "years"]
    assert turned.rows[1].cells == before.rows[0].cells[::-1]
    fill(owner, page, move="facts.1:down")
    assert rules(draft) == turned


def test_a_part_is_removed_in_a_second_step_and_takes_its_cells_along(draft):
    page = seats(draft)
    owner = signed_in("owner")
    fill(owner, f"{draft}rules/tests/new/", name="老店", given__years="9", expect="grant")

    sent = fill(owner, page, go="remove:facts.0")
    assert sent.headers["Location"] == f"{draft}rules/facts/0/remove/"
    assert "开业年数" in words(owner.get(sent.headers["Location"]))
    assert rules(draft).facts[0].name == "years"
    fill(owner, sent.headers["Location"])
    kept = rules(draft)
    assert [fact.name for fact in kept.facts] == ["open"]
    assert len(kept.rows[0].cells) == 1
    assert kept.tests[0].given == ()


def test_a_fact_of_another_kind_asks_nothing_any_more(draft):
    seats(draft)
    owner = signed_in("owner")
    fill(owner, f"{draft}rules/facts/0/", kind="text", minimum="", whole=None, source="case:town")
    assert rules(draft).rows[0].cells[0] == Cell()


def test_a_choice_takes_the_options_of_its_question(draft):
    page = seats(draft)
    owner = signed_in("owner")
    question = next(
        one
        for one in drafts.draft(number(draft), by=OWNER).version.questions()
        if one.kind.value == "choice"
    )
    fill(
        owner,
        f"{draft}rules/facts/new/",
        label="选的",
        name="chosen",
        kind="choice",
        source=f"answer:{question.id}",
    )
    fact = rules(draft).facts[-1]
    assert [one.value for one in fact.options] == [one.value for one in question.options]
    first = fact.options[0].value
    fill(
        owner,
        f"{draft}rules/rows/0/",
        op__chosen="in",
        value__chosen=[one.value for one in fact.options[:2]],
    )
    assert rules(draft).rows[0].cells[2].values[0] == first
    assert fact.options[0].label in words(owner.get(page))


@pytest.mark.parametrize(
    ("part", "changes", "sentence"),
    [
        ("rows/0/", {"value__years": "三"}, "“三”不是“开业年数”的值。请填写数字"),
        ("rows/0/", {"value__years": ""}, "“开业年数”请填写要比较的值，或者选“不限”。"),
        ("rows/0/", {"op__years": "any"}, "请清空值，或者换一种比较。"),
        ("rows/0/", {"op__years": "between", "value__years": "3"}, "请填两个值，先小后大"),
        ("rows/0/", {"op__years": "between", "value__years": "5、3"}, "请填两个值，先小后大"),
        ("rows/0/", {"op__years": "between", "value__years": "3、4、5"}, "请填两个值，先小后大"),
        ("rows/0/", {"op__years": "run"}, "““开业年数”怎样比较”请从所列选项中选择。"),
        ("rows/0/", {"outcome": "refuse"}, "“结果”请从所列选项中选择。"),
        ("rows/0/", {"reason": "<script>alert(1)</script>"}, "像是网页代码"),
        ("rows/0/", {"reason": "长" * 300}, "文字太长，最多 200 个字"),
        ("facts/0/", {"kind": "formula"}, "“类型”请从所列选项中选择。"),
        ("facts/0/", {"source": "https://x"}, "“从哪里来”请从所列选项中选择。"),
        ("facts/0/", {"minimum": "很小"}, "“可能的最小值”应为数字。"),
        ("facts/0/", {"options": "甲"}, "“甲”请写成“值 = 显示的文字”。"),
        ("tests/new/", {"expect": "maybe"}, "“应当的结果”请从所列选项中选择。"),
        ("tests/new/", {"row": "r9"}, "“应当由哪一行决定”请从所列选项中选择。"),
    ],
)
def test_bad_input_is_refused_in_words_and_stays_on_the_page(draft, part, changes, sentence):
    seats(draft)
    before = rules(draft)

    answer = fill(signed_in("owner"), f"{draft}rules/{part}", **changes)

    assert answer.status_code == 422
    assert sentence in words(answer)
    assert rules(draft) == before


def test_several_values_for_one_comparison_become_one_of_them(draft):
    seats(draft)
    fill(signed_in("owner"), f"{draft}rules/rows/0/", op__years="between", value__years="3、5")
    assert rules(draft).rows[0].cells[0] == Cell(op=CellOp.BETWEEN, values=(3, 5))
    fill(signed_in("owner"), f"{draft}rules/rows/0/", op__years="in", value__years="3，5 ; 7")
    assert rules(draft).rows[0].cells[0] == Cell(op=CellOp.IN, values=(3, 5, 7))


@pytest.mark.parametrize(
    "path",
    [
        "rules/facts/7/",
        "rules/rows/-1/",
        "rules/code/0/",
        "rules/rows/0x0/",
        "rules/tests/0/remove/",
    ],
)
def test_a_part_that_does_not_exist_is_not_found(draft, path):
    seats(draft)
    assert signed_in("owner").get(f"{draft}{path}").status_code == 404


def test_the_second_of_two_owners_is_told(draft):
    page = seats(draft)
    first, second = signed_in("owner"), signed_in("owner")
    mine = fields(second.get(page))
    fill(first, page, note="先写的")

    answer = second.post(page, mine | {"note": "后写的"})

    assert answer.status_code == 422
    assert rules(draft).note == "先写的"
    assert "后写的" in answer.content.decode()


def test_only_writers_write_and_everybody_who_may_read_the_draft_reads_the_table(draft):
    page = seats(draft)
    assert signed_in("legal").get(page).status_code in {302, 403}
    text = words(signed_in("legal").get(f"{draft}rules/"))
    assert "不小于 3 年" in text
    assert "没有测试行" in text


def published(*, automatic: bool = True) -> str:
    """Publish an item with a table under another name and return its name."""
    table = {
        "name": "小饭馆",
        "note": "自 2026 年起",
        "facts": [
            {
                "name": "years",
                "label": "开业年数",
                "kind": "number",
                "source": "check:entity.years",
                "unit": "年",
                "minimum": 0,
                "whole": True,
            }
        ],
        "rows": [
            {"id": "old", "when": {"years": "≥ 3"}, "outcome": "grant", "reason": "老店"},
            {"id": "rest", "outcome": "hand_over", "reason": "须核实"},
        ],
        "tests": [{"name": "老店", "facts": {"years": 5}, "expect": "grant", "row": "old"}],
    }
    cases.publish(cases.restaurant(slug="old-diner", auto_decide=automatic, auto_rules=table))
    return "old-diner"


def test_the_guide_tells_the_rules_in_plain_words_and_offers_a_person():
    slug = published()

    text = words(Client().get(f"/items/{slug}/"))

    assert "系统按什么规则自动准予" in text
    assert "开业年数不小于 3 年：准予（老店）。" in text
    assert "其他情形：转人工（须核实）。" in text
    assert "您可以要求由工作人员办理" in text
    assert "法人库" in text


def test_the_guide_of_an_item_that_people_decide_says_nothing_of_rules():
    slug = published(automatic=False)
    assert "系统按什么规则自动准予" not in words(Client().get(f"/items/{slug}/"))


def test_the_table_of_a_published_version_is_read_with_its_tests():
    slug = published()

    text = words(signed_in("owner").get(f"/desk/items/{slug}/versions/1/rules/"))

    assert "第 1 版" in text
    assert "没有遗漏、没有矛盾、没有用不到的行，测试行全部通过。" in text
    assert "第 1 行：“开业年数”为 5 年，要求“不小于 3 年”，符合。" in text


def test_what_changed_in_a_table_is_compared_in_words(draft):
    seats(draft)
    text = words(signed_in("owner").get(f"{draft}changes/"))
    assert "自动办理规则" in text
    assert "开业年数不小于 3 年，且在营为“是”：准予（开业三年以上）。" in text


def test_a_changed_cell_is_told_in_a_sentence():
    slug = published()
    draft = begun(item=slug)
    fill(signed_in("owner"), f"{draft}rules/rows/0/", value__years="5")

    text = words(signed_in("owner").get(f"{draft}changes/"))

    assert "第 1 行（old）“开业年数”由“不小于 3 年”改为“不小于 5 年”。" in text
