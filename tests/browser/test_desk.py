"""The back office in a real browser: one case from the window to the licence, by four posts."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.audit import audit_page
from tests.chromium import Visit
from tests.factories import documents

DESK = {"width": 1440, "height": 900}
FIRM = "91310114XXXX00019T"
ITEM = f"/counter/entity:{FIRM}/food-business/"


@pytest.fixture(scope="module")
def paper(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A plan to be scanned."""
    file = tmp_path_factory.mktemp("paper") / "plan.pdf"
    file.write_bytes(documents.pdf())
    return file


def fill(page: Page) -> None:
    """Answer whatever is still open, as a clerk reads it aloud."""
    for group in page.locator("main fieldset").all():
        options = group.locator("input[type=radio], input[type=checkbox]")
        if options.count() and not group.locator("input:checked").count():
            options.last.check()
    lines = "main input.ds-input[id^=q_]:not([type=radio]):not([type=checkbox])"
    for field in page.locator(lines).all():
        if field.input_value():
            continue
        if field.get_attribute("type") == "date":
            field.fill(f"{dt.date(2026, 3, 9)}")
        else:
            field.fill("20" if field.get_attribute("inputmode") == "decimal" else "王小明")


def press(page: Page, words: str) -> None:
    """Press a button that sends a form, and wait for the page that comes back."""
    with page.expect_navigation():
        page.get_by_role("button", name=words, exact=True).click()


def receive(page: Page, paper: Path | None) -> str:
    """Take a case in at the window and return its number."""
    page.goto("/counter/")
    page.get_by_label("身份证号").fill(FIRM)
    press(page, "查找申请人")
    page.goto(ITEM)
    page.get_by_label("餐饮服务").check()
    fill(page)
    press(page, "按回答更新材料清单")
    fill(page)
    if paper is not None:
        for chooser in page.locator("input[type=file]").all():
            chooser.set_input_files(paper)
        press(page, "上传所选文件")
        expect(page.get_by_text(paper.name).first).to_be_visible()
    page.get_by_label("声明已读给申请人听").check()
    press(page, "收件并打印凭证")
    expect(page.get_by_role("heading", level=1)).to_have_text("收件凭证")
    return page.url.rstrip("/").rsplit("/", 1)[-1]


@pytest.mark.req("CASE-01", "CASE-05")
@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_case_goes_from_the_window_to_the_licence(visit: Visit, paper: Path, scripts: bool):
    clerk = visit(login="clerk", size=DESK, scripts=scripts)
    number = receive(clerk, paper)

    clerk.goto(f"/desk/cases/{number}/accept/")
    clerk.get_by_label("以上材料已逐项核对").check()
    clerk.get_by_role("button", name="受理", exact=True).click()
    expect(clerk.get_by_text("已受理，受理通知书已送达申请人。")).to_be_visible()

    reviewer = visit(login="reviewer", size=DESK, scripts=scripts)
    reviewer.goto(f"/desk/cases/{number}/review/")
    reviewer.get_by_label("建议准予").check()
    reviewer.get_by_label("审查意见").fill("申请材料齐全，符合法定条件。")
    reviewer.get_by_role("button", name="提交审查意见").click()
    expect(reviewer.get_by_text("等待审批人员决定")).to_be_visible()

    approver = visit(login="approver", size=DESK, scripts=scripts)
    approver.goto(f"/desk/cases/{number}/decide/")
    approver.get_by_label("准予", exact=True).check()
    approver.get_by_role("button", name="核对决定书").click()
    expect(approver.get_by_role("heading", level=1)).to_have_text("确认准予")
    approver.get_by_role("button", name="准予并颁发").click()
    expect(approver.get_by_text("证照和决定书已生成")).to_be_visible()

    clerk.goto(f"/desk/cases/{number}/deliver/")
    clerk.get_by_label("窗口领取").check()
    clerk.get_by_role("button", name="登记送达或者寄送").click()
    expect(clerk.get_by_text("已送达，办件办结。")).to_be_visible()


LISTS = (
    ("clerk", "/desk/"),
    ("head", "/desk/"),
    ("leader", "/desk/"),
    ("head", "/desk/load/"),
    ("clerk", "/counter/"),
    ("clerk", f"/counter/entity:{FIRM}/"),
    ("clerk", ITEM),
    ("clerk", "/counter/register/"),
    ("supervisor", "/desk/subjects/"),
    ("supervisor", "/desk/inspections/"),
    ("supervisor", "/desk/dual-notices/"),
    ("head", "/desk/ratings/"),
    ("clerk", "/desk/questions/"),
    ("auditor", "/desk/trail/"),
    ("sysadmin", "/desk/accounts/"),
    ("sysadmin", "/desk/accounts/new/"),
    ("sysadmin", "/desk/accounts/clerk/close/"),
    ("secadmin", "/desk/posts/"),
    ("secadmin", "/desk/posts/clerk/"),
)


@pytest.mark.parametrize(("login", "url"), LISTS)
def test_a_page_of_the_back_office_keeps_the_rules(visit: Visit, login: str, url: str):
    audit_page(visit(login=login), url, desk=True)


