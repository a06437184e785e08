"""How events travel: as jobs written in the act's own transaction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from yiwang.kernel import events

log = structlog.get_logger(__name__)

STALLED_SECONDS = 40
"""A worker that has not been heard of for so long is dead; it beats every 10 seconds."""


@app.task(
    name="yiwang.deliver_events",
    queue="default",
    retry=RetryStrategy(max_attempts=8, exponential_wait=4),
)
def deliver_events(parcel: list[tuple[str, dict[str, Any]]]) -> None:
    """Hand each event to its handlers; retried, so each handler is idempotent.

    An event that fails keeps none of the others from being delivered.
    """
    failed: list[Exception] = []
    for name, fields in parcel:
        try:
            events.deliver(events.from_plain(name, fields))
        except Exception as error:  # noqa: BLE001 - raised below, after the others
            log.warning("events.not_delivered", event_name=name, error=str(error))
            failed.append(error)
    if failed:
        raise failed[0]


@app.periodic(cron="* * * * * */20")
@app.task(
    name="yiwang.requeue_stalled",
    queue="maintenance",
    queueing_lock="yiwang.requeue_stalled",
    pass_context=False,
)
async def requeue_stalled(timestamp: int) -> None:
    """Give jobs back whose worker died in the middle: tasks are idempotent, so they run again."""
    for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS):
        log.warning("worker.requeued", task=job.task_name, job=job.id)
        await app.job_manager.retry_job(job)


def write_job(*parcel: events.Event) -> None:
    """Write the job that will deliver the events; kept or lost with the transaction."""
    deliver_events.defer(parcel=[(event.name, events.to_plain(event)) for event in parcel])


TRANSPORTS: Mapping[str, events.Transport] = {"outbox": write_job, "inline": events.deliver}
