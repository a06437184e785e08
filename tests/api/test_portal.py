"""What a firm does by the API besides applying."""

from __future__ import annotations

from datetime import timedelta

from tests.api.test_calls import opened, problem
from tests.factories import cases
from yiwang.halls.services import agency


def test_a_firm_reads_its_letters_and_a_stranger_finds_none(callers):
    number = opened(callers)["number"]
    firm = callers("firm")

    (letter,) = firm.get("/my/documents").json()["rows"]

    assert letter["case_number"] == number
    problem(
        callers("stranger").get(f"/cases/{number}/letters/{letter['id']}"), 404, "cases.not_found"
    )
    assert firm.get("/my/data").json()[0]["ref"] == cases.FIRM_REF
    assert firm.get("/my/mandates").json() == []
    assert firm.get("/my/reads", subject=cases.FIRM_REF).json() == {"rows": [], "after": None}
    problem(firm.get("/my/reads", subject="person:" + "0" * 32), 404, "api.not_found")
    assert firm.get(f"/cases/{number}/rating").json() == {"rating": None}


def test_a_firm_finds_no_internal_letter_by_the_api_and_staff_do(callers):
    number = cases.decided().number
    firm, approver = callers("firm"), callers("approver")
    hidden = {
        one["id"]: one["kind"]
        for one in approver.get(f"/cases/{number}/file").json()["documents"]
        if one["kind"] in {"review_opinion", "approval_form"}
    }
    assert sorted(hidden.values()) == ["approval_form", "review_opinion"]

    own = firm.get(f"/cases/{number}/file").json()
    listed = firm.get("/my/documents").json()["rows"]

    assert own["documents"]
    assert listed
    assert not {one["id"] for one in [*own["documents"], *listed]} & set(hidden)
    for letter in hidden:
        path = f"/cases/{number}/letters/{letter}"
        problem(firm.get(path), 404, "cases.not_found")
        problem(callers("stranger").get(path), 404, "cases.not_found")
        assert approver.get(path).content.startswith(b"%PDF")


def test_a_question_is_handed_over_once_and_its_key_is_good_for_nothing_else(callers):
    firm = callers("firm")
    body = {"question": "换发执照要带什么材料？", "item": cases.RESTAURANT}

    first = firm.post("/my/questions", body, key="q1")
    again = firm.post("/my/questions", body, key="q1")

    assert first.status_code == 201, first.content
    assert first.json()["query_code"] == again.json()["query_code"]
    assert len(firm.get("/my/questions").json()) == 1
    other = firm.post("/my/questions", body | {"question": "另一个问题怎么办？"}, key="q1")
    assert "换一个键" in problem(other, 409, "api.key_reused")


def test_new_contacts_and_a_material_taken_back_by_the_applicants_program(callers):
    number = opened(callers)["number"]
    firm = callers("firm")

    changed = firm.post(f"/cases/{number}/contact", {"phone": "13900005678"})
    assert changed.json()["phone_masked"] == "139****5678"
    problem(firm.post(f"/cases/{number}/contact", {}), 422, "cases.change_refused")
    problem(firm.post(f"/cases/{number}/contact", {"phone": "1"}), 422, "cases.change_refused")
    path = f"/cases/{number}/material-withdrawals"
    problem(firm.post(path, {"material": "x", "reason": "换一份"}), 422, "cases.change_refused")
    problem(
        callers("stranger").post(path, {"material": "x", "reason": "y"}), 404, "cases.not_found"
    )


def test_a_window_says_by_the_api_who_came(callers):
    number = opened(callers)["number"]
    clerk = callers("clerk")
    body = {"reason": "不再需要办理"}

    problem(clerk.post(f"/cases/{number}/withdrawal", body), 422, "cases.visit_refused")
    who = {"relation": "legal_rep", "name": "示例负责人", "identified": True, "window": "A03"}
    done = clerk.post(f"/cases/{number}/withdrawal", body | {"at_window": who})

    assert done.status_code == 200, done.content
    assert done.json()["state"] == "withdrawn"


def test_a_firm_ends_the_mandate_of_its_agent_and_a_stranger_does_not(callers):
    mandate = agency.record_mandate(
        uscc=cases.FIRM_REF.removeprefix("entity:"),
        matter="示例饭店开办的全部审批",
        signed_by="张示例",
        phone="021-00000099",
        last_on=cases.FRIDAY.date() + timedelta(days=90),
        department="centre",
        by=cases.CLERK,
        at=cases.FRIDAY,
    )
    firm, path = callers("firm"), f"/my/agents/{mandate.id}/end"
    assert [one["matter"] for one in firm.get("/my/agents").json()] == ["示例饭店开办的全部审批"]
    assert callers("stranger").get("/my/agents").json() == []
    assert callers("stranger").post(path, {"reason": "不办了"}).status_code == 404
    assert firm.post(path, {"reason": ""}).status_code == 422

    assert firm.post(path, {"reason": "自己办"}).status_code == 204

    assert firm.get("/my/agents").json() == []
