"""What must hold before an item version is published, said by packages above (发布前的把关)."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from yiwang.catalogue.policy.items import ItemVersion


class Gate(Protocol):
    """One condition."""

    def __call__(self, version: ItemVersion, *, comment: str, at: datetime) -> None:
        """Raise a refusal whose sentence says what would put it right."""


_gates: list[Gate] = []


def register(gate: Gate) -> None:
    """Have `gate` asked before each publication from a draft; a second call changes nothing."""
    if gate not in _gates:
        _gates.append(gate)


def require(version: ItemVersion, *, comment: str, at: datetime) -> None:
    """Ask every gate.

    Raises:
        RefusedError: one of them refuses.
    """
    for gate in _gates:
        gate(version, comment=comment, at=at)
