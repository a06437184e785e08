"""Questions about ratings; they change nothing and never tell staff who rated."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, Q
from django.utils import timezone

from yiwang.kernel.clocks import DayUnit, LightAnswer, light
from yiwang.kernel.paging import day_and_row
from yiwang.kernel.workdays import WorkdayCalendar
from yiwang.organisations.permissions import EVERYWHERE, Actor, Permission, require
from yiwang.ratings.models import BadRatingTask, Rating
from yiwang.ratings.policy.clocks import UNFINISHED, TaskState
from yiwang.ratings.policy.grades import BAD, Grade, average

PAGE_ROWS = 100
"""Longest page of a list; architecture, rules of traffic 8."""


@dataclass(frozen=True, kw_only=True)
class AnswerView:
    """What was done about a bad rating, as the rater and the public may read it."""

    state: TaskState
    contact_due_on: date
    correct_due_on: date
    contact_message: str
    reply: str
    answered_on: date | None


@dataclass(frozen=True, kw_only=True)
class RatingView:
    """A rating as its rater sees it; `answer` is None for a good one."""

    case_number: str
    item_name: str
    grade: Grade
    comment: str
    rated_at: datetime
    answer: AnswerView | None


@dataclass(frozen=True, kw_only=True)
class ItemSummary:
    """What everybody who was served said of an item, counted at the moment of asking.

    Attributes:
        average: Mean of the scores out of five, one decimal; None without a rating.
        count: Ratings in all.
        bad: Ratings of the last two grades.
        answered: Bad ratings with a public answer.
        counts: Grade -> ratings.
    """

    average: float | None
    count: int
    bad: int
    answered: int
    counts: dict[Grade, int]


@dataclass(frozen=True, kw_only=True)
class TaskView:
    """One bad rating as the department sees it: neither rater nor case number is in it."""

    number: str
    department: str
    item_slug: str
    item_name: str
    grade: Grade
    comment: str
    state: TaskState
    opened_on: date
    contact_due_on: date
    correct_due_on: date
    contacted_at: datetime | None
    contacted_by: str
    contact_message: str
    answered_at: datetime | None
    answered_by: str
    reply: str
    closed_at: datetime | None
    closed_by: str
    closing_note: str
    light: LightAnswer | None
    """Light of whatever is due next; None once closed."""


@dataclass(frozen=True, kw_only=True)
class TaskPage:
    """One page of tasks; `next_after` is None on the last one."""

    rows: tuple[TaskView, ...]
    next_after: str | None


def case_rating(number: str) -> RatingView | None:
    """Return the rating of a case for its own applicant, or None; the page checks who asks."""
    row = Rating.objects.select_related("task").filter(case_number=number).first()
    return rating_view(row) if row else None


def rating_view(row: Rating) -> RatingView:
    """Return what the rater may read of a rating and of what was done about it."""
    task = getattr(row, "task", None)
    return RatingView(
        case_number=row.case_number,
        item_name=row.item_name,
        grade=Grade(row.grade),
        comment=row.comment,
        rated_at=row.rated_at,
        answer=None
        if task is None
        else AnswerView(
            state=TaskState(task.state),
            contact_due_on=task.contact_due_on,
            correct_due_on=task.correct_due_on,
            contact_message=task.contact_message,
            reply=task.reply,
            answered_on=timezone.localdate(task.answered_at) if task.answered_at else None,
        ),
    )


def item_summary(slug: str) -> ItemSummary:
    """Count and average the ratings of an item from the rows themselves."""
    found = (
        Rating.objects.filter(item_slug=slug)
        .values_list("grade")
        .annotate(
            found=Count("id"),
            answered=Count("id", filter=~Q(task__reply="") & Q(task__isnull=False)),
        )
    )
    rows = [(Grade(grade), count, answered) for grade, count, answered in found]
    counts = dict.fromkeys(Grade, 0) | {grade: count for grade, count, _ in rows}
    return ItemSummary(
        average=average(counts),
        count=sum(counts.values()),
        bad=sum(counts[grade] for grade in BAD),
        answered=sum(answered for _, _, answered in rows),
        counts=counts,
    )


def tasks(
    *,
    by: Actor,
    today: date,
    calendar: WorkdayCalendar,
    department: str | None = None,
    finished: bool = False,
    after: str | None = None,
    limit: int = PAGE_ROWS,
) -> TaskPage:
    """List bad ratings of the actor's departments, the most urgent first, in one query.

    Args:
        by: Who asks; holds RATING_READ.
        today: Day the lights are computed for.
        calendar: Covers today and the due dates.
        department: Keep one department; None: all in which `by` may read.
        finished: Closed tasks instead of unfinished ones.
        after: `next_after` of the page before.
        limit: Rows per page, 1..PAGE_ROWS.

    Raises:
        PermissionRefusedError: `by` may not read ratings of `department`.
        PageKeyRefusedError: `after` is not a key that a page gave.
    """
    rows = BadRatingTask.objects.select_related("rating")
    if department is not None:
        require(by, Permission.RATING_READ, department=department)
        rows = rows.filter(department_code=department)
    elif EVERYWHERE not in (own := by.departments(Permission.RATING_READ)):
        rows = rows.filter(department_code__in=sorted(own))
    states = {TaskState.CLOSED} if finished else UNFINISHED
    rows = rows.filter(state__in=sorted(state.value for state in states))
    if after:
        due_on, key = day_and_row(after)
        rows = rows.filter(Q(correct_due_on__gt=due_on) | Q(correct_due_on=due_on, id__gt=key))
    limit = max(1, min(limit, PAGE_ROWS))
    found = list(rows.order_by("correct_due_on", "id")[: limit + 1])
    page = found[:limit]
    last = page[-1] if len(found) > limit else None
    return TaskPage(
        rows=tuple(_task(row, today=today, calendar=calendar) for row in page),
        next_after=f"{last.correct_due_on.isoformat()}_{last.pk}" if last else None,
    )


def task(*, number: str, by: Actor, today: date, calendar: WorkdayCalendar) -> TaskView:
    """Return one task.

    Raises:
        ObjectDoesNotExist: no task has that number.
        PermissionRefusedError: `by` may not read ratings of its department.
    """
    row = BadRatingTask.objects.select_related("rating").get(number=number)
    require(by, Permission.RATING_READ, department=row.department_code)
    return _task(row, today=today, calendar=calendar)


def unfinished_tasks(*, by: Actor) -> int:
    """Count unfinished tasks of the actor's departments; for the desk."""
    rows = BadRatingTask.objects.filter(state__in=sorted(state.value for state in UNFINISHED))
    own = by.departments(Permission.RATING_READ)
    if EVERYWHERE not in own:
        rows = rows.filter(department_code__in=sorted(own))
    return rows.count()


def _task(row: BadRatingTask, *, today: date, calendar: WorkdayCalendar) -> TaskView:
    state = TaskState(row.state)
    due_on = row.contact_due_on if state is TaskState.OPEN else row.correct_due_on
    return TaskView(
        number=row.number,
        department=row.department_code,
        item_slug=row.rating.item_slug,
        item_name=row.rating.item_name,
        grade=Grade(row.rating.grade),
        comment=row.rating.comment,
        state=state,
        opened_on=row.opened_on,
        contact_due_on=row.contact_due_on,
        correct_due_on=row.correct_due_on,
        contacted_at=row.contacted_at,
        contacted_by=row.contacted_by,
        contact_message=row.contact_message,
        answered_at=row.answered_at,
        answered_by=row.answered_by,
        reply=row.reply,
        closed_at=row.closed_at,
        closed_by=row.closed_by,
        closing_note=row.closing_note,
        light=None
        if state is TaskState.CLOSED
        else light(due_on=due_on, today=today, calendar=calendar, unit=DayUnit.WORKDAY),
    )
