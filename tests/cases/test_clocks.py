"""Clocks that are reckoned anew when a notice is loaded, and reported once when missed."""

from __future__ import annotations

import dataclasses
import datetime as dt
from types import SimpleNamespace

import pytest
from django.db import IntegrityError, transaction

from tests.cases.test_procedure import ask, inquire, on, requested, set_hearing
from tests.content.conftest import manifest
from tests.factories import cases
from tests.factories.desk import hire
from yiwang.audit.queries import trail
from yiwang.cases import services
from yiwang.cases.models import Case, CaseClock
from yiwang.cases.policy import reminding
from yiwang.cases.policy.states import CaseState
from yiwang.cases.policy.terms import ClockKind
from yiwang.cases.queries import QueueRefusedError, messages_for
from yiwang.cases.queries.procedure import clocks_of, missed_clocks
from yiwang.cases.services import clocks
from yiwang.content.services import load_packs
from yiwang.kernel import events
from yiwang.kernel.workdays import WorkdayCalendar
from yiwang.organisations.models import PowerConcentration
from yiwang.organisations.permissions import Actor, PermissionRefusedError, Post

pytestmark = pytest.mark.usefixtures("easy_district")

JOB = Actor(ref="job:test")

WITH_A_FEAST = dataclasses.replace(
    cases.CALENDAR, holidays=cases.CALENDAR.holidays | {dt.date(2026, 3, 11)}
)
"""The same year with the Wednesday after the walks begin declared a holiday."""


def date(day: str) -> dt.date:
    return dt.date.fromisoformat(day)


def recompute(calendar: WorkdayCalendar):
    return services.recompute_clocks(calendar=calendar, by=JOB, at=cases.FRIDAY)


def report(day: str):
    return [(one.number, one.kind) for one in services.report_missed_clocks(by=JOB, at=on(day))]


@pytest.mark.req("CASE-02")
def test_a_holiday_notice_moves_every_running_clock_and_the_trail_tells_how():
    received = cases.receive().number
    reviewing = cases.reviewing().number
    decided = cases.decided().number
    special = cases.special().number
    hearing = cases.hearing().number
    closed = cases.in_state(CaseState.CLOSED).number

    done = recompute(WITH_A_FEAST)

    assert set(done.changed) == {received, reviewing, decided, special, hearing}
    assert (done.checked, done.failed) == (5, ())
    rows = {row.number: row for row in Case.objects.all()}
    assert rows[received].notice_due_on == rows[received].due_on == date("2026-03-16")
    assert rows[reviewing].promised_on == rows[reviewing].due_on == date("2026-03-16")
    assert rows[reviewing].statutory_on == date("2026-04-07")
    assert rows[decided].delivery_due_on == date("2026-03-23")
    assert rows[decided].publicity_due_on == date("2026-03-18")
    assert rows[special].due_on == rows[hearing].due_on == date("2026-03-16")
    assert rows[closed].delivery_due_on == date("2026-03-20")
    (told,) = trail(act="cases.clocks_recomputed", target=f"case:{reviewing}")
    assert told.detail["promised_on"] == "2026-03-13>2026-03-16"
    assert recompute(WITH_A_FEAST).changed == ()


NOTICE = """\
year: 2026
title: 2026年放假安排
source: 虚构
festivals:
  - {{name: 春节, first: 2026-02-15, last: 2026-02-23}}
  - {{name: 国庆节, first: {first}, last: {last}}}
"""


def test_loading_a_notice_moves_the_clocks_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr(events, "_transport", [events.deliver])
    number = cases.reviewing().number
    before = Case.objects.get(number=number).promised_on

    def load(first: str, last: str) -> None:
        folder = tmp_path / "packs" / "feast"
        (folder / "holidays").mkdir(parents=True, exist_ok=True)
        (folder / "pack.yaml").write_text(manifest("feast"))
        (folder / "holidays" / "2026.yaml").write_text(NOTICE.format(first=first, last=last))
        report = load_packs(
            root=tmp_path / "packs", names=["feast"], by="user:operator", at=cases.FRIDAY,
            apply=True, record=lambda **row: None,
        )  # fmt: skip
        assert report.errors == []

    load("2026-10-01", "2026-10-07")
    load("2026-03-11", "2026-03-11")

    assert before == date("2026-03-13")
    assert Case.objects.get(number=number).promised_on == date("2026-03-16")
    (told,) = trail(act="cases.clocks_recomputed", target=f"case:{number}")
    assert told.actor == "job:recompute-clocks"


def test_a_case_whose_days_lie_beyond_the_calendar_keeps_them_and_is_named():
    case = cases.reviewing()

    done = recompute(cases.ENDING)

    assert done.failed == (case.number,)
    assert Case.objects.get(number=case.number).statutory_on == case.statutory_on


