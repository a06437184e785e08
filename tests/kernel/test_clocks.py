from __future__ import annotations

import datetime as dt
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.kernel.test_workdays import CALENDAR, FIRST, LAST, ONE, day
from yiwang.kernel import clocks
from yiwang.kernel.clocks import ClockStop, DayUnit, Light, StopReason, day_of, due_on, light
from yiwang.kernel.workdays import CalendarGapError

ACCEPTED = day("2026-03-06")

work = partial(light, calendar=CALENDAR, unit=DayUnit.WORKDAY)


def stop(started: str, ended: str | None) -> ClockStop:
    return ClockStop(
        reason=StopReason.TESTING,
        started_on=day(started),
        ended_on=day(ended) if ended else None,
    )


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        pytest.param("2026-03-08T23:50:00+08:00", "2026-03-08", id="Sunday night"),
        pytest.param("2026-03-08T15:59:59+00:00", "2026-03-08", id="a second to midnight"),
        pytest.param("2026-03-08T16:00:00+00:00", "2026-03-09", id="midnight in Beijing"),
    ],
)
def test_a_moment_counts_on_its_day_in_beijing(moment: str, expected: str):
    assert day_of(dt.datetime.fromisoformat(moment)) == day(expected)


def test_a_moment_without_time_zone_is_a_mistake():
    with pytest.raises(ValueError, match="time zone"):
        day_of(dt.datetime(2026, 3, 8, 23, 50))


def test_a_limit_of_three_days_from_friday_is_due_on_wednesday():
    assert due_on(accepted_on=ACCEPTED, limit_workdays=3, stops=[], calendar=CALENDAR) == day(
        "2026-03-11"
    )


def test_an_open_stop_means_no_date():
    stops = [stop("2026-03-09", None), stop("2026-03-07", "2026-03-08")]

    assert due_on(accepted_on=ACCEPTED, limit_workdays=3, stops=stops, calendar=CALENDAR) is None


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_below_one_day_is_a_mistake(limit: int):
    with pytest.raises(ValueError, match="at least 1"):
        due_on(accepted_on=ACCEPTED, limit_workdays=limit, stops=[], calendar=CALENDAR)


def test_a_limit_past_the_calendar_is_refused():
    with pytest.raises(CalendarGapError, match="2027年"):
        due_on(accepted_on=day("2026-12-28"), limit_workdays=10, stops=[], calendar=CALENDAR)


def test_a_stop_that_ends_before_it_starts_is_a_mistake():
    with pytest.raises(ValueError, match="before started_on"):
        stop("2026-03-09", "2026-03-08")


@pytest.mark.parametrize(
    ("on", "covered"),
    [("2026-03-08", False), ("2026-03-09", True), ("2026-03-10", True), ("2026-03-11", False)],
)
def test_a_stop_covers_both_its_ends(on: str, covered: bool):
    assert stop("2026-03-09", "2026-03-10").covers(day(on)) is covered
    assert stop("2026-03-09", None).covers(day("2026-12-31"))


near = st.dates(day("2026-02-20"), day("2026-04-20"))
stretches = st.tuples(near, st.integers(0, 20)).map(
    lambda pair: ClockStop(
        reason=StopReason.HEARING, started_on=pair[0], ended_on=pair[0] + ONE * pair[1]
    )
)


@given(near, st.integers(1, 40), st.lists(stretches, max_size=5))
def test_due_on_agrees_with_counting_on_the_fingers(
    accepted_on: dt.date, limit: int, stops: list[ClockStop]
):
    here, counted = accepted_on, 0
    while counted < limit:
        here += ONE
        if CALENDAR.is_workday(here) and not any(stop.covers(here) for stop in stops):
            counted += 1

    assert (
        due_on(accepted_on=accepted_on, limit_workdays=limit, stops=stops, calendar=CALENDAR)
        == here
    )


