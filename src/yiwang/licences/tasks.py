"""What runs by the clock."""

from __future__ import annotations

from datetime import UTC, datetime

from procrastinate.contrib.django import app

from yiwang.licences import queries, services


@app.periodic(cron="40 * * * *")
@app.task(name="yiwang.licences.make_missing_files", queue="documents")
def make_missing_files(timestamp: int) -> None:
    """Make the files that could not be made when their licence was issued."""
    at = datetime.fromtimestamp(timestamp, tz=UTC)
    for identifier in queries.without_file():
        services.ensure_file(identifier, at)
