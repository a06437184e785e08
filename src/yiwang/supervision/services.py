"""Acts on the lists of supervised subjects."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.db.models.functions import Now

from yiwang.audit import services as audit
from yiwang.kernel.errors import RefusedError
from yiwang.kernel.events import publish
from yiwang.organisations.permissions import Actor, Permission, require
from yiwang.supervision.events import InspectionClosed, SubjectListed
from yiwang.supervision.models import InspectionTask, SupervisedSubject
from yiwang.supervision.policy.inspections import (
    InspectionRefusedError,
    InspectionResult,
    InspectionState,
    refuse_unless,
)
from yiwang.supervision.policy.subjects import CommitmentStanding, SubjectState, supersedes
from yiwang.supervision.queries import InspectionNotFoundError

REASON_LENGTH = 500
FINDING_LENGTH = 1_000
"""Longest finding of an inspection, in characters."""


class SubjectRefusedError(RefusedError):
    """The subject cannot be put on the list."""

    code = "supervision.subject_refused"


def add_subject(
    *,
    subject_ref: str,
    name: str,
    item_slug: str,
    item_name: str,
    department: str,
    case_number: str,
    licence_identifier: str = "",
    listed_on: date,
    by: str,
    at: datetime,
    granted_at: datetime | None = None,
) -> bool:
    """Put a licence holder on the supervising department's list (列入监管对象), once.

    Done by a job that follows a grant, so it may be called again with the same facts: the
    licence (or, without one, the case) stands on the list once and a second call changes
    nothing.

    Args:
        subject_ref: `person:…` or `entity:…`.
        name: Name of the holder as on the licence.
        item_slug: Item that was granted.
        item_name: Its name at that time.
        department: Code of the supervising department.
        case_number: Case that granted.
        licence_identifier: Licence that came of it; empty: a decision only.
        listed_on: Day of the grant.
        by: Ref of the job that acts; no person adds subjects by hand.
        at: Moment of listing.
        granted_at: Moment of the decision, where it is known; the clock of the database says
            when the line arrived.

    Returns:
        Whether a line was added.

    Raises:
        SubjectRefusedError: no department supervises, or the holder is not named.

    Source:
        上海市优化营商环境条例 第六十一条 (subject, object, measure of each power are listed).
    """
    if not department:
        raise SubjectRefusedError("该事项没有监管部门，请先在事项清单中补充监管部门后再发布。")
    if not subject_ref or not name.strip():
        raise SubjectRefusedError("缺少监管对象的名称或标识，请核对办件的持证人信息。")
    key = (
        {"licence_identifier": licence_identifier}
        if licence_identifier
        else {"licence_identifier": "", "case_number": case_number}
    )
    facts = {
        "subject_ref": subject_ref,
        "name": name.strip(),
        "item_slug": item_slug,
        "item_name": item_name,
        "department_code": department,
        "case_number": case_number,
        "listed_on": listed_on,
        "granted_at": granted_at,
        "arrived_at": Now(),
    }
    try:
        with transaction.atomic():  # around all of it: in a job, no savepoint is needed
            _list(key, facts, by=by, at=at)
    except IntegrityError as error:
        if "supervision_subject_once" not in str(error):
            raise
        return False  # it was listed before, or by another worker at the same moment
    return True


def _list(key: Mapping[str, str], facts: Mapping[str, Any], *, by: str, at: datetime) -> None:
    row = SupervisedSubject.objects.create(**{**facts, **key, **_renamed_meanwhile(facts)})
    audit.record(
        at=at,
        actor=by,
        act="supervision.list_subject",
        target=row.subject_ref,
        detail={
            "case": row.case_number,
            "item": row.item_slug,
            "licence": row.licence_identifier,
        },
        department=row.department_code,
    )
    publish(
        SubjectListed(
            subject_ref=row.subject_ref,
            item_slug=row.item_slug,
            department=row.department_code,
            case_number=row.case_number,
            listed_on=row.listed_on,
        )
    )


def _renamed_meanwhile(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the name of a firm that was renamed since the grant; a job may bring a line late."""
    granted_at = facts["granted_at"]
    if granted_at is None:
        return {}
    newer = (
        SupervisedSubject.objects.filter(subject_ref=facts["subject_ref"], named_at__gte=granted_at)
        .exclude(name=facts["name"])
        .order_by("-named_at")
        .values("name", "named_at")
        .first()
    )
    return {} if newer is None else {**newer, "former_name": facts["name"]}


