"""What a department's system sends back: done in order, once, by that department's people only."""

from __future__ import annotations

import datetime as dt
import itertools
import json
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import IntegrityError, connections, transaction

from tests.factories import cases, exchange
from tests.factories.desk import hire
from tests.factories.exchange import LI, ZHAO
from yiwang.audit.models import AuditEvent
from yiwang.cases import queries
from yiwang.cases.events import ExtensionDecided
from yiwang.cases.models import CaseDocument, Message
from yiwang.cases.queries.procedure import procedure_of
from yiwang.exchange import handlers, services
from yiwang.exchange.models import Conversation, Nonce, Push, RefusedCall, Returned
from yiwang.exchange.policy.signatures import SKEW, Key
from yiwang.exchange.policy.terms import Algorithm, Begin
from yiwang.exchange.services import receiving


def refused(answer, status: int, words: str) -> str:
    body = answer.json()
    assert answer["Content-Type"] == "application/problem+json"
    assert (answer.status_code, body["status"]) == (status, status), body
    assert set(body) == {"type", "title", "status", "detail", "code"}
    assert words in body["detail"], body
    assert body["detail"].endswith("。")
    return body["code"]


def state(number: str) -> str:
    return queries.case(number, by=cases.HEAD).state.value


@pytest.mark.req("CASE-03", "CASE-05")
def test_a_case_worked_in_the_departments_system_is_decided_here(side, number):
    for sequence, (kind, told) in enumerate(
        [
            ("acknowledge", {"their_number": "SJ-2026-0001"}),
            ("review", {"person": LI}),
            ("opinion", {"reviewer": LI, "outcome": "grant", "text": "现场核查符合条件"}),
            ("result", {"reviewer": LI, "decider": ZHAO, "outcome": "grant"}),
        ],
        start=1,
    ):
        answer = side.tell(number, sequence, kind, **told)
        assert answer.status_code == 200, answer.content.decode()
        assert answer.json()["next_sequence"] == sequence + 1

    page = queries.case_page(number, by=cases.HEAD)
    assert (page.case.state.value, page.case.outcome.value) == ("approved", "grant")
    assert page.case.licence_identifier
    assert page.opinion.text == "现场核查符合条件"
    assert [(one.step.value, one.actor_name) for one in page.events[-3:]] == [
        ("start_review", "李审查"),
        ("propose", "李审查"),
        ("grant", "赵审批"),
    ]
    assert page.case.reviewed_by == "gateway:market:li"
    assert page.case.decided_by == "gateway:market:zhao"


def test_a_colleague_in_the_same_system_goes_on_and_somebody_on_the_platform_is_not_disturbed(
    side, number
):
    assert side.tell(number, 1, "review", person=LI).status_code == 200
    other = {"id": "wang", "name": "王审查"}
    assert side.opinion(number, 2, reviewer=other).status_code == 200

    here = cases.accepted()
    from yiwang.cases import services as acts

    acts.assign_case(number=here.number, to=cases.REVIEWER.ref, by=cases.REVIEWER, at=cases.FRIDAY)
    exchange.push_all(side.partner)
    refused(side.opinion(here.number, 1), 409, "已分派给其他人员")


def test_one_result_may_bring_its_opinion_along(side, number):
    answer = side.result(number, 1)

    assert answer.status_code == 200, answer.content.decode()
    assert state(number) == "approved"


def test_a_refusal_needs_reason_and_article(side, number):
    refused(side.result(number, 1, outcome="refuse", opinion="不符合"), 422, "不予的理由")
    assert state(number) == "accepted"

    told = {"outcome": "refuse", "reason": "场所不符合要求", "article": "食品安全法 第三十三条"}
    refused(side.result(number, 1, **told, unmet=[9]), 422, "没有第9条")
    assert state(number) == "accepted"
    assert side.result(number, 1, **told, unmet=[1]).status_code == 200
    assert state(number) == "rejected"
    letter = CaseDocument.objects.get(case__number=number, kind="refusal_decision")
    assert letter.body["unmet"] == [1]


@pytest.mark.parametrize(
    "decider",
    [
        LI,
        {"id": "LI", "name": "另一个"},
        {"id": "li2", "name": "李审查"},
        {"id": "li2", "name": "李 审查"},
    ],
)
def test_reviewer_and_decider_are_two_people(side, number, decider):
    refused(side.result(number, 1, decider=decider), 422, "不能是同一人")
    assert state(number) == "accepted"


