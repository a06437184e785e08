"""The sections `basic_catalogue` and `listed_items` of a pack: names and codes, nothing more."""

from __future__ import annotations

import re
from dataclasses import dataclass

from yiwang.catalogue.policy.items import ItemType
from yiwang.content.policy.fields import Fields
from yiwang.content.policy.packs import PackError, PackFile

SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,79}")


@dataclass(frozen=True, kw_only=True)
class CatalogEntry:
    """One entry of the basic catalogue (基本目录) as it comes in."""

    code: str
    name: str
    item_type: ItemType
    source: str


@dataclass(frozen=True, kw_only=True)
class ListedItem:
    """An item of which only name, type, department and codes are known.

    Attributes:
        catalog_code: Code of the entry of the basic catalogue it stands on; empty: unknown.
        external_code: Its code in the system it comes from, kept as it is.
        main_item: Name of the main item (主项); empty: none.
    """

    slug: str
    name: str
    item_type: ItemType
    department: str
    catalog_code: str = ""
    external_code: str = ""
    main_item: str = ""
    source: str = ""


TYPES = [kind.value for kind in ItemType]


def parse_entries(file: PackFile) -> tuple[list[CatalogEntry], list[PackError]]:
    """Return the entries that `file` holds, and what is wrong with the others."""
    errors: list[PackError] = []
    fields = Fields(file, errors)
    source = fields.text("source", longest=400)
    entries = []
    for row in fields.rows("entries"):
        before = len(errors)
        entry = CatalogEntry(
            code=row.text("code", longest=40),
            name=row.text("name", longest=400),
            item_type=ItemType(row.choice("type", TYPES, default=TYPES[0])),
            source=source,
        )
        row.done()
        if len(errors) == before:
            entries.append(entry)
    fields.done()
    return entries, errors


def parse_items(file: PackFile) -> tuple[list[ListedItem], list[PackError]]:
    """Return the items that `file` holds, and what is wrong with the others."""
    errors: list[PackError] = []
    fields = Fields(file, errors)
    source = fields.text("source", longest=400)
    items = []
    for row in fields.rows("items"):
        before = len(errors)
        slug = row.text("slug", longest=80)
        if slug and not SLUG.fullmatch(slug):
            row.refuse("slug", f"为“{slug}”，不能作网址。", "请用小写英文字母、数字和连字符。")
        item = ListedItem(
            slug=slug,
            name=row.text("name", longest=400),
            item_type=ItemType(row.choice("type", TYPES, default=TYPES[0])),
            department=row.text("department", longest=40),
            catalog_code=row.text("catalog_code", required=False, longest=40),
            external_code=row.text("external_code", required=False, longest=80),
            main_item=row.text("main_item", required=False, longest=400),
            source=source,
        )
        row.done()
        if len(errors) == before:
            items.append(item)
    fields.done()
    return items, errors
