"""Commands before the database is ready: a sentence, no traceback."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.faults.district import ROOT, fresh_home

COMMANDS = (
    ("catalogue", "check"),
    ("cases", "due"),
    ("gateway", "list"),
    ("notices", "failed"),
    ("trail", "list"),
)


def run(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("YIWANG_", "DATABASE_", "DJANGO_"))
    }
    return subprocess.run(
        [sys.executable, "-m", "yiwang.config.main", *words],
        cwd=ROOT,
        env=kept | {"PYTHONPATH": str(ROOT / "src")} | environment,
        text=True,
        capture_output=True,
        check=False,
    )


@pytest.mark.thorough
def test_every_kind_of_command_says_what_is_missing_before_there_are_tables():
    with fresh_home() as home:
        done = {words: run(*words, YIWANG_HOME=str(home)) for words in COMMANDS}

    for words, one in done.items():
        assert "Traceback" not in one.stderr, (words, one.stderr[-600:])
        assert one.returncode in {1, 2}, (words, one.stdout, one.stderr)
    assert "yiwang migrate" in done["catalogue", "check"].stderr


def test_a_database_that_is_not_there_is_a_sentence():
    done = run("cases", "report-missed", DATABASE_URL="postgresql://nobody@127.0.0.1:1/none")

    assert done.returncode == 2
    assert done.stderr.strip().splitlines()[-1].startswith("连接不上数据库")
    assert "Traceback" not in done.stderr
