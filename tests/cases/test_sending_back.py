"""A proposal that the decider sends back: two people still, the clock runs, first in the queue."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from tests.factories import cases
from tests.factories.desk import hire
from yiwang.cases import queries, services
from yiwang.cases.models import Case, Message, Opinion, SentBack
from yiwang.cases.policy.states import CaseState, Step
from yiwang.cases.policy.terms import DocumentKind, Outcome, Tab
from yiwang.cases.queries import CaseView

pytestmark = pytest.mark.usefixtures("easy_district")

AT = cases.FRIDAY
WHY = "现场照片看不出操作间的分隔"


def send_back(number: str, **changes: Any) -> CaseView:
    arguments: dict[str, Any] = {"number": number, "reason": WHY, "by": cases.APPROVER, "at": AT}
    return services.send_back(**(arguments | changes))


def propose(number: str, **changes: Any) -> CaseView:
    arguments: dict[str, Any] = {
        "number": number,
        "outcome": Outcome.GRANT,
        "opinion": "已补看，符合",
        "by": cases.REVIEWER,
        "at": AT,
    }
    return services.propose(**(arguments | changes))


def decide(number: str, by: Any = cases.APPROVER) -> CaseView:
    return services.decide(
        number=number, outcome=Outcome.GRANT, calendar=cases.CALENDAR, by=by, at=AT
    )


def test_it_goes_back_to_the_reviewer_with_the_reason_and_the_clock_runs_on():
    hire("reviewer", "reviewer2")
    case = cases.reviewed()

    back = send_back(case.number)

    assert (back.state, back.assigned_to, back.sent_back, back.reviewed_by) == (
        CaseState.REVIEWING,
        "user:reviewer",
        True,
        "",
    )
    assert (back.due_on, back.statutory_on, back.promised_on, back.stopped_since) == (
        case.due_on,
        case.statutory_on,
        case.promised_on,
        None,
    )
    page = cases.page(case.number)
    assert (page.events[-1].step, page.events[-1].reason) == (Step.SEND_BACK, WHY)
    own = cases.page(case.number, by=cases.FIRM).events[-1]
    assert (own.step, own.reason) == (Step.SEND_BACK, "")
    told = Message.objects.get(to_ref="user:reviewer")
    assert told.title.startswith("审批人员退回复审")
    assert WHY in told.body


def test_the_second_proposal_is_decided_by_the_same_decider_and_the_file_tells_both():
    hire("reviewer")
    number = cases.reviewed().number
    send_back(number)

    propose(number)
    after = decide(number)

    assert (after.outcome, after.sent_back) == (Outcome.GRANT, False)
    assert [one.text for one in Opinion.objects.order_by("id")] == ["符合条件", "已补看，符合"]
    assert cases.page(number).opinion.text == "已补看，符合"
    letters = [one.kind for one in cases.page(number).documents]
    assert letters.count(DocumentKind.REVIEW_OPINION) == 2
    form = next(
        one for one in cases.page(number).documents if one.kind is DocumentKind.APPROVAL_FORM
    )
    assert WHY in str(form.body)
    assert "已补看，符合" in str(form.body)


def test_nobody_has_both_parts_in_a_case_whichever_way_it_went():
    hire("reviewer", "reviewer2", "both", "approver")
    number = cases.reviewed().number
    send_back(number, by=cases.BOTH)

    Case.objects.filter(number=number).update(assigned_to="")
    with pytest.raises(services.ReviewerRefusedError, match="退回复审过"):
        propose(number, by=cases.BOTH)
    with pytest.raises(services.AssignmentRefusedError, match="退回复审的人员不能再审查"):
        services.assign_case(number=number, to="user:both", by=cases.HEAD, at=AT)
    services.assign_case(number=number, to="user:reviewer2", by=cases.HEAD, at=AT)
    propose(number, by=cases.SECOND_REVIEWER)
    decider = dataclasses.replace(cases.REVIEWER, posts=cases.APPROVER.posts)
    with pytest.raises(services.SamePersonError):
        decide(number, by=decider)
    with pytest.raises(services.ReviewerRefusedError, match="您审查过本办件"):
        send_back(number, by=decider)
    with pytest.raises(services.AssignmentRefusedError):
        services.assign_case(number=number, to="user:reviewer", by=cases.HEAD, at=AT)
    assert decide(number, by=cases.BOTH).outcome is Outcome.GRANT


def mine(by: Any) -> list[str]:
    page = queries.queue(by=by, tab=Tab.MINE, at=AT, calendar=cases.CALENDAR)
    assert page.counts[Tab.MINE] == len(page.rows)
    return [one.number for one in page.rows]


def steps(number: str, by: Any) -> set[Step]:
    return set(cases.page(number, by=by).steps)


DECIDES = {Step.GRANT, Step.REFUSE, Step.SEND_BACK}


def test_whoever_proposed_once_is_not_offered_the_decision_of_the_next_proposal():
    hire("reviewer", "reviewer2", "both")
    number = cases.accepted().number
    propose(number, by=cases.BOTH)
    send_back(number)
    services.assign_case(number=number, to="user:reviewer2", by=cases.HEAD, at=AT)
    propose(number, by=cases.SECOND_REVIEWER)

    assert mine(cases.BOTH) == []
    assert steps(number, cases.BOTH) & DECIDES == set()
    assert mine(cases.APPROVER) == [number]
    assert steps(number, cases.APPROVER) >= DECIDES


def test_whoever_sent_it_back_is_not_offered_the_review():
    hire("reviewer2")
    number = cases.reviewed().number
    send_back(number, by=cases.BOTH)
    assert Case.objects.get(number=number).assigned_to == ""

    assert mine(cases.BOTH) == []
    assert Step.PROPOSE not in steps(number, cases.BOTH)
    assert mine(cases.SECOND_REVIEWER) == [number]
    propose(number, by=cases.SECOND_REVIEWER)
    assert mine(cases.BOTH) == [number], "the same decider decides"
    assert steps(number, cases.BOTH) >= DECIDES


def test_it_comes_first_in_the_queue_of_the_reviewer_whenever_it_is_due():
    hire("reviewer")
    sent = cases.reviewed(at=AT).number
    send_back(sent)
    Case.objects.filter(number=sent).update(due_on=dt.date(2026, 6, 1))
    others = [cases.accepted().number for _ in range(3)]
    shared: dict[str, Any] = {
        "by": cases.REVIEWER,
        "tab": Tab.MINE,
        "at": AT,
        "calendar": cases.CALENDAR,
    }

    page = queries.queue(**shared)

    assert [one.number for one in page.rows] == [sent, *others]
    assert [one.sent_back for one in page.rows] == [True, False, False, False]
    seen: list[str] = []
    after = None
    for _ in range(4):
        page = queries.queue(**shared, limit=1, after=after)
        seen += [one.number for one in page.rows]
        after = page.after
    assert seen == [sent, *others]
    assert after is None


def test_bad_words_and_wrong_people_change_nothing():
    number = cases.reviewed().number

    with pytest.raises(services.TextRefusedError, match="退回的理由"):
        send_back(number, reason="  ")
    with pytest.raises(services.TextRefusedError):
        send_back(number, reason="长" * 2001)
    with pytest.raises(services.ConflictRefusedError):
        send_back(number, version=1)
    assert not SentBack.objects.exists()
    assert Case.objects.get(number=number).state == "decision_pending"


def test_the_database_keeps_the_two_parts_apart():
    number = cases.reviewed().number
    row = Case.objects.get(number=number)
    opinion = Opinion.objects.get()
    said = {"case": row, "outcome": "grant", "text": "x", "by_name": "x", "at": AT}

    with pytest.raises(DatabaseError, match="opinion_one_open"), transaction.atomic():
        Opinion.objects.create(**said, by="user:x")
    with pytest.raises(DatabaseError, match="sent_back_for_a_reason"), transaction.atomic():
        Case.objects.filter(pk=row.pk).update(state="reviewing", reviewed_by="", reviewed_at=None)
    with pytest.raises(DatabaseError, match="sentback_says_why"), transaction.atomic():
        SentBack.objects.create(
            case=row, opinion=opinion, reason="", by="user:y", by_name="y", at=AT
        )
    with pytest.raises(DatabaseError, match="sent_back_waits_for_review"), transaction.atomic():
        Case.objects.filter(pk=row.pk).update(sent_back=True)
    SentBack.objects.create(case=row, opinion=opinion, reason="x", by="user:y", by_name="y", at=AT)
    with pytest.raises(DatabaseError, match="not_by_the_decider"), transaction.atomic():
        Opinion.objects.create(**said, by="user:y")
    with pytest.raises(DatabaseError, match="no_reviewer_decides"), transaction.atomic():
        Case.objects.filter(pk=row.pk).update(
            reviewed_by="user:z",
            state="approved",
            decided_by="user:reviewer",
            decided_at=AT,
            outcome="grant",
        )
