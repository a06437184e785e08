"""A district of its own for a benchmark: started, looked at, called, and stopped.

The embedded database, the web processes and a worker run below a temporary folder. Processor time
is read from /proc for each of them; the clients run in processes of their own on the same machine
and are not counted, but they take their share of its cores.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class District:
    """A district that runs below `home`."""

    home: Path
    port: int
    process: subprocess.Popen[bytes]
    tokens: dict[str, str] = field(default_factory=dict)
    applicants: list[str] = field(default_factory=list)
    firm: str = ""
    """The firm that the account of the applicant leads."""

    def wait_until_ready(self, seconds: float) -> bool:
        """Wait until the district answers; return whether it does."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                address = f"http://127.0.0.1:{self.port}/health/ready"
                if urllib.request.urlopen(address, timeout=5).status == 200:
                    return True
            time.sleep(0.2)
        return False

    def groups(self) -> dict[str, list[int]]:
        """Return the processes of the district by what they do."""
        found: dict[str, list[int]] = defaultdict(list)
        mark = f"YIWANG_HOME={self.home}".encode()
        for folder in Path("/proc").iterdir():
            if not folder.name.isdecimal():
                continue
            with contextlib.suppress(OSError):
                line = (
                    (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                )
                if mark in (folder / "environ").read_bytes():
                    if "granian" in line:
                        found["web"].append(int(folder.name))
                    elif "config.main worker" in line:
                        found["worker"].append(int(folder.name))
        found["database"] = self._database()
        return found

    def _database(self) -> list[int]:
        main = int((self.home / "pg" / "data" / "postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{main}/task/{main}/children").read_text().split()
        return [main, *map(int, children)]

    def cpu_ms(self) -> dict[str, float]:
        """Return the processor time used so far by each group, ended children included."""
        return {name: sum(_cpu_ms(pid) for pid in pids) for name, pids in self.groups().items()}


def _cpu_ms(pid: int) -> float:
    try:
        parts = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(int(parts[place]) for place in (11, 12, 13, 14)) * 1_000 / TICKS


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def running(workers: int) -> Iterator[District]:
    """Start a district and stop it at the end."""
    home = Path(tempfile.mkdtemp(prefix="yiwang-bench-"))
    home.chmod(0o755)  # the unprivileged user of the database must get in
    port = free_port()
    environment = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("YIWANG_", "DATABASE_", "DJANGO_"))
    } | {
        "YIWANG_HOME": str(home),
        "YIWANG_PORT": str(port),
        "YIWANG_DEMO": "1",
        "YIWANG_DEMO_CASES": "0",
        "YIWANG_WEB_WORKERS": str(workers),
        "PYTHONPATH": str(ROOT / "src"),
    }
    with (home / "run.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "yiwang.config.main", "run", "--enterprises=300"],
            cwd=ROOT,
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        _wait(process, port, home)
        yield District(home=home, port=port, process=process)
    finally:
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=60)
        shutil.rmtree(home, ignore_errors=True)


def _wait(process: subprocess.Popen[bytes], port: int, home: Path) -> None:
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError, urllib.error.URLError):
            address = f"http://127.0.0.1:{port}/health/ready"
            if urllib.request.urlopen(address, timeout=5).status == 200:
                return
        if process.poll() is not None:
            break
        time.sleep(0.3)
    raise SystemExit("the district did not start:\n" + (home / "run.log").read_text()[-3000:])


def connect(district: District) -> None:
    """Point Django of this process at the district's database, as its superuser."""
    os.environ |= {
        "YIWANG_HOME": str(district.home),
        "YIWANG_DEMO": "1",  # the accounts that walk are invented
        "YIWANG_DEMO_CASES": "0",
        "YIWANG_EVENTS": "outbox",
        "DJANGO_SETTINGS_MODULE": "yiwang.config.settings",
    }
    from yiwang.config.embedded import EmbeddedPostgres

    os.environ["DATABASE_URL"] = EmbeddedPostgres(district.home / "pg").url("app")
    import django

    django.setup()


class Caller:
    """One kept connection per post."""

    def __init__(self, district: District) -> None:
        self.district = district
        self.connections = {
            who: http.client.HTTPConnection("127.0.0.1", district.port, timeout=60)
            for who in district.tokens
        }

    def ask(
        self, who: str, method: str, path: str, body: Mapping[str, Any] | None, key: str = ""
    ) -> tuple[int, bytes, float]:
        """Return the status, the answer and the milliseconds it took."""
        headers = {
            "Authorization": f"Bearer {self.district.tokens[who]}",
            "Content-Type": "application/json",
        }
        if key:
            headers["Idempotency-Key"] = key
        began = time.perf_counter()
        connection = self.connections[who]
        connection.request(
            method, f"/api/v1{path}", json.dumps(body) if body is not None else None, headers
        )
        answer = connection.getresponse()
        text = answer.read()
        return answer.status, text, (time.perf_counter() - began) * 1_000

    def drop(self, who: str) -> None:
        """Give a broken connection up; the next call makes another."""
        self.connections[who].close()

    def call(
        self, who: str, method: str, path: str, body: Mapping[str, Any] | None = None, key: str = ""
    ) -> tuple[Any, float]:
        """Return the answer and the milliseconds it took; a refusal stops the run."""
        status, text, took = self.ask(who, method, path, body, key)
        if status >= 300:
            raise SystemExit(f"{method} {path}: {status} {text.decode()}")
        return json.loads(text), took


def settle(district: District) -> None:
    """Wait until the worker has done what the walk left it, at most a minute."""
    from django.db import connection

    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing')"
            )
            if cursor.fetchone()[0] == 0:
                return
        time.sleep(0.2)


def pick(times: Sequence[float], share: float) -> float:
    """Return the value below which `share` of the sorted times lie."""
    return times[min(len(times) - 1, int(len(times) * share))]
