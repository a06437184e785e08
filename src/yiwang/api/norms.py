"""Calls without a token about normative documents (规范性文件)."""

from __future__ import annotations

from datetime import date

from django.http import HttpRequest, HttpResponse
from ninja import Path, Query, Router, Schema
from pydantic import Field

from yiwang.api import schemas
from yiwang.api.context import answer, anybody, today
from yiwang.api.errors import COMMON
from yiwang.catalogue import norms
from yiwang.catalogue.norms import NormView
from yiwang.catalogue.policy.norms import NormReview, NormState

router = Router(tags=["public"], auth=anybody)


class NormWish(schemas.PageWish):
    """Which documents."""

    state: NormState | None = Field(default=None, description="Null: all.")
    text: schemas.Word = Field(default="", description="Part of number, title or issuing body.")


class NormLine(Schema):
    """One document as it stands today."""

    key: int
    number: str
    title: str
    issuer: str
    issued_on: date
    valid_from: date
    valid_until: date | None
    repealed_on: date | None
    repealed_by: str
    state: NormState
    department: str
    legality: NormReview
    fair_competition: NormReview
    replaces: list[str]
    source: str


class NormLines(Schema):
    """One page of documents, the newest first."""

    on: date
    total: int
    rows: list[NormLine]
    after: str | None = Field(description="Hand it back for the next page; null: the last one.")


class CitingItem(Schema):
    """An item in force that cites the document."""

    slug: str
    name: str
    department: str


class NormWhole(NormLine):
    """One document with the items that cite it."""

    items: list[CitingItem]


@router.get("/norms", response={200: NormLines, **COMMON}, operation_id="list_norms")
def list_norms(request: HttpRequest, wish: Query[NormWish]) -> HttpResponse:
    """List normative documents in force and ended, 100 at most."""
    on = today()
    page = norms.norms_page(
        on=on,
        states=(wish.state,) if wish.state else (),
        text=wish.text.strip(),
        after=wish.after or "",
        limit=wish.limit,
    )
    return answer(
        {
            "on": on,
            "total": page.total,
            "rows": [_line(one) for one in page.rows],
            "after": page.after or None,
        }
    )


@router.get("/norms/{key}", response={200: NormWhole, **COMMON}, operation_id="get_norm")
def get_norm(request: HttpRequest, key: Path[int]) -> HttpResponse:
    """Return one normative document with the items that cite it."""
    on = today()
    one = norms.norm(key, on=on)
    items = norms.citing([one], on=on)[0]
    return answer(
        {
            **_line(one),
            "items": [
                {"slug": item.slug, "name": item.name, "department": item.department}
                for item in items
            ],
        }
    )


def _line(one: NormView) -> dict[str, object]:
    return {name: getattr(one, name) for name in NormLine.model_fields}
