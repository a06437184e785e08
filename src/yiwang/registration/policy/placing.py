"""What became of a phrase of a registered scope that no rule places (经营范围用语的确认)."""

from __future__ import annotations

from collections.abc import Collection

from yiwang.catalogue.policy.items import Audience, ItemType, ItemVersion
from yiwang.kernel.terms import Term

NOTE_LENGTH = 500

PERMIT_TYPES = frozenset({ItemType.LICENCE, ItemType.OTHER_POWER})
"""Types of the items that a phrase may need: licences, and filings that stand in their place."""


def may_be_needed(item: ItemVersion, *, registrations: Collection[str]) -> bool:
    """Tell whether a business may need an item for what it does; it is registered already."""
    return (
        item.item_type in PERMIT_TYPES
        and Audience.ENTITY in item.audiences
        and item.slug not in registrations
    )


class PhraseState(Term):
    """Whether a phrase of a registered scope needs a permit (用语确认情况)."""

    WAITING = "waiting", "待确认"
    NEED = "need", "需要许可"
    NO_NEED = "no_need", "不需要许可"


def need_words(*, phrase: str, item_name: str, department: str) -> str:
    """Return what the firm reads of a phrase that needs a permit."""
    return (
        f"您登记的经营范围用语“{phrase}”，经确认需要办理“{item_name}”，由{department}办理。"
        "取得许可以前不开展这项经营活动。"
    )


def no_need_words(*, phrase: str, note: str) -> str:
    """Return what the firm reads of a phrase that needs none."""
    return f"您登记的经营范围用语“{phrase}”，经登记机关确认不需要办理许可。说明：{note}"
