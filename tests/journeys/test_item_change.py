"""An item changes: its owner writes, three others look at it, the guide follows, cases stay."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.chromium import Visit
from tests.journeys import acts
from tests.journeys.handling import DESK
from tests.journeys.test_counter import call_up, take_in
from yiwang.registers.cast import PERSONS

ITEM, NAME = "senior-card", "敬老卡申领、发放"


def receive(visit: Visit) -> str:
    """Take an application in at the window; return its number."""
    page = visit(login="clerk", size=DESK)
    call_up(page, PERSONS["elder"].id_number, NAME)
    acts.choose(page, "您要办哪一种？", "第一次申领")
    acts.choose(page, "是否请别人代领？", "否")
    page.get_by_label("在哪里领卡？").select_option(label="嘉定镇街道")
    page.get_by_label("申请人要求由工作人员办理").check()  # rules would decide at once
    return take_in(page)


def open_item(page: Page) -> None:
    """Find the item from the navigation by a part of its name."""
    page.goto("/desk/")
    page.get_by_role("navigation", name="主导航").get_by_role("link", name="事项").click()
    page.get_by_label("事项名称或编码").fill("敬老卡")
    acts.press(page, "筛选")
    acts.follow(page, NAME)
    acts.heading(page, NAME)


def promise_one_day_less(page: Page) -> tuple[int, int]:
    """Shorten the promise and the last step by a day; return the old promise and the new."""
    acts.follow(page, "时限与收费")
    field = page.get_by_label("承诺办结时限")
    old = int(field.input_value())
    field.fill(str(old + 100))
    acts.press(page, "保存")
    expect(page.get_by_role("status")).to_contain_text("已保存")
    box = page.locator("section", has=page.get_by_role("heading", name="发布前检查"))
    expect(box).to_contain_text("承诺办结时限")
    box.get_by_role("link", name="承诺办结时限").click()
    page.get_by_label("承诺办结时限").fill(str(old - 1))
    acts.press(page, "保存")
    acts.follow(page, "返回草稿")

    acts.follow(page, "办理环节")
    acts.press(page, "修改 制卡和领卡")
    days = page.get_by_label("工作日", exact=True)
    days.fill(str(int(days.input_value()) - 1))
    acts.press(page, "保存")
    acts.heading(page, "办理环节")
    acts.follow(page, "返回草稿")
    return old, old - 1


def approve(page: Page, words: str, *, waits: str) -> None:
    """Find the draft among what waits, read what changes, approve."""
    page.goto("/desk/items/?tab=mine")
    row = page.locator("main tbody tr").filter(has_text=NAME)
    expect(row).to_contain_text(waits)
    row.get_by_role("link").click()
    acts.follow(page, words)
    expect(page.locator("main ins").first).to_be_visible()
    acts.press(page, words)
    expect(page.get_by_role("status")).to_contain_text("已")


@pytest.mark.req("ITEM-03", "ITEM-09")
def test_a_promise_is_shortened_by_four_people_without_scripts(visit: Visit):
    number = receive(visit)
    owner = visit(login="owner", size=DESK, scripts=False)
    open_item(owner)
    acts.follow(owner, "按决定调整")
    owner.get_by_label("决定文号").fill("示府办〔2026〕55号")
    acts.press(owner, "建立调整草稿")
    old, new = promise_one_day_less(owner)
    acts.follow(owner, "修改对照", exact=False)
    expect(owner.locator("main table")).to_contain_text("办结时限 › 承诺办结时限")
    acts.follow(owner, "返回")
    acts.follow(owner, "送审")
    acts.press(owner, "送部门审核")
    expect(owner.get_by_role("status")).to_contain_text("已送部门负责人审核")

    approve(visit(login="head", size=DESK, scripts=False), "部门审核通过", waits="部门审核")
    approve(visit(login="legal", size=DESK, scripts=False), "法制审核通过", waits="法制审核")
    citizen = visit(scripts=False)
    citizen.goto(f"/items/{ITEM}/")
    assert acts.summary(citizen, "承诺时限") == f"{old} 个工作日"
    checker = visit(login="checker", size=DESK, scripts=False)
    approve(checker, "审核通过并发布", waits="中心审核")

    citizen.reload()
    assert acts.summary(citizen, "承诺时限") == f"{new} 个工作日"
    paper = citizen.request.get(f"/items/{ITEM}/guide.pdf").body()
    assert f"{new}个工作日" in acts.words(paper)
    window = visit(login="clerk", size=DESK, scripts=False)
    window.goto(f"/desk/cases/{number}/accept/")
    expect(acts.main(window)).to_contain_text(re.compile(rf"承诺[^。]*{old} 个工作日"))
    open_item(owner)
    versions = owner.locator("main tbody tr")
    expect(versions.first).to_contain_text("在用")
    expect(versions.nth(1)).to_contain_text(re.compile(r"[1-9]\d* 件"))
    expect(acts.main(owner)).to_contain_text("文号：示府办〔2026〕55号")
    checker.goto("/desk/item-decisions/")
    expect(acts.main(checker)).to_contain_text("示府办〔2026〕55号")


@pytest.mark.req("ITEM-09")
def test_a_cancelled_item_leaves_the_portal_and_keeps_its_decision(visit: Visit):
    checker = visit(login="checker", size=DESK, scripts=False)
    item = "sports-high-risk"  # no other test of this district needs it
    checker.goto(f"/desk/items/{item}/cancel/")
    checker.get_by_label("决定文号").fill("示府办〔2026〕85号")
    acts.press(checker, "下一步：核对")
    expect(acts.main(checker)).to_contain_text("办事指南撤下，不能恢复")
    acts.press(checker, "取消事项")
    expect(checker.get_by_role("status")).to_contain_text("示府办〔2026〕85号")

    citizen = visit(scripts=False)
    answer = citizen.goto(f"/items/{item}/")
    assert answer is not None
    assert answer.status == 404
    checker.goto("/desk/item-decisions/")
    row = checker.locator("main tbody tr").filter(has_text="示府办〔2026〕85号")
    expect(row).to_contain_text("取消事项")
