"""Bans on applying again (不得再次申请): which there are, how long, and for which items.

Source:
    行政许可法 第七十八条 (false material), 第七十九条 (licence by fraud or bribery).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from yiwang.cases.policy.deadlines import months_after
from yiwang.cases.policy.letters import chinese_day
from yiwang.kernel.terms import Term


class BanKind(Term):
    """Why somebody may not apply for the same item for a time (不得再次申请的情形)."""

    FALSE_MATERIAL = "false_material", "隐瞒有关情况或者提供虚假材料申请"
    FRAUD = "fraud", "以欺骗、贿赂等不正当手段取得许可"


BAN_MONTHS: Mapping[BanKind, int] = {BanKind.FALSE_MATERIAL: 12, BanKind.FRAUD: 36}
"""Months for which the same item may not be applied for. 行政许可法 第七十八条, 第七十九条."""

BAN_ARTICLE: Mapping[BanKind, str] = {
    BanKind.FALSE_MATERIAL: "《中华人民共和国行政许可法》第七十八条",
    BanKind.FRAUD: "《中华人民共和国行政许可法》第七十九条",
}


def ban_until(kind: BanKind, *, from_on: date) -> date:
    """Return the first day on which the item may be applied for again."""
    return months_after(from_on, BAN_MONTHS[kind])


def ban_words(*, kind: BanKind, item_name: str, until_on: date) -> str:
    """Return what a banned applicant reads."""
    return (
        f"因{kind.label}，申请人在{chinese_day(until_on)}前不得再次申请“{item_name}”"
        f"（{BAN_ARTICLE[kind]}）；如认为有误，请联系作出决定的部门复核。"
    )
