"""The worker of this machine: takes jobs over connections of its own and runs them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from procrastinate import App
from procrastinate.contrib.django import app
from procrastinate.contrib.django.utils import connector_params
from procrastinate.psycopg_connector import PsycopgConnector
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from yiwang.config.postgresql.base import is_silent

STOP_SECONDS = 15
"""How long running jobs may take to end when the worker is asked to stop."""


def worker_app() -> App:
    """Return the app of a worker: the tasks of this process, fetched over connections of its own.

    It is another app over the same tasks, as the library's own command does not have it: a job
    that publishes an event writes it by the connection of its act, so that the event is kept or
    lost with the act, and nobody acts on it before it is kept.
    """
    return app.with_connector(PsycopgConnector(kwargs=connector_params(), pool_factory=_pool))


def work(*, queues: Sequence[str], concurrency: int) -> None:
    """Run jobs until SIGINT or SIGTERM.

    Args:
        queues: Queues to take jobs from.
        concurrency: Jobs at the same time.

    Raises:
        ConnectorException: the database is not there.
    """
    worker_app().run_worker(
        queues=queues,
        concurrency=concurrency,
        shutdown_graceful_timeout=STOP_SECONDS,
        delete_jobs="successful",
    )


def _pool(**wanted: Any) -> AsyncConnectionPool:
    return AsyncConnectionPool(**(wanted | {"check": _stands}))


async def _stands(connection: AsyncConnection) -> None:
    """Ask a connection whether it stands, where its socket has something to say."""
    if not is_silent(connection):
        await AsyncConnectionPool.check_connection(connection)
