"""When a notice goes out: quiet hours, waits between tries, and the end of trying."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta, timezone

from yiwang.kernel.terms import Term
from yiwang.notices.policy.templates import NoticeChannel

PLACE = timezone(timedelta(hours=8))
"""Quiet hours are hours of the clock in China."""

TRIES_MAX = 8
FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=2)
"""Waits double from the first to the longest: eight tries span a bit over four hours."""

LEASE = timedelta(minutes=5)
"""A notice that has been going out for so long belongs to a worker that died."""

STALE = timedelta(days=2)
"""What is told later than this is no news; it stays in the portal and is not sent."""

HOURS = range(24)

_EMAIL = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@"
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,24}"
)
_MOBILE = re.compile(r"1[3-9]\d{9}")


class NoticeState(Term):
    """How a notice stands (通知状态)."""

    WAITING = "waiting", "待发送"
    SENDING = "sending", "发送中"
    SENT = "sent", "已发送"
    MERGED = "merged", "并入后一条"
    UNSURE = "unsure", "不确定是否发出"
    DEAD = "dead", "未能发送"
    DROPPED = "dropped", "不再发送"


@dataclass(frozen=True, kw_only=True)
class QuietHours:
    """Hours in which nothing is sent (免打扰时段); from == until: none.

    Example:
        21 to 8 holds from nine in the evening until eight in the morning.
    """

    from_hour: int
    until_hour: int

    def covers(self, moment: datetime) -> bool:
        """Tell whether `moment` lies inside."""
        hour = moment.astimezone(PLACE).hour
        if self.from_hour <= self.until_hour:
            return self.from_hour <= hour < self.until_hour
        return hour >= self.from_hour or hour < self.until_hour

    def after(self, moment: datetime) -> datetime:
        """Return the first moment at or after `moment` at which something may be sent."""
        if not self.covers(moment):
            return moment
        here = moment.astimezone(PLACE)
        end = datetime.combine(here.date(), time(self.until_hour), tzinfo=PLACE)
        return end if end > here else end + timedelta(days=1)


DEFAULT_QUIET: Mapping[NoticeChannel, QuietHours] = {
    NoticeChannel.SMS: QuietHours(from_hour=21, until_hour=8),
    NoticeChannel.EMAIL: QuietHours(from_hour=0, until_hour=0),
}
"""Quiet hours of whoever chose none. Our own choice: e-mail wakes nobody."""


def next_try(attempts: int, *, at: datetime) -> datetime | None:
    """Return when to try again after so many tries; None: never."""
    if attempts >= TRIES_MAX:
        return None
    wait: timedelta = FIRST_WAIT * (1 << (attempts - 1))
    return at + min(wait, LONGEST_WAIT)


def plain_address(channel: NoticeChannel, typed: str) -> str:
    """Return an address as it is used, or nothing when it is none."""
    plain = "".join(typed.split())
    if channel is NoticeChannel.EMAIL:
        fits = len(plain) <= 120 and ".." not in plain and _EMAIL.fullmatch(plain)
        return plain if fits else ""
    plain = plain.removeprefix("+86").replace("-", "")
    return plain if _MOBILE.fullmatch(plain) else ""


def masked(channel: NoticeChannel, address: str) -> str:
    """Return an address of which its owner recognises the ends."""
    if channel is NoticeChannel.SMS:
        return f"{address[:3]}****{address[-4:]}"
    name, _, domain = address.partition("@")
    return f"{name[:1]}***@{domain}"
