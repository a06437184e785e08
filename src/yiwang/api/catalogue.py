"""Calls without a token about the catalogue as a whole: figures, and all items as open data."""

from __future__ import annotations

from datetime import date

from django.http import HttpRequest, HttpResponse
from ninja import Path, Query, Router, Schema
from pydantic import Field

from yiwang.api import schemas
from yiwang.api.context import answer, anybody, today
from yiwang.api.errors import COMMON
from yiwang.catalogue import reports
from yiwang.catalogue.policy.reports import DEFINITIONS, Figure, FigureGroup, FigureKey
from yiwang.content import queries as content

router = Router(tags=["public"], auth=anybody)

PLAN = "plan.items"
"""Prefix of the texts that hold what the district's plan says beside a figure."""


class FigureLine(Schema):
    """One figure of the catalogue."""

    key: FigureKey
    label: str
    numerator: int
    denominator: int
    share: float | None = Field(description="Null where the denominator is 0.")
    items: int = Field(description="How many items are behind it; list them with the next call.")
    plan: str = Field(description="What the district's plan says; not reckoned here; may be empty.")


class FigureGroupLine(Schema):
    """Figures with one definition."""

    key: FigureGroup
    label: str
    definition: str
    source: str
    figures: list[FigureLine]


class ItemReport(Schema):
    """All figures on one day."""

    on: date
    groups: list[FigureGroupLine]


class CountedItem(Schema):
    """One item behind a figure, and what it adds to both sides of it."""

    slug: str
    name: str
    department: str
    numerator: int
    denominator: int
    note: str


class CountedItems(Schema):
    """One page of the items behind a figure."""

    on: date
    total: int
    rows: list[CountedItem]
    after: str | None = Field(description="Hand it back for the next page; null: the last one.")


@router.get(
    "/catalogue/reports", response={200: ItemReport, **COMMON}, operation_id="catalogue_reports"
)
def catalogue_reports(request: HttpRequest) -> HttpResponse:
    """Return every figure of the catalogue with its definition, reckoned today."""
    found = reports.item_report(on=today())
    plans = {key: text.text for key, text in content.texts_under(PLAN).items()}
    return answer(
        {
            "on": found.on,
            "groups": [
                {
                    "key": group,
                    "label": group.label,
                    "definition": DEFINITIONS[group].text,
                    "source": DEFINITIONS[group].source,
                    "figures": [_figure(one, plans.get(one.key.value, "")) for one in figures],
                }
                for group, figures in found.groups
            ],
        }
    )


@router.get(
    "/catalogue/reports/{figure}",
    response={200: CountedItems, **COMMON},
    operation_id="catalogue_report_items",
)
def catalogue_report_items(
    request: HttpRequest, figure: Path[FigureKey], wish: Query[schemas.PageWish]
) -> HttpResponse:
    """List the items behind one figure, by name, 100 at most."""
    found = reports.item_report(on=today())
    one = found.figure(figure)
    page = reports.lines_page(one, after=wish.after or "", limit=wish.limit)
    return answer(
        {
            "on": found.on,
            "total": len(one.lines),
            "rows": [
                {
                    "slug": line.slug,
                    "name": line.name,
                    "department": line.department,
                    "numerator": line.numerator,
                    "denominator": line.denominator,
                    "note": line.note,
                }
                for line in page.lines
            ],
            "after": page.after or None,
        }
    )


def _figure(one: Figure, plan: str) -> dict[str, object]:
    return {
        "key": one.key,
        "label": one.key.label,
        "numerator": one.numerator,
        "denominator": one.denominator,
        "share": one.share,
        "items": len(one.lines),
        "plan": plan,
    }
