"""How much people must type although the platform holds it (不重复填写)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse

from yiwang.cases.queries.asking import asked_again
from yiwang.catalogue.policy.items import Channel
from yiwang.web.views import Page

DAYS = 30
"""Days the figure covers, today included."""


class AskedAgain(Page):
    """The share of fields asked although held, by channel, with its definition."""

    template_name = "public/asked_again.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the figure of the last days."""
        first = self.today - timedelta(days=DAYS - 1)
        found = asked_again(first=first, last=self.today)
        return self.render(
            {
                "first": first,
                "whole": found[""],
                "rows": [(one.label, found[one.value]) for one in Channel if one.value in found],
            }
        )
