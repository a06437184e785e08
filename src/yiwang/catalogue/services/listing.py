"""Acts above versions: the basic catalogue, and items known by name and codes only."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from yiwang.audit import services as audit
from yiwang.catalogue.models import CatalogItem, Item
from yiwang.catalogue.policy.listed import CatalogEntry, ListedItem

ROWS_A_BATCH = 1_000


@dataclass(frozen=True, kw_only=True)
class Listing:
    """What listing did."""

    added: int
    changed: int
    same: int

    def __str__(self) -> str:
        return f"新增 {self.added} 项，更正 {self.changed} 项，未变 {self.same} 项"


@transaction.atomic
def put_catalog_items(
    *, entries: Iterable[CatalogEntry], pack: str, by: str, at: datetime
) -> Listing:
    """Put entries into the basic catalogue; the same again changes nothing, none is taken out."""
    wanted = {entry.code: entry for entry in entries}
    stored = {row.code: row for row in CatalogItem.objects.filter(code__in=wanted)}
    fresh = [
        CatalogItem(
            code=entry.code,
            name=entry.name,
            item_type=entry.item_type.value,
            source=entry.source,
            pack=pack,
        )
        for entry in wanted.values()
        if entry.code not in stored
    ]
    changed = [
        row
        for row in stored.values()
        if _differs(row, name=wanted[row.code].name, item_type=wanted[row.code].item_type.value)
    ]
    for row in changed:
        row.name = wanted[row.code].name
        row.item_type = wanted[row.code].item_type.value
    CatalogItem.objects.bulk_create(fresh, batch_size=ROWS_A_BATCH)
    CatalogItem.objects.bulk_update(changed, ["name", "item_type"], batch_size=ROWS_A_BATCH)
    done = Listing(
        added=len(fresh), changed=len(changed), same=len(wanted) - len(fresh) - len(changed)
    )
    if fresh or changed:
        audit.record(
            at=at,
            actor=by,
            act="catalogue.put_catalog_items",
            target=f"pack:{pack}",
            detail=dataclasses.asdict(done),
        )
    return done


@transaction.atomic
def list_items(*, items: Sequence[ListedItem], pack: str, by: str, at: datetime) -> Listing:
    """List items by name and codes; the same again changes nothing.

    An item that has a version already keeps what the version says: only its code in the other
    system and its main item are taken over.
    """
    codes = {item.catalog_code for item in items if item.catalog_code}
    entries = dict(CatalogItem.objects.filter(code__in=codes).values_list("code", "pk"))
    stored = {row.slug: row for row in Item.objects.filter(slug__in=[item.slug for item in items])}
    handled = set(
        Item.objects.filter(slug__in=stored, versions__isnull=False).values_list("slug", flat=True)
    )
    fresh: list[Item] = []
    changed: list[Item] = []
    for item in items:
        columns = {"external_code": item.external_code, "main_item": item.main_item}
        if item.slug not in handled:
            columns |= {
                "name": item.name,
                "item_type": item.item_type.value,
                "department": item.department,
                "source": item.source,
            }
        entry = entries.get(item.catalog_code)
        row = stored.get(item.slug)
        if row is None:
            fresh.append(Item(slug=item.slug, pack=pack, catalog_item_id=entry, **columns))
        elif _differs(row, **columns) or (entry is not None and row.catalog_item_id != entry):
            for column, value in columns.items():
                setattr(row, column, value)
            row.catalog_item_id = entry or row.catalog_item_id
            changed.append(row)
    Item.objects.bulk_create(fresh, batch_size=ROWS_A_BATCH)
    Item.objects.bulk_update(
        changed,
        ["name", "item_type", "department", "source", "external_code", "main_item", "catalog_item"],
        batch_size=ROWS_A_BATCH,
    )
    done = Listing(
        added=len(fresh), changed=len(changed), same=len(items) - len(fresh) - len(changed)
    )
    if fresh or changed:
        audit.record(
            at=at,
            actor=by,
            act="catalogue.list_items",
            target=f"pack:{pack}",
            detail=dataclasses.asdict(done),
        )
    return done


def _differs(row: CatalogItem | Item, **columns: str) -> bool:
    return any(getattr(row, column) != value for column, value in columns.items())
