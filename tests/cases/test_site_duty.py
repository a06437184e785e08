"""A check on the spot that the item asks for comes before any grant (必须现场核查)."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, transaction

from tests.factories import automatic, cases
from tests.factories.desk import hire
from yiwang.cases import services
from yiwang.cases.models import Case
from yiwang.cases.models.automatic import AutoRun
from yiwang.cases.policy.states import CaseState
from yiwang.cases.policy.terms import Outcome
from yiwang.catalogue.policy.parsing import ItemFormatError, parse_item, to_plain

pytestmark = pytest.mark.django_db

DUTY = {"basis": "行政许可法 第三十四条第三款", "when": {"kind": "catering"}}
AT = cases.FRIDAY


@pytest.fixture
def _watched() -> None:
    cases.district(items=False)
    cases.publish(cases.without_materials(site_check=DUTY))
    cases.publish(cases.card(site_check={"basis": DUTY["basis"]}))
    hire("reviewer2")


def check_site(number: str) -> None:
    services.record_site_check(
        number=number,
        second_officer="user:reviewer2",
        checked_on=AT.date(),
        place="示例路11号",
        found="操作间分隔符合要求",
        by=cases.REVIEWER,
        at=AT,
    )


def propose(number: str, outcome: Outcome = Outcome.GRANT) -> None:
    services.propose(number=number, outcome=outcome, opinion="看过", by=cases.REVIEWER, at=AT)


def decide(number: str, **changes: Any) -> Any:
    arguments: dict[str, Any] = {
        "number": number,
        "outcome": Outcome.GRANT,
        "calendar": cases.CALENDAR,
        "by": cases.APPROVER,
        "at": AT,
    }
    return services.decide(**(arguments | changes))


@pytest.mark.usefixtures("_watched")
def test_nobody_proposes_or_grants_before_two_officers_were_there():
    number = cases.reviewing().number
    with pytest.raises(services.ProcedureRefusedError, match="必须由两名以上工作人员现场核查"):
        propose(number)
    propose(number, Outcome.REFUSE)
    with pytest.raises(services.ProcedureRefusedError, match="请先核查并记录。"):
        decide(number)
    assert Case.objects.get().state == CaseState.DECISION_PENDING
    services.send_back(number=number, reason="请现场核查", by=cases.APPROVER, at=AT)

    check_site(number)
    propose(number)

    assert decide(number).outcome is Outcome.GRANT


@pytest.mark.usefixtures("_watched")
def test_a_refusal_needs_no_visit_and_neither_does_a_case_that_the_mark_does_not_mean():
    other = cases.reviewed(answers=cases.ANSWERS | {"kind": "canteen"})
    assert not other.must_check_site
    assert decide(other.number).outcome is Outcome.GRANT

    number = cases.reviewing().number
    propose(number, Outcome.REFUSE)
    refused = decide(
        number, outcome=Outcome.REFUSE, reason="不符合", article="食品安全法 第三十三条"
    )
    assert refused.outcome is Outcome.REFUSE


@pytest.mark.usefixtures("_watched")
def test_what_is_given_at_once_waits_for_the_visit_too():
    case = cases.accepted(item_slug=cases.CARD, applicant_ref=cases.elder(), answers={})

    with pytest.raises(services.ProcedureRefusedError, match="现场核查"):
        decide(case.number)

    check_site(case.number)
    assert decide(case.number).outcome is Outcome.GRANT


@pytest.mark.usefixtures("_watched")
def test_the_database_refuses_the_grant_whoever_writes_the_row():
    row = Case.objects.get(number=cases.reviewing().number)
    propose(row.number, Outcome.REFUSE)

    with pytest.raises(DatabaseError, match="site_was_checked"), transaction.atomic():
        Case.objects.filter(pk=row.pk).update(
            state="approved", decided_by="user:x", decided_at=AT, outcome="grant"
        )
    with pytest.raises(DatabaseError, match="identity_fixed|must_check_site"), transaction.atomic():
        Case.objects.filter(pk=row.pk).update(must_check_site=False)


def test_rules_hand_a_case_that_must_be_looked_at_to_a_person():
    cases.district(items=False)
    automatic.card_type()
    duty = {"basis": DUTY["basis"], "when": {"kind": "first"}}
    cases.publish(automatic.senior(auto_rules=automatic.without("pension"), site_check=duty))
    person = automatic.elder()
    by = automatic.for_herself(person)
    draft = services.save_draft(
        draft_id=None,
        item_slug=automatic.SENIOR,
        applicant_ref=person.ref,
        answers={"kind": "first"},
        by=by,
        at=AT,
    )
    case = services.submit_case(
        draft_id=draft.id,
        declaration_accepted=True,
        idempotency_key="once",
        calendar=cases.CALENDAR,
        by=by,
        at=AT,
    )

    after = services.decide_by_rules(case=case, calendar=cases.CALENDAR, at=AT)

    assert after.state is CaseState.RECEIVED
    run = AutoRun.objects.get()
    assert (run.outcome, run.ground) == ("hand_over", "site_check")
    assert "现场核查" in run.reason


def test_the_mark_is_read_written_and_checked():
    item = parse_item(cases.restaurant(site_check=DUTY))
    assert item.must_check_site({"kind": "catering"})
    assert not item.must_check_site({"kind": "canteen"})
    assert parse_item(to_plain(item)).site_check == item.site_check

    with pytest.raises(ItemFormatError, match="basis"):
        parse_item(cases.restaurant(site_check={}))
