"""Checks over the running catalogue: what would keep an item from being published today."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from yiwang.catalogue import basis, queries
from yiwang.catalogue.models import Item, ItemDraft
from yiwang.catalogue.policy.checks import failures
from yiwang.catalogue.policy.drafting import OPEN_DRAFTS, DraftState
from yiwang.catalogue.policy.items import ItemVersion
from yiwang.catalogue.policy.parsing import ItemFormatError, Problem, parse_item


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is wrong with an item.

    Attributes:
        draft: Number of the draft it stands in; 0: in the version in force.
    """

    slug: str
    name: str
    department: str
    draft: int
    rule: str
    place: str
    message: str
    remedy: str


@dataclass(frozen=True, kw_only=True)
class DraftLine:
    """One open draft and whose turn it is (事项草稿)."""

    number: int
    slug: str
    name: str
    department: str
    state: DraftState
    revision: int
    changed_by: str


def check_catalogue(*, on: date, slugs: Sequence[str] = (), pack: str = "") -> list[Finding]:
    """Run every check over the versions in force on `on` and over the open drafts.

    Args:
        on: The day.
        slugs: Only these items; empty: all.
        pack: Only items that came with this pack; empty: all.
    """
    if pack:
        named = Item.objects.filter(pack=pack)
        named = named.filter(slug__in=slugs) if slugs else named
        slugs = list(named.values_list("slug", flat=True))
        if not slugs:
            return []
    found: list[Finding] = []
    versions = [one for one in queries.items(on=on) if not slugs or one.slug in slugs]
    found += _findings(versions, draft=0)
    rows = ItemDraft.objects.filter(state__in=OPEN_DRAFTS).order_by("slug")
    for row in rows.filter(slug__in=slugs) if slugs else rows:
        try:
            found += _findings([parse_item(row.definition)], draft=row.pk)
        except ItemFormatError as error:
            found += [
                _finding(row.slug, row.name, row.department, row.pk, problem)
                for problem in error.problems
            ]
    return found


def open_drafts(*, departments: Sequence[str] | None = None) -> list[DraftLine]:
    """List the open drafts by department and name; `departments` narrows."""
    rows = ItemDraft.objects.filter(state__in=OPEN_DRAFTS).order_by("department", "name", "pk")
    if departments is not None:
        rows = rows.filter(department__in=departments)
    return [
        DraftLine(
            number=row.pk,
            slug=row.slug,
            name=row.name,
            department=row.department,
            state=DraftState(row.state),
            revision=row.revision,
            changed_by=row.changed_by,
        )
        for row in rows
    ]


def _findings(versions: Sequence[ItemVersion], *, draft: int) -> list[Finding]:
    unresolved = basis.unresolved(versions)
    return [
        _finding(version.slug, version.name, version.department, draft, problem)
        for version in versions
        for problem in (*failures(version), *unresolved.get(version.slug, ()))
    ]


def _finding(slug: str, name: str, department: str, draft: int, problem: Problem) -> Finding:
    return Finding(
        slug=slug,
        name=name,
        department=department,
        draft=draft,
        rule=problem.rule,
        place=problem.place,
        message=problem.message,
        remedy=problem.remedy,
    )
