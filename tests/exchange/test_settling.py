"""A person looks after what did not arrive and what could not be done."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.factories import cases, exchange
from tests.factories.exchange import CENTRE_HEAD, LI
from yiwang.audit.models import AuditEvent
from yiwang.cases import queries as case_queries
from yiwang.cases import services as acts
from yiwang.cases.policy.terms import Outcome
from yiwang.exchange import queries, services
from yiwang.exchange.models import Push, Returned
from yiwang.exchange.policy.terms import Direction
from yiwang.exchange.services import SettlingRefusedError
from yiwang.exchange.transport import Sent
from yiwang.organisations.permissions import Actor, PermissionRefusedError, Post

FINAL = Sent(delivered=False, why="对方系统应答422：没有这个事项", final=True)
HOUSING_HEAD = Actor(ref="user:housing-head", posts={"housing": frozenset({Post.DEPARTMENT_HEAD})})


SECOND = dt.timedelta(seconds=1)


@pytest.fixture
def dead(side, wire) -> Push:
    """A push that the other side will not take."""
    cases.accepted()
    wire.answers = [FINAL]
    exchange.push_all(side.partner)
    return Push.objects.get()


def settle(act, row: Push | Returned, by=cases.HEAD, **more):
    direction = Direction.OUT if isinstance(row, Push) else Direction.IN
    if act is services.send_letter_again:
        more["calendar"] = cases.CALENDAR
    return act(direction=direction, letter_id=row.pk, by=by, at=cases.FRIDAY, **more)


def test_the_head_sees_what_why_and_how_often(dead):
    (row,) = queries.letters(by=cases.HEAD).dead

    assert (row.why, row.tries, row.what) == (FINAL.why, 1, "受理")
    assert queries.letters(by=CENTRE_HEAD).dead == (row,)
    assert queries.letters(by=HOUSING_HEAD).dead == ()
    assert queries.letters(by=cases.HEAD, after=(row.since + SECOND).isoformat()).dead == (row,)
    assert queries.letters(by=cases.HEAD, after=row.since.isoformat()).dead == ()
    assert queries.dead_letters(by=cases.HEAD) == 1
    for by in (cases.CLERK, cases.REVIEWER, exchange.ADMIN):
        with pytest.raises(PermissionRefusedError, match="部门负责人"):
            queries.letters(by=by)


def test_it_is_sent_again_under_the_same_id(dead, side, wire):
    assert settle(services.send_letter_again, dead) is True

    assert exchange.push_all(side.partner) == 1
    assert [body["id"] for body in wire.bodies] == [dead.message_id] * 2
    with pytest.raises(SettlingRefusedError, match="已经有人处理"):
        settle(services.send_letter_again, dead)


def test_given_up_the_case_is_handled_here_and_nothing_more_travels(dead, side, wire):
    number = dead.conversation.case_number
    settle(services.give_up_letter, dead, reason="对方系统停用")

    acts.propose(
        number=number,
        outcome=Outcome.GRANT,
        opinion="符合",
        by=cases.REVIEWER,
        at=cases.FRIDAY,
    )
    acts.withdraw_case(number=number, reason="不办了", by=cases.FIRM, at=cases.FRIDAY)
    assert exchange.push_all(side.partner) == 0
    answer = side.opinion(number, 1)
    assert (answer.status_code, "改由平台办理" in answer.json()["detail"]) == (409, True)
    row = AuditEvent.objects.get(act="exchange.give_up")
    assert (row.actor, row.detail["reason"]) == (cases.HEAD.ref, "对方系统停用")


def test_giving_up_needs_a_reason_and_the_right_department(dead):
    with pytest.raises(SettlingRefusedError, match="理由"):
        settle(services.give_up_letter, dead, reason=" ")
    for act, more in ((services.give_up_letter, {"reason": "x"}), (services.send_letter_again, {})):
        with pytest.raises(PermissionRefusedError, match="其他部门"):
            settle(act, dead, by=HOUSING_HEAD, **more)
    assert Push.objects.get().state == "dead"


def test_what_waited_in_vain_is_done_without_the_one_before(side, number):
    side.result(number, 2)
    side.tell(number, 3, "acknowledge", their_number="SJ-1")
    late = cases.FRIDAY.replace(day=8)
    assert services.expire_held(at=late) == 2
    row = Returned.objects.get(sequence=2)

    assert settle(services.send_letter_again, row, by=CENTRE_HEAD) is True

    assert case_queries.case(number, by=cases.HEAD).state.value == "approved"
    rest = Returned.objects.get(sequence=3)
    assert rest.state == "dead"
    assert settle(services.send_letter_again, rest) is True


def test_what_still_cannot_be_done_stays_and_says_why(side, number):
    side.opinion(number, 2)
    side.tell(number, 1, "review", person=LI)
    row = Returned.objects.get(sequence=2)
    assert row.state == "applied"
    side.opinion(number, 4)
    side.result(number, 3)
    stuck = Returned.objects.get(sequence=4)
    assert (stuck.state, stuck.tries) == ("dead", 1)

    assert settle(services.send_letter_again, stuck) is False

    stuck.refresh_from_db()
    assert (stuck.state, stuck.tries) == ("dead", 2)
    assert "不能开始审查" in stuck.failure


def test_figures_say_how_long_and_how_often(dead, side, wire):
    settle(services.send_letter_again, dead)
    exchange.push_all(side.partner, cases.FRIDAY.replace(hour=11))
    side.opinion(dead.conversation.case_number, 1)
    services.turn_away(reason="x", partner_code="market-main", at=cases.FRIDAY, ip="")

    (one,) = queries.figures(by=cases.HEAD, at=cases.FRIDAY)

    assert (one.delivered, one.delay.total_seconds()) == (1, 7_200)
    assert (one.dead, one.waiting, one.returned, one.refused, one.turned_away) == (0, 0, 1, 0, 1)
