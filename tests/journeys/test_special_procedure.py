"""A limit that stops for experts, is extended once by the head, and ends in a decision."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.chromium import Visit
from tests.journeys import acts, handling
from tests.journeys.handling import DESK


@pytest.mark.req("CASE-02")
def test_a_limit_stops_runs_again_and_is_extended_once(visit: Visit, tmp_path: Path):
    applicant = visit(login="restaurant")
    number = handling.apply(applicant, "上海示例餐饮管理有限公司", acts.sheet(tmp_path))
    reviewer = visit(login="reviewer", size=DESK)
    handling.accept(reviewer, number)

    reviewer.goto(f"/desk/cases/{number}/special/")
    reviewer.get_by_label("专家评审", exact=True).check()
    reviewer.get_by_label("所需时间（工作日）").fill("5")
    reviewer.get_by_label("理由", exact=True).fill("布局复杂，须请专家评审。")
    acts.press(reviewer, "核对告知书")
    acts.heading(reviewer, "确认启动特别程序")
    acts.press(reviewer, "送达告知书并停止计时")
    expect(reviewer.get_by_role("status")).to_contain_text("期限停止计算")
    expect(acts.main(reviewer)).to_contain_text("暂停计时")

    applicant.goto(f"/cases/{number}/")
    expect(acts.main(applicant)).to_contain_text("特别程序告知书")
    notice = dict(handling.letters(applicant))["特别程序告知书"]
    words = acts.words(notice)
    assert "布局复杂，须请专家评审。" in words
    assert "5个工作日" in words

    reviewer.goto(f"/desk/cases/{number}/special/result/")
    reviewer.get_by_label("结果", exact=True).fill("专家认为布局合理。")
    reviewer.get_by_label("报告或者意见书编号").fill("专评3号")
    acts.press(reviewer, "保存结果并恢复计时")
    expect(reviewer.get_by_role("status")).to_contain_text("恢复计算")

    reviewer.goto(f"/desk/cases/{number}/extension/")
    reviewer.get_by_label("延长（工作日）").fill("10")
    reviewer.get_by_label("理由", exact=True).fill("须待相邻工程完工后复核。")
    acts.press(reviewer, "报请批准")
    expect(reviewer.get_by_role("status")).to_contain_text("等待负责人批准")

    head = visit(login="head", size=DESK)
    head.goto("/desk/overdue/")
    acts.main(head).locator(f"a[href*='{number}']").first.click()
    head.get_by_label("批准延长", exact=True).check()
    acts.press(head, "下一步")
    acts.heading(head, "确认批准延长期限")
    acts.press(head, "批准并告知申请人")
    expect(head.get_by_role("status")).to_contain_text("延长期限告知书已送达")

    handling.propose(reviewer, number)
    handling.grant(visit(login="approver", size=DESK), number)
    applicant.goto(f"/cases/{number}/")
    letters = dict(handling.letters(applicant))
    assert "须待相邻工程完工后复核。" in acts.words(letters["延长期限告知书"])
    assert "准予行政许可决定书" in letters
