"""What happened to content, for packages above to act on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from yiwang.kernel.events import Event


@dataclass(frozen=True, kw_only=True)
class HolidaysLoaded(Event):
    """Holiday notices were added or changed: working days are others than before."""

    name: ClassVar[str] = "content.holidays_loaded"

    at: datetime
