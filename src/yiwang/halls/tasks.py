"""What runs by the clock: reminders of appointments."""

from __future__ import annotations

from datetime import UTC, datetime

from procrastinate.contrib.django import app

from yiwang.halls import services
from yiwang.organisations import scope


@app.periodic(cron="*/15 * * * *")
@app.task(name="yiwang.halls.remind", queue="maintenance")
def remind(timestamp: int) -> None:
    """Remind of appointments of the next day, each once."""
    with scope.everything():
        services.remind(at=datetime.fromtimestamp(timestamp, tz=UTC))
