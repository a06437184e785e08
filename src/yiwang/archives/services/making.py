"""Making a package: everything of a case, hashed, signed with the department's seal, kept."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

import structlog
from django.db import transaction

from yiwang.archives import queries
from yiwang.archives.models import ArchivePackage, Destruction
from yiwang.archives.policy import packages
from yiwang.archives.policy.packages import Seal
from yiwang.archives.policy.retention import (
    YEARS_DEFAULT,
    PackageState,
    Retention,
    keys_of,
    retention,
    years_of,
)
from yiwang.archives.queries import PackageNotFoundError, PackageView
from yiwang.audit import services as audit
from yiwang.cases import queries as cases
from yiwang.cases import services as case_services
from yiwang.cases.policy.deadlines import day_of
from yiwang.cases.queries import CasePage, archiving
from yiwang.catalogue import queries as catalogue
from yiwang.catalogue.policy.items import ItemVersion, asked
from yiwang.catalogue.policy.parsing import to_plain
from yiwang.content import queries as content
from yiwang.documents import queries as documents
from yiwang.documents import sealing, store
from yiwang.documents.keys import keys
from yiwang.kernel.errors import RefusedError
from yiwang.licences import queries as licences
from yiwang.organisations import queries as organisations
from yiwang.organisations.permissions import (
    EVERYWHERE,
    Actor,
    Permission,
    Post,
    require,
)
from yiwang.ratings import queries as ratings

log = structlog.get_logger()

READER = Actor(
    ref="job:archive-cases",
    name="系统（归档）",
    posts={EVERYWHERE: frozenset({Post.COUNTER_CLERK, Post.ARCHIVIST})},
)
"""Who reads a case for its package."""

PACKAGE_MAX_BYTES = 400_000_000
WAIT = timedelta(days=1)
"""A case is left alone so long after it was finished, and as long as it may be evaluated."""

BATCH = 10_000
"""Most packages of one night; the rest comes the next."""

PAGE = 500


class ArchiveRefusedError(RefusedError):
    """The package cannot be made or read."""

    code = "archives.refused"


def make_package(*, number: str, by: Actor, at: datetime) -> PackageView:
    """Make the package of a finished case (归档), again where something was added since.

    Raises:
        PermissionRefusedError: `by` may not archive for the department that decided.
        CaseNotFoundError: no such case.
        ArchiveRefusedError: not finished, archived as it stands, destroyed, or too large.
    """
    page = cases.case_page(number, by=READER)
    require(by, Permission.ARCHIVE_KEEP, department=page.case.deciding_department)
    if page.case.closed_at is None:
        raise ArchiveRefusedError("办件还没有办结，办结后才能归档。")
    return _make(number, by=by, at=at)


@transaction.atomic
def _make(number: str, *, by: Actor, at: datetime) -> PackageView:
    changed = case_services.lock_for_archive(number=number)
    page = cases.case_page(number, by=READER)
    case = page.case
    assert case.closed_at is not None
    before = ArchivePackage.objects.filter(case_number=case.number).order_by("-revision").first()
    if before is not None and before.state == PackageState.DESTROYED:
        raise ArchiveRefusedError("本办件的归档包已依法销毁，不能再次归档。")
    if before is not None and not changed:
        raise ArchiveRefusedError("本办件已经归档，其后没有变化，无需再次归档。")
    for letter in page.documents:
        case_services.make_document(letter.id, at=at)
    page = cases.case_page(number, by=READER)
    item = catalogue.item_version(case.item_slug, case.item_version)
    kept = _retention(item, closed_on=day_of(case.closed_at))
    files = _files(page, item)
    if sum(map(len, files.values())) > PACKAGE_MAX_BYTES:
        raise ArchiveRefusedError(
            f"材料合计超过 {PACKAGE_MAX_BYTES // 1_000_000} MB，请由系统管理员用命令导出归档。"
        )
    revision = before.revision + 1 if before else 1
    replaces = before.sm3 if before else None
    about = _about(page, kept, revision=revision, replaces=replaces, at=at)
    sealed = _sealed(files, about, department=case.deciding_department)
    data = packages.pack(sealed, at=at)
    held = store.put(data, "application/zip")
    ArchivePackage.objects.create(
        case_number=case.number,
        revision=revision,
        case_version=case.version,
        query_code=case.query_code,
        item_name=case.item_name,
        department_code=case.deciding_department,
        closed_on=day_of(case.closed_at),
        sha256=held.sha256,
        sm3=held.sm3,
        size=held.size,
        files=len(sealed),
        made_at=at,
        made_by=by.ref,
        years=kept.years,
        retain_until=kept.until,
        transfer_on=kept.transfer_on,
        state=PackageState.KEPT.value,
    )
    audit.record(
        at=at,
        actor=by.ref,
        act="archives.make",
        target=f"case:{case.number}",
        detail={"revision": revision, "sha256": held.sha256, "sm3": held.sm3},
        department=case.deciding_department,
        ip=by.ip,
    )
    case_services.note_archived(number=case.number, version=case.version)
    made = queries.latest(case.number)
    assert made is not None
    return made


def _retention(item: ItemVersion, *, closed_on: date) -> Retention:
    for key in keys_of(item_slug=item.slug, item_type=item.item_type.value):
        text = content.text(key, on=closed_on)
        if text is not None:
            return retention(closed_on=closed_on, years=years_of(text.text))
    return retention(closed_on=closed_on, years=YEARS_DEFAULT)


def _about(
    page: CasePage, kept: Retention, *, revision: int, replaces: str | None, at: datetime
) -> dict[str, Any]:
    case = page.case
    return {
        "case": case.number,
        "query_code": case.query_code,
        "item": {"slug": case.item_slug, "version": case.item_version, "name": case.item_name},
        "department": case.deciding_department,
        "closed_at": case.closed_at.isoformat() if case.closed_at else "",
        "revision": revision,
        "replaces_sm3": replaces,
        "made_at": at.isoformat(),
        "retention": {
            "years": kept.years,
            "until": str(kept.until) if kept.until else None,
            "transfer_on": str(kept.transfer_on) if kept.transfer_on else None,
        },
    }


def _sealed(
    files: Mapping[str, bytes], about: Mapping[str, Any], *, department: str
) -> dict[str, bytes]:
    unit = organisations.department(department)
    key = keys().handle(unit.code, owner=unit.name)
    manifest = packages.manifest(files, about=about)
    seal = Seal(
        algorithm=key.algorithm.name,
        signature=key.sign(manifest),
        certificate_der=key.certificate_der,
        authority_der=keys().authority_der(),
    )
    return {
        **files,
        packages.MANIFEST: manifest,
        packages.SIGNATURE: packages.signature(seal),
    }


def _files(page: CasePage, item: ItemVersion) -> dict[str, bytes]:
    number = page.case.number
    tables = archiving.tables_of(number)
    letters = {
        f"documents/{place:02d}-{packages.safe_name(one.number)}.pdf": store.open(one.file_sha256)
        for place, one in enumerate(page.documents, start=1)
        if one.file_sha256
    }
    rating = ratings.case_rating(number)
    licence = licences.by_case(number)
    files = {
        "说明.txt": README.encode(),
        "case.json": packages.readable_json(_plain(page.case)),
        "form.json": packages.readable_json(_form(page, item)),
        "item.json": packages.readable_json(to_plain(item)),
        "events.json": packages.readable_json(_plain(page.events)),
        "deliveries.json": packages.readable_json(_plain(page.deliveries)),
        "opinion.json": packages.readable_json(_plain(page.opinion)),
        "correction.json": packages.readable_json(_plain(page.correction)),
        "evaluation.json": packages.readable_json(_plain(rating)),
        "tables.json": packages.readable_json(tables),
        "signatures.json": packages.readable_json(_signatures(page, letters, tables)),
        **letters,
        **_materials(page, tables),
    }
    if licence is not None and licence.file_sha256:
        name = packages.safe_name(licence.number or licence.identifier)
        files[f"licence/{name}.pdf"] = licences.open_file(licence.identifier)
    return files


def _materials(page: CasePage, tables: Mapping[str, list[dict[str, Any]]]) -> dict[str, bytes]:
    """Return what was handed in, and the photos and papers of checks and reports on them."""
    files: dict[str, bytes] = {}
    listed = []
    refs = [ref for one in page.materials for ref in one.upload_refs]
    if page.correction:
        refs += [ref for line in page.correction.lines for ref in line.upload_refs]
    for rows in tables.values():
        refs += [ref for row in rows for ref in row.get("upload_refs") or ()]
    known = documents.uploads(refs)
    standing = {file.ref: file.standing for one in page.materials for file in one.files}
    for material in page.materials:
        listed.append(_plain(material))
    for place, ref in enumerate(dict.fromkeys(refs), start=1):
        upload = known.get(ref)
        if upload is None:
            continue
        path = f"materials/{place:02d}-{packages.safe_name(upload.name)}"
        files[path] = documents.open_original(ref)
        listed.append(
            {
                "upload": ref,
                "path": path,
                "sha256": upload.sha256,
                "sm3": upload.sm3,
                "standing": standing.get(ref),
            }
        )
    return {**files, "materials.json": packages.readable_json(listed)}


def _form(page: CasePage, item: ItemVersion) -> list[dict[str, Any]]:
    """Return each question as it was asked, beside its answer."""
    labels = {one.id: one.label for one in asked(item, page.answers)}  # type: ignore[arg-type]
    return [
        {"question": key, "label": labels.get(key, key), "answer": value}
        for key, value in page.answers.items()
    ]


def _signatures(
    page: CasePage, letters: Mapping[str, bytes], tables: Mapping[str, list[dict[str, Any]]]
) -> dict[str, Any]:
    """Return who signed what: the applicant's declaration, and the seal on every letter."""
    case = page.case
    return {
        "declaration": {
            "submitted_by": case.submitted_by,
            "channel": case.channel.value,
            "received_at": case.received_at.isoformat(),
            "received_on": case.received_on.isoformat(),
            "mail_number": case.mail_number,
            "text": [row.get("declaration", "") for row in tables.get("cases_caseanswer", [])],
        },
        "seals": {path: _plain(sealing.verify_pdf(data)) for path, data in letters.items()},
    }


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)
        }
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, set | frozenset):
        return sorted(_plain(one) for one in value)
    return value.isoformat() if isinstance(value, date | datetime) else value


