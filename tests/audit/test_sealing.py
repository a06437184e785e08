from __future__ import annotations

import itertools
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from tests.factories.audit import NOON, record, seal, sealed
from yiwang.audit import keys, queries, services, tree
from yiwang.audit.models import AuditCheckpoint, AuditEvent, AuditLeaf, AuditNode
from yiwang.audit.policy import merkle, notes
from yiwang.audit.services import sealing, verifying

pytestmark = pytest.mark.django_db(transaction=True)


def rewrite(statement: str, *parameters: object) -> None:
    """Change rows as somebody who owns the tables and switches their triggers off."""
    tables = ["event", "leaf", "node", "checkpoint"]
    with transaction.atomic(), connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"ALTER TABLE audit_audit{table} DISABLE TRIGGER USER")
        cursor.execute(statement, parameters)
        assert cursor.rowcount > 0
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in tables:
            cursor.execute(f"ALTER TABLE audit_audit{table} ENABLE TRIGGER USER")


def event_at(index: int) -> int:
    return AuditLeaf.objects.get(index=index).event_id


def test_seal_puts_every_row_into_the_tree_once():
    for _ in range(3):
        record()

    assert seal() == 3
    assert services.seal(at=NOON) == 0
    record()
    assert seal() == 1

    assert [leaf.index for leaf in AuditLeaf.objects.order_by("index")] == [0, 1, 2, 3]
    assert services.verify() == services.TrailReport(
        ok=True, rows=4, sealed=4, checkpoints=2, first_broken=None
    )


def test_checkpoint_states_size_and_root():
    sealed(5)

    checkpoint = queries.latest_checkpoint()

    note = notes.parse(checkpoint.note)
    leaves = [bytes(leaf.hash) for leaf in AuditLeaf.objects.order_by("index")]
    assert (checkpoint.size, note.size, note.root) == (5, 5, merkle.root_of(leaves))
    assert keys.is_signed(note)
    assert queries.checkpoint(5) == checkpoint
    assert queries.checkpoint(4) is None


def test_empty_trail_is_whole_and_has_no_checkpoint():
    assert services.verify().ok
    assert queries.latest_checkpoint() is None


def test_seal_goes_on_after_a_full_batch(monkeypatch):
    monkeypatch.setattr(sealing, "BATCH_ROWS", 4)

    sealed(10)

    assert AuditLeaf.objects.count() == 10
    assert AuditCheckpoint.objects.count() == 3


def test_proofs_hold_over_kept_inner_nodes():
    sealed(600)
    size = 600
    root = notes.parse(queries.checkpoint(size).note).root

    assert AuditNode.objects.count() == 2
    for index in (0, 255, 256, 511, 512, 599):
        proof = queries.inclusion_proof(event_at(index), size=size)
        assert merkle.includes(leaf=proof.leaf, index=index, size=size, path=proof.path, root=root)
    for old in (1, 256, 300, 512, 600):
        assert merkle.is_consistent(
            old=old,
            old_root=tree.edge(old).root(),
            size=size,
            root=root,
            path=queries.consistency_proof(old, size),
        )


def test_oldest_row_that_waits_is_known():
    assert queries.oldest_unsealed() is None
    sealed(1)
    assert queries.oldest_unsealed() is None
    record(at=NOON + timedelta(minutes=2))
    record(at=NOON + timedelta(minutes=1))

    assert queries.oldest_unsealed() == NOON + timedelta(minutes=1)


def test_inclusion_is_proved_for_sealed_rows_only():
    sealed(1)
    record()

    with pytest.raises(LookupError, match="not sealed"):
        queries.inclusion_proof(AuditEvent.objects.latest("id").pk, size=1)


def test_row_of_a_slow_transaction_is_not_lost():
    begun, finish = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction.atomic():
            services.record(at=NOON, actor="job:slow", act="a.b", target="t:slow")
            begun.set()
            finish.wait(20)
        connection.close()

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(slow)
        assert begun.wait(20)
        record(target="t:fast")  # began later, committed earlier
        assert services.seal(at=NOON) == 0
        finish.set()
        running.result()

    assert seal() == 2
    order = AuditLeaf.objects.order_by("index").values_list("event__target", flat=True)
    assert list(order) == ["t:slow", "t:fast"]
    assert services.verify().ok


def test_no_writer_waits_for_another_or_for_the_sealer():
    """Each writer keeps its transaction open until all have written: a queue would never end."""
    writers = 6
    together = threading.Barrier(writers + 1, timeout=30)

    def write(number: int) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '5s'")
            services.record(at=NOON, actor=f"job:{number}", act="a.b", target="t:1")
            together.wait()
        connection.close()

    with transaction.atomic():
        assert sealing._is_ours()  # a sealer is at work meanwhile
        with ThreadPoolExecutor(writers) as pool:
            running = [pool.submit(write, number) for number in range(writers)]
            together.wait()
            for one in running:
                one.result()

    assert seal() == writers
    assert services.verify().ok


