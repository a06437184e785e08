"""Two at once: threads of their own connections against the same rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connections

from tests.factories import cases
from yiwang.cases import queries, services
from yiwang.cases.models import Case, CaseDocument, CaseEvent, Opinion
from yiwang.cases.policy.states import CaseState
from yiwang.cases.policy.terms import Outcome
from yiwang.kernel.errors import RefusedError
from yiwang.organisations.permissions import Actor, Post

pytestmark = pytest.mark.django_db(transaction=True)

AT = cases.FRIDAY


@pytest.fixture(autouse=True)
def _district(transactional_db: None) -> None:
    cases.district(items=False)
    cases.publish(cases.without_materials())


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Run `acts` at the same moment; return what each gave or raised."""
    barrier = Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        try:
            barrier.wait(timeout=10)
            return act()
        except RefusedError as refusal:
            return refusal
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def test_of_two_reviewers_one_proposes_and_the_other_is_told_who_did():
    case = cases.accepted()

    def propose(by: Actor) -> Callable[[], Any]:
        return lambda: services.propose(
            number=case.number,
            outcome=Outcome.GRANT,
            opinion="符合",
            by=by,
            at=AT,
            version=case.version,
        )

    answers = at_once(propose(cases.REVIEWER), propose(cases.SECOND_REVIEWER))

    (told,) = [one for one in answers if isinstance(one, RefusedError)]
    (done,) = [one for one in answers if not isinstance(one, RefusedError)]
    assert isinstance(told, services.ConflictRefusedError)
    winner = {"user:reviewer": "李审查", "user:reviewer2": "王审查"}[done.reviewed_by]
    assert f"刚由{winner}于03月06日 09:00办理" in told.message
    assert Opinion.objects.count() == 1


def test_of_two_approvers_one_decides_and_one_licence_comes_out():
    case = cases.reviewed()
    others = [
        Actor(ref=f"user:a{n}", name=f"审批{n}", posts={"market": frozenset({Post.APPROVER})})
        for n in range(3)
    ]

    answers = at_once(
        *(
            lambda by=by: services.decide(
                number=case.number,
                outcome=Outcome.GRANT,
                calendar=cases.CALENDAR,
                by=by,
                at=AT,
                version=case.version,
            )
            for by in others
        )
    )

    assert sum(isinstance(one, services.ConflictRefusedError) for one in answers) == 2
    assert CaseEvent.objects.filter(case__number=case.number, step="grant").count() == 1
    assert CaseDocument.objects.filter(kind="grant_decision").count() == 1


def test_a_form_sent_four_times_at_once_makes_one_case():
    answers = at_once(*(lambda: cases.receive(idempotency_key="same"),) * 4)

    assert len({one.number for one in answers}) == 1
    assert Case.objects.count() == 1
    draft = cases.draft()
    again = at_once(*(lambda: cases.submit(draft.id),) * 4)
    assert len({one.number for one in again}) == 1
    assert Case.objects.count() == 2


def test_many_receipts_at_once_get_numbers_of_their_own():
    answers = at_once(*(cases.receive,) * 8)

    assert len({one.number for one in answers}) == 8
    assert len({one.query_code for one in answers}) == 8
    assert {one.number[-6:] for one in answers} == {f"{n:06d}" for n in range(1, 9)}


def test_the_job_of_the_clock_and_the_clerk_do_not_both_accept():
    case = cases.receive()
    late = AT + dt.timedelta(days=8)

    answers = at_once(
        lambda: services.accept_case(
            number=case.number, calendar=cases.CALENDAR, by=cases.CLERK, at=late
        ),
        lambda: services.deem_accepted(calendar=cases.CALENDAR, by=cases.CLOCK, at=late),
    )

    assert len(answers) == 2
    assert queries.case(case.number, by=cases.HEAD).state is CaseState.ACCEPTED
    assert CaseEvent.objects.filter(case__number=case.number, step="accept").count() == 1
