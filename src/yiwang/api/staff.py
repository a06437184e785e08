"""Calls of those who handle cases."""

from __future__ import annotations

from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Header, Path, Query, Router
from pydantic import Field

from yiwang.api import schemas
from yiwang.api.context import actor, answer, calendar, now
from yiwang.api.errors import COMMON
from yiwang.cases import queries, services
from yiwang.cases.policy.answers import masked_answers
from yiwang.cases.queries import CasePage, CaseView, TimelineRow
from yiwang.catalogue import queries as catalogue

router = Router(tags=["cases"])

Number = Path[schemas.Number]
CASE = {200: CaseView, **COMMON}


@router.post("/cases", response={201: CaseView, **COMMON}, operation_id="open_case")
def open_case(
    request: HttpRequest,
    body: schemas.OpenCase,
    idempotency_key: Header[schemas.Key],
) -> HttpResponse:
    """Take an application in at a counter; the same Idempotency-Key gives the same case."""
    by, at = actor(request), now()
    case = services.receive_at_counter(
        item_slug=body.item,
        applicant_ref=body.applicant,
        answers=body.answers,
        uploads=body.uploads,
        window=body.window,
        phone=body.phone,
        signed=services.SignedAtWindow(
            told=body.commitment_confirmed,
            tolerance=body.tolerance_signed,
            certificates=body.certificates,
            agent=body.agent_name,
            briefed=body.permits_confirmed,
        ),
        idempotency_key=idempotency_key,
        calendar=calendar(),
        by=by,
        at=at,
        by_person=body.by_person,
        collect=body.collect,
        letter=body.letter.mailed() if body.letter else None,
    )
    if body.uploads:
        services.precheck_case(number=case.number, by=by, at=at)
    return answer(services.decide_by_rules(case=case, calendar=calendar(), at=now()), status=201)


@router.get("/cases", response={200: schemas.CaseList, **COMMON}, operation_id="list_cases")
def list_cases(request: HttpRequest, wish: Query[schemas.QueueWish]) -> HttpResponse:
    """List a work queue, 100 lines at most."""
    page = queries.queue(
        by=actor(request),
        tab=wish.tab,
        text=wish.text,
        after=wish.after,
        limit=wish.limit,
        at=now(),
        calendar=calendar(),
        counted=False,
    )
    return answer({"rows": page.rows, "after": page.after})


@router.get("/cases/{number}", response=CASE, operation_id="get_case")
def get_case(request: HttpRequest, number: Number) -> HttpResponse:
    """Return one case."""
    return answer(queries.case(number, by=actor(request)))


@router.get(
    "/cases/{number}/file", response={200: CasePage, **COMMON}, operation_id="get_case_file"
)
def get_case_file(request: HttpRequest, number: Number) -> HttpResponse:
    """Return the whole file of one case; personal answers whole to the applicant only."""
    by = actor(request)
    page = queries.case_page(number, by=by)
    given = page.answers
    if not by.acts_for(page.case.applicant_ref):
        item = catalogue.item_version(page.case.item_slug, page.case.item_version)
        given = masked_answers(item, given)
    return answer(
        {
            "case": page.case,
            "answers": given,
            "materials": page.materials,
            "correction": page.correction,
            "opinion": page.opinion,
            "events": page.events,
            "documents": page.documents,
            "deliveries": page.deliveries,
            "steps": sorted(page.steps),
        }
    )


@router.get(
    "/cases/{number}/timeline",
    response={200: list[TimelineRow], **COMMON},
    operation_id="get_timeline",
)
def get_timeline(request: HttpRequest, number: Number) -> HttpResponse:
    """Return who did what to a case, oldest first."""
    return answer(queries.timeline(number, by=actor(request)))


@router.get(
    "/documents/{document_id}",
    response=COMMON,
    operation_id="get_document",
    openapi_extra={
        "responses": {
            200: {
                "description": "The sealed PDF.",
                "content": {"application/pdf": {"schema": {"type": "string", "format": "binary"}}},
            }
        }
    },
)
def get_document(
    request: HttpRequest, document_id: Annotated[int, Path(), Field(ge=1, le=2**62)]
) -> HttpResponse:
    """Return the sealed PDF of a letter; it is made when first asked for."""
    pdf = services.document_file(document_id, by=actor(request), at=now())
    return HttpResponse(pdf, content_type="application/pdf")


@router.post("/cases/{number}/assignment", response=CASE, operation_id="assign_case")
def assign_case(request: HttpRequest, number: Number, body: schemas.Assign) -> HttpResponse:
    """Give a case to somebody, or take it."""
    return answer(
        services.assign_case(
            number=number, to=body.to, version=body.version, by=actor(request), at=now()
        )
    )


@router.post("/cases/{number}/acceptance", response=CASE, operation_id="accept_case")
def accept_case(request: HttpRequest, number: Number, body: schemas.Act) -> HttpResponse:
    """Accept a case; its clocks start."""
    return answer(
        services.accept_case(
            number=number,
            version=body.version,
            calendar=calendar(),
            by=actor(request),
            at=now(),
        )
    )


@router.post("/cases/{number}/correction", response=CASE, operation_id="ask_correction")
def ask_correction(
    request: HttpRequest, number: Number, body: schemas.AskCorrection
) -> HttpResponse:
    """Tell everything that is missing, once."""
    lines = [
        services.CorrectionLine(
            material_id=line.material, what=line.what, why=line.why, example=line.example
        )
        for line in body.lines
    ]
    return answer(
        services.ask_correction(
            number=number, lines=lines, version=body.version, by=actor(request), at=now()
        )
    )