@pytest.fixture(scope="module")
def numbers() -> dict[str, str]:
    """Number of a case that waits at the window, kept for the pages of this module."""
    return {}


@pytest.mark.parametrize(
    ("login", "page"),
    [
        ("clerk", ""),
        ("clerk", "accept/"),
        ("clerk", "correct/"),
        ("clerk", "decline/"),
        ("clerk", "reveal/entity.phone/"),
        ("reviewer", "review/"),
        ("approver", "decide/"),
        ("clerk", "deliver/"),
        ("head", "assign/"),
    ],
)
def test_a_page_of_a_case_keeps_the_rules(
    visit: Visit, numbers: dict[str, str], paper: Path, login: str, page: str
):
    if "case" not in numbers:
        numbers["case"] = receive(visit(login="clerk", size=DESK), paper)

    audit_page(visit(login=login), f"/desk/cases/{numbers['case']}/{page}", desk=True)


def test_a_receipt_keeps_the_rules_in_both_sizes_of_print(visit: Visit, paper: Path):
    number = receive(visit(login="clerk", size=DESK), None)

    audit_page(visit(login="clerk"), f"/counter/receipt/{number}/", desk=True)
    audit_page(visit(login="clerk"), f"/counter/receipt/{number}/?print=large", desk=True)


def test_one_key_shows_what_is_registered_and_leaves_the_page_as_it_is(visit: Visit, paper: Path):
    clerk = visit(login="clerk", size=DESK)
    clerk.goto(ITEM)
    held = clerk.locator("#held")
    expect(held).to_contain_text("****")
    clerk.get_by_label("餐饮服务").focus()
    chooser = clerk.locator("input[type=file]").first
    chooser.set_input_files(paper)

    clerk.keyboard.press("v")

    expect(held).to_contain_text("本次查看已记入日志")
    expect(held).not_to_contain_text("****")
    expect(clerk.get_by_label("餐饮服务")).to_be_focused()
    assert chooser.evaluate("control => control.files.length") == 1
    expect(clerk.get_by_role("button", name="查看完整（v）")).to_have_count(0)


def test_the_desk_is_worked_by_keys_alone(visit: Visit):
    clerk = visit(login="clerk", size=DESK)
    receive(clerk, None)
    clerk.goto("/desk/")

    clerk.keyboard.press("j")
    expect(clerk.locator("[data-row]").first).to_be_focused()
    clerk.keyboard.press("/")
    expect(clerk.get_by_label("任何编号、申请人或者事项")).to_be_focused()
    clerk.keyboard.type("n")
    expect(clerk.get_by_role("heading", level=1)).to_have_text("工作台")
    clerk.keyboard.press("Escape")
    clerk.get_by_role("heading", level=1).click()
    clerk.keyboard.press("n")
    expect(clerk.get_by_role("heading", level=1)).to_have_text("受理核对")
    clerk.goto("/desk/")
    clerk.keyboard.press("c")
    expect(clerk.get_by_role("heading", level=1)).to_have_text("窗口收件")


def test_on_a_phone_the_navigation_is_one_line_until_it_is_opened(visit: Visit):
    page = visit(login="head", size={"width": 390, "height": 844}, scripts=False)
    page.goto("/desk/letters/")
    letters = page.get_by_role("navigation", name="主导航").get_by_role("link", name="文书台账")
    fold = page.locator(".yw-nav__fold summary")
    expect(fold).to_have_text("栏目：文书台账")
    expect(letters).to_be_hidden()
    assert page.locator(".yw-nav").bounding_box()["height"] < 64  # type: ignore[index]

    fold.press("Enter")
    expect(letters).to_be_hidden()
    page.locator(".yw-nav__menu summary", has_text="审批").press("Enter")

    expect(letters).to_be_visible()
    page.set_viewport_size(DESK)  # type: ignore[arg-type]  # two whole numbers
    expect(fold).to_be_hidden()
    expect(letters).to_be_visible()


def test_a_menu_of_the_navigation_closes_by_escape_and_by_a_press_elsewhere(visit: Visit):
    page = visit(login="head", size=DESK)
    page.goto("/desk/letters/")
    approval = page.locator(".yw-nav__menu summary", has_text="审批")
    overdue = page.get_by_role("link", name="超期和漏办", exact=True)

    approval.press("Enter")
    expect(overdue).to_be_visible()
    page.keyboard.press("Escape")
    expect(overdue).to_be_hidden()
    expect(approval).to_be_focused()
    approval.click()
    expect(overdue).to_be_visible()
    page.get_by_role("heading", level=1).click()
    expect(overdue).to_be_hidden()
    approval.click()
    overdue.click()
    expect(page.locator(".yw-nav__menu summary strong")).to_have_text("：超期和漏办")


def test_every_list_of_automatic_handling_is_in_view_on_a_phone(visit: Visit):
    page = visit(login="head")
    page.goto("/desk/automatic/")

    boxes = [one.bounding_box() for one in page.locator(".yw-tabs a").all()]

    assert len(boxes) == 5
    assert all(box and box["x"] >= 0 and box["x"] + box["width"] <= 390 for box in boxes)
