"""How many cases an item has, and which of them run; no applicant is shown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count

from yiwang.cases.models import Case
from yiwang.cases.policy.states import RUNNING, CaseState
from yiwang.cases.queries.paging import PAGE_LIMIT, page_size
from yiwang.cases.queries.rows import in_states
from yiwang.organisations import scope


@dataclass(frozen=True, kw_only=True)
class OpenOfItem:
    """One running case of an item, for those who keep the item: no applicant, no answers."""

    query_code: str
    item_version: int
    state: CaseState
    received_at: datetime


def asked_for(*, since: date) -> dict[str, int]:
    """Count the cases received since `since` by item; one query."""
    with scope.everything():  # counts of the whole district; no case is shown
        return dict(
            Case.objects.filter(received_on__gte=since)
            .order_by()
            .values_list("item_slug")
            .annotate(Count("id"))
        )


def open_of_item(item_slug: str, *, limit: int = PAGE_LIMIT) -> list[OpenOfItem]:
    """List the running cases of an item, oldest first, without saying whose they are."""
    with scope.everything():  # for whoever withdraws the item; no applicant is shown
        rows = list(
            Case.objects.filter(in_states(RUNNING), item_slug=item_slug)
            .order_by("received_at", "id")
            .only("query_code", "item_version", "state", "received_at")[: page_size(limit)]
        )
    return [
        OpenOfItem(
            query_code=row.query_code,
            item_version=row.item_version,
            state=CaseState(row.state),
            received_at=row.received_at,
        )
        for row in rows
    ]


def open_by_version(item_slug: str) -> dict[int, int]:
    """Count the running cases of an item by the version they came in under; one query."""
    with scope.everything():  # counts of the whole district; no case is shown
        return dict(
            Case.objects.filter(in_states(RUNNING), item_slug=item_slug)
            .order_by()
            .values_list("item_version")
            .annotate(Count("id"))
        )
