"""What ends a package and what forbids it: destruction by two, holds lifted by two."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from procrastinate.contrib.django import app

from yiwang.archives import queries
from yiwang.archives.models import ArchivePackage, Destruction, LegalHold
from yiwang.archives.policy.retention import PackageState
from yiwang.archives.queries import PackageNotFoundError
from yiwang.audit import services as audit
from yiwang.cases.policy.deadlines import day_of
from yiwang.documents import queries as documents
from yiwang.documents import store
from yiwang.kernel.errors import RefusedError
from yiwang.organisations.permissions import Actor, Permission, require

REASON_LENGTH = 500
ERASE_TASK = "yiwang.archives.erase_uploads"


class HoldRefusedError(RefusedError):
    """The package may not be destroyed, or the hold not be lifted."""

    code = "archives.hold_refused"


@transaction.atomic
def place_hold(*, case_number: str, reason: str, by: Actor, at: datetime) -> int:
    """Forbid destroying what belongs to a case (禁止销毁), as for a suit or an audit.

    Raises:
        PackageNotFoundError: no package for these eyes.
        PermissionRefusedError: `by` keeps no archives there.
        HoldRefusedError: no reason.
    """
    department = _department(case_number, by)
    require(by, Permission.ARCHIVE_KEEP, department=department)
    lock_packages(case_number)
    row = LegalHold.objects.create(
        case_number=case_number,
        department_code=department,
        reason=_reason(reason, "禁止销毁的理由"),
        placed_by=by.ref,
        placed_at=at,
    )
    _record("place_hold", case_number, department, {"reason": row.reason}, by=by, at=at)
    return row.pk


@transaction.atomic
def propose_lift(*, hold_id: int, reason: str, by: Actor, at: datetime) -> None:
    """Propose to lift a hold (提出解除).

    Raises:
        PackageNotFoundError: no such hold for these eyes.
        PermissionRefusedError: `by` keeps no archives there.
        HoldRefusedError: lifted, proposed already, or no reason.
    """
    row = _hold(hold_id, by)
    require(by, Permission.ARCHIVE_KEEP, department=row.department_code)
    if row.lift_proposed_by:
        raise HoldRefusedError("已有人提出解除，请由本部门负责人批准。")
    row.lift_reason = _reason(reason, "解除的理由")
    row.lift_proposed_by, row.lift_proposed_at = by.ref, at
    row.save(update_fields=["lift_reason", "lift_proposed_by", "lift_proposed_at"])
    _record(
        "propose_lift", row.case_number, row.department_code, {"reason": row.lift_reason},
        by=by, at=at,
    )  # fmt: skip


@transaction.atomic
def lift_hold(*, hold_id: int, by: Actor, at: datetime) -> None:
    """Lift a hold that another person proposed to lift (批准解除).

    Raises:
        PackageNotFoundError: no such hold for these eyes.
        PermissionRefusedError: `by` may not approve there.
        HoldRefusedError: lifted, nobody proposed it, or `by` proposed it.
    """
    row = _hold(hold_id, by)
    require(by, Permission.ARCHIVE_APPROVE, department=row.department_code)
    if not row.lift_proposed_by:
        raise HoldRefusedError("还没有人提出解除，请先由档案人员写明理由提出。")
    if row.lift_proposed_by == by.ref:
        raise HoldRefusedError("提出解除和批准解除应为两个人，请由另一人批准。")
    row.lifted_by, row.lifted_at = by.ref, at
    row.save(update_fields=["lifted_by", "lifted_at"])
    _record("lift_hold", row.case_number, row.department_code, {}, by=by, at=at)


@transaction.atomic
def propose_destruction(*, package_id: int, reason: str, by: Actor, at: datetime) -> int:
    """Propose to destroy a package whose time is over (提出销毁).

    Raises:
        PackageNotFoundError: no such package for these eyes.
        PermissionRefusedError: `by` keeps no archives there.
        HoldRefusedError: its time is not over, a hold stands, proposed already, or no reason.
    """
    row = _package(package_id, by)
    require(by, Permission.ARCHIVE_KEEP, department=row.department_code)
    _require_destroyable(row, at)
    if Destruction.objects.filter(package=row, agreed=None).exists():
        raise HoldRefusedError("已有人提出销毁，请由本部门负责人审批。")
    proposal = Destruction.objects.create(
        package=row,
        department_code=row.department_code,
        reason=_reason(reason, "销毁的理由"),
        proposed_by=by.ref,
        proposed_at=at,
    )
    _record(
        "propose_destruction", row.case_number, row.department_code, {"reason": proposal.reason},
        by=by, at=at,
    )  # fmt: skip
    return proposal.pk


@transaction.atomic
def decide_destruction(*, destruction_id: int, agreed: bool, by: Actor, at: datetime) -> None:
    """Agree to a destruction that another person proposed, or not (批准销毁).

    The stored package is deleted; its hashes, the two names and a certificate stay. With the last
    package of a case go the files that were handed in, by a job (`erasing`). The rows of the case
    stay: they are append-only and prove what happened. The certificate says so.

    Raises:
        PackageNotFoundError: no such proposal for these eyes.
        PermissionRefusedError: `by` may not approve there.
        HoldRefusedError: decided, proposed by `by`, its time is not over, or a hold stands.
    """
    proposal = (
        Destruction.objects.select_for_update(of=("self",))
        .select_related("package")
        .filter(pk=destruction_id)
        .first()
    )
    if proposal is None:
        raise PackageNotFoundError
    row = _package(proposal.package_id, by)
    require(by, Permission.ARCHIVE_APPROVE, department=row.department_code)
    if proposal.agreed is not None:
        raise HoldRefusedError("这项销毁已经审批过，请刷新后查看结果。")
    if proposal.proposed_by == by.ref:
        raise HoldRefusedError("提出销毁和批准销毁应为两个人，请由另一人审批。")
    proposal.agreed, proposal.decided_by, proposal.decided_at = agreed, by.ref, at
    if agreed:
        lock_packages(row.case_number)
        _require_destroyable(row, at)
        proposal.takes_uploads = queries.is_last(row.case_number, package_id=row.pk)
        proposal.certificate = _certificate(row, proposal)
        row.state = PackageState.DESTROYED.value
        row.save(update_fields=["state"])
        transaction.on_commit(lambda: store.destroy(row.sha256, made=True))
    proposal.save(
        update_fields=["agreed", "decided_by", "decided_at", "certificate", "takes_uploads"]
    )
    if proposal.takes_uploads:
        app.configure_task(ERASE_TASK, queue="maintenance").defer(
            destruction_id=proposal.pk, timestamp=int(at.timestamp())
        )
    _record(
        "decide_destruction", row.case_number, row.department_code,
        {
            "agreed": agreed, "sha256": row.sha256, "sm3": row.sm3,
            "takes_uploads": proposal.takes_uploads,
        },
        by=by, at=at,
    )  # fmt: skip


def _certificate(row: ArchivePackage, proposal: Destruction) -> dict[str, object]:
    assert proposal.decided_at is not None
    taken = documents.uploads_of(case_ref(row.case_number)) if proposal.takes_uploads else ()
    return {
        "number": f"销毁证明〔{day_of(proposal.decided_at).year}〕{proposal.pk}号",
        "case": row.case_number,
        "revision": row.revision,
        "sha256": row.sha256,
        "sm3": row.sm3,
        "size": row.size,
        "files": row.files,
        "retain_until": str(row.retain_until),
        "reason": proposal.reason,
        "proposed_by": proposal.proposed_by,
        "decided_by": proposal.decided_by,
        "decided_at": proposal.decided_at.isoformat(),
        "uploads": [
            {"upload": one.ref, "sha256": one.sha256, "sm3": one.sm3, "size": one.size}
            for one in taken
        ],
        "destroyed": f"归档包文件和当事人上传的{len(taken)}份文件" if taken else "归档包文件",
        "kept": (
            "办件登记、文书、证照、上传文件的名称和摘要、办理记录和操作日志不在销毁之列，"
            "其中后两者只增不改；与其他办件相同的文件为其他办件保留；"
            if proposal.takes_uploads
            else "本办件还有其他归档包在保管，申请材料、办件登记、办理记录和操作日志"
            "不在销毁之列，其中后两者只增不改；"
        )
        + "备份按备份保留期限自然失效。",
    }


def case_ref(case_number: str) -> str:
    """Return what the files of a case are tied to."""
    return f"case:{case_number}"


def lock_packages(case_number: str) -> None:
    """Have holds and destruction of one case wait for each other until the transaction ends."""
    rows = ArchivePackage.objects.select_for_update().filter(case_number=case_number)
    list(rows.order_by("pk").values_list("pk", flat=True))


def _require_destroyable(row: ArchivePackage, at: datetime) -> None:
    if row.state != PackageState.KEPT:
        raise HoldRefusedError(f"归档包现为“{PackageState(row.state).label}”，不能销毁。")
    if row.retain_until is None:
        raise HoldRefusedError("归档包永久保管，不能销毁。")
    if row.retain_until > day_of(at):
        raise HoldRefusedError(
            f"保管期限到{row.retain_until:%Y-%m-%d}前一日止，到期后才能提出销毁。"
        )
    if queries.is_held(row.case_number):
        raise HoldRefusedError("本办件正在禁止销毁期间，请先由两人解除。")


def _package(package_id: int, by: Actor) -> ArchivePackage:
    row = ArchivePackage.objects.select_for_update().filter(pk=package_id).first()
    if row is None or not by.may(Permission.ARCHIVE_READ, department=row.department_code):
        raise PackageNotFoundError
    return row


def _hold(hold_id: int, by: Actor) -> LegalHold:
    row = LegalHold.objects.select_for_update().filter(pk=hold_id).first()
    if row is None or not by.may(Permission.ARCHIVE_READ, department=row.department_code):
        raise PackageNotFoundError
    if row.lifted_at is not None:
        raise HoldRefusedError("禁止销毁已经解除，请刷新后查看。")
    return row


def _department(case_number: str, by: Actor) -> str:
    return queries.archive_of(case_number, by=by).packages[0].department_code


def _reason(reason: str, what: str) -> str:
    plain = " ".join(reason.split())
    if not plain or len(plain) > REASON_LENGTH:
        raise HoldRefusedError(f"请写明{what}，最多{REASON_LENGTH}个字。")
    return plain


def _record(
    act: str, number: str, department: str, detail: dict[str, object], *, by: Actor, at: datetime
) -> None:
    audit.record(
        at=at,
        actor=by.ref,
        act=f"archives.{act}",
        target=case_ref(number),
        detail=detail,
        department=department,
        ip=by.ip,
    )
