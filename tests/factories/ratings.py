"""How to rate closed cases of the invented district."""

from __future__ import annotations

import datetime as dt
from typing import Any

from tests.factories import cases
from yiwang.cases.policy.states import CaseState
from yiwang.cases.queries import CaseView
from yiwang.ratings import services
from yiwang.ratings.models import BadRatingTask
from yiwang.ratings.policy.grades import Grade
from yiwang.ratings.queries import RatingView

NEXT_DAY = cases.FRIDAY + dt.timedelta(hours=3)
MONDAY = dt.date(2026, 3, 9)


def closed() -> CaseView:
    """Return a case whose result was handed over."""
    return cases.in_state(CaseState.CLOSED)


def rate(case: CaseView, **changes: Any) -> RatingView:
    """Rate a case as its applicant."""
    arguments: dict[str, Any] = {
        "number": case.number,
        "grade": Grade.SATISFIED.value,
        "comment": "",
        "calendar": cases.CALENDAR,
        "by": cases.FIRM,
        "at": NEXT_DAY,
    }
    return services.rate_case(**(arguments | changes))


def bad(**changes: Any) -> str:
    """Return the number of the task that a bad rating opened."""
    case = closed()
    rate(case, **({"grade": Grade.DISSATISFIED.value, "comment": "等太久"} | changes))
    return BadRatingTask.objects.get(rating__case_number=case.number).number


def contacted(**changes: Any) -> str:
    """Return the number of a task whose rater was contacted."""
    number = bad(**changes)
    services.contact_rater(
        number=number, message="已收到您的意见，正在核实。", by=cases.HEAD, at=NEXT_DAY
    )
    return number


def answered() -> str:
    """Return the number of a task that was answered in public."""
    number = contacted()
    services.answer_task(number=number, reply="已增开窗口。", by=cases.HEAD, at=NEXT_DAY)
    return number
