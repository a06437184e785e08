"""Cases reach a department's system whole, in order, and never vanish."""

from __future__ import annotations

import datetime as dt
import hashlib
from urllib.parse import urlsplit

import pytest
from django.test import Client

from tests.factories import cases, exchange
from yiwang.audit.models import AuditEvent
from yiwang.cases import queries as case_queries
from yiwang.cases import services as acts
from yiwang.exchange import queries, services, transport
from yiwang.exchange.models import Conversation, Partner, Push
from yiwang.exchange.policy import signatures
from yiwang.exchange.policy.retries import Limits, limits, pause_after, wait_after
from yiwang.exchange.policy.signatures import Key, Message
from yiwang.exchange.policy.terms import Algorithm, Begin, PushKind
from yiwang.exchange.services import RegistrationRefusedError
from yiwang.exchange.transport import Sent
from yiwang.organisations.permissions import PermissionRefusedError

DOWN = Sent(delivered=False, why="连不上对方系统（ConnectionRefusedError）。")
MINUTE = dt.timedelta(minutes=1)


@pytest.mark.req("CASE-05")
def test_the_pushed_case_holds_every_answer_and_every_material(side, wire):
    cases.publish(cases.restaurant(effective_on=dt.date(2026, 1, 2)))
    plan, rules = cases.upload("user:clerk"), cases.upload("user:clerk")
    case = cases.accepted(uploads={"layout": [plan], "rules": [rules]})
    assert exchange.push_all(side.partner) == 1

    (body,) = wire.bodies
    told = body["case"]
    page = case_queries.case_page(case.number, by=cases.HEAD)
    assert {one["id"]: one["value"] for one in told["answers"]} == page.answers
    assert set(page.answers) == set(cases.ANSWERS)
    assert {one["id"]: one["text"] for one in told["answers"]}["area_m2"] == "80平方米"
    assert [one["id"] for one in told["materials"]] == [one.material_id for one in page.materials]
    given = {one["id"]: one["files"] for one in told["materials"]}
    for material in ("layout", "rules"):
        (file,) = given[material]
        assert file["name"] == "plan.png"
        fetched = Client().get(urlsplit(file["url"]).path)
        assert fetched.status_code == 200
        assert hashlib.sha256(fetched.content).hexdigest() == file["sha256"]
    assert told["applicant"]["number"] == cases.FIRM_REF.removeprefix("entity:")
    assert told["promised_on"] == "2026-03-13"


def test_the_push_is_signed_over_what_is_sent_and_in_the_trail(side, wire):
    case = cases.accepted()
    exchange.push_all(side.partner)

    address, body, headers = wire.sent[0]
    key = Key(
        key_id=side.made.out_key_id,
        algorithm=Algorithm.HMAC_SHA256,
        secret=side.made.checks_with,
    )
    message = Message(method="POST", path=urlsplit(address).path, headers=headers)
    found = signatures.verify(message, {key.key_id: key}.get, now=cases.FRIDAY, body=body)
    assert found.key_id == side.made.out_key_id
    row = AuditEvent.objects.get(act="exchange.push")
    assert row.target == f"case:{case.number}"
    assert row.detail["sha256"] == hashlib.sha256(body).hexdigest()


def test_nothing_is_told_that_the_department_does_not_need(side, wire):
    case = cases.accepted()
    exchange.push_all(side.partner)

    _, body, _ = wire.sent[0]
    told = body.decode()
    assert case.query_code not in told
    assert "A03" not in told
    assert cases.CLERK.ref not in told


