"""What happened in a hall, for others to act on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from yiwang.kernel.events import Event


@dataclass(frozen=True, kw_only=True)
class AppointmentNear(Event):
    """An appointment is due within a day; whoever sends messages may remind (预约提醒)."""

    name: ClassVar[str] = "halls.appointment_near"

    appointment: int
    applicant_ref: str
    hall_name: str
    starts_at: datetime
