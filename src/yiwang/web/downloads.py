"""Sending files."""

from __future__ import annotations

from urllib.parse import quote

from django.http import HttpResponse


def pdf(content: bytes, *, name: str) -> HttpResponse:
    """Answer with a PDF that browsers save under `name`; nobody keeps a copy on the way."""
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    response["Cache-Control"] = "no-store"
    return response
