"""What holds after every act of every history, whoever acts and whenever (随机办理历史)."""

from __future__ import annotations

import datetime as dt
import itertools
import random
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, transaction
from hypothesis import HealthCheck, Phase, currently_in_test_context, given, note, settings
from hypothesis import strategies as some

from tests.archives.test_again import NO_ACTS
from tests.cases import histories
from tests.cases.histories import LIMITS, STAFF, History, Taken
from tests.factories import cases
from yiwang.audit import services as audit
from yiwang.audit.models import AuditEvent
from yiwang.cases import services, tasks
from yiwang.cases.models import Case, CaseClock, CaseDocument, CaseEvent, DepartmentInquiry
from yiwang.cases.policy.states import (
    DECIDED,
    FINISHED,
    STEPS,
    STOPPED,
    CaseState,
    Desk,
    Step,
    Way,
)
from yiwang.cases.policy.terms import BEFORE_DECISION, ClockKind, Outcome
from yiwang.cases.queries import archiving
from yiwang.cases.services.steps import state_hash
from yiwang.kernel.workdays import WorkdayCalendar
from yiwang.organisations.permissions import GRANTS, Post

DAY = dt.timedelta(days=1)
NEVER = dt.datetime(2100, 1, 1, tzinfo=dt.UTC)
LENGTH = 30
"""Acts in one history."""


@dataclass
class Fold:
    """What the events alone say about a case."""

    state: str = ""
    version: int = 0
    accepted_on: dt.date | None = None
    accepted_by: str = ""
    deemed: bool = False
    corrected_on: dt.date | None = None
    reviewed_by: str = ""
    reviewed_at: dt.datetime | None = None
    outcome: str = ""
    way: str = ""
    decided_by: str = ""
    decided_at: dt.datetime | None = None
    extended_on: dt.date | None = None
    closed_at: dt.datetime | None = None
    stopped_since: dt.date | None = None
    touched_by: str = ""
    touched_at: dt.datetime | None = None
    asked_workdays: int = 0
    extended_workdays: int = 0
    stops: list[list[dt.date | None]] = field(default_factory=list)


IN_ROW = (
    "state",
    "version",
    "accepted_on",
    "accepted_by",
    "deemed",
    "corrected_on",
    "reviewed_by",
    "reviewed_at",
    "outcome",
    "way",
    "decided_by",
    "decided_at",
    "extended_on",
    "closed_at",
    "stopped_since",
    "touched_by",
    "touched_at",
)
GRANTED = {
    Step.GRANT,
    Step.GRANT_ON_SPOT,
    Step.GRANT_ON_COMMITMENT,
    Step.GRANT_AUTOMATIC,
    Step.DEEM_RENEWED,
}
REFUSED = {Step.REFUSE, Step.REFUSE_ON_SPOT}


def day(at: dt.datetime) -> dt.date:
    return at.astimezone(cases.ZONE).date()


def fold(events: list[CaseEvent], *, immediate: bool) -> Fold:
    """Rebuild a case from its events."""
    told = Fold()
    received_on = day(events[0].at)
    for event in events:
        if event.step == Step.SEND_BACK:
            told.reviewed_by, told.reviewed_at = "", None
        step, on = Step(event.step), day(event.at)
        before, told.state = told.state, event.to_state
        told.version += 1
        told.touched_by, told.touched_at = event.actor_name, event.at
        if before in STOPPED and event.to_state not in STOPPED:
            told.stopped_since = None
            told.stops[-1][1] = on
        if step is Step.FILE_CORRECTION:
            told.corrected_on = on
        elif step is Step.ACCEPT:
            told.deemed = event.actor == tasks.DEEMED_BY.ref
            told.accepted_on = (told.corrected_on or received_on) if told.deemed else on
            told.accepted_by = event.actor
            if immediate and not told.deemed:
                told.reviewed_by, told.reviewed_at = event.actor, event.at
        elif step in {Step.START_SPECIAL, Step.NOTIFY_HEARING}:
            told.stopped_since = on
            told.stops.append([on, None])
        elif step is Step.ASK_EXTENSION:
            told.asked_workdays = int(re.findall(r"延长(\d+)个工作日", event.reason)[0])
        elif step is Step.EXTEND:
            told.extended_on, told.extended_workdays = on, told.asked_workdays
        elif step is Step.PROPOSE:
            told.reviewed_by, told.reviewed_at = event.actor, event.at
        elif step in GRANTED | REFUSED:
            told.outcome = (Outcome.GRANT if step in GRANTED else Outcome.REFUSE).value
            told.decided_by, told.decided_at = event.actor, event.at
            told.way = STEPS[step].way.value if STEPS[step].way else ""
        if event.to_state in FINISHED and before not in FINISHED:
            told.closed_at = event.at
    return told


