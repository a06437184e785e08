"""How commands answer: lines for people, or one JSON object per line for programs."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, is_dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import click
from django.utils import timezone

from yiwang.organisations.permissions import EVERYWHERE, Actor, Post


def now() -> datetime:
    """Read the clock."""
    return timezone.now()


def day_of(at: datetime) -> date:
    """Return the calendar day of `at` in China."""
    return at.astimezone(ZoneInfo("Asia/Shanghai")).date()


def operator_actor() -> Actor:
    """Return who acts from this terminal: whoever runs the machine, always in the trail.

    May make accounts and give posts, which no single account of the pages may.
    """
    return Actor(
        ref="system:operator",
        posts={EVERYWHERE: frozenset({Post.SYSTEM_ADMIN, Post.SECURITY_ADMIN})},
        name="运维人员",
    )


def json_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the option `--json`."""
    return click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")(
        command
    )


def answer(value: Any, line: str, *, as_json: bool) -> None:
    """Print `value` as JSON or `line` for people, on standard output."""
    if as_json:
        plain = asdict(value) if is_dataclass(value) and not isinstance(value, type) else value
        click.echo(json.dumps(plain, ensure_ascii=False, default=str))
    else:
        click.echo(line)
