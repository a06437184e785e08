"""The sections that this package itself reads: holidays, the district, texts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from yiwang.content import queries, registry, services
from yiwang.content.events import HolidaysLoaded
from yiwang.content.policy import districts, holidays, texts
from yiwang.content.policy.packs import Change, DiffLine, PackError, PackFile
from yiwang.kernel import events


class Holidays:
    """Section `holidays`: one file per notice (节假日安排)."""

    def check(self, files: Sequence[PackFile]) -> list[PackError]:
        """Return all that is wrong in the notices and between them."""
        errors: list[PackError] = []
        notices: list[tuple[PackFile, holidays.Notice]] = []
        names: dict[str, str] = {}
        for file in files:
            if file.name in names:
                errors.append(
                    file.error(
                        "",
                        f"与 {names[file.name]} 同名。",
                        "文件名是通知的标识，请另取一个名字。",
                    )
                )
            names[file.name] = file.path
            notice, problems = holidays.parse(file)
            errors.extend(problems)
            if notice is not None:
                notices.append((file, notice))
        if errors:
            return errors
        loaded_years = {
            notice.year
            for notice in queries.notices()
            if not notice.supplement and notice.slug not in names
        }
        clashes = [
            file.error(
                "year",
                f"{notice.year} 年已由先前装入的另一份年度通知安排。",
                "请沿用原来的文件名；补充通知请加“supplement: true”。",
            )
            for file, notice in notices
            if not notice.supplement and notice.year in loaded_years
        ]
        return clashes or holidays.check_years(notices, loaded_years=loaded_years)

    def diff(self, files: Sequence[PackFile]) -> list[DiffLine]:
        """Return the notices that are not loaded as they are written."""
        loaded = {notice.slug: notice for notice in queries.notices()}
        return [
            DiffLine(
                section="holidays",
                change=Change.CHANGE if notice.slug in loaded else Change.ADD,
                what=notice.title,
                detail=_days_changed(loaded.get(notice.slug), notice),
            )
            for notice in self._notices(files)
            if notice.slug not in loaded or loaded[notice.slug].sha256 != notice.sha256
        ]

    def apply(self, files: Sequence[PackFile], *, by: str, at: datetime) -> None:
        """Add the notices that are not loaded as they are written."""
        loaded = {notice.slug: notice.sha256 for notice in queries.notices()}
        fresh = [
            notice for notice in self._notices(files) if loaded.get(notice.slug) != notice.sha256
        ]
        for notice in fresh:
            services.save_notice(notice)
        if fresh:
            events.publish(HolidaysLoaded(at=at))

    def _notices(self, files: Sequence[PackFile]) -> Iterator[holidays.Notice]:
        for file in files:
            notice, _ = holidays.parse(file)
            if notice is not None:
                yield notice


def _days_changed(before: holidays.Notice | None, after: holidays.Notice) -> str:
    if before is None:
        off = sum(day.kind is holidays.DayKind.HOLIDAY for day in after.days)
        return f"放假 {off} 天，调休上班 {len(after.days) - off} 天"
    changed = sorted(day.day for day in set(before.days) ^ set(after.days))
    if not changed:
        return "日期不变，说明有变"
    return "、".join(dict.fromkeys(day.isoformat() for day in changed))


class Districts:
    """Section `district`: the file `district.yaml` beside `pack.yaml` (区)."""

    def check(self, files: Sequence[PackFile]) -> list[PackError]:
        """Return all that is wrong in the files, and a second file of one pack."""
        errors: list[PackError] = []
        seen: dict[str, str] = {}
        for file in files:
            if file.pack in seen:
                errors.append(
                    file.error("", f"本内容包已有 {seen[file.pack]}。", "一个内容包只写一个区。")
                )
            seen[file.pack] = file.path
            errors.extend(districts.parse(file)[1])
        return errors

    def diff(self, files: Sequence[PackFile]) -> list[DiffLine]:
        """Return the districts that are not loaded as they are written."""
        lines: list[DiffLine] = []
        for file in files:
            district, _ = districts.parse(file)
            loaded = services.district_sha256(file.pack)
            if district is not None and loaded != file.sha256:
                lines.append(
                    DiffLine(
                        section="district",
                        change=Change.CHANGE if loaded else Change.ADD,
                        what=district.name,
                        detail=f"街镇 {len(district.town_units)} 个",
                    )
                )
        return lines

    def apply(self, files: Sequence[PackFile], *, by: str, at: datetime) -> None:
        """Add the districts that are not loaded as they are written."""
        for file in files:
            district, _ = districts.parse(file)
            if district is not None and services.district_sha256(file.pack) != file.sha256:
                services.save_district(district, sha256=file.sha256)


class Texts:
    """Section `texts`: texts by key (文本)."""

    def check(self, files: Sequence[PackFile]) -> list[PackError]:
        """Return all that is wrong in the files, and keys written twice in a pack."""
        errors = [error for file in files for error in texts.parse(file)[1]]
        return errors or texts.check_keys(files) or _meanings(files)

    def diff(self, files: Sequence[PackFile]) -> list[DiffLine]:
        """Return new and changed texts, and those a pack no longer names."""
        lines: list[DiffLine] = []
        for pack, written in self._by_pack(files).items():
            loaded = services.texts_of(pack)
            lines.extend(
                DiffLine(
                    section="texts",
                    change=Change.CHANGE if key in loaded else Change.ADD,
                    what=key,
                    detail=text.text[:40],
                )
                for key, text in written.items()
                if loaded.get(key) != text
            )
        return lines

    def apply(self, files: Sequence[PackFile], *, by: str, at: datetime) -> None:
        """Add new and changed texts."""
        for pack, written in self._by_pack(files).items():
            loaded = services.texts_of(pack)
            for key, text in written.items():
                if loaded.get(key) != text:
                    services.save_text(text)

    def _by_pack(self, files: Sequence[PackFile]) -> dict[str, dict[str, texts.Text]]:
        by_pack: dict[str, dict[str, texts.Text]] = {}
        for file in files:
            for text in texts.parse(file)[0]:
                by_pack.setdefault(file.pack, {})[text.key] = text
        return by_pack


def _meanings(files: Sequence[PackFile]) -> list[PackError]:
    """Return what the packages that use the texts find wrong with them."""
    return [
        file.error(f"texts[{index}].{field}", problem, "")
        for file in files
        for index, text in enumerate(texts.parse(file)[0])
        for field, words in (("text", text.text), ("text_en", text.text_en))
        if words
        for problem in registry.text_problems(text.key, words)
    ]


HOLIDAYS = Holidays()
DISTRICTS = Districts()
TEXTS = Texts()
