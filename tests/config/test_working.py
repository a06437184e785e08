"""The worker's own app does what the library's does: clock, heartbeat, retries, stalled jobs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.db import connection
from procrastinate import App, RetryStrategy
from procrastinate.contrib.django import app

from yiwang.config import outbox
from yiwang.config.working import worker_app

QUEUE = "tests"
SECONDS = 15

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def told() -> Iterator[list[int]]:
    """Words that the job of these tests left behind; it fails at its first try."""
    told: list[int] = []

    @app.task(name="tests.tell", queue=QUEUE, retry=RetryStrategy(max_attempts=2))
    def tell(word: int) -> None:
        told.append(word)
        if len(told) == 1:
            raise RuntimeError("first try")

    forget()
    yield told
    del app.tasks["tests.tell"]
    forget()


def forget() -> None:
    """Empty the queue, which no model of Django's owns."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE procrastinate_jobs, procrastinate_workers CASCADE")


def rows(statement: str) -> list[tuple[object, ...]]:
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall())
    finally:
        connection.close()


def jobs() -> list[tuple[object, ...]]:
    return rows("SELECT status::text FROM procrastinate_jobs WHERE queue_name = 'tests'")


async def until(holds: Callable[[], bool]) -> None:
    for _ in range(SECONDS * 10):
        if await sync_to_async(holds, thread_sensitive=False)():
            return
        await asyncio.sleep(0.1)
    raise AssertionError("it did not come about")


def working(act: Callable[[], object], holds: Callable[[], bool], *, beat: float = 0.3) -> None:
    """Have a worker run; when it runs do `act`, and wait until what should come about holds.

    Args:
        act: What is done beside the running worker.
        holds: What should come about.
        beat: Seconds between two heartbeats of the worker.
    """

    async def run() -> None:
        with worker_app() as worker:
            await under(worker)

    async def under(worker: App) -> None:
        async with worker.open_async():
            running = asyncio.create_task(
                worker.run_worker_async(
                    queues=[QUEUE],
                    concurrency=2,
                    delete_jobs="successful",
                    install_signal_handlers=False,
                    update_heartbeat_interval=beat,
                )
            )
            try:
                await until(lambda: bool(rows("SELECT 1 FROM procrastinate_workers")))
                await sync_to_async(act, thread_sensitive=False)()
                await until(holds)
                assert not running.done(), "the worker stopped"
            finally:
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)

    connection.close()  # of this thread; it is not looked after while the worker runs
    asyncio.run(run())


def defer(word: int) -> None:
    app.configure_task("tests.tell", queue=QUEUE).defer(word=word)
    connection.close()


def test_a_job_is_run_tried_again_and_then_forgotten(told):
    working(
        lambda: defer(7),
        lambda: len(told) == 2 and not jobs(),
    )

    assert told == [7, 7]


def test_a_worker_beats_and_jobs_of_the_clock_are_begun(told):
    first = time.time()
    working(
        lambda: None,
        lambda: (
            bool(
                rows(
                    "SELECT 1 FROM procrastinate_workers"
                    f" WHERE last_heartbeat > to_timestamp({first} + 1)"
                )
            )
            and bool(rows("SELECT 1 FROM procrastinate_periodic_defers"))
        ),
    )


def test_a_worker_outlives_the_connections_that_were_cut(told):
    """One that is cut in the middle of a statement ends the worker, which is started again."""

    def cut() -> None:
        time.sleep(2)
        rows(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid() AND state = 'idle'"
        )
        time.sleep(7)
        defer(8)

    working(cut, lambda: len(told) == 2, beat=4)  # none is on its way when they are cut


def test_what_a_dead_worker_held_is_given_back(told):
    defer(9)
    worker = async_to_sync(app.job_manager.register_worker)()
    job = async_to_sync(app.job_manager.fetch_job)(queues=[QUEUE], worker_id=worker)
    assert job is not None
    rows(
        "UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 minute' RETURNING 1"
    )

    async def requeue() -> None:
        with worker_app() as worker:
            async with worker.open_async():
                await outbox.requeue_stalled(timestamp=0)

    asyncio.run(requeue())

    assert jobs() == [("todo",)]