def test_the_decider_cannot_be_who_had_reviewed_under_another_message(side, number):
    assert side.opinion(number, 1).status_code == 200

    refused(side.result(number, 2, reviewer=ZHAO, decider=LI), 422, "审查人不是同一人")
    assert state(number) == "decision_pending"


def test_whoever_accepted_what_is_given_at_once_does_not_decide_it_under_another_number(side):
    case = cases.accepted(item_slug=cases.CARD, applicant_ref=cases.elder(), answers={})
    exchange.push_all(side.partner)
    namesake = {"id": "clerk2", "name": cases.CLERK.name}

    refused(side.result(case.number, 1, decider=namesake), 422, "不能作决定")
    assert state(case.number) == "accepted"
    assert side.result(case.number, 1).status_code == 200


def test_a_repeat_gets_the_first_answer_and_does_nothing(side, number):
    first = side.opinion(number, 1, id="message-once")
    again = side.opinion(number, 1, id="message-once")

    assert (first.status_code, first.content) == (again.status_code, again.content)
    assert Returned.objects.count() == 1
    refusal = side.result(number, 2, id="result-once", reviewer=ZHAO, decider=LI)
    assert side.result(number, 2, id="result-once", reviewer=ZHAO, decider=LI).content == (
        refusal.content
    )


def test_an_id_is_not_used_for_something_else(side, number):
    side.opinion(number, 1, id="message-once")

    refused(side.opinion(number, 1, id="message-once", text="别的意见"), 422, "另一份内容")


def test_what_comes_too_early_waits_and_is_done_in_order(side, number):
    early = side.result(number, 3)
    assert (early.status_code, early.json()["state"]) == (202, "held")
    assert "等待序号1" in early.json()["detail"]
    assert side.opinion(number, 2, id="the-opinion").status_code == 202
    assert state(number) == "accepted"

    assert side.tell(number, 1, "review", person=LI).status_code == 200

    assert state(number) == "approved"
    assert side.opinion(number, 2, id="the-opinion").status_code == 202  # as the first time
    now = side.call("GET", "/messages/the-opinion").json()
    assert (now["state"], now["next_sequence"]) == ("applied", 4)


WORKED = {
    1: ("review", {"person": LI}),
    2: ("opinion", {"reviewer": LI, "outcome": "grant", "text": "现场核查符合条件"}),
    3: ("result", {"reviewer": LI, "decider": ZHAO, "outcome": "grant"}),
}
"""What a department tells of one case, by sequence."""


@pytest.mark.parametrize("order", list(itertools.permutations(WORKED)))
def test_in_any_order_each_twice_and_forged_before_all_is_done_once(side, number, order):
    forger = Key(key_id=side.key.key_id, algorithm=Algorithm.HMAC_SHA256, secret="b3RoZXI=" * 4)
    for sequence in (*order, *order):
        kind, told = WORKED[sequence]
        given = {"id": f"message-{sequence}", "case": number, "sequence": sequence, "kind": kind}
        forged = json.dumps(given | told | {"outcome": "refuse"}).encode()
        assert side.call("POST", "/messages", forged, key=forger).status_code == 401

        answer = side.tell(number, sequence, kind, id=given["id"], **told)

        assert answer.status_code in {200, 202}, answer.content.decode()

    page = queries.case_page(number, by=cases.HEAD)
    assert (page.case.state.value, page.case.outcome.value) == ("approved", "grant")
    taken = [one.step.value for one in page.events]
    assert taken == ["receive", "accept", "start_review", "propose", "grant"]
    assert list(Returned.objects.order_by("sequence").values_list("sequence", "state")) == [
        (sequence, "applied") for sequence in WORKED
    ]
    assert RefusedCall.objects.get().count == 2 * len(order)


@pytest.mark.django_db(transaction=True)
def test_the_same_message_twice_at_the_same_moment_is_done_once(side, number):
    barrier = Barrier(2)

    def tell(_time: int) -> tuple[int, bytes]:
        try:
            barrier.wait(timeout=10)
            answer = side.tell(number, 1, "review", id="message-once", person=LI)
            return answer.status_code, answer.content
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        answers = set(pool.map(tell, range(2)))

    assert [status for status, _body in answers] == [200]
    assert Returned.objects.count() == 1
    assert state(number) == "reviewing"


