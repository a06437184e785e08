"""Tickets: taken, called once each, missed, transferred, tied to their case, and counted."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.factories import cases, halls
from yiwang.audit.queries import trail
from yiwang.halls import queries, services
from yiwang.halls.models import Ticket
from yiwang.halls.policy.terms import Priority, TakenAt, TicketState
from yiwang.halls.services import TicketRefusedError
from yiwang.organisations.permissions import PermissionRefusedError


@pytest.fixture
def hall(db):
    cases.district(items=False)
    return halls.open_hall()


def refusal(act, *args, **known) -> str:
    with pytest.raises(TicketRefusedError) as caught:
        act(*args, **known)
    return caught.value.message


def test_numbers_of_a_zone_follow_each_other_and_begin_anew_each_day(hall):
    codes = [halls.take(minute).code for minute in range(3)]
    other = halls.take(zone="housing").code
    monday = halls.take(at=halls.later(3 * 24 * 60)).code

    assert (codes, other, monday) == (["A001", "A002", "A003"], "B001", "A001")


def test_a_ticket_names_nobody_and_every_act_leaves_a_trace(hall):
    ticket = halls.take()
    halls.call()

    assert (ticket.applicant_ref, ticket.case_number) == ("", "")
    assert [row.act for row in trail(target=f"ticket:{ticket.id}")] == [
        "halls.call_ticket",
        "halls.take_ticket",
    ]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"at": halls.NOON.replace(hour=8)}, "不在办公时间"),
        ({"at": halls.NOON + dt.timedelta(days=1)}, "不在办公时间"),
        ({"priority": Priority.SERVICEMAN}, "没有这类优先"),
    ],
)
def test_no_ticket_outside_hours_or_for_a_priority_the_hall_does_not_know(hall, changes, words):
    assert words in refusal(halls.take, **changes)


def test_a_clerk_of_another_unit_takes_and_calls_nothing(hall):
    with pytest.raises(PermissionRefusedError):
        halls.take(taken_by=TakenAt.CLERK, by=cases.STRANGER)
    with pytest.raises(PermissionRefusedError):
        halls.call(by=cases.STRANGER)


@pytest.mark.req("HALL-02")
def test_old_people_go_first_but_not_more_than_two_in_a_row(hall):
    for minute in range(2):
        halls.take(minute)
    for minute in range(3):
        halls.take(10 + minute, Priority.ELDER)

    order = []
    for step in range(5):
        ticket = halls.call(30 + step)
        order.append(ticket.code)
        services.finish(ticket=ticket.id, by=cases.CLERK, at=halls.later(30 + step))

    assert order == ["A003", "A004", "A001", "A005", "A002"]
    assert halls.call(40) is None


def test_a_window_ends_what_it_has_before_it_calls_again(hall):
    halls.take()
    halls.take(1)
    halls.call()

    assert "A01窗口还有A001号没有办完" in refusal(halls.call, 31)
    assert "没有这个窗口" in refusal(halls.call, 31, window="Z99")


def test_two_clerks_on_one_ticket_get_a_clear_sentence(hall):
    halls.take()
    ticket = halls.call()

    for act in (services.recall, services.miss, services.finish):
        words = refusal(act, ticket=ticket.id, by=halls.OTHER_CLERK, at=halls.later(31))
        assert words == "A001号正由A01窗口办理，请叫下一号。"


def test_a_missed_ticket_comes_back_to_the_end_of_the_queue(hall):
    first = halls.take()
    halls.take(1)
    halls.call()
    services.recall(ticket=first.id, by=cases.CLERK, at=halls.later(31))
    services.miss(ticket=first.id, by=cases.CLERK, at=halls.later(32))
    assert "已过号" in refusal(services.finish, ticket=first.id, by=cases.CLERK, at=halls.later(33))

    services.take_back(ticket=first.id, by=cases.CLERK, at=halls.later(34))

    assert halls.call(35).code == "A002"
    assert halls.call(36, window="A02", by=halls.OTHER_CLERK).code == "A001"


def test_yesterdays_missed_ticket_is_not_taken_back(hall):
    ticket = halls.take()
    halls.call()
    services.miss(ticket=ticket.id, by=cases.CLERK, at=halls.later(31))

    words = refusal(
        services.take_back, ticket=ticket.id, by=cases.CLERK, at=halls.later(4 * 24 * 60)
    )
    assert "重新取号" in words


def test_a_transferred_ticket_keeps_its_number_and_goes_first_in_the_other_zone(hall):
    halls.take(-5, zone="housing")
    ticket = halls.take()
    halls.call()
    services.transfer(ticket=ticket.id, zone="housing", by=cases.CLERK, at=halls.later(31))

    assert halls.call(32, window="B01").code == "A001"


@pytest.mark.parametrize("zone", ["general", "nowhere", ""])
def test_a_transfer_leads_to_another_zone(hall, zone):
    ticket = halls.take()
    halls.call()

    words = refusal(
        services.transfer, ticket=ticket.id, zone=zone, by=cases.CLERK, at=halls.later(31)
    )
    assert words == "请选择另一个功能区。"


def test_the_first_case_stays_with_the_ticket_and_such_a_ticket_is_not_missed(hall):
    ticket = halls.take()
    halls.call()
    for number in ("N1", "N2"):
        services.tie_case(ticket=ticket.id, case_number=number, by=cases.CLERK, at=halls.later(31))

    assert queries.ticket(ticket.id).case_number == "N1"
    assert [one.code for one in queries.tickets_of_case("N1")] == ["A001"]
    assert "已经收件" in refusal(
        services.miss, ticket=ticket.id, by=cases.CLERK, at=halls.later(32)
    )


@pytest.mark.req("HALL-02")
def test_figures_are_reckoned_from_single_tickets(hall):
    for minute, wait in enumerate((10, 20, 30, 40, 100)):
        halls.take(minute)
        ticket = halls.call(minute + wait)
        services.finish(ticket=ticket.id, by=cases.CLERK, at=halls.later(minute + wait + 5))
    halls.take(200)
    day = halls.NOON.date()

    found = queries.figures(
        halls.HALL, first=day, last=day, by=halls.CENTRE_HEAD, at=halls.later(300)
    )

    assert (found.waits.called, found.waits.p50, found.waits.p90) == (5, 30.0, 76.0)
    assert [(one.window, one.served, one.missed) for one in found.windows] == [("A01", 5, 0)]
    assert found.waiting == 1
    with pytest.raises(PermissionRefusedError):
        queries.figures(halls.HALL, first=day, last=day, by=cases.FIRM, at=halls.later(300))


def test_a_day_without_tickets_has_no_figures_instead_of_nought(hall):
    day = halls.NOON.date()

    found = queries.figures(halls.HALL, first=day, last=day, by=halls.CENTRE_HEAD, at=halls.NOON)

    assert (found.waits.p50, found.waits.p90, found.windows) == (None, None, ())


def test_the_display_holds_numbers_windows_and_counts_only(hall):
    halls.take()
    halls.take(1)
    halls.call()

    (general, housing) = queries.zones_now(hall, at=halls.later(31))

    assert (general.called, general.waiting, general.wait_minutes) == ((("A001", "A01"),), 1, 30)
    assert (housing.called, housing.waiting, housing.wait_minutes) == ((), 0, None)


@pytest.mark.parametrize(
    "changes",
    [
        {"state": "lost"},
        {"state": TicketState.CALLED.value},
        {"state": TicketState.DONE.value},
        {"priority": "rich"},
    ],
)
def test_the_table_refuses_tickets_that_cannot_be(hall, changes):
    from django.db import IntegrityError

    ticket = halls.take()

    with pytest.raises(IntegrityError, match="halls_ticket_"):
        Ticket.objects.filter(pk=ticket.id).update(**changes)
