"""Rating a closed case, once."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from tests.factories import cases
from tests.factories.ratings import NEXT_DAY, bad, closed, rate
from yiwang.audit.queries import trail
from yiwang.cases.policy.states import CaseState
from yiwang.cases.queries import CaseNotFoundError
from yiwang.kernel.workdays import CalendarGapError
from yiwang.ratings import queries, services
from yiwang.ratings.models import BadRatingTask, Rating
from yiwang.ratings.policy.grades import Grade

pytestmark = pytest.mark.usefixtures("district")


def test_a_case_is_rated_by_its_applicant_and_shown_to_them():
    case = closed()

    shown = rate(case, grade=Grade.VERY_SATISFIED.value, comment="  很快 ")

    assert shown.grade is Grade.VERY_SATISFIED
    assert shown.comment == "很快"
    assert shown.answer is None
    assert queries.case_rating(case.number) == shown
    assert queries.case_rating("none") is None


def test_a_case_is_rated_by_whoever_holds_the_query_code_and_the_telephone():
    case = closed()

    rate(case, number="", query_code=case.query_code, phone="13900001234", by=cases.NOBODY)

    assert queries.case_rating(case.number)
    assert Rating.objects.get().rater_ref == f"case:{case.number}"


def test_a_wrong_telephone_rates_nothing():
    case = closed()

    with pytest.raises(CaseNotFoundError, match="请按收件凭证核对"):
        rate(case, number="", query_code=case.query_code, phone="13900009999")
    assert not Rating.objects.exists()


def test_a_case_is_rated_once():
    case = closed()
    rate(case)

    with pytest.raises(services.AlreadyRatedError, match="只能评价一次"):
        rate(case, grade=Grade.DISSATISFIED.value)
    assert Rating.objects.count() == 1
    assert not BadRatingTask.objects.exists()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param({"grade": ""}, "请先选择一个评价等级", id="nothing chosen"),
        pytest.param({"grade": "5"}, "请先选择一个评价等级", id="not a grade"),
        pytest.param({"comment": "好" * 501}, "最多500字", id="too long"),
        pytest.param(
            {"at": cases.FRIDAY + dt.timedelta(days=31)},
            "评价期限已于2026年04月05日届满",
            id="late",
        ),
    ],
)
def test_rating_says_what_is_wrong(changes, words):
    case = closed()

    with pytest.raises(services.RatingRefusedError, match=words):
        rate(case, **changes)
    assert not Rating.objects.exists()


def test_a_case_may_be_rated_on_the_last_day():
    rate(closed(), at=cases.FRIDAY + dt.timedelta(days=30))

    assert Rating.objects.count() == 1


def test_an_open_case_is_not_rated_yet():
    case = cases.in_state(CaseState.ACCEPTED)

    with pytest.raises(services.RatingRefusedError, match="尚未办结"):
        rate(case)


def test_an_application_that_was_not_accepted_may_be_rated():
    rate(cases.in_state(CaseState.NOT_ACCEPTED), grade=Grade.VERY_DISSATISFIED.value)

    assert BadRatingTask.objects.count() == 1


@pytest.mark.parametrize("actor", [cases.HEAD, cases.CLERK], ids=["head", "clerk"])
def test_staff_do_not_rate_for_the_applicant(actor):
    case = closed()

    with pytest.raises(services.RatingRefusedError, match="只有申请人本人或者其代理人"):
        rate(case, by=actor)


def test_a_stranger_does_not_learn_whether_a_case_exists():
    case = closed()

    with pytest.raises(CaseNotFoundError):
        rate(case, by=cases.NOBODY)


@pytest.mark.parametrize("grade", [Grade.DISSATISFIED, Grade.VERY_DISSATISFIED])
def test_a_bad_grade_opens_a_task_with_its_clocks(grade):
    case = closed()

    shown = rate(case, grade=grade.value)

    assert shown.answer is not None
    assert shown.answer.contact_due_on == dt.date(2026, 3, 9)
    assert shown.answer.correct_due_on == dt.date(2026, 3, 27)
    assert BadRatingTask.objects.get().department_code == "market"


@pytest.mark.parametrize("grade", [Grade.VERY_SATISFIED, Grade.SATISFIED, Grade.MOSTLY_SATISFIED])
def test_a_good_grade_opens_none(grade):
    rate(closed(), grade=grade.value)

    assert not BadRatingTask.objects.exists()


def test_nothing_is_kept_when_the_clock_leaves_the_calendar():
    with pytest.raises(CalendarGapError):
        bad(calendar=cases.ENDING)

    assert not Rating.objects.exists()


def test_the_trail_names_the_rating_and_not_the_case():
    case = closed()
    rate(case)

    (row,) = trail(act="ratings.rate")
    assert row.target.startswith("rating:")
    assert case.number not in str(row.detail)


def test_an_item_is_summed_up_from_its_ratings():
    for grade in (Grade.VERY_SATISFIED, Grade.VERY_SATISFIED, Grade.DISSATISFIED):
        rate(closed(), grade=grade.value)

    summary = queries.item_summary(cases.RESTAURANT)

    assert (summary.average, summary.count, summary.bad, summary.answered) == (4.0, 3, 1, 0)
    assert summary.counts[Grade.VERY_SATISFIED] == 2
    assert summary.counts[Grade.SATISFIED] == 0


def test_an_item_nobody_rated_has_no_average():
    summary = queries.item_summary("nothing")

    assert summary.average is None
    assert summary.count == 0


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE ratings_rating SET grade='satisfied'",
        "DELETE FROM ratings_rating",
        "TRUNCATE ratings_rating CASCADE",
    ],
)
def test_the_database_keeps_ratings_as_they_were_given(sql):
    rate(closed())

    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("ratings_rating_one_per_case", {}),
        ("ratings_rating_grade_known", {"case_number": "other", "grade": "great"}),
    ],
)
def test_the_database_refuses_a_rating_that_cannot_be(name, changes):
    rate(closed())
    row = Rating.objects.get()
    row.pk = None
    for field, value in changes.items():
        setattr(row, field, value)

    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        row.save(force_insert=True)


@pytest.mark.django_db(transaction=True)
def test_two_taps_at_once_rate_once():
    case = closed()

    def tap(_):
        try:
            rate(case, grade=Grade.DISSATISFIED.value, at=NEXT_DAY)
        except services.AlreadyRatedError:
            return False
        else:
            return True
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        rated = list(pool.map(tap, range(4)))

    assert sum(rated) == 1
    assert Rating.objects.count() == 1
    assert BadRatingTask.objects.count() == 1
