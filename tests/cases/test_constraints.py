"""What the database itself refuses, whoever writes the row."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from tests.factories import cases, steps
from yiwang.cases import services
from yiwang.cases.models import (
    Case,
    CaseAnswer,
    CaseDocument,
    CaseEvent,
    CaseMaterial,
    Correction,
    CorrectionItem,
    Delivery,
    DraftUpload,
    Message,
    Opinion,
    Serial,
)
from yiwang.cases.policy.states import STEPS, CaseState, Step, Way
from yiwang.cases.policy.terms import Outcome
from yiwang.cases.services.steps import ClockRefusedError

pytestmark = pytest.mark.usefixtures("easy_district")

AT = cases.FRIDAY
DAY = dt.date(2026, 3, 6)


def broken(number: str, constraint: str, /, **changes: object) -> None:
    """Write `changes` past the services and make sure that `constraint` stops them."""
    with pytest.raises(DatabaseError, match=constraint), transaction.atomic():
        Case.objects.filter(number=number).update(**changes)


def test_the_database_moves_a_row_exactly_where_the_table_of_steps_does():
    """Raw SQL, past every service: each pair of states by each way of deciding."""
    ordinary, card = cases.receive().number, _card()
    immediate = {ordinary: False, card: True}
    for number in immediate:
        for start in CaseState:
            steps.force(number, start)
            for end in CaseState:
                for way in ["", *(one.value for one in Way)]:
                    if end is not start:
                        _write(number, start, end, way, immediate=immediate[number])


def test_the_database_takes_an_event_exactly_where_the_table_of_steps_has_it():
    """Raw SQL, past every service: each step from each state to each state, and from nowhere."""
    case = Case.objects.get(number=cases.receive().number).pk
    states = [one.value for one in CaseState]
    with connection.cursor() as cursor:
        cursor.execute(TRY_EVENTS)
        cursor.execute(
            "SELECT (pg_temp.try_events(%s, %s, %s, %s)).*",
            [[one.value for one in Step], ["", *states], states, case],
        )
        taken = {row[:3] for row in cursor.fetchall() if not row[3]}

    assert taken == {
        (step.value, start.value, (move.end or start).value)
        for step, move in STEPS.items()
        for start in move.starts
        if step is not Step.GRANT_AUTOMATIC  # wants a run of the rules besides
    } | {("receive", "", "received")}


TRY_EVENTS = """
    CREATE FUNCTION pg_temp.try_events(steps text[], froms text[], tos text[], one bigint)
        RETURNS TABLE (step text, was text, becomes text, refusal text) LANGUAGE plpgsql AS $$
    BEGIN
        FOREACH step IN ARRAY steps LOOP
            FOREACH was IN ARRAY froms LOOP
                FOREACH becomes IN ARRAY tos LOOP
                    BEGIN
                        INSERT INTO cases_caseevent (case_id, step, from_state, to_state, at, actor,
                            actor_name, post, department, reason, basis)
                        VALUES (one, step, was, becomes, now(), 'user:x', 'x', '', '', '', '');
                        refusal := '';
                    EXCEPTION WHEN others THEN
                        refusal := SQLERRM;
                    END;
                    RETURN NEXT;
                END LOOP;
            END LOOP;
        END LOOP;
    END $$
