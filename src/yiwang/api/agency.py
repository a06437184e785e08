"""Calls of the agency window and of the liaisons behind it, for staff (代办窗口、部门联络员)."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Header, Path, Router
from pydantic import AfterValidator, Field, StringConstraints

from yiwang.api import schemas
from yiwang.api.context import actor, answer, calendar, now, today
from yiwang.api.errors import COMMON
from yiwang.cases.queries import QueueRow
from yiwang.halls.policy.agency import LINE_LENGTH
from yiwang.halls.queries import agency as queries
from yiwang.halls.queries.agency import LiaisonLine, MandateRow, MandateView, QuestionView
from yiwang.halls.services import agency as services
from yiwang.organisations import queries as organisations
from yiwang.organisations.permissions import (
    EVERYWHERE,
    Actor,
    Permission,
    PermissionRefusedError,
)
from yiwang.organisations.services import once

router = Router(tags=["agency"])

Id = Annotated[int, Path(), Field(ge=1, le=2**62)]
Code = Annotated[str, Path(), Field(max_length=32, pattern=r"^[a-z][a-z0-9-]*$")]
Day = Annotated[date, Field(ge=date(2000, 1, 1), lt=date(2100, 1, 1))]
Line = Annotated[
    str, StringConstraints(min_length=1, max_length=LINE_LENGTH), AfterValidator(schemas.printable)
]
Login = Annotated[str, Field(max_length=64, pattern=r"^[A-Za-z][A-Za-z0-9._-]*$")]

QUESTION = {200: QuestionView, **COMMON}


class RecordMandate(schemas.Body):
    """What a firm signed on paper; who records it becomes its agent."""

    uscc: Annotated[schemas.Word, Field(min_length=1)] = Field(
        description="Unified social credit code of the firm."
    )
    matter: Line = Field(description="The project or matter.")
    signed_by: Line = Field(description="Who signed the mandate for the firm.")
    last_on: Day = Field(description="Last day of the mandate.")
    phone: Annotated[schemas.Word, Field(min_length=1, max_length=40)] = Field(
        description="Where the firm reaches its agent."
    )
    department: Annotated[str, Field(max_length=32)] = Field(
        default="", description="Centre of the window; empty: the one at which one works."
    )


class EndMandate(schemas.Body):
    """Why the window ends a mandate; the firm reads it."""

    reason: schemas.Text


class AskLiaison(schemas.Body):
    """A question to the department that decides a case of the firm."""

    case: schemas.Number
    text: schemas.Text


class AnswerQuestion(schemas.Body):
    """What the department says."""

    text: schemas.Text


class NameLiaison(schemas.Body):
    """Who answers for the department from today on; a reviewer of it."""

    login: Login


class MandateList(schemas.Body):
    """The mandates that stand at one's windows, one's own first."""

    rows: list[MandateRow]
    more: bool = Field(description="Whether more stand than are listed.")


class MandateMatter(schemas.Body):
    """One mandate with the cases of the firm in all departments, and what was asked."""

    mandate: MandateView
    running: list[QueueRow]
    finished: list[QueueRow]
    questions: list[QuestionView]


@router.get(
    "/agency/mandates",
    response={200: MandateList, **COMMON},
    operation_id="list_agency_mandates",
)
def list_mandates(request: HttpRequest) -> HttpResponse:
    """List the mandates that stand with the nearest due of each, 100 at most."""
    rows, more = queries.mandates(by=_agent(request), today=today(), calendar=calendar())
    return answer({"rows": rows, "more": more})


@router.post(
    "/agency/mandates",
    response={201: MandateView, **COMMON},
    operation_id="record_agency_mandate",
)
def record_mandate(
    request: HttpRequest, body: RecordMandate, idempotency_key: Header[schemas.Key]
) -> HttpResponse:
    """Write down a mandate; a second time gives the same one."""
    by, at = _agent(request), now()
    given = body.dict(exclude={"department"})
    held = by.departments(Permission.AGENCY_HANDLE)
    department = body.department or min(held - {EVERYWHERE}, default=EVERYWHERE)

    def record() -> str:
        return str(services.record_mandate(**given, department=department, by=by, at=at).id)

    made = once(key=idempotency_key, call="mandate", content=request.body, act=record, by=by, at=at)
    return answer(queries.mandate(int(made), by=by), status=201)


@router.get(
    "/agency/mandates/{mandate_id}",
    response={200: MandateMatter, **COMMON},
    operation_id="get_agency_mandate",
)
def get_mandate(request: HttpRequest, mandate_id: Id) -> HttpResponse:
    """Return one mandate that stands, the firm's cases and the questions asked for it."""
    by = _agent(request)
    view = queries.mandate(mandate_id, by=by)
    running, finished = queries.cases_of(view, by=by, today=today(), calendar=calendar())
    questions = queries.questions_of(view, today=today(), calendar=calendar())
    return answer(
        {"mandate": view, "running": running, "finished": finished, "questions": questions}
    )


