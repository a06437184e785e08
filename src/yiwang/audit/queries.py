"""Questions to the trail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from yiwang.audit.models import READ_ACT as READ_ACT
from yiwang.audit.models import (
    READS,
    AuditCheckpoint,
    AuditEvent,
    AuditLeaf,
    ReadAlarm,
)
from yiwang.audit.policy import merkle
from yiwang.audit.policy.alarms import AlarmKind
from yiwang.audit.tree import span

PAGE_LIMIT = 100


@dataclass(frozen=True, kw_only=True)
class TrailRow:
    """One line of the trail; `id` is the key for the next page.

    Attributes:
        device: System and program from which somebody acted; empty for jobs and old rows.
        posts: Codes of the posts held in `department`; empty as above.
        result: REFUSED where the act was denied; empty: it was done.
    """

    id: int
    at: datetime
    actor: str
    on_behalf_of: str
    act: str
    target: str
    department: str
    purpose: str
    ip: str
    detail: Mapping[str, Any]
    device: str
    posts: str
    result: str


@dataclass(frozen=True, kw_only=True)
class ReadRow:
    """One use of a person's data, as that person may see it (数据使用记录)."""

    id: int
    at: datetime
    department: str
    purpose: str
    fields: tuple[str, ...]


def trail(
    *,
    target: str | None = None,
    actor: str | None = None,
    act: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    after: int | None = None,
    limit: int = PAGE_LIMIT,
) -> list[TrailRow]:
    """List events, newest first; one query.

    Args:
        target: Keep events on this ref.
        actor: Keep events by this ref.
        act: Keep this act; a name that ends in a dot keeps all acts that begin so.
        since: First moment, inclusive.
        until: Last moment, exclusive.
        after: `id` of the last row of the page before.
        limit: Rows wanted, 1..PAGE_LIMIT.
    """
    rows = AuditEvent.objects.order_by("-id")
    if target is not None:
        rows = rows.filter(target=target)
    if actor is not None:
        rows = rows.filter(actor=actor)
    if act is not None:
        rows = rows.filter(act__startswith=act) if act.endswith(".") else rows.filter(act=act)
    if since is not None:
        rows = rows.filter(at__gte=since)
    if until is not None:
        rows = rows.filter(at__lt=until)
    if after is not None:
        rows = rows.filter(id__lt=after)
    return [_row(row) for row in rows[: max(1, min(limit, PAGE_LIMIT))]]


def _row(row: AuditEvent) -> TrailRow:
    return TrailRow(
        id=row.pk,
        at=row.at,
        actor=row.actor,
        on_behalf_of=row.on_behalf_of,
        act=row.act,
        target=row.target,
        department=row.department,
        purpose=row.purpose,
        ip=row.ip,
        detail=row.detail,
        device=row.device,
        posts=row.posts,
        result=row.result,
    )


def reads_of(
    subject_ref: str, *, after: int | None = None, limit: int = PAGE_LIMIT
) -> list[ReadRow]:
    """List who used the data of one person or entity, newest first.

    Source:
        个人信息保护法 第四十四条 (right to know), 第四十五条 (right of access).
    """
    return [
        ReadRow(
            id=row.id,
            at=row.at,
            department=row.department,
            purpose=row.purpose,
            fields=tuple(row.detail.get("fields", ())),
        )
        for row in trail(target=subject_ref, act=READ_ACT, after=after, limit=limit)
    ]


@dataclass(frozen=True, kw_only=True)
class AlarmView:
    """Reads of one day that ask for a look (查看告警).

    Attributes:
        subject: Who read, or for SAME_OBJECT what was read about.
        rule: The rule that was broken, as it was.
        since: First of the reads.
        until: Last of the reads so far.
        readers: Refs of all who read; none of them may close it.
        words: What the auditor found; empty while it is open.
    """

    id: int
    kind: AlarmKind
    subject: str
    day: date
    rule: str
    since: datetime
    until: datetime
    reads: int
    readers: tuple[str, ...]
    raised_at: datetime
    closed_at: datetime | None
    closed_by: str
    words: str


