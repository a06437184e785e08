"""A licence is revoked by two people, and its holder sees why."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.chromium import Visit
from tests.journeys import acts, handling
from tests.journeys.handling import DESK


@pytest.mark.req("CASE-10")
def test_a_licence_is_revoked_under_four_eyes_and_the_holder_sees_why(visit: Visit, tmp_path: Path):
    holder = visit(login="restaurant")
    number = handling.apply(holder, "上海示例餐饮管理有限公司", acts.sheet(tmp_path))
    handling.grant_all(visit, number)

    reviewer = visit(login="reviewer", size=DESK)
    reviewer.goto(f"/desk/cases/{number}/")
    reviewer.get_by_role("link", name="提出撤销、撤回、注销").click()
    reviewer.get_by_label("法定事由").select_option("fraud")
    reviewer.get_by_label("查明的事实").fill("平面图系伪造，现场与图纸不符。")
    reviewer.get_by_label("证据", exact=True).fill("现场检查笔录（演示）；鉴定意见（演示）。")
    acts.press(reviewer, "核对后提出")
    acts.heading(reviewer, "确认提出撤销")
    acts.press(reviewer, "提出并告知被许可人")
    expect(reviewer.get_by_role("status")).to_contain_text("等待另一名审批人员决定")

    holder.goto(f"/cases/{number}/")
    expect(acts.main(holder)).to_contain_text("办理机关拟撤销您的许可")
    holder.get_by_role("link", name="查看事实、证据和您的权利").click()
    expect(acts.main(holder)).to_contain_text("现场与图纸不符")
    holder.get_by_label("您的陈述和申辩").fill("图纸由他人代画，我不知情。")
    acts.press(holder, "提交")
    expect(holder.get_by_role("status")).to_contain_text("陈述和申辩已提交")

    approver = visit(login="approver", size=DESK)
    approver.goto("/desk/endings/")
    approver.locator("main tbody tr").filter(has_text="食品经营许可").first.get_by_role(
        "link"
    ).click()
    expect(acts.main(approver)).to_contain_text("图纸由他人代画")
    approver.get_by_role("radio", name="撤销", exact=True).check()
    approver.get_by_label("理由", exact=True).fill("不知情不影响认定；事实清楚。")
    approver.get_by_label("公共利益衡量").fill("撤销不损害公共利益。")
    acts.press(approver, "核对决定")
    acts.heading(approver, "确认撤销")
    acts.press(approver, "撤销并送达决定书")
    expect(approver.get_by_role("status")).to_contain_text("决定书已生成")

    holder.goto(f"/cases/{number}/")
    expect(acts.main(holder)).to_contain_text("该许可已不再有效")
    found = dict(handling.letters(holder))
    text = acts.words(found["撤销行政许可决定书"])
    assert "现场与图纸不符" in text
    assert "图纸由他人代画" in text
    assert "行政复议" in text
