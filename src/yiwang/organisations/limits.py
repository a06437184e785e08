"""How often a stranger may try: a counter per asker and window of time, exact under any load."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b

from django.core.cache import cache
from django.db import connection, transaction

from yiwang.kernel.errors import RefusedError

IPV6_PREFIX = 64
"""A household or an office gets so many bits; counting single addresses would count nobody."""


class TooManyTriesError(RefusedError):
    """Tried too often; pages and API answer 429."""

    code = "organisations.too_many_tries"


@dataclass(frozen=True, kw_only=True)
class Bound:
    """How many tries are allowed in a window of so many seconds."""

    most: int
    seconds: int


def count_try(*, what: str, who: str, bound: Bound, at: datetime) -> None:
    """Count one try and stop when there were too many in this window of time.

    Two tries at once are two tries: each counter is held for the moment of counting.

    Args:
        what: Name of what is tried.
        who: Address or number that is counted; kept only as a hash.
        bound: Tries allowed in a window.
        at: Moment of the try.

    Raises:
        TooManyTriesError: there were more.
    """
    if _count(_key(what, who, bound, at), bound) > bound.most:
        raise TooManyTriesError(f"查询太频繁，请过{_wait(bound)}再试，或拨打12345查询。")


def network_of(address: str) -> str:
    """Return what is counted of an address: IPv4 whole, of IPv6 the network."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, IPV6_PREFIX), strict=False))
    return str(found)


@transaction.atomic
def _count(key: str, bound: Bound) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [key])
    tries = int(cache.get(key, 0)) + 1
    if tries <= bound.most + 1:
        cache.set(key, tries, timeout=bound.seconds)
    return tries


def _key(what: str, who: str, bound: Bound, at: datetime) -> str:
    window = int(at.timestamp()) // bound.seconds
    name = blake2b(who.encode(), digest_size=12).hexdigest()
    return f"tries:{what}:{bound.seconds}:{window}:{name}"


def _wait(bound: Bound) -> str:
    minutes = max(1, bound.seconds // 60)
    return f"{minutes}分钟" if minutes < 60 else f"{minutes // 60}小时"
