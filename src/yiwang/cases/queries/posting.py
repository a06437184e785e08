"""Questions about paper results that applicants want sent home (结果邮寄)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q, QuerySet

from yiwang.cases.models import Case, ContactChange, Posting
from yiwang.cases.models.posting import WAITING
from yiwang.cases.policy.deadlines import PLACE
from yiwang.cases.policy.posting import DECIDED, LIVE, PostingState
from yiwang.cases.policy.states import CaseState
from yiwang.cases.queries import PAGE_LIMIT, CaseNotFoundError, may_read
from yiwang.kernel.masking import mask_address, mask_phone
from yiwang.organisations.permissions import EVERYWHERE, Actor, Permission
from yiwang.registers.queries import prefill


@dataclass(frozen=True, kw_only=True)
class PostingView:
    """The newest wish of a case; telephone and address are masked for staff.

    Attributes:
        sent_on: None: not yet.
        returned_on: When the parcel came back; None: it did not.
    """

    state: PostingState
    to_name: str
    phone: str
    address: str
    asked_at: datetime
    carrier: str
    tracking_number: str
    sent_on: date | None
    returned_on: date | None
    return_reason: str


@dataclass(frozen=True, kw_only=True)
class PostingRow:
    """One line of the list of what waits to be posted."""

    id: int
    number: str
    query_code: str
    item_name: str
    applicant_name: str
    outcome: str
    decided_on: date
    asked_at: datetime


@dataclass(frozen=True, kw_only=True)
class PostedRow:
    """One line of the list of what was sent."""

    row: PostingRow
    carrier: str
    tracking_number: str
    sent_on: date


def posting_of(number: str, *, by: Actor) -> PostingView | None:
    """Return the newest wish of a case; two queries.

    Raises:
        CaseNotFoundError: `by` may not read the case.
    """
    case = _case(number, by)
    row = Posting.objects.filter(case=case).order_by("-id").first()
    return _view(row, case, whole=by.acts_for(case.applicant_ref)) if row is not None else None


def posting_in_full(number: str, *, by: Actor) -> PostingView | None:
    """Return the newest wish with nothing masked; who asks has written down the look.

    Raises:
        CaseNotFoundError: `by` may not read the case.
    """
    case = _case(number, by)
    row = Posting.objects.filter(case=case).order_by("-id").first()
    return _view(row, case, whole=True) if row is not None else None


def place_known(number: str, *, by: Actor) -> dict[str, str]:
    """Return to an applicant where they are reached, as said of the case before or registered.

    A telephone that only a register holds is left out, because it comes masked; four queries.
    A window reads it masked.

    Returns:
        `to_name`, `phone` and `address`.

    Raises:
        CaseNotFoundError: `by` may not read the case.
    """
    case = _case(number, by)
    known = known_of(case)
    if by.acts_for(case.applicant_ref):
        return known
    return known | {
        "phone": mask_phone(known["phone"]),
        "address": mask_address(known["address"]),
    }


def known_of(case: Case) -> dict[str, str]:
    """Return where the applicant of a case is reached, with nothing masked, for services."""
    said = ContactChange.objects.filter(case=case).order_by("-id").first()
    place = prefill(case.applicant_ref).get(f"{case.applicant_ref.split(':')[0]}.address")
    return {
        "to_name": (said.contact_name if said else "") or case.applicant_name,
        "phone": said.phone if said else "",
        "address": (said.address if said else "") or (place.value if place else ""),
    }


def to_post(
    *, by: Actor, after: int | None = None, limit: int = PAGE_LIMIT
) -> tuple[list[PostingRow], int | None]:
    """List what is decided and waits to be posted, the oldest wish first; one query."""
    rows = _own(by).filter(WAITING, case__state__in=sorted(one.value for one in DECIDED))
    if after is not None:
        rows = rows.filter(id__gt=after)
    size = max(1, min(limit, PAGE_LIMIT))
    found = list(rows.order_by("id")[: size + 1])
    page = [_row(row) for row in found[:size]]
    return page, page[-1].id if len(found) > size else None


def posted(
    *, by: Actor, after: int | None = None, limit: int = PAGE_LIMIT
) -> tuple[list[PostedRow], int | None]:
    """List what was sent and did not come back, the newest wish first; one query."""
    rows = _own(by).filter(sent_on__isnull=False, returned_on=None)
    if after is not None:
        rows = rows.filter(id__lt=after)
    size = max(1, min(limit, PAGE_LIMIT))
    found = list(rows.order_by("-id")[: size + 1])
    page = [_posted(row) for row in found[:size]]
    return page, page[-1].row.id if len(found) > size else None


def _own(by: Actor) -> QuerySet[Posting]:
    rows = Posting.objects.select_related("case")
    codes = by.departments(Permission.CASE_DELIVER)
    if EVERYWHERE in codes:
        return rows
    own = sorted(codes)
    return rows.filter(Q(case__deciding_department__in=own) | Q(case__intake_department__in=own))


def _row(row: Posting) -> PostingRow:
    case = row.case
    if case.decided_at is None or case.outcome is None:
        raise ValueError(f"case {case.number} is not decided")
    return PostingRow(
        id=row.pk,
        number=case.number,
        query_code=case.query_code,
        item_name=case.item_name,
        applicant_name=case.applicant_name,
        outcome=case.outcome,
        decided_on=case.decided_at.astimezone(PLACE).date(),
        asked_at=row.asked_at,
    )


def _posted(row: Posting) -> PostedRow:
    if row.sent_on is None:
        raise ValueError(f"posting {row.pk} was not sent")
    return PostedRow(
        row=_row(row),
        carrier=row.carrier,
        tracking_number=row.tracking_number,
        sent_on=row.sent_on,
    )


def _view(row: Posting, case: Case, *, whole: bool) -> PostingView:
    return PostingView(
        state=_state(row, case),
        to_name=row.to_name,
        phone=row.phone if whole else mask_phone(row.phone),
        address=row.address if whole else mask_address(row.address),
        asked_at=row.asked_at,
        carrier=row.carrier,
        tracking_number=row.tracking_number,
        sent_on=row.sent_on,
        returned_on=row.returned_on,
        return_reason=row.return_reason,
    )


def _state(row: Posting, case: Case) -> PostingState:
    """Return where a wish stands; one that waited when its case ended is ended with it."""
    if row.returned_on is not None:
        return PostingState.RETURNED
    if row.sent_on is not None:
        return PostingState.SENT
    over = CaseState(case.state) not in LIVE
    if row.taken_back_at is None:
        return PostingState.ENDED if over else PostingState.WAITING
    with_it = over and case.closed_at is not None and row.taken_back_at >= case.closed_at
    return PostingState.ENDED if with_it else PostingState.TAKEN_BACK


def _case(number: str, by: Actor) -> Case:
    case = Case.objects.filter(number=number).first()
    if case is None or not may_read(case, by):
        raise CaseNotFoundError
    return case
