"""The five grades and how an average is made of them."""

from __future__ import annotations

from collections.abc import Mapping

from yiwang.kernel.terms import Term


class Grade(Term):
    """How satisfied the person is (评价等级), the best first.

    Source:
        国办发〔2019〕51号 and GB/T 39735-2020: five grades, the last two are bad ratings.
    """

    VERY_SATISFIED = "very_satisfied", "非常满意"
    SATISFIED = "satisfied", "满意"
    MOSTLY_SATISFIED = "mostly_satisfied", "基本满意"
    DISSATISFIED = "dissatisfied", "不满意"
    VERY_DISSATISFIED = "very_dissatisfied", "非常不满意"


SCORES: Mapping[Grade, int] = {
    Grade.VERY_SATISFIED: 5,
    Grade.SATISFIED: 4,
    Grade.MOSTLY_SATISFIED: 3,
    Grade.DISSATISFIED: 2,
    Grade.VERY_DISSATISFIED: 1,
}
"""Grade -> points out of five."""

BAD = frozenset({Grade.DISSATISFIED, Grade.VERY_DISSATISFIED})
"""Bad ratings (差评): each opens a task."""

COMMENT_LIMIT_CHARS = 500
"""Longest comment. Ours: no text gives a length."""


def average(counts: Mapping[Grade, int]) -> float | None:
    """Return the mean score of `counts` rounded to one decimal, or None without a rating.

    Example:
        Three times 非常满意 and once 满意 make 4.8.
    """
    total = sum(counts.values())
    if not total:
        return None
    return round(sum(SCORES[grade] * count for grade, count in counts.items()) / total, 1)
