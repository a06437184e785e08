"""`yiwang laws`: the corpus of law articles."""

from __future__ import annotations

from pathlib import Path

import click

from yiwang.cli.output import now


@click.group()
def laws() -> None:
    """Load the texts of laws, so that a guide can show the article it stands on."""


@laws.command()
@click.argument("path", type=click.Path(exists=True, path_type=Path))
def load(path: Path) -> None:
    """Load a folder with articles.parquet, or that file itself.

    Idempotent; older dated texts stay. The corpus is not part of the program: its columns are
    law, date, category, chapter, article and text, one row per article.

    Exit status 0: loaded. 2: the file is not of that form; nothing was changed.
    """
    from rich.console import Console

    from yiwang.catalogue import services
    from yiwang.catalogue.laws_reader import read_articles

    with Console(stderr=True).status("装入法条…") as status:

        def progress(rows: int) -> None:
            status.update(f"装入法条…已读 {rows} 条")

        report = services.load_laws(
            articles=read_articles(path), by="system:operator", at=now(), progress=progress
        )
    click.echo(f"已装入：{report}")
