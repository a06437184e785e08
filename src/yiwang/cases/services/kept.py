"""What every act on a case asks again and hardly ever changes; see `kernel.keeping`."""

from __future__ import annotations

from datetime import date

from yiwang.catalogue import queries as catalogue
from yiwang.catalogue import towns
from yiwang.catalogue.policy.items import ItemVersion
from yiwang.catalogue.towns import TownWindow
from yiwang.content import queries as content
from yiwang.content.policy.districts import NO_PERIOD_WRITTEN
from yiwang.content.queries import TrustRules
from yiwang.kernel.keeping import keep
from yiwang.organisations import queries as organisations
from yiwang.organisations.policy.terms import DepartmentKind
from yiwang.organisations.queries import DepartmentView


def department(code: str) -> DepartmentView:
    """Return a unit; LookupError when there is none."""
    return keep(("department", code), lambda: organisations.department(code))


def deciding_department(code: str, *, on: date) -> str:
    """Return the code of the unit that decides the items of `code` that day."""
    return keep(("deciding", code, on), lambda: organisations.deciding_department(code, on=on))


def portal_window(*, on: date) -> str:
    """Return the unit whose window looks after what comes in through the portal; empty: none."""

    def ask() -> str:
        found = organisations.departments(on=on, kind=DepartmentKind.CENTRE)
        return found[0].code if found else ""

    return keep(("portal", on), ask)


def item(slug: str, *, on: date) -> ItemVersion:
    """Return the version of an item in force on a day; LookupError when there is none."""
    return keep(("item", slug, on), lambda: catalogue.item(slug, on=on))


def item_version(slug: str, version: int) -> ItemVersion:
    """Return one version of an item, which never changes; LookupError when there is none."""
    return keep(("version", slug, version), lambda: catalogue.item_version(slug, version))


def town_centres(*, on: date) -> tuple[DepartmentView, ...]:
    """Return the community centres in force that day."""

    def ask() -> tuple[DepartmentView, ...]:
        return tuple(organisations.departments(on=on, kind=DepartmentKind.COMMUNITY_CENTRE))

    return keep(("centres", on), ask)


def town_windows(slug: str, *, on: date) -> tuple[TownWindow, ...]:
    """Return the town centres at which an item is done that day, each with its mode."""
    return keep(("towns", slug, on), lambda: tuple(towns.windows_of(slug, on=on)))


def towns_laid_down() -> bool:
    """Tell whether the district has said which items its town centres do."""
    return keep("towns", towns.laid_down)


def district_letters() -> str:
    """Return the two letters with which query codes begin."""
    return keep("letters", lambda: content.district().letters)


def trust_rules() -> TrustRules:
    """Return what the district says about broken promises; its defaults where none is loaded."""
    return keep("trust", _trust_rules)


def _trust_rules() -> TrustRules:
    try:
        return content.district().trust
    except LookupError:
        return TrustRules()


def correction_days(version: ItemVersion, *, on: date) -> int:
    """Return the calendar days to file a correction: of the item, else of the district that day."""
    if version.correction_days:
        return version.correction_days

    def ask() -> int:
        try:
            return content.district().correction_days(on=on)
        except LookupError:
            return NO_PERIOD_WRITTEN.days

    return keep(("correction", on), ask)


def district_code() -> str:
    """Return the six-digit code of the district."""
    return keep("district", lambda: content.district().code)
