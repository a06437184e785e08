"""At the window: a clerk takes in for a person without a phone, and for a firm."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from playwright.sync_api import Page, expect

from tests.chromium import Visit
from tests.faults.district import ROOT
from tests.journeys import acts
from tests.journeys.handling import DESK
from yiwang.registers.cast import ENTITIES, PERSONS

ITEMS = ROOT / "packs" / "jiading" / "catalogue"


def prefilled(slug: str) -> dict[str, str]:
    """Return the item's questions that a register may answer, with the key of the register."""
    item: dict[str, Any] = yaml.safe_load((ITEMS / f"{slug}.yaml").read_text())
    return {
        question["id"]: question["prefill"]
        for section in item["sections"]
        for question in section["questions"]
        if question.get("prefill")
    }


def asked_although_held(page: Page, slug: str, *, not_held: set[str]) -> set[str]:
    """Return the questions that are typed on this page although a register answers them."""
    names = page.locator("main form [name]:not([type=hidden])").evaluate_all(
        "fields => fields.map(field => field.name)"
    )
    return {key for key, source in prefilled(slug).items() if source not in not_held} & set(names)


def call_up(page: Page, words: str, item: str) -> None:
    """Find who stands at the window and what they came for."""
    page.goto("/counter/")
    page.get_by_label("身份证号、统一社会信用代码或单位名称").fill(words)
    page.get_by_label("本窗口").fill("A12")
    acts.press(page, "查找申请人")
    acts.heading(page, "选择事项")
    page.get_by_label("想办什么").fill(item)
    acts.press(page, "搜索")
    acts.follow(page, item)
    acts.heading(page, item)


def firm_form(page: Page) -> None:
    """Fill in what the form of a firm asks for."""
    for question, answer in acts.GUIDING:
        acts.choose(page, question, answer)
        acts.press(page, "按回答更新材料清单")
    for label, value in acts.TYPED.items():
        page.get_by_label(label, exact=True).fill(value)
    acts.choose(page, "是否已经通过食品安全知识培训考核？", "是")
    page.get_by_label("热食类食品").check()


def take_in(page: Page) -> str:
    page.get_by_label("声明已读给申请人听，申请人已确认并签字").check()
    acts.press(page, "收件并打印凭证")
    expect(page.locator("[data-error-summary]")).to_have_count(0)
    acts.heading(page, "收件凭证")
    return acts.summary(page, "办件编号")


@pytest.mark.req("PORTAL-01", "PORTAL-11", "CASE-05")
def test_a_woman_of_77_without_a_phone_is_served_at_the_window(visit: Visit):
    page = visit(login="clerk", size=DESK)
    call_up(page, PERSONS["elder"].id_number, "敬老卡申领、发放")
    expect(acts.main(page)).to_contain_text("没有登记电话")

    acts.choose(page, "您要办哪一种？", "第一次申领")
    acts.choose(page, "是否请别人代领？", "否")
    page.get_by_label("在哪里领卡？").select_option(label="嘉定镇街道")
    assert asked_although_held(page, "senior-card", not_held={"person.phone"}) == set()
    number = take_in(page)

    receipt = page.locator(".yw-receipt")
    expect(receipt).to_contain_text("王示范 310***********0027")
    expect(receipt).to_contain_text("您没有留电话，请凭本凭证到窗口查询和领取。")
    acts.follow(page, "大字版", exact=False)
    expect(page.locator(".yw-receipt--large")).to_contain_text(acts.summary(page, "查询码"))
    printed = acts.words(acts.download(page, "盖章凭证（PDF）"))
    assert number in printed


@pytest.mark.req("PORTAL-01", "CASE-05")
def test_a_firm_is_served_at_the_window_with_the_same_item(visit: Visit, tmp_path: Path):
    page = visit(login="clerk", size=DESK)
    firm = ENTITIES["snack_bar"]
    call_up(page, firm.uscc, acts.FOOD)

    firm_form(page)
    row = page.locator("#material-layout_plan")
    row.locator("input[type=file][multiple]").set_input_files(acts.sheet(tmp_path))
    acts.press(page, "上传所选文件")
    expect(row).to_contain_text("布局图.pdf")
    assert page.get_by_label("经营场所面积").input_value() == acts.TYPED["经营场所面积"]
    assert asked_although_held(page, "food-business", not_held=set()) == set()
    number = take_in(page)

    receipt = page.locator(".yw-receipt")
    expect(receipt).to_contain_text(firm.name)
    expect(receipt).to_contain_text(acts.PLAN)
    assert re.fullmatch(r"JD[0-9A-Z]{10}", acts.summary(page, "查询码"))
    assert number in acts.words(acts.download(page, "盖章凭证（PDF）"))


def test_a_number_with_a_wrong_check_digit_is_refused_at_the_window(visit: Visit):
    page = visit(login="clerk", size=DESK)
    page.goto("/counter/")
    wrong = PERSONS["elder"].id_number[:-1] + "8"
    page.get_by_label("身份证号、统一社会信用代码或单位名称").fill(wrong)
    acts.press(page, "查找申请人")

    expect(acts.main(page).get_by_role("alert")).to_contain_text("校验")


@pytest.mark.req("CASE-05")
def test_whoever_comes_back_is_served_by_keys_from_the_box_to_the_signed_notice(visit: Visit):
    page = visit(login="clerk", size=DESK)
    firm = ENTITIES["snack_bar"]
    call_up(page, firm.uscc, acts.FOOD)
    firm_form(page)
    take_in(page)
    code = acts.summary(page, "查询码")

    page.goto("/counter/")
    box = page.get_by_label("身份证号、统一社会信用代码或单位名称")
    box.fill(code)
    box.press("Enter")
    acts.heading(page, acts.FOOD)
    page.keyboard.press("o")
    acts.heading(page, "收取后补材料")
    page.locator("#paper-layout_plan").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Control+Enter")
    acts.heading(page, "打印凭证和文书")
    expect(page.locator(".yw-receipt")).to_contain_text("（已提交，")
    expect(page.locator(".yw-receipt")).to_contain_text("交件人")

    page.keyboard.press("o")
    acts.heading(page, acts.FOOD)
    page.get_by_role("link", name="撤回申请").focus()
    page.keyboard.press("Enter")
    acts.heading(page, "撤回申请")
    page.get_by_label("不再需要办理").check()
    page.get_by_label("申请人或者代理人已在撤回申请书上签字").check()
    page.get_by_label("已核对来人身份证件原件").check()
    page.keyboard.press("Control+Enter")
    acts.heading(page, "打印凭证和文书")
    expect(page.locator(".yw-receipt").first).to_contain_text("终止办理通知书")
    expect(page.locator(".yw-receipt").last).to_contain_text("送达回证")
