"""Items in the order of one's own affairs: off unless the person switches it on (个性化排列).

Source: 个人信息保护法 第二十四条 (an option without personal traits is always offered). Nothing is
kept of it but the choice; the reasons are read each time and written beside each item.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _

from yiwang.cases import queries as cases
from yiwang.catalogue.queries import ItemHead
from yiwang.licences import queries as licences
from yiwang.web.requests import way_back
from yiwang.web.views import APPLICANT, Page

CHOICE = "personal_order"
"""Key of the choice in the session; it ends with it."""

ENDS_SOON = timedelta(days=90)
"""A licence that ends within so many days brings its item to the front. Our own choice."""


def chosen(request: HttpRequest) -> bool:
    """Tell whether the person has switched the order on in this session."""
    return request.user.is_authenticated and bool(request.session.get(CHOICE))


def reasons(
    subjects: frozenset[str], items: Sequence[ItemHead], *, today: date
) -> Mapping[str, str]:
    """Return slug -> why it concerns these subjects now, the most urgent first."""
    found: dict[str, str] = {}
    by_type = {one.licence_type: one.slug for one in items if one.licence_type}
    for ref in sorted(subjects):
        for licence in licences.wallet(ref):
            slug = by_type.get(licence.type_slug, "")
            ends = licence.last_valid_on
            if slug and ends is not None and today <= ends <= today + ENDS_SOON:
                words = _("您的%(name)s将于 %(day)s 到期") % {
                    "name": licence.type_name,
                    "day": ends.isoformat(),
                }
                found.setdefault(slug, words)
    for draft in cases.drafts_of(subjects, today=today):
        found.setdefault(draft.item_slug, _("您有一份没有提交的申请"))
    return found


class SetPersonalOrder(Page):
    """Switch the personal order on or off and return to the same page."""

    permission = APPLICANT

    def post(self, request: HttpRequest) -> HttpResponse:
        """Remember the choice for this session."""
        request.session[CHOICE] = request.POST.get("on") == "yes"
        return HttpResponseRedirect(way_back(request))

    def get(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        """A reloaded switch changes nothing."""
        return HttpResponseRedirect("/")
