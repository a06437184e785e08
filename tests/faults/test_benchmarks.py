"""The benchmarks of cases and the soak run, and the soak finds what is amiss."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from bench import soak
from bench.paths import PATHS

from tests.factories import cases
from tests.faults.district import ROOT
from yiwang.cases.models import Case, CaseEvent


@pytest.mark.load
@pytest.mark.xdist_group("district")
def test_a_tiny_week_with_kills_and_a_tiny_benchmark_end_with_nothing_amiss():
    ran = subprocess.run(
        [sys.executable, "-m", "bench.tiny"],
        cwd=ROOT,
        env={
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("YIWANG_", "DATABASE_", "DJANGO_", "PYTEST_"))
        },
        text=True,
        capture_output=True,
        check=False,
    )

    assert ran.returncode == 0, ran.stdout[-4000:] + ran.stderr[-4000:]
    for words in (
        "留痕完整",
        "killed",
        "200 stored against 100",
        "submitted to sealed licence: p50",
        "replay by the worker: 150 past cases",
        "= ",
        *(f"{path}, 1 client(s)" for path in PATHS),
    ):
        assert words in ran.stdout, words


@pytest.fixture
def log(db: None) -> soak.Log:
    """What a client saw: one application that was accepted."""
    cases.district(items=False)
    cases.publish(cases.without_materials())
    case = cases.receive(idempotency_key="soak-1-0-0")
    return soak.Log(accepted={"soak-1-0-0": case.number})


def test_a_week_in_which_all_was_kept_has_nothing_amiss(log):
    assert list(soak._once_each(None, log)) == []
    assert list(soak._rows_follow_events(None, log)) == []


def test_a_lost_application_is_found(log):
    log.accepted["soak-1-0-1"] = "310114-LOST"

    assert list(soak._once_each(None, log)) == [
        "soak-1-0-1 was answered with 310114-LOST, and None is stored"
    ]


def test_a_second_case_of_one_application_is_found(log):
    second = cases.receive(idempotency_key="soak-1-0-0-again")

    assert list(soak._once_each(None, log)) == [
        f"{second.number} is stored, and nobody applied with soak-1-0-0-again"
    ]


def test_a_step_that_was_done_twice_is_found(log):
    case = Case.objects.get(number=log.accepted["soak-1-0-0"])
    for _ in range(2):
        CaseEvent.objects.create(
            case=case,
            step="accept",
            from_state="received",
            to_state="accepted",
            at=cases.FRIDAY,
            actor="user:x",
            actor_name="",
            post="",
            department="",
            reason="",
            basis="",
        )

    found = list(soak._rows_follow_events(None, log))

    assert f"{case.number}: done twice: accept" in found
    assert f"{case.number} is received, and its events lead to accepted" in found
    assert f"{case.number}: accept began at received, and the step before led to accepted" in found


def test_arrivals_follow_the_hours_of_a_week():
    week = soak.Week(began=0.0, seconds=168.0)

    assert [week.is_open(hour) for hour in (8, 9, 16, 17, 5 * 24 + 10)] == [
        False, True, True, False, False,
    ]  # fmt: skip
    assert week.hour(34.5) == 34
    assert week.share(10) == 1.0
    assert week.share(5 * 24 + 10) < week.share(9)
