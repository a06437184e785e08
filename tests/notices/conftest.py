"""A mail server that really listens, templates as packs hold them, and somebody to tell."""

from __future__ import annotations

import datetime as dt
import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message

from tests.factories import organisations
from yiwang.content import services as content
from yiwang.content.models import LoadedPack
from yiwang.content.policy.texts import Text
from yiwang.organisations import queries
from yiwang.organisations.permissions import Actor

NOON = dt.datetime(2026, 3, 9, 4, 0, tzinfo=dt.UTC)
REF = organisations.PERSON

TEMPLATES = {
    "notices.sms.accepted": "【示例】查询码{code}已受理，预计{day}前办结：{link}",
    "notices.email.accepted": "您好：\n您的“{item}”已受理，请看{link}",
    "notices.email.accepted.subject": "已受理（{code}）",
    "notices.sms.received": "【示例】查询码{code}已收到",
    "notices.email.received": "已收到“{item}”",
    "notices.email.received.subject": "已收到（{code}）",
    "notices.sms.contact_code": "验证码{secret}",
    "notices.email.contact_code": "验证码{secret}",
    "notices.email.contact_code.subject": "验证码",
    "notices.sms.consultation_answered": "咨询{code}已答复：{link}",
}


class MailServer(Message):
    """Keeps what arrives; `answers` are given to the next letters instead of taking them."""

    def __init__(self) -> None:
        super().__init__()
        self.letters = []
        self.answers = []

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - the library's name
        if self.answers:
            answer = self.answers.pop(0)
            if answer == "hang up":
                server.transport.abort()
                return "250 nobody reads this"
            return answer
        return await super().handle_DATA(server, session, envelope)

    def handle_message(self, message):
        self.letters.append(message)


@pytest.fixture
def mail_server(settings) -> Iterator[MailServer]:
    handler = MailServer()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.SMTP_HOST = settings.EMAIL_HOST = "127.0.0.1"
    settings.EMAIL_PORT = port
    settings.SMTP_FROM = "noreply@example.invalid"
    yield handler
    controller.stop()


@pytest.fixture
def sms_folder(settings, tmp_path) -> Path:
    settings.DEMO = True
    settings.OUTBOX_DIR = tmp_path / "outbox"
    return tmp_path / "outbox" / "sms"


def messages(folder: Path) -> list[dict[str, str]]:
    return [json.loads(one.read_text()) for one in sorted(folder.glob("*.json"))]


@pytest.fixture
def templates(db, settings) -> None:
    LoadedPack.objects.create(
        name=settings.DISTRICT,
        title="示例",
        version="1",
        effective_on=dt.date(2026, 1, 1),
        source="虚构",
        requires=[],
        sha256="0" * 64,
        loaded_at=NOON,
        loaded_by="system:test",
    )
    for key, text in TEMPLATES.items():
        content.save_text(
            Text(
                pack=settings.DISTRICT,
                key=key,
                text=text,
                source="虚构",
                effective_on=dt.date(2026, 1, 1),
            )
        )


@pytest.fixture
def owner(db) -> Actor:
    user = organisations.applicant(phone="13800000000")
    return queries.actor_for(user.pk, at=NOON)
