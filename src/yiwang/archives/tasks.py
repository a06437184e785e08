"""What runs by the clock: archiving what is over, and checking what is kept."""

from __future__ import annotations

from datetime import UTC, datetime

import structlog
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from yiwang.archives import services
from yiwang.archives.services.ending import ERASE_TASK
from yiwang.archives.services.making import READER
from yiwang.organisations import scope

log = structlog.get_logger()


@app.periodic(cron="15 17 * * *")
@app.task(name="yiwang.archives.make_due", queue="maintenance")
def make_due(timestamp: int) -> None:
    """Archive each night, in China, what is finished and may no longer be evaluated."""
    with scope.everything():
        at = datetime.fromtimestamp(timestamp, tz=UTC)
        services.sweep_destroyed(at=at)
        services.erase_unfinished(at=at)
        made = services.make_due(by=READER, at=at)
    if made:
        log.info("archives.made", packages=made)


@app.task(
    name=ERASE_TASK,
    queue="maintenance",
    retry=RetryStrategy(max_attempts=5, exponential_wait=4),
)
def erase_uploads(destruction_id: int, timestamp: int) -> None:
    """Delete the files that go with a destruction two persons agreed to."""
    with scope.everything():
        services.erase_uploads(
            destruction_id=destruction_id, at=datetime.fromtimestamp(timestamp, tz=UTC)
        )


@app.periodic(cron="30 18 * * 6")
@app.task(name="yiwang.archives.check", queue="maintenance")
def check(timestamp: int) -> None:
    """Check the stored packages each week.

    Raises:
        RuntimeError: some are damaged; the job fails where people see it.
    """
    with scope.everything():
        wrong = services.check_packages()
    if wrong:
        log.error("archives.damaged", cases=sorted(wrong))
        raise RuntimeError(f"{len(wrong)} 个归档包缺失或者损坏，请从备份恢复。")
