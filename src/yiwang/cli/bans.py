"""`yiwang bans`: who may not apply again for a time, and lifting it."""

from __future__ import annotations

from dataclasses import replace

import click

from yiwang.cli.acting import actor_of, as_option, reader_of, reason_option
from yiwang.cli.output import answer, day_of, json_option, now


@click.group()
def bans() -> None:
    """Bans on applying again (限制再次申请)."""


@bans.command("list")
@click.option("--all", "everything", is_flag=True, help="Those that ended or were lifted too.")
@as_option
@json_option
def list_bans(everything: bool, login: str, as_json: bool) -> None:
    """List the bans in force where the person reads cases, newest first; names are masked."""
    from yiwang.cases.queries import bans as questions
    from yiwang.kernel.masking import mask_name

    at = now()
    by, after = reader_of(login, at=at), None
    while True:
        rows, after = questions.bans(by=by, after=after)
        for row in rows:
            if not (everything or row.in_force(day_of(at))):
                continue
            name = mask_name(row.applicant_name)
            lifted = f"  {row.lifted_on} 已解除：{row.lift_reason}" if row.lifted_on else ""
            answer(
                replace(row, applicant_name=name),
                f"{row.case_number}  {name}  {row.item_name}  至 {row.until_on}{lifted}",
                as_json=as_json,
            )
        if after is None:
            return


@bans.command()
@click.argument("number")
@as_option
@reason_option
def lift(number: str, login: str, reason: str) -> None:
    """Lift the ban that came of case NUMBER; by another person than decided it.

    Exit status 0: lifted. 2: refused; the sentence says what would put it right.
    """
    from yiwang.cases import services

    at = now()
    services.lift_ban(number=number, reason=reason, by=actor_of(login, at=at), at=at)
    click.echo(f"已解除办件 {number} 的限制。")
