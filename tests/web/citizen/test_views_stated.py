"""A holder reads why the licence is to end, and says what speaks against it."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.factories import cases
from tests.factories.portal import signed_in
from tests.web.citizen.test_following import main_of
from yiwang.cases import services
from yiwang.cases.policy.terms import DeliveryChannel

pytestmark = pytest.mark.usefixtures("portal")


@pytest.fixture
def number() -> str:
    case = cases.decided(
        uploads={name: [cases.upload("user:clerk")] for name in ("layout", "rules")}
    )
    services.deliver_case(
        number=case.number, channel=DeliveryChannel.PRINT, by=cases.CLERK, at=cases.FRIDAY
    )
    services.propose_end(
        number=case.number,
        ground="fraud",
        facts="平面图系伪造",
        evidence="鉴定意见",
        calendar=cases.CALENDAR,
        by=cases.REVIEWER,
        at=cases.FRIDAY,
    )
    return case.number


def test_the_holder_reads_facts_and_evidence_and_answers_once(number: str):
    client = signed_in()

    page = main_of(client.get(f"/cases/{number}/"))
    assert "办理机关拟撤销您的许可" in page
    assert "2026年3月13日 前陈述和申辩" in page
    page = main_of(client.get(f"/cases/{number}/views/"))
    assert "平面图系伪造" in page
    assert "鉴定意见" in page

    empty = client.post(f"/cases/{number}/views/", {"text": " "})
    assert empty.status_code == 422
    assert "请填写陈述和申辩的内容" in main_of(empty)
    assert client.post(f"/cases/{number}/views/", {"text": "图是真的"}).status_code == 302
    assert "图是真的" in main_of(client.get(f"/cases/{number}/views/"))
    assert "已经收到" in main_of(client.post(f"/cases/{number}/views/", {"text": "再说"}))


def test_after_the_decision_the_page_says_what_holds_and_why(number: str):
    services.decide_end(
        number=number,
        reason="事实清楚，证据充分。",
        public_interest="不损害公共利益。",
        by=cases.APPROVER,
        at=cases.FRIDAY + dt.timedelta(days=10),
    )

    page = main_of(signed_in().get(f"/cases/{number}/"))

    assert "该许可已不再有效" in page
    assert "事实清楚，证据充分。" in page
    assert "撤销行政许可决定书" in page


def test_nobody_else_reads_or_says_anything(number: str):
    stranger = signed_in("zhang")

    assert stranger.get(f"/cases/{number}/views/").status_code == 403
    assert stranger.post(f"/cases/{number}/views/", {"text": "x"}).status_code == 403
