"""`yiwang cases`: what is due."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING

import click

from yiwang.cli.acting import actor_of, as_option
from yiwang.cli.output import answer, day_of, json_option, now

if TYPE_CHECKING:
    from yiwang.cases.queries.automatic import GroundRow


@click.group()
def cases() -> None:
    """Questions about cases (办件)."""


@cases.command("recompute-clocks")
@json_option
def recompute_clocks(as_json: bool) -> None:
    """Reckon the running clocks anew, after a holiday notice was loaded.

    Exit status 0: done. 1: days of some cases lie beyond the calendar and keep their old value.
    """
    from yiwang.cases import services
    from yiwang.content import queries as content
    from yiwang.organisations.permissions import Actor

    done = services.recompute_clocks(
        calendar=content.workday_calendar(), by=Actor(ref="system:operator"), at=now()
    )
    answer(
        done,
        f"检查 {done.checked} 件，期限有变的 {len(done.changed)} 件，"
        f"超出工作日历的 {len(done.failed)} 件。",
        as_json=as_json,
    )
    if done.failed:
        raise SystemExit(1)


@cases.command("report-missed")
@json_option
def report_missed(as_json: bool) -> None:
    """Report the clocks that were missed and not reported yet, as the worker does every hour.

    It writes; to read what was reported, in a person's name, use `yiwang cases missed`.

    Exit status 0: none. 1: at least one.
    """
    from yiwang.cases import services
    from yiwang.organisations.permissions import Actor

    found = services.report_missed_clocks(by=Actor(ref="system:operator"), at=now())
    for one in found:
        answer(
            one,
            f"{one.due_on}  {one.kind.label}  {one.number}  {one.department}",
            as_json=as_json,
        )
    if found:
        raise SystemExit(1)


@cases.command()
@click.option("--all", "everything", is_flag=True, help="Those that were met late too.")
@as_option
@json_option
def missed(everything: bool, login: str, as_json: bool) -> None:
    """List the clocks that were missed where the person gives work out, newest report first.

    It only reads; to report what was missed since the last hour, use `yiwang cases report-missed`.

    Exit status 0: none. 1: at least one. 2: the person gives no work out.
    """
    from yiwang.cases.queries.procedure import missed_clocks as page_of

    by, after, found = actor_of(login, at=now()), None, False
    while True:
        page = page_of(by=by, open_only=not everything, after=after)
        for row in page.rows:
            found = True
            met = f"  {row.met_on} 办结" if row.met_on else ""
            answer(
                row,
                f"{row.due_on}  {row.kind.label}  {row.number}  {row.item_name}{met}",
                as_json=as_json,
            )
        after = page.after
        if after is None:
            break
    if found:
        raise SystemExit(1)


@cases.command()
@click.option("--first", type=click.DateTime(["%Y-%m-%d"]), help="Default: of this quarter.")
@click.option("--last", type=click.DateTime(["%Y-%m-%d"]), help="Included. Default: today.")
@click.option("--department", default="", help="Department code. Default: all the person sees.")
@click.option("--count", is_flag=True, help="Count first what was finished since the last hour.")
@as_option
@json_option
def figures(
    first: datetime | None,
    last: datetime | None,
    department: str,
    count: bool,
    login: str,
    as_json: bool,
) -> None:
    """Show the figures over the cases finished in a period, for whoever may read them.

    Exit status 0: shown. 2: the person may not read them, or the period ends before it begins.
    """
    from yiwang.cases import services
    from yiwang.cases.policy.figures import quarter_of
    from yiwang.cases.queries.figures import Asked
    from yiwang.cases.queries.figures import figures as ask
    from yiwang.content import queries as content

    at = now()
    by, end = actor_of(login, at=at), last.date() if last else day_of(at)
    begin = first.date() if first else quarter_of(end)
    if count:
        services.measure_finished(calendar=content.workday_calendar(), at=at)
    found = ask(Asked(first=begin, last=end, department=department), by=by, today=day_of(at))
    total = found.total
    if as_json:
        answer(found, "", as_json=True)
        return
    click.echo(f"{begin} 至 {end}：办结 {total.finished} 件，作出决定 {total.decided} 件。")
    for share in total.shares.values():
        whole = "" if share.whole is None else f" / {share.whole}"
        pct = "" if share.pct is None else f"  {share.pct:.1f}%"
        click.echo(f"{share.key.label}  {share.part}{whole}{pct}")


@cases.command()
@click.option("--department", required=True, help="Department code, as in the pack.")
@click.option("--within", "within_days", default=3, show_default=True, help="Calendar days ahead.")
@click.option(
    "--as-of",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Day to count from. Default: today.",
)
@json_option
def due(department: str, within_days: int, as_of: datetime | None, as_json: bool) -> None:
    """List open cases due soon, most urgent first.

    Exit status 0: nothing is late. 1: at least one case is late. 2: no such department.
    """
    from yiwang.cases import queries
    from yiwang.content import queries as content
    from yiwang.organisations import queries as organisations

    try:
        organisations.department(department)
    except LookupError:
        codes = "、".join(one.code for one in organisations.departments())
        raise click.UsageError(f"没有部门“{department}”，可用的有：{codes}。") from None
    today = as_of.date() if as_of else day_of(now())
    calendar = content.workday_calendar()
    late = False
    for line in queries.due_cases(department=department, within_days=within_days, today=today):
        assert line.due_on is not None
        late = late or line.due_on < today
        light = line.light(today=today, calendar=calendar)
        answer(
            line, f"{line.due_on}  {light.text}  {line.number}  {line.item_name}", as_json=as_json
        )
    if late:
        raise SystemExit(1)


def _ground_line(ground: GroundRow) -> str:
    from yiwang.rules.policy.wording import inner

    revoked = f"（其中 {ground.revoked} 件后来撤销）" if ground.revoked else ""
    start = f"{ground.count} 件{revoked}  {ground.kind.label}："
    row = f"第 {ground.row_number} 行（{ground.row_reason.rstrip('。')}）"
    if ground.other:
        return f"{start}其他原因"
    if ground.cause is None:
        articles = "、".join(ground.articles) or "没有写明条款"
        unmet = "".join(f"不符合“{inner(one.rstrip('。'))}”，" for one in ground.unmet)
        return f"{start}{unmet}不予的依据是{articles}，规则准予的是{row}"
    words = ground.cause.label + (f"，{row}" if ground.row_number else "")
    if not ground.near_number:
        return start + words + "".join(f"，“{one.label}”{ground.why}" for one in ground.lacking)
    lacks = "、".join(f"{one.label}“{inner(one.asked)}”" for one in ground.lacking)
    near = f"，最接近的第 {ground.near_number} 行"
    return start + words + near + (f"不符合的是{lacks}" if lacks else "排在后面")


@cases.command()
@click.argument("item")
@click.option("--draft", type=int, default=None, help="The rules of this draft of the item.")
@click.option("--most", type=click.IntRange(1, 1_000_000), default=100_000, show_default=True)
@json_option
def replay(item: str, draft: int | None, most: int, as_json: bool) -> None:
    """Try the rules of ITEM on its past cases, before they go live; asks no register.

    Why rules and people differ is told by grounds, the most frequent first, without personal data.

    Exit status 0: no case that the rules would grant was refused by people. 1: at least one, or
    there is nothing to replay.
    """
    from yiwang.cases import services
    from yiwang.cases.queries import automatic
    from yiwang.catalogue import queries as catalogue
    from yiwang.catalogue.drafts import draft_for_program
    from yiwang.kernel.errors import RefusedError
    from yiwang.organisations.permissions import Actor

    by, at = Actor(ref="system:operator"), now()
    try:
        version = draft_for_program(draft) if draft else catalogue.item(item, on=day_of(at))
    except LookupError as missing:
        raise click.ClickException(f"没有名为 {item} 的在用事项或者该草稿，请核对。") from missing
    if version.slug != item or version.auto_rules is None:
        raise click.ClickException(f"{item} 的这个版本没有自动办理规则。")
    try:
        asked = services.ask_replay(
            item_slug=item,
            department=version.department,
            rules=version.auto_rules,
            version=None if draft else version.version,
            draft=draft,
            most=most,
            by=by,
            at=at,
            inline=True,
        )
    except RefusedError as refusal:
        raise click.ClickException(refusal.message) from refusal

    def progress(done: int, total: int) -> None:
        click.echo(f"已回放 {done}/{total} 件", err=True)

    done = services.run_replay(replay_id=asked.id, by=by, at=now(), progress=progress)
    grounds = automatic.grounds(done.id)
    answer(
        asdict(done) | {"grounds": [asdict(one) for one in grounds]},
        f"{done.total} 件：规则准予且人准予 {done.agreed}，规则准予而人不予 {done.differing}，"
        f"转人工 {done.handed_over}，无法判断 {done.unknown}。"
        + (f"无法重建：{'、'.join(done.unknown_facts)}。" if done.unknown_facts else "")
        + "".join(f"\n{_ground_line(one)}" for one in grounds),
        as_json=as_json,
    )
    if done.differing:
        raise SystemExit(1)
