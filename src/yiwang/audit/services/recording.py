"""Writing the trail."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from yiwang.audit.models import AuditEvent
from yiwang.audit.policy import merkle
from yiwang.audit.policy.plain import content, holds_number
from yiwang.audit.queries import READ_ACT
from yiwang.kernel.errors import RefusedError
from yiwang.kernel.hashing import canonical_json
from yiwang.kernel.identifiers import citizen_id

NONCE_BYTES = 16
PURPOSE_MAX_CHARS = 200
POSTS_MAX_CHARS = 120


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Whose request is under way, from which device, with which posts.

    Attributes:
        posts: Code of a department, or `*` for all -> codes of the posts held there.
    """

    actor: str
    device: str = ""
    posts: Mapping[str, str] = field(default_factory=dict)

    def held(self, department: str) -> str:
        """Return the posts in `department` and everywhere; all of them where none is named."""
        wanted = {department, "*"} if department else set(self.posts)
        codes = {code for place in wanted for code in self.posts.get(place, "").split(",") if code}
        return ",".join(sorted(codes))[:POSTS_MAX_CHARS]


_origin: ContextVar[Origin | None] = ContextVar("origin", default=None)


def acting(origin: Origin | None) -> None:
    """Say whose request is under way; None: nobody's."""
    _origin.set(origin)


class _Held:
    """A row that is written when its block ends, unless what it tells of was undone before."""

    def __init__(self, row: AuditEvent) -> None:
        self.row = row
        transaction.on_commit(self)

    def __call__(self) -> None:
        """Do nothing at the commit: the database forgets the call where a savepoint is undone."""


@dataclass(frozen=True)
class _Block:
    """Rows that wait for the end of `together`, and the connection by which they are written.

    A thread may inherit the context, but not the transaction: what it records is its own.
    """

    connection: BaseDatabaseWrapper
    rows: list[_Held] = field(default_factory=list)


_block: ContextVar[_Block | None] = ContextVar("block", default=None)


def _open_block() -> _Block | None:
    block = _block.get()
    return block if block and block.connection is transaction.get_connection() else None


@contextlib.contextmanager
def together() -> Iterator[None]:
    """Write what is recorded inside with one statement when the block ends, in the order given.

    To be used inside the transaction of the act; after an error nothing is written. Of a part
    that was undone to a savepoint nothing is written either. A block inside another one adds to
    its rows. The trail cannot be asked for them before the end of the block.

    Raises:
        RuntimeError: called outside a transaction.
    """
    if not _under_way():
        raise RuntimeError("audit.together belongs into the transaction of the act")
    if _open_block():
        yield
        return
    block = _Block(transaction.get_connection())
    before = _block.set(block)
    try:
        yield
    finally:
        _block.reset(before)
    standing = {id(entry[1]) for entry in block.connection.run_on_commit}
    AuditEvent.objects.bulk_create(one.row for one in block.rows if id(one) in standing)


class PersonalNumberRefusedError(RefusedError):
    """The words for the trail hold a citizen number."""

    code = "audit.personal_number"


class PurposeRefusedError(RefusedError):
    """A sensitive read without a purpose, or a purpose that is a whole essay."""

    code = "audit.purpose_refused"


def record(
    *,
    at: datetime,
    actor: str,
    act: str,
    target: str,
    detail: Mapping[str, Any] = {},
    department: str = "",
    purpose: str = "",
    ip: str = "",
    on_behalf_of: str = "",
    result: str = "",
) -> None:
    """Write one act to the trail, in the transaction of the act; at the end of `together`, if any.

    From which device and in which posts it was done is known from `acting`, where the actor is
    the one of the request.

    No row waits for another. `detail` holds references and words, never a raw personal number;
    a citizen number in it is refused.

    Args:
        at: Moment of the act, aware.
        actor: `user:<login>`, `job:<name>` or `system:<name>`.
        act: `<package>.<verb>`.
        target: Ref of the record acted on.
        detail: Plain values; dates and closed lists are turned into text, floats are not taken.
        department: Code of the department in which the actor acted.
        purpose: Why, where the act needs a reason.
        ip: Address the request came from.
        on_behalf_of: Ref of the person or entity represented.
        result: REFUSED where the act was denied; empty: it was done.

    Raises:
        PersonalNumberRefusedError: a citizen number stands in what was given.
        PurposeRefusedError: `purpose` is too long.
        RuntimeError: called outside a transaction.
    """
    if not _under_way():
        raise RuntimeError("audit.record belongs into the transaction of the act")
    if len(purpose) > PURPOSE_MAX_CHARS:
        raise PurposeRefusedError(f"目的或者事由应在{PURPOSE_MAX_CHARS}字以内，请缩短。")
    origin = _origin.get()
    known = origin if origin is not None and origin.actor == actor else Origin(actor=actor)
    words = content(
        at=at,
        actor=actor,
        on_behalf_of=on_behalf_of,
        act=act,
        target=target,
        department=department,
        purpose=purpose,
        ip=ip,
        detail=detail,
        nonce=secrets.token_hex(NONCE_BYTES),
        device=known.device,
        posts=known.held(department),
        result=result,
    )
    if holds_number(words, is_number=lambda number: citizen_id.check(number, on=at.date()).ok):
        raise PersonalNumberRefusedError(
            "内容中含有公民身份号码，操作日志不保存完整号码，请删去号码或改用办件编号后再提交。"
        )
    row = AuditEvent(**(words | {"at": at}), leaf=merkle.leaf_hash(canonical_json(words)))
    if block := _open_block():
        block.rows.append(_Held(row))
    else:
        row.save(force_insert=True)


def record_read(
    *,
    at: datetime,
    actor: str,
    target: str,
    fields: Sequence[str],
    purpose: str,
    department: str = "",
    ip: str = "",
) -> None:
    """Write that somebody looked at sensitive fields of a record.

    An act of its own, or part of the one that is under way: what is refused is refused before
    anything is written, so that no savepoint is needed.

    Raises:
        PurposeRefusedError: no purpose was given.

    Source:
        个人信息保护法 第六条 (purpose), 第五十一条 (records); GB/T 22239-2019 第8.1.4.3.
    """
    if not purpose.strip():
        raise PurposeRefusedError("请写明查看目的，例如“核对办件申请人身份”，目的将记入日志。")
    own = contextlib.nullcontext() if _under_way() else transaction.atomic()
    with own:
        record(
            at=at,
            actor=actor,
            act=READ_ACT,
            target=target,
            detail={"fields": list(fields)},
            department=department,
            purpose=purpose.strip(),
            ip=ip,
        )


def _under_way() -> bool:
    return bool(transaction.get_connection().in_atomic_block)
