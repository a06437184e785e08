"""Who was sent to inspect, test or quarantine: two officers within five days of acceptance."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from tests.factories import cases, steps
from yiwang.audit import queries as trail
from yiwang.cases import services
from yiwang.cases.models import CaseClock, CaseDocument, OfficersSent
from yiwang.cases.policy.states import CaseState, Step
from yiwang.cases.policy.terms import ClockKind, Outcome
from yiwang.cases.queries import archiving
from yiwang.cases.queries.procedure import procedure_of
from yiwang.kernel.clocks import StopReason
from yiwang.kernel.errors import RefusedError

pytestmark = pytest.mark.usefixtures("district")

AT = cases.FRIDAY
TESTED = "tested"
NAMES = ["李检测", "周检测"]


@pytest.fixture(autouse=True)
def tested(district: None) -> None:
    """An item for which things are tested."""
    declared = [{"name": "水质检测", "workdays": 8, "basis": "食品安全法 第八十四条"}]
    cases.publish(cases.without_materials(slug=TESTED, special_steps=declared, **steps.coded(41)))


def reviewing() -> str:
    return cases.reviewing(item_slug=TESTED).number


def send(number: str, **changes: Any) -> Any:
    given: dict[str, Any] = {
        "kind": StopReason.TESTING,
        "officers": NAMES,
        "sent_on": AT.date(),
        "by": cases.REVIEWER,
        "at": AT,
    }
    return services.send_officers(number=number, **(given | changes))


def clock(number: str) -> CaseClock:
    return CaseClock.objects.get(case__number=number, kind=ClockKind.INSPECTION_START.value)


@pytest.mark.req("CASE-01")
def test_two_officers_meet_the_clock_on_the_day_they_were_sent_and_stand_in_the_trail():
    number = reviewing()
    later = AT + dt.timedelta(days=3)

    case = send(number, sent_on=AT.date(), at=later)

    assert case.state is CaseState.REVIEWING
    assert clock(number).met_on == AT.date()
    (sent,) = procedure_of(number, by=cases.HEAD, today=later.date()).officers_sent
    assert (sent.kind, sent.names) == (StopReason.TESTING, tuple(NAMES))
    event = cases.page(number).events[-1]
    assert (event.step, event.reason) == (Step.SEND_OFFICERS, "2026-03-06 检测：李检测、周检测")
    assert [row.actor for row in trail.trail(act="cases.send_officers")] == [cases.REVIEWER.ref]
    assert archiving.tables_of(number)["cases_officerssent"][0]["names"] == NAMES


def test_to_start_the_special_procedure_sends_nobody():
    number = reviewing()
    cases.special(number=number, kind=None, declared="水质检测", workdays=None)

    assert clock(number).met_on is None
    assert send(number).state is CaseState.SPECIAL
    assert clock(number).met_on == AT.date()


def test_the_approval_form_says_who_was_sent():
    number = reviewing()
    send(number)
    services.propose(
        number=number, outcome=Outcome.GRANT, opinion="符合条件", by=cases.REVIEWER, at=AT
    )
    services.decide(
        number=number,
        outcome=Outcome.GRANT,
        calendar=cases.CALENDAR,
        by=cases.APPROVER,
        at=AT,
    )

    form = CaseDocument.objects.get(case__number=number, kind="approval_form")
    assert "2026年3月6日指派李检测、周检测，检测" in str(form.body)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"officers": []}, "须指派两名以上工作人员"),
        ({"officers": ["李检测"]}, "须指派两名以上工作人员"),
        ({"officers": ["李检测", " 李检测 ", ""]}, "须指派两名以上工作人员"),
        ({"officers": ["李检测", "周" * 201]}, "指派人员姓名"),
        ({"kind": StopReason.EXPERT_REVIEW}, "检验、检测或者检疫"),
        ({"sent_on": AT.date() + dt.timedelta(days=1)}, "指派日期须在受理之后"),
        ({"sent_on": AT.date() - dt.timedelta(days=1)}, "指派日期须在受理之后"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(changes: dict[str, Any], sentence: str):
    number = reviewing()

    with pytest.raises(RefusedError, match=sentence) as refused:
        send(number, **changes)
    assert refused.value.message.count("。") == 1
    assert OfficersSent.objects.count() == 0
    assert clock(number).met_on is None


@pytest.mark.parametrize(
    ("constraint", "changes"),
    [
        ("cases_officerssent_two_officers", {"names": ["李检测"]}),
        ("cases_officerssent_two_officers", {"names": ["李检测", "李检测"]}),
        ("cases_officerssent_two_officers", {"names": ["李检测", ""]}),
        ("cases_officerssent_two_officers", {"names": []}),
        ("cases_officerssent_for_an_inspection", {"kind": "hearing"}),
        ("cases_officerssent_serial_once", {}),
    ],
)
def test_the_database_refuses_fewer_than_two(constraint: str, changes: dict[str, Any]):
    send(reviewing())
    row = OfficersSent.objects.get()
    row.pk = None
    if changes:
        row.serial = 2
    for name, value in changes.items():
        setattr(row, name, value)

    with pytest.raises(DatabaseError, match=constraint), transaction.atomic():
        row.save(force_insert=True)


def test_who_was_sent_is_never_changed():
    send(reviewing())

    with pytest.raises(DatabaseError, match="append|[Cc]annot"), transaction.atomic():
        OfficersSent.objects.update(names=["甲", "乙"])
