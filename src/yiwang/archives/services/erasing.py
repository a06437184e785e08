"""Carrying a destruction out on the files that were handed in, one after the other (执行销毁)."""

from __future__ import annotations

from datetime import datetime

import structlog
from django.db import transaction

from yiwang.archives import queries
from yiwang.archives.models import Destruction
from yiwang.archives.services.ending import case_ref, lock_packages
from yiwang.audit import services as audit
from yiwang.cases import services as cases
from yiwang.documents import queries as documents
from yiwang.documents import services as files
from yiwang.organisations.permissions import Actor

log = structlog.get_logger()

ERASER = Actor(ref="job:erase-archives", name="系统（执行销毁）")
"""Who deletes what two persons agreed to destroy."""


def erase_uploads(*, destruction_id: int, at: datetime) -> int:
    """Delete the files that go with an agreed destruction; return how many this call deleted.

    Each file is a transaction of its own with its row of the trail: whoever is killed on the way
    leaves the rest to the next call. Nothing is deleted while a hold stands on the case, even one
    that came after the agreement; the nightly job tries again.
    """
    row = (
        Destruction.objects.select_related("package")
        .filter(pk=destruction_id, takes_uploads=True, uploads_gone_at=None)
        .first()
    )
    if row is None:
        return 0
    number, done = row.package.case_number, 0
    for one in documents.uploads_of(case_ref(number)):
        if one.destroyed:
            continue
        if not _erase(row, one.ref, at=at):
            log.warning("archives.erasing_held", case=number)
            return done
        done += 1
    Destruction.objects.filter(pk=row.pk, uploads_gone_at=None).update(uploads_gone_at=at)
    return done


@transaction.atomic
def _erase(row: Destruction, ref: str, *, at: datetime) -> bool:
    """Delete one file; tell whether no hold forbids it."""
    number = row.package.case_number
    lock_packages(number)
    if queries.is_held(number):
        return False
    gone = files.destroy_upload(ref=ref, used_by=case_ref(number))
    cases.forget_findings(upload_ref=ref)
    audit.record(
        at=at,
        actor=ERASER.ref,
        act="archives.erase_upload",
        target=case_ref(number),
        detail={
            "destruction": row.pk,
            "upload": ref,
            "sha256": gone.sha256,
            "sm3": gone.sm3,
            "size": gone.size,
            "shared": not gone.erased,
            "proposed_by": row.proposed_by,
            "decided_by": row.decided_by,
        },
        department=row.department_code,
        ip=ERASER.ip,
    )
    return True


def erase_unfinished(*, at: datetime) -> int:
    """Carry on with what was agreed and is not finished; return how many files were deleted."""
    waiting = Destruction.objects.filter(takes_uploads=True, uploads_gone_at=None)
    return sum(
        erase_uploads(destruction_id=pk, at=at)
        for pk in waiting.order_by("pk").values_list("pk", flat=True)
    )
