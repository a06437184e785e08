"""What runs by the clock: reminders, and what nobody answers goes to the centre."""

from __future__ import annotations

from datetime import UTC, datetime

import structlog
from procrastinate.contrib.django import app

from yiwang.content import queries as content
from yiwang.organisations.permissions import Actor
from yiwang.registration import services

log = structlog.get_logger()

CHASED_BY = Actor(ref="job:chase-notices", name="系统（双告知提醒）")


@app.periodic(cron="15 1 * * *")
@app.task(name="yiwang.registration.chase", queue="maintenance")
def chase(timestamp: int) -> None:
    """Remind of notices whose day has passed, and tell the centre of those that passed twice."""
    done = services.chase(
        calendar=content.workday_calendar(),
        by=CHASED_BY,
        at=datetime.fromtimestamp(timestamp, tz=UTC),
    )
    if done.reminded or done.escalated:
        log.warning("registration.chased", reminded=done.reminded, escalated=done.escalated)
