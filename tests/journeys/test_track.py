"""Following a case without an account, by what only the applicant knows."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.chromium import Clock, Visit
from tests.journeys import acts, handling

NEUTRAL = "没有找到"
PHONE = "021-00000003"
LAST_FOUR = "0003"
WINDOW = timedelta(minutes=11)


@pytest.fixture
def code(visit: Visit, clock: Clock, tmp_path: Path) -> str:
    """Query code of a case; earlier tries from this machine are forgotten."""
    page = visit(login="citizen")
    number = handling.apply(page, "上海市嘉定区菊园新区示范小吃店", acts.sheet(tmp_path))
    page.goto(f"/cases/{number}/receipt/")
    found = page.locator(".yw-done strong").inner_text()
    clock.set(WINDOW)
    return found


def ask(page: Page, code: str, phone: str) -> None:
    page.goto("/track/")
    page.get_by_label("查询码").fill(code)
    page.get_by_label("手机号或后四位").fill(phone)
    acts.press(page, "查询进度")


def test_code_and_telephone_show_where_the_case_stands_without_signing_in(visit: Visit, code: str):
    page = visit()
    ask(page, code, LAST_FOUR)

    acts.heading(page, acts.FOOD)
    assert "已收件" in acts.summary(page, "当前状态")
    expect(acts.main(page)).to_contain_text("嘉定区市场监督管理局")
    assert "示范小吃店" not in acts.main(page).inner_text()
    assert "钱示例" not in acts.main(page).inner_text()


def test_wrong_answers_sound_all_the_same(visit: Visit, code: str):
    page = visit()
    sentences = []
    for given, phone in ((code, "9999"), ("JD261012ZZZZ", LAST_FOUR), ("JD261012ZZZZ", "9999")):
        ask(page, given, phone)
        sentences.append(page.locator("[data-error-summary] li").inner_text())

    assert len(set(sentences)) == 1, sentences
    assert acts.main(page).get_by_label("手机号或后四位").input_value() == "9999"


def test_guessing_is_slowed_down(visit: Visit, clock: Clock, code: str):
    page = visit()
    clock.set(2 * WINDOW)
    for guess in range(6):
        ask(page, code, f"{guess:04d}")
    expect(page.locator("[data-error-summary]")).to_contain_text("查询太频繁，请过10分钟再试")
    ask(page, code, LAST_FOUR)
    expect(page.locator("[data-error-summary]")).to_contain_text("查询太频繁")

    clock.set(3 * WINDOW)
    ask(page, code, LAST_FOUR)

    acts.heading(page, acts.FOOD)