@pytest.mark.django_db(transaction=True)
def test_one_id_for_two_cases_at_the_same_moment_is_taken_once(side, number, monkeypatch):
    """The first is written between the second's look and its own writing."""
    other = cases.accepted().number
    assert exchange.push_all(side.partner) == 1
    keep = receiving._keep

    def write():
        try:
            Returned.objects.create(
                partner_id=side.partner.id,
                conversation=Conversation.objects.get(case_number=other),
                department_code="market",
                message_id="message-once",
                sequence=1,
                kind="acknowledge",
                body={},
                body_sha256="0" * 64,
                state="applied",
                status=200,
                answer={},
                received_at=cases.FRIDAY,
            )
        finally:
            connections.close_all()

    def meanwhile(*positional, **named):
        monkeypatch.setattr(receiving, "_keep", keep)
        with ThreadPoolExecutor(1) as pool:
            pool.submit(write).result()
        return keep(*positional, **named)

    monkeypatch.setattr(receiving, "_keep", meanwhile)

    refused(side.tell(number, 1, "review", id="message-once", person=LI), 422, "另一份内容")

    assert state(number) == "accepted"


def test_what_comes_late_under_a_new_id_is_refused(side, number):
    assert side.tell(number, 1, "review", person=LI).status_code == 200

    refused(side.tell(number, 1, "review", person=LI), 409, "序号1已经用过，下一条应为2")


def test_what_waits_in_vain_becomes_a_dead_letter(side, number):
    side.result(number, 2)
    assert services.expire_held(at=cases.FRIDAY + dt.timedelta(hours=23)) == 0

    assert services.expire_held(at=cases.FRIDAY + dt.timedelta(hours=25)) == 1

    row = Returned.objects.get()
    assert (row.state, row.failure) == ("dead", "等了24小时，没有收到序号1的报文。")


def test_what_waited_and_cannot_be_done_any_more_becomes_a_dead_letter(side, number):
    side.opinion(number, 2)
    side.tell(number, 3, "acknowledge")

    told = {"outcome": "grant", "opinion": "符合"}
    assert side.result(number, 1, **told).status_code == 200

    assert list(Returned.objects.order_by("sequence").values_list("sequence", "state")) == [
        (1, "applied"),
        (2, "dead"),
        (3, "held"),
    ]
    assert "不能开始审查" in Returned.objects.get(sequence=2).failure


def test_a_decided_case_is_not_decided_again(side, number):
    assert side.result(number, 1).status_code == 200

    refused(side.result(number, 2), 409, "准予")
    refused(side.tell(number, 2, "review", person=LI), 409, "不能开始审查")


def test_a_case_that_was_never_sent_is_unknown_whether_it_exists_or_not(side, number):
    hers = cases.receive()
    refused(side.opinion(hers.number, 1), 404, "没有向本系统推送过这个办件")
    refused(side.opinion("310114ZZ", 1), 404, "没有向本系统推送过这个办件")

    assert RefusedCall.objects.get(reason="exchange.foreign_case").count == 2
    assert AuditEvent.objects.filter(act="exchange.turn_away").count() == 2


def test_another_department_cannot_act_on_the_case(side, number):
    housing = exchange.keys(exchange.register(code="housing-main", department="housing"))

    refused(housing.opinion(number, 1), 404, "没有向本系统推送过这个办件")
    refused(housing.call("GET", f"/cases/{number}"), 404, "没有向本系统推送过这个办件")
    assert state(number) == "accepted"


def test_a_forged_call_is_turned_away_counted_and_in_the_trail(side, number):
    wrong = Key(key_id=side.key.key_id, algorithm=Algorithm.HMAC_SHA256, secret="b3RoZXI=" * 4)
    body = json.dumps({"id": "forged-01", "case": number}).encode()

    code = refused(side.call("POST", "/messages", body, key=wrong), 401, "签名不正确")

    assert code == "exchange.signature_refused"
    count = RefusedCall.objects.get()
    assert (count.partner_code, count.count) == ("market-main", 1)
    assert AuditEvent.objects.filter(act="exchange.turn_away").count() == 1
    assert not Returned.objects.exists()


def test_a_bearer_token_opens_nothing_here(side):
    from django.test import Client

    answer = Client().post(
        "/api/v1/gateway/messages",
        "{}",
        content_type="application/json",
        headers={"Authorization": "Bearer yw_test"},
    )

    refused(answer, 401, "Signature-Input")


def test_a_signature_is_used_once_even_for_the_same_words(side, number):
    body = json.dumps(
        {"id": "replay-01", "case": number, "sequence": 1, "kind": "acknowledge"}
    ).encode()
    nonce = "n" * 20
    assert (
        side.call("POST", "/messages", body, message_id="replay-01", nonce=nonce).status_code == 200
    )

    refused(
        side.call("POST", "/messages", body, message_id="replay-01", nonce=nonce), 401, "已经用过"
    )
    assert Nonce.objects.count() == 1
    assert services.purge_nonces(at=cases.FRIDAY + 3 * SKEW) == 1


