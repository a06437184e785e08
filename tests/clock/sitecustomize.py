"""A clock that tests can set, for the processes of a district that they start.

Python loads this module at its start where the folder is on `PYTHONPATH`. The file named by
`TEST_CLOCK` holds two numbers of seconds: how far the clock stands off at all, and how much
further the web processes are ahead. The worker does not jump: what it does by the clock concerns
every case of the district.
"""

from __future__ import annotations

import os
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

if named := os.environ.get("TEST_CLOCK"):
    _file = Path(named)
    _real = time.time

    def _ahead() -> float:
        base, jump = map(float, _file.read_text().split())
        return base if "worker" in sys.argv else base + jump

    def _time() -> float:
        return _real() + _ahead()

    def _now() -> datetime:
        return datetime.now(UTC) + timedelta(seconds=_ahead())

    time.time = _time

    from django.utils import timezone

    timezone.now = _now
