"""What runs by the clock."""

from __future__ import annotations

from datetime import UTC, datetime

import structlog
from procrastinate.contrib.django import app

from yiwang.licences import queries, services

SAMPLE = 200
"""Files compared each day."""

log = structlog.get_logger()


@app.periodic(cron="40 * * * *")
@app.task(name="yiwang.licences.make_missing_files", queue="documents")
def make_missing_files(timestamp: int) -> None:
    """Make the files that could not be made when their licence was issued."""
    at = datetime.fromtimestamp(timestamp, tz=UTC)
    for identifier in queries.without_file():
        services.ensure_file(identifier, at)


@app.periodic(cron="50 2 * * *")
@app.task(name="yiwang.licences.check_files", queue="maintenance")
def check_files(timestamp: int) -> None:
    """Compare a sample of licence files with their hashes, another one each day.

    Raises:
        RuntimeError: files differ; the job fails where people see it.
    """
    damaged = services.damaged_files(sample=SAMPLE, seed=timestamp)
    if damaged:
        log.error("licences.files_damaged", identifiers=damaged)
        raise RuntimeError(f"{len(damaged)} 份电子证照文件与登记的摘要不符，请从备份恢复。")
