"""`yiwang run`: from nothing to a serving district on one machine, step by step."""

from __future__ import annotations

import os

from yiwang.config import env
from yiwang.config.embedded import EmbeddedPostgres
from yiwang.config.run import (
    AT_ONCE,
    LATER,
    STANDS_BACK,
    Child,
    StartRefusedError,
    console,
    refuse_taken_port,
    step,
    supervise,
    web_command,
    worker_command,
)
from yiwang.kernel.row_scope import WHOLE_SESSION


def start(*, enterprises: int) -> None:
    """Start everything and stay until SIGINT or SIGTERM.

    Raises:
        StartRefusedError, EmbeddedServerError: with one sentence that says what to do.
        ValueError: a setting has a wrong value; nothing was done.
    """
    env.check()
    host, port = env.text("YIWANG_HOST"), env.number("YIWANG_PORT")
    refuse_taken_port(host, port)
    server = None if env.text("DATABASE_URL") else EmbeddedPostgres(env.home() / "pg")
    if server:
        with step("启动内嵌数据库"):
            server.start()
    serving = os.environ.get("DATABASE_URL") or (server.url("yiwang_web") if server else "")
    os.environ["DATABASE_URL"] = (
        server.url("yiwang_owner") if server else env.text("DATABASE_OWNER_URL") or serving
    )
    try:
        _prepare(enterprises)
    except BaseException:
        if server:
            server.stop()
        raise
    os.environ["DATABASE_URL"] = serving
    supervise(
        server,
        [
            Child("网页", web_command()),
            Child("办件后台", worker_command(*AT_ONCE), {"PGOPTIONS": WHOLE_SESSION}),
            Child("后台", worker_command(*LATER), {"PGOPTIONS": WHOLE_SESSION}, STANDS_BACK),
        ],
        lambda: _say_where(host, port),
    )


def _prepare(enterprises: int) -> None:
    import django

    django.setup()
    from django.conf import settings
    from django.db import connections
    from django.utils import timezone

    from yiwang.audit import services as audit
    from yiwang.cli import demo, demo_cases, demo_desks
    from yiwang.cli.packs import default_names
    from yiwang.config import prepare
    from yiwang.content import services as content

    at = timezone.now()
    with step("更新数据库结构"):
        prepare.migrate()
    with step(f"装入内容包 {'、'.join(default_names())}"):
        report = content.load_packs(
            root=settings.PACKS_DIR,
            extra=settings.OWN_PACKS_DIR,
            names=default_names(),
            by="system:run",
            at=at,
            apply=True,
            record=audit.record,
        )
        if report.errors:
            raise StartRefusedError("\n".join(str(error) for error in report.errors))
    if settings.DEMO:
        with step("准备演示人口、企业和账号（均为虚构）") as progress:
            demo.prepare(enterprises=enterprises, at=at, progress=progress)
        if env.flag("YIWANG_DEMO_CASES"):
            with step("准备演示办件（均为虚构）"):
                demo_cases.prepare(at=at)
                demo_desks.prepare(at=at)
    connections.close_all()


def _say_where(host: str, port: int) -> None:
    from yiwang.cli import demo

    console.print(f"\n[bold]一网已启动：[/] http://{host}:{port}/")
    if env.flag("YIWANG_DEMO"):
        for line in demo.logins():
            console.print(line)
    console.print("按 Ctrl-C 停止。")
