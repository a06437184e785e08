"""An applicant's record (信用约束记录): noted by a person or a clock, repaired by a person."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from yiwang.audit import services as audit
from yiwang.cases.models import Message
from yiwang.cases.models.commitments import ApplicantRecord
from yiwang.cases.policy.commitments import RecordKind
from yiwang.cases.policy.deadlines import day_of
from yiwang.cases.policy.letters import chinese_day
from yiwang.cases.queries.commitments import RecordView, record_view
from yiwang.cases.services.steps import written
from yiwang.kernel.errors import RefusedError
from yiwang.organisations.permissions import Actor, Permission, require
from yiwang.registers import queries as registers


class RecordRefusedError(RefusedError):
    """The entry cannot be made or repaired like that."""

    code = "cases.record_refused"


@transaction.atomic
def note_record(
    *,
    applicant_ref: str,
    kind: RecordKind,
    reason: str,
    basis: str,
    department: str,
    until_on: date | None,
    by: Actor,
    at: datetime,
    case_number: str = "",
) -> RecordView:
    """Note something on an applicant's record, and tell them (记入信用约束记录).

    Args:
        applicant_ref: Whose record.
        kind: What it is.
        reason: The facts, as the applicant will read them.
        basis: Law or rule, and where the period comes from.
        department: Department that says so; `by` keeps records there.
        until_on: Last day on which it counts; None: until it is repaired.
        by: Who notes it.
        at: Moment.
        case_number: The case it arose from; empty: none of the platform.

    Raises:
        PermissionRefusedError: `by` keeps no records in the department.
        RecordRefusedError: nobody registered under that ref, or the last day is past.
        TextRefusedError: no reason or no basis.

    Source:
        上海市社会信用条例 第三十条第一项、第三十二条.
    """
    require(by, Permission.TRUST_KEEP, department=department)
    try:
        registers.prefill(applicant_ref)
    except LookupError as error:
        raise RecordRefusedError("登记库里没有这个申请人，请核对后重新填写。") from error
    if until_on is not None and until_on < day_of(at):
        raise RecordRefusedError("截止日期已经过去，请填写今天以后的日期，或者不填。")
    row = enter(
        applicant_ref=applicant_ref,
        kind=kind,
        reason=written(reason, "事由"),
        basis=written(basis, "依据"),
        department=department,
        until_on=until_on,
        case_number=case_number,
        by=by,
        at=at,
    )
    return record_view(row)


def enter(
    *,
    applicant_ref: str,
    kind: RecordKind,
    reason: str,
    basis: str,
    department: str,
    until_on: date | None,
    case_number: str,
    by: Actor,
    at: datetime,
) -> ApplicantRecord:
    """Write the entry, its trail row and the message; the caller has checked who may.

    The second time for the same case and kind gives the same entry.
    """
    known = (
        ApplicantRecord.objects.filter(case_number=case_number, kind=kind.value).first()
        if case_number
        else None
    )
    if known is not None:
        return known
    row = ApplicantRecord.objects.create(
        applicant_ref=applicant_ref,
        kind=kind.value,
        case_number=case_number,
        reason=reason,
        basis=basis,
        department_code=department,
        from_on=day_of(at),
        until_on=until_on,
        noted_by=by.ref,
        noted_at=at,
    )
    _trace("cases.note_record", row, by=by, at=at)
    until = f"至{chinese_day(until_on)}" if until_on else "至信用修复"
    Message.objects.create(
        to_ref=applicant_ref,
        title="信用约束记录告知",
        body=f"记入“{kind.label}”：{reason} 依据：{basis}。期限：{until}。"
        "认为有误或者已经改正的，可以向记入的部门申请修复。",
        at=at,
    )
    return row


@transaction.atomic
def repair_record(*, record_id: int, reason: str, by: Actor, at: datetime) -> RecordView:
    """End an entry because it was wrong or made good; it counts no more from today (信用修复).

    Raises:
        LookupError: no such entry.
        PermissionRefusedError: `by` keeps no records in its department.
        RecordRefusedError: repaired before.
        TextRefusedError: no reason.
    """
    row = ApplicantRecord.objects.select_for_update().filter(pk=record_id).first()
    if row is None:
        raise LookupError(f"no record {record_id}")
    require(by, Permission.TRUST_KEEP, department=row.department_code)
    if row.repaired_on is not None:
        raise RecordRefusedError("这条记录已经修复，不用再办。")
    row.repair_reason = written(reason, "修复理由")
    row.repaired_on, row.repaired_by = day_of(at), by.ref
    row.save(update_fields=["repaired_on", "repaired_by", "repair_reason"])
    _trace("cases.repair_record", row, by=by, at=at)
    Message.objects.create(
        to_ref=row.applicant_ref,
        title="信用约束记录已修复",
        body=f"“{RecordKind(row.kind).label}”的记录已于{chinese_day(day_of(at))}修复，"
        "不再影响办理方式。",
        at=at,
    )
    return record_view(row)


def _trace(act: str, row: ApplicantRecord, *, by: Actor, at: datetime) -> None:
    audit.record(
        at=at,
        actor=by.ref,
        act=act,
        target=f"applicant_record:{row.pk}",
        detail={"kind": row.kind, "case": row.case_number},
        department=row.department_code,
        ip=by.ip,
    )
