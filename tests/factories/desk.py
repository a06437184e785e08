"""Staff accounts of the invented district, signed in, on a day that stands still."""

from __future__ import annotations

import time

import pytest
from django.test import Client

from tests.factories import cases
from yiwang.organisations import services
from yiwang.organisations.models import User
from yiwang.organisations.permissions import EVERYWHERE, Actor, Post
from yiwang.web.accounts.session import SEEN
from yiwang.web.views import Page

SYSTEM = Actor(ref="user:root", posts={EVERYWHERE: frozenset({Post.SYSTEM_ADMIN})})
SECURITY = Actor(ref="user:keys", posts={EVERYWHERE: frozenset({Post.SECURITY_ADMIN})})
PASSWORD = "Correct-Horse-7"

STAFF: dict[str, tuple[str, list[tuple[str, Post]]]] = {
    "clerk": ("陈窗口", [("centre", Post.COUNTER_CLERK)]),
    "reviewer": ("李审查", [("market", Post.REVIEWER)]),
    "reviewer2": ("王审查", [("market", Post.REVIEWER)]),
    "approver": ("赵审批", [("market", Post.APPROVER)]),
    "both": ("孙兼任", [("market", Post.REVIEWER), ("market", Post.APPROVER)]),
    "head": ("周负责", [("market", Post.DEPARTMENT_HEAD)]),
    "supervisor": ("钱监管", [("market", Post.SUPERVISOR)]),
    "stranger": ("吴外人", [("housing", Post.REVIEWER), ("housing", Post.DEPARTMENT_HEAD)]),
    "leader": ("郑区长", [(EVERYWHERE, Post.DISTRICT_LEADER)]),
    "sysadmin": ("系统员", [(EVERYWHERE, Post.SYSTEM_ADMIN)]),
    "secadmin": ("安全员", [(EVERYWHERE, Post.SECURITY_ADMIN)]),
    "auditor": ("审计员", [(EVERYWHERE, Post.AUDIT_ADMIN)]),
}
"""Login -> name and posts; the same people as the actors of `tests.factories.cases`."""


def hire(*logins: str) -> None:
    """Make accounts with their posts; none named: all of them."""
    _hire({login: STAFF[login] for login in logins or STAFF})


def _hire(people: dict[str, tuple[str, list[tuple[str, Post]]]]) -> None:
    for login, (name, posts) in people.items():
        services.create_staff(login=login, name=name, password=PASSWORD, by=SYSTEM, at=cases.FRIDAY)
        User.objects.filter(login=login).update(password_changed_at=cases.FRIDAY)
        for department, post in posts:
            services.grant_post(
                login=login, department=department, post=post, by=SECURITY, at=cases.FRIDAY
            )


KEEPERS: dict[str, tuple[str, list[tuple[str, Post]]]] = {
    "owner": ("冯编写", [("market", Post.ITEM_OWNER)]),
    "owner2": ("褚编写", [("market", Post.ITEM_OWNER)]),
    "legal": ("卫法制", [("market", Post.LEGAL_OFFICER)]),
    "checker": ("蒋中心", [(EVERYWHERE, Post.ITEM_CHECKER)]),
    "headlegal": ("沈兼任", [("market", Post.DEPARTMENT_HEAD), ("market", Post.LEGAL_OFFICER)]),
    "ownerhead": ("韩兼任", [("market", Post.ITEM_OWNER), ("market", Post.DEPARTMENT_HEAD)]),
    "owner-housing": ("杨外人", [("housing", Post.ITEM_OWNER)]),
    "archivist": ("吕档案", [("market", Post.ARCHIVIST)]),
}
"""Those who keep items and archives; only tests about them hire them."""


def hire_keepers() -> None:
    """Make the accounts of those who keep items and archives."""
    _hire(KEEPERS)


def signed_in(login: str) -> Client:
    """Return a client signed in as one of the staff."""
    client = Client()
    client.force_login(User.objects.get(login=login))
    session = client.session
    session[SEEN] = time.time()
    session.save()
    return client


def make() -> None:
    """Make the district and its staff."""
    cases.easy_district()
    hire()


def make_with_keepers() -> None:
    """Make the district, its staff, and those who keep items."""
    make()
    hire_keepers()


@pytest.fixture
def desk(desk_world: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The district and its staff; every page is opened at one moment of one Friday."""
    _stop_the_clock(monkeypatch)


@pytest.fixture
def keepers(keepers_world: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The district, its staff and those who keep items, at the same moment."""
    _stop_the_clock(monkeypatch)


def _stop_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Page, "at", cases.FRIDAY)
    monkeypatch.setattr(Page, "calendar", cases.CALENDAR)
