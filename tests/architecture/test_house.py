"""What must be true of the code base as a whole."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import click
import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection, models

from yiwang.config import env, prepare, reference
from yiwang.config.main import yiwang

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "yiwang"


def tracked(*patterns: str) -> list[Path]:
    done = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns],
        cwd=ROOT,
        text=True,
        capture_output=True,
        check=True,
    )
    return [ROOT / name for name in done.stdout.splitlines() if (ROOT / name).exists()]


def own_models() -> list[type[models.Model]]:
    return [model for model in apps.get_models() if model.__module__.startswith("yiwang.")]


@pytest.mark.django_db
def test_no_migration_is_missing():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_the_reference_pages_say_what_the_code_says():
    stale = [
        name
        for name, text in reference.pages().items()
        if (reference.FOLDER / name).read_text() != text
    ]

    assert stale == [], "run `make reference`"


def test_the_page_of_commands_is_the_same_whatever_ran_before(monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    with click.Context(yiwang, **yiwang.context_settings) as outer:
        yiwang.commands["run"].get_help(click.Context(yiwang.commands["run"], parent=outer))

    assert reference.commands() == (reference.FOLDER / "commands.md").read_text()


def test_every_variable_that_the_program_reads_is_in_the_table():
    names = set()
    for path in tracked("src/**/*.py"):
        names |= set(re.findall(r"""environ(?:\.get\(|\[)["'](YIWANG_[A-Z_]+)""", path.read_text()))

    assert names - set(env.SETTINGS) == set()


def test_every_constraint_name_says_what_it_holds():
    odd = [
        constraint.name
        for model in own_models()
        for constraint in model._meta.constraints
        if not constraint.name.startswith(f"{model._meta.app_label}_")
    ]

    assert odd == []


@pytest.mark.django_db
def test_append_only_tables_refuse_change_whoever_asks():
    tables = prepare.append_only_tables()
    assert tables
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(
                "SELECT count(*) FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal "
                "AND (tgtype & 32) > 0",
                [table],
            )
            assert cursor.fetchone()[0] >= 1, f"{table} can be truncated"
            cursor.execute(
                "SELECT bool_or((tgtype & 16) > 0) AND bool_or((tgtype & 8) > 0) FROM pg_trigger "
                "WHERE tgrelid = %s::regclass AND NOT tgisinternal",
                [table],
            )
            assert cursor.fetchone()[0], f"{table} can be updated or deleted from"


@pytest.mark.django_db
def test_the_serving_role_cannot_change_append_only_tables():
    prepare.grant()
    with connection.cursor() as cursor:
        for table in prepare.append_only_tables():
            for right in ("UPDATE", "DELETE", "TRUNCATE"):
                cursor.execute("SELECT has_table_privilege('yiwang_web', %s, %s)", [table, right])
                assert cursor.fetchone()[0] is False, f"{right} on {table}"


def test_only_entry_points_read_the_clock():
    pattern = re.compile(r"(timezone\.now|datetime\.now|date\.today|time\.time)\(")
    allowed = {"web", "cli", "api", "config"}
    readers = [
        str(path.relative_to(ROOT))
        for path in tracked("src/yiwang/*.py", "src/yiwang/**/*.py")
        if path.relative_to(SOURCE).parts[0] not in allowed
        and "migrations" not in path.parts
        and pattern.search(path.read_text())
    ]

    assert readers == []


def test_templates_hold_no_inline_style_script_or_placeholder():
    pattern = re.compile(
        r"""(\sstyle=["']|\son[a-z]+=["']|<style|<script(?![^>]*src=)|\splaceholder=)"""
    )
    odd = [
        f"{path.relative_to(ROOT)}: {match.group(0).strip()}"
        for path in tracked("src/yiwang/**/*.html")
        for match in pattern.finditer(path.read_text())
    ]

    assert odd == []


def test_no_third_party_browser_code_is_tracked():
    tracked_paths = [str(path.relative_to(ROOT)) for path in tracked()]

    assert [
        p for p in tracked_paths if re.search(r"(\.min\.(js|css)$|node_modules/|/dist/)", p)
    ] == []


def test_requirement_marks_name_ids_of_the_plan():
    plan = set(
        re.findall(
            r"^\| ([A-Z]+-\d\d) \|",
            (ROOT / "docs" / "reference" / "requirements.md").read_text(),
            re.MULTILINE,
        )
    )
    marked = set()
    for path in tracked("tests/*.py", "tests/**/*.py"):
        for group in re.findall(r"mark\.req\(([^)]*)\)", path.read_text()):
            marked |= set(re.findall(r"[A-Z]+-\d\d", group))

    assert marked - plan == set()
    assert marked


def test_what_runs_every_few_seconds_runs_in_every_minute():
    """In a cron line of six fields the seconds stand last."""
    odd = [
        f"{path.relative_to(ROOT)}: {line}"
        for path in tracked("src/yiwang/**/*.py")
        for line in re.findall(r'cron="([^"]+)"', path.read_text())
        if len(line.split()) == 6 and line.split()[:5] != ["*"] * 5
    ]

    assert odd == []
