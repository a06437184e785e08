"""Questions behind the figures of the catalogue; the figures are in `policy.reports`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Exists, OuterRef
from django.utils.timezone import localtime

from yiwang.catalogue import queries, towns
from yiwang.catalogue.models import Item, ItemChange, ItemVersionRow
from yiwang.catalogue.policy.items import ItemState, ItemType
from yiwang.catalogue.policy.reports import (
    DecidedChange,
    Figure,
    FigureGroup,
    FigureKey,
    FigureLine,
    KnownItem,
    report,
)
from yiwang.catalogue.policy.towns import TownMode
from yiwang.kernel.paging import PageKeyRefusedError

PAGE = 100

_Groups = tuple[tuple[FigureGroup, tuple[Figure, ...]], ...]
_kept: dict[str, tuple[object, _Groups]] = {}
"""The last report of the process, with everything it was reckoned from."""


@dataclass(frozen=True, kw_only=True)
class ItemReport:
    """Every figure of the catalogue on one day.

    Attributes:
        on: The day the figures hold on (数据截至).
    """

    on: date
    groups: _Groups

    def figure(self, key: FigureKey) -> Figure:
        """Return one figure."""
        return next(one for _, figures in self.groups for one in figures if one.key is key)

    def group_of(self, key: FigureKey) -> FigureGroup:
        """Return the group in which a figure stands."""
        return next(
            group for group, figures in self.groups if any(one.key is key for one in figures)
        )


@dataclass(frozen=True, kw_only=True)
class LinesPage:
    """One page of the items behind a figure.

    Attributes:
        after: What the next page begins behind; empty: this is the last.
    """

    lines: tuple[FigureLine, ...]
    after: str


def item_report(*, on: date) -> ItemReport:
    """Reckon all figures of the versions in force on `on`.

    Five queries while nothing has changed since the process last reckoned, seven otherwise.
    """
    listed, changes = tuple(_without_version()), tuple(_decided(on))
    sunk = _sunk(on)
    key = (queries.marks_in_force(on=on), listed, changes, sunk)
    kept = _kept.get("report")
    if kept is None or kept[0] != key:
        found = report(queries.items(on=on), listed=listed, changes=changes, sunk=sunk)
        kept = (key, tuple(found.items()))
        _kept["report"] = kept
    return ItemReport(on=on, groups=kept[1])


def lines_page(figure: Figure, *, after: str = "", limit: int = PAGE) -> LinesPage:
    """Return a page of the items behind `figure`, by name.

    Args:
        figure: The figure.
        after: `LinesPage.after` of the page before; empty: the first page.
        limit: Rows of the page, at most 100.

    Raises:
        PageKeyRefusedError: `after` is not a key that a page gave.
    """
    size = min(limit, PAGE)
    places = {line.slug: place for place, line in enumerate(figure.lines, start=1)}
    if after and after not in places:
        raise PageKeyRefusedError
    start = places.get(after, 0)
    shown = figure.lines[start : start + size]
    more = start + size < len(figure.lines)
    return LinesPage(lines=shown, after=shown[-1].slug if more else "")


def _sunk(on: date) -> dict[str, dict[TownMode, int]]:
    return {
        slug: dict(Counter(one.mode for one in windows))
        for slug, windows in towns.windows_by_item(None, on=on).items()
    }


def _without_version() -> list[KnownItem]:
    rows = Item.objects.filter(~Exists(ItemVersionRow.objects.filter(item=OuterRef("pk"))))
    return [
        KnownItem(slug=slug, name=name, item_type=ItemType(kind), department=department)
        for slug, name, kind, department in rows.values_list(
            "slug", "name", "item_type", "department"
        )
    ]


def _decided(on: date) -> Sequence[DecidedChange]:
    in_force = ItemVersionRow.objects.filter(item=OuterRef("item_id"), until__isnull=True)
    rows = (
        ItemChange.objects.exclude(document="")
        .annotate(offered=Exists(in_force))
        .select_related("item")
        .order_by("pk")
    )
    return [
        DecidedChange(
            slug=row.item.slug,
            name=row.item.name,
            department=row.item.department,
            cancels=row.act == ItemState.CANCELLED,
            document=row.document,
            on=localtime(row.at).date(),
            offered=row.offered,
        )
        for row in rows
        if localtime(row.at).date() <= on
    ]
