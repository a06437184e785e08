"""One firm from the guide to the receipt, with scripts off, as on the oldest phone."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Literal

import pikepdf
import pytest
from playwright.sync_api import Page, expect

from tests.browser.audit import audit_page
from tests.browser.conftest import Visit

ITEM = "/items/food-business/"


@pytest.fixture(scope="session")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A drawing to hand in."""
    buffer = io.BytesIO()
    document = pikepdf.new()
    document.add_blank_page(page_size=(595, 842))
    document.save(buffer)
    path = tmp_path_factory.mktemp("files") / "平面图.pdf"
    path.write_bytes(buffer.getvalue())
    return path


def go(page: Page, role: Literal["button", "link"], name: str) -> None:
    """Press or follow, and wait for the page that comes."""
    with page.expect_navigation():
        page.get_by_role(role, name=name).click()


def choose(page: Page, answer: str) -> None:
    page.get_by_label(answer).first.check()
    go(page, "button", "下一题")


def begin(page: Page) -> None:
    """Answer the questionnaire and begin."""
    page.goto(ITEM)
    go(page, "link", "得到自己的材料清单")
    choose(page, "餐饮服务")
    choose(page, "是")
    choose(page, "否")
    choose(page, "否")
    go(page, "button", "按此清单办理")
    page.get_by_role("radio").first.check()
    go(page, "button", "开始填写")


def save(page: Page) -> None:
    go(page, "button", "保存并继续")


def fill_in(page: Page) -> None:
    """Fill in the topics that are open."""
    go(page, "link", "继续：经营场所")
    page.get_by_label("经营场所面积").fill("80")
    page.get_by_label("食品处理区面积").fill("30")
    page.get_by_label("就餐座位数").fill("40")
    save(page)
    go(page, "link", "继续：食品安全管理人员")
    page.get_by_label("食品安全管理人员姓名").fill("李示例")
    page.get_by_label("是", exact=True).check()
    page.get_by_label("从业人员数").fill("6")
    save(page)
    go(page, "link", "继续：经营项目")
    page.get_by_label("热食类食品").check()
    save(page)


def hand_in(page: Page, plan: Path, *, scripts: bool = True) -> None:
    """Upload what is missing; with scripts it goes up as soon as it is chosen."""
    go(page, "link", "继续：上传材料")
    material = page.locator("#material-layout_plan")
    material.locator("input[type=file]").set_input_files(plan)
    if not scripts:
        material.get_by_role("button", name="上传").click()
    expect(page.get_by_text("已上传。")).to_be_visible()


def test_a_firm_applies_with_scripts_off(visit: Visit, plan: Path):
    page = visit(login="restaurant", scripts=False)
    begin(page)
    fill_in(page)
    hand_in(page, plan, scripts=False)
    go(page, "link", "保存并继续")
    go(page, "link", "继续：核对并提交")
    for box in page.get_by_label("我已阅读并签署容缺受理承诺书").all():
        box.check()
    page.get_by_label("我已阅读并承诺以上内容").check()
    go(page, "button", "提交申请")

    expect(page.get_by_role("heading", level=1)).to_have_text("提交成功")
    code = page.locator(".yw-done strong").inner_text()
    go(page, "link", "查看进度")
    expect(page.locator('[aria-current="step"]')).to_contain_text("受理")

    stranger = visit(scripts=False)
    stranger.goto("/track/")
    stranger.get_by_label("查询码").fill(code)
    stranger.get_by_label("手机号或后四位").fill("0001")
    go(stranger, "button", "查询进度")
    expect(stranger.locator('[aria-current="step"]')).to_contain_text("受理")


def test_the_pages_of_an_application_keep_the_rules(visit: Visit, plan: Path):
    page = visit(login="restaurant")
    begin(page)
    draft = page.url.split("/apply/", 1)[1]
    for place in ("", "section/applicant/", "section/premises/", "section/scope/", "materials/"):
        audit_page(page, f"/apply/{draft}{place}")
    audit_page(page, f"/apply/{draft}check/")
    audit_page(page, f"/apply/{draft}discard/")
    page.goto(f"/apply/{draft}")
    fill_in(page)
    hand_in(page, plan)
    page.goto(f"/apply/{draft}check/")
    for box in page.get_by_label("我已阅读并签署容缺受理承诺书").all():
        box.check()
    page.get_by_label("我已阅读并承诺以上内容").check()
    go(page, "button", "提交申请")
    case = page.url.removesuffix("receipt/")
    for place in ("receipt/", "", "answers/", "withdraw/"):
        audit_page(page, f"{case}{place}")


def test_errors_are_read_first_and_lead_to_their_fields(visit: Visit):
    page = visit(login="restaurant")
    begin(page)
    page.goto(f"{page.url}section/premises/")
    page.get_by_label("经营场所面积").fill("很大")
    save(page)

    expect(page.locator("[data-error-summary]")).to_be_focused()
    assert page.title().startswith("错误：")
    page.get_by_role("link", name="“经营场所面积”应为数字。").click()
    expect(page.get_by_label("经营场所面积")).to_be_focused()
    expect(page.get_by_label("经营场所面积")).to_have_value("很大")


def test_an_answer_shows_the_questions_that_depend_on_it_at_once(visit: Visit):
    page = visit(login="restaurant")
    begin(page)
    page.goto(f"{page.url}section/situation/")
    expect(page.get_by_text("只卖有包装、有标签的预包装食品吗？")).to_have_count(0)

    page.get_by_label("销售食品").check()

    expect(page.get_by_text("只卖有包装、有标签的预包装食品吗？")).to_be_visible()
    expect(page.get_by_label("销售食品")).to_be_checked()


def test_a_form_is_sent_once_however_often_it_is_pressed(visit: Visit):
    page = visit(login="restaurant")
    page.goto(f"{ITEM}apply/?business_type=catering")
    page.get_by_role("radio").first.check()
    sent = []
    page.on("request", lambda one: sent.append(one.url) if one.method == "POST" else None)

    page.get_by_role("button", name="开始填写").dblclick()

    expect(page.get_by_role("heading", level=1)).to_have_text("食品经营许可（新办）")
    assert len(sent) == 1


def test_the_whole_way_works_by_keyboard_from_the_skip_link(visit: Visit):
    page = visit()
    page.goto("/")

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="跳到主要内容")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator("#home-search")).to_be_focused()
    page.keyboard.type("开饭店")
    page.keyboard.press("Enter")

    expect(page.get_by_role("link", name="食品经营许可（新办）")).to_be_visible()


def test_without_a_network_a_phone_shows_a_page_that_holds_nothing(visit: Visit):
    page = visit(login="restaurant", workers=True)
    page.goto("/")
    page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
    page.reload()
    page.context.set_offline(True)

    page.goto("/cases/")

    expect(page.get_by_role("heading", level=1)).to_have_text("没有网络")
    kept = page.evaluate(
        "async () => (await Promise.all((await caches.keys()).map(async (name) =>"
        " (await (await caches.open(name)).keys()).map((one) => new URL(one.url).pathname))))"
        ".flat()"
    )
    page.context.set_offline(False)
    assert kept
    assert all(one == "/offline/" or one.startswith("/static/ui/") for one in kept)