def test_stops_and_the_extension_count_when_a_clock_is_reckoned_anew():
    number = cases.special().number
    services.end_special(
        number=number,
        result="合格",
        calendar=cases.CALENDAR,
        by=cases.REVIEWER,
        at=on("2026-03-12"),
    )
    ask(number, at=on("2026-03-12"))
    services.decide_extension(
        number=number, approve=True, calendar=cases.CALENDAR, by=cases.HEAD, at=on("2026-03-12")
    )
    before = Case.objects.get(number=number).promised_on

    recompute(cases.CALENDAR)

    # five days, ten more by the head, from the day after the stop
    assert before == Case.objects.get(number=number).promised_on == date("2026-04-02")


@pytest.mark.req("CASE-02")
def test_each_missed_clock_is_reported_once_until_it_is_done():
    received = cases.receive().number
    reviewing = cases.reviewing().number
    decided = cases.decided().number
    inquire(cases.reviewing().number)
    assert report("2026-03-13") == []

    first = report("2026-03-16")

    assert (received, ClockKind.NOTICE) in first
    assert (reviewing, ClockKind.PROMISED) in first
    assert sum(kind is ClockKind.OPINION for _number, kind in first) == 1
    assert report("2026-03-16") == []
    assert report("2026-03-23") == [(decided, ClockKind.DELIVERY)]
    assert (reviewing, ClockKind.STATUTORY) in report("2026-04-07")
    assert len(trail(act="cases.clock_missed", target=f"case:{reviewing}")) == 2

    listed = missed_clocks(by=cases.HEAD).rows
    assert listed[0].department == "market"
    services.accept_case(
        number=received, calendar=cases.CALENDAR, by=cases.CLERK, at=on("2026-04-07")
    )
    services.report_missed_clocks(by=JOB, at=on("2026-04-08"))
    assert received not in {row.number for row in missed_clocks(by=cases.HEAD).rows}
    whole = missed_clocks(by=cases.HEAD, open_only=False).rows
    assert {row.met_on for row in whole if row.number == received} == {date("2026-04-07")}


def test_what_runs_for_the_applicant_or_is_stopped_is_no_fault_of_the_authority():
    cases.hearing()
    cases.correcting()

    assert report("2026-03-30") == []


def test_a_special_procedure_that_takes_longer_than_told_is_reported():
    number = cases.special().number

    assert report("2026-03-16") == [(number, ClockKind.SPECIAL_END)]


def test_acceptance_by_silence_counts_as_a_missed_notice():
    number = cases.receive().number
    services.deem_accepted(calendar=cases.CALENDAR, by=cases.CLOCK, at=on("2026-03-16"))

    (row,) = missed_clocks(by=cases.HEAD, open_only=False).rows
    assert (row.number, row.kind) == (number, ClockKind.NOTICE)
    shown = clocks_of(number, by=cases.HEAD, today=date("2026-03-16"), calendar=cases.CALENDAR)
    assert [one.missed for one in shown if one.kind is ClockKind.NOTICE] == [True]


def test_missed_clocks_are_for_the_head_of_the_department_alone():
    cases.receive()
    report("2026-03-16")

    with pytest.raises(QueueRefusedError):
        missed_clocks(by=cases.REVIEWER)
    other = Actor(ref="user:x", posts={"housing": frozenset({Post.DEPARTMENT_HEAD})})
    assert missed_clocks(by=other).rows == ()


def test_missed_clocks_page_by_key():
    for _ in range(3):
        cases.receive()
    report("2026-03-16")

    first = missed_clocks(by=cases.HEAD, limit=2)
    second = missed_clocks(by=cases.HEAD, limit=2, after=first.after)

    assert (len(first.rows), len(second.rows), second.after) == (2, 1, None)


def test_a_clock_stops_runs_again_and_is_met_once():
    case = Case.objects.get(number=cases.reviewing().number)
    given = {"subject": "letter"}
    clocks.start(
        case,
        ClockKind.POST_CHECK,
        starts_on=date("2026-03-06"),
        due_on=date("2026-05-06"),
        **given,
    )
    clocks.start(
        case,
        ClockKind.POST_CHECK,
        starts_on=date("2026-03-09"),
        due_on=date("2026-05-09"),
        **given,
    )
    clocks.stop(case, ClockKind.POST_CHECK, on=date("2026-03-10"), **given)
    row = CaseClock.objects.get(case=case)
    assert (row.starts_on, row.due_on, row.stopped_since) == (
        date("2026-03-06"),
        None,
        date("2026-03-10"),
    )
    clocks.resume(case, ClockKind.POST_CHECK, due_on=date("2026-05-08"), **given)
    clocks.meet(case, ClockKind.POST_CHECK, on=date("2026-04-01"), **given)
    clocks.meet(case, ClockKind.POST_CHECK, on=date("2026-04-02"), **given)
    row.refresh_from_db()
    assert (row.due_on, row.met_on) == (date("2026-05-08"), date("2026-04-01"))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"due_on": None}, "due_unless_stopped"),
        ({"due_on": date("2026-03-01")}, "runs_forward"),
        ({"met_on": date("2026-03-01")}, "runs_forward"),
        ({"kind": "patience"}, "kind_known"),
    ],
)
def test_a_clock_that_contradicts_itself_is_refused(changes, words):
    cases.special()

    with pytest.raises(IntegrityError, match=words), transaction.atomic():
        CaseClock.objects.update(**changes)


