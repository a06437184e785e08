"""Cases of applicants, for themselves and for those who act for them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from yiwang.cases.models import Case
from yiwang.cases.queries.paging import PAGE_LIMIT, page_size
from yiwang.cases.queries.rows import ROW_FIELDS, QueueRow, queue_row
from yiwang.kernel.paging import row_number
from yiwang.kernel.workdays import WorkdayCalendar


def my_cases(
    subject_refs: Iterable[str],
    *,
    today: date,
    calendar: WorkdayCalendar,
    after: str | None = None,
    limit: int = PAGE_LIMIT,
) -> tuple[list[QueueRow], str | None]:
    """List the cases of these applicants, newest first, and the key of the next page; one query.

    Raises:
        PageKeyRefusedError: `after` is not a key that a page gave.
    """
    rows = Case.objects.filter(applicant_ref__in=list(subject_refs))
    if after is not None:
        rows = rows.filter(id__lt=row_number(after))
    size = page_size(limit)
    found = list(rows.order_by("-id").only(*ROW_FIELDS)[: size + 1])
    key = str(found[size - 1].id) if len(found) > size else None
    return [queue_row(one, today, calendar) for one in found[:size]], key


def running_cases(
    subject_refs: Iterable[str], *, today: date, calendar: WorkdayCalendar
) -> list[tuple[str, QueueRow]]:
    """List applicant and running case of these applicants, the nearest due first; one query.

    For those who act for all of them: it asks for no permission, its callers do.
    """
    rows = Case.objects.running().filter(applicant_ref__in=sorted(subject_refs))
    found = rows.order_by("due_on", "id").only(*ROW_FIELDS, "applicant_ref")
    return [(row.applicant_ref, queue_row(row, today, calendar)) for row in found]
