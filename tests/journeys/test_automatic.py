"""A citizen gets a card on a phone, ten minutes before a Sunday ends; nobody is at a desk."""

from __future__ import annotations

import re
from datetime import datetime

import pytest
from playwright.sync_api import Page, expect

from tests.chromium import BEGIN, PHONE, Clock, Visit
from tests.journeys import acts
from tests.journeys.handling import DESK, Staff

ITEM = "敬老卡申领、发放"
SUNDAY_NIGHT = datetime(2026, 10, 18, 23, 50, tzinfo=BEGIN.tzinfo)


def fill(page: Page) -> None:
    """Go where the task list leads; answer what no register holds."""
    while page.get_by_role("link", name="继续：核对并提交").count() == 0:
        page.get_by_role("link", name=re.compile("^继续：")).click()
        expect(page.get_by_role("button", name="保存并继续")).to_be_visible()
        page.wait_for_load_state()
        if page.get_by_role("group", name=re.compile("您要办哪一种")).count():
            acts.choose(page, "您要办哪一种？", "第一次申领")
            acts.choose(page, "是否请别人代领？", "否")
        place = page.get_by_label("在哪里领卡？")
        if place.count():
            place.select_option(label="南翔镇")
        acts.press(page, "保存并继续")
        acts.heading(page, ITEM)


@pytest.mark.req("AUTO-01", "AUTO-02", "AUTO-03", "NFR-05")
def test_a_card_on_a_phone_on_a_sunday_night(visit: Visit, clock: Clock, staff: Staff):
    clock.move_to(SUNDAY_NIGHT)
    page = visit()
    page.goto("/items/senior-card/apply/")
    acts.sign_in(page, "retiree")
    page.get_by_label(re.compile("孙例如")).check()
    acts.press(page, "开始填写")
    acts.heading(page, ITEM)
    fill(page)

    acts.follow(page, "继续：核对并提交")
    expect(acts.main(page)).to_contain_text("可能由系统自动作出决定")
    expect(acts.main(page)).to_contain_text("不小于 65 年")
    assert not page.get_by_label("我要求由工作人员办理").is_checked()
    page.get_by_label("我已阅读并承诺以上内容").check()
    acts.press(page, "提交申请")
    acts.heading(page, "提交成功")
    number = page.locator(".yw-done__number").inner_text()

    page.goto(f"/cases/{number}/")
    expect(acts.main(page)).to_contain_text("本件由系统按公布的规则自动准予")
    expect(acts.main(page)).to_contain_text("已满65周岁，户籍在本市，还没有敬老卡")
    page.get_by_text("核对了哪些数据").click()
    expect(acts.main(page)).to_contain_text("人口库")
    expect(acts.main(page)).to_contain_text("2026-10-18 23:5")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    acts.follow(page, "要求人工复核")
    page.get_by_label("为什么要求由工作人员看").fill("想请人看看卡上的名字")
    acts.press(page, "提交给工作人员")
    expect(acts.main(page)).to_contain_text("工作人员正在核对")
    acts.follow(page, re.compile("^敬老卡（"), exact=False)  # type: ignore[arg-type]  # a pattern is fine
    acts.heading(page, "敬老卡")
    expect(acts.main(page)).to_contain_text("有效")

    desk = visit(size=DESK)
    staff.first_sign_in(desk, staff.create("civil", "reviewer"))  # nobody else's code is used up
    desk.goto("/desk/automatic/reviews/")
    expect(acts.main(desk)).to_contain_text("想请人看看卡上的名字")
