"""Calls of departments' own systems (部门业务系统对接): signed, not behind a token."""

from __future__ import annotations

from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI, Path, Router

from yiwang.api.context import address_of, answer, anybody, calendar, now
from yiwang.api.errors import COMMON
from yiwang.exchange import services
from yiwang.exchange.body import LinkRefusedError, reader
from yiwang.exchange.policy import messages
from yiwang.exchange.policy.messages import MessageRefusedError
from yiwang.exchange.policy.signatures import Message, SignatureRefusedError
from yiwang.exchange.services import Caller, CallRefusedError, Reply
from yiwang.exchange.services.receiving import problem, status_of
from yiwang.kernel.errors import RefusedError
from yiwang.organisations import scope
from yiwang.organisations.limits import Bound, count_try, network_of

router = Router(tags=["gateway"])

SIGNED = ("signature-input", "signature", "content-digest", "idempotency-key", "content-type")
WRONG_SIGNATURES = Bound(most=120, seconds=60)
"""Wrong signatures from one address before it is told to slow down."""

PROBLEM: dict[str, Any] = {
    "content": {"application/problem+json": {"schema": messages.Trouble.model_json_schema()}}
}
_CODES = (400, 401, 403, 404, 409, 413, 422, 429)


def _described(ok: dict[int, tuple[str, dict[str, Any]]], **more: Any) -> dict[str, Any]:
    answers = {
        code: {"description": words, "content": {"application/json": {"schema": schema}}}
        for code, (words, schema) in ok.items()
    }
    problems = {code: {"description": "Refused (RFC 9457)."} | PROBLEM for code in _CODES}
    return {"responses": answers | problems} | more


def signed(request: HttpRequest) -> Caller | None:
    """Return whose call it is; the database then shows that department's cases only."""
    scope.leave()
    declared = str(request.META.get("CONTENT_LENGTH") or "0")
    if not declared.isdecimal() or int(declared) > messages.LARGEST_BYTES:
        raise TooLargeError(
            f"报文超过{messages.LARGEST_BYTES // 1_000_000}MB，材料请勿放在报文里，请精简后重发。"
        )
    at, ip = now(), address_of(request)
    message = Message(
        method=request.method or "",
        path=request.path,
        query=str(request.META.get("QUERY_STRING", "")),
        headers={name: request.headers[name] for name in SIGNED if name in request.headers},
    )
    try:
        caller = services.admit(message=message, raw=request.body, at=at, ip=ip)
    except SignatureRefusedError:
        count_try(what="gateway", who=network_of(ip), bound=WRONG_SIGNATURES, at=at)
        raise
    scope.enter(reader(caller.partner.department))
    return caller


class TooLargeError(RefusedError):
    """The body is larger than any message."""

    code = "exchange.too_large"


@router.post(
    "/gateway/messages",
    auth=signed,
    response=COMMON,
    operation_id="gateway_return",
    openapi_extra=_described(
        {
            200: ("Done.", messages.Told.model_json_schema()),
            202: ("Held until the one before it comes.", messages.Told.model_json_schema()),
        },
        requestBody={
            "required": True,
            "content": {"application/json": {"schema": messages.schemas()["return"]}},
        },
    ),
)
def receive_message(request: HttpRequest) -> HttpResponse:
    """Tell what was done about a case: acknowledged, reviewed, decided.

    Repeating an id gives the first answer. Sequences run 1, 2, 3 … per case; one that comes too
    early is held.
    """
    caller = _caller(request)
    reply = services.receive(
        partner=caller.partner,
        raw=request.body,
        signed_id=request.headers.get("Idempotency-Key", ""),
        calendar=calendar(),
        at=now(),
        ip=caller.ip,
    )
    return _reply(reply)


@router.get(
    "/gateway/messages/{message_id}",
    auth=signed,
    response=COMMON,
    operation_id="gateway_message",
    openapi_extra=_described({200: ("As it is now.", messages.Told.model_json_schema())}),
)
def get_message(request: HttpRequest, message_id: Path[str]) -> HttpResponse:
    """Ask what became of a message that was held."""
    return _reply(services.told(partner=_caller(request).partner, message_id=message_id))


