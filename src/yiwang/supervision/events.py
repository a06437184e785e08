"""What happened to the lists, for packages above to act on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar

from yiwang.kernel.events import Event


@dataclass(frozen=True, kw_only=True)
class SubjectListed(Event):
    """A holder came onto the list of a supervising department (列入监管对象)."""

    name: ClassVar[str] = "supervision.subject_listed"

    subject_ref: str
    item_slug: str
    department: str
    case_number: str
    listed_on: date


@dataclass(frozen=True, kw_only=True)
class InspectionClosed(Event):
    """An inspection ended with a result; `source` says who asked for it (检查办结)."""

    name: ClassVar[str] = "supervision.inspection_closed"

    source: str
    subject_ref: str
    department: str
    result: str
    finding: str
    closed_at: datetime
