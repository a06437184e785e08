"""Calls about notice and commitment (告知承诺), tolerance (容缺受理) and applicants' records."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import Path, Query, Router, Schema
from pydantic import Field, StringConstraints

from yiwang.api import schemas
from yiwang.api.context import actor, answer, calendar, now, today
from yiwang.api.errors import COMMON
from yiwang.cases import queries, services
from yiwang.cases.policy.answers import kept_answers, plain_answers
from yiwang.cases.policy.commitments import (
    CheckOutcome,
    CheckState,
    RecordKind,
    SignedBy,
    commitment_paragraphs,
)
from yiwang.cases.queries import CaseView, commitments
from yiwang.cases.queries.commitments import (
    CertificatesView,
    CheckPage,
    CheckRow,
    CommitmentView,
    RecordView,
    ToleranceView,
)
from yiwang.catalogue import queries as catalogue
from yiwang.catalogue.policy.items import CheckMethod, commitment_open
from yiwang.organisations.permissions import Actor
from yiwang.registers import queries as registers

router = Router(tags=["commitments"])

DraftId = Annotated[int, Path(), Field(ge=1, le=2**62)]
Number = Path[schemas.Number]
Text = Annotated[str, StringConstraints(min_length=1, max_length=2_000)]
Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,79}$")]


class Told(Schema):
    """One condition that is told."""

    id: str
    text: str
    basis: str


class Notice(Schema):
    """What is told before somebody commits, and what was signed."""

    open: bool = Field(description="Whether item and answers allow a commitment.")
    barred: str = Field(description="Why this applicant may not commit; empty: they may.")
    conditions: list[Told]
    paragraphs: list[str] = Field(description="The letter as it would be signed now.")
    signed: CommitmentView | None


class Sign(schemas.Body):
    """A signature on the letter of commitment."""

    confirmed: list[Key] = Field(max_length=100, description="Ids of conditions, each confirmed.")
    accepted: bool = Field(description="The letter was read and agreed to as a whole.")


class Promises(Schema):
    """What a case rests on besides its materials."""

    commitment: CommitmentView | None
    tolerance: ToleranceView | None
    certificates: CertificatesView | None
    check: CheckPage | None


class Later(schemas.Body):
    """Files of a material that was allowed to come later."""

    uploads: list[schemas.Ref] = Field(min_length=1, max_length=30)


class ChecksWish(Schema):
    """Which checks."""

    finished: bool = False
    reported: bool = Field(
        default=False, description="Only those whose report of correction waits for an answer."
    )
    after: Annotated[str, StringConstraints(max_length=40)] = ""


class Checks(Schema):
    """One page of checks."""

    rows: list[CheckRow]
    after: str


class Found(schemas.Body):
    """What a check found."""

    outcome: CheckOutcome
    method: CheckMethod
    facts: Text
    conditions: list[Key] = Field(default=[], max_length=100)
    uploads: list[schemas.Ref] = Field(default=[], max_length=30)
    second_officer: Annotated[str, StringConstraints(max_length=40)] = ""


class Corrected(schemas.Body):
    """What was corrected after an order."""

    text: Text
    uploads: list[schemas.Ref] = Field(default=[], max_length=30)


class Decline(schemas.Body):
    """Why a report of correction is not enough yet."""

    reason: Text


class CheckStands(Schema):
    """Where a check stands."""

    state: CheckState


class Note(schemas.Body):
    """An entry on an applicant's record."""

    applicant: schemas.Ref
    kind: RecordKind
    reason: Text
    basis: Text
    department: Annotated[str, StringConstraints(min_length=1, max_length=32)]
    until_on: date | None = None


class Repair(schemas.Body):
    """Why an entry counts no more."""

    reason: Text


@router.get(
    "/drafts/{draft_id}/commitment",
    response={200: Notice, **COMMON},
    operation_id="get_commitment_notice",
)
def get_notice(request: HttpRequest, draft_id: DraftId) -> HttpResponse:
    """Return what is told to whoever could commit, and the letter as it would be signed."""
    draft = queries.draft(draft_id, by=actor(request))
    item = catalogue.item_version(draft.item_slug, draft.item_version)
    answers = kept_answers(item, plain_answers(draft.answers))
    allowed = commitment_open(item, answers)
    key = f"{draft.applicant_ref.partition(':')[0]}.name"
    held = registers.prefill(draft.applicant_ref).get(key)
    name = held.value if held else draft.applicant_ref
    return answer(
        {
            "open": allowed,
            "barred": commitments.commitment_barred(draft.applicant_ref, on=today()),
            "conditions": item.commitment_conditions,
            "paragraphs": commitment_paragraphs(item, applicant_name=name, answers=answers)
            if allowed
            else [],
            "signed": commitments.of_draft(draft_id),
        }
    )


@router.post(
    "/drafts/{draft_id}/commitment",
    response={201: CommitmentView, **COMMON},
    operation_id="sign_commitment",
)
def sign(request: HttpRequest, draft_id: DraftId, body: Sign) -> HttpResponse:
    """Sign the letter of commitment of a draft; the last signature counts."""
    view = services.sign_commitment(
        draft_id=draft_id,
        confirmed=body.confirmed,
        accepted=body.accepted,
        signed_how=SignedBy.TOKEN,
        by=actor(request),
        at=now(),
    )
    return answer(view, status=201)


