"""The letters of all cases of some applicants, for keeping them (我的文书)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from yiwang.cases.models import CaseDocument
from yiwang.cases.policy.terms import INTERNAL_LETTERS, DocumentKind

LETTERS_LIMIT = 100


@dataclass(frozen=True, kw_only=True)
class LetterRow:
    """One letter in the list of an applicant."""

    id: int
    case_number: str
    item_name: str
    kind: DocumentKind
    number: str
    title: str
    issued_at: datetime


def letters_for(
    subject_refs: Iterable[str], *, after: int | None = None, limit: int = LETTERS_LIMIT
) -> tuple[list[LetterRow], int | None]:
    """List the letters in the cases of these applicants, newest first; one query.

    Returns:
        The rows, and the key of the next page.
    """
    size = max(1, min(limit, LETTERS_LIMIT))
    rows = CaseDocument.objects.filter(case__applicant_ref__in=sorted(subject_refs)).exclude(
        kind__in=[kind.value for kind in INTERNAL_LETTERS]
    )
    if after is not None:
        rows = rows.filter(id__lt=after)
    found = list(rows.select_related("case").order_by("-id")[: size + 1])
    page = [
        LetterRow(
            id=row.pk,
            case_number=row.case.number,
            item_name=row.case.item_name,
            kind=DocumentKind(row.kind),
            number=row.number,
            title=row.title,
            issued_at=row.issued_at,
        )
        for row in found[:size]
    ]
    return page, page[-1].id if len(found) > size else None
