"""Calls for what may happen before a decision: stops, hearing, extension, opinions."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Path, Router
from pydantic import AwareDatetime, Field

from yiwang.api import schemas
from yiwang.api.context import actor, answer, calendar, now
from yiwang.api.errors import COMMON
from yiwang.cases import services
from yiwang.cases.policy.deadlines import day_of
from yiwang.cases.policy.interested import (
    LONGEST_VIEWS_WORKDAYS,
    VIEWS_WORKDAYS,
    InterestedKind,
    Party,
    Stance,
)
from yiwang.cases.policy.procedure import (
    INQUIRY_WORKDAYS,
    LONGEST_EXTENSION_WORKDAYS,
    LONGEST_INQUIRY_WORKDAYS,
    LONGEST_SPECIAL_WORKDAYS,
    ClosedGround,
    HearingEnd,
    HearingOrigin,
    InquiryAnswer,
)
from yiwang.cases.policy.terms import DeliveryChannel
from yiwang.cases.queries import CaseView, MessageView, messages_for
from yiwang.cases.queries.procedure import (
    ClockView,
    MissedPage,
    ProcedureView,
    clocks_of,
    missed_clocks,
    procedure_of,
)
from yiwang.kernel.clocks import StopReason
from yiwang.organisations.permissions import Actor, Permission, PermissionRefusedError

router = Router(tags=["procedure"])

Number = Path[schemas.Number]
Key = Annotated[int | None, Field(ge=1, le=2**62)]
Serial = Annotated[int, Path(), Field(ge=1, le=32_767)]
MessageId = Annotated[int, Path(), Field(ge=1, le=2**62)]
CASE = {200: CaseView, **COMMON}
Workdays = Annotated[int | None, Field(ge=1, le=LONGEST_SPECIAL_WORKDAYS)]


class StartSpecial(schemas.Act):
    """Stop the limit; the notice is issued and its delivery recorded in the same act."""

    kind: StopReason | None = Field(default=None, description="Left out where `declared` is.")
    declared: schemas.Word = Field(default="", description="Name of a step of the item version.")
    workdays: Workdays = None
    reason: schemas.Text
    channel: DeliveryChannel = DeliveryChannel.IN_APP
    delivered: schemas.Word = ""


class EndSpecial(schemas.Act):
    """The result; the limit runs again."""

    result: schemas.Text
    result_ref: schemas.Word = ""


class NotifyHearing(schemas.Act):
    """Tell the right to a hearing."""

    reason: schemas.Text
    origin: HearingOrigin = HearingOrigin.RIGHT
    channel: DeliveryChannel = DeliveryChannel.IN_APP
    delivered: schemas.Word = ""


class SetHearing(schemas.Act):
    """Time, place and chair; with `moved_because` a change of what was told."""

    held_at: AwareDatetime
    place: schemas.Word
    chair: schemas.Ref = Field(description="`user:<login>`; nobody who reviewed.")
    public: bool = True
    closed_ground: ClosedGround | None = Field(
        default=None, description="What it touches that the law keeps closed; not public."
    )
    closed_because: schemas.Text = Field(default="", description="Why; kept on the desk.")
    moved_because: schemas.Text = Field(
        default="", description="Why what was told is changed; empty: told for the first time."
    )


class EndHearing(schemas.Act):
    """How it ended."""

    end: HearingEnd
    record: schemas.Text = ""
    signed_by: Annotated[list[schemas.Word], Field(max_length=40)] = []


class AskExtension(schemas.Act):
    """Ask for more days."""

    reason: schemas.Text
    workdays: Annotated[int | None, Field(ge=1, le=max(LONGEST_EXTENSION_WORKDAYS.values()))] = None


class DecideExtension(schemas.Act):
    """Approve or decline."""

    approve: bool
    note: schemas.Text = ""


class AskDepartments(schemas.Act):
    """Ask other departments at the same time."""

    departments: Annotated[list[schemas.Word], Field(min_length=1, max_length=30)]
    question: schemas.Text
    workdays: Annotated[int, Field(ge=1, le=LONGEST_INQUIRY_WORKDAYS)] = INQUIRY_WORKDAYS


class GiveOpinion(schemas.Act):
    """The opinion of one's department."""

    answer: InquiryAnswer
    opinion: schemas.Text
    department: schemas.Word = ""


