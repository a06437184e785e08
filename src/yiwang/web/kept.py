"""A form that was sent after the session had ended is kept until its sender signed in again."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.http import HttpRequest

KEY = "kept_form"
LIFETIME = timedelta(minutes=30)
"""How long a form waits for its sender."""

MAX_CHARS = 60_000
"""Larger forms are not kept; no form of ours that is filled by hand comes near."""

NEVER = ("/accounts/",)
"""Addresses whose forms hold passwords and codes."""

Fields = list[tuple[str, str]]


def keep(request: HttpRequest, *, at: datetime) -> None:
    """Keep the fields that were sent, files left out, in the session of nobody in particular."""
    if request.method != "POST" or request.path.startswith(NEVER):
        return
    fields = [
        (name, value)
        for name, values in request.POST.lists()
        if name != "csrfmiddlewaretoken"
        for value in values
    ]
    if fields and sum(len(name) + len(value) for name, value in fields) <= MAX_CHARS:
        request.session[KEY] = {
            "address": request.get_full_path(),
            "fields": fields,
            "files": bool(request.FILES),
            "since": at.timestamp(),
        }


def take(request: HttpRequest, *, at: datetime) -> tuple[Fields, bool] | None:
    """Return the fields that wait at this address, once, and whether files were left out."""
    waiting = request.session.get(KEY)
    if request.method != "GET" or not waiting or waiting["address"] != request.get_full_path():
        return None
    del request.session[KEY]
    if at.timestamp() - waiting["since"] > LIFETIME.total_seconds():
        return None
    return [(name, value) for name, value in waiting["fields"]], bool(waiting["files"])
