"""The second wall: what the serving role is shown, whatever a query forgets."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection

from tests.factories import automatic, cases
from yiwang.cases.models import Case
from yiwang.cases.models.automatic import AutoRun
from yiwang.cases.policy.states import CaseState
from yiwang.cases.queries import automatic as queries
from yiwang.cases.services import checks
from yiwang.config import prepare
from yiwang.organisations import scope
from yiwang.organisations.permissions import EVERYWHERE, Actor, Post
from yiwang.registers.cast import demo_cast
from yiwang.registers.models import Person

NOON = dt.datetime(2026, 3, 9, 4, tzinfo=dt.UTC)
CLERK = Actor(ref="user:clerk", posts={"centre": frozenset({Post.COUNTER_CLERK})})
SYSTEM_ADMIN = Actor(ref="user:admin", posts={EVERYWHERE: frozenset({Post.SYSTEM_ADMIN})})


@contextmanager
def serving_role() -> Iterator[None]:
    prepare.grant()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE yiwang_web")
        try:
            yield
        finally:
            cursor.execute("RESET ROLE")


def seen() -> set[str]:
    return {f"person:{person.pk.hex}" for person in Person.objects.all()}


@pytest.fixture
def cast(db, settings):
    settings.DEMO = True
    return demo_cast(at=NOON)


def test_a_session_without_a_scope_sees_nobody(cast):
    with serving_role():
        scope.leave()

        assert seen() == set()


def test_a_citizen_sees_their_own_record_only(cast):
    elder, youth = cast.persons["elder"].ref, cast.persons["youth"].ref
    with serving_role():
        scope.enter(Actor(ref="user:elder", subjects=frozenset({elder})))

        assert seen() == {elder}
        assert youth not in seen()


def test_staff_that_read_cases_see_persons_and_administrators_do_not(cast):
    with serving_role():
        scope.enter(CLERK)
        assert len(seen()) == len(cast.persons)

        scope.enter(SYSTEM_ADMIN)
        assert seen() == set()


def test_a_look_up_by_a_secret_ends_where_it_began(cast):
    with serving_role():
        scope.leave()
        with scope.everything():
            assert len(seen()) == len(cast.persons)

        assert seen() == set()


def test_every_table_of_persons_cases_and_files_has_its_condition():
    assert {"cases_case", "registers_person", "documents_upload"} <= {
        table for table, _ in prepare.row_security()
    }


def test_rules_decide_for_a_citizen_who_cannot_see_runs(db):
    cases.district()
    automatic.card_type()
    cases.publish(automatic.senior())
    elder = automatic.elder()
    by = automatic.for_herself(elder)
    undo = checks.put_in_place(automatic.Register())
    try:
        with serving_role():
            scope.enter(by)
            wanted = automatic.submit(elder, by_person=True, key="person")
            granted = automatic.submit(elder, kind="lost", key="rules")
            first = automatic.submit(elder, key="first")
            seen_runs = AutoRun.objects.count()
            told = queries.automatic(first.number, by=by)
    finally:
        undo()

    assert wanted.state is CaseState.RECEIVED
    assert granted.state is CaseState.RECEIVED  # she has no card to replace
    assert first.state is CaseState.CLOSED
    assert seen_runs == 0
    assert told is not None
    assert told.granted


def test_whoever_adds_something_has_the_case_archived_again_without_seeing_it(db):
    cases.district(items=False)
    cases.publish(cases.without_materials())
    case = Case.objects.get(number=cases.closed().number)
    Case.objects.update(archived_version=case.version)
    with serving_role():
        scope.leave()
        assert not Case.objects.exists()
        with connection.cursor() as cursor:
            cursor.execute("SELECT cases_archive_again(%s)", [case.pk])

    assert Case.objects.get().archived_version == 0