def alarm_view(row: ReadAlarm) -> AlarmView:
    """Return a row as others see it."""
    return AlarmView(
        id=row.pk,
        kind=AlarmKind(row.kind),
        subject=row.subject,
        day=row.day,
        rule=row.rule,
        since=row.since,
        until=row.until,
        reads=row.reads,
        readers=tuple(row.readers),
        raised_at=row.raised_at,
        closed_at=row.closed_at,
        closed_by=row.closed_by,
        words=row.words,
    )


def alarms(
    *, closed: bool = False, after: int | None = None, limit: int = PAGE_LIMIT
) -> list[AlarmView]:
    """List alarms that wait for the auditor, or those that are closed, newest first."""
    rows = ReadAlarm.objects.filter(closed_at__isnull=not closed).order_by("-id")
    if after is not None:
        rows = rows.filter(id__lt=after)
    return [alarm_view(row) for row in rows[: max(1, min(limit, PAGE_LIMIT))]]


def alarm(alarm_id: int) -> AlarmView:
    """Return one alarm.

    Raises:
        LookupError: there is none.
    """
    row = ReadAlarm.objects.filter(pk=alarm_id).first()
    if row is None:
        raise LookupError(f"alarm:{alarm_id}")
    return alarm_view(row)


def open_alarms() -> int:
    """Count the alarms that wait, no further than one page."""
    return ReadAlarm.objects.filter(closed_at__isnull=True)[:PAGE_LIMIT].count()


def reads_behind(
    found: AlarmView, *, after: int | None = None, limit: int = PAGE_LIMIT
) -> list[TrailRow]:
    """List the reads in the stretch of an alarm by those it is about, newest first."""
    rows = AuditEvent.objects.filter(
        act__in=READS, actor__in=found.readers, at__gte=found.since, at__lte=found.until
    ).order_by("-id")
    if found.kind is AlarmKind.SAME_OBJECT:
        rows = rows.filter(target=found.subject)
    if after is not None:
        rows = rows.filter(id__lt=after)
    return [_row(row) for row in rows[: max(1, min(limit, PAGE_LIMIT))]]


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """A signed statement of the tree's size and root, for anybody to keep."""

    size: int
    at: datetime
    note: str


@dataclass(frozen=True, kw_only=True)
class InclusionProof:
    """That an event stands in the tree; check with `merkle.includes`."""

    leaf: bytes
    index: int
    size: int
    path: tuple[bytes, ...]


def latest_checkpoint() -> Checkpoint | None:
    """Return the newest checkpoint; None while nothing is sealed."""
    row = AuditCheckpoint.objects.order_by("-size").first()
    return None if row is None else Checkpoint(size=row.size, at=row.at, note=row.note)


def checkpoint(size: int) -> Checkpoint | None:
    """Return the checkpoint that covers exactly `size` leaves."""
    row = AuditCheckpoint.objects.filter(size=size).first()
    return None if row is None else Checkpoint(size=row.size, at=row.at, note=row.note)


def oldest_unsealed() -> datetime | None:
    """Return the moment of the oldest row outside the tree; None when all are sealed.

    A row that waits for minutes shows a transaction that does not end, or no sealer.
    """
    last = AuditLeaf.objects.order_by("-index").values_list("event__xid", flat=True).first()
    rows = AuditEvent.objects.filter(sealed__isnull=True)
    if last is not None:
        rows = rows.extra(where=["xid >= %s::text::xid8"], params=[last])
    return rows.order_by("at").values_list("at", flat=True).first()


def inclusion_proof(event_id: int, *, size: int) -> InclusionProof:
    """Prove that an event stands in the tree of `size` leaves.

    Raises:
        LookupError: the event is not sealed.
        ValueError: it was sealed later than `size`.
    """
    row = AuditLeaf.objects.filter(event_id=event_id).first()
    if row is None:
        raise LookupError(f"event {event_id} is not sealed")
    path = merkle.inclusion_path(row.index, size, span)
    return InclusionProof(leaf=bytes(row.hash), index=row.index, size=size, path=tuple(path))


def consistency_proof(old: int, size: int) -> tuple[bytes, ...]:
    """Prove that the tree of `old` leaves is the beginning of that of `size` leaves.

    Raises:
        ValueError: not 0 < old <= size.
    """
    return tuple(merkle.consistency_path(old, size, span))
