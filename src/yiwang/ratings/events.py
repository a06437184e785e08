"""What happened to ratings, for packages above to act on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from yiwang.kernel.events import Event


@dataclass(frozen=True, kw_only=True)
class BadRatingOpened(Event):
    """A bad rating came in and somebody has to answer it (差评)."""

    name: ClassVar[str] = "ratings.bad_rating_opened"

    task_number: str
    department: str
    contact_due_on: date
    correct_due_on: date


@dataclass(frozen=True, kw_only=True)
class BadRatingAnswered(Event):
    """The department answered a bad rating in public (差评答复)."""

    name: ClassVar[str] = "ratings.bad_rating_answered"

    task_number: str
    case_number: str
    answered_on: date
