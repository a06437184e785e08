"""The applicant rates the service; a bad rating is answered in public."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.chromium import Visit
from tests.journeys import acts, handling
from tests.journeys.handling import DESK

GRADES = ["非常满意", "满意", "基本满意", "不满意", "非常不满意"]


def granted(visit: Visit, tmp_path: Path) -> tuple[Page, str]:
    applicant = visit(login="pharmacy")
    number = handling.apply(applicant, "上海样例大药房有限公司", acts.sheet(tmp_path))
    handling.grant_all(visit, number)
    return applicant, number


@pytest.mark.req("EVAL-01")
def test_a_bad_rating_is_answered_in_public_by_the_head(visit: Visit, tmp_path: Path):
    applicant, number = granted(visit, tmp_path)
    applicant.goto(f"/cases/{number}/")
    acts.follow(applicant, "评价本次服务")
    grades = applicant.get_by_role("radio")
    assert [
        applicant.locator(f"label[for={one.get_attribute('id')}]").inner_text()
        for one in grades.all()
    ] == GRADES
    assert not any(one.is_checked() for one in grades.all())
    acts.press(applicant, "提交评价")
    expect(applicant.locator("[data-error-summary]")).to_contain_text("请选择一个评价等级。")
    applicant.get_by_label("非常不满意").check()
    words = f"等了很久没有人接电话（{number[-6:]}）"
    applicant.get_by_label("想说的话").fill(words)
    acts.press(applicant, "提交评价")
    expect(acts.main(applicant)).to_contain_text("评价已提交")
    expect(acts.main(applicant)).to_contain_text("2026年11月2日")

    head = visit(login="head", size=DESK)
    task = open_task(head, words)
    assert acts.summary(head, "联系期限") == "2026-10-13"
    assert acts.summary(head, "整改期限") == "2026-11-02"
    assert "陈设想" not in acts.main(head).inner_text()
    assert number not in acts.main(head).inner_text()
    head.get_by_label("给评价人的话").fill("已收到您的意见，由窗口负责人跟进。")
    acts.press(head, "送达评价人")
    head.get_by_label("公开答复").fill("咨询电话已增派人员接听，占线可预约回电。")
    acts.press(head, "公开答复并送达")
    expect(head.get_by_role("status")).to_contain_text("答复已公开")

    applicant.goto(f"/cases/{number}/")
    expect(acts.main(applicant)).to_contain_text("已收到您的意见，由窗口负责人跟进。")
    expect(acts.main(applicant)).to_contain_text("咨询电话已增派人员接听，占线可预约回电。")
    stranger = visit()
    stranger.goto("/items/food-business/")
    expect(acts.main(stranger)).to_contain_text(re.compile(r"差评 \d+ 条，已公开答复 [1-9]"))
    assert task


@pytest.mark.req("EVAL-01")
def test_a_case_is_rated_once(visit: Visit, tmp_path: Path):
    applicant, number = granted(visit, tmp_path)
    applicant.goto(f"/cases/{number}/rate/")
    applicant.get_by_label("满意", exact=True).check()
    acts.press(applicant, "提交评价")
    expect(acts.main(applicant)).to_contain_text("我的评价")
    assert applicant.get_by_role("link", name="评价本次服务").count() == 0

    applicant.goto(f"/cases/{number}/rate/")
    applicant.get_by_label("非常不满意").check()
    acts.press(applicant, "提交评价")

    expect(applicant.locator("[data-error-summary]")).to_contain_text("评价")
    applicant.goto(f"/cases/{number}/")
    box = applicant.locator("section", has=applicant.get_by_role("heading", name="我的评价"))
    expect(box.locator("strong")).to_have_text("满意")


def open_task(page: Page, words: str) -> str:
    """Open the task of the bad rating with these words."""
    page.goto("/desk/ratings/")
    page.get_by_role("row", name=words).get_by_role("link").first.click()
    expect(page.get_by_role("main")).to_contain_text(words)
    return page.url
