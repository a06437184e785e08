"""`yiwang laws`: the corpus of law articles."""

from __future__ import annotations

from pathlib import Path

import click

from yiwang.cli.output import answer, day_of, json_option, now


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


@laws.command()
@click.option("--department", multiple=True, help="Code of a department. Default: all.")
@json_option
def outdated(department: tuple[str, ...], as_json: bool) -> None:
    """List what items in force cite from a text of a law that has a newer one.

    Exit status 0: nothing. 1: something; the owners of the items have to look at it.
    """
    from yiwang.catalogue import basis

    rows = basis.outdated(on=day_of(now()), departments=department or None)
    for row in rows:
        change = "条文有变化" if row.changed else "条文未变"
        line = (
            f"{row.name}（{row.department}）：《{row.law}》{row.article} {row.cited} → {row.newest}"
        )
        answer(row, f"{line}，{change}", as_json=as_json)
    if rows:
        raise SystemExit(1)
    if not as_json:
        click.echo("所有在用事项引用的都是最新文本。")