@transaction.atomic
def remove_subject(
    *,
    licence_identifier: str,
    reason: str,
    removed_on: date,
    by: str,
    at: datetime,
    case_number: str = "",
) -> bool:
    """Take the holder of an ended licence off the list (移出监管对象).

    The line stays and says when and why it was taken off. A licence that is on no list, or
    was taken off before, changes nothing. A decision without a licence is named by its case.

    Returns:
        Whether a line changed.
    """
    row = (
        SupervisedSubject.objects.select_for_update()
        .filter(
            Q(licence_identifier=licence_identifier) & ~Q(licence_identifier="")
            | Q(case_number=case_number, licence_identifier="") & ~Q(case_number=""),
            state=SubjectState.LISTED.value,
        )
        .first()
    )
    if row is None:
        return False
    _remove(row, reason=reason, removed_on=removed_on, by=by, at=at)
    return True


@transaction.atomic
def remove_lines(
    *,
    subject_ref: str,
    item_slug: str | None,
    reason: str,
    removed_on: date,
    by: str,
    at: datetime,
    cases: Collection[str] | None = None,
) -> int:
    """Take a business that ended off the lists; return how many lines changed.

    Args:
        subject_ref: `entity:…` or `person:…`.
        item_slug: Only lines of this item; None: all. A person lives on after their business.
        reason: Why.
        removed_on: Day of the end.
        by: Ref of the job that acts.
        at: Moment of the note.
        cases: Only lines that these cases made; None: whichever made them.
    """
    rows = SupervisedSubject.objects.select_for_update().filter(
        subject_ref=subject_ref, state=SubjectState.LISTED.value
    )
    if item_slug is not None:
        rows = rows.filter(item_slug=item_slug)
    if cases is not None:
        rows = rows.filter(case_number__in=sorted(cases))
    found = list(rows.order_by("id"))
    for row in found:
        _remove(row, reason=reason, removed_on=removed_on, by=by, at=at)
    return len(found)


@transaction.atomic
def rename_subject(*, subject_ref: str, name: str, case_number: str, by: str, at: datetime) -> int:
    """Let the lines and open inspections of a firm bear its new name; return how many lines did.

    The name of before stays beside it and is found. Done by a job, which may come late or twice:
    a line that was made or renamed later keeps its name.

    Args:
        subject_ref: `entity:…`.
        name: The whole new name; empty: nothing is known, nothing changes.
        case_number: Case that granted the change.
        by: Ref of the job that acts.
        at: Moment of the grant.

    Source:
        上海市优化营商环境条例 第十七条 (registrar and departments tell each other at once).
    """
    name = name.strip()
    if not name:
        return 0
    rows = list(
        SupervisedSubject.objects.select_for_update()
        .filter(subject_ref=subject_ref, state=SubjectState.LISTED.value)
        .filter(Q(named_at__isnull=True) | Q(named_at__lt=at))
        .filter(Q(granted_at__isnull=True) | Q(granted_at__lte=at))
        .exclude(name=name)
        .order_by("id")
    )
    for row in rows:
        row.former_name, row.name, row.named_at = row.name, name, at
        row.save(update_fields=["former_name", "name", "named_at"])
        audit.record(
            at=at,
            actor=by,
            act="supervision.rename_subject",
            target=row.subject_ref,
            detail={"case": case_number, "from": row.former_name, "to": name},
            department=row.department_code,
        )
    if rows:
        InspectionTask.objects.filter(subject_ref=subject_ref).exclude(
            state=InspectionState.CLOSED.value
        ).update(name=name)
    return len(rows)


def _remove(
    row: SupervisedSubject, *, reason: str, removed_on: date, by: str, at: datetime
) -> None:
    row.state = SubjectState.REMOVED.value
    row.removed_on = removed_on
    row.removed_reason = (reason.strip() or "证照已失效")[:REASON_LENGTH]
    row.save(update_fields=["state", "removed_on", "removed_reason"])
    audit.record(
        at=at,
        actor=by,
        act="supervision.remove_subject",
        target=row.subject_ref,
        detail={
            "licence": row.licence_identifier,
            "case": row.case_number,
            "reason": row.removed_reason,
        },
        department=row.department_code,
    )


