"""Granted decisions that the public may read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import OuterRef, Q, Subquery

from yiwang.cases.models import Case, CaseDocument
from yiwang.cases.policy.terms import DocumentKind, Outcome
from yiwang.cases.queries.paging import PAGE_LIMIT, page_size
from yiwang.catalogue import queries as catalogue
from yiwang.catalogue.policy.items import Audience
from yiwang.kernel.masking import mask_name
from yiwang.kernel.paging import moment_and_row
from yiwang.organisations import scope


@dataclass(frozen=True, kw_only=True)
class DecisionRow:
    """One line of the public register of granted decisions.

    Attributes:
        number: Number of the written decision.
        holder: A firm whole; of a person only the first character.
    """

    number: str
    item_slug: str
    item_name: str
    holder: str
    department_code: str
    decided_at: datetime


def granted_decisions(
    *, text: str = "", after: str | None = None, limit: int = PAGE_LIMIT
) -> tuple[list[DecisionRow], str | None]:
    """List the granted decisions that the public may read, newest first; two queries.

    Decisions on items that are not published (`ItemVersion.public`) are left out.

    Args:
        text: Part of the item's or of a firm's name, or the whole number of a decision. A
            person's name finds nothing: it would tell whose name the line hides.
        after: Key of the page before.
        limit: Lines, at most PAGE_LIMIT.

    Returns:
        The lines, and the key of the next page.

    Raises:
        PageKeyRefusedError: `after` is not a key that a page gave.

    Source:
        行政许可法 第四十条 (the public may consult granted decisions).
    """
    letter = CaseDocument.objects.filter(
        case=OuterRef("pk"), kind=DocumentKind.GRANT_DECISION.value
    )
    rows = (
        Case.objects.filter(outcome=Outcome.GRANT.value)
        .exclude(item_slug__in=catalogue.unpublished_slugs())
        .annotate(letter=Subquery(letter.values("number")[:1]))
    )
    text = " ".join(text.split())[:60]
    if text:
        rows = rows.filter(
            Q(item_name__contains=text)
            | Q(applicant_kind=Audience.ENTITY.value, applicant_name__contains=text)
            | Q(letter=text)
        )
    if after is not None:
        rows = rows.filter(_decided_before(after))
    size = page_size(limit)
    with scope.everything():  # 许可法 第四十条: only what everybody may read leaves this function
        found = list(rows.order_by("-decided_at", "-id")[: size + 1])
    last = found[size - 1] if len(found) > size else None
    key = f"{last.decided_at.isoformat()}_{last.pk}" if last and last.decided_at else None
    return [_decision(row) for row in found[:size]], key


def _decided_before(after: str) -> Q:
    decided_at, key = moment_and_row(after)
    return Q(decided_at__lte=decided_at) & (Q(decided_at__lt=decided_at) | Q(id__lt=key))


def _decision(row: Case) -> DecisionRow:
    assert row.decided_at is not None  # cases_case_decision_has_moment_person_and_outcome
    firm = row.applicant_kind == Audience.ENTITY.value
    return DecisionRow(
        number=row.letter,  # type: ignore[attr-defined]  # annotated by granted_decisions
        item_slug=row.item_slug,
        item_name=row.item_name,
        holder=row.applicant_name if firm else mask_name(row.applicant_name),
        department_code=row.department_code,
        decided_at=row.decided_at,
    )