@router.post(
    "/agency/mandates/{mandate_id}/end",
    response={200: MandateView, **COMMON},
    operation_id="close_agency_mandate",
)
def end_mandate(request: HttpRequest, mandate_id: Id, body: EndMandate) -> HttpResponse:
    """End a mandate before its last day; the firm is told why."""
    by = _agent(request)
    queries.mandate(mandate_id, by=by)
    services.end_mandate(mandate=mandate_id, reason=body.reason, by=by, at=now())
    return answer(queries.mandate(mandate_id, by=by))


@router.post(
    "/agency/mandates/{mandate_id}/questions",
    response={201: QuestionView, **COMMON},
    operation_id="ask_liaison",
)
def ask_liaison(
    request: HttpRequest, mandate_id: Id, body: AskLiaison, idempotency_key: Header[schemas.Key]
) -> HttpResponse:
    """Ask the liaison of the department that decides a case; a second time asks nothing more."""
    by, at = _agent(request), now()

    def ask() -> str:
        made = services.ask_liaison(
            mandate=mandate_id,
            case_number=body.case,
            text=body.text,
            calendar=calendar(),
            by=by,
            at=at,
        )
        return str(made)

    call = f"agency question {mandate_id}"
    made = once(key=idempotency_key, call=call, content=request.body, act=ask, by=by, at=at)
    found = queries.question_asked(int(made), by=by, today=today(), calendar=calendar())
    return answer(found, status=201)


@router.get(
    "/agency/questions",
    response={200: list[QuestionView], **COMMON},
    operation_id="list_agency_questions",
)
def list_questions(request: HttpRequest) -> HttpResponse:
    """List what waits for the departments that one answers for, the earliest due first."""
    return answer(queries.questions_to(_worker(request), today=today(), calendar=calendar()))


@router.get(
    "/agency/questions/{question_id}", response=QUESTION, operation_id="get_agency_question"
)
def get_question(request: HttpRequest, question_id: Id) -> HttpResponse:
    """Return one question to a department that one answers for."""
    by = _worker(request)
    return answer(queries.question(question_id, by=by, today=today(), calendar=calendar()))


@router.post(
    "/agency/questions/{question_id}/answer",
    response=QUESTION,
    operation_id="answer_agency_question",
)
def answer_question(request: HttpRequest, question_id: Id, body: AnswerQuestion) -> HttpResponse:
    """Answer an agent for one's department, once."""
    by = _worker(request)
    services.answer_question(question=question_id, text=body.text, by=by, at=now())
    return answer(queries.question(question_id, by=by, today=today(), calendar=calendar()))


@router.get(
    "/agency/liaisons",
    response={200: list[LiaisonLine], **COMMON},
    operation_id="list_liaisons",
)
def list_liaisons(request: HttpRequest) -> HttpResponse:
    """List the departments that review cases with who answers for each, or that nobody does."""
    _worker(request)
    return answer(queries.liaison_lines(at=now()))


@router.put(
    "/agency/liaisons/{department}",
    response={200: LiaisonLine, **COMMON},
    operation_id="name_liaison",
)
def name_liaison(request: HttpRequest, department: Code, body: NameLiaison) -> HttpResponse:
    """Name who answers for a department that one heads; the one before ends today."""
    at = now()
    organisations.department(department)
    services.appoint_liaison(department=department, login=body.login, by=actor(request), at=at)
    lines = queries.liaison_lines(at=at)
    return answer(next(one for one in lines if one.department == department))


def _agent(request: HttpRequest) -> Actor:
    return _with(actor(request), Permission.AGENCY_HANDLE)


def _worker(request: HttpRequest) -> Actor:
    return _with(actor(request), Permission.WORK_DESK)


def _with(by: Actor, permission: Permission) -> Actor:
    if not by.may_somewhere(permission):
        raise PermissionRefusedError(
            f"该令牌没有“{permission.label}”的权限，请用有此权限的账号申请令牌。"
        )
    return by
