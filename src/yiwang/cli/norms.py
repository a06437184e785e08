"""`yiwang norms`: the register of normative documents."""

from __future__ import annotations

from pathlib import Path

import click

from yiwang.cli.acting import actor_of, as_option
from yiwang.cli.output import answer, day_of, json_option, now


@click.group()
def norms() -> None:
    """Normative documents (规范性文件): list, take in a table, see what runs out."""


@norms.command("list")
@click.option("--all", "everything", is_flag=True, help="Ended and coming ones too.")
@json_option
def list_norms(everything: bool, as_json: bool) -> None:
    """List the documents in force, the newest first."""
    from yiwang.catalogue import norms as questions
    from yiwang.catalogue.policy.norms import NormState

    states = () if everything else (NormState.IN_FORCE,)
    for one in questions.every_norm(on=day_of(now()), states=states):
        until = f" 至 {one.ended_on}" if one.ended_on else ""
        answer(one, f"{one.number}  {one.title}  {one.state.label}{until}", as_json=as_json)


@norms.command()
@click.option("--department", multiple=True, help="Code of a department. Default: all.")
@json_option
def due(department: tuple[str, ...], as_json: bool) -> None:
    """List what runs out soon, what ran out lately, and what items cite after its end.

    Exit status 0: nothing. 1: something; those who keep the documents have to look at it.
    """
    from yiwang.catalogue import norms as questions

    found = questions.due(on=day_of(now()), departments=department or None)
    for one in found.soon:
        words = f"{one.number}  {one.title}  {one.valid_until} 到期，剩 {one.days_left} 天"
        answer(one, words, as_json=as_json)
    for one in found.ran_out:
        answer(one, f"{one.number}  {one.title}  已于 {one.ended_on} 到期失效", as_json=as_json)
    for one, items in found.cited:
        cited = "、".join(item.name for item in items)
        words = f"{one.number}  已经失效，仍被引用：{cited}"
        answer(
            {"number": one.number, "cited_by": [item.slug for item in items]},
            words,
            as_json=as_json,
        )
    if len(found):
        raise SystemExit(1)
    if not as_json:
        click.echo("没有快到期、刚到期或者失效后仍被引用的规范性文件。")


@norms.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Check the file and enter nothing.")
@as_option
def import_norms(file: Path, dry_run: bool, login: str) -> None:
    """Enter the documents of FILE, a CSV table or the YAML of a pack; all of them or none.

    Columns of the table: number, title, issuer, issued_on, valid_from, valid_until, department,
    legality, fair_competition, replaces, source, note.

    Exit status 0: entered. 1: faults, each with its line and remedy. 2: refused.
    """
    from yiwang.catalogue import norms_packs, services

    at = now()
    by = actor_of(login, at=at)
    entries, errors = norms_packs.read_table(file)
    for error in errors:
        click.echo(str(error), err=True)
    if errors:
        click.echo(f"共 {len(errors)} 处需要修改，没有登记任何文件。", err=True)
        raise SystemExit(1)
    if dry_run:
        click.echo(f"{len(entries)} 件可以登记；只作核对，没有登记。")
        return
    added, same = services.import_norms(entries=entries, by=by, at=at)
    click.echo(f"新登记 {added} 件，已登记且相同 {same} 件。")
