"""Calls for what a person or firm does on the portal besides applying (网上办事的其余接口)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from ninja import Header, Path, Query, Router, Schema
from pydantic import AwareDatetime, Field, StringConstraints

from yiwang.api import schemas
from yiwang.api.context import (
    actor,
    address_of,
    answer,
    anybody,
    calendar,
    now,
    tagged,
    today,
)
from yiwang.api.errors import COMMON
from yiwang.audit import queries as trail
from yiwang.audit import services as audit
from yiwang.cases import queries, services
from yiwang.cases.policy.answers import plain_answers, problems
from yiwang.cases.queries import CaseNotFoundError, DraftView, commitments
from yiwang.cases.queries.letters import LetterRow, letters_for
from yiwang.catalogue import queries as catalogue
from yiwang.catalogue import scenes as scenarios
from yiwang.catalogue import towns
from yiwang.catalogue.policy.items import needed
from yiwang.catalogue.policy.scenes import Scene
from yiwang.consultations import queries as asked
from yiwang.consultations import services as asking
from yiwang.consultations.policy.handing_over import HANDED_LIMIT_CHARS
from yiwang.consultations.queries import AskedView
from yiwang.documents import queries as documents
from yiwang.documents.codes import qr_svg
from yiwang.halls import queries as halls
from yiwang.halls import services as visits
from yiwang.halls.queries import AppointmentView, agency
from yiwang.halls.queries.agency import MandateView as AgencyMandateView
from yiwang.halls.services import agency as agency_acts
from yiwang.licences import queries as licences
from yiwang.licences import services as licensing
from yiwang.licences.queries import CheckRow, LicenceView
from yiwang.notices import services as notices
from yiwang.notices.policy.templates import NoticeChannel
from yiwang.organisations import queries as organisations
from yiwang.organisations import scope
from yiwang.organisations.permissions import PermissionRefusedError
from yiwang.organisations.queries import MandateView
from yiwang.organisations.services import once
from yiwang.ratings import queries as ratings
from yiwang.ratings import services as rating
from yiwang.ratings.queries import RatingView
from yiwang.registers import queries as registers

router = Router(tags=["portal"])
open_router = Router(tags=["public"], auth=anybody)

Number = Path[schemas.Number]
Id = Annotated[int, Path(), Field(ge=1, le=2**62)]
Row = Annotated[int | None, Field(ge=1, le=2**62)]
Identifier = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z.-]{1,120}$")]
Hex = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
MaterialId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,80}$")]

PDF: dict[str, Any] = {
    "responses": {
        200: {
            "description": "The sealed PDF.",
            "content": {"application/pdf": {"schema": {"type": "string", "format": "binary"}}},
        }
    }
}
FILE: dict[str, Any] = {
    "responses": {
        200: {
            "description": "The file as the offices see it.",
            "content": {
                kind: {"schema": {"type": "string", "format": "binary"}}
                for kind in ("application/pdf", "image/png", "image/jpeg")
            },
        }
    }
}


class Filled(schemas.Body):
    """Answers to the questions of an item, as far as they are known."""

    answers: schemas.Answers = {}


class MaterialNeed(Schema):
    """One material that the answers call for."""

    id: str
    name: str
    accept_standard: str


class Grade(schemas.Body):
    """One grade, and words if one likes."""

    grade: Annotated[str, StringConstraints(max_length=40)]
    comment: schemas.Text = ""


class Rated(Schema):
    """The rating of a case, if there is one."""

    rating: RatingView | None


class LettersWish(Schema):
    """Which page of letters."""

    after: Row = None
    limit: int = Field(default=100, ge=1, le=100)


class Letters(Schema):
    """One page of letters."""

    rows: list[LetterRow]
    after: int | None = Field(description="Hand it back for the next page; null: the last one.")


class Shown(Schema):
    """One licence and who checked it."""

    licence: LicenceView
    checks: list[CheckRow]


class Presentation(Schema):
    """What to show to whoever checks a licence."""

    url: str
    svg: str = Field(description="The QR code as an SVG picture.")
    valid: bool


class ZoneLine(Schema):
    """One zone of a hall."""

    code: str
    name: str
    waiting: int
    bookable: bool


class HallLine(Schema):
    """One hall."""

    code: str
    name: str
    address: str
    phone: str
    zones: list[ZoneLine]


class TimesWish(Schema):
    """For which item, on which day."""

    item: schemas.Slug
    day: date | None = None


class Slot(Schema):
    """One time that may be booked."""

    starts_at: datetime
    ends_at: datetime
    left: int


class Times(Schema):
    """Days that may be chosen, and the free times of one of them."""

    days: list[date]
    day: date | None
    slots: list[Slot]


class Book(schemas.Body):
    """A time at a hall."""

    hall: schemas.Slug
    item: schemas.Slug
    applicant: schemas.Ref
    starts_at: AwareDatetime


class Held(Schema):
    """One thing that a register holds; numbers are masked."""

    key: str
    value: str
    source: str
    as_of: date
    masked: bool


class Subject(Schema):
    """What registers hold about one person or firm."""

    ref: str
    rows: list[Held]


class ReadsWish(Schema):
    """Whose, and which page."""

    subject: schemas.Ref
    after: Row = None
    limit: int = Field(default=100, ge=1, le=100)


class ReadLine(Schema):
    """One look at somebody's data (谁看过我的信息)."""

    id: int
    at: datetime
    department: str
    purpose: str
    fields: list[str]


