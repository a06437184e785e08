"""How fast a bad rating is contacted and answered, and by which steps."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from yiwang.kernel.terms import Term
from yiwang.kernel.workdays import WorkdayCalendar

CONTACT_LIMIT_WORKDAYS = 1
"""Working days until a named rater is contacted. 上海市优化营商环境条例 第三十条."""

CORRECT_LIMIT_WORKDAYS = 15
"""Working days until a bad rating is answered, contact included. Local rules on 好差评
(眉山市政务服务“好差评”办法); no national text at hand sets another number."""


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


TASK_STEPS: Mapping[TaskStep, tuple[frozenset[TaskState], TaskState]] = {
    TaskStep.CONTACT: (frozenset({TaskState.OPEN}), TaskState.CONTACTED),
    TaskStep.ANSWER: (frozenset({TaskState.CONTACTED}), TaskState.ANSWERED),
    TaskStep.CLOSE: (frozenset({TaskState.ANSWERED}), TaskState.CLOSED),
}
"""Step -> (states it may start from, state it leads to)."""

UNFINISHED = frozenset({TaskState.OPEN, TaskState.CONTACTED, TaskState.ANSWERED})
"""States in which somebody still has to do something."""


def task_due_on(*, rated_on: date, calendar: WorkdayCalendar) -> tuple[date, date]:
    """Return the last days for the contact and for the answer; the day of rating is day 0.

    Raises:
        CalendarGapError: the count runs past the years loaded into `calendar`.

    Example:
        A bad rating of Friday 2026-03-06 is contacted by Monday 2026-03-09 and answered by
        Friday 2026-03-27.
    """
    return (
        calendar.add_workdays(rated_on, CONTACT_LIMIT_WORKDAYS),
        calendar.add_workdays(rated_on, CORRECT_LIMIT_WORKDAYS),
    )
