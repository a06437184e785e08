"""Questions about normative documents: what is in force, what ran out, and who cites it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from yiwang.catalogue.models import ItemVersionRow, Norm, NormChange
from yiwang.catalogue.policy.norms import (
    REMIND_DAYS,
    NormAct,
    NormReview,
    NormState,
    cites,
    numbers_in,
    state_on,
)
from yiwang.kernel.paging import PageKeyRefusedError, row_number

PAGE = 50


@dataclass(frozen=True, kw_only=True)
class NormView:
    """One document as it stands on a day.

    Attributes:
        ended_on: Its last day, of validity or before a repeal; None: no end is known.
        days_left: Days of validity that are left; None: no end, or it ended.
        soon: Its validity ends within the days of reminding.
    """

    key: int
    number: str
    title: str
    issuer: str
    issued_on: date
    valid_from: date
    valid_until: date | None
    repealed_on: date | None
    repealed_by: str
    department: str
    legality: NormReview
    fair_competition: NormReview
    replaces: tuple[str, ...]
    source: str
    note: str
    state: NormState
    ended_on: date | None
    days_left: int | None
    soon: bool


@dataclass(frozen=True, kw_only=True)
class NormPage:
    """One page, the newest first; `after` is empty on the last."""

    rows: tuple[NormView, ...]
    after: str
    total: int


@dataclass(frozen=True, kw_only=True)
class NormStep:
    """One act on a document."""

    act: NormAct
    at: datetime
    by_name: str
    document: str
    detail: str


@dataclass(frozen=True, kw_only=True)
class Citing:
    """An item in force that cites a document, and where."""

    slug: str
    name: str
    department: str
    where: str


@dataclass(frozen=True, kw_only=True)
class Due:
    """What wants looking at: what runs out soon, what ran out lately, what is cited and ended."""

    soon: tuple[NormView, ...]
    ran_out: tuple[NormView, ...]
    cited: tuple[tuple[NormView, tuple[Citing, ...]], ...]

    def __len__(self) -> int:
        return len(
            {one.key for one in (*self.soon, *self.ran_out, *(norm for norm, _ in self.cited))}
        )


def norm(key: int, *, on: date) -> NormView:
    """Return one document.

    Raises:
        LookupError: no such document.
    """
    row = Norm.objects.filter(pk=key).first()
    if row is None:
        raise LookupError(f"no normative document {key}")
    return _view(row, on)


def named(numbers: Collection[str], *, on: date) -> dict[str, NormView]:
    """Return number -> document, of those the register holds."""
    return {row.number: _view(row, on) for row in Norm.objects.filter(number__in=numbers)}


def norms_page(
    *,
    on: date,
    states: Collection[NormState] = (),
    text: str = "",
    departments: Collection[str] | None = None,
    after: str = "",
    limit: int = PAGE,
) -> NormPage:
    """List documents, the newest first; two queries, three with `after`.

    Args:
        on: The day.
        states: Only those that stand so; empty: all.
        text: Part of the number, the title or the issuing body.
        departments: Only those these departments look after; None: all.
        after: `NormPage.after` of the page before; empty: the first page.
        limit: Rows of the page.

    Raises:
        PageKeyRefusedError: `after` is not a key that a page gave.
    """
    rows = _wanted(on=on, states=states, text=text, departments=departments)
    total = rows.count()
    if after:
        last = Norm.objects.filter(pk=row_number(after)).first()
        if last is None:
            raise PageKeyRefusedError
        rows = rows.filter(
            Q(issued_on__lt=last.issued_on) | Q(issued_on=last.issued_on, pk__lt=last.pk)
        )
    found = list(rows[: limit + 1])
    return NormPage(
        rows=tuple(_view(row, on) for row in found[:limit]),
        after=str(found[limit - 1].pk) if len(found) > limit else "",
        total=total,
    )


def every_norm(
    *, on: date, states: Collection[NormState] = (), text: str = ""
) -> Iterator[NormView]:
    """Yield every document that fits, the newest first; a few in memory."""
    rows = _wanted(on=on, states=states, text=text, departments=None)
    for row in rows.iterator(chunk_size=100):
        yield _view(row, on)


def steps(key: int) -> list[NormStep]:
    """Return what was done to a document, the newest first."""
    return [
        NormStep(
            act=NormAct(row.act),
            at=row.at,
            by_name=row.by_name,
            document=row.document,
            detail=row.detail,
        )
        for row in NormChange.objects.filter(norm=key).order_by("-pk")
    ]


def due(*, on: date, departments: Collection[str] | None = None) -> Due:
    """Return what the keepers of these departments have to look at; three queries."""
    rows = _wanted(on=on, states=(), text="", departments=departments).filter(
        Q(valid_until__isnull=False) | Q(repealed_on__isnull=False)
    )
    views = [_view(row, on) for row in rows]
    ended = [one for one in views if one.state in {NormState.EXPIRED, NormState.REPEALED}]
    since = on - timedelta(days=REMIND_DAYS)
    return Due(
        soon=tuple(sorted((one for one in views if one.soon), key=lambda one: one.days_left or 0)),
        ran_out=tuple(
            one
            for one in ended
            if one.state is NormState.EXPIRED and one.ended_on and one.ended_on >= since
        ),
        cited=tuple(
            (one, found) for one, found in zip(ended, citing(ended, on=on), strict=True) if found
        ),
    )


def citing(views: Sequence[NormView], *, on: date) -> list[tuple[Citing, ...]]:
    """Return for each document the items in force that cite it; one query, none without views.

    Looked at are the legal basis, the document of a reform, and the basis of each material.
    """
    found: list[list[Citing]] = [[] for _ in views]
    if not views:
        return []
    rows = (
        ItemVersionRow.objects.exclude(state="draft")
        .filter(Q(until__isnull=True) | Q(until__gt=on), effective_on__lte=on)
        .order_by("name", "pk")
        .values_list(
            "item__slug",
            "name",
            "department",
            "definition__basis",
            "definition__reform_doc",
            "definition__materials",
        )
    )
    for slug, name, department, basis, reform_doc, materials in rows.iterator(chunk_size=200):
        told = list(_cited(basis, reform_doc, materials))
        for place, one in enumerate(views):
            where = [
                label for label, text in told if cites(text, number=one.number, title=one.title)
            ]
            if where:
                found[place].append(
                    Citing(
                        slug=slug,
                        name=name,
                        department=department,
                        where="、".join(dict.fromkeys(where)),
                    )
                )
    return [tuple(one) for one in found]


def cited_by(texts: Sequence[str], *, on: date) -> dict[str, NormView]:
    """Return text -> the document it names, for texts such as the basis of an item; one query."""
    wanted = [text for text in dict.fromkeys(texts) if text]
    if not wanted:
        return {}
    asked = Q(number__in=numbers_in(wanted)) | Q(title__in=wanted)
    for text in wanted:
        asked |= Q(title__contains=f"印发《{text}》") | Q(title__contains=f"印发〈{text}〉")
    rows = list(Norm.objects.filter(asked).order_by("-issued_on", "-pk")[:100])
    return {
        text: _view(row, on)
        for text in wanted
        for row in reversed(rows)
        if cites(text, number=row.number, title=row.title)
    }


def _cited(basis: Any, reform_doc: Any, materials: Any) -> Iterator[tuple[str, str]]:
    for one in basis or ():
        yield "设定依据", str(one.get("law") or "")
        yield "设定依据", str(one.get("note") or "")
    yield "证照分离改革依据", str(reform_doc or "")
    for one in materials or ():
        yield "材料依据", str(one.get("basis") or "")


def _wanted(
    *, on: date, states: Collection[NormState], text: str, departments: Collection[str] | None
) -> QuerySet[Norm]:
    rows = Norm.objects.order_by("-issued_on", "-pk")
    if departments is not None:
        rows = rows.filter(department__in=departments)
    if states:
        fits = Q(pk__in=[])
        for state in states:
            fits |= _standing(state, on)
        rows = rows.filter(fits)
    if text:
        rows = rows.filter(
            Q(number__icontains=text) | Q(title__icontains=text) | Q(issuer__icontains=text)
        )
    return rows


def _standing(state: NormState, on: date) -> Q:
    repealed = Q(repealed_on__isnull=False, repealed_on__lte=on)
    over = Q(valid_until__isnull=False, valid_until__lt=on)
    if state is NormState.REPEALED:
        return repealed
    if state is NormState.EXPIRED:
        return over & ~repealed
    begun = Q(valid_from__gt=on) if state is NormState.PENDING else Q(valid_from__lte=on)
    return begun & ~repealed & ~over


def _view(row: Norm, on: date) -> NormView:
    state = state_on(
        on,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        repealed_on=row.repealed_on,
    )
    ends = [
        one
        for one in (row.valid_until, row.repealed_on and row.repealed_on - timedelta(days=1))
        if one
    ]
    runs = state in {NormState.IN_FORCE, NormState.PENDING} and row.valid_until is not None
    left = (row.valid_until - on).days if runs and row.valid_until else None
    return NormView(
        key=row.pk,
        number=row.number,
        title=row.title,
        issuer=row.issuer,
        issued_on=row.issued_on,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        repealed_on=row.repealed_on,
        repealed_by=row.repealed_by,
        department=row.department,
        legality=NormReview(row.legality),
        fair_competition=NormReview(row.fair_competition),
        replaces=tuple(row.replaces),
        source=row.source,
        note=row.note,
        state=state,
        ended_on=min(ends) if ends else None,
        days_left=left,
        soon=left is not None and left <= REMIND_DAYS and row.repealed_on is None,
    )
