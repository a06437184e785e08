"""What may be handed over to a department, by when it is answered, and what may be made public."""

from __future__ import annotations

import re
from datetime import date

from yiwang.kernel.terms import Term
from yiwang.kernel.workdays import WorkdayCalendar

HANDED_LIMIT_CHARS = 500
"""Longest question that is handed over; longer than the box's, because a person reads it."""

ANSWER_LIMIT_CHARS = 2000

REASON_LIMIT_CHARS = 200

ANSWER_WORKDAYS = 5
"""Working days until a question is answered where no pack says otherwise. Ours; no law sets one."""

BARRIER_ANSWER_WORKDAYS = 15
"""Working days until whoever met a barrier on the pages is answered. Ours; no law sets one."""

MOST_WORKDAYS = 60
"""Longest limit that a pack may set."""

LIMIT_KEY = "consultations.answer_workdays"
"""Key of the text of a pack that sets the limit."""

_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_PERSONAL = re.compile(r"(?<![0-9])(?:[1-9][0-9]{16}[0-9Xx]|1[3-9][0-9]{9})(?![0-9])")


UNREADABLE = ("Cc", "Cs")
"""Kinds of characters that no question holds: control characters and halves of characters."""


class ConsultationState(Term):
    """Where a question handed over stands (咨询状态)."""

    OPEN = "open", "待答复"
    ANSWERED = "answered", "已答复"


def plain_phone(text: str) -> str:
    """Return a mobile number without blanks, hyphens and the prefix of the country; may be empty.

    Empty says: this is no mobile number.
    """
    digits = re.sub(r"[\s-]", "", text).removeprefix("+86")
    return digits if _MOBILE.fullmatch(digits) else ""


def limit_workdays(text: str) -> int:
    """Return the limit that the text of a pack sets; a text that is no such number sets none."""
    fits = text.isascii() and text.isdigit() and 1 <= int(text) <= MOST_WORKDAYS
    return int(text) if fits else ANSWER_WORKDAYS


def answer_due_on(*, asked_on: date, workdays: int, calendar: WorkdayCalendar) -> date:
    """Return the last day for the answer; the day of asking is not counted.

    Raises:
        CalendarGapError: the count runs past the years loaded into `calendar`.

    Example:
        A question of Friday 2026-03-06 with five days is answered by Friday 2026-03-13.
    """
    return calendar.add_workdays(asked_on, workdays)


def holds_personal_number(text: str) -> bool:
    """Tell whether a certificate or mobile number stands in `text`, however it is spaced."""
    return _PERSONAL.search(re.sub(r"(?<=[0-9])[ -](?=[0-9Xx])", "", text)) is not None
