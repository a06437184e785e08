"""What supervision hears when a granted case is ended (移出监管对象)."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.factories import cases
from yiwang.cases import services
from yiwang.cases.policy.terms import DeliveryChannel, Outcome
from yiwang.cases.queries import CaseView
from yiwang.supervision.models import SupervisedSubject

pytestmark = pytest.mark.django_db

HEARD = cases.FRIDAY + dt.timedelta(days=10)


def revoke(case: CaseView) -> None:
    services.deliver_case(
        number=case.number, channel=DeliveryChannel.PRINT, by=cases.CLERK, at=cases.FRIDAY
    )
    services.propose_end(
        number=case.number,
        ground="fraud",
        facts="材料系伪造",
        evidence="鉴定意见",
        calendar=cases.CALENDAR,
        by=cases.REVIEWER,
        at=cases.FRIDAY,
    )
    services.decide_end(
        number=case.number,
        reason="事实清楚",
        public_interest="不损害公共利益",
        by=cases.APPROVER,
        at=HEARD,
    )


@pytest.mark.usefixtures("easy_district")
def test_whose_licence_is_revoked_leaves_the_list_with_the_reason():
    case = cases.decided()
    assert SupervisedSubject.objects.get().state == "listed"

    revoke(case)

    subject = SupervisedSubject.objects.get()
    assert (subject.state, subject.removed_on) == ("removed", HEARD.date())
    assert "撤销" in subject.removed_reason


@pytest.mark.usefixtures("easy_district")
def test_whose_decision_without_a_licence_is_revoked_leaves_the_list_too():
    case = cases.receive(item_slug=cases.CARD, applicant_ref=cases.elder(), answers={})
    services.accept_case(
        number=case.number, calendar=cases.CALENDAR, by=cases.REVIEWER, at=cases.FRIDAY
    )
    services.decide(
        number=case.number,
        outcome=Outcome.GRANT,
        calendar=cases.CALENDAR,
        by=cases.APPROVER,
        at=cases.FRIDAY,
    )

    revoke(case)

    subject = SupervisedSubject.objects.get(case_number=case.number)
    assert subject.state == "removed"
    assert "以欺骗、贿赂等不正当手段取得" in subject.removed_reason
