"""The public register of granted decisions (行政许可决定公开)."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse

from yiwang.cases import queries as cases
from yiwang.organisations import queries as organisations
from yiwang.web.views import Page

TEXT_LENGTH = 60
"""Longest text of the filter, in characters; the rest is dropped."""

LINES = 50
"""Decisions on one page."""


class Decisions(Page):
    """What was granted to whom, by whom and when; anybody may read it.

    Source:
        行政许可法 第四十条.
    """

    template_name = "public/decisions.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show one page of the register."""
        text = request.GET.get("q", "").strip()[:TEXT_LENGTH]
        after = request.GET.get("after") or None
        rows, following = cases.granted_decisions(text=text, after=after, limit=LINES)
        return self.render(
            {
                "text": text,
                "rows": rows,
                "next": following or "",
                "first": after is None,
                "names": {unit.code: unit.name for unit in organisations.departments()},
            }
        )
