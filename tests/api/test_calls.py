"""The walk of a case through the API, its errors, and how often each call asks the database."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import pyvips
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.api.conftest import Caller
from tests.factories import cases
from yiwang.audit.queries import trail
from yiwang.cases.queries.prechecks import findings_of

Callers = Callable[[str], Caller]

OPEN = {
    "item": cases.RESTAURANT,
    "applicant": cases.FIRM_REF,
    "answers": dict(cases.ANSWERS),
    "window": "A03",
}


def opened(callers: Callers, key: str = "k1") -> dict[str, Any]:
    answer = callers("clerk").post("/cases", OPEN, key=key)
    assert answer.status_code == 201, answer.content.decode()
    return answer.json()


def problem(answer: Any, status: int, code: str) -> str:
    body = answer.json()
    assert (answer.status_code, body["code"]) == (status, code), body
    assert set(body) == {"code", "message", "problems"}
    assert body["message"].endswith("。")
    return body["message"]


@pytest.mark.parametrize(
    ("material", "what", "sentence"),
    [
        ("application", "未签字", "不由申请人提交（系统自动生成）"),
        ("layout", "看不清，请提交纸质原件", "不得再要求纸质材料"),
    ],
)
def test_a_call_asks_for_nothing_that_offices_hold_and_for_no_paper_twice(
    callers: Callers, material: str, what: str, sentence: str
):
    definition = cases.restaurant(slug="with-papers")
    definition["handling_code"] = "11310114XXXX01011H431013100100003"
    cases.publish(definition)
    scanned = {"layout": [cases.upload("user:clerk")]}
    number = cases.receive(item_slug="with-papers", uploads=scanned).number
    line = {"material": material, "what": what, "why": "受理标准：看得清"}

    refused = callers("clerk").post(f"/cases/{number}/correction", {"lines": [line]})

    assert sentence in problem(refused, 422, "cases.correction_refused")
    assert callers("clerk").get(f"/cases/{number}").json()["state"] == "received"


def test_a_case_is_opened_accepted_assigned_reviewed_decided_and_delivered(callers):
    case = opened(callers)
    path = f"/cases/{case['number']}"
    steps = [
        ("clerk", "acceptance", {"version": 1}, "accepted"),
        ("reviewer", "assignment", {"to": "user:reviewer", "version": 2}, "reviewing"),
        ("reviewer", "opinion", {"outcome": "grant", "opinion": "符合"}, "decision_pending"),
        ("approver", "decision", {"outcome": "grant", "version": 4}, "approved"),
        ("clerk", "delivery", {"channel": "print"}, "closed"),
    ]
    for who, call, body, state in steps:
        answer = callers(who).post(f"{path}/{call}", body)
        assert (answer.status_code, answer.json()["state"]) == (200, state), answer.content

    assert callers("firm").get(path).json()["state"] == "closed"
    assert len(callers("firm").get(f"{path}/timeline").json()) == 6
    page = callers("head").get(f"{path}/file").json()
    assert [one["kind"] for one in page["documents"]] == [
        "receipt",
        "acceptance_notice",
        "review_opinion",
        "approval_form",
        "grant_decision",
        "delivery_receipt",
    ]
    assert page["opinion"]["text"] == "符合"
    assert callers("firm").get(f"{path}/file").json()["opinion"] is None
    (licence,) = callers("firm").get("/my/licences").json()
    verified = callers("nobody").get(f"/licences/{licence['token']}").json()
    assert (verified["found"], verified["valid"]) == (True, True)
    assert [row["number"] for row in callers("firm").get("/my/cases").json()["rows"]] == [
        case["number"]
    ]
    assert len(callers("firm").get("/my/messages").json()) == 4


def test_a_result_is_sent_by_post_and_arrives(callers):
    case = opened(callers)
    path = f"/cases/{case['number']}"
    day = cases.FRIDAY.date().isoformat()
    for who, call, body, state in [
        ("clerk", "acceptance", {}, "accepted"),
        ("reviewer", "opinion", {"outcome": "grant", "opinion": "符合"}, "decision_pending"),
        ("approver", "decision", {"outcome": "grant"}, "approved"),
        ("clerk", "dispatch", {"carrier": "邮政", "tracking_number": "EX1"}, "delivering"),
        ("clerk", "arrival", {"arrived_on": day, "signed_by": "张示例"}, "closed"),
    ]:
        answer = callers(who).post(f"{path}/{call}", body)
        assert (answer.status_code, answer.json()["state"]) == (200, state), answer.content

    again = callers("clerk").post(f"{path}/dispatch", {"carrier": "邮政", "tracking_number": "2"})
    assert "办结" in problem(again, 409, "cases.step_refused")


def test_an_applicant_applies_corrects_and_withdraws_by_the_api(callers):
    firm = callers("firm")
    body = {"item": cases.RESTAURANT, "applicant": cases.FIRM_REF, "answers": {}}
    draft = firm.post("/drafts", body)
    assert draft.status_code == 201
    path = f"/drafts/{draft.json()['id']}"
    message = problem(
        firm.post(f"{path}/submission", {"declaration_accepted": True}, key="x"),
        422,
        "cases.incomplete",
    )
    assert message.startswith("还有4处")
    saved = firm.put(path, body | {"answers": dict(cases.ANSWERS)})
    assert saved.status_code == 200
    assert len(firm.get("/my/drafts").json()) == 1

    case = firm.post(f"{path}/submission", {"declaration_accepted": True}, key="x").json()
    again = firm.post(f"{path}/submission", {"declaration_accepted": True}, key="x").json()
    assert case["number"] == again["number"]
    number = f"/cases/{case['number']}"
    asked = callers("clerk").post(
        f"{number}/correction", {"lines": [{"what": "门牌", "why": "不完整"}]}
    )
    assert asked.json()["state"] == "correction"
    line = firm.get(f"{number}/file").json()["correction"]["lines"][0]["id"]
    filed = firm.post(f"{number}/filed-correction", {"lines": [{"line": line, "answer": "11号"}]})
    assert filed.json()["state"] == "received"
    assert firm.post(f"{number}/withdrawal", {"reason": "不办了"}).json()["state"] == "withdrawn"
    tracked = callers("nobody").post("/track", {"query_code": case["query_code"], "phone": "1234"})
    assert (tracked.status_code, tracked.json()["state"]) == (200, "withdrawn")
    second = firm.post("/drafts", body).json()["id"]
    assert firm.get(f"/drafts/{second}").status_code == 200
    assert firm.delete(f"/drafts/{second}").status_code == 204


def test_a_file_is_uploaded_and_put_beside_a_material(callers):
    cases.publish(cases.restaurant(slug="with-plan"))
    firm = callers("firm")
    body = {"item": "with-plan", "applicant": cases.FIRM_REF, "answers": dict(cases.ANSWERS)}
    path = f"/drafts/{firm.post('/drafts', body).json()['id']}"
    picture = pyvips.Image.black(40, 40).copy(interpretation="srgb").pngsave_buffer()

    def upload(content: bytes) -> Any:
        file = SimpleUploadedFile("plan.png", content)
        return firm.client.post("/api/v1/uploads", {"file": file}, headers=firm.headers)

    sent = upload(picture)
    assert sent.status_code == 201, sent.content
    added = firm.post(f"{path}/files", {"material": "layout", "upload": sent.json()["ref"]})
    assert added.json()["uploads"] == [["layout", sent.json()["ref"]]]
    assert (sent.json()["ref"], "layout") in findings_of([sent.json()["ref"]])
    signed = {"declaration_accepted": True, "tolerance_signed": True}
    case = firm.post(f"{path}/submission", signed, key="u")
    assert case.status_code == 201
    assert upload(b"MZ" + picture).status_code == 422


def test_items_are_listed_and_shown_to_everybody(callers):
    nobody = callers("nobody")

    assert {one["slug"] for one in nobody.get("/items").json()} == {"restaurant", "old-age-card"}
    assert [one["slug"] for one in nobody.get("/items", audience="person").json()] == [
        "old-age-card"
    ]
    assert nobody.get("/items/restaurant").json()["name"] == "餐饮服务许可（新办）"
    problem(nobody.get("/items/nothing"), 404, "api.not_found")
    problem(nobody.get("/no-such-call"), 404, "api.unknown_address")


def test_refusals_have_one_form_and_the_right_status(callers):
    case = opened(callers)
    path = f"/cases/{case['number']}"
    clerk, reviewer = callers("clerk"), callers("reviewer")

    problem(callers("nobody").get(path), 401, "api.unknown_token")
    problem(Caller("yw_wrong").get(path), 401, "api.unknown_token")
    problem(callers("stranger").get(path), 404, "cases.not_found")
    problem(callers("stranger").post(f"{path}/acceptance"), 404, "cases.not_found")
    problem(clerk.get("/cases/1"), 404, "cases.not_found")
    problem(callers("approver").post(f"{path}/acceptance"), 403, "organisations.permission_refused")
    (denied,) = trail(act="audit.refused", actor="user:approver")
    assert (denied.result, denied.detail["number"]) == ("refused", case["number"])
    problem(
        reviewer.post(f"{path}/opinion", {"outcome": "grant", "opinion": "x"}),
        409,
        "cases.step_refused",
    )
    assert "刚由姓名clerk" in problem(
        clerk.post(f"{path}/acceptance", {"version": 7}), 409, "cases.conflict"
    )
    problem(clerk.post(f"{path}/acceptance", {"version": "x"}), 422, "api.invalid")
    problem(clerk.post(f"{path}/acceptance", {"odd": 1}), 422, "api.invalid")
    problem(clerk.post("/cases", OPEN), 422, "api.invalid")
    problem(clerk.post("/cases", OPEN | {"item": "none"}, key="z"), 404, "api.not_found")
    problem(clerk.get("/cases", limit=101), 422, "api.invalid")
    problem(clerk.get("/cases", after="x"), 422, "kernel.page_key_refused")
    problem(callers("firm").get("/cases"), 403, "cases.queue_refused")
    problem(
        callers("nobody").post("/track", {"query_code": case["query_code"], "phone": "9999"}),
        404,
        "cases.track_refused",
    )
    body = clerk.client.post(
        "/api/v1/cases",
        "{broken",
        content_type="application/json",
        headers=clerk.headers | {"Idempotency-Key": "q"},
    )
    problem(body, 400, "api.bad_request")


def test_guessing_query_codes_is_slowed_down(callers):
    nobody = callers("nobody")
    answers = [
        nobody.post("/track", {"query_code": f"JD{n}", "phone": "1234"}).status_code
        for n in range(31)
    ]

    assert answers == [404] * 30 + [429]


def test_a_failure_tells_nothing_of_the_inside(callers, monkeypatch):
    def fail(*args: object, **kwargs: object) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr("yiwang.api.staff.queries.case", fail)

    answer = callers("clerk").get("/cases/1")

    assert "secret" not in problem(answer, 500, "api.failed")


@pytest.mark.parametrize(
    ("call", "budget"),
    [
        pytest.param(lambda c, n: c("clerk").post("/cases", OPEN, key="b"), 16, id="open"),
        pytest.param(lambda c, n: c("clerk").post(f"/cases/{n}/acceptance"), 10, id="accept"),
        pytest.param(lambda c, n: c("clerk").get(f"/cases/{n}"), 1, id="get"),
        pytest.param(lambda c, n: c("clerk").get(f"/cases/{n}/file"), 6, id="file"),
        pytest.param(lambda c, n: c("clerk").get("/cases", tab="to_accept"), 1, id="list"),
        pytest.param(lambda c, n: c("firm").get("/my/cases"), 1, id="my cases"),
    ],
)
def test_calls_ask_the_database_no_more_than_this(callers, call, budget):
    number = opened(callers, "a")["number"]
    for who in ("clerk", "firm"):
        callers(who).get("/my/cases")

    with CaptureQueriesContext(connection) as captured:
        assert call(callers, number).status_code in {200, 201}

    asked = [
        one["sql"]
        for one in captured
        if "SAVEPOINT" not in one["sql"] and "set_config" not in one["sql"]
    ]
    assert len(asked) <= budget, "\n".join(asked)
