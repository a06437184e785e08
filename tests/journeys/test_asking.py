"""An old person asks on a phone in 关怀版, is told 不知道, and reads what a clerk answers."""

from __future__ import annotations

import re
import secrets

from playwright.sync_api import Page, expect

from tests.chromium import Visit
from tests.journeys import acts
from tests.journeys.handling import DESK

PHONE_NUMBER = "13900001234"
ANSWER = "可以。材料和费用与本人来办一样。"


def ask(page: Page, question: str) -> None:
    page.goto("/")
    acts.follow(page, "有问题？直接提问")
    page.get_by_label("您的问题").fill(question)
    acts.press(page, "提问")


def no_sideways_scroll(page: Page) -> None:
    root = "document.documentElement"
    assert page.evaluate(f"{root}.scrollWidth <= {root}.clientWidth"), page.url


def test_what_the_box_does_not_know_is_answered_by_a_person(visit: Visit):
    mark = secrets.token_hex(3)
    question = f"我腿脚不便，邻居张阿婆能替我跑一趟吗（{mark}）"
    her = visit(large=True, scripts=False)
    ask(her, question)
    expect(acts.main(her)).to_contain_text("不知道：没有找到有把握的答复")
    expect(acts.main(her)).to_contain_text("拨打 12345")
    assert her.locator("blockquote").count() == 0
    no_sideways_scroll(her)

    acts.follow(her, "把问题交给工作人员")
    assert her.get_by_label("您的问题").input_value() == question
    acts.press(her, "提交问题")
    expect(her.locator("[data-error-summary]")).to_contain_text("请填写 11 位手机号码")
    her.get_by_label("手机号码").fill(PHONE_NUMBER)
    no_sideways_scroll(her)
    acts.press(her, "提交问题")
    acts.heading(her, "问题已提交")
    code = her.locator(".yw-done__code").inner_text()
    expect(acts.main(her)).to_contain_text("嘉定区行政服务中心最迟于 2026-10-19 答复")

    clerk = visit(login="clerk", size=DESK)
    clerk.goto("/desk/questions/")
    acts.follow(clerk, code)
    expect(acts.main(clerk)).to_contain_text(mark)
    expect(acts.main(clerk)).to_contain_text("139****1234")
    clerk.get_by_label("答复", exact=True).fill(ANSWER)
    acts.press(clerk, "提交答复")
    expect(clerk.get_by_role("status")).to_contain_text("已答复")

    later = visit(large=True, scripts=False)
    later.goto("/ask/")
    acts.follow(later, "凭查询码看答复")
    later.get_by_label("查询码").fill(code)
    later.get_by_label("手机号码").fill(PHONE_NUMBER)
    acts.press(later, "查看答复")
    acts.heading(later, "答复")
    assert acts.summary(later, "答复") == ANSWER
    assert acts.summary(later, "答复人").startswith("嘉定区行政服务中心 窗口演示员")
    no_sideways_scroll(later)

    acts.follow(clerk, "大家都会问，公开这条答复")
    expect(acts.main(clerk)).to_contain_text("公开后任何人都能通过提问框看到")
    clerk.get_by_label("公开的问题").fill(f"腿脚不便的老人，可以请邻居代跑吗（{mark}）")
    acts.press(clerk, "公开问题和答复")
    expect(clerk.get_by_role("status")).to_contain_text("答复已公开")
    anybody = visit()
    ask(anybody, f"老人腿脚不便可以请邻居代跑吗{mark}")
    expect(acts.main(anybody)).to_contain_text(ANSWER)
    expect(acts.main(anybody)).to_contain_text("嘉定区行政服务中心已公开的答复")
    assert "张阿婆" not in acts.main(anybody).inner_text()


def test_an_answer_is_quoted_with_a_way_to_its_guide(visit: Visit):
    page = visit(large=True, scripts=False)
    ask(page, "敬老卡去哪里办")

    expect(page.locator("blockquote").first).to_contain_text("社区事务受理服务中心")
    expect(acts.main(page)).to_contain_text(re.compile("第 [1-9] 版，自"))
    acts.follow(page, "敬老卡申领、发放")
    acts.heading(page, "敬老卡申领、发放")