class Reads(Schema):
    """One page of looks."""

    rows: list[ReadLine]
    after: int | None


class AskPerson(schemas.Body):
    """A question handed to a person."""

    question: Annotated[schemas.Text, Field(min_length=1, max_length=HANDED_LIMIT_CHARS)]
    item: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{0,80}$")] = ""


class ByCode(schemas.Body):
    """What only the asker knows."""

    query_code: schemas.Word
    phone: schemas.Word


@open_router.get("/scenes", response={200: list[Scene], **COMMON}, operation_id="list_scenes")
def list_scenes(request: HttpRequest) -> HttpResponse:
    """List what people come for, each with its steps and items."""
    return tagged(request, answer(scenarios.scenes()))


@open_router.get("/scenes/{slug}", response={200: Scene, **COMMON}, operation_id="get_scene")
def get_scene(request: HttpRequest, slug: Path[schemas.Slug]) -> HttpResponse:
    """Return the path of one scene."""
    return tagged(request, answer(scenarios.scene(slug)))


@open_router.post(
    "/items/{slug}/checklist",
    response={200: list[MaterialNeed], **COMMON},
    operation_id="get_checklist",
)
def get_checklist(request: HttpRequest, slug: Path[schemas.Slug], body: Filled) -> HttpResponse:
    """Return the materials that the answers call for; nothing is kept."""
    item = catalogue.item(slug, on=today())
    given = plain_answers(body.answers)
    wrong = {one.question_id for one in problems(item, given, today=today(), complete=False)}
    known = {key: value for key, value in given.items() if key not in wrong}
    return answer(
        [
            {"id": one.id, "name": one.name, "accept_standard": one.accept_standard}
            for one in needed(item, known)
        ]
    )


@open_router.post(
    "/questions/answer", response={200: AskedView, **COMMON}, operation_id="read_answer"
)
def read_answer(request: HttpRequest, body: ByCode) -> HttpResponse:
    """Return a question and its answer to whoever knows its code and telephone."""
    asking.count_look(code=body.query_code, address=address_of(request), at=now())
    with scope.everything():  # query code and telephone are the secret
        return answer(asked.read_by_code(code=body.query_code, phone=body.phone))


@open_router.get("/halls", response={200: list[HallLine], **COMMON}, operation_id="list_halls")
def list_halls(request: HttpRequest) -> HttpResponse:
    """List the halls, and how many wait in each zone."""
    at = now()
    rows = []
    for plan in halls.plans():
        waiting = {one.code: one.waiting for one in halls.zones_now(plan, at=at)}
        rows.append(
            {
                "code": plan.code,
                "name": plan.name,
                "address": plan.address,
                "phone": plan.phone,
                "zones": [
                    {
                        "code": zone.code,
                        "name": zone.name,
                        "waiting": waiting.get(zone.code, 0),
                        "bookable": zone.booking is not None,
                    }
                    for zone in plan.zones
                ],
            }
        )
    return tagged(request, answer(rows))


