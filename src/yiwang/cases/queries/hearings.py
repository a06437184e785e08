"""Hearings that the public may attend (听证公告)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q, QuerySet

from yiwang.cases.models import Hearing
from yiwang.cases.policy.procedure import HearingEnd
from yiwang.cases.queries import PAGE_LIMIT
from yiwang.catalogue import queries as catalogue
from yiwang.catalogue.policy.items import Audience
from yiwang.kernel.masking import mask_name
from yiwang.kernel.paging import moment_and_row
from yiwang.kernel.terms import Term
from yiwang.organisations import scope


class Standing(Term):
    """How an announced hearing stands (听证公告的状态)."""

    COMING = "coming", "即将举行"
    BEGUN = "begun", "已到举行时间"
    HELD = "held", "已举行"
    DROPPED = "dropped", "取消举行"


class NoHearingError(LookupError):
    """No hearing that the public may read about."""


@dataclass(frozen=True, kw_only=True)
class AnnouncedHearing:
    """What everybody may read of a hearing.

    Attributes:
        id: Key of its page.
        applicant: A firm whole; of a person only the first character.
        told_on: Day on which time and place were told first.
        moved_from: When it was to be held before the last change.
        moved_on: Day on which the last change was told.
        ended_on: Day on which it was held or dropped.
    """

    id: int
    standing: Standing
    item_slug: str
    item_name: str
    item_version: int
    department_code: str
    applicant: str
    held_at: datetime
    place: str
    chair: str
    told_on: date
    moved_from: datetime | None
    moved_on: date | None
    ended_on: date | None


@dataclass(frozen=True, kw_only=True)
class HearingPage:
    """Hearings as they are announced; `after` is None on the last page.

    Attributes:
        coming: The next first; on the first page only.
        past: Held, dropped, or begun and not written down yet; the last first.
    """

    coming: tuple[AnnouncedHearing, ...]
    past: tuple[AnnouncedHearing, ...]
    after: str | None


def announced_hearings(
    *, at: datetime, after: str | None = None, limit: int = PAGE_LIMIT
) -> HearingPage:
    """List the hearings that the public may attend or might have attended; two queries.

    Left out are hearings behind closed doors and those on items that are not published.

    Args:
        at: Moment of asking.
        after: `after` of the page before.
        limit: Lines that are past, at most PAGE_LIMIT.

    Raises:
        PageKeyRefusedError: `after` is not a key that a page gave.

    Source:
        行政许可法 第四十八条第一款第一项、第二项.
    """
    size = max(1, min(limit, PAGE_LIMIT))
    coming = Q(held_at__gt=at, ended_on=None)
    past = _announced().exclude(coming)
    if after is not None:
        past = past.filter(_before(after))
    with scope.everything():  # 许可法 第四十八条: only what everybody may read leaves this function
        first = (
            list(_announced().filter(coming).order_by("held_at", "id")[:PAGE_LIMIT])
            if after is None
            else []
        )
        found = list(past.order_by("-held_at", "-id")[: size + 1])
    last = found[size - 1] if len(found) > size else None
    return HearingPage(
        coming=tuple(_shown(row, at=at) for row in first),
        past=tuple(_shown(row, at=at) for row in found[:size]),
        after=f"{last.held_at.isoformat()}_{last.pk}" if last and last.held_at else None,
    )


def announced_hearing(key: int, *, at: datetime) -> AnnouncedHearing:
    """Return one hearing as the public reads of it.

    Raises:
        NoHearingError: none, not set yet, closed to the public, or on an unpublished item.
    """
    with scope.everything():  # as above
        row = _announced().filter(pk=key).first()
    if row is None:
        raise NoHearingError("没有这个听证公告，请从听证公告列表重新打开。")
    return _shown(row, at=at)


def _announced() -> QuerySet[Hearing]:
    return (
        Hearing.objects.filter(public=True, held_at__isnull=False)
        .exclude(case__item_slug__in=catalogue.unpublished_slugs())
        .select_related("case")
    )


def _shown(row: Hearing, *, at: datetime) -> AnnouncedHearing:
    assert row.held_at is not None  # cases_hearing_set_with_place_and_chair
    assert row.set_on is not None
    case = row.case
    firm = case.applicant_kind == Audience.ENTITY.value
    return AnnouncedHearing(
        id=row.pk,
        standing=_standing(row, at=at),
        item_slug=case.item_slug,
        item_name=case.item_name,
        item_version=case.item_version,
        department_code=case.deciding_department,
        applicant=case.applicant_name if firm else mask_name(case.applicant_name),
        held_at=row.held_at,
        place=row.place,
        chair=row.chair_name,
        told_on=row.set_on,
        moved_from=row.moved_from,
        moved_on=row.moved_on,
        ended_on=row.ended_on,
    )


def _standing(row: Hearing, *, at: datetime) -> Standing:
    if row.end == HearingEnd.HELD.value:
        return Standing.HELD
    if row.ended_on is not None:
        return Standing.DROPPED
    return Standing.COMING if row.held_at is not None and row.held_at > at else Standing.BEGUN


def _before(after: str) -> Q:
    held_at, key = moment_and_row(after)
    return Q(held_at__lte=held_at) & (Q(held_at__lt=held_at) | Q(id__lt=key))
