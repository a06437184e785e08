"""What programs are told of rules, and how they ask for a person on an applicant's behalf."""

from __future__ import annotations

from tests.factories import automatic, cases
from yiwang.cases.services import checks


def test_a_case_without_rules_knows_none_and_a_stranger_is_told_nothing(callers):
    case = callers("clerk").post(
        "/cases",
        {
            "item": cases.RESTAURANT,
            "applicant": cases.FIRM_REF,
            "answers": dict(cases.ANSWERS),
            "window": "A03",
        },
        key="k1",
    )
    path = f"/cases/{case.json()['number']}"

    assert callers("firm").get(f"{path}/automatic").json() is None
    assert callers("stranger").get(f"{path}/automatic").status_code == 404
    refused = callers("firm").post(f"{path}/person", {"reason": "想请人看看"})
    assert (refused.status_code, refused.json()["code"]) == (422, "cases.person_refused")


def test_the_answer_to_a_submission_says_what_rules_decided(callers):
    undo = checks.put_in_place(automatic.Register())
    automatic.card_type()
    cases.publish(automatic.senior())
    person = automatic.elder()
    body = {
        "item": automatic.SENIOR,
        "applicant": person.ref,
        "answers": {"kind": "first"},
        "window": "A03",
    }
    try:
        granted = callers("clerk").post("/cases", body, key="a").json()
        waiting = callers("clerk").post("/cases", body | {"by_person": True}, key="b").json()
    finally:
        undo()

    assert (granted["state"], granted["decided_by"]) == ("approved", "job:automatic")
    assert waiting["state"] == "received"
    told = callers("clerk").get(f"/cases/{granted['number']}/automatic").json()
    assert told["run"]["row"]["outcome"] == "grant"
    assert told["run"]["facts"][0] == told["run"]["facts"][0] | {"label": "办哪一种"}
    assert told["run"]["facts"][0]["value"] == "第一次申领"
