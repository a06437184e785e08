"""The section `departments` of a pack: units and concentrated power (机构)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from yiwang.content.policy.packs import Change, DiffLine, PackError, PackFile
from yiwang.organisations import queries, services
from yiwang.organisations.policy.departments import (
    WrittenConcentration,
    WrittenDepartment,
    parse,
)
from yiwang.organisations.policy.terms import DepartmentKind


class Departments:
    """Section `departments`; a unit that a pack no longer names stays until its `until`."""

    def check(self, files: Sequence[PackFile]) -> list[PackError]:
        """Return all that is wrong in the files and between them."""
        errors = [error for file in files for error in parse(file)[1]]
        return errors or [
            *self._twice(files),
            *self._towns(files),
            *self._concentrations(files),
        ]

    def diff(self, files: Sequence[PackFile]) -> list[DiffLine]:
        """Return the units and concentrations that are not loaded as they are written."""
        units = queries.written_departments()
        moves = queries.written_concentrations()
        lines = [
            DiffLine(
                section="departments",
                change=Change.CHANGE if unit.code in units else Change.ADD,
                what=unit.name,
                detail=_changed(units.get(unit.code), unit),
            )
            for _, unit in _units(files)
            if units.get(unit.code) != unit
        ]
        lines += [
            DiffLine(
                section="departments",
                change=Change.CHANGE if (move.department, move.valid_from) in moves else Change.ADD,
                what=f"{move.department} 的审批集中到 {move.deciding}",
                detail=move.basis,
            )
            for _, move in _moves(files)
            if moves.get((move.department, move.valid_from)) != move
        ]
        return lines

    def apply(self, files: Sequence[PackFile], *, by: str, at: datetime) -> None:
        """Add or change what differs; what stood before is kept in the trail."""
        units = queries.written_departments()
        moves = queries.written_concentrations()
        for _, unit in _units(files):
            if units.get(unit.code) != unit:
                services.save_department(unit, by=by, at=at)
        for _, move in _moves(files):
            if moves.get((move.department, move.valid_from)) != move:
                services.save_concentration(move, by=by, at=at)

    def _twice(self, files: Sequence[PackFile]) -> Iterator[PackError]:
        codes: dict[str, str] = {}
        numbers: dict[str, str] = {}
        for file, unit in _units(files):
            if unit.code in codes:
                yield file.error(
                    "departments",
                    f"部门代号“{unit.code}”已用于 {codes[unit.code]}。",
                    "一个代号只写一次，请另取代号或者删去一处。",
                )
            elif unit.uscc and unit.uscc in numbers:
                yield file.error(
                    "departments",
                    f"“{unit.code}”的统一社会信用代码与“{numbers[unit.uscc]}”相同。",
                    "请核对两处的代码。",
                )
            codes[unit.code] = file.path
            numbers[unit.uscc] = unit.code

    def _towns(self, files: Sequence[PackFile]) -> Iterator[PackError]:
        towns = {
            unit.code
            for unit in [
                *queries.written_departments().values(),
                *(unit for _, unit in _units(files)),
            ]
            if unit.kind is DepartmentKind.TOWN
        }
        for file, unit in _units(files):
            if unit.town and unit.town not in towns:
                yield file.error(
                    "departments",
                    f"“{unit.code}”所属的街镇“{unit.town}”没有写入。",
                    "请核对街镇的代号，或者先写入该街镇（kind: town）。",
                )

    def _concentrations(self, files: Sequence[PackFile]) -> Iterator[PackError]:
        known = set(queries.written_departments()) | {unit.code for _, unit in _units(files)}
        moves = sorted(_moves(files), key=lambda pair: (pair[1].department, pair[1].valid_from))
        last: WrittenConcentration | None = None
        for file, move in moves:
            for code in (move.department, move.deciding):
                if code not in known:
                    yield file.error(
                        "concentrations",
                        f"没有代号为“{code}”的部门。",
                        "请核对代号，或者先写入该部门。",
                    )
            if (
                last is not None
                and last.department == move.department
                and (last.valid_until is None or last.valid_until > move.valid_from)
            ):
                yield file.error(
                    "concentrations",
                    f"“{move.department}”自 {move.valid_from} 起与前一项安排重叠。",
                    "请给前一项安排写上 until。",
                )
            last = move


def _units(files: Sequence[PackFile]) -> Iterator[tuple[PackFile, WrittenDepartment]]:
    for file in files:
        for unit in parse(file)[0].departments:
            yield file, unit


def _moves(files: Sequence[PackFile]) -> Iterator[tuple[PackFile, WrittenConcentration]]:
    for file in files:
        for move in parse(file)[0].concentrations:
            yield file, move


def _changed(before: WrittenDepartment | None, after: WrittenDepartment) -> str:
    if before is None:
        return f"{after.code}，{after.kind.label}"
    if before.name != after.name:
        return f"原名{before.name}"
    return after.code


DEPARTMENTS = Departments()
