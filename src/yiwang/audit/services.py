"""Writing, sealing and verifying the trail."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from yiwang.audit.models import AuditEvent
from yiwang.audit.policy import merkle
from yiwang.audit.policy.plain import holds_number, moment, plain, text
from yiwang.audit.queries import READ_ACT
from yiwang.kernel.errors import RefusedError
from yiwang.kernel.hashing import canonical_json


class PersonalNumberRefusedError(RefusedError):
    """The words for the trail hold a citizen number."""

    code = "audit.personal_number"


class PurposeMissingError(RefusedError):
    """A sensitive read without a purpose."""

    code = "audit.purpose_missing"


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
) -> None:
    """Write one act to the trail, in the transaction of the act.

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

    Raises:
        PersonalNumberRefusedError: a citizen number stands in what was given.
        RuntimeError: called outside a transaction.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("audit.record belongs into the transaction of the act")
    content = {
        "at": moment(at),
        "actor": text(actor),
        "on_behalf_of": text(on_behalf_of),
        "act": text(act),
        "target": text(target),
        "department": text(department),
        "purpose": text(purpose),
        "ip": text(ip),
        "detail": plain(detail),
        "nonce": secrets.token_hex(16),
    }
    if holds_number(content, is_number=_is_citizen_number):
        raise PersonalNumberRefusedError(
            "内容中含有公民身份号码，操作日志不保存完整号码，请删去号码或改用办件编号后再提交。"
        )
    AuditEvent.objects.create(
        **(content | {"at": at}), leaf=merkle.leaf_hash(canonical_json(content))
    )


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

    Raises:
        PurposeMissingError: no purpose was given.

    Source:
        个人信息保护法 第六条 (purpose), 第五十一条 (records); GB/T 22239-2019 第8.1.4.3.
    """
    if not purpose.strip():
        raise PurposeMissingError("请写明查看目的，例如“核对办件申请人身份”，目的将记入日志。")
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


_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def _is_citizen_number(number: str) -> bool:
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, number[:17], strict=True))
    return "10X98765432"[total % 11] == number[17]
