"""A fresh demonstration has a case in every state somebody works on, so no desk begins empty."""

from __future__ import annotations

import datetime as dt

from tests.cli.test_demo_cases import AT, EVERYBODY, district
from tests.factories import cases
from yiwang.archives import services as archives
from yiwang.archives.services.making import READER
from yiwang.cases.models import Case, Extension, Hearing, ToleranceCommitment
from yiwang.cases.policy.states import CaseState
from yiwang.cases.policy.terms import ClockKind
from yiwang.cases.queries import procedure
from yiwang.cases.queries.granted import granted_values
from yiwang.cli import demo, demo_cases, demo_desks
from yiwang.content import queries as content

__all__ = ["district"]


def test_no_desk_begins_empty(district):
    demo.prepare(enterprises=0, at=AT, progress=None)
    assert demo_cases.prepare(at=AT)
    assert demo_desks.prepare(at=AT)

    made = Case.objects.count()
    assert set(Case.objects.values_list("state", flat=True)) >= {
        CaseState.RECEIVED.value,
        CaseState.CORRECTION.value,
        CaseState.REVIEWING.value,
        CaseState.SPECIAL.value,
        CaseState.HEARING.value,
        CaseState.DECISION_PENDING.value,
        CaseState.APPROVED.value,
    }
    (asked,) = procedure.waiting_inquiries(
        by=EVERYBODY, today=AT.date(), calendar=content.workday_calendar()
    )
    (late,) = procedure.missed_clocks(by=EVERYBODY).rows
    assert (asked.department, late.kind) == ("police", ClockKind.PROMISED)
    assert Extension.objects.filter(approved=None).count() == 1
    assert Hearing.objects.get().chair_name == "负责人演示员"
    assert ToleranceCommitment.objects.get().due_on > AT.date()
    assert archives.make_due(by=READER, at=AT) >= 1
    assert Case.objects.exclude(touched_at__lte=AT).count() == 0

    changed = Case.objects.get(item_slug="company-change")
    assert granted_values(changed.number, ["change_items"]) == {
        "change_items": frozenset({"address", "scope"})
    }
    assert not demo_desks.prepare(at=AT + dt.timedelta(days=40))
    assert Case.objects.count() == made


def test_without_the_days_nothing_is_made_and_nothing_stops(district):
    assert not demo_desks.prepare(at=dt.datetime(2031, 1, 1, 9, tzinfo=cases.ZONE))
