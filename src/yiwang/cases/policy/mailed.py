"""What came by post (信函申请、信函补正): when it was got, under which mail number."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

AGE_DAYS = 90
"""Days back that a letter may be entered; what is older is a slip of the pen."""

ENTRY_DAYS = 3
"""Days for which no case is given up for want of its correction: what was got on the last day may
still lie in the post room. Whatever way a case came, its correction may come by post. Our own
choice."""

NUMBER_LENGTH = 40

_NUMBER = re.compile(rf"[0-9A-Z-]{{0,{NUMBER_LENGTH}}}")


@dataclass(frozen=True, kw_only=True)
class Mailed:
    """What a clerk says of a letter that brought an application, or what completes one.

    Attributes:
        received_on: Day on which the authority got the letter; clocks run from it.
        number: Number of the letter with the carrier; empty: an ordinary letter.
        declared: Whether the declaration lay in it, signed; without one it is still taken in.
    """

    received_on: date
    number: str = ""
    declared: bool = True

    @property
    def plain_number(self) -> str:
        """The mail number as it is kept: no spaces, capital letters."""
        return _plain(self.number)

    @property
    def words(self) -> str:
        """How it came, as receipts name it."""
        number = self.plain_number
        return f"邮寄信函（邮件号{number}）" if number else "邮寄信函"

    @property
    def came(self) -> str:
        """How and on which day it came, as the course of the case names it."""
        return f"{self.words}，{self.received_on:%Y-%m-%d}收到"


def entered_until(due_on: date) -> date:
    """Return until when a correction that was got by `due_on` may be entered.

    Example:
        Asked for until 5 April, got on 5 April: entered by 8 April.
    """
    return due_on + timedelta(days=ENTRY_DAYS)


def problem(mailed: Mailed, *, today: date, asked_on: date | None = None) -> str:
    """Return what is wrong with what was said of a letter; empty: nothing.

    Args:
        mailed: What was said.
        today: Day of entering it.
        asked_on: Day on which it was asked for; None: it came unasked.

    Source:
        行政许可法 第二十九条 (an application may come by letter), 第三十二条 (days count from
        the day on which the material was received).
    """
    wrong = day_problem(mailed.received_on, today=today, asked_on=asked_on)
    return wrong or number_problem(mailed.number)


def day_problem(received_on: date, *, today: date, asked_on: date | None = None) -> str:
    """Return what is wrong with the day on which a letter was got; empty: nothing."""
    if received_on > today:
        return "信函收到日期不能晚于今天，请按收发登记填写。"
    if received_on < today - timedelta(days=AGE_DAYS):
        return f"信函收到日期不能早于{AGE_DAYS}天前，请按收发登记核对年份和月份。"
    if asked_on is not None and received_on < asked_on:
        return f"信函收到日期不能早于告知补正的日期（{asked_on:%Y-%m-%d}），请按收发登记核对。"
    return ""


def number_problem(number: str) -> str:
    """Return what is wrong with the number of a letter; empty: nothing, or it has none."""
    if not _NUMBER.fullmatch(_plain(number)):
        return f"邮件号应为不超过{NUMBER_LENGTH}位的字母、数字或者短横线，没有邮件号的请留空。"
    return ""


def _plain(number: str) -> str:
    return "".join(number.split()).upper()
