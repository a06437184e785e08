"""Questions about departments, accounts and posts."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db.models import Q

from yiwang.organisations.models import (
    ApiToken,
    Authorisation,
    Department,
    PostHolding,
    PowerConcentration,
    User,
)
from yiwang.organisations.permissions import EVERYWHERE, GRANTS, Actor, Permission, Post
from yiwang.organisations.policy.terms import DepartmentKind, UserKind

ZONE = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, kw_only=True)
class DepartmentView:
    """One unit."""

    code: str
    name: str
    short_name: str
    uscc: str
    kind: DepartmentKind


@dataclass(frozen=True, kw_only=True)
class StaffView:
    """One member of staff."""

    login: str
    name: str


def day_of(at: datetime) -> date:
    """Return the calendar day of `at` in China."""
    return at.astimezone(ZONE).date()


def department(code: str) -> DepartmentView:
    """Return one unit, in force or not.

    Raises:
        LookupError: no unit has that code.
    """
    row = Department.objects.filter(code=code).first()
    if row is None:
        raise LookupError(f"no department {code}")
    return _department(row)


def departments(
    *, on: date | None = None, kind: DepartmentKind | None = None
) -> list[DepartmentView]:
    """List units in the order of the pack; `on` keeps those in force that day."""
    rows = Department.objects.order_by("position", "code")
    if on is not None:
        rows = rows.on(on)
    if kind is not None:
        rows = rows.filter(kind=kind.value)
    return [_department(row) for row in rows]


def deciding_department(code: str, *, on: date) -> str:
    """Return the code of the unit that decides and seals the items of `code` that day."""
    row = (
        PowerConcentration.objects.on(on)
        .filter(department=code)
        .order_by("-valid_from")
        .values_list("deciding", flat=True)
        .first()
    )
    return row or code


def actor_for(user_id: int, *, at: datetime, ip: str = "") -> Actor:
    """Return what the account may do at `at`; two queries.

    Staff get their posts and those delegated to them; applicants get the subjects they may
    apply for.

    Raises:
        LookupError: there is no such account, or it may not sign in.
    """
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None:
        raise LookupError(f"no account {user_id}")
    return _actor(user, at=at, ip=ip)


def staff_with(permission: Permission, *, department: str, at: datetime) -> list[StaffView]:
    """List who may do `permission` in `department` at `at`, deputies included, by login."""
    posts = [post.value for post, granted in GRANTS.items() if permission in granted]
    held = (
        PostHolding.objects.at(at)
        .filter(post__in=posts, department__in=[department, EVERYWHERE])
        .values_list("pk", flat=True)
    )
    day = day_of(at)
    users = (
        User.objects.filter(
            Q(holdings__in=held)
            | Q(
                delegations__holding__in=held,
                delegations__valid_from__lte=day,
                delegations__valid_until__gt=day,
            ),
            is_active=True,
        )
        .order_by("login")
        .distinct()
    )
    return [StaffView(login=user.login, name=user.name) for user in users]


def authenticate_token(token: str, *, at: datetime, ip: str = "") -> Actor | None:
    """Return the actor behind an API token, its posts narrowed to the token's scopes."""
    row = (
        ApiToken.objects.select_related("user")
        .filter(
            hash=token_hash(token),
            expires_at__gt=at,
            revoked_at__isnull=True,
            user__is_active=True,
        )
        .first()
    )
    if row is None:
        return None
    scopes = frozenset(Permission(scope) for scope in row.scopes)
    return _actor(row.user, at=at, ip=ip, scopes=scopes)


def token_hash(token: str) -> str:
    """Return what is kept of a token; it is random, so a plain hash suffices."""
    return hashlib.sha256(token.encode()).hexdigest()


def _actor(
    user: User, *, at: datetime, ip: str, scopes: frozenset[Permission] | None = None
) -> Actor:
    day = day_of(at)
    posts: dict[str, set[Post]] = defaultdict(set)
    subjects: set[str] = set()
    if user.kind == UserKind.STAFF:
        held = (
            PostHolding.objects.at(at)
            .filter(
                Q(user=user)
                | Q(
                    delegations__deputy=user,
                    delegations__valid_from__lte=day,
                    delegations__valid_until__gt=day,
                )
            )
            .values_list("department", "post")
        )
        for code, post in held:
            posts[code].add(Post(post))
    else:
        subjects.add(user.subject_ref)
        subjects.update(
            Authorisation.objects.on(day).filter(user=user).values_list("subject_ref", flat=True)
        )
    return Actor(
        ref=user.ref,
        posts={code: frozenset(held) for code, held in posts.items()},
        subjects=frozenset(subjects),
        name=user.name,
        ip=ip,
        scopes=scopes,
    )


def _department(row: Department) -> DepartmentView:
    return DepartmentView(
        code=row.code,
        name=row.name,
        short_name=row.short_name,
        uscc=row.uscc,
        kind=DepartmentKind(row.kind),
    )
