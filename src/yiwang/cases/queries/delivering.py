"""Questions about letters and their delivery: the ledger of letters (文书台账), parcels."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time

from django.db.models import Exists, F, OuterRef, Q

from yiwang.cases.models import CaseDocument, Delivery, Dispatch, LetterReading
from yiwang.cases.policy.deadlines import PLACE
from yiwang.cases.policy.terms import (
    DELIVERED_LETTERS,
    DeliveryChannel,
    DocumentKind,
    LetterState,
    Relation,
)
from yiwang.cases.queries import PAGE_LIMIT, CaseNotFoundError, may_read_letter
from yiwang.catalogue.policy.items import Channel
from yiwang.kernel.paging import row_number
from yiwang.organisations.permissions import EVERYWHERE, Actor, Permission

POSTED_BACK = (DocumentKind.RECEIPT, DocumentKind.PERMITS_TOLD)
"""What goes back by post to whoever applied by letter, made when their letter was entered."""

NEEDED = Q(kind__in=sorted(kind.value for kind in DELIVERED_LETTERS)) | Q(
    kind__in=[kind.value for kind in POSTED_BACK],
    case__channel=Channel.LETTER.value,
    issued_at=F("case__received_at"),
)
"""Letters whose delivery is proven; those that go back by post to who wrote a letter too."""


@dataclass(frozen=True, kw_only=True)
class DispatchView:
    """One parcel and what became of it."""

    carrier: str
    tracking_number: str
    to_name: str
    sent_at: datetime
    arrived_on: date | None
    signed_by: str
    relation: Relation | None
    returned_on: date | None
    return_reason: str


@dataclass(frozen=True, kw_only=True)
class LedgerRow:
    """One letter with number, seal, recipient and how it was delivered.

    Attributes:
        delivered_at: None: not yet.
        taken_by: Who took it, with the relation to the addressee.
        read_at: When the addressee first opened it online.
        parcel: The newest parcel; None: it was not sent.
    """

    document_id: int
    number: str
    title: str
    kind: DocumentKind
    case_number: str
    query_code: str
    item_name: str
    recipient: str
    seal_department: str
    issued_at: datetime
    state: LetterState
    channel: DeliveryChannel | None
    delivered_at: datetime | None
    taken_by: str
    relation: Relation | None
    read_at: datetime | None
    parcel: DispatchView | None


@dataclass(frozen=True, kw_only=True)
class LedgerWish:
    """Which letters.

    Attributes:
        department: Whose seal; empty: of all departments in which the asker reads cases.
        kind: None: every kind.
        state: WAITING or RETURNED keeps those; None: all.
        text: Number of a letter or of a case, query code, or part of the recipient's name.
        first_on: Issued on that day or later.
        last_on: Issued on that day or earlier.
    """

    department: str = ""
    kind: DocumentKind | None = None
    state: LetterState | None = None
    text: str = ""
    first_on: date | None = None
    last_on: date | None = None


def ledger(
    wish: LedgerWish, *, by: Actor, after: str | None = None, limit: int = PAGE_LIMIT
) -> tuple[list[LedgerRow], str | None]:
    """List letters, the newest first, and the key of the next page; four queries.

    Raises:
        PageKeyRefusedError: `after` is not a key that a page gave.
    """
    codes = by.departments(Permission.CASE_READ)
    rows = CaseDocument.objects.select_related("case").filter(_condition(wish))
    if EVERYWHERE not in codes:
        rows = rows.filter(seal_department__in=sorted(codes))
    if after is not None:
        rows = rows.filter(id__lt=row_number(after))
    size = max(1, min(limit, PAGE_LIMIT))
    found = list(rows.order_by("-id")[: size + 1])
    key = str(found[size - 1].pk) if len(found) > size else None
    return _rows(found[:size]), key


@dataclass(frozen=True, kw_only=True)
class DeliveryRow:
    """One delivery of a result or a letter: what, how, when, to whom, by whom (送达记录)."""

    id: int
    case_number: str
    query_code: str
    item_name: str
    department: str
    document_id: int | None
    document_number: str
    title: str
    channel: DeliveryChannel
    at: datetime
    taken_by: str
    relation: Relation
    result: str
    by: str


@dataclass(frozen=True, kw_only=True)
class DeliveryWish:
    """Which deliveries.

    Attributes:
        case_number: Of this case; empty: of all cases that the asker reads as staff.
        channel: None: every way.
        first_on: On that day or later.
        last_on: On that day or earlier.
    """

    case_number: str = ""
    channel: DeliveryChannel | None = None
    first_on: date | None = None
    last_on: date | None = None


def deliveries(
    wish: DeliveryWish, *, by: Actor, after: int | None = None, limit: int = PAGE_LIMIT
) -> tuple[list[DeliveryRow], int | None]:
    """List deliveries, the newest first, and the key of the next page; one query."""
    codes = by.departments(Permission.CASE_READ)
    rows = Delivery.objects.select_related("case", "document")
    if EVERYWHERE not in codes:
        own = sorted(codes)
        rows = rows.filter(
            Q(case__deciding_department__in=own)
            | Q(case__intake_department__in=own)
            | Q(case__department_code__in=own)
        )
    if wish.case_number:
        rows = rows.filter(case__number=wish.case_number)
    if wish.channel is not None:
        rows = rows.filter(channel=wish.channel.value)
    rows = rows.filter(_between("at", wish.first_on, wish.last_on))
    if after is not None:
        rows = rows.filter(id__lt=after)
    size = max(1, min(limit, PAGE_LIMIT))
    found = list(rows.order_by("-id")[: size + 1])
    page = [
        DeliveryRow(
            id=row.pk,
            case_number=row.case.number,
            query_code=row.case.query_code,
            item_name=row.case.item_name,
            department=row.case.deciding_department,
            document_id=row.document_id,
            document_number=row.document.number if row.document else "",
            title=row.document.title if row.document else "",
            channel=DeliveryChannel(row.channel),
            at=row.at,
            taken_by=row.to_name,
            relation=Relation(row.relation),
            result=row.result,
            by=row.by,
        )
        for row in found[:size]
    ]
    return page, page[-1].id if len(found) > size else None


def _between(field: str, first_on: date | None, last_on: date | None) -> Q:
    condition = Q()
    if first_on is not None:
        condition &= Q(**{f"{field}__gte": datetime.combine(first_on, time.min, tzinfo=PLACE)})
    if last_on is not None:
        condition &= Q(**{f"{field}__lte": datetime.combine(last_on, time.max, tzinfo=PLACE)})
    return condition


def letter_row(document_id: int, *, by: Actor) -> LedgerRow:
    """Return one letter as the ledger shows it.

    Raises:
        CaseNotFoundError: no such letter for these eyes.
    """
    row = CaseDocument.objects.select_related("case").filter(pk=document_id).first()
    if row is None or not may_read_letter(row, by):
        raise CaseNotFoundError
    return _rows([row])[0]


def dispatches_of(number: str) -> list[DispatchView]:
    """List the parcels of a case, oldest first; the caller has shown that it may be read."""
    return [_dispatch(row) for row in Dispatch.objects.filter(case__number=number).order_by("id")]


def _condition(wish: LedgerWish) -> Q:
    condition = Q()
    if wish.department:
        condition &= Q(seal_department=wish.department)
    if wish.kind is not None:
        condition &= Q(kind=wish.kind.value)
    condition &= _between("issued_at", wish.first_on, wish.last_on)
    if text := " ".join(wish.text.split())[:80]:
        condition &= (
            Q(number=text)
            | Q(case__number=text)
            | Q(case__query_code=text.upper())
            | Q(case__applicant_name__contains=text)
        )
    undelivered = (
        NEEDED
        & ~Q(Exists(Delivery.objects.filter(document=OuterRef("pk"))))
        & ~Q(case__channel=Channel.PORTAL.value)
    )
    if wish.state is LetterState.WAITING:
        condition &= undelivered
    elif wish.state is LetterState.RETURNED:
        condition &= undelivered & Q(
            Exists(Dispatch.objects.filter(document=OuterRef("pk"), returned_on__isnull=False))
        )
    elif wish.state is LetterState.UNDER_WAY:
        condition &= undelivered & Q(
            Exists(
                Dispatch.objects.filter(document=OuterRef("pk"), arrived_on=None, returned_on=None)
            )
        )
    elif wish.state is LetterState.DELIVERED:
        condition &= NEEDED & (
            Q(Exists(Delivery.objects.filter(document=OuterRef("pk"))))
            | Q(case__channel=Channel.PORTAL.value)
        )
    return condition


def _rows(found: list[CaseDocument]) -> list[LedgerRow]:
    keys = [row.pk for row in found]
    deliveries: dict[int, Delivery] = {}
    for delivery in Delivery.objects.filter(document_id__in=keys).order_by("-id"):
        deliveries[delivery.document_id or 0] = delivery  # the first one counts
    parcels = {
        one.document_id: one for one in Dispatch.objects.filter(document_id__in=keys).order_by("id")
    }
    readings = {
        one.document_id: one.at for one in LetterReading.objects.filter(document_id__in=keys)
    }
    return [
        _row(row, deliveries.get(row.pk), parcels.get(row.pk), readings.get(row.pk))
        for row in found
    ]


def _row(
    row: CaseDocument, delivery: Delivery | None, parcel: Dispatch | None, read_at: datetime | None
) -> LedgerRow:
    case = row.case
    online = delivery is None and case.channel == Channel.PORTAL.value
    channel = DeliveryChannel(delivery.channel) if delivery else None
    return LedgerRow(
        document_id=row.pk,
        number=row.number,
        title=row.title,
        kind=DocumentKind(row.kind),
        case_number=case.number,
        query_code=case.query_code,
        item_name=case.item_name,
        recipient=case.applicant_name,
        seal_department=row.seal_department,
        issued_at=row.issued_at,
        state=_state(row, delivery is not None or online, parcel),
        channel=DeliveryChannel.IN_APP if online else channel,
        delivered_at=row.issued_at if online else delivery.at if delivery else None,
        taken_by=delivery.to_name if delivery else case.applicant_name if online else "",
        relation=Relation(delivery.relation) if delivery else None,
        read_at=read_at,
        parcel=_dispatch(parcel) if parcel else None,
    )


def needs_delivery(row: CaseDocument) -> bool:
    """Tell of one letter what `NEEDED` tells of rows."""
    case = row.case
    posted_back = (
        row.kind in POSTED_BACK
        and case.channel == Channel.LETTER
        and row.issued_at == case.received_at
    )
    return posted_back or row.kind in DELIVERED_LETTERS


def _state(row: CaseDocument, delivered: bool, parcel: Dispatch | None) -> LetterState:
    if delivered:
        return LetterState.DELIVERED
    if not needs_delivery(row):
        return LetterState.NOT_NEEDED
    if parcel is None:
        return LetterState.WAITING
    return LetterState.RETURNED if parcel.returned_on else LetterState.UNDER_WAY


def _dispatch(row: Dispatch) -> DispatchView:
    return DispatchView(
        carrier=row.carrier,
        tracking_number=row.tracking_number,
        to_name=row.to_name,
        sent_at=row.sent_at,
        arrived_on=row.arrived_on,
        signed_by=row.signed_by,
        relation=Relation(row.relation) if row.relation else None,
        returned_on=row.returned_on,
        return_reason=row.return_reason,
    )