@open_router.get("/halls/{hall}/times", response={200: Times, **COMMON}, operation_id="list_times")
def list_times(
    request: HttpRequest, hall: Path[schemas.Slug], wish: Query[TimesWish]
) -> HttpResponse:
    """List the days and free times at which an item can be done at a hall."""
    at = now()
    plan, item = halls.hall(hall), catalogue.item(wish.item, on=today())
    zone = plan.zone_for(item.department)
    days = halls.bookable_days(plan, zone, calendar=calendar(), at=at)
    done = towns.days_done_at(item.slug, plan.department, days)
    days = [one for one in days if one in done]
    if not item.bookable or zone.booking is None:
        days = []
    day = wish.day if wish.day in days else (days[0] if days and wish.day is None else None)
    slots = halls.free_slots(plan, zone, day, calendar=calendar(), at=at) if day else []
    return answer({"days": days, "day": day, "slots": [one for one in slots if one.left]})


@router.delete(
    "/drafts/{draft_id}/files/{upload}",
    response={200: DraftView, **COMMON},
    operation_id="detach_file",
)
def detach_file(request: HttpRequest, draft_id: Id, upload: Path[Hex]) -> HttpResponse:
    """Take a file away from a draft."""
    return answer(
        services.detach(
            draft_id=draft_id, upload_ref=f"upload:{upload}", by=actor(request), at=now()
        )
    )


@router.get("/cases/{number}/rating", response={200: Rated, **COMMON}, operation_id="get_rating")
def get_rating(request: HttpRequest, number: Number) -> HttpResponse:
    """Return how a case was rated, and what was answered."""
    queries.case(number, by=actor(request))
    return answer({"rating": ratings.case_rating(number)})


@router.post(
    "/cases/{number}/rating", response={201: RatingView, **COMMON}, operation_id="rate_case"
)
def rate_case(request: HttpRequest, number: Number, body: Grade) -> HttpResponse:
    """Rate one's own finished case, once."""
    by = actor(request)
    queries.case(number, by=by)
    view = rating.rate_case(
        grade=body.grade,
        comment=body.comment,
        number=number,
        calendar=calendar(),
        by=by,
        at=now(),
    )
    return answer(view, status=201)


@router.get(
    "/cases/{number}/letters/{letter}",
    response=COMMON,
    operation_id="read_letter",
    openapi_extra=PDF,
)
def read_letter(request: HttpRequest, number: Number, letter: Id) -> HttpResponse:
    """Return a letter of one's own case as a sealed PDF, and note that it was opened."""
    by = actor(request)
    if letter not in {one.id for one in queries.documents_of(number, by=by)}:
        raise CaseNotFoundError
    content = services.document_file(letter, by=by, at=now())
    if by.acts_for(queries.case(number, by=by).applicant_ref):
        services.read_letter(document_id=letter, by=by, at=now())
    return HttpResponse(content, content_type="application/pdf")


@router.get(
    "/cases/{number}/files/{upload}",
    response=COMMON,
    operation_id="get_case_upload",
    openapi_extra=FILE,
)
def get_case_upload(request: HttpRequest, number: Number, upload: Path[Hex]) -> HttpResponse:
    """Return a file that was handed in with one's own case."""
    by, ref = actor(request), f"upload:{upload}"
    page = queries.case_page(number, by=by)
    handed_in = {one for material in page.materials for one in material.upload_refs}
    handed_in |= commitments.reported_files(number, by=by)
    if not by.acts_for(page.case.applicant_ref) or ref not in handed_in:
        raise CaseNotFoundError
    with scope.everything():  # it belongs to their case, whoever scanned it
        view = documents.upload(ref)
        content = documents.open_derivative(ref)
    return HttpResponse(content, content_type=str(view.media_type.value))


