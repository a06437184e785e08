"""Questions about supervised subjects; they change nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Aggregate, Count, DurationField, ExpressionWrapper, F, Max, Q, QuerySet

from yiwang.kernel.clocks import DayUnit, LightAnswer, light
from yiwang.kernel.masking import mask_name
from yiwang.kernel.paging import day_and_row, row_number
from yiwang.kernel.workdays import WorkdayCalendar
from yiwang.organisations.permissions import (
    EVERYWHERE,
    Actor,
    Permission,
    PermissionRefusedError,
    require,
)
from yiwang.supervision.models import InspectionTask, SupervisedSubject
from yiwang.supervision.policy.inspections import LEFT, InspectionResult, InspectionState
from yiwang.supervision.policy.subjects import CommitmentStanding, SubjectState

PAGE_ROWS = 100
"""Longest page of a list; architecture, rules of traffic 8."""


@dataclass(frozen=True, kw_only=True)
class SubjectView:
    """One line of a department's list.

    Attributes:
        name: Name of an entity in full, of a person masked.
        former_name: What an entity was called when it came onto the list; empty: the same.
        licence_identifier: Empty where the item ends in a decision without a licence.
        commitment: How the commitment stands that the licence was given on; None: on none.
        commitment_due_on: Last day to check it or to correct; None: nothing is due.
    """

    subject_ref: str
    name: str
    former_name: str
    is_person: bool
    item_slug: str
    item_name: str
    department: str
    licence_identifier: str
    case_number: str
    listed_on: date
    state: SubjectState
    removed_on: date | None
    removed_reason: str
    commitment: CommitmentStanding | None
    commitment_on: date | None
    commitment_due_on: date | None


@dataclass(frozen=True, kw_only=True)
class SubjectPage:
    """One page of the list; `next_after` is None on the last one."""

    rows: tuple[SubjectView, ...]
    next_after: str | None


def subjects(
    *,
    by: Actor,
    department: str | None = None,
    text: str = "",
    case_number: str = "",
    licence_identifiers: Sequence[str] = (),
    state: SubjectState | None = SubjectState.LISTED,
    after: str | None = None,
    limit: int = PAGE_ROWS,
) -> SubjectPage:
    """List whom a department supervises, the newest first, by key and in one query.

    Args:
        by: Who asks; holds SUBJECT_READ in that department.
        department: Code of the supervising department; None: all that `by` may read.
        text: Part of the name or of the item's name, or a whole case number or licence
            identifier; empty: all.
        case_number: The case that `text` names by its query code.
        licence_identifiers: The licences that `text` names by their printed number.
        state: Keep one state; None: all.
        after: `next_after` of the page before.
        limit: Rows per page, 1..PAGE_ROWS.

    Raises:
        PermissionRefusedError: `by` may not read that department's list.
        PageKeyRefusedError: `after` is not a key that a page gave.
    """
    rows = SupervisedSubject.objects.all()
    if department is not None:
        require(by, Permission.SUBJECT_READ, department=department)
        rows = rows.filter(department_code=department)
    elif EVERYWHERE not in (own := by.departments(Permission.SUBJECT_READ)):
        rows = rows.filter(department_code__in=sorted(own))
    if state is not None:
        rows = rows.filter(state=state.value)
    if text := text.strip():
        rows = rows.filter(
            Q(name__contains=text)
            | Q(former_name__contains=text)
            | Q(item_name__contains=text)
            | Q(case_number__in=sorted({text, case_number} - {""}))
            | Q(licence_identifier__in=sorted({text, *licence_identifiers}))
        )
    if after:
        listed_on, key = day_and_row(after)
        rows = rows.filter(Q(listed_on__lt=listed_on) | Q(listed_on=listed_on, id__lt=key))
    limit = max(1, min(limit, PAGE_ROWS))
    found = list(rows.order_by("-listed_on", "-id")[: limit + 1])
    page = found[:limit]
    last = page[-1] if len(found) > limit else None
    return SubjectPage(
        rows=tuple(_view(row) for row in page),
        next_after=f"{last.listed_on.isoformat()}_{last.pk}" if last else None,
    )


def subject_of_case(case_number: str) -> SubjectView | None:
    """Return the line that a case put on a list, or None where it put none."""
    row = SupervisedSubject.objects.filter(case_number=case_number).first()
    return _view(row) if row else None


def _view(row: SupervisedSubject) -> SubjectView:
    is_person = row.subject_ref.startswith("person:")
    return SubjectView(
        subject_ref=row.subject_ref,
        name=mask_name(row.name) if is_person else row.name,
        former_name=row.former_name,
        is_person=is_person,
        item_slug=row.item_slug,
        item_name=row.item_name,
        department=row.department_code,
        licence_identifier=row.licence_identifier,
        case_number=row.case_number,
        listed_on=row.listed_on,
        state=SubjectState(row.state),
        removed_on=row.removed_on,
        removed_reason=row.removed_reason,
        commitment=CommitmentStanding(row.commitment) if row.commitment else None,
        commitment_on=row.commitment_on,
        commitment_due_on=row.commitment_due_on,
    )


@dataclass(frozen=True, kw_only=True)
class Line:
    """What a job may know of a line: whose it is, with the whole name, and who supervises."""

    subject_ref: str
    name: str
    item_slug: str
    item_name: str
    department: str
    case_number: str


def line_of(*, licence_identifiers: Sequence[str] = (), case_number: str = "") -> Line | None:
    """Return the newest line of a licence, or of a case without one; for handlers of its end."""
    row = (
        SupervisedSubject.objects.filter(
            Q(licence_identifier__in=[one for one in licence_identifiers if one])
            | Q(case_number=case_number, licence_identifier="") & ~Q(case_number="")
        )
        .order_by("-id")
        .first()
    )
    if row is None:
        return None
    return Line(
        subject_ref=row.subject_ref,
        name=row.name,
        item_slug=row.item_slug,
        item_name=row.item_name,
        department=row.department_code,
        case_number=row.case_number,
    )


def supervisors_of(subject_ref: str, *, but_items: Sequence[str] = ()) -> frozenset[str]:
    """Return the departments on whose lists a subject stands now, some items left aside."""
    return frozenset(
        SupervisedSubject.objects.filter(subject_ref=subject_ref, state=SubjectState.LISTED.value)
        .exclude(item_slug__in=but_items)
        .values_list("department_code", flat=True)
    )


def held_items(subject_ref: str) -> frozenset[str]:
    """Return the items for which a subject stands on a list now."""
    return frozenset(
        SupervisedSubject.objects.filter(
            subject_ref=subject_ref, state=SubjectState.LISTED.value
        ).values_list("item_slug", flat=True)
    )


class InspectionNotFoundError(PermissionRefusedError):
    """No such task, or not for these eyes."""

    code = "supervision.inspection_not_found"

    def __init__(self) -> None:
        super().__init__("没有找到您可以查看的这项检查任务，请从检查任务列表中打开。")


@dataclass(frozen=True, kw_only=True)
class InspectionView:
    """One inspection task.

    Attributes:
        name: Name of an entity in full, of a person masked.
        source: What asked for it, `<kind>:<key>`.
        light: How its last day stands; None once it is closed.
    """

    id: int
    name: str
    item_slug: str
    item_name: str
    department: str
    source: str
    reason: str
    opened_by_name: str
    opened_on: date
    due_on: date
    light: LightAnswer | None
    state: InspectionState
    taken_by_name: str
    taken_at: datetime | None
    result: InspectionResult | None
    finding: str
    closed_by_name: str
    closed_at: datetime | None


def inspections(
    *,
    by: Actor,
    today: date,
    calendar: WorkdayCalendar,
    state: InspectionState | None = None,
    after: str | None = None,
    limit: int = PAGE_ROWS,
) -> tuple[list[InspectionView], str | None]:
    """List the inspection tasks of the departments of `by`, newest first; one query.

    Raises:
        PageKeyRefusedError: `after` is not a key that a page gave.
    """
    rows = InspectionTask.objects.all()
    if EVERYWHERE not in (own := by.departments(Permission.SUBJECT_READ)):
        rows = rows.filter(department_code__in=sorted(own))
    if state is not None:
        rows = rows.filter(state=state.value)
    if after:
        rows = rows.filter(id__lt=row_number(after))
    limit = max(1, min(limit, PAGE_ROWS))
    found = list(rows.order_by("-id")[: limit + 1])
    key = str(found[limit - 1].pk) if len(found) > limit else None
    return [_inspection(row, today=today, calendar=calendar) for row in found[:limit]], key


def inspection(number: int, *, by: Actor, today: date, calendar: WorkdayCalendar) -> InspectionView:
    """Return one inspection task.

    Raises:
        InspectionNotFoundError: there is none, or not for these eyes.
    """
    row = InspectionTask.objects.filter(pk=number).first()
    if row is None or not by.may(Permission.SUBJECT_READ, department=row.department_code):
        raise InspectionNotFoundError
    return _inspection(row, today=today, calendar=calendar)


def inspection_of(source: str) -> int | None:
    """Return the number of the task that `source` asked for."""
    return InspectionTask.objects.filter(source=source).values_list("pk", flat=True).first()


def _inspection(row: InspectionTask, *, today: date, calendar: WorkdayCalendar) -> InspectionView:
    state = InspectionState(row.state)
    return InspectionView(
        id=row.pk,
        name=mask_name(row.name) if row.subject_ref.startswith("person:") else row.name,
        item_slug=row.item_slug,
        item_name=row.item_name,
        department=row.department_code,
        source=row.source,
        reason=row.reason,
        opened_by_name=row.opened_by_name,
        opened_on=row.opened_on,
        due_on=row.due_on,
        light=light(due_on=row.due_on, today=today, calendar=calendar, unit=DayUnit.WORKDAY)
        if state in LEFT
        else None,
        state=state,
        taken_by_name=row.taken_by_name,
        taken_at=row.taken_at,
        result=InspectionResult(row.result) if row.result else None,
        finding=row.finding,
        closed_by_name=row.closed_by_name,
        closed_at=row.closed_at,
    )


class _Percentile(Aggregate):
    """The delay within which a share of the news arrived."""

    function = "PERCENTILE_CONT"
    template = "%(function)s(%(share)s) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = DurationField()


@dataclass(frozen=True, kw_only=True)
class Delay:
    """How long news took from the act to the list; None: none was measured."""

    count: int
    late: int
    p50: timedelta | None
    p95: timedelta | None
    longest: timedelta | None


@dataclass(frozen=True, kw_only=True)
class LateNews:
    """One piece of news that arrived late.

    Attributes:
        name: Name of an entity in full, of a person masked.
        kind: Value of a NoticeKind; empty: a grant that put its holder on a list.
    """

    kind: str
    name: str
    item_name: str
    department: str
    happened_at: datetime
    arrived_at: datetime


def measure(rows: QuerySet[Any], *, happened: str, late_after: timedelta) -> Delay:
    """Return how long the rows took from `happened` to their arrival; one query."""
    took = rows.filter(**{f"{happened}__isnull": False}, arrived_at__isnull=False).annotate(
        took=ExpressionWrapper(F("arrived_at") - F(happened), output_field=DurationField())
    )
    found = took.aggregate(
        count=Count("pk"),
        late=Count("pk", filter=Q(took__gt=late_after)),
        p50=_Percentile("took", share="0.5"),
        p95=_Percentile("took", share="0.95"),
        longest=Max("took"),
    )
    return Delay(**found)


def _listed_in(by: Actor, first: datetime, last: datetime) -> QuerySet[SupervisedSubject]:
    rows = SupervisedSubject.objects.filter(granted_at__gte=first, granted_at__lt=last)
    if EVERYWHERE not in (own := by.departments(Permission.SUBJECT_READ)):
        rows = rows.filter(department_code__in=sorted(own))
    return rows


def listing_delay(*, by: Actor, first: datetime, last: datetime, late_after: timedelta) -> Delay:
    """Return how long grants of [first, last) took to the lists of the departments of `by`."""
    return measure(_listed_in(by, first, last), happened="granted_at", late_after=late_after)


def listed_late(
    *, by: Actor, first: datetime, last: datetime, late_after: timedelta, limit: int
) -> list[LateNews]:
    """Return the grants that came late onto the lists, the newest first."""
    rows = _listed_in(by, first, last).filter(arrived_at__gt=F("granted_at") + late_after)
    return [
        LateNews(
            kind="",
            name=mask_name(row.name) if row.subject_ref.startswith("person:") else row.name,
            item_name=row.item_name,
            department=row.department_code,
            happened_at=row.granted_at,
            arrived_at=row.arrived_at,
        )
        for row in rows.order_by("-granted_at", "-id")[:limit]
        if row.granted_at is not None and row.arrived_at is not None
    ]
