"""The desk: what is to be done first."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.factories import cases
from tests.factories.desk import signed_in
from tests.web.officer.test_pages import words

pytestmark = pytest.mark.usefixtures("desk")


def test_the_most_urgent_case_stands_first_and_leads_to_its_work():
    cases.receive()
    urgent = cases.receive(at=cases.FRIDAY - dt.timedelta(days=3))

    answer = signed_in("clerk").get("/desk/")

    rows = answer.context["rows"]
    assert rows[0].case.number == urgent.number
    assert rows[0].href == f"/desk/cases/{urgent.number}/accept/"
    assert f'href="/desk/cases/{urgent.number}/accept/" data-key="n"' in answer.content.decode()


@pytest.mark.parametrize(
    ("login", "made", "page"),
    [
        ("reviewer", cases.accepted, "review"),
        ("approver", cases.reviewed, "decide"),
        ("clerk", cases.decided, "deliver"),
    ],
)
def test_each_post_is_led_to_its_own_step(login, made, page):
    case = made()

    (row,) = signed_in(login).get("/desk/").context["rows"]

    assert row.href == f"/desk/cases/{case.number}/{page}/"


def test_a_head_sees_what_is_to_be_given_out():
    case = cases.receive()

    answer = signed_in("head").get("/desk/")

    assert answer.context["tab"].value == "to_accept"
    assert f"/desk/cases/{case.number}/assign/" in answer.content.decode()


def test_the_tabs_count_and_an_unknown_tab_is_the_first():
    cases.receive()
    cases.accepted()

    answer = signed_in("clerk").get("/desk/?tab=nonsense")

    counts = {one.tab.value: one.count for one in answer.context["tabs"]}
    assert counts["mine"] == 1
    assert counts["finished"] is None
    assert "reviewing" not in counts


def test_a_case_is_found_by_query_code_and_an_empty_search_says_what_to_do():
    case = cases.receive()
    clerk = signed_in("clerk")

    answer = clerk.get(f"/desk/?text={case.query_code}")
    assert (answer.status_code, answer.url) == (302, f"/desk/cases/{case.number}/")
    assert "请换一个编号或名称" in words(clerk.get("/desk/?text=没有这样的"))


def test_a_broken_page_key_says_to_start_again():
    answer = signed_in("clerk").get("/desk/?after=x")

    assert answer.status_code == 403 or answer.status_code == 422
    assert "请从列表第一页重新打开" in words(answer)


def test_the_desk_asks_the_database_as_often_for_a_hundred_cases_as_for_one(
    django_assert_max_num_queries,
):
    for _ in range(4):
        cases.receive()
    clerk = signed_in("clerk")
    clerk.get("/desk/")

    with django_assert_max_num_queries(16):
        clerk.get("/desk/")


def test_a_post_without_cases_is_led_to_its_own_lists():
    answer = signed_in("supervisor").get("/desk/")

    assert "/desk/subjects/" in answer.content.decode()
    assert "您的岗位不办理办件" in words(answer)
