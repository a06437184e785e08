"""The benchmarks of cases and the soak run, and the soak finds what is amiss."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from bench import soak
from bench.paths import PATHS
from django.db import connection, transaction

from tests.factories import cases, exchange
from tests.factories.audit import sealed
from tests.faults.district import ROOT
from yiwang.cases.models import Case, CaseEvent
from yiwang.exchange import queries
from yiwang.exchange.models import Push
from yiwang.kernel import events


@pytest.mark.load
@pytest.mark.xdist_group("district")
def test_a_tiny_week_with_kills_and_a_tiny_benchmark_end_with_nothing_amiss():
    ran = subprocess.run(
        [sys.executable, "-m", "bench.tiny"],
        cwd=ROOT,
        env={
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("YIWANG_", "DATABASE_", "DJANGO_", "PYTEST_"))
        },
        text=True,
        capture_output=True,
        check=False,
    )

    assert ran.returncode == 0, ran.stdout[-4000:] + ran.stderr[-4000:]
    for words in (
        "留痕完整",
        "killed",
        "200 stored against 100",
        "submitted to sealed licence: p50",
        "replay by the worker: 150 past cases",
        "= ",
        *(f"{path}, 1 client(s)" for path in PATHS),
    ):
        assert words in ran.stdout, words


@pytest.fixture
def log(db: None) -> soak.Log:
    """What a client saw: one application that was accepted."""
    cases.district(items=False)
    cases.publish(cases.without_materials())
    case = cases.receive(idempotency_key="soak-1-0-0")
    return soak.Log(accepted={"soak-1-0-0": case.number})


def test_a_week_in_which_all_was_kept_has_nothing_amiss(log):
    assert list(soak._once_each(None, log)) == []
    assert list(soak._rows_follow_events(None, log)) == []


def test_a_lost_application_is_found(log):
    log.accepted["soak-1-0-1"] = "310114-LOST"

    assert list(soak._once_each(None, log)) == [
        "soak-1-0-1 was answered with 310114-LOST, and None is stored"
    ]


def test_a_second_case_of_one_application_is_found(log):
    second = cases.receive(idempotency_key="soak-1-0-0-again")

    assert list(soak._once_each(None, log)) == [
        f"{second.number} is stored, and nobody applied with soak-1-0-0-again"
    ]


def broken(table: str, statement: str, *values: object) -> None:
    """Change rows past every trigger and foreign key, as the owner of the tables could.

    What the test did is undone at its end, the missing rules too.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(
            "SELECT conrelid::regclass::text, conname FROM pg_constraint"
            " WHERE contype = 'f' AND (confrelid = %s::regclass OR conrelid = %s::regclass)",
            [table, table],
        )
        for other, name in cursor.fetchall():
            cursor.execute(f"ALTER TABLE {other} DROP CONSTRAINT {name}")
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(statement, values)
        assert cursor.rowcount > 0, statement
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def without_rule(table: str, *names: str) -> None:
    """Take a constraint or a unique index away, so that a fault can be put in its place."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for name in names:
            cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name} CASCADE")
            cursor.execute(f"DROP INDEX IF EXISTS {name}")


def unique_indexes(table: str) -> list[str]:
    """Return the names of the unique constraints and indexes of a table, but for its key."""
    return [
        name
        for (name,) in soak._rows(
            "SELECT indexrelid::regclass::text FROM pg_index WHERE indrelid = %s::regclass"
            " AND indisunique AND NOT indisprimary",
            table,
        )
    ]


def test_a_case_whose_row_is_gone_is_found(log):
    (number,) = log.accepted.values()

    broken("cases_case", "DELETE FROM cases_case WHERE number = %s", number)

    assert list(soak._once_each(None, log)) == [
        f"soak-1-0-0 was answered with {number}, and None is stored"
    ]


def test_a_case_that_was_received_twice_is_found(log):
    (number,) = log.accepted.values()
    columns = ", ".join(
        name
        for (name,) in soak._rows(
            "SELECT column_name FROM information_schema.columns WHERE table_name ="
            " 'cases_caseevent' AND column_name <> 'id' ORDER BY ordinal_position"
        )
    )

    broken(
        "cases_caseevent",
        f"INSERT INTO cases_caseevent ({columns}) SELECT {columns} FROM cases_caseevent",
    )

    assert list(soak._once_each(None, log)) == [f"{number} was received 2 times"]


def test_a_case_that_was_decided_twice_is_found(log):
    case = cases.decided(idempotency_key="soak-1-0-2")
    assert list(soak._rows_follow_events(None, log)) == []

    broken(
        "cases_caseevent",
        "INSERT INTO cases_caseevent (case_id, step, from_state, to_state, at, actor, actor_name,"
        " post, department, reason, basis) SELECT case_id, step, to_state, to_state, at, 'user:y',"
        " '', '', '', '', '' FROM cases_caseevent WHERE step = 'grant'",
    )

    assert list(soak._rows_follow_events(None, log)) == [f"{case.number}: done twice: grant"]


def test_a_step_that_was_done_twice_is_found(log):
    case = Case.objects.get(number=log.accepted["soak-1-0-0"])
    for _ in range(2):
        CaseEvent.objects.create(
            case=case,
            step="accept",
            from_state="received",
            to_state="accepted",
            at=cases.FRIDAY,
            actor="user:x",
            actor_name="",
            post="",
            department="",
            reason="",
            basis="",
        )

    found = list(soak._rows_follow_events(None, log))

    assert f"{case.number}: done twice: accept" in found
    assert f"{case.number} is received, and its events lead to accepted" in found
    assert f"{case.number}: accept began at received, and the step before led to accepted" in found


def test_arrivals_follow_the_hours_of_a_week():
    week = soak.Week(began=0.0, seconds=168.0)

    assert [week.is_open(hour) for hour in (8, 9, 16, 17, 5 * 24 + 10)] == [
        False, True, True, False, False,
    ]  # fmt: skip
    assert week.hour(34.5) == 34
    assert week.share(10) == 1.0
    assert week.share(5 * 24 + 10) < week.share(9)


def clocks() -> list[str]:
    return list(soak._clocks(None, soak.Log()))


@pytest.fixture
def calendar(log: soak.Log, monkeypatch: pytest.MonkeyPatch) -> None:
    """Working days as the cases of this world were reckoned with."""
    monkeypatch.setattr("yiwang.content.queries.workday_calendar", lambda: cases.CALENDAR)


@pytest.mark.parametrize("column", ["statutory_on", "promised_on", "due_on"])
def test_a_due_date_that_was_moved_is_found(calendar, column):
    case = cases.accepted(idempotency_key="soak-1-0-3")
    assert clocks() == []

    broken(
        "cases_case",
        f"UPDATE cases_case SET {column} = {column} + 1 WHERE number = %s",
        case.number,
    )

    assert clocks() == [f"the clocks of {case.number} were wrong"]
    assert clocks() == []


def test_a_limit_that_runs_during_a_special_procedure_is_found(calendar):
    case = cases.special(number=cases.reviewing(idempotency_key="soak-1-0-4").number)
    assert clocks() == []
    without_rule("cases_case", "cases_case_stopped_has_day")

    broken(
        "cases_case",
        "UPDATE cases_case SET stopped_since = NULL, due_on = '2026-04-01',"
        " promised_on = '2026-04-01' WHERE number = %s",
        case.number,
    )

    assert clocks() == [f"the clocks of {case.number} were wrong"]


def test_a_letter_without_a_number_is_found(log):
    (number,) = log.accepted.values()
    assert list(soak._numbers()) == []

    broken("cases_casedocument", "UPDATE cases_casedocument SET number = ' '")

    (found,) = soak._numbers()
    assert found.endswith(f"of {number} has no number")


def test_a_number_that_two_letters_have_is_found(log):
    cases.accepted(idempotency_key="soak-1-0-5")
    without_rule("cases_casedocument", *unique_indexes("cases_casedocument"))

    broken(
        "cases_casedocument",
        "UPDATE cases_casedocument SET number = 'X〔2026〕1号' WHERE id IN"
        " (SELECT id FROM cases_casedocument ORDER BY id LIMIT 2)",
    )

    assert list(soak._numbers()) == ["2 letters have the number X〔2026〕1号"]


def test_a_licence_that_was_issued_twice_is_found(log):
    case = cases.decided(idempotency_key="soak-1-0-6")
    columns = ", ".join(
        name
        for (name,) in soak._rows(
            "SELECT column_name FROM information_schema.columns WHERE table_name ="
            " 'licences_licence' AND column_name <> 'id' ORDER BY 1"
        )
    )
    without_rule("licences_licence", *unique_indexes("licences_licence"))

    broken(
        "licences_licence",
        f"INSERT INTO licences_licence ({columns}) SELECT {columns} FROM licences_licence",
    )

    assert f"{case.number} has 2 licences" in list(soak._rows_follow_events(None, log))
    (found,) = soak._numbers()
    assert found.startswith("2 licences have the number JY")


@pytest.fixture
def told(easy_district: None, monkeypatch: pytest.MonkeyPatch) -> soak.Log:
    """A case of which a department's own system was told, and what that system has."""
    exchange.Wire().put_on(monkeypatch)
    queries.forget()
    monkeypatch.setattr(events, "_transport", [events.deliver])
    partner = exchange.register(item_slug=cases.RESTAURANT)
    exchange.keys(partner)
    case = cases.accepted(idempotency_key="soak-1-0-7")
    assert exchange.push_all(partner) == 1
    arrived = set(Push.objects.values_list("message_id", flat=True))
    return soak.Log(accepted={"soak-1-0-7": case.number}, arrived=arrived)