class TellInterested(schemas.Act):
    """Tell somebody whose major interest is touched, and the applicant."""

    kind: InterestedKind
    name: schemas.Word
    reached: schemas.Word = Field(description="Telephone or address; the applicant is not told.")
    interest: schemas.Text
    workdays: Annotated[int, Field(ge=1, le=LONGEST_VIEWS_WORKDAYS)] = VIEWS_WORKDAYS
    handed: DeliveryChannel = Field(
        default=DeliveryChannel.PRINT, description="How their letter went out: on paper."
    )
    handed_result: schemas.Word = ""
    channel: DeliveryChannel = DeliveryChannel.IN_APP
    delivered: schemas.Word = ""


class NoteViews(schemas.Act):
    """What a side says; the applicant's own program states theirs alone."""

    party: Party
    stance: Stance = Stance.STATED
    text: schemas.Text = ""
    stated_by: schemas.Word = ""
    stated_on: date | None = Field(default=None, description="Left out: today.")


class OfficersSent(schemas.Act):
    """Who was sent, when, and for what."""

    kind: StopReason = Field(description="`inspection`, `testing` or `quarantine`.")
    officers: Annotated[list[schemas.Word], Field(max_length=60)] = Field(
        description="Names of two or more officers."
    )
    sent_on: date


class SiteCheck(schemas.Act):
    """What two officers found."""

    second_officer: schemas.Ref
    checked_on: date
    place: schemas.Word
    found: schemas.Text
    witness: schemas.Word = ""


@router.get(
    "/cases/{number}/procedure",
    response={200: ProcedureView, **COMMON},
    operation_id="get_procedure",
)
def get_procedure(request: HttpRequest, number: Number) -> HttpResponse:
    """Return stops, hearing, extensions, opinions and checks of one case."""
    return answer(procedure_of(number, by=actor(request), today=day_of(now())))


@router.get(
    "/cases/{number}/clocks",
    response={200: list[ClockView], **COMMON},
    operation_id="get_clocks",
)
def get_clocks(request: HttpRequest, number: Number) -> HttpResponse:
    """Return every clock of one case with its light."""
    return answer(clocks_of(number, by=actor(request), today=day_of(now()), calendar=calendar()))


@router.get(
    "/missed-clocks", response={200: MissedPage, **COMMON}, operation_id="list_missed_clocks"
)
def list_missed_clocks(
    request: HttpRequest, everything: bool = False, after: Key = None
) -> HttpResponse:
    """List clocks that were missed in the departments that one heads, 100 at most."""
    return answer(missed_clocks(by=actor(request), open_only=not everything, after=after))


@router.get(
    "/work-messages", response={200: list[MessageView], **COMMON}, operation_id="list_work_messages"
)
def list_work_messages(request: HttpRequest, after: Key = None) -> HttpResponse:
    """List what oneself was told of clocks and alarms, newest first, 100 at most."""
    return answer(messages_for(_worker(request).ref, after=after))


@router.post(
    "/work-messages/{message_id}/read",
    response={204: None, **COMMON},
    operation_id="read_work_message",
)
def read_work_message(request: HttpRequest, message_id: MessageId) -> HttpResponse:
    """Note that a message was read; a second time changes nothing."""
    services.read_message(message_id=message_id, by=_worker(request), at=now())
    return HttpResponse(status=204)


def _worker(request: HttpRequest) -> Actor:
    by = actor(request)
    if not any(map(by.may_somewhere, (Permission.WORK_DESK, Permission.MESSAGE_READ))):
        raise PermissionRefusedError("工作消息只有工作人员的令牌可以读取，请用本人的令牌调用。")
    return by


@router.post("/cases/{number}/special", response=CASE, operation_id="start_special")
def start_special(request: HttpRequest, number: Number, body: StartSpecial) -> HttpResponse:
    """Start a special procedure; the limit stops."""
    return answer(
        services.start_special(
            number=number, **body.dict(), calendar=calendar(), by=actor(request), at=now()
        )
    )


@router.post("/cases/{number}/special-result", response=CASE, operation_id="end_special")
def end_special(request: HttpRequest, number: Number, body: EndSpecial) -> HttpResponse:
    """End a special procedure; the limit runs again."""
    return answer(
        services.end_special(
            number=number, **body.dict(), calendar=calendar(), by=actor(request), at=now()
        )
    )


