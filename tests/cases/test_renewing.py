"""Renewal: asked in time or late, deemed renewed by silence, and what the letter says."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import DatabaseError, transaction

from tests.cases.test_handling_items import definition, granted, held
from tests.factories import cases
from yiwang.audit.queries import trail
from yiwang.cases import queries, services, tasks
from yiwang.cases.models import Message, Renewal, SpecialProcedure
from yiwang.cases.policy.mailed import Mailed
from yiwang.cases.policy.renewing import in_time
from yiwang.cases.policy.states import CaseState, Way
from yiwang.cases.policy.terms import DocumentKind, Outcome
from yiwang.cases.queries import CaseView
from yiwang.kernel.clocks import StopReason
from yiwang.licences import services as licences
from yiwang.licences.models import Licence
from yiwang.licences.policy.states import LicenceStep

pytestmark = pytest.mark.usefixtures("easy_district")

ENDS = dt.date(2026, 6, 1)


@pytest.fixture(autouse=True)
def _ways(easy_district: None) -> None:
    cases.publish(definition())


def at_start_of(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(0, 5), tzinfo=cases.ZONE)


def asked(ends: dt.date = ENDS) -> CaseView:
    granted("issue")
    Licence.objects.update(valid_until=ends)
    return cases.accepted(answers=cases.ANSWERS | {"way": "renew"})


def deem(day: dt.date) -> list[str]:
    return services.deem_renewed(calendar=cases.CALENDAR, by=tasks.RENEWED_BY, at=at_start_of(day))


def decide(number: str) -> CaseView:
    services.propose(
        number=number, outcome=Outcome.GRANT, opinion="符合", by=cases.REVIEWER, at=cases.FRIDAY
    )
    return services.decide(
        number=number,
        outcome=Outcome.GRANT,
        calendar=cases.CALENDAR,
        by=cases.APPROVER,
        at=cases.FRIDAY,
    )


def letter(number: str) -> str:
    (found,) = [
        one for one in cases.page(number).documents if one.kind is DocumentKind.GRANT_DECISION
    ]
    return "".join(found.body["paragraphs"])


def test_no_decision_before_the_end_renews_without_a_gap_once_and_is_reported():
    number = asked().number

    assert deem(ENDS - dt.timedelta(days=1)) == []
    assert deem(ENDS) == [number]
    assert deem(ENDS) == []

    case = queries.case(number, by=cases.HEAD)
    assert (case.state, case.way) == (CaseState.APPROVED, Way.DEEMED)
    new = Licence.objects.get(identifier=case.licence_identifier)
    assert (new.version, new.valid_from, new.valid_until) == (2, ENDS, dt.date(2031, 6, 1))
    text = letter(number)
    assert "第五十条第二款" in text
    assert "视为准予延续" in text
    assert "第2版" in text
    assert len(trail(target=f"case:{number}", act="cases.report_deemed_renewal")) == 1


def test_silence_renews_the_licence_that_was_asked_for_and_no_other():
    number = asked().number
    first = Licence.objects.get().serial
    other = granted("issue").licence_identifier

    assert deem(ENDS) == [number]

    renewed = queries.case(number, by=cases.HEAD).licence_identifier
    assert Licence.objects.get(identifier=renewed).serial == first
    assert Licence.objects.get(identifier=other).state == "valid"


@pytest.mark.req("CASE-01")
@pytest.mark.parametrize("days", [-1, 3])
def test_a_letter_asks_on_the_day_it_was_got_even_if_entered_at_the_end_or_after(days: int):
    granted("issue")
    got = cases.FRIDAY.date()
    ends = cases.CALENDAR.add_workdays(got, 30) + dt.timedelta(days=1)
    Licence.objects.update(valid_until=ends)
    at = dt.datetime.combine(ends, dt.time(9), tzinfo=cases.ZONE) + dt.timedelta(days=days)

    number = cases.receive(
        answers=cases.ANSWERS | {"way": "renew"},
        letter=Mailed(received_on=got),
        at=at,
    ).number

    row = Renewal.objects.get()
    assert (row.asked_on, row.in_time) == (got, True)
    assert not Message.objects.filter(title__startswith="延续申请提示").exists()
    services.accept_case(number=number, calendar=cases.CALENDAR, by=cases.CLERK, at=at)
    assert deem(max(ends, at.date() + dt.timedelta(days=1))) == [number]


@pytest.mark.parametrize("step", [LicenceStep.REVOKE, LicenceStep.SUSPEND, LicenceStep.CANCEL])
def test_silence_gives_back_nothing_that_was_taken_and_stops_nobody_else(step):
    taken = asked().number
    licences.move_licence(
        identifier=Licence.objects.get().identifier,
        step=step,
        reason="查明不符合条件",
        by=cases.APPROVER,
        at=cases.FRIDAY,
    )
    other = asked().number

    assert deem(ENDS) == [other]

    assert queries.case(taken, by=cases.HEAD).state is CaseState.ACCEPTED
    with pytest.raises(services.DecisionRefusedError, match="不能准予延续"):
        decide(taken)


def test_silence_renews_even_while_the_limit_is_stopped():
    number = asked().number
    services.start_special(
        number=number,
        kind=StopReason.EXPERT_REVIEW,
        workdays=200,
        reason="需要专家评审。",
        calendar=cases.CALENDAR,
        by=cases.REVIEWER,
        at=cases.FRIDAY,
    )

    assert deem(ENDS) == [number]

    case = queries.case(number, by=cases.HEAD)
    assert (case.state, case.way) == (CaseState.APPROVED, Way.DEEMED)
    assert not SpecialProcedure.objects.filter(ended_on=None).exists()


def test_a_decision_in_time_goes_on_where_the_old_licence_ends_and_loses_no_day():
    granted("issue")
    Licence.objects.update(valid_until=ENDS)

    number = granted("renew").number

    assert (held().valid_from, held().valid_until) == (cases.FRIDAY.date(), dt.date(2031, 6, 1))
    assert "2031年6月1日" in letter(number)
    assert deem(ENDS) == []


def test_who_asks_too_late_is_told_and_silence_renews_nothing():
    case = asked(ends=dt.date(2026, 4, 10))

    words = Message.objects.get(title__startswith="延续申请提示").body
    assert "不足30个工作日" in words
    assert "不视为准予延续" in words
    assert deem(dt.date(2026, 4, 10)) == []
    assert queries.case(case.number, by=cases.HEAD).state is CaseState.ACCEPTED


def test_the_letter_of_a_change_says_what_changed_and_unasked_fields_stay():
    granted("issue")

    number = granted("change", address="嘉定区马陆镇示例路2号").number

    assert "经营场所地址由“嘉定区南翔镇示例路11号”变更为“嘉定区马陆镇示例路2号”" in letter(number)


@pytest.mark.parametrize(
    ("asked_on", "valid_until", "expected"),
    [
        ("2026-03-06", "2026-04-21", True),
        ("2026-03-06", "2026-04-17", False),
        ("2026-12-20", "2027-03-01", True),
        ("2026-12-20", "2027-02-01", False),
    ],
)
def test_thirty_working_days_must_lie_before_the_end(asked_on, valid_until, expected):
    assert (
        in_time(
            asked_on=dt.date.fromisoformat(asked_on),
            valid_until=dt.date.fromisoformat(valid_until),
            lead=30,
            calendar=cases.CALENDAR,
        )
        is expected
    )


def test_the_database_deems_nothing_that_was_late_or_still_held():
    asked()
    for changes in (
        {"deemed_on": ENDS - dt.timedelta(days=1)},
        {"asked_on": ENDS},
    ):
        with (
            pytest.raises(DatabaseError, match="cases_renewal|Cannot update"),
            transaction.atomic(),
        ):
            Renewal.objects.update(**changes)


def two_licences_and_a_wrong_number() -> tuple[str, str, str]:
    """Return the case that named the first licence, that licence, and the one that was meant."""
    first, second = granted("issue"), granted("issue")
    Licence.objects.filter(identifier=first.licence_identifier).update(valid_until=ENDS)
    Licence.objects.filter(identifier=second.licence_identifier).update(valid_until=ENDS)
    numbers = dict(Licence.objects.values_list("identifier", "number"))
    answers = cases.ANSWERS | {"way": "renew", "address": numbers[first.licence_identifier]}
    number = cases.receive(answers=answers).number
    assert Renewal.objects.get().licence_identifier == first.licence_identifier
    services.fix_on_spot(
        number=number,
        fix=services.FixedAnswer(question_id="address", value=numbers[second.licence_identifier]),
        by=cases.CLERK,
        at=cases.FRIDAY,
        visitor=cases.HEAD_OF_FIRM,
    )
    return number, first.licence_identifier, second.licence_identifier


def accept(number: str) -> None:
    services.accept_case(number=number, calendar=cases.CALENDAR, by=cases.CLERK, at=cases.FRIDAY)


def test_the_licence_whose_number_was_put_right_is_the_one_that_is_renewed():
    number, first, second = two_licences_and_a_wrong_number()

    accept(number)

    row = Renewal.objects.get()
    assert (row.licence_identifier, row.asked_on) == (second, cases.FRIDAY.date())
    renewed = decide(number)
    states = dict(Licence.objects.values_list("identifier", "state"))
    assert states[first] == "valid"
    assert states[second] == "replaced"
    old, new = Licence.objects.get(identifier=second), renewed.licence_identifier
    assert Licence.objects.get(identifier=new).number == old.number


def test_silence_renews_the_licence_whose_number_was_put_right():
    number, first, second = two_licences_and_a_wrong_number()
    accept(number)

    assert deem(ENDS) == [number]

    states = dict(Licence.objects.values_list("identifier", "state"))
    assert states[second] == "replaced"
    assert states[first] != "replaced"
    with pytest.raises(DatabaseError, match="licence_fixed_once_deemed"), transaction.atomic():
        Renewal.objects.update(licence_identifier=first)


def test_who_named_the_wrong_licence_is_told_at_acceptance_that_the_right_one_ends_too_soon():
    number, _, second = two_licences_and_a_wrong_number()
    Licence.objects.filter(identifier=second).update(valid_until=dt.date(2026, 3, 20))

    accept(number)

    assert not Renewal.objects.get().in_time
    assert Message.objects.filter(case__number=number, title__startswith="延续申请提示").exists()
