"""Calls about deliveries and the ledger of letters, for systems of departments (送达、文书台账)."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Path, Query, Router
from pydantic import Field

from yiwang.api import schemas
from yiwang.api.context import actor, answer, now
from yiwang.api.errors import COMMON
from yiwang.cases import services
from yiwang.cases.policy.terms import DeliveryChannel, DocumentKind, LetterState, Relation
from yiwang.cases.queries import PAGE_LIMIT, CaseView
from yiwang.cases.queries.delivering import (
    DeliveryRow,
    DeliveryWish,
    LedgerRow,
    LedgerWish,
    deliveries,
    ledger,
    letter_row,
)
from yiwang.cases.queries.posting import PostingRow, PostingView, to_post
from yiwang.organisations.permissions import Actor, Permission, PermissionRefusedError

router = Router(tags=["delivery"])

Id = Annotated[int, Path(), Field(ge=1, le=2**62)]
Day = Annotated[date, Field(ge=date(2000, 1, 1), lt=date(2100, 1, 1))]
Limit = Annotated[int, Field(ge=1, le=PAGE_LIMIT)]


class LetterList(schemas.Body):
    """One page of the ledger."""

    rows: list[LedgerRow]
    after: int | None = Field(description="Key of the next page; null: this is the last.")


class DeliveryList(schemas.Body):
    """One page of deliveries."""

    rows: list[DeliveryRow]
    after: int | None = Field(description="Key of the next page; null: this is the last.")


class LetterWish(schemas.Body):
    """Which letters."""

    department: schemas.Word = Field(default="", description="Whose seal; empty: all one reads.")
    kind: DocumentKind | None = None
    state: LetterState | None = None
    text: schemas.Word = Field(default="", description="Number of a letter or case, query code.")
    first_on: Day | None = None
    last_on: Day | None = None
    after: Annotated[int, Field(ge=1, le=10**17)] | None = None
    limit: Limit = PAGE_LIMIT


class DeliveriesWish(schemas.Body):
    """Which deliveries."""

    case: Annotated[str, Field(pattern=r"^[0-9A-Z]{0,45}$")] = ""
    channel: DeliveryChannel | None = None
    first_on: Day | None = None
    last_on: Day | None = None
    after: Annotated[int, Field(ge=1, le=10**17)] | None = None
    limit: Limit = PAGE_LIMIT


class DeliverLetter(schemas.Body):
    """Hand over a letter other than the decision."""

    channel: DeliveryChannel
    recipient: schemas.Word
    relation: Relation = Relation.SELF
    result: schemas.Word = Field(default="", description="What the record says.")


class CameBack(schemas.Act):
    """A parcel came back."""

    returned_on: Day
    reason: schemas.Text


class PostingList(schemas.Body):
    """One page of what waits to be posted."""

    rows: list[PostingRow]
    after: int | None = Field(description="Key of the next page; null: this is the last.")


class PostingWish(schemas.Body):
    """Which page."""

    after: Annotated[int, Field(ge=1, le=10**17)] | None = None
    limit: Limit = PAGE_LIMIT


class Sent(schemas.Act):
    """The parcel that was sent."""

    carrier: schemas.Word
    tracking_number: schemas.Word


class PostedBack(schemas.Body):
    """The parcel came back."""

    returned_on: Day
    reason: schemas.Text


POSTING = {200: PostingView, **COMMON}


@router.get("/letters", response={200: LetterList, **COMMON}, operation_id="list_letters")
def list_letters(request: HttpRequest, wish: Query[LetterWish]) -> HttpResponse:
    """List letters with number, seal, recipient and delivery, the newest first."""
    rows, after = ledger(
        LedgerWish(**wish.dict(exclude={"after", "limit"})),
        by=_reader(request),
        after=None if wish.after is None else str(wish.after),
        limit=wish.limit,
    )
    return answer({"rows": rows, "after": None if after is None else int(after)})


@router.get(
    "/letters/{letter_id}", response={200: LedgerRow, **COMMON}, operation_id="get_ledger_letter"
)
def get_letter(request: HttpRequest, letter_id: Id) -> HttpResponse:
    """Return one letter of the ledger."""
    return answer(letter_row(letter_id, by=_reader(request)))


@router.post(
    "/letters/{letter_id}/delivery",
    response={200: LedgerRow, **COMMON},
    operation_id="deliver_letter",
)
def deliver_letter(request: HttpRequest, letter_id: Id, body: DeliverLetter) -> HttpResponse:
    """Record how a letter other than the decision reached its addressee, once."""
    by = actor(request)
    services.deliver_letter(document_id=letter_id, **body.dict(), by=by, at=now())
    return answer(letter_row(letter_id, by=by))


@router.get("/deliveries", response={200: DeliveryList, **COMMON}, operation_id="list_deliveries")
def list_deliveries(request: HttpRequest, wish: Query[DeliveriesWish]) -> HttpResponse:
    """List deliveries of results and letters, the newest first."""
    rows, after = deliveries(
        DeliveryWish(
            case_number=wish.case,
            channel=wish.channel,
            first_on=wish.first_on,
            last_on=wish.last_on,
        ),
        by=_reader(request),
        after=wish.after,
        limit=wish.limit,
    )
    return answer({"rows": rows, "after": after})


@router.post(
    "/cases/{number}/parcel-return",
    response={200: CaseView, **COMMON},
    operation_id="note_return",
)
def note_return(request: HttpRequest, number: Path[schemas.Number], body: CameBack) -> HttpResponse:
    """Note that what was sent by post came back; it may be sent again."""
    return answer(services.note_return(number=number, **body.dict(), by=actor(request), at=now()))


@router.get("/postings", response={200: PostingList, **COMMON}, operation_id="list_postings")
def list_postings(request: HttpRequest, wish: Query[PostingWish]) -> HttpResponse:
    """List what is decided and waits to be posted, the oldest wish first."""
    rows, after = to_post(by=_reader(request), after=wish.after, limit=wish.limit)
    return answer({"rows": rows, "after": after})


@router.post("/cases/{number}/posting/label", response=POSTING, operation_id="read_posting_label")
def read_posting_label(request: HttpRequest, number: Path[schemas.Number]) -> HttpResponse:
    """Return where a parcel that waits goes, nothing masked; each look stands in the trail."""
    return answer(services.read_label(number=number, by=actor(request), at=now()))


@router.post("/cases/{number}/posting/sent", response=POSTING, operation_id="post_result")
def post_result(request: HttpRequest, number: Path[schemas.Number], body: Sent) -> HttpResponse:
    """Note that the result was sent to where the applicant wants it."""
    return answer(services.post_result(number=number, **body.dict(), by=actor(request), at=now()))


@router.post("/cases/{number}/posting/return", response=POSTING, operation_id="posting_return")
def posting_return(
    request: HttpRequest, number: Path[schemas.Number], body: PostedBack
) -> HttpResponse:
    """Note that the posted result came back; the applicant is told and may ask anew."""
    return answer(
        services.note_posting_return(number=number, **body.dict(), by=actor(request), at=now())
    )


def _reader(request: HttpRequest) -> Actor:
    by = actor(request)
    if not by.may_somewhere(Permission.CASE_READ):
        raise PermissionRefusedError(
            f"该令牌没有“{Permission.CASE_READ.label}”的权限，请用有此权限的账号申请令牌。"
        )
    return by
