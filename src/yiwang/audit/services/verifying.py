"""Checking that the trail is what it was."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.models import Q

from yiwang.audit import keys
from yiwang.audit.models import AuditCheckpoint, AuditEvent, AuditLeaf, AuditNode
from yiwang.audit.policy import merkle, notes
from yiwang.audit.policy.plain import content
from yiwang.audit.tree import TILE_HEIGHT
from yiwang.kernel.errors import RefusedError
from yiwang.kernel.hashing import canonical_json

CHUNK_ROWS = 2_048


@dataclass(frozen=True, kw_only=True)
class TrailReport:
    """What a check of the trail found.

    Attributes:
        ok: Nothing is broken.
        rows: Rows re-hashed.
        sealed: Of them, rows in the tree.
        checkpoints: Signatures and roots checked.
        first_broken: The first broken link in words, with the row; None when ok.
    """

    ok: bool
    rows: int
    sealed: int
    checkpoints: int
    first_broken: str | None


class WitnessRefusedError(RefusedError):
    """What was brought as a checkpoint is none of this log's."""

    code = "audit.witness_refused"


class _BrokenError(Exception):
    """Ends the check at the first broken link."""


@dataclass(frozen=True, kw_only=True)
class _SealedRow:
    index: int
    event_id: int
    hash: bytes
    event: AuditEvent | None


def verify(*, witnessed: Sequence[str] = ()) -> TrailReport:
    """Re-hash every row and check leaves, inner nodes, roots and signatures; changes nothing.

    Streams in bounded memory. Acts and sealing may go on meanwhile: what is written after the
    start is left for the next check.

    Args:
        witnessed: Checkpoints kept outside the database. Only these can show that somebody
            with all rights rebuilt the whole trail or cut off its end.

    Returns:
        The report; `first_broken` names the earliest row in tree order that is wrong.

    Raises:
        WitnessRefusedError: one of `witnessed` is no checkpoint that a key of this log signed.
    """
    check = _Check(witnessed)
    broken: str | None = None
    try:
        check.run()
    except _BrokenError as found:
        broken = str(found)
    return TrailReport(
        ok=broken is None,
        rows=check.rows,
        sealed=check.tree.size,
        checkpoints=check.checkpoints,
        first_broken=broken,
    )


class _Check:
    """One pass over the trail; counts as it goes."""

    def __init__(self, witnessed: Sequence[str]) -> None:
        self.rows = 0
        self.checkpoints = 0
        self.tree = merkle.Range()
        self.witnesses = sorted(map(_witness, witnessed), key=lambda note: note.size)

    def run(self) -> None:
        leaves, size = _extent()
        if leaves != size:
            raise _BrokenError(
                f"树上有 {leaves} 片叶，最后一个检查点签了 {size} 片：叶或检查点被增删。"
            )
        self._check_tree(size)
        if self.witnesses:
            note = self.witnesses[0]
            raise _BrokenError(
                f"外部留存的检查点签了 {note.size} 片叶，库中只有 {size} 片：末尾的记录被删除。"
            )
        self._check_unsealed()

    def _check_tree(self, size: int) -> None:
        checkpoints = _checkpoints(size)
        checkpoint = next(checkpoints, None)
        last = (0, 0)
        for first in range(0, size, CHUNK_ROWS):
            nodes = _nodes(first, min(first + CHUNK_ROWS, size))
            for row in _sealed_rows(first, min(first + CHUNK_ROWS, size)):
                last = self._check_row(row, after=last)
                for height, index, value in self.tree.add(row.hash):
                    if height % TILE_HEIGHT == 0 and nodes.pop((height, index), None) != value:
                        raise _BrokenError(
                            f"记录 {row.event_id}（第 {row.index} 片叶）处的内部节点 "
                            f"{height}/{index} 与叶不符：节点被改动或者删除。"
                        )
                if checkpoint is not None and checkpoint.size == self.tree.size:
                    self._check_note(checkpoint)
                    checkpoint = next(checkpoints, None)
                self._check_witnesses()
            if nodes:
                raise _BrokenError(f"内部节点 {min(nodes)} 不属于这棵树：节点是事后插入的。")
        if self.tree.size != size:
            raise _BrokenError(f"第 {self.tree.size} 片叶缺失：叶被删除或者改了序号。")

    def _check_row(self, row: _SealedRow, *, after: tuple[int, int]) -> tuple[int, int]:
        if row.index != self.tree.size:
            raise _BrokenError(f"第 {self.tree.size} 片叶缺失：叶被删除或者改了序号。")
        place = f"记录 {row.event_id}（第 {row.index} 片叶）"
        if row.event is None:
            raise _BrokenError(f"{place}已不在库中：记录被删除。")
        self._check_content(row.event, place=place)
        if bytes(row.event.leaf) != row.hash:
            raise _BrokenError(f"{place}的叶哈希与树上的不符：记录在入树之后被改动。")
        order = (row.event.xid, row.event_id)
        if order <= after:
            raise _BrokenError(f"{place}的次序不对：事务号被改动。")
        return order

    def _check_content(self, event: AuditEvent, *, place: str) -> None:
        self.rows += 1
        if _hash_of(event) != bytes(event.leaf):
            raise _BrokenError(f"{place}的内容与其哈希不符：记录被改动。")

    def _check_note(self, checkpoint: AuditCheckpoint) -> None:
        place = f"检查点 {checkpoint.size}"
        try:
            note = notes.parse(checkpoint.note)
        except ValueError:
            raise _BrokenError(f"{place}无法读取：签名文本被改动。") from None
        if not keys.is_signed(note):
            raise _BrokenError(f"{place}的签名不对：签名文本被改动，或者不是本系统的密钥所签。")
        if note.size != checkpoint.size or note.root != self.tree.root():
            raise _BrokenError(f"{place}的根与叶不符：第 {checkpoint.size} 片叶以前有记录被改动。")
        self.checkpoints += 1

    def _check_witnesses(self) -> None:
        while self.witnesses and self.witnesses[0].size == self.tree.size:
            note = self.witnesses.pop(0)
            if note.root != self.tree.root():
                raise _BrokenError(f"外部留存的检查点 {note.size} 与库中的根不符：整棵树被重建。")
            self.checkpoints += 1

    def _check_unsealed(self) -> None:
        late = _overlooked()
        if late is not None:
            raise _BrokenError(f"记录 {late} 早已落定却不在树上：叶被删除，或者记录是事后插入的。")
        after = 0
        while chunk := list(
            AuditEvent.objects.filter(sealed__isnull=True, pk__gt=after).order_by("pk")[:CHUNK_ROWS]
        ):
            for event in chunk:
                self._check_content(event, place=f"记录 {event.pk}（尚未入树）")
            after = chunk[-1].pk


