"""The section `assessments` of a pack: impact assessments of automatic items (影响评估)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time

from yiwang.cases.policy.assessing import (
    LONGEST_TEXT,
    POINTS,
    Conclusion,
    Points,
    not_covered,
)
from yiwang.cases.policy.deadlines import PLACE
from yiwang.cases.queries import assessing as questions
from yiwang.cases.services import assessing as services
from yiwang.cases.services.assessing import PackAssessment
from yiwang.catalogue import queries as catalogue
from yiwang.catalogue.policy.items import ItemVersion
from yiwang.content.registry import Change, DiffLine, Fields, Files, PackError, PackFile
from yiwang.kernel.hashing import canonical_json
from yiwang.rules.policy.sources import source_parts

SECTION = "assessments"
NAME_CHARS = 40


class Assessments:
    """Section `assessments`: a file holds the assessment of one item, approved by somebody."""

    def check(self, files: Sequence[PackFile]) -> list[PackError]:
        """Return what cannot be read, items that are none, and data that was not assessed."""
        errors: list[PackError] = []
        seen: dict[str, str] = {}
        for file in files:
            one, problems = parse(file)
            errors.extend(problems)
            if one is None:
                continue
            if one.item_slug in seen:
                errors.append(
                    file.error(
                        "item",
                        f"“{one.item_slug}”在 {seen[one.item_slug]} 已有评估。",
                        "一个事项只写一份评估，请合并。",
                    )
                )
            seen[one.item_slug] = file.path
            errors.extend(_strange(file, one))
        return errors

    def diff(self, files: Sequence[PackFile]) -> list[DiffLine]:
        """Return the assessments that are not kept as they are written."""
        return [
            DiffLine(
                section=SECTION,
                change=Change.ADD if fresh else Change.CHANGE,
                what=f"个人信息保护影响评估：{one.item_slug}",
                detail=f"读取 {len(one.sources)} 项数据，{one.conclusion.label}",
            )
            for one, fresh in _unkept(files)
        ]

    def apply(self, files: Sequence[PackFile], *, by: str, at: datetime) -> None:
        """Keep what differs as the next assessment of its item; earlier ones are archived."""
        for one, _fresh in _unkept(files):
            version = _newest(one.item_slug)
            if version is not None and version.auto_rules is not None:
                services.keep_from_pack(one, version=version, by=by, at=at)


ASSESSMENTS = Assessments()


def parse(file: PackFile) -> tuple[PackAssessment | None, list[PackError]]:
    """Return the assessment that `file` holds, or what is wrong with it."""
    errors: list[PackError] = []
    fields = Fields(file, errors)
    slug = fields.text("item", longest=80)
    points = Points(**{name: fields.text(name, longest=LONGEST_TEXT) for name in POINTS})
    conclusion = fields.choice("conclusion", [one.value for one in Conclusion])
    sources = tuple(dict.fromkeys(fields.texts("reads")))
    written_by = fields.text("written_by", longest=NAME_CHARS)
    approved_by = fields.text("approved_by", longest=NAME_CHARS)
    approved_on = fields.day("approved_on")
    source = fields.text("source", longest=400)
    if written_by and written_by == approved_by:
        fields.refuse(
            "approved_by", f"与编写人都是“{written_by}”。", "评估须由编写人以外的另一人批准。"
        )
    for one in sources:
        if source_parts(one)[0] is None:
            fields.refuse("reads", f"看不懂来源“{one}”。", "请照规则里事实的 source 写。")
    if file.name != slug and slug:
        fields.refuse(
            "item", f"“{slug}”与文件名“{file.name}”不一致。", f"请把文件改名为 {slug}.yaml。"
        )
    fields.done()
    if errors or approved_on is None:
        return None, errors
    return (
        PackAssessment(
            item_slug=slug,
            points=points,
            conclusion=Conclusion(conclusion),
            sources=sources,
            written_by=written_by,
            approved_by=approved_by,
            approved_at=datetime.combine(approved_on, time(9), tzinfo=PLACE),
            source=source,
            pack=file.pack,
            sha256=_digest(file, approved_on),
        ),
        [],
    )


def _digest(file: PackFile, approved_on: date) -> str:
    said = dict(file.content) | {"approved_on": approved_on.isoformat()}
    return hashlib.sha256(canonical_json(said)).hexdigest()


def _strange(file: PackFile, one: PackAssessment) -> Iterator[PackError]:
    version = _newest(one.item_slug)
    if version is None:
        yield file.error(
            "item", f"没有事项“{one.item_slug}”。", "请核对标识，或者先写好这个事项的文件。"
        )
    elif version.auto_rules is None:
        yield file.error(
            "item",
            f"“{version.name}”没有自动办理规则，没有可以评估的。",
            "请删去这份评估，或者先写规则（auto_rules）。",
        )


def _unkept(files: Sequence[PackFile]) -> list[tuple[PackAssessment, bool]]:
    """Return the assessments that are not kept as they are written, and whether they are new."""
    found = [one for file in files if (one := parse(file)[0]) is not None]
    kept = services.pack_digests([one.item_slug for one in found])
    return [
        (one, one.item_slug not in kept) for one in found if kept.get(one.item_slug) != one.sha256
    ]


def _newest(slug: str) -> ItemVersion | None:
    versions = catalogue.published_versions(slug)
    return versions[-1] if versions else None


def assessed(files: Files, at: datetime) -> list[PackError]:
    """Return the automatic items of the packs whose rules read what nobody assessed.

    Asked once the items and their assessments are both applied.
    """
    errors = []
    for file in files.get("catalogue", ()):
        if file.content.get("auto_decide") is not True:
            continue
        version = _newest(str(file.content.get("slug", "")))
        problem = services.unassessed(version, at=at) if version is not None else ""
        if version is None or not problem:
            continue
        missing = _missing(version, file, files)
        errors.append(
            file.error(
                "auto_decide",
                f"“{version.name}”{problem}。",
                f"请在 {SECTION}/{version.slug}.yaml 写明评估"
                + (f"，并在 reads 里补上 {'、'.join(missing)}。" if missing else "。"),
            )
        )
    return errors


def _missing(version: ItemVersion, file: PackFile, files: Files) -> list[str]:
    written = {
        source
        for one in files.get(SECTION, ())
        if one.pack == file.pack and one.content.get("item") == version.slug
        for source in one.content.get("reads", ())
    }
    return [one.source for one in not_covered(questions.reads(version), written)]
