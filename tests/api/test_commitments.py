"""Commitment and tolerance by the API, end to end and with bad input."""

from __future__ import annotations

import pytest

from tests.api.test_calls import problem
from tests.factories import cases, commitments
from yiwang.cases.policy.commitments import CheckOutcome


@pytest.fixture(autouse=True)
def item(callers):
    cases.publish(commitments.restaurant(slug="committed"))


def begun(firm, **answers):
    body = {
        "item": "committed",
        "applicant": cases.FIRM_REF,
        "answers": dict(cases.ANSWERS) | answers,
    }
    return f"/drafts/{firm.post('/drafts', body).json()['id']}"


SIGN = {"confirmed": ["place", "rules"], "accepted": True}


@pytest.mark.req("CASE-08")
def test_a_firm_commits_and_is_granted_by_the_api(callers):
    firm = callers("firm")
    path = begun(firm)
    notice = firm.get(f"{path}/commitment").json()
    assert notice["open"]
    assert notice["barred"] == ""
    assert [one["id"] for one in notice["conditions"]] == ["place", "rules"]
    signed = firm.post(f"{path}/commitment", SIGN)
    assert signed.status_code == 201
    assert signed.json()["signed_how"] == "token"
    assert signed.json()["paragraphs"] == notice["paragraphs"]

    case = firm.post(f"{path}/submission", {"declaration_accepted": True}, key="c").json()
    number = f"/cases/{case['number']}"
    assert callers("clerk").post(f"{number}/acceptance").json()["state"] == "accepted"
    granted = callers("approver").post(f"{number}/grant-on-commitment")

    assert granted.json()["state"] == "closed"
    promises = firm.get(f"{number}/promises").json()
    assert promises["commitment"]["sha256"] == signed.json()["sha256"]
    assert promises["check"]["row"]["state"] == "pending"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        pytest.param({"confirmed": ["place"], "accepted": True}, 422, "cases.commitment_refused"),
        pytest.param(SIGN | {"accepted": False}, 422, "cases.commitment_refused"),
        pytest.param({"confirmed": ["<b>"], "accepted": True}, 422, "api.invalid"),
        pytest.param({}, 422, "api.invalid"),
    ],
    ids=["one left out", "not agreed", "no id", "nothing"],
)
def test_a_signature_that_cannot_stand_is_refused(callers, body, status, code):
    firm = callers("firm")

    problem(firm.post(f"{begun(firm)}/commitment", body), status, code)


def test_a_commitment_is_taken_back_and_others_see_none(callers):
    firm = callers("firm")
    path = begun(firm)
    firm.post(f"{path}/commitment", SIGN)

    assert firm.delete(f"{path}/commitment").status_code == 204
    assert firm.get(f"{path}/commitment").json()["signed"] is None
    assert callers("clerk").get(f"{path}/commitment").status_code == 404
    assert callers("clerk").post(f"{path}/commitment", SIGN).status_code == 404


def test_checks_and_records_are_for_those_who_keep_them(callers):
    clerk = callers("clerk")

    assert clerk.get("/commitment-checks").status_code == 403
    assert clerk.get("/applicant-records").status_code == 403
    found = {"outcome": "pass", "method": "data", "facts": "一致"}
    assert (
        callers("reviewer").post("/commitment-checks/JDNONE0000001/results", found).status_code
        == 404
    )
    assert callers("firm").get("/my/records").json() == []
    note = {
        "applicant": "entity:none",
        "kind": "serious",
        "reason": "r",
        "basis": "b",
        "department": "market",
    }
    assert clerk.post("/applicant-records", note).status_code == 403


@pytest.mark.req("CASE-08")
def test_a_window_of_another_system_sends_what_was_signed_there(callers):
    body = {
        "item": "committed",
        "applicant": cases.FIRM_REF,
        "answers": dict(cases.ANSWERS),
        "commitment_confirmed": ["place", "rules"],
        "agent_name": "李代理",
    }

    case = callers("clerk").post("/cases", body, key="w").json()

    promise = callers("firm").get(f"/cases/{case['number']}/promises").json()["commitment"]
    assert (promise["signed_how"], promise["signed_by_name"]) == ("window", "李代理")
    assert promise["agent"]
    problem(
        callers("clerk").post("/cases", body | {"commitment_confirmed": ["place"]}, key="x"),
        422,
        "cases.commitment_refused",
    )


def test_a_holder_reports_a_correction_by_the_api(callers):
    firm = callers("firm")
    draft = begun(firm)
    firm.post(f"{draft}/commitment", SIGN)
    number = firm.post(f"{draft}/submission", {"declaration_accepted": True}, key="c").json()[
        "number"
    ]
    callers("clerk").post(f"/cases/{number}/acceptance")
    callers("approver").post(f"/cases/{number}/grant-on-commitment")
    path = f"/cases/{number}/correction-reports"
    problem(firm.post(path, {"text": "已改正。"}), 422, "cases.check_refused")
    commitments.check(number, outcome=CheckOutcome.CORRECT, conditions=["rules"])

    photo = cases.upload("user:firm")
    told = firm.post(path, {"text": "已改正。", "uploads": [photo]})

    assert told.status_code == 201
    file = f"/cases/{number}/files/{photo.removeprefix('upload:')}"
    assert firm.get(file).status_code == 200
    assert callers("clerk").get(file).status_code == 404
    assert [one["text"] for one in told.json()["check"]["reports"]] == ["已改正。"]
    problem(firm.post(path, {"text": ""}), 422, "api.invalid")
    problem(firm.post(path, {"text": "好", "uploads": ["upload:0"]}), 422, "cases.draft_refused")
    problem(callers("clerk").post(path, {"text": "已改正。"}), 404, "cases.not_found")

    head = callers("head")
    waiting = head.get("/commitment-checks?reported=true").json()["rows"]
    assert [one["case_number"] for one in waiting] == [number]
    replies = f"/commitment-checks/{number}/report-replies"
    problem(
        callers("clerk").post(replies, {"reason": "还没有"}),
        403,
        "organisations.permission_refused",
    )
    problem(head.post(replies, {"reason": ""}), 422, "api.invalid")
    assert head.post(replies, {"reason": "还没有公示。"}).status_code == 204
    problem(head.post(replies, {"reason": "还没有公示。"}), 422, "cases.check_refused")
    assert head.get("/commitment-checks?reported=true").json()["rows"] == []
    (report,) = firm.get(f"/cases/{number}/promises").json()["check"]["reports"]
    assert report["reply"] == "还没有公示。"


def test_a_certificate_is_promised_by_the_api(callers):
    whole = cases.restaurant(slug="promised")
    for material in whole["materials"]:
        if material["id"] == "layout":
            material["waive_by"] = "commitment"
    cases.publish(whole)
    body = {
        "item": "promised",
        "applicant": cases.FIRM_REF,
        "answers": dict(cases.ANSWERS),
        "certificates": {"layout": "自有房屋"},
    }

    case = callers("clerk").post("/cases", body, key="w").json()

    promise = callers("firm").get(f"/cases/{case['number']}/promises").json()["certificates"]
    assert (promise["materials"], promise["signed_how"]) == (["layout"], "window")
    wrong = body | {"certificates": {"application": ""}}
    problem(callers("clerk").post("/cases", wrong, key="x"), 422, "cases.commitment_refused")
