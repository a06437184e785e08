"""Work queues of the desks, the load of each person, and the cases of applicants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Q

from yiwang.cases.models import Case
from yiwang.cases.policy.deadlines import day_of
from yiwang.cases.policy.states import FINISHED, RUNNING, STOPPED, CaseState
from yiwang.cases.policy.terms import Tab
from yiwang.cases.queries.paging import PAGE_LIMIT, page_size
from yiwang.cases.queries.parts import proposed_before, sent_back_by
from yiwang.cases.queries.reading import QueueRefusedError
from yiwang.cases.queries.rows import ROW_FIELDS, QueueRow, in_states, queue_row, soon_until
from yiwang.cases.queries.views import CaseView, case_view
from yiwang.catalogue.policy.items import Channel
from yiwang.catalogue.policy.towns import TownMode
from yiwang.kernel.clocks import amber_days
from yiwang.kernel.paging import day_and_row, moment_and_row
from yiwang.kernel.workdays import WorkdayCalendar
from yiwang.organisations.permissions import EVERYWHERE, Actor, Permission


@dataclass(frozen=True, kw_only=True)
class QueuePage:
    """One page of a queue.

    Attributes:
        after: Hand it back for the next page; None: this is the last one.
        counts: Number of cases per tab; the finished ones are not counted.
    """

    tab: Tab
    rows: tuple[QueueRow, ...]
    after: str | None
    counts: dict[Tab, int]


def queue(
    *,
    by: Actor,
    tab: Tab,
    at: datetime,
    calendar: WorkdayCalendar,
    text: str = "",
    town: str = "",
    item: str = "",
    near: Tab | None = None,
    state: CaseState | None = None,
    person: str | None = None,
    channel: Channel | None = None,
    received: tuple[date | None, date | None] = (None, None),
    after: str | None = None,
    limit: int = PAGE_LIMIT,
    counted: bool = True,
) -> QueuePage:
    """Return one page of the work queue of `by`; two queries, one without `counted`.

    Running cases come by the day they are due, in one's own tab after those that were sent back
    (退回复审); finished ones by the day they were closed, newest first. The finished are not
    counted: nobody works from that number.

    Args:
        by: A member of staff.
        tab: Which view.
        at: Moment of looking.
        calendar: For the lights and for what is near its limit.
        text: Case number, query code, or part of the applicant's or the item's name.
        town: Code of a town unit; empty: all.
        item: An item; empty: all.
        near: SOON or OVERDUE keeps within `tab` what is near its limit or beyond it.
        state: Only cases in this state; None: all of the tab.
        person: Ref of who holds them; empty: those that nobody holds; None: all.
        channel: How they came in; None: any way.
        received: First and last day of receipt; None: open.
        after: Key of the page before.
        limit: Lines, at most PAGE_LIMIT.
        counted: Whether the counts of the tabs are wanted.

    Raises:
        QueueRefusedError: `by` holds no post that sees cases.
    """
    today = day_of(at)
    soon_on = soon_until(today, calendar)
    size = page_size(limit)
    scopes = _scopes(by)
    finished = tab is Tab.FINISHED
    condition = _text_condition(text)
    if near in {Tab.SOON, Tab.OVERDUE} and not finished:
        condition &= _tab_condition(near, by, today, soon_on)
    condition &= Q(
        **{name: value for name, value in (("town", town), ("item_slug", item)) if value}
    )
    condition &= _narrowed(state=state, person=person, channel=channel, received=received)
    if after is not None:
        condition &= _beyond(after, finished=finished)
    mine = tab is Tab.MINE
    if mine and after is not None:
        condition &= Q(sent_back=False)
    order: tuple[str, ...] = ("-closed_at", "-id") if finished else ("due_on", "id")
    legs = [
        Case.objects.filter(leg & condition).order_by(*order).only(*ROW_FIELDS)[: size + 1]
        for scope in scopes
        for leg in _legs(tab, scope, by, today, soon_on)
    ] or [Case.objects.none()]
    if mine and after is None:
        legs += _sent_back_first(scopes, by, condition, size)
        order = ("-sent_back", *order)
    merged = legs[0] if len(legs) == 1 else legs[0].union(*legs[1:]).order_by(*order)
    found = list(merged[: size + 1])
    return QueuePage(
        tab=tab,
        rows=tuple(queue_row(one, today, calendar) for one in found[:size]),
        after=_key(
            found[size - 1],
            finished=finished,
            first_of_all=mine and found[size - 1].sent_back,
        )
        if len(found) > size
        else None,
        counts=_counts(by, today, soon_on) if counted else {},
    )


def due_cases(
    *, department: str | None = None, within_days: int, today: date, limit: int = PAGE_LIMIT
) -> list[CaseView]:
    """List running cases due within so many calendar days, the late ones first; one query.

    For reports and commands: it asks for no permission, its callers do.
    """
    rows = Case.objects.filter(
        state__in=[state.value for state in RUNNING],
        due_on__lte=date.fromordinal(today.toordinal() + within_days),
    )
    if department is not None:
        rows = rows.filter(deciding_department=department)
    return [case_view(row) for row in rows.order_by("due_on", "id")[: page_size(limit)]]


def _scopes(by: Actor) -> list[Q]:
    """Return the sets of cases whose union `by` may read; each follows one index."""
    codes = sorted(by.departments(Permission.CASE_READ))
    if EVERYWHERE in codes:
        return [Q()]
    if not codes:
        raise QueueRefusedError("您的岗位不能查看办件队列，如确需查看，请联系本部门负责人。")
    return [
        scope
        for code in codes
        for scope in (Q(deciding_department=code), Q(intake_department=code))
    ]


DELIVERABLE = frozenset({CaseState.APPROVED, CaseState.REJECTED, CaseState.DELIVERING})
"""Decided, and not yet with the applicant."""


_TAB_STATES: dict[Tab, frozenset[CaseState]] = {
    Tab.TO_ACCEPT: frozenset({CaseState.RECEIVED}),
    Tab.CORRECTION: frozenset({CaseState.CORRECTION}),
    Tab.REVIEWING: frozenset({CaseState.ACCEPTED, CaseState.REVIEWING}) | STOPPED,
    Tab.TO_DECIDE: frozenset({CaseState.DECISION_PENDING}),
    Tab.TO_DELIVER: DELIVERABLE,
    Tab.FINISHED: FINISHED,
}


_MINE: dict[Permission, frozenset[CaseState]] = {
    Permission.CASE_ACCEPT: frozenset({CaseState.RECEIVED}),
    Permission.CASE_REVIEW: frozenset({CaseState.ACCEPTED, CaseState.REVIEWING}) | STOPPED,
    Permission.CASE_DECIDE: frozenset({CaseState.DECISION_PENDING}),
    Permission.CASE_DELIVER: DELIVERABLE,
}


def _tab_condition(tab: Tab, by: Actor, today: date, soon_on: date) -> Q:
    if tab is Tab.FINISHED:
        return in_states(FINISHED)
    running = in_states(RUNNING)
    if tab is Tab.SOON:
        every_day = date.fromordinal(today.toordinal() + amber_days())
        near = Q(due_on__lte=every_day) | ~Q(state=CaseState.CORRECTION.value)
        return running & Q(due_on__gte=today, due_on__lte=soon_on) & near
    if tab is Tab.OVERDUE:
        return running & Q(due_on__lt=today)
    return in_states(_TAB_STATES[tab])


def _mine_of(permission: Permission, by: Actor) -> Q:
    """What `by` can take forward with a permission; never both parts of one case."""
    codes = by.departments(permission)
    place = Q() if EVERYWHERE in codes else Q(deciding_department__in=sorted(codes))
    if permission is Permission.CASE_ACCEPT and place:
        place &= ~Q(town_mode=TownMode.DIRECT.value)
        taken_in = Q(intake_department__in=sorted(codes))
        place |= taken_in & ~Q(town_mode=TownMode.FORWARDED.value)
    if permission is Permission.CASE_DELIVER and place:
        place |= Q(intake_department__in=sorted(codes), collect_at__in=["", *sorted(codes)])
    if permission is Permission.CASE_DECIDE:
        place &= ~Q(reviewed_by=by.ref) & ~Q(proposed_before(by))
    if permission is Permission.CASE_REVIEW:
        place &= Q(sent_back=False) | ~Q(sent_back_by(by))
    return place


def _legs(tab: Tab, scope: Q, by: Actor, today: date, soon_on: date) -> list[Q]:
    """Split what a tab shows of a scope into parts that are each in order in one index.

    The conditions name nothing twice: the planner would take each for a further narrowing.
    """
    if tab in {Tab.FINISHED, Tab.SOON, Tab.OVERDUE}:
        return [scope & _tab_condition(tab, by, today, soon_on)]
    if tab is not Tab.MINE:
        return [scope & Q(state=state.value) for state in sorted(_TAB_STATES[tab])]
    return [
        scope & _mine_of(permission, by) & Q(state=state.value, assigned_to__in=["", by.ref])
        for permission, states in _MINE.items()
        if by.departments(permission)
        for state in sorted(states)
    ]


def _sent_back_first(scopes: Sequence[Q], by: Actor, condition: Q, size: int) -> list[Any]:
    """Return the cases that a decider sent back to `by`, whenever they are due."""
    if not by.departments(Permission.CASE_REVIEW):
        return []
    held = Q(state=CaseState.REVIEWING.value, sent_back=True, assigned_to__in=["", by.ref])
    mine = _mine_of(Permission.CASE_REVIEW, by)
    return [
        Case.objects.filter(scope & mine & held & condition)
        .order_by("due_on", "id")
        .only(*ROW_FIELDS)[: size + 1]
        for scope in scopes
    ]


def _narrowed(
    *,
    state: CaseState | None,
    person: str | None,
    channel: Channel | None,
    received: tuple[date | None, date | None],
) -> Q:
    first, last = received
    wanted = {
        "state": state.value if state else None,
        "assigned_to": person,
        "channel": channel.value if channel else None,
        "received_on__gte": first,
        "received_on__lte": last,
    }
    return Q(**{name: value for name, value in wanted.items() if value is not None})


def _text_condition(text: str) -> Q:
    text = " ".join(text.split())[:60]
    if not text:
        return Q()
    return (
        Q(number=text)
        | Q(query_code=text.upper())
        | Q(applicant_name__contains=text)
        | Q(item_name__contains=text)
    )


def _key(row: Case, *, finished: bool, first_of_all: bool = False) -> str:
    if first_of_all:
        return f"{date.min}_0"
    moment = row.closed_at.isoformat() if finished and row.closed_at else str(row.due_on)
    return f"{moment}_{row.pk}"


def _beyond(after: str, *, finished: bool) -> Q:
    if finished:
        closed_at, key = moment_and_row(after)
        return Q(closed_at__lte=closed_at) & (Q(closed_at__lt=closed_at) | Q(id__lt=key))
    due_on, key = day_and_row(after)
    return Q(due_on__gte=due_on) & (Q(due_on__gt=due_on) | Q(id__gt=key))


COUNTED_MOST = 99
"""A tab is counted so far and no further: beyond it is shown as more."""


def _counts(by: Actor, today: date, soon_on: date) -> dict[Tab, int]:
    """Count the running cases per tab in one query, each tab up to one more than COUNTED_MOST.

    Each scope is walked along its index and stops early, so that a desk with a hundred thousand
    cases costs no more than one with a hundred.
    """
    scopes = _scopes(by)
    tabs = [tab for tab in Tab if tab is not Tab.FINISHED]
    legs = [
        (
            place,
            Case.objects.filter(leg).order_by("due_on", "id").values("id")[: COUNTED_MOST + 1],
        )
        for place, tab in enumerate(tabs)
        for scope in scopes
        for leg in _legs(tab, scope, by, today, soon_on)
    ]
    parts: list[str] = []
    values: list[Any] = []
    for number, (place, leg) in enumerate(legs):
        try:
            sql, given = leg.query.sql_with_params()
        except EmptyResultSet:  # a tab in which this post has nothing to do
            continue
        parts.append(f"SELECT {place} AS tab, id FROM ({sql}) AS leg{number}")  # noqa: S608 - ours
        values.extend(given)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT tab, count(DISTINCT id) FROM ({' UNION ALL '.join(parts)}) AS found"  # noqa: S608 - our own SQL
            " GROUP BY tab",
            values,
        )
        counted = dict(cursor.fetchall())
    return {tab: min(counted.get(place, 0), COUNTED_MOST + 1) for place, tab in enumerate(tabs)}
