"""A notice goes out once, by the channel chosen, when it may; whatever goes wrong is seen."""

from __future__ import annotations

import datetime as dt
import hmac
import json
import threading
from email.header import decode_header, make_header
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tests.factories import organisations as people
from tests.notices.conftest import NOON, REF, messages
from yiwang.audit.models import AuditEvent
from yiwang.kernel.paging import PageKeyRefusedError
from yiwang.notices import queries, services, tasks, transports
from yiwang.notices.models import Notice
from yiwang.notices.policy.sending import LEASE, NoticeState, QuietHours, next_try
from yiwang.notices.policy.templates import NoticeChannel, Occasion
from yiwang.notices.services import Wanted
from yiwang.organisations.permissions import Actor, PermissionRefusedError

pytestmark = pytest.mark.django_db

WORDS = {
    "code": "JD2603090017",
    "item": "食品经营许可（新办）",
    "day": "2026年3月16日",
    "place": "/track/?code=JD2603090017",
    "page": "/cases/1/",
}


def plan(at=NOON, **changes):
    arguments = {
        "about": "case:1",
        "occasion": Occasion.ACCEPTED,
        "to_ref": REF,
        "words": WORDS,
    }
    return services.plan([Wanted(**(arguments | changes))], at=at)


def states() -> list[tuple[str, str]]:
    return sorted(Notice.objects.values_list("channel", "state"))


def prove_email(owner, address="one@example.invalid"):
    services.ask_code(
        subject_ref=REF, channel=NoticeChannel.EMAIL, address=address, by=owner, at=NOON
    )


def code_in(letter) -> str:
    return letter.get_payload(decode=True).decode().strip()[-6:]


@pytest.fixture
def proved(owner, mail_server, templates):
    """The owner with a proved address; the letter with the code is gone from the server."""
    prove_email(owner)
    services.send_due(at=NOON)
    services.confirm_contact(
        subject_ref=REF,
        channel=NoticeChannel.EMAIL,
        code=code_in(mail_server.letters.pop()),
        by=owner,
        at=NOON,
    )
    Notice.objects.all().delete()
    return owner


def test_a_letter_leaves_through_a_real_server_and_names_nobody_in_its_subject(proved, mail_server):
    plan()

    assert services.send_due(at=NOON) == {NoticeState.SENT: 1}

    (letter,) = mail_server.letters
    assert str(make_header(decode_header(letter["Subject"]))) == "已受理（JD2603090017）"
    assert letter["To"] == "one@example.invalid"
    assert letter["Auto-Submitted"] == "auto-generated"
    text = letter.get_payload(decode=True).decode()
    assert "食品经营许可（新办）" in text
    assert text.strip().endswith("/cases/1/")


def test_a_short_message_holds_the_query_code_and_nothing_else_of_the_case(
    owner, templates, sms_folder
):
    plan()

    services.send_due(at=NOON)

    (message,) = messages(sms_folder)
    assert message["to"] == "13800000000"
    assert "JD2603090017" in message["text"]
    assert "食品" not in message["text"]
    assert "/track/?code=JD2603090017" in message["text"]


def test_what_was_planned_is_not_planned_again(owner, templates, sms_folder):
    assert plan() == 1
    assert plan() == 0
    services.send_due(at=NOON)
    assert plan() == 0

    assert services.send_due(at=NOON) == {}
    assert len(messages(sms_folder)) == 1


def test_no_address_stays_in_the_table_of_what_was_sent(owner, templates, sms_folder):
    plan(to_ref="person:" + "b" * 32, phone="13911112222")
    sealed = Notice.objects.get().sealed
    assert sealed
    assert "13911112222" not in sealed

    services.send_due(at=NOON)

    assert Notice.objects.get().sealed == ""
    assert messages(sms_folder)[0]["to"] == "13911112222"


def test_whoever_chose_silence_is_not_rung_on_the_number_of_the_application_either(
    owner, templates, sms_folder
):
    services.save_choice(subject_ref=REF, channels=frozenset(), quiet=None, by=owner, at=NOON)

    assert plan(phone="13911112222") == 0


def test_the_number_of_the_application_serves_whoever_wants_short_messages_and_named_none(
    templates, sms_folder
):
    nobody = "person:" + "b" * 32
    services.save_choice(
        subject_ref=nobody,
        channels=frozenset({NoticeChannel.SMS}),
        quiet=None,
        by=Actor(ref="user:nobody", subjects=frozenset({nobody})),
        at=NOON,
    )

    assert plan(to_ref=nobody, phone="139 1111 2222") == 1
    services.send_due(at=NOON)
    assert messages(sms_folder)[0]["to"] == "13911112222"
    assert plan(about="case:2", to_ref=nobody, phone="021-00000003") == 0  # no mobile number


