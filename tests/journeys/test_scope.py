"""A firm reads which permits its scope needs, confirms it, registers, and begins what is left."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import Page, expect

from tests.chromium import Visit
from tests.journeys import acts, handling
from tests.journeys.handling import DESK, EVENT_SECONDS

SCOPE = "住宿服务；酒店管理；客房用品咨询"
CHANGE = "公司变更登记"


def read_the_public_page(page: Page) -> None:
    """Come from the scene where a firm starts, and read what the scope needs."""
    page.goto("/scenes/start-a-company/")
    acts.follow(page, "先查经营范围要办哪些许可")
    acts.heading(page, "经营范围要办哪些许可")
    acts.press(page, "查要办的许可")
    expect(page.locator("[data-error-summary]")).to_contain_text("请填写经营范围")
    page.get_by_label("经营范围", exact=True).fill(SCOPE)
    acts.press(page, "查要办的许可")
    main = acts.main(page)
    for said in (
        "旅馆业特种行业许可",
        "登记后办理（后置）",
        "实行告知承诺",
        "上海市公安局嘉定分局",
        "不需要许可的：酒店管理",
        "客房用品咨询",
    ):
        expect(main).to_contain_text(said)
    acts.follow(page, "把这些用语交给工作人员确认")
    expect(page.get_by_label("您的问题")).to_have_value(re.compile("“客房用品咨询”"))


def begin(page: Page) -> str:
    """Begin the change of scope and fill it in; return the address of the draft."""
    page.goto("/items/company-change/apply/")
    ref = page.get_by_label("上海示例餐饮管理有限公司").get_attribute("value") or ""
    sent = {
        "request_kind": "register",
        "change_items": "scope",
        "articles_change": "no",
        "paper_licence_held": "no",
    }
    draft: str = acts.post(page, page.url, status=200, applicant=ref, **sent).url
    for topic in ("applicant", "changes", "shareholders"):
        page.goto(f"{draft}section/{topic}/")
        for label, value in (
            ("决议或者决定是哪天作出的？", "2026-10-09"),
            ("变更后的经营范围", SCOPE),
            ("法律文书送达地址", "上海市嘉定区南翔镇示例路11号"),
            ("变更后公司有几名股东？", "0"),
        ):
            field = page.get_by_label(label, exact=True)
            if field.count():
                field.fill(value)
        acts.press(page, "保存并继续")
    return draft


def what_is_left(page: Page) -> None:
    """Open the firm's page until the worker has delivered the grant."""
    deadline = time.monotonic() + EVENT_SECONDS
    while True:
        page.goto("/me/permits/")
        if "旅馆业特种行业许可" in acts.main(page).inner_text():
            return
        assert time.monotonic() < deadline, f"not told after {EVENT_SECONDS} s"
        time.sleep(0.5)


@pytest.mark.req("REG-02")
def test_a_firm_is_told_what_its_scope_needs_confirms_it_and_begins_what_is_left(visit: Visit):
    read_the_public_page(visit())

    firm = visit(login="restaurant")
    draft = begin(firm)
    expect(acts.main(firm)).to_contain_text("有 1 项用语由工作人员确认")
    firm.goto(f"{draft}section/changes/")
    expect(acts.main(firm)).to_contain_text("旅馆业特种行业许可")

    firm.goto(f"{draft}check/")
    firm.get_by_label("我已阅读并承诺以上内容").check()
    acts.press(firm, "提交申请")
    expect(firm.locator("[data-error-summary]")).to_contain_text("取得许可前不经营，然后提交")
    firm.get_by_label("我已知悉以上需要办理的许可和审批部门，取得许可前不经营").check()
    firm.get_by_label("我已阅读并承诺以上内容").check()
    acts.press(firm, "提交申请")
    found = re.search(r"/cases/([^/]+)/receipt/", firm.url)
    assert found, firm.url
    number = found[1]

    firm.goto(f"/cases/{number}/")
    (letter,) = [pdf for title, pdf in handling.letters(firm) if title == "许可事项告知承诺书"]
    words = acts.words(letter)
    for said in ("住宿服务", "旅馆业特种行业许可", "不开展经营活动", number):
        assert said in words, said

    reviewer = visit(login="reviewer", size=DESK)
    handling.open_case(reviewer, number)
    expect(acts.main(reviewer)).to_contain_text("有规则没有列明的用语，请在登记时告知申请人")
    handling.accept(reviewer, number)
    handling.grant(visit(login="approver", size=DESK), number)

    what_is_left(firm)
    row = firm.locator("li", has_text="旅馆业特种行业许可")
    expect(row).to_contain_text("还没有办理")
    acts.follow(firm, "开始办理", exact=False)
    acts.heading(firm, "开始办理")
    expect(acts.main(firm)).to_contain_text("旅馆业特种行业许可")
    firm.goto(f"/cases/{number}/")
    expect(acts.main(firm)).to_contain_text("按登记的经营范围，还需要办理：1. 旅馆业特种行业许可")
