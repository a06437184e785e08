"""What happened to items, for packages above to act on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from yiwang.kernel.events import Event


@dataclass(frozen=True, kw_only=True)
class ItemPublished(Event):
    """A version of an item was published; it is in force from `effective_on`."""

    name: ClassVar[str] = "catalogue.item_published"

    slug: str
    version: int
    effective_on: date


@dataclass(frozen=True, kw_only=True)
class ItemWithdrawn(Event):
    """An item was suspended or cancelled; nobody can apply from `from_on`."""

    name: ClassVar[str] = "catalogue.item_withdrawn"

    slug: str
    version: int
    from_on: date
    cancelled: bool
