"""How often somebody without an account may ask where a case stands (进度查询)."""

from __future__ import annotations

from datetime import datetime

from yiwang.organisations.limits import Bound, count_try, network_of

ASKER = Bound(most=10, seconds=600)
"""Questions per address; a family behind one address asks about all its cases."""

CODE = (Bound(most=5, seconds=600), Bound(most=20, seconds=86_400))
"""Questions per query code, from wherever they come: four digits are soon guessed otherwise."""


def count_question(*, query_code: str, address: str, at: datetime, asker: Bound = ASKER) -> None:
    """Count one question, before it is answered; the same for pages and programs.

    Args:
        query_code: As typed; capitals and blanks do not make another code of it.
        address: Network address the question came from.
        at: Moment of the question.
        asker: Bound per address.

    Raises:
        TooManyTriesError: too many from this address or about this code.
    """
    count_try(what="track", who=network_of(address), bound=asker, at=at)
    plain = "".join(query_code.upper().split())
    for bound in CODE:
        count_try(what="track-code", who=plain, bound=bound, at=at)
