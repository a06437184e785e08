"""Writing down that a member of staff was denied something (越权访问被拒绝)."""

from __future__ import annotations

import re
from datetime import datetime

from django.db import connection, transaction

from yiwang.audit import services as audit
from yiwang.organisations.permissions import Actor, PermissionRefusedError

CASE_NUMBER = re.compile(r"[0-9A-Z]{20,60}")
"""What an address may say of a case in the trail; a citizen's number is shorter."""

TARGET_CHARS = 120


def note_refusal(
    refusal: PermissionRefusedError,
    *,
    place: str,
    method: str,
    number: str = "",
    by: Actor,
    at: datetime,
) -> None:
    """Write to the trail what was denied; of those who hold no post nothing is written.

    Args:
        refusal: The refusal that was answered.
        place: `page:<name>` or `call:<name>`.
        method: How it was asked for.
        number: Number of the case, where the address names one.
        by: Who asked.
        at: Moment.
    """
    if not by.posts or connection.needs_rollback:
        return
    known = {"number": number} if CASE_NUMBER.fullmatch(number) else {}
    with transaction.atomic():
        audit.record(
            at=at,
            actor=by.ref,
            act="audit.refused",
            target=place[:TARGET_CHARS],
            detail={"method": method[:10], "code": refusal.code} | known,
            ip=by.ip,
            result=audit.REFUSED,
        )