def test_quiet_hours_move_a_short_message_into_the_morning(owner, templates, sms_folder):
    late = dt.datetime(2026, 3, 9, 23, 50, tzinfo=dt.timezone(dt.timedelta(hours=8)))
    plan(at=late)

    assert services.send_due(at=late) == {}
    morning = dt.datetime(2026, 3, 10, 8, 0, tzinfo=dt.timezone(dt.timedelta(hours=8)))
    assert services.send_due(at=morning) == {NoticeState.SENT: 1}


@pytest.mark.parametrize(
    ("hours", "moment", "after"),
    [
        ((21, 8), "2026-03-09T20:59", "2026-03-09T20:59"),
        ((21, 8), "2026-03-09T21:00", "2026-03-10T08:00"),
        ((21, 8), "2026-03-09T07:59", "2026-03-09T08:00"),
        ((21, 8), "2026-03-09T08:00", "2026-03-09T08:00"),
        ((12, 14), "2026-03-09T13:00", "2026-03-09T14:00"),
        ((0, 0), "2026-03-09T00:00", "2026-03-09T00:00"),
    ],
)
def test_quiet_hours_end_on_the_hour(hours, moment, after):
    zone = dt.timezone(dt.timedelta(hours=8))
    begin, end = (dt.datetime.fromisoformat(one).replace(tzinfo=zone) for one in (moment, after))

    assert QuietHours(from_hour=hours[0], until_hour=hours[1]).after(begin) == end


def test_waits_double_and_end():
    waits = [next_try(attempts, at=NOON) for attempts in range(1, 9)]

    assert [(wait - NOON).total_seconds() / 60 for wait in waits[:-1]] == [1, 2, 4, 8, 16, 32, 64]
    assert waits[-1] is None


def test_a_server_that_is_down_is_asked_again_later(proved, mail_server, settings):
    plan()
    plan(about="case:2")
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, 9

    assert services.send_due(at=NOON) == {NoticeState.WAITING: 1}
    row = Notice.objects.get(about="case:1")
    assert "连不上邮件服务器" in row.problem
    assert row.next_try_at == NOON + dt.timedelta(minutes=1)

    settings.EMAIL_PORT = port
    assert services.send_due(at=NOON + dt.timedelta(minutes=1)) == {NoticeState.SENT: 2}
    assert len(mail_server.letters) == 2


def test_an_address_that_the_server_refuses_for_good_is_not_tried_again(proved, mail_server):
    mail_server.answers = ["550 no such mailbox"]
    plan()

    assert services.send_due(at=NOON) == {NoticeState.DEAD: 1}
    assert "550" in Notice.objects.get().problem


def test_after_the_last_try_a_notice_is_dead(proved, mail_server):
    mail_server.answers = ["451 later"] * 8
    plan()
    at = NOON
    for _ in range(8):
        services.send_due(at=at)
        at += dt.timedelta(hours=2)

    assert states() == [("email", "dead")]
    assert Notice.objects.get().attempts == 8
    assert mail_server.letters == []


def test_a_connection_that_breaks_after_the_letter_left_is_not_sent_twice(proved, mail_server):
    mail_server.answers = ["hang up"]
    plan()

    assert services.send_due(at=NOON) == {NoticeState.UNSURE: 1}
    assert services.send_due(at=NOON + dt.timedelta(days=1)) == {}
    assert mail_server.letters == []


class Killed(BaseException):
    """The worker dies here."""


def test_a_worker_killed_after_sending_a_letter_leaves_it_to_a_person(
    proved, mail_server, monkeypatch
):
    plan()
    send = transports.Mail.send

    def die_after(self, **words):
        send(self, **words)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(transports.Mail, "send", die_after)
        with pytest.raises(Killed):
            services.send_due(at=NOON)
    assert states() == [("email", "sending")]

    assert services.send_due(at=NOON + LEASE) == {}
    later = NOON + LEASE + dt.timedelta(seconds=1)
    assert services.send_due(at=later) == {NoticeState.UNSURE: 1}
    assert len(mail_server.letters) == 1


def test_a_worker_killed_after_a_short_message_hands_it_over_under_the_same_id(
    owner, templates, sms_folder, monkeypatch
):
    plan()
    send = transports.FileSms.send

    def die_after(self, **words):
        send(self, **words)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(transports.FileSms, "send", die_after)
        with pytest.raises(Killed):
            services.send_due(at=NOON)

    later = NOON + LEASE + dt.timedelta(seconds=1)
    assert services.send_due(at=later) == {NoticeState.SENT: 1}
    assert len(messages(sms_folder)) == 1


def test_news_of_last_week_is_no_news(owner, templates, sms_folder):
    plan()

    assert services.send_due(at=NOON + dt.timedelta(days=3)) == {NoticeState.DEAD: 1}
    assert messages(sms_folder) == []


