"""Calls of applicants and of the programs that act for them."""

from __future__ import annotations

import hashlib
from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import File, Header, Path, Query, Router
from ninja.files import UploadedFile
from pydantic import Field

from yiwang.api import own_tokens, schemas
from yiwang.api.context import actor, answer, calendar, now, today
from yiwang.api.errors import COMMON
from yiwang.cases import queries, services
from yiwang.cases.policy.commitments import SignedBy
from yiwang.cases.queries import CaseView, DraftView, MessageView, automatic
from yiwang.cases.queries.automatic import AutomaticView
from yiwang.cases.queries.posting import PostingView, posting_of
from yiwang.cases.services import Brought, FixedAnswer
from yiwang.documents import queries as uploaded
from yiwang.documents import services as documents
from yiwang.documents.queries import UploadView
from yiwang.licences import queries as licences
from yiwang.licences.queries import LicenceView
from yiwang.organisations.permissions import Permission, PermissionRefusedError
from yiwang.organisations.services import once

router = Router(tags=["applicants"])

DraftId = Annotated[int, Path(), Field(ge=1, le=2**62)]
DRAFT = {200: DraftView, **COMMON}
CASE = {200: CaseView, **COMMON}
POSTING = {200: PostingView, **COMMON}


@router.get("/my/cases", response={200: schemas.CaseList, **COMMON}, operation_id="my_cases")
def my_cases(request: HttpRequest, wish: Query[schemas.PageWish]) -> HttpResponse:
    """List the cases of those the caller may act for, newest first."""
    rows, key = queries.my_cases(
        actor(request).subjects,
        today=today(),
        calendar=calendar(),
        after=wish.after,
        limit=wish.limit,
    )
    return answer({"rows": rows, "after": key})


@router.get("/my/drafts", response={200: list[DraftView], **COMMON}, operation_id="my_drafts")
def my_drafts(request: HttpRequest) -> HttpResponse:
    """List drafts that were not submitted."""
    return answer(queries.drafts_of(actor(request).subjects, today=today()))


@router.get("/my/licences", response={200: list[LicenceView], **COMMON}, operation_id="my_licences")
def my_licences(request: HttpRequest) -> HttpResponse:
    """List the licences of those the caller may act for."""
    return answer([one for ref in sorted(actor(request).subjects) for one in licences.wallet(ref)])


@router.get("/my/messages", response={200: list[MessageView], **COMMON}, operation_id="my_messages")
def my_messages(request: HttpRequest) -> HttpResponse:
    """List messages to those the caller may act for, newest first for each."""
    return answer(
        [one for ref in sorted(actor(request).subjects) for one in queries.messages_for(ref)]
    )


@router.post("/drafts", response={201: DraftView, **COMMON}, operation_id="create_draft")
def create_draft(
    request: HttpRequest,
    body: schemas.SaveDraft,
    idempotency_key: Header[schemas.Key | None] = None,
) -> HttpResponse:
    """Begin an application; the same Idempotency-Key gives the same draft."""
    own_tokens.require_item(request, body.item)
    if idempotency_key is None:
        return answer(_save(request, None, body), status=201)
    by, at = actor(request), now()
    made = once(
        key=idempotency_key,
        call="draft",
        content=request.body,
        act=lambda: str(_save(request, None, body).id),
        by=by,
        at=at,
    )
    return answer(queries.draft(int(made), by=by), status=201)


@router.get("/drafts/{draft_id}", response=DRAFT, operation_id="get_draft")
def get_draft(request: HttpRequest, draft_id: DraftId) -> HttpResponse:
    """Return one draft."""
    return answer(queries.draft(draft_id, by=actor(request)))


@router.put("/drafts/{draft_id}", response=DRAFT, operation_id="save_draft")
def save_draft(request: HttpRequest, draft_id: DraftId, body: schemas.SaveDraft) -> HttpResponse:
    """Save what was filled in so far."""
    own_tokens.require_item(request, body.item)
    return answer(_save(request, draft_id, body))


@router.delete("/drafts/{draft_id}", response={204: None, **COMMON}, operation_id="delete_draft")
def delete_draft(request: HttpRequest, draft_id: DraftId) -> HttpResponse:
    """Delete a draft."""
    services.delete_draft(draft_id=draft_id, by=actor(request), at=now())
    return HttpResponse(status=204)


