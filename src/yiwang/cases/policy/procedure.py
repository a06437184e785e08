"""Rules of what may happen between acceptance and decision: stops, hearing, extension, opinions.

Source:
    行政许可法 第二十六条, 第三十四条, 第四十二条, 第四十五条至第四十八条, 第五十五条, 第八十二条.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from yiwang.catalogue.policy.items import CaseKind, FlowStep, ItemVersion, SpecialStep, StepRole
from yiwang.kernel.clocks import StopReason
from yiwang.kernel.terms import Term
from yiwang.kernel.workdays import WorkdayCalendar

ORDINARY_WORKDAYS = 20
"""The ordinary limit; only joint handling, or a special law, has a longer one. 第四十二条."""

LONGEST_EXTENSION_WORKDAYS: Mapping[bool, int] = {False: 10, True: 15}
"""Joint handling or not -> most working days of the one extension. 行政许可法 第四十二条."""

HEARING_REQUEST_WORKDAYS = 5
"""To ask for a hearing after being told of the right. 行政许可法 第四十七条第一款."""

HEARING_HOLD_WORKDAYS = 20
"""To hold the hearing after it was asked for. 行政许可法 第四十七条第一款."""

HEARING_NOTICE_WORKDAYS = 7
"""To tell time and place before the hearing. 行政许可法 第四十八条第一款第一项."""

INSPECTION_START_WORKDAYS = 5
"""To send two officers after acceptance where things are inspected. 行政许可法 第五十五条第二款."""

PUBLICITY_WORKDAYS = 7
"""To publish a decision. 国务院双公示要求: seven working days from the decision."""

INQUIRY_WORKDAYS = 5
"""Usual days for another department's opinion; no law sets them, whoever asks may."""

LONGEST_INQUIRY_WORKDAYS = 20
"""Most days for another department's opinion. 行政许可法 第四十三条 (preliminary review)."""

LONGEST_SPECIAL_WORKDAYS = 250
"""A told duration beyond a year of working days is a slip of the pen."""

INSPECTIONS = frozenset({StopReason.INSPECTION, StopReason.TESTING, StopReason.QUARANTINE})
"""Kinds for which two officers are sent within five working days. 行政许可法 第五十五条."""

OFFICERS_SENT = 2
"""Officers who are sent at least. 行政许可法 第五十五条第二款."""

SPECIAL_KINDS = tuple(kind for kind in StopReason if kind is not StopReason.HEARING)
"""Kinds of special procedures; a hearing has a state and rules of its own."""


class HearingOrigin(Term):
    """Why there is a hearing (听证的启动)."""

    RIGHT = "right", "告知申请人、利害关系人听证权利"
    OWN_MOTION = "own_motion", "法定应当听证或者涉及公共利益的重大事项"


class HearingEnd(Term):
    """How a hearing ended (听证的结果)."""

    HELD = "held", "已举行听证"
    NOT_REQUESTED = "not_requested", "逾期未要求听证"
    WAIVED = "waived", "书面放弃听证"
    CASE_ENDED = "case_ended", "办件已终止"


class ClosedGround(Term):
    """What a hearing must touch to be held behind closed doors (听证不公开的情形).

    Source:
        行政许可法 第五条第二款, 第四十八条第一款第二项.
    """

    STATE_SECRET = "state_secret", "涉及国家秘密"
    BUSINESS_SECRET = "business_secret", "涉及商业秘密"
    PRIVACY = "privacy", "涉及个人隐私"


class InquiryAnswer(Term):
    """What another department thinks (部门意见)."""

    AGREE = "agree", "同意"
    CONDITIONS = "conditions", "有条件同意"
    DISAGREE = "disagree", "不同意"


def is_joint(item: ItemVersion) -> bool:
    """Tell whether several departments handle the item together on the long limit (联合办理).

    An item that other departments merely help with keeps the ordinary limit and extension.

    Source:
        行政许可法 第二十六条第二款, 第四十二条第二款.
    """
    return bool(item.joint_departments) and item.limit.statutory_workdays > ORDINARY_WORKDAYS


def longest_extension(item: ItemVersion) -> int:
    """Return the most working days by which the limit of the item may be extended, once."""
    return LONGEST_EXTENSION_WORKDAYS[is_joint(item)]


def declared_specials(item: ItemVersion) -> tuple[SpecialStep, ...]:
    """Return the special steps of the item that stop the limit; a hearing is not among them."""
    return tuple(
        step
        for step in item.special_steps
        if not step.counted and StopReason.HEARING.label not in step.name
    )


def kind_of(step: SpecialStep) -> StopReason:
    """Return which kind of Art. 45 a declared step is, by the word in its name.

    A step that names none of them counts as a review by experts, the widest of the kinds.
    """
    return next(
        (kind for kind in SPECIAL_KINDS if kind.label in step.name), StopReason.EXPERT_REVIEW
    )


def needs_inspection(item: ItemVersion) -> bool:
    """Tell whether two officers must be sent within five working days of acceptance.

    Source:
        行政许可法 第五十五条第二款.
    """
    return any(kind_of(step) in INSPECTIONS for step in declared_specials(item))


@dataclass(frozen=True, kw_only=True)
class PlannedStep:
    """One step of the flow with the day by which it should be done.

    Attributes:
        due_on: None: no day can be given, because the limit does not run or has not started.
    """

    role: StepRole
    name: str
    workdays: int
    text: str
    due_on: date | None


def planned(
    flow: Sequence[FlowStep], *, accepted_on: date | None, calendar: WorkdayCalendar
) -> tuple[PlannedStep, ...]:
    """Return the steps of the item version with the day by which each should be done.

    The days of the steps are the shares of the promised time, counted on from acceptance.

    Raises:
        CalendarGapError: the count leaves the years loaded into `calendar`.
    """
    steps, used = [], 0
    for step in flow:
        if step.role is not StepRole.APPLY:
            used += step.workdays
        steps.append(
            PlannedStep(
                role=step.role,
                name=step.name,
                workdays=step.workdays,
                text=step.text,
                due_on=calendar.add_workdays(accepted_on, used) if accepted_on else None,
            )
        )
    return tuple(steps)


def is_immediate(item: ItemVersion) -> bool:
    """Tell whether the result is given at once, so that nothing can stop or be extended."""
    return item.case_kind is CaseKind.IMMEDIATE


def hearing_day_problem(
    held_on: date,
    *,
    today: date,
    hold_due_on: date,
    calendar: WorkdayCalendar,
) -> str:
    """Return in one sentence why a hearing cannot be on `held_on`; empty: it can.

    Raises:
        CalendarGapError: the count leaves the years loaded into `calendar`.

    Source:
        行政许可法 第四十七条第一款 (in twenty days), 第四十八条第一款第一项 (seven before).
    """
    earliest = calendar.add_workdays(today, HEARING_NOTICE_WORKDAYS)
    if held_on < earliest:
        return (
            f"听证的时间、地点须在举行的{HEARING_NOTICE_WORKDAYS}个工作日前通知，"
            f"最早可定在{earliest:%Y-%m-%d}。"
        )
    if held_on > hold_due_on:
        return (
            f"听证须在要求听证之日起{HEARING_HOLD_WORKDAYS}个工作日内举行，"
            f"最晚为{hold_due_on:%Y-%m-%d}，请另选日期。"
        )
    return ""
