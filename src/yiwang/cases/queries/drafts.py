"""Drafts of applicants that were not handed in yet."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from yiwang.cases.models import Draft, DraftUpload
from yiwang.cases.queries.paging import PAGE_LIMIT
from yiwang.cases.queries.reading import CaseNotFoundError
from yiwang.organisations.permissions import Actor


@dataclass(frozen=True, kw_only=True)
class DraftView:
    """An application being filled in."""

    id: int
    applicant_ref: str
    item_slug: str
    item_version: int
    answers: dict[str, object]
    saved_at: datetime
    expires_on: date
    uploads: tuple[tuple[str, str], ...]
    """(material id, upload ref), in the order attached."""
    case_number: str


def drafts_of(subject_refs: Iterable[str], *, today: date) -> list[DraftView]:
    """List drafts that were not submitted and have not expired, newest first; two queries."""
    rows = (
        Draft.objects.filter(
            applicant_ref__in=list(subject_refs), submitted_case=None, expires_on__gte=today
        )
        .order_by("-saved_at", "-id")
        .prefetch_related("uploads")[:PAGE_LIMIT]
    )
    return [draft_view(row, row.uploads.all()) for row in rows]


def draft(draft_id: int, *, by: Actor) -> DraftView:
    """Return one draft of `by`; two queries.

    Raises:
        CaseNotFoundError: there is none, or it is not theirs.
    """
    row = Draft.objects.select_related("submitted_case").filter(pk=draft_id).first()
    if row is None or not by.acts_for(row.applicant_ref):
        raise CaseNotFoundError
    return draft_view(row, row.uploads.order_by("id"))


def draft_view(row: Draft, uploads: Iterable[DraftUpload]) -> DraftView:
    """Return the frozen view of a draft."""
    return DraftView(
        id=row.pk,
        applicant_ref=row.applicant_ref,
        item_slug=row.item_slug,
        item_version=row.item_version,
        answers=row.answers,
        saved_at=row.saved_at,
        expires_on=row.expires_on,
        uploads=tuple((one.material_id, one.upload_ref) for one in uploads),
        case_number=row.submitted_case.number if row.submitted_case else "",
    )
