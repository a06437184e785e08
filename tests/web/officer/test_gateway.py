"""The pages about departments' own systems."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.factories import cases, desk, exchange
from tests.factories.exchange import Wire
from yiwang.exchange import queries, services
from yiwang.exchange.models import Partner, PartnerKey, Push
from yiwang.exchange.transport import Sent
from yiwang.kernel import events

WHY = "对方系统应答422：<b>没有这个事项</b>"


@pytest.fixture
def push(desk: None, monkeypatch: pytest.MonkeyPatch) -> Push:
    """A push that the market department's system would not take."""
    wire = Wire(answers=[Sent(delivered=False, why=WHY, final=True)]).put_on(monkeypatch)
    monkeypatch.setattr(events, "_transport", [events.deliver])
    queries.forget()
    partner = exchange.register()
    exchange.keys(partner)
    case = cases.accepted()
    exchange.push_all(partner)
    assert wire.bodies[0]["case"]["number"] == case.number
    return Push.objects.get()


def page(login: str, address: str) -> str:
    return desk.signed_in(login).get(address).content.decode()


def test_the_head_finds_the_dead_letter_with_its_reason_and_sends_it_again(push: Push):
    shown = page("head", "/desk/gateway/")
    assert push.conversation.case_number in shown
    assert "对方系统应答422：&lt;b&gt;没有这个事项&lt;/b&gt;" in shown
    assert 'href="/desk/gateway/"' in shown

    client = desk.signed_in("head")
    address = f"/desk/gateway/out/{push.pk}/"
    assert push.message_id in client.get(address).content.decode()
    assert client.post(f"{address}again/").status_code == 302
    push.refresh_from_db()
    assert push.state == "waiting"
    assert "没有等待处理的报文" in page("head", "/desk/gateway/")


def test_the_head_gives_it_up_with_a_reason(push: Push):
    client = desk.signed_in("head")
    address = f"/desk/gateway/out/{push.pk}/"
    refused = client.post(address, {"reason": ""})
    assert (refused.status_code, "请填写放弃的理由" in refused.content.decode()) == (422, True)

    assert client.post(address, {"reason": "对方系统停用"}).status_code == 302

    push.refresh_from_db()
    assert (push.state, push.settled_reason) == ("given_up", "对方系统停用")
    again = client.post(address, {"reason": "再放弃"})
    assert (again.status_code, "已经有人处理" in again.content.decode()) == (422, True)


def test_another_department_finds_neither_list_nor_letter(push: Push):
    assert push.conversation.case_number not in page("stranger", "/desk/gateway/")
    client = desk.signed_in("stranger")
    assert client.get(f"/desk/gateway/out/{push.pk}/").status_code == 404
    assert client.post(f"/desk/gateway/out/{push.pk}/again/").status_code == 404
    assert client.get("/desk/gateway/sideways/1/").status_code == 404


def test_the_administrator_connects_a_system_makes_keys_and_switches_it_off(push: Push):
    client = desk.signed_in("sysadmin")
    given: dict[str, Any] = {
        "code": "housing-main",
        "name": "建设业务系统",
        "department": "housing",
        "kind": "http",
        "address": "ftp://housing.example/",
        "begins": "accepted",
        "valid_from": "2026-03-01",
    }
    empty = client.get("/desk/systems/new/").content.decode()
    assert re.search(r'name="valid_from"[^>]*value="\d{4}-\d\d-\d\d"', empty) or re.search(
        r'value="\d{4}-\d\d-\d\d"[^>]*name="valid_from"', empty
    ), "today stands there, as browsers read it"
    refused = client.post("/desk/systems/new/", given)
    assert (refused.status_code, "应以https://开头" in refused.content.decode()) == (422, True)
    made = client.post("/desk/systems/new/", given | {"address": "https://housing.example/cases"})
    assert (made.status_code, made.url) == (302, "/desk/systems/housing-main/")

    shown = client.post("/desk/systems/housing-main/keys/", {"algorithm": "hmac-sha256"})
    text = shown.content.decode()
    key = PartnerKey.objects.filter(partner__code="housing-main", direction="in").get()
    assert queries.key_of(key, to_sign=True).secret in text
    assert "只显示这一次" in text
    assert shown["Cache-Control"] == "no-store"
    later = client.get("/desk/systems/housing-main/").content.decode()
    assert key.key_id in later
    assert queries.key_of(key, to_sign=True).secret not in later

    assert client.post("/desk/systems/housing-main/", {"reason": "升级"}).status_code == 302
    assert Partner.objects.get(code="housing-main").on is False
    assert "housing-main" in client.get("/desk/systems/").content.decode()


def test_an_item_of_a_system_is_chosen_from_those_of_its_department(push: Push):
    client = desk.signed_in("sysadmin")
    shown = client.get("/desk/systems/new/").content.decode()
    assert f'<option value="{cases.RESTAURANT}">' in shown
    given = {
        "code": "one-item",
        "name": "业务系统",
        "department": "housing",
        "item_slug": cases.RESTAURANT,
        "kind": "http",
        "address": "https://housing.example/cases",
        "begins": "accepted",
        "valid_from": "2026-03-01",
    }

    other = client.post("/desk/systems/new/", given)
    unknown = client.post("/desk/systems/new/", given | {"item_slug": "gone"})

    assert "这个事项不属于所选部门" in other.content.decode()
    assert "请从清单中选择一个已发布的事项" in unknown.content.decode()
    assert {other.status_code, unknown.status_code} == {422}
    assert not Partner.objects.filter(code="one-item").exists()


@pytest.mark.parametrize(
    ("slug", "named"), [(cases.RESTAURANT, "餐饮服务许可（新办）"), ("gone", "gone"), ("", "全部")]
)
def test_a_system_names_its_item_as_people_do(push: Push, slug: str, named: str):
    Partner.objects.update(item_slug=slug)
    code = Partner.objects.get().code

    for address in ("/desk/systems/", f"/desk/systems/{code}/"):
        assert re.search(rf">\s*{named}\s*</(?:td|dd)>", page("sysadmin", address))


def test_who_connects_systems_reads_no_messages_and_the_other_way_round(push: Push):
    assert desk.signed_in("sysadmin").get("/desk/gateway/").status_code == 403
    assert desk.signed_in("head").get("/desk/systems/").status_code == 403
    assert desk.signed_in("clerk").get("/desk/gateway/").status_code == 403


def test_a_held_message_is_shown_with_what_is_missing(push: Push):
    number = push.conversation.case_number
    services.receive(
        partner=queries.partner("market-main"),
        raw=(f'{{"id":"message-9","case":"{number}","sequence":3,"kind":"acknowledge"}}').encode(),
        signed_id="message-9",
        calendar=cases.CALENDAR,
        at=cases.FRIDAY,
    )

    shown = page("head", "/desk/gateway/")

    assert "等待前一条报文" in shown
    assert "序号 1" in shown
