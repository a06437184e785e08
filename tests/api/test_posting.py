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

    for who, status in (("nobody", 401), ("stranger", 404), ("clerk", 403)):
        assert callers(who).post(where, PLACE).status_code == status
    assert callers("firm").post(where, PLACE | {"phone": "1"}).status_code == 422
    assert callers("firm").post(where, {"more": 1}).status_code == 422
    sent = {"carrier": "EMS", "tracking_number": "77"}
    assert callers("firm").post(f"{where}/sent", sent).status_code == 403
    assert callers("clerk").post(f"{where}/sent", sent).status_code == 422
    assert callers("firm").post(f"{where}/label", {}).status_code == 403
    assert callers("firm").get("/postings").status_code == 403
    assert callers("firm").get(where).json() is None
