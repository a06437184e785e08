from __future__ import annotations

import contextlib
import contextvars
import threading
from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from tests.factories.audit import NOON, record
from yiwang.audit import queries, services
from yiwang.audit.models import AuditEvent
from yiwang.kernel.identifiers import citizen_id

pytestmark = pytest.mark.django_db
NUMBER = citizen_id.generate(division="310114", born_on=NOON.date().replace(year=1985), sequence=7)


def test_record_keeps_who_when_what_and_why():
    record(
        actor="user:li",
        on_behalf_of="entity:91310114MA1GT0001X",
        department="market",
        purpose="核对材料",
        ip="10.0.0.9",
        detail={"n": 1, "due": NOON.date()},
    )

    (row,) = queries.trail()

    assert (row.at, row.actor, row.act, row.target) == (NOON, "user:li", "cases.accept", "case:1")
    assert row.on_behalf_of == "entity:91310114MA1GT0001X"
    assert (row.department, row.purpose, row.ip) == ("market", "核对材料", "10.0.0.9")
    assert row.detail == {"n": 1, "due": "2026-03-09"}


def test_record_takes_one_statement(django_assert_num_queries):
    with transaction.atomic(), django_assert_num_queries(1):
        services.record(at=NOON, actor="job:x", act="a.b", target="t:1")


@pytest.mark.parametrize(
    "changes",
    [
        {"detail": {"reason": f"申请人{NUMBER}材料不全"}},
        {"purpose": f"查{NUMBER}"},
        {"target": f"person:{NUMBER}"},
    ],
)
def test_record_refuses_a_citizen_number(changes):
    with pytest.raises(services.PersonalNumberRefusedError, match="请删去号码或改用办件编号"):
        record(**changes)

    assert queries.trail() == []


def test_record_takes_eighteen_digits_that_are_no_citizen_number():
    wrong = NUMBER[:-1] + ("0" if NUMBER[-1] != "0" else "1")

    record(detail={"number": wrong})

    assert queries.trail()[0].detail == {"number": wrong}


def test_record_refuses_an_essay_as_purpose():
    with pytest.raises(services.PurposeRefusedError, match="应在200字以内"):
        record(purpose="长" * 201)


@pytest.mark.django_db(transaction=True)
def test_record_belongs_into_a_transaction():
    with pytest.raises(RuntimeError, match="transaction of the act"):
        services.record(at=NOON, actor="job:x", act="a.b", target="t:1")


@pytest.mark.parametrize("field", ["actor", "act", "target"])
def test_database_refuses_an_event_without(field):
    with pytest.raises(IntegrityError, match=f"audit_event_names_its_{field}"):
        record(**{field: ""})


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_auditevent SET actor = 'user:other'",
        "DELETE FROM audit_auditevent",
        "TRUNCATE audit_auditevent CASCADE",
        "DELETE FROM audit_auditleaf",
        "UPDATE audit_auditnode SET index = 1",
        "TRUNCATE audit_auditnode",
        "UPDATE audit_auditcheckpoint SET note = ''",
        "DELETE FROM audit_auditcheckpoint",
    ],
)
def test_database_refuses(statement):
    record()

    with pytest.raises(DatabaseError, match="append-only table"), connection.cursor() as cursor:
        cursor.execute(statement)


def test_every_table_of_the_trail_is_append_only():
    from django.apps import apps

    tables = [
        model
        for model in apps.get_app_config("audit").get_models()
        if model.__name__.startswith("Audit")
    ]
    assert len(tables) == 4
    assert all(model.append_only for model in tables)


def test_read_needs_a_purpose():
    with pytest.raises(services.PurposeRefusedError, match="请写明查看目的"):
        services.record_read(
            at=NOON, actor="user:li", target="person:1", fields=["id_number"], purpose=" "
        )


def test_reads_of_a_person_show_department_purpose_and_fields_only():
    services.record_read(
        at=NOON,
        actor="user:li",
        target="person:1",
        fields=["id_number", "phone"],
        purpose="核对身份",
        department="market",
    )
    record(target="person:1", act="registers.save_person")

    (row,) = queries.reads_of("person:1")

    assert (row.department, row.purpose) == ("market", "核对身份")
    assert row.fields == ("id_number", "phone")
    assert not hasattr(row, "actor")


