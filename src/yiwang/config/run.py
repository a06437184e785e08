"""Everything of one machine as children of one process: database, web, worker.

A child that dies is started again; Ctrl-C stops web and worker first, the database last.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console

from yiwang.config import env
from yiwang.config.embedded import EmbeddedPostgres

STOP_SECONDS = 20
"""How long a child may take to finish what it does before it is killed."""

READY_SECONDS = 300
"""How long pages may take to answer at the start; on a small, busy machine more than a minute."""

RESTART_PAUSE_SECONDS = 1.0

console = Console(stderr=True, highlight=False)


class StartRefusedError(Exception):
    """The program cannot start; the message says what would put it right."""


@contextmanager
def step(title: str) -> Iterator[Callable[[str, int, int], None]]:
    """Show that `title` has begun, and how many seconds it took.

    Yields:
        What to call with a stage, rows done and rows in all, to show how far it is.
    """
    began = time.monotonic()
    with console.status(f"{title}…") as status:
        if not console.is_terminal:
            console.print(f"… {title}")

        def progress(stage: str, done: int, total: int) -> None:
            bar = "█" * round(20 * done / max(total, 1))
            status.update(f"{title}…{stage} {bar:░<20} {done:,}/{total:,}")

        yield progress
    console.print(f"[green]✓[/] {title}（{time.monotonic() - began:.1f} 秒）")


def refuse_taken_port(host: str, port: int) -> None:
    """Raise StartRefusedError when another program listens on `host`:`port`."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except PermissionError as error:
            raise StartRefusedError(
                f"没有权限使用端口 {port}：请用 YIWANG_PORT 换一个 1024 以上的端口。"
            ) from error
        except OSError as error:
            raise StartRefusedError(
                f"端口 {port} 已被另一个程序占用：请先停止它，或换一个端口，"
                f"例如 YIWANG_PORT={port + 1} make run。"
            ) from error


@dataclass
class Child:
    """One process that is kept running.

    Attributes:
        name: What it is called where it is told of.
        command: Its command line.
        environment: What it is told beside the environment of this process.
        nice: How far it stands back where others want the processor, 0..19.
    """

    name: str
    command: list[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    nice: int = 0
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def start(self) -> None:
        """Start it in a session of its own; it ends when this process ends."""
        self.process = subprocess.Popen(
            self.command,
            env=os.environ | self.environment,
            start_new_session=True,
            preexec_fn=self._begin,
        )

    def _begin(self) -> None:
        _die_with_parent()
        os.nice(self.nice)

    def has_died(self) -> bool:
        """Tell whether it was started and is gone."""
        return self.process is not None and self.process.poll() is not None

    def ask_to_stop(self) -> None:
        """Ask it to finish what it does and end."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)

    def wait(self, seconds: float) -> None:
        """Wait for its end; kill its session after `seconds`."""
        if self.process is None:
            return
        try:
            self.process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def _die_with_parent() -> None:
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGTERM)


def web_command() -> list[str]:
    """Return the command line of the web server of this machine.

    Its processes share a fresh folder for their figures, which the environment names.
    """
    figures = env.home() / "metrics"
    shutil.rmtree(figures, ignore_errors=True)
    figures.mkdir(parents=True)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(figures)
    return [
        sys.executable, "-m", "granian", "--interface", "wsgi",
        "--host", env.text("YIWANG_HOST"), "--port", env.text("YIWANG_PORT"),
        "--workers", str(env.number("YIWANG_WEB_WORKERS")),
        "--blocking-threads", str(env.number("YIWANG_WEB_THREADS")),
        "--no-ws", "--respawn-failed-workers", "--log-level", "warning",
        "yiwang.config.wsgi:application",
    ]  # fmt: skip


AT_ONCE = ("default",)
"""Queues of what people wait for: events, licences that rules granted."""

LATER = ("documents", "mail", "exchange", "maintenance")
"""All other queues; in a process of its own, so that a wave of notices holds no licence up."""

STANDS_BACK = 10
"""How nice the process of `LATER` is: whoever waits before a page goes first."""


def worker_command(*queues: str) -> list[str]:
    """Return the command line of a worker of this machine that takes jobs from `queues`."""
    return [sys.executable, "-m", "yiwang.config.main", "worker", "--queues", ",".join(queues)]


def wait_until_ready(address: str, seconds: float, children: list[Child]) -> None:
    """Return when `address` answers 200.

    Raises:
        StartRefusedError: it does not within `seconds`, or a child ended.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        for child in children:
            if child.has_died():
                raise StartRefusedError(f"{child.name}进程启动后退出，原因见上方输出。")
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:  # noqa: S310 - our own address
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            pass
        time.sleep(0.2)
    raise StartRefusedError(f"网页服务在 {seconds:.0f} 秒内没有应答：{address}")


def supervise(
    server: EmbeddedPostgres | None, children: list[Child], ready: Callable[[], None]
) -> None:
    """Keep `children` (and the embedded `server`) running until SIGINT or SIGTERM."""
    stopping = False

    def stop(_number: int, _frame: object) -> None:
        nonlocal stopping
        stopping = True

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    try:
        for child in children:
            child.start()
        with step("等待网页服务应答"):
            wait_until_ready(
                f"http://{env.text('YIWANG_HOST')}:{env.text('YIWANG_PORT')}/health/ready",
                READY_SECONDS,
                children,
            )
        ready()
        while not stopping:
            time.sleep(0.3)
            _revive(server, children)
    finally:
        console.print("正在停止…")
        for child in children:
            child.ask_to_stop()
        for child in children:
            child.wait(STOP_SECONDS)
        if server:
            server.stop()
        console.print("已全部停止。")


def _revive(server: EmbeddedPostgres | None, children: list[Child]) -> None:
    if server and not _lives(server) and not server.is_ready():
        console.print("[yellow]数据库进程意外退出，正在恢复…[/]")
        server.start()
    for child in children:
        if child.has_died():
            console.print(f"[yellow]{child.name}进程意外退出，正在重新启动…[/]")
            time.sleep(RESTART_PAUSE_SECONDS)
            child.start()


def _lives(server: EmbeddedPostgres) -> bool:
    """Tell cheaply whether the postmaster is there; a zombie counts as gone."""
    for pid in server.process_ids():
        try:
            with open(f"/proc/{pid}/stat") as stat:  # noqa: PTH123
                return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
        except FileNotFoundError:
            return False
    return False
