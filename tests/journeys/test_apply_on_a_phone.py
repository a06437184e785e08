"""A restaurateur finds the food licence on a phone and applies for it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.chromium import PHONE, Visit
from tests.journeys import acts

FACTS = ("法定时限", "承诺时限", "到场次数", "收费")
LARGE_LETTERS_PX = 18
"""Least size of letters in the version for the old. 互联网网站适老化通用设计规范 (2021)."""

CASE_NUMBER = re.compile(r"[0-9A-Z-]{12,}")


def find_guide(page: Page) -> None:
    acts.search(page, "开饭店")
    acts.follow(page, acts.FOOD)
    acts.heading(page, acts.FOOD)


def begin(page: Page, login: str, firm: str) -> None:
    """From the guide to the task list, signing in on the way."""
    acts.follow(page, "回答 5 个问题，得到自己的材料清单")
    acts.answer_questionnaire(page)
    acts.heading(page, "我的材料清单")
    expect(acts.main(page)).to_contain_text(acts.PLAN)
    acts.press(page, "按此清单办理")
    acts.sign_in(page, login)
    acts.heading(page, "开始办理")
    page.get_by_label(firm).check()
    acts.press(page, "开始填写")
    acts.heading(page, acts.FOOD)


def fill_all(page: Page) -> None:
    """Go where the task list leads until only the materials are left."""
    while page.get_by_role("link", name="继续：上传材料").count() == 0:
        page.get_by_role("link", name=re.compile("^继续：")).click()
        acts.fill_open_fields(page)


def submit(page: Page) -> str:
    acts.follow(page, "继续：核对并提交")
    acts.heading(page, "核对信息")
    for box in page.get_by_label("我已阅读并签署容缺受理承诺书").all():
        box.check()
    page.get_by_label("我已阅读并承诺以上内容").check()
    acts.press(page, "提交申请")
    acts.heading(page, "提交成功")
    return page.locator(".yw-done__number").inner_text()


@pytest.mark.req("PORTAL-01", "ITEM-01", "ITEM-03", "CASE-04")
def test_a_restaurateur_applies_on_a_phone(visit: Visit, tmp_path: Path):
    page = visit()
    find_guide(page)
    for fact in FACTS:
        box = page.locator("dt", has_text=fact).first.bounding_box()
        assert box, fact
        assert box["y"] + box["height"] <= PHONE["height"], fact

    begin(page, "restaurant", "上海示例餐饮管理有限公司")
    page.get_by_role("link", name=re.compile("^继续：经营场所")).click()
    acts.fill_open_fields(page)
    draft = page.url
    page.goto("about:blank")
    page.goto("/cases/")
    acts.follow(page, acts.FOOD)
    assert page.url == draft
    page.get_by_role("link", name="经营场所", exact=True).click()
    assert page.get_by_label("经营场所面积").input_value() in {"86", "86.0"}
    page.goto(draft)
    fill_all(page)
    acts.follow(page, "继续：上传材料")
    acts.upload(page, acts.PLAN, acts.picture(tmp_path))
    expect(page.get_by_role("status")).to_contain_text("已上传")
    acts.follow(page, "保存并继续")
    number = submit(page)

    assert CASE_NUMBER.fullmatch(number)
    assert number in acts.words(acts.download(page, "下载收件凭证（PDF）"))
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


@pytest.mark.req("PORTAL-01", "CASE-04")
def test_without_scripts_everything_works_too(visit: Visit, tmp_path: Path):
    page = visit(scripts=False)
    find_guide(page)

    begin(page, "pharmacy", "上海样例大药房有限公司")
    fill_all(page)
    acts.follow(page, "继续：上传材料")
    acts.upload(page, acts.PLAN, acts.sheet(tmp_path))
    expect(page.get_by_role("status")).to_contain_text("已上传")
    acts.follow(page, "保存并继续")
    number = submit(page)

    assert number in acts.words(acts.download(page, "下载收件凭证（PDF）"))


@pytest.mark.req("PORTAL-11", "NFR-06")
def test_in_large_letters_everything_works_too(visit: Visit, tmp_path: Path):
    page = visit()
    page.goto("/")
    page.get_by_role("button", name="关怀版").click()
    expect(page.locator("body")).to_have_attribute("data-size", "lg")
    acts.search(page, "开饭店")
    acts.follow(page, acts.FOOD)

    begin(page, "builder", "上海虚构建设工程有限公司")
    fill_all(page)
    acts.follow(page, "继续：上传材料")
    acts.upload(page, acts.PLAN, acts.picture(tmp_path))
    expect(page.get_by_role("status")).to_contain_text("已上传")
    acts.follow(page, "保存并继续")
    number = submit(page)

    expect(page.locator("body")).to_have_attribute("data-size", "lg")
    size = page.locator(".yw-done__number").evaluate(
        "e => parseFloat(getComputedStyle(e).fontSize)"
    )
    assert size >= LARGE_LETTERS_PX
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert number in acts.words(acts.download(page, "下载收件凭证（PDF）"))
