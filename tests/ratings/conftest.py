"""The district in which cases are rated."""

from __future__ import annotations

import pytest

from tests.factories import cases


@pytest.fixture
def district(db: None) -> None:
    """Make the invented district with an item for which nothing is handed in."""
    cases.district(items=False)
    cases.publish(cases.without_materials())
