"""Which departments an official may look at, as choices of a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from yiwang.organisations import queries as organisations
from yiwang.organisations.permissions import EVERYWHERE, Actor, Permission
from yiwang.organisations.queries import DepartmentView


def departments_of(actor: Actor, permission: Permission, *, on: date) -> Sequence[DepartmentView]:
    """Return the departments in which `actor` holds `permission`, in the order of the pack."""
    held = actor.departments(permission)
    units = organisations.departments(on=on)
    if EVERYWHERE in held:
        return units
    return [unit for unit in units if unit.code in held]


def department_names() -> Mapping[str, str]:
    """Return code -> short name of every unit, past ones included, for lists."""
    return {unit.code: unit.short_name for unit in organisations.departments()}
