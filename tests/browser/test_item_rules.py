"""A decision table written in a real browser without scripts, and its pages by the rules."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.audit import audit_page
from tests.browser.test_items import DESK, begin
from tests.chromium import Visit


@pytest.fixture(scope="module")
def kept() -> dict[str, str]:
    """Address of the draft on which the pages of this module stand."""
    return {}


def save(page: Page, name: str = "保存") -> None:
    with page.expect_navigation():
        page.get_by_role("button", name=name, exact=True).click()
    expect(page.get_by_role("status")).to_be_visible()


def write(visit: Visit) -> str:
    """Write a table of three facts, three rows and two test rows; return the draft's address."""
    draft = begin(visit)
    page = visit(login="owner", size=DESK, scripts=False)
    page.goto(f"{draft}edit/auto/")
    if page.get_by_label("规则名称").input_value() == "老店延续":
        return draft
    page.get_by_label("规则名称").fill("老店延续")
    page.get_by_label("说明").fill("自 2026-12-01 起使用。")
    save(page, "保存并核对")
    for label, name, source, kind in (
        ("成立年数", "years", "check:entity.years", "number"),
        ("在营", "open", "check:entity.open", "yes_no"),
        ("申请渠道", "channel", "case:channel", "choice"),
    ):
        page.get_by_role("button", name="添加事实").click()
        page.get_by_label("名称", exact=True).fill(label)
        page.get_by_label("标识").fill(name)
        page.get_by_label("从哪里来").select_option(source)
        page.locator(f"input[name=kind][value={kind}]").check()
        if kind == "number":
            page.get_by_label("单位").fill("年")
            page.get_by_label("可能的最小值").fill("0")
            page.get_by_label("只收整数").check()
        if kind == "choice":
            page.get_by_role("textbox", name="选项").fill("portal = 网上\ncounter = 窗口")
        save(page)
    page.get_by_role("button", name="添加规则行").click()
    page.get_by_label("“在营”怎样比较").select_option("no")
    page.get_by_label("转人工").check()
    page.get_by_label("理由").fill("登记为不在营，须核实")
    save(page)
    page.get_by_role("button", name="添加规则行").click()
    page.get_by_label("“成立年数”怎样比较").select_option("ge")
    page.get_by_label("“成立年数”的值").fill("3")
    page.get_by_label("“申请渠道”怎样比较").select_option("eq")
    page.get_by_label("网上").check()
    page.get_by_label("准予", exact=True).check()
    page.get_by_label("理由").fill("成立三年以上的在营企业")
    save(page)
    page.get_by_role("button", name="添加测试行").click()
    page.get_by_label("名称", exact=True).fill("开了五年的店")
    page.get_by_label("成立年数").fill("5")
    page.get_by_label("在营").select_option("yes")
    page.get_by_label("申请渠道").select_option("portal")
    page.get_by_label("应当由哪一行决定").select_option("r2")
    save(page)
    page.get_by_role("button", name="添加测试行").click()
    page.get_by_label("名称", exact=True).fill("查不到成立年数")
    page.get_by_label("在营").select_option("yes")
    page.get_by_label("申请渠道").select_option("portal")
    page.locator("input[name=expect][value=grant]").check()
    save(page)
    return draft


def test_the_table_is_written_without_scripts_and_its_gaps_are_told(visit: Visit):
    draft = write(visit)
    page = visit(login="owner", size=DESK, scripts=False)
    page.goto(f"{draft}edit/auto/")

    expect(page.get_by_role("table")).to_contain_text("不小于 3 年")
    found = page.get_by_role("region", name="发布前检查")
    expect(found).to_contain_text("没有一行说到")
    expect(found).to_contain_text("测试“查不到成立年数”应为准予，结果是转人工：“成立年数”没有值。")
    page.get_by_role("button", name="上移 第 2 行").click()
    expect(page.get_by_role("table").get_by_role("row").nth(1)).to_contain_text("成立三年以上")
    expect(page.get_by_role("region", name="发布前检查")).to_contain_text("要转人工")
    page.get_by_role("button", name="下移 第 1 行").click()
    expect(page.get_by_role("table").get_by_role("row").nth(1)).to_contain_text("登记为不在营")


def test_a_row_is_changed_with_the_keyboard_alone(visit: Visit):
    draft = write(visit)
    page = visit(login="owner", size=DESK)
    page.goto(f"{draft}rules/rows/1/")

    page.get_by_label("“成立年数”的值").focus()
    page.keyboard.press("Control+A")
    page.keyboard.type("4")
    page.keyboard.press("Enter")

    expect(page.get_by_role("table")).to_contain_text("不小于 4 年")
    page.goto(f"{draft}rules/rows/1/")
    page.get_by_label("“成立年数”的值").fill("3")
    save(page)


PAGES = (
    "edit/auto/",
    "rules/facts/0/",
    "rules/facts/new/",
    "rules/rows/1/",
    "rules/rows/new/",
    "rules/tests/1/",
    "rules/tests/new/",
    "rules/rows/0/remove/",
    "rules/",
)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_of_a_decision_table_keeps_the_rules(visit: Visit, kept: dict[str, str], path: str):
    if not kept:
        kept["draft"] = write(visit)

    audit_page(visit(login="owner"), f"{kept['draft']}{path}", desk=True)