@router.post("/drafts/{draft_id}/files", response=DRAFT, operation_id="attach_file")
def attach_file(request: HttpRequest, draft_id: DraftId, body: schemas.Attach) -> HttpResponse:
    """Put an uploaded file beside a material of a draft; a program looks at it as on the page."""
    by, at = actor(request), now()
    draft = services.attach(
        draft_id=draft_id, material_id=body.material, upload_ref=body.upload, by=by, at=at
    )
    services.precheck_attached(
        item=(draft.item_slug, draft.item_version),
        uploads={body.material: [body.upload]},
        applicant_ref=draft.applicant_ref,
        by=by,
        at=at,
    )
    return answer(draft)


@router.post("/uploads", response={201: UploadView, **COMMON}, operation_id="upload_file")
def upload_file(
    request: HttpRequest,
    file: File[UploadedFile],
    idempotency_key: Header[schemas.Key | None] = None,
) -> HttpResponse:
    """Upload a file; it is used by attaching its ref. The same Idempotency-Key: the same file."""
    by, at = actor(request), now()
    if not by.subjects and not by.may_somewhere(Permission.CASE_RECEIVE):
        raise PermissionRefusedError("该令牌不能上传文件，请使用申请人或者窗口收件的令牌。")

    def keep() -> str:
        view = documents.accept_upload(
            file=file,  # type: ignore[arg-type]  # an upload reads as a binary file does
            name=file.name or "",
            size=file.size or 0,
            by=by.ref,
            at=at,
        )
        return view.ref

    if idempotency_key is None:
        return answer(uploaded.upload(keep()), status=201)
    made = once(
        key=idempotency_key, call="upload", content=_fingerprint(file), act=keep, by=by, at=at
    )
    return answer(uploaded.upload(made), status=201)


def _fingerprint(file: UploadedFile) -> bytes:
    """Return what names a file, and leave it at its beginning."""
    digest = hashlib.sha256((file.name or "").encode())
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    return digest.digest()


@router.post(
    "/drafts/{draft_id}/submission",
    response={201: CaseView, **COMMON},
    operation_id="submit_case",
)
def submit_case(
    request: HttpRequest,
    draft_id: DraftId,
    body: schemas.Submit,
    idempotency_key: Header[schemas.Key],
) -> HttpResponse:
    """Submit a draft; a second time gives the same case."""
    case = services.submit_case(
        draft_id=draft_id,
        declaration_accepted=body.declaration_accepted,
        tolerance_signed=body.tolerance_signed,
        certificates=body.certificates,
        signed_how=SignedBy.TOKEN,
        idempotency_key=idempotency_key,
        calendar=calendar(),
        by=actor(request),
        at=now(),
        by_person=body.by_person,
        briefed=body.permits_confirmed,
    )
    return answer(services.decide_by_rules(case=case, calendar=calendar(), at=now()), status=201)


@router.post("/cases/{number}/filed-correction", response=CASE, operation_id="file_correction")
def file_correction(
    request: HttpRequest, number: Path[schemas.Number], body: schemas.FileCorrection
) -> HttpResponse:
    """File the correction, every line of it."""
    lines = [
        services.FiledLine(line_id=line.line, upload_refs=line.uploads, answer=line.answer)
        for line in body.lines
    ]
    by, at = actor(request), now()
    case = services.file_correction(
        number=number,
        lines=lines,
        version=body.version,
        letter=body.letter.mailed() if body.letter else None,
        calendar=calendar(),
        by=by,
        at=at,
    )
    services.precheck_case(number=number, by=by, at=at)
    return answer(case)


@router.post("/cases/{number}/person", response=CASE, operation_id="ask_person")
def ask_person(
    request: HttpRequest, number: Path[schemas.Number], body: schemas.Wish
) -> HttpResponse:
    """Have a person decide instead of rules, or look at what rules decided."""
    return answer(
        services.ask_person(number=number, reason=body.reason, by=actor(request), at=now())
    )


@router.get(
    "/cases/{number}/automatic",
    response={200: AutomaticView | None, **COMMON},
    operation_id="get_automatic",
)
def get_automatic(request: HttpRequest, number: Path[schemas.Number]) -> HttpResponse:
    """Return what rules did with a case: facts, sources and path; null: its item knows none."""
    return answer(automatic.automatic(number, by=actor(request)))


