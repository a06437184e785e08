"""What most people come for: items by the number of applications of the last year (常办事项)."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import TypeVar

from yiwang.cases import queries as cases
from yiwang.catalogue.policy.items import ItemVersion
from yiwang.catalogue.queries import ItemHead

Item = TypeVar("Item", ItemHead, ItemVersion)

COUNTED_DAYS = 365
"""Applications of so many days count."""

KEPT_SECONDS = 600
"""How long a process keeps the counts before it asks again."""

_kept: dict[str, tuple[float, Mapping[str, int]]] = {}


def asked_for(*, today: date) -> Mapping[str, int]:
    """Return the number of applications by item; a process counts every ten minutes."""
    now = time.monotonic()
    held = _kept.get("counts")
    if held is not None and now - held[0] < KEPT_SECONDS:
        return held[1]
    counts = cases.asked_for(since=today - timedelta(days=COUNTED_DAYS))
    _kept["counts"] = (now, counts)
    return counts


def ordered(items: Sequence[Item], *, counts: Mapping[str, int]) -> list[Item]:
    """Return `items`, the most asked-for first; equal ones: the common ones, then as they stood."""
    return sorted(items, key=lambda item: (-counts.get(item.slug, 0), not item.common))


def forget() -> None:
    """Count again next time; for tests."""
    _kept.clear()
