"""Questions of those who take the catalogue away as data (开放数据)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Max, Q, QuerySet
from django.db.models.functions import TruncDate

from yiwang.catalogue import queries
from yiwang.catalogue.models import ItemVersionRow
from yiwang.catalogue.policy.items import Audience, ItemType, ItemVersion
from yiwang.kernel.hashing import canonical_json, sha256

PAGE = 100
ROWS_AT_ONCE = 100
"""Definitions in memory while the whole catalogue is written out."""


@dataclass(frozen=True, kw_only=True)
class Wish:
    """Which items; None or empty: all.

    Attributes:
        changed_since: Only versions in force or published since that day, which is included.
    """

    audience: Audience | None = None
    item_type: ItemType | None = None
    department: str = ""
    changed_since: date | None = None


@dataclass(frozen=True, kw_only=True)
class Published:
    """A version in force with the moment it was published."""

    item: ItemVersion
    published_at: datetime


@dataclass(frozen=True, kw_only=True)
class PublishedPage:
    """One page of versions in force, by slug.

    Attributes:
        after: Slug behind which the next page begins; empty: this is the last.
        total: Versions that fit the filter, on all pages.
    """

    rows: tuple[Published, ...]
    after: str
    total: int


@dataclass(frozen=True, kw_only=True)
class Edition:
    """What is in force on a day, told apart from any other day's by `mark`.

    Attributes:
        mark: Changes exactly when a version comes into force or goes out of it.
        changed_at: The last publication; None in an empty catalogue.
    """

    on: date
    count: int
    mark: str
    changed_at: datetime | None


def edition(*, on: date) -> Edition:
    """Return the edition of `on`; two queries."""
    rows = _in_force(on)
    heads = list(rows.order_by("pk").values_list("pk", "digest"))
    told = rows.aggregate(count=Count("pk"), last=Max("published_at"))
    return Edition(
        on=on,
        count=told["count"],
        mark=sha256(canonical_json([list(head) for head in heads])),
        changed_at=told["last"],
    )


def published_page(
    *, on: date, wish: Wish = Wish(), after: str = "", limit: int = PAGE
) -> PublishedPage:
    """List versions in force on `on` by slug, a page at a time; four queries at most.

    Args:
        on: The day.
        wish: Which items.
        after: Slug behind which the page begins; it need not exist.
        limit: Rows of the page, at most 100.
    """
    rows = _in_force(on)
    if wish.audience is not None:
        rows = rows.filter(audiences__contains=[wish.audience.value])
    if wish.item_type is not None:
        rows = rows.filter(item_type=wish.item_type.value)
    if wish.department:
        rows = rows.filter(department=wish.department)
    if wish.changed_since is not None:
        since = wish.changed_since
        rows = rows.alias(published_on=TruncDate("published_at")).filter(
            Q(effective_on__gte=since) | Q(published_on__gte=since)
        )
    total = rows.count()
    size = min(limit, PAGE)
    heads = list(
        rows.filter(item__slug__gt=after)
        .order_by("item__slug")
        .values_list("item__slug", "published_at")[: size + 1]
    )
    shown = heads[:size]
    found = {one.slug: one for one in queries.items_named([slug for slug, _ in shown], on=on)}
    return PublishedPage(
        rows=tuple(
            Published(item=found[slug], published_at=at) for slug, at in shown if slug in found
        ),
        after=shown[-1][0] if len(heads) > size else "",
        total=total,
    )


def definitions(*, on: date) -> Iterator[dict[str, Any]]:
    """Yield every version in force on `on` as it is stored, by slug; one query, a few in memory."""
    rows = _in_force(on).order_by("item__slug").values_list("definition", "version", "effective_on")
    for definition, version, effective_on in rows.iterator(chunk_size=ROWS_AT_ONCE):
        yield {**definition, "version": version, "effective_on": effective_on.isoformat()}


def _in_force(on: date) -> QuerySet[ItemVersionRow]:
    return ItemVersionRow.objects.exclude(state="draft").filter(
        Q(until__isnull=True) | Q(until__gt=on), effective_on__lte=on
    )
