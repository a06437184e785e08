"""Runs the examples of `time_limits.yaml`, against the calendar that ships with the program."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from yiwang.config import env
from yiwang.content.policy import holidays
from yiwang.content.policy.folders import find
from yiwang.content.policy.reading import read
from yiwang.kernel.clocks import ClockStop, StopReason, day_of, due_on
from yiwang.kernel.workdays import WorkdayCalendar

EXAMPLES: list[dict[str, Any]] = read(
    (Path(__file__).parent / "time_limits.yaml").read_bytes()
).content


@pytest.fixture(scope="module")
def calendar() -> WorkdayCalendar:
    (national,) = find(root=env.ROOT / "packs", names=["national"]).folders
    parsed = [holidays.parse(file)[0] for file in national.files if file.section == "holidays"]
    return holidays.calendar([notice for notice in parsed if notice is not None])


def test_there_are_enough_examples_each_with_name_and_source():
    assert len(EXAMPLES) >= 25
    assert len({example["name"] for example in EXAMPLES}) == len(EXAMPLES)
    assert all(example["source"] for example in EXAMPLES)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["name"])
def test_the_limit_ends_when_the_law_says(example: dict[str, Any], calendar: WorkdayCalendar):
    start = example.get("accepted_on") or day_of(dt.datetime.fromisoformat(example["received_at"]))
    stops = [
        ClockStop(
            reason=StopReason(stop["reason"]),
            started_on=stop["started_on"],
            ended_on=stop.get("ended_on"),
        )
        for stop in example.get("stops", ())
    ]

    for limit, end in (("limit_workdays", "due_on"), ("promised_workdays", "promised_on")):
        if limit in example:
            assert (
                due_on(
                    accepted_on=start,
                    limit_workdays=example[limit],
                    stops=stops,
                    calendar=calendar,
                )
                == example[end]
            )
