"""The `yiwang` command: starts the program and holds the operator's commands."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime

import click

from yiwang.cli.demo import demo
from yiwang.cli.main import operator
from yiwang.config import env
from yiwang.config.embedded import EmbeddedPostgres, EmbeddedServerError
from yiwang.kernel.row_scope import WHOLE_SESSION

NEEDS_NO_DATABASE = {"run", "settings"}


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit status: 0 done; 1 done, and something needs a person; 2 refused, with one "
    "sentence on standard error that says what would put it right.",
)
@click.version_option(package_name="yiwang")
@click.pass_context
def yiwang(context: click.Context) -> None:
    """One record on which a district serves, supervises and tracks.

    `yiwang run` starts everything on this machine. All other commands work on the same
    database, whether the program runs or not: the embedded server is started for them where
    DATABASE_URL names no other.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yiwang.config.settings")
    command = context.invoked_subcommand
    words = sys.argv[1:]
    no_database = command in NEEDS_NO_DATABASE or words[:2] == ["demo", "reset"]
    if no_database or {"-h", "--help"} & set(words):
        return
    context.with_resource(database(owner=command in {"migrate", "packs", "demo", "laws"}))
    import django

    django.setup()


@contextmanager
def database(*, owner: bool = False) -> Iterator[EmbeddedPostgres | None]:
    """Make sure the database answers, and name it to the settings.

    Args:
        owner: Connect as the role that owns the tables.
    """
    os.environ["PGOPTIONS"] = WHOLE_SESSION
    if env.text("DATABASE_URL"):
        if owner and env.text("DATABASE_OWNER_URL"):
            os.environ["DATABASE_URL"] = env.text("DATABASE_OWNER_URL")
        yield None
        return
    server = EmbeddedPostgres(env.home() / "pg")
    ours = server.start()
    os.environ["DATABASE_URL"] = server.url("yiwang_owner" if owner else "yiwang_web")
    try:
        yield server
    finally:
        os.environ.pop("DATABASE_URL")
        if ours:
            server.stop()


@yiwang.command()
@click.option("--demo/--no-demo", default=None, help="Invented people and accounts.")
@click.option(
    "--enterprises",
    type=click.IntRange(0, 300_000),
    default=2000,
    show_default=True,
    help="Firms of the demo, at most 300,000.",
)
def run(demo: bool | None, enterprises: int) -> None:
    """Start database, web and worker on this machine until Ctrl-C.

    Makes the database, brings it up to date, loads the packs and, with --demo, the invented
    population and one account per post; each is skipped where it is already there.
    """
    from yiwang.config.start import start

    if demo is not None:
        os.environ["YIWANG_DEMO"] = "1" if demo else "0"
    start(enterprises=enterprises)


@yiwang.command()
def migrate() -> None:
    """Bring the tables and the rights of the serving role up to date."""
    from yiwang.config.prepare import migrate as bring_up_to_date

    bring_up_to_date()
    click.echo("数据库结构已是最新。", err=True)


@yiwang.command()
def web() -> None:
    """Run the web server only; for machines that serve a shared database."""
    from yiwang.config.run import web_command

    os.environ.pop("PGOPTIONS")  # whoever is served sees what their scope shows
    os.execv(sys.executable, web_command())  # noqa: S606 - our own command


@yiwang.command()
@click.option("--concurrency", default=4, show_default=True, help="Jobs at the same time.")
@click.option(
    "--queues",
    default="default,documents,mail,exchange,maintenance",
    show_default=True,
    help="Queues to work on, separated by commas.",
)
def worker(concurrency: int, queues: str) -> None:
    """Run a worker: events, documents, notices, clocks.

    Where it works on the queue `maintenance`, it seals the trail too.
    """
    from procrastinate.exceptions import ConnectorException

    from yiwang.audit.services import background_sealing
    from yiwang.config.heap import settle
    from yiwang.config.working import work

    settle()
    names = queues.split(",")
    seals = "maintenance" in names
    with background_sealing(clock=lambda: datetime.now(UTC)) if seals else nullcontext():
        try:
            work(queues=names, concurrency=concurrency)
        except ConnectorException as error:
            raise click.ClickException(f"数据库没有应答，后台任务停止：{error}") from error


@yiwang.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")
@click.option("--markdown", is_flag=True, help="As docs/reference/settings.md.")
def settings(as_json: bool, markdown: bool) -> None:
    """List every setting with its default and meaning; values are not shown."""
    import json

    if markdown:
        click.echo(env.markdown(), nl=False)
        return
    for setting in env.SETTINGS.values():
        if as_json:
            click.echo(
                json.dumps(
                    {
                        "name": setting.name,
                        "default": setting.default,
                        "meaning": setting.meaning,
                        "secret": setting.secret,
                    },
                    ensure_ascii=False,
                )
            )
        else:
            click.echo(f"{setting.name}（默认：{setting.default or '—'}）\n    {setting.meaning}")


@click.command("reset")
@click.option("--yes", is_flag=True, help="Do not ask.")
def demo_reset(yes: bool) -> None:
    """Throw the demo's embedded database, files and keys away.

    Exit status 0: gone. 1: not confirmed. 2: refused: it runs, or the database is elsewhere.
    """
    import shutil

    server = EmbeddedPostgres(env.home() / "pg")
    if env.text("DATABASE_URL"):
        raise click.UsageError("DATABASE_URL 指向别处的数据库，本命令只清空内嵌的演示数据库。")
    if server.data.exists() and server.is_ready():
        raise click.UsageError("程序正在运行，请先按 Ctrl-C 停止，再清空。")
    if not yes:
        click.confirm(f"将删除 {env.home()} 中的演示数据库、文件和密钥，确定吗？", abort=True)
    for name in ("pg", "files", "keys", "secrets", "metrics"):
        shutil.rmtree(env.home() / name, ignore_errors=True)
    click.echo("已清空，下次 make run 会重新准备。")


for _command in operator.commands.values():
    yiwang.add_command(_command)
demo.add_command(demo_reset)


def main() -> None:
    """Run the command; refusals become one sentence and exit status 2."""
    from django.db import DatabaseError

    from yiwang.config.run import StartRefusedError
    from yiwang.kernel.errors import RefusedError

    try:
        yiwang(standalone_mode=True)
    except (EmbeddedServerError, StartRefusedError, RefusedError) as refusal:
        click.echo(str(refusal), err=True)
        raise SystemExit(2) from refusal
    except ValueError as mistake:
        if not str(mistake).startswith("YIWANG_"):
            raise
        click.echo(str(mistake), err=True)  # a setting with a wrong value
        raise SystemExit(2) from mistake
    except DatabaseError as error:
        sentence = _DATABASE.get(type(error.__cause__).__name__)
        if sentence is None:
            raise
        click.echo(sentence, err=True)
        raise SystemExit(2) from error


_DATABASE = {
    "UndefinedTable": "数据库里还没有表，请先运行 yiwang migrate（演示环境运行 make run）再试。",
    "InsufficientPrivilege": "数据库账号没有相应的权限，请用 yiwang migrate 更新权限后再试。",
    "OperationalError": "连接不上数据库，请核对 DATABASE_URL，并确认数据库正在运行。",
}
"""Name of the database's error -> what puts it right."""


if __name__ == "__main__":
    main()
