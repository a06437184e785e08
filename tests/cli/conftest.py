"""The operator at the terminal."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result

from yiwang.cli.main import operator

Operate = Callable[..., Result]


@pytest.fixture
def operate(db: None) -> Operate:
    """Run a command of `yiwang` in this process."""
    return lambda *words: CliRunner().invoke(operator, words)