@router.post("/cases/{number}/withdrawal", response=CASE, operation_id="withdraw_case")
def withdraw_case(
    request: HttpRequest, number: Path[schemas.Number], body: schemas.Withdraw
) -> HttpResponse:
    """Withdraw an application before the decision; a window says who came for it."""
    return answer(
        services.withdraw_case(
            number=number,
            reason=body.reason,
            version=body.version,
            visitor=body.at_window.visitor() if body.at_window else None,
            by=actor(request),
            at=now(),
        )
    )


@router.post(
    "/cases/{number}/material-withdrawals", response=CASE, operation_id="withdraw_material"
)
def withdraw_material(
    request: HttpRequest, number: Path[schemas.Number], body: schemas.WithdrawMaterial
) -> HttpResponse:
    """Take a filed material back before the decision; it stays on record."""
    return answer(
        services.withdraw_material(
            number=number,
            material_id=body.material,
            reason=body.reason,
            version=body.version,
            visitor=body.at_window.visitor() if body.at_window else None,
            by=actor(request),
            at=now(),
        )
    )


@router.post("/cases/{number}/on-spot-fixes", response=CASE, operation_id="fix_on_spot")
def fix_on_spot(
    request: HttpRequest, number: Path[schemas.Number], body: schemas.FixOnSpot
) -> HttpResponse:
    """Put an answer or a material right before acceptance; on the portal once asked to."""
    fix = (
        FixedAnswer(question_id=body.question, value=body.value)
        if body.question
        else Brought(material_id=body.material, upload_refs=body.uploads, paper=body.paper)
    )
    return answer(
        services.fix_on_spot(
            number=number,
            fix=fix,
            version=body.version,
            visitor=body.at_window.visitor() if body.at_window else None,
            by=actor(request),
            at=now(),
        )
    )


@router.post("/cases/{number}/contact", response=CASE, operation_id="change_contact")
def change_contact(
    request: HttpRequest, number: Path[schemas.Number], body: schemas.ChangeContact
) -> HttpResponse:
    """Say how the applicant is reached from now on; what is left empty stays."""
    return answer(
        services.change_contact(
            number=number,
            contact_name=body.contact_name,
            phone=body.phone,
            address=body.address,
            version=body.version,
            visitor=body.at_window.visitor() if body.at_window else None,
            by=actor(request),
            at=now(),
        )
    )


@router.get(
    "/cases/{number}/posting",
    response={200: PostingView | None, **COMMON},
    operation_id="get_posting",
)
def get_posting(request: HttpRequest, number: Path[schemas.Number]) -> HttpResponse:
    """Return the newest wish to have the result posted; masked for staff; null: there is none."""
    return answer(posting_of(number, by=actor(request)))


@router.post("/cases/{number}/posting", response=POSTING, operation_id="ask_posting")
def ask_posting(
    request: HttpRequest, number: Path[schemas.Number], body: schemas.AskPosting
) -> HttpResponse:
    """Ask that the paper result be posted; what is left empty is as said before or registered.

    A window asks for whoever stands there, with `at_window`.
    """
    return answer(
        services.ask_posting(
            number=number,
            to_name=body.to_name,
            phone=body.phone,
            address=body.address,
            visitor=body.at_window.visitor() if body.at_window else None,
            by=actor(request),
            at=now(),
        )
    )


@router.post(
    "/cases/{number}/posting/cancellation", response=POSTING, operation_id="cancel_posting"
)
def cancel_posting(
    request: HttpRequest, number: Path[schemas.Number], body: schemas.CancelPosting
) -> HttpResponse:
    """Take the wish back at a window for whoever stands there, before anything was sent."""
    return answer(
        services.take_posting_back(
            number=number, visitor=body.at_window.visitor(), by=actor(request), at=now()
        )
    )


@router.delete("/cases/{number}/posting", response=POSTING, operation_id="take_posting_back")
def take_posting_back(request: HttpRequest, number: Path[schemas.Number]) -> HttpResponse:
    """Take the wish back before anything was sent."""
    return answer(services.take_posting_back(number=number, by=actor(request), at=now()))


def _save(request: HttpRequest, draft_id: int | None, body: schemas.SaveDraft) -> DraftView:
    return services.save_draft(
        draft_id=draft_id,
        item_slug=body.item,
        applicant_ref=body.applicant,
        answers=body.answers,
        by=actor(request),
        at=now(),
    )
