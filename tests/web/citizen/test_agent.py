"""The firm sees who its agent is, and takes the mandate back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.factories import cases, portal
from tests.web.officer.test_pages import words
from yiwang.cases.models import Message
from yiwang.halls.models import AgencyMandate
from yiwang.halls.services import agency as services

pytestmark = pytest.mark.usefixtures("portal")


@pytest.fixture
def mandate():
    return services.record_mandate(
        uscc=cases.FIRM_REF.removeprefix("entity:"),
        matter="示例饭店开办的全部审批",
        signed_by="张示例",
        phone="021-00000099",
        last_on=cases.FRIDAY.date() + timedelta(days=90),
        department="centre",
        by=cases.CLERK,
        at=cases.FRIDAY,
    )


@pytest.mark.req("HALL-07")
def test_a_firm_sees_its_agent_and_takes_the_mandate_back(mandate):
    firm = portal.signed_in()
    shown = words(firm.get("/me/"))
    assert "陈窗口" in shown
    assert "021-00000099" in shown
    assert "代办服务不收费" in shown
    path = f"/me/agent/{mandate.id}/end/"
    assert "不再查看和申报" in words(firm.get(path))
    refused = firm.post(path, {"reason": ""})
    assert (refused.status_code, "请填写终止的原因" in words(refused)) == (422, True)

    assert firm.post(path, {"reason": "自己办"}).status_code == 302

    assert "您的代办员" not in words(firm.get("/me/"))
    assert AgencyMandate.objects.get().end_reason == "自己办"
    assert Message.objects.filter(to_ref="user:clerk", title="代办委托已终止").exists()
    assert firm.get(path).status_code == 404
    assert firm.post(path, {"reason": "自己办"}).status_code == 404


def test_whoever_gave_no_mandate_finds_none_to_end(mandate):
    stranger = portal.signed_in("zhang")
    path = f"/me/agent/{mandate.id}/end/"

    assert stranger.get(path).status_code == 404
    assert stranger.post(path, {"reason": "不要了"}).status_code == 404
    assert AgencyMandate.objects.get().ended_at is None


def test_what_is_registered_is_named_in_english_where_english_was_chosen(mandate):
    firm = portal.signed_in()
    firm.cookies["django_language"] = "en"

    shown = words(firm.get("/me/"))

    assert "Unified social credit code" in shown
    assert "统一社会信用代码" not in shown
    assert "available in Chinese only" not in words(firm.get("/licences/"))
