"""Twenty cases go through a department's own system, which is killed in the middle."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.district import ROOT, District, free_port, fresh_home, running
from tests.faults.test_kill import answer_to, command, questions

CASES = 20
SETTLE_SECONDS = 240
APPLICANT = "entity:91310114XXXX00019T"
ITEM = "publication-retail"
DEPARTMENT = "press"

pytestmark = [pytest.mark.load, pytest.mark.xdist_group("district")]


class Api:
    """Calls the platform as somebody."""

    def __init__(self, district: District, login: str) -> None:
        issued = command(district, "users", "token", login, "--purpose", "对接测试")
        assert issued.returncode == 0, issued.stderr
        self.address, self.token = district.address, issued.stdout.strip()

    def __call__(self, path: str, body: Any = None, **headers: str) -> Any:
        request = urllib.request.Request(
            f"{self.address}/api/v1{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Authorization": f"Bearer {self.token}",
                "Content-Type": "application/json",
            }
            | {name.replace("_", "-"): value for name, value in headers.items()},
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise AssertionError(error.read().decode()) from None


@contextlib.contextmanager
def department_system(folder: Path, config: dict[str, Any]) -> Iterator[subprocess.Popen[bytes]]:
    """Run the department's system until the end of the block."""
    path = folder / "department.json"
    path.write_text(json.dumps(config))
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.department_system", str(path)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"},
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL)
        process.wait(timeout=10)


def wait_for(what: str, done: Callable[[], bool], seconds: float = SETTLE_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, f"{what} not after {seconds} s"
        time.sleep(0.2)


def count(database: Path, condition: str) -> int:
    with sqlite3.connect(database, timeout=30) as opened:
        return int(opened.execute(f"SELECT count(*) FROM {condition}").fetchone()[0])


def connected(district: District, port: int) -> dict[str, Any]:
    """Connect the department's system and return its configuration."""
    made = command(
        district,
        "gateway",
        "register",
        "press-main",
        "--name=新闻出版业务系统",
        f"--department={DEPARTMENT}",
        f"--address=http://127.0.0.1:{port}/cases",
    )
    assert made.returncode == 0, made.stderr
    target = district.home / "keys.json"
    assert command(district, "gateway", "keys", "press-main", f"--to={target}").returncode == 0
    keys = json.loads(target.read_text())
    target.unlink()
    return keys | {
        "port": port,
        "platform": district.address,
        "database": str(district.home / "department.sqlite"),
        "pause_seconds": 0.05,
    }


def answers_of(district: District) -> dict[str, object]:
    with urllib.request.urlopen(f"{district.address}/api/v1/items/{ITEM}") as response:
        item = json.load(response)
    return {q["id"]: answer_to(q) for q in questions(item) if not q.get("when")}


@pytest.mark.req("CASE-03", "CASE-05")
def test_twenty_cases_come_back_decided_though_the_system_is_killed_in_the_middle():
    with fresh_home() as home, running(home) as district:
        config = connected(district, free_port())
        database = Path(config["database"])
        clerk = Api(district, "clerk")
        answers = answers_of(district)
        numbers = []
        with department_system(home, config) as system:
            for place in range(CASES):
                body = {"item": ITEM, "applicant": APPLICANT, "answers": answers}
                case = clerk("/cases", body, Idempotency_Key=f"dept-{place}")
                clerk(f"/cases/{case['number']}/acceptance", {})
                numbers.append(case["number"])
            wait_for(
                "half of the work",
                lambda: database.exists() and count(database, "said WHERE status = 200") >= 30,
            )
            os.kill(system.pid, signal.SIGKILL)
        time.sleep(3)
        with department_system(home, config), district.connect() as connection:

            def decided() -> bool:
                states = connection.execute(
                    "SELECT count(*) FROM cases_case WHERE outcome = 'grant'"
                )
                return states.fetchone()[0] == CASES

            wait_for("all decisions", decided)
            steps = connection.execute(
                "SELECT c.number, e.step, count(*) FROM cases_caseevent e "
                "JOIN cases_case c ON c.id = e.case_id GROUP BY 1, 2"
            ).fetchall()
            pushes = connection.execute(
                "SELECT state, count(*) FROM exchange_push WHERE kind = 'case.accepted' GROUP BY 1"
            ).fetchall()
            back = connection.execute(
                "SELECT state, count(*) FROM exchange_returned GROUP BY 1"
            ).fetchall()
        assert count(database, "said WHERE status <> 200") == 0
        assert count(database, "said") == 4 * CASES
        assert count(database, "(SELECT DISTINCT number FROM arrived)") == CASES

    assert pushes == [("delivered", CASES)]
    assert back == [("applied", 4 * CASES)]
    for step in ("start_review", "propose", "grant"):
        found = {number: times for number, one, times in steps if one == step}
        assert found == dict.fromkeys(numbers, 1), step
