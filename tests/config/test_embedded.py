"""The embedded database, started for real in throw-away folders."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from pathlib import Path

import psycopg
import pytest

from tests.faults.district import fresh_home
from yiwang.config import embedded
from yiwang.config.embedded import EmbeddedPostgres, EmbeddedServerError


@pytest.fixture
def server():
    with fresh_home() as home:
        made = EmbeddedPostgres(home / "pg", durable=False)
        yield made
        made.stop()


def connect(server: EmbeddedPostgres, role: str = "yiwang_owner") -> psycopg.Connection:
    return psycopg.connect(server.url(role), autocommit=True)


@pytest.mark.load
def test_a_fresh_server_sorts_out_roles_and_chinese_trigrams(server):
    assert server.start() is True

    with connect(server) as connection:
        connection.execute("CREATE EXTENSION pg_trgm")
        assert connection.execute("SELECT show_trgm('药品经营许可')").fetchone()[0] != []
        assert connection.execute(
            "SELECT rolsuper FROM pg_roles WHERE rolname LIKE 'yiwang%'"
        ).fetchall() == [(False,), (False,)]


@pytest.mark.load
def test_a_second_start_attaches_and_does_not_own_the_server(server):
    server.start()

    assert EmbeddedPostgres(server.home, durable=False).start() is False


def _start(home: str, results: multiprocessing.Queue) -> None:
    results.put(EmbeddedPostgres(Path(home), durable=False).start())


@pytest.mark.load
def test_several_processes_may_start_it_at_once_and_one_does(server):
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    starters = [context.Process(target=_start, args=(str(server.home), results)) for _ in range(3)]

    for starter in starters:
        starter.start()
    for starter in starters:
        starter.join(60)

    assert sorted(results.get(timeout=1) for _ in starters) == [False, False, True]


@pytest.mark.load
def test_rows_survive_a_killed_server(server):
    server = EmbeddedPostgres(server.home, durable=True)
    server.start()
    with connect(server) as connection:
        connection.execute("CREATE TABLE kept (id int); INSERT INTO kept VALUES (1)")
        os.kill(server.process_ids()[0], signal.SIGKILL)

    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        server.start()
        try:
            with connect(server) as connection:
                rows = connection.execute("SELECT id FROM kept").fetchall()
            break
        except psycopg.OperationalError:
            time.sleep(0.2)

    assert rows == [(1,)]


def test_data_of_another_major_version_is_left_alone(tmp_path):
    data = tmp_path / "pg" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("14\n")

    with pytest.raises(EmbeddedServerError, match="PostgreSQL 14 的数据.*导出后再导入"):
        EmbeddedPostgres(tmp_path / "pg").start()

    assert [path.name for path in data.iterdir()] == ["PG_VERSION"]


def test_a_folder_with_other_files_is_left_alone(tmp_path):
    data = tmp_path / "pg" / "data"
    data.mkdir(parents=True)
    (data / "letter.txt").write_text("keep me")

    with pytest.raises(EmbeddedServerError, match="不是空文件夹.*移走"):
        EmbeddedPostgres(tmp_path / "pg").start()

    assert (data / "letter.txt").read_text() == "keep me"


def test_a_full_disk_is_said_before_anything_is_made(tmp_path, monkeypatch):
    monkeypatch.setattr(embedded, "MIN_FREE_BYTES", 1 << 60)
    tmp_path.chmod(0o755)

    with pytest.raises(EmbeddedServerError, match="剩余空间不足.*腾出空间"):
        EmbeddedPostgres(tmp_path / "pg").start()

    assert not (tmp_path / "pg" / "data" / "PG_VERSION").exists()


def test_a_long_path_does_not_make_a_socket_that_cannot_be_named(tmp_path):
    deep = tmp_path / ("x" * 60) / ("y" * 60)

    assert len(str(EmbeddedPostgres(deep).socket / ".s.PGSQL.5432")) < 107
