"""The clocks of a case, by examples that a lawyer can read, and at their edges."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.factories.cases import CALENDAR, ENDING, ZONE
from yiwang.cases.policy import deadlines
from yiwang.cases.policy.states import CaseState
from yiwang.cases.policy.terms import ClockKind, unit_of
from yiwang.catalogue.policy.items import Limit
from yiwang.kernel.clocks import ClockStop, DayUnit, StopReason
from yiwang.kernel.workdays import CalendarGapError

EXAMPLES = yaml.safe_load(
    (Path(__file__).parents[2] / "law" / "case_clocks.yaml").read_text(encoding="utf-8")
)


def limit(workdays: int) -> Limit:
    return Limit(
        statutory_workdays=workdays,
        promised_workdays=workdays,
        source="测试",
        effective_on=dt.date(2026, 1, 1),
    )


def due(example: dict[str, Any]) -> dt.date | None:
    day: dt.date = example["from"]
    stops = [
        ClockStop(
            reason=StopReason(stop["reason"]), started_on=stop["from"], ended_on=stop.get("until")
        )
        for stop in example.get("stops", ())
    ]
    match example["clock"]:
        case "notice":
            return deadlines.notice_due_on(received_on=day, calendar=CALENDAR)
        case "decision":
            return deadlines.decision_days(
                accepted_on=day, limit=limit(example["limit"]), stops=stops, calendar=CALENDAR
            ).statutory_on
        case "delivery":
            return deadlines.delivery_due_on(decided_on=day, calendar=CALENDAR)
        case "correction":
            return deadlines.correction_due_on(asked_on=day, days=example.get("days", 30))
        case "evaluation":
            return deadlines.evaluation_until(closed_on=day)
        case "validity":
            return deadlines.months_after(day, example["limit"])
    raise AssertionError(example["clock"])


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["name"])
def test_the_clocks_of_a_case_run_as_the_law_says(example):
    assert example["source"]
    assert due(example) == example["due"]


def test_there_are_enough_examples_of_the_law():
    assert len(EXAMPLES) >= 20


def test_a_deadline_beyond_the_calendar_is_refused_with_what_to_load():
    with pytest.raises(CalendarGapError, match="工作日历"):
        deadlines.notice_due_on(received_on=dt.date(2026, 3, 13), calendar=ENDING)


def test_the_day_of_a_moment_is_the_day_of_the_place():
    late = dt.datetime(2026, 3, 8, 23, 50, tzinfo=ZONE)

    assert deadlines.day_of(late) == dt.date(2026, 3, 8)
    assert deadlines.day_of(late.astimezone(dt.UTC)) == dt.date(2026, 3, 8)
    with pytest.raises(ValueError, match="aware"):
        deadlines.day_of(dt.datetime(2026, 3, 8))


def test_the_promise_is_counted_beside_the_law():
    days = deadlines.decision_days(
        accepted_on=dt.date(2026, 3, 6),
        limit=Limit(
            statutory_workdays=20,
            promised_workdays=5,
            source="测试",
            effective_on=dt.date(2026, 1, 1),
        ),
        calendar=CALENDAR,
    )

    assert days == deadlines.DecisionDays(
        statutory_on=dt.date(2026, 4, 3), promised_on=dt.date(2026, 3, 13)
    )


@pytest.mark.parametrize(
    ("state", "text"),
    [
        pytest.param(CaseState.RECEIVED, "剩 1 个工作日", id="the law counts working days"),
        pytest.param(CaseState.DELIVERING, "剩 1 个工作日", id="delivery too"),
        pytest.param(CaseState.CORRECTION, "剩 3 天", id="a correction counts every day"),
        pytest.param(CaseState.HEARING, "暂停计时", id="a hearing stops the limit"),
    ],
)
def test_the_light_of_a_case_counts_as_the_clock_of_its_state(state, text):
    friday, monday = dt.date(2026, 3, 13), dt.date(2026, 3, 16)

    answer = deadlines.case_light(state=state, due_on=monday, today=friday, calendar=CALENDAR)

    assert answer.text == text


def test_the_units_agree_with_how_the_clocks_are_reckoned():
    """A clock in calendar days ends on the same day whatever the holidays are."""
    asked = dt.date(2026, 3, 6)

    assert unit_of(ClockKind.CORRECTION) is DayUnit.CALENDAR_DAY
    assert (deadlines.correction_due_on(asked_on=asked, days=30) - asked).days == 30
    assert unit_of(ClockKind.EVALUATION) is DayUnit.CALENDAR_DAY
    assert (deadlines.evaluation_until(closed_on=asked) - asked).days == 30
    assert unit_of(ClockKind.DELIVERY) is DayUnit.WORKDAY
    delivery = deadlines.delivery_due_on(decided_on=asked, calendar=CALENDAR)
    assert CALENDAR.workdays_between(asked, delivery) == 10
