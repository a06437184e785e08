"""The applicant's choices: channels, quiet hours, and addresses proved by a code."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from yiwang.audit import services as audit
from yiwang.kernel.errors import RefusedError
from yiwang.notices import queries, transports
from yiwang.notices.models import Choice, Contact, ContactCode, Notice
from yiwang.notices.policy.sending import HOURS, NoticeState, QuietHours, masked, plain_address
from yiwang.notices.policy.templates import NoticeChannel, Occasion
from yiwang.organisations import secret_box
from yiwang.organisations.limits import Bound, count_try
from yiwang.organisations.permissions import Actor

CODE_LIFE = timedelta(minutes=15)
CODE_TRIES = 5
CODE_DIGITS = 6
CODES = (Bound(most=3, seconds=600), Bound(most=10, seconds=86_400))
"""Codes per subject, and per address: nobody's telephone is rung up through us."""


class ContactRefusedError(RefusedError):
    """The address or the code is not right."""

    code = "notices.contact_refused"


def ask_code(
    *, subject_ref: str, channel: NoticeChannel, address: str, by: Actor, at: datetime
) -> None:
    """Send a code to an address that `by` says is the subject's (获取验证码).

    Raises:
        PermissionRefusedError: `by` does not act for the subject.
        ContactRefusedError: not an address, or a channel that this installation does not have.
        TooManyTriesError: too many codes for this subject or to this address.
    """
    queries.require_owner(subject_ref, by)
    if channel not in transports.open_channels():
        raise ContactRefusedError(f"本平台暂不发送{channel.label}，请选择另一种通知方式。")
    plain = plain_address(channel, address)
    if not plain:
        what = "电子邮件地址" if channel is NoticeChannel.EMAIL else "11位手机号码"
        raise ContactRefusedError(f"请填写正确的{what}。")
    for bound in CODES:
        count_try(what="contact-code", who=subject_ref, bound=bound, at=at)
        count_try(what="contact-address", who=plain.lower(), bound=bound, at=at)
    _send_code(subject_ref, channel, plain, by=by, at=at)


@transaction.atomic
def _send_code(ref: str, channel: NoticeChannel, address: str, *, by: Actor, at: datetime) -> None:
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"
    row, _ = ContactCode.objects.update_or_create(
        subject_ref=ref,
        channel=channel.value,
        defaults={
            "address_locked": secret_box.lock(address),
            "address_masked": masked(channel, address),
            "code_hash": _hash(ref, channel, code),
            "asked_at": at,
            "expires_at": at + CODE_LIFE,
            "tries": 0,
        },
    )
    Notice.objects.create(
        about=f"contact:{row.pk}",
        occasion=Occasion.CONTACT_CODE.value,
        subject=secrets.token_hex(8),
        channel=channel.value,
        to_ref=ref,
        sealed=secret_box.lock(f"{address}\n{code}"),
        state=NoticeState.WAITING.value,
        planned_at=at,
        next_try_at=at,
    )


def confirm_contact(
    *, subject_ref: str, channel: NoticeChannel, code: str, by: Actor, at: datetime
) -> None:
    """Prove the address with the code that came (验证联系方式); it replaces the one before.

    Raises:
        PermissionRefusedError: `by` does not act for the subject.
        ContactRefusedError: no code was asked for, it has ended, or it is another one.
    """
    queries.require_owner(subject_ref, by)
    left = _try(subject_ref, channel, "".join(code.split()), by=by, at=at)
    if left is None:
        return
    if left < 0:
        raise ContactRefusedError("验证码已失效，请重新获取。")
    raise ContactRefusedError(f"验证码不对，还可以再试{left}次；没有收到的，请重新获取。")


@transaction.atomic
def _try(ref: str, channel: NoticeChannel, code: str, *, by: Actor, at: datetime) -> int | None:
    """Try the code; return None when it fits, else how often it may be tried; -1: it has ended."""
    row = (
        ContactCode.objects.select_for_update()
        .filter(subject_ref=ref, channel=channel.value)
        .first()
    )
    if row is None or row.expires_at <= at or row.tries >= CODE_TRIES:
        return -1
    if not hmac.compare_digest(row.code_hash, _hash(ref, channel, code)):
        row.tries += 1
        row.save(update_fields=["tries"])
        return CODE_TRIES - row.tries
    Contact.objects.update_or_create(
        subject_ref=ref,
        channel=channel.value,
        defaults={
            "address_locked": row.address_locked,
            "address_masked": row.address_masked,
            "verified_at": at,
            "verified_by": by.ref,
        },
    )
    row.delete()
    _record("confirm_contact", ref, {"channel": channel.value}, by=by, at=at)
    return None


def _hash(ref: str, channel: NoticeChannel, code: str) -> str:
    words = f"{ref}/{channel}/{code}".encode()
    return hmac.new(settings.SECRET_KEY.encode(), words, hashlib.sha256).hexdigest()


@transaction.atomic
def remove_contact(*, subject_ref: str, channel: NoticeChannel, by: Actor, at: datetime) -> None:
    """Forget an address (删除联系方式), and a code still waiting for it.

    Raises:
        PermissionRefusedError: `by` does not act for the subject.
    """
    queries.require_owner(subject_ref, by)
    ContactCode.objects.filter(subject_ref=subject_ref, channel=channel.value).delete()
    gone, _ = Contact.objects.filter(subject_ref=subject_ref, channel=channel.value).delete()
    if gone:
        _record("remove_contact", subject_ref, {"channel": channel.value}, by=by, at=at)


@transaction.atomic
def save_choice(
    *,
    subject_ref: str,
    channels: frozenset[NoticeChannel],
    quiet: QuietHours | None,
    by: Actor,
    at: datetime,
) -> None:
    """Say by what the subject is told and when not (通知设置).

    It concerns e-mail and short messages alone: letters with legal effect and messages in the
    portal come whatever is chosen here.

    Raises:
        PermissionRefusedError: `by` does not act for the subject.
        ContactRefusedError: an hour that no clock has.
    """
    queries.require_owner(subject_ref, by)
    if quiet is not None and not {quiet.from_hour, quiet.until_hour} <= set(HOURS):
        raise ContactRefusedError("免打扰时段的起止时间应为0至23时。")
    Choice.objects.update_or_create(
        subject_ref=subject_ref,
        defaults={
            "email": NoticeChannel.EMAIL in channels,
            "sms": NoticeChannel.SMS in channels,
            "quiet_from": quiet.from_hour if quiet else None,
            "quiet_until": quiet.until_hour if quiet else None,
            "saved_at": at,
            "saved_by": by.ref,
        },
    )
    _record(
        "save_choice",
        subject_ref,
        {"channels": sorted(one.value for one in channels)},
        by=by,
        at=at,
    )


def _record(act: str, ref: str, detail: dict[str, object], *, by: Actor, at: datetime) -> None:
    audit.record(
        at=at,
        actor=by.ref,
        act=f"notices.{act}",
        target=ref,
        detail=detail,
        ip=by.ip,
        on_behalf_of=ref,
    )
