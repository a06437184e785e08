"""Questions about packages: which there are, what binds them, what their time is over."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Exists, Max, OuterRef, Q, QuerySet

from yiwang.archives.models import ArchivePackage, Destruction, LegalHold
from yiwang.archives.policy.retention import PackageState
from yiwang.documents import queries as documents
from yiwang.documents.queries import UploadView
from yiwang.kernel.paging import day_and_row, row_number
from yiwang.kernel.terms import Term
from yiwang.organisations.permissions import EVERYWHERE, Actor, Permission, PermissionRefusedError

PAGE_LIMIT = 100


class PackageNotFoundError(PermissionRefusedError):
    """No such package, or not for these eyes."""

    code = "archives.not_found"

    def __init__(self) -> None:
        super().__init__("没有找到您可以查看的归档包，请核对办件编号，或联系归档部门的档案人员。")


@dataclass(frozen=True, kw_only=True)
class PackageView:
    """One package.

    Attributes:
        held: Somebody forbade destroying it.
        years: None: for good.
        retain_until: First day on which it may be destroyed.
        superseded: A later package of the case holds what it holds, and what came since.
        receipt_number: Under which the district's archives took it over; empty: not yet.
    """

    id: int
    case_number: str
    revision: int
    query_code: str
    item_name: str
    department_code: str
    closed_on: date
    sha256: str
    sm3: str
    size: int
    files: int
    made_at: datetime
    years: int | None
    retain_until: date | None
    transfer_on: date | None
    state: PackageState
    held: bool
    superseded: bool
    receipt_number: str
    received_on: date | None

    @property
    def file_name(self) -> str:
        """Return the name under which it is saved."""
        return f"{self.query_code}-{self.revision}.zip"

    def over(self, today: date) -> bool:
        """Tell whether its time is over."""
        return self.retain_until is not None and self.retain_until <= today


@dataclass(frozen=True, kw_only=True)
class HoldView:
    """One ban on destroying."""

    id: int
    case_number: str
    department_code: str
    reason: str
    placed_by: str
    placed_at: datetime
    lift_reason: str
    lift_proposed_by: str
    lifted_by: str
    lifted_at: datetime | None


class FileFate(Term):
    """What became of a file that goes with an archive (上传文件的销毁)."""

    WAITING = "waiting", "等待销毁"
    SHARED = "shared", "已销毁，相同的文件为其他办件或者用途保留"
    ERASED = "erased", "已销毁"


@dataclass(frozen=True, kw_only=True)
class ErasedFile:
    """One file named by a certificate of destruction."""

    name: str
    sm3: str
    size: int
    fate: FileFate


@dataclass(frozen=True, kw_only=True)
class DestructionView:
    """One proposal to destroy, answered or not.

    Attributes:
        takes_uploads: The files that were handed in go too.
        uploads_gone_at: When the last of them was gone; None: not yet.
        files: What became of each.
    """

    id: int
    package_id: int
    reason: str
    proposed_by: str
    proposed_at: datetime
    agreed: bool | None
    decided_by: str
    decided_at: datetime | None
    certificate: dict[str, object] | None
    takes_uploads: bool
    uploads_gone_at: datetime | None
    files: tuple[ErasedFile, ...]


@dataclass(frozen=True, kw_only=True)
class PackagePage:
    """One page of packages, newest first."""

    rows: tuple[PackageView, ...]
    after: str | None


@dataclass(frozen=True, kw_only=True)
class CaseArchive:
    """All that is archived of a case.

    Attributes:
        uploads: How many files that were handed in are there still; they go with the last package.
    """

    packages: tuple[PackageView, ...]
    holds: tuple[HoldView, ...]
    destructions: tuple[DestructionView, ...]
    uploads: int

    def takes_uploads(self, package_id: int) -> bool:
        """Tell whether destroying that package destroys the files that were handed in too."""
        others = (one for one in self.packages if one.id != package_id)
        return all(one.state is PackageState.DESTROYED for one in others)


def packages(
    *,
    by: Actor,
    today: date,
    over_only: bool = False,
    transfer_only: bool = False,
    text: str = "",
    after: str | None = None,
    limit: int = PAGE_LIMIT,
) -> PackagePage:
    """List the packages that `by` may read, newest first; three queries.

    Args:
        by: A member of staff.
        today: Day from which the time is reckoned.
        over_only: Only those still kept whose time is over.
        transfer_only: Only those that the district's archives may take over.
        text: Case number or query code; empty: all.
        after: Key of the page before.
        limit: Lines, at most PAGE_LIMIT.

    Raises:
        PermissionRefusedError: no post reads packages.
        PageKeyRefusedError: `after` is not a key that a page gave.
    """
    rows = _of(_codes(by)).order_by("-id")
    if transfer_only:
        rows = rows.filter(_due(today))
    if over_only:
        rows = rows.filter(state=PackageState.KEPT.value, retain_until__lte=today)
    if text := "".join(text.split())[:60]:
        rows = rows.filter(case_number=text) | rows.filter(query_code=text.upper())
    if after is not None:
        rows = rows.filter(id__lt=row_number(after))
    size = max(1, min(limit, PAGE_LIMIT))
    found = list(rows[: size + 1])
    return PackagePage(
        rows=tuple(_views(found[:size])),
        after=str(found[size - 1].pk) if len(found) > size else None,
    )


def transfers_due(
    *, by: Actor, today: date, after: str | None = None, limit: int = PAGE_LIMIT
) -> PackagePage:
    """List the packages that the district's archives may take over, the longest due first.

    Of each case the newest package, which holds what the earlier ones hold; three queries.

    Args:
        by: Takes packages over.
        today: Day from which it is reckoned.
        after: Key of the page before.
        limit: Lines, at most PAGE_LIMIT.

    Raises:
        PermissionRefusedError: `by` takes no packages over.
        PageKeyRefusedError: `after` is not a key that a page gave.

    Source:
        档案法实施条例 第二十条.
    """
    rows = _of(_taken_over(by)).filter(_due(today)).order_by("transfer_on", "id")
    if after is not None:
        day, key = day_and_row(after, between=".")
        rows = rows.filter(Q(transfer_on__gt=day) | Q(transfer_on=day, id__gt=key))
    size = max(1, min(limit, PAGE_LIMIT))
    found = list(rows[: size + 1])
    last = found[size - 1] if len(found) > size else None
    return PackagePage(
        rows=tuple(_views(found[:size])),
        after=f"{last.transfer_on}.{last.pk}" if last else None,
    )


def transfer(package_id: int, *, by: Actor, today: date) -> PackageView:
    """Return a package that the district's archives may take over, or have taken over.

    Raises:
        PermissionRefusedError: `by` takes no packages over.
        PackageNotFoundError: there is none of that id, not for these eyes, or not due.
    """
    rows = _of(_taken_over(by)).filter(
        _due(today) | Q(state=PackageState.TRANSFERRED.value), pk=package_id
    )
    found = _views(list(rows))
    if not found:
        raise PackageNotFoundError
    return found[0]


def _due(today: date) -> Q:
    later = ArchivePackage.objects.filter(
        case_number=OuterRef("case_number"), revision__gt=OuterRef("revision")
    )
    return Q(~Exists(later), state=PackageState.KEPT.value, transfer_on__lte=today)


def _taken_over(by: Actor) -> frozenset[str]:
    codes = by.departments(Permission.ARCHIVE_TRANSFER)
    if not codes:
        raise PermissionRefusedError(
            "该令牌不能接收归档包，请使用授予“档案馆接收系统”岗位的账号的令牌。"
        )
    return codes


def _of(codes: frozenset[str]) -> QuerySet[ArchivePackage]:
    rows = ArchivePackage.objects.select_related("transfer")
    return rows if EVERYWHERE in codes else rows.filter(department_code__in=sorted(codes))


def archive_of(case_number: str, *, by: Actor) -> CaseArchive:
    """Return packages, holds and destructions of a case; six queries.

    Raises:
        PackageNotFoundError: there is no package, or not for these eyes.
    """
    rows = [
        row
        for row in ArchivePackage.objects.select_related("transfer")
        .filter(case_number=case_number)
        .order_by("-revision")
        if by.may(Permission.ARCHIVE_READ, department=row.department_code)
    ]
    if not rows:
        raise PackageNotFoundError
    holds = LegalHold.objects.filter(case_number=case_number).order_by("-id")
    ends = Destruction.objects.filter(package__in=rows).order_by("-id")
    handed_in = documents.uploads_of(f"case:{case_number}")
    return CaseArchive(
        packages=tuple(_views(rows)),
        holds=tuple(hold_view(row) for row in holds),
        destructions=tuple(
            DestructionView(
                id=row.pk,
                package_id=row.package_id,
                reason=row.reason,
                proposed_by=row.proposed_by,
                proposed_at=row.proposed_at,
                agreed=row.agreed,
                decided_by=row.decided_by,
                decided_at=row.decided_at,
                certificate=row.certificate,
                takes_uploads=row.takes_uploads,
                uploads_gone_at=row.uploads_gone_at,
                files=_fates(handed_in) if row.takes_uploads else (),
            )
            for row in ends
        ),
        uploads=sum(not one.destroyed for one in handed_in),
    )


def _fates(handed_in: Iterable[UploadView]) -> tuple[ErasedFile, ...]:
    return tuple(
        ErasedFile(name=one.name, sm3=one.sm3, size=one.size, fate=_fate(one)) for one in handed_in
    )


def _fate(upload: UploadView) -> FileFate:
    if not upload.destroyed:
        return FileFate.WAITING
    return FileFate.ERASED if upload.erased else FileFate.SHARED


def is_last(case_number: str, *, package_id: int) -> bool:
    """Tell whether every other package of the case is destroyed; it asks for no permission."""
    others = ArchivePackage.objects.filter(case_number=case_number).exclude(pk=package_id)
    return not others.exclude(state=PackageState.DESTROYED.value).exists()


def latest(case_number: str) -> PackageView | None:
    """Return the newest package of a case; for programs: it asks for no permission."""
    rows = ArchivePackage.objects.select_related("transfer").filter(case_number=case_number)
    row = rows.order_by("-revision").first()
    return next(iter(_views([row])), None) if row else None


def destroyed(case_numbers: Iterable[str]) -> frozenset[str]:
    """Return the cases whose newest package was destroyed; it asks for no permission."""
    rows = ArchivePackage.objects.filter(case_number__in=list(case_numbers)).order_by("revision")
    last = dict(rows.values_list("case_number", "state"))
    return frozenset(one for one, state in last.items() if state == PackageState.DESTROYED)


def is_held(case_number: str) -> bool:
    """Tell whether somebody forbade destroying what belongs to the case."""
    return LegalHold.objects.filter(case_number=case_number, lifted_at=None).exists()


def hold_view(row: LegalHold) -> HoldView:
    """Return the frozen view of a hold."""
    return HoldView(
        id=row.pk,
        case_number=row.case_number,
        department_code=row.department_code,
        reason=row.reason,
        placed_by=row.placed_by,
        placed_at=row.placed_at,
        lift_reason=row.lift_reason,
        lift_proposed_by=row.lift_proposed_by,
        lifted_by=row.lifted_by,
        lifted_at=row.lifted_at,
    )


def _codes(by: Actor) -> frozenset[str]:
    codes = by.departments(Permission.ARCHIVE_READ)
    if not codes:
        raise PermissionRefusedError("您的岗位不能查看归档包，如确需查看，请联系本部门档案人员。")
    return codes


def _views(rows: list[ArchivePackage]) -> list[PackageView]:
    held = set(
        LegalHold.objects.filter(
            case_number__in=[row.case_number for row in rows], lifted_at=None
        ).values_list("case_number", flat=True)
    )
    newest = dict(
        ArchivePackage.objects.filter(case_number__in=[row.case_number for row in rows])
        .values_list("case_number")
        .annotate(Max("revision"))
    )
    return [
        PackageView(
            id=row.pk,
            case_number=row.case_number,
            revision=row.revision,
            query_code=row.query_code,
            item_name=row.item_name,
            department_code=row.department_code,
            closed_on=row.closed_on,
            sha256=row.sha256,
            sm3=row.sm3,
            size=row.size,
            files=row.files,
            made_at=row.made_at,
            years=row.years,
            retain_until=row.retain_until,
            transfer_on=row.transfer_on,
            state=PackageState(row.state),
            held=row.case_number in held,
            superseded=row.revision < newest[row.case_number],
            receipt_number=row.transfer.receipt_number if hasattr(row, "transfer") else "",
            received_on=row.transfer.received_on if hasattr(row, "transfer") else None,
        )
        for row in rows
    ]
