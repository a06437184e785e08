"""One case from receipt to delivery, in its ordinary course."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.factories import cases
from yiwang.cases import queries, services
from yiwang.cases.policy.states import CaseState, Step
from yiwang.cases.policy.terms import DeliveryChannel, DocumentKind, MaterialState, Outcome
from yiwang.licences import queries as licences

pytestmark = pytest.mark.usefixtures("easy_district")


def test_a_case_runs_from_the_window_to_the_licence_through_three_posts():
    case = cases.receive()
    assert (case.state, case.due_on) == (CaseState.RECEIVED, dt.date(2026, 3, 13))

    case = services.accept_case(
        number=case.number, calendar=cases.CALENDAR, by=cases.CLERK, at=cases.FRIDAY
    )
    assert (case.statutory_on, case.promised_on) == (dt.date(2026, 4, 3), dt.date(2026, 3, 13))

    case = services.assign_case(
        number=case.number, to=cases.REVIEWER.ref, by=cases.REVIEWER, at=cases.FRIDAY
    )
    assert (case.state, case.assigned_to) == (CaseState.REVIEWING, "user:reviewer")

    case = services.propose(
        number=case.number,
        outcome=Outcome.GRANT,
        opinion="场所符合要求",
        by=cases.REVIEWER,
        at=cases.FRIDAY,
    )
    case = services.decide(
        number=case.number,
        outcome=Outcome.GRANT,
        calendar=cases.CALENDAR,
        by=cases.APPROVER,
        at=cases.FRIDAY,
    )
    assert (case.state, case.due_on) == (CaseState.APPROVED, dt.date(2026, 3, 20))

    case = services.deliver_case(
        number=case.number, channel=DeliveryChannel.PRINT, by=cases.CLERK, at=cases.FRIDAY
    )
    assert (case.state, case.due_on) == (CaseState.CLOSED, None)

    licence = licences.licence(case.licence_identifier)
    assert licence.case_number == case.number
    assert dict(licence.fields) == {
        "经营场所地址": "嘉定区南翔镇示例路11号",
        "经营方式": "餐饮服务",
    }
    assert licence.valid_until == dt.date(2031, 3, 6)

    page = cases.page(case.number)
    assert [row.step for row in page.events] == [
        Step.RECEIVE,
        Step.ACCEPT,
        Step.START_REVIEW,
        Step.PROPOSE,
        Step.GRANT,
        Step.CLOSE,
    ]
    assert [row.post for row in page.events] == [
        "counter_clerk",
        "counter_clerk",
        "reviewer",
        "reviewer",
        "approver",
        "counter_clerk",
    ]
    assert [one.kind for one in page.documents] == [
        DocumentKind.RECEIPT,
        DocumentKind.ACCEPTANCE_NOTICE,
        DocumentKind.REVIEW_OPINION,
        DocumentKind.APPROVAL_FORM,
        DocumentKind.GRANT_DECISION,
        DocumentKind.DELIVERY_RECEIPT,
    ]
    assert {one.state for one in page.materials} == {MaterialState.WAIVED}
    assert page.deliveries[0].document_id == page.documents[-2].id


def test_a_case_on_the_portal_is_delivered_and_closed_with_the_decision():
    draft = services.save_draft(
        draft_id=None,
        item_slug=cases.RESTAURANT,
        applicant_ref=cases.FIRM_REF,
        answers=cases.ANSWERS,
        by=cases.FIRM,
        at=cases.FRIDAY,
    )
    case = services.submit_case(
        draft_id=draft.id,
        declaration_accepted=True,
        idempotency_key="once",
        calendar=cases.CALENDAR,
        by=cases.FIRM,
        at=cases.FRIDAY,
    )
    assert case.intake_department == "centre"
    services.accept_case(
        number=case.number, calendar=cases.CALENDAR, by=cases.CLERK, at=cases.FRIDAY
    )
    services.propose(
        number=case.number,
        outcome=Outcome.GRANT,
        opinion="符合",
        by=cases.REVIEWER,
        at=cases.FRIDAY,
    )

    case = services.decide(
        number=case.number,
        outcome=Outcome.GRANT,
        calendar=cases.CALENDAR,
        by=cases.APPROVER,
        at=cases.FRIDAY,
    )

    assert case.state is CaseState.CLOSED
    page = cases.page(case.number, by=cases.FIRM)
    assert page.opinion is None
    assert page.deliveries[0].channel is DeliveryChannel.IN_APP
    titles = [message.title for message in queries.messages_for(cases.FIRM_REF)]
    assert [title.partition("（")[0] for title in titles] == [
        "准予行政许可决定书",
        "受理通知书",
        "收件凭证",
    ]
    assert not any("示例餐饮" in title for title in titles)
