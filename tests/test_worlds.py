"""What the worlds promise: made once, undone whole, mended when broken, in the order of chance."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import DatabaseError, IntegrityError, connection, transaction

from tests import worlds
from tests.worlds import Standing

pytestmark = pytest.mark.django_db(transaction=True)


def write(name: str) -> None:
    ContentType.objects.create(app_label="worlds", model=name)


def stands() -> list[str]:
    rows = ContentType.objects.filter(app_label="worlds")
    return sorted(rows.values_list("model", flat=True))


@contextmanager
def a_test() -> Iterator[None]:
    """A savepoint, as each test has it."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture
def made() -> list[str]:
    return []


@pytest.fixture
def world(made: list[str]) -> Iterator[Standing]:
    def making(name: str) -> Callable[[], None]:
        def make() -> None:
            made.append(name)
            write(name)
            if name == "refused":
                raise LookupError
            if name == "loose":
                Permission.objects.create(content_type_id=-1, codename="x", name="x")

        return make

    one = Standing({name: making(name) for name in ("one", "two", "refused", "loose")})
    yield one
    one.end()


def test_a_world_is_made_once_and_a_test_undoes_its_own(world, made):
    for _ in range(2):
        world.begin("one")
        with a_test():
            assert stands() == ["one"]
            write("own")

    assert (stands(), made) == (["one"], ["one"])


def test_another_world_finds_nothing_of_the_one_before(world):
    world.begin("one")
    world.begin("two")
    assert stands() == ["two"]

    world.begin("")
    assert stands() == []
    assert not connection.in_atomic_block


def test_a_test_whose_statement_fails_leaves_the_world_as_it_was(world, made):
    world.begin("one")
    with a_test(), suppress(DatabaseError):
        write("own")
        write("own")

    world.begin("one")
    assert (stands(), made) == (["one"], ["one"])


@pytest.mark.parametrize(("name", "error"), [("refused", LookupError), ("loose", IntegrityError)])
def test_a_world_that_cannot_be_made_leaves_nothing(world, name, error):
    for _ in range(2):
        with pytest.raises(error):
            world.begin(name)
        assert stands() == []

    world.begin("one")
    assert stands() == ["one"]


@pytest.mark.parametrize(
    "harm",
    [lambda: connection.close(), lambda: connection.connection.close()],
    ids=["closed", "lost"],
)
def test_a_world_that_a_test_broke_is_made_again(world, made, harm):
    world.begin("one")
    with suppress(DatabaseError), a_test():
        harm()

    world.begin("one")
    assert (stands(), made) == (["one"], ["one", "one"])


def test_what_a_test_wants_done_after_its_commit_ends_with_it(world):
    world.begin("one")
    with a_test():
        transaction.on_commit(lambda: pytest.fail("nothing was committed"))

    assert connection.run_on_commit == []


def item(file: str, *fixtures: str, commits: bool = False) -> Any:
    marker = SimpleNamespace(kwargs={"transaction": commits})
    return SimpleNamespace(
        path=Path(file),
        fixturenames=fixtures,
        get_closest_marker=lambda name: marker if commits and name == "django_db" else None,
    )


def test_files_and_the_tests_of_a_world_stay_in_the_order_of_chance():
    inside = [
        item("b", "db", "desk_world"),
        item("b", "db"),
        item("b", "db", "desk_world"),
        item("a", "db"),
        item("a", "db", "easy_district"),
        item("a", "db"),
    ]
    outside = [item("b", "desk_world", commits=True), item("a"), item("b"), item("a")]
    items = inside + outside

    worlds.pytest_collection_modifyitems(items)

    assert [([*inside, *outside]).index(one) for one in items] == [0, 2, 1, 3, 5, 4, 6, 7, 8, 9]
