"""Grades and clocks, without a database."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.factories.cases import CALENDAR
from yiwang.kernel.workdays import CalendarGapError
from yiwang.ratings.policy.clocks import TASK_STEPS, TaskState, task_due_on
from yiwang.ratings.policy.grades import BAD, SCORES, Grade, average


def test_there_are_five_grades_and_the_last_two_are_bad():
    assert [grade.label for grade in Grade] == [
        "非常满意",
        "满意",
        "基本满意",
        "不满意",
        "非常不满意",
    ]
    assert [SCORES[grade] for grade in Grade] == [5, 4, 3, 2, 1]
    assert list(Grade)[-2:] == [grade for grade in Grade if grade in BAD]


def test_an_average_is_rounded_to_one_decimal_and_needs_a_rating():
    assert average({Grade.VERY_SATISFIED: 3, Grade.SATISFIED: 1}) == 4.8
    assert average({}) is None
    assert average({Grade.SATISFIED: 0}) is None


def test_contact_is_due_after_one_working_day_and_the_answer_after_fifteen():
    assert task_due_on(rated_on=dt.date(2026, 3, 6), calendar=CALENDAR) == (
        dt.date(2026, 3, 9),
        dt.date(2026, 3, 27),
    )


def test_the_clocks_pass_over_the_holidays():
    contact, correct = task_due_on(rated_on=dt.date(2026, 9, 30), calendar=CALENDAR)

    assert contact == dt.date(2026, 10, 8)
    assert correct == dt.date(2026, 10, 27)


def test_a_clock_beyond_the_calendar_is_refused():
    with pytest.raises(CalendarGapError):
        task_due_on(rated_on=dt.date(2026, 12, 28), calendar=CALENDAR)


def test_every_step_leads_to_the_next_state_only():
    reached = [end for _starts, end in TASK_STEPS.values()]

    assert reached == [TaskState.CONTACTED, TaskState.ANSWERED, TaskState.CLOSED]
