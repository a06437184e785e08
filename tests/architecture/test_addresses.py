"""Every address of the program × every post, a citizen and a stranger (岗位权限逐页核对).

The table is the code: a page says who may open it, the permission table says which posts that
is. Here each page is really asked for by each of them. Pages that appear later are found by
themselves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.urls.resolvers import RegexPattern
from django.utils import timezone

from tests.factories.organisations import (
    SECURITY_ADMIN,
    applicant,
    department,
    staff,
)
from yiwang.organisations import services
from yiwang.organisations.backend import BACKEND
from yiwang.organisations.permissions import EVERYWHERE, GRANTS, Permission, Post
from yiwang.web.open_pages import OPEN_TO_ALL
from yiwang.web.views import APPLICANT, SIGNED_IN, Page

pytestmark = pytest.mark.thorough

STRANGER, CITIZEN = "stranger", "citizen"
ADMINISTRATORS = {Post.SYSTEM_ADMIN, Post.SECURITY_ADMIN, Post.AUDIT_ADMIN}

NOT_PAGES = {
    "openid_connect_login": "sends to the identity provider; tested with a real one",
    "openid_connect_callback": "comes back from it",
    "health-live": "answers whether the process lives",
    "health-ready": "answers whether it may be sent requests",
    "unknown-call": "answers an address that names no call, in the form of the HTTP interface",
    "metrics": "counts for Prometheus; its own rules are tested in tests/config",
}
"""Addresses outside the pages, each with the reason; the HTTP interface has its own table."""

OWN_RULES = {
    "accounts:code": "leads a stranger back to the first step",
    "accounts:bind": "leads a stranger back to the first step",
    "accounts:logout": "only by POST",
    "public:keep_session": "keeps a session; a stranger has none",
}
"""Open pages that answer a stranger by a rule of their own."""

SAMPLES = {"int": "1", "slug": "x", "str": "x", "uuid": "0" * 8 + "-0000-4000-8000-" + "0" * 12}
REGEX_SAMPLES = {"act": "close"}
"""What stands for a part of an address, by its type or its name; no record has such a key."""

PAGE_REFUSALS = ("您的岗位不能打开本页", "本页供申请人办理自己的事项")
"""What a page says to those it does not open for; a service that refuses says something else."""


@dataclass(frozen=True, kw_only=True)
class Address:
    """One named address."""

    name: str
    pattern: URLPattern

    @property
    def page(self) -> type[Page] | None:
        """The page behind it; None for anything else."""
        found = getattr(self.pattern.callback, "view_class", None)
        return found if isinstance(found, type) and issubclass(found, Page) else None

    def path(self) -> str:
        """The address of a record that does not exist."""
        route = self.pattern.pattern
        if isinstance(route, RegexPattern):
            parts = {name: REGEX_SAMPLES.get(name, "x") for name in route.regex.groupindex}
        else:
            parts = {name: SAMPLES[_kind(one)] for name, one in route.converters.items()}
        return reverse(self.name, kwargs=parts)


def _kind(converter: object) -> str:
    return type(converter).__name__.removesuffix("Converter").lower().replace("string", "str")


def _addresses(patterns: list[Any], namespace: str = "") -> Iterator[Address]:
    for entry in patterns:
        if isinstance(entry, URLResolver):
            inner = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
            if entry.namespace is None or not entry.namespace.startswith("api"):
                yield from _addresses(entry.url_patterns, inner)
        else:
            yield Address(name=f"{namespace}{entry.name}", pattern=entry)


def addresses() -> list[Address]:
    """All addresses that are not the HTTP interface's."""
    return list(_addresses(get_resolver().url_patterns))


def pages() -> list[Address]:
    """All addresses of pages."""
    return [one for one in addresses() if one.page is not None]


def expected(address: Address, who: str | Post) -> str:
    """Return `open`, `refused` or `sign in`."""
    assert address.page is not None
    permission = address.page.permission
    if address.name in OPEN_TO_ALL:
        return "open"
    if who == STRANGER:
        return "sign in"
    if permission is SIGNED_IN:
        return "open"
    if permission is APPLICANT:
        return "open" if who == CITIZEN else "refused"
    granted = isinstance(who, Post) and permission in GRANTS[who]
    return "open" if granted else "refused"


def answer(client: Client, method: str, path: str) -> str:
    """Return what really happens: `open` is anything but the two others."""
    response = getattr(client, method)(path)
    if response.status_code == 403 and any(
        words in response.content.decode() for words in PAGE_REFUSALS
    ):
        return "refused"
    if response.status_code == 302 and response.url.startswith("/accounts/login/"):
        return "sign in"
    return "open"


def client_of(who: str | Post) -> Client:
    """Return a browser in which `who` is signed in."""
    client = Client(raise_request_exception=False)
    if who == STRANGER:
        return client
    at = timezone.now()
    if who == CITIZEN:
        user = applicant(at=at)
    else:
        user = staff(at=at)
        place = EVERYWHERE if who in ADMINISTRATORS else department("market")
        services.grant_post(
            login=user.login,
            department=place,
            post=Post(who),
            by=SECURITY_ADMIN,
            at=at - timedelta(seconds=1),
        )
    client.force_login(user, backend=BACKEND)
    return client


def test_every_address_is_a_page_or_has_a_reason():
    nameless = [one.name for one in addresses() if one.page is None and one.name not in NOT_PAGES]

    assert nameless == []


def test_every_page_names_who_may_open_it():
    nameless = [
        one.name
        for one in pages()
        if one.name not in OPEN_TO_ALL
        and one.page.permission not in (SIGNED_IN, APPLICANT)
        and not isinstance(one.page.permission, Permission)
    ]

    assert nameless == []


def test_no_page_is_open_and_asks_for_a_permission():
    torn = [
        one.name for one in pages() if one.name in OPEN_TO_ALL and one.page.permission is not None
    ]

    assert torn == []


def test_every_permission_of_a_page_is_held_by_some_post():
    orphans = [
        one.name
        for one in pages()
        if isinstance(one.page.permission, Permission)
        and not any(one.page.permission in granted for granted in GRANTS.values())
    ]

    assert orphans == []


@pytest.mark.django_db
@pytest.mark.parametrize("who", [STRANGER, CITIZEN, *Post])
def test_each_page_opens_for_those_it_names_and_for_nobody_else(who):
    client = client_of(who)

    wrong = []
    for one in pages():
        if one.name in OWN_RULES:
            continue
        wanted = expected(one, who)
        # what may not be opened may least of all be acted on; what may is only looked at here
        method = "post" if wanted != "open" and hasattr(one.page, "post") else "get"
        found = answer(client, method, one.path())
        if found != wanted:
            wrong.append((one.name, wanted, found))

    assert wrong == []
