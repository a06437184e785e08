"""A firm commits on a phone; a person without a paper promises it at the window."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.chromium import PHONE, Visit
from tests.journeys import acts, handling
from tests.journeys.handling import DESK
from tests.journeys.test_counter import call_up, take_in
from yiwang.registers.cast import ENTITIES

BOOKS = "出版物零售业务经营许可"
FIRM = "上海示例餐饮管理有限公司"


def narrow(page: Page) -> None:
    """See that nothing sticks out of a phone."""
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], page.url


def day(words: str) -> tuple[int, ...]:
    """Return year, month and day as a page writes them."""
    found = re.search(r"(\d{4})\D(\d{1,2})\D(\d{1,2})", words)
    assert found, words
    return tuple(int(part) for part in found.groups())


def book_draft(page: Page) -> str:
    """Begin the licence of a bookshop by forms only; return the address of its draft."""
    page.goto("/items/publication-retail/apply/")
    ref = page.get_by_label(FIRM).get_attribute("value") or ""
    begun = acts.post(
        page,
        page.url,
        status=200,
        applicant=ref,
        request_kind="first",
        sales_mode="shop",
        rented="yes",
    )
    draft: str = begun.url
    acts.post(page, f"{draft}section/applicant/", status=200)
    acts.post(page, f"{draft}section/premises/", status=200, area_m2="60")
    acts.post(page, f"{draft}section/scope/", status=200, publication_scope="books", imported="no")
    return draft


def commit(page: Page, draft: str) -> str:
    """Choose commitment, confirm the conditions one by one, sign and apply; return the number."""
    page.goto(draft)
    page.get_by_role("link", name=re.compile("办理方式")).first.click()
    acts.heading(page, "选择办理方式")
    expect(acts.main(page)).to_contain_text("受理当日作出决定")
    expect(acts.main(page)).to_contain_text("受理后 4 个工作日")
    narrow(page)
    acts.press(page, "阅读并签署承诺书")
    acts.heading(page, "告知承诺书")
    narrow(page)
    page.get_by_label("营业执照的经营范围里有出版物零售").check()
    page.get_by_label("我已阅读承诺书全文").check()
    acts.press(page, "签署承诺书")
    expect(acts.main(page).get_by_role("alert")).to_contain_text("请确认这一条")
    page.get_by_label("有符合法律、法规规定的固定经营场所").check()
    acts.press(page, "签署承诺书")
    expect(page.get_by_role("status")).to_contain_text("承诺书已签署")
    page.goto(f"{draft}check/")
    expect(acts.main(page)).to_contain_text("告知承诺方式，受理当日作出决定")
    narrow(page)
    page.get_by_label("我已阅读并承诺以上内容").check()
    acts.press(page, "提交申请")
    acts.heading(page, "提交成功")
    return page.locator(".yw-done__number").inner_text()


def grant(page: Page, number: str) -> None:
    """Decide on the strength of the commitment, after a second look."""
    page.goto(f"/desk/cases/{number}/")
    acts.follow(page, "按告知承诺准予")
    acts.press(page, "核对并准予")
    acts.heading(page, "确认准予")
    acts.press(page, "准予并颁发")
    expect(page.get_by_role("status")).to_contain_text("核查任务已建立")


def check(page: Page, number: str, outcome: str, facts: str, *unmet: str) -> None:
    """Record what a check on site found."""
    page.goto(f"/desk/commitments/{number}/")
    page.get_by_label(outcome).check()
    for condition in unmet:
        page.get_by_label(condition).check()
    page.get_by_label("查明的事实").fill(facts)
    acts.press(page, "核对核查结果")
    acts.heading(page, "确认核查结果")
    acts.press(page, "记录核查结果")
    expect(page.get_by_role("status")).to_contain_text("核查结果已记录")


@pytest.mark.req("CASE-08")
def test_a_firm_commits_on_a_phone_and_corrects_what_the_check_found(visit: Visit):
    holder = visit(login="restaurant")
    number = commit(holder, book_draft(holder))
    handling.accept(visit(login="reviewer", size=DESK), number)
    grant(visit(login="approver", size=DESK), number)

    holder.goto(f"/cases/{number}/")
    narrow(holder)
    signed = day(acts.summary(holder, "签署"))
    letter = acts.words(dict(handling.letters(holder))["告知承诺书"])
    assert "2.有符合法律、法规规定的固定经营场所" in letter
    assert "SM3" in letter
    assert b"%PDF" in handling.licence_file(holder)

    checker = visit(login="supervisor", size=DESK)
    checker.goto("/desk/commitments/")
    expect(acts.main(checker)).to_contain_text(FIRM)
    checker.goto(f"/desk/commitments/{number}/")
    assert day(acts.summary(checker, "决定日期")) == signed
    place = "有符合法律、法规规定的固定经营场所"
    check(checker, number, "责令限期改正", "场地与申请的地址不一致。", place)

    holder.goto(f"/cases/{number}/")
    expect(acts.main(holder)).to_contain_text("责令改正中")
    narrow(holder)
    order = acts.words(dict(handling.letters(holder))["责令限期改正通知书"])
    assert "场地与申请的地址不一致" in order
    assert "没有履行的承诺" in order

    check(checker, number, "承诺已履行", "已经在申请的地址营业。")
    holder.goto(f"/cases/{number}/")
    expect(acts.main(holder)).to_contain_text("核查通过")


@pytest.mark.req("CASE-07")
def test_at_the_window_a_missing_paper_is_promised_and_filed_later(visit: Visit, tmp_path: Path):
    clerk = visit(login="clerk", size=DESK)
    call_up(clerk, ENTITIES["restaurant"].uscc, acts.FOOD)
    for question, answer in acts.GUIDING:
        acts.choose(clerk, question, answer)
        acts.press(clerk, "按回答更新材料清单")
    for label, value in acts.TYPED.items():
        clerk.get_by_label(label, exact=True).fill(value)
    acts.choose(clerk, "是否已经通过食品安全知识培训考核？", "是")
    clerk.get_by_label("热食类食品").check()
    plan, rules = (clerk.locator(f"#material-{key}") for key in ("layout_plan", "safety_rules"))
    expect(rules).to_contain_text("可容缺")
    expect(plan).not_to_contain_text("可容缺")
    plan.locator("input[type=file][multiple]").set_input_files(acts.sheet(tmp_path))
    acts.press(clerk, "上传所选文件")
    expect(plan).to_contain_text("布局图.pdf")
    clerk.get_by_label("申请人已书面承诺按期补齐").check()
    number = take_in(clerk)
    handling.accept(visit(login="reviewer", size=DESK), number)

    holder = visit(login="restaurant")
    holder.goto(f"/cases/{number}/")
    letter = acts.words(dict(handling.letters(holder))["容缺受理承诺书"])
    assert "窗口当面核验并书面签署" in letter
    later = holder.locator("section", has=holder.get_by_role("heading", name="待补交的材料"))
    later.get_by_role("link").click()
    expect(holder.get_by_role("main").get_by_role("button", name="补交这份材料")).to_be_visible()
    narrow(holder)
    holder.get_by_role("main").locator("input[type=file]").first.set_input_files(
        acts.picture(tmp_path, "制度.jpg")
    )
    holder.get_by_role("main").get_by_role("button", name="补交这份材料").click()
    holder.goto(f"/cases/{number}/")
    expect(later).to_have_count(0)
