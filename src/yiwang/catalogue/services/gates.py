"""What must hold before an item version is published, said by packages above (发布前的把关)."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from yiwang.catalogue.policy.items import ItemVersion


class Gate(Protocol):
    """One condition."""

    def __call__(self, version: ItemVersion, *, comment: str, at: datetime) -> None:
        """Raise a refusal whose sentence says what would put it right."""


class LiveGate(Protocol):
    """One condition that holds whenever a person has a version apply, by whatever act."""

    def __call__(self, version: ItemVersion, *, at: datetime) -> None:
        """Raise a refusal whose sentence says what would put it right."""


_gates: list[Gate] = []
_live_gates: list[LiveGate] = []


def register(gate: Gate) -> None:
    """Have `gate` asked before each publication from a draft; a second call changes nothing."""
    if gate not in _gates:
        _gates.append(gate)


def register_live(gate: LiveGate) -> None:
    """Have `gate` asked before each publication and each resumption; packs are checked whole."""
    if gate not in _live_gates:
        _live_gates.append(gate)


def require(version: ItemVersion, *, comment: str, at: datetime) -> None:
    """Ask every gate before a draft is published.

    Raises:
        RefusedError: one of them refuses.
    """
    for gate in _gates:
        gate(version, comment=comment, at=at)
    require_live(version, at=at)


def require_live(version: ItemVersion, *, at: datetime) -> None:
    """Ask every gate that guards whatever lets a version apply.

    Raises:
        RefusedError: one of them refuses.
    """
    for gate in _live_gates:
        gate(version, at=at)