def test_a_link_opens_for_an_hour_and_only_unspoilt(side, wire, monkeypatch):
    cases.publish(cases.restaurant(effective_on=dt.date(2026, 1, 2)))
    files = {"layout": [cases.upload("user:clerk")], "rules": [cases.upload("user:clerk")]}
    number = cases.accepted(uploads=files).number
    exchange.push_all(side.partner)
    (file,) = next(
        one["files"] for one in wire.bodies[0]["case"]["materials"] if one["id"] == "layout"
    )
    path = urlsplit(file["url"]).path

    spoilt = Client().get(path[:-1] + ("A" if path[-1] != "A" else "B"))
    assert (spoilt.status_code, spoilt["Content-Type"]) == (403, "application/problem+json")
    later = cases.FRIDAY + 61 * MINUTE
    monkeypatch.setattr("yiwang.api.context.timezone.now", lambda: later)
    assert "已过期" in Client().get(path).json()["detail"]
    fresh = side.call("GET", f"/cases/{number}", at=later).json()
    (again,) = next(one["files"] for one in fresh["materials"] if one["id"] == "layout")
    assert Client().get(urlsplit(again["url"]).path).status_code == 200
    assert AuditEvent.objects.filter(act="exchange.fetch_file").count() == 1


def test_a_failed_push_is_tried_again_later_and_later_until_a_person_must_look(side, wire):
    cases.accepted()
    at, waits = cases.FRIDAY, []
    wire.answers = [DOWN] * 20
    while Push.objects.get().state == "waiting":
        Partner.objects.update(paused_until=None)
        exchange.push_all(side.partner, at)
        push = Push.objects.get()
        waits.append((push.next_at - at).total_seconds())
        at = push.next_at

    push = Push.objects.get()
    assert waits[:5] == [30, 60, 120, 240, 480]
    assert (push.state, push.attempts) == ("dead", 10)
    assert push.failure == DOWN.why
    assert len({body["id"] for body in wire.bodies}) == 1, "each try bears the same id"
    assert AuditEvent.objects.filter(act="exchange.push_failed").count() == 1


def test_what_a_second_try_would_not_change_is_a_dead_letter_at_once(side, wire):
    cases.accepted()
    wire.answers = [Sent(delivered=False, why="对方系统应答422：缺少字段", final=True)]
    exchange.push_all(side.partner)

    push = Push.objects.get()
    assert (push.state, push.attempts) == ("dead", 1)
    assert Partner.objects.get().failures == 0, "the system itself lives"


def test_a_department_that_is_down_is_left_alone_for_a_while(side, wire):
    for _ in range(10):
        cases.accepted()
    wire.answers = [DOWN] * 100
    exchange.push_all(side.partner)
    assert len(wire.sent) == 3, "three failures, then a pause"
    assert services.systems_with_work(at=cases.FRIDAY + dt.timedelta(seconds=29)) == []

    assert services.systems_with_work(at=cases.FRIDAY + MINUTE) == [side.partner.id]
    exchange.push_all(side.partner, cases.FRIDAY + MINUTE)
    assert len(wire.sent) == 4, "one probe, and the pause is longer"
    assert services.systems_with_work(at=cases.FRIDAY + 1.5 * MINUTE) == []

    wire.answers = []
    assert exchange.push_all(side.partner, cases.FRIDAY + 300 * MINUTE) == 10
    assert Partner.objects.get().failures == 0


def test_a_worker_that_dies_while_sending_leaves_a_message_that_is_sent_again(
    side, wire, monkeypatch
):
    cases.accepted()

    def killed(*given: object, **more: object) -> Sent:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(transport, "post", killed)
        with pytest.raises(KeyboardInterrupt):
            exchange.push_all(side.partner)
    assert exchange.push_all(side.partner, cases.FRIDAY + MINUTE) == 0, "it may still be on its way"

    assert exchange.push_all(side.partner, cases.FRIDAY + 2 * MINUTE) == 1


def test_what_happened_later_is_told_after_what_happened_before(side, wire):
    case = cases.accepted()
    acts.withdraw_case(number=case.number, reason="不办了", by=cases.FIRM, at=cases.FRIDAY)
    wire.answers = [DOWN]
    exchange.push_all(side.partner)
    assert [body["kind"] for body in wire.bodies] == ["case.accepted"]

    assert exchange.push_all(side.partner, cases.FRIDAY + MINUTE) == 2
    assert [(body["kind"], body["sequence"]) for body in wire.bodies[1:]] == [
        ("case.accepted", 1),
        ("case.closed", 2),
    ]


