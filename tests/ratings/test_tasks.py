"""What is done about a bad rating, by whom, by when, and what they may not know."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest
from django.core.exceptions import ObjectDoesNotExist
from django.db import IntegrityError, transaction

from tests.factories import cases
from tests.factories.ratings import MONDAY, NEXT_DAY, answered, bad, contacted
from yiwang.audit.queries import trail
from yiwang.kernel.clocks import Light
from yiwang.kernel.paging import PageKeyRefusedError
from yiwang.organisations.permissions import EVERYWHERE, Actor, PermissionRefusedError, Post
from yiwang.ratings import queries, services
from yiwang.ratings.models import BadRatingTask, Rating
from yiwang.ratings.policy.clocks import TaskState

pytestmark = pytest.mark.usefixtures("district")

LEADER = Actor(ref="user:leader", posts={EVERYWHERE: frozenset({Post.DISTRICT_LEADER})})
OTHER_HEAD = Actor(ref="user:other", posts={"housing": frozenset({Post.DEPARTMENT_HEAD})})


def tasks(by=cases.HEAD, today=MONDAY, **filters):
    return queries.tasks(by=by, today=today, calendar=cases.CALENDAR, **filters)


def task(number, by=cases.HEAD, today=MONDAY):
    return queries.task(number=number, by=by, today=today, calendar=cases.CALENDAR)


def test_a_task_goes_from_contact_to_answer_to_closure():
    number = answered()

    services.close_task(number=number, measure="增开两个窗口", by=cases.HEAD, at=NEXT_DAY)

    done = task(number)
    assert done.state is TaskState.CLOSED
    assert (done.contacted_by, done.answered_by, done.closed_by) == ("user:head",) * 3
    assert done.reply == "已增开窗口。"
    assert done.light is None
    assert [row.act for row in trail(target=f"bad_rating:{number}")] == [
        "ratings.close",
        "ratings.answer",
        "ratings.contact",
    ]


def test_the_rater_reads_contact_and_answer_on_their_own_page():
    answered()
    rating = queries.case_rating(Rating.objects.get().case_number)

    assert rating is not None
    assert rating.answer is not None
    assert rating.answer.contact_message == "已收到您的意见，正在核实。"
    assert rating.answer.reply == "已增开窗口。"
    assert rating.answer.answered_on == NEXT_DAY.date()


def test_the_department_does_not_learn_who_rated_or_which_case():
    number = bad()
    rating = Rating.objects.get()

    words = str(dataclasses.asdict(task(number)))

    assert rating.rater_ref not in words
    assert rating.case_number not in words
    assert cases.FIRM.name not in words


def test_the_light_is_that_of_what_is_due_next():
    number = bad()
    assert task(number).light.light is Light.RED
    assert task(number).light.text == "今日到期"

    services.contact_rater(number=number, message="已收到", by=cases.HEAD, at=NEXT_DAY)
    assert task(number).light.light is Light.GREEN
    assert task(number, today=dt.date(2026, 3, 30)).light.text == "超期 1 个工作日"


ACTS = {
    "contact": lambda number, text, by: services.contact_rater(
        number=number, message=text, by=by, at=NEXT_DAY
    ),
    "answer": lambda number, text, by: services.answer_task(
        number=number, reply=text, by=by, at=NEXT_DAY
    ),
    "close": lambda number, text, by: services.close_task(
        number=number, measure=text, by=by, at=NEXT_DAY
    ),
}
READY = {"contact": bad, "answer": contacted, "close": answered}


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("by", [OTHER_HEAD, LEADER, cases.REVIEWER, cases.FIRM])
def test_only_the_head_of_that_department_acts(act, by):
    number = READY[act]()

    with pytest.raises(PermissionRefusedError, match="处理差评"):
        ACTS[act](number, "话", by)


@pytest.mark.parametrize(
    ("act", "words"),
    [("contact", "联系内容"), ("answer", "答复将公开"), ("close", "整改措施")],
)
def test_an_act_without_words_says_which_are_missing(act, words):
    number = READY[act]()

    with pytest.raises(services.TaskRefusedError, match=words):
        ACTS[act](number, "  ", cases.HEAD)


@pytest.mark.parametrize(("act", "limit"), [("contact", 500), ("answer", 1000), ("close", 1000)])
def test_an_act_with_too_many_words_says_how_many_may_be(act, limit):
    number = READY[act]()

    with pytest.raises(services.TaskRefusedError, match=f"最多{limit}字"):
        ACTS[act](number, "字" * (limit + 1), cases.HEAD)


@pytest.mark.parametrize(
    ("act", "made", "words"),
    [
        ("contact", contacted, "“待整改答复”，不能联系评价人"),
        ("answer", bad, "“待联系”，不能公开答复"),
        ("answer", answered, "“待办结”，不能公开答复"),
        ("close", contacted, "“待整改答复”，不能办结"),
    ],
)
def test_an_act_out_of_order_says_where_the_task_stands(act, made, words):
    number = made()

    with pytest.raises(services.TaskRefusedError, match=words):
        ACTS[act](number, "话", cases.HEAD)


def test_a_task_that_does_not_exist_is_not_found():
    with pytest.raises(ObjectDoesNotExist):
        ACTS["contact"]("CP0", "话", cases.HEAD)
    with pytest.raises(ObjectDoesNotExist):
        task("CP0")


def test_tasks_are_listed_for_the_own_department_and_for_the_leader():
    number = bad()

    assert [row.number for row in tasks().rows] == [number]
    assert [row.number for row in tasks(by=LEADER).rows] == [number]
    assert tasks(by=OTHER_HEAD).rows == ()
    assert tasks(by=cases.FIRM).rows == ()
    assert queries.unfinished_tasks(by=cases.HEAD) == 1
    assert queries.unfinished_tasks(by=OTHER_HEAD) == 0
    with pytest.raises(PermissionRefusedError):
        tasks(by=OTHER_HEAD, department="market")
    with pytest.raises(PermissionRefusedError):
        task(number, by=OTHER_HEAD)


def test_closed_tasks_stand_on_a_list_of_their_own():
    number = answered()
    services.close_task(number=number, measure="增开窗口", by=cases.HEAD, at=NEXT_DAY)

    assert tasks().rows == ()
    assert [row.number for row in tasks(finished=True).rows] == [number]


def test_the_list_pages_by_key_and_asks_once(django_assert_num_queries):
    numbers = {bad() for _ in range(5)}

    with django_assert_num_queries(1):
        first = tasks(limit=2)
    second = tasks(limit=2, after=first.next_after)
    third = tasks(limit=2, after=second.next_after)

    seen = [row.number for page in (first, second, third) for row in page.rows]
    assert set(seen) == numbers
    assert len(seen) == 5
    assert third.next_after is None


@pytest.mark.parametrize("after", ["x", "2026-03-09_", "_1", "2026-99-09_1"])
def test_an_unreadable_place_in_the_list_says_to_start_again(after):
    with pytest.raises(PageKeyRefusedError, match="请从列表第一页重新打开"):
        tasks(after=after)


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        (
            "ratings_task_state_known",
            {
                "state": "lost",
                "contacted_at": NEXT_DAY,
                "contacted_by": "x",
                "contact_message": "x",
            },
        ),
        ("ratings_task_contact_before_answer_is_due", {"contact_due_on": dt.date(2027, 1, 1)}),
        ("ratings_task_contact_says_who_and_when", {"state": "contacted"}),
        ("ratings_task_answer_says_who_when_and_what", {"reply": "x"}),
        ("ratings_task_closure_says_who_and_when", {"closed_at": NEXT_DAY}),
    ],
)
def test_the_database_refuses_a_task_that_contradicts_itself(name, changes):
    bad()

    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        BadRatingTask.objects.update(**changes)


def test_the_database_refuses_the_same_number_twice():
    bad()
    bad()
    first = BadRatingTask.objects.order_by("id").first()
    assert first is not None

    with pytest.raises(IntegrityError, match="ratings_task_number_once"), transaction.atomic():
        BadRatingTask.objects.exclude(pk=first.pk).update(number=first.number)
