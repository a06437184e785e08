"""`yiwang cases`: what is due."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import click

from yiwang.cli.output import answer, json_option, now


@click.group()
def cases() -> None:
    """Questions about cases (办件)."""


@cases.command()
@click.option("--department", required=True, help="Department code, as in the pack.")
@click.option("--within", "within_days", default=3, show_default=True, help="Calendar days ahead.")
@click.option(
    "--as-of",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Day to count from. Default: today.",
)
@json_option
def due(department: str, within_days: int, as_of: datetime | None, as_json: bool) -> None:
    """List open cases due soon, most urgent first.

    Exit status 0: nothing is late. 1: at least one case is late. 2: no such department.
    """
    from yiwang.cases import queries
    from yiwang.organisations import queries as organisations

    try:
        organisations.department(department)
    except LookupError:
        codes = "、".join(one.code for one in organisations.departments())
        raise click.UsageError(f"没有部门“{department}”，可用的有：{codes}。") from None
    today = (as_of or now().astimezone(ZoneInfo("Asia/Shanghai"))).date()
    lines = queries.due_cases(
        department_code=department, by=today + timedelta(days=within_days), as_of=today
    )
    for line in lines:
        answer(
            line,
            f"{line.promised_on}  {line.days_left:>4}  {line.number}  {line.item_name}",
            as_json=as_json,
        )
    if any(line.days_left < 0 for line in lines):
        raise SystemExit(1)
