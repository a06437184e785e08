"""How an act on a case is contested (救济途径): by when and where, for letters and pages alike."""

from __future__ import annotations

from dataclasses import dataclass

from yiwang.catalogue.policy.items import ItemVersion

REVIEW_APPEAL_DAYS = 60
"""Calendar days to ask for administrative review. 行政复议法 第二十条."""

SUIT_MONTHS = 6
"""Months to sue. 行政诉讼法 第四十六条."""

ANY_REVIEW_BODY = "有管辖权的行政复议机关"
"""Where an item names nobody who reviews."""

ANY_COURT = "有管辖权的人民法院"
"""Where an item names no court."""


@dataclass(frozen=True, kw_only=True)
class Remedies:
    """Both ways, counted from the receipt of the act.

    Attributes:
        review_days: Calendar days to ask for administrative review.
        review_body: Who reviews.
        suit_months: Months to sue.
        court: Where.
    """

    review_days: int
    review_body: str
    suit_months: int
    court: str


def remedies_of(item: ItemVersion) -> Remedies:
    """Return by when and where an act on a case of `item` is contested.

    Source:
        行政复议法 第二十条; 行政诉讼法 第四十六条; 行政许可法 第三十八条第二款 (they are told).
    """
    return Remedies(
        review_days=REVIEW_APPEAL_DAYS,
        review_body=item.review_body or ANY_REVIEW_BODY,
        suit_months=SUIT_MONTHS,
        court=item.litigation_body or ANY_COURT,
    )
