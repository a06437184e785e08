"""The applicant hears of a correction by e-mail and short message, and follows the link."""

from __future__ import annotations

import email
import json
import re
import time
from email import policy
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.chromium import Site, Visit
from tests.journeys import acts, handling
from tests.journeys.handling import DESK

PHONE = {"width": 390, "height": 844}


def awaited(folder: Path, words: str) -> str:
    """Return the text of the file of the folder that holds `words`, once it is there."""
    deadline = time.monotonic() + 180
    while True:
        for path in sorted(folder.glob("*.*"), reverse=True):
            text = _text(path)
            if words in text:
                return text
        assert time.monotonic() < deadline, f"nothing with {words!r} in {folder}"
        time.sleep(0.5)


def _text(path: Path) -> str:
    if path.suffix == ".json":
        return str(json.loads(path.read_text())["text"])
    letter = email.message_from_bytes(path.read_bytes(), policy=policy.default)
    return f"{letter['Subject']}\n{letter.get_content()}"


def bind(page: Page, channel: str, address: str, folder: Path) -> None:
    """Prove an address with the code that really came to it."""
    acts.follow(page, f"绑定 {channel}")
    page.get_by_label(re.compile("电子邮件地址|手机号码")).fill(address)
    acts.press(page, "获取验证码")
    acts.heading(page, "填写验证码")
    secret = re.search(r"\d{6}", awaited(folder, "验证码"))
    assert secret
    page.get_by_label("验证码").fill(secret[0])
    acts.press(page, "验证")
    acts.heading(page, "通知设置")


@pytest.mark.req("NFR-05")
def test_a_correction_is_told_by_e_mail_and_short_message_and_the_link_leads_to_it(
    visit: Visit, district_site: Site, tmp_path: Path
):
    outbox = district_site.home / "outbox"
    applicant = visit(login="pharmacy", size=PHONE)
    applicant.goto("/me/")
    acts.follow(applicant, "通知设置")
    acts.follow(applicant, "改为设置上海样例大药房有限公司")
    bind(applicant, "电子邮件", "pharmacy@example.invalid", outbox / "mail")
    expect(acts.main(applicant)).to_contain_text("p***@example.invalid")
    bind(applicant, "短信", "13900009999", outbox / "sms")
    expect(acts.main(applicant)).to_contain_text("139****9999")
    applicant.get_by_label("随时都可以发").check()
    acts.press(applicant, "保存通知设置")
    expect(applicant.get_by_role("status")).to_contain_text("通知设置已保存")

    number = handling.apply(applicant, "上海样例大药房有限公司", acts.sheet(tmp_path))
    applicant.goto(f"/cases/{number}/receipt/")
    code = applicant.locator(".yw-done strong").inner_text()
    clerk = visit(login="clerk", size=DESK)
    clerk.goto(f"/desk/cases/{number}/correct/")
    clerk.get_by_label("其他需要补正的内容").first.fill("平面图看不清，请重新拍摄。")
    acts.press(clerk, "核对补正清单")
    acts.press(clerk, "一次性告知补正")

    letter = awaited(outbox / "mail", "请补正材料")
    subject, _, body = letter.partition("\n")
    assert code in subject
    assert "食品经营" not in subject
    link = re.search(r"https?://\S+", body)
    assert link
    applicant.goto(link[0])
    acts.heading(applicant, "补正")
    expect(acts.main(applicant)).to_contain_text("平面图看不清")
    message = awaited(outbox / "sms", "需要补正")
    assert code in message
    assert "样例大药房" not in message
    assert "食品经营" not in message
