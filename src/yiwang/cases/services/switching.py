"""The switch of an automatic item: one act stops it at once, four eyes resume it (自动办理开关)."""

from __future__ import annotations

from datetime import datetime

from django.db import connection, transaction

from yiwang.audit import services as audit
from yiwang.cases.models.automatic import AutoSwitch
from yiwang.cases.policy.automatic import SwitchAct
from yiwang.cases.policy.deadlines import day_of
from yiwang.cases.queries import automatic as questions
from yiwang.cases.queries.automatic import SwitchView
from yiwang.cases.services.assessing import require_assessment
from yiwang.cases.services.steps import written
from yiwang.catalogue import queries as catalogue
from yiwang.kernel.errors import RefusedError
from yiwang.organisations.permissions import Actor, Permission, require


class SwitchRefusedError(RefusedError):
    """The switch does not stand as the act needs."""

    code = "cases.switch_refused"


@transaction.atomic
def stop_automatic(*, item_slug: str, reason: str, by: Actor, at: datetime) -> SwitchView:
    """Stop automatic handling of an item at once (停用); cases go to persons from now on.

    Args:
        item_slug: The item.
        reason: Why; kept with the act.
        by: Holds AUTO_SWITCH in the item's department.
        at: Moment of the act.

    Raises:
        LookupError: no such item, or rules never grant it.
        PermissionRefusedError: `by` may not.
        SwitchRefusedError: stopped already.
        TextRefusedError: no reason, or too long.
    """
    view = _locked(item_slug, by=by, at=at)
    if not view.on:
        raise SwitchRefusedError(f"“{view.item_name}”的自动办理已经停用，不需要再停一次。")
    return _act(view, SwitchAct.STOP, written(reason, "停用的理由"), by=by, at=at)


@transaction.atomic
def ask_resume_automatic(*, item_slug: str, reason: str, by: Actor, at: datetime) -> SwitchView:
    """Ask that automatic handling of an item goes on (申请恢复); another person resumes it.

    Raises as `stop_automatic`; SwitchRefusedError: not stopped, or asked already;
    NotAssessedError: what the rules read was not assessed.
    """
    view = _locked(item_slug, by=by, at=at)
    if view.on:
        raise SwitchRefusedError(f"“{view.item_name}”正在自动办理，不需要恢复。")
    if view.asked is not None:
        raise SwitchRefusedError(
            f"{view.asked.by_name}已经申请恢复，请本部门另一名有权人员确认或者不同意。"
        )
    require_assessment(catalogue.item(item_slug, on=day_of(at)), at=at)
    return _act(view, SwitchAct.ASK_RESUME, written(reason, "恢复的理由"), by=by, at=at)


@transaction.atomic
def resume_automatic(
    *, item_slug: str, reason: str, by: Actor, at: datetime, agree: bool = True
) -> SwitchView:
    """Resume automatic handling that another person asked for, or decline it (恢复、不同意).

    Raises as `ask_resume_automatic`; SwitchRefusedError: nobody asked, or `by` asked themself.
    """
    view = _locked(item_slug, by=by, at=at)
    if view.asked is None:
        raise SwitchRefusedError("还没有人申请恢复，请先由一名有权人员申请，再由另一名确认。")
    if view.asked.by == by.ref:
        raise SwitchRefusedError("恢复须由另一名有权人员确认，不能自己申请、自己确认。")
    act = SwitchAct.RESUME if agree else SwitchAct.DECLINE_RESUME
    if agree:
        require_assessment(catalogue.item(item_slug, on=day_of(at)), at=at)
    return _act(view, act, written(reason, f"{act.label}的理由"), by=by, at=at)


def _locked(item_slug: str, *, by: Actor, at: datetime) -> SwitchView:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"auto_switch:{item_slug}"])
    view = questions.switch(item_slug, on=day_of(at))
    require(by, Permission.AUTO_SWITCH, department=view.department)
    return view


def _act(view: SwitchView, act: SwitchAct, reason: str, *, by: Actor, at: datetime) -> SwitchView:
    asked = None
    if act in {SwitchAct.RESUME, SwitchAct.DECLINE_RESUME}:
        asked = AutoSwitch.objects.filter(item_slug=view.item_slug).latest("id")
    AutoSwitch.objects.create(
        item_slug=view.item_slug,
        act=act.value,
        reason=reason,
        by=by.ref,
        by_name=by.name or by.ref,
        at=at,
        asked=asked,
        asked_by=asked.by if asked else "",
    )
    audit.record(
        at=at,
        actor=by.ref,
        act=f"cases.automatic_{act.value}",
        target=f"item:{view.item_slug}",
        detail={"reason": reason[:200]},
        department=view.department,
        ip=by.ip,
    )
    return questions.switch(view.item_slug, on=day_of(at))
