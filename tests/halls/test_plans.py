"""What a hall is: its plan, its hours, whose turn it is, and what a pack may not say."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as some

from tests.factories import cases, halls
from yiwang.halls.policy.parsing import parse
from yiwang.halls.policy.plans import Waiting, from_plain, next_ticket, slots_of, to_plain
from yiwang.kernel.hashing import canonical_json

AT = cases.FRIDAY


def waiting(number: int, *, first: bool = False) -> Waiting:
    return Waiting(id=number, taken_at=AT + dt.timedelta(minutes=number), first=first)


def test_a_plan_survives_the_table_unchanged():
    plan = halls.plan()

    assert from_plain(to_plain(plan)) == plan
    assert canonical_json(to_plain(plan))


def test_those_who_go_first_are_called_before_others_in_order_of_arrival():
    queue = [waiting(1), waiting(3, first=True), waiting(2, first=True)]

    assert next_ticket(queue, run=0, in_a_row=2).id == 2


def test_after_two_who_go_first_somebody_else_is_called():
    queue = [waiting(1), waiting(2, first=True)]

    assert next_ticket(queue, run=2, in_a_row=2).id == 1
    assert next_ticket(queue[1:], run=2, in_a_row=2).id == 2
    assert next_ticket([], run=0, in_a_row=2) is None


@given(some.lists(some.booleans(), max_size=40), some.integers(1, 4))
def test_nobody_is_forgotten_and_nobody_waits_behind_more_than_the_bound(kinds, in_a_row):
    queue = [waiting(number, first=first) for number, first in enumerate(kinds)]
    called, run = [], 0
    while turn := next_ticket(queue, run=run, in_a_row=in_a_row):
        others = any(not one.first for one in queue)
        run = run + 1 if turn.first else 0
        queue.remove(turn)
        called.append(turn.id)
        assert not (turn.first and others and run > in_a_row)

    assert sorted(called) == list(range(len(kinds)))


@pytest.mark.parametrize(
    ("moment", "workday", "is_open"),
    [
        ("2026-03-06 09:00", True, True),
        ("2026-03-06 08:59", True, False),
        ("2026-03-06 17:00", True, False),
        ("2026-03-06 10:00", False, False),
        ("2026-03-07 10:00", False, False),
        ("2026-02-28 10:00", True, True),
    ],
)
def test_the_hall_is_open_in_its_hours_and_on_saturdays_that_are_worked(moment, workday, is_open):
    at = dt.datetime.fromisoformat(moment)

    assert halls.plan().is_open(at, workday=workday) is is_open


def test_slots_of_a_day_leave_out_what_began_and_count_what_is_taken():
    plan = halls.plan()
    zone = plan.zone("general")
    at = AT.replace(hour=15, minute=40)
    taken = {AT.replace(hour=16): 1, AT.replace(hour=16, minute=30): 9}

    found = slots_of(plan, zone, AT.date(), workday=True, taken=taken, at=at, zone_info=cases.ZONE)

    assert [(f"{one.starts_at:%H:%M}", one.left) for one in found] == [("16:00", 1), ("16:30", 0)]


@pytest.mark.parametrize(
    ("changes", "place", "words"),
    [
        ({"hours": [{"from_day": 1, "to_day": 5, "from": "9", "to": "17:00"}]}, "from", "09:00"),
        ({"hours": [{"from_day": 5, "to_day": 1, "from": "09:00", "to": "17:00"}]}, "to", "晚于"),
        ({"hours": [{"from_day": 1, "to_day": 9, "from": "09:00", "to": "17:00"}]}, "to_day", "1"),
        ({"zones": []}, "zones", "至少写一个区"),
        ({"zones": [halls.content()["zones"][0]] * 2}, "zones", "各不相同"),
        (
            {"zones": [{"code": "a", "name": "一", "letter": "a", "windows": 1}]},
            "letter",
            "大写字母",
        ),
        (
            {"zones": [{"code": "a", "name": "一", "letter": "A", "windows": 0}]},
            "windows",
            "1 至",
        ),
        (
            {"priority": {"kinds": ["rich"], "in_a_row": 1, "source": "无"}},
            "kinds[0]",
            "elder",
        ),
        ({"code": "大厅"}, "code", "小写字母"),
    ],
)
def test_a_pack_that_is_wrong_is_refused_with_place_and_remedy(changes, place, words):
    found, errors = parse(halls.file(halls.content(**changes)))

    assert found == []
    assert any(place in one.place and words in one.remedy for one in errors)