@router.get(
    "/gateway/cases/{number}",
    auth=signed,
    response=COMMON,
    operation_id="gateway_case",
    openapi_extra=_described({200: ("As it is now.", messages.CaseBody.model_json_schema())}),
)
def get_case(request: HttpRequest, number: Path[str]) -> HttpResponse:
    """Fetch a case that was sent to this system, with fresh links to its materials."""
    try:
        found = services.fetch_case(caller=_caller(request), number=number, at=now())
    except RefusedError as refusal:
        return _reply(
            problem(404 if refusal.code.endswith("case") else status_of(refusal), refusal)
        )
    return HttpResponse(found.model_dump_json(), content_type="application/json")


@router.get(
    "/gateway/files/{token}",
    auth=anybody,
    response=COMMON,
    operation_id="gateway_file",
    openapi_extra={
        "responses": {
            200: {
                "description": "The material as people are shown it.",
                "content": {
                    kind: {"schema": {"type": "string", "format": "binary"}}
                    for kind in ("application/pdf", "image/jpeg", "image/png")
                },
            }
        }
        | {code: {"description": "Refused (RFC 9457)."} | PROBLEM for code in _CODES}
    },
)
def get_file(request: HttpRequest, token: Path[str]) -> HttpResponse:
    """Fetch a material by its link; who holds the link may, for an hour."""
    try:
        with scope.everything():  # whoever holds an unspoilt link was given it by the platform
            media_type, data = services.open_file(token=token, at=now(), ip=address_of(request))
    except LinkRefusedError as refusal:
        return _reply(problem(403, refusal))
    except LookupError:
        return _reply(problem(404, LinkRefusedError("没有这个文件，请重新查询办件。")))
    response = HttpResponse(data, content_type=media_type)
    response["Cache-Control"] = "no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response


@router.get(
    "/gateway/schema",
    auth=anybody,
    response={200: dict[str, Any], **COMMON},
    operation_id="gateway_schema",
)
def get_schema(request: HttpRequest) -> HttpResponse:
    """Return the JSON Schemas of what is sent and what is taken, for files too."""
    return answer(messages.schemas())


WEBHOOKS: dict[str, Any] = {
    "case": {
        "post": {
            "operationId": "gateway_push",
            "summary": "A case for the department",
            "description": (
                "Sent to the address of the department's system, signed as "
                "docs/how-to/connect-a-department.md says. Answer 2xx when it is kept; the same "
                "id may come again."
            ),
            "requestBody": {
                "required": True,
                "content": {"application/json": {"schema": messages.Push.model_json_schema()}},
            },
            "responses": {"200": {"description": "Kept."}},
        }
    }
}
"""What the platform calls, for the `webhooks` of OpenAPI 3.1."""


def install(api: NinjaAPI) -> None:
    """Have what is refused at the door answered as `application/problem+json`."""
    api.add_exception_handler(SignatureRefusedError, _refused_with(401))
    api.add_exception_handler(CallRefusedError, _refused_with(403))
    api.add_exception_handler(TooLargeError, _refused_with(413))
    api.add_exception_handler(MessageRefusedError, _refused_with(422))


def _refused_with(status: int) -> Any:
    def refused(request: HttpRequest, refusal: RefusedError) -> HttpResponse:
        response = _reply(problem(status, refusal))
        if status == 401:
            response["WWW-Authenticate"] = "Signature"
        if status == 413:
            response["Connection"] = "close"
        return response

    return refused


def _caller(request: HttpRequest) -> Caller:
    found = getattr(request, "auth", None)
    if not isinstance(found, Caller):
        raise TypeError("the call is not signed")
    return found


def _reply(reply: Reply) -> HttpResponse:
    return HttpResponse(
        orjson.dumps(reply.body, option=orjson.OPT_SORT_KEYS),
        content_type="application/problem+json" if reply.problem else "application/json",
        status=reply.status,
    )
