"""What happened on the trail, for packages above to act on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from yiwang.kernel.events import Event


@dataclass(frozen=True, kw_only=True)
class ReadAlarmRaised(Event):
    """Reads of sensitive data ask for a look by the auditor (查看告警)."""

    name: ClassVar[str] = "audit.read_alarm_raised"

    alarm_id: int
    raised_at: datetime
