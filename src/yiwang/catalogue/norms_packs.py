"""How normative documents come in from files: the section `norms` of a pack, and a table."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from yiwang.catalogue import services
from yiwang.catalogue.models import Norm
from yiwang.catalogue.policy.norms import NormEntry, read_entry, split_numbers
from yiwang.content.policy.fields import Fields
from yiwang.content.policy.packs import Change, DiffLine, PackError, PackFile
from yiwang.content.policy.reading import UnreadableError, read
from yiwang.organisations import queries as organisations

SECTION = "norms"
LARGEST_BYTES = 5_000_000
DAYS = frozenset({"issued_on", "valid_from", "valid_until"})
LISTS = frozenset({"replaces"})
COLUMNS = (
    "number",
    "title",
    "issuer",
    "issued_on",
    "valid_from",
    "valid_until",
    "department",
    "legality",
    "fair_competition",
    "replaces",
    "source",
    "note",
)


class Norms:
    """Section `norms`; what the register holds is never changed by a pack."""

    def check(self, files: Sequence[PackFile]) -> list[PackError]:
        """Return what cannot be read, numbers written twice and unknown departments."""
        return [error for file in files for error in parse_file(file)[1]] + _twice(
            [(file, one) for file in files for one in parse_file(file)[0]]
        )

    def diff(self, files: Sequence[PackFile]) -> list[DiffLine]:
        """Return what is new."""
        known = set(Norm.objects.values_list("number", flat=True))
        return [
            DiffLine(section=SECTION, change=Change.ADD, what=f"{one.number} {one.title}")
            for file in files
            for one in parse_file(file)[0]
            if one.number not in known
        ]

    def apply(self, files: Sequence[PackFile], *, by: str, at: datetime) -> None:
        """Enter what is new."""
        packs: dict[str, list[NormEntry]] = defaultdict(list)
        for file in files:
            packs[file.pack] += parse_file(file)[0]
        for pack, entries in packs.items():
            services.norms_from_pack(entries=entries, pack=pack, by=by, at=at)


NORMS = Norms()


def parse_file(file: PackFile) -> tuple[list[NormEntry], list[PackError]]:
    """Return the documents that `file` holds, and what is wrong with the others."""
    errors: list[PackError] = []
    fields = Fields(file, errors)
    source = fields.text("source", longest=500)
    entries = [one for row in fields.rows("norms") if (one := read_entry(row, source=source))]
    fields.done()
    return entries, errors + _strangers(file, entries)


def read_table(path: Path) -> tuple[list[NormEntry], list[PackError]]:
    """Return the documents of a CSV or YAML file, and each fault with its line and remedy."""
    whole = PackFile(pack="", section=SECTION, name=path.stem, path=path.name, content={})
    if path.stat().st_size > LARGEST_BYTES:
        remedy = "请核对是否选错文件，或者拆开导入。"
        return [], [whole.error("", f"超过 {LARGEST_BYTES // 1_000_000} MB。", remedy)]
    if path.suffix.lower() in {".yaml", ".yml"}:
        try:
            found = read(path.read_bytes())
        except UnreadableError as error:
            return [], [whole.error(error.place, error.message, error.remedy)]
        file = PackFile(
            pack="",
            section=SECTION,
            name=path.stem,
            path=path.name,
            content=found.content,
            lines=found.lines,
        )
        entries, errors = parse_file(file)
        return entries, errors + _twice([(file, one) for one in entries])
    return _read_csv(path, whole)


def _read_csv(path: Path, file: PackFile) -> tuple[list[NormEntry], list[PackError]]:
    text = _text(path.read_bytes())
    if text is None:
        remedy = "请在表格软件中另存为 CSV（UTF-8）后重试。"
        return [], [file.error("", "不是 UTF-8 或者 GB 18030 编码的文本。", remedy)]
    reader = csv.DictReader(io.StringIO(text, newline=""))
    heads = set(reader.fieldnames or ())
    optional = {"valid_until", "replaces", "source", "note"}
    if missing := [one for one in COLUMNS if one not in heads and one not in optional]:
        remedy = f"第一行应为列名：{'、'.join(COLUMNS)}。"
        return [], [file.error("", f"缺少列 {'、'.join(missing)}。", remedy)]
    errors: list[PackError] = []
    entries: list[NormEntry] = []
    try:
        for row in reader:
            place = f"第{reader.line_num}行"
            if None in row:
                errors.append(file.error(place, "列数多于表头。", "请核对逗号和引号。"))
                continue
            cells = {
                name: _cell(name, cell.strip())
                for name, cell in row.items()
                if (cell or "").strip()
            }
            if cells and (
                one := read_entry(Fields(file, errors, place=place, value=cells), source=path.name)
            ):
                entries.append(one)
    except csv.Error as error:
        errors.append(file.error(f"第{reader.line_num}行", f"读不懂：{error}。", "请核对引号。"))
    if not entries and not errors:
        errors.append(file.error("", "没有规范性文件。", "请核对是否选错文件。"))
    return entries, [*errors, *_strangers(file, entries), *_twice([(file, e) for e in entries])]


def _text(data: bytes) -> str | None:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    return None


def _cell(name: str, cell: str) -> Any:
    if name in LISTS:
        return split_numbers(cell)
    if name not in DAYS:
        return cell
    try:
        return date.fromisoformat(cell)
    except ValueError:
        return cell


def _strangers(file: PackFile, entries: Sequence[NormEntry]) -> list[PackError]:
    known = {unit.code for unit in organisations.departments()}
    return [
        file.error(one.number, f"没有部门“{one.department}”。", "请核对部门编码。")
        for one in entries
        if one.department not in known
    ]


def _twice(rows: Sequence[tuple[PackFile, NormEntry]]) -> list[PackError]:
    seen: set[str] = set()
    errors = []
    for file, one in rows:
        if one.number in seen:
            errors.append(file.error(one.number, "写了两次。", "请删去一处。"))
        seen.add(one.number)
    return errors