def last_day(
    start: dt.date, workdays: int, stops: list[list[dt.date | None]], calendar: WorkdayCalendar
) -> dt.date | None:
    """Count day by day, as one would on paper; None where a stop is open."""
    if workdays == 0:
        return start
    if any(end is None for _begin, end in stops):
        return None
    on = start
    while workdays:
        on += DAY
        works = (on.weekday() < 5 and on not in calendar.holidays) or on in calendar.workdays
        if works and not any(begin <= on <= end for begin, end in stops if begin and end):
            workdays -= 1
    return on


def fingerprint() -> list[tuple[Any, ...]]:
    """Return for every table of the program how many rows it has, and a hash over all of them."""
    tables = sorted(
        model._meta.db_table
        for model in apps.get_models()
        if model.__module__.startswith("yiwang.") and model._meta.managed
    )
    with connection.cursor() as cursor:
        cursor.execute(
            " UNION ALL ".join(
                f"SELECT '{name}', count(*), sum(hashtextextended(t::text, 0)) FROM {name} t"
                for name in tables
            )
        )
        return sorted(cursor.fetchall())  # the server may look through the tables side by side


def packed(number: str) -> dict[str, Any]:
    """Return the rows that the package of a case holds, but for what makes no package due."""
    tables = archiving.tables_of(number)
    for row in tables["cases_case"]:
        del row["archived_version"]
    return {name: rows for name, rows in tables.items() if name not in NO_ACTS}


