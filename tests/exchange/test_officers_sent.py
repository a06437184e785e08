"""Who was sent to inspect, test or quarantine, told by a department's own system."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from tests.exchange.folder import answer, put, reasons, scan
from tests.exchange.test_returning import refused, state
from tests.factories import cases, exchange, steps
from tests.factories.exchange import LI, ZHAO, Side
from yiwang.audit.models import AuditEvent
from yiwang.cases import services
from yiwang.cases.models import CaseClock, OfficersSent
from yiwang.cases.policy.terms import ClockKind
from yiwang.cases.queries.procedure import missed_clocks, procedure_of
from yiwang.kernel.clocks import StopReason

TESTED = "tested"
SENT: dict[str, Any] = {
    "person": LI,
    "procedure": "testing",
    "officers": ["李检测", "周检测"],
    "sent_on": "2026-03-06",
}
SPECIAL: dict[str, Any] = {"person": LI, "declared": "水质检测", "reason": "须检测水质"}


def accepted_here(side: Side) -> str:
    """A case for which water is tested, accepted and pushed."""
    declared = [{"name": "水质检测", "workdays": 8, "basis": "食品安全法 第八十四条"}]
    cases.publish(cases.without_materials(slug=TESTED, special_steps=declared, **steps.coded(41)))
    case = cases.accepted(item_slug=TESTED)
    assert exchange.push_all(side.partner) == 1
    return case.number


@pytest.fixture
def number(side: Side) -> str:
    return accepted_here(side)


def met_on(number: str) -> dt.date | None:
    return CaseClock.objects.get(case__number=number, kind=ClockKind.INSPECTION_START.value).met_on


@pytest.mark.req("CASE-05")
def test_the_case_says_by_when_and_the_message_meets_the_clock(side, wire, number):
    pushed = wire.bodies[-1]["case"]
    assert (pushed["officers_due_on"], pushed["officers_sent_on"]) == ("2026-03-13", None)

    answer = side.tell(number, 1, "officers_sent", **SENT)
    assert answer.status_code == 200, answer.content.decode()

    seen = side.call("GET", f"/cases/{number}").json()
    assert (seen["state"], seen["officers_sent_on"]) == ("reviewing", "2026-03-06")
    (sent,) = procedure_of(number, by=cases.HEAD, today=cases.FRIDAY.date()).officers_sent
    assert (sent.kind, sent.names) == (StopReason.TESTING, ("李检测", "周检测"))
    row = OfficersSent.objects.get()
    assert row.by == "gateway:market:li"
    acts = set(AuditEvent.objects.filter(target=f"case:{number}").values_list("act", flat=True))
    assert {"exchange.officers_sent", "cases.send_officers"} <= acts


def test_to_start_the_special_procedure_sends_nobody_and_the_clock_is_missed(side, number):
    assert side.tell(number, 1, "special_start", **SPECIAL).status_code == 200
    assert met_on(number) is None

    services.report_missed_clocks(by=cases.REVIEWER, at=cases.FRIDAY + dt.timedelta(days=10))
    kinds = [one.kind for one in missed_clocks(by=cases.HEAD).rows]
    assert kinds == [ClockKind.INSPECTION_START]


def test_officers_are_sent_before_the_procedure_or_during_it(side, number):
    assert side.tell(number, 1, "special_start", **SPECIAL).status_code == 200
    assert side.tell(number, 2, "officers_sent", **SENT).status_code == 200

    assert state(number) == "special"
    assert met_on(number) == cases.FRIDAY.date()


def test_a_case_that_needs_nobody_names_no_day(side, wire):
    case = cases.accepted()
    exchange.push_all(side.partner)

    assert wire.bodies[-1]["case"]["officers_due_on"] is None
    assert side.tell(case.number, 1, "officers_sent", **SENT).status_code == 200
    assert OfficersSent.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"officers": ["李检测"]}, "须指派两名以上工作人员"),
        ({"officers": ["李检测", " 李检测 "]}, "须指派两名以上工作人员"),
        ({"officers": []}, "须指派两名以上工作人员"),
        ({"officers": ["李检测", ""]}, "officers"),
        ({"officers": ["李检测"] * 21}, "officers"),
        ({"officers": "李检测"}, "officers"),
        ({"procedure": "expert_review"}, "检验、检测或者检疫"),
        ({"procedure": "walk"}, "procedure"),
        ({"sent_on": "2026-03-05"}, "指派日期须在受理之后"),
        ({"sent_on": "2026-03-07"}, "指派日期须在受理之后"),
        ({"sent_on": "昨天"}, "sent_on"),
        ({"place": "示例路11号"}, "place"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence_and_nothing_is_kept(
    side, number, changes, words
):
    refused(side.tell(number, 1, "officers_sent", **(SENT | changes)), 422, words)

    assert not OfficersSent.objects.exists()
    assert (state(number), met_on(number)) == ("accepted", None)


def test_another_department_and_a_decided_case_send_nobody(side, number):
    housing = exchange.keys(exchange.register(code="housing-main", department="housing"))
    refused(housing.tell(number, 1, "officers_sent", **SENT), 404, "没有向本系统推送过这个办件")

    told = {"reviewer": LI, "decider": ZHAO, "outcome": "refuse", "opinion": "不符合"}
    article = {"reason": "不符合", "article": "食品安全法 第三十三条"}
    assert side.tell(number, 1, "result", **told, **article).status_code == 200
    refused(side.tell(number, 2, "officers_sent", **SENT), 409, "不能指派检验检测人员")
    assert not OfficersSent.objects.exists()


@pytest.mark.req("CASE-05")
def test_officers_are_told_by_a_file_and_twice_is_once(files, root):
    number = accepted_here(files)
    told = {"id": "message-1", "case": number, "sequence": 1, "kind": "officers_sent"} | SENT
    put(root, files, "1", told)
    put(root, files, "2", told)

    assert scan(files) == 2

    assert reasons(root) == []
    assert answer(root, "message-1")["state"] == "applied"
    assert OfficersSent.objects.get().names == ["李检测", "周检测"]
