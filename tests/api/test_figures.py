"""The figures over finished cases, for programs."""

from __future__ import annotations

import pytest

from tests.cases.test_figures import BY_HAND, on, world
from tests.factories import cases
from yiwang.cases import services


@pytest.mark.req("CASE-10")
def test_programs_read_the_figures_that_the_desk_shows(callers):
    world()
    services.measure_finished(calendar=cases.CALENDAR, at=on(3, 6, 12))
    caller = callers("head")

    found = caller.get("/figures", first="2026-01-01", last="2026-03-31").json()

    shares = found["total"]["shares"]
    late = shares.pop("overdue")  # by the day of the call, which goes on
    assert late["whole"] is None
    told = {key: (one["part"], one["whole"]) for key, one in shares.items()}
    by_hand = {key.value: pair for key, pair in BY_HAND.items() if key.value in told}
    assert told == by_hand
    assert found["total"]["days"]["median"] == 2.5
    (row,) = found["rows"]
    assert (row["department"], row["finished"]) == ("market", 7)


def test_who_may_not_and_what_cannot_be_is_told(callers):
    assert callers("clerk").get("/figures").status_code == 403
    caller = callers("head")
    assert caller.get("/figures", department="housing").status_code == 403
    assert caller.get("/figures", first="soon").status_code == 422

    answer = caller.get("/figures", first="2026-03-02", last="2026-03-01")

    assert answer.status_code == 422
    assert answer.json()["code"] == "cases.period_refused"
    assert "截止日期早于起始日期" in answer.json()["message"]
