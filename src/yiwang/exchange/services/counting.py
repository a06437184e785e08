"""Calls that were turned away: counted all, in the trail no flood of them."""

from __future__ import annotations

from datetime import datetime

from django.db import connection, transaction

from yiwang.audit import services as audit
from yiwang.cases.policy.deadlines import day_of
from yiwang.exchange import body

TRACED_FIRST = 20
TRACED_EVERY = 100
"""Calls turned away that stand in the trail: the first of a day, then every hundredth."""

_COUNT = """
    INSERT INTO exchange_refusedcall (day, partner_code, reason, count) VALUES (%s, %s, %s, 1)
    ON CONFLICT (day, partner_code, reason) DO UPDATE SET count = exchange_refusedcall.count + 1
    RETURNING count
"""


@transaction.atomic
def turn_away(*, reason: str, partner_code: str, at: datetime, ip: str) -> int:
    """Count a call that was turned away, and write it to the trail, a flood of them not.

    Args:
        reason: Code of the refusal.
        partner_code: The system whose key was named; empty: nobody's.
        at: Moment of the call.
        ip: Where it came from.

    Returns:
        How many there were of this kind today.
    """
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [day_of(at), partner_code, reason[:40]])
        count = int(cursor.fetchone()[0])
    if count <= TRACED_FIRST or count % TRACED_EVERY == 0:
        audit.record(
            at=at,
            actor=body.GATEWAY,
            act="exchange.turn_away",
            target=f"system:{partner_code or 'unknown'}",
            detail={"reason": reason, "count": count},
            ip=ip,
        )
    return count
