"""What every act asks again and hardly ever changes, kept by the process for a few seconds.

Departments, concentrations of power, types of licences and the version of an item in force change
by loading a pack; an act that still sees the old one for KEPT_SECONDS is as if it had come that
much earlier. Tests set KEPT_SECONDS to nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from typing import TypeVar

KEPT_SECONDS = 5.0
KEPT_ANSWERS = 5_000

V = TypeVar("V")

_kept: dict[Hashable, tuple[float, object]] = {}


def keep(key: Hashable, ask: Callable[[], V]) -> V:
    """Return what `ask` answers, or answered at most KEPT_SECONDS ago.

    Args:
        key: Names the question, and so the type of its answer, in the whole process.
        ask: Asked when nothing fresh is kept; what it raises is not kept.
    """
    found = _kept.get(key)
    if found is not None and time.monotonic() - found[0] < KEPT_SECONDS:
        return found[1]  # type: ignore[return-value]  # the key names the question
    answer = ask()
    if len(_kept) >= KEPT_ANSWERS:
        _kept.clear()
    _kept[key] = (time.monotonic(), answer)
    return answer
