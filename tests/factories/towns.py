"""Two towns with their centres and clerks, and how an item is sunk to them."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.factories import cases
from tests.factories import desk as office
from yiwang.catalogue import towns
from yiwang.catalogue.policy.towns import EVERY_CENTRE, InNameOf, TownLine, TownMode
from yiwang.organisations.models import Department
from yiwang.organisations.permissions import Actor, Post

SPRING = dt.date(2026, 1, 1)
TOWNS = {"nanxiang": "南翔镇", "anting": "安亭镇"}
CLERK = Actor(
    ref="user:townclerk",
    name="何街镇",
    posts={"nanxiang-centre": frozenset({Post.COUNTER_CLERK})},
)
OTHER_CLERK = Actor(
    ref="user:othertown",
    name="吕街镇",
    posts={"anting-centre": frozenset({Post.COUNTER_CLERK})},
)


def make() -> None:
    """Make the two towns, each with its government and its centre."""
    for code, name in TOWNS.items():
        cases.department(code, f"{name}人民政府", kind="town")
        Department.objects.filter(code=code).update(short_name=name)
        cases.department(f"{code}-centre", f"{name}受理中心", kind="community_centre")
        Department.objects.filter(code=f"{code}-centre").update(town=code)


def hire(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hire a clerk for the window of each town."""
    for login, name, unit in (
        ("townclerk", "何街镇", "nanxiang-centre"),
        ("othertown", "吕街镇", "anting-centre"),
    ):
        monkeypatch.setitem(office.STAFF, login, (name, [(unit, Post.COUNTER_CLERK)]))
        office.hire(login)


def line(
    mode: TownMode = TownMode.DIRECT,
    *,
    item: str = cases.RESTAURANT,
    centre: str = EVERY_CENTRE,
    in_name_of: InNameOf = InNameOf.DEPARTMENT,
    first: dt.date = SPRING,
    until: dt.date | None = None,
    document: str = "示例府办〔2026〕1号",
) -> TownLine:
    """Return one arrangement; unless told, of the restaurant item at every centre."""
    return TownLine(
        item=item,
        centre=centre,
        mode=mode,
        in_name_of=in_name_of,
        document=document,
        note="",
        valid_from=first,
        valid_until=until,
    )


def sink(mode: TownMode = TownMode.DIRECT, **changes: object) -> None:
    """Lay down how an item is done at the centres of towns."""
    written = line(mode, **changes)  # type: ignore[arg-type]  # the words of `line`
    towns.save_line(written, by="system:test", at=cases.FRIDAY)
