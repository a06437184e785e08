"""Handing packages over to the district's archives, and their word that they hold them (移交).

What was handed over stays here as well: it can no longer be destroyed, and a hold goes on.

Source:
    档案法实施条例 第二十条 (when), 第三十九条 (electronic archives).
"""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from yiwang.archives import queries
from yiwang.archives.models import RECEIPT_LENGTH, ArchivePackage, Transfer
from yiwang.archives.policy.retention import PackageState
from yiwang.archives.queries import PackageView
from yiwang.archives.services.making import opened
from yiwang.audit import services as audit
from yiwang.cases.policy.deadlines import day_of
from yiwang.kernel.errors import RefusedError
from yiwang.organisations.permissions import Actor

PURPOSE = "移交档案馆"


class TransferRefusedError(RefusedError):
    """The receipt does not fit the package."""

    code = "archives.transfer_refused"


class AlreadyTransferredError(RefusedError):
    """The package was taken over before."""

    code = "archives.already_transferred"


def hand_over(*, package_id: int, by: Actor, at: datetime) -> tuple[PackageView, bytes]:
    """Return a package for the district's archives; that it was read is on the trail.

    Raises:
        PermissionRefusedError: `by` takes no packages over.
        PackageNotFoundError: no such package for these eyes, or not due.
        AlreadyTransferredError: its receipt was reported.
        ArchiveRefusedError: the stored file is damaged.
    """
    view = queries.transfer(package_id, by=by, today=day_of(at))
    if view.state is PackageState.TRANSFERRED:
        raise AlreadyTransferredError(
            f"这个归档包已凭{view.receipt_number}接收，如需再次取得，请联系归档部门的档案人员。"
        )
    row = ArchivePackage.objects.get(pk=view.id)
    return view, opened(row, by=by, at=at, purpose=PURPOSE)


@transaction.atomic
def report_receipt(
    *,
    package_id: int,
    receipt_number: str,
    sm3: str,
    received_on: date,
    by: Actor,
    at: datetime,
) -> PackageView:
    """Note that the district's archives hold a package (登记接收); repeating it changes nothing.

    Args:
        package_id: Which.
        receipt_number: Of the receipt that the archives wrote.
        sm3: SM3 of what arrived there; it must be that of the package.
        received_on: Day on which it arrived.
        by: Takes packages over.
        at: Moment of the report.

    Raises:
        PermissionRefusedError: `by` takes no packages over.
        PackageNotFoundError: no such package for these eyes, or not due.
        TransferRefusedError: no receipt number, another SM3, or a day that cannot be.
        AlreadyTransferredError: another receipt was reported.
    """
    ArchivePackage.objects.select_for_update().filter(pk=package_id).first()
    view = queries.transfer(package_id, by=by, today=day_of(at))
    number = " ".join(receipt_number.split())
    if not number or len(number) > RECEIPT_LENGTH:
        raise TransferRefusedError(f"请填写接收凭证号，最多{RECEIPT_LENGTH}个字。")
    if sm3.lower() != view.sm3:
        raise TransferRefusedError("收到的归档包的SM3摘要与登记的不符，请重新下载并核对后再登记。")
    if not day_of(view.made_at) <= received_on <= day_of(at):
        raise TransferRefusedError(
            f"接收日期应在归档之日{day_of(view.made_at)}至今日之间，请更正。"
        )
    if view.state is PackageState.TRANSFERRED:
        if (view.receipt_number, view.received_on) != (number, received_on):
            raise AlreadyTransferredError(
                f"这个归档包已于{view.received_on}凭{view.receipt_number}接收，不能登记为另一次。"
            )
        return view
    Transfer.objects.create(
        package_id=view.id,
        department_code=view.department_code,
        receipt_number=number,
        received_on=received_on,
        reported_by=by.ref,
        reported_at=at,
    )
    ArchivePackage.objects.filter(pk=view.id).update(state=PackageState.TRANSFERRED.value)
    audit.record(
        at=at,
        actor=by.ref,
        act="archives.transfer",
        target=f"case:{view.case_number}",
        detail={
            "revision": view.revision,
            "sm3": view.sm3,
            "receipt_number": number,
            "received_on": received_on,
        },
        department=view.department_code,
        ip=by.ip,
    )
    return queries.transfer(view.id, by=by, today=day_of(at))