def test_a_clock_that_is_wrong_is_told_so(side, number):
    late = cases.FRIDAY - SKEW - dt.timedelta(seconds=1)

    refused(side.call("GET", f"/cases/{number}", at=late), 401, "校准服务器时钟")


def test_a_flood_of_forgeries_does_not_fill_the_trail(side):
    for _ in range(150):
        services.turn_away(reason="exchange.x", partner_code="", at=cases.FRIDAY, ip="10.0.0.9")

    assert RefusedCall.objects.get().count == 150
    assert AuditEvent.objects.filter(act="exchange.turn_away").count() == 21


def test_a_system_that_was_switched_off_is_not_heard(side, number):
    services.switch_partner(
        code="market-main", on=False, reason="系统升级", by=exchange.ADMIN, at=cases.FRIDAY
    )

    refused(side.call("GET", f"/cases/{number}"), 403, "接入已关闭")


def test_ten_megabytes_are_refused_before_they_are_read(side):
    refused(side.call("POST", "/messages", b"x" * 10_000_000), 413, "报文超过1MB")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "正文"),
        (b"{", "正文"),
        (b"[]", "正文"),
        (b'{"kind": "explode"}', "kind"),
        (b'{"id":"message-1","case":"1","sequence":0,"kind":"acknowledge"}', "sequence"),
        (b'{"id":"message-1","case":"../1","sequence":1,"kind":"acknowledge"}', "case"),
        (b'{"id":"x","case":"1","sequence":1,"kind":"acknowledge"}', "id"),
        (b'{"id":"message-1","case":"1","sequence":1,"kind":"acknowledge","more":1}', "more"),
        (
            b'{"id":"message-1","case":"1","sequence":1,"kind":"acknowledge",'
            b'"their_number":"\\u0000"}',
            "不能保存",
        ),
        (b"[" * 100_000, "正文"),
        (b"\xff\xfe", "正文"),
    ],
)
def test_a_message_that_is_not_one_is_refused_in_one_sentence(side, body, words):
    refused(side.call("POST", "/messages", body), 422, words)


def test_a_signature_of_another_id_does_not_cover_the_message(side, number):
    body = json.dumps(
        {"id": "message-77", "case": number, "sequence": 1, "kind": "acknowledge"}
    ).encode()

    refused(side.call("POST", "/messages", body, message_id="another-one"), 422, "Idempotency-Key")


def test_a_department_asks_for_what_is_missing_and_is_told_what_came(side, monkeypatch):
    services.switch_partner(
        code="market-main", on=False, reason="改为收件后推送", by=exchange.ADMIN, at=cases.FRIDAY
    )
    early = exchange.keys(exchange.register(code="market-early", begins=Begin.RECEIVED))
    case = cases.receive()
    exchange.push_all(early.partner)
    lines = [{"what": "补充地址门牌", "why": "地址不完整", "example": "11号"}]
    assert early.tell(case.number, 1, "correction", person=LI, lines=lines).status_code == 200
    assert state(case.number) == "correction"
    line = queries.case_page(case.number, by=cases.HEAD).correction.lines[0]
    from yiwang.cases import services as acts

    acts.file_correction(
        number=case.number,
        lines=[acts.FiledLine(line_id=line.id, answer="示例路11号甲")],
        calendar=cases.CALENDAR,
        by=cases.FIRM,
        at=cases.FRIDAY,
    )
    assert exchange.push_all(early.partner) == 1
    told = early.call("GET", f"/cases/{case.number}").json()
    assert told["correction"][0]["answer"] == "示例路11号甲"
    assert early.tell(case.number, 2, "accept", person=LI).status_code == 200
    assert state(case.number) == "accepted"


def test_a_department_declines_what_is_not_its_business(side):
    services.switch_partner(
        code="market-main", on=False, reason="改为收件后推送", by=exchange.ADMIN, at=cases.FRIDAY
    )
    early = exchange.keys(exchange.register(code="market-early", begins=Begin.RECEIVED))
    case = cases.receive()
    exchange.push_all(early.partner)

    answer = early.tell(
        case.number,
        1,
        "decline",
        person=LI,
        reason="不属于本机关职权",
        article="行政许可法 第三十二条",
    )

    assert answer.status_code == 200, answer.content.decode()
    assert state(case.number) == "not_accepted"


