"""What the file of a case shows of its procedure: clocks, flow, stops, and further acts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from yiwang.cases.policy.procedure import is_immediate, needs_inspection, planned
from yiwang.cases.policy.states import STOPPED, Step
from yiwang.cases.queries import CasePage
from yiwang.cases.queries.procedure import ClockView, ProcedureView, clocks_of, procedure_of
from yiwang.catalogue.policy.items import ItemVersion
from yiwang.kernel.workdays import CalendarGapError, WorkdayCalendar
from yiwang.organisations.permissions import Actor


@dataclass(frozen=True, kw_only=True)
class Way:
    """One further act, with its address."""

    label: str
    href: str


ACTS: Sequence[tuple[Step, str, str]] = (
    (Step.ASK_ON_SPOT, "ask_on_spot", "请申请人当场更正"),
    (Step.SEND_BACK, "send_back", "退回复审"),
    (Step.CHECK_SITE, "site_check", "记录现场核查"),
    (Step.SEND_OFFICERS, "send_officers", "登记指派的检验检测人员"),
    (Step.ASK_DEPARTMENT, "ask_departments", "征求部门意见"),
    (Step.TELL_INTERESTED, "tell_interested", "告知利害关系人"),
    (Step.NOTE_VIEWS, "note_views", "登记陈述意见"),
    (Step.START_SPECIAL, "start_special", "启动特别程序"),
    (Step.END_SPECIAL, "end_special", "录入特别程序结果"),
    (Step.NOTIFY_HEARING, "notify_hearing", "告知听证权利"),
    (Step.REQUEST_HEARING, "request_hearing", "登记听证要求"),
    (Step.SET_HEARING, "set_hearing", "通知举行听证"),
    (Step.END_HEARING, "end_hearing", "录入听证结果"),
    (Step.ASK_EXTENSION, "ask_extension", "报请延长期限"),
    (Step.EXTEND, "decide_extension", "批准延长期限"),
    (Step.DEPARTMENT_OPINION, "give_opinion", "反馈部门意见"),
    (Step.TERMINATE, "terminate", "终止办理"),
)
"""Step -> address and words of its page."""

AT_ONCE = frozenset({Step.START_SPECIAL, Step.NOTIFY_HEARING, Step.ASK_EXTENSION, Step.EXTEND})
"""Acts that make no sense where the result is given at once."""


def shown(
    page: CasePage,
    item: ItemVersion,
    *,
    actor: Actor,
    today: date,
    calendar: WorkdayCalendar,
    units: Mapping[str, str],
) -> dict[str, Any]:
    """Return the parts of the file that are about its procedure."""
    case = page.case
    procedure = procedure_of(case.number, by=actor, today=today)
    skipped = set(AT_ONCE) if is_immediate(item) else set()
    hearing = procedure.hearing
    if hearing is not None:
        skipped.add(Step.NOTIFY_HEARING)
        skipped.add(Step.REQUEST_HEARING if hearing.requested_on else Step.SET_HEARING)
    waiting = any(one.approved is None for one in procedure.extensions)
    if not needs_inspection(item):
        skipped.add(Step.SEND_OFFICERS)
    if case.extended_on is not None or waiting:
        skipped.add(Step.ASK_EXTENSION)
    if case.extended_on is not None or not waiting:
        skipped.add(Step.EXTEND)
    if all(one.answer is not None for one in procedure.inquiries):
        skipped.add(Step.DEPARTMENT_OPINION)
    if not any(one.unheard for one in procedure.interested):
        skipped.add(Step.NOTE_VIEWS)
    told = hearing is not None and hearing.set_on is not None
    return {
        "procedure": procedure,
        "site_due": site_due(page, procedure),
        "clocks": clock_rows(clocks_of(case.number, by=actor, today=today, calendar=calendar)),
        "flow_steps": flow(item, accepted_on=case.accepted_on, calendar=calendar)
        if case.state not in STOPPED
        else flow(item, accepted_on=None, calendar=calendar),
        "further": [
            Way(
                label=_("更改听证的时间、地点") if told and step is Step.SET_HEARING else _(words),
                href=reverse(f"officer:{address}", args=[case.number]),
            )
            for step, address, words in ACTS
            if step in page.steps and step not in skipped
        ],
        "unit_names": units,
        "subjects": {**units, **{one.id: one.name for one in item.materials}},
    }


def site_due(page: CasePage, procedure: ProcedureView) -> bool:
    """Tell whether the check on the spot is what this person has to do next."""
    return page.case.must_check_site and not procedure.site_checks and Step.CHECK_SITE in page.steps


@dataclass(frozen=True, kw_only=True)
class ClockRow:
    """One clock in words."""

    name: str
    clock: ClockView
    outcome: str


def clock_rows(clocks: Sequence[ClockView]) -> list[ClockRow]:
    """Return the clocks in words; what was met says whether in time."""
    return [
        ClockRow(
            name=_(one.kind.label),
            clock=one,
            outcome=""
            if one.light
            else _("逾期")
            if one.missed
            else _("按期")
            if one.met_on
            else _("不再计时"),
        )
        for one in clocks
    ]


@dataclass(frozen=True, kw_only=True)
class FlowRow:
    """One step of the item version, as the numbered list shows it."""

    name: str
    note: str
    text: str


def flow(
    item: ItemVersion, *, accepted_on: date | None, calendar: WorkdayCalendar
) -> list[FlowRow]:
    """Return the steps of the item version with their days and the day each is due."""
    try:
        steps = planned(item.flow, accepted_on=accepted_on, calendar=calendar)
    except CalendarGapError:
        steps = planned(item.flow, accepted_on=None, calendar=calendar)
    return [
        FlowRow(
            name=one.name,
            note=" · ".join(
                part
                for part in (
                    _(one.role.label) if one.role.label != one.name else "",
                    _("%(days)s 个工作日") % {"days": one.workdays} if one.workdays else "",
                    _("%(day)s 前") % {"day": one.due_on} if one.due_on else "",
                )
                if part
            ),
            text="",
        )
        for one in steps
    ]
