"""Auditors are told of an alarm over reads once, in their own messages, and nobody else is."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.api.conftest import Caller, token
from tests.factories import cases
from tests.factories.desk import SECURITY, SYSTEM, signed_in
from tests.web.officer import test_alarms
from tests.web.officer.test_alarms import FRIDAY, read, watch
from tests.web.officer.test_pages import words
from yiwang.api import context
from yiwang.audit.events import ReadAlarmRaised
from yiwang.audit.models import ReadAlarm
from yiwang.cases.handlers import on_read_alarm_raised
from yiwang.cases.models import Message
from yiwang.kernel import events
from yiwang.organisations import services
from yiwang.organisations.models import User
from yiwang.organisations.permissions import EVERYWHERE, Post

pytestmark = pytest.mark.usefixtures("desk", "_delivered", "_few")

_few = test_alarms._few


@pytest.fixture
def _delivered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "_transport", [events.deliver])


def second_auditor() -> None:
    services.create_staff(
        login="auditor2", name="秦审计", password="Correct-Horse-7", by=SYSTEM, at=cases.FRIDAY
    )
    services.grant_post(
        login="auditor2",
        department=EVERYWHERE,
        post=Post.AUDIT_ADMIN,
        by=SECURITY,
        at=cases.FRIDAY - timedelta(days=1),
    )


def alarmed(actor: str = "user:reviewer") -> ReadAlarm:
    for minute in range(5):
        read(FRIDAY + timedelta(minutes=minute), actor=actor)
    assert len(watch()) == 1
    return ReadAlarm.objects.latest("id")


def test_the_auditor_finds_a_message_and_nothing_personal_stands_in_it():
    number = alarmed().pk
    auditor = signed_in("auditor")

    first = auditor.get("/desk/trail/")
    assert "有 1 条未读的工作消息" in words(first)
    assert 'href="/desk/messages/"' in first.content.decode()
    page = words(auditor.get("/desk/messages/"))
    assert f"查看告警（第{number}号）：短时间大量查看" in page
    assert "2026年3月6日有1人共5次查看超出规定的次数" in page
    message = Message.objects.get()
    for hidden in ("reviewer", "李", "person:"):
        assert hidden not in message.title + message.body
    assert message.to_ref == "user:auditor"
    assert auditor.post(f"/desk/messages/{message.pk}/read/").status_code == 302
    assert "未读的工作消息" not in words(auditor.get("/desk/trail/"))
    assert 'href="/desk/trail/alarms/"' in auditor.get("/desk/messages/").content.decode()


def test_an_alarm_is_told_once_however_often_it_is_widened_or_the_news_comes():
    row = alarmed()
    read(FRIDAY + timedelta(minutes=9))
    watch()
    again = ReadAlarmRaised(alarm_id=row.pk, raised_at=FRIDAY)
    on_read_alarm_raised(again)

    assert Message.objects.count() == 1
    second_auditor()
    on_read_alarm_raised(again)
    on_read_alarm_raised(again)
    told = Message.objects.order_by("to_ref").values_list("to_ref", flat=True)
    assert list(told) == ["user:auditor", "user:auditor2"]


def test_whose_reads_it_is_about_is_not_told_unless_nobody_else_audits():
    second_auditor()
    alarmed(actor="user:auditor")
    assert Message.objects.get().to_ref == "user:auditor2"

    Message.objects.all().delete()
    User.objects.filter(login="auditor2").update(is_active=False)
    on_read_alarm_raised(ReadAlarmRaised(alarm_id=ReadAlarm.objects.get().pk, raised_at=FRIDAY))
    assert Message.objects.get().to_ref == "user:auditor"


def test_posts_without_messages_of_their_own_open_no_inbox_and_others_see_theirs_alone():
    alarmed()
    message = Message.objects.get()

    for login in ("sysadmin", "secadmin"):
        assert signed_in(login).get("/desk/messages/").status_code == 403
    reviewer = signed_in("reviewer")
    assert "查看告警（第" not in words(reviewer.get("/desk/messages/"))
    assert reviewer.post(f"/desk/messages/{message.pk}/read/").status_code == 404
    assert "有新的查看告警" not in words(reviewer.get("/desk/messages/"))
    page = words(signed_in("auditor").get("/desk/messages/"))
    assert "有新的查看告警" in page
    assert "您承办的办件" not in page


def test_the_home_of_an_auditor_is_still_the_trail():
    answer = signed_in("auditor").get("/desk/trail/").content.decode()

    assert answer.index('href="/desk/trail/"') < answer.index('href="/desk/messages/"')


def test_a_program_of_the_auditor_reads_them_too(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("yiwang.api.context.timezone.now", lambda: cases.FRIDAY)
    monkeypatch.setattr("tests.api.conftest.timezone.now", lambda: cases.FRIDAY)
    context.forget()
    caller = Caller(token("auditor3", posts={EVERYWHERE: Post.AUDIT_ADMIN}))
    alarmed()

    (row,) = caller.get("/work-messages").json()
    assert row["title"].startswith("查看告警（第")
    assert caller.post(f"/work-messages/{row['id']}/read").status_code == 204
    assert caller.get("/work-messages").json()[0]["read_at"]


def test_an_alarm_that_nobody_knows_is_told_to_nobody():
    with pytest.raises(LookupError):
        on_read_alarm_raised(ReadAlarmRaised(alarm_id=999_999, raised_at=FRIDAY))
    assert not Message.objects.exists()