def test_a_department_that_is_not_competent_names_who_is(side):
    services.switch_partner(
        code="market-main", on=False, reason="改为收件后推送", by=exchange.ADMIN, at=cases.FRIDAY
    )
    early = exchange.keys(exchange.register(code="market-early", begins=Begin.RECEIVED))
    case = cases.receive()
    exchange.push_all(early.partner)
    sent = {
        "person": LI,
        "reason": "不属于本机关职权",
        "article": "行政许可法 第三十二条第一款第二项",
    }

    refused = early.tell(case.number, 1, "decline", **sent)
    assert refused.status_code == 422, refused.content.decode()
    assert "请填写“有权受理的机关”" in refused.content.decode()
    assert state(case.number) == "received"

    answer = early.tell(case.number, 1, "decline", **sent, elsewhere="示例区水务局")
    assert answer.status_code == 200, answer.content.decode()
    letters = [one.body for one in cases.page(case.number).documents]
    assert "请向示例区水务局提出申请。" in str(letters)


def test_both_sides_may_sign_with_ed25519(side, number):
    modern = exchange.keys(side.partner, Algorithm.ED25519)

    assert modern.opinion(number, 1).status_code == 200
    assert side.result(number, 2).status_code == 200, "the old key is taken for a day"
    assert modern.made.signs_with == ""


def test_a_special_procedure_stops_the_clock_and_its_result_starts_it_again(side, number):
    before = queries.case(number, by=cases.HEAD).promised_on
    begun = side.tell(
        number,
        1,
        "special_start",
        person=LI,
        procedure="expert_review",
        workdays=5,
        reason="工艺需要专家评审",
    )
    assert begun.status_code == 200, begun.content.decode()
    assert state(number) == "special"
    refused(side.opinion(number, 2), 409, "特别程序")

    told = {"person": LI, "result": "专家同意", "result_ref": "评〔2026〕1号"}
    assert side.tell(number, 2, "special_end", **told).status_code == 200
    assert state(number) == "reviewing"
    assert queries.case(number, by=cases.HEAD).promised_on >= before
    assert side.result(number, 3).status_code == 200


def on(day: str, hour: int = 9) -> dt.datetime:
    return dt.datetime.combine(dt.date.fromisoformat(day), dt.time(hour), tzinfo=cases.ZONE)


@pytest.fixture
def go_to(monkeypatch):
    """Let the platform's clock stand at another moment."""

    def go(day: str, hour: int = 9) -> dt.datetime:
        moment = on(day, hour)
        monkeypatch.setattr("yiwang.api.context.timezone.now", lambda: moment)
        return moment

    return go


def said(side, number: str, sequence: int, kind: str, at: dt.datetime = cases.FRIDAY, **told):
    """Tell something signed at `at`, which the platform takes."""
    answer = side.tell(number, sequence, kind, at, **told)
    assert answer.status_code == 200, answer.content.decode()
    return queries.case(number, by=cases.HEAD)


WANG = {"id": "wang", "name": "王主持"}
QIAN = {"id": "qian", "name": "钱负责"}
SUN = {"id": "sun", "name": "孙窗口"}


def documents(number: str) -> list[str]:
    return [one.kind.value for one in queries.case_page(number, by=cases.HEAD).documents]


@pytest.mark.req("CASE-05")
def test_the_notice_of_a_special_procedure_says_how_the_department_delivered_it(side, number):
    said(
        side,
        number,
        1,
        "special_start",
        person=LI,
        procedure="testing",
        workdays=5,
        reason="须检测用水水质",
        channel="post",
        delivered="EMS 1 已签收",
    )

    page = queries.case_page(number, by=cases.HEAD)
    assert page.documents[-1].kind.value == "special_notice"
    delivery = page.deliveries[-1]
    assert (delivery.channel.value, delivery.result) == ("post", "EMS 1 已签收")


def decide_here(number: str, *, approve: bool = True, note: str = "", at: dt.datetime) -> None:
    """Let the head of the department, signed in on the platform, decide on the extension."""
    from yiwang.cases import services as acts

    acts.decide_extension(
        number=number, approve=approve, note=note, calendar=cases.CALENDAR, by=cases.HEAD, at=at
    )


