"""Looking at a file when it is handed in (材料预检)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from django.db import transaction
from procrastinate.contrib.django import app

from yiwang.audit import services as audit
from yiwang.cases.models import CaseMaterial
from yiwang.cases.models.prechecks import UploadCheck
from yiwang.cases.policy.deadlines import day_of
from yiwang.cases.policy.material_kinds import PREFIX, parsed
from yiwang.cases.policy.prechecks import (
    NOBODY_READ,
    Finding,
    Wanted,
    doubts,
    findings,
    needs_reading,
)
from yiwang.cases.queries.prechecks import findings_of
from yiwang.catalogue import queries as catalogue
from yiwang.catalogue.policy.items import Material, PaperHolder
from yiwang.content import queries as content
from yiwang.documents import looking
from yiwang.documents import queries as documents
from yiwang.documents import services as files
from yiwang.documents.policy.files import MediaType
from yiwang.documents.policy.looks import Look
from yiwang.documents.policy.readings import ReadingState
from yiwang.documents.queries import UploadView
from yiwang.organisations.permissions import Actor
from yiwang.registers import queries as registers

READ_TASK = "yiwang.cases.read_material"

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
    look = _look(upload)
    reading = documents.reading(upload_ref) if needs_reading(look) else NOBODY_READ
    found = findings(
        look,
        _wanted(
            material.name,
            material.accept_standard,
            applicant_ref,
            of_other=material.holder is PaperHolder.OTHER,
        ),
        today=day_of(at),
        reading=reading,
    )
    with transaction.atomic():
        _keep(upload_ref, material.id, found, owner_ref=by.ref, by=by, at=at)
        if reading.state is ReadingState.WAITING:
            app.configure_task(READ_TASK, queue="documents", lock=READ_TASK).defer(
                upload_ref=upload_ref,
                material_id=material.id,
                material=material.name,
                standard=material.accept_standard,
                applicant_ref=applicant_ref,
                of_other=material.holder is PaperHolder.OTHER,
                timestamp=int(at.timestamp()),
            )
    return found


def precheck_attached(
    *,
    item: tuple[str, int],
    uploads: Mapping[str, Sequence[str]],
    applicant_ref: str,
    by: Actor,
    at: datetime,
) -> None:
    """Look at files that came by another way than a page, each once per material.

    Files of others are passed over: whoever handed them in had them looked at.

    Args:
        item: Slug and version of the item.
        uploads: Id of the material -> refs of its files.
        applicant_ref: Whose material it should be.
        by: Who handed them in.
        at: Moment of handing in.
    """
    refs = [ref for listed in uploads.values() for ref in listed]
    if not refs:
        return
    known = findings_of(refs)
    for material in catalogue.item_version(*item).materials:
        for ref in uploads.get(material.id, ()):
            if (ref, material.id) in known:
                continue
            with suppress(LookupError):  # another member of the firm handed it in
                precheck_upload(
                    upload_ref=ref, material=material, applicant_ref=applicant_ref, by=by, at=at
                )


def precheck_case(*, number: str, by: Actor, at: datetime) -> None:
    """Look at the files of a case that `by` handed in and nobody had looked at.

    Args:
        number: Case number, of a case that `by` just acted on.
        by: Who handed them in.
        at: Moment of handing in.
    """
    rows = list(CaseMaterial.objects.select_related("case").filter(case__number=number))
    if not rows:
        return
    case = rows[0].case
    precheck_attached(
        item=(case.item_slug, case.item_version),
        uploads={row.material_id: row.upload_refs for row in rows},
        applicant_ref=case.applicant_ref,
        by=by,
        at=at,
    )


def read_material(
    *,
    upload_ref: str,
    material_id: str,
    material: str,
    standard: str,
    applicant_ref: str,
    of_other: bool = False,
    by: Actor,
    at: datetime,
) -> tuple[Finding, ...]:
    """Read the pages of a file, and say anew what is to be said about it; takes seconds.

    Nothing is done for a file that was taken away meanwhile.

    Args:
        upload_ref: The file.
        material_id: Which material it was handed in as.
        material: Name of that material.
        standard: Its acceptance standard.
        applicant_ref: Whose material it should be.
        of_other: It may be in the name of somebody else.
        by: The job that reads.
        at: Moment of handing in.
    """
    upload = documents.uploads([upload_ref]).get(upload_ref)
    if upload is None or upload.destroyed:
        return ()
    try:
        reading = files.read_upload(ref=upload_ref, at=at)
    except LookupError:  # taken away while it waited
        return ()
    found = findings(
        _look(upload),
        _wanted(material, standard, applicant_ref, of_other=of_other),
        today=day_of(at),
        reading=reading,
    )
    with transaction.atomic():
        _keep(upload_ref, material_id, found, owner_ref=upload.owner_ref, by=by, at=at)
    return found


def _look(upload: UploadView) -> Look:
    is_pdf = upload.media_type is MediaType.PDF
    content = (
        documents.open_original(upload.ref) if is_pdf else documents.open_derivative(upload.ref)
    )
    return looking.look(content, upload.media_type)


def _wanted(material: str, standard: str, applicant_ref: str, *, of_other: bool) -> Wanted:
    held = registers.prefill(applicant_ref)
    kind = "person" if applicant_ref.startswith("person:") else "entity"
    number = held.get("person.id_number" if kind == "person" else "entity.uscc")
    name = held.get(f"{kind}.name")
    return Wanted(
        material=material,
        standard=standard,
        holder_name=name.value if name else "",
        holder_number=number.value if number else "",
        kinds=parsed(text.text for text in content.texts_under(PREFIX).values()),
        of_other=of_other,
    )


def _keep(
    upload_ref: str,
    material_id: str,
    found: tuple[Finding, ...],
    *,
    owner_ref: str,
    by: Actor,
    at: datetime,
) -> None:
    UploadCheck.objects.update_or_create(
        upload_ref=upload_ref,
        material_id=material_id,
        defaults={
            "owner_ref": owner_ref,
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


def forget_findings(*, upload_ref: str) -> None:
    """Delete what was said about a file whose content is destroyed.

    For programs that destroy by an act of others: it asks for no permission.
    """
    UploadCheck.objects.filter(upload_ref=upload_ref).delete()


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
