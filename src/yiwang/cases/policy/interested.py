"""Rules of telling a person whose major interest a case touches, and of hearing both sides.

Source:
    行政许可法 第三十六条.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from yiwang.kernel.masking import mask_address, mask_name, mask_phone
from yiwang.kernel.terms import Term

VIEWS_WORKDAYS = 5
"""Usual days for views; no law sets them, whoever reviews chooses."""

LONGEST_VIEWS_WORKDAYS = 20
"""Most days for views: the ordinary limit of a decision, which runs on meanwhile. 第四十二条."""


class InterestedKind(Term):
    """What an interested person is (利害关系人的类型)."""

    PERSON = "person", "自然人"
    BODY = "body", "法人或者非法人组织"


class Party(Term):
    """Whose views they are (陈述意见的一方)."""

    INTERESTED = "interested", "利害关系人"
    APPLICANT = "applicant", "申请人"


class Stance(Term):
    """What became of the right to state views (陈述情况)."""

    STATED = "stated", "陈述了意见"
    NONE = "none", "表示没有意见"


def still_open(*, due_on: date, heard: Collection[Party], today: date) -> bool:
    """Tell whether the decision has to wait for the views of a side.

    Neither the silence of a side beyond the last day nor its word that it has nothing to say
    holds the decision up.

    Source:
        行政许可法 第三十六条.
    """
    return today <= due_on and not set(Party) <= set(heard)


def shown_name(kind: InterestedKind, name: str) -> str:
    """Return the name as the other side reads it: of a person only the beginning."""
    return mask_name(name) if kind is InterestedKind.PERSON else name


def shown_contact(reached: str) -> str:
    """Return how a person is reached as the file shows it; whole it stands in the letter."""
    digits = sum(one.isdigit() for one in reached)
    return mask_phone(reached) if digits * 2 > len(reached) else mask_address(reached)
