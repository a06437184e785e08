"""Looking at a file when it is handed in (材料预检)."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from yiwang.audit import services as audit
from yiwang.cases.models.prechecks import UploadCheck
from yiwang.cases.policy.deadlines import day_of
from yiwang.cases.policy.prechecks import Finding, Wanted, doubts, findings
from yiwang.catalogue.policy.items import Material
from yiwang.documents import looking
from yiwang.documents import queries as documents
from yiwang.documents.policy.files import MediaType
from yiwang.organisations.permissions import Actor
from yiwang.registers import queries as registers

KEPT_DAYS = 30
"""How long the findings about a file that went into no case are kept, as long as the file."""


def precheck_upload(
    *, upload_ref: str, material: Material, applicant_ref: str, by: Actor, at: datetime
) -> tuple[Finding, ...]:
    """Say what a program sees in a file handed in as `material`; the file is taken in any way.

    Args:
        upload_ref: The file.
        material: What it should be.
        applicant_ref: Whose material it should be.
        by: Who handed it in.
        at: Moment of handing in.

    Raises:
        LookupError: there is no such file of theirs, or no such applicant.
    """
    upload = documents.upload(upload_ref)
    if upload.owner_ref != by.ref:
        raise LookupError(f"no upload {upload_ref} of {by.ref}")
    is_pdf = upload.media_type is MediaType.PDF
    content = (
        documents.open_original(upload_ref) if is_pdf else documents.open_derivative(upload_ref)
    )
    held = registers.prefill(applicant_ref)
    kind = "person" if applicant_ref.startswith("person:") else "entity"
    number = held.get("person.id_number" if kind == "person" else "entity.uscc")
    name = held.get(f"{kind}.name")
    found = findings(
        looking.look(content, upload.media_type),
        Wanted(
            material=material.name,
            standard=material.accept_standard,
            holder_name=name.value if name else "",
            holder_number=number.value if number else "",
        ),
        today=day_of(at),
    )
    _keep(upload_ref, material.id, found, by=by, at=at)
    return found


@transaction.atomic
def _keep(
    upload_ref: str, material_id: str, found: tuple[Finding, ...], *, by: Actor, at: datetime
) -> None:
    UploadCheck.objects.update_or_create(
        upload_ref=upload_ref,
        material_id=material_id,
        defaults={
            "owner_ref": by.ref,
            "findings": [
                {"check": one.check.value, "grade": one.grade.value, "message": one.message}
                for one in found
            ],
            "checked_at": at,
        },
    )
    audit.record(
        at=at,
        actor=by.ref,
        act="cases.precheck",
        target=upload_ref,
        detail={
            "material": material_id,
            "doubts": "、".join(one.check.value for one in doubts(found)),
        },
        ip=by.ip,
    )


@transaction.atomic
def purge_prechecks(*, at: datetime, limit: int = 1_000) -> int:
    """Delete the findings about files that are gone; at most `limit`.

    Returns:
        How many were deleted.
    """
    old = list(
        UploadCheck.objects.filter(checked_at__lt=at - timedelta(days=KEPT_DAYS))
        .order_by("checked_at")
        .values_list("pk", "upload_ref")[:limit]
    )
    there = documents.uploads([ref for _pk, ref in old])
    gone = [pk for pk, ref in old if ref not in there]
    UploadCheck.objects.filter(pk__in=gone).delete()
    return len(gone)
