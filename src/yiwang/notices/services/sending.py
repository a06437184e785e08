"""Sending: one notice at a time, never one twice."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

import structlog
from cryptography.fernet import InvalidToken
from django.conf import settings
from django.db import transaction

from yiwang.audit import services as audit
from yiwang.content import queries as content
from yiwang.kernel.errors import RefusedError
from yiwang.kernel.keeping import keep
from yiwang.notices import queries, transports
from yiwang.notices.models import Notice
from yiwang.notices.policy.sending import LEASE, STALE, NoticeState, next_try
from yiwang.notices.policy.templates import NoticeChannel, Occasion, key_of, render
from yiwang.notices.transports import Mail, NotSentError, Sms, UnsureError
from yiwang.organisations import secret_box
from yiwang.organisations.permissions import Actor

log = structlog.get_logger()

BATCH = 25
"""Notices of a channel in one go: even against the slowest server they end within the lease."""

REASON_LENGTH = 200


class NoticeRefusedError(RefusedError):
    """The notice cannot be sent again or given up."""

    code = "notices.notice_refused"


@dataclass(frozen=True, kw_only=True)
class _Letter:
    to: str
    subject: str
    text: str


def send_due(*, at: datetime, limit: int = BATCH) -> dict[NoticeState, int]:
    """Send what is due, channel by channel, and say how many ended how.

    A notice is claimed in a transaction of its own before a word leaves, and written off after:
    whoever dies between leaves a claim behind. Where the other side knows a repeated id it is
    tried again; where it does not, as with e-mail, nobody sends it twice: a person decides.
    """
    ended: Counter[NoticeState] = Counter()
    sms = transports.sms()
    mail = Mail()
    ended[NoticeState.UNSURE] += _reclaim(at, sms_knows_twice=bool(sms and sms.knows_twice))
    try:
        for channel in sorted(transports.open_channels()):
            for _ in range(limit):
                row = _claim(channel, at)
                if row is None:
                    break
                state, way_is_down = _send(row, mail=mail, sms=sms, at=at)
                ended[state] += 1
                if way_is_down:
                    break
    finally:
        mail.close()
    return {state: number for state, number in ended.items() if number}


@transaction.atomic
def _claim(channel: NoticeChannel, at: datetime) -> Notice | None:
    row = (
        Notice.objects.select_for_update(skip_locked=True)
        .filter(channel=channel.value, state=NoticeState.WAITING.value, next_try_at__lte=at)
        .order_by("next_try_at", "id")
        .first()
    )
    if row is not None:
        row.state, row.claimed_at, row.attempts = NoticeState.SENDING.value, at, row.attempts + 1
        row.save(update_fields=["state", "claimed_at", "attempts"])
    return row


@transaction.atomic
def _reclaim(at: datetime, *, sms_knows_twice: bool) -> int:
    """Take back what a dead worker left behind; return how many nobody knows about."""
    left = Notice.objects.filter(state=NoticeState.SENDING.value, claimed_at__lt=at - LEASE)
    if sms_knows_twice:
        left.filter(channel=NoticeChannel.SMS.value).update(
            state=NoticeState.WAITING.value, next_try_at=at
        )
    return left.filter(state=NoticeState.SENDING.value).update(
        state=NoticeState.UNSURE.value, problem="发送途中程序中断", done_at=at
    )


def _send(row: Notice, *, mail: Mail, sms: Sms | None, at: datetime) -> tuple[NoticeState, bool]:
    """Send a claimed notice; return how it ended, and whether the way itself is down."""
    try:
        letter = _letter(row, at)
        name = f"notice-{row.pk}"
        if row.channel == NoticeChannel.EMAIL:
            mail.send(id=name, to=letter.to, subject=letter.subject, text=letter.text, at=at)
        else:
            assert sms is not None  # the channel is open
            sms.send(id=name, to=letter.to, text=letter.text, at=at)
    except UnsureError as error:
        return _end(row, NoticeState.UNSURE, at=at, problem=str(error)), True
    except NotSentError as error:
        again = None if error.final else next_try(row.attempts, at=at)
        if again is None:
            return _end(row, NoticeState.DEAD, at=at, problem=str(error)), error.everybody
        _end(row, NoticeState.WAITING, at=at, problem=str(error), again=again)
        return NoticeState.WAITING, error.everybody
    return _end(row, NoticeState.SENT, at=at), False


def _letter(row: Notice, at: datetime) -> _Letter:
    """Return address and words.

    Raises:
        NotSentError: stale, no address any more, or no template.
    """
    if at - row.planned_at > STALE:
        raise NotSentError("超过两天没有发出，已不是新消息", final=True)
    channel, occasion = NoticeChannel(row.channel), Occasion(row.occasion)
    try:
        sealed = secret_box.unlock(row.sealed) if row.sealed else ""
    except InvalidToken as error:
        raise NotSentError("封存的地址打不开，密钥已更换", final=True) from error
    to, _, secret = sealed.partition("\n")
    to = to or queries.address_of(row.to_ref, channel, at=at)
    if not to:
        raise NotSentError("收件人已没有可用的地址", final=True)
    words = row.words | _site() | {"link": _link(row.words, channel), "secret": secret}
    text = _text(key_of(channel, occasion), words)
    subject = ""
    if channel is NoticeChannel.EMAIL:
        subject = _text(key_of(channel, occasion, subject=True), words)
    return _Letter(to=to, subject=subject, text=text)


def _text(key: str, words: dict[str, str]) -> str:
    found = keep(("notice text", key), lambda: content.text(key))
    if found is None:
        raise NotSentError(f"内容包没有模板 {key}", final=True)
    return render(found.text, words).strip()


def _link(words: dict[str, str], channel: NoticeChannel) -> str:
    """Return the address to go to: a short one in a short message, that of the page in a letter."""
    place = words.get("page", "") if channel is NoticeChannel.EMAIL else ""
    place = place or words.get("place", "")
    return f"{settings.BASE_URL}{place}" if place else ""


def _site() -> dict[str, str]:
    try:
        district = keep("notice district", content.district)
    except LookupError:
        return {}
    return {"site": district.site_name, "hotline": district.hotline}


def _end(
    row: Notice,
    state: NoticeState,
    *,
    at: datetime,
    problem: str = "",
    again: datetime | None = None,
) -> NoticeState:
    done = state is not NoticeState.WAITING
    Notice.objects.filter(pk=row.pk, state=NoticeState.SENDING.value).update(
        state=state.value,
        problem=problem[:REASON_LENGTH],
        next_try_at=again,
        done_at=at if done else None,
        **({"sealed": ""} if state is NoticeState.SENT else {}),
    )
    if problem:
        log.warning("notices.not_sent", notice=row.pk, state=state.value, problem=problem)
    return state


@transaction.atomic
def send_again(*, notice_id: int, by: Actor, at: datetime) -> None:
    """Have a notice that ended badly sent once more (重新发送).

    Raises:
        PermissionRefusedError: `by` does not run the system.
        NoticeRefusedError: it did not end badly.
        ObjectDoesNotExist: there is none.
    """
    queries.require_operator(by)
    row = _bad(notice_id)
    row.state, row.attempts, row.next_try_at, row.done_at = NoticeState.WAITING.value, 0, at, None
    row.save(update_fields=["state", "attempts", "next_try_at", "done_at"])
    Notice.objects.filter(pk=row.pk).update(planned_at=at)
    audit.record(at=at, actor=by.ref, act="notices.send_again", target=f"notice:{row.pk}", ip=by.ip)


@transaction.atomic
def drop_notice(*, notice_id: int, reason: str, by: Actor, at: datetime) -> None:
    """Give a notice up (不再发送); the message in the portal stays.

    Raises:
        PermissionRefusedError: `by` does not run the system.
        NoticeRefusedError: it did not end badly, or no reason.
        ObjectDoesNotExist: there is none.
    """
    queries.require_operator(by)
    reason = " ".join(reason.split())
    if not reason or len(reason) > REASON_LENGTH:
        raise NoticeRefusedError(f"请写明不再发送的理由，最多{REASON_LENGTH}个字。")
    row = _bad(notice_id)
    row.state, row.sealed, row.done_at = NoticeState.DROPPED.value, "", at
    row.save(update_fields=["state", "sealed", "done_at"])
    audit.record(
        at=at,
        actor=by.ref,
        act="notices.drop_notice",
        target=f"notice:{row.pk}",
        detail={"reason": reason},
        ip=by.ip,
    )


def _bad(notice_id: int) -> Notice:
    row = Notice.objects.select_for_update().get(pk=notice_id)
    if row.state not in {NoticeState.DEAD, NoticeState.UNSURE}:
        raise NoticeRefusedError(
            f"这条通知现为“{NoticeState(row.state).label}”，只有未能发送或者不确定的可以处理。"
        )
    return row
