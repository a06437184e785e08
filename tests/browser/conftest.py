"""Pages in a real Chromium; the fixtures are in `tests.chromium`."""

from __future__ import annotations

from tests.chromium import Visit

__all__ = ["Visit"]
