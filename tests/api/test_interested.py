"""Calls by which an interested person is told and both sides are heard."""

from __future__ import annotations

from typing import Any

from tests.factories import cases
from yiwang.cases.models import PartyViews

TOLD = {"kind": "person", "name": "邻居甲", "reached": "示例路13号", "interest": "油烟"}


def test_a_reviewer_tells_the_applicants_program_answers_and_the_file_shows_it(callers: Any):
    number = cases.reviewing().number
    path = f"/cases/{number}/interested"

    answer = callers("reviewer").post(path, TOLD)

    assert (answer.status_code, answer.json()["state"]) == (200, "reviewing"), answer.content
    wrong = callers("firm").post(f"{path}/1/views", {"party": "interested", "text": "没有油烟"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "cases.procedure_refused")
    answer = callers("firm").post(f"{path}/1/views", {"party": "applicant", "text": "没有油烟"})
    assert answer.status_code == 200, answer.content
    own = callers("firm").get(f"/cases/{number}/procedure").json()["interested"][0]
    assert (own["name"], own["reached"], own["unheard"]) == ("邻**", "", ["interested"])
    answer = callers("reviewer").post(f"{path}/1/views", {"party": "interested", "stance": "none"})
    assert answer.status_code == 200, answer.content
    inside = callers("head").get(f"/cases/{number}/procedure").json()["interested"][0]
    assert [one["stance"] for one in inside["views"]] == ["stated", "none"]


def test_bad_calls_change_nothing(callers: Any):
    number = cases.reviewing().number
    path = f"/cases/{number}/interested"
    reviewer = callers("reviewer")

    for sent in ({}, TOLD | {"workdays": 0}, TOLD | {"workdays": 21}, TOLD | {"kind": "x"}):
        assert reviewer.post(path, sent).status_code == 422
    assert callers("clerk").post(path, TOLD).status_code == 403
    for sent, serial in (({"party": "x"}, "1"), ({"party": "applicant"}, "0")):
        assert reviewer.post(f"{path}/{serial}/views", sent).status_code == 422
    unknown = reviewer.post(f"{path}/1/views", {"party": "applicant", "text": "x"})
    assert unknown.json()["message"].startswith("本办件没有告知过这名利害关系人")
    assert not PartyViews.objects.exists()
