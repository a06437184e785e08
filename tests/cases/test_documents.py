"""The sealed files of letters."""

from __future__ import annotations

import pytest

from tests.factories import cases
from yiwang.audit.models import AuditEvent
from yiwang.cases import services, tasks
from yiwang.cases.models import CaseDocument
from yiwang.cases.policy.terms import DocumentKind
from yiwang.cases.queries import CaseNotFoundError
from yiwang.documents import sealing, store
from yiwang.kernel.hashing import sha256, sm3

pytestmark = pytest.mark.usefixtures("easy_district")

AT = cases.FRIDAY


@pytest.mark.parametrize(
    "kind", [DocumentKind.RECEIPT, DocumentKind.ACCEPTANCE_NOTICE, DocumentKind.GRANT_DECISION]
)
def test_a_letter_becomes_a_sealed_file_when_first_asked_for(kind):
    number = cases.decided().number
    document = CaseDocument.objects.get(case__number=number, kind=kind)
    assert document.file_sha256 is None

    pdf = services.document_file(document.pk, by=cases.FIRM, at=AT)
    again = services.document_file(document.pk, by=cases.HEAD, at=AT)

    check = sealing.verify_pdf(pdf)
    assert (check.intact, check.trusted, check.covers_whole) == (True, True, True)
    assert check.signed_at == AT
    assert again == pdf


def test_a_letter_is_not_shown_to_others():
    number = cases.receive().number
    document = CaseDocument.objects.get(case__number=number)

    for by, key in ((cases.NOBODY, document.pk), (cases.STRANGER, document.pk), (cases.FIRM, 0)):
        with pytest.raises(CaseNotFoundError):
            services.document_file(key, by=by, at=AT)


def test_the_worker_makes_a_file_once():
    cases.receive()
    document = CaseDocument.objects.get()

    tasks.make_document(document_id=document.pk, timestamp=int(AT.timestamp()))
    tasks.make_document(document_id=document.pk, timestamp=int(AT.timestamp()))

    document.refresh_from_db()
    assert document.file_sha256 is not None
    content = store.open(document.file_sha256)
    assert content.startswith(b"%PDF")
    (sealed,) = AuditEvent.objects.filter(act="cases.seal_letter")
    assert sealed.target == f"case:{document.case.number}"
    assert sealed.detail["sha256"] == sha256(content)
    assert sealed.detail["sm3"] == sm3(content)
