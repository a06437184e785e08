"""Questions of the gateway to departments' own systems."""

from __future__ import annotations

from datetime import date

from yiwang.cases.models import Case
from yiwang.cases.policy.states import OPEN, CaseState


def deciding_department_of(number: str) -> str:
    """Return the code of the department that decides a case.

    For a program; the caller sees everything (`organisations.scope`).

    Raises:
        LookupError: there is no such case.
    """
    found = Case.objects.filter(number=number).values_list("deciding_department", flat=True).first()
    if found is None:
        raise LookupError(f"no case {number}")
    return found


def open_since(
    *,
    department: str,
    item_slug: str,
    since: date,
    states: frozenset[CaseState] = OPEN,
    after: int = 0,
    limit: int = 500,
) -> list[tuple[int, str]]:
    """List open cases that a department decides, in the order in which they were received.

    For a program that compares; the caller sees everything (`organisations.scope`).

    Args:
        department: The deciding department.
        item_slug: Only cases of this item; empty: of each.
        since: First day of receipt.
        states: States that count.
        after: First part of the last pair before; 0: from the beginning.
        limit: Most pairs.

    Returns:
        Pairs of a key to go on from and the case number.
    """
    rows = Case.objects.filter(
        deciding_department=department,
        state__in=sorted(state.value for state in states & OPEN),
        received_on__gte=since,
        pk__gt=after,
    )
    if item_slug:
        rows = rows.filter(item_slug=item_slug)
    return list(rows.order_by("pk").values_list("pk", "number")[:limit])
