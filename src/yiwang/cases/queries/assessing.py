"""Questions about impact assessments of automatic handling (个人信息保护影响评估)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from yiwang.cases.models.assessing import ImpactAssessment
from yiwang.cases.policy.assessing import (
    OPEN,
    POINTS,
    Approved,
    AssessmentState,
    Conclusion,
    Finding,
    Points,
    Read,
    Readiness,
    found,
    kept_until,
    not_covered,
    reads_of,
)
from yiwang.cases.queries.automatic import automatic_items
from yiwang.catalogue import drafts
from yiwang.catalogue import queries as catalogue
from yiwang.catalogue.policy.items import ItemVersion
from yiwang.licences import queries as licences
from yiwang.organisations.permissions import EVERYWHERE, Actor, Permission


@dataclass(frozen=True, kw_only=True)
class AssessmentView:
    """One assessment as staff and auditors read it.

    Attributes:
        item_version: The published version it was written for; None: a draft.
        item_draft: The draft it was written for.
        covers: Published versions that read no more than was assessed.
        kept_until: Last day on which it is kept; None: it is in use, so the day is not known.
    """

    id: int
    item_slug: str
    department: str
    item_version: int | None
    item_draft: int | None
    rules_name: str
    rules_sha256: str
    reads: tuple[Read, ...]
    points: Points
    conclusion: Conclusion | None
    upload_ref: str
    state: AssessmentState
    source: str
    written_by: str
    written_by_name: str
    written_at: datetime
    returned_reason: str
    returned_by_name: str
    approved_by_name: str
    approved_at: datetime | None
    review_on: date | None
    archived_on: date | None
    archived_reason: str
    covers: tuple[int, ...] = ()

    @property
    def kept_until(self) -> date | None:
        """Last day on which it is kept; None while it may be used."""
        return None if self.archived_on is None else kept_until(self.archived_on)


@dataclass(frozen=True, kw_only=True)
class ItemReadiness:
    """Whether an item that is handled automatically is assessed.

    Attributes:
        version: The version in force, or the newest one that has rules.
        readiness: What the assessments say of it.
        uncovered: What its rules read and nobody assessed.
        assessment: Id of the assessment that counts; None: there is none.
        review_on: When that one is looked at again.
        open_state: State of the one that is being written; None: none is.
    """

    item_slug: str
    item_name: str
    department: str
    version: int
    readiness: Readiness
    uncovered: tuple[Read, ...]
    assessment: int | None
    review_on: date | None
    open_state: AssessmentState | None


@dataclass(frozen=True, kw_only=True)
class RulesToAssess:
    """Rules that an assessment is about: of the version in force, or of a draft."""

    version: ItemVersion
    draft: int | None
    reads: tuple[Read, ...]


def licence_names() -> Mapping[str, str]:
    """Return the names of the types of licences by their short names; one query."""
    return {one.slug: one.name for one in licences.licence_types()}


def reads(version: ItemVersion) -> tuple[Read, ...]:
    """Return what the rules of a version read, in words."""
    return reads_of(version, licences=licence_names())


def rules_to_assess(slug: str, *, draft: int | None, by: Actor, on: date) -> RulesToAssess:
    """Return the rules of a draft, or those in force.

    Raises:
        LookupError: no such item or draft, the draft is of another item, or there are no rules.
    """
    version = catalogue.item(slug, on=on) if draft is None else drafts.draft(draft, by=by).version
    if version.slug != slug or version.auto_rules is None:
        raise LookupError(f"no rules of {slug}")
    return RulesToAssess(version=version, draft=draft, reads=reads(version))


def has_rules(slug: str, *, on: date) -> bool:
    """Tell whether the version of an item that is in force has rules."""
    try:
        return catalogue.item(slug, on=on).auto_rules is not None
    except LookupError:
        return False


def finding(version: ItemVersion, *, on: date) -> Finding:
    """Return whether the rules of a version may go live on a day, as the tables stand."""
    return found(reads(version), _approved([version.slug]).get(version.slug, ()), on=on)


def _approved(slugs: Iterable[str]) -> Mapping[str, list[Approved]]:
    held: dict[str, list[Approved]] = defaultdict(list)
    rows = ImpactAssessment.objects.filter(
        item_slug__in=list(slugs), state=AssessmentState.APPROVED.value
    ).order_by("-approved_at", "-id")
    for row in rows:
        assert row.review_on is not None
        held[row.item_slug].append(
            Approved(
                id=row.pk,
                conclusion=Conclusion(row.conclusion),
                sources=frozenset(row.sources),
                review_on=row.review_on,
            )
        )
    return held


def readiness(
    *, by: Actor, on: date, permission: Permission = Permission.ASSESSMENT_READ
) -> list[ItemReadiness]:
    """List the automatic items in force of the departments `by` reads assessments of.

    Three queries, whatever the length of the list, besides those of the catalogue.
    """
    codes = by.departments(permission)
    items = [
        one for one in automatic_items(on=on) if EVERYWHERE in codes or one.department in codes
    ]
    names = licence_names()
    slugs = [one.slug for one in items]
    held = _approved(slugs)
    opened = dict(
        ImpactAssessment.objects.filter(
            item_slug__in=slugs, state__in=[one.value for one in OPEN]
        ).values_list("item_slug", "state")
    )
    return [
        _row(
            one,
            found(reads_of(one, licences=names), held.get(one.slug, ()), on=on),
            opened.get(one.slug),
        )
        for one in items
    ]


def readiness_of(slug: str, *, on: date) -> ItemReadiness:
    """Return whether one item is assessed.

    Raises:
        LookupError: no such item in force.
    """
    item = catalogue.item(slug, on=on)
    opened = (
        ImpactAssessment.objects.filter(item_slug=slug, state__in=[one.value for one in OPEN])
        .values_list("state", flat=True)
        .first()
    )
    return _row(item, finding(item, on=on), opened)


def _row(item: ItemVersion, said: Finding, opened: str | None) -> ItemReadiness:
    return ItemReadiness(
        item_slug=item.slug,
        item_name=item.name,
        department=item.department,
        version=item.version,
        readiness=said.readiness,
        uncovered=said.uncovered,
        assessment=said.assessment,
        review_on=said.review_on,
        open_state=AssessmentState(opened) if opened else None,
    )


def assessments(slug: str, *, by: Actor) -> list[AssessmentView]:
    """List the assessments of an item that `by` may read, the newest first, archived ones too."""
    rows = ImpactAssessment.objects.filter(item_slug=slug).order_by("-id")
    return [
        view(row) for row in rows if by.may(Permission.ASSESSMENT_READ, department=row.department)
    ]


def assessment(key: int, *, by: Actor) -> AssessmentView:
    """Return one assessment with the versions it covers.

    Raises:
        LookupError: there is none for these eyes.
    """
    row = ImpactAssessment.objects.filter(pk=key).first()
    if row is None or not by.may(Permission.ASSESSMENT_READ, department=row.department):
        raise LookupError(f"no assessment {key}")
    return replace(view(row), covers=covered_versions(row.item_slug, row.sources))


def open_assessment(slug: str) -> AssessmentView | None:
    """Return the assessment of an item that is being written or waits for approval, or None."""
    row = ImpactAssessment.objects.filter(
        item_slug=slug, state__in=[one.value for one in OPEN]
    ).first()
    return view(row) if row is not None else None


def covered_versions(slug: str, sources: Iterable[str]) -> tuple[int, ...]:
    """Return the published versions of an item whose rules read no more than `sources`."""
    looked_at = frozenset(sources)
    return tuple(
        one.version
        for one in catalogue.published_versions(slug)
        if one.auto_rules is not None
        and one.auto_decide
        and not not_covered(reads_of(one, licences={}), looked_at)
    )


def view(row: ImpactAssessment) -> AssessmentView:
    """Return an assessment as others see it."""
    return AssessmentView(
        id=row.pk,
        item_slug=row.item_slug,
        department=row.department,
        item_version=row.item_version,
        item_draft=row.item_draft,
        rules_name=row.rules_name,
        rules_sha256=row.rules_sha256,
        reads=tuple(Read(source=one["source"], words=one["words"]) for one in row.reads),
        points=Points(**{name: getattr(row, name) for name in POINTS}),
        conclusion=Conclusion(row.conclusion) if row.conclusion else None,
        upload_ref=row.upload_ref,
        state=AssessmentState(row.state),
        source=row.source,
        written_by=row.written_by,
        written_by_name=row.written_by_name,
        written_at=row.written_at,
        returned_reason=row.returned_reason,
        returned_by_name=row.returned_by_name,
        approved_by_name=row.approved_by_name,
        approved_at=row.approved_at,
        review_on=row.review_on,
        archived_on=row.archived_on,
        archived_reason=row.archived_reason,
    )