@router.get("/my/documents", response={200: Letters, **COMMON}, operation_id="my_documents")
def my_documents(request: HttpRequest, wish: Query[LettersWish]) -> HttpResponse:
    """List the letters in one's own cases, newest first."""
    rows, after = letters_for(actor(request).subjects, after=wish.after, limit=wish.limit)
    return tagged(request, answer({"rows": rows, "after": after}))


@router.post(
    "/my/messages/{message_id}/read",
    response={204: None, **COMMON},
    operation_id="mark_message_read",
)
def mark_message_read(request: HttpRequest, message_id: Id) -> HttpResponse:
    """Note that a message was read; a second time changes nothing."""
    services.read_message(message_id=message_id, by=actor(request), at=now())
    return HttpResponse(status=204)


@router.get("/my/licences/{identifier}", response={200: Shown, **COMMON}, operation_id="my_licence")
def my_licence(request: HttpRequest, identifier: Path[Identifier]) -> HttpResponse:
    """Return one of one's own licences, and who checked it."""
    one = _own_licence(request, identifier)
    return answer({"licence": one, "checks": licences.checks(one.identifier, limit=20)})


@router.get(
    "/my/licences/{identifier}/presentation",
    response={200: Presentation, **COMMON},
    operation_id="present_licence",
)
def present_licence(request: HttpRequest, identifier: Path[Identifier]) -> HttpResponse:
    """Return the QR code to show to whoever checks the licence (亮证)."""
    one = _own_licence(request, identifier)
    return answer(
        {
            "url": one.url,
            "svg": qr_svg(one.url, border=True),
            "valid": one.state_on(today()).value == "valid",
        }
    )


@router.get(
    "/my/licences/{identifier}/file",
    response=COMMON,
    operation_id="licence_file",
    openapi_extra=PDF,
)
def licence_file(request: HttpRequest, identifier: Path[Identifier]) -> HttpResponse:
    """Return the sealed PDF of one of one's own licences."""
    one, at, by = _own_licence(request, identifier), now(), actor(request)
    licensing.ensure_file(one.identifier, at=at)
    content = licences.open_file(one.identifier)
    with transaction.atomic():
        audit.record(at=at, actor=by.ref, act="licences.download", target=one.ref, ip=by.ip)
    return HttpResponse(content, content_type="application/pdf")


@router.get(
    "/my/appointments",
    response={200: list[AppointmentView], **COMMON},
    operation_id="my_appointments",
)
def my_appointments(request: HttpRequest) -> HttpResponse:
    """List one's own appointments, the latest first."""
    return answer(halls.appointments_of(actor(request)))


@router.post("/my/appointments", response={201: AppointmentView, **COMMON}, operation_id="book")
def book(request: HttpRequest, body: Book, idempotency_key: Header[schemas.Key]) -> HttpResponse:
    """Reserve a time at a hall; a second time gives the same appointment."""
    by, at = actor(request), now()

    def reserve() -> str:
        view = visits.book(
            hall=body.hall,
            item_slug=body.item,
            starts_at=body.starts_at,
            applicant_ref=body.applicant,
            calendar=calendar(),
            by=by,
            at=at,
        )
        return str(view.id)

    made = once(key=idempotency_key, call="book", content=request.body, act=reserve, by=by, at=at)
    return answer(halls.appointment(int(made), by=by), status=201)


@router.post(
    "/my/appointments/{appointment_id}/cancellation",
    response={200: AppointmentView, **COMMON},
    operation_id="cancel_appointment",
)
def cancel_appointment(request: HttpRequest, appointment_id: Id) -> HttpResponse:
    """Give a reserved time back."""
    by = actor(request)
    halls.appointment(appointment_id, by=by)
    return answer(visits.cancel(appointment=appointment_id, by=by, at=now()))


@router.get("/my/data", response={200: list[Subject], **COMMON}, operation_id="my_data")
def my_data(request: HttpRequest) -> HttpResponse:
    """Return what the registers hold about those the caller acts for; numbers are masked."""
    return answer([_held(ref) for ref in sorted(actor(request).subjects)])