@pytest.mark.parametrize(
    ("today", "colour", "left", "text"),
    [
        pytest.param("2026-03-05", Light.GREEN, 4, "剩 4 个工作日", id="in time"),
        pytest.param("2026-03-06", Light.GREEN, 3, "剩 3 个工作日", id="last green day"),
        pytest.param("2026-03-07", Light.GREEN, 3, "剩 3 个工作日", id="Saturday"),
        pytest.param("2026-03-09", Light.AMBER, 2, "剩 2 个工作日", id="two days left"),
        pytest.param("2026-03-10", Light.AMBER, 1, "剩 1 个工作日", id="one day left"),
        pytest.param("2026-03-11", Light.RED, 0, "今日到期", id="the day itself"),
        pytest.param("2026-03-12", Light.RED, -1, "超期 1 个工作日", id="late"),
        pytest.param("2026-03-16", Light.RED, -3, "超期 3 个工作日", id="late over a weekend"),
    ],
)
def test_light_counts_working_days_in_words(today: str, colour: Light, left: int, text: str):
    answer = work(due_on=day("2026-03-11"), today=day(today))

    assert (answer.light, answer.days_left, answer.text) == (colour, left, text)
    assert answer.unit is DayUnit.WORKDAY


@pytest.mark.parametrize(
    ("today", "colour", "left", "text"),
    [
        pytest.param("2026-03-06", Light.GREEN, 5, "剩 5 天", id="over a weekend"),
        pytest.param("2026-03-08", Light.GREEN, 3, "剩 3 天", id="last green day, a Sunday"),
        pytest.param("2026-03-09", Light.AMBER, 2, "剩 2 天", id="two days left"),
        pytest.param("2026-03-11", Light.RED, 0, "今日到期", id="the day itself"),
        pytest.param("2026-03-12", Light.RED, -1, "超期 1 天", id="late"),
        pytest.param("2026-03-16", Light.RED, -5, "超期 5 天", id="late over a weekend"),
    ],
)
def test_light_counts_every_day_of_a_clock_in_calendar_days(
    today: str, colour: Light, left: int, text: str
):
    answer = light(
        due_on=day("2026-03-11"), today=day(today), calendar=CALENDAR, unit=DayUnit.CALENDAR_DAY
    )

    assert (answer.light, answer.days_left, answer.text) == (colour, left, text)
    assert answer.unit is DayUnit.CALENDAR_DAY


def test_light_in_calendar_days_needs_no_notice_of_holidays():
    answer = light(due_on=LAST + ONE * 5, today=LAST, calendar=CALENDAR, unit=DayUnit.CALENDAR_DAY)

    assert (answer.light, answer.text) == (Light.GREEN, "剩 5 天")


def test_light_is_late_on_the_saturday_after_a_friday():
    answer = work(due_on=day("2026-03-06"), today=day("2026-03-07"))

    assert (answer.light, answer.text) == (Light.RED, "超期 1 个工作日")


def test_light_of_a_stopped_clock_is_grey():
    answer = work(due_on=None, today=ACCEPTED, stopped=True)

    assert (answer.light, answer.days_left, answer.text) == (Light.GREY, None, "暂停计时")


def test_light_before_acceptance_is_grey():
    answer = work(due_on=None, today=ACCEPTED)

    assert (answer.light, answer.text) == (Light.GREY, "未开始计时")


def test_light_turns_amber_where_the_setting_says(monkeypatch):
    monkeypatch.setattr(clocks, "_amber", [clocks.AMBER_DAYS])
    seen = {"due_on": day("2026-03-11"), "today": day("2026-03-06")}
    assert work(**seen).light is Light.GREEN

    clocks.set_amber_days(3)

    assert work(**seen).light is Light.AMBER


def test_a_light_that_is_never_amber_cannot_be_set():
    with pytest.raises(ValueError, match="0 days"):
        clocks.set_amber_days(0)
    assert clocks.amber_days() == clocks.AMBER_DAYS


def test_light_outside_the_calendar_says_so_and_does_not_hide_the_list():
    before = work(due_on=LAST + ONE * 5, today=LAST)
    after = work(due_on=LAST, today=LAST + ONE * 5)

    assert (before.light, before.text) == (Light.GREY, "工作日历未装入")
    assert (after.light, after.text) == (Light.RED, "已超期")


@given(st.dates(FIRST, LAST), st.dates(FIRST, LAST))
def test_light_is_red_exactly_from_the_due_date_on(due: dt.date, today: dt.date):
    answer = work(due_on=due, today=today)

    assert (answer.light is Light.RED) == (today >= due)
