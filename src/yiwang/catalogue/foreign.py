"""Turns another platform's catalogue into a pack: names, codes and departments as they are.

What the file does not say is left unknown; nothing is guessed. The pack is written outside the
program and loaded like any other.
"""

from __future__ import annotations

import csv
import io
import re
import shutil
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from pypinyin import lazy_pinyin

from yiwang.catalogue.policy.items import ITEM_TYPE_CODES, ItemType
from yiwang.kernel.errors import RefusedError
from yiwang.kernel.identifiers import uscc

COLUMNS = ("department", "item_name", "item_code", "base_code", "task_type")
OPTIONAL = ("main_item", "dept_uscc")
NO_MAIN_ITEM = frozenset({"", "未分类"})
LARGEST_BYTES = 20_000_000
ROWS_A_FILE = 1_000
"""Rows of one file of the pack: a pack file may have a million bytes."""

MOST_FAULTS = 20
"""Faults that one refusal names; the rest is counted."""

TYPES: Mapping[str, ItemType] = {str(int(code)): kind for kind, code in ITEM_TYPE_CODES.items()}
"""Code of the type (GB/T 39046 附录 A.1, without leading zero) -> type."""


class CatalogueRefusedError(RefusedError):
    """The file is not a catalogue that can be taken over."""

    code = "catalogue.import_refused"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One item as the file names it; `line` counts from 1 with the head."""

    line: int
    department: str
    name: str
    code: str
    catalog_code: str
    item_type: ItemType
    main_item: str
    dept_uscc: str


@dataclass(frozen=True, kw_only=True)
class DistrictWish:
    """What whoever imports says of the district; all of it can be changed in the pack later."""

    pack: str
    code: str
    name: str
    city_name: str
    letters: str
    hotline: str
    source: str
    effective_on: date


@dataclass(frozen=True, kw_only=True)
class Written:
    """What was written."""

    folder: Path
    items: int
    departments: int
    entries: int


def read_rows(path: Path) -> list[Row]:
    """Return the items of the CSV file at `path`, in UTF-8 or GB 18030.

    Raises:
        CatalogueRefusedError: too large, not text, a column missing, or rows with faults; the
            message names line and remedy of each.
    """
    if path.stat().st_size > LARGEST_BYTES:
        raise CatalogueRefusedError(
            f"{path.name} 超过 {LARGEST_BYTES // 1_000_000} MB，请核对是否选错文件，或者拆开导入。"
        )
    reader = csv.DictReader(io.StringIO(_text(path.read_bytes(), path.name), newline=""))
    missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
    if missing:
        raise CatalogueRefusedError(
            f"{path.name} 缺少列 {'、'.join(missing)}；"
            f"应有列 {'、'.join(COLUMNS)}，可有列 {'、'.join(OPTIONAL)}。"
        )
    faults: list[str] = []
    rows = list(_rows(reader, faults))
    if not rows and not faults:
        faults.append("没有事项，请核对文件。")
    if faults:
        more = f"；另有 {len(faults) - MOST_FAULTS} 处" if len(faults) > MOST_FAULTS else ""
        raise CatalogueRefusedError("；".join(faults[:MOST_FAULTS]) + more)
    return rows


def _text(data: bytes, name: str) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise CatalogueRefusedError(
        f"{name} 不是 UTF-8 或者 GB 18030 编码的文本，请在表格软件中另存为 CSV（UTF-8）后重试。"
    )


def _rows(reader: csv.DictReader[str], faults: list[str]) -> Iterator[Row]:
    codes: dict[str, int] = {}
    for found in reader:
        line = reader.line_num
        cell = {key: (found.get(key) or "").strip() for key in (*COLUMNS, *OPTIONAL)}
        empty = [key for key in COLUMNS if not cell[key] and key != "base_code"]
        if None in found or empty:
            faults.append(
                f"第 {line} 行：{'、'.join(empty) or '列数'}与表头不符或者没有填写，请补上"
            )
        elif cell["task_type"].lstrip("0") not in TYPES:
            known = "、".join(f"{code} {kind.label}" for code, kind in TYPES.items())
            faults.append(f"第 {line} 行：事项类型“{cell['task_type']}”不认识，应为 {known} 之一")
        elif (first := codes.setdefault(cell["item_code"], line)) != line:
            faults.append(f"第 {line} 行：编码 {cell['item_code']} 与第 {first} 行重复，请删去一行")
        else:
            yield Row(
                line=line,
                department=cell["department"],
                name=cell["item_name"],
                code=cell["item_code"],
                catalog_code=cell["base_code"],
                item_type=TYPES[cell["task_type"].lstrip("0")],
                main_item="" if cell["main_item"] in NO_MAIN_ITEM else cell["main_item"],
                dept_uscc=cell["dept_uscc"],
            )


def write_pack(rows: Sequence[Row], *, into: Path, wish: DistrictWish) -> Written:
    """Write the pack `wish.pack` under `into`, whole or not at all.

    Raises:
        CatalogueRefusedError: the folder is there already.
    """
    folder = into / wish.pack
    if folder.exists():
        raise CatalogueRefusedError(
            f"{folder} 已经存在；请换一个名称，或者先移走原来的内容包，导入不会覆盖它。"
        )
    codes = _department_codes(rows)
    entries = _entries(rows)
    part = into / f".{wish.pack}.part"
    shutil.rmtree(part, ignore_errors=True)
    try:
        _write(part / "pack.yaml", _manifest(wish))
        _write(part / "district.yaml", _district(wish))
        _write(
            part / "departments" / "departments.yaml",
            {"source": wish.source, "departments": _departments(rows, codes, wish)},
        )
        for name, plain in _files("entries", entries):
            _write(part / "basic_catalogue" / name, {"source": wish.source} | plain)
        for name, plain in _files("items", [_item(row, codes) for row in rows]):
            _write(part / "listed_items" / name, {"source": wish.source} | plain)
        part.rename(folder)
    except OSError as error:
        shutil.rmtree(part, ignore_errors=True)
        raise CatalogueRefusedError(
            f"不能写入 {into}（{error.strerror}），请核对文件夹的权限和剩余空间。"
        ) from error
    return Written(folder=folder, items=len(rows), departments=len(codes), entries=len(entries))


class _Plain(yaml.SafeDumper):
    """Writes each value where it stands: readers of packs take no anchors."""

    def ignore_aliases(self, data: Any) -> bool:
        """Write equal values again."""
        return True


def _write(path: Path, plain: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = yaml.dump(plain, Dumper=_Plain, allow_unicode=True, sort_keys=False, width=10_000)
    path.write_text(text, encoding="utf-8")


def _files(key: str, rows: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    for at in range(0, len(rows), ROWS_A_FILE):
        yield f"part{at // ROWS_A_FILE + 1:03}.yaml", {key: list(rows[at : at + ROWS_A_FILE])}


def _manifest(wish: DistrictWish) -> dict[str, Any]:
    return {
        "name": wish.pack,
        "title": f"{wish.name}事项目录",
        "version": "1",
        "effective_on": wish.effective_on,
        "source": wish.source,
        "requires": ["national"],
        "note": "由目录文件导入：只有名称、编码和部门，指南没有公布的一律标为未公布。",
    }


def _district(wish: DistrictWish) -> dict[str, Any]:
    spoken = "".join(lazy_pinyin(wish.name)).capitalize()
    return {
        "code": wish.code,
        "name": wish.name,
        "short_name": wish.name,
        "name_en": spoken,
        "letters": wish.letters,
        "city_code": f"{wish.code[:4]}00",
        "city_name": wish.city_name,
        "site_name": f"{wish.name}政务服务",
        "site_name_en": f"{spoken} Government Services",
        "organiser": wish.name,
        "hotline": wish.hotline,
        "note": "英文名称由拼音生成，街镇和中心的地址、电话没有公布 [from memory]",
        "source": wish.source,
        "town_units": [],
    }


def _department_codes(rows: Sequence[Row]) -> dict[str, str]:
    """Return a code for each department from its pinyin; equal ones are numbered."""
    codes: dict[str, str] = {}
    for name in dict.fromkeys(row.department for row in rows):
        base = re.sub(r"[^a-z0-9]", "", "".join(lazy_pinyin(name)).lower())[:30]
        code = base if base[:1].isalpha() and len(base) > 1 else f"d{base}0"
        taken = sum(one == code or one.startswith(f"{code}-") for one in codes.values())
        codes[name] = f"{code}-{taken + 1}" if taken else code
    return codes


def _departments(
    rows: Sequence[Row], codes: Mapping[str, str], wish: DistrictWish
) -> list[dict[str, Any]]:
    numbers: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        if row.dept_uscc and uscc.check(row.dept_uscc).ok:
            numbers[row.department][row.dept_uscc] += 1
    taken: set[str] = set()
    units = []
    for name, code in codes.items():
        unit = {"code": code, "name": name, "short_name": name[:40], "kind": "department"}
        number = next((n for n, _ in numbers[name].most_common() if n not in taken), "")
        if number:
            taken.add(number)
            unit["uscc"] = number
        units.append(unit | {"from": wish.effective_on})
    return units


def _entries(rows: Sequence[Row]) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        if row.catalog_code:
            entry = {
                "code": row.catalog_code,
                "name": row.main_item or row.name,
                "type": row.item_type.value,
            }
            found.setdefault(row.catalog_code, entry)
    return list(found.values())


def _item(row: Row, codes: Mapping[str, str]) -> dict[str, Any]:
    slug = re.sub(r"[^a-z0-9]+", "-", row.code.lower()).strip("-")[:80].strip("-")
    plain = {
        "slug": slug or f"item-{row.line}",
        "name": row.name,
        "type": row.item_type.value,
        "department": codes[row.department],
        "catalog_code": row.catalog_code,
        "external_code": row.code,
        "main_item": row.main_item,
    }
    return {key: value for key, value in plain.items() if value}
