"""What supervision hears of commitments that licences were given on (告知承诺)."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.factories import cases, commitments
from tests.factories.desk import desk, signed_in
from tests.web.officer.test_pages import words
from yiwang.audit.queries import trail
from yiwang.cases.policy.commitments import CheckOutcome
from yiwang.cases.policy.ending import NotEnded
from yiwang.supervision import services
from yiwang.supervision.models import SupervisedSubject
from yiwang.supervision.policy.subjects import CommitmentStanding
from yiwang.web.views import Page

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


def test_the_line_says_by_when_and_that_the_day_is_past(number, monkeypatch):
    supervisor = signed_in("supervisor")
    assert "期限 2026-05-06" in words(supervisor.get("/desk/subjects/"))

    monkeypatch.setattr(Page, "today", dt.date(2026, 5, 7))
    assert "期限 2026-05-06 已过" in words(supervisor.get("/desk/subjects/"))

    monkeypatch.undo()
    commitments.check(number, outcome=CheckOutcome.CORRECT, conditions=["rules"])
    assert SupervisedSubject.objects.get().commitment_due_on == dt.date(2026, 5, 5)
    commitments.check(number)
    assert SupervisedSubject.objects.get().commitment_due_on is None


def propose_and_decide(number, **changes):
    cases.services.propose_end(
        number=number,
        ground="commitment_broken",
        facts="场所不符",
        evidence="核查记录",
        calendar=cases.CALENDAR,
        by=cases.REVIEWER,
        at=LATER,
    )
    cases.services.state_views(number=number, text="没有意见", by=cases.FIRM, at=LATER)
    given = {"reason": "查明", "public_interest": "不损害公共利益"} | changes
    cases.services.decide_end(number=number, by=cases.APPROVER, at=LATER, **given)


def test_a_revocation_that_was_declined_leaves_nobody_marked_as_having_broken_it(number):
    commitments.check(number, outcome=CheckOutcome.REVOKE, conditions=["place"])

    propose_and_decide(number, not_ended=NotEnded.NOT_PROVEN)

    subject = SupervisedSubject.objects.get()
    assert (subject.commitment, subject.state) == ("reopened", "listed")
    assert subject.commitment_due_on == dt.date(2026, 5, 6)
    commitments.check(number, at=LATER)
    assert standing() == "kept"


def test_a_commitment_revoked_without_a_check_stands_as_broken_on_the_line_that_is_left(number):
    propose_and_decide(number)

    subject = SupervisedSubject.objects.get()
    assert (subject.commitment, subject.state) == ("broken", "removed")
