"""`yiwang trail`: the append-only trail."""

from __future__ import annotations

from typing import TextIO

import click

from yiwang.cli.output import answer, json_option, now, operator_actor


@click.group()
def trail() -> None:
    """Verify, seal and read the trail (全过程留痕)."""


@trail.command()
@click.option(
    "--against",
    "kept",
    multiple=True,
    type=click.File(encoding="utf-8"),
    help="A checkpoint kept elsewhere, as /trail/checkpoint gives it; may be repeated.",
)
@json_option
def verify(kept: tuple[TextIO, ...], as_json: bool) -> None:
    """Hash every row again and compare with leaves, tree and signed checkpoints.

    Only checkpoints kept outside the database show that somebody with all rights rebuilt the
    trail or cut off its end: fetch /trail/checkpoint now and then, and give the files here.

    Exit status 0: whole. 1: broken; the first broken link is named. 2: a file is no checkpoint.
    """
    from yiwang.audit import services

    report = services.verify(witnessed=[file.read() for file in kept])
    if report.ok:
        line = f"留痕完整：{report.rows} 条，其中 {report.sealed} 条已封存。"
    else:
        line = f"留痕已被改动，第一处：{report.first_broken}"
    answer(report, line, as_json=as_json)
    if not report.ok:
        raise SystemExit(1)


@trail.command()
def seal() -> None:
    """Seal what is not yet sealed; the worker does this by itself."""
    from yiwang.audit import services

    count = services.seal(at=now())
    click.echo(f"已封存 {count} 条。")


@trail.command()
@json_option
def watch(as_json: bool) -> None:
    """Look at reads since the last run and raise alarms; the worker does this every 5 minutes."""
    from yiwang.organisations.services.watching import watch_reads

    raised = watch_reads(by=operator_actor(), at=now())
    for one in raised:
        words = f"{one.day}  {one.kind.label}  {one.subject}  {one.reads}次（{one.rule}）"
        answer(one, words, as_json=as_json)
    if not raised and not as_json:
        click.echo("没有新的查看告警。")


@trail.command("list")
@click.option("--target", help="Ref of the record, for example case:….")
@click.option("--actor", help="Who acted, for example user:….")
@click.option("--act", help="Act, for example cases.accept.")
@click.option("--limit", default=50, show_default=True, help="Rows, newest first, at most 100.")
@json_option
def list_rows(
    target: str | None, actor: str | None, act: str | None, limit: int, as_json: bool
) -> None:
    """Print rows of the trail, newest first."""
    from yiwang.audit import queries

    for row in queries.trail(target=target, actor=actor, act=act, limit=limit):
        answer(
            row,
            f"{row.at:%Y-%m-%d %H:%M:%S}  {row.actor:<24} {row.act:<28} {row.target}",
            as_json=as_json,
        )
