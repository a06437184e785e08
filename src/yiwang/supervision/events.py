"""What happened to the lists, for packages above to act on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
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