def test_hearing_clocks_follow_the_calendar_until_they_are_met():
    hire("approver")
    number = requested()

    recompute(
        dataclasses.replace(
            cases.CALENDAR, holidays=cases.CALENDAR.holidays | {dt.date(2026, 3, 18)}
        )
    )

    due = dict(CaseClock.objects.filter(case__number=number).values_list("kind", "due_on"))
    assert due == {"hearing_request": date("2026-03-13"), "hearing_hold": date("2026-04-14")}
    assert Case.objects.get(number=number).due_on == date("2026-04-14")


def test_a_hearing_that_was_told_stays_the_next_thing_due():
    hire("approver")
    number = requested()
    assert set_hearing(number).due_on == date("2026-03-26")

    assert recompute(cases.CALENDAR).changed == ()

    assert Case.objects.get(number=number).due_on == date("2026-03-26")


@pytest.mark.req("CASE-01")
def test_from_its_day_on_a_seal_department_decides_for_others():
    cases.department("seal", "行政审批局")
    PowerConcentration.objects.create(
        department="market",
        deciding="seal",
        valid_from=dt.date(2026, 3, 9),
        basis="相对集中行政许可权改革试点方案",
    )
    before = cases.accepted().number
    after = services.accept_case(
        number=cases.receive(at=on("2026-03-09")).number,
        calendar=cases.CALENDAR,
        by=cases.CLERK,
        at=on("2026-03-09"),
    )
    assert cases.page(before).case.deciding_department == "market"
    assert (after.department_code, after.deciding_department) == ("market", "seal")

    given = {"number": after.number, "at": on("2026-03-09")}
    with pytest.raises(PermissionRefusedError):
        services.assign_case(**given, to=cases.REVIEWER.ref, by=cases.REVIEWER)
    sealer = Actor(ref="user:sealer", name="石审批", posts={"seal": frozenset({Post.REVIEWER})})
    taken = services.assign_case(**given, to=sealer.ref, by=sealer)
    assert taken.state is CaseState.REVIEWING


def told(ref: str) -> list[str]:
    return [one.title for one in reversed(messages_for(ref))]


def remind(day: str):
    return services.remind_holders(calendar=cases.CALENDAR, by=JOB, at=on(day))


@pytest.mark.req("CASE-10")
def test_a_missed_clock_is_told_to_the_head_once_and_to_no_other_department():
    hire("head", "stranger")
    case = cases.receive()

    assert report("2026-03-16") == [(case.number, ClockKind.NOTICE)]
    assert report("2026-03-17") == []

    (message,) = messages_for("user:head")
    assert message.title == f"期限超期（{case.query_code}）"
    assert "受理或者一次性告知" in message.body
    assert case.applicant_name not in message.title + message.body
    assert told("user:stranger") == []


def test_acceptance_by_silence_is_told_to_the_head_too():
    hire("head")
    cases.receive()
    services.deem_accepted(calendar=cases.CALENDAR, by=cases.CLOCK, at=on("2026-03-16"))
    report("2026-03-16")

    bodies = [one.body for one in messages_for("user:head")]
    assert sum("受理或者一次性告知" in body for body in bodies) == 1


@pytest.mark.req("CASE-10")
def test_whoever_holds_a_case_is_reminded_once_and_a_colleague_who_takes_it_too():
    number = cases.reviewing().number
    assert remind("2026-03-10") == []

    assert remind("2026-03-11") == [number]
    assert remind("2026-03-12") == []

    (message,) = messages_for(cases.REVIEWER.ref)
    assert "承诺办结" in message.body
    assert "2026年3月13日" in message.body
    assert [one.act for one in trail(act="cases.remind_holder", target=f"case:{number}")] == [
        "cases.remind_holder"
    ]
    hire("reviewer2")
    services.assign_case(number=number, to="user:reviewer2", by=cases.HEAD, at=on("2026-03-12"))
    assert remind("2026-03-12") == [number]
    assert len(told("user:reviewer2")) == 1


def test_nobody_is_reminded_of_what_is_the_applicants_turn_or_over():
    cases.hearing()
    cases.correcting()
    cases.closed()

    assert remind("2026-03-12") == []


def test_the_pack_says_how_early_and_whether_at_all(monkeypatch):
    number = cases.reviewing().number
    said = {"text": "0"}
    monkeypatch.setattr(
        "yiwang.cases.services.alarming.content.text",
        lambda key: SimpleNamespace(**said) if key == reminding.KEY else None,
    )
    assert remind("2026-03-13") == []
    said["text"] = "5"
    assert remind("2026-03-06") == [number]


@pytest.mark.parametrize(
    ("key", "text", "words"),
    [
        (reminding.KEY, "21", "应为0至20"),
        (reminding.KEY, "two", "应为0至20"),
        (reminding.KEY, "-1", "应为0至20"),
        ("clocks.remind", "2", "没有“clocks.remind”这个设置"),
    ],
)
def test_a_setting_that_is_none_does_not_load(key, text, words):
    (problem,) = reminding.problems(key, text)
    assert words in problem
    assert reminding.problems(reminding.KEY, " 3 ") == []
