"""Worlds in which many tests begin: made once, and each test undoes only its own.

A world is a fixture named in `WORLDS`. The first test that asks for it has it made inside a
transaction that stays open; tests that begin in the same world follow, each in a savepoint. A test
that begins elsewhere has it undone first, and so has one that finds it broken. A test that commits
makes its world for itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack

import pytest
from django.db import connection, transaction
from pytest_django import DjangoDbBlocker

from tests.factories import cases, catalogue, desk, portal, steps
from yiwang.content import queries as content

WORLDS: dict[str, Callable[[], None]] = {
    "desk_world": desk.make,
    "keepers_world": desk.make_with_keepers,
    "portal_world": portal.make,
    "steps_world": steps.make,
    "whole_district": cases.district,
    "easy_district": cases.easy_district,
    "jiading_pack": catalogue.load_jiading,
    "jiading_items": catalogue.publish_jiading,
}
"""Fixture -> what makes its world."""

BEGUN = pytest.StashKey[bool]()


class Standing:
    """The world that stands in the open transaction."""

    def __init__(self, worlds: Mapping[str, Callable[[], None]] = WORLDS) -> None:
        self.name = ""
        self._worlds = worlds
        self._undo = ExitStack()

    def begin(self, name: str) -> None:
        """Let `name` stand and nothing else; no name: an empty database."""
        for kept in (content._calendar, content._district):  # by numbers of rows, which stay
            kept.cache_clear()
        if name == self.name and not (name and self._broken()):
            return
        self.end()
        if name:
            with ExitStack() as undo:
                undo.enter_context(transaction.atomic())
                undo.callback(transaction.set_rollback, True)
                self._worlds[name]()
                connection.check_constraints()
                self._undo, self.name = undo.pop_all(), name

    def end(self) -> None:
        """Undo what stands."""
        self.name = ""
        self._undo.close()

    def _broken(self) -> bool:
        """Say whether a test took more away than its own."""
        return connection.closed_in_transaction or connection.needs_rollback


def _asks(item: pytest.Item) -> bool:
    """Say whether a test asks the database and leaves nothing in it."""
    names = getattr(item, "fixturenames", ())
    marker = item.get_closest_marker("django_db")
    commits = {"transactional_db", "live_server"} & set(names)
    commits |= {key for key, value in (marker.kwargs if marker else {}).items() if value}
    return not commits and ("db" in names or marker is not None)


def _world_of(item: pytest.Item) -> str:
    names = getattr(item, "fixturenames", ()) if _asks(item) else ()
    return next((world for world in WORLDS if world in names), "")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run those tests of a file that begin in the same world one after the other.

    Files, and tests in the same world, stay in the order in which chance put them.
    """
    first: dict[object, int] = {}
    keys: dict[int, tuple[int, int]] = {}
    for place, item in enumerate(items):
        keys[id(item)] = (place, place)
        if _asks(item):
            keys[id(item)] = (
                first.setdefault(item.path, place),
                first.setdefault((item.path, _world_of(item)), place),
            )
    items.sort(key=lambda item: keys[id(item)])


@pytest.fixture(scope="session")
def standing(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Standing]:
    """The world that stands, if any."""
    world = Standing()
    yield world
    with django_db_blocker.unblock():
        world.end()


@pytest.hookimpl(tryfirst=True)
def pytest_fixture_setup(
    fixturedef: pytest.FixtureDef[object], request: pytest.FixtureRequest
) -> None:
    """Have its world stand before the first fixture of a test's own, which may change anything."""
    item, helper = request.node, "_django_db_helper"
    if request.scope != "function" or BEGUN in item.stash:
        return
    if helper in (fixturedef.argname, *item.fixturenames) or item.get_closest_marker("django_db"):
        item.stash[BEGUN] = True
        standing = request.getfixturevalue("standing")
        with request.getfixturevalue("django_db_blocker").unblock():
            standing.begin(_world_of(item))


def _fixture(name: str, make: Callable[[], None]) -> Callable[..., None]:
    @pytest.fixture(name=name)
    def begins_here(db: None, standing: Standing) -> None:
        if standing.name != name:
            make()

    return begins_here


globals().update({f"_{name}": _fixture(name, make) for name, make in WORLDS.items()})
