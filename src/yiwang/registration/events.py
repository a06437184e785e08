"""What happened to notices, for packages above to act on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from yiwang.kernel.events import Event


@dataclass(frozen=True, kw_only=True)
class NoticeClosed(Event):
    """A department told the registrar what became of a firm (反馈登记机关)."""

    name: ClassVar[str] = "registration.notice_closed"

    entity_ref: str
    item_slug: str
    department: str
    registrar: str
    state: str
    permit_case: str
    closed_on: date