@router.delete(
    "/drafts/{draft_id}/commitment",
    response={204: None, **COMMON},
    operation_id="drop_commitment",
)
def drop(request: HttpRequest, draft_id: DraftId) -> HttpResponse:
    """Take the commitment back: the application goes the ordinary way."""
    services.drop_commitment(draft_id=draft_id, by=actor(request), at=now())
    return HttpResponse(status=204)


@router.get(
    "/cases/{number}/promises", response={200: Promises, **COMMON}, operation_id="get_promises"
)
def get_promises(request: HttpRequest, number: Number) -> HttpResponse:
    """Return the letters a case rests on, and the check of its commitment."""
    by = actor(request)
    queries.case(number, by=by)
    return answer(_promises(number, by=by))


def _promises(number: str, *, by: Actor) -> dict[str, Any]:
    return {
        "commitment": commitments.of_case(number, by=by),
        "tolerance": commitments.tolerance_of(number, by=by),
        "certificates": commitments.certificates_of(number, by=by),
        "check": commitments.check_of(number, by=by, today=today(), calendar=calendar()),
    }


@router.post(
    "/cases/{number}/materials/{material}",
    response={200: CaseView, **COMMON},
    operation_id="file_material",
)
def file_material(
    request: HttpRequest, number: Number, material: Path[Key], body: Later
) -> HttpResponse:
    """File a material that was tolerated, or promised with a commitment."""
    by, at = actor(request), now()
    case = services.file_material(
        number=number, material_id=material, upload_refs=body.uploads, by=by, at=at
    )
    services.precheck_case(number=number, by=by, at=at)
    return answer(case)


@router.post(
    "/cases/{number}/correction-reports",
    response={201: Promises, **COMMON},
    operation_id="report_correction",
)
def report(request: HttpRequest, number: Number, body: Corrected) -> HttpResponse:
    """Say what was corrected after an order; the checker looks at it again."""
    by = actor(request)
    queries.case(number, by=by)
    services.report_correction(
        number=number, text=body.text, upload_refs=body.uploads, by=by, at=now()
    )
    return answer(_promises(number, by=by), status=201)


@router.post(
    "/cases/{number}/grant-on-commitment",
    response={200: CaseView, **COMMON},
    operation_id="grant_on_commitment",
)
def grant(request: HttpRequest, number: Number, body: schemas.Act) -> HttpResponse:
    """Grant an accepted case on the strength of its commitment."""
    return answer(
        services.grant_on_commitment(
            number=number,
            version=body.version,
            calendar=calendar(),
            by=actor(request),
            at=now(),
        )
    )


@router.get(
    "/commitment-checks", response={200: Checks, **COMMON}, operation_id="list_commitment_checks"
)
def list_checks(request: HttpRequest, wish: Query[ChecksWish]) -> HttpResponse:
    """List the checks of the caller's departments, the next due first."""
    page = commitments.checks(
        by=actor(request),
        today=today(),
        calendar=calendar(),
        finished=wish.finished,
        reported=wish.reported,
        after=wish.after,
    )
    return answer({"rows": page.rows, "after": page.after})


@router.post(
    "/commitment-checks/{number}/results",
    response={201: CheckStands, **COMMON},
    operation_id="record_check",
)
def record(request: HttpRequest, number: Number, body: Found) -> HttpResponse:
    """Record what a check found, and do what follows."""
    state = services.record_check(
        number=number,
        outcome=body.outcome,
        method=body.method,
        facts=body.facts,
        conditions=body.conditions,
        upload_refs=body.uploads,
        second_officer=body.second_officer,
        by=actor(request),
        at=now(),
    )
    return answer({"state": state}, status=201)


@router.post(
    "/commitment-checks/{number}/report-replies",
    response={204: None, **COMMON},
    operation_id="decline_correction_report",
)
def decline(request: HttpRequest, number: Number, body: Decline) -> HttpResponse:
    """Answer the last report that it is not enough yet; what is enough is a result that passes."""
    services.decline_report(number=number, reason=body.reason, by=actor(request), at=now())
    return HttpResponse(status=204)


@router.get(
    "/applicant-records",
    response={200: list[RecordView], **COMMON},
    operation_id="list_applicant_records",
)
def list_records(request: HttpRequest) -> HttpResponse:
    """List what the caller's departments noted, the newest first."""
    return answer(commitments.records_kept(by=actor(request)))


@router.post(
    "/applicant-records",
    response={201: RecordView, **COMMON},
    operation_id="note_applicant_record",
)
def note(request: HttpRequest, body: Note) -> HttpResponse:
    """Note something on an applicant's record, and tell them."""
    view = services.note_record(
        applicant_ref=body.applicant,
        kind=body.kind,
        reason=body.reason,
        basis=body.basis,
        department=body.department,
        until_on=body.until_on,
        by=actor(request),
        at=now(),
    )
    return answer(view, status=201)


@router.post(
    "/applicant-records/{record_id}/repair",
    response={200: RecordView, **COMMON},
    operation_id="repair_applicant_record",
)
def repair(
    request: HttpRequest,
    record_id: Annotated[int, Path(), Field(ge=1, le=2**62)],
    body: Repair,
) -> HttpResponse:
    """End an entry because it was wrong or made good."""
    return answer(
        services.repair_record(record_id=record_id, reason=body.reason, by=actor(request), at=now())
    )


@router.get("/my/records", response={200: list[RecordView], **COMMON}, operation_id="my_records")
def my_records(request: HttpRequest) -> HttpResponse:
    """List what stands on the records of those the caller may act for."""
    return answer(
        [one for ref in sorted(actor(request).subjects) for one in commitments.records_of(ref)]
    )
