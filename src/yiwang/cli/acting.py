"""Who a command acts for: a person with an account, whose posts decide what is allowed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import click

from yiwang.organisations.permissions import Actor, Permission, PermissionRefusedError

TERMINAL = "terminal"
"""Stands in the trail where an act on a page has the address it came from."""


def as_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the option `--as`."""
    return click.option(
        "--as", "login", required=True, help="Login of who acts; their posts must allow it."
    )(command)


def reason_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the option `--reason`."""
    return click.option("--reason", required=True, help="Why; kept with the act.")(command)


def actor_of(login: str, *, at: datetime) -> Actor:
    """Return the person with that login, as they may act at `at`.

    Raises:
        click.UsageError: no open account has that login.
    """
    from yiwang.organisations import queries

    try:
        return replace(queries.actor_of(login, at=at), ip=TERMINAL)
    except LookupError:
        raise click.UsageError(f"没有登录名为“{login}”的在用账号，请核对。") from None


def reader_of(login: str, *, at: datetime) -> Actor:
    """Return the person with that login, who reads cases somewhere.

    Raises:
        click.UsageError: no open account has that login.
        PermissionRefusedError: the person reads no cases.
    """
    by = actor_of(login, at=at)
    if not by.may_somewhere(Permission.CASE_READ):
        raise PermissionRefusedError(
            f"“{login}”没有“{Permission.CASE_READ.label}”的权限，请换用有此权限的账号。"
        )
    return by
