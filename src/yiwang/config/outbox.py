"""How events travel: as jobs written in the act's own transaction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from yiwang.kernel import events


@app.task(
    name="yiwang.deliver_event",
    queue="default",
    retry=RetryStrategy(max_attempts=8, exponential_wait=4),
)
def deliver_event(name: str, fields: dict[str, Any]) -> None:
    """Hand one event to its handlers; retried, so each handler is idempotent."""
    events.deliver(events.from_plain(name, fields))


def write_job(event: events.Event) -> None:
    """Write the job that will deliver `event`; kept or lost with the transaction."""
    deliver_event.defer(name=event.name, fields=events.to_plain(event))


TRANSPORTS: Mapping[str, events.Transport] = {"outbox": write_job, "inline": events.deliver}
