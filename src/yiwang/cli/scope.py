"""`yiwang scope`: which permits a scope of business needs by the rules that are loaded."""

from __future__ import annotations

import dataclasses
import sys

import click
import orjson

from yiwang.cli.output import day_of, now


@click.group()
def scope() -> None:
    """Check scopes of business against the rules of the district."""


@scope.command()
@click.argument("text", required=False)
@click.option("--json", "as_json", is_flag=True, help="输出 JSON，供程序读取。")
def check(text: str | None, as_json: bool) -> None:
    """Say which permits the scope TEXT needs; without TEXT it is read from standard input.

    Exit status 0: every phrase is placed. 1: some go to a person. 2: it cannot be read.
    """
    from yiwang.kernel.errors import RefusedError
    from yiwang.registration import permits

    try:
        told = permits.permits_of(sys.stdin.read() if text is None else text, on=day_of(now()))
    except RefusedError as refusal:
        click.echo(refusal.message, err=True)
        raise SystemExit(2) from refusal
    if as_json:
        click.echo(orjson.dumps(dataclasses.asdict(told)).decode())
    else:
        for one in told.permits:
            mode = f"，{one.mode_label}" if one.mode else ""
            click.echo(
                f"需要许可\t{'、'.join(one.phrases)}\t{one.name}（{one.item}）\t{one.authority}"
                f"\t{one.stage.label}{mode}"
            )
        for phrase in told.general:
            click.echo(f"不需要许可\t{phrase}")
        for phrase, near in told.unclear:
            hint = f"\t含有：{'、'.join(near)}" if near else ""
            click.echo(f"交工作人员确认\t{phrase}{hint}")
    if told.unclear:
        raise SystemExit(1)


@scope.command()
@click.option("--json", "as_json", is_flag=True, help="输出 JSON，供程序读取。")
def unplaced(as_json: bool) -> None:
    """Count what registered scopes say and no rule places, by phrase, for whoever writes rules.

    It names no firm. Exit status 0: nothing waits. 1: something does.
    """
    from yiwang.registration.placing import waiting_counts

    found = waiting_counts()
    if as_json:
        click.echo(orjson.dumps([dataclasses.asdict(one) for one in found]).decode())
    else:
        for one in found:
            click.echo(f"{one.businesses}\t{one.phrase}")
    if found:
        raise SystemExit(1)