@router.post("/cases/{number}/hearing", response=CASE, operation_id="notify_hearing")
def notify_hearing(request: HttpRequest, number: Number, body: NotifyHearing) -> HttpResponse:
    """Tell the right to a hearing; the limit stops."""
    return answer(
        services.notify_hearing(
            number=number, **body.dict(), calendar=calendar(), by=actor(request), at=now()
        )
    )


@router.post("/cases/{number}/hearing-request", response=CASE, operation_id="request_hearing")
def request_hearing(request: HttpRequest, number: Number, body: schemas.Reason) -> HttpResponse:
    """Ask for the hearing, as the applicant or for somebody on paper."""
    return answer(
        services.request_hearing(
            number=number,
            text=body.reason,
            version=body.version,
            calendar=calendar(),
            by=actor(request),
            at=now(),
        )
    )


@router.post("/cases/{number}/hearing-notice", response=CASE, operation_id="set_hearing")
def set_hearing(request: HttpRequest, number: Number, body: SetHearing) -> HttpResponse:
    """Tell time, place and chair seven working days before."""
    return answer(
        services.set_hearing(
            number=number, **body.dict(), calendar=calendar(), by=actor(request), at=now()
        )
    )


@router.post("/cases/{number}/hearing-record", response=CASE, operation_id="end_hearing")
def end_hearing(request: HttpRequest, number: Number, body: EndHearing) -> HttpResponse:
    """End the hearing with its signed record; the limit runs again."""
    return answer(
        services.end_hearing(
            number=number, **body.dict(), calendar=calendar(), by=actor(request), at=now()
        )
    )


@router.post("/cases/{number}/extension", response=CASE, operation_id="ask_extension")
def ask_extension(request: HttpRequest, number: Number, body: AskExtension) -> HttpResponse:
    """Ask the head for more days."""
    return answer(services.ask_extension(number=number, **body.dict(), by=actor(request), at=now()))


@router.post("/cases/{number}/extension-decision", response=CASE, operation_id="decide_extension")
def decide_extension(request: HttpRequest, number: Number, body: DecideExtension) -> HttpResponse:
    """Approve the one extension, or decline it."""
    return answer(
        services.decide_extension(
            number=number, **body.dict(), calendar=calendar(), by=actor(request), at=now()
        )
    )


@router.post("/cases/{number}/inquiries", response=CASE, operation_id="ask_departments")
def ask_departments(request: HttpRequest, number: Number, body: AskDepartments) -> HttpResponse:
    """Ask other departments for their opinion, all at the same time."""
    return answer(
        services.ask_departments(
            number=number, **body.dict(), calendar=calendar(), by=actor(request), at=now()
        )
    )


@router.post(
    "/cases/{number}/department-opinion", response=CASE, operation_id="give_department_opinion"
)
def give_opinion(request: HttpRequest, number: Number, body: GiveOpinion) -> HttpResponse:
    """Give the opinion of one's department."""
    return answer(services.give_opinion(number=number, **body.dict(), by=actor(request), at=now()))


@router.post("/cases/{number}/interested", response=CASE, operation_id="tell_interested")
def tell_interested(request: HttpRequest, number: Number, body: TellInterested) -> HttpResponse:
    """Tell an interested person and the applicant that both may state views."""
    return answer(
        services.tell_interested(
            number=number, **body.dict(), calendar=calendar(), by=actor(request), at=now()
        )
    )


@router.post("/cases/{number}/interested/{serial}/views", response=CASE, operation_id="note_views")
def note_views(
    request: HttpRequest, number: Number, serial: Serial, body: NoteViews
) -> HttpResponse:
    """State views as the applicant, or write down those of a side."""
    return answer(
        services.note_views(
            number=number, serial=serial, **body.dict(), by=actor(request), at=now()
        )
    )


@router.post("/cases/{number}/officers-sent", response=CASE, operation_id="send_officers")
def send_officers(request: HttpRequest, number: Number, body: OfficersSent) -> HttpResponse:
    """Record who was sent to inspect, test or quarantine, within five days of acceptance."""
    return answer(services.send_officers(number=number, **body.dict(), by=actor(request), at=now()))


@router.post("/cases/{number}/site-checks", response=CASE, operation_id="record_site_check")
def record_site_check(request: HttpRequest, number: Number, body: SiteCheck) -> HttpResponse:
    """Record what two officers found on the spot."""
    return answer(
        services.record_site_check(number=number, **body.dict(), by=actor(request), at=now())
    )