README = """本归档包由政务服务平台在办件办结后生成。
manifest.json 列出包内每个文件的大小、SHA-256 和 SM3 摘要；
signature.json 是审批部门对 manifest.json 的电子签名。
form.json 是申请内容，item.json 是受理时适用的事项版本，materials 是申请材料原件，
materials.json 用 standing 写明补正后的文件（corrected）和被替换的文件（replaced），
documents 是加盖电子印章的文书，events.json 是办理过程，
signatures.json 是签署和印章情况，evaluation.json 是评价，
tables.json 是登记的全部数据。
核验：python check_archive.py 本文件 [--authority 根证书]
"""


def make_due(*, by: Actor, at: datetime, limit: int = BATCH) -> int:
    """Archive what is finished and may no longer be evaluated; return how many packages are new.

    A case that cannot be archived is named in the log and does not stop the others.
    """
    made, after = 0, 0
    while made < limit:
        found = archiving.to_archive(
            at - WAIT, today=day_of(at), after=after, limit=min(PAGE, limit - made)
        )
        if not found:
            break
        after = found[-1].id
        destroyed = queries.destroyed(one.number for one in found)
        for one in found:
            if one.number in destroyed:  # never made again, so never asked for again
                case_services.note_archived(number=one.number, version=one.version)
                continue
            try:
                make_package(number=one.number, by=by, at=at)
                made += 1
            except (RefusedError, LookupError) as error:
                log.warning("archives.not_made", case=one.number, error=str(error))
    return made


