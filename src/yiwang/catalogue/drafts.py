"""Questions about the versions and drafts of items, for those who keep the items.

Everything here asks who asks: an official sees the items of the departments in which they may.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Collate

from yiwang.catalogue import basis
from yiwang.catalogue.models import (
    Item,
    ItemChange,
    ItemDraft,
    ItemDraftStep,
    ItemVersionRow,
    Law,
    SceneRow,
)
from yiwang.catalogue.policy.checks import failures
from yiwang.catalogue.policy.drafting import APPROVALS, OPEN_DRAFTS, DraftState, DraftStep
from yiwang.catalogue.policy.items import ItemState, ItemType, ItemVersion
from yiwang.catalogue.policy.parsing import Problem, parse_item
from yiwang.kernel.paging import PageKeyRefusedError, row_number
from yiwang.kernel.terms import Term
from yiwang.organisations.permissions import EVERYWHERE, Actor, Permission, require

PAGE = 100
"""Most rows of one page of a list."""

LAWS_OFFERED = 400
"""Most names of laws that a field offers; a longer list helps nobody and weighs on the page."""

TURNS: Mapping[DraftState, Permission] = {
    DraftState.WRITING: Permission.ITEM_EDIT,
    DraftState.DEPARTMENT: Permission.ITEM_APPROVE,
    DraftState.LEGAL: Permission.ITEM_LEGAL,
    DraftState.CENTRE: Permission.ITEM_PUBLISH,
}
"""State of an open draft -> whose turn it is."""


class Standing(Term):
    """How an item stands today, as its keepers filter on (事项现状)."""

    IN_FORCE = "in_force", "在用"
    PLANNED = "planned", "待生效"
    SUSPENDED = "suspended", "暂停"
    CANCELLED = "cancelled", "取消"
    LISTED = "listed", "未编制指南"


@dataclass(frozen=True, kw_only=True)
class DraftStepView:
    """One step of a draft, oldest first in lists."""

    step: DraftStep
    at: datetime
    by: str
    by_name: str
    revision: int
    comment: str


@dataclass(frozen=True, kw_only=True)
class DraftLine:
    """One draft in a list.

    Attributes:
        based_on: Number of the version it began from; 0: a new item.
        document: Number of the decision that adjusts the item; empty: an ordinary change.
        effective_on: Day from which it would hold; None where the text says none.
    """

    id: int
    slug: str
    name: str
    department: str
    state: DraftState
    revision: int
    based_on: int
    document: str
    created_by: str
    changed_at: datetime
    changed_by: str
    effective_on: date | None


@dataclass(frozen=True, kw_only=True)
class DraftView:
    """One draft with its text and its steps."""

    line: DraftLine
    definition: Mapping[str, Any]
    steps: tuple[DraftStepView, ...]
    published_version: int | None

    @property
    def version(self) -> ItemVersion:
        """The text as an item version."""
        return parse_item(self.definition)

    @property
    def is_open(self) -> bool:
        """Whether the draft is still under way."""
        return self.line.state in OPEN_DRAFTS

    def approvals(self) -> list[DraftStepView]:
        """Return the approvals of the text as it stands, those before a return left out."""
        held: list[DraftStepView] = []
        for step in self.steps:
            if step.step is DraftStep.RETURN:
                held = []
            elif step.step in APPROVALS:
                held.append(step)
        return held


@dataclass(frozen=True, kw_only=True)
class DraftPage:
    """One page of drafts; `after` is the key of the next, empty: this is the last."""

    rows: tuple[DraftLine, ...]
    after: str


@dataclass(frozen=True, kw_only=True)
class ItemRow:
    """One item in the list of its keepers.

    Attributes:
        version: The version in force, else the newest; 0: none.
        planned_on: First day of a version that is published and not yet in force.
        draft: Its open draft.
    """

    slug: str
    name: str
    department: str
    item_type: ItemType
    standing: Standing
    version: int
    effective_on: date | None
    planned_on: date | None
    draft: DraftLine | None


@dataclass(frozen=True, kw_only=True)
class ItemPage:
    """One page of items; `after` is the key of the next, empty: this is the last."""

    rows: tuple[ItemRow, ...]
    after: str
    total: int


@dataclass(frozen=True, kw_only=True)
class VersionLine:
    """One version of an item.

    Attributes:
        until: First day without it; None: open.
        in_force, planned: On the day asked about.
    """

    version: int
    name: str
    state: ItemState
    effective_on: date
    until: date | None
    published_at: datetime
    published_by: str
    digest: str
    in_force: bool
    planned: bool


@dataclass(frozen=True, kw_only=True)
class KeptItem:
    """One item for its keepers: how it stands, its versions newest first, its open draft."""

    row: ItemRow
    pack: str
    task_code: str
    external_code: str
    catalog_code: str
    versions: tuple[VersionLine, ...]

    @property
    def newest(self) -> VersionLine | None:
        """The newest version; None for an item that is only listed."""
        return self.versions[0] if self.versions else None


@dataclass(frozen=True, kw_only=True)
class WithdrawalLine:
    """One item that was cancelled, suspended or adjusted by a decision (事项变动)."""

    slug: str
    name: str
    department: str
    act: str
    version: int
    at: datetime
    by: str
    document: str
    lines: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class WithdrawalPage:
    """Decisions about items, newest first, with the count of each act on all pages."""

    rows: tuple[WithdrawalLine, ...]
    counts: Mapping[str, int]
    after: str


@dataclass(frozen=True, kw_only=True)
class Touched:
    """What else shows or needs an item: sub-items that stand under it, scenes that lead to it."""

    items: tuple[tuple[str, str], ...]
    scenes: tuple[str, ...]


def draft(number: int, *, by: Actor) -> DraftView:
    """Return one draft.

    Raises:
        PermissionRefusedError: `by` may not read items of the department.
        LookupError: no such draft.
    """
    row = ItemDraft.objects.filter(pk=number).first()
    if row is None:
        raise LookupError(f"no draft {number}")
    require(by, Permission.ITEM_READ, department=row.department)
    return DraftView(
        line=_line(row),
        definition=row.definition,
        steps=tuple(_step(one) for one in row.steps.order_by("pk")),
        published_version=row.published_version,
    )


def draft_for_program(number: int) -> ItemVersion:
    """Return the text of a draft for an operator's command.

    Raises:
        LookupError: there is none.
        ItemFormatError: the text is no item version yet.
    """
    row = ItemDraft.objects.filter(pk=number).first()
    if row is None:
        raise LookupError(f"no draft {number}")
    return parse_item(row.definition)


def draft_page(
    *, by: Actor, mine: bool = False, after: str = "", limit: int = PAGE, department: str = ""
) -> DraftPage:
    """List the open drafts that `by` may read, oldest change first; one query.

    Args:
        by: Who asks.
        mine: Only those whose next step `by` may take.
        after: `DraftPage.after` of the page before.
        limit: Rows of the page, at most 100.
        department: Only drafts of this department; empty: all.

    Raises:
        PageKeyRefusedError: `after` is not a key that a page gave.
    """
    rows = ItemDraft.objects.filter(state__in=sorted(OPEN_DRAFTS))
    rows = rows.filter(_turns(by) if mine else _within(by, Permission.ITEM_READ))
    if department:
        rows = rows.filter(department=department)
    if after:
        rows = rows.filter(pk__gt=row_number(after))
    size = min(limit, PAGE)
    found = list(rows.order_by("pk")[: size + 1])
    return DraftPage(
        rows=tuple(_line(row) for row in found[:size]),
        after=str(found[size - 1].pk) if len(found) > size else "",
    )


def waiting_count(*, by: Actor) -> int:
    """Count the open drafts whose next step `by` may take; one query."""
    return ItemDraft.objects.filter(_turns(by)).count()


def item_page(
    *,
    by: Actor,
    on: date,
    text: str = "",
    department: str = "",
    standing: Standing | None = None,
    after: str = "",
    limit: int = PAGE,
) -> ItemPage:
    """List the items of the departments in which `by` reads items, by name; four queries.

    Args:
        by: Who asks.
        on: The day on which versions are in force or not.
        text: Part of the name, the slug or a code.
        department: Only items of this department; empty: all of them.
        standing: Only items that stand so on `on`; None: all.
        after: `ItemPage.after` of the page before; empty: the first page.
        limit: Rows of the page, at most 100.

    Raises:
        PageKeyRefusedError: `after` is not a key that a page gave.
    """
    wanted = Item.objects.filter(_within(by, Permission.ITEM_READ))
    if department:
        wanted = wanted.filter(department=department)
    if text := text.strip()[:60]:
        wanted = wanted.filter(
            Q(name__contains=text) | Q(slug=text) | Q(task_code=text) | Q(external_code=text)
        )
    if standing is not None:
        wanted = _standing(wanted, standing, on)
    size = min(limit, PAGE)
    total = wanted.count()
    rows = wanted.order_by(Collate("name", "C"), "pk")
    if after:
        last = Item.objects.filter(pk=row_number(after)).first()
        if last is None:
            raise PageKeyRefusedError
        rows = rows.alias(sorted=Collate("name", "C")).filter(
            Q(sorted__gt=last.name) | Q(sorted=last.name, pk__gt=last.pk)
        )
    found = list(rows[: size + 1])
    return ItemPage(
        rows=tuple(_rows(found[:size], on=on)),
        after=str(found[size - 1].pk) if len(found) > size else "",
        total=total,
    )


def kept_item(slug: str, *, by: Actor, on: date) -> KeptItem:
    """Return one item for its keepers.

    Raises:
        PermissionRefusedError: `by` may not read items of the department.
        LookupError: no such item.
    """
    item = Item.objects.filter(slug=slug).select_related("catalog_item").first()
    if item is None:
        raise LookupError(f"no item {slug}")
    require(by, Permission.ITEM_READ, department=item.department)
    (row,) = _rows([item], on=on)
    return KeptItem(
        row=row,
        pack=item.pack,
        task_code=item.task_code,
        external_code=item.external_code,
        catalog_code=item.catalog_item.code if item.catalog_item else "",
        versions=tuple(versions_of(slug, on=on)),
    )


def versions_of(slug: str, *, on: date) -> list[VersionLine]:
    """List the versions of an item, newest first; none of them is secret."""
    rows = ItemVersionRow.objects.filter(item__slug=slug).exclude(state="draft")
    return [
        VersionLine(
            version=row.version,
            name=row.name,
            state=ItemState(row.state),
            effective_on=row.effective_on,
            until=row.until,
            published_at=row.published_at,
            published_by=row.published_by,
            digest=row.digest,
            in_force=_holds(row, on),
            planned=row.effective_on > on and row.until != row.effective_on,
        )
        for row in rows.order_by("-version")
    ]


def touched(slug: str) -> Touched:
    """Return what else shows or needs the item, for whoever withdraws it; two queries."""
    subs = ItemVersionRow.objects.filter(definition__parent=slug, until__isnull=True)
    scenes = SceneRow.objects.filter(definition__steps__contains=[{"items": [slug]}])
    return Touched(
        items=tuple(sorted(set(subs.values_list("item__slug", "name")))),
        scenes=tuple(scenes.order_by("position").values_list("definition__title", flat=True)),
    )


def problems(version: ItemVersion) -> list[Problem]:
    """Return every check before publication that `version` fails, its citations included."""
    return [*failures(version), *basis.unresolved([version]).get(version.slug, ())]


def withdrawals(*, by: Actor, after: str = "", limit: int = PAGE) -> WithdrawalPage:
    """List what decisions did to the items that `by` may read, newest first; two queries.

    Raises:
        PageKeyRefusedError: `after` is not a key that a page gave.
    """
    rows = ItemChange.objects.filter(_within(by, Permission.ITEM_READ, "item__")).exclude(
        document=""
    )
    counts: dict[str, int] = {}
    counts.update(rows.order_by().values_list("act").annotate(Count("pk")))
    if after:
        rows = rows.filter(pk__lt=row_number(after))
    size = min(limit, PAGE)
    found = list(rows.order_by("-pk").select_related("item")[: size + 1])
    return WithdrawalPage(
        rows=tuple(_withdrawal(row) for row in found[:size]),
        counts=counts,
        after=str(found[size - 1].pk) if len(found) > size else "",
    )


def law_names() -> list[str]:
    """Return the names that a field for a law offers: the corpus, or the most cited of a large one.

    Empty when no corpus is loaded.
    """
    every = Law.objects.order_by("name").values_list("name", flat=True).distinct()
    names = list(every[: LAWS_OFFERED + 1])
    if len(names) <= LAWS_OFFERED:
        return names
    cited: set[str] = set()
    rows = ItemVersionRow.objects.filter(until__isnull=True).values_list("definition", flat=True)
    for definition in rows:
        cited |= {str(one.get("law", "")) for one in definition.get("basis", ())}
    return sorted(every.filter(name__in=cited))[:LAWS_OFFERED]


def laws_like(text: str, *, limit: int = 20) -> list[tuple[str, tuple[str, ...]]]:
    """Find laws of the corpus whose name holds `text`, each with the dates of its texts."""
    text = text.strip()[:60]
    if not text:
        return []
    found: dict[str, list[str]] = {}
    rows = Law.objects.filter(name__contains=text).order_by("name", "-version")
    for name, day in rows.values_list("name", "version")[: limit * 5]:
        found.setdefault(name, []).append(day)
    ordered = sorted(found.items(), key=lambda pair: (len(pair[0]), pair[0]))
    return [(name, tuple(filter(None, days))) for name, days in ordered[:limit]]


def _rows(items: Sequence[Item], *, on: date) -> Iterable[ItemRow]:
    versions: dict[int, list[ItemVersionRow]] = {}
    rows = ItemVersionRow.objects.filter(item__in=items).exclude(state="draft")
    for row in rows.defer("definition").order_by("item_id", "-version"):
        versions.setdefault(row.item_id, []).append(row)
    slugs = [item.slug for item in items]
    drafts = {
        row.slug: _line(row)
        for row in ItemDraft.objects.filter(slug__in=slugs, state__in=sorted(OPEN_DRAFTS))
    }
    for item in items:
        held = versions.get(item.pk, [])
        today = next((one for one in held if _holds(one, on)), None)
        planned = [
            one.effective_on
            for one in held
            if one.effective_on > on and one.until != one.effective_on
        ]
        shown = today or (held[0] if held else None)
        yield ItemRow(
            slug=item.slug,
            name=item.name,
            department=item.department,
            item_type=ItemType(item.item_type),
            standing=_standing_of(held, today, planned),
            version=shown.version if shown else 0,
            effective_on=shown.effective_on if shown else None,
            planned_on=min(planned, default=None),
            draft=drafts.get(item.slug),
        )


def _standing_of(
    held: Sequence[ItemVersionRow], today: ItemVersionRow | None, planned: Sequence[date]
) -> Standing:
    if today is not None:
        return Standing.IN_FORCE
    if planned:
        return Standing.PLANNED
    if not held:
        return Standing.LISTED
    withdrawn = {ItemState.SUSPENDED.value: Standing.SUSPENDED}
    return withdrawn.get(held[0].state, Standing.CANCELLED)


def _standing(items: QuerySet[Item], standing: Standing, on: date) -> QuerySet[Item]:
    versions = ItemVersionRow.objects.filter(item=OuterRef("pk")).exclude(state="draft")
    today = Exists(versions.filter(Q(until__isnull=True) | Q(until__gt=on), effective_on__lte=on))
    planned = Exists(versions.filter(Q(until__isnull=True) | Q(until__gt=on), effective_on__gt=on))
    if standing is Standing.IN_FORCE:
        return items.filter(today)
    if standing is Standing.PLANNED:
        return items.filter(planned)
    if standing is Standing.LISTED:
        return items.filter(~Exists(versions))
    newest = Subquery(versions.order_by("-version").values("state")[:1])
    return items.alias(newest=newest).filter(~today & ~planned, newest=standing.value)


def _holds(row: ItemVersionRow, on: date) -> bool:
    return row.effective_on <= on and (row.until is None or row.until > on)


def _within(by: Actor, permission: Permission, prefix: str = "") -> Q:
    codes = by.departments(permission)
    if EVERYWHERE in codes:
        return Q()
    return Q(**{f"{prefix}department__in": sorted(codes)})


def _turns(by: Actor) -> Q:
    wanted = Q(pk__in=[])
    for state, permission in TURNS.items():
        wanted |= Q(state=state.value) & _within(by, permission)
    return wanted


def _line(row: ItemDraft) -> DraftLine:
    day = row.definition.get("effective_on")
    return DraftLine(
        id=row.pk,
        slug=row.slug,
        name=row.name,
        department=row.department,
        state=DraftState(row.state),
        revision=row.revision,
        based_on=row.based_on,
        document=row.document,
        created_by=row.created_by,
        changed_at=row.changed_at,
        changed_by=row.changed_by,
        effective_on=date.fromisoformat(day) if isinstance(day, str) else None,
    )


def _step(row: ItemDraftStep) -> DraftStepView:
    return DraftStepView(
        step=DraftStep(row.step),
        at=row.at,
        by=row.by,
        by_name=row.by_name,
        revision=row.revision,
        comment=row.comment,
    )


def _withdrawal(row: ItemChange) -> WithdrawalLine:
    return WithdrawalLine(
        slug=row.item.slug,
        name=row.item.name,
        department=row.item.department,
        act=row.act,
        version=row.version,
        at=row.at,
        by=row.by,
        document=row.document,
        lines=tuple(row.lines),
    )
