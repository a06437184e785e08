"""The second wall: what the database shows to whoever acts, whatever a query forgets.

Tables with `row_security` show the serving role only the rows inside the scope of its session.
A session without a scope sees none of them. The first wall stays the services' own checks.

Three settings of the database session make a scope:
`yiwang.departments`: codes in which the actor may read cases, separated by commas;
`yiwang.subjects`: refs on whose behalf the actor may apply, and the actor's own;
`yiwang.scope`: `*` for jobs and for the few public look-ups that know a secret instead.

They live as long as the session, so a connection pool in front of the web processes must keep
sessions apart (PgBouncer: `pool_mode = session`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from yiwang.audit import services as audit
from yiwang.organisations.permissions import EVERYWHERE, Actor, Permission

ALL = "*"

Scope = tuple[str, str, str]
"""Departments, subjects and `yiwang.scope` of a session."""

NOTHING: Scope = ("", "", "")

_ATTRIBUTE = "yiwang_scope"


def enter(actor: Actor) -> None:
    """Show this session what `actor` may see, until the next `enter` or `leave`.

    What is written to the trail until then knows the actor's device and posts.
    """
    audit.acting(
        audit.Origin(
            actor=actor.ref,
            device=actor.device,
            posts={
                code: ",".join(sorted(post.value for post in held))
                for code, held in actor.posts.items()
            },
        )
    )
    codes = actor.departments(Permission.CASE_READ)
    _set(
        (
            ",".join(sorted(codes)),
            ",".join(sorted(actor.subjects | {actor.ref})),
            ALL if EVERYWHERE in codes else "",
        )
    )


def leave() -> None:
    """Show this session nothing."""
    audit.acting(None)
    _set(NOTHING)


@contextmanager
def everything() -> Iterator[None]:
    """Show everything for the length of a look-up that is allowed by what the asker knows.

    For tracking by query code and telephone, and for the public register of decisions; every use
    is a hole in the second wall and says why.
    """
    before = _current()
    _set((*before[:2], ALL))
    try:
        yield
    finally:
        if not connection.needs_rollback:
            _set(before)


def _current() -> Scope:
    connection.ensure_connection()
    known: Scope | None = getattr(connection.connection, _ATTRIBUTE, None)
    if known is not None:
        return known
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(current_setting('yiwang.departments', true), ''), "
            "coalesce(current_setting('yiwang.subjects', true), ''), "
            "coalesce(current_setting('yiwang.scope', true), '')"
        )
        departments, subjects, whole = cursor.fetchone()
    return departments, subjects, whole


def _set(scope: Scope) -> None:
    connection.ensure_connection()
    session = connection.connection
    if getattr(session, _ATTRIBUTE, None) == scope:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('yiwang.departments', %s, false), "
            "set_config('yiwang.subjects', %s, false), set_config('yiwang.scope', %s, false)",
            scope,
        )
    # inside a transaction the change may yet be undone: the next call must send it again
    setattr(session, _ATTRIBUTE, None if connection.in_atomic_block else scope)
