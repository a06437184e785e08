"""Questions about supervised subjects; they change nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Q

from yiwang.kernel.errors import RefusedError
from yiwang.kernel.masking import mask_name
from yiwang.organisations.permissions import EVERYWHERE, Actor, Permission, require
from yiwang.supervision.models import SupervisedSubject
from yiwang.supervision.policy.subjects import CommitmentStanding, SubjectState

PAGE_ROWS = 100
"""Longest page of a list; architecture, rules of traffic 8."""


class CursorRefusedError(RefusedError):
    """The place in the list cannot be read."""

    code = "supervision.cursor_refused"


@dataclass(frozen=True, kw_only=True)
class SubjectView:
    """One line of a department's list.

    Attributes:
        name: Name of an entity in full, of a person masked.
        licence_identifier: Empty where the item ends in a decision without a licence.
        commitment: How the commitment stands that the licence was given on; None: on none.
        commitment_due_on: Last day to check it or to correct; None: nothing is due.
    """

    subject_ref: str
    name: str
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
        CursorRefusedError: `after` was not given by this list.
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
            | Q(item_name__contains=text)
            | Q(case_number__in=sorted({text, case_number} - {""}))
            | Q(licence_identifier__in=sorted({text, *licence_identifiers}))
        )
    if after:
        listed_on, key = _place(after)
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


def _place(after: str) -> tuple[date, int]:
    day, _, key = after.partition("_")
    try:
        return date.fromisoformat(day), int(key)
    except ValueError as error:
        raise CursorRefusedError("翻页位置无法识别，请回到列表第一页重新查看。") from error


def _view(row: SupervisedSubject) -> SubjectView:
    is_person = row.subject_ref.startswith("person:")
    return SubjectView(
        subject_ref=row.subject_ref,
        name=mask_name(row.name) if is_person else row.name,
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
