"""Fixtures of the journeys; the district is the one of `tests.chromium`."""

from __future__ import annotations

import pytest

from tests.chromium import Site
from tests.journeys.handling import Staff


@pytest.fixture(scope="session")
def staff(district_site: Site) -> Staff:
    """The accounts of the district."""
    return Staff(home=district_site.home, clock=district_site.clock.file)
