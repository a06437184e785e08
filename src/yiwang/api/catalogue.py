"""Calls without a token about the catalogue as a whole: figures, and all items as open data."""

from __future__ import annotations

import hashlib
from datetime import date, datetime

from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from ninja import Path, Query, Router, Schema
from pydantic import Field

from yiwang.api import schemas
from yiwang.api.context import answer, anybody, today
from yiwang.api.errors import COMMON
from yiwang.catalogue import opendata, reports
from yiwang.catalogue.opendata import Published
from yiwang.catalogue.policy.items import Audience, ItemType, fully_online
from yiwang.catalogue.policy.reports import DEFINITIONS, Figure, FigureGroup, FigureKey
from yiwang.content import queries as content
from yiwang.organisations import queries as organisations

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


class OpenItemWish(schemas.PageWish):
    """Which items."""

    audience: Audience | None = None
    item_type: ItemType | None = None
    department: schemas.Word = Field(default="", description="Code of the deciding department.")
    changed_since: date | None = Field(
        default=None,
        description="Only versions in force or published since that day, which is included. Items "
        "that ended since are not told here; compare with the whole file at /opendata/items.json.",
    )


class OpenItem(Schema):
    """One item in force; the whole guide is at `/items/{slug}`."""

    slug: str
    version: int
    name: str
    summary: str
    item_type: ItemType
    basic_code: str
    task_code: str
    external_code: str
    department: str
    department_name: str
    audiences: list[Audience]
    field: str
    statutory_workdays: int
    promised_workdays: int
    onsite_times: int
    fully_online: bool
    effective_on: date
    published_at: datetime


class OpenItems(Schema):
    """One page of items."""

    on: date
    total: int
    rows: list[OpenItem]
    after: str | None = Field(description="Hand it back for the next page; null: the last one.")


@router.get(
    "/catalogue/items",
    response={200: OpenItems, 304: None, **COMMON},
    operation_id="catalogue_items",
)
def catalogue_items(request: HttpRequest, wish: Query[OpenItemWish]) -> HttpResponse:
    """List the items in force by slug, 100 at most; an unchanged page is told by its ETag."""
    on = today()
    page = opendata.published_page(
        on=on,
        wish=opendata.Wish(
            audience=wish.audience,
            item_type=wish.item_type,
            department=wish.department,
            changed_since=wish.changed_since,
        ),
        after=wish.after or "",
        limit=wish.limit,
    )
    names = {unit.code: unit.name for unit in organisations.departments()}
    found = answer(
        {
            "on": on,
            "total": page.total,
            "rows": [_open_item(one, names) for one in page.rows],
            "after": page.after or None,
        }
    )
    etag = quote_etag(hashlib.sha256(found.content).hexdigest()[:32])
    found["ETag"] = etag
    found["Cache-Control"] = "no-cache"
    told = get_conditional_response(request, etag=etag, response=found)
    assert told is not None
    return told


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


def _open_item(one: Published, names: dict[str, str]) -> dict[str, object]:
    item = one.item
    return {
        "slug": item.slug,
        "version": item.version,
        "name": item.name,
        "summary": item.summary,
        "item_type": item.item_type,
        "basic_code": item.basic_code,
        "task_code": item.task_code,
        "external_code": item.external_code,
        "department": item.department,
        "department_name": names.get(item.department, ""),
        "audiences": item.audiences,
        "field": item.field,
        "statutory_workdays": item.limit.statutory_workdays,
        "promised_workdays": item.limit.promised_workdays,
        "onsite_times": item.onsite_times,
        "fully_online": fully_online(item),
        "effective_on": item.effective_on,
        "published_at": one.published_at,
    }
