"""`yiwang packs`: check, compare and load content."""

from __future__ import annotations

from pathlib import Path

import click

from yiwang.cli.output import answer, json_option, now


@click.group()
def packs() -> None:
    """Check and load content packs (内容包)."""


def default_names() -> list[str]:
    """Return the packs of this installation; those they require are loaded with them."""
    from django.conf import settings

    return [settings.DISTRICT, "demo"] if settings.DEMO else [settings.DISTRICT]


_names = click.argument("names", nargs=-1)
_root = click.option(
    "--root",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of packs, looked into before those of the program. Default: YIWANG_PACKS.",
)


@packs.command()
@_names
@_root
@json_option
def check(names: tuple[str, ...], root: Path | None, as_json: bool) -> None:
    """Check packs and print what loading would change; changes nothing.

    Without NAMES: the packs of this installation.

    Exit status 0: fit to be loaded. 2: refused; each fault with file, place and remedy.
    """
    _load(names, root, apply=False, as_json=as_json)


@packs.command()
@_names
@_root
@json_option
def load(names: tuple[str, ...], root: Path | None, as_json: bool) -> None:
    """Load packs: all of them, or nothing when one has a fault. Loading twice changes nothing.

    Exit status 0: loaded. 2: refused; nothing was changed.
    """
    _load(names, root, apply=True, as_json=as_json)


def _load(names: tuple[str, ...], root: Path | None, *, apply: bool, as_json: bool) -> None:
    from django.conf import settings

    from yiwang.audit import services as audit
    from yiwang.content import services

    report = services.load_packs(
        root=settings.PACKS_DIR,
        extra=root or settings.OWN_PACKS_DIR,
        names=list(names) or default_names(),
        by="system:operator",
        at=now(),
        apply=apply,
        record=audit.record,
    )
    for line in report.diff:
        answer(line, str(line), as_json=as_json)
    for error in report.errors:
        click.echo(str(error), err=True)
    if report.unchecked:
        click.echo(f"其后的部分尚未检查：{'、'.join(report.unchecked)}。", err=True)
    if report.errors:
        raise SystemExit(2)
    click.echo(
        f"{'已装入' if apply else '检查通过，装入将有'} {len(report.diff)} 处变化。", err=True
    )
