"""What runs by the clock: lapse of time that the law gives a meaning, and files of letters."""

from __future__ import annotations

from datetime import UTC, datetime

import structlog
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from yiwang.cases import services
from yiwang.content import queries as content
from yiwang.organisations import scope
from yiwang.organisations.permissions import Actor

log = structlog.get_logger()

DEEMED_BY = Actor(ref="job:deem-accepted", name="系统（逾期视为受理）")
ENDED_BY = Actor(ref="job:end-corrections", name="系统（逾期未补正）")
PURGED_BY = Actor(ref="job:purge-drafts", name="系统（清理过期草稿）")


@app.periodic(cron="10 * * * *")
@app.task(name="yiwang.cases.deem_accepted", queue="maintenance")
def deem_accepted(timestamp: int) -> None:
    """Accept what nobody answered in five working days, and report it."""
    with scope.everything():
        numbers = services.deem_accepted(
            calendar=content.workday_calendar(), by=DEEMED_BY, at=_moment(timestamp)
        )
    if numbers:
        log.warning("cases.deemed_accepted", numbers=numbers)


@app.periodic(cron="20 * * * *")
@app.task(name="yiwang.cases.end_expired_corrections", queue="maintenance")
def end_expired_corrections(timestamp: int) -> None:
    """End cases whose correction was not filed in time."""
    with scope.everything():
        numbers = services.end_expired_corrections(by=ENDED_BY, at=_moment(timestamp))
    if numbers:
        log.info("cases.corrections_expired", numbers=numbers)


@app.periodic(cron="40 2 * * *")
@app.task(name="yiwang.cases.purge_drafts", queue="maintenance")
def purge_drafts(timestamp: int) -> None:
    """Delete drafts whose time is over."""
    services.purge_drafts(by=PURGED_BY, at=_moment(timestamp))
    with scope.everything():
        services.purge_prechecks(at=_moment(timestamp))


@app.task(
    name="yiwang.cases.make_document",
    queue="documents",
    retry=RetryStrategy(max_attempts=5, exponential_wait=4),
)
def make_document(document_id: int, timestamp: int) -> None:
    """Render and seal the file of a letter before somebody asks for it."""
    with scope.everything():
        services.make_document(document_id, at=_moment(timestamp))


def _moment(timestamp: int) -> datetime:
    return datetime.fromtimestamp(timestamp, tz=UTC)
