"""`yiwang catalogue`: the catalogue of items."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from yiwang.cli.output import answer, day_of, json_option, now


@click.group()
def catalogue() -> None:
    """Items of the district: check, list drafts, write out, take over another catalogue."""


@catalogue.command()
@click.argument("slugs", nargs=-1)
@click.option("--pack", default="", help="Only items that came with this pack.")
@json_option
def check(slugs: tuple[str, ...], pack: str, as_json: bool) -> None:
    """Run every check before publication over the items in force and the open drafts.

    With a corpus of laws loaded, each legal basis is looked up too.

    Exit status 0: nothing. 1: something fails; each line says what would put it right.
    """
    from yiwang.catalogue.checking import check_catalogue

    found = check_catalogue(on=day_of(now()), slugs=slugs, pack=pack)
    for one in found:
        where = f"草稿 {one.draft}" if one.draft else "在用版本"
        line = f"{one.slug}（{where}）{one.place}：{one.message}{one.remedy}"
        answer(one, line, as_json=as_json)
    if found:
        raise SystemExit(1)
    if not as_json:
        click.echo("所有事项都通过发布前检查。")


@catalogue.command()
@json_option
def drafts(as_json: bool) -> None:
    """List the open drafts of items and whose turn it is."""
    from yiwang.catalogue.checking import open_drafts

    for one in open_drafts():
        line = (
            f"{one.number}  {one.name}（{one.department}）{one.state.label} 第{one.revision}次修订"
        )
        answer(one, line, as_json=as_json)


@catalogue.command()
@click.argument("slug")
@click.option("--version", type=int, help="Number of the version. Default: in force today.")
def export(slug: str, version: int | None) -> None:
    """Write an item out as a pack file; loading it again changes nothing.

    Exit status 0: written to standard output. 2: no such item or version.
    """
    from yiwang.catalogue import queries
    from yiwang.catalogue.policy.parsing import to_plain
    from yiwang.catalogue.policy.writing import as_yaml

    try:
        if version is None:
            found = queries.item(slug, on=day_of(now()))
        else:
            found = queries.item_version(slug, version)
    except LookupError as missing:
        raise click.ClickException(f"没有事项“{slug}”或者这个版本，请核对标识。") from missing
    click.echo(as_yaml(to_plain(found)), nl=False)


@catalogue.command()
@click.option("--item", default="", help="Only this item, by its slug.")
@click.option("--centre", default="", help="Only what concerns this centre, by its code.")
@click.option("--all", "every", is_flag=True, help="Past and coming arrangements too.")
@json_option
def towns(item: str, centre: str, every: bool, as_json: bool) -> None:
    """List in which mode items are done at the centres of towns, from when, by which document.

    Exit status 0: listed. 1: no such item or centre.
    """
    from yiwang.catalogue import queries
    from yiwang.catalogue import towns as arrangements
    from yiwang.catalogue.policy.towns import InNameOf
    from yiwang.organisations import queries as organisations
    from yiwang.organisations.policy.terms import DepartmentKind

    on = day_of(now())
    names = {one.slug: one.name for one in queries.items(on=on)}
    if item and item not in names:
        raise click.ClickException(f"没有现行的事项“{item}”，请核对标识。")
    centres = {
        unit.code: unit.short_name
        for unit in organisations.departments(kind=DepartmentKind.COMMUNITY_CENTRE)
    }
    if centre and centre not in centres:
        raise click.ClickException(
            f"没有社区事务受理服务中心“{centre}”，请填写下列之一：{'、'.join(centres)}。"
        )
    for one in arrangements.lines(item=item, centre=centre):
        if not every and not one.holds_on(on):
            continue
        where = centres.get(one.centre, one.centre) if one.centre else "各受理中心"
        until = f"至{one.valid_until}（不含）" if one.valid_until else "起"
        name_of = "，以街镇名义受理" if one.in_name_of is InNameOf.TOWN else ""
        line = (
            f"{one.item}  {names.get(one.item, '（现在不办）')}  {where}  {one.mode.label}{name_of}"
            f"  {one.valid_from}{until}  {one.document}"
        )
        answer(one, line, as_json=as_json)


@catalogue.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--pack", required=True, help="Name of the pack, lower-case English.")
@click.option(
    "--into",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the pack, outside the program; YIWANG_PACKS names it later.",
)
@click.option("--district-code", required=True, help="Division code, six digits.")
@click.option("--district-name", required=True, help="Official name.")
@click.option("--city-name", default="", help="Name of the city. Default: up to 市 in the name.")
@click.option("--letters", default="", help="Two capitals of query codes. Default: initials.")
@click.option("--hotline", default="12345", show_default=True, help="Number answered by people.")
@click.option("--source", default="", help="Where the file comes from. Default: its name.")
@json_option
def import_catalogue(
    file: Path,
    pack: str,
    into: Path,
    district_code: str,
    district_name: str,
    city_name: str,
    letters: str,
    hotline: str,
    source: str,
    as_json: bool,
) -> None:
    """Turn the items of FILE into the pack of a district that this program then serves.

    FILE is CSV in UTF-8 or GB 18030 with the columns department, item_name, item_code, base_code
    and task_type, and main_item and dept_uscc where known. Names, codes and departments are kept
    as they are; what the file does not say stays unknown. Nothing is written when a row has a
    fault.

    Exit status 0: written. 2: refused, each fault with its line and remedy.
    """
    from pypinyin import Style, lazy_pinyin

    from yiwang.catalogue import foreign

    head, mark, tail = district_name.partition("市")
    initials = "".join(lazy_pinyin(tail or district_name, style=Style.FIRST_LETTER)).upper()
    written = foreign.write_pack(
        foreign.read_rows(file),
        into=into,
        wish=foreign.DistrictWish(
            pack=pack,
            code=district_code,
            name=tail or district_name,
            city_name=city_name or (head + mark if tail else district_name),
            letters=letters or (initials + "XX")[:2],
            hotline=hotline,
            source=source or file.name,
            effective_on=_first_day(day_of(now())),
        ),
    )
    answer(
        written,
        f"已写入 {written.folder}：事项 {written.items} 项，部门 {written.departments} 个，"
        f"基本目录 {written.entries} 条。\n"
        f"用这个区运行：YIWANG_PACKS={into} YIWANG_DISTRICT={pack} make run",
        as_json=as_json,
    )


def _first_day(day: date) -> date:
    """Return the first of January: what is imported held before the day it is imported."""
    return day.replace(month=1, day=1)
