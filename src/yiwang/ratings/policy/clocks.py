"""How long a case may be rated, and how fast a bad rating is answered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from yiwang.kernel.terms import Term
from yiwang.kernel.workdays import WorkdayCalendar


@dataclass(frozen=True, kw_only=True)
class RatingRules:
    """The three lengths, each with its source.

    Attributes:
        window_days: Calendar days after closure during which the case may be rated; >= 1.
        contact_workdays: Working days until a named rater is contacted; >= 1.
        correct_workdays: Working days until the answer is given, contact included.
        source: Where the lengths come from, for people.
    """

    window_days: int
    contact_workdays: int
    correct_workdays: int
    source: str


DEFAULT_RULES = RatingRules(
    window_days=30,
    contact_workdays=1,
    correct_workdays=15,
    source=(
        "评价期限：法规未规定时长，平台暂定30日；"
        "联系期限：上海市优化营商环境条例第三十条；"
        "整改期限：参照政务服务“好差评”地方细则，15个工作日。"
    ),
)
"""Lengths used where no pack says otherwise; the window is ours, no text gives a length."""


class TaskState(Term):
    """Where the handling of a bad rating stands (差评处理状态)."""

    OPEN = "open", "待联系"
    CONTACTED = "contacted", "待整改答复"
    ANSWERED = "answered", "待办结"
    CLOSED = "closed", "已办结"


class TaskStep(Term):
    """An act on a bad rating (差评处理动作)."""

    CONTACT = "contact", "联系评价人"
    ANSWER = "answer", "公开答复"
    CLOSE = "close", "办结"


TASK_STEPS = {
    TaskStep.CONTACT: (frozenset({TaskState.OPEN}), TaskState.CONTACTED),
    TaskStep.ANSWER: (frozenset({TaskState.CONTACTED}), TaskState.ANSWERED),
    TaskStep.CLOSE: (frozenset({TaskState.ANSWERED}), TaskState.CLOSED),
}
"""Step -> (states it may start from, state it leads to)."""

UNFINISHED = frozenset({TaskState.OPEN, TaskState.CONTACTED, TaskState.ANSWERED})
"""States in which somebody still has to do something."""


def last_rating_day(*, closed_on: date, rules: RatingRules) -> date:
    """Return the last day on which a case closed on `closed_on` may be rated, inclusive."""
    return closed_on + timedelta(days=rules.window_days)


def task_due_on(
    *, rated_on: date, rules: RatingRules, calendar: WorkdayCalendar
) -> tuple[date, date]:
    """Return the last days for the contact and for the answer; the day of rating is day 0.

    Raises:
        CalendarGapError: the count runs past the years loaded into `calendar`.

    Source:
        上海市优化营商环境条例 第三十条 (contact within one working day); local rules on ratings
        (correction within fifteen working days).

    Example:
        A bad rating of Friday 2026-03-06 is contacted by Monday 2026-03-09 and answered by
        Friday 2026-03-27.
    """
    return (
        calendar.add_workdays(rated_on, rules.contact_workdays),
        calendar.add_workdays(rated_on, rules.correct_workdays),
    )
