"""The figures of the catalogue, each with its definition and the items behind it (事项报表)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from yiwang.catalogue import reports
from yiwang.catalogue.policy.reports import (
    DEFINITIONS,
    Figure,
    FigureGroup,
    FigureKey,
    FigureLine,
)
from yiwang.content import queries as content
from yiwang.organisations import queries as organisations
from yiwang.web.views import Page

PLAN = "plan.items"
"""Prefix of the texts that hold what the district's plan says beside a figure."""

HEADLINES = (
    FigureKey.ITEMS,
    FigureKey.COMPRESSION,
    FigureKey.REDUCTION,
    FigureKey.FULLY_ONLINE,
)
"""Figures at the top of the page."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One figure as the page shows it.

    Attributes:
        plan: What the plan says; empty: nothing.
    """

    key: FigureKey
    count: str
    share: str
    plan: str


@dataclass(frozen=True, kw_only=True)
class Block:
    """One group of figures with its definition.

    Attributes:
        plan: Some figure of it stands in the plan.
    """

    key: FigureGroup
    rows: list[Row]
    definition: str
    source: str
    plan: bool


class ItemReports(Page):
    """All figures on one page, reckoned from the items in force today."""

    template_name = "public/item_reports.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the page."""
        found = reports.item_report(on=self.today)
        planned = content.texts_under(PLAN)
        english = get_language() == "en"
        plans = {key: (english and text.text_en) or text.text for key, text in planned.items()}
        return self.render(
            {
                "on": found.on,
                "headlines": [_row(found.figure(key), plans) for key in HEADLINES],
                "blocks": [_block(group, figures, plans) for group, figures in found.groups],
                "plan_source": next((text.source for text in planned.values()), ""),
            }
        )


class ItemReport(Page):
    """The items behind one figure, a page at a time."""

    template_name = "public/item_report.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """List them."""
        try:
            key = FigureKey(self.kwargs["figure"])
        except ValueError as unknown:
            raise Http404(str(unknown)) from unknown
        found = reports.item_report(on=self.today)
        figure, group = found.figure(key), found.group_of(key)
        after = request.GET.get("after", "")
        page = reports.lines_page(figure, after=after)
        names = {unit.code: unit.short_name or unit.name for unit in organisations.departments()}
        return self.render(
            {
                "on": found.on,
                "figure": _row(figure, {}),
                "group": group,
                "crumbs": [(_("事项报表"), reverse("public:item_reports"))],
                "count": len(figure.lines),
                "rows": [
                    (line, names.get(line.department, line.department), _said(line, figure))
                    for line in page.lines
                ],
                "said": any(line.note for line in page.lines) or not figure.counted,
                "next": page.after,
                "first": after == "",
                "definition": _definition(group),
                "source": DEFINITIONS[group].source,
            }
        )


def _block(group: FigureGroup, figures: tuple[Figure, ...], plans: dict[str, str]) -> Block:
    rows = [_row(figure, plans) for figure in figures]
    return Block(
        key=group,
        rows=rows,
        definition=_definition(group),
        source=DEFINITIONS[group].source,
        plan=any(row.plan for row in rows),
    )


def _definition(group: FigureGroup) -> str:
    found = DEFINITIONS[group]
    return found.text_en if get_language() == "en" else found.text


def _row(figure: Figure, plans: dict[str, str]) -> Row:
    return Row(
        key=figure.key,
        count=_count(figure),
        share=f"{figure.share:.1%}" if figure.share is not None else _("无"),
        plan=plans.get(figure.key.value, ""),
    )


def _count(figure: Figure) -> str:
    words = {"part": figure.numerator, "whole": figure.denominator}
    if figure.key is FigureKey.COMPRESSION:
        return _("少 %(part)s 个工作日，法定共 %(whole)s 个") % words
    if figure.key is FigureKey.REDUCTION:
        return _("免交 %(part)s 份，共 %(whole)s 份") % words
    return _("%(part)s 项") % words


def _said(line: FigureLine, figure: Figure) -> str:
    if figure.key is FigureKey.COMPRESSION:
        return _("法定 %(law)s，承诺 %(promise)s") % {
            "law": _limit(line.denominator),
            "promise": _limit(line.denominator - line.numerator),
        }
    if figure.key is FigureKey.REDUCTION:
        return _("免交 %(part)s 份，共 %(whole)s 份") % {
            "part": line.numerator,
            "whole": line.denominator,
        }
    return line.note


def _limit(workdays: int) -> str:
    return _("%(days)s 个工作日") % {"days": workdays} if workdays else _("当场办结")
