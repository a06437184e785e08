"""Whether the same application is on its way already."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from yiwang.cases.models import Case

SHOWN = 3


@dataclass(frozen=True, kw_only=True)
class RunningCase:
    """A running case of the same applicant for the same item.

    Attributes:
        taken_by: Who had it in hands last.
    """

    number: str
    received_at: datetime
    window: str
    taken_by: str


def running_of(applicant_ref: str, item_slug: str) -> list[RunningCase]:
    """List running cases of the applicant for the item, the newest first, at most SHOWN."""
    rows = (
        Case.objects.running()
        .filter(applicant_ref=applicant_ref, item_slug=item_slug)
        .order_by("-pk")[:SHOWN]
    )
    return [
        RunningCase(
            number=row.number,
            received_at=row.received_at,
            window=row.window,
            taken_by=row.touched_by,
        )
        for row in rows
    ]


def running_numbers(applicant_ref: str) -> dict[str, str]:
    """Return the newest running case of an applicant for each item; one query."""
    rows = (
        Case.objects.running()
        .filter(applicant_ref=applicant_ref)
        .order_by("pk")
        .values_list("item_slug", "number")
    )
    return dict(rows)
