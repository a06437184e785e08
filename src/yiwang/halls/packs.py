"""The section `halls` of a pack (大厅)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from yiwang.content.registry import Change, DiffLine, PackError, PackFile
from yiwang.halls import queries, services
from yiwang.halls.policy.parsing import parse
from yiwang.halls.policy.plans import HallPlan
from yiwang.organisations import queries as organisations


class Halls:
    """Section `halls`; a hall that a pack no longer names stays loaded."""

    def check(self, files: Sequence[PackFile]) -> list[PackError]:
        """Return all that is wrong in the files, units that do not exist, and codes used twice."""
        errors = [error for file in files for error in parse(file)[1]]
        return errors or list(self._between(files))

    def diff(self, files: Sequence[PackFile]) -> list[DiffLine]:
        """Return the halls that are not loaded as they are written."""
        loaded = {plan.code: plan for plan in queries.plans()}
        return [
            DiffLine(
                section="halls",
                change=Change.CHANGE if plan.code in loaded else Change.ADD,
                what=plan.name,
                detail=f"{len(plan.zones)}个区，{sum(len(z.windows) for z in plan.zones)}个窗口",
            )
            for _file, plan in _plans(files)
            if loaded.get(plan.code) != plan
        ]

    def apply(self, files: Sequence[PackFile], *, by: str, at: datetime) -> None:
        """Add or change what differs."""
        loaded = {plan.code: plan for plan in queries.plans()}
        for place, (_file, plan) in enumerate(_plans(files)):
            if loaded.get(plan.code) != plan:
                services.save_hall(plan, position=place, by=by, at=at)

    def _between(self, files: Sequence[PackFile]) -> Iterator[PackError]:
        units = {unit.code for unit in organisations.departments()}
        seen: dict[str, str] = {}
        for file, plan in _plans(files):
            if plan.code in seen:
                yield file.error(
                    "halls", f"大厅代号“{plan.code}”已用于 {seen[plan.code]}。", "请另取代号。"
                )
            seen[plan.code] = file.path
            named = {plan.department, *(d for zone in plan.zones for d in zone.departments)}
            for code in sorted(named - units):
                yield file.error(
                    "halls", f"没有代号为“{code}”的部门。", "请核对代号，或者先写入该部门。"
                )


def _plans(files: Sequence[PackFile]) -> Iterator[tuple[PackFile, HallPlan]]:
    for file in files:
        for plan in parse(file)[0]:
            yield file, plan


HALLS = Halls()
