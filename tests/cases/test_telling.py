"""Applicants hear of each step that is theirs to know, once, without the acts doing more."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories import cases
from tests.factories import organisations as people
from yiwang.cases import services
from yiwang.cases.models import Case, CaseEvent, Message
from yiwang.cases.policy.states import STEPS, Step
from yiwang.cases.services import telling
from yiwang.notices import queries as notices
from yiwang.notices.models import Mark, Notice
from yiwang.notices.policy.sending import NoticeState
from yiwang.notices.policy.templates import NoticeChannel, Occasion

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("easy_district")]

SILENT = {
    Step.FILE_CORRECTION,
    Step.ASSIGN,
    Step.START_REVIEW,
    Step.CHECK_SITE,
    Step.SEND_OFFICERS,
    Step.ASK_EXTENSION,
    Step.DECLINE_EXTENSION,
    Step.ASK_DEPARTMENT,
    Step.DEPARTMENT_OPINION,
    Step.TELL_INTERESTED,
    Step.NOTE_VIEWS,
    Step.ASK_ON_SPOT,
    Step.FIX_ON_SPOT,
    Step.SEND_BACK,
    Step.PROPOSE,
    Step.PROPOSE_DECLINE,
    Step.WITHDRAW,
    Step.WITHDRAW_MATERIAL,
    Step.CHANGE_CONTACT,
    Step.PROPOSE_END,
    Step.REQUEST_HEARING,
    Step.NOTIFY_HEARING,
    Step.SET_HEARING,
    Step.END_HEARING,
    Step.FIX_DOCUMENT,
    Step.NOTE_RETURN,
    Step.STATE_VIEWS,
    Step.DECLINE_END,
}
"""Steps between offices, the applicant's own, and letters of which the portal alone tells."""


@pytest.fixture(autouse=True)
def _sms(settings, tmp_path):
    settings.DEMO, settings.OUTBOX_DIR = True, tmp_path


def told() -> list[tuple[str, str]]:
    return list(Notice.objects.order_by("id").values_list("occasion", "state"))


def test_every_step_is_either_told_or_named_as_silent():
    assert set(telling.OCCASIONS) | SILENT == set(STEPS)
    assert set(telling.OCCASIONS) & SILENT == set()


def test_the_number_on_the_application_is_used_where_there_is_no_account():
    cases.receive()

    assert services.tell_of_events(at=cases.FRIDAY) == 1

    (row,) = Notice.objects.all()
    assert (row.occasion, row.channel) == (Occasion.RECEIVED, "sms")
    assert row.words["code"] == Case.objects.get().query_code
    assert "13900001234" not in str(row.words) + row.sealed
    assert "餐饮" not in row.words["code"] + row.words["place"]


def test_the_same_events_are_told_once():
    cases.receive()
    services.tell_of_events(at=cases.FRIDAY)

    assert services.tell_of_events(at=cases.FRIDAY) == 0
    assert services.tell_of_events(at=cases.FRIDAY + dt.timedelta(minutes=10)) == 0


def numbers() -> tuple[str, int]:
    """Return what names the table's sequence and its next number, which is then used up."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_serial_sequence('cases_caseevent', 'id')")
        (name,) = cursor.fetchone()
        cursor.execute("SELECT nextval(%s)", [name])
        return name, cursor.fetchone()[0]


def committed_late(name: str, number: int) -> str:
    """Receive a case whose first event has a number drawn earlier; return its number."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT setval(%s, %s, false)", [name, number])
    case = cases.receive(idempotency_key="late")
    assert CaseEvent.objects.filter(pk=number, case__number=case.number).exists()
    return case.number


def test_an_event_that_commits_late_is_still_told_and_only_that_is_read_again():
    name, drawn = numbers()
    cases.receive()
    assert services.tell_of_events(at=cases.FRIDAY) == 1
    late = committed_late(name, drawn)

    soon = cases.FRIDAY + dt.timedelta(minutes=1)
    assert services.tell_of_events(at=soon) == 1

    assert Notice.objects.filter(about=f"case:{late}").count() == 1
    assert services.tell_of_events(at=soon) == 0
    assert str(drawn) not in Mark.objects.get().left_out
    with CaptureQueriesContext(connection) as asked:
        services.tell_of_events(at=soon)
    assert not [one for one in asked if "cases_caseanswer" in one["sql"]]  # nothing to be told


