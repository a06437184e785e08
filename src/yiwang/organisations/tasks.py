"""What runs by the clock: the watch over reads of sensitive data."""

from __future__ import annotations

from datetime import UTC, datetime

import structlog
from procrastinate.contrib.django import app

from yiwang.organisations.permissions import Actor
from yiwang.organisations.services.watching import watch_reads

log = structlog.get_logger()

WATCHED_BY = Actor(ref="job:watch-reads", name="系统（查看告警）")


@app.periodic(cron="*/5 * * * *")
@app.task(name="yiwang.organisations.watch_reads", queue="maintenance")
def watch(timestamp: int) -> None:
    """Raise alarms over what was read since the last run."""
    raised = watch_reads(by=WATCHED_BY, at=datetime.fromtimestamp(timestamp, tz=UTC))
    if raised:
        log.warning("organisations.read_alarms", count=len(raised))
