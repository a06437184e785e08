"""Making the files of letters: rendered, sealed and stored once, when first asked for."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import transaction

from yiwang.audit import services as audit
from yiwang.cases.models import CaseDocument
from yiwang.cases.policy.deadlines import day_of
from yiwang.cases.policy.letters import chinese_day
from yiwang.cases.policy.terms import INTERNAL_LETTERS, DocumentKind
from yiwang.cases.queries import (
    CaseNotFoundError,
    DocumentView,
    letters_of_code,
    may_read_letter,
)
from yiwang.documents import sealing, store
from yiwang.organisations import queries as organisations
from yiwang.organisations.permissions import Actor

SEALED_BY = "system:sealing"
"""Who puts the seal on a file in the trail, whoever issued the letter."""


def document_file(document_id: int, *, by: Actor, at: datetime) -> bytes:
    """Return the sealed PDF of a letter; it is made when first asked for.

    A look of anybody but its applicant is written down.

    Raises:
        CaseNotFoundError: no such letter for these eyes.
    """
    document = CaseDocument.objects.select_related("case").filter(pk=document_id).first()
    if document is None or not may_read_letter(document, by):
        raise CaseNotFoundError
    case = document.case
    content = store.open(document.file_sha256 or make_document(document_id, at=at))
    if not by.acts_for(case.applicant_ref):
        audit.record_read(
            at=at,
            actor=by.ref,
            target=f"case:{case.number}",
            fields=[f"document:{document_id}"],
            purpose="办理办件时查看文书",
            department=case.deciding_department,
            ip=by.ip,
        )
    return content


@transaction.atomic
def letter_for_print(document_id: int, *, query_code: str, by: Actor, at: datetime) -> DocumentView:
    """Return a letter of a case to whoever proved to know it, for a terminal's printer.

    The look is written down; the applicant sees it. Callers have checked the proof (`track`).

    Raises:
        CaseNotFoundError: the case has no such letter.
    """
    letter = next((one for one in letters_of_code(query_code) if one.id == document_id), None)
    if letter is None:
        raise CaseNotFoundError
    case = CaseDocument.objects.select_related("case").get(pk=document_id).case
    audit.record_read(
        at=at,
        actor=by.ref,
        target=f"case:{case.number}",
        fields=[f"document:{document_id}"],
        purpose="在自助终端打印文书",
        department=case.deciding_department,
        ip=by.ip,
    )
    return letter


@transaction.atomic
def make_document(document_id: int, *, at: datetime) -> str:
    """Render, seal and store the file of a letter, once; return its SHA-256.

    The file bears the moment of issue; `at` is the moment of sealing.

    Raises:
        GlyphMissingError: a character cannot be printed; the message names it.
        ObjectDoesNotExist: there is no such letter.
    """
    document = (
        CaseDocument.objects.select_for_update(of=("self",))
        .select_related("case")
        .get(pk=document_id)
    )
    if document.file_sha256:
        return document.file_sha256
    seal = organisations.department(document.seal_department)
    template = "receipt" if document.kind == DocumentKind.RECEIPT else "notice"
    pdf = sealing.render_sealed(
        template,
        _data(document, seal.name),
        seal=seal.code,
        owner=seal.name,
        reason=document.title,
        at=document.issued_at,
    )
    file = store.put(pdf, "application/pdf")
    document.file_sha256 = file.sha256
    document.save(update_fields=["file_sha256"])
    audit.record(
        at=at,
        actor=SEALED_BY,
        act="cases.seal_letter",
        target=f"case:{document.case.number}",
        detail={
            "letter": document.pk,
            "number": document.number,
            "seal": seal.code,
            "sha256": file.sha256,
            "sm3": file.sm3,
        },
        department=document.seal_department,
    )
    return document.file_sha256


def _data(document: CaseDocument, issuer: str) -> dict[str, object]:
    case, body = document.case, document.body
    to_applicant = document.kind not in INTERNAL_LETTERS
    return {
        "issuer": issuer,
        "number": document.number,
        "title": document.title,
        "subtitle": case.item_name,
        "recipient": case.applicant_name if to_applicant else "",
        "rows": [tuple(pair) for pair in body["facts"]],
        "paragraphs": body["paragraphs"],
        "remedy": "".join(body["remedies"]),
        "date": chinese_day(day_of(document.issued_at)),
        "query_code": case.query_code if to_applicant else "",
        "qr": f"{settings.BASE_URL}/track?code={case.query_code}" if to_applicant else "",
        "demo": settings.DEMO,
    }