def test_second_sealer_does_nothing_while_the_first_is_at_work():
    record()

    def other() -> int:
        try:
            return services.seal(at=NOON)
        finally:
            connection.close()

    with transaction.atomic(), ThreadPoolExecutor(1) as pool:
        assert sealing._is_ours()
        assert pool.submit(other).result() == 0

    assert seal() == 1


def test_background_sealing_seals_and_stops():
    record()

    with services.background_sealing(clock=lambda: NOON, every_seconds=0.02):
        deadline = time.monotonic() + 20
        while not AuditLeaf.objects.exists() and time.monotonic() < deadline:
            time.sleep(0.02)

    assert AuditLeaf.objects.count() == 1
    assert "sealer" not in {thread.name for thread in threading.enumerate()}


def test_background_sealing_outlives_a_database_that_does_not_answer(monkeypatch):
    answers = itertools.chain([DatabaseError("gone")], itertools.repeat(0))
    asked = []

    def answering(*, at):
        asked.append(at)
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(sealing, "seal", answering)
    with services.background_sealing(clock=lambda: NOON, every_seconds=0.01):
        deadline = time.monotonic() + 20
        while len(asked) < 3 and time.monotonic() < deadline:
            time.sleep(0.01)

    assert len(asked) >= 3


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        pytest.param(
            "UPDATE audit_auditevent SET detail = '{\"n\": 2}' WHERE id = %s",
            "内容与其哈希不符",
            id="detail",
        ),
        pytest.param(
            "UPDATE audit_auditevent SET actor = 'user:other' WHERE id = %s",
            "内容与其哈希不符",
            id="actor",
        ),
        pytest.param(
            "UPDATE audit_auditevent SET at = at + interval '1 microsecond' WHERE id = %s",
            "内容与其哈希不符",
            id="moment",
        ),
        pytest.param(
            "UPDATE audit_auditevent SET ip = '10.0.0.1' WHERE id = %s",
            "内容与其哈希不符",
            id="address",
        ),
        pytest.param(
            "UPDATE audit_auditevent SET leaf = sha256('x') WHERE id = %s",
            "内容与其哈希不符",
            id="hash of the row",
        ),
        pytest.param(
            "UPDATE audit_auditleaf SET hash = sha256('x') WHERE event_id = %s",
            "叶哈希与树上的不符",
            id="hash of the leaf",
        ),
        pytest.param(
            "UPDATE audit_auditevent SET xid = '1' WHERE id = %s",
            "事务号被改动",
            id="transaction",
        ),
    ],
)
def test_verify_names_the_row_that_was_changed(statement, words):
    sealed(5)
    event_id = event_at(2)

    rewrite(statement, event_id)

    report = services.verify()
    assert not report.ok
    assert f"记录 {event_id}（第 2 片叶）" in report.first_broken
    assert words in report.first_broken


def test_verify_names_the_first_of_two_changed_rows():
    sealed(5)

    changed = [event_at(3), event_at(1)]
    rewrite("UPDATE audit_auditevent SET act = 'x.y' WHERE id = ANY(%s)", changed)

    assert f"记录 {event_at(1)}（第 1 片叶）" in services.verify().first_broken


def test_verify_finds_a_row_rewritten_with_its_hashes():
    """Whoever recomputes the hash of the row and the leaf is stopped by the signed root."""
    sealed(5)
    event = AuditEvent.objects.get(pk=event_at(2))
    event.actor = "user:other"
    fresh = verifying._hash_of(event)
    for statement in (
        "UPDATE audit_auditevent SET actor = 'user:other', leaf = %s WHERE id = %s",
        "UPDATE audit_auditleaf SET hash = %s WHERE event_id = %s",
    ):
        rewrite(statement, fresh, event.pk)

    assert "检查点 5的根与叶不符" in services.verify().first_broken


def test_verify_finds_a_removed_row():
    sealed(5)
    event_id = event_at(2)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname FROM pg_constraint"
            " WHERE conrelid = 'audit_auditleaf'::regclass AND contype = 'f'"
        )
        (name,) = cursor.fetchone()
        cursor.execute(f'ALTER TABLE audit_auditleaf DROP CONSTRAINT "{name}"')
    try:
        rewrite("DELETE FROM audit_auditevent WHERE id = %s", event_id)

        assert f"记录 {event_id}（第 2 片叶）已不在库中" in services.verify().first_broken
    finally:
        rewrite("DELETE FROM audit_auditleaf")
        with connection.cursor() as cursor:
            cursor.execute(
                f'ALTER TABLE audit_auditleaf ADD CONSTRAINT "{name}" FOREIGN KEY (event_id)'
                " REFERENCES audit_auditevent (id) DEFERRABLE INITIALLY DEFERRED"
            )


