"""Accounts, posts and actors."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from yiwang.kernel.identifiers import uscc
from yiwang.organisations import queries, services
from yiwang.organisations.models import User
from yiwang.organisations.permissions import EVERYWHERE, Actor, Post
from yiwang.organisations.policy.departments import WrittenDepartment
from yiwang.organisations.policy.terms import DepartmentKind

NOON = datetime(2026, 3, 9, 4, 0, tzinfo=UTC)
TODAY = date(2026, 3, 9)
PASSWORD = "Right-horse-7"
PERSON = f"person:{'a' * 32}"
ENTITY = "entity:" + uscc.generate(department="9", kind="1", division="310114", body="XXXX0001")

SYSTEM_ADMIN = Actor(
    ref="user:system-admin", posts={EVERYWHERE: frozenset({Post.SYSTEM_ADMIN})}, ip="10.0.0.1"
)
SECURITY_ADMIN = Actor(
    ref="user:security-admin", posts={EVERYWHERE: frozenset({Post.SECURITY_ADMIN})}, ip="10.0.0.2"
)
AUDIT_ADMIN = Actor(ref="user:audit-admin", posts={EVERYWHERE: frozenset({Post.AUDIT_ADMIN})})
PROGRAM = Actor(ref="system:sign-up")
OPERATOR = Actor(
    ref="system:operator",
    posts={EVERYWHERE: frozenset({Post.SYSTEM_ADMIN, Post.SECURITY_ADMIN})},
)


def clerk_of(department: str, login: str = "clerk") -> Actor:
    """Return a counter clerk who exists only as an actor."""
    return Actor(ref=f"user:{login}", posts={department: frozenset({Post.COUNTER_CLERK})})


def department(code: str = "market", **changes: Any) -> str:
    """Make a unit in force."""
    place = sum(map(ord, code)) % 100
    values = {
        "code": code,
        "name": f"示例区{code}局",
        "short_name": code,
        "uscc": uscc.generate(
            department="1", kind="1", division="319901", body=f"XXXX08{place:02d}"
        ),
        "kind": DepartmentKind.DEPARTMENT,
        "position": 0,
        "valid_from": date(2020, 1, 1),
        "valid_until": None,
    }
    services.save_department(WrittenDepartment(**(values | changes)), by="system:test", at=NOON)
    return code


def staff(login: str = "li", **changes: Any) -> User:
    """Make a member of staff with no post."""
    arguments = {
        "login": login,
        "name": "李示例",
        "password": PASSWORD,
        "by": SYSTEM_ADMIN,
        "at": NOON,
    }
    return User.objects.get(pk=services.create_staff(**(arguments | changes)))


def staff_with(post: Post, department_code: str, login: str = "li", **changes: Any) -> User:
    """Make a member of staff who holds a post."""
    user = staff(login, **changes)
    services.grant_post(
        login=login, department=department_code, post=post, by=SECURITY_ADMIN, at=NOON
    )
    return user


def applicant(login: str = "zhang", **changes: Any) -> User:
    """Make the account of a citizen."""
    arguments = {
        "login": login,
        "password": PASSWORD,
        "phone": "",
        "subject_ref": PERSON,
        "name": "张示例",
        "by": PROGRAM,
        "at": NOON,
    }
    return User.objects.get(pk=services.create_applicant_account(**(arguments | changes)))


def actor(user: User, *, at: datetime = NOON) -> Actor:
    """Return what the account may do."""
    return queries.actor_for(user.pk, at=at)
