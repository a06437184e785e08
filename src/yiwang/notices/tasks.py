"""What runs by the clock: sending what is due."""

from __future__ import annotations

from datetime import UTC, datetime

import structlog
from procrastinate.contrib.django import app

from yiwang.notices import services
from yiwang.organisations import scope

log = structlog.get_logger()


@app.periodic(cron="* * * * * */5")
@app.task(
    name="yiwang.notices.send_due",
    queue="mail",
    priority=10,  # news goes before files and figures
    queueing_lock="yiwang.notices.send_due",
    lock="yiwang.notices.send_due",  # a claim is as old as its job: a later one would take it back
)
def send_due(timestamp: int) -> None:
    """Send the notices that are due; one run at a time, whichever worker does it."""
    with scope.everything():  # addresses of everybody who is to be told
        ended = services.send_due(at=datetime.fromtimestamp(timestamp, tz=UTC))
    if ended:
        log.info("notices.sent", **{state.value: number for state, number in ended.items()})
