"""The district in which cases are rated."""

from __future__ import annotations

import pytest


@pytest.fixture
def district(easy_district: None) -> None:
    """The invented district with an item for which nothing is handed in."""
