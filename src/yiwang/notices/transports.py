"""The ways out: a mail server, a gateway for short messages, and files of a demonstration.

A district puts its provider of short messages behind `Sms`. What happened is said in three words:
sent, not sent (`NotSentError`), or nobody knows (`UnsureError`).
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import smtplib
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import datetime
from email.utils import formatdate
from pathlib import Path
from typing import Any, Protocol

from django.conf import settings
from django.core import mail
from django.core.mail import EmailMessage

from yiwang.notices.policy.templates import NoticeChannel

SMS_SECONDS = 8.0
SIGNATURE = "Yiwang-Signature"
TIMESTAMP = "Yiwang-Timestamp"
KEY = "Idempotency-Key"


class NotSentError(Exception):
    """The other side did not take it.

    Attributes:
        final: Trying again would change nothing.
        everybody: The way itself is down: others need not try now.
    """

    def __init__(self, words: str, *, final: bool = False, everybody: bool = False) -> None:
        super().__init__(words)
        self.final = final
        self.everybody = everybody


class UnsureError(Exception):
    """The connection broke after the words had left: nobody knows."""


class Sms(Protocol):
    """A provider of short messages."""

    @property
    def knows_twice(self) -> bool:
        """Return whether the same id handed over twice is one message."""

    def send(self, *, id: str, to: str, text: str, at: datetime) -> None:
        """Hand one message over.

        Raises:
            NotSentError: it was not taken.
            UnsureError: nobody knows; only where the id does not tell a repetition.
        """


@dataclass(frozen=True)
class FileSms:
    """Messages as files of a folder, one per id; for demonstrations and tests."""

    folder: Path
    knows_twice: bool = True

    def send(self, *, id: str, to: str, text: str, at: datetime) -> None:
        """Write the message; the same id is the same file."""
        words = {"id": id, "to": to, "text": text, "at": at.isoformat()}
        _write(self.folder / f"{id}.json", json.dumps(words, ensure_ascii=False))


@dataclass(frozen=True)
class HttpSms:
    """A gateway that takes signed JSON and knows a repeated id.

    The signature is HMAC-SHA256 over moment, newline and body, in hexadecimal.
    """

    url: str
    key: str
    knows_twice: bool = True

    def send(self, *, id: str, to: str, text: str, at: datetime) -> None:
        """Post the message. A connection that breaks is tried again under the same id."""
        body = json.dumps({"id": id, "to": to, "text": text}, ensure_ascii=False).encode()
        moment = str(int(at.timestamp()))
        request = urllib.request.Request(  # noqa: S310 - the operator's own setting
            self.url,
            data=body,
            headers={
                "Content-Type": "application/json; charset=utf-8",
                KEY: id,
                TIMESTAMP: moment,
                SIGNATURE: sign(self.key, moment, body),
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=SMS_SECONDS) as answer:  # noqa: S310
                answer.read(1_000)
        except urllib.error.HTTPError as error:
            down = error.code >= 500 or error.code in {408, 425, 429}
            raise NotSentError(
                f"短信网关答复 {error.code}", final=not down, everybody=error.code >= 500
            ) from error
        except OSError as error:  # URLError, timeouts and broken connections are all of this kind
            raise NotSentError(f"短信网关没有答复（{_name(error)}）", everybody=True) from error


def sign(key: str, moment: str, body: bytes) -> str:
    """Return the signature of what is handed to the gateway."""
    return hmac.new(key.encode(), moment.encode() + b"\n" + body, hashlib.sha256).hexdigest()


def sms() -> Sms | None:
    """Return the provider that the settings name; None: this installation sends none."""
    if settings.SMS_URL:
        return HttpSms(settings.SMS_URL, settings.SMS_KEY)
    return FileSms(settings.OUTBOX_DIR / "sms") if settings.DEMO else None


def open_channels() -> frozenset[NoticeChannel]:
    """Return the channels by which this installation can tell anybody anything."""
    channels = {NoticeChannel.SMS} if sms() is not None else set()
    if settings.SMTP_HOST or settings.DEMO:
        channels.add(NoticeChannel.EMAIL)
    return frozenset(channels)


class Mail:
    """One connection to the mail server for as many letters as are due."""

    knows_twice = False

    def __init__(self) -> None:
        self._connection: Any = None

    def send(self, *, id: str, to: str, subject: str, text: str, at: datetime) -> None:
        """Hand one letter over.

        Raises:
            NotSentError: the server did not take it.
            UnsureError: the connection broke after the letter had left.
        """
        letter = EmailMessage(
            subject=subject,
            body=text,
            from_email=settings.SMTP_FROM,
            to=[to],
            headers={
                "Message-ID": f"<{id}@{settings.SMTP_FROM.rpartition('@')[2]}>",
                "Date": formatdate(at.timestamp(), localtime=False),
                "Auto-Submitted": "auto-generated",
            },
        )
        if not settings.SMTP_HOST:
            _write(settings.OUTBOX_DIR / "mail" / f"{id}.eml", letter.message().as_string())
            return
        self._open()
        try:
            self._connection.send_messages([letter])
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            raise NotSentError(
                f"邮件服务器拒收该地址（{codes[0] if codes else ''}）",
                final=all(code >= 500 for code in codes),
            ) from error
        except smtplib.SMTPServerDisconnected as error:
            self.close()
            raise UnsureError("发送途中连接中断") from error
        except smtplib.SMTPResponseException as error:
            raise NotSentError(
                f"邮件服务器答复 {error.smtp_code}", final=error.smtp_code >= 500
            ) from error
        except OSError as error:
            self.close()
            raise UnsureError(f"发送途中连接中断（{_name(error)}）") from error

    def _open(self) -> None:
        if self._connection is not None:
            return
        connection = mail.get_connection(settings.EMAIL_BACKEND)
        try:
            connection.open()
        except (OSError, smtplib.SMTPException) as error:
            raise NotSentError(f"连不上邮件服务器（{_name(error)}）", everybody=True) from error
        self._connection = connection

    def close(self) -> None:
        """Say goodbye; a server that is gone already is no matter."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def _name(error: BaseException) -> str:
    reason = getattr(error, "reason", error)
    return type(reason if isinstance(reason, BaseException) else error).__name__


def _write(path: Path, text: str) -> None:
    """Have the file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.write_text(text, encoding="utf-8")
    fresh.rename(path)
