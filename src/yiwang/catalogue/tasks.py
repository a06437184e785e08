"""What runs by the clock."""

from __future__ import annotations

from datetime import UTC, datetime

import structlog
from django.utils.timezone import localtime
from procrastinate.contrib.django import app

from yiwang.catalogue import services

log = structlog.get_logger()


@app.periodic(cron="*/5 * * * *")
@app.task(
    name="yiwang.catalogue.refresh_search_index",
    queue="maintenance",
    queueing_lock="yiwang.catalogue.refresh_search_index",
    lock="yiwang.catalogue.refresh_search_index",
)
def refresh_search_index(timestamp: int) -> None:
    """Take what was published into the search index, every five minutes."""
    on = localtime(datetime.fromtimestamp(timestamp, tz=UTC)).date()
    built = services.refresh_search_index(on=on)
    if built is not None:
        log.info("catalogue.search_index_built", items=built.items, articles=built.articles)
