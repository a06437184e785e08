"""Calls about the permits that a scope of business needs (经营范围与许可)."""

from __future__ import annotations

from typing import Annotated, cast

from django.http import HttpRequest, HttpResponse
from ninja import Path, Router, Schema
from pydantic import Field

from yiwang.api import schemas
from yiwang.api.context import actor, address_of, answer, anybody, now, today
from yiwang.api.errors import COMMON
from yiwang.cases import queries, services
from yiwang.catalogue import queries as catalogue
from yiwang.organisations.limits import Bound, count_try, network_of
from yiwang.organisations.permissions import Permission, PermissionRefusedError
from yiwang.registration import permits
from yiwang.registration.permits import BusinessPermits, ToldView
from yiwang.registration.policy.scopes import Told

router = Router(tags=["scopes"])

DraftId = Annotated[int, Path(), Field(ge=1, le=2**62)]

LOOK_UPS = Bound(most=60, seconds=60)
"""Scopes read per address."""


class ReadScope(schemas.Body):
    """A scope of business as it would be declared."""

    scope: str = Field(max_length=20_000)


class CounterScope(schemas.Body):
    """An application at a window, before it is received."""

    item: schemas.Slug
    applicant: schemas.Ref
    answers: schemas.Answers


class Briefing(Schema):
    """What the applicant is told first: confirm it by sending `digest` with the application."""

    digest: str
    paragraphs: list[str]
    told: Told


@router.post(
    "/scope/permits",
    response={200: Told, **COMMON},
    operation_id="read_scope",
    auth=anybody,
)
def read_scope(request: HttpRequest, body: ReadScope) -> HttpResponse:
    """Return which permits a scope needs, what needs none, and what a person has to place."""
    count_try(what="scope", who=network_of(address_of(request)), bound=LOOK_UPS, at=now())
    return answer(permits.permits_of(body.scope, on=today()))


@router.get(
    "/drafts/{draft_id}/permits",
    response={200: Briefing | None, **COMMON},
    operation_id="draft_permits",
)
def draft_permits(request: HttpRequest, draft_id: DraftId) -> HttpResponse:
    """Return what the applicant of a draft must read and confirm; null: nothing."""
    draft = queries.draft(draft_id, by=actor(request))
    item = catalogue.item_version(draft.item_slug, draft.item_version)
    return answer(
        _plain(services.briefing_of(item, draft.answers, draft.applicant_ref, on=today()))
    )


@router.post(
    "/counter/permits",
    response={200: Briefing | None, **COMMON},
    operation_id="counter_permits",
)
def counter_permits(request: HttpRequest, body: CounterScope) -> HttpResponse:
    """Return what a clerk reads out before an application is received; null: nothing."""
    if not actor(request).may_somewhere(Permission.CASE_RECEIVE):
        raise PermissionRefusedError("窗口收件岗位才能查询，申请人请从草稿查询。")
    item = catalogue.item(body.item, on=today())
    return answer(_plain(services.briefing_of(item, body.answers, body.applicant, on=today())))


@router.get(
    "/cases/{number}/permits",
    response={200: ToldView | None, **COMMON},
    operation_id="case_permits",
)
def case_permits(request: HttpRequest, number: Path[schemas.Number]) -> HttpResponse:
    """Return the permits that the applicant of a case was told and confirmed; null: none."""
    return answer(permits.told_in(number, by=actor(request)))


@router.get(
    "/my/permits", response={200: list[BusinessPermits], **COMMON}, operation_id="my_permits"
)
def my_permits(request: HttpRequest) -> HttpResponse:
    """List what one's own registered businesses need: held, on its way, missing."""
    by = actor(request)
    return answer(
        [
            one
            for ref in sorted(by.subjects, reverse=True)
            for one in permits.businesses_of(ref, on=today())
        ]
    )


def _plain(found: services.Briefing | None) -> dict[str, object] | None:
    if found is None:
        return None
    return {
        "digest": found.digest,
        "paragraphs": list(found.paragraphs),
        "told": cast(Told, found.content),
    }
