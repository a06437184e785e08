"""Hearings that everybody may attend, coming and held (听证公告)."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from yiwang.cases.queries import hearings
from yiwang.catalogue import queries as catalogue
from yiwang.organisations import queries as organisations
from yiwang.web.views import Page

LINES = 50
"""Past hearings on one page."""


class Hearings(Page):
    """Which hearings are coming and which were held, moved or dropped.

    Source:
        行政许可法 第四十八条第一款第一项、第二项.
    """

    template_name = "public/hearings.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show one page of the list."""
        after = request.GET.get("after") or None
        page = hearings.announced_hearings(at=self.at, after=after, limit=LINES)
        return self.render({"page": page, "first": after is None, "names": _names()})


class Hearing(Page):
    """One hearing: what about, when, where, who chairs it, and how to attend."""

    template_name = "public/hearing.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the announcement."""
        try:
            found = hearings.announced_hearing(kwargs["key"], at=self.at)
        except hearings.NoHearingError as missing:
            raise Http404(str(missing)) from missing
        item = catalogue.item_version(found.item_slug, found.item_version)
        return self.render(
            {
                "hearing": found,
                "department": _names().get(found.department_code, ""),
                "phone": item.consult_phone,
                "crumbs": [(_("听证公告"), reverse("public:hearings"))],
            }
        )


def _names() -> dict[str, str]:
    return {unit.code: unit.name for unit in organisations.departments()}
