"""Commands for those who run a district."""

from __future__ import annotations

import click


@click.group()
def operator() -> None:
    """Hold the operator's commands; `config.main` adds those that start things."""
