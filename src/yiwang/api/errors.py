"""One form for everything that goes wrong."""

from __future__ import annotations

from typing import Any

import orjson
import structlog
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from ninja import NinjaAPI, Schema
from ninja.errors import AuthenticationError, HttpError, ValidationError
from pydantic import Field

from yiwang.archives.queries import PackageNotFoundError
from yiwang.archives.services import AlreadyTransferredError
from yiwang.cases.policy.states import StepRefusedError
from yiwang.cases.queries import CaseNotFoundError
from yiwang.cases.services import ConflictRefusedError, IncompleteError, NotHolderError
from yiwang.catalogue.policy.drafting import DraftStepRefusedError
from yiwang.kernel.errors import RefusedError
from yiwang.organisations.limits import TooManyTriesError
from yiwang.organisations.permissions import Actor, PermissionRefusedError
from yiwang.organisations.services import KeyReusedError
from yiwang.organisations.services.refusing import note_refusal
from yiwang.registration.queries import NoticeNotFoundError
from yiwang.supervision.queries import InspectionNotFoundError

log = structlog.get_logger()


class Problem(Schema):
    """What went wrong, in one form for all calls."""

    code: str = Field(description="Stable name, such as `cases.conflict`.")
    message: str = Field(description="One Chinese sentence that says what would put it right.")
    problems: dict[str, str] = Field(
        default={}, description="Place to sentence, where several things are wrong at once."
    )


STATUSES: tuple[tuple[type[RefusedError], int], ...] = (
    (CaseNotFoundError, 404),
    (NoticeNotFoundError, 404),
    (InspectionNotFoundError, 404),
    (PackageNotFoundError, 404),
    (PermissionRefusedError, 403),
    (ConflictRefusedError, 409),
    (KeyReusedError, 409),
    (StepRefusedError, 409),
    (DraftStepRefusedError, 409),
    (NotHolderError, 409),
    (AlreadyTransferredError, 409),
    (TooManyTriesError, 429),
    (RefusedError, 422),
)
"""Kind of refusal -> status, the first that fits."""

COMMON: dict[int, Any] = {
    400: Problem,
    401: Problem,
    403: Problem,
    404: Problem,
    409: Problem,
    422: Problem,
    429: Problem,
}
"""Answers that any call may give."""


def problem(
    status: int, code: str, message: str, problems: dict[str, str] | None = None
) -> HttpResponse:
    """Return an answer in the form of `Problem`."""
    response = HttpResponse(
        orjson.dumps({"code": code, "message": message, "problems": problems or {}}),
        content_type="application/json",
        status=status,
    )
    if status == 401:
        response["WWW-Authenticate"] = "Bearer"
    return response


def unknown_address(request: HttpRequest) -> HttpResponse:
    """Answer an address under `/api/` that names no call."""
    return problem(404, "api.unknown_address", "没有这个接口地址，请对照接口说明核对网址。")


def install(api: NinjaAPI) -> None:
    """Have `api` answer in this form whatever happens."""
    api.add_exception_handler(RefusedError, _refused)
    api.add_exception_handler(AuthenticationError, _unknown)
    api.add_exception_handler(ValidationError, _invalid)
    api.add_exception_handler(LookupError, _missing)
    api.add_exception_handler(ObjectDoesNotExist, _missing)
    api.add_exception_handler(Http404, _missing)
    api.add_exception_handler(HttpError, _http)
    api.add_exception_handler(Exception, _failed)


def _refused(request: HttpRequest, refusal: RefusedError | type[RefusedError]) -> HttpResponse:
    assert isinstance(refusal, RefusedError)
    status = next(status for kind, status in STATUSES if isinstance(refusal, kind))
    problems = refusal.problems if isinstance(refusal, IncompleteError) else None
    actor = getattr(request, "auth", None)
    if isinstance(refusal, PermissionRefusedError) and isinstance(actor, Actor):
        match = request.resolver_match
        note_refusal(
            refusal,
            place=f"call:{match.view_name if match else ''}",
            method=request.method or "",
            number=str(match.kwargs.get("number", "")) if match else "",
            by=actor,
            at=timezone.now(),
        )
    return problem(status, refusal.code, refusal.message, problems)


def _unknown(request: HttpRequest, error: object) -> HttpResponse:
    return problem(
        401,
        "api.unknown_token",
        "令牌缺失、过期或者已收回，请在请求头 Authorization 中提供有效令牌。",
    )


def _invalid(request: HttpRequest, error: ValidationError | type[ValidationError]) -> HttpResponse:
    assert isinstance(error, ValidationError)
    problems = {
        ".".join(str(part) for part in one.get("loc", ())): str(one.get("msg", ""))
        for one in error.errors
    }
    return problem(
        422, "api.invalid", "请求的格式不符合接口说明，请按 problems 逐项更正。", problems
    )


def _missing(request: HttpRequest, error: object) -> HttpResponse:
    return problem(404, "api.not_found", "没有找到所请求的内容，请核对地址中的编号。")


def _http(request: HttpRequest, error: HttpError | type[HttpError]) -> HttpResponse:
    assert isinstance(error, HttpError)
    return problem(error.status_code, "api.bad_request", "请求无法读取，请按接口说明发送 JSON。")


def _failed(request: HttpRequest, error: object) -> HttpResponse:
    log.exception("api.failed", path=request.path)
    return problem(500, "api.failed", "系统发生错误，已记录，请稍后再试。")
