"""Questions about items sunk to town centres, and how the section `town_items` is loaded."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import Q

from yiwang.audit import services as audit
from yiwang.catalogue.models import Item, TownItem
from yiwang.catalogue.policy.towns import (
    EVERY_CENTRE,
    InNameOf,
    TownLine,
    TownMode,
    at_centre,
    begins_at,
    overlapping,
    parse,
)
from yiwang.content.policy.packs import Change, DiffLine, PackError, PackFile
from yiwang.organisations import queries as organisations
from yiwang.organisations.policy.terms import DepartmentKind

SECTION = "town_items"


@dataclass(frozen=True, kw_only=True)
class TownWindow:
    """How one item is done at one centre on a day.

    Attributes:
        name_of: Code of the unit in whose name the centre accepts; empty: the deciding department.
        since: First day of this mode.
        until: First day on which it no longer holds; None: no end is written.
    """

    item: str
    centre: str
    centre_name: str
    short_name: str
    mode: TownMode
    in_name_of: InNameOf
    name_of: str
    document: str
    since: date
    until: date | None


def lines(*, item: str = "", centre: str = "") -> list[TownLine]:
    """List what was laid down, of one item, or what concerns one centre; one query."""
    rows = TownItem.objects.order_by("item", "centre", "valid_from")
    if item:
        rows = rows.filter(item=item)
    if centre:
        rows = rows.filter(centre__in=[centre, EVERY_CENTRE])
    return [_line(row) for row in rows]


def laid_down() -> bool:
    """Tell whether the district has said of any item at which centres it is done."""
    return TownItem.objects.exists()


def windows_of(item: str, *, on: date) -> list[TownWindow]:
    """List the centres at which an item is done that day, in the order of the pack; two queries."""
    return windows_by_item([item], on=on).get(item, [])


def windows_by_item(items: Collection[str] | None, *, on: date) -> dict[str, list[TownWindow]]:
    """Return the centres of each of `items` that is done at any; None: of all; two queries."""
    rows = TownItem.objects.filter(
        Q(valid_until__isnull=True) | Q(valid_until__gt=on), valid_from__lte=on
    ).order_by("item", "valid_from")
    if items is not None:
        rows = rows.filter(item__in=list(items))
    written: dict[str, list[TownLine]] = defaultdict(list)
    for row in rows:
        written[row.item].append(_line(row))
    if not written:
        return {}
    centres = organisations.departments(on=on, kind=DepartmentKind.COMMUNITY_CENTRE)
    found = {
        slug: [
            _window(line, unit)
            for unit in centres
            if (line := at_centre(ones, unit.code, on=on)) is not None
        ]
        for slug, ones in written.items()
    }
    return {slug: ones for slug, ones in found.items() if ones}


def items_at(centre: str, *, on: date) -> list[TownWindow]:
    """List the items that a centre does that day; two queries."""
    return [
        window
        for ones in windows_by_item(None, on=on).values()
        for window in ones
        if window.centre == centre
    ]


def window_at(item: str, centre: str, *, on: date) -> TownWindow | None:
    """Return how a centre does an item that day; None: it does not."""
    return next((one for one in windows_of(item, on=on) if one.centre == centre), None)


def does_everything(unit: str) -> bool:
    """Tell whether a unit's hall does every item; a town's centre does only what was sunk to it.

    The centres of a district that has laid down nothing do every item too.
    """
    try:
        of_a_town = organisations.department(unit).kind is DepartmentKind.COMMUNITY_CENTRE
    except LookupError:
        of_a_town = False
    return not of_a_town or not laid_down()


def days_done_at(item: str, unit: str, days: Collection[date]) -> frozenset[date]:
    """Return on which of `days` a unit's hall does an item; three queries at most."""
    if does_everything(unit):
        return frozenset(days)
    written = lines(item=item)
    return frozenset(day for day in days if at_centre(written, unit, on=day) is not None)


def done_at(item: str, unit: str, *, on: date) -> bool:
    """Tell whether a unit's hall does an item that day, see `days_done_at`."""
    return on in days_done_at(item, unit, [on])


def coming_to(item: str, centre: str, *, after: date) -> date | None:
    """Return the day from which a centre will do an item that it does not do yet; None: unknown."""
    return begins_at(lines(item=item), centre, after=after)


@transaction.atomic
def save_line(line: TownLine, *, by: str, at: datetime) -> None:
    """Add or change one arrangement; what stood before is written to the trail."""
    values = dataclasses.asdict(line) | {
        "mode": line.mode.value,
        "in_name_of": line.in_name_of.value,
    }
    key = {name: values[name] for name in ("item", "centre", "valid_from")}
    before = TownItem.objects.select_for_update().filter(**key).values(*values).first()
    TownItem.objects.update_or_create(**key, defaults=values)
    audit.record(
        at=at,
        actor=by,
        act="catalogue.save_town_item",
        target=f"item:{line.item}",
        detail={"before": before, "after": values},
    )