@transaction.atomic
def note_commitment(
    *,
    case_number: str,
    standing: CommitmentStanding,
    on: date,
    by: str,
    at: datetime,
    due_on: date | None = None,
) -> bool:
    """Write on a subject's line how the commitment stands that its licence rests on.

    Done by jobs, which may come late or twice: older news changes nothing.

    Args:
        case_number: Case that granted on commitment.
        standing: What is new.
        on: Day of the news.
        by: Ref of the job that acts.
        at: Moment of the note.
        due_on: Last day to check it or to correct; None: nothing is due.

    Returns:
        Whether the line changed.

    Raises:
        LookupError: the holder does not stand on the list yet; the job comes again.

    Source:
        上海市优化营商环境条例 第二十七条 (checked afterwards; broken commitments are recorded).
    """
    row = SupervisedSubject.objects.select_for_update().filter(case_number=case_number).first()
    if row is None:
        raise LookupError(f"no subject of case {case_number}")
    known = CommitmentStanding(row.commitment) if row.commitment else None
    if row.commitment_on is not None and (
        on < row.commitment_on or (on == row.commitment_on and not supersedes(standing, known))
    ):
        return False
    row.commitment, row.commitment_on, row.commitment_due_on = standing.value, on, due_on
    row.save(update_fields=["commitment", "commitment_on", "commitment_due_on"])
    audit.record(
        at=at,
        actor=by,
        act="supervision.note_commitment",
        target=row.subject_ref,
        detail={"case": case_number, "standing": standing.value},
        department=row.department_code,
    )
    return True


@transaction.atomic
def open_inspection(
    *,
    subject_ref: str,
    name: str,
    item_slug: str,
    item_name: str,
    department: str,
    source: str,
    reason: str,
    opened_on: date,
    due_on: date,
    by: Actor,
    at: datetime,
) -> bool:
    """Ask a department for an inspection (提出检查任务), once per source.

    The service that asks has checked who acts; it stands in the same transaction.

    Args:
        subject_ref: `person:…` or `entity:…`.
        name: Name of the subject.
        item_slug: Item that the inspection is about.
        item_name: Its name.
        department: Whose inspectors do it.
        source: What asks for it, `<kind>:<key>`.
        reason: What is to be looked at.
        opened_on: Day of the wish.
        due_on: Last day to close it.
        by: Who asks.
        at: Moment of the wish.

    Returns:
        Whether a task was made.
    """
    row, made = InspectionTask.objects.get_or_create(
        source=source,
        defaults={
            "subject_ref": subject_ref,
            "name": name,
            "item_slug": item_slug,
            "item_name": item_name,
            "department_code": department,
            "reason": reason,
            "opened_by": by.ref,
            "opened_by_name": by.name or by.ref,
            "opened_on": opened_on,
            "due_on": due_on,
        },
    )
    if made:
        _note_inspection(row, act="supervision.open_inspection", by=by, at=at)
    return made


@transaction.atomic
def take_inspection(*, number: int, by: Actor, at: datetime) -> None:
    """Take an inspection upon oneself (接收检查任务).

    Raises:
        InspectionNotFoundError: no such task for these eyes.
        PermissionRefusedError: `by` does not inspect for the department.
        InspectionRefusedError: somebody took it before.
    """
    row = _inspection(number, by)
    refuse_unless(InspectionState(row.state), InspectionState.OPEN)
    row.state = InspectionState.TAKEN.value
    row.taken_by, row.taken_by_name, row.taken_at = by.ref, by.name or by.ref, at
    row.save()
    _note_inspection(row, act="supervision.take_inspection", by=by, at=at)


@transaction.atomic
def close_inspection(
    *, number: int, result: InspectionResult, finding: str, by: Actor, at: datetime
) -> None:
    """Close an inspection with what it found (办结检查任务); who asked for it is told.

    Raises as `take_inspection`, and InspectionRefusedError without words or before it was taken.
    """
    row = _inspection(number, by)
    refuse_unless(InspectionState(row.state), InspectionState.TAKEN)
    finding = finding.strip()
    if not finding:
        raise InspectionRefusedError("请填写检查情况，写明哪天检查、看到什么。")
    if len(finding) > FINDING_LENGTH:
        raise InspectionRefusedError(f"检查情况最多{FINDING_LENGTH}个字，请删减。")
    row.state, row.result, row.finding = InspectionState.CLOSED.value, result.value, finding
    row.closed_by, row.closed_by_name, row.closed_at = by.ref, by.name or by.ref, at
    row.save()
    _note_inspection(row, act="supervision.close_inspection", by=by, at=at)
    publish(
        InspectionClosed(
            source=row.source,
            subject_ref=row.subject_ref,
            department=row.department_code,
            result=row.result,
            finding=row.finding,
            closed_at=at,
        )
    )


def _inspection(number: int, by: Actor) -> InspectionTask:
    row = InspectionTask.objects.select_for_update().filter(pk=number).first()
    if row is None or not by.may(Permission.SUBJECT_READ, department=row.department_code):
        raise InspectionNotFoundError
    require(by, Permission.INSPECTION_HANDLE, department=row.department_code)
    return row


def _note_inspection(row: InspectionTask, *, act: str, by: Actor, at: datetime) -> None:
    audit.record(
        at=at,
        actor=by.ref,
        act=act,
        target=f"inspection:{row.pk}",
        detail={"source": row.source, "state": row.state, "result": row.result},
        department=row.department_code,
        ip=by.ip,
    )