def test_a_missing_template_is_named(owner, templates, sms_folder):
    plan(occasion=Occasion.SENT)

    services.send_due(at=NOON)

    assert Notice.objects.get().problem == "内容包没有模板 notices.sms.sent"


class Gateway(HTTPServer):
    """A gateway for short messages that answers as told."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), GatewayCall)
        self.calls = []
        self.status = 200


class GatewayCall(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.calls.append((dict(self.headers), body))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *words):
        """Say nothing."""


@pytest.fixture
def gateway(settings):
    server = Gateway()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    settings.SMS_URL = f"http://127.0.0.1:{server.server_port}/send"
    settings.SMS_KEY = "shared"
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_gateway_gets_signed_words_and_an_id_that_tells_a_repetition(owner, templates, gateway):
    plan()

    assert services.send_due(at=NOON) == {NoticeState.SENT: 1}

    ((headers, body),) = gateway.calls
    words = f"{headers[transports.TIMESTAMP]}\n".encode() + body
    assert hmac.compare_digest(
        headers[transports.SIGNATURE], hmac.new(b"shared", words, "sha256").hexdigest()
    )
    assert headers[transports.KEY] == json.loads(body)["id"] == f"notice-{Notice.objects.get().pk}"


@pytest.mark.parametrize(("status", "state"), [(503, "waiting"), (429, "waiting"), (400, "dead")])
def test_a_gateway_that_is_down_is_asked_again_and_one_that_refuses_is_not(
    owner, templates, gateway, status, state
):
    gateway.status = status
    plan()

    services.send_due(at=NOON)

    assert states() == [("sms", state)]
    assert str(status) in Notice.objects.get().problem


def test_a_district_without_gateway_and_mail_server_plans_nothing(owner, templates, settings):
    settings.DEMO, settings.SMS_URL, settings.SMTP_HOST = False, "", ""

    assert plan(phone="13911112222") == 0


def test_several_events_at_once_are_one_short_message_and_as_many_letters(
    proved, mail_server, sms_folder
):
    services.plan(
        [
            Wanted(about="case:1", occasion=Occasion.RECEIVED, to_ref=REF, merged=True),
            Wanted(about="case:1", occasion=Occasion.ACCEPTED, to_ref=REF, words=WORDS),
        ],
        at=NOON,
    )
    services.send_due(at=NOON)

    assert len(mail_server.letters) == 2
    assert len(messages(sms_folder)) == 1
    assert ("sms", "merged") in states()


def failed(owner) -> int:
    plan(occasion=Occasion.SENT)
    services.send_due(at=NOON)
    return Notice.objects.get().pk


def test_the_system_administrator_sends_again_or_gives_up_and_both_are_on_the_trail(
    owner, templates, sms_folder
):
    number = failed(owner)
    admin = people.SYSTEM_ADMIN
    (line,) = queries.failures(by=admin).rows
    assert (line.id, line.code, line.occasion) == (number, "JD2603090017", Occasion.SENT)

    services.send_again(notice_id=number, by=admin, at=NOON)
    assert states() == [("sms", "waiting")]
    services.send_due(at=NOON)
    services.drop_notice(notice_id=number, reason="已电话告知", by=admin, at=NOON)

    assert states() == [("sms", "dropped")]
    assert queries.failures(by=admin).rows == ()
    acts = AuditEvent.objects.filter(act__startswith="notices.").values_list("act", flat=True)
    assert {"notices.send_again", "notices.drop_notice"} <= set(acts)


def test_what_is_refused_to_others_and_to_late_comers_says_why(owner, templates, sms_folder):
    number = failed(owner)
    with pytest.raises(PermissionRefusedError, match="系统管理员"):
        queries.failures(by=people.clerk_of("market"))
    with pytest.raises(PermissionRefusedError, match="系统管理员"):
        services.send_again(notice_id=number, by=people.clerk_of("market"), at=NOON)
    with pytest.raises(services.NoticeRefusedError, match="写明不再发送的理由"):
        services.drop_notice(notice_id=number, reason=" ", by=people.SYSTEM_ADMIN, at=NOON)
    services.drop_notice(notice_id=number, reason="已告知", by=people.SYSTEM_ADMIN, at=NOON)
    with pytest.raises(services.NoticeRefusedError, match="现为“不再发送”"):
        services.send_again(notice_id=number, by=people.SYSTEM_ADMIN, at=NOON)
    with pytest.raises(PageKeyRefusedError, match="翻页参数"):
        queries.failures(by=people.SYSTEM_ADMIN, after="x")


def test_the_job_sends_what_is_due(owner, templates, sms_folder):
    plan()

    tasks.send_due(int(NOON.timestamp()))

    assert states() == [("sms", "sent")]
