"""How the section `catalogue` of the packs is checked, compared and loaded: one file per item."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from datetime import datetime

from yiwang.catalogue import basis, queries, services
from yiwang.catalogue.policy.checks import failures
from yiwang.catalogue.policy.differences import differences
from yiwang.catalogue.policy.items import ItemVersion
from yiwang.catalogue.policy.parsing import ItemFormatError, parse_item, to_plain
from yiwang.content.registry import Change, DiffLine, PackError, PackFile
from yiwang.organisations import queries as organisations

SECTION = "catalogue"

KEPT_FILES = 5_000
"""Files that a loading keeps as it read them; more than a district has."""

_read_files: OrderedDict[int, tuple[PackFile, ItemVersion | None, list[PackError]]] = OrderedDict()
"""By identity; the file is kept with what was read, so that no other can take its place."""


class Catalogue:
    """Section `catalogue`: a file holds one item, as in `docs/reference/item-format.md`."""

    def check(self, files: Sequence[PackFile]) -> list[PackError]:
        """Return what cannot be read, what fails the checks before publication, and clashes."""
        errors: list[PackError] = []
        seen: dict[tuple[str, str], str] = {}
        departments = frozenset(view.code for view in organisations.departments())
        loaded = queries.latest_definitions()
        parsed = [_parsed(file) for file in files]
        unresolved = basis.unresolved(version for version, _ in parsed if version is not None)
        for file, (version, problems) in zip(files, parsed, strict=True):
            errors.extend(problems)
            if version is None:
                continue
            key = (file.pack, version.slug)
            if key in seen:
                errors.append(
                    file.error(
                        "slug",
                        f"“{version.slug}”在 {seen[key]} 已有。",
                        "一个内容包里每个事项只写一个文件，请改名或者合并。",
                    )
                )
            seen[key] = file.path
            errors.extend(_failed(file, version, departments))
            errors.extend(
                file.error(problem.place, problem.message, problem.remedy)
                for problem in unresolved.get(version.slug, ())
            )
            errors.extend(_revived(file, version, loaded.get(version.slug)))
        return errors

    def diff(self, files: Sequence[PackFile]) -> list[DiffLine]:
        """Return new items, each changed field of the others, and items no file names."""
        loaded = queries.latest_definitions()
        lines: list[DiffLine] = []
        named: set[str] = set()
        for _, version in _items(files):
            named.add(version.slug)
            before = loaded.get(version.slug)
            if before is None:
                lines.append(DiffLine(section=SECTION, change=Change.ADD, what=version.name))
                continue
            lines.extend(
                DiffLine(section=SECTION, change=Change.CHANGE, what=version.name, detail=line)
                for line in differences(before.definition, to_plain(version))
            )
        packs = {file.pack for file in files}
        lines.extend(
            DiffLine(
                section=SECTION,
                change=Change.KEEP,
                what=item.name,
                detail="内容包里没有这个事项，仍然在用；确需取消的，请办理事项取消",
            )
            for slug, item in loaded.items()
            if slug not in named and item.pack in packs and not item.withdrawn
        )
        return lines

    def apply(self, files: Sequence[PackFile], *, by: str, at: datetime) -> None:
        """Publish each new or changed item as its next version."""
        for file, version in _items(files):
            services.publish_from_pack(version=version, pack=file.pack, by=by, at=at)
        _read_files.clear()


def _items(files: Sequence[PackFile]) -> Iterator[tuple[PackFile, ItemVersion]]:
    """Yield each item once, as the last pack that names it describes it."""
    last: dict[str, tuple[PackFile, ItemVersion]] = {}
    for file in files:
        version, _ = _parsed(file)
        if version is not None:
            last[version.slug] = (file, version)
    yield from last.values()


def _parsed(file: PackFile) -> tuple[ItemVersion | None, list[PackError]]:
    """Read a file; checking, comparing and loading look at the same files, read once."""
    known = _read_files.get(id(file))
    if known is None or known[0] is not file:
        known = (file, *_read(file))
        _read_files[id(file)] = known
        while len(_read_files) > KEPT_FILES:
            _read_files.popitem(last=False)
    return known[1], known[2]


def _read(file: PackFile) -> tuple[ItemVersion | None, list[PackError]]:
    try:
        version = parse_item(file.content)
    except ItemFormatError as error:
        return None, [
            file.error(problem.place, problem.message, problem.remedy) for problem in error.problems
        ]
    return version, []


def _failed(
    file: PackFile, version: ItemVersion, departments: frozenset[str]
) -> Iterator[PackError]:
    if version.slug != file.name:
        yield file.error(
            "slug",
            f"“{version.slug}”与文件名“{file.name}”不一致。",
            f"请把文件改名为 {version.slug}.yaml，或者改 slug。",
        )
    for problem in failures(version):
        yield file.error(problem.place, problem.message, problem.remedy)
    for place, code in (
        ("department", version.department),
        ("supervision.department", version.supervision.department),
    ):
        if code and departments and code not in departments:
            yield file.error(
                place,
                f"没有部门“{code}”。",
                f"请从已装入的部门中选择：{'、'.join(sorted(departments))}。",
            )


def _revived(
    file: PackFile, version: ItemVersion, before: queries.LatestDefinition | None
) -> Iterator[PackError]:
    if before is not None and before.withdrawn and before.definition != to_plain(version):
        yield file.error(
            "",
            f"事项“{before.name}”已暂停或者取消，内容却有变化。",
            "请先由事项管理员恢复该事项，或者撤回对文件的修改。",
        )


CATALOGUE = Catalogue()
