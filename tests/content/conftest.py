"""Packs written into a folder for one test."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from yiwang.content import services

AT = dt.datetime(2026, 3, 6, 9, 0, tzinfo=dt.UTC)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder for packs."""
    folder = tmp_path / "packs"
    folder.mkdir()
    return folder


@pytest.fixture
def write(root: Path) -> Callable[..., Path]:
    """Write a file of a pack: `write("national/pack.yaml", "…")`."""

    def write(path: str, text: str | bytes) -> Path:
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text if isinstance(text, bytes) else text.encode())
        return target

    return write


@pytest.fixture
def trail() -> list[dict[str, Any]]:
    """What was recorded."""
    return []


@pytest.fixture
def load(root: Path, trail: list[dict[str, Any]]) -> Callable[..., services.PackReport]:
    """Load packs from `root`."""

    def load(*names: str, **changes: Any) -> services.PackReport:
        arguments: dict[str, Any] = {
            "root": root,
            "names": names,
            "by": "user:operator",
            "at": AT,
            "apply": True,
            "record": lambda **row: trail.append(row),
        }
        return services.load_packs(**(arguments | changes))

    return load


def manifest(name: str, /, **changes: str) -> str:
    """Return a pack.yaml that is right, but for `changes`."""
    fields = {
        "name": name,
        "title": "试验内容包",
        "version": '"1"',
        "effective_on": "2026-01-01",
        "source": "试验",
    } | changes
    return "".join(f"{key}: {value}\n" for key, value in fields.items())


NOTICE = """\
year: 2026
title: 国务院办公厅关于2026年部分节假日安排的通知
source: 试验
festivals:
  - name: 元旦
    first: 2026-01-01
    last: 2026-01-03
    worked: [2026-01-04]
"""