@router.post("/cases/{number}/refusal-proposal", response=CASE, operation_id="propose_decline")
def propose_decline(request: HttpRequest, number: Number, body: schemas.Decline) -> HttpResponse:
    """Propose at a window not to accept; somebody of the deciding department answers."""
    return answer(
        services.propose_decline(number=number, **body.dict(), by=actor(request), at=now())
    )


@router.post("/cases/{number}/refusal-to-accept", response=CASE, operation_id="decline_case")
def decline_case(request: HttpRequest, number: Number, body: schemas.Decline) -> HttpResponse:
    """Refuse to accept, with reason and article."""
    return answer(
        services.decline_case(
            number=number,
            reason=body.reason,
            article=body.article,
            no_need=body.no_need,
            elsewhere=body.elsewhere,
            version=body.version,
            by=actor(request),
            at=now(),
        )
    )


@router.post("/cases/{number}/opinion", response=CASE, operation_id="propose")
def propose(request: HttpRequest, number: Number, body: schemas.Propose) -> HttpResponse:
    """Propose the decision; another person decides."""
    return answer(
        services.propose(
            number=number,
            outcome=body.outcome,
            opinion=body.opinion,
            version=body.version,
            by=actor(request),
            at=now(),
        )
    )


@router.post("/cases/{number}/sent-back", response=CASE, operation_id="send_back")
def send_back(request: HttpRequest, number: Number, body: schemas.Reason) -> HttpResponse:
    """Send the proposal back to the reviewer; the clock runs on."""
    return answer(
        services.send_back(
            number=number, reason=body.reason, version=body.version, by=actor(request), at=now()
        )
    )


@router.post("/cases/{number}/on-spot-requests", response=CASE, operation_id="ask_on_spot")
def ask_on_spot(request: HttpRequest, number: Number, body: schemas.AskOnSpot) -> HttpResponse:
    """Ask the applicant to put an error right on the spot; no notice to complete."""
    return answer(
        services.ask_on_spot(
            number=number, what=body.what, version=body.version, by=actor(request), at=now()
        )
    )


@router.post("/cases/{number}/decision", response=CASE, operation_id="decide")
def decide(request: HttpRequest, number: Number, body: schemas.Decide) -> HttpResponse:
    """Decide; a grant issues the licence."""
    return answer(
        services.decide(
            number=number,
            outcome=body.outcome,
            reason=body.reason,
            article=body.article,
            unmet=body.unmet,
            version=body.version,
            calendar=calendar(),
            by=actor(request),
            at=now(),
        )
    )


@router.post("/cases/{number}/delivery", response=CASE, operation_id="deliver_case")
def deliver_case(request: HttpRequest, number: Number, body: schemas.Deliver) -> HttpResponse:
    """Hand over the result; the first time closes the case."""
    return answer(
        services.deliver_case(
            number=number,
            channel=body.channel,
            result=body.result,
            recipient=body.recipient,
            relation=body.relation,
            on=body.on,
            version=body.version,
            by=actor(request),
            at=now(),
        )
    )


@router.post("/cases/{number}/dispatch", response=CASE, operation_id="send_result")
def send_result(request: HttpRequest, number: Number, body: schemas.Send) -> HttpResponse:
    """Send the result by post or courier; the case waits until it arrives."""
    return answer(services.send_result(number=number, **body.dict(), by=actor(request), at=now()))


@router.post("/cases/{number}/arrival", response=CASE, operation_id="note_arrival")
def note_arrival(request: HttpRequest, number: Number, body: schemas.Arrive) -> HttpResponse:
    """Note that what was sent arrived; the case is closed."""
    return answer(services.note_arrival(number=number, **body.dict(), by=actor(request), at=now()))


@router.post("/cases/{number}/termination", response=CASE, operation_id="terminate_case")
def terminate_case(request: HttpRequest, number: Number, body: schemas.Terminate) -> HttpResponse:
    """End an open case without a decision, on a ground of the list."""
    return answer(
        services.terminate_case(number=number, **body.dict(), by=actor(request), at=now())
    )


@router.post("/cases/{number}/end-proposal", response=CASE, operation_id="propose_end")
def propose_end(request: HttpRequest, number: Number, body: schemas.ProposeEnd) -> HttpResponse:
    """Propose to revoke, retract or deregister; the holder is told, another person decides."""
    return answer(
        services.propose_end(
            number=number,
            ground=body.ground,
            facts=body.facts,
            evidence=body.evidence,
            compensation=body.compensation,
            version=body.version,
            calendar=calendar(),
            by=actor(request),
            at=now(),
        )
    )


@router.post("/cases/{number}/views", response=CASE, operation_id="state_views")
def state_views(request: HttpRequest, number: Number, body: schemas.StateViews) -> HttpResponse:
    """State views on a proposal, as the holder, or write them down at a window."""
    return answer(services.state_views(number=number, text=body.text, by=actor(request), at=now()))


@router.post("/cases/{number}/end-decision", response=CASE, operation_id="decide_end")
def decide_end(request: HttpRequest, number: Number, body: schemas.DecideEnd) -> HttpResponse:
    """Decide on a proposal; ending moves the licence too."""
    return answer(
        services.decide_end(
            number=number,
            reason=body.reason,
            public_interest=body.public_interest,
            not_ended=body.not_ended,
            version=body.version,
            by=actor(request),
            at=now(),
        )
    )
