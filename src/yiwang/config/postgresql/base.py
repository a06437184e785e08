"""The connection that the settings name as their engine."""

from __future__ import annotations

import select
from typing import Any

from django.db.backends.postgresql import base
from psycopg import BaseConnection
from psycopg.pq import TransactionStatus

AT_REST = frozenset({TransactionStatus.IDLE, TransactionStatus.INTRANS})
"""Between two statements, none of which failed."""


def is_silent(connection: BaseConnection[Any]) -> bool:
    """Tell whether a connection is open, at rest, and its server has said nothing unasked."""
    if connection.closed or connection.info.transaction_status not in AT_REST:
        return False
    waiting = select.poll()
    waiting.register(connection.fileno(), select.POLLIN | select.POLLPRI)
    return not waiting.poll(0)


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's own, but a connection is asked only when its socket has something to say.

    A server that ends says goodbye, and its machine's end is found by the next statement, as it
    would be by a question before it. A case is five requests, so this spares five questions.
    """

    def is_usable(self) -> bool:
        """Tell whether the connection still stands."""
        if self.connection is None or self.connection.closed:
            return False
        return is_silent(self.connection) or super().is_usable()