def test_an_event_that_comes_twice_tells_once(side, wire):
    case = cases.accepted()
    assert services.queue_push(number=case.number, kind=PushKind.ACCEPTED) is False

    assert Push.objects.count() == 1


def test_a_case_that_no_event_told_of_is_found_by_comparing(side, wire):
    case = cases.accepted()
    Push.objects.all().delete()
    Conversation.objects.all().delete()

    assert services.begin_missing(at=cases.FRIDAY) == 1
    assert services.begin_missing(at=cases.FRIDAY) == 0
    exchange.push_all(side.partner)
    assert wire.bodies[0]["case"]["number"] == case.number


def test_only_cases_of_a_connected_department_travel(side, wire, monkeypatch):
    carried: list[object] = []
    monkeypatch.setattr("yiwang.kernel.events._transport", [carried.append])
    services.switch_partner(
        code="market-main", on=False, reason="停机", by=exchange.ADMIN, at=cases.FRIDAY
    )
    cases.accepted()
    assert carried == []

    services.switch_partner(
        code="market-main", on=True, reason="恢复", by=exchange.ADMIN, at=cases.FRIDAY
    )
    cases.accepted()
    assert [event.name for event in carried] == ["cases.submitted", "cases.accepted"]


def test_an_item_may_have_a_system_of_its_own(side, wire):
    special = exchange.register(code="market-card", item_slug=cases.CARD, begins=Begin.RECEIVED)
    exchange.keys(special)
    case = cases.receive(item_slug=cases.CARD, applicant_ref=cases.elder(), answers={})

    assert exchange.push_all(side.partner) == 0
    assert exchange.push_all(special) == 1
    assert wire.bodies[0]["case"]["number"] == case.number
    assert wire.bodies[0]["kind"] == "case.received"


def test_waits_grow_and_end_and_a_district_may_say_otherwise():
    assert [wait_after(n).total_seconds() for n in (1, 2, 5, 10, 99)] == [
        30, 60, 480, 14_400, 14_400,
    ]  # fmt: skip
    assert [pause_after(n) and pause_after(n).total_seconds() for n in (0, 2, 3, 4, 99)] == [
        None, None, 30, 60, 1_800,
    ]  # fmt: skip
    said = {"attempts": "5", "timeout_seconds": "999", "hold_hours": "一天"}
    assert limits(said) == Limits(attempts=5)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"code": "../etc"}, "接入编号"),
        ({"code": "Market"}, "接入编号"),
        ({"name": " "}, "系统名称"),
        ({"department": "moon"}, "没有这个部门"),
        ({"item_slug": "no-such-item"}, "没有这个事项"),
        ({"address": "http://market.example/"}, "https://"),
        ({"address": "file:///etc/passwd"}, "https://"),
        ({"address": "https://a:b@market.example/"}, "不能带账号"),
        ({"valid_until": dt.date(2025, 1, 1)}, "停用日期"),
        ({"code": "market-main"}, "已有"),
        ({"code": "second"}, "已有"),
    ],
)
def test_a_system_is_connected_only_as_it_can_work(side, changes, words):
    given = {"code": "other-one"} | changes

    with pytest.raises(RegistrationRefusedError, match=words) as refused:
        exchange.register(**given)
    assert refused.value.message.endswith("。")


def test_only_the_system_administrator_connects_systems(side):
    for by in (cases.HEAD, cases.CLERK, exchange.CENTRE_HEAD):
        with pytest.raises(PermissionRefusedError, match="系统管理员"):
            exchange.register(code="other-one", department="housing", by=by)
        with pytest.raises(PermissionRefusedError, match="系统管理员"):
            queries.registered(by=by)


def test_secrets_are_sealed_in_the_table(side):
    from yiwang.exchange.models import PartnerKey

    for row in PartnerKey.objects.all():
        assert side.made.checks_with not in row.sealed
        assert side.made.signs_with not in row.sealed
        assert row.sealed
    assert side.made.signs_with not in repr(queries.keys_of("market-main", by=exchange.ADMIN))
