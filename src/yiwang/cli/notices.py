"""`yiwang notices`: telling applicants."""

from __future__ import annotations

import click

from yiwang.cli.output import answer, json_option, now


@click.group()
def notices() -> None:
    """Notices to applicants by e-mail and short message (通知)."""


@notices.command()
@json_option
def send(as_json: bool) -> None:
    """Plan what happened and send what is due, as the worker does every quarter of a minute."""
    from yiwang.cases import services as cases
    from yiwang.notices import services
    from yiwang.organisations import scope

    with scope.everything():
        planned = cases.tell_of_events(at=now())
        ended = services.send_due(at=now())
    words = "、".join(f"{state.label} {number}" for state, number in ended.items()) or "没有到期的"
    answer(
        {"planned": planned} | {state.value: number for state, number in ended.items()},
        f"新生成 {planned}；{words}",
        as_json=as_json,
    )


@notices.command()
@json_option
def failed(as_json: bool) -> None:
    """List what could not be sent, newest first.

    Exit status 0: nothing. 1: something waits for a person.
    """
    from yiwang.notices import queries
    from yiwang.organisations.permissions import EVERYWHERE, Actor, Post

    operator = Actor(ref="system:operator", posts={EVERYWHERE: frozenset({Post.SYSTEM_ADMIN})})
    rows = queries.failures(by=operator).rows
    for row in rows:
        line = (
            f"{row.id:>8}  {row.code:<14}  {row.occasion.label}  {row.state.label}  {row.problem}"
        )
        answer(row, line, as_json=as_json)
    if rows:
        raise SystemExit(1)
