"""What windows turned away, and what the deciding departments said (不予收件的核实)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q

from yiwang.cases.models import Case, DeclineProposal, TurnedAway
from yiwang.cases.policy.declining import TurnedAwayVerdict
from yiwang.cases.policy.states import CaseState
from yiwang.cases.queries import PAGE_LIMIT, CaseNotFoundError, staff_may_read
from yiwang.organisations.permissions import EVERYWHERE, Actor, Permission


@dataclass(frozen=True, kw_only=True)
class DeclineView:
    """A proposal not to accept a case, while it waits."""

    number: str
    query_code: str
    item_name: str
    no_need: bool
    reason: str
    article: str
    elsewhere: str
    by: str
    by_name: str
    at: datetime
    due_on: date | None


@dataclass(frozen=True, kw_only=True)
class TurnedAwayView:
    """One note of an application that was not taken in; no verdict: it waits."""

    key: int
    item_name: str
    visitor: str
    reason: str
    by: str
    by_name: str
    at: datetime
    verdict: TurnedAwayVerdict | None
    note: str
    reviewed_by_name: str
    may_review: bool


def open_decline(number: str, *, by: Actor) -> DeclineView | None:
    """Return the proposal not to accept the case that waits for an answer, if any.

    Raises:
        CaseNotFoundError: no such case for these eyes.
    """
    case = Case.objects.filter(number=number).first()
    if case is None or not staff_may_read(case, by):
        raise CaseNotFoundError
    if case.state != CaseState.RECEIVED:
        return None
    row = (
        DeclineProposal.objects.filter(case=case, after_correction=case.corrected_on is not None)
        .select_related("case")
        .first()
    )
    return None if row is None else _view(row)


def waiting_declines(*, by: Actor) -> tuple[DeclineView, ...]:
    """List the proposals that wait in the departments of `by`, the earliest due first."""
    rows = (
        DeclineProposal.objects.filter(
            _within("case__deciding_department", by, Permission.CASE_DECLINE)
            | _within("case__department_code", by, Permission.CASE_RECEIVE),
            case__state=CaseState.RECEIVED.value,
        )
        .filter(
            Q(after_correction=False, case__corrected_on=None)
            | Q(after_correction=True, case__corrected_on__isnull=False)
        )
        .select_related("case")
        .order_by("case__due_on", "id")[:PAGE_LIMIT]
    )
    return tuple(_view(row) for row in rows)


def turned_away(
    *, by: Actor, after: int | None = None, limit: int = PAGE_LIMIT
) -> tuple[tuple[TurnedAwayView, ...], int | None]:
    """List what was not taken in: what waits first, then the newest; and the key of the next page.

    A window sees its own notes, a deciding department those about its items.
    """
    rows = TurnedAway.objects.filter(_seen(by))
    if after is not None:
        rows = rows.filter(pk__lt=after)
    found = list(rows.order_by("-pk")[: limit + 1])
    following = found[limit - 1].pk if len(found) > limit else None
    views = [_note(row, by) for row in found[:limit]]
    return tuple(sorted(views, key=lambda one: one.verdict is not None)), following


def turned_away_note(key: int, *, by: Actor) -> TurnedAwayView:
    """Return one note.

    Raises:
        LookupError: no such note for these eyes.
    """
    row = TurnedAway.objects.filter(_seen(by), pk=key).first()
    if row is None:
        raise LookupError(key)
    return _note(row, by)


def _seen(by: Actor) -> Q:
    return _within("deciding_department", by, Permission.CASE_DECLINE) | _within(
        "department", by, Permission.CASE_RECEIVE
    )


def _within(column: str, by: Actor, permission: Permission) -> Q:
    codes = by.departments(permission)
    return ~Q(pk=None) if EVERYWHERE in codes else Q(**{f"{column}__in": sorted(codes)})


def _note(row: TurnedAway, by: Actor) -> TurnedAwayView:
    return TurnedAwayView(
        key=row.pk,
        item_name=row.item_name,
        visitor=row.visitor,
        reason=row.reason,
        by=row.by,
        by_name=row.by_name,
        at=row.at,
        verdict=TurnedAwayVerdict(row.verdict) if row.verdict else None,
        note=row.note,
        reviewed_by_name=row.reviewed_by_name,
        may_review=not row.verdict
        and row.by != by.ref
        and by.may(Permission.CASE_DECLINE, department=row.deciding_department),
    )


def _view(row: DeclineProposal) -> DeclineView:
    case = row.case
    return DeclineView(
        number=case.number,
        query_code=case.query_code,
        item_name=case.item_name,
        no_need=row.no_need,
        reason=row.reason,
        article=row.article,
        elsewhere=row.elsewhere,
        by=row.by,
        by_name=row.by_name,
        at=row.at,
        due_on=case.due_on,
    )
