"""The pages of those who keep items, by the rules of every page, in a real browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.audit import audit_page
from tests.chromium import Visit

DESK = {"width": 1440, "height": 900}
ITEM = "tobacco-retail"


@pytest.mark.parametrize(
    ("login", "url"),
    [
        ("owner", "/desk/items/"),
        ("owner", "/desk/items/?tab=drafts"),
        ("head", "/desk/items/?tab=mine"),
        ("checker", "/desk/item-decisions/"),
        ("owner", f"/desk/items/{ITEM}/"),
        ("owner", f"/desk/items/{ITEM}/adjust/"),
        ("checker", f"/desk/items/{ITEM}/cancel/"),
        ("owner", f"/desk/items/{ITEM}/versions/1/changes/"),
        ("owner", "/desk/drafts/new/"),
    ],
)
def test_a_page_about_items_keeps_the_rules(visit: Visit, login: str, url: str):
    audit_page(visit(login=login), url, desk=True)


@pytest.fixture(scope="module")
def kept() -> dict[str, str]:
    """Address of the draft on which the pages of this module stand."""
    return {}


def begin(visit: Visit) -> str:
    """Open the draft of the item, or begin it; return its address."""
    page = visit(login="owner", size=DESK)
    page.goto(f"/desk/items/{ITEM}/")
    opened = page.get_by_role("link", name="打开草稿")
    if opened.count():
        opened.click()
    else:
        page.get_by_role("button", name="修改（新版本）").click()
    expect(page.get_by_role("heading", name="逐项编写")).to_be_visible()
    found = re.search(r"/desk/drafts/\d+/", page.url)
    assert found is not None
    page.goto(f"{found[0]}edit/limits/")
    page.get_by_label("承诺办结时限").fill("50")
    page.get_by_role("button", name="保存", exact=True).click()
    expect(page.get_by_role("status")).to_be_visible()
    return found[0]


PAGES = (
    "",
    "edit/basics/",
    "edit/limits/",
    "edit/materials/",
    "edit/situations/",
    "edit/form/",
    "edit/handling/",
    "edit/result/",
    "edit/english/",
    "rows/materials.0/",
    "rows/materials.new/",
    "rows/sections.0.questions.0/",
    "rows/basis.0/",
    "rows/materials.0/remove/",
    "yaml/",
    "changes/",
    "submit/",
    "discard/",
    "document/",
)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_of_a_draft_keeps_the_rules(visit: Visit, kept: dict[str, str], page: str):
    if not kept:
        kept["draft"] = begin(visit)

    audit_page(visit(login="owner"), f"{kept['draft']}{page}", desk=True)


def test_the_preview_of_a_guide_keeps_the_rules(visit: Visit, kept: dict[str, str]):
    if not kept:
        kept["draft"] = begin(visit)

    audit_page(visit(login="owner"), f"{kept['draft']}preview/")


def test_what_is_wrong_is_told_above_the_form_and_leads_to_its_field(visit: Visit):
    owner = visit(login="owner", size=DESK)
    owner.goto(f"{begin(visit)}edit/basics/")
    owner.get_by_label("事项名称").fill("<b>名称</b>")
    owner.get_by_role("button", name="保存", exact=True).click()

    summary = owner.locator("[data-error-summary]")
    expect(summary).to_be_focused()
    summary.get_by_role("link").click()
    expect(owner.get_by_label("事项名称")).to_be_focused()
    assert owner.get_by_label("事项名称").input_value() == "<b>名称</b>"
    assert owner.title().startswith("错误：")
