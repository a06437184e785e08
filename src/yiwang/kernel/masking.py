"""Masking of personal data before it is shown (脱敏)."""

from __future__ import annotations

import re

STAFF_FIRST = 3
STAFF_LAST = 4
"""Characters of a number that staff see without asking for more (UX-25)."""

PUBLIC_EDGE = 1
"""Characters at each end of a number on public pages."""

NAME_LENGTH = 5
"""A personal value of so many characters or fewer is a name; a longer one an address."""

STAR = "*"
_DAY = re.compile(r"(\d{4})-\d{2}-\d{2}")
_NAME = r"[^0-9０-９路弄号省市区县镇乡]{1,8}?"
_PLACE = re.compile(
    rf"^(?:{_NAME}(?:自治区|省|市))?(?:{_NAME}(?:新区|市|区|县))?"
    rf"(?:{_NAME}(?:镇街道|街道|镇|乡|新区|工业区))?"
)


def mask_number(number: str) -> str:
    """Show the first 3 and the last 4 characters of a number, for staff.

    Numbers of fewer than 9 characters are shown as on public pages: otherwise almost nothing
    would be hidden.

    Example:
        `310114198506151037` is shown as `310***********1037`.
    """
    if len(number) < STAFF_FIRST + STAFF_LAST + 2:
        return mask_number_public(number)
    hidden = len(number) - STAFF_FIRST - STAFF_LAST
    return number[:STAFF_FIRST] + STAR * hidden + number[-STAFF_LAST:]


def mask_number_public(number: str) -> str:
    """Show the first and the last character of a number, for public pages.

    Numbers of fewer than 4 characters are hidden whole.
    """
    if len(number) < 2 * PUBLIC_EDGE + 2:
        return STAR * len(number)
    return number[:PUBLIC_EDGE] + STAR * (len(number) - 2 * PUBLIC_EDGE) + number[-PUBLIC_EDGE:]


def mask_phone(phone: str) -> str:
    """Show a telephone number as `138****1234`."""
    return mask_number(phone)


def mask_name(name: str) -> str:
    """Show the first character of a person's name; the rest is hidden, its length kept.

    Example:
        `欧阳娜` is shown as `欧**`.
    """
    return name[:1] + STAR * (len(name) - 1) if len(name) > 1 else STAR * len(name)


def mask_address(address: str) -> str:
    """Show an address down to the town or street office; hide everything below.

    The number of stars says nothing about the length of what is hidden.

    Example:
        `上海市嘉定区南翔镇古猗园路1号` is shown as `上海市嘉定区南翔镇****`.
    """
    if not address:
        return ""
    place = _PLACE.match(address)
    return (place.group() if place else "") + STAR * 4


def mask_words(words: str) -> str:
    """Return a personal value with its middle hidden, by what it looks like.

    A day keeps its year; a citizen number shows no more of the birthday than that.

    Example:
        `1949-10-01` is shown as `1949-**-**`.
    """
    if day := _DAY.fullmatch(words):
        return f"{day[1]}-**-**"
    if words.isascii():
        return mask_number(words)
    return mask_name(words) if len(words) <= NAME_LENGTH else mask_address(words)
