"""Departments as a pack writes them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from yiwang.content.policy.fields import Fields
from yiwang.content.policy.packs import PackError, PackFile
from yiwang.kernel.identifiers import uscc
from yiwang.organisations.policy.terms import DepartmentKind

PLACES_PER_KIND = 1_000
"""Lists show the kinds one after another, each in the order of its file."""

CODE = re.compile(r"[a-z][a-z0-9_-]{1,39}")


@dataclass(frozen=True, kw_only=True)
class WrittenDepartment:
    """One unit; `valid_until` is exclusive, None while it works on; an unknown `uscc` is empty.

    `town` is the code of the town whose community centre it is; empty for all other kinds.
    """

    code: str
    name: str
    short_name: str
    uscc: str
    kind: DepartmentKind
    position: int
    valid_from: date
    valid_until: date | None
    town: str = ""


@dataclass(frozen=True, kw_only=True)
class WrittenConcentration:
    """Items of `department` are decided and sealed by `deciding` (一枚印章)."""

    department: str
    deciding: str
    basis: str
    valid_from: date
    valid_until: date | None


@dataclass(frozen=True, kw_only=True)
class Written:
    """What one file says."""

    departments: tuple[WrittenDepartment, ...]
    concentrations: tuple[WrittenConcentration, ...]


def parse(file: PackFile) -> tuple[Written, list[PackError]]:
    """Read one file of the section; what is wrong is left out and named in the errors."""
    errors: list[PackError] = []
    fields = Fields(file, errors)
    fields.text("source", longest=500)
    fields.text("note", required=False, longest=500)
    units = [_department(row, position) for position, row in enumerate(fields.rows("departments"))]
    moves = [_concentration(row) for row in fields.rows("concentrations", required=False)]
    fields.done()
    return (
        Written(
            departments=tuple(unit for unit in units if unit is not None),
            concentrations=tuple(move for move in moves if move is not None),
        ),
        errors,
    )


def _department(row: Fields, position: int) -> WrittenDepartment | None:
    before = len(row.errors)
    code = row.text("code", longest=40)
    if code and not CODE.fullmatch(code):
        row.refuse(
            "code", f"为“{code}”，不是部门代号。", "请用小写字母开头的英文代号，例如 market。"
        )
    number = row.text("uscc", required=False, longest=18)
    if number and not (checked := uscc.check(number)).ok:
        row.refuse("uscc", checked.message, "演示数据请用工具生成带正确校验码的虚构代码。")
    kind = row.choice("kind", [kind.value for kind in DepartmentKind])
    name = row.text("name", longest=120)
    short_name = row.text("short_name", longest=40)
    town = row.text("town", required=False, longest=40)
    if town and kind != DepartmentKind.COMMUNITY_CENTRE:
        row.refuse("town", "只有社区事务受理服务中心写所属街镇。", "请删去这一行，或者核对 kind。")
    first, until = _period(row)
    row.done()
    if len(row.errors) > before or first is None:
        return None
    return WrittenDepartment(
        code=code,
        name=name,
        short_name=short_name,
        uscc=number,
        kind=DepartmentKind(kind),
        position=list(DepartmentKind).index(DepartmentKind(kind)) * PLACES_PER_KIND + position,
        valid_from=first,
        valid_until=until,
        town=town,
    )


def _concentration(row: Fields) -> WrittenConcentration | None:
    before = len(row.errors)
    department = row.text("department", longest=40)
    deciding = row.text("deciding", longest=40)
    basis = row.text("basis", longest=200)
    if department and department == deciding:
        row.refuse("deciding", "与原审批部门相同。", "请写集中行使审批权的部门。")
    first, until = _period(row)
    row.done()
    if len(row.errors) > before or first is None:
        return None
    return WrittenConcentration(
        department=department,
        deciding=deciding,
        basis=basis,
        valid_from=first,
        valid_until=until,
    )


def _period(row: Fields) -> tuple[date | None, date | None]:
    first = row.day("from")
    until = row.day("until", required=False)
    if first is not None and until is not None and until <= first:
        row.refuse("until", f"为 {until}，不晚于 from。", "请写停用后的第一天，或者删去这一行。")
    return first, until
