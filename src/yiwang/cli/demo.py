"""`yiwang demo`: an invented district to try everything in."""

from __future__ import annotations

import click


@click.group()
def demo() -> None:
    """Invented people, firms and accounts; never for real data."""
