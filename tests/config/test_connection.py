"""A kept connection is asked only when its socket has something to say."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, connections

from yiwang.config.postgresql.base import DatabaseWrapper


@pytest.fixture
def kept():
    """A connection of its own, as a web process keeps one."""
    copy = connections.create_connection("default")
    copy.settings_dict = connection.settings_dict | {"NAME": connection.settings_dict["NAME"]}
    with copy.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        copy.backend = cursor.fetchone()[0]
    yield copy
    copy.close()


@pytest.mark.django_db(transaction=True)
def test_one_that_stands_is_not_asked(kept, monkeypatch):
    assert isinstance(kept, DatabaseWrapper)

    def asked(_self: object) -> bool:
        raise AssertionError("a statement was sent")

    monkeypatch.setattr("django.db.backends.postgresql.base.DatabaseWrapper.is_usable", asked)

    assert kept.is_usable()


@pytest.mark.django_db(transaction=True)
def test_one_whose_server_ended_is_made_anew(kept):
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [kept.backend])
    assert not kept.is_usable()

    kept.health_check_enabled = True
    kept.health_check_done = False
    with kept.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        assert cursor.fetchone()[0] != kept.backend


@pytest.mark.django_db(transaction=True)
def test_one_that_was_closed_is_not_usable(kept):
    kept.connection.close()
    assert not kept.is_usable()
    kept.connection = None
    assert not kept.is_usable()


@pytest.mark.django_db(transaction=True)
def test_one_whose_transaction_failed_is_not_usable(kept):
    kept.set_autocommit(False)
    with kept.cursor() as cursor, pytest.raises(DatabaseError):
        cursor.execute("SELECT 1/0")

    assert not kept.is_usable()

    kept.rollback()
    assert kept.is_usable()