def _hash_of(event: AuditEvent) -> bytes:
    return merkle.leaf_hash(
        canonical_json(
            content(
                at=event.at,
                actor=event.actor,
                on_behalf_of=event.on_behalf_of,
                act=event.act,
                target=event.target,
                department=event.department,
                purpose=event.purpose,
                ip=event.ip,
                detail=event.detail,
                nonce=event.nonce,
                device=event.device,
                posts=event.posts,
                result=event.result,
            )
        )
    )


def _witness(text: str) -> notes.Note:
    try:
        note = notes.parse(text)
    except ValueError:
        note = None
    if note is None or not keys.is_signed(note):
        raise WitnessRefusedError(
            "该文件不是本系统签名的检查点，请核对是否取自本系统的检查点页面，或者密钥目录是否完整。"
        )
    return note


def _extent() -> tuple[int, int]:
    """Return the number of leaves and the size of the last checkpoint, seen at one moment."""
    with connection.cursor() as cursor:
        cursor.execute(
            'SELECT (SELECT coalesce(max("index") + 1, 0) FROM audit_auditleaf),'
            " (SELECT coalesce(max(size), 0) FROM audit_auditcheckpoint)"
        )
        leaves, size = cursor.fetchone()
    return leaves, size


def _checkpoints(size: int) -> Iterator[AuditCheckpoint]:
    after = 0
    while chunk := list(
        AuditCheckpoint.objects.filter(size__gt=after, size__lte=size).order_by("size")[:CHUNK_ROWS]
    ):
        yield from chunk
        after = chunk[-1].size


def _sealed_rows(first: int, end: int) -> Iterator[_SealedRow]:
    leaves = list(AuditLeaf.objects.filter(index__gte=first, index__lt=end).order_by("index"))
    events = AuditEvent.objects.in_bulk([leaf.event_id for leaf in leaves])
    for leaf in leaves:
        yield _SealedRow(
            index=leaf.index,
            event_id=leaf.event_id,
            hash=bytes(leaf.hash),
            event=events.get(leaf.event_id),
        )


def _nodes(first: int, end: int) -> dict[tuple[int, int], bytes]:
    """Return the inner nodes that the leaves `first` to `end` complete."""
    wanted = Q(pk__in=[])
    for height in range(TILE_HEIGHT, end.bit_length() + 1, TILE_HEIGHT):
        wanted |= Q(height=height, index__gte=first >> height, index__lt=end >> height)
    rows = AuditNode.objects.filter(wanted).values_list("height", "index", "hash")
    return {(height, index): bytes(value) for height, index, value in rows}


def _overlooked() -> int | None:
    """Return a row outside the tree that is older than the last leaf."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT event.id FROM audit_auditevent event"
            " LEFT JOIN audit_auditleaf leaf ON leaf.event_id = event.id"
            " WHERE leaf.event_id IS NULL AND (event.xid, event.id) <"
            " (SELECT sealed.xid, sealed.id FROM audit_auditleaf top"
            " JOIN audit_auditevent sealed ON sealed.id = top.event_id"
            ' ORDER BY top."index" DESC LIMIT 1)'
            " ORDER BY event.id LIMIT 1"
        )
        row = cursor.fetchone()
    return row[0] if row else None