@pytest.mark.req("CASE-05")
def test_more_days_asked_for_in_the_departments_system_are_approved_by_the_head_here(
    side, wire, number
):
    hire("head")
    before = queries.case(number, by=cases.HEAD).statutory_on
    said(side, number, 1, "extension_ask", person=LI, workdays=5, reason="须核对邻里意见")
    assert state(number) == "reviewing"
    told = Message.objects.get(to_ref="user:head")
    assert told.title.startswith("报请延长期限")
    assert "延长5个工作日" in told.body

    refusal = side.tell(number, 2, "extension_decide", head=QIAN)
    assert refused(refusal, 422, "延长期限只能由负责人在平台上批准") == "exchange.only_here"
    assert queries.case(number, by=cases.HEAD).extended_on is None
    decide_here(number, at=cases.FRIDAY)

    case = queries.case(number, by=cases.HEAD)
    assert case.statutory_on == cases.CALENDAR.add_workdays(before, 5)
    assert "extension_notice" in documents(number)
    events = queries.case_page(number, by=cases.HEAD).events
    assert [(one.step.value, one.actor_name) for one in events[-2:]] == [
        ("ask_extension", "李审查"),
        ("extend", cases.HEAD.name),
    ]
    assert exchange.push_all(side.partner) == 1
    pushed = wire.bodies[-1]
    assert (pushed["kind"], pushed["case"]["extended_on"]) == ("case.extension", "2026-03-06")
    known = pushed["case"]["extension"]
    assert (known["workdays"], known["approved"], known["decided_by"]) == (5, True, cases.HEAD.name)
    refused(
        side.tell(number, 2, "extension_ask", person=LI, reason="还要时间"), 422, "只能延长一次"
    )


def test_the_system_hears_each_decision_of_the_head_and_each_once(side, wire, number):
    ask = {"person": LI, "reason": "须核对邻里意见"}
    said(side, number, 1, "extension_ask", **ask)
    decide_here(number, approve=False, note="时间足够", at=cases.FRIDAY)
    exchange.push_all(side.partner)
    declined = wire.bodies[-1]["case"]
    assert (declined["extension"]["approved"], declined["extension"]["note"]) == (False, "时间足够")
    assert declined["extended_on"] is None

    said(side, number, 2, "extension_ask", **ask)
    again = cases.FRIDAY + dt.timedelta(minutes=5)
    decide_here(number, at=again)
    given = {
        "number": number,
        "item_slug": cases.RESTAURANT,
        "approved": True,
        "decided_at": again,
        "deciding_department": "market",
    }
    handlers.on_extension_decided(ExtensionDecided(**given))

    assert exchange.push_all(side.partner, at=again) == 1
    kinds = [one["kind"] for one in wire.bodies]
    assert kinds == ["case.accepted", "case.extension", "case.extension"]
    assert wire.bodies[-1]["case"]["extension"]["approved"] is True
    twice = Push.objects.filter(kind="case.extension").latest("sequence")
    begun = Push.objects.get(kind="case.accepted")
    for row, name in ((twice, "extension_once_per_decision"), (begun, "once_per_kind")):
        row.pk, row.message_id, row.sequence = None, f"another-{row.kind}", 9
        with pytest.raises(IntegrityError, match=f"exchange_push_{name}"), transaction.atomic():
            row.save(force_insert=True)


def test_nobody_is_told_of_an_extension_where_no_system_is_connected(easy_district):
    from yiwang.cases import services as acts

    number = cases.accepted().number
    acts.ask_extension(number=number, reason="须核对", by=cases.REVIEWER, at=cases.FRIDAY)
    decide_here(number, at=cases.FRIDAY)

    assert not Push.objects.exists()


def test_a_head_declines_with_a_word_and_nothing_is_extended(side, number):
    before = queries.case(number, by=cases.HEAD).statutory_on
    said(side, number, 1, "extension_ask", person=LI, reason="须核对邻里意见")
    refused(side.tell(number, 2, "extension_decide", head=QIAN, approve=False), 422, "理由")

    case = said(side, number, 2, "extension_decide", head=QIAN, approve=False, note="时间足够")

    assert (case.statutory_on, case.extended_on) == (before, None)


@pytest.mark.parametrize("head", [LI, {"id": "li2", "name": "李 审查"}])
def test_whoever_asked_for_more_days_does_not_decline_them(side, number, head):
    said(side, number, 1, "extension_ask", person=LI, reason="须核对邻里意见")

    told = {"head": head, "approve": False, "note": "时间足够"}
    refused(side.tell(number, 2, "extension_decide", **told), 422, "其他负责人")
    assert procedure_of(number, by=cases.HEAD, today=cases.FRIDAY.date()).extensions[
        0
    ].approved is (None)


