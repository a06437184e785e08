"""Appointments: free places, one each, cancelled in time, turned into a ticket on arrival."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.architecture.test_row_security import serving_role
from tests.factories import cases, halls
from yiwang.halls import queries, services
from yiwang.halls.models import Appointment
from yiwang.halls.policy.terms import AppointmentState, Priority
from yiwang.halls.services import AppointmentRefusedError
from yiwang.organisations import scope
from yiwang.organisations.permissions import Actor, PermissionRefusedError

MONDAY = cases.FRIDAY.replace(hour=10, minute=0) + dt.timedelta(days=3)
SECOND = Actor(ref="user:second", subjects=frozenset({"person:" + "1" * 32}))
THIRD = Actor(ref="user:third", subjects=frozenset({"person:" + "2" * 32}))


@pytest.fixture
def hall(db):
    cases.district(items=False)
    cases.publish(cases.without_materials(bookable=True))
    return halls.open_hall()


def book(by=cases.FIRM, **changes):
    known = {
        "hall": halls.HALL,
        "item_slug": cases.RESTAURANT,
        "starts_at": MONDAY,
        "applicant_ref": min(by.subjects),
        "calendar": cases.CALENDAR,
        "by": by,
        "at": halls.NOON,
    }
    return services.book(**(known | changes))


def refusal(act, *args, **known) -> str:
    with pytest.raises(AppointmentRefusedError) as caught:
        act(*args, **known)
    return caught.value.message


@pytest.mark.req("HALL-05")
def test_a_time_is_given_at_a_window_and_not_given_again(hall):
    one, two = book(), book(SECOND)

    assert {one.window, two.window} == {"A01", "A02"}
    assert one.code != two.code
    assert "已经约满" in refusal(book, THIRD)
    slot = next(
        slot
        for slot in queries.slots(
            halls.HALL, "general", MONDAY.date(), calendar=cases.CALENDAR, at=halls.NOON
        )
        if slot.starts_at == MONDAY
    )
    assert slot.left == 0


@pytest.mark.parametrize(
    "starts_at",
    [
        MONDAY.replace(minute=7),
        MONDAY.replace(hour=20),
        MONDAY - dt.timedelta(days=1),
        MONDAY + dt.timedelta(days=60),
        halls.NOON - dt.timedelta(minutes=30),
    ],
)
def test_what_is_no_free_time_is_refused(hall, starts_at):
    assert "请在列出的时间中选择" in refusal(book, starts_at=starts_at)


def test_nobody_books_for_a_stranger(hall):
    with pytest.raises(PermissionRefusedError):
        book(SECOND, applicant_ref=cases.FIRM_REF)


def test_one_appointment_per_item_until_it_is_cancelled(hall):
    first = book()
    assert "请先取消原来的预约" in refusal(book, starts_at=MONDAY.replace(hour=11))

    services.cancel(appointment=first.id, by=cases.FIRM, at=halls.NOON)

    assert book(starts_at=MONDAY.replace(hour=11)).state is AppointmentState.BOOKED


def test_an_item_that_is_not_bookable_sends_to_the_queue(hall):
    cases.publish(cases.card())

    assert "不用预约" in refusal(book, SECOND, item_slug=cases.CARD)


def test_it_is_too_late_to_cancel_an_hour_before(hall):
    first = book()

    words = refusal(
        services.cancel,
        appointment=first.id,
        by=cases.FIRM,
        at=MONDAY - dt.timedelta(minutes=59),
    )
    assert "离预约时间太近" in words
    with pytest.raises(Appointment.DoesNotExist):
        services.cancel(appointment=first.id, by=SECOND, at=halls.NOON)


def arrive(code, minutes, **known):
    return services.check_in(
        hall=halls.HALL,
        code=code,
        by=halls.KIOSK,
        at=MONDAY + dt.timedelta(minutes=minutes),
        **known,
    )


@pytest.mark.req("HALL-05")
def test_whoever_arrives_in_time_goes_before_those_without_an_appointment(hall):
    one = book()
    halls.take(at=MONDAY - dt.timedelta(minutes=20))
    ticket = arrive(one.code, -5)

    called = services.call_next(
        hall=halls.HALL, window="A01", by=cases.CLERK, at=MONDAY - dt.timedelta(minutes=4)
    )

    assert called.id == ticket.id
    assert (called.item_slug, called.applicant_ref) == (cases.RESTAURANT, cases.FIRM_REF)
    assert "已经签到" in refusal(arrive, one.code, 0)


def test_whoever_arrives_early_waits_like_everybody_else(hall):
    one = book()
    first = halls.take(at=MONDAY - dt.timedelta(minutes=31))
    arrive(one.code, -29)

    called = services.call_next(
        hall=halls.HALL, window="A01", by=cases.CLERK, at=MONDAY - dt.timedelta(minutes=20)
    )
    assert called.id == first.id


@pytest.mark.parametrize(
    ("minutes", "words"), [(-31, "请在09:30以后再签到"), (16, "已经过了，请取普通号")]
)
def test_arriving_far_too_early_or_too_late_says_what_to_do(hall, minutes, words):
    assert words in refusal(arrive, book().code, minutes)


@pytest.mark.parametrize("code", ["", "000", "abcdef", "9999999"])
def test_a_code_that_is_nobodys_is_refused(hall, code):
    assert "核对六位数字" in refusal(arrive, code, 0)


def test_a_priority_the_hall_does_not_know_does_not_stop_the_arrival(hall):
    ticket = arrive(book().code, 0, priority=Priority.SERVICEMAN)

    assert ticket.priority is Priority.NONE


def test_each_appointment_is_told_of_once_a_day_before_and_closed_when_not_kept(hall, monkeypatch):
    told = []
    monkeypatch.setattr(
        services.notices, "plan", lambda wanted, at: told.extend(wanted) or len(wanted)
    )
    one = book()

    assert services.remind(at=MONDAY - dt.timedelta(hours=25)) == 0
    assert services.remind(at=MONDAY - dt.timedelta(hours=23)) == 1
    assert services.remind(at=MONDAY - dt.timedelta(hours=22)) == 0
    services.remind(at=MONDAY + dt.timedelta(days=1))

    (wanted,) = told
    assert (wanted.about, wanted.to_ref) == (f"appointment:{one.id}", cases.FIRM_REF)
    assert wanted.words["day"] == "3月9日10:00"
    assert wanted.words["code"] == one.code
    assert Appointment.objects.get().state == AppointmentState.MISSED


def test_the_walls_around_rows_hide_no_taken_place_and_no_arrival(hall):
    with serving_role():
        scope.enter(cases.FIRM)
        one = book()
        scope.enter(SECOND)
        book(SECOND)
        assert [row.applicant_ref for row in Appointment.objects.all()] == [min(SECOND.subjects)]
        scope.enter(THIRD)
        assert "已经约满" in refusal(book, THIRD)
        scope.enter(halls.KIOSK)
        assert not Appointment.objects.exists()

        assert arrive(one.code, 0).code == "A001"
