"""The public register of granted decisions, and the counts by item."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories import cases
from yiwang.cases import queries
from yiwang.cases.models import Case
from yiwang.cases.policy.terms import Outcome
from yiwang.kernel.paging import PageKeyRefusedError

pytestmark = pytest.mark.usefixtures("easy_district")


def test_a_granted_decision_shows_the_firm_whole_and_a_refusal_is_not_there():
    granted = cases.decided()
    cases.decided(Outcome.REFUSE)
    cases.reviewed()

    rows, following = queries.granted_decisions()

    assert following is None
    assert [
        (row.item_name, row.holder, row.department_code, row.decided_at, row.number) for row in rows
    ] == [
        (
            "餐饮服务许可（新办）",
            "上海示例餐饮管理有限公司",
            "market",
            cases.FRIDAY,
            "市场监管局准〔2026〕1号",
        )
    ]
    assert granted.number not in repr(rows), "the number of the case opens nothing, and is not told"


def person_granted() -> None:
    """Grant one case, and make its holder a person as receipt would have."""
    number = cases.decided().number
    Case.objects.filter(number=number).update(applicant_kind="person", applicant_name="沈示例")


def test_a_person_is_masked_and_not_found_by_name():
    person_granted()

    assert [row.holder for row in queries.granted_decisions()[0]] == ["沈**"]
    assert queries.granted_decisions(text="沈示例")[0] == []
    assert len(queries.granted_decisions(text="餐饮服务")[0]) == 1


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("示例餐饮", 1),
        ("  餐饮服务许可 ", 1),
        ("市场监管局准〔2026〕1号", 1),
        ("市场监管局准", 0),
        ("%", 0),
        ("没有这家", 0),
    ],
)
def test_the_text_finds_firms_items_and_whole_numbers(text: str, lines: int):
    cases.decided()

    assert len(queries.granted_decisions(text=text)[0]) == lines


def test_an_item_that_is_not_published_is_kept_back_whole():
    cases.decided()
    cases.publish(cases.without_materials(public=False, summary="改为不公开。"))

    assert queries.granted_decisions() == ([], None)


def test_pages_follow_each_other_without_gap_or_repeat():
    for _number in range(3):
        cases.decided()

    first, key = queries.granted_decisions(limit=2)
    rest, end = queries.granted_decisions(limit=2, after=key)

    numbers = [row.number for row in [*first, *rest]]
    assert numbers == [f"市场监管局准〔2026〕{serial}号" for serial in (3, 2, 1)]
    assert end is None


@pytest.mark.parametrize(
    "key", ["", "x", "_", "2026-03-06_1", "2026-03-06T09:00_1", "x_1", "2026-03-06T09:00+08:00_x"]
)
def test_a_key_that_no_page_gave_is_refused(key: str):
    with pytest.raises(PageKeyRefusedError, match="翻页参数不正确，请从列表第一页"):
        queries.granted_decisions(after=key)


def test_two_questions_whatever_the_number_of_lines():
    for _number in range(3):
        cases.decided()

    with CaptureQueriesContext(connection) as asked:
        queries.granted_decisions()

    assert len([one for one in asked if " FROM " in one["sql"]]) == 2


def test_applications_are_counted_by_item_from_a_day_on():
    cases.receive()
    cases.receive()
    cases.receive(item_slug=cases.CARD, applicant_ref=cases.elder(), answers={})

    since = cases.FRIDAY.date()
    assert queries.asked_for(since=since) == {cases.RESTAURANT: 2, cases.CARD: 1}
    assert queries.asked_for(since=since + dt.timedelta(days=1)) == {}
