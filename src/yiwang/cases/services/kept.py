"""What every act asks again and hardly ever changes, kept by the process for a few seconds.

Departments, concentrations of power and the version of an item in force change by loading a pack;
an act that still sees the old one for KEPT_SECONDS is as if it had come that much earlier. Tests
set KEPT_SECONDS to nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from datetime import date
from typing import TypeVar

from yiwang.catalogue import queries as catalogue
from yiwang.catalogue.policy.items import ItemVersion
from yiwang.content import queries as content
from yiwang.content.queries import TrustRules
from yiwang.organisations import queries as organisations
from yiwang.organisations.policy.terms import DepartmentKind
from yiwang.organisations.queries import DepartmentView

KEPT_SECONDS = 5.0
KEPT_ANSWERS = 5_000

V = TypeVar("V")

_kept: dict[Hashable, tuple[float, object]] = {}


def _keep(key: Hashable, ask: Callable[[], V]) -> V:
    found = _kept.get(key)
    if found is not None and time.monotonic() - found[0] < KEPT_SECONDS:
        return found[1]  # type: ignore[return-value]  # the key names the question, so the answer's type
    answer = ask()
    if len(_kept) >= KEPT_ANSWERS:
        _kept.clear()
    _kept[key] = (time.monotonic(), answer)
    return answer


def department(code: str) -> DepartmentView:
    """Return a unit; LookupError when there is none."""
    return _keep(("department", code), lambda: organisations.department(code))


def deciding_department(code: str, *, on: date) -> str:
    """Return the code of the unit that decides the items of `code` that day."""
    return _keep(("deciding", code, on), lambda: organisations.deciding_department(code, on=on))


def portal_window(*, on: date) -> str:
    """Return the unit whose window looks after what comes in through the portal; empty: none."""

    def ask() -> str:
        found = organisations.departments(on=on, kind=DepartmentKind.CENTRE)
        return found[0].code if found else ""

    return _keep(("portal", on), ask)


def item(slug: str, *, on: date) -> ItemVersion:
    """Return the version of an item in force on a day; LookupError when there is none."""
    return _keep(("item", slug, on), lambda: catalogue.item(slug, on=on))


def item_version(slug: str, version: int) -> ItemVersion:
    """Return one version of an item, which never changes; LookupError when there is none."""
    return _keep(("version", slug, version), lambda: catalogue.item_version(slug, version))


def district_letters() -> str:
    """Return the two letters with which query codes begin."""
    return _keep("letters", lambda: content.district().letters)


def trust_rules() -> TrustRules:
    """Return what the district says about broken promises; its defaults where none is loaded."""
    return _keep("trust", _trust_rules)


def _trust_rules() -> TrustRules:
    try:
        return content.district().trust
    except LookupError:
        return TrustRules()


def district_code() -> str:
    """Return the six-digit code of the district."""
    return _keep("district", lambda: content.district().code)
