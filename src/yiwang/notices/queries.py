"""Questions about contacts, choices and notices."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count

from yiwang.kernel.paging import row_number
from yiwang.notices import transports
from yiwang.notices.models import Choice, Contact, ContactCode, Notice
from yiwang.notices.policy.sending import DEFAULT_QUIET, NoticeState, QuietHours
from yiwang.notices.policy.templates import NoticeChannel, Occasion
from yiwang.organisations import queries as organisations
from yiwang.organisations import secret_box
from yiwang.organisations.permissions import (
    Actor,
    Permission,
    PermissionRefusedError,
)

PAGE_LIMIT = 100


@dataclass(frozen=True, kw_only=True)
class ContactView:
    """One proved address, as its owner recognises it.

    Attributes:
        in_use: Whether anything is sent to it: whoever proved it still acts for the subject.
    """

    channel: NoticeChannel
    address_masked: str
    verified_at: datetime
    in_use: bool


@dataclass(frozen=True, kw_only=True)
class PendingCode:
    """An address waiting for its code."""

    channel: NoticeChannel
    address_masked: str
    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class ChoiceView:
    """What a subject is told by, and when not.

    Attributes:
        channels: By which notices come; the portal itself always tells.
        offered: Channels of this installation.
        quiet: Hours of the subject's own; None: the defaults.
    """

    subject_ref: str
    channels: frozenset[NoticeChannel]
    offered: frozenset[NoticeChannel]
    quiet: QuietHours | None
    contacts: tuple[ContactView, ...]
    pending: tuple[PendingCode, ...]


@dataclass(frozen=True, kw_only=True)
class NoticeView:
    """One notice as whoever runs the system sees it: no name, no address."""

    id: int
    about: str
    code: str
    occasion: Occasion
    channel: NoticeChannel
    state: NoticeState
    attempts: int
    problem: str
    planned_at: datetime
    next_try_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class NoticePage:
    """One page of notices that ended badly, newest first, and how all stand."""

    rows: tuple[NoticeView, ...]
    after: str | None
    counts: dict[NoticeState, int]


def choices_of(ref: str, *, by: Actor, at: datetime) -> ChoiceView:
    """Return how a subject of `by` is told; six queries.

    Raises:
        PermissionRefusedError: `by` does not act for it.
    """
    require_owner(ref, by)
    row = Choice.objects.filter(subject_ref=ref).first()
    contacts = list(Contact.objects.filter(subject_ref=ref).order_by("channel"))
    used = _used(contacts, at=at)
    chosen = {channel for channel in NoticeChannel if row is None or getattr(row, channel.value)}
    return ChoiceView(
        subject_ref=ref,
        channels=frozenset(chosen),
        offered=transports.open_channels(),
        quiet=_quiet(row),
        contacts=tuple(
            ContactView(
                channel=NoticeChannel(one.channel),
                address_masked=one.address_masked,
                verified_at=one.verified_at,
                in_use=one in used,
            )
            for one in contacts
        ),
        pending=tuple(
            PendingCode(
                channel=NoticeChannel(one.channel),
                address_masked=one.address_masked,
                expires_at=one.expires_at,
            )
            for one in ContactCode.objects.filter(subject_ref=ref).order_by("channel")
        ),
    )


def failures(*, by: Actor, after: str | None = None, limit: int = PAGE_LIMIT) -> NoticePage:
    """List the notices about which a person has to decide; two queries.

    Raises:
        PermissionRefusedError: `by` does not run the system.
        PageKeyRefusedError: `after` is not a key that a page gave.
    """
    require_operator(by)
    rows = Notice.objects.filter(
        state__in=[NoticeState.DEAD.value, NoticeState.UNSURE.value]
    ).order_by("-id")
    if after is not None:
        rows = rows.filter(id__lt=row_number(after))
    size = max(1, min(limit, PAGE_LIMIT))
    found = list(rows[: size + 1])
    counts = Notice.objects.filter(state__in=COUNTED).order_by().values_list("state")
    return NoticePage(
        rows=tuple(view(row) for row in found[:size]),
        after=str(found[size - 1].pk) if len(found) > size else None,
        counts={NoticeState(state): n for state, n in counts.annotate(n=Count("id"))},
    )


COUNTED = [
    state.value
    for state in (NoticeState.WAITING, NoticeState.SENDING, NoticeState.UNSURE, NoticeState.DEAD)
]
"""States that are counted: each stands in an index of its own; what was sent is not counted."""


def notice(notice_id: int, *, by: Actor) -> NoticeView:
    """Return one notice.

    Raises:
        PermissionRefusedError: `by` does not run the system.
        ObjectDoesNotExist: there is none.
    """
    require_operator(by)
    return view(Notice.objects.get(pk=notice_id))


def view(row: Notice) -> NoticeView:
    """Return the frozen view of a row."""
    return NoticeView(
        id=row.pk,
        about=row.about,
        code=str(row.words.get("code", "")),
        occasion=Occasion(row.occasion),
        channel=NoticeChannel(row.channel),
        state=NoticeState(row.state),
        attempts=row.attempts,
        problem=row.problem,
        planned_at=row.planned_at,
        next_try_at=row.next_try_at,
    )


@dataclass(frozen=True, kw_only=True)
class Ways:
    """By which channels a subject is told, and when each may come."""

    channels: frozenset[NoticeChannel]
    quiet: QuietHours | None
    silent: frozenset[NoticeChannel] = frozenset()
    """Channels that the subject does not want."""

    def quiet_of(self, channel: NoticeChannel) -> QuietHours:
        """Return the quiet hours of a channel."""
        return self.quiet or DEFAULT_QUIET[channel]


NO_CHOICE = Ways(channels=frozenset(), quiet=None)


def ways_of(refs: Iterable[str], *, at: datetime) -> dict[str, Ways]:
    """Return how each subject is told: chosen, offered, and with an address; five queries.

    A proved address goes before the telephone of the account; nobody is written an e-mail that
    they did not ask for.
    """
    wanted = set(refs)
    offered = transports.open_channels()
    rows = {row.subject_ref: row for row in Choice.objects.filter(subject_ref__in=wanted)}
    contacts = _used(Contact.objects.filter(subject_ref__in=wanted), at=at)
    proved = {(one.subject_ref, one.channel) for one in contacts}
    phones = organisations.with_phone(wanted) if NoticeChannel.SMS in offered else set()
    return {
        ref: Ways(
            channels=frozenset(
                channel
                for channel in offered
                if (ref not in rows or getattr(rows[ref], channel.value))
                and (
                    (ref, channel.value) in proved
                    or (channel is NoticeChannel.SMS and ref in phones)
                )
            ),
            quiet=_quiet(rows.get(ref)),
            silent=frozenset(
                channel
                for channel in NoticeChannel
                if ref in rows and not getattr(rows[ref], channel.value)
            ),
        )
        for ref in wanted
    }


def address_of(ref: str, channel: NoticeChannel, *, at: datetime) -> str:
    """Return the address of a subject for sending, never for showing; may be empty."""
    for row in _used(Contact.objects.filter(subject_ref=ref, channel=channel.value), at=at):
        return secret_box.unlock(row.address_locked)
    return organisations.phone_for_messages(ref) if channel is NoticeChannel.SMS else ""


def _used(rows: Iterable[Contact], *, at: datetime) -> list[Contact]:
    """Keep the addresses whose provers still act for the subject.

    What an agent proved is not written to any more once the mandate is over.
    """
    found = list(rows)
    acting = organisations.acting_for({(row.verified_by, row.subject_ref) for row in found}, at=at)
    return [row for row in found if (row.verified_by, row.subject_ref) in acting]


def _quiet(row: Choice | None) -> QuietHours | None:
    if row is None or row.quiet_from is None or row.quiet_until is None:
        return None
    return QuietHours(from_hour=row.quiet_from, until_hour=row.quiet_until)


def require_owner(ref: str, by: Actor) -> None:
    """Stop whoever does not act for the subject."""
    if not by.acts_for(ref):
        raise PermissionRefusedError("您不能更改他人的通知设置，请用本人或者本单位的账号登录。")


def require_operator(by: Actor) -> None:
    """Stop whoever does not run the system."""
    if not by.may_somewhere(Permission.SYSTEM_MANAGE):
        raise PermissionRefusedError("查看和重发通知由系统管理员办理，请联系系统管理员。")
