"""Questions about all items of a district, those without a published guide included."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Collate

from yiwang.catalogue.models import Item, ItemVersionRow
from yiwang.catalogue.policy.items import Audience, ItemType
from yiwang.kernel.paging import PageKeyRefusedError, row_number

PAGE = 100


@dataclass(frozen=True, kw_only=True)
class ListedView:
    """An item as the catalogue lists it; what is not known is empty.

    Attributes:
        catalog_code, catalog_name: Its entry of the basic catalogue (基本目录).
        has_guide: A version is in force.
    """

    slug: str
    name: str
    item_type: ItemType
    department: str
    catalog_code: str
    catalog_name: str
    task_code: str
    external_code: str
    main_item: str
    source: str
    has_guide: bool


@dataclass(frozen=True, kw_only=True)
class ListedPage:
    """One page of items.

    Attributes:
        after: What the next page begins behind; empty: this is the last.
        total: Items that fit the filter, on all pages.
        departments, types: Items by department and type, whatever the filter says of them.
    """

    rows: tuple[ListedView, ...]
    after: str
    total: int
    departments: Mapping[str, int]
    types: Mapping[str, int]


def listed_item(slug: str, *, on: date) -> ListedView:
    """Return an item that is listed, with a guide in force on `on` or without any.

    Raises:
        LookupError: no such item, or one whose guide was suspended or cancelled.
    """
    row = _offered(on).filter(slug=slug).select_related("catalog_item").first()
    if row is None:
        raise LookupError(f"no listed item {slug}")
    return _view(row)


def listed_page(
    *,
    on: date,
    audience: Audience | None = None,
    department: str = "",
    item_type: ItemType | None = None,
    after: str = "",
    limit: int = PAGE,
) -> ListedPage:
    """List items by name, a page at a time; two queries, three with `after`.

    Args:
        on: The day.
        audience: Only items with a guide for this audience.
        department: Only items of this department; empty: all.
        item_type: Only items of this type; None: all.
        after: `ListedPage.after` of the page before; empty: the first page.
        limit: Rows of the page, at most 100.

    Raises:
        PageKeyRefusedError: `after` is not a key that a page gave.
    """
    every = _offered(on)
    if audience is not None:
        every = every.filter(Exists(_in_force(on).filter(audiences__contains=[audience.value])))
    wanted = every.filter(department=department) if department else every
    wanted = wanted.filter(item_type=item_type.value) if item_type else wanted
    rows = wanted.order_by(Collate("name", "C"), "pk").select_related("catalog_item")
    size = min(limit, PAGE)
    if after:
        last = Item.objects.filter(pk=row_number(after)).first()
        if last is None:
            raise PageKeyRefusedError
        rows = rows.alias(sorted=Collate("name", "C")).filter(
            Q(sorted__gt=last.name) | Q(sorted=last.name, pk__gt=last.pk)
        )
    found = list(rows[: size + 1])
    counts = _counts(every)
    return ListedPage(
        rows=tuple(_view(row) for row in found[:size]),
        after=str(found[size - 1].pk) if len(found) > size else "",
        total=sum(
            count
            for (unit, kind), count in counts.items()
            if department in {"", unit} and (item_type is None or kind == item_type)
        ),
        departments=_summed(counts, 0),
        types=_summed(counts, 1),
    )


def _in_force(on: date) -> QuerySet[ItemVersionRow]:
    return ItemVersionRow.objects.filter(
        Q(until__isnull=True) | Q(until__gt=on), item=OuterRef("pk"), effective_on__lte=on
    ).exclude(state="draft")


def _offered(on: date) -> QuerySet[Item]:
    """Return items with a guide in force, and those that never had one."""
    versions = ItemVersionRow.objects.filter(item=OuterRef("pk"))
    return Item.objects.annotate(has_guide=Exists(_in_force(on))).filter(
        Q(has_guide=True) | ~Exists(versions)
    )


def _counts(items: QuerySet[Item]) -> dict[tuple[str, str], int]:
    rows = items.order_by().values_list("department", "item_type").annotate(Count("pk"))
    return {(department, kind): count for department, kind, count in rows}


def _summed(counts: Mapping[tuple[str, str], int], place: int) -> dict[str, int]:
    found: Counter[str] = Counter()
    for key, count in sorted(counts.items()):
        found[key[place]] += count
    return dict(sorted(found.items()))


def _view(row: Item) -> ListedView:
    entry = row.catalog_item
    return ListedView(
        slug=row.slug,
        name=row.name,
        item_type=ItemType(row.item_type),
        department=row.department,
        catalog_code=entry.code if entry else "",
        catalog_name=entry.name if entry else "",
        task_code=row.task_code,
        external_code=row.external_code,
        main_item=row.main_item,
        source=row.source,
        has_guide=bool(getattr(row, "has_guide", False)),
    )