def test_trail_is_narrowed():
    record(target="case:1", actor="user:li", act="cases.accept")
    record(target="case:2", actor="user:wu", act="cases.decide", at=NOON + timedelta(days=1))
    record(target="case:2", actor="user:wu", act="ratings.rate", at=NOON + timedelta(days=2))

    assert [row.act for row in queries.trail(target="case:2")] == ["ratings.rate", "cases.decide"]
    assert [row.target for row in queries.trail(actor="user:li")] == ["case:1"]
    assert len(queries.trail(act="cases.")) == 2
    assert len(queries.trail(act="cases.accept")) == 1
    (row,) = queries.trail(since=NOON + timedelta(hours=1), until=NOON + timedelta(days=2))
    assert row.act == "cases.decide"


def test_trail_pages_by_key_and_asks_once(django_assert_num_queries):
    for number in range(5):
        record(target=f"case:{number}")

    with django_assert_num_queries(1):
        first = queries.trail(limit=2)
    second = queries.trail(limit=2, after=first[-1].id)

    assert [row.target for row in first + second] == ["case:4", "case:3", "case:2", "case:1"]


def test_trail_never_gives_more_than_a_hundred():
    AuditEvent.objects.bulk_create(
        AuditEvent(at=NOON, actor="a", act="b", target="c", nonce="0", leaf=b"0")
        for _ in range(101)
    )

    assert len(queries.trail(limit=1000)) == 100


def acts() -> list[str]:
    return list(AuditEvent.objects.order_by("id").values_list("act", flat=True))


def note(act: str) -> None:
    services.record(at=NOON, actor="job:x", act=act, target="t:1")


def test_together_writes_one_statement_in_the_order_of_the_acts(django_assert_num_queries):
    with transaction.atomic(), django_assert_num_queries(1), services.together():
        note("a.first")
        with services.together():
            note("a.second")
        note("a.third")

    assert acts() == ["a.first", "a.second", "a.third"]


def test_together_without_an_act_asks_nothing(django_assert_num_queries):
    with transaction.atomic(), django_assert_num_queries(0), services.together():
        pass


def test_together_leaves_out_what_was_undone_to_a_savepoint():
    with transaction.atomic(), services.together():
        note("a.kept")
        with contextlib.suppress(LookupError), transaction.atomic():
            note("a.undone")
            with transaction.atomic():
                note("a.undone_within")
            raise LookupError
        with transaction.atomic():
            note("a.kept_within")

    assert acts() == ["a.kept", "a.kept_within"]


def test_together_writes_nothing_after_an_error_and_holds_nothing_for_the_next():
    with contextlib.suppress(LookupError), transaction.atomic(), services.together():
        note("a.lost")
        raise LookupError
    with transaction.atomic():
        note("a.next")
        assert acts() == ["a.next"]


def test_together_undone_inside_another_takes_its_rows_along():
    with transaction.atomic(), services.together():
        with contextlib.suppress(LookupError), transaction.atomic(), services.together():
            note("a.lost")
            raise LookupError
        note("a.kept")

    assert acts() == ["a.kept"]


def test_a_read_noted_within_is_held_like_an_act():
    with transaction.atomic(), services.together():
        services.record_read(
            at=NOON, actor="user:li", target="t:1", fields=["name"], purpose="核对"
        )
        assert acts() == []

    assert acts() == [queries.READ_ACT]


@pytest.mark.django_db(transaction=True)
def test_together_belongs_into_a_transaction():
    with pytest.raises(RuntimeError, match="transaction of the act"), services.together():
        pass


@pytest.mark.django_db(transaction=True)
def test_what_another_connection_records_meanwhile_is_not_held():
    """A thread that inherits the context writes by its own connection, in its own transaction."""

    def elsewhere() -> None:
        try:
            with transaction.atomic():
                note("a.elsewhere")
        finally:
            connection.close()

    with transaction.atomic(), services.together():
        note("a.here")
        thread = threading.Thread(target=contextvars.copy_context().run, args=[elsewhere])
        thread.start()
        thread.join()

    assert sorted(acts()) == ["a.elsewhere", "a.here"]
