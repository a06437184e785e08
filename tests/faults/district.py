"""A whole district in processes of its own, to be killed piece by piece."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg

from yiwang.config.embedded import EmbeddedPostgres

ROOT = Path(__file__).resolve().parents[2]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class District:
    """A running `yiwang run` on a folder and port of its own."""

    home: Path
    port: int
    process: subprocess.Popen[bytes]

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def server(self) -> EmbeddedPostgres:
        return EmbeddedPostgres(self.home / "pg")

    def connect(self) -> psycopg.Connection:
        """Connect as the superuser: the tests look behind the program's back."""
        return psycopg.connect(self.server.url("app"), autocommit=True)

    def log(self) -> str:
        return (self.home / "run.log").read_text(errors="replace")

    def is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.address}/health/ready", timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False

    def wait_until_ready(self, seconds: float = 240) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.is_ready():
                return
            assert self.process.poll() is None, self.log()[-3000:]
            time.sleep(0.2)
        raise AssertionError(f"not ready after {seconds} s:\n{self.log()[-3000:]}")

    def processes(self, word: str) -> list[int]:
        """Return the processes of this district whose command line holds `word`."""
        found = []
        for folder in Path("/proc").iterdir():
            if not folder.name.isdecimal():
                continue
            with contextlib.suppress(OSError):
                line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                variables = (folder / "environ").read_bytes()
                if word in line and f"YIWANG_HOME={self.home}".encode() in variables:
                    found.append(int(folder.name))
        return sorted(found)

    def kill_web(self) -> None:
        """Kill every web process at once."""
        self._kill(self.processes("granian"))

    def kill_worker(self) -> None:
        self._kill(self.processes("yiwang.config.main worker"))

    def kill_database(self) -> None:
        """Kill the postmaster and every server process."""
        (main,) = self.server.process_ids()
        children = subprocess.run(
            ["ps", "--ppid", str(main), "-o", "pid="], text=True, capture_output=True, check=False
        ).stdout.split()
        self._kill([main, *map(int, children)])

    def _kill(self, pids: list[int]) -> None:
        assert pids
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def stop(self) -> int:
        """Press Ctrl-C and return the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            return self.process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            raise


@contextlib.contextmanager
def fresh_home() -> Iterator[Path]:
    """Make a folder that the database's unprivileged user can enter; pytest's own it cannot."""
    with tempfile.TemporaryDirectory(prefix="yiwang-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@contextlib.contextmanager
def running(home: Path, *, enterprises: int = 50, **variables: str) -> Iterator[District]:
    """Start a district below `home` and stop it at the end."""
    port = free_port()
    environment = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("YIWANG_", "DATABASE_", "DJANGO_", "PYTEST_"))
    }
    environment |= {
        "YIWANG_HOME": str(home),
        "YIWANG_PORT": str(port),
        "YIWANG_DEMO": "1",
        "YIWANG_DEMO_CASES": "0",
        "YIWANG_LOG_FORMAT": "console",
        "PYTHONPATH": str(ROOT / "src"),
    } | variables
    with (home / "run.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "yiwang.config.main", "run", f"--enterprises={enterprises}"],
            cwd=ROOT,
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    district = District(home=home, port=port, process=process)
    try:
        district.wait_until_ready()
        yield district
    finally:
        with contextlib.suppress(subprocess.TimeoutExpired):
            district.stop()
        if district.server.process_ids():
            district.server.stop()
