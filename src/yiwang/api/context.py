"""Who asks, when, by which calendar; and how an answer leaves."""

from __future__ import annotations

import hashlib
import time
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import orjson
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from ninja.security import HttpBearer

from yiwang.api import own_tokens
from yiwang.cases.policy.deadlines import day_of
from yiwang.content import queries as content
from yiwang.kernel.addresses import client_address
from yiwang.kernel.devices import device
from yiwang.kernel.workdays import WorkdayCalendar
from yiwang.organisations import queries as organisations
from yiwang.organisations import scope
from yiwang.organisations.permissions import Actor
from yiwang.organisations.policy.own_tokens import OWN_TOKEN_PREFIX

KEPT_SECONDS = 5.0
"""How long a process trusts a token, and keeps the calendar, without asking the database again."""

KEPT_TOKENS = 2_000
TOKEN_LENGTH_MAX = 200

_tokens: dict[tuple[str, str], tuple[float, Actor]] = {}
_calendar: list[tuple[float, WorkdayCalendar]] = []


class Token(HttpBearer):
    """A bearer token; who it stands for acts in this request and is what the database shows to."""

    openapi_description = (
        "Of a department's program: issued by `yiwang users token` or in the back office. Of an "
        "applicant's program: made by the applicant on the page 我的令牌, for one subject and the "
        "scopes that each call names as `x-own-token-scope`."
    )

    def authenticate(self, request: HttpRequest, token: str) -> Actor | None:
        """Return the actor behind `token`, or None.

        Raises:
            PermissionRefusedError: the token of an applicant was made for something else.
            TooManyTriesError: it was used too often.
        """
        if token.startswith(OWN_TOKEN_PREFIX):
            actor = own_tokens.used_by(request, token, at=now(), ip=address_of(request))
        else:
            actor = _actor(token, ip=address_of(request))
        if actor is not None:
            actor = replace(actor, device=device(request.headers.get("User-Agent", "")))
            scope.enter(actor)
        return actor


def anybody(request: HttpRequest) -> str:
    """Let anybody ask, seeing nothing of what the caller before on this connection could see."""
    scope.leave()
    return "anybody"


def _actor(token: str, *, ip: str) -> Actor | None:
    if not token or len(token) > TOKEN_LENGTH_MAX or not token.isascii():
        return None
    kept = _tokens.get((token, ip))
    if kept is not None and time.monotonic() - kept[0] < KEPT_SECONDS:
        return kept[1]
    actor = organisations.authenticate_token(token, at=timezone.now(), ip=ip)
    if actor is None:
        _tokens.pop((token, ip), None)
        return None
    if len(_tokens) >= KEPT_TOKENS:
        _tokens.clear()
    _tokens[token, ip] = (time.monotonic(), actor)
    return actor


def address_of(request: HttpRequest) -> str:
    """Return the network address of the caller; behind the TLS proxy the one it saw."""
    return client_address(
        remote=str(request.META.get("REMOTE_ADDR", "")),
        forwarded=request.headers.get("X-Forwarded-For", ""),
        behind_proxy=settings.HTTPS,
    )


def forget() -> None:
    """Forget tokens and calendar; for tests."""
    _tokens.clear()
    _calendar.clear()


def actor(request: HttpRequest) -> Actor:
    """Return who acts."""
    found = getattr(request, "auth", None)
    if not isinstance(found, Actor):
        raise TypeError("the call is not behind a token")
    return found


def now() -> datetime:
    """Return the moment of the request."""
    return timezone.now()


def today() -> date:
    """Return the day of the request."""
    return day_of(now())


def calendar() -> WorkdayCalendar:
    """Return the working-day calendar."""
    if _calendar and time.monotonic() - _calendar[0][0] < KEPT_SECONDS:
        return _calendar[0][1]
    found = content.workday_calendar()
    _calendar[:] = [(time.monotonic(), found)]
    return found


def answer(value: Any, *, status: int = 200) -> HttpResponse:
    """Return frozen data as JSON; tests compare its form with the schema, calls do not."""
    return HttpResponse(
        orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS),
        content_type="application/json",
        status=status,
    )


def tagged(request: HttpRequest, found: HttpResponse) -> HttpResponse:
    """Return `found` with its ETag, or that the caller has it already."""
    etag = quote_etag(hashlib.sha256(found.content).hexdigest()[:32])
    found["ETag"] = etag
    found["Cache-Control"] = "no-cache"
    told = get_conditional_response(request, etag=etag, response=found)
    assert isinstance(told, HttpResponse)
    return told
