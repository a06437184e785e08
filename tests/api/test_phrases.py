"""Phrases of registered scopes that no rule places, for systems of departments."""

from __future__ import annotations

from typing import Any

import pytest

from tests.factories import cases
from tests.factories.registration import prepare
from tests.registration.test_placing import ODD, granted
from yiwang.kernel import events


@pytest.mark.req("REG-05")
def test_a_system_finds_and_places_a_phrase_once(callers: Any, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(events, "_transport", [events.deliver])
    monkeypatch.setattr("yiwang.content.queries.workday_calendar", lambda: cases.CALENDAR)
    prepare()
    granted()
    head = callers("head")

    (row,) = head.get("/scope-phrases", text="无人船").json()["rows"]
    assert row["phrase"] == ODD
    where = f"/scope-phrases/{row['id']}/placement"
    assert head.post(where, {"item": "", "note": ""}).status_code == 422
    for who, status in (("nobody", 401), ("clerk", 403), ("firm", 403)):
        assert callers(who).get("/scope-phrases").status_code == status
        assert callers(who).post(where, {"note": "x"}).status_code == status
    done = head.post(where, {"item": "", "note": "没有设立这项许可"})
    assert (done.status_code, done.json()["state"]) == (200, "no_need")
    assert head.post(where, {"note": "再来"}).status_code == 422
    assert head.get("/scope-phrases").json()["rows"] == []
    assert head.get("/scope-phrases", waiting=False).json()["rows"][0]["note"] == "没有设立这项许可"
