"""From acceptance to the licence: clerk, reviewer and approver are three people."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.chromium import Visit
from tests.journeys import acts, handling
from tests.journeys.handling import DESK


@pytest.mark.req("CASE-01", "LIC-01", "LIC-02")
def test_three_people_take_an_application_to_its_licence(visit: Visit, tmp_path: Path):
    applicant = visit(login="restaurant")
    number = handling.apply(
        applicant, "上海示例餐饮管理有限公司", acts.sheet(tmp_path), rules=False
    )

    clerk = visit(login="reviewer", size=DESK)
    handling.open_case(clerk, number)
    acts.follow(clerk, "核对并受理")
    acts.heading(clerk, "受理核对")
    for paper in ("营业执照", "法定代表人（负责人）身份证"):
        box = clerk.locator("li", has=clerk.get_by_role("heading", name=paper))
        expect(box).to_contain_text("免于提交")
    acts.press(clerk, "受理")
    expect(clerk.locator("[data-error-summary]")).to_contain_text("请先核对材料并勾选")
    handling.accept(clerk, number)
    handling.propose(clerk, number, opinion="资料齐全，平面布局合理，建议准予。")

    approver = visit(login="approver", size=DESK)
    handling.open_case(approver, number)
    acts.follow(approver, "作出决定")
    expect(acts.main(approver)).to_contain_text("资料齐全，平面布局合理，建议准予。")
    handling.decide_to_grant(approver, number)
    expect(approver.locator("[data-error-summary]")).to_contain_text(
        "还没有收到“食品安全规章制度”，不能准予"
    )
    file_what_was_to_come_later(applicant, number, acts.sheet(tmp_path, "制度.pdf"))
    handling.grant(approver, number)

    applicant.goto(f"/cases/{number}/")
    letters = handling.letters(applicant)
    assert [title for title, _ in letters] == [
        "收件凭证",
        "容缺受理承诺书",
        "受理通知书",
        "准予行政许可决定书",
    ]
    for title, pdf in letters:
        words = acts.words(pdf)
        assert number in words, title
        assert re.search(r"〔2026〕\d+号", words), title
        assert b"/ByteRange" in pdf, title
    licence = handling.licence_file(applicant)
    assert b"/ByteRange" in licence
    words = acts.words(licence)
    assert "食品经营许可证" in words
    assert "上海示例餐饮管理有限公司" in words
    assert "热食类食品" in words


@pytest.mark.req("CASE-01")
def test_whoever_reviewed_may_not_approve(visit: Visit, tmp_path: Path, staff: handling.Staff):
    """Even a person who holds both posts."""
    number = handling.apply(visit(login="pharmacy"), "上海样例大药房有限公司", acts.sheet(tmp_path))
    both = visit(size=DESK)
    staff.first_sign_in(both, staff.create("market", "reviewer", "approver"))
    handling.accept(both, number)
    handling.propose(both, number)

    both.goto(f"/desk/cases/{number}/decide/")

    expect(acts.main(both)).to_contain_text(
        "您审查过本办件，审查和决定不能由同一人作出，请由本部门其他审批人员决定。"
    )
    assert both.get_by_role("button", name="核对决定书").count() == 0
    version = handling.version_of(visit(login="approver", size=DESK), number)
    answer = acts.post(
        both,
        f"/desk/cases/{number}/decide/",
        version=version,
        outcome="grant",
        confirmed="1",
    )
    assert answer.status == 422
    assert "不能" in answer.text()
    both.goto(f"/desk/cases/{number}/")
    expect(acts.main(both)).to_contain_text("待决定")


@pytest.mark.req("CASE-01")
def test_what_is_missing_is_said_once_and_completely(visit: Visit, tmp_path: Path):
    applicant = visit(login="builder")
    number = handling.apply(applicant, "上海虚构建设工程有限公司", acts.sheet(tmp_path))
    clerk = visit(login="reviewer", size=DESK)
    clerk.goto(f"/desk/cases/{number}/accept/")
    acts.follow(clerk, "一次性补正")
    row = clerk.get_by_role("group", name=re.compile(acts.PLAN))
    row.get_by_label("补充说明").fill("缺少食品流向标注")
    clerk.get_by_label("其他需要补正的内容").first.fill("请说明就餐区是否有露天座位。")
    acts.press(clerk, "核对补正清单")
    acts.heading(clerk, "确认一次性补正")
    expect(acts.main(clerk)).to_contain_text("补正只能告知一次")
    acts.press(clerk, "一次性告知补正")

    applicant.goto("/cases/")
    acts.follow(applicant, "去补正：" + acts.FOOD)
    expect(acts.main(applicant)).to_contain_text("缺少食品流向标注")
    expect(acts.main(applicant)).to_contain_text("请说明就餐区是否有露天座位。")
    acts.press(applicant, "提交补正")
    expect(applicant.locator("[data-error-summary]")).to_be_visible()
    rows = applicant.locator(".yw-material")
    rows.nth(0).locator("input[type=file]").set_input_files(acts.picture(tmp_path, "流向.jpg"))
    rows.nth(1).locator("textarea").fill("没有露天座位。")
    acts.press(applicant, "提交补正")
    expect(applicant.get_by_role("status")).to_contain_text("补正已提交")
    assert "申请材料补正告知书" in [title for title, _ in handling.letters(applicant)]

    clerk.goto(f"/desk/cases/{number}/accept/")
    expect(acts.main(clerk)).to_contain_text("不能再次要求补正")
    assert clerk.get_by_role("link", name="一次性补正").count() == 0
    handling.accept(clerk, number)


@pytest.mark.req("CASE-01")
def test_not_accepting_needs_reason_article_and_remedies(visit: Visit, tmp_path: Path):
    applicant = visit(login="citizen")
    number = handling.apply(applicant, "上海市嘉定区菊园新区示范小吃店", acts.sheet(tmp_path))
    clerk = visit(login="reviewer", size=DESK)
    clerk.goto(f"/desk/cases/{number}/accept/")
    acts.follow(clerk, "不予受理")
    acts.press(clerk, "核对决定书", exact=False)
    expect(clerk.locator("[data-error-summary]")).to_contain_text("请填写不予受理的理由。")
    clerk.get_by_label("不属于本机关职权范围", exact=False).check()
    clerk.get_by_label("事实和理由").fill("经营场所在昆山市，不属于本区。")
    clerk.get_by_label("有权受理的机关").fill("昆山市市场监督管理局")
    acts.press(clerk, "核对决定书", exact=False)
    expect(acts.main(clerk)).to_contain_text("60 日内")
    acts.press(clerk, "不予受理并通知申请人")

    applicant.goto(f"/cases/{number}/")
    expect(acts.main(applicant)).to_contain_text("不予受理")
    notice = acts.words(dict(handling.letters(applicant))["不予受理决定书"])
    for words in (
        "经营场所在昆山市，不属于本区。",
        "行政许可法",
        "昆山市市场监督管理局",
        "60日内",
        "6个月内",
        "行政复议",
    ):
        assert words in notice, words


@pytest.mark.req("CASE-01")
def test_everybody_sees_who_did_what_when_and_what_is_due(visit: Visit, tmp_path: Path):
    applicant = visit(login="restaurant")
    number = handling.apply(applicant, "上海示例餐饮管理有限公司", acts.sheet(tmp_path))
    applicant.goto(f"/cases/{number}/")
    assert acts.summary(applicant, "本环节截止") == "2026年10月19日"
    handling.accept(visit(login="reviewer", size=DESK), number)

    applicant.goto("/cases/")
    applicant.goto(f"/cases/{number}/")

    assert acts.summary(applicant, "承诺办结") == "2026年10月22日"
    assert acts.summary(applicant, "法定办结") == "2026年11月9日"
    entries = timeline(applicant)
    assert [entry[0] for entry in entries] == ["受理", "已提交申请"]
    assert "市场监管局" in entries[0][1]
    assert "2026年10月12日" in entries[0][1]
    messages = applicant.locator("section", has=applicant.get_by_role("heading", name="消息"))
    expect(messages).to_contain_text("受理通知书")
    clerk = visit(login="reviewer", size=DESK)
    clerk.goto(f"/desk/cases/{number}/")
    expect(acts.main(clerk)).to_contain_text("送达")


def file_what_was_to_come_later(page: Page, number: str, file: Path) -> None:
    """Hand in the paper with which the application was allowed to begin."""
    page.goto(f"/cases/{number}/")
    acts.follow(page, "食品安全规章制度", exact=False)
    page.locator("input[type=file]").set_input_files(file)
    acts.press(page, "补交这份材料")
    expect(page.get_by_role("status")).to_contain_text("材料已补交")


def timeline(page: Page) -> list[tuple[str, str]]:
    """Return title and words of each entry of the time line."""
    return [
        (entry.locator("strong").inner_text(), entry.inner_text())
        for entry in page.locator(".yw-timeline > li").all()
    ]