def test_a_number_that_nothing_comes_for_is_given_up():
    numbers()
    cases.receive()
    services.tell_of_events(at=cases.FRIDAY)
    before = Mark.objects.get()
    assert before.left_out

    services.tell_of_events(at=cases.FRIDAY + telling.LOOKED_FOR)

    after = Mark.objects.get()
    assert (after.position, after.left_out) == (before.position, {})


def test_a_look_that_begins_long_after_it_was_due_gives_up_nothing_that_is_still_to_come():
    name, drawn = numbers()
    cases.receive()
    due = cases.FRIDAY - dt.timedelta(minutes=10)  # the workers were down for so long
    assert services.tell_of_events(at=due) == 0
    services.tell_of_events(at=cases.FRIDAY)

    late = committed_late(name, drawn)
    services.tell_of_events(at=cases.FRIDAY + dt.timedelta(seconds=30))

    assert Notice.objects.filter(about=f"case:{late}").count() == 1


def test_a_clock_that_is_set_back_tells_nothing_twice_and_loses_nothing():
    cases.receive()
    assert services.tell_of_events(at=cases.FRIDAY) == 1

    assert services.tell_of_events(at=cases.FRIDAY - dt.timedelta(hours=1)) == 0
    cases.receive(idempotency_key="second")
    assert services.tell_of_events(at=cases.FRIDAY - dt.timedelta(minutes=59)) == 0
    assert services.tell_of_events(at=cases.FRIDAY) == 1


def test_what_happens_after_the_moment_of_the_look_is_told_by_the_next():
    cases.receive()

    assert services.tell_of_events(at=cases.FRIDAY - dt.timedelta(seconds=1)) == 0
    assert services.tell_of_events(at=cases.FRIDAY + dt.timedelta(minutes=14)) == 1


def test_more_than_one_look_reads_is_read_by_the_next():
    cases.receive()
    cases.receive(idempotency_key="second")

    planned = [services.tell_of_events(at=cases.FRIDAY, limit=1) for _ in range(3)]

    assert planned == [1, 1, 0]


def test_of_several_steps_at_once_the_last_is_sent_as_a_short_message():
    cases.accepted()

    services.tell_of_events(at=cases.FRIDAY + dt.timedelta(minutes=1))

    assert told() == [("received", NoticeState.MERGED), ("accepted", NoticeState.WAITING)]


def test_a_request_to_complete_names_its_day_and_leads_to_its_page():
    number = cases.correcting().number
    services.tell_of_events(at=cases.FRIDAY + dt.timedelta(minutes=1))

    words = Notice.objects.get(occasion="correction_asked").words
    due = Case.objects.get().due_on
    assert words["day"] == f"{due.year}年{due.month}月{due.day}日"
    assert words["page"] == f"/cases/{number}/correct/"


def test_what_happened_before_the_log_was_first_read_is_not_told():
    cases.receive()

    services.tell_of_events(at=cases.FRIDAY + dt.timedelta(hours=3))

    assert told() == []


def test_whoever_has_an_account_is_told_on_its_number():
    people.applicant("firm", subject_ref=cases.FIRM_REF, phone="13811112222")
    cases.receive()
    services.tell_of_events(at=cases.FRIDAY)

    assert Notice.objects.get().sealed == ""
    assert notices.address_of(cases.FIRM_REF, NoticeChannel.SMS, at=cases.FRIDAY) == "13811112222"


def test_a_correction_about_to_end_is_reminded_of_once():
    case = cases.correcting()
    due = Case.objects.get(number=case.number).due_on
    morning = dt.datetime.combine(due - dt.timedelta(days=2), dt.time(9, 30), tzinfo=cases.ZONE)

    assert services.remind(at=morning - dt.timedelta(days=1)) == 0
    assert services.remind(at=morning) == 1
    assert services.remind(at=morning + dt.timedelta(days=1)) == 0
    assert told() == [("correction_due", "waiting")]


def test_a_message_that_belongs_to_no_case_stands_in_the_portal():
    services.tell_in_portal(to_ref="person:x", title="标题", body="内容", at=cases.FRIDAY)

    assert Message.objects.get().case is None
