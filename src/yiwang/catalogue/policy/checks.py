"""The checks before publication: each is a named rule that says what would put it right."""

from __future__ import annotations

from yiwang.catalogue.policy.items import ItemVersion
from yiwang.catalogue.policy.parsing import Problem


def failures(version: ItemVersion) -> list[Problem]:
    """Return what keeps `version` from being published; empty when nothing does."""
    found = []
    if not version.supervision.department:
        found.append(
            Problem(
                place="supervision.department",
                message="没有写明事后由哪个部门监管，",
                remedy="请填写监管部门。",
            )
        )
    return found
