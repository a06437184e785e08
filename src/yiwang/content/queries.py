"""Questions about loaded content: the calendar, the district, texts, what is loaded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

from django.conf import settings
from django.db.models import Max, OuterRef, Subquery

from yiwang.content import models
from yiwang.content.policy import holidays
from yiwang.content.policy.districts import (
    CorrectionPeriod,
    District,
    TownKind,
    TownUnit,
    TrustRules,
)
from yiwang.content.policy.holidays import Day, DayKind, Notice
from yiwang.content.policy.texts import Text
from yiwang.kernel.workdays import WorkdayCalendar

__all__ = [
    "District",
    "LoadedPackView",
    "Notice",
    "Text",
    "TownUnit",
    "TrustRules",
    "district",
    "loaded_packs",
    "notices",
    "text",
    "workday_calendar",
]


def workday_calendar(*, known_on: date | None = None) -> WorkdayCalendar:
    """Return the working-day calendar that the loaded notices make.

    The calendar is kept in the process and made again when a notice has been loaded since;
    a call costs one small query.

    Args:
        known_on: Leave out notices issued after that day, to compute a case again as it was.

    Raises:
        CalendarGapError: no notice is loaded.
    """
    stamp = models.HolidayNotice.objects.aggregate(last=Max("pk"))["last"] or 0
    return _calendar(stamp, known_on)


@lru_cache(maxsize=32)
def _calendar(stamp: int, known_on: date | None) -> WorkdayCalendar:
    """Make the calendar; `stamp` only says whether the one in memory still holds."""
    return holidays.calendar(
        [notice for notice in notices() if known_on is None or notice.effective_on <= known_on]
    )


def notices() -> list[Notice]:
    """Return the holiday notices in force, each in its last revision, by year."""
    last = (
        models.HolidayNotice.objects.filter(slug=OuterRef("slug"))
        .order_by("-revision")
        .values("pk")[:1]
    )
    rows = (
        models.HolidayNotice.objects.filter(pk=Subquery(last))
        .prefetch_related("days")
        .order_by("year", "supplement", "slug")
    )
    return [
        Notice(
            slug=row.slug,
            year=row.year,
            supplement=row.supplement,
            title=row.title,
            number=row.number,
            issued_on=row.issued_on,
            source=row.source,
            note=row.note,
            days=tuple(
                sorted(
                    (
                        Day(day=day.day, kind=DayKind(day.kind), festival=day.festival)
                        for day in row.days.all()
                    ),
                    key=lambda day: day.day,
                )
            ),
            sha256=row.sha256,
        )
        for row in rows
    ]


def district(pack: str | None = None, *, on: date | None = None) -> District:
    """Return a district with its town units; kept in the process like the calendar.

    Args:
        pack: Name of its pack; by default the district that this installation serves.
        on: Return what held on that day; by default what was loaded last.

    Raises:
        LookupError: no such district is loaded.
    """
    stamp = models.District.objects.aggregate(last=Max("pk"))["last"] or 0
    return _district(stamp, pack or settings.DISTRICT, on)


@lru_cache(maxsize=32)
def _district(stamp: int, name: str, on: date | None) -> District:
    """Read a district; `stamp` only says whether the one in memory still holds."""
    rows = models.District.objects.filter(pack=name)
    if on is not None:
        rows = rows.filter(effective_on__lte=on)
    row = rows.prefetch_related("town_units").order_by("-revision").first()
    if row is None:
        raise LookupError(f"district {name} is not loaded")
    return District(
        pack=row.pack,
        code=row.code,
        name=row.name,
        short_name=row.short_name,
        name_en=row.name_en,
        letters=row.letters,
        city_code=row.city_code,
        city_name=row.city_name,
        site_name=row.site_name,
        site_name_en=row.site_name_en,
        organiser=row.organiser,
        hotline=row.hotline,
        phone=row.phone,
        address=row.address,
        hours=row.hours,
        effective_on=row.effective_on,
        source=row.source,
        note=row.note,
        trust=TrustRules(**row.trust),
        town_units=tuple(
            TownUnit(code=unit.code, slug=unit.slug, name=unit.name, kind=TownKind(unit.kind))
            for unit in sorted(row.town_units.all(), key=lambda unit: unit.position)
        ),
        automatic=row.automatic,
        correction=tuple(
            CorrectionPeriod(
                days=one["days"],
                effective_on=date.fromisoformat(one["effective_on"]),
                source=one["source"],
            )
            for one in row.correction
        ),
    )


def text(key: str, *, on: date | None = None) -> Text | None:
    """Return a text, or None; the district's own goes before the city's and the nation's.

    Args:
        key: Key of the text.
        on: Return what held on that day; by default what was loaded last.
    """
    rows = models.Text.objects.filter(key=key)
    if on is not None:
        rows = rows.filter(effective_on__lte=on)
    newest = {row.pack: row for row in rows.order_by("revision")}
    if not newest:
        return None
    row = next((newest[pack] for pack in _chain(settings.DISTRICT) if pack in newest), None)
    return None if row is None else _text(row)


def texts_under(prefix: str) -> dict[str, Text]:
    """Return the texts whose key begins with `prefix` and a dot, by the rest of the key.

    The district's own goes before the city's and the nation's; two queries.
    """
    newest: dict[tuple[str, str], models.Text] = {
        (row.key, row.pack): row
        for row in models.Text.objects.filter(key__startswith=f"{prefix}.").order_by("revision")
    }
    if not newest:
        return {}
    found: dict[str, Text] = {}
    for pack in reversed(_chain(settings.DISTRICT)):
        for (key, owner), row in newest.items():
            if owner == pack:
                found[key.removeprefix(f"{prefix}.")] = _text(row)
    return found


def _text(row: models.Text) -> Text:
    return Text(
        pack=row.pack,
        key=row.key,
        text=row.text,
        text_en=row.text_en,
        source=row.source,
        note=row.note,
        effective_on=row.effective_on,
    )


def _chain(pack: str) -> list[str]:
    """Return `pack` and all it requires, nearest first."""
    requires = {row.name: row.requires for row in loaded_packs()}
    chain: list[str] = []
    waiting = [pack]
    while waiting:
        name = waiting.pop(0)
        if name not in chain:
            chain.append(name)
            waiting.extend(reversed(requires.get(name, ())))
    return chain


@dataclass(frozen=True, kw_only=True)
class LoadedPackView:
    """A pack in the version that was loaded last."""

    name: str
    title: str
    version: str
    effective_on: date
    source: str
    requires: tuple[str, ...]
    sha256: str
    loaded_at: datetime
    loaded_by: str


def loaded_packs() -> list[LoadedPackView]:
    """Return every pack that is loaded, in its last version, by name."""
    last = models.LoadedPack.objects.filter(name=OuterRef("name")).order_by("-pk").values("pk")[:1]
    rows = models.LoadedPack.objects.filter(pk=Subquery(last)).order_by("name")
    return [
        LoadedPackView(
            name=row.name,
            title=row.title,
            version=row.version,
            effective_on=row.effective_on,
            source=row.source,
            requires=tuple(row.requires),
            sha256=row.sha256,
            loaded_at=row.loaded_at,
            loaded_by=row.loaded_by,
        )
        for row in rows
    ]
