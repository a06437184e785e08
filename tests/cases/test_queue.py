"""Work queues, lists and how often they ask the database."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories import cases
from yiwang.cases import queries, services
from yiwang.cases.policy.states import ENDED, STOPPED, CaseState
from yiwang.cases.policy.terms import Outcome, Tab
from yiwang.kernel import clocks
from yiwang.kernel.clocks import Light
from yiwang.kernel.paging import PageKeyRefusedError
from yiwang.organisations.permissions import EVERYWHERE, Actor, Post

pytestmark = pytest.mark.usefixtures("easy_district")

AT = cases.FRIDAY


def queue(**changes: Any) -> queries.QueuePage:
    arguments = {"by": cases.HEAD, "tab": Tab.REVIEWING, "at": AT, "calendar": cases.CALENDAR}
    return queries.queue(**(arguments | changes))


def pages(**changes: Any) -> Iterator[queries.QueuePage]:
    after = None
    while True:
        page = queue(after=after, **changes)
        yield page
        after = page.after
        if after is None:
            return


def numbers(page: queries.QueuePage) -> set[str]:
    return {row.number for row in page.rows}


def test_each_case_stands_under_the_tab_of_its_state():
    found = {state: cases.in_state(state).number for state in CaseState}
    tabs = {
        Tab.TO_ACCEPT: {CaseState.RECEIVED},
        Tab.CORRECTION: {CaseState.CORRECTION},
        Tab.REVIEWING: {CaseState.ACCEPTED, CaseState.REVIEWING} | STOPPED,
        Tab.TO_DECIDE: {CaseState.DECISION_PENDING},
        Tab.TO_DELIVER: {CaseState.APPROVED, CaseState.REJECTED, CaseState.DELIVERING},
        Tab.FINISHED: {
            CaseState.CLOSED,
            CaseState.NOT_ACCEPTED,
            CaseState.NO_NEED,
            CaseState.WITHDRAWN,
            CaseState.TERMINATED,
            *ENDED,
        },
    }
    for tab, states in tabs.items():
        page = queue(tab=tab)
        assert numbers(page) == {found[state] for state in states}
        if tab is not Tab.FINISHED:
            assert page.counts[tab] == len(states)
    assert Tab.FINISHED not in queue().counts


def test_mine_is_what_i_can_take_forward():
    received = cases.receive().number
    review = cases.accepted().number
    taken = services.assign_case(
        number=cases.accepted().number,
        to=cases.SECOND_REVIEWER.ref,
        by=cases.SECOND_REVIEWER,
        at=AT,
    ).number
    decision = cases.reviewed().number
    own = cases.accepted().number
    services.propose(number=own, outcome=Outcome.GRANT, opinion="x", by=cases.BOTH, at=AT)
    delivery = cases.decided().number

    def mine(by: Actor) -> set[str]:
        return numbers(queue(by=by, tab=Tab.MINE))

    assert mine(cases.CLERK) == {received, delivery}
    assert mine(cases.REVIEWER) == {received, review}
    assert mine(cases.SECOND_REVIEWER) == {received, review, taken}
    assert mine(cases.APPROVER) == {decision, own}
    assert mine(cases.BOTH) == {received, review, decision}


def test_near_and_late_cases_go_by_the_clock_that_runs():
    number = cases.receive().number
    near, late = AT + dt.timedelta(days=5), AT + dt.timedelta(days=8)

    assert numbers(queue(tab=Tab.SOON)) == set()
    assert numbers(queue(tab=Tab.SOON, at=near)) == {number}
    assert numbers(queue(tab=Tab.OVERDUE, at=near)) == set()
    page = queue(tab=Tab.OVERDUE, at=late)
    assert numbers(page) == {number}
    assert page.rows[0].light.text == "超期 1 个工作日"
    assert (page.counts[Tab.OVERDUE], page.counts[Tab.SOON]) == (1, 0)
    view = queries.case(number, by=cases.HEAD)
    assert view.light(today=late.date(), calendar=cases.CALENDAR).text == "超期 1 个工作日"


def test_a_correction_counts_every_day_and_is_near_when_its_light_is():
    number = cases.correcting().number
    due_on = queries.case(number, by=cases.HEAD).due_on
    assert due_on is not None
    for left, text, near in ((4, "剩 4 天", set()), (2, "剩 2 天", {number})):
        at = AT + dt.timedelta(days=(due_on - AT.date()).days - left)

        assert queue(tab=Tab.CORRECTION, at=at).rows[0].light.text == text
        page = queue(tab=Tab.SOON, at=at)
        assert numbers(page) == near
        assert page.counts[Tab.SOON] == len(near)


def test_a_district_that_is_warned_earlier_finds_under_near_what_is_amber(monkeypatch):
    number, at = cases.receive().number, AT + dt.timedelta(days=3)
    assert numbers(queue(tab=Tab.SOON, at=at)) == set()

    monkeypatch.setattr(clocks, "_amber", [4])

    assert numbers(page := queue(tab=Tab.SOON, at=at)) == {number}
    assert page.rows[0].light.light is Light.AMBER


def test_lists_page_by_key_without_gap_or_repeat():
    made = [cases.accepted(at=AT).number for _ in range(7)]
    seen = [row.number for page in pages(limit=3) for row in page.rows]
    assert seen == made

    closed = [cases.in_state(CaseState.WITHDRAWN).number for _ in range(5)]
    finished = [row.number for page in pages(tab=Tab.FINISHED, limit=2) for row in page.rows]
    assert finished == closed[::-1]

    mine, key = queries.my_cases(
        [cases.FIRM_REF], today=AT.date(), calendar=cases.CALENDAR, limit=5
    )
    rest, end = queries.my_cases(
        [cases.FIRM_REF], today=AT.date(), calendar=cases.CALENDAR, limit=100, after=key
    )
    assert [row.number for row in [*mine, *rest]] == [*closed[::-1], *made[::-1]]
    assert end is None


@pytest.mark.parametrize("after", ["", "x", "2026-03-06", "2026-13-06_1", "2026-03-06_x", "_1"])
def test_a_page_key_that_no_page_gave_is_refused(after):
    for tab in (Tab.REVIEWING, Tab.FINISHED):
        with pytest.raises(PageKeyRefusedError, match="翻页参数不正确"):
            queue(after=after, tab=tab)
    with pytest.raises(ValueError, match="at least 1"):
        queue(limit=0)


def test_a_queue_is_searched_by_number_code_and_name():
    case = cases.receive()
    cases.receive(item_slug=cases.CARD, applicant_ref=cases.elder(), answers={})

    for text in (case.number, case.query_code.lower(), "示例餐饮", " 餐饮服务 "):
        assert numbers(queue(tab=Tab.TO_ACCEPT, text=text)) == {case.number}
    assert numbers(queue(tab=Tab.TO_ACCEPT, text="%")) == set()
    assert len(queue(tab=Tab.TO_ACCEPT).rows) == 2


def test_a_queue_is_narrowed_to_a_town_an_item_and_what_is_near_its_limit():
    here = cases.receive(town="310114102")
    there = cases.receive(town="310114103", at=AT + dt.timedelta(days=5))
    late = AT + dt.timedelta(days=10)

    def found(**changes: Any) -> set[str]:
        return numbers(queue(tab=Tab.TO_ACCEPT, **changes))

    assert found() == {here.number, there.number}
    assert found(town="310114102") == {here.number}
    assert found(town="310114104") == set()
    assert found(item=here.item_slug) == {here.number, there.number}
    assert found(item="no-such-item") == set()
    assert found(at=late, near=Tab.OVERDUE) == {here.number}
    assert found(at=late, near=Tab.SOON) == {there.number}
    assert found(at=late, near=Tab.SOON, town="310114102") == set()
    assert numbers(queue(tab=Tab.FINISHED, near=Tab.SOON)) == set()


def test_lists_learn_query_codes_and_numbers_from_each_other():
    case = cases.receive()

    assert queries.query_codes([case.number, "none"]) == {case.number: case.query_code}
    assert queries.number_of(case.query_code.lower()) == case.number
    assert queries.number_of("JD0") == ""


def test_a_queue_shows_ones_own_departments_only():
    cases.receive()
    everywhere = Actor(ref="user:e", posts={EVERYWHERE: frozenset({Post.DEPARTMENT_HEAD})})

    assert queue(by=cases.STRANGER, tab=Tab.TO_ACCEPT).rows == ()
    assert len(queue(by=cases.CLERK, tab=Tab.TO_ACCEPT).rows) == 1
    assert len(queue(by=everywhere, tab=Tab.TO_ACCEPT).rows) == 1
    both = Actor(
        ref="user:b",
        posts={
            "market": frozenset({Post.DEPARTMENT_HEAD}),
            "centre": frozenset({Post.COUNTER_CLERK}),
        },
    )
    page = queue(by=both, tab=Tab.TO_ACCEPT)
    assert (len(page.rows), page.counts[Tab.TO_ACCEPT]) == (1, 1)
    with pytest.raises(queries.QueueRefusedError, match="您的岗位不能查看办件队列"):
        queue(by=cases.FIRM)


def test_due_cases_come_late_ones_first():
    late = cases.receive().number
    fresh = cases.receive(at=AT + dt.timedelta(days=5)).number
    today = dt.date(2026, 3, 16)

    assert [one.number for one in queries.due_cases(within_days=3, today=today)] == [late, fresh]
    assert [one.number for one in queries.due_cases(within_days=0, today=today)] == [late]
    assert queries.due_cases(within_days=9, today=today, department="housing") == []


@pytest.mark.parametrize(
    ("question", "budget"),
    [
        pytest.param(lambda n: queries.case(n, by=cases.HEAD), 1, id="one case"),
        pytest.param(lambda n: queries.case_page(n, by=cases.HEAD), 6, id="case page"),
        pytest.param(lambda n: queries.timeline(n, by=cases.HEAD), 2, id="timeline"),
        pytest.param(lambda n: queries.documents_of(n, by=cases.HEAD), 3, id="documents"),
        pytest.param(lambda n: queue(), 2, id="queue"),
        pytest.param(
            lambda n: queue(town="310114102", item="food-business", near=Tab.SOON),
            2,
            id="narrowed queue",
        ),
        pytest.param(lambda n: queue(counted=False, by=cases.CLERK), 1, id="queue uncounted"),
        pytest.param(lambda n: queries.messages_for(cases.FIRM_REF), 1, id="messages"),
    ],
)
def test_questions_ask_the_database_no_more_than_this(question, budget):
    number = cases.correcting().number
    cases.in_state(CaseState.CLOSED)
    for _ in range(3):
        cases.receive()

    with CaptureQueriesContext(connection) as captured:
        question(number)

    assert len(captured) <= budget
