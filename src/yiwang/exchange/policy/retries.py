"""How long to wait before a message is tried again, and when to stop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

FIRST_WAIT_SECONDS = 30
LONGEST_WAIT_SECONDS = 4 * 3_600

CLAIM = timedelta(seconds=90)
"""How long a message belongs to the worker that sends it; a dead worker's is free after it."""

OPEN_AFTER = 3
"""Failures in a row after which nothing is sent to a department for a while."""

LONGEST_PAUSE_SECONDS = 1_800


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a district may set with its texts `gateway.attempts` and so on.

    Attributes:
        attempts: Tries before a message is a dead letter, 1..50.
        timeout_seconds: How long a department's system may take to answer, 1..30.
        hold_hours: How long a message waits for the one before it, 1..168.
    """

    attempts: int = 10
    timeout_seconds: int = 10
    hold_hours: int = 24


BOUNDS: Mapping[str, tuple[int, int]] = {
    "attempts": (1, 50),
    "timeout_seconds": (1, 30),
    "hold_hours": (1, 168),
}


def limits(texts: Mapping[str, str]) -> Limits:
    """Return the limits with what `texts` say; what is no number in its bounds counts for nothing.

    Args:
        texts: Name of the limit -> text of the district.
    """
    said = {
        name: int(texts[name])
        for name, (least, most) in BOUNDS.items()
        if texts.get(name, "").strip().isdecimal() and least <= int(texts[name]) <= most
    }
    return Limits(**said)


def wait_after(attempts: int) -> timedelta:
    """Return the wait after the try number `attempts` failed: 30 s, 1 min, 2 min … 4 h."""
    seconds = FIRST_WAIT_SECONDS * 2 ** min(max(attempts - 1, 0), 20)
    return timedelta(seconds=min(seconds, LONGEST_WAIT_SECONDS))


def pause_after(failures: int) -> timedelta | None:
    """Return how long nothing is sent to a department after so many failures in a row.

    None: go on. After the pause one message is tried; if it fails too, the next pause is longer.
    """
    if failures < OPEN_AFTER:
        return None
    seconds = FIRST_WAIT_SECONDS * 2 ** min(failures - OPEN_AFTER, 20)
    return timedelta(seconds=min(seconds, LONGEST_PAUSE_SECONDS))
