"""From an appointment on a phone over the machine in the hall to the receipt at the window."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.chromium import Visit
from tests.journeys import acts
from tests.journeys.handling import DESK
from yiwang.registers.cast import ENTITIES

CENTRE = "嘉定区行政服务中心"


@pytest.mark.req("HALL-01", "HALL-02", "HALL-05", "NFR-01")
def test_an_appointment_on_a_phone_ends_with_a_receipt_at_the_window(visit: Visit):
    phone = visit(login="restaurant")
    phone.goto("/halls/")
    expect(acts.main(phone)).to_contain_text("31个")
    expect(acts.main(phone)).to_contain_text("122个")
    expect(acts.main(phone)).to_contain_text("626项")
    phone.goto("/items/food-business/")
    acts.follow(phone, "预约到大厅办理")
    acts.follow(phone, f"在这里预约 {CENTRE}")
    acts.heading(phone, "预约")
    phone.get_by_label(ENTITIES["restaurant"].name).check()
    phone.get_by_label(re.compile(r"^\d\d:\d\d 至")).first.check()
    acts.press(phone, "预约这个时间")
    acts.heading(phone, "我的预约")
    code = acts.summary(phone, "签到码")

    window = visit(login="clerk", size=DESK)
    window.goto("/counter/queue/")
    window.get_by_label("大厅").first.select_option(label=CENTRE)
    window.get_by_label("窗口编号").fill("B02")
    acts.press(window, "坐到这个窗口")
    expect(acts.main(window)).to_contain_text("企业开办区 · B02")
    machine_address = window.get_by_role("link", name="自助取号机").get_attribute("href") or ""

    machine = visit(size={"width": 1080, "height": 1440})
    machine.goto(machine_address)
    machine.get_by_label("六位签到码").fill(code)
    acts.press(machine, "签到取号")
    number = machine.locator(".yw-ticket__code").inner_text()
    assert re.fullmatch(r"B\d{3}", number)

    window.keyboard.press("c")
    expect(window.locator(".yw-ticket__code")).to_have_text(number)
    hall = visit(size=DESK)
    hall.goto("/halls/centre/display/")
    expect(acts.main(hall)).to_contain_text(number)
    expect(acts.main(hall)).not_to_contain_text(ENTITIES["restaurant"].name)
    window.keyboard.press("o")
    acts.heading(window, acts.FOOD)
    expect(acts.main(window)).to_contain_text(ENTITIES["restaurant"].name)
    for question, answer in acts.GUIDING:
        acts.choose(window, question, answer)
        acts.press(window, "按回答更新材料清单")
    for label, value in acts.TYPED.items():
        window.get_by_label(label, exact=True).fill(value)
    acts.choose(window, "是否已经通过食品安全知识培训考核？", "是")
    window.get_by_label("热食类食品").check()
    window.get_by_label("声明已读给申请人听，申请人已确认并签字").check()
    window.keyboard.press("Control+Enter")
    acts.heading(window, "收件凭证")
    window.keyboard.press("n")

    acts.heading(window, "叫号")
    expect(acts.main(window)).to_contain_text("窗口空闲")
    machine.goto(machine_address)
    machine.get_by_label("六位签到码").fill(code)
    acts.press(machine, "签到取号")
    expect(acts.main(machine)).to_contain_text("已经签到")