"""
"""Tries an event of every step from every state to every state, and says what stopped it."""


def _card() -> str:
    return cases.receive(item_slug=cases.CARD, applicant_ref=cases.elder(), answers={}).number


def _write(number: str, start: CaseState, end: CaseState, way: str, *, immediate: bool) -> None:
    known = any(
        start in move.starts
        and move.end is end
        and (
            move.way is None
            or (move.way is Way.ON_SPOT and immediate)
            or (move.way is not Way.ON_SPOT and move.way.value == way)
        )
        for move in STEPS.values()
    )
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "UPDATE cases_case SET state = %s, way = %s WHERE number = %s",
                [end.value, way, number],
            )
            transaction.set_rollback(True)
        refused = ""
    except IntegrityError as error:
        refused = str(error)
    assert ("cases_case_step_known" in refused) is not known, (start, end, way, refused)


@pytest.mark.parametrize(
    ("way", "decided_by"), [(Way.COMMITMENT, "user:approver"), (Way.DEEMED, "job:deem-renewed")]
)
def test_a_grant_that_nobody_reviewed_has_the_record_that_stands_in_for_the_review(way, decided_by):
    broken(
        cases.accepted().number,
        "cases_case_way_has_its_record",
        state="approved",
        way=way.value,
        outcome="grant",
        decided_by=decided_by,
        decided_at=AT,
    )


def test_a_case_begins_as_received():
    row = Case.objects.get(number=cases.receive().number)
    row.pk, row.number, row.query_code = None, "x", "y"
    row.idempotency_key = "other"
    row.state = CaseState.CORRECTION.value

    with pytest.raises(IntegrityError, match="cases_case_born_received"), transaction.atomic():
        row.save(force_insert=True)


@pytest.mark.parametrize(
    ("constraint", "changes"),
    [
        pytest.param(
            "cases_case_promise_within_law",
            {"promised_on": dt.date(2026, 4, 7), "statutory_on": dt.date(2026, 4, 3)},
            id="promise beyond the law",
        ),
        pytest.param(
            "cases_case_reviewer_is_not_decider|no_reviewer_decides",
            {
                "state": "approved",
                "outcome": "grant",
                "decided_by": "user:reviewer",
                "decided_at": AT,
            },
            id="one person reviews and decides",
        ),
        pytest.param(
            "cases_case_decision_follows_review",
            {
                "state": "approved",
                "reviewed_by": "",
                "reviewed_at": None,
                "decided_by": "user:x",
                "decided_at": AT,
                "outcome": "grant",
            },
            id="decision without review",
        ),
        pytest.param(
            "cases_case_acceptance_has_day_and_person",
            {"accepted_by": ""},
            id="accepted by nobody",
        ),
        pytest.param(
            "cases_case_review_has_moment_and_person", {"reviewed_at": None}, id="never reviewed"
        ),
        pytest.param(
            "cases_case_decision_has_moment_person_and_outcome",
            {"state": "approved", "decided_by": "user:x", "decided_at": AT},
            id="decision without outcome",
        ),
        pytest.param(
            "cases_case_handling_follows_acceptance",
            {"accepted_on": None, "accepted_by": ""},
            id="handled before acceptance",
        ),
        pytest.param(
            "cases_case_result_follows_decision",
            {"state": "approved"},
            id="result without decision",
        ),
        pytest.param(
            "cases_case_finished_has_moment_and_no_clock",
            {"closed_at": AT},
            id="closed moment on an open case",
        ),
        pytest.param("cases_case_state_known|step_known", {"state": "lost"}, id="unknown state"),
    ],
)
def test_a_case_that_contradicts_itself_is_refused(constraint, changes):
    broken(cases.reviewed().number, constraint, **changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"number": "other"},
        {"query_code": "OTHER"},
        {"item_version": 9},
        {"applicant_ref": "entity:other"},
        {"received_at": AT + dt.timedelta(days=1)},
    ],
)
def test_what_a_case_is_never_changes(changes):
    broken(cases.receive().number, "Cannot update", **changes)


def test_one_submission_makes_one_case():
    row = Case.objects.get(number=cases.receive().number)
    row.pk, row.number, row.query_code = None, "other", "OTHER"

    with (
        pytest.raises(IntegrityError, match="cases_case_once_per_submission"),
        transaction.atomic(),
    ):
        row.save(force_insert=True)


@pytest.mark.parametrize(
    "model", [CaseAnswer, CaseEvent, Opinion, Delivery], ids=lambda model: model.__name__
)
def test_what_was_written_down_is_neither_changed_nor_deleted(model):
    cases.in_state(CaseState.CLOSED)
    table = model._meta.db_table
    assert model.append_only
    for statement in (
        f"UPDATE {table} SET case_id = case_id",
        f"DELETE FROM {table}",
        f"TRUNCATE {table} CASCADE",
    ):
        with (
            pytest.raises(DatabaseError, match="append|[Cc]annot"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)


@pytest.mark.parametrize("model", [Case, CaseDocument], ids=lambda model: model.__name__)
def test_cases_and_letters_are_never_deleted(model):
    cases.receive()
    for statement in (
        f"DELETE FROM {model._meta.db_table}",
        f"TRUNCATE {model._meta.db_table} CASCADE",
    ):
        with (
            pytest.raises(DatabaseError, match="append|[Cc]annot"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)


def test_a_letter_keeps_its_words_but_gains_its_file():
    cases.receive()
    CaseDocument.objects.update(file_sha256="a" * 64)

    with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
        CaseDocument.objects.update(title="别的")


def _refused(constraint: str, make: object) -> None:
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        make()  # type: ignore[operator]


def test_parts_of_the_file_that_contradict_themselves_are_refused():
    row = Case.objects.get(number=cases.correcting().number)
    correction = Correction.objects.get(case=row)
    document = CaseDocument.objects.filter(case=row).first()

    _refused(
        "cases_correction_case_id|case_id.*key",
        lambda: Correction.objects.create(case=row, asked_by="user:x", asked_at=AT, due_on=DAY),
    )
    _refused(
        "cases_correction_filing_has_moment_and_person",
        lambda: Correction.objects.filter(pk=correction.pk).update(filed_by="user:x"),
    )
    _refused(
        "cases_correctionitem_says_what_and_why",
        lambda: CorrectionItem.objects.create(correction=correction, what="门牌", why=""),
    )
    _refused(
        "cases_casematerial_once_per_case",
        lambda: CaseMaterial.objects.create(
            case=row, material_id="application", name="申请书", state="filed"
        ),
    )
    _refused(
        "cases_casematerial_state_known",
        lambda: CaseMaterial.objects.create(case=row, material_id="x", name="x", state="lost"),
    )
    _refused(
        "cases_casematerial_tolerated_has_day",
        lambda: CaseMaterial.objects.create(case=row, material_id="x", name="x", state="tolerated"),
    )
    _refused(
        "cases_casematerial_check_has_moment_and_person",
        lambda: CaseMaterial.objects.create(
            case=row, material_id="x", name="x", state="filed", checked_by="user:x"
        ),
    )
    _refused(
        "cases_casedocument_once_per_kind",
        lambda: CaseDocument.objects.create(
            case=row,
            kind="receipt",
            number="other",
            title="收件凭证",
            body={},
            seal_department="market",
            issued_by="user:x",
            issued_at=AT,
        ),
    )
    _refused(
        "cases_casedocument_kind_known",
        lambda: CaseDocument.objects.create(
            case=row,
            kind="poem",
            number="poem",
            title="诗",
            body={},
            seal_department="market",
            issued_by="user:x",
            issued_at=AT,
        ),
    )
    _refused(
        "number",
        lambda: CaseDocument.objects.create(
            case=row,
            kind="end_notice",
            number=document.number,
            title="终止",
            body={},
            seal_department="market",
            issued_by="user:x",
            issued_at=AT,
        ),
    )


def test_events_opinions_deliveries_and_messages_that_say_nothing_are_refused():
    row = Case.objects.get(number=cases.receive().number)
    event = {"case": row, "to_state": "received", "at": AT, "actor": "user:x", "actor_name": "x"}
    delivery = {"case": row, "at": AT, "to_name": "x", "by": "user:x"}

    _refused(
        "cases_caseevent_step_known|step_on_the_table",
        lambda: CaseEvent.objects.create(**event, step="dance"),
    )
    _refused(
        "cases_caseevent_post_has_department",
        lambda: CaseEvent.objects.create(**event, step="receive", post="reviewer"),
    )
    _refused(
        "cases_opinion_says_something",
        lambda: Opinion.objects.create(
            case=row, outcome="grant", text="", by="user:x", by_name="x", at=AT
        ),
    )
    _refused(
        "cases_delivery_channel_known",
        lambda: Delivery.objects.create(**delivery, channel="pigeon", result="到"),
    )
    _refused(
        "cases_delivery_says_result",
        lambda: Delivery.objects.create(**delivery, channel="print", result=""),
    )
    _refused(
        "cases_message_read_after_sent",
        lambda: Message.objects.create(
            to_ref="x", title="x", body="x", at=AT, read_at=AT - dt.timedelta(seconds=1)
        ),
    )
    _refused(
        "cases_serial_once_per_scope_and_period",
        lambda: Serial.objects.bulk_create(
            [Serial(scope="s", period="p", last_number=n) for n in (1, 2)]
        ),
    )


def test_a_file_stands_beside_a_draft_once():
    from yiwang.cases import services

    draft = services.save_draft(
        draft_id=None,
        item_slug=cases.RESTAURANT,
        applicant_ref=cases.FIRM_REF,
        answers={},
        by=cases.FIRM,
        at=AT,
    )
    upload = {"draft_id": draft.id, "material_id": "a", "upload_ref": "u", "attached_at": AT}
    DraftUpload.objects.create(**upload)

    _refused("cases_draftupload_once_per_draft", lambda: DraftUpload.objects.create(**upload))


def test_no_act_is_dated_before_the_last_one():
    number = cases.accepted().number
    hour_ago = AT - dt.timedelta(hours=1)

    with pytest.raises(ClockRefusedError, match=r"在2026年03月06日 09:00办理过"):
        services.propose(
            number=number, outcome=Outcome.GRANT, opinion="符合", by=cases.REVIEWER, at=hour_ago
        )
    assert not Opinion.objects.exists()
    broken(number, "cases_case_never_earlier", touched_at=hour_ago)


def test_clocks_of_two_servers_may_differ_by_seconds():
    number = cases.accepted().number

    case = services.propose(
        number=number,
        outcome=Outcome.GRANT,
        opinion="符合",
        by=cases.REVIEWER,
        at=AT - dt.timedelta(seconds=20),
    )

    assert case.state is CaseState.DECISION_PENDING
