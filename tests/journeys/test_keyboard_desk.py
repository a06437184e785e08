"""A clerk takes in a whole application without a mouse."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.chromium import Visit
from tests.journeys import acts
from tests.journeys.handling import DESK
from yiwang.registers.cast import PERSONS


def focused(page: Page) -> str:
    """Return the name of what has the focus."""
    return page.evaluate("document.activeElement.name || document.activeElement.tagName")


def tab_to(page: Page, name: str, most: int = 80) -> None:
    """Press Tab until the control `name` has the focus."""
    for _ in range(most):
        if focused(page) == name:
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab never reaches {name}; last: {focused(page)}")


@pytest.mark.req("NFR-01")
def test_a_whole_case_is_taken_in_by_keyboard_alone(visit: Visit):
    page = visit(login="clerk", size=DESK)
    page.goto("/counter/")

    expect(page.locator("[name=words]")).to_be_focused()
    page.keyboard.type(PERSONS["elder"].id_number)
    page.keyboard.press("Enter")
    acts.heading(page, "选择事项")
    expect(page.locator("[name=text]")).to_be_focused()
    page.keyboard.type("敬老卡")
    page.keyboard.press("Enter")
    page.wait_for_url("**text=**")
    page.keyboard.press("1")
    acts.heading(page, "敬老卡申领、发放")

    page.keyboard.press("?")
    expect(page.locator(".yw-shortcuts dl")).to_be_visible()
    page.keyboard.press("?")
    radios = page.locator("#guiding input[type=radio]")
    tab_to(page, radios.first.get_attribute("name") or "")
    page.keyboard.press("Space")
    with page.expect_navigation():
        page.keyboard.press("g")
    acts.heading(page, "敬老卡申领、发放")
    for name in page.locator("main form .yw-field input[type=radio]").evaluate_all(
        "fields => [...new Set(fields.map(one => one.name))]"
    ):
        group = page.locator(f"input[name='{name}']")
        if not group.evaluate_all("all => all.some(one => one.checked)"):
            tab_to(page, name)
            page.keyboard.press("ArrowUp")
    for name in page.locator("main form select").evaluate_all("all => all.map(one => one.name)"):
        tab_to(page, name)
        page.keyboard.press("ArrowDown")
    tab_to(page, "declared")
    page.keyboard.press("Space")
    page.keyboard.press("Control+Enter")

    acts.heading(page, "收件凭证")
    page.keyboard.press("l")
    expect(page.locator(".yw-receipt--large")).to_contain_text("王示范")
    page.keyboard.press("n")
    acts.heading(page, "窗口收件")
    expect(page.locator("[name=words]")).to_be_focused()


@pytest.mark.req("NFR-01")
def test_one_of_several_firms_is_chosen_by_its_number_at_once(visit: Visit):
    page = visit(login="clerk", size=DESK)
    page.goto("/counter/")

    expect(page.locator("[name=words]")).to_be_focused()
    page.keyboard.type("上海")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="请选择单位")).to_be_visible()
    page.wait_for_load_state()
    chosen = page.locator("[data-key='2']").inner_text().removeprefix("2.").strip()
    page.keyboard.press("2")
    acts.heading(page, "选择事项")
    expect(acts.main(page)).to_contain_text(chosen)


def test_a_person_whom_no_register_knows_is_entered_at_once(visit: Visit):
    page = visit(login="clerk", size=DESK)
    page.goto("/counter/")

    expect(page.locator("[name=words]")).to_be_focused()
    page.keyboard.type("11010119900307299X")
    page.keyboard.press("Enter")
    expect(page.locator("[name=name]")).to_be_focused()
