"""What one's businesses still need by their scope (还需办理的许可)."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse

from yiwang.registration import permits
from yiwang.web.views import APPLICANT, Page


class Permits(Page):
    """The permits of each registered business of the applicant: held, on their way, missing."""

    permission = APPLICANT
    template_name = "citizen/permits.html"
    nav = "cases"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show them, by business."""
        return self.render(
            {
                "businesses": [
                    one
                    for ref in sorted(self.actor.subjects, reverse=True)
                    for one in permits.businesses_of(ref, on=self.today)
                ]
            }
        )
