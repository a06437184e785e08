"""Keys that lead from one page of a list to the next (翻页)."""

from __future__ import annotations

from datetime import date, datetime

from yiwang.kernel.errors import RefusedError

KEY_DIGITS = 18
"""Most digits of a number in a key; more are no number of a row."""


class PageKeyRefusedError(RefusedError):
    """The key of a page is not one that a page gave."""

    code = "kernel.page_key_refused"

    def __init__(self) -> None:
        super().__init__("翻页参数不正确，请从列表第一页重新打开。")


def row_number(key: str) -> int:
    """Return the number of the row after which a page begins.

    Raises:
        PageKeyRefusedError: `key` is no such number.
    """
    if not (key.isascii() and key.isdecimal() and len(key) <= KEY_DIGITS):
        raise PageKeyRefusedError
    return int(key)


def row_or_first(key: str | None) -> int | None:
    """Return the number of the row after which a page begins; None: without a key, the first page.

    Raises:
        PageKeyRefusedError: `key` is no such number.
    """
    return row_number(key) if key else None


def day_and_row(key: str, *, between: str = "_") -> tuple[date, int]:
    """Return day and number of the row after which a page begins.

    Raises:
        PageKeyRefusedError: `key` is not a day and a number.
    """
    day, _, number = key.rpartition(between)
    row = row_number(number)
    try:
        return date.fromisoformat(day), row
    except ValueError as error:
        raise PageKeyRefusedError from error


def moment_of(key: str) -> datetime:
    """Return the moment before which a page begins.

    Raises:
        PageKeyRefusedError: `key` is not a moment with its offset.
    """
    try:
        at = datetime.fromisoformat(key)
    except ValueError as error:
        raise PageKeyRefusedError from error
    if at.tzinfo is None:
        raise PageKeyRefusedError
    return at


def moment_and_row(key: str) -> tuple[datetime, int]:
    """Return moment and number of the row after which a page begins.

    Raises:
        PageKeyRefusedError: `key` is not a moment with its offset and a number.
    """
    moment, _, number = key.rpartition("_")
    return moment_of(moment), row_number(number)
