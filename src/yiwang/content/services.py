"""Loading packs: check, compare, apply; all of it or nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from django.db import connection, transaction

from yiwang.content import models, registry
from yiwang.content.policy import districts, holidays, texts
from yiwang.content.policy.folders import Folder, find
from yiwang.content.policy.packs import DiffLine, PackError, PackFile

__all__ = ["PackReport", "Record", "load_packs"]

LOAD_LOCK = 0x7969_7061_636B
"""Key of the lock under which one loading at a time runs."""


class Record(Protocol):
    """How a loading is written to the trail: the `record` service of the audit package."""

    def __call__(
        self, *, at: datetime, actor: str, act: str, target: str, detail: Mapping[str, Any]
    ) -> object:
        """Write one row in the transaction of the act."""
        ...


@dataclass(frozen=True, kw_only=True)
class PackReport:
    """What a loading found and did.

    Attributes:
        packs: Names of the packs looked at, in order.
        diff: What changes, or would change.
        loaded: Names of the packs that were loaded by this call.
        errors: What is wrong; when there is anything, nothing was loaded.
        unchecked: Sections that were not looked at because one before them has errors.
    """

    packs: list[str] = field(default_factory=list)
    diff: list[DiffLine] = field(default_factory=list)
    loaded: list[str] = field(default_factory=list)
    errors: list[PackError] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.errors


def load_packs(
    *,
    root: Path,
    names: Sequence[str],
    by: str,
    at: datetime,
    apply: bool,
    record: Record,
    extra: Path | None = None,
) -> PackReport:
    """Check packs and those they require, compare them with what is loaded, and load them.

    Everything happens in one transaction under one lock; with `apply` false it is rolled
    back, so that the differences shown are those that loading would make. Loading twice
    changes nothing the second time. Values that a pack no longer holds stay loaded.

    Args:
        root: Folder that holds the packs.
        names: Packs to load.
        by: Who loads: `user:…` or `job:…`.
        at: Moment of loading.
        apply: Whether to keep what was loaded.
        record: Writes the trail.
        extra: Another folder of packs, looked into first.
    """
    found = find(root=root, names=names, extra=extra)
    report = PackReport(packs=[folder.manifest.name for folder in found.folders])
    report.errors.extend(found.errors)
    sections = _sections(found.folders, report.errors)
    if report.errors:
        return report
    with transaction.atomic():
        _lock()
        _work_through(sections, report, by=by, at=at)
        if report.errors:
            transaction.set_rollback(True)
            return report
        _note_loaded(found.folders, report, by=by, at=at, record=record)
        if not apply:
            transaction.set_rollback(True)
            report.loaded.clear()
    return report


def _sections(folders: Sequence[Folder], errors: list[PackError]) -> dict[str, list[PackFile]]:
    """Group the files by section, in the order of registration; refuse unknown sections."""
    known = registry.loaders()
    sections: dict[str, list[PackFile]] = {section: [] for section in known}
    for file in (file for folder in folders for file in folder.files):
        if file.section in known:
            sections[file.section].append(file)
        else:
            errors.append(
                file.error(
                    "",
                    f"没有“{file.section}”这个部分。",
                    f"请核对文件夹名；可用的部分：{'、'.join(sorted(known))}。",
                )
            )
    return {section: files for section, files in sections.items() if files}


def _lock() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOAD_LOCK])


def _work_through(
    sections: Mapping[str, Sequence[PackFile]], report: PackReport, *, by: str, at: datetime
) -> None:
    for section, files in sections.items():
        if report.errors:
            report.unchecked.append(section)
            continue
        loader = registry.loaders()[section]
        report.errors.extend(loader.check(files))
        if report.errors:
            continue
        lines = loader.diff(files)
        if lines:
            report.diff.extend(lines)
            loader.apply(files, by=by, at=at)
    if not report.errors:
        report.errors.extend(registry.whole_problems(sections, at=at))


def _note_loaded(
    folders: Sequence[Folder], report: PackReport, *, by: str, at: datetime, record: Record
) -> None:
    for folder in folders:
        manifest = folder.manifest
        last = models.LoadedPack.objects.filter(name=manifest.name).order_by("-pk").first()
        if last is not None and last.sha256 == folder.sha256:
            continue
        pack = models.LoadedPack.objects.create(
            name=manifest.name,
            title=manifest.title,
            version=manifest.version,
            effective_on=manifest.effective_on,
            source=manifest.source,
            requires=list(manifest.requires),
            sha256=folder.sha256,
            loaded_at=at,
            loaded_by=by,
        )
        models.LoadedFile.objects.bulk_create(
            models.LoadedFile(pack=pack, path=file.path, sha256=file.sha256)
            for file in folder.files
        )
        report.loaded.append(manifest.name)
        record(
            at=at,
            actor=by,
            act="content.load",
            target=f"pack:{manifest.name}",
            detail={
                "version": manifest.version,
                "sha256": folder.sha256,
                "files": len(folder.files),
            },
        )


def save_notice(notice: holidays.Notice) -> None:
    """Add a notice as a new revision; the earlier ones stay."""
    last = models.HolidayNotice.objects.filter(slug=notice.slug).order_by("-revision").first()
    row = models.HolidayNotice.objects.create(
        slug=notice.slug,
        revision=last.revision + 1 if last else 1,
        year=notice.year,
        supplement=notice.supplement,
        title=notice.title,
        number=notice.number,
        issued_on=notice.issued_on,
        effective_on=notice.effective_on,
        source=notice.source,
        note=notice.note,
        sha256=notice.sha256,
    )
    models.HolidayDay.objects.bulk_create(
        models.HolidayDay(notice=row, day=day.day, kind=day.kind.value, festival=day.festival)
        for day in notice.days
    )


def save_district(district: districts.District, *, sha256: str) -> None:
    """Add a district with its town units as a new revision; the earlier ones stay."""
    last = models.District.objects.filter(pack=district.pack).order_by("-revision").first()
    texts = {
        name: getattr(district, name)
        for name in (*districts.TEXTS, *districts.OPTIONAL_TEXTS, "source", "effective_on")
    }
    row = models.District.objects.create(
        pack=district.pack,
        revision=last.revision + 1 if last else 1,
        sha256=sha256,
        trust=asdict(district.trust),
        automatic=dict(district.automatic),
        correction=[
            asdict(one) | {"effective_on": one.effective_on.isoformat()}
            for one in district.correction
        ],
        **texts,
    )
    models.TownUnit.objects.bulk_create(
        models.TownUnit(
            district=row,
            position=position,
            code=unit.code,
            slug=unit.slug,
            name=unit.name,
            kind=unit.kind.value,
        )
        for position, unit in enumerate(district.town_units)
    )


def save_text(text: texts.Text) -> None:
    """Add a text as a new revision; the earlier ones stay."""
    last = models.Text.objects.filter(pack=text.pack, key=text.key).order_by("-revision").first()
    models.Text.objects.create(
        pack=text.pack,
        key=text.key,
        revision=last.revision + 1 if last else 1,
        text=text.text,
        text_en=text.text_en,
        source=text.source,
        note=text.note,
        effective_on=text.effective_on,
    )


def district_sha256(pack: str) -> str:
    """Return the hash of the file a district was last loaded from; empty when never."""
    return (
        models.District.objects.filter(pack=pack)
        .order_by("-revision")
        .values_list("sha256", flat=True)
        .first()
        or ""
    )


def texts_of(pack: str) -> dict[str, texts.Text]:
    """Return the texts of one pack in their last revision, by key."""
    return {
        row.key: texts.Text(
            pack=row.pack,
            key=row.key,
            text=row.text,
            text_en=row.text_en,
            source=row.source,
            note=row.note,
            effective_on=row.effective_on,
        )
        for row in models.Text.objects.filter(pack=pack).order_by("revision")
    }
