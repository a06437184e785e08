"""How long a package is kept (保管期限): years from a pack, counted from the next New Year.

Source:
    机关档案管理规定 (years counted from January 1 of the year after); 档案法实施条例 第二十条
    (county archives take over after ten years).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from yiwang.kernel.terms import Term

KEY = "archives.retention"
"""Texts under it say how long: of an item, of a type of items, or of all."""

PERMANENT = "permanent"
YEARS_DEFAULT = 30
"""Where no pack says anything, the longer of the two usual periods. Our own choice."""

TRANSFER_YEARS = 10
YEARS_MAX = 100


class PackageState(Term):
    """How a package stands (归档包状态)."""

    KEPT = "kept", "保管中"
    TRANSFERRED = "transferred", "已移交档案馆"
    DESTROYED = "destroyed", "已销毁"


@dataclass(frozen=True, kw_only=True)
class Retention:
    """How long.

    Attributes:
        years: None: for good.
        until: First day on which it may be destroyed; None: never.
        transfer_on: Day from which the archives of the county take it; None: it ends before.
    """

    years: int | None
    until: date | None
    transfer_on: date | None


def retention(*, closed_on: date, years: int | None) -> Retention:
    """Return the retention of a case closed that day.

    Example:
        Closed on 2026-03-09 and kept 10 years: from 2037-01-01 on it may be destroyed.
    """
    begins = closed_on.year + 1
    longer = years is None or years > TRANSFER_YEARS
    return Retention(
        years=years,
        until=None if years is None else date(begins + years, 1, 1),
        transfer_on=date(begins + TRANSFER_YEARS, 1, 1) if longer else None,
    )


def keys_of(*, item_slug: str, item_type: str) -> tuple[str, ...]:
    """Return the keys of the texts that say how long, the most particular first."""
    return (f"{KEY}.item.{item_slug.replace('-', '_')}", f"{KEY}.type.{item_type}", KEY)


def years_of(text: str) -> int | None:
    """Return the years that a checked text says; None: for good."""
    return None if text.strip() == PERMANENT else int(text)


def problems(key: str, text: str) -> list[str]:
    """Return what is wrong with a text that says how long."""
    if key != KEY and not key.startswith(f"{KEY}."):
        return []
    plain = text.strip()
    if plain == PERMANENT or (plain.isdecimal() and 1 <= int(plain) <= YEARS_MAX):
        return []
    return [f"保管期限应为1至{YEARS_MAX}的年数或者 {PERMANENT}（永久），现为“{plain[:20]}”。"]
