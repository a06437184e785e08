"""Where a case stands, in the words of five steps (办理进度)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from yiwang.cases.policy.states import ENDED, CaseState, Step
from yiwang.cases.policy.terms import Outcome
from yiwang.cases.queries import TimelineRow
from yiwang.cases.queries.parcels import ParcelBack
from yiwang.cases.queries.procedure import HearingView
from yiwang.kernel.clocks import LightAnswer
from yiwang.organisations import queries as organisations

NAMES = ("申请", "受理", "审查", "决定", "送达")

PLACES: Mapping[CaseState, int] = {
    CaseState.RECEIVED: 1,
    CaseState.CORRECTION: 1,
    CaseState.ACCEPTED: 2,
    CaseState.REVIEWING: 2,
    CaseState.SPECIAL: 2,
    CaseState.HEARING: 2,
    CaseState.DECISION_PENDING: 3,
    CaseState.APPROVED: 4,
    CaseState.REJECTED: 4,
    CaseState.DELIVERING: 4,
    CaseState.CLOSED: 5,
}
"""State -> index of the step that is under way; 5: all five are done."""

ENDS: Mapping[CaseState, int] = {
    CaseState.NOT_ACCEPTED: 1,
    CaseState.NO_NEED: 1,
    CaseState.WITHDRAWN: -1,
    CaseState.TERMINATED: -1,
    CaseState.REVOKED: 4,
    CaseState.RETRACTED: 4,
    CaseState.DEREGISTERED: 4,
}
"""States in which a case ends early -> step at which it ended; -1: the step it had reached."""


@dataclass(frozen=True, kw_only=True)
class TrackStep:
    """One of the five steps."""

    name: str
    state: str
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Happening:
    """One line of the time line."""

    at: datetime
    title: str
    who: str
    text: str


def track(state: CaseState, events: Sequence[TimelineRow]) -> list[TrackStep]:
    """Return the five steps: done with their day, under way, or to come."""
    reached = _reached(events)
    place = PLACES.get(state)
    ended = place is None
    if place is None:
        end = ENDS[state]
        place = end if end >= 0 else max((PLACES.get(one, 0) for one in reached), default=1)
    steps = []
    for index, name in enumerate(NAMES):
        if index < place:
            note = _day(_finished_at(index, reached))
            steps.append(TrackStep(name=_(name), state="done", note=note))
        elif index == place:
            note = _(state.label) if ended else ""
            steps.append(TrackStep(name=_(name), state="current", note=note))
        else:
            steps.append(TrackStep(name=_(name), state="todo"))
    return steps


OVER: Mapping[CaseState, str] = {
    CaseState.WITHDRAWN: gettext_noop("您已撤回申请，本次申请已经结束；以后需要可以重新申请。"),
    CaseState.TERMINATED: gettext_noop("办理已经终止，原因见文书；符合条件后可以重新申请。"),
    CaseState.NOT_ACCEPTED: gettext_noop("申请没有受理，理由和救济途径见决定书。"),
    CaseState.NO_NEED: gettext_noop("这件事依法不需要取得行政许可，不用再申请。"),
    CaseState.REJECTED: gettext_noop("申请没有获得准予，理由和救济途径见决定书。"),
}
"""What is said of a case that ended without what was asked for."""

RULES = "job:automatic"
"""Who grants when rules do; nobody waited for a clock."""


def happenings(events: Sequence[TimelineRow], *, names: bool) -> list[Happening]:
    """Return the time line, newest first; names of officials only for the applicant."""
    units = {unit.code: unit.short_name or unit.name for unit in organisations.departments()}
    lines = []
    for event in reversed(events):
        who = units.get(event.department, "") if event.post else _("申请人")
        if names and event.post and event.actor_name:
            who = f"{who} {event.actor_name}".strip()
        if event.actor == RULES:
            who = _("系统自动办理")
        elif event.actor.startswith("job:"):
            who = _("系统按期自动办理")
        elif event.actor.startswith("system:"):
            who = _("一网通办")
        lines.append(Happening(at=event.at, title=_title(event), who=who, text=event.reason))
    return lines


def duty(
    state: CaseState,
    *,
    due_on: date | None,
    rateable: bool,
    tolerated: int,
    correct_by: date | None = None,
    views_by: date | None = None,
    hearing: HearingView | None = None,
    asked: bool = False,
    put_right: bool = False,
    late: bool = False,
    outcome: Outcome | None = None,
    back: ParcelBack | None = None,
    unposted: bool = False,
) -> str:
    """Return in one sentence what the applicant has to do now.

    Args:
        state: Where the case stands.
        due_on: Day of the step.
        rateable: Whether the service may be rated.
        tolerated: How many materials are still to come.
        correct_by: Last day of an order to correct that was not reported on; None: no order.
        views_by: Last day to state views on the interest of somebody else; None: none is told.
        hearing: One that was told and has not ended; None: none.
        asked: Whether an error is to be put right on the spot.
        put_right: Whether something was since; more may be.
        late: Whether the day of the step is over: of the office, or of the applicant's correction.
        outcome: What was decided; None: nothing yet.
        back: The result that was sent and came back; None: none waits for the applicant.
        unposted: Whether a wish to have the result posted ended with the case.
    """
    if outcome is Outcome.REFUSE:
        state = CaseState.REJECTED
    if state in ENDED:
        return _("该许可已不再有效，不得继续使用；事实、依据和救济途径见决定书。")
    if state in OVER:
        words = _(OVER[state]) + (_("您要求邮寄的结果不会寄出。") if unposted else "")
        return words + (_returned(back) if back else _("欢迎评价本次服务。") if rateable else "")
    if state is CaseState.CORRECTION and due_on is not None and late:
        return _("补正期限 %(day)s 已过，申请即将终止；终止以前提交的仍然收取，请马上提交。") % {
            "day": _day_of(due_on)
        }
    if state is CaseState.CORRECTION and due_on is not None:
        return _("请于 %(day)s 前补正材料，逾期未补正的申请将终止。") % {"day": _day_of(due_on)}
    if correct_by is not None:
        return _("请于 %(day)s 前改正并报告改正情况，逾期不改正的，依法撤销许可。") % {
            "day": _day_of(correct_by)
        }
    if views_by is not None:
        return _("您可以在 %(day)s 前对利害关系陈述意见；没有意见的，也请告知。") % {
            "day": _day_of(views_by)
        }
    if hearing is not None:
        return _heard(hearing)
    if asked and put_right:
        return _("您已当场更正，等待受理；还有没改的，受理以前可以继续更正。")
    if asked:
        return _("请当场更正工作人员告知的错误，更正后等待受理。")
    if back:
        return _returned(back)
    if tolerated:
        return _("请补交 %(count)s 件容缺材料。") % {"count": tolerated}
    if rateable:
        return _("已办结，欢迎评价本次服务。")
    if late:
        return _("您不用做什么。办理已经超过期限，可以打电话询问或者投诉。")
    return _("无需操作，有新进展会在“我的办件”通知您。")


def _heard(hearing: HearingView) -> str:
    """Return what is to be done about a hearing: ask for it, wait for its day, or come."""
    if hearing.held_at is not None:
        return _("听证定于 %(day)s 举行，地点：%(place)s，请准时参加。") % {
            "day": formats.date_format(timezone.localtime(hearing.held_at), _("n月j日 H:i")),
            "place": hearing.place,
        }
    if hearing.requested_on is None and hearing.request_due_on is not None:
        return _("您可以要求听证，最迟 %(day)s 提出，逾期视为不要求；不要求的不用做什么。") % {
            "day": _day_of(hearing.request_due_on)
        }
    return _("您不用做什么。将举行听证，时间和地点另行通知您。")


def _returned(back: ParcelBack) -> str:
    """Return what is to be done about a parcel that came back."""
    words = (
        _("邮寄的结果于 %(day)s 被退回，请核对收件地址后重新要求邮寄，或者到窗口领取。")
        if back.wished
        else _("邮寄的结果于 %(day)s 被退回，请联系办理部门核对地址，或者到窗口领取。")
    )
    return words % {"day": _day_of(back.returned_on)}


def decided(events: Sequence[TimelineRow]) -> Outcome | None:
    """Return what was decided in the end; None: nothing was."""
    outcome = None
    for event in events:
        if event.to_state is CaseState.APPROVED:
            outcome = Outcome.GRANT
        elif event.to_state is CaseState.REJECTED:
            outcome = Outcome.REFUSE
    return outcome


def is_late(light: LightAnswer) -> bool:
    """Tell whether the day of the clock is over."""
    return light.days_left is not None and light.days_left < 0


def on_spot(state: CaseState, events: Sequence[TimelineRow]) -> tuple[bool, bool]:
    """Tell whether an error is to be put right on the spot, and whether something was since."""
    steps = [one.step for one in events if one.step in {Step.ASK_ON_SPOT, Step.FIX_ON_SPOT}]
    waits = state is CaseState.RECEIVED and bool(steps)
    return waits, waits and steps[-1] is Step.FIX_ON_SPOT


def _title(event: TimelineRow) -> str:
    if event.step is Step.RECEIVE:
        return _("已提交申请") if not event.post else _("窗口已收件")
    return _(event.step.label)


def _reached(events: Sequence[TimelineRow]) -> dict[CaseState, datetime]:
    reached: dict[CaseState, datetime] = {}
    for event in events:
        reached.setdefault(event.to_state, event.at)
    return reached


def _finished_at(index: int, reached: Mapping[CaseState, datetime]) -> datetime | None:
    following = [at for state, at in reached.items() if PLACES.get(state, 0) > index]
    return min(following, default=None)


def _day(at: datetime | None) -> str:
    return _day_of(timezone.localdate(at)) if at else ""


def _day_of(day: date) -> str:
    return str(formats.date_format(day, _("n月j日")))