def gateway(log: soak.Log, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setattr(soak, "OUTSIDE", cases.RESTAURANT)
    return list(soak._gateway(None, log))


def test_a_department_that_was_told_of_all_has_nothing_amiss(told, monkeypatch):
    assert gateway(told, monkeypatch) == []


def test_a_message_that_never_arrived_is_found(told, monkeypatch):
    (number,) = told.accepted.values()
    told.arrived = set()

    found = gateway(told, monkeypatch)

    assert f"{number} case.accepted counts as delivered, and the department never had it" in found


def test_a_message_that_is_gone_is_found(told, monkeypatch):
    (number,) = told.accepted.values()

    broken("exchange_push", "DELETE FROM exchange_push WHERE sequence = 1")

    found = gateway(told, monkeypatch)
    assert f"message 1 to the department on {number} is gone" in found
    assert any(line.endswith(", and nobody sent it") for line in found)


def test_a_message_that_was_written_twice_is_found(told, monkeypatch):
    (number,) = told.accepted.values()
    without_rule("exchange_push", "exchange_push_once_per_kind", "exchange_push_sequence_once")
    columns = ", ".join(
        name
        for (name,) in soak._rows(
            "SELECT column_name FROM information_schema.columns WHERE table_name ="
            " 'exchange_push' AND column_name NOT IN ('id', 'message_id') ORDER BY 1"
        )
    )

    broken(
        "exchange_push",
        f"INSERT INTO exchange_push (message_id, {columns}) SELECT 'twice', {columns}"
        " FROM exchange_push WHERE kind = 'case.accepted'",
    )

    found = gateway(told, monkeypatch)
    assert f"case.accepted of {number} was written 2 times" in found
    assert f"{number} case.accepted counts as delivered, and the department never had it" in found


def test_a_case_of_which_the_department_never_heard_is_found(told, monkeypatch):
    (number,) = told.accepted.values()

    broken("exchange_conversation", "DELETE FROM exchange_conversation")

    assert f"{number} was never told to the department" in gateway(told, monkeypatch)


def test_a_message_that_still_waits_is_found(told):
    broken("exchange_push", "UPDATE exchange_push SET state = 'waiting', delivered_at = NULL")

    assert any(line.endswith("messages to the department still wait") for line in soak._waiting())


def test_a_step_without_a_trace_is_found(log):
    case = cases.accepted(idempotency_key="soak-1-0-8")
    assert list(soak._trail()) == []

    broken("audit_auditevent", "DELETE FROM audit_auditevent WHERE act = 'cases.accept'")

    assert list(soak._trail()) == [f"{case.number}: accept was done 1 times and left 0 traces"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "statement",
    [
        pytest.param("UPDATE audit_auditevent SET actor = 'user:x' WHERE id = %s", id="altered"),
        pytest.param("DELETE FROM audit_auditevent WHERE id = %s", id="missing"),
    ],
)
def test_a_row_of_the_trail_that_was_touched_is_found(statement):
    sealed(3)
    assert list(soak._trail()) == []
    second = soak._rows("SELECT event_id FROM audit_auditleaf WHERE index = 1")[0][0]

    with transaction.atomic():
        broken("audit_auditevent", statement, second)
        found = list(soak._trail())
        transaction.set_rollback(True)

    (line,) = found
    assert line.startswith("trail: ")