class Watch:
    """Looks at a history after every act."""

    def __init__(self, one: History) -> None:
        self.one = one
        self.seen: dict[int, dict[str, Any]] = {}
        self.clocks: dict[int, CaseClock] = {}
        self.steps: Counter[str] = Counter()
        self.packages: dict[str, dict[str, Any]] = {}
        self.mark = fingerprint()
        self.look(None)

    def go(self) -> None:
        """Take one act and look."""
        taken = self.one.go()
        if currently_in_test_context():
            note(str(taken))
        now = fingerprint()
        if taken.refusal is not None:
            assert taken.refusal.message.endswith("。") or taken.refusal.code == (
                "kernel.calendar_gap"
            ), taken
            assert now == self.mark, f"{taken} changed {_differ(self.mark, now)}"
        self.mark = now
        self.look(taken)
        if self._archive():
            self.mark = fingerprint()

    def look(self, taken: Taken | None) -> None:
        """Check everything that must hold at any time."""
        for row in Case.objects.order_by("id"):
            events = list(CaseEvent.objects.filter(case=row).order_by("id"))
            self._on_the_table(row, events)
            told = fold(events, immediate=row.immediate)
            for name in IN_ROW:
                assert getattr(row, name) == getattr(told, name), (row.number, name)
            self._limits(row, told)
            self._never_back(row, events, taken)
            self._four_eyes(row, events)
            self._trail(row, events)
            self._hashes(row, events)
            self._asked(row, events)
            self.seen[row.pk] = {"events": len(events)} | {
                name: getattr(row, name) for name in LATER_ONLY
            }
        self._letters()
        self._other_clocks()

    def _on_the_table(self, row: Case, events: list[CaseEvent]) -> None:
        state = ""
        for event in events:
            step = Step(event.step)
            move = STEPS[step]
            assert event.from_state == state
            if step is Step.RECEIVE:
                assert (state, event.to_state) == ("", "received")
            else:
                assert state in move.starts, f"{step} from {state}"
                assert event.to_state == (move.end or state)
            assert move.way in {None, Way(row.way) if row.way else None}
            self._entitled(row, event)
            state = event.to_state
        self.steps.update(
            event.step for event in events[self.seen.get(row.pk, {}).get("events", 0) :]
        )
        assert row.state == state
        assert (row.state in DECIDED) == (row.decided_at is not None)

    def _entitled(self, row: Case, event: CaseEvent) -> None:
        step, move = Step(event.step), STEPS[Step(event.step)]
        if event.post and step not in {Step.ASSIGN, Step.START_REVIEW}:
            places = {
                Desk.DECIDER: {"market"},
                Desk.WINDOW: {"market", "centre"},
                Desk.ACCEPTOR: {"market", "centre"},
                Desk.DELIVERER: {"market", "centre"},
                Desk.ASKED: {"housing"},
            }[move.desk]
            leads = event.post == Post.DISTRICT_LEADER
            assert leads or event.department in places
            assert leads or move.permission in GRANTS[Post(event.post)]
            assert event.actor in {by.ref for by in STAFF}
            if leads:
                assert (row.item_slug, move.end) == (histories.JOINT, None)
        elif not event.post:
            by_clock = move.by_clock and event.actor.startswith(("job:", "system:"))
            assert by_clock or (move.by_applicant and event.actor in {"user:firm", "user:elder"})

    def _limits(self, row: Case, told: Fold) -> None:
        state = CaseState(row.state)
        if state in STOPPED:
            assert (row.statutory_on, row.promised_on) == (None, None)
        if state not in {CaseState.ACCEPTED, CaseState.REVIEWING, CaseState.DECISION_PENDING}:
            return
        law, promise = LIMITS[row.item_slug]
        assert told.accepted_on is not None
        days = {
            name: last_day(
                told.accepted_on,
                limit + told.extended_workdays if limit else 0,
                told.stops,
                self.one.calendar,
            )
            for name, limit in (("law", law), ("promise", promise))
        }
        assert row.statutory_on == days["law"], row.number
        if row.item_slug == histories.COMMITTED and not told.stops and not told.extended_workdays:
            assert row.promised_on in {told.accepted_on, days["promise"]}
        else:
            assert row.promised_on == days["promise"], row.number
        assert row.due_on == row.promised_on

    def _never_back(self, row: Case, events: list[CaseEvent], taken: Taken | None) -> None:
        before = self.seen.get(row.pk)
        if before is None or taken is None:
            return
        new = {Step(event.step) for event in events[before["events"] :]}
        for name, why in LATER_ONLY.items():
            old, now = before[name], getattr(row, name)
            if old is None or now is None or old == now:
                continue
            assert now > old, f"{row.number} {name} went back from {old} to {now}"
            assert new & why or taken.what == "holiday notice", f"{row.number} {name} for no reason"
        assert [event.at for event in events] == sorted(event.at for event in events)

    def _four_eyes(self, row: Case, events: list[CaseEvent]) -> None:
        reviewed = {event.actor for event in events if event.step == Step.PROPOSE}
        decisions = [event for event in events if Step(event.step) in GRANTED | REFUSED]
        assert len(decisions) <= 1
        assert not reviewed & {event.actor for event in decisions}
        assert len(reviewed) + len(decisions) <= 2
        if decisions and row.way != Way.COMMITMENT:
            assert row.decided_by != row.reviewed_by

    def _trail(self, row: Case, events: list[CaseEvent]) -> None:
        written = AuditEvent.objects.filter(target=f"case:{row.number}").order_by("id")
        steps = [
            (one.actor, one.at, one.detail["from"], one.detail["to"])
            for one in written
            if {"from", "to"} <= set(one.detail)
        ]
        assert steps == [(one.actor, one.at, one.from_state, one.to_state) for one in events]

    def _hashes(self, row: Case, events: list[CaseEvent]) -> None:
        """The trail says what the row was before and after the step, however it is read."""
        if len(events) == self.seen.get(row.pk, {}).get("events", 0):
            return
        last = AuditEvent.objects.filter(
            target=f"case:{row.number}", detail__has_key="after"
        ).latest("id")
        assert last.detail["after"] == state_hash(row), (row.number, events[-1].step)
        assert last.detail.get("before") != last.detail["after"]

    def _asked(self, row: Case, events: list[CaseEvent]) -> None:
        """Questions to departments, their clocks and answers are what the events say."""
        rows = list(DepartmentInquiry.objects.filter(case=row))
        asked = {(one.actor, one.at) for one in events if one.step == Step.ASK_DEPARTMENT}
        assert {(one.asked_by, one.asked_at) for one in rows} == asked
        assert {one.department for one in rows} == set(row.asked_departments)
        opinions = [one for one in events if one.step == Step.DEPARTMENT_OPINION]
        assert {
            (one.department, one.answered_by, one.answered_at) for one in rows if one.answer
        } == {(one.department, one.actor, one.at) for one in opinions}
        clocks = CaseClock.objects.filter(case=row, kind=ClockKind.OPINION.value)
        assert {one.subject: one.met_on for one in clocks} == {
            one.department: one.answered_at and day(one.answered_at) for one in rows
        }
        told = [one for one in events if one.step == Step.NOTIFY_HEARING]
        hearings = CaseClock.objects.filter(case=row, kind=ClockKind.HEARING_REQUEST.value)
        assert all(one.starts_on in {day(event.at) for event in told} for one in hearings)

    def _archive(self) -> bool:
        """Archive what is finished and changed, and nothing else; tell whether there was any."""
        due = {
            one.number
            for one in archiving.to_archive(NEVER, today=NEVER.date(), after=0, limit=100)
        }
        for row in Case.objects.filter(closed_at__isnull=False):
            held = packed(row.number)
            assert (self.packages.get(row.number) != held) == (row.number in due), row.number
            self.packages[row.number] = held
            services.note_archived(number=row.number, version=row.version)
        return bool(due)

    def _letters(self) -> None:
        rows = list(CaseDocument.objects.values_list("number", "case_id", "kind", "subject"))
        assert len({number for number, *_ in rows}) == len(rows)
        assert len({tuple(rest) for _number, *rest in rows}) == len(rows)
        numbers = list(Case.objects.values_list("number", "query_code"))
        assert len({number for number, _ in numbers}) == len({code for _, code in numbers})
        assert len(numbers) == len({number for number, _ in numbers})

    def _other_clocks(self) -> None:
        for clock in CaseClock.objects.select_related("case").order_by("id"):
            before = self.clocks.get(clock.pk)
            if before is not None:
                assert before.met_on is None or before.met_on == clock.met_on
                assert not (before.due_on and clock.due_on and clock.due_on < before.due_on)
                told = before.missed_reported_at
                assert told is None or told == clock.missed_reported_at
                reported = told is None and clock.missed_reported_at is not None
                if reported and clock.kind in BEFORE_DECISION:
                    over = clock.case.decided_at or clock.case.closed_at
                    assert over is None or day(over) > clock.due_on, (
                        f"{clock.kind} was not missed: the case was over before"
                    )
            self.clocks[clock.pk] = clock


