"""How the sections `basic_catalogue` and `listed_items` of the packs are checked and loaded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from yiwang.catalogue import services
from yiwang.catalogue.models import CatalogItem, Item
from yiwang.catalogue.policy.listed import CatalogEntry, ListedItem, parse_entries, parse_items
from yiwang.content.policy.packs import Change, DiffLine, PackError, PackFile
from yiwang.organisations import queries as organisations

ENTRIES, ITEMS = "basic_catalogue", "listed_items"


class BasicCatalogue:
    """Section `basic_catalogue`; an entry that a pack no longer names stays."""

    def check(self, files: Sequence[PackFile]) -> list[PackError]:
        """Return what cannot be read, and codes written twice."""
        errors = [error for file in files for error in parse_entries(file)[1]]
        named = [(file, f"{one.code}") for file in files for one in parse_entries(file)[0]]
        return errors + _twice(named, "entries", "基本编码")

    def diff(self, files: Sequence[PackFile]) -> list[DiffLine]:
        """Return how many entries are new and which have changed."""
        stored = dict(CatalogItem.objects.values_list("code", "name"))
        entries = [one for file in files for one in parse_entries(file)[0]]
        return _lines(ENTRIES, "基本目录", [(one.code, one.name) for one in entries], stored)

    def apply(self, files: Sequence[PackFile], *, by: str, at: datetime) -> None:
        """Add or change what differs."""
        packs: dict[str, list[CatalogEntry]] = defaultdict(list)
        for file in files:
            packs[file.pack] += parse_entries(file)[0]
        for pack, entries in packs.items():
            services.put_catalog_items(entries=entries, pack=pack, by=by, at=at)


class ListedItems:
    """Section `listed_items`; an item that a pack no longer names stays listed."""

    def check(self, files: Sequence[PackFile]) -> list[PackError]:
        """Return what cannot be read, what is written twice, and unknown departments."""
        errors = [error for file in files for error in parse_items(file)[1]]
        rows = [(file, one) for file in files for one in parse_items(file)[0]]
        errors += _twice([(file, one.slug) for file, one in rows], "items", "标识")
        errors += _twice(
            [(file, one.external_code) for file, one in rows if one.external_code],
            "items",
            "原系统编码",
        )
        known = {unit.code for unit in organisations.departments()}
        unknown = {(file, one.department) for file, one in rows if one.department not in known}
        errors += [
            file.error("items", f"没有部门“{code}”。", "请在 departments 中写入，或者更正。")
            for file, code in sorted(unknown, key=lambda pair: pair[1])
        ]
        return errors

    def diff(self, files: Sequence[PackFile]) -> list[DiffLine]:
        """Return how many items are new and which have changed."""
        stored = dict(
            Item.objects.filter(versions__isnull=True).values_list("slug", "name")
        ) | dict.fromkeys(
            Item.objects.filter(versions__isnull=False).values_list("slug", flat=True), ""
        )
        items = [one for file in files for one in parse_items(file)[0]]
        written = [(one.slug, one.name if stored.get(one.slug) else "") for one in items]
        fresh = {one.slug: one.name for one in items if one.slug not in stored}
        return _lines(
            ITEMS, "事项目录", [(slug, fresh.get(slug, name)) for slug, name in written], stored
        )

    def apply(self, files: Sequence[PackFile], *, by: str, at: datetime) -> None:
        """Add or change what differs."""
        packs: dict[str, list[ListedItem]] = defaultdict(list)
        for file in files:
            packs[file.pack] += parse_items(file)[0]
        for pack, items in packs.items():
            services.list_items(items=items, pack=pack, by=by, at=at)


def _twice(named: Iterable[tuple[PackFile, str]], place: str, what: str) -> list[PackError]:
    seen: set[str] = set()
    errors = []
    for file, key in named:
        if key in seen:
            errors.append(file.error(place, f"{what}“{key}”写了两次。", "请删去一处。"))
        seen.add(key)
    return errors


def _lines(
    section: str, what: str, written: Sequence[tuple[str, str]], stored: dict[str, str]
) -> list[DiffLine]:
    fresh = [key for key, _ in written if key not in stored]
    lines = [
        DiffLine(
            section=section, change=Change.CHANGE, what=key, detail=f"原名{stored[key]}，改为{name}"
        )
        for key, name in written
        if key in stored and stored[key] != name
    ]
    if fresh:
        detail = f"新增 {len(fresh)} 项"
        lines.insert(0, DiffLine(section=section, change=Change.ADD, what=what, detail=detail))
    return lines


BASIC_CATALOGUE, LISTED_ITEMS = BasicCatalogue(), ListedItems()
