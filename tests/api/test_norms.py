"""Normative documents as programs without a token read them."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.factories import cases
from tests.web.officer.test_norms import LEGAL, entry
from yiwang.catalogue.services import enter_norm


@pytest.mark.req("REG-04")
def test_documents_are_listed_narrowed_and_paged(callers):
    caller = callers("nobody")
    key = enter_norm(entry=entry(), by=LEGAL, at=cases.FRIDAY)
    enter_norm(
        entry=entry(
            number="示例府规〔2021〕2号", title="到期办法", valid_until=dt.date(2022, 1, 1)
        ),
        by=LEGAL,
        at=cases.FRIDAY,
    )

    every = caller.get("/norms").json()
    assert [row["number"] for row in every["rows"]][-1] == "示例府规〔2020〕1号"
    assert every["total"] == 2
    ended = caller.get("/norms", state="expired").json()["rows"]
    assert [row["title"] for row in ended] == ["到期办法"]
    first = caller.get("/norms", limit=1).json()
    assert caller.get("/norms", limit=1, after=first["after"]).json()["rows"] == every["rows"][1:]
    one = caller.get(f"/norms/{key}").json()
    assert (one["state"], one["legality"], one["items"]) == ("in_force", "passed", [])


@pytest.mark.parametrize("wish", [{"state": "alive"}, {"limit": 0}, {"text": "字" * 81}])
def test_a_wish_that_cannot_be_is_refused_in_words(callers, wish):
    assert callers("nobody").get("/norms", **wish).status_code == 422
    assert callers("nobody").get("/norms/999999").status_code == 404
