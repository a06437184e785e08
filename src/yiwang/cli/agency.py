"""`yiwang agency`: who answers the agency window for each department."""

from __future__ import annotations

import click

from yiwang.cli.output import answer, json_option, now


@click.group()
def agency() -> None:
    """Agency window (代办窗口): the liaisons of the departments."""


@agency.command()
@click.option("--missing", is_flag=True, help="Only departments for which nobody answers.")
@json_option
def liaisons(missing: bool, as_json: bool) -> None:
    """List the departments that review cases with who answers for each.

    Exit status 0: each has somebody. 1: some have nobody, or somebody who left the post; the head
    of the department has to name one.
    """
    from yiwang.halls.queries.agency import liaison_lines

    lines = liaison_lines(at=now())
    without = [one for one in lines if not one.stands]
    for one in without if missing else lines:
        person = f"{one.name}（{one.login}） {one.since} 起" if one.login else "还没有指定"
        gone = "，已不在岗位上，请部门负责人另行指定" if one.login and not one.stands else ""
        answer(one, f"{one.department}  {one.department_name}  {person}{gone}", as_json=as_json)
    if without:
        raise SystemExit(1)
    if missing and not as_json:
        click.echo("每个部门都有联络员。")
