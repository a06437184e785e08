"""The section `licences` of a pack: one file per type of licence (证照类型)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from yiwang.content.policy.packs import Change, DiffLine, PackError, PackFile
from yiwang.licences import queries, services
from yiwang.licences.policy.types import TypeDefinition, parse
from yiwang.organisations import queries as organisations


class LicenceTypes:
    """Section `licences`."""

    def check(self, files: Sequence[PackFile]) -> list[PackError]:
        """Return all that is wrong in the files and between them."""
        errors: list[PackError] = []
        departments = {one.code for one in organisations.departments()}
        names: dict[str, str] = {}
        codes = {one.code: one.slug for one in queries.licence_types()}
        for file in files:
            definition, problems = parse(file)
            errors.extend(problems)
            if definition is None:
                continue
            if file.name in names and names[file.name] == file.pack:
                errors.append(file.error("", "同一内容包中有同名文件。", "请另取一个名字。"))
            names[file.name] = file.pack
            if codes.setdefault(definition.code, definition.slug) != definition.slug:
                errors.append(
                    file.error(
                        "code",
                        f"“{definition.code}”已用于“{codes[definition.code]}”。",
                        "请换一个3位序号。",
                    )
                )
            if definition.department not in departments:
                errors.append(
                    file.error(
                        "department",
                        f"没有编码为“{definition.department}”的部门。",
                        "请核对部门编码，或先装入部门。",
                    )
                )
        return errors

    def diff(self, files: Sequence[PackFile]) -> list[DiffLine]:
        """Return the types that are not loaded as they are written."""
        loaded = {one.slug: one.definition for one in queries.licence_types()}
        return [
            DiffLine(
                section="licences",
                change=Change.CHANGE if slug in loaded else Change.ADD,
                what=written.name,
                detail=written.number.pattern,
            )
            for slug, written in _by_slug(files).items()
            if loaded.get(slug) != written
        ]

    def apply(self, files: Sequence[PackFile], *, by: str, at: datetime) -> None:
        """Add or change the types; those a pack no longer names stay."""
        loaded = {one.slug: one.definition for one in queries.licence_types()}
        for slug, written in _by_slug(files).items():
            if loaded.get(slug) != written:
                services.save_type(written, by=by, at=at)


def _by_slug(files: Sequence[PackFile]) -> dict[str, TypeDefinition]:
    """Return the types by short name; a later pack overrides an earlier one."""
    found = {}
    for file in sorted(files, key=lambda one: one.rank):
        definition, _ = parse(file)
        if definition is not None:
            found[definition.slug] = definition
    return found


LICENCE_TYPES = LicenceTypes()
