"""Web, worker and database are killed in the middle of a load: nothing accepted is lost or doubled.

`YIWANG_KILL_SECONDS` asks for a longer run than the bounded one of every test run.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field

import pytest

from tests.faults.district import ROOT, District, fresh_home, running

SECONDS = int(os.environ.get("YIWANG_KILL_SECONDS", "40"))
CLIENTS = 3
SETTLE_SECONDS = 90
APPLICANT = "entity:91310114XXXX00019T"
ITEM = "labour-dispatch-licence"

pytestmark = [pytest.mark.load, pytest.mark.xdist_group("district")]


@dataclass
class Client:
    """A program that opens cases and, when it hears nothing, asks again with the same key."""

    address: str
    token: str
    answers: dict[str, object]
    seed: int
    accepted: dict[str, str] = field(default_factory=dict)
    refusals: list[str] = field(default_factory=list)

    def work(self, until: float) -> None:
        for count in itertools.count():
            if time.monotonic() > until:
                return
            key = f"{self.seed}-{count}"
            if number := self._open(key, until + SETTLE_SECONDS):
                self.accepted[key] = number

    def _open(self, key: str, until: float) -> str:
        body = {"item": ITEM, "applicant": APPLICANT, "answers": self.answers}
        while time.monotonic() < until:
            request = urllib.request.Request(
                f"{self.address}/api/v1/cases",
                data=json.dumps(body).encode(),
                headers={
                    "Authorization": f"Bearer {self.token}",
                    "Content-Type": "application/json",
                    "Idempotency-Key": key,
                },
            )
            try:
                with urllib.request.urlopen(request, timeout=15) as answer:
                    return str(json.load(answer)["number"])
            except urllib.error.HTTPError as error:
                if error.code < 500:
                    self.refusals.append(error.read().decode())
                    return ""
            except OSError:
                pass
            time.sleep(0.2)
        return ""


def command(district: District, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith("YIWANG_")
    } | {"YIWANG_HOME": str(district.home), "YIWANG_DEMO": "1", "PYTHONPATH": str(ROOT / "src")}
    return subprocess.run(
        [sys.executable, "-m", "yiwang.config.main", *words],
        cwd=ROOT,
        env=environment,
        text=True,
        capture_output=True,
        check=False,
    )


def answers_of(district: District) -> dict[str, object]:
    """Return valid answers to the item's questions, whatever they are."""
    with urllib.request.urlopen(f"{district.address}/api/v1/items/{ITEM}") as response:
        item = json.load(response)
    return {q["id"]: answer_to(q) for q in questions(item) if not q.get("when")}


def questions(item: dict[str, object]) -> list[dict[str, object]]:
    found = list(item.get("questionnaire", []))  # type: ignore[call-overload]
    for section in item["sections"]:  # type: ignore[attr-defined]
        found += section["questions"]
    return [q for q in found if not q.get("prefill")]


def answer_to(question: dict[str, object]) -> object:
    kind = question["kind"]
    if kind == "choice":
        return question["options"][0]["value"]  # type: ignore[index]
    if kind == "choices":
        return [question["options"][0]["value"]]  # type: ignore[index]
    return {
        "number": question.get("minimum") or 1,
        "date": "2026-12-01",
        "yes_no": True,
        "phone": "14000000001",
        "uscc": "91310114XXXX00019T",
        "citizen_id": "310114198506151037",
    }.get(str(kind), "示例内容")


@pytest.mark.req("NFR-03")
def test_nothing_accepted_is_lost_or_done_twice_when_processes_are_killed():
    chance = random.Random(20261123)
    with fresh_home() as home, running(home) as district:
        issued = command(district, "users", "token", "clerk", "--purpose", "负载测试")
        assert issued.returncode == 0, issued.stderr
        answers = answers_of(district)
        until = time.monotonic() + SECONDS
        clients = [
            Client(district.address, issued.stdout.strip(), answers, seed)
            for seed in range(CLIENTS)
        ]
        threads = [threading.Thread(target=client.work, args=(until,)) for client in clients]
        for thread in threads:
            thread.start()

        kills = itertools.cycle([district.kill_web, district.kill_worker, district.kill_database])
        while time.monotonic() < until - SECONDS / 8:
            time.sleep(SECONDS / 8 * (0.7 + 0.6 * chance.random()))
            next(kills)()
            district.wait_until_ready()
        for thread in threads:
            thread.join(SECONDS + SETTLE_SECONDS)
        district.wait_until_ready()

        accepted = [number for client in clients for number in client.accepted.values()]
        assert [text for client in clients for text in client.refusals] == []
        assert accepted, district.log()[-3000:]
        assert len(set(accepted)) == len(accepted)
        with district.connect() as connection:
            stored = [row[0] for row in connection.execute("SELECT number FROM cases_case")]
            assert sorted(stored) == sorted(accepted), "lost, or written twice"
            wait_for_jobs(connection)
            births = connection.execute(
                "SELECT count(*), count(DISTINCT case_id) FROM cases_caseevent"
                " WHERE step = 'receive'"
            ).fetchone()
            assert births == (len(accepted), len(accepted))
            traced = connection.execute(
                "SELECT count(*) FROM audit_auditevent WHERE act LIKE 'cases.receive%%'"
            ).fetchone()
            assert traced == (len(accepted),)
        verified = command(district, "trail", "verify")
        assert verified.returncode == 0, verified.stdout


def wait_for_jobs(connection: object) -> None:
    deadline = time.monotonic() + SETTLE_SECONDS * 2
    while time.monotonic() < deadline:
        left = connection.execute(  # type: ignore[attr-defined]
            "SELECT count(*) FROM procrastinate_jobs j WHERE status IN ('todo', 'doing')"
            " AND NOT EXISTS (SELECT 1 FROM procrastinate_periodic_defers p WHERE p.job_id = j.id)"
        ).fetchone()[0]
        if not left:
            return
        time.sleep(0.5)
    raise AssertionError(f"{left} jobs are still not done")


def test_a_taken_port_is_said_in_one_sentence_and_ctrl_c_leaves_nothing_running():
    with fresh_home() as home, running(home) as district:
        second = command_on_port(district)

        assert second.returncode == 2
        assert "已被另一个程序占用" in second.stderr
        assert "Traceback" not in second.stderr

        assert district.stop() == 0

        assert district.processes("granian") == []
        assert district.processes("worker") == []
        assert not district.server.is_ready()
        assert "已全部停止" in district.log()


def command_on_port(district: District) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {
        "YIWANG_HOME": str(district.home.parent / "other"),
        "YIWANG_PORT": str(district.port),
        "PYTHONPATH": str(ROOT / "src"),
    }
    return subprocess.run(
        [sys.executable, "-m", "yiwang.config.main", "run"],
        cwd=ROOT,
        env=environment,
        text=True,
        capture_output=True,
        check=False,
    )
