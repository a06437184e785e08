"""What runs by the clock."""

from __future__ import annotations

from datetime import UTC, datetime

from procrastinate.contrib.django import app

from yiwang.documents import services


@app.periodic(cron="20 3 * * *")
@app.task(name="yiwang.documents.purge_unused_uploads", queue="maintenance")
def purge_unused_uploads(timestamp: int) -> None:
    """Delete forgotten uploads every night."""
    services.purge_unused_uploads(at=datetime.fromtimestamp(timestamp, tz=UTC))
