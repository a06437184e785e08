"""Those who guess, pry, press twice, come too late or lose their session."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from tests.chromium import Clock, Visit, fill_sign_in
from tests.faults.district import ROOT
from tests.journeys import acts, handling
from tests.journeys.handling import DESK, Staff

FIRM = "上海市嘉定区菊园新区示范小吃店"
CHINA = ZoneInfo("Asia/Shanghai")
HIDDEN = (403, 404)
LAST_YEAR = max(int(file.stem[:4]) for file in (ROOT / "packs").glob("*/holidays/*.yaml"))
"""The calendar ends with this year."""


def begun(page: Page, firm: str = FIRM) -> str:
    """Begin an application and return the address of its draft."""
    page.goto("/items/food-business/apply/")
    page.get_by_label(firm).check()
    acts.press(page, "开始填写")
    acts.heading(page, acts.FOOD)
    return re.sub(r"^https?://[^/]+", "", page.url)


def test_nobody_reaches_what_belongs_to_somebody_else(visit: Visit, tmp_path: Path):
    owner, stranger, unknown = visit(login="citizen"), visit(login="mother"), visit()
    draft = begun(owner)
    number = handling.apply(owner, FIRM, acts.sheet(tmp_path))
    handling.grant_all(visit, number)
    owner.goto(f"/cases/{number}/")
    pages = [
        draft,
        f"{draft}section/premises/",
        f"{draft}materials/",
        f"{draft}check/",
        f"{draft}discard/",
        *(f"/cases/{number}/{part}" for part in ("", "answers/", "receipt/", "rate/", "withdraw/")),
        *handling.addresses(owner, "文书"),
        *handling.addresses(owner, "办理结果"),
    ]
    owner.goto(f"{pages[-1]}")
    pages.append(owner.get_by_role("link", name="下载证照（PDF）").get_attribute("href") or "")
    owner.goto(f"/cases/{number}/answers/")
    pages += [
        link.get_attribute("href") or ""
        for link in owner.get_by_role("main").get_by_role("link").all()
        if "/files/" in (link.get_attribute("href") or "")
    ]
    assert len(pages) >= 15, pages

    for address in pages:
        assert owner.request.get(address).ok, address
        assert stranger.request.get(address).status in HIDDEN, address
        assert "/accounts/login/" in unknown.request.get(address).url, address


def test_a_guessed_number_and_a_hidden_one_look_the_same(
    visit: Visit, staff: Staff, tmp_path: Path
):
    number = handling.apply(visit(login="citizen"), FIRM, acts.sheet(tmp_path))
    other = visit(size=DESK)
    staff.first_sign_in(other, staff.create("housing", "reviewer"))

    answers = []
    for asked in (number, number[:-3] + "999"):
        for part in ("", "accept/", "review/"):
            answer = other.request.get(f"/desk/cases/{asked}/{part}")
            assert answer.status == 404, (asked, part)
            answers.append(re.sub(r'name="[^"]*token" value="[^"]*"|/desk/\S+', "", answer.text()))
    other.goto("/desk/?tab=to_accept")
    assert FIRM not in other.content()
    assert len(set(answers)) == 1


def test_a_form_from_elsewhere_is_refused(visit: Visit):
    page = visit(login="citizen")
    draft = begun(page)

    answer = page.request.post(f"{draft}discard/", form={})

    assert answer.status == 403
    assert "重新" in answer.text()
    page.goto(draft)
    acts.heading(page, acts.FOOD)


def test_an_idle_session_ends_and_says_so(visit: Visit, clock: Clock):
    page = visit()
    page.goto("/accounts/login/?next=/cases/")
    fill_sign_in(page, "mother")
    acts.heading(page, "我的办件")
    clock.set(timedelta(minutes=31))

    page.goto("/cases/")

    acts.heading(page, "登录")
    expect(acts.main(page)).to_contain_text("您已30分钟没有操作，为保护您的信息已自动退出")
    fill_sign_in(page, "mother")
    acts.heading(page, "我的办件")


def test_what_was_saved_is_there_after_a_lost_session(visit: Visit):
    page = visit()
    page.goto("/accounts/login/")
    fill_sign_in(page, "citizen")
    draft = begun(page)
    page.get_by_role("link", name="经营场所", exact=True).click()
    acts.fill_open_fields(page)
    page.context.clear_cookies(name="sessionid")

    page.goto(draft)
    fill_sign_in(page, "citizen")

    acts.heading(page, acts.FOOD)
    page.get_by_role("link", name="经营场所", exact=True).click()
    assert page.get_by_label("经营场所面积").input_value() in {"86", "86.0"}


def test_what_was_typed_is_there_after_a_lost_session(visit: Visit):
    page = visit()
    page.goto("/accounts/login/")
    fill_sign_in(page, "citizen")
    begun(page)
    page.get_by_role("link", name="经营场所", exact=True).click()
    page.get_by_label("经营场所面积").fill("57")
    page.context.clear_cookies(name="sessionid")
    acts.press(page, "保存并继续")
    acts.heading(page, "登录")

    fill_sign_in(page, "citizen")
    acts.heading(page, "继续刚才的操作")
    acts.press(page, "继续提交")

    acts.heading(page, acts.FOOD)
    page.get_by_role("link", name="经营场所", exact=True).click()
    assert page.get_by_label("经营场所面积").input_value() in {"57", "57.0"}
    page.goto(page.url)
    assert page.get_by_role("heading", name="继续刚才的操作").count() == 0


def test_what_was_typed_is_not_shown_to_the_next_at_the_same_machine(visit: Visit):
    page = visit()
    page.goto("/accounts/login/")
    fill_sign_in(page, "citizen")
    begun(page)
    page.get_by_role("link", name="经营场所", exact=True).click()
    page.get_by_label("经营场所面积").fill("57")
    page.context.clear_cookies(name="sessionid")
    acts.press(page, "保存并继续")

    fill_sign_in(page, "mother")

    acts.heading(page, "不能打开本页")
    assert "57" not in page.locator("input[type=hidden]").evaluate_all(
        "fields => fields.map(field => field.value)"
    )


def test_of_two_reviewers_at_once_the_second_is_told_and_keeps_the_words(
    visit: Visit, tmp_path: Path
):
    number = handling.apply(visit(login="citizen"), FIRM, acts.sheet(tmp_path))
    first, second = visit(login="reviewer", size=DESK), visit(login="reviewer", size=DESK)
    handling.accept(first, number)
    second.goto(f"/desk/cases/{number}/review/")
    second.get_by_label("建议不予").check()
    second.get_by_label("审查意见", exact=True).fill("平面图没有标明食品流向。")
    handling.propose(first, number)

    acts.press(second, "提交审查意见")

    expect(second.locator("[data-error-summary]")).to_contain_text("审查演示员")
    expect(acts.main(second)).to_contain_text("平面图没有标明食品流向。")


@pytest.mark.parametrize("scripts", [True, False])
def test_pressing_twice_submits_once(visit: Visit, tmp_path: Path, scripts: bool):
    page = visit(login="citizen", scripts=scripts)
    before = count_cases(page)
    draft = handling.ready_draft(page, FIRM, acts.sheet(tmp_path))
    page.goto(f"{draft}check/")
    for box in page.get_by_label("我已阅读并签署容缺受理承诺书").all():
        box.check()
    page.get_by_label("我已阅读并承诺以上内容").check()

    page.get_by_role("button", name="提交申请").dblclick()

    acts.heading(page, "提交成功")
    assert count_cases(page) == before + 1


def count_cases(page: Page) -> int:
    """Count the applicant's cases on all pages of the list."""
    numbers: set[str] = set()
    address: str | None = "/cases/"
    while address:
        page.goto(address)
        numbers |= set(re.findall(r"/cases/([0-9A-Z]{30,})/", page.content()))
        following = page.locator("a[href*='after=']")
        href = following.last.get_attribute("href") if following.count() else None
        address = f"/cases/{href}" if href and href.startswith("?") else href
    return len(numbers)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param("平面图.pdf", b"MZ\x90\x00" + bytes(2_000), id="a program named pdf"),
        pytest.param("平面图.jpg", b"<script>alert(1)</script>", id="a script named jpg"),
        pytest.param("平面图.pdf", b"", id="nothing"),
    ],
)
def test_a_file_that_is_not_what_it_says_is_refused(
    visit: Visit, tmp_path: Path, name: str, content: bytes
):
    page = visit(login="citizen")
    draft = begun(page)
    page.goto(f"{draft}materials/")
    file = tmp_path / name
    file.write_bytes(content)

    acts.upload(page, acts.PLAN, file)

    sentence = page.locator("[data-error-summary] li").inner_text()
    assert "请" in sentence, sentence
    row = page.locator(".yw-material", has=page.get_by_role("heading", name=acts.PLAN))
    expect(row).to_contain_text(sentence)
    expect(row.locator(".yw-files li")).to_have_count(0)


