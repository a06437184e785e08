"""How much each person holds, for whoever gives work out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q

from yiwang.cases.models import Case
from yiwang.cases.policy.deadlines import day_of
from yiwang.cases.policy.states import RUNNING
from yiwang.cases.queries.reading import QueueRefusedError
from yiwang.cases.queries.rows import in_states, soon_until
from yiwang.kernel.workdays import WorkdayCalendar
from yiwang.organisations.permissions import EVERYWHERE, Actor, Permission


def open_per_person(*, by: Actor) -> dict[str, int]:
    """Count the running cases that each person holds where `by` gives work out; one query."""
    codes = by.departments(Permission.CASE_ASSIGN)
    if not codes:
        return {}
    place = Q() if EVERYWHERE in codes else Q(deciding_department__in=sorted(codes))
    held = Case.objects.filter(place & in_states(RUNNING)).exclude(assigned_to="").order_by()
    return dict(
        held.values("assigned_to").annotate(held=Count("id")).values_list("assigned_to", "held")
    )


@dataclass(frozen=True, kw_only=True)
class LoadRow:
    """What one person holds (在办情况); `ref` is empty for what nobody holds."""

    ref: str
    held: int
    soon: int
    late: int


def load_per_person(*, by: Actor, at: datetime, calendar: WorkdayCalendar) -> list[LoadRow]:
    """Count the running cases that each person holds where `by` gives work out; one query.

    Raises:
        QueueRefusedError: `by` gives no work out.
    """
    codes = by.departments(Permission.CASE_ASSIGN)
    if not codes:
        raise QueueRefusedError("您的岗位不分派办件，如确需查看在办情况，请联系本部门负责人。")
    today = day_of(at)
    place = Q() if EVERYWHERE in codes else Q(deciding_department__in=sorted(codes))
    rows = (
        Case.objects.filter(place & in_states(RUNNING))
        .order_by()
        .values("assigned_to")
        .annotate(
            held=Count("id"),
            late=Count("id", filter=Q(due_on__lt=today)),
            soon=Count("id", filter=Q(due_on__gte=today, due_on__lte=soon_until(today, calendar))),
        )
    )
    found = [
        LoadRow(ref=row["assigned_to"], held=row["held"], soon=row["soon"], late=row["late"])
        for row in rows
    ]
    return sorted(found, key=lambda one: (-one.late, -one.held, one.ref))