def test_nobody_extends_what_nobody_asked_for_and_no_more_than_the_law_allows(side, number):
    declined = {"head": QIAN, "approve": False, "note": "时间足够"}
    refused(side.tell(number, 1, "extension_decide", **declined), 422, "没有待批准的延期")
    refused(side.tell(number, 1, "extension_decide", head=QIAN), 422, "只能由负责人在平台上批准")
    refused(
        side.tell(number, 1, "extension_ask", person=LI, workdays=15, reason="忙"), 422, "最多延长"
    )
    assert state(number) == "accepted", "the review has not begun either"


@pytest.mark.req("CASE-05")
def test_a_hearing_is_told_asked_for_held_and_decided_on_in_two_systems(side, wire, number, go_to):
    from yiwang.cases import services as acts

    said(side, number, 1, "hearing_notify", person=LI, reason="经营场所与居民楼相邻")
    assert state(number) == "hearing"
    friday = go_to("2026-03-13")
    acts.request_hearing(
        number=number,
        text="本店与居民楼不相邻",
        calendar=cases.CALENDAR,
        by=cases.FIRM,
        at=friday,
    )
    assert exchange.push_all(side.partner, at=friday) == 1
    pushed = wire.bodies[-1]
    assert pushed["kind"] == "case.hearing_asked"
    assert pushed["case"]["hearing"]["request_text"] == "本店与居民楼不相邻"
    assert pushed["case"]["hearing"]["hold_due_on"] == "2026-04-13"

    monday = go_to("2026-03-16")
    place = {"held_at": on("2026-03-26").isoformat(), "place": "局二楼会议室"}
    said(side, number, 2, "hearing_set", monday, person=LI, chair=WANG, **place)
    held = go_to("2026-03-26", 11)
    record = {"record": "申请人提交测绘图。", "signed_by": ["王主持", "申请人代表"]}
    case = said(side, number, 3, "hearing_end", held, person=LI, end="held", **record)
    assert case.state.value == "reviewing"

    refused(
        side.tell(number, 4, "opinion", held, reviewer=WANG, outcome="grant", text="符合"),
        422,
        "您主持了本办件的听证",
    )
    told = {"reviewer": LI, "decider": ZHAO, "outcome": "grant", "opinion": "符合条件"}
    said(side, number, 4, "result", held, **told)
    assert state(number) == "approved"
    wanted = ["hearing_right", "hearing_notice", "hearing_announcement", "hearing_record"]
    assert [one for one in documents(number) if one.startswith("hearing")] == wanted


def test_a_hearing_asked_for_on_paper_and_given_up_lets_the_clock_run_again(side, number, go_to):
    said(side, number, 1, "hearing_notify", person=LI, reason="经营场所与居民楼相邻")
    said(side, number, 2, "hearing_request", person=LI, text="邻居书面要求听证")
    refused(side.tell(number, 3, "hearing_end", person=LI, end="not_requested"), 422, "已经要求")
    refused(side.tell(number, 3, "hearing_end", person=LI, end="waived"), 422, "书面放弃的情况")

    said(side, number, 3, "hearing_end", person=LI, end="waived", record="邻居书面放弃")

    assert state(number) == "reviewing"
    assert queries.case(number, by=cases.HEAD).promised_on is not None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"chair": LI}, "主持人不能是审查"),
        ({"chair": {"id": "li9", "name": "李审查"}}, "主持人不能是审查"),
        ({"person": WANG, "chair": LI}, "主持人须是审查本申请以外的人员"),
        ({"held_at": "2026-03-10T09:00:00+08:00"}, "7个工作日前通知"),
        ({"held_at": "2026-03-20T09:00:00"}, "held_at"),
        ({"held_at": "0001-01-01T00:00:00+14:00"}, "held_at"),
        ({"place": " "}, "请填写听证地点"),
    ],
)
def test_a_hearing_that_the_law_does_not_know_is_refused_and_nothing_is_set(
    side, number, changes, words
):
    said(side, number, 1, "hearing_notify", person=LI, reason="重大事项", origin="own_motion")
    told = {"person": LI, "chair": WANG, "held_at": "2026-03-20T09:00:00+08:00", "place": "会议室"}

    refused(side.tell(number, 2, "hearing_set", **(told | changes)), 422, words)

    seen = side.call("GET", f"/cases/{number}").json()["hearing"]
    assert (seen["held_at"], seen["chair"]) == (None, "")
    said(side, number, 2, "hearing_set", **told)


