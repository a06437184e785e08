"""One box finds a case by any number that stands on paper; the list is narrowed by the rest."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.factories import cases
from yiwang.cases import queries, services
from yiwang.cases.models import Case, CaseDocument
from yiwang.cases.policy.states import CaseState
from yiwang.cases.policy.terms import Tab
from yiwang.cases.queries import finding
from yiwang.cases.queries.finding import NumberKind
from yiwang.catalogue.policy.items import Channel
from yiwang.licences.models import Licence

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("easy_district")]


def found(text: str, by=cases.HEAD) -> list[tuple[str, str]]:
    return [(one.kind, one.case_number) for one in finding.by_number(text, by=by)]


def test_every_number_on_paper_leads_to_its_case():
    case = cases.decided()
    row = Case.objects.get(number=case.number)
    letter = CaseDocument.objects.filter(case=row, kind="grant_decision").get()
    licence = Licence.objects.get(case_number=case.number)
    number = case.number

    assert found(number) == [(NumberKind.CASE, number)]
    assert found(f" {row.query_code.lower()} ") == [(NumberKind.QUERY_CODE, number)]
    assert found(letter.number) == [(NumberKind.LETTER, number)]
    assert found(letter.number.replace("〔", "[").replace("〕", "]")) == [
        (NumberKind.LETTER, number)
    ]
    assert found(licence.number) == [(NumberKind.LICENCE, number)]
    assert found(licence.identifier) == [(NumberKind.LICENCE, number)]
    assert found(cases.FIRM_REF.removeprefix("entity:")) == [(NumberKind.USCC, number)]


def test_the_number_on_the_envelope_leads_to_its_case():
    case = cases.decided()
    services.send_result(
        number=case.number,
        carrier="示例邮政",
        tracking_number="ex 2026 0306 001 cn",
        by=cases.CLERK,
        at=cases.FRIDAY,
    )

    assert found("ex 20260306001 cn") == [(NumberKind.EXPRESS, case.number)]
    assert found("EX20260306001CN", by=cases.STRANGER) == []


def test_a_number_of_somebody_elses_case_finds_nothing():
    case = cases.decided()

    assert found(case.query_code, by=cases.STRANGER) == []
    assert found(case.number, by=cases.STRANGER) == []


@pytest.mark.parametrize(
    "text", ["", "示例", "%", "310114199001011234", "JD", "x" * 60, "〔2026〕"]
)
def test_what_is_no_number_finds_nothing_and_breaks_nothing(text):
    cases.receive()

    assert found(text) == []


def test_a_firm_with_several_cases_is_a_list_newest_first():
    first, second = cases.receive().number, cases.receive().number

    numbers = [number for _, number in found(cases.FIRM_REF.removeprefix("entity:"))]

    assert numbers == [second, first]
    assert [one.case_number for one in finding.of_applicant(cases.FIRM_REF, by=cases.HEAD)] == (
        numbers
    )


def queue(**changes):
    arguments = {
        "by": cases.HEAD,
        "tab": Tab.REVIEWING,
        "at": cases.FRIDAY,
        "calendar": cases.CALENDAR,
    }
    return {row.number for row in queries.queue(**(arguments | changes)).rows}


def test_the_list_is_narrowed_by_state_person_channel_and_day():
    lying = cases.accepted().number
    taken = services.assign_case(
        number=cases.accepted().number, to=cases.REVIEWER.ref, by=cases.REVIEWER, at=cases.FRIDAY
    ).number
    day = cases.FRIDAY.date()

    assert queue() == {lying, taken}
    assert queue(person="") == {lying}
    assert queue(person=cases.REVIEWER.ref) == {taken}
    assert queue(state=CaseState(Case.objects.get(number=taken).state)) >= {taken}
    assert queue(state=CaseState.HEARING) == set()
    assert queue(channel=Channel.COUNTER) == {lying, taken}
    assert queue(channel=Channel.PORTAL) == set()
    assert queue(received=(day, day)) == {lying, taken}
    assert queue(received=(day + dt.timedelta(days=1), None)) == set()
    assert queue(received=(None, day - dt.timedelta(days=1))) == set()


def test_a_tab_is_counted_to_ninety_nine_and_no_further(monkeypatch):
    monkeypatch.setattr("yiwang.cases.queries.queues.COUNTED_MOST", 2)
    for _ in range(4):
        cases.receive()

    page = queries.queue(by=cases.HEAD, tab=Tab.TO_ACCEPT, at=cases.FRIDAY, calendar=cases.CALENDAR)

    assert page.counts[Tab.TO_ACCEPT] == 3
    assert page.counts[Tab.OVERDUE] == 0


def test_load_says_who_holds_what_and_what_is_late():
    services.assign_case(
        number=cases.accepted().number, to=cases.REVIEWER.ref, by=cases.REVIEWER, at=cases.FRIDAY
    )
    cases.accepted()
    late = cases.FRIDAY + dt.timedelta(days=60)

    rows = queries.load_per_person(by=cases.HEAD, at=late, calendar=cases.CALENDAR)

    assert {(one.ref, one.held, one.late) for one in rows} == {
        ("", 1, 1),
        (cases.REVIEWER.ref, 1, 1),
    }
    with pytest.raises(queries.QueueRefusedError, match="不分派办件"):
        queries.load_per_person(by=cases.CLERK, at=late, calendar=cases.CALENDAR)
