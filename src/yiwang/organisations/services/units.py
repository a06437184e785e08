"""Units and concentrated power as packs lay them down."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from django.db import transaction

from yiwang.audit import services as audit
from yiwang.organisations.models import Department, PowerConcentration
from yiwang.organisations.policy.departments import WrittenConcentration, WrittenDepartment


@transaction.atomic
def save_department(unit: WrittenDepartment, *, by: str, at: datetime) -> None:
    """Add or change one unit; what stood before is written to the trail."""
    values = asdict(unit) | {"kind": unit.kind.value}
    before = Department.objects.select_for_update().filter(code=unit.code).values(*values).first()
    Department.objects.update_or_create(code=unit.code, defaults=values)
    audit.record(
        at=at,
        actor=by,
        act="organisations.save_department",
        target=f"department:{unit.code}",
        detail={"before": before, "after": values},
    )


@transaction.atomic
def save_concentration(move: WrittenConcentration, *, by: str, at: datetime) -> None:
    """Add or change one concentration of power; what stood before is written to the trail."""
    values = asdict(move)
    rows = PowerConcentration.objects.select_for_update().filter(
        department=move.department, valid_from=move.valid_from
    )
    before = rows.values(*values).first()
    PowerConcentration.objects.update_or_create(
        department=move.department, valid_from=move.valid_from, defaults=values
    )
    audit.record(
        at=at,
        actor=by,
        act="organisations.save_concentration",
        target=f"department:{move.department}",
        detail={"before": before, "after": values},
    )
