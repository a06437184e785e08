"""The worker of this machine: takes jobs over connections of its own and runs them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from procrastinate import App
from procrastinate.connector import BaseConnector
from procrastinate.contrib.django import app
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.contrib.django.utils import connector_params
from procrastinate.psycopg_connector import PsycopgConnector
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from yiwang.config.postgresql.base import is_silent

STOP_SECONDS = 15
"""How long running jobs may take to end when the worker is asked to stop."""


class WorkerConnector(PsycopgConnector):
    """Connections of a worker: its own for taking jobs, that of the act for what an act writes.

    The library's would write what a job publishes by a connection of its own, before the act is
    kept, and even where it is lost.
    """

    def get_sync_connector(self) -> BaseConnector:
        """Return what a job writes by: the connection of its thread, within its transaction."""
        return DjangoConnector()


@contextmanager
def worker_app() -> Iterator[App]:
    """Return the app of this process as a worker has it, for as long as the block lasts."""
    connections = WorkerConnector(kwargs=connector_params(), pool_factory=_pool)
    with app.replace_connector(connections) as worker:
        yield worker


def work(*, queues: Sequence[str], concurrency: int) -> None:
    """Run jobs until SIGINT or SIGTERM.

    Args:
        queues: Queues to take jobs from.
        concurrency: Jobs at the same time.

    Raises:
        ConnectorException: the database is not there.
    """
    with worker_app() as worker:
        worker.run_worker(
            queues=queues,
            concurrency=concurrency,
            shutdown_graceful_timeout=STOP_SECONDS,
            delete_jobs="successful",
        )


def _pool(**wanted: Any) -> AsyncConnectionPool:
    return AsyncConnectionPool(**(wanted | {"check": _stands, "configure": _configure}))


async def _configure(connection: AsyncConnection) -> None:
    """Have each statement be an act of its own: the library takes and ends a job by one each."""
    await connection.set_autocommit(True)


async def _stands(connection: AsyncConnection) -> None:
    """Ask a connection whether it stands, where its socket has something to say."""
    if not is_silent(connection):
        await AsyncConnectionPool.check_connection(connection)
