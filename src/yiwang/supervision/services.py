"""Acts on the lists of supervised subjects."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q

from yiwang.audit import services as audit
from yiwang.kernel.errors import RefusedError
from yiwang.kernel.events import publish
from yiwang.supervision.events import SubjectListed
from yiwang.supervision.models import SupervisedSubject
from yiwang.supervision.policy.subjects import CommitmentStanding, SubjectState, supersedes


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
    }
    try:
        with transaction.atomic():  # around all of it: in a job, no savepoint is needed
            return _listed(key, facts, by=by, at=at)
    except IntegrityError as error:
        if "supervision_subject_once" not in str(error):
            raise
        return False  # another worker listed it at the same moment


def _listed(key: Mapping[str, str], facts: Mapping[str, Any], *, by: str, at: datetime) -> bool:
    if SupervisedSubject.objects.filter(**key).exists():
        return False
    row = SupervisedSubject.objects.create(**{**facts, **key})
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
    return True


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
    row.state = SubjectState.REMOVED.value
    row.removed_on = removed_on
    row.removed_reason = reason.strip() or "证照已失效"
    row.save(update_fields=["state", "removed_on", "removed_reason"])
    audit.record(
        at=at,
        actor=by,
        act="supervision.remove_subject",
        target=row.subject_ref,
        detail={
            "licence": licence_identifier,
            "case": row.case_number,
            "reason": row.removed_reason,
        },
        department=row.department_code,
    )
    return True


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
