"""What supervision hears of commitments that licences were given on (告知承诺)."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.factories import cases, commitments
from tests.factories.desk import desk, signed_in
from tests.web.officer.test_pages import words
from yiwang.audit.queries import trail
from yiwang.cases.policy.commitments import CheckOutcome
from yiwang.supervision import services
from yiwang.supervision.models import SupervisedSubject
from yiwang.supervision.policy.subjects import CommitmentStanding

__all__ = ["desk"]

pytestmark = pytest.mark.usefixtures("desk")

LATER = cases.FRIDAY + dt.timedelta(days=30)


@pytest.fixture
def number(desk) -> str:
    cases.publish(commitments.restaurant())
    return commitments.granted().number


def standing() -> str:
    return SupervisedSubject.objects.get().commitment


@pytest.mark.req("CASE-08")
def test_the_supervisor_sees_who_was_let_in_on_a_commitment_and_what_the_check_found(number):
    supervisor = signed_in("supervisor")
    assert "首次告知承诺，待核查" in words(supervisor.get("/desk/subjects/"))

    commitments.check(number, outcome=CheckOutcome.CORRECT, conditions=["rules"])
    assert "责令改正中 2026-04-05" in words(supervisor.get("/desk/subjects/"))

    commitments.check(number, at=LATER + dt.timedelta(days=9))
    assert "承诺已履行 2026-04-14" in words(supervisor.get("/desk/subjects/"))
    assert [row.detail["standing"] for row in trail(act="supervision.note_commitment")] == [
        "kept",
        "ordered",
        "first",
    ]


def test_who_broke_it_is_marked_before_the_licence_is_ended(number):
    commitments.check(number, outcome=CheckOutcome.REVOKE, conditions=["rules"])

    assert standing() == "broken"
    assert SupervisedSubject.objects.get().state == "listed"


def note(number, standing, on):
    return services.note_commitment(
        case_number=number, standing=standing, on=on, by="job:test", at=LATER
    )


def test_news_that_comes_late_or_twice_changes_nothing(number):
    commitments.check(number, outcome=CheckOutcome.CORRECT, conditions=["rules"])
    day = LATER.date()

    assert not note(number, CommitmentStanding.ORDERED, day)
    assert not note(number, CommitmentStanding.FIRST, cases.FRIDAY.date())
    assert note(number, CommitmentStanding.KEPT, day)  # the same day, after the order
    assert not note(number, CommitmentStanding.ORDERED, day)
    assert standing() == "kept"


def test_news_that_comes_before_the_subject_is_tried_again(number):
    with pytest.raises(LookupError):
        note("no-such-case", CommitmentStanding.KEPT, LATER.date())


def test_a_licence_given_the_ordinary_way_says_nothing_of_commitments(desk):
    cases.decided()

    assert standing() == ""
    assert "告知承诺" not in words(signed_in("supervisor").get("/desk/subjects/"))
