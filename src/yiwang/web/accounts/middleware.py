"""What holds for every request of an open session."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import auth, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from yiwang.organisations.policy.signin import IDLE_END
from yiwang.web.accounts.session import MUST_CHANGE, SEEN

Handler = Callable[[HttpRequest], HttpResponse]

SEEN_EVERY_SECONDS = 60
"""How often an open session is written; it may end so much earlier than IDLE_END says."""

OPEN_WHILE_STALE = ("/accounts/", "/preferences/", "/static/", "/health")
"""What may be opened while a password must be changed first."""


class SessionRules:
    """Ends idle sessions, and lets nobody past a password that must be changed."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Check the session before the page."""
        if not request.user.is_authenticated:
            return self.get_response(request)
        now = timezone.now().timestamp()
        idle_seconds = now - request.session.setdefault(SEEN, now)
        if idle_seconds >= IDLE_END.total_seconds():
            auth.logout(request)
            messages.warning(
                request, _("您已30分钟没有操作，为保护您的信息已自动退出，请重新登录。")
            )
            return self.get_response(request)
        if idle_seconds >= SEEN_EVERY_SECONDS:
            request.session[SEEN] = now
        if request.session.get(MUST_CHANGE) and not request.path.startswith(OPEN_WHILE_STALE):
            return redirect("accounts:password")
        return self.get_response(request)
