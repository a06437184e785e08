"""Permits of a scope by the API: asked by anybody, confirmed with the application, read back."""

from __future__ import annotations

import pytest

from tests.api.test_calls import problem
from tests.factories import cases
from tests.factories.registration import SCOPE, SHOP, prepare


@pytest.fixture(autouse=True)
def _registration(callers: object) -> None:
    prepare()


BODY = {
    "item": SHOP,
    "applicant": cases.FIRM_REF,
    "answers": {"request_kind": "new", "shop_name": "示例小店", "business_scope": SCOPE},
}


def test_anybody_asks_what_a_scope_needs(callers):
    told = callers("firm").post("/scope/permits", {"scope": SCOPE}).json()
    assert [(one["item"], one["stage"]) for one in told["permits"]] == [
        ("restaurant", "post"),
        ("hazardous", "pre"),
    ]
    assert told["general"] == ["软件开发"]
    assert told["unclear"] == [["餐饮设备租赁", ["设备许可"]]]


@pytest.mark.parametrize(
    ("scope", "said"),
    [("", "请填写经营范围"), ("饭" * 10_000, "最多2,000个字"), ("；", "没有读到经营项目")],
)
def test_what_cannot_be_read_is_refused(callers, scope, said):
    answer = callers("firm").post("/scope/permits", {"scope": scope})
    assert said in problem(answer, 422, "registration.scope_refused")


def test_a_draft_is_submitted_with_what_was_confirmed_and_read_back(callers):
    firm = callers("firm")
    draft = f"/drafts/{firm.post('/drafts', BODY).json()['id']}"
    briefing = firm.get(f"{draft}/permits").json()
    assert SCOPE in briefing["paragraphs"][1]

    sent = {"declaration_accepted": True}
    problem(firm.post(f"{draft}/submission", sent, key="a"), 422, "cases.not_briefed")
    wrong = sent | {"permits_confirmed": "f" * 64}
    problem(firm.post(f"{draft}/submission", wrong, key="b"), 422, "cases.not_briefed")
    case = firm.post(
        f"{draft}/submission", sent | {"permits_confirmed": briefing["digest"]}, key="c"
    ).json()

    told = firm.get(f"/cases/{case['number']}/permits").json()
    assert told["sha256"] == briefing["digest"]
    assert told["told"]["permits"][0]["phrases"] == ["餐饮服务"]
    assert firm.get("/my/permits").json() == []
    answer = callers("stranger").get(f"/cases/{case['number']}/permits")
    assert answer.status_code == 404


def test_a_clerk_reads_it_out_and_receives(callers):
    clerk = callers("clerk")
    briefing = clerk.post("/counter/permits", BODY).json()
    answer = clerk.post("/cases", BODY | {"permits_confirmed": briefing["digest"]}, key="d")
    assert answer.status_code == 201
    problem(clerk.post("/cases", BODY, key="e"), 422, "cases.not_briefed")
    assert callers("firm").post("/counter/permits", BODY).status_code == 403
    assert clerk.post(
        "/counter/permits", BODY | {"applicant": "entity:" + "9" * 18}
    ).status_code in {404, 422}


def test_a_draft_of_somebody_else_is_not_read(callers):
    made = callers("firm").post("/drafts", BODY).json()["id"]
    assert callers("clerk").get(f"/drafts/{made}/permits").status_code == 404
