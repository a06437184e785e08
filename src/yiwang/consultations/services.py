"""Acts of asking."""

from __future__ import annotations

from datetime import datetime

from yiwang.organisations.limits import Bound, count_try, network_of

ASKER = Bound(most=30, seconds=60)
"""Questions per address; a reading room behind one address asks no faster."""


def count_question(*, address: str, at: datetime) -> None:
    """Count one question before it is answered; the same for pages and programs.

    Nothing is kept of the question, and of the address only a hash for a minute.

    Raises:
        TooManyTriesError: too many from this address.
    """
    count_try(what="ask", who=network_of(address), bound=ASKER, at=at)
