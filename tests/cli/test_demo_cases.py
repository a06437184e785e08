"""A fresh demonstration shows cases of every kind that officers' pages list."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.factories import cases
from tests.factories.catalogue import PACKS
from yiwang.audit import services as audit
from yiwang.cases.models import Case
from yiwang.cases.queries import automatic, bans, commitments
from yiwang.cli import demo_cases
from yiwang.content import queries as content
from yiwang.content.services import load_packs
from yiwang.exchange import queries as exchange
from yiwang.kernel import events, keeping
from yiwang.organisations.permissions import EVERYWHERE, Actor, Post

AT = dt.datetime(2026, 10, 12, 9, 0, tzinfo=cases.ZONE)
"""A Monday morning."""
EVERYBODY = Actor(ref="user:all", posts={EVERYWHERE: frozenset(Post)})


@pytest.fixture
def district(db, settings, monkeypatch, tmp_path):
    settings.DEMO = True
    settings.HOME = tmp_path
    settings.EXCHANGE_DIR = tmp_path
    monkeypatch.setattr(events, "_transport", [events.deliver])
    keeping._kept.clear()
    exchange.forget()
    report = load_packs(
        root=PACKS,
        names=["jiading", "demo"],
        by="job:packs",
        at=dt.datetime(2026, 1, 2, 1, tzinfo=dt.UTC),
        apply=True,
        record=audit.record,
    )
    assert report.ok, [str(error) for error in report.errors]


def checks(**wanted):
    return commitments.checks(
        by=EVERYBODY, today=AT.date(), calendar=content.workday_calendar(), **wanted
    ).rows


def test_the_pages_of_officers_are_not_empty_on_the_first_run(district):
    assert demo_cases.prepare(at=AT)

    open_ones = {one.applicant_name: one for one in checks()}
    assert {name: one.state.value for name, one in open_ones.items()} == {
        "上海样书文化传播有限公司": "pending",
        "上海市嘉定区菊园新区示范小吃店": "ordered",
        "上海示纸书刊有限公司": "ordered",
    }
    assert {one.light.light.value for one in open_ones.values()} <= {"green", "yellow"}
    assert open_ones["上海示纸书刊有限公司"].reported_on == dt.date(2026, 10, 10)
    assert [one.state.value for one in checks(finished=True)] == ["revoked"]
    (record,) = commitments.records_kept(by=EVERYBODY)
    assert record.counts(AT.date())
    ((ban,), _) = bans.bans(by=EVERYBODY)
    assert (ban.applicant_name, ban.in_force(AT.date())) == ("上海假设仓储有限公司", True)
    (sampled,) = automatic.reviews(by=EVERYBODY)
    assert (sampled.cause.value, sampled.item_slug) == ("sample", "senior-card")
    outcomes = [one.outcome.value for one in automatic.runs(by=EVERYBODY).rows]
    assert sorted(outcomes) == ["grant"] * 3 + ["hand_over"] * 2
    (dead,) = exchange.letters(by=EVERYBODY).dead
    assert "没有收到序号1的报文" in dead.why


def test_a_check_is_told_of_behind_the_grant_that_it_checks(district, monkeypatch):
    parcels = []
    monkeypatch.setattr(events, "_transport", [lambda *parcel: parcels.append(parcel)])

    demo_cases.prepare(at=AT)

    news = [
        [(type(one).__name__, one.number) for one in parcel if hasattr(one, "number")]
        for parcel in parcels
    ]
    (together,) = [parcel for parcel in news if any(name in LATER for name, _number in parcel)]
    for place, (name, number) in enumerate(together):
        if name in LATER:
            assert ("CaseGranted", number) in together[:place]


LATER = {"CommittedGrant", "CommitmentChecked", "CheckReopened"}


def test_a_second_start_makes_nothing_again(district):
    demo_cases.prepare(at=AT)
    before = Case.objects.count()

    assert not demo_cases.prepare(at=AT + dt.timedelta(days=40))

    assert Case.objects.count() == before


def test_every_act_lies_before_the_start(district):
    demo_cases.prepare(at=AT)

    assert Case.objects.exclude(touched_at__lte=AT).count() == 0


@pytest.mark.parametrize(
    "at",
    [
        pytest.param(dt.datetime(2031, 1, 1, 9, tzinfo=cases.ZONE), id="no calendar"),
        pytest.param(dt.datetime(2025, 1, 1, 9, tzinfo=cases.ZONE), id="before the items"),
    ],
)
def test_where_days_or_items_are_missing_nothing_is_made_and_nothing_stops(district, at):
    demo_cases.prepare(at=at)

    assert not Case.objects.exists()