def read_package(
    *, package_id: int, by: Actor, at: datetime, purpose: str = "查阅归档包"
) -> tuple[PackageView, bytes]:
    """Return a package for saving; that it was read is on the trail.

    Raises:
        PackageNotFoundError: no such package for these eyes.
        ArchiveRefusedError: destroyed, or the stored file is damaged.
    """
    row = ArchivePackage.objects.filter(pk=package_id).first()
    if row is None or not by.may(Permission.ARCHIVE_READ, department=row.department_code):
        raise PackageNotFoundError
    if row.state == PackageState.DESTROYED:
        raise ArchiveRefusedError("这个归档包已依法销毁，只保留销毁证明。")
    data = opened(row, by=by, at=at, purpose=purpose)
    views = [one for one in queries.archive_of(row.case_number, by=by).packages if one.id == row.pk]
    return views[0], data


def opened(row: ArchivePackage, *, by: Actor, at: datetime, purpose: str) -> bytes:
    """Return the file of a package; that it was read is on the trail.

    Raises:
        ArchiveRefusedError: the stored file is damaged.
    """
    try:
        data = store.open(row.sha256)
    except LookupError as error:
        log.error("archives.damaged", package=row.pk, error=str(error))
        raise ArchiveRefusedError(
            "归档包文件缺失或者损坏，请系统管理员从备份恢复后再下载。"
        ) from error
    audit.record_read(
        at=at,
        actor=by.ref,
        target=f"case:{row.case_number}",
        fields=["archive"],
        purpose=purpose,
        department=row.department_code,
        ip=by.ip,
    )
    return data


def sweep_destroyed(*, at: datetime) -> None:
    """Delete what was destroyed this week and is still there: a process may die in between."""
    ended = Destruction.objects.filter(agreed=True, decided_at__gt=at - timedelta(days=7))
    for sha256 in ended.values_list("package__sha256", flat=True):
        store.destroy(sha256, made=True)


def check_packages(*, numbers: list[str] | None = None) -> dict[str, list[str]]:
    """Check stored packages against their hashes and manifests; return what is wrong by case.

    For operators and jobs: it asks for no permission.
    """
    rows = ArchivePackage.objects.exclude(state=PackageState.DESTROYED.value).order_by("id")
    if numbers is not None:
        rows = rows.filter(case_number__in=numbers)
    wrong: dict[str, list[str]] = {}
    for row in rows.iterator():
        try:
            found = packages.damages(store.open(row.sha256))
        except LookupError:
            found = ["归档包文件缺失或者与登记的摘要不符，请从备份恢复。"]
        if found:
            wrong.setdefault(row.case_number, []).extend(found)
    return wrong
