"""Which windows take in an item, and the refusal that names the right ones."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from yiwang.cases.policy import towns
from yiwang.cases.services import kept
from yiwang.cases.services.steps import Capacity
from yiwang.catalogue import towns as catalogue_towns
from yiwang.catalogue.policy.items import Channel, ItemVersion
from yiwang.catalogue.towns import TownWindow
from yiwang.kernel.errors import RefusedError
from yiwang.organisations.permissions import Actor, Permission, PermissionRefusedError
from yiwang.organisations.policy.terms import DepartmentKind
from yiwang.organisations.queries import DepartmentView

COMPREHENSIVE = frozenset(
    {DepartmentKind.CENTRE, DepartmentKind.COMMUNITY_CENTRE, DepartmentKind.TOWN}
)
"""Units whose windows take in the items of every department (综合窗口)."""


OF_TOWNS = frozenset({DepartmentKind.COMMUNITY_CENTRE, DepartmentKind.TOWN})
"""Units whose windows take in what was sunk to them (事项下沉)."""


PLACES_NAMED = 3
"""Other centres that a refusal names at most."""


class NotHereError(RefusedError):
    """The item is not done at this window of a town today."""

    code = "cases.not_at_this_window"


def require_taken_in(item: ItemVersion, *, by: Actor, on: date) -> TownWindow | None:
    """Return in which mode the window of `by` takes an item in; None: no window of a town.

    Raises:
        PermissionRefusedError: `by` may receive this item's cases at no window.
        NotHereError: only at a window of a town at which the item is not done that day.
    """
    return window_of(item, by=by, on=on)[1]


def not_taken_in(slugs: Collection[str], *, by: Actor, on: date) -> frozenset[str]:
    """Return which of the items no window of `by` takes in that day, for lists to choose from."""
    held = [kept.department(code) for code in sorted(by.departments(Permission.CASE_RECEIVE))]
    towns_only = bool(held) and all(unit.kind in OF_TOWNS for unit in held)
    if not towns_only or not kept.towns_laid_down():
        return frozenset()
    centres = {_centre_of(unit, on=on).code for unit in held}
    windows = catalogue_towns.windows_by_item(slugs, on=on)
    return frozenset(
        slug for slug in slugs if not any(one.centre in centres for one in windows.get(slug, ()))
    )


def window_of(item: ItemVersion, *, by: Actor, on: date) -> tuple[Capacity, TownWindow | None]:
    """Return at which window `by` takes the item in: their department's, or a comprehensive one.

    A window of a town takes in what was sunk to its centre, as soon as the district has said
    what was. How it is handled from there on is the mode of that day.

    Raises:
        PermissionRefusedError: at none.
        NotHereError: only at a window of a town at which the item is not done that day.
    """
    held = by.departments(Permission.CASE_RECEIVE)
    if item.department in held:
        return Capacity(post="counter_clerk", department=item.department), None
    units = [unit for code in sorted(held) if (unit := kept.department(code)).kind in COMPREHENSIVE]
    for unit in units:
        here = Capacity(post="counter_clerk", department=unit.code)
        if unit.kind not in OF_TOWNS or not kept.towns_laid_down():
            return here, None
        centre = _centre_of(unit, on=on)
        for window in kept.town_windows(item.slug, on=on):
            if window.centre == centre.code:
                return here, window
    if units:
        raise NotHereError(_not_here(item, _centre_of(units[0], on=on), on=on))
    raise PermissionRefusedError(
        "您的窗口不收本部门以外的事项，请引导申请人到综合窗口，或联系本部门负责人。"
    )


def _centre_of(unit: DepartmentView, *, on: date) -> DepartmentView:
    """Return the community centre of a unit: itself, or the centre of the town."""
    if unit.kind is not DepartmentKind.TOWN:
        return unit
    return next((one for one in kept.town_centres(on=on) if one.town == unit.code), unit)


def _not_here(item: ItemVersion, centre: DepartmentView, *, on: date) -> str:
    """Return the sentence with which a window of a town leads to where an item is done."""
    district = kept.portal_window(on=on)
    places = [kept.department(district).name] if district and item.in_hall else []
    elsewhere = [one.centre_name for one in kept.town_windows(item.slug, on=on)]
    places += elsewhere[:PLACES_NAMED]
    if not places:
        places = [kept.department(kept.deciding_department(item.department, on=on)).name]
    return towns.not_here(
        item.name,
        window=centre.name,
        places=places,
        online=Channel.PORTAL in item.channels,
        coming=catalogue_towns.coming_to(item.slug, centre.code, after=on),
    )
