"""Putting written rows into the tree, behind the acts and without holding them up."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

import structlog
from django.db import DatabaseError, close_old_connections, connection, transaction

from yiwang.audit import keys
from yiwang.audit.models import AuditCheckpoint, AuditLeaf, AuditNode
from yiwang.audit.tree import TILE_HEIGHT, edge

log = structlog.get_logger(__name__)

LOCK = 0x5945_5452_4149_4C
"""Key of the advisory lock: one sealer at a time, whatever the number of workers."""

BATCH_ROWS = 20_000

SETTLED = """
SELECT id, leaf FROM audit_auditevent
WHERE (xid, id) > (%s::text::xid8, %s) AND xid < pg_snapshot_xmin(pg_current_snapshot())
ORDER BY xid, id LIMIT %s
"""
"""Rows below the oldest running transaction: no row with a smaller key can appear any more."""


def seal(*, at: datetime) -> int:
    """Put every settled row into the tree and sign a checkpoint; return how many rows.

    Rows of transactions that still run, and all that began later, wait for the next call. A
    second sealer at the same time does nothing.
    """
    sealed = 0
    while count := _seal_batch(at=at):
        sealed += count
        if count < BATCH_ROWS:
            break
    return sealed


@transaction.atomic
def _seal_batch(*, at: datetime) -> int:
    if not _is_ours():
        return 0
    last = AuditLeaf.objects.select_related("event").order_by("-index").first()
    size = 0 if last is None else last.index + 1
    after = (0, 0) if last is None else (last.event.xid, last.event_id)
    with connection.cursor() as cursor:
        cursor.execute(SETTLED, [*after, BATCH_ROWS])
        rows = cursor.fetchall()
    if not rows:
        return 0
    tree = edge(size)
    leaves, nodes = [], []
    for event_id, leaf in rows:
        leaves.append(AuditLeaf(index=tree.size, event_id=event_id, hash=bytes(leaf)))
        nodes += [
            AuditNode(height=height, index=index, hash=value)
            for height, index, value in tree.add(bytes(leaf))
            if height % TILE_HEIGHT == 0
        ]
    AuditLeaf.objects.bulk_create(leaves, batch_size=5_000)
    AuditNode.objects.bulk_create(nodes)
    AuditCheckpoint.objects.create(
        size=tree.size, at=at, note=keys.sign_checkpoint(size=tree.size, root=tree.root())
    )
    return len(rows)


def _is_ours() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        row = cursor.fetchone()
    return bool(row and row[0])


@contextmanager
def background_sealing(
    *, clock: Callable[[], datetime], every_seconds: float = 1.0
) -> Iterator[None]:
    """Seal in a thread of this process for as long as the block runs; for the worker.

    A database that does not answer is logged and tried again.
    """
    stop = threading.Event()

    def loop() -> None:
        while not stop.wait(every_seconds):
            try:
                close_old_connections()
                seal(at=clock())
            except DatabaseError:
                log.exception("audit.seal_failed")
                connection.close()
        connection.close()

    thread = threading.Thread(target=loop, name="sealer", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(timeout=30)
