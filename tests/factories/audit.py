"""Events of the trail."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

from django.db import connection, transaction

from yiwang.audit import services

NOON = datetime(2026, 3, 9, 4, 0, tzinfo=UTC)


def record(**changes: Any) -> None:
    """Write one valid event in a transaction of its own, with `changes`."""
    arguments = {"at": NOON, "actor": "user:li", "act": "cases.accept", "target": "case:1"}
    with transaction.atomic():
        services.record(**(arguments | changes))


def settle() -> None:
    """Wait until no older transaction runs on the server, other tests' included.

    The snapshot is of the whole server, so the longest test of the other workers decides.
    """
    deadline = time.monotonic() + 600
    while time.monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM audit_auditevent"
                " WHERE xid >= pg_snapshot_xmin(pg_current_snapshot())"
            )
            if cursor.fetchone() == (0,):
                return
        time.sleep(0.05)
    raise TimeoutError("a transaction on the test server does not end")


def seal() -> int:
    """Seal all that was written."""
    settle()
    return services.seal(at=NOON)


def sealed(count: int) -> None:
    """Write `count` events in one transaction and seal them."""
    with transaction.atomic():
        for number in range(count):
            record(target=f"case:{number}")
    seal()
