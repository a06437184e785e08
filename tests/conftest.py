"""One throw-away PostgreSQL cluster for all tests of a checkout, or the server of a URL."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.test import override_settings

pytest_plugins = ["tests.chromium", "tests.worlds"]

# A busy machine is no failure, and nothing is remembered between runs.
hypothesis.settings.register_profile("yiwang", deadline=None, database=None)
hypothesis.settings.load_profile("yiwang")


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Point Django at the test cluster; `YIWANG_TEST_URL` names another server."""
    from django.db import connections

    from yiwang.config import embedded, settings

    if url := os.environ.get("YIWANG_TEST_URL"):
        address = settings.database(url)
    else:
        server = embedded.EmbeddedPostgres(
            Path(__file__).resolve().parents[1] / "var" / "test-pg", durable=False
        )
        server.start()
        address = settings.database(server.url("yiwang_owner", "yiwang"))
    name = os.environ.get("YIWANG_TEST_DB", "yiwang")
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    described = connections["default"].settings_dict
    described.update(
        {key: address.get(key, "") for key in ("HOST", "PORT", "USER", "PASSWORD", "NAME")}
    )
    described["TEST"]["NAME"] = f"test_{name}_{worker}"
    described["CONN_MAX_AGE"] = 0


@pytest.fixture(scope="session")
def django_db_createdb(request: pytest.FixtureRequest) -> bool:
    """Make the database anew each time: migrations are part of what is tested."""
    return True


@pytest.fixture(scope="session", autouse=True)
def _own_folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep files and keys of tests out of the checkout's own, and passwords cheap."""
    base = tmp_path_factory.getbasetemp()
    with override_settings(
        FILES_DIR=base / "files",
        KEYS_DIR=base / "keys",
        PASSWORD_HASHERS=["tests.factories.hashers.QuickArgon2"],
    ):
        yield


@pytest.fixture(scope="session", autouse=True)
def _empty_tables_past_their_triggers() -> None:
    """Clean up after tests that commit, filled tables only; append-only ones refuse otherwise."""
    from django.db.backends.postgresql.operations import DatabaseOperations

    def sql_flush(self: Any, style: Any, tables: Any, **kwargs: Any) -> list[str]:
        names = [self.quote_name(table) for table in tables]
        with self.connection.cursor() as cursor:
            cursor.execute(
                " UNION ALL ".join(
                    f"SELECT {number} WHERE EXISTS (SELECT 1 FROM {name})"
                    for number, name in enumerate(names)
                )
            )
            filled = [names[number] for (number,) in cursor.fetchall()]
        return [
            *(f"ALTER TABLE {name} DISABLE TRIGGER USER" for name in filled),
            *(f"DELETE FROM {name}" for name in filled),
            "SET CONSTRAINTS ALL IMMEDIATE",
            *(f"ALTER TABLE {name} ENABLE TRIGGER USER" for name in filled),
        ]

    DatabaseOperations.sql_flush = sql_flush  # type: ignore[method-assign]


@pytest.fixture(autouse=True)
def _previews_without_a_process(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Draw previews and look at files in this process, except where that is what is tested."""
    if request.node.get_closest_marker("thorough") or "documents" in request.path.parts:
        return
    from yiwang.documents import drawing, looking, previewing, seeing
    from yiwang.documents.policy.files import MediaType

    def first_page(content: bytes, media_type: MediaType) -> bytes | None:
        return drawing.draw(content) if media_type is MediaType.PDF else None

    monkeypatch.setattr(previewing, "first_page", first_page)
    monkeypatch.setattr(looking, "look", seeing.see)


@pytest.fixture(scope="session", autouse=True)
def _static_folder(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Give WhiteNoise an empty folder; test servers find static files where they are built."""
    from django.conf import settings

    settings.STATIC_ROOT = tmp_path_factory.mktemp("static")
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = settings.STORAGES | {"staticfiles": plain}  # built checkout or not


CORPORA = {
    "YIWANG_LAWS": "the folder with articles.parquet",
    "YIWANG_DISTRICT_ITEMS": "a district's catalogue as CSV",
}
"""Environment variable that names a corpus -> what it names. `corpus(NAME)` marks who needs it."""


def _needed_corpus(item: pytest.Item) -> str:
    marker = item.get_closest_marker("corpus")
    return (marker.args[0] if marker.args else "YIWANG_LAWS") if marker else ""


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Leave out what needs a corpus that this machine does not have; the summary counts it."""
    name = _needed_corpus(item)
    if name and not os.environ.get(name):
        pytest.skip(f"{name} names no corpus")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say how many tests did not run for want of a corpus."""
    skipped = terminalreporter.stats.get("skipped", ())
    for name, what in CORPORA.items():
        missed = [one for one in skipped if f"{name} names no corpus" in str(one.longrepr)]
        if missed:
            terminalreporter.section("corpus")
            terminalreporter.line(
                f"{len(missed)} test(s) did not run: set {name} to {what} and run pytest -m corpus."
            )


@pytest.fixture(scope="session", autouse=True)
def _nothing_is_kept_between_acts() -> None:
    """Ask the database each time: tests make and undo districts faster than acts may forget."""
    from yiwang.api import context
    from yiwang.kernel import keeping

    keeping.KEPT_SECONDS = context.KEPT_SECONDS = 0.0
