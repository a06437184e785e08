"""A finished case, and who keeps its archive."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.factories import cases
from yiwang.archives import services
from yiwang.archives.queries import PackageView
from yiwang.cases import services as case_services
from yiwang.cases.policy.terms import DeliveryChannel
from yiwang.cases.queries import CaseView
from yiwang.organisations.permissions import Actor, Post

LATER = cases.FRIDAY + dt.timedelta(days=40)
KEEPER = Actor(ref="user:archivist", name="钱档案", posts={"market": frozenset({Post.ARCHIVIST})})
BOTH = Actor(
    ref="user:archivist",
    name="钱档案",
    posts={"market": frozenset({Post.ARCHIVIST, Post.DEPARTMENT_HEAD})},
)


@pytest.fixture
def closed(whole_district) -> CaseView:
    """A granted and delivered case with a file that was handed in."""
    files = {name: [cases.upload("user:clerk")] for name in ("layout", "rules")}
    case = cases.decided(uploads=files)
    return case_services.deliver_case(
        number=case.number, channel=DeliveryChannel.PRINT, by=cases.CLERK, at=cases.FRIDAY
    )


@pytest.fixture
def package(closed) -> PackageView:
    return services.make_package(number=closed.number, by=KEEPER, at=LATER)
