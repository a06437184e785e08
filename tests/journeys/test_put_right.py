"""Put right without a new notice: on the spot before acceptance, and back to the reviewer after."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.chromium import Visit
from tests.journeys import acts, handling
from tests.journeys.handling import DESK

FIRM = "上海示例餐饮管理有限公司"


def row(page: Page, label: str):
    """Return the line of a list of answers that stands under `label`."""
    return page.locator(".yw-summary > div").filter(
        has=page.locator("dt").get_by_text(label, exact=True)
    )


@pytest.mark.req("CASE-05")
def test_an_error_is_put_right_on_the_phone_then_at_the_window_by_keys(
    visit: Visit, tmp_path: Path
):
    applicant = visit(login="restaurant")
    number = handling.apply(applicant, FIRM, acts.sheet(tmp_path))

    clerk = visit(login="clerk", size=DESK)
    clerk.goto(f"/desk/cases/{number}/")
    acts.main(clerk).locator("summary", has_text="其他办理").click()
    acts.follow(clerk, "请申请人当场更正")
    clerk.get_by_label("需要当场更正的内容").fill("面积与平面图不一致，平面图上是 96 平方米。")
    acts.press(clerk, "请申请人更正")
    expect(clerk.get_by_role("status")).to_contain_text("已告知申请人当场更正")

    applicant.goto("/cases/")
    acts.follow(applicant, f"去当场更正：{acts.FOOD}")
    expect(acts.main(applicant)).to_contain_text("平面图上是 96 平方米")
    acts.heading(applicant, "当场更正")
    with applicant.expect_navigation():
        row(applicant, "经营场所面积").get_by_role("link").click()
    applicant.get_by_label("经营场所面积").fill("96")
    acts.press(applicant, "提交更正")
    expect(acts.main(applicant)).to_contain_text("原来：86 平方米")
    expect(acts.main(applicant)).to_contain_text("您已当场更正，等待受理")
    assert "收件凭证" in [title for title, _ in handling.letters(applicant)]

    clerk.goto("/counter/")
    box = clerk.get_by_label("身份证号、统一社会信用代码或单位名称")
    box.fill(number)
    box.press("Enter")
    acts.heading(clerk, acts.FOOD)
    expect(acts.main(clerk)).to_contain_text("96 平方米")
    link = clerk.get_by_role("main").get_by_role("link", name="当场更正")
    clerk.keyboard.press(link.get_attribute("data-key") or "")
    acts.heading(clerk, "当场更正")
    row(clerk, "就餐座位数").get_by_role("link").focus()
    clerk.keyboard.press("Enter")
    clerk.get_by_label("就餐座位数").fill("44")
    clerk.keyboard.press("Control+Enter")
    expect(clerk.locator("[data-error-summary]")).to_contain_text("请核对来人的身份证件")
    assert clerk.get_by_label("就餐座位数").input_value() == "44"
    expect(clerk.get_by_role("radio", checked=True)).to_have_count(1)
    clerk.get_by_label("已核对来人身份证件原件").check()
    clerk.keyboard.press("Control+Enter")
    acts.heading(clerk, "打印凭证和文书")
    receipt = clerk.locator(".yw-receipt")
    expect(receipt).to_contain_text("由“40个”更正为“44个”")
    expect(receipt).to_contain_text("更正人")

    reviewer = visit(login="reviewer", size=DESK)
    reviewer.goto(f"/desk/cases/{number}/accept/")
    expect(row(reviewer, "就餐座位数").first).to_contain_text("44 个")
    handling.accept(reviewer, number)
    applicant.goto(f"/cases/{number}/on-spot/")
    expect(acts.main(applicant)).to_contain_text("受理以后不能再当场更正")


@pytest.mark.req("CASE-01")
def test_a_proposal_goes_back_to_the_reviewer_and_comes_again(visit: Visit, tmp_path: Path):
    number = handling.apply(visit(login="restaurant"), FIRM, acts.sheet(tmp_path))
    reviewer = visit(login="reviewer", size=DESK)
    handling.accept(reviewer, number)
    handling.propose(reviewer, number, opinion="布局合理，建议准予。")

    approver = visit(login="approver", size=DESK)
    approver.goto(f"/desk/cases/{number}/decide/")
    acts.follow(approver, "退回复审")
    acts.heading(approver, "退回复审")
    expect(acts.main(approver)).to_contain_text("布局合理，建议准予。")
    acts.press(approver, "退回审查人员")
    expect(approver.locator("[data-error-summary]")).to_contain_text("请填写退回的理由")
    approver.get_by_label("退回的理由").fill("食品处理区与卫生间相邻，请核实隔断。")
    acts.press(approver, "退回审查人员")
    expect(approver.get_by_role("status")).to_contain_text("已退回复审")

    reviewer.goto("/desk/")
    line = reviewer.locator("main tbody tr").filter(has_text="退回复审")
    expect(line.first).to_be_visible()
    reviewer.goto(f"/desk/cases/{number}/review/")
    expect(acts.main(reviewer)).to_contain_text("请核实隔断")
    handling.propose(reviewer, number, opinion="已核实：有到顶隔断，建议准予。")

    approver.goto(f"/desk/cases/{number}/decide/")
    expect(acts.main(approver)).to_contain_text("有到顶隔断")
    handling.grant(approver, number)
    applicant = visit(login="restaurant")
    applicant.goto(f"/cases/{number}/")
    expect(acts.main(applicant)).not_to_contain_text("请核实隔断")
