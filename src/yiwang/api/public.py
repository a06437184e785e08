"""Calls without a token: the guide, where a case stands, whether a licence is valid."""

from __future__ import annotations

from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Path, Query, Router, Schema
from pydantic import StringConstraints

from yiwang.api import schemas
from yiwang.api.context import address_of, answer, anybody, now, tagged, today
from yiwang.api.errors import COMMON
from yiwang.cases import queries, services
from yiwang.cases.queries import TrackView
from yiwang.cases.queries.hearings import HearingPage, announced_hearings
from yiwang.catalogue import queries as catalogue
from yiwang.catalogue import towns
from yiwang.catalogue.policy.form_schema import form_schema
from yiwang.catalogue.policy.items import Audience, ItemVersion, takes_letters
from yiwang.catalogue.policy.parsing import to_plain
from yiwang.catalogue.towns import TownWindow
from yiwang.consultations import quoting as consultations
from yiwang.consultations import services as asking
from yiwang.consultations.quoting import Reply
from yiwang.licences import services as licences
from yiwang.licences.services import VerifyAnswer
from yiwang.organisations import queries as organisations
from yiwang.organisations import scope
from yiwang.organisations.limits import Bound, count_try, network_of
from yiwang.organisations.policy.terms import DepartmentKind

router = Router(tags=["public"], auth=anybody)

QUESTIONS = Bound(most=30, seconds=60)
"""Questions about cases per address."""

CodeOfToken = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]{1,60}$")]


class ItemLine(Schema):
    """One item in a list."""

    slug: str
    version: int
    name: str
    summary: str
    department: str
    audiences: list[Audience]
    statutory_workdays: int
    promised_workdays: int


@router.get("/items", response={200: list[ItemLine], **COMMON}, operation_id="list_items")
def list_items(request: HttpRequest, wish: Query[schemas.ItemWish]) -> HttpResponse:
    """List the items in force, or those that fit a citizen's words best."""
    found = (
        catalogue.search(wish.text, on=today(), audience=wish.audience, limit=queries.PAGE_LIMIT)
        if wish.text.strip()
        else catalogue.items(on=today(), audience=wish.audience)
    )
    return answer([_line(one) for one in found])


@router.get("/items/{slug}", response={200: dict, **COMMON}, operation_id="get_item")
def get_item(request: HttpRequest, slug: Path[schemas.Slug]) -> HttpResponse:
    """Return the guide of an item: everything that form and clocks are made of.

    `letters_to` names the places to which an application may be sent by post; empty: it may not.
    """
    item = catalogue.item(slug, on=today())
    plain = to_plain(item)
    places = plain.get("service_points", []) if takes_letters(item) else []
    return answer({**plain, "version": item.version, "letters_to": places})


@router.get(
    "/items/{slug}/town-windows",
    response={200: list[TownWindow], **COMMON},
    operation_id="list_town_windows",
)
def list_town_windows(request: HttpRequest, slug: Path[schemas.Slug]) -> HttpResponse:
    """List the town centres at which an item may be filed today, each with its mode and document.

    `until` is the first day on which the mode no longer holds; null: no end is written.
    """
    item = catalogue.item(slug, on=today())
    return tagged(request, answer(towns.windows_of(item.slug, on=today())))


@router.get(
    "/town-centres/{centre}/items",
    response={200: list[TownWindow], **COMMON},
    operation_id="list_town_items",
)
def list_town_items(request: HttpRequest, centre: Path[schemas.Slug]) -> HttpResponse:
    """List what the window of a town does today, each item with its mode and document."""
    unit = organisations.department(centre)
    if unit.kind is not DepartmentKind.COMMUNITY_CENTRE:
        raise LookupError(f"{centre} is no centre of a town")
    return tagged(request, answer(towns.items_at(unit.code, on=today())))


@router.get("/ask", response={200: Reply, **COMMON}, operation_id="ask")
def ask(request: HttpRequest, wish: Query[schemas.Question]) -> HttpResponse:
    """Answer a question in the words of guides and laws, with sources, or say `known: false`."""
    asking.count_question(address=address_of(request), at=now())
    return answer(consultations.reply(wish.q, on=today()))


@router.get("/items/{slug}/form", response={200: dict, **COMMON}, operation_id="get_form")
def get_form(request: HttpRequest, slug: Path[schemas.Slug]) -> HttpResponse:
    """Return the form of an item as JSON Schema: what an application must answer."""
    return answer(form_schema(catalogue.item(slug, on=today())))


@router.get(
    "/hearings", response={200: HearingPage, 304: None, **COMMON}, operation_id="list_hearings"
)
def list_hearings(request: HttpRequest, wish: Query[schemas.PageWish]) -> HttpResponse:
    """List the hearings that everybody may attend, coming and past, with what was changed.

    An unchanged page is told by its ETag.
    """
    return tagged(request, answer(announced_hearings(at=now(), after=wish.after, limit=wish.limit)))


@router.post("/track", response={200: TrackView, **COMMON}, operation_id="track")
def track(request: HttpRequest, body: schemas.Track) -> HttpResponse:
    """Return where a case stands to whoever knows its query code and telephone."""
    at = now()
    services.count_question(
        query_code=body.query_code, address=address_of(request), at=at, asker=QUESTIONS
    )
    with scope.everything():  # query code and telephone are the secret
        return answer(queries.track(query_code=body.query_code, phone=body.phone, at=at))


@router.get(
    "/licences/{token}",
    response={200: VerifyAnswer, **COMMON},
    operation_id="verify_licence",
)
def verify_licence(request: HttpRequest, token: Path[CodeOfToken]) -> HttpResponse:
    """Tell whether the licence behind a QR code is valid; each look is written down."""
    at, address = now(), address_of(request)
    count_try(what="verify", who=network_of(address), bound=licences.CHECKS, at=at)
    with scope.everything():  # the token is the secret
        found = licences.verify_token(token, at=at, ip=address)
    return answer(found)


def _line(item: ItemVersion) -> dict[str, object]:
    return {
        "slug": item.slug,
        "version": item.version,
        "name": item.name,
        "summary": item.summary,
        "department": item.department,
        "audiences": item.audiences,
        "statutory_workdays": item.limit.statutory_workdays,
        "promised_workdays": item.limit.promised_workdays,
    }
