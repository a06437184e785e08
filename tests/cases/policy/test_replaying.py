"""What a replay may keep of a case, and what differences are counted by."""

from __future__ import annotations

import pytest

from yiwang.cases.policy import replaying
from yiwang.cases.policy.replaying import (
    DifferenceGround,
    DifferenceKind,
    Grounds,
    HandOverCause,
    ground_from_plain,
    shows_value,
)
from yiwang.rules.policy.sources import CASE_FIELDS, CHECK_FIELDS, REGISTER_NAMES
from yiwang.rules.policy.tables import Fact, FactKind

SOURCES = [
    *(f"case:{name}" for name in CASE_FIELDS),
    *(f"register:{name}" for name in REGISTER_NAMES),
    *(f"check:{check}.{field}" for check, fields in CHECK_FIELDS.items() for field in fields),
    "check:licences.food_business",
    "answer:kind",
    "answer:unknown",
]


def shown(kind: FactKind, applicant_kind: str) -> set[str]:
    return {
        source
        for source in SOURCES
        if shows_value(
            Fact(name="x", label="x", kind=kind, source=source),
            applicant_kind=applicant_kind,
            open_answers={"kind"},
        )
    }


def test_of_a_natural_person_only_what_the_case_itself_says_is_shown():
    assert shown(FactKind.CHOICE, "person") == {
        "case:channel",
        "case:applicant_kind",
        "case:received_on",
    }


def test_of_a_firm_what_tells_of_no_person_is_shown():
    assert shown(FactKind.CHOICE, "entity") == {
        "case:channel",
        "case:applicant_kind",
        "case:received_on",
        "case:town",
        "register:entity.kind",
        "register:entity.industry",
        "register:entity.established_on",
        "register:entity.town",
        "check:entity.status",
        "check:entity.open",
        "check:entity.years",
        "check:entity.in_district",
        "answer:kind",
    }


@pytest.mark.parametrize("kind", [FactKind.TEXT, FactKind.DATE])
def test_an_answer_in_which_a_name_may_stand_is_never_shown(kind):
    assert "answer:kind" not in shown(kind, "entity")


def test_grounds_keep_their_places_when_a_replay_goes_on():
    one = DifferenceGround(
        kind=DifferenceKind.HAND_OVER_GRANT,
        cause=HandOverCause.ROW,
        row_id="otherwise",
        near="first",
        lacking=("born_on",),
    )
    other = DifferenceGround(kind=DifferenceKind.GRANT_REFUSE, articles=("第一条",), row_id="first")
    first = Grounds()
    places = [first.add(one), first.add(other), first.add(one, revoked=True)]

    second = Grounds(first.plain)

    assert places == [0, 1, 0]
    assert (second.add(other), second.add(one)) == (1, 0)
    assert [(row["count"], row["revoked"]) for row in second.plain] == [(3, 1), (2, 0)]
    assert [ground_from_plain(row) for row in second.plain] == [one, other]


def test_grounds_beyond_those_told_apart_are_counted_together(monkeypatch):
    monkeypatch.setattr(replaying, "MOST_GROUNDS", 2)
    grounds = Grounds()

    places = [
        grounds.add(DifferenceGround(kind=kind, row_id=row))
        for kind in DifferenceKind
        for row in ("a", "b", "c")
    ]

    assert places == [0, 1, 2, 3, 3, 3]
    assert [row["other"] for row in grounds.plain] == [False, False, True, True]
