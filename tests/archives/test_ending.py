"""Nothing is destroyed before its time, under a hold, or by one person alone."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError, transaction

from tests.archives.conftest import BOTH, KEEPER, LATER
from tests.factories import cases
from yiwang.archives import queries, services
from yiwang.archives.models import ArchivePackage, Destruction, LegalHold
from yiwang.audit.models import AuditEvent
from yiwang.cases.models import Case, CaseEvent
from yiwang.documents import store
from yiwang.organisations.permissions import PermissionRefusedError

pytestmark = pytest.mark.django_db

OVER = dt.datetime(2057, 1, 1, 9, 0, tzinfo=cases.ZONE)
"""Thirty years after the New Year that followed."""


def propose(package, by=KEEPER, at=OVER, reason="保管期满"):
    return services.propose_destruction(package_id=package.id, reason=reason, by=by, at=at)


def decide(number, by=cases.HEAD, *, agreed=True, at=OVER):
    services.decide_destruction(destruction_id=number, agreed=agreed, by=by, at=at)


def hold(package, by=KEEPER):
    return services.place_hold(
        case_number=package.case_number, reason="行政诉讼未结", by=by, at=LATER
    )


def test_two_destroy_the_file_and_the_fact_stays(
    package, closed, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        decide(propose(package))

    with pytest.raises(LookupError):
        store.open(package.sha256)
    archive = queries.archive_of(closed.number, by=KEEPER)
    (end,) = archive.destructions
    assert end.certificate["sm3"] == package.sm3
    assert (end.certificate["proposed_by"], end.certificate["decided_by"]) == (
        KEEPER.ref,
        cases.HEAD.ref,
    )
    assert "只增不改" in end.certificate["kept"]
    assert archive.packages[0].state == "destroyed"
    assert CaseEvent.objects.filter(case__number=closed.number).exists()
    assert AuditEvent.objects.filter(act="archives.decide_destruction").count() == 1
    with pytest.raises(services.ArchiveRefusedError, match="已依法销毁"):
        services.read_package(package_id=package.id, by=KEEPER, at=OVER)
    Case.objects.filter(number=closed.number).update(version=99)
    with pytest.raises(services.ArchiveRefusedError, match="不能再次归档"):
        services.make_package(number=closed.number, by=KEEPER, at=OVER)


def test_a_process_that_died_before_deleting_is_made_up_for(package):
    decide(propose(package))  # the transaction of the test never commits: nothing is deleted
    assert store.open(package.sha256)

    services.sweep_destroyed(at=OVER)

    with pytest.raises(LookupError):
        store.open(package.sha256)


def test_who_disagrees_keeps_it(package):
    decide(propose(package), agreed=False)

    assert store.open(package.sha256)
    assert queries.archive_of(package.case_number, by=KEEPER).packages[0].state == "kept"
    assert propose(package)


def test_what_forbids_destruction_says_so(package):
    with pytest.raises(services.HoldRefusedError, match="2057-01-01"):
        propose(package, at=OVER - dt.timedelta(days=1))
    with pytest.raises(services.HoldRefusedError, match="写明销毁的理由"):
        propose(package, reason="  ")
    with pytest.raises(PermissionRefusedError):
        propose(package, by=cases.HEAD)
    hold(package)
    with pytest.raises(services.HoldRefusedError, match="禁止销毁期间"):
        propose(package)


def test_a_hold_placed_after_the_proposal_stops_the_decision(package):
    number = propose(package)
    hold(package)

    with pytest.raises(services.HoldRefusedError, match="禁止销毁期间"):
        decide(number)
    assert store.open(package.sha256)


def test_one_person_alone_destroys_nothing(package):
    number = propose(package, by=BOTH)

    with pytest.raises(services.HoldRefusedError, match="两个人"):
        decide(number, by=BOTH)
    with pytest.raises(PermissionRefusedError):
        decide(number, by=KEEPER)
    with pytest.raises(IntegrityError, match="takes_two"), transaction.atomic():
        Destruction.objects.filter(pk=number).update(
            agreed=False, decided_by=BOTH.ref, decided_at=OVER
        )
    decide(number)
    with pytest.raises(services.HoldRefusedError, match="已经审批过"):
        decide(number)


def test_a_permanent_package_is_never_destroyed(package):
    with pytest.raises(IntegrityError, match="permanent"), transaction.atomic():
        ArchivePackage.objects.create(
            case_number="1",
            revision=1,
            case_version=1,
            query_code="x",
            item_name="x",
            department_code="market",
            closed_on=LATER.date(),
            sha256="0" * 64,
            sm3="0" * 64,
            size=1,
            files=1,
            made_at=LATER,
            made_by="user:x",
            state="destroyed",
        )


def test_a_hold_is_lifted_by_two(package):
    number = hold(package)
    with pytest.raises(services.HoldRefusedError, match="还没有人提出解除"):
        services.lift_hold(hold_id=number, by=cases.HEAD, at=LATER)

    services.propose_lift(hold_id=number, reason="诉讼已结", by=BOTH, at=LATER)
    with pytest.raises(services.HoldRefusedError, match="两个人"):
        services.lift_hold(hold_id=number, by=BOTH, at=LATER)
    with pytest.raises(IntegrityError, match="lifted_by_two"), transaction.atomic():
        LegalHold.objects.filter(pk=number).update(lifted_by=BOTH.ref, lifted_at=LATER)
    services.lift_hold(hold_id=number, by=cases.HEAD, at=LATER)

    assert queries.is_held(package.case_number) is False
    with pytest.raises(services.HoldRefusedError, match="已经解除"):
        services.propose_lift(hold_id=number, reason="再来", by=KEEPER, at=LATER)


def test_others_do_not_even_learn_that_there_is_one(package):
    number = hold(package)

    for act in (
        lambda: queries.archive_of(package.case_number, by=cases.STRANGER),
        lambda: hold(package, by=cases.STRANGER),
        lambda: services.lift_hold(hold_id=number, by=cases.STRANGER, at=LATER),
        lambda: propose(package, by=cases.STRANGER),
        lambda: decide(10**9),
    ):
        with pytest.raises(queries.PackageNotFoundError, match="没有找到"):
            act()