class TownItems:
    """Section `town_items`; what a pack no longer names stays until its `until`."""

    def check(self, files: Sequence[PackFile]) -> list[PackError]:
        """Return what cannot be read, unknown items and centres, and days that overlap."""
        errors = [error for file in files for error in parse(file)[1]]
        return errors or [*self._unknown(files), *self._twice(files), *self._overlaps(files)]

    def diff(self, files: Sequence[PackFile]) -> list[DiffLine]:
        """Return the arrangements that are not loaded as they are written."""
        loaded = {one.key: one for one in lines()}
        return [
            DiffLine(
                section=SECTION,
                change=Change.CHANGE if one.key in loaded else Change.ADD,
                what=f"{one.item} 在{one.centre or '各受理中心'}{one.mode.label}",
                detail=f"自{one.valid_from}起，{one.document}",
            )
            for one in _written(files).values()
            if loaded.get(one.key) != one
        ]

    def apply(self, files: Sequence[PackFile], *, by: str, at: datetime) -> None:
        """Add or change what differs; what stood before is kept in the trail."""
        loaded = {one.key: one for one in lines()}
        for one in sorted(_written(files).values(), key=lambda one: one.key):
            if loaded.get(one.key) != one:  # in the order of days: what ends makes room first
                save_line(one, by=by, at=at)

    def _unknown(self, files: Sequence[PackFile]) -> Iterator[PackError]:
        slugs = set(Item.objects.values_list("slug", flat=True))
        units = {unit.code: unit for unit in organisations.departments()}
        for file, place, one in _placed(files):
            if one.item not in slugs:
                yield file.error(
                    f"{place}.item",
                    f"没有事项“{one.item}”。",
                    "请填写事项的标识，或者先在 catalogue 中写入该事项。",
                )
            unit = units.get(one.centre)
            if one.centre and (unit is None or unit.kind is not DepartmentKind.COMMUNITY_CENTRE):
                yield file.error(
                    f"{place}.centres",
                    f"“{one.centre}”不是社区事务受理服务中心的代号。",
                    "请核对代号，或者先在 departments 中写入该中心（kind: community_centre）。",
                )
            elif one.in_name_of is InNameOf.TOWN:
                without = [
                    unit.code
                    for unit in units.values()
                    if unit.kind is DepartmentKind.COMMUNITY_CENTRE
                    and one.centre in (unit.code, EVERY_CENTRE)
                    and not unit.town
                ]
                if without:
                    yield file.error(
                        f"{place}.in_name_of",
                        f"“{without[0]}”没有写所属街镇，不能以街镇名义受理。",
                        "请在 departments 中给这个中心写上 town。",
                    )

    def _twice(self, files: Sequence[PackFile]) -> Iterator[PackError]:
        seen: set[tuple[str, tuple[str, str, date]]] = set()
        for file, place, one in _placed(files):
            if (file.pack, one.key) in seen:
                yield file.error(
                    place,
                    f"“{one.item}”在{one.centre or '各受理中心'}自 {one.valid_from} 起写了两次。",
                    "请删去一处。",
                )
            seen.add((file.pack, one.key))

    def _overlaps(self, files: Sequence[PackFile]) -> Iterator[PackError]:
        whole = {one.key: one for one in lines()} | _written(files)
        places = {one.key: (file, place) for file, place, one in _placed(files)}
        for first, second in overlapping(whole.values()):
            file, place = places.get(second.key) or places.get(first.key) or (None, "")
            if file is not None:
                yield file.error(
                    place,
                    f"“{first.item}”在{first.centre or '各受理中心'}自 {second.valid_from} 起与"
                    f"自 {first.valid_from} 起的安排重叠。",
                    f"请给自 {first.valid_from} 起的安排写上不晚于 {second.valid_from} 的 until。",
                )


def _placed(files: Sequence[PackFile]) -> Iterator[tuple[PackFile, str, TownLine]]:
    for file in files:
        for place, one in parse(file)[0]:
            yield file, place, one


def _written(files: Sequence[PackFile]) -> dict[tuple[str, str, date], TownLine]:
    """Return each arrangement once, as the last pack that names it writes it."""
    return {one.key: one for _, _, one in _placed(files)}


def _line(row: TownItem) -> TownLine:
    return TownLine(
        item=row.item,
        centre=row.centre,
        mode=TownMode(row.mode),
        in_name_of=InNameOf(row.in_name_of),
        document=row.document,
        note=row.note,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
    )


def _window(line: TownLine, unit: organisations.DepartmentView) -> TownWindow:
    return TownWindow(
        item=line.item,
        centre=unit.code,
        centre_name=unit.name,
        short_name=unit.short_name or unit.name,
        mode=line.mode,
        in_name_of=line.in_name_of,
        name_of=unit.town if line.in_name_of is InNameOf.TOWN else "",
        document=line.document,
        since=line.valid_from,
        until=line.valid_until,
    )


TOWN_ITEMS = TownItems()