@router.get("/my/reads", response={200: Reads, **COMMON}, operation_id="my_reads")
def my_reads(request: HttpRequest, wish: Query[ReadsWish]) -> HttpResponse:
    """List who looked at the data of one of the caller's subjects, newest first."""
    if not actor(request).acts_for(wish.subject):
        raise LookupError("not a subject of the caller")
    rows = trail.reads_of(wish.subject, after=wish.after, limit=wish.limit)
    after = rows[-1].id if len(rows) == wish.limit else None
    return answer({"rows": rows, "after": after})


@router.get("/my/mandates", response={200: list[MandateView], **COMMON}, operation_id="my_mandates")
def my_mandates(request: HttpRequest) -> HttpResponse:
    """List for whom the caller acts besides themselves, on what ground, until when."""
    return answer(organisations.mandates_of(actor(request), on=today()))


@router.get(
    "/my/agents", response={200: list[AgencyMandateView], **COMMON}, operation_id="my_agents"
)
def my_agents(request: HttpRequest) -> HttpResponse:
    """List the mandates given to agents of the agency window (代办委托) that stand."""
    return answer(agency.mandates_given(actor(request).subjects, today=today()))


@router.post(
    "/my/agents/{mandate}/end",
    response={204: None, **COMMON},
    operation_id="end_agency_mandate",
)
def end_agency_mandate(request: HttpRequest, mandate: int, body: schemas.Wish) -> HttpResponse:
    """End a mandate before its last day; cases in progress go on."""
    agency_acts.end_mandate(mandate=mandate, reason=body.reason, by=actor(request), at=now())
    return HttpResponse(status=204)


@router.delete(
    "/my/notices/contacts/{channel}",
    response={204: None, **COMMON},
    operation_id="remove_contact",
)
def remove_contact(
    request: HttpRequest, channel: NoticeChannel, subject: Annotated[schemas.Ref, Query()]
) -> HttpResponse:
    """Forget an address; it can be proved again."""
    notices.remove_contact(subject_ref=subject, channel=channel, by=actor(request), at=now())
    return HttpResponse(status=204)


@router.get("/my/questions", response={200: list[AskedView], **COMMON}, operation_id="my_questions")
def my_questions(request: HttpRequest) -> HttpResponse:
    """List one's own questions and their answers, newest first."""
    return answer(asked.own_questions(by=actor(request)))


@router.post(
    "/my/questions", response={201: AskedView, **COMMON}, operation_id="hand_over_question"
)
def hand_over_question(
    request: HttpRequest, body: AskPerson, idempotency_key: Header[schemas.Key]
) -> HttpResponse:
    """Hand a question to a person; a second time gives the same question."""
    by, at = actor(request), now()
    if not by.subjects:
        raise PermissionRefusedError("提问请使用申请人的令牌，工作人员请在工作台办理。")

    def hand_over() -> str:
        view = asking.hand_over(
            question=body.question,
            item_slug=body.item,
            workdays=asked.answer_workdays(on=today()),
            calendar=calendar(),
            by=by,
            at=at,
        )
        return view.query_code

    with scope.everything():  # a question of a moment ago is in nobody's scope yet
        made = once(
            key=idempotency_key, call="question", content=request.body, act=hand_over, by=by, at=at
        )
        found = next((one for one in asked.own_questions(by=by) if one.query_code == made), None)
    if found is None:
        raise LookupError(made)
    return answer(found, status=201)


def _own_licence(request: HttpRequest, identifier: str) -> LicenceView:
    one = licences.licence(identifier)
    if not actor(request).acts_for(one.holder_ref):
        raise LookupError("no licence of the caller")
    return one


def _held(ref: str) -> dict[str, object]:
    try:
        held = registers.prefill(ref)
    except LookupError:
        held = {}
    return {
        "ref": ref,
        "rows": [
            {
                "key": key,
                "value": one.value,
                "source": one.source_label,
                "as_of": one.as_of,
                "masked": one.masked,
            }
            for key, one in held.items()
        ],
    }