def test_verify_finds_a_removed_leaf():
    sealed(5)

    rewrite("DELETE FROM audit_auditleaf WHERE index = 2")

    assert "第 2 片叶缺失" in services.verify().first_broken


def test_verify_finds_a_cut_end():
    sealed(5)

    rewrite("DELETE FROM audit_auditleaf WHERE index = 4")

    assert "树上有 4 片叶，最后一个检查点签了 5 片" in services.verify().first_broken


def test_verify_finds_a_row_slipped_in_behind_the_tree():
    record()
    record()
    seal()
    rewrite(
        "INSERT INTO audit_auditevent (xid, at, actor, on_behalf_of, act, target, department,"
        " purpose, ip, detail, nonce, leaf) SELECT '3', at, actor, on_behalf_of, act, target,"
        " department, purpose, ip, detail, nonce, leaf FROM audit_auditevent LIMIT 1"
    )

    assert "事后插入" in services.verify().first_broken


def test_verify_checks_rows_that_are_not_sealed_yet():
    sealed(1)
    record()
    event_id = AuditEvent.objects.latest("id").pk

    rewrite("UPDATE audit_auditevent SET actor = 'user:other' WHERE id = %s", event_id)

    assert f"记录 {event_id}（尚未入树）的内容" in services.verify().first_broken


@pytest.mark.parametrize(
    ("note", "words"),
    [
        pytest.param("nonsense", "无法读取", id="unreadable"),
        pytest.param(
            "yiwang-trail/jiading\n3\nAAAA\n\n— yiwang-trail/jiading AAAAAAAA\n",
            "签名不对",
            id="unknown key",
        ),
    ],
)
def test_verify_checks_signatures(note, words):
    sealed(3)

    rewrite("UPDATE audit_auditcheckpoint SET note = %s", note)

    assert f"检查点 3{'的' if '签名' in words else ''}{words}" in services.verify().first_broken


def test_verify_checks_that_a_note_speaks_of_its_own_size():
    sealed(3)
    record()
    seal()

    other = queries.checkpoint(3).note
    rewrite("UPDATE audit_auditcheckpoint SET note = %s WHERE size = 4", other)

    assert "检查点 4的根与叶不符" in services.verify().first_broken


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE audit_auditnode SET hash = sha256('x')", "内部节点 8/0 与叶不符"),
        ("DELETE FROM audit_auditnode", "内部节点 8/0 与叶不符"),
    ],
)
def test_verify_checks_inner_nodes(statement, words):
    sealed(256)

    rewrite(statement)

    assert words in services.verify().first_broken


def test_verify_against_a_checkpoint_kept_elsewhere_finds_a_rebuilt_trail():
    sealed(3)
    kept = queries.latest_checkpoint().note
    assert services.verify(witnessed=[kept]).ok
    for table in ("checkpoint", "leaf", "event"):
        rewrite(f"DELETE FROM audit_audit{table}")

    assert "外部留存的检查点签了 3 片叶，库中只有 0 片" in (
        services.verify(witnessed=[kept]).first_broken
    )
    sealed(4)
    assert services.verify().ok  # without the copy nothing shows
    assert "整棵树被重建" in services.verify(witnessed=[kept]).first_broken


@pytest.mark.parametrize("text", ["", "log\n7\nAAAA\n\n— log AAAAAAAA\n"])
def test_verify_takes_no_checkpoint_of_a_stranger(text):
    with pytest.raises(services.WitnessRefusedError, match="请核对是否取自本系统"):
        services.verify(witnessed=[text])


def test_verify_reads_in_bounded_steps(django_assert_max_num_queries, monkeypatch):
    monkeypatch.setattr("yiwang.audit.services.verifying.CHUNK_ROWS", 64)
    sealed(256)

    with django_assert_max_num_queries(4 * 3 + 8):
        assert services.verify().rows == 256


def test_database_keeps_leaves_from_zero_on():
    record()

    with pytest.raises(IntegrityError, match="audit_leaf_counts_from_zero"):
        AuditLeaf.objects.create(index=-1, event=AuditEvent.objects.get(), hash=b"")


def test_database_keeps_checkpoints_that_cover_something():
    with pytest.raises(IntegrityError, match="audit_checkpoint_covers_leaves"):
        AuditCheckpoint.objects.create(size=0, at=NOON, note="")


def test_database_keeps_each_node_once():
    AuditNode.objects.create(height=8, index=0, hash=b"")

    with pytest.raises(IntegrityError, match="audit_node_stands_once"):
        AuditNode.objects.create(height=8, index=0, hash=b"")