@pytest.mark.req("CASE-05")
def test_a_result_handed_over_at_the_departments_window_closes_the_case(side, number, go_to):
    assert side.result(number, 1).status_code == 200
    monday = go_to("2026-03-09")
    told = {"person": SUN, "channel": "print", "delivered_on": "2026-03-06", "relation": "agent"}

    case = said(side, number, 2, "delivery", monday, recipient="陈代办", **told)

    assert case.state.value == "closed"
    delivery = queries.case_page(number, by=cases.HEAD).deliveries[-1]
    assert (delivery.to_name, delivery.result) == ("陈代办", "2026年3月6日，已通过窗口领取送达")
    assert documents(number)[-1] == "delivery_receipt"


@pytest.mark.req("CASE-05")
def test_a_result_sent_by_post_comes_back_is_sent_again_and_arrives(side, number, go_to):
    assert side.result(number, 1).status_code == 200
    parcel = {"person": SUN, "carrier": "EMS", "tracking_number": "1234567"}
    said(side, number, 2, "dispatch", **parcel)
    assert state(number) == "delivering"
    refused(side.tell(number, 3, "dispatch", **parcel), 422, "还在途中")
    monday = go_to("2026-03-09")
    back = {"person": SUN, "returned_on": "2026-03-09", "reason": "查无此人"}
    said(side, number, 3, "delivery_return", monday, **back)
    said(side, number, 4, "dispatch", monday, **parcel)
    arrived = {"person": SUN, "channel": "post", "recipient": "陈小明"}
    late = side.tell(number, 5, "delivery", monday, **arrived, delivered_on="2026-03-06")
    refused(late, 422, "日期应在寄出之日")

    case = said(side, number, 5, "delivery", monday, **arrived, delivered_on="2026-03-09")

    assert case.state.value == "closed"


@pytest.mark.parametrize(
    ("changes", "status", "words"),
    [
        ({"delivered_on": "2026-03-05"}, 422, "作出决定之日"),
        ({"delivered_on": "2026-03-07"}, 422, "至今天之间"),
        ({"channel": "post"}, 422, "没有在途的邮件"),
        ({"channel": "pigeon"}, 422, "channel"),
        ({"delivered_on": "9999-12-31"}, 422, "delivered_on"),
        ({"relation": "neighbour"}, 422, "relation"),
    ],
)
def test_a_delivery_that_cannot_be_is_refused_and_the_case_stays_open(
    side, number, changes, status, words
):
    assert side.result(number, 1).status_code == 200
    told = {"person": SUN, "channel": "print", "delivered_on": "2026-03-06", "recipient": "陈小明"}

    refused(side.tell(number, 2, "delivery", **(told | changes)), status, words)
    assert state(number) == "approved"


OUT_OF_PLACE = {
    "hearing_request": {"person": LI, "text": "要求听证"},
    "hearing_set": {"person": LI, "chair": WANG, "held_at": "2026-03-20T09:00:00Z", "place": "局"},
    "hearing_end": {"person": LI, "end": "waived", "record": "放弃"},
    "special_end": {"person": LI, "result": "合格"},
    "dispatch": {"person": SUN, "carrier": "EMS", "tracking_number": "1"},
    "delivery": {
        "person": SUN,
        "channel": "post",
        "delivered_on": "2026-03-06",
        "recipient": "陈小明",
    },
    "delivery_return": {"person": SUN, "returned_on": "2026-03-06", "reason": "查无此人"},
}
"""What cannot be told of a case that was only accepted."""


@pytest.mark.parametrize("kind", OUT_OF_PLACE)
def test_what_is_told_out_of_place_is_refused_and_does_nothing(side, number, kind):
    before = queries.case_page(number, by=cases.HEAD)

    refused(side.tell(number, 1, kind, **OUT_OF_PLACE[kind]), 409, "办件现为“已受理”")

    assert queries.case_page(number, by=cases.HEAD) == before
    assert side.tell(number, 1, "review", person=LI).status_code == 200


def test_hearing_and_delivery_that_come_too_early_wait_and_are_done_in_order(side, number):
    told = {"person": SUN, "channel": "print", "delivered_on": "2026-03-06", "recipient": "陈小明"}
    assert side.tell(number, 4, "delivery", **told).status_code == 202
    given_up = {"person": LI, "end": "waived", "record": "当场书面放弃"}
    assert side.tell(number, 2, "hearing_end", **given_up).status_code == 202
    assert side.result(number, 3).status_code == 202

    assert side.tell(number, 1, "hearing_notify", person=LI, reason="相邻").status_code == 200

    assert state(number) == "closed"
    taken = [one.step.value for one in queries.case_page(number, by=cases.HEAD).events]
    assert taken[2:] == [
        "start_review",
        "notify_hearing",
        "end_hearing",
        "propose",
        "grant",
        "close",
    ]
