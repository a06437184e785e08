"""Five items of the Jiading pack run to their result without a person."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.factories import automatic, cases, registers
from tests.factories.automatic import SUNDAY_NIGHT, Register
from yiwang.cases import queries
from yiwang.cases.models.automatic import AutoRun
from yiwang.cases.policy.checks import MARRIAGE_ARCHIVE, SOCIAL_INSURANCE, Trouble
from yiwang.cases.policy.states import CaseState
from yiwang.cases.services import checks
from yiwang.catalogue import queries as catalogue
from yiwang.licences import queries as licences
from yiwang.licences import services as licensing
from yiwang.organisations.permissions import Actor
from yiwang.registers.queries import PersonView

ISSUER = Actor(ref="system:test")
LAST_YEAR = dt.datetime(2025, 6, 1, 9, 0, tzinfo=cases.ZONE)

COLLECT = {"collected_by_other": False, "collect_at": "nanxiang"}
CARD: Mapping[str, Any] = {"for_child": False, "id_photo": True, "collect_by": "counter"}
ENDORSE: Mapping[str, Any] = {
    "request_kind": "endorse",
    "ground": "work",
    "dwelling": "own",
    "by_agent": False,
    "employer_name": "上海示例餐饮管理有限公司",
}
LEFT: Mapping[str, Any] = {
    "request_kind": "register",
    "situation": "left",
    "employer_reported": True,
    "hukou_here": True,
    "education": "college",
    "wanted_job": "厨师",
    "wants_training": False,
    "unemployed_on": "2026-03-01",
    "past_jobs_count": 0,
}
SEARCH: Mapping[str, Any] = {
    "record_kind": "marriage",
    "registered_here": True,
    "purpose": "house",
    "spouse_name": "陈设想",
    "year_then": 2015,
    "place_then": "嘉定区",
}


@pytest.fixture
def district(jiading_pack: None) -> None:
    """The district as its pack describes it."""


@pytest.fixture
def insurance() -> Iterator[Register]:
    register = Register(
        declared=SOCIAL_INSURANCE,
        fields={
            "insured": True,
            "contributing": False,
            "leaving_reported": True,
            "pension": False,
        },
    )
    undo = checks.put_in_place(register)
    yield register
    undo()


@pytest.fixture
def archive() -> Iterator[Register]:
    register = Register(
        declared=MARRIAGE_ARCHIVE, fields={"found": True, "records": 1, "spouse_agrees": True}
    )
    undo = checks.put_in_place(register)
    yield register
    undo()


def person(born_on: dt.date, **changes: Any) -> PersonView:
    return automatic.elder(id_number=registers.number(7, born_on=born_on), **changes)


def holds(who: PersonView, type_code: str) -> str:
    definition = licences.licence_type(type_code).definition
    return licensing.issue_licence(
        type_code=type_code,
        holder_ref=who.ref,
        holder_name=who.name,
        holder_number=registers.number(7, born_on=who.born_on),
        issuer=definition.department,
        fields=[(one.label, "示例") for one in definition.fields if one.required],
        valid_from=LAST_YEAR.date(),
        valid_until=dt.date(2026, 6, 1) if type_code == "residence_permit" else None,
        case_number="",
        by=ISSUER,
        at=LAST_YEAR,
    ).identifier


def ground(number: str) -> tuple[str, str]:
    run = AutoRun.objects.filter(case__number=number).latest("serial")
    return run.ground, run.reason


@pytest.mark.req("AUTO-01")
def test_at_least_five_items_of_the_district_run_without_a_person(district):
    items = [
        item
        for item in catalogue.items(on=SUNDAY_NIGHT.date())
        if item.auto_decide and item.auto_rules
    ]

    assert len(items) >= 5
    assert all(item.supervision.department for item in items)


def test_a_senior_card(district):
    elder = person(dt.date(1961, 3, 8))

    case = automatic.submit(elder, slug="senior-card", answers={"request_kind": "first", **COLLECT})

    assert case.state is CaseState.CLOSED, ground(case.number)
    card = licences.licence(case.licence_identifier)
    assert (card.type_slug, card.holder_ref) == ("senior_card", elder.ref)


def test_a_lost_social_security_card(district):
    who = person(dt.date(1990, 3, 12))
    before = holds(who, "social_security_card")

    case = automatic.submit(
        who,
        slug="social-security-card",
        answers={"request_kind": "lost", **CARD, "card_bank": "无", "lost_on": "2026-03-07"},
    )

    assert case.state is CaseState.CLOSED, ground(case.number)
    assert licences.licence(case.licence_identifier).previous_identifier == before


def test_the_yearly_endorsement_of_a_residence_permit(district, insurance):
    who = person(
        dt.date(1990, 3, 12), hukou_division="320583", hukou_town="", hukou_address="江苏省昆山市"
    )
    before = holds(who, "residence_permit")
    holds(who, "real_estate_certificate")
    insurance.fields = {"insured": True, "contributing": True}

    case = automatic.submit(who, slug="residence-permit", answers=ENDORSE)

    assert case.state is CaseState.CLOSED, ground(case.number)
    permit = licences.licence(case.licence_identifier)
    assert permit.previous_identifier == before
    assert permit.valid_until == dt.date(2027, 6, 1)  # on from the end of the old one


def test_a_registration_of_unemployment(district, insurance):
    who = person(dt.date(1990, 3, 12))

    case = automatic.submit(who, slug="job-loss-registration", answers=LEFT)

    assert case.state is CaseState.CLOSED, ground(case.number)
    letters = queries.case_page(case.number, by=automatic.for_herself(who)).documents
    assert any(letter.kind.value == "grant_decision" for letter in letters)


def test_a_search_of_the_marriage_archives(district, archive):
    who = person(dt.date(1985, 3, 12))

    case = automatic.submit(who, slug="marriage-archive-search", answers=SEARCH)

    assert case.state is CaseState.CLOSED, ground(case.number)
    assert archive.asked[0].answers["spouse_name"] == "陈设想"


@pytest.mark.parametrize("trouble", [Trouble.SLOW, Trouble.DOWN, Trouble.WRONG])
def test_registers_in_trouble_leave_all_of_them_to_persons(district, insurance, archive, trouble):
    insurance.trouble = archive.trouble = trouble
    who = person(dt.date(1990, 3, 12))

    found = [
        automatic.submit(who, slug="job-loss-registration", answers=LEFT, key="one"),
        automatic.submit(who, slug="marriage-archive-search", answers=SEARCH, key="two"),
    ]

    assert {case.state for case in found} == {CaseState.RECEIVED}
    assert {ground(case.number)[0] for case in found} == {"check_failed"}
