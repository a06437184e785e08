"""The district in which the cases of these tests are handled."""

from __future__ import annotations

import pytest

from tests.factories import cases


@pytest.fixture
def district(db: None) -> None:
    """Make the invented district; its restaurant item asks for a plan and for rules."""
    cases.district()


@pytest.fixture
def easy_district(db: None) -> None:
    """Make the district with a restaurant item for which nothing is handed in."""
    cases.district(items=False)
    cases.publish(cases.without_materials())
    cases.publish(cases.card())
