"""Runs the examples by topic; their days were counted by hand, and are counted again here."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from yiwang.cases.policy import commitments, ending
from yiwang.cases.policy.deadlines import decision_days, notice_due_on
from yiwang.cases.policy.interested import Party, still_open
from yiwang.cases.policy.procedure import (
    HEARING_HOLD_WORKDAYS,
    HEARING_REQUEST_WORKDAYS,
    hearing_day_problem,
)
from yiwang.cases.policy.renewing import RENEWAL_LEAD_WORKDAYS, in_time
from yiwang.catalogue.policy.items import Limit
from yiwang.config import env
from yiwang.content.policy import holidays
from yiwang.content.policy.folders import find
from yiwang.content.policy.reading import read
from yiwang.kernel.clocks import ClockStop, StopReason
from yiwang.kernel.workdays import WorkdayCalendar

DAY = dt.timedelta(days=1)

OFF = ("01-01/01-03", "02-15/02-23", "04-04/04-06", "05-01/05-05", "06-19/06-21")
OFF += ("09-25/09-27", "10-01/10-07")
WORKED = ("01-04", "02-14", "02-28", "05-09", "09-20", "10-10")
"""The notice for 2026, typed again from its text."""


def examples(topic: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = read(
        (Path(__file__).parent / f"{topic}.yaml").read_bytes()
    ).content
    assert len(found) >= 10
    assert len({one["name"] for one in found}) == len(found)
    assert all(one["source"] for one in found)
    return found


def named(topic: str) -> Any:
    return pytest.mark.parametrize("example", examples(topic), ids=lambda one: one["name"])


@pytest.fixture(scope="module")
def calendar() -> WorkdayCalendar:
    (national,) = find(root=env.ROOT / "packs", names=["national"]).folders
    parsed = [holidays.parse(file)[0] for file in national.files if file.section == "holidays"]
    return holidays.calendar([notice for notice in parsed if notice is not None])


def works(day: dt.date) -> bool:
    text = f"{day:%m-%d}"
    off = any(first <= text <= last for first, last in (one.split("/") for one in OFF))
    return text in WORKED or (day.weekday() < 5 and not off)


def counted(start: dt.date, workdays: int, stops: list[list[dt.date]]) -> dt.date:
    """Count day by day, without the program's calendar."""
    day = start
    while workdays:
        day += DAY
        stopped = any(first <= day <= last for first, last in stops)
        workdays -= works(day) and not stopped
    return day


@named("stops_and_extensions")
def test_what_stops_and_what_extends_a_limit(example: dict[str, Any], calendar: WorkdayCalendar):
    stops, extended = example.get("stops", []), example.get("extended", 0)
    days = decision_days(
        accepted_on=example["accepted"],
        limit=Limit(
            statutory_workdays=example["limit"],
            promised_workdays=example["limit"],
            source="行政许可法 第四十二条",
            effective_on=dt.date(2026, 1, 1),
        ),
        stops=[
            ClockStop(
                reason=StopReason.TESTING,
                started_on=stop[0],
                ended_on=stop[1] if len(stop) > 1 else None,
            )
            for stop in stops
        ],
        extended_workdays=extended,
        calendar=calendar,
    )

    assert days.statutory_on == days.promised_on == example.get("due")
    if "due" in example:
        assert counted(example["accepted"], example["limit"] + extended, stops) == example["due"]


@named("hearing")
def test_the_days_of_a_hearing(example: dict[str, Any], calendar: WorkdayCalendar):
    if example["clock"] == "set":
        problem = hearing_day_problem(
            example["held"],
            today=example["today"],
            hold_due_on=example["hold_due"],
            calendar=calendar,
        )
        words = {"可以": "", "太早": "最早可定在", "太晚": "最晚为"}[example["then"]]
        assert words in problem
        assert bool(problem) == (example["then"] != "可以")
        assert (counted(example["today"], 7, []) <= example["held"]) == (example["then"] != "太早")
        return
    workdays = {"request": HEARING_REQUEST_WORKDAYS, "hold": HEARING_HOLD_WORKDAYS}
    limit = workdays[example["clock"]]
    assert calendar.add_workdays(example["from"], limit) == example["due"]
    assert counted(example["from"], limit, []) == example["due"]


AGAINST = {
    "公共利益": ending.NotEnded.PUBLIC_INTEREST,
    "依法可以不撤销": ending.NotEnded.DISCRETION,
}


@named("ending")
def test_on_which_grounds_a_licence_ends_and_what_follows(example: dict[str, Any]):
    ground = ending.GROUNDS[example["ground"]]

    assert ground.kind.label == example["kind"]
    assert ground.must is example["must"]
    assert (ground.kind in ending.HEARD) is example["heard"]
    assert set(ending.reasons_against(ground)) == {
        ending.NotEnded.NOT_PROVEN,
        *(AGAINST[words] for words in example["against"]),
    }
    assert example["effect"] in ground.effect
    assert bool(example["effect"]) == bool(ground.effect)


@named("deemed")
def test_what_silence_means(example: dict[str, Any], calendar: WorkdayCalendar):
    if "received" in example:
        assert notice_due_on(received_on=example["received"], calendar=calendar) == example["last"]
        assert counted(example["received"], 5, []) == example["last"]
        return
    asked, ends = example["asked"], example["ends"]
    early = in_time(asked_on=asked, valid_until=ends, lead=RENEWAL_LEAD_WORKDAYS, calendar=calendar)
    assert early is example["silence"]
    assert (counted(asked, 30, []) < ends) is example["silence"]


BARS = {
    "告知承诺": commitments.BARS_COMMITMENT,
    "容缺受理": commitments.BARS_TOLERANCE,
}


@named("tolerance_and_commitment")
def test_what_may_come_later_and_who_may_promise(
    example: dict[str, Any], calendar: WorkdayCalendar
):
    if "decided" in example:
        due = commitments.post_check_due_on(decided_on=example["decided"], months=2)
        assert due == example["due"]
    elif "received" in example:
        due = commitments.tolerance_due_on(
            received_on=example["received"],
            material_days=example["material"],
            default_days=10,
            promised_workdays=example["promised"],
            issue_first=example["first"],
            calendar=calendar,
        )
        assert due == example["due"]
    else:
        (kind,) = [one for one in commitments.RecordKind if one.label == example["record"]]
        record = commitments.Record(
            kind=kind,
            reason="查证属实",
            from_on=dt.date(2026, 3, 1),
            until_on=example.get("until"),
            repaired_on=example.get("repaired"),
        )
        closed = [
            name
            for name, kinds in BARS.items()
            if commitments.barred([record], kinds, on=example["on"])
        ]
        assert closed == example["closed"]


@named("interested")
def test_how_long_the_decision_waits_for_the_views_of_both_sides(example: dict[str, Any]):
    heard = [one for one in Party if one.label in example["heard"]]
    assert len(heard) == len(example["heard"])

    waits = still_open(due_on=example["due"], heard=heard, today=example["today"])

    assert waits is example["waits"]