def test_a_deadline_beyond_the_calendar_is_said(
    visit: Visit, clock: Clock, staff: Staff, tmp_path: Path
):
    """No notice is loaded for the year after; nothing is accepted with an invented date."""
    clock.move_to(datetime(LAST_YEAR, 12, 20, 9, 0, tzinfo=CHINA))
    page = visit()
    page.goto("/accounts/login/")
    fill_sign_in(page, "citizen")
    number = handling.apply(page, FIRM, acts.sheet(tmp_path))
    clerk = visit(size=DESK)
    staff.first_sign_in(clerk, staff.create("market", "reviewer"))
    clerk.goto(f"/desk/cases/{number}/accept/")
    clerk.get_by_label("以上材料已逐项核对，齐全并符合法定形式").check()
    acts.press(clerk, "受理")
    expect(clerk.locator("[data-error-summary]")).to_contain_text(
        f"工作日历只到{LAST_YEAR}年12月31日"
    )
    clerk.goto(f"/desk/cases/{number}/")
    expect(acts.main(clerk)).to_contain_text("已收件")

    late = visit()
    clock.move_to(datetime(LAST_YEAR, 12, 31, 9, 0, tzinfo=CHINA))
    late.goto("/accounts/login/")
    fill_sign_in(late, "citizen")
    draft = handling.ready_draft(late, FIRM, acts.sheet(tmp_path))
    late.goto(f"{draft}check/")
    for box in late.get_by_label("我已阅读并签署容缺受理承诺书").all():
        box.check()
    late.get_by_label("我已阅读并承诺以上内容").check()
    acts.press(late, "提交申请")

    expect(late.locator("[data-error-summary]")).to_contain_text(
        f"工作日历只到{LAST_YEAR}年12月31日"
    )
    late.goto(draft)
    acts.heading(late, acts.FOOD)
