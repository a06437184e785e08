"""Opening, keeping and ending sessions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from allauth.usersessions.models import UserSession
from django.contrib import auth
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.http import url_has_allowed_host_and_scheme

from yiwang.organisations.backend import BACKEND, SessionBackend
from yiwang.organisations.permissions import Actor
from yiwang.web import kept, navigation

SEEN = "seen_at"
MUST_CHANGE = "must_change_password"
PENDING = "pending_sign_in"
PROVED = "proved_at"
PENDING_TIME = timedelta(minutes=10)
"""How long a right password waits for the second step."""


@dataclass(frozen=True, kw_only=True)
class Pending:
    """A password was right; the second step is missing.

    Attributes:
        user_id: Whose password.
        login: For the page.
        next: Where to go afterwards.
        must_change_password: To be asked for after the second step.
        secret: Of a phone that is being bound; empty when one is bound.
    """

    user_id: int
    login: str
    next: str
    must_change_password: bool
    secret: str = ""


def wait_for_second_step(request: HttpRequest, pending: Pending, *, at: datetime) -> None:
    """Remember who gave the right password, in a session of nobody."""
    waiting = request.session.get(kept.KEY)
    request.session.flush()
    if waiting:
        request.session[kept.KEY] = waiting
    request.session[PENDING] = {**vars(pending), "since": at.timestamp()}


def pending(request: HttpRequest, *, at: datetime) -> Pending | None:
    """Return who gave the right password a moment ago."""
    kept = dict(request.session.get(PENDING) or {})
    since = kept.pop("since", 0.0)
    if not kept or at.timestamp() - since > PENDING_TIME.total_seconds():
        return None
    return Pending(**kept)


def sign_in(
    request: HttpRequest, user_id: int, *, at: datetime, must_change_password: bool = False
) -> None:
    """Open a session for an account that proved itself; the session gets a fresh key."""
    user = SessionBackend().get_user(user_id)
    if user is None:
        raise LookupError(f"no account {user_id}")
    request.session.pop(PENDING, None)
    auth.login(request, user, backend=BACKEND)
    request.session[SEEN] = at.timestamp()
    if must_change_password:
        request.session[MUST_CHANGE] = True
    UserSession.objects.create_from_request(request)


def proved_at(request: HttpRequest) -> datetime | None:
    """Return when whoever is signed in last signed in anew at the provider, for a second proof."""
    moment = request.session.get(PROVED)
    return None if moment is None else datetime.fromtimestamp(moment, UTC)


def way_on(request: HttpRequest, wish: str, actor: Actor) -> str:
    """Return where a fresh session goes: the page asked for, else the desk, else the cases."""
    if wish and url_has_allowed_host_and_scheme(
        wish, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        return wish
    if actor.subjects:
        return _address("citizen:cases")
    desk = navigation.desk_links(actor)
    return desk[0].href if desk else _address("accounts:home")


def _address(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return "/"
