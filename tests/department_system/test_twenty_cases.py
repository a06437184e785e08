"""Twenty cases go through a department's own system, which is killed in the middle."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.factories import cases, exchange
from tests.faults.district import ROOT, free_port
from yiwang.cases.models import Case, CaseEvent
from yiwang.cases.policy.terms import Outcome
from yiwang.exchange import queries, services
from yiwang.exchange.models import Push, Returned
from yiwang.kernel import events

CASES = 20
SAID = 7
"""Messages that the department tells of one case."""
SETTLE_SECONDS = 180

pytestmark = [pytest.mark.load, pytest.mark.django_db(transaction=True)]


@contextlib.contextmanager
def department_system(folder: Path, config: dict[str, Any]) -> Iterator[subprocess.Popen[bytes]]:
    """Run the department's system until the end of the block, which kills it."""
    path = folder / "department.json"
    path.write_text(json.dumps(config))
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.department_system", str(path)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=10)


def wait_for(what: str, done: Callable[[], bool], meanwhile: Callable[[], object]) -> None:
    deadline = time.monotonic() + SETTLE_SECONDS
    while not done():
        assert time.monotonic() < deadline, f"{what} not after {SETTLE_SECONDS} s"
        meanwhile()
        time.sleep(0.05)


def count(database: Path, condition: str) -> int:
    if not database.exists():
        return 0
    with contextlib.closing(sqlite3.connect(database, timeout=30)) as opened:
        try:
            return int(opened.execute(f"SELECT count(*) FROM {condition}").fetchone()[0])
        except sqlite3.OperationalError:  # the system has not made its tables yet
            return 0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[], dt.datetime]:
    """A clock that runs on a Friday of long ago; calls through the API read it too."""
    began = time.time()

    def now() -> dt.datetime:
        return cases.FRIDAY + dt.timedelta(seconds=time.time() - began)

    monkeypatch.setattr("yiwang.api.context.timezone.now", now)
    monkeypatch.setattr("yiwang.api.context.content.workday_calendar", lambda: cases.CALENDAR)
    monkeypatch.setattr(events, "_transport", [events.deliver])
    return now


@pytest.mark.req("CASE-03", "CASE-05")
def test_twenty_cases_come_back_decided_though_the_system_is_killed_in_the_middle(
    live_server, clock, tmp_path, settings
):
    settings.DEMO = True
    queries.forget()
    cases.district(items=False)
    cases.publish(cases.without_materials())
    port = free_port()
    partner = exchange.register(address=f"http://127.0.0.1:{port}/cases")
    made = exchange.keys(partner).made
    database = tmp_path / "department.sqlite"
    config = {
        "port": port,
        "platform": live_server.url,
        "database": str(database),
        "checks_with": made.checks_with,
        "in_key_id": made.in_key_id,
        "signs_with": made.signs_with,
        "ahead_seconds": clock().timestamp() - time.time(),
        "pause_seconds": 0.02,
    }
    numbers = [cases.accepted().number for _ in range(CASES)]

    def push() -> int:
        return services.push_due(partner_id=partner.id, clock=clock, most=3)

    with department_system(tmp_path, config):
        wait_for("half of the work", lambda: count(database, "said WHERE status = 200") >= 60, push)
    half = Case.objects.filter(outcome=Outcome.GRANT.value).count()
    push()  # nobody is there
    with department_system(tmp_path, config):
        wait_for(
            "every decision",
            lambda: (
                Case.objects.filter(outcome=Outcome.GRANT.value).count() == CASES
                and count(database, "said WHERE status = 200") == SAID * CASES
            ),
            push,
        )

    assert half < CASES
    assert count(database, "said") == SAID * CASES
    assert count(database, "(SELECT DISTINCT number FROM arrived)") == CASES
    assert Counter(Push.objects.values_list("kind", flat=True)) == {
        "case.accepted": CASES,
        "case.closed": CASES,
    }
    assert Counter(Returned.objects.values_list("state", flat=True)) == {"applied": SAID * CASES}
    for step in ("start_review", "start_special", "end_special", "propose", "grant", "close"):
        taken = CaseEvent.objects.filter(step=step).values_list("case__number", flat=True)
        assert Counter(taken) == Counter(numbers), step
