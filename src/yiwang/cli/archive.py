"""`yiwang archive`: packages of finished cases."""

from __future__ import annotations

from pathlib import Path

import click

from yiwang.cli.output import answer, json_option, now


@click.group()
def archive() -> None:
    """Archive packages of finished cases (归档)."""


@archive.command()
@click.option("--case", "number", help="Case number. Default: all that are due.")
@click.option("--limit", default=1_000, show_default=True, help="Most packages to make.")
@json_option
def make(number: str | None, limit: int, as_json: bool) -> None:
    """Make the packages that are due, or that of one case.

    Exit status 0: made. 1: refused; the reason is printed.
    """
    from yiwang.archives import services
    from yiwang.archives.services.making import READER
    from yiwang.kernel.errors import RefusedError
    from yiwang.organisations import scope

    with scope.everything():
        if number is None:
            made = services.make_due(by=READER, at=now(), limit=limit)
            answer({"made": made}, f"新归档 {made} 件", as_json=as_json)
            return
        try:
            view = services.make_package(number=number, by=READER, at=now())
        except RefusedError as refusal:
            raise click.ClickException(refusal.message) from refusal
    answer(view, f"{view.query_code}  {view.files} 个文件  SM3 {view.sm3}", as_json=as_json)


@archive.command()
@click.option("--case", "numbers", multiple=True, help="Case number; repeat. Default: all.")
@json_option
def verify(numbers: tuple[str, ...], as_json: bool) -> None:
    """Check stored packages against their manifests.

    Exit status 0: nothing is wrong. 1: something is.
    """
    from yiwang.archives import services
    from yiwang.organisations import scope

    with scope.everything():
        wrong = services.check_packages(numbers=list(numbers) or None)
    for number, found in wrong.items():
        answer({"case": number, "wrong": found}, f"{number}  {'；'.join(found)}", as_json=as_json)
    if wrong:
        raise SystemExit(1)
    click.echo("归档包与清单一致。", err=True)


@archive.command()
@click.option("--case", "number", required=True, help="Case number.")
@click.option("--purpose", required=True, help="Why it is taken out; written to the trail.")
@click.option(
    "--to",
    "folder",
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder to write into.",
)
def export(number: str, purpose: str, folder: Path) -> None:
    """Write the newest package of a case into a folder, as for the transfer to the archives.

    Exit status 0: written. 1: refused; the reason is printed.
    """
    from yiwang.archives import queries, services
    from yiwang.archives.services.making import READER
    from yiwang.kernel.errors import RefusedError
    from yiwang.organisations import scope

    with scope.everything():
        found = queries.latest(number)
        if found is None:
            raise click.ClickException(f"办件“{number}”还没有归档，请先运行 archive make。")
        try:
            view, data = services.read_package(
                package_id=found.id, by=READER, at=now(), purpose=purpose
            )
        except RefusedError as refusal:
            raise click.ClickException(refusal.message) from refusal
    path = folder / view.file_name
    path.write_bytes(data)
    click.echo(str(path))
