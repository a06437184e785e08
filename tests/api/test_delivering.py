"""What systems of departments read and write about letters and their delivery."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.test_calls import opened, problem
from tests.factories import cases
from yiwang.audit.models import AuditEvent

EVER = {"first_on": "2026-03-06", "last_on": "2026-03-06"}


def decided(callers: Any, key: str = "k1", outcome: str = "grant") -> str:
    number = opened(callers, key)["number"]
    path = f"/cases/{number}"
    callers("clerk").post(f"{path}/acceptance")
    callers("reviewer").post(f"{path}/opinion", {"outcome": outcome, "opinion": "已核对"})
    reasons = {} if outcome == "grant" else {"reason": "不符合", "article": "许可法 第三十八条"}
    answer = callers("approver").post(f"{path}/decision", {"outcome": outcome} | reasons)
    assert answer.status_code == 200, answer.content.decode()
    return number


@pytest.fixture
def unaccepted(callers) -> dict[str, Any]:
    """The letter that says why an application was not accepted, which must be delivered."""
    number = opened(callers)["number"]
    told = {"reason": "不属于本机关职权", "article": "行政许可法 第三十二条"}
    answer = callers("reviewer").post(f"/cases/{number}/refusal-to-accept", told)
    assert answer.status_code == 200, answer.content.decode()
    (row,) = callers("reviewer").get("/letters", kind="non_acceptance").json()["rows"]
    return row


def test_the_ledger_of_letters_is_read_page_by_page(callers):
    for key in ("a", "b"):
        decided(callers, key)
    head = callers("head")
    whole = head.get("/letters").json()
    first = head.get("/letters", limit=2).json()
    second = head.get("/letters", limit=100, after=first["after"]).json()

    assert whole["after"] is None
    assert first["rows"] + second["rows"] == whole["rows"]
    assert {row["kind"] for row in whole["rows"]} >= {
        "receipt",
        "acceptance_notice",
        "grant_decision",
    }
    waiting = head.get("/letters", state="waiting", **EVER).json()["rows"]
    assert [row["kind"] for row in waiting] == ["grant_decision"] * 2
    assert head.get("/letters", state="waiting", first_on="2026-03-07").json()["rows"] == []
    one = waiting[0]["document_id"]
    assert head.get(f"/letters/{one}").json() == waiting[0]


def test_a_letter_is_delivered_once_with_a_receipt(callers, unaccepted):
    path = f"/letters/{unaccepted['document_id']}/delivery"
    told = {"channel": "print", "recipient": "陈代办", "relation": "agent"}
    problem(callers("head").post(path, told), 403, "organisations.permission_refused")
    problem(callers("clerk").post(path, told | {"recipient": " "}), 422, "cases.text_refused")

    row = callers("clerk").post(path, told)

    assert row.status_code == 200, row.content.decode()
    assert (row.json()["state"], row.json()["taken_by"]) == ("delivered", "陈代办")
    problem(callers("clerk").post(path, told), 422, "cases.delivery_refused")
    (done,) = callers("head").get("/deliveries", case=unaccepted["case_number"]).json()["rows"]
    assert (done["document_number"], done["relation"]) == (unaccepted["number"], "agent")
    assert AuditEvent.objects.filter(act="cases.deliver_letter").count() == 1


def test_a_result_comes_back_is_sent_again_and_arrives_and_every_delivery_is_listed(callers):
    number = decided(callers)
    path = f"/cases/{number}"
    clerk = callers("clerk")
    back = {"returned_on": "2026-03-06", "reason": "查无此人"}
    problem(clerk.post(f"{path}/parcel-return", back), 409, "cases.step_refused")
    parcel = {"carrier": "EMS", "tracking_number": "1234567"}
    assert clerk.post(f"{path}/dispatch", parcel).json()["state"] == "delivering"
    early = clerk.post(f"{path}/parcel-return", back | {"returned_on": "2026-03-05"})
    problem(early, 422, "cases.delivery_refused")
    assert clerk.post(f"{path}/parcel-return", back).status_code == 200
    (row,) = callers("head").get("/letters", state="returned").json()["rows"]
    assert row["parcel"]["return_reason"] == "查无此人"
    clerk.post(f"{path}/dispatch", parcel)
    arrived = {"arrived_on": "2026-03-06", "signed_by": "陈小明"}
    assert clerk.post(f"{path}/arrival", arrived).json()["state"] == "closed"

    (done,) = callers("head").get("/deliveries", channel="post", **EVER).json()["rows"]

    assert (done["case_number"], done["taken_by"]) == (number, "陈小明")
    assert callers("head").get("/deliveries", channel="print").json() == {
        "rows": [],
        "after": None,
    }


def test_a_result_handed_over_names_who_took_it_and_when(callers):
    number = decided(callers, outcome="refuse")
    path = f"/cases/{number}/delivery"
    told = {"channel": "print", "recipient": "陈代办", "relation": "agent"}
    problem(callers("clerk").post(path, told | {"on": "2026-03-05"}), 422, "cases.delivery_refused")
    assert callers("clerk").post(path, told | {"on": "2026-03-06"}).json()["state"] == "closed"

    for _copy in range(2):
        callers("clerk").post(path, {"channel": "print"})

    first = callers("head").get("/deliveries", limit=2).json()
    rest = callers("head").get("/deliveries", limit=2, after=first["after"]).json()
    assert len(first["rows"]) == 2
    assert [(one["taken_by"], one["relation"]) for one in rest["rows"]] == [("陈代办", "agent")]
    assert rest["after"] is None


def test_another_department_and_applicants_see_no_ledger(callers, unaccepted):
    stranger = callers("stranger")
    assert stranger.get("/letters").json()["rows"] == []
    assert stranger.get("/deliveries").json()["rows"] == []
    path = f"/letters/{unaccepted['document_id']}"
    problem(stranger.get(path), 404, "cases.not_found")
    told = {"channel": "print", "recipient": "某人"}
    problem(stranger.post(f"{path}/delivery", told), 404, "cases.not_found")
    for call in ("/letters", "/deliveries", path):
        problem(callers("firm").get(call), 403, "organisations.permission_refused")
    assert callers("nobody").get("/letters").status_code == 401


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/letters", {"limit": 0}),
        ("/letters", {"limit": 101}),
        ("/letters", {"state": "lost"}),
        ("/letters", {"kind": "novel"}),
        ("/letters", {"first_on": "9999-12-31"}),
        ("/letters", {"last_on": "yesterday"}),
        ("/letters", {"text": "\x00"}),
        ("/deliveries", {"case": "../1"}),
        ("/deliveries", {"after": -1}),
        ("/deliveries", {"after": 2**80}),
        ("/deliveries", {"channel": "pigeon"}),
    ],
)
def test_a_wish_that_is_none_is_refused(callers, path, query):
    problem(callers("head").get(path, **query), 422, "api.invalid")


def test_a_key_of_a_page_that_no_page_gave_is_refused(callers):
    problem(callers("head").get("/letters", after="x"), 422, "api.invalid")
    problem(callers("clerk").get("/letters/0"), 422, "api.invalid")
    problem(callers("clerk").get(f"/letters/{2**62}"), 404, "cases.not_found")


def test_deliveries_of_the_invented_district_are_read_with_one_query(
    callers, django_assert_num_queries
):
    from yiwang.cases.queries.delivering import DeliveryWish, deliveries

    decided(callers)
    with django_assert_num_queries(1):
        deliveries(DeliveryWish(), by=cases.HEAD)


def test_staff_read_their_work_messages_and_applicants_have_none(callers):
    from tests.cases.test_clocks import JOB, on
    from yiwang.cases import services

    opened(callers)
    services.report_missed_clocks(by=JOB, at=on("2026-03-16"))
    (row,) = callers("head").get("/work-messages").json()
    path = f"/work-messages/{row['id']}/read"
    problem(callers("clerk").post(path), 404, "cases.not_found")
    assert callers("head").post(path).status_code == 204
    assert callers("head").get("/work-messages").json()[0]["read_at"]
    problem(callers("firm").get("/work-messages"), 403, "organisations.permission_refused")
