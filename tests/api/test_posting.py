"""The paper result by post, for programs of applicants and of centres."""

from __future__ import annotations

from typing import Any

import pytest

from tests.factories import cases, posting
from tests.factories.posting import PLACE
from yiwang.audit import queries as trail


@pytest.mark.req("CASE-04")
def test_a_program_asks_another_sends_and_notes_what_came_back(callers: Any):
    posting.publish()
    number = posting.online().number
    firm, clerk = callers("firm"), callers("clerk")
    where = f"/cases/{number}/posting"

    assert firm.get(where).json() is None
    assert firm.post(where, PLACE).json()["phone"] == "13900005678"
    assert clerk.get(where).json()["phone"] != "13900005678"
    assert firm.delete(where).json()["state"] == "taken_back"
    assert firm.delete(where).status_code == 422
    assert firm.post(where, PLACE).status_code == 200
    assert clerk.post(f"{where}/label", {}).status_code == 422

    assert clerk.get("/postings").json()["rows"] == []
    posting.grant(number)
    assert [row["number"] for row in clerk.get("/postings").json()["rows"]] == [number]
    label = clerk.post(f"{where}/label", {}).json()
    assert (label["phone"], label["address"]) == ("13900005678", PLACE["address"])
    read = trail.trail(target=cases.FIRM_REF)[0]
    assert (read.actor, read.purpose) == ("user:clerk", "邮寄办理结果")
    sent = clerk.post(f"{where}/sent", {"carrier": "EMS", "tracking_number": "77"})
    assert clerk.post(f"{where}/label", {}).status_code == 422
    assert (sent.status_code, sent.json()["state"]) == (200, "sent")
    back = clerk.post(f"{where}/return", {"returned_on": "2026-03-06", "reason": "查无此人"})
    assert back.json()["state"] == "returned"


def test_bad_calls_change_nothing(callers: Any):
    posting.publish()
    number = posting.online().number
    where = f"/cases/{number}/posting"

    for who, status in (("nobody", 401), ("stranger", 404), ("reviewer", 403), ("clerk", 422)):
        assert callers(who).post(where, PLACE).status_code == status
    assert callers("firm").post(where, PLACE | {"phone": "1"}).status_code == 422
    assert callers("firm").post(where, {"more": 1}).status_code == 422
    sent = {"carrier": "EMS", "tracking_number": "77"}
    assert callers("firm").post(f"{where}/sent", sent).status_code == 403
    assert callers("clerk").post(f"{where}/sent", sent).status_code == 422
    assert callers("firm").post(f"{where}/label", {}).status_code == 403
    assert callers("firm").get("/postings").status_code == 403
    assert callers("firm").get(where).json() is None


@pytest.mark.req("CASE-04", "CASE-05")
def test_a_window_asks_and_cancels_for_whoever_stands_there(callers: Any):
    posting.publish()
    number = cases.receive(item_slug=posting.POSTED).number
    clerk, where = callers("clerk"), f"/cases/{number}/posting"
    who = {"relation": "legal_rep", "name": "示例负责人", "identified": True, "window": "A03"}

    assert clerk.post(where, PLACE).json()["code"] == "cases.visit_refused"
    assert clerk.post(where, PLACE | {"at_window": who | {"identified": False}}).status_code == 422
    asked = clerk.post(where, PLACE | {"at_window": who})
    assert (asked.status_code, asked.json()["state"]) == (200, "waiting")
    assert asked.json()["phone"] != "13900005678"
    (trace,) = trail.trail(target=f"case:{number}", act="cases.ask_posting")
    assert (trace.actor, trace.on_behalf_of) == ("user:clerk", cases.FIRM_REF)

    cancel = f"{where}/cancellation"
    assert clerk.post(cancel, {}).status_code == 422
    assert callers("reviewer").post(cancel, {"at_window": who}).status_code == 403
    assert callers("stranger").post(cancel, {"at_window": who}).status_code == 404
    assert clerk.post(cancel, {"at_window": who}).json()["state"] == "taken_back"
    assert clerk.post(cancel, {"at_window": who}).status_code == 422


@pytest.mark.req("CASE-04")
def test_a_wish_says_that_it_ended_with_its_case_and_who_follows_it_reads_what_came_back(
    callers: Any,
):
    posting.publish()
    firm, clerk = callers("firm"), callers("clerk")
    gone = posting.online().number
    firm.post(f"/cases/{gone}/posting", PLACE)
    assert firm.post(f"/cases/{gone}/withdrawal", {"reason": "不办了"}).status_code == 200
    assert firm.get(f"/cases/{gone}/posting").json()["state"] == "ended"
    assert "不会寄出邮件" in firm.post(f"/cases/{gone}/posting", PLACE).json()["message"]

    case = posting.online()
    where = f"/cases/{case.number}/posting"
    firm.post(where, PLACE)
    posting.grant(case.number)
    clerk.post(f"{where}/sent", {"carrier": "EMS", "tracking_number": "77"})
    known = {"query_code": case.query_code, "phone": "13900001234"}
    assert firm.post("/track", known).json()["parcel_back"] is None
    clerk.post(f"{where}/return", {"returned_on": "2026-03-06", "reason": "查无此人"})
    assert firm.post("/track", known).json()["parcel_back"] == {
        "returned_on": "2026-03-06",
        "wished": True,
    }
