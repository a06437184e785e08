"""`yiwang automatic`: the switches of items that are handled without a person."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from yiwang.cli.acting import actor_of, as_option, reader_of, reason_option
from yiwang.cli.output import answer, day_of, json_option, now
from yiwang.organisations.permissions import Permission, PermissionRefusedError

if TYPE_CHECKING:
    from yiwang.cases.queries.assessing import ItemReadiness
    from yiwang.cases.queries.automatic import SwitchView


@click.group()
def automatic() -> None:
    """Stop automatic handling (自动办理), ask that it goes on, see what wants assessing."""


@automatic.command()
@as_option
@json_option
def switches(login: str, as_json: bool) -> None:
    """List the automatic items whose cases the person may read, and whether each runs.

    Exit status 0: all run. 1: at least one is stopped.
    """
    from yiwang.cases.queries import automatic as questions

    at = now()
    found = questions.switches(by=reader_of(login, at=at), on=day_of(at))
    for one in found:
        answer(one, _line(one), as_json=as_json)
    if not all(one.on for one in found):
        raise SystemExit(1)


@automatic.command()
@click.argument("item")
@as_option
@reason_option
@json_option
def stop(item: str, login: str, reason: str, as_json: bool) -> None:
    """Stop automatic handling of ITEM at once; its cases go to persons.

    Exit status 0: stopped. 2: refused; the sentence says what would put it right.
    """
    from yiwang.cases import services

    _switch(services.stop_automatic, item, login, as_json=as_json, reason=reason)


@automatic.command("ask-resume")
@click.argument("item")
@as_option
@reason_option
@json_option
def ask_resume(item: str, login: str, reason: str, as_json: bool) -> None:
    """Ask that automatic handling of ITEM goes on; another person resumes it on their desk.

    A terminal does not prove who sits at it, so the second pair of eyes is not lent here.

    Exit status 0: asked. 2: refused; the sentence says what would put it right.
    """
    from yiwang.cases import services

    _switch(services.ask_resume_automatic, item, login, as_json=as_json, reason=reason)


@automatic.command()
@as_option
@click.option("--all", "every", is_flag=True, help="List items with a valid assessment as well.")
@json_option
def assessments(login: str, every: bool, as_json: bool) -> None:
    """List automatic items whose impact assessment (影响评估) is missing, outdated or due.

    Exit status 0: every item is assessed. 1: at least one is not, or its review is near.
    """
    from yiwang.cases.policy.assessing import Readiness
    from yiwang.cases.queries import assessing

    at = now()
    by = actor_of(login, at=at)
    if not by.may_somewhere(Permission.ASSESSMENT_READ):
        raise PermissionRefusedError(
            f"“{login}”没有“{Permission.ASSESSMENT_READ.label}”的权限，请换用有此权限的账号。"
        )
    found = assessing.readiness(by=by, on=day_of(at))
    wanting = [one for one in found if one.readiness is not Readiness.VALID]
    for one in found if every else wanting:
        answer(one, _assessed(one), as_json=as_json)
    if wanting:
        raise SystemExit(1)


def _assessed(row: ItemReadiness) -> str:
    said = f"{row.item_slug}  {row.item_name}（{row.department}）  {row.readiness.label}"
    if row.readiness.value == "uncovered":
        said += f"：{'、'.join(one.words for one in row.uncovered)}"
    if row.review_on is not None:
        said += f"  下次复评 {row.review_on}"
    return said + (f"  {row.open_state.label}" if row.open_state else "")


def _switch(
    act: Callable[..., SwitchView], item: str, login: str, *, as_json: bool, **given: Any
) -> None:
    at = now()
    by = actor_of(login, at=at)
    try:
        done = act(item_slug=item, by=by, at=at, **given)
    except LookupError:
        raise click.UsageError(f"没有自动办理的事项“{item}”，请核对标识。") from None
    answer(done, _line(done), as_json=as_json)


def _line(view: SwitchView) -> str:
    state = "自动办理" if view.on else "已停用"
    if view.asked is not None:
        state = f"已停用，{view.asked.by_name}申请恢复"
    last = f"  {view.history[0].by_name}：{view.history[0].reason}" if view.history else ""
    return f"{view.item_slug}  {view.item_name}（{view.department}）  {state}{last}"
