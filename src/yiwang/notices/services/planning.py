"""Planning: who is to be told what, by which channel, from when on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from yiwang.notices import queries, transports
from yiwang.notices.models import Mark, Notice
from yiwang.notices.policy.sending import NoticeState, plain_address
from yiwang.notices.policy.templates import NoticeChannel, Occasion
from yiwang.notices.queries import Ways
from yiwang.organisations import secret_box


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Something to tell somebody.

    Attributes:
        about: Ref of what it is about: `case:…`, `consultation:…`, `licence:…`.
        occasion: What happened or is near.
        subject: Tells apart what may be told more than once about the same: a day, a serial.
        to_ref: Subject to be told; empty: only `phone` is known.
        phone: Mobile number where the subject has neither a contact nor an account; kept sealed
            until the notice is done.
        words: Words of the template, nothing that names a person; `place` is the path that its
            link leads to, `page` that of the link in a letter.
        merged: Something later is told at the same time: short messages leave this one out.
    """

    about: str
    occasion: Occasion
    subject: str = ""
    to_ref: str = ""
    phone: str = ""
    words: dict[str, str] = field(default_factory=dict)
    merged: bool = False


@transaction.atomic
def plan(wanted: Sequence[Wanted], *, at: datetime) -> int:
    """Plan notices by the channels that each subject chose; six queries.

    What was planned before is left as it is: an occasion is told once per channel.

    Args:
        wanted: What to tell whom.
        at: Moment of planning.

    Returns:
        Number of notices that are new.
    """
    ways = queries.ways_of((one.to_ref for one in wanted if one.to_ref), at=at)
    rows = [row for one in wanted for row in _rows(one, ways.get(one.to_ref), at)]
    if not rows:
        return 0
    known = set(
        Notice.objects.filter(about__in={row.about for row in rows}).values_list(
            "about", "occasion", "subject", "channel"
        )
    )
    fresh = {key: row for row in rows if (key := _key(row)) not in known}
    Notice.objects.bulk_create(fresh.values(), ignore_conflicts=True)
    return len(fresh)


def _key(row: Notice) -> tuple[str, str, str, str]:
    return row.about, row.occasion, row.subject, row.channel


def _rows(one: Wanted, ways: Ways | None, at: datetime) -> list[Notice]:
    channels = set(ways.channels) if ways else set()
    stated = one.phone and NoticeChannel.SMS not in channels and _may_use_stated(one, ways)
    if stated:
        channels.add(NoticeChannel.SMS)
    return [
        Notice(
            about=one.about,
            occasion=one.occasion.value,
            subject=one.subject,
            channel=channel.value,
            to_ref=one.to_ref,
            sealed=(
                secret_box.lock(plain_address(channel, one.phone))
                if stated and channel is NoticeChannel.SMS
                else ""
            ),
            words=one.words,
            planned_at=at,
            **_state(one, channel, ways, at),
        )
        for channel in sorted(channels)
    ]


def _may_use_stated(one: Wanted, ways: Ways | None) -> bool:
    """Tell whether the number written on the application may be used: mobile, not unwanted."""
    if NoticeChannel.SMS not in transports.open_channels():
        return False
    mobile = bool(plain_address(NoticeChannel.SMS, one.phone))
    return mobile and (ways is None or NoticeChannel.SMS not in ways.silent)


def _state(
    one: Wanted, channel: NoticeChannel, ways: Ways | None, at: datetime
) -> dict[str, object]:
    if one.merged and channel is NoticeChannel.SMS:
        return {"state": NoticeState.MERGED.value, "done_at": at}
    quiet = (ways or queries.NO_CHOICE).quiet_of(channel)
    return {"state": NoticeState.WAITING.value, "next_try_at": quiet.after(at)}


@dataclass(frozen=True, kw_only=True)
class ReadSoFar:
    """How far a log of numbered entries was read for notices.

    Numbers are drawn before entries are kept, so an entry may come to be seen after later ones.

    Attributes:
        position: Everything up to here was read, but for what was left out.
        left_out: Number of an entry to be looked for again -> since when.
    """

    position: int
    left_out: Mapping[int, datetime] = field(default_factory=dict)


def mark(name: str) -> ReadSoFar | None:
    """Return how far the log `name` was read; None: never."""
    row = Mark.objects.filter(name=name).first()
    if row is None:
        return None
    left_out = {int(key): datetime.fromisoformat(at) for key, at in row.left_out.items()}
    return ReadSoFar(position=row.position, left_out=left_out)


def move_mark(name: str, read: ReadSoFar) -> None:
    """Remember how far the log `name` was read."""
    left_out = {str(key): at.isoformat() for key, at in read.left_out.items()}
    Mark.objects.update_or_create(
        name=name, defaults={"position": read.position, "left_out": left_out}
    )
