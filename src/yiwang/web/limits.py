"""How often a stranger may try: a counter per address and window of time."""

from __future__ import annotations

from datetime import datetime
from hashlib import blake2b

from django.core.cache import cache

from yiwang.kernel.errors import RefusedError


class TooManyTriesError(RefusedError):
    """Tried too often; the page answers 429."""

    code = "web.too_many_tries"


def count_try(*, what: str, who: str, most: int, seconds: int, at: datetime) -> None:
    """Count one try and stop when there were too many in this window of time.

    Args:
        what: Name of what is tried.
        who: Address or number that is counted; kept only as a hash.
        most: Tries allowed in a window.
        seconds: Length of a window.
        at: Moment of the try.

    Raises:
        TooManyTriesError: there were more.
    """
    window = int(at.timestamp()) // seconds
    name = blake2b(who.encode(), digest_size=12).hexdigest()
    key = f"tries:{what}:{window}:{name}"
    cache.add(key, 0, timeout=seconds)
    if cache.incr(key) > most:
        minutes = max(1, seconds // 60)
        raise TooManyTriesError(f"查询太频繁，请过{minutes}分钟再试，或拨打12345查询。")
