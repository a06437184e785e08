"""The district in which the cases of these tests are handled."""

from __future__ import annotations

import pytest


@pytest.fixture
def district(whole_district: None) -> None:
    """The invented district; its restaurant item asks for a plan and for rules."""
