"""`yiwang users`: accounts and posts from the terminal."""

from __future__ import annotations

from datetime import timedelta

import click

from yiwang.cli.output import now, operator_actor
from yiwang.organisations.permissions import EVERYWHERE, Permission, Post

POSTS = click.Choice([post.value for post in Post])


def _known(_context: click.Context, _parameter: click.Parameter, login: str) -> str:
    """Return `login`, or say that no account has it."""
    from yiwang.organisations import queries

    if not queries.login_taken(login):
        raise click.UsageError(f"没有登录名为“{login}”的账号，请核对。")
    return login


@click.group()
def users() -> None:
    """Make accounts and give posts; every act stands in the trail as system:operator.

    A new district begins here: one account each for the system, security and audit
    administrator, who then work on the pages.
    """


@users.command()
@click.argument("login")
@click.option("--name", required=True, help="Name as shown on pages and documents.")
@click.option("--post", "post_value", type=POSTS, help="A post to give at once.")
@click.option("--department", default=EVERYWHERE, show_default=True, help="Where the post is held.")
@click.password_option(help="First password; must be changed at the first sign-in.")
def create(login: str, name: str, post_value: str | None, department: str, password: str) -> None:
    """Make a staff account, and give it a post with --post.

    Exit status 0: made. 2: refused; the sentence says what would put it right.
    """
    from django.db import transaction

    from yiwang.organisations import services

    with transaction.atomic():
        at, by = now(), operator_actor()
        services.create_staff(login=login, name=name, password=password, by=by, at=at)
        if post_value:
            services.grant_post(
                login=login, department=department, post=Post(post_value), by=by, at=at
            )
    click.echo(f"已建立账号 {login}。")


@users.command()
@click.argument("login", callback=_known)
@click.argument("department")
@click.argument("post", type=POSTS)
def grant(login: str, department: str, post: str) -> None:
    """Give LOGIN the POST in DEPARTMENT; "*" is everywhere."""
    from yiwang.organisations import services

    services.grant_post(
        login=login, department=department, post=Post(post), by=operator_actor(), at=now()
    )
    click.echo(f"已授予 {login} 岗位“{Post(post).label}”。")


@users.command()
@click.argument("login", callback=_known)
@click.argument("department")
@click.argument("post", type=POSTS)
def revoke(login: str, department: str, post: str) -> None:
    """Take the POST in DEPARTMENT from LOGIN."""
    from yiwang.organisations import services

    services.revoke_post(
        login=login, department=department, post=Post(post), by=operator_actor(), at=now()
    )
    click.echo(f"已收回 {login} 的岗位“{Post(post).label}”。")


@users.command()
@click.argument("login", callback=_known)
@click.option("--reason", required=True, help="Why; kept in the trail.")
def close(login: str, reason: str) -> None:
    """Close an account; its past acts stay."""
    from yiwang.organisations import services

    services.close_account(login=login, reason=reason, by=operator_actor(), at=now())
    click.echo(f"已停用账号 {login}。")


@users.command()
@click.argument("login", callback=_known)
@click.option("--purpose", required=True, help="What the token is for; kept in the trail.")
@click.option(
    "--days", type=click.IntRange(1, 365), default=90, show_default=True, help="Days it is valid."
)
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice([permission.value for permission in Permission]),
    help="What it may do, of what the account may do; repeat. Default: all the account may do now.",
)
def token(login: str, purpose: str, days: int, scopes: tuple[str, ...]) -> None:
    """Issue a token with which a program acts for LOGIN; it is printed once and kept nowhere.

    Exit status 0: issued. 2: refused; the sentence says what would put it right.
    """
    from yiwang.organisations import queries, services

    at = now()
    wanted = {Permission(scope) for scope in scopes}
    if not wanted:
        wanted = queries.permissions_of(login, at=at)
    issued = services.issue_token(
        login=login,
        purpose=purpose,
        scopes=wanted,
        expires_at=at + timedelta(days=days),
        by=operator_actor(),
        at=at,
    )
    click.echo(issued.token)
    click.echo(f"令牌 {issued.id} 有效至 {issued.expires_at:%Y-%m-%d}，请妥善保存。", err=True)
