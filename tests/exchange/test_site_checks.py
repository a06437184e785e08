"""A check on the spot that the item asks for, told by a department's own system before a grant."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

import pytest

from tests.exchange.folder import answer, put, reasons, scan
from tests.exchange.test_returning import refused, state
from tests.factories import cases, exchange
from tests.factories.exchange import LI, ZHAO, Side
from yiwang.audit.models import AuditEvent
from yiwang.cases import queries
from yiwang.cases.models import SiteCheck
from yiwang.cases.queries.procedure import procedure_of
from yiwang.exchange.models import Returned

DUTY = {"basis": "行政许可法 第三十四条第三款"}
WANG = {"id": "wang", "name": "王核查"}
CHECK: dict[str, Any] = {
    "person": LI,
    "second": WANG,
    "checked_on": "2026-03-06",
    "place": "示例路11号",
    "found": "操作间分隔符合要求",
    "witness": "店长陈小明",
}
GRANT: dict[str, Any] = {
    "reviewer": LI,
    "decider": ZHAO,
    "outcome": "grant",
    "opinion": "符合条件",
}
MISSING = "本事项准予前必须由两名以上工作人员现场核查，还没有核查记录，请先核查并记录。"


def watched(**changes: Any) -> dict[str, Any]:
    definition = cases.without_materials(slug="watched", site_check=DUTY, **changes)
    return definition | {"handling_code": "11310114XXXX01011H431013100100003"}


@pytest.fixture
def number(side: Side) -> str:
    """A case that must be looked at, accepted and pushed."""
    cases.publish(watched())
    case = cases.accepted(item_slug="watched")
    assert exchange.push_all(side.partner) == 1
    return case.number


@pytest.fixture
def filed(files: Side) -> str:
    """The same for a department that exchanges files."""
    cases.publish(watched())
    case = cases.accepted(item_slug="watched")
    assert exchange.push_all(files.partner) == 1
    return case.number


def told(number: str, sequence: int, kind: str, given: dict[str, Any]) -> dict[str, Any]:
    return {"id": f"message-{sequence}", "case": number, "sequence": sequence, "kind": kind} | given


@pytest.mark.req("CASE-05")
def test_nothing_is_granted_before_the_check_was_told_and_the_case_says_so(side, wire, number):
    pushed = wire.bodies[-1]["case"]
    assert (pushed["must_check_site"], pushed["site_checked_on"]) == (True, None)

    refused(side.opinion(number, 1), 422, MISSING)
    refused(side.result(number, 1), 422, MISSING)
    assert state(number) == "accepted"
    answer = side.tell(number, 1, "site_check", **CHECK)
    assert answer.status_code == 200, answer.content.decode()

    seen = side.call("GET", f"/cases/{number}").json()
    assert (seen["state"], seen["site_checked_on"]) == ("reviewing", "2026-03-06")
    assert side.result(number, 2).status_code == 200
    assert state(number) == "approved"


def test_the_record_names_both_officers_and_stands_on_the_file_and_in_the_trail(side, number):
    assert side.tell(number, 1, "site_check", **CHECK).status_code == 200

    found = procedure_of(number, by=cases.HEAD, today=cases.FRIDAY.date()).site_checks
    assert [(one.place, one.found, one.names, one.witness) for one in found] == [
        ("示例路11号", "操作间分隔符合要求", ("李审查", "王核查"), "店长陈小明")
    ]
    row = SiteCheck.objects.get()
    assert (row.first_officer, row.second_officer, row.by) == (
        "gateway:market:li",
        "gateway:market:wang",
        "gateway:market:li",
    )
    page = queries.case_page(number, by=cases.HEAD)
    assert page.documents[-1].kind.value == "site_check_record"
    assert "李审查、王核查" in str(page.documents[-1].body)
    acts = set(AuditEvent.objects.filter(target=f"case:{number}").values_list("act", flat=True))
    assert {"exchange.site_check", "cases.check_site"} <= acts


def test_a_refusal_needs_no_visit_and_another_case_says_that_none_is_needed(side, wire, number):
    article = {"reason": "不符合", "article": "食品安全法 第三十三条"}
    assert side.result(number, 1, outcome="refuse", **article).status_code == 200
    assert state(number) == "rejected"

    other = cases.accepted()
    exchange.push_all(side.partner)
    assert wire.bodies[-1]["case"]["must_check_site"] is False
    assert side.tell(other.number, 1, "site_check", **CHECK).status_code == 200
    assert side.result(other.number, 2).status_code == 200


def test_a_refusal_that_was_proposed_does_not_become_a_grant_without_the_visit(side, number):
    assert side.opinion(number, 1, outcome="refuse", text="不符合").status_code == 200

    refused(side.result(number, 2), 422, MISSING)
    assert state(number) == "decision_pending"


def test_what_is_given_at_once_waits_for_the_visit_too(side):
    definition = cases.card(site_check=DUTY) | {"slug": "watched-card"}
    cases.publish(definition | {"handling_code": "11310114XXXX01011H431073100100003"})
    case = cases.accepted(item_slug="watched-card", applicant_ref=cases.elder(), answers={})
    exchange.push_all(side.partner)

    refused(side.result(case.number, 1), 422, MISSING)
    assert side.tell(case.number, 1, "site_check", **CHECK).status_code == 200
    assert side.result(case.number, 2).status_code == 200
    assert state(case.number) == "approved"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"second": LI}, "现场核查须由两名以上工作人员进行"),
        ({"second": {"id": "LI", "name": "另一个"}}, "现场核查须由两名以上工作人员进行"),
        ({"second": {"id": "li2", "name": "李 审查"}}, "现场核查须由两名以上工作人员进行"),
        ({"second": {"id": "", "name": "王核查"}}, "second"),
        ({"second": None}, "second"),
        ({"checked_on": "2026-03-05"}, "核查日期须在受理之后、今天之前"),
        ({"checked_on": "2026-03-07"}, "核查日期须在受理之后、今天之前"),
        ({"checked_on": "昨天"}, "checked_on"),
        ({"checked_on": "9999-12-31"}, "checked_on"),
        ({"place": "  "}, "核查地点"),
        ({"place": "长" * 201}, "place"),
        ({"found": " "}, "核查情况"),
        ({"found": "长" * 2_001}, "found"),
        ({"found": "有\x00字"}, "不能保存"),
        ({"witness": "长" * 201}, "witness"),
        ({"result": "合格"}, "result"),
    ],
)
def test_a_check_that_cannot_be_is_refused_in_one_sentence_and_nothing_is_kept(
    side, number, changes, words
):
    refused(side.tell(number, 1, "site_check", **(CHECK | changes)), 422, words)

    assert not SiteCheck.objects.exists()
    assert state(number) == "accepted"
    refused(side.result(number, 1), 422, MISSING)


def test_a_check_is_told_by_the_department_that_decides_and_before_the_decision(side, number):
    housing = exchange.keys(exchange.register(code="housing-main", department="housing"))
    refused(housing.tell(number, 1, "site_check", **CHECK), 404, "没有向本系统推送过这个办件")

    article = {"reason": "不符合", "article": "食品安全法 第三十三条"}
    assert side.result(number, 1, outcome="refuse", **article).status_code == 200
    refused(side.tell(number, 2, "site_check", **CHECK), 409, "不能现场核查")
    assert not SiteCheck.objects.exists()


def test_somebody_on_the_platform_who_holds_the_case_is_not_disturbed(side, number):
    from yiwang.cases import services as acts

    acts.assign_case(number=number, to=cases.REVIEWER.ref, by=cases.REVIEWER, at=cases.FRIDAY)

    refused(side.tell(number, 1, "site_check", **CHECK), 409, "已分派给其他人员")


@pytest.mark.usefixtures("side")
def test_an_officer_of_another_system_is_no_colleague():
    """Only the gateway names people whom staff lists do not know, and only of one department."""
    from tests.factories.desk import hire
    from yiwang.cases import services as acts

    hire("reviewer")
    number = cases.accepted().number
    given: dict[str, Any] = {
        "number": number,
        "checked_on": cases.FRIDAY.date(),
        "place": "示例路11号",
        "found": "符合",
        "second_name": "王核查",
        "at": cases.FRIDAY,
    }
    outside = dataclasses.replace(cases.REVIEWER, ref="gateway:market:li")
    for by, other in (
        (cases.REVIEWER, "user:wang"),
        (cases.REVIEWER, "gateway:market:wang"),
        (outside, "gateway:housing:wang"),
    ):
        with pytest.raises(acts.ProcedureRefusedError, match="须是本部门的审查人员"):
            acts.record_site_check(**given, second_officer=other, by=by)


def test_a_grant_that_waited_and_finds_no_check_becomes_a_dead_letter(side, number):
    assert side.result(number, 2).status_code == 202

    assert side.tell(number, 1, "review", person=LI).status_code == 200

    row = Returned.objects.get(sequence=2)
    assert (row.state, row.failure) == ("dead", MISSING)
    assert state(number) == "reviewing"
    assert AuditEvent.objects.filter(act="exchange.return_failed").count() == 1


@pytest.mark.req("CASE-05")
def test_the_check_and_the_grant_are_told_by_files_in_any_order(files, root, filed):
    put(root, files, "1", told(filed, 2, "result", GRANT))
    put(root, files, "2", told(filed, 1, "site_check", CHECK))

    assert scan(files) == 2

    assert reasons(root) == []
    assert state(filed) == "approved"
    assert [answer(root, f"message-{one}")["state"] for one in (1, 2)] == ["applied", "applied"]
    assert SiteCheck.objects.get().names == ["李审查", "王核查"]


def test_a_grant_by_file_without_the_check_is_set_apart_with_the_sentence(files, root, filed):
    put(root, files, "1", told(filed, 1, "result", GRANT))
    scan(files)

    assert reasons(root) == [MISSING]
    refusal = answer(root, "message-1")
    assert (refusal["http_status"], refusal["detail"]) == (422, MISSING)
    assert state(filed) == "accepted"

    put(root, files, "2", told(filed, 1, "site_check", CHECK) | {"id": "message-2"})
    put(root, files, "3", told(filed, 2, "result", GRANT) | {"id": "message-3"})
    scan(files)
    assert state(filed) == "approved"


def test_a_grant_by_file_that_waited_is_answered_as_a_dead_letter(files, root, filed):
    put(root, files, "1", told(filed, 2, "result", GRANT))
    scan(files)
    assert answer(root, "message-2")["state"] == "held"

    put(root, files, "2", told(filed, 1, "review", {"person": LI}))
    scan(files, cases.FRIDAY + dt.timedelta(minutes=1))

    dead = answer(root, "message-2")
    assert (dead["state"], dead["detail"]) == ("dead", MISSING)
    assert state(filed) == "reviewing"


def test_one_officer_by_file_is_set_apart(files, root, filed):
    put(root, files, "1", told(filed, 1, "site_check", CHECK | {"second": LI}))
    scan(files)

    assert ["两名以上工作人员" in one for one in reasons(root)] == [True]
    assert not SiteCheck.objects.exists()