LATER_ONLY = {
    "statutory_on": {Step.END_SPECIAL, Step.END_HEARING, Step.EXTEND},
    "promised_on": {Step.END_SPECIAL, Step.END_HEARING, Step.EXTEND},
    "notice_due_on": {Step.FILE_CORRECTION},
    "delivery_due_on": set(),
    "publicity_due_on": set(),
    "evaluation_until": set(),
}
"""Days that only ever move later, and the steps that may move them; a notice may as well."""


def _differ(before: list[tuple[Any, ...]], after: list[tuple[Any, ...]]) -> list[str]:
    return [str(new[0]) for old, new in zip(before, after, strict=True) if old != new]


STEPS_SEEN: Counter[str] = Counter()
NEXT_PLAN = itertools.cycle(histories.PLANS)


def run(seed: int, plan: histories.Plan) -> None:
    """Let one history run, look after every act, and undo it."""
    with transaction.atomic():
        watch = Watch(History(random.Random(seed).choice, plan))
        for _ in range(LENGTH):
            watch.go()
        STEPS_SEEN.update(watch.steps)
        transaction.set_rollback(True)


@settings(
    max_examples=3 * len(histories.PLANS),
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(some.integers(0, 2**32))
def random_histories(seed: int) -> None:
    run(seed, next(NEXT_PLAN))


def unseen() -> set[Step]:
    """Return the steps of the table that no history took yet."""
    return {step for step in Step if step.value not in STEPS_SEEN}


@pytest.mark.thorough
@pytest.mark.req("CASE-01", "CASE-10")
def test_no_history_leaves_the_table_and_no_clock_runs_backwards(db):
    histories.world()

    random_histories()

    for seed in range(2 * len(histories.PLANS)):  # for steps that chance left out
        plan = next((one for one in histories.PLANS if unseen() & one.steps), None)
        if plan is not None:
            run(seed, plan)
    assert unseen() == set()


@pytest.mark.thorough
@pytest.mark.django_db(transaction=True)
def test_the_trail_of_random_histories_verifies():
    histories.world()
    chance = random.Random(4)
    one = History(chance.choice)
    for _ in range(60):
        one.go()
    audit.seal(at=one.at)

    report = audit.verify()

    assert report.first_broken is None
