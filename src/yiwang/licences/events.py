"""What happened to licences, for packages above to act on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from yiwang.kernel.events import Event


@dataclass(frozen=True, kw_only=True)
class LicenceIssued(Event):
    """An e-licence exists; its file is made next (发证)."""

    name: ClassVar[str] = "licences.issued"

    identifier: str
    type_code: str
    holder_ref: str
    case_number: str
    issued_at: datetime


@dataclass(frozen=True, kw_only=True)
class LicenceStateChanged(Event):
    """An e-licence was suspended, resumed, cancelled, revoked or replaced."""

    name: ClassVar[str] = "licences.state_changed"

    identifier: str
    holder_ref: str
    state: str
    reason: str
    changed_at: datetime
