"""The invented district behind the API, with a token per post."""

from __future__ import annotations

import datetime as dt
import itertools
import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from tests.factories import cases
from yiwang.api import context
from yiwang.organisations.models import ApiToken, PostHolding, User
from yiwang.organisations.permissions import Permission, Post
from yiwang.organisations.queries import token_hash

_count = itertools.count(1)


def token(
    login: str, *, posts: Mapping[str, Post] = {}, subject: str = "", kind: str = "staff"
) -> str:
    """Make an account with posts and a token for all of them."""
    at = timezone.now() - dt.timedelta(days=1)
    user = User.objects.create(
        login=login,
        name=f"姓名{login}",
        kind=kind,
        subject_ref=subject,
        password="!",
        password_changed_at=at,
        created_at=at,
    )
    for department, post in posts.items():
        PostHolding.objects.create(
            user=user, department=department, post=post.value, valid_from=at, granted_by="user:x"
        )
    value = f"yw_test_{login}_{next(_count)}"
    ApiToken.objects.create(
        user=user,
        hash=token_hash(value),
        purpose="测试",
        scopes=[permission.value for permission in Permission],
        issued_at=at,
        issued_by="user:x",
        expires_at=at + dt.timedelta(days=30),
    )
    return value


class Caller:
    """Calls the API with one token."""

    def __init__(self, bearer: str = "") -> None:
        self.client = Client(raise_request_exception=False)
        self.headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}

    def get(self, path: str, **query: Any) -> HttpResponse:
        return self.client.get(f"/api/v1{path}", query, headers=self.headers)

    def post(self, path: str, body: Any = None, *, key: str = "") -> HttpResponse:
        headers = self.headers | ({"Idempotency-Key": key} if key else {})
        return self.client.post(
            f"/api/v1{path}",
            json.dumps(body if body is not None else {}),
            content_type="application/json",
            headers=headers,
        )

    def put(self, path: str, body: Any) -> HttpResponse:
        return self.client.put(
            f"/api/v1{path}",
            json.dumps(body),
            content_type="application/json",
            headers=self.headers,
        )

    def delete(self, path: str) -> HttpResponse:
        return self.client.delete(f"/api/v1{path}", headers=self.headers)


@pytest.fixture
def callers(
    easy_district: None, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> Callable[[str], Caller]:
    """Return a caller per name: clerk, reviewer, approver, head, stranger, firm, nobody."""
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    monkeypatch.setattr(context, "KEPT_SECONDS", 5.0)
    context.forget()
    cache.clear()
    monkeypatch.setattr("yiwang.api.context.content.workday_calendar", lambda: cases.CALENDAR)
    monkeypatch.setattr("yiwang.api.context.timezone.now", lambda: cases.FRIDAY)
    staff = {
        "clerk": {"centre": Post.COUNTER_CLERK},
        "reviewer": {"market": Post.REVIEWER},
        "approver": {"market": Post.APPROVER},
        "head": {"market": Post.DEPARTMENT_HEAD},
        "stranger": {"housing": Post.REVIEWER},
    }
    made: dict[str, Caller] = {"nobody": Caller()}
    stamp = cases.FRIDAY - dt.timedelta(days=1)
    monkeypatch.setattr("tests.api.conftest.timezone.now", lambda: stamp + dt.timedelta(days=1))
    for login, posts in staff.items():
        made[login] = Caller(token(login, posts=posts))
    made["firm"] = Caller(token("firm", subject=cases.FIRM_REF, kind="entity"))
    return made.__getitem__
