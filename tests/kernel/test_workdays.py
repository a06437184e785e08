from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yiwang.kernel.workdays import CalendarGapError, WorkdayCalendar

FIRST, LAST = dt.date(2026, 1, 1), dt.date(2026, 12, 31)
ONE = dt.timedelta(days=1)


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


CALENDAR = WorkdayCalendar(
    first=FIRST,
    last=LAST,
    holidays=frozenset(
        {day("2026-01-01"), day("2026-01-02"), day("2026-01-03")}
        | {day("2026-02-15") + ONE * n for n in range(9)}
    ),
    workdays=frozenset({day("2026-01-04"), day("2026-02-14"), day("2026-02-28")}),
)

days = st.dates(FIRST, LAST)


@pytest.mark.parametrize(
    ("text", "works"),
    [
        pytest.param("2026-01-02", False, id="Friday off"),
        pytest.param("2026-01-04", True, id="Sunday worked in exchange"),
        pytest.param("2026-01-05", True, id="Monday"),
        pytest.param("2026-01-10", False, id="Saturday"),
        pytest.param("2026-12-31", True, id="last day covered"),
    ],
)
def test_is_workday_knows_holidays_and_days_worked_in_exchange(text: str, works: bool):
    assert CALENDAR.is_workday(day(text)) is works


@pytest.mark.parametrize(
    ("start", "n", "end"),
    [
        pytest.param("2026-03-06", 3, "2026-03-11", id="over a weekend"),
        pytest.param("2026-02-13", 1, "2026-02-14", id="Saturday worked in exchange counts"),
        pytest.param("2026-02-14", 1, "2026-02-24", id="nine days off"),
        pytest.param("2026-03-07", 1, "2026-03-09", id="from a Saturday"),
        pytest.param("2026-03-07", 0, "2026-03-07", id="nothing added"),
        pytest.param("2026-03-09", -1, "2026-03-06", id="backwards over a weekend"),
        pytest.param("2026-03-08", -1, "2026-03-06", id="backwards from a Sunday"),
    ],
)
def test_add_workdays_does_not_count_the_first_day(start: str, n: int, end: str):
    assert CALENDAR.add_workdays(day(start), n) == day(end)


@given(days, st.integers(1, 30))
def test_add_workdays_agrees_with_counting_on_the_fingers(start: dt.date, n: int):
    counted, here = 0, start
    while counted < n and here < LAST:
        here += ONE
        counted += CALENDAR.is_workday(here)
    if counted < n:
        with pytest.raises(CalendarGapError):
            CALENDAR.add_workdays(start, n)
    else:
        assert CALENDAR.add_workdays(start, n) == here


@given(days, days)
def test_workdays_between_counts_the_last_day_and_not_the_first(start: dt.date, end: dt.date):
    low, high = sorted((start, end))
    counted = sum(CALENDAR.is_workday(low + ONE * n) for n in range(1, (high - low).days + 1))

    assert CALENDAR.workdays_between(start, end) == (counted if start <= end else -counted)


@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(lambda: CALENDAR.is_workday(LAST + ONE), id="a day after"),
        pytest.param(lambda: CALENDAR.add_workdays(LAST, 1), id="counting out"),
        pytest.param(lambda: CALENDAR.add_workdays(LAST + ONE, 0), id="starting outside"),
        pytest.param(lambda: CALENDAR.workdays_between(FIRST, LAST + ONE), id="ending outside"),
    ],
)
def test_leaving_the_calendar_names_the_notice_to_load(ask):
    with pytest.raises(CalendarGapError) as refusal:
        ask()

    assert refusal.value.message == (
        "工作日历只到2026年12月31日，其后的日期无法推算，"
        "请装入国务院办公厅关于2027年部分节假日安排的通知。"
    )
    assert refusal.value.code == "kernel.calendar_gap"


@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(lambda: CALENDAR.is_workday(FIRST - ONE), id="a day before"),
        pytest.param(lambda: CALENDAR.add_workdays(FIRST, -1), id="counting back out"),
    ],
)
def test_asking_before_the_calendar_names_the_notice_to_load(ask):
    with pytest.raises(CalendarGapError, match=r"自2026年1月1日起.*2025年部分节假日"):
        ask()


def test_a_day_in_both_sets_is_off():
    sunday = day("2026-03-08")

    calendar = WorkdayCalendar(
        first=FIRST, last=LAST, holidays=frozenset({sunday}), workdays=frozenset({sunday})
    )

    assert not calendar.is_workday(sunday)


def test_a_calendar_that_ends_before_it_begins_is_a_mistake():
    with pytest.raises(ValueError, match="before first"):
        WorkdayCalendar(first=LAST, last=FIRST, holidays=frozenset(), workdays=frozenset())


def test_calendars_of_the_same_days_are_equal():
    same = WorkdayCalendar(
        first=FIRST, last=LAST, holidays=CALENDAR.holidays, workdays=CALENDAR.workdays
    )

    assert same == CALENDAR
    assert len({CALENDAR, same}) == 1
