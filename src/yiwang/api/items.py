"""Calls of systems that keep items: versions for everybody, drafts for those who keep them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import Path, Query, Router, Schema
from pydantic import Field

from yiwang.api import schemas
from yiwang.api.context import actor, answer, anybody, calendar, now, today
from yiwang.api.errors import COMMON
from yiwang.catalogue import drafts, services
from yiwang.catalogue.drafts import DraftPage
from yiwang.catalogue.policy.items import ItemState

router = Router(tags=["items"])

Number = Annotated[int, Path(), Field(ge=1, le=2**62)]


class VersionView(Schema):
    """One version of an item; `until` is the first day without it."""

    version: int
    name: str
    state: ItemState
    effective_on: date
    until: date | None
    published_at: datetime
    in_force: bool
    planned: bool


class DraftState(Schema):
    """Where a draft stands, and the version it became."""

    id: int
    slug: str
    state: str
    revision: int
    published_version: int | None


@router.get(
    "/items/{slug}/versions",
    auth=anybody,
    response={200: list[VersionView], **COMMON},
    operation_id="list_item_versions",
)
def list_item_versions(request: HttpRequest, slug: Path[schemas.Slug]) -> HttpResponse:
    """List the versions of an item, newest first, with the days on which each is in force."""
    rows = drafts.versions_of(slug, on=today())
    if not rows:
        raise LookupError(f"item {slug} has no version")
    return answer([{name: getattr(row, name) for name in VersionView.model_fields} for row in rows])


@router.get("/item-drafts", response={200: DraftPage, **COMMON}, operation_id="list_item_drafts")
def list_item_drafts(request: HttpRequest, wish: Query[schemas.DraftWish]) -> HttpResponse:
    """List the open drafts of the caller's departments, 100 at most."""
    return answer(drafts.draft_page(by=actor(request), mine=wish.mine, after=wish.after))


@router.post(
    "/item-drafts/{number}/submission",
    response={200: DraftState, **COMMON},
    operation_id="submit_item_draft",
)
def submit_item_draft(request: HttpRequest, number: Number, body: schemas.DraftAct) -> HttpResponse:
    """Hand a draft to the head of the department."""
    services.submit_draft(draft=number, revision=body.revision, by=actor(request), at=now())
    return answer(_state(request, number))


@router.post(
    "/item-drafts/{number}/approval",
    response={200: DraftState, **COMMON},
    operation_id="approve_item_draft",
)
def approve_item_draft(
    request: HttpRequest, number: Number, body: schemas.ApproveDraft
) -> HttpResponse:
    """Give the approval that a draft waits for; the last one publishes."""
    services.approve_draft(
        draft=number,
        revision=body.revision,
        comment=body.comment,
        calendar=calendar(),
        by=actor(request),
        at=now(),
    )
    return answer(_state(request, number))


def _state(request: HttpRequest, number: int) -> dict[str, Any]:
    view = drafts.draft(number, by=actor(request))
    return {
        "id": view.line.id,
        "slug": view.line.slug,
        "state": view.line.state,
        "revision": view.line.revision,
        "published_version": view.published_version,
    }
