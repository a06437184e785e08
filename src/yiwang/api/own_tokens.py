"""Which call an applicant's key of limited purpose may make (专用令牌的权限范围)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.http import HttpRequest

from yiwang.cases import queries
from yiwang.cases.queries import CaseNotFoundError
from yiwang.organisations import scope, services
from yiwang.organisations.permissions import Actor, PermissionRefusedError
from yiwang.organisations.policy.own_tokens import OwnScope
from yiwang.organisations.services import UsedToken

TOKEN_LENGTH_MAX = 200

_S = OwnScope

CALLS: Mapping[str, OwnScope] = {
    "GET /my/cases": _S.READ_CASES,
    "GET /my/documents": _S.READ_CASES,
    "GET /cases/{number}": _S.READ_CASES,
    "GET /cases/{number}/file": _S.READ_CASES,
    "GET /cases/{number}/timeline": _S.READ_CASES,
    "GET /cases/{number}/procedure": _S.READ_CASES,
    "GET /cases/{number}/clocks": _S.READ_CASES,
    "GET /cases/{number}/promises": _S.READ_CASES,
    "GET /cases/{number}/permits": _S.READ_CASES,
    "GET /my/permits": _S.READ_CASES,
    "GET /cases/{number}/automatic": _S.READ_CASES,
    "GET /cases/{number}/rating": _S.READ_CASES,
    "GET /cases/{number}/letters/{letter}": _S.READ_CASES,
    "GET /cases/{number}/files/{upload}": _S.READ_CASES,
    "GET /documents/{document_id}": _S.READ_CASES,
    "GET /my/drafts": _S.FILE,
    "POST /drafts": _S.FILE,
    "GET /drafts/{draft_id}": _S.FILE,
    "PUT /drafts/{draft_id}": _S.FILE,
    "DELETE /drafts/{draft_id}": _S.FILE,
    "POST /drafts/{draft_id}/files": _S.FILE,
    "DELETE /drafts/{draft_id}/files/{upload}": _S.FILE,
    "GET /drafts/{draft_id}/commitment": _S.FILE,
    "POST /drafts/{draft_id}/commitment": _S.FILE,
    "DELETE /drafts/{draft_id}/commitment": _S.FILE,
    "GET /drafts/{draft_id}/permits": _S.FILE,
    "POST /drafts/{draft_id}/submission": _S.FILE,
    "POST /uploads": _S.FILE,
    "POST /cases/{number}/filed-correction": _S.FILE,
    "POST /cases/{number}/withdrawal": _S.FILE,
    "POST /cases/{number}/material-withdrawals": _S.FILE,
    "POST /cases/{number}/on-spot-fixes": _S.FILE,
    "POST /cases/{number}/contact": _S.FILE,
    "GET /cases/{number}/posting": _S.READ_CASES,
    "POST /cases/{number}/posting": _S.FILE,
    "DELETE /cases/{number}/posting": _S.FILE,
    "POST /cases/{number}/posting/cancellation": _S.FILE,
    "POST /cases/{number}/hearing-request": _S.FILE,
    "POST /cases/{number}/person": _S.FILE,
    "POST /cases/{number}/views": _S.FILE,
    "POST /cases/{number}/correction-reports": _S.FILE,
    "POST /cases/{number}/materials/{material}": _S.FILE,
    "GET /my/licences": _S.WALLET,
    "GET /my/licences/{identifier}": _S.WALLET,
    "GET /my/licences/{identifier}/presentation": _S.WALLET,
    "GET /my/licences/{identifier}/file": _S.WALLET,
    "GET /my/messages": _S.MESSAGES,
    "POST /my/messages/{message_id}/read": _S.MESSAGES,
    "GET /my/notices": _S.MESSAGES,
    "PUT /my/notices": _S.MESSAGES,
    "POST /my/notices/codes": _S.MESSAGES,
    "POST /my/notices/contacts": _S.MESSAGES,
    "DELETE /my/notices/contacts/{channel}": _S.MESSAGES,
    "GET /my/appointments": _S.VISITS,
    "POST /my/appointments": _S.VISITS,
    "POST /my/appointments/{appointment_id}/cancellation": _S.VISITS,
    "GET /my/questions": _S.ASK,
    "POST /my/questions": _S.ASK,
    "POST /cases/{number}/rating": _S.ASK,
    "GET /my/data": _S.OWN_DATA,
    "GET /my/reads": _S.OWN_DATA,
    "GET /my/records": _S.OWN_DATA,
    "GET /my/mandates": _S.OWN_DATA,
    "GET /my/agents": _S.OWN_DATA,
    "POST /my/agents/{mandate}/end": _S.FILE,
}
"""Call -> what a key needs for it. A call that does not stand here takes no such key."""

_PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")


def call_of(request: HttpRequest) -> str:
    """Return the call of a request as the description writes it."""
    match = request.resolver_match
    route = match.route if match is not None else ""
    return f"{request.method} /" + _PARAMETER.sub(r"{\1}", route.partition("api/v1/")[2])


def used_by(request: HttpRequest, token: str, *, at: datetime, ip: str) -> Actor | None:
    """Return who acts with an applicant's key in a call that it was made for.

    Its use is written down whether the call is one it was made for or not.

    Raises:
        PermissionRefusedError: the key was made for something else.
        TooManyTriesError: more calls than a key may make in a minute.
    """
    if len(token) > TOKEN_LENGTH_MAX or not token.isascii():
        return None
    used = services.use_own_token(token=token, call=call_of(request), at=at, ip=ip)
    if used is None:
        return None
    scope.enter(used.actor)
    require_call(request, used)
    request.own_token = used  # type: ignore[attr-defined]  # for `require_item`
    return used.actor


def require_call(request: HttpRequest, used: UsedToken) -> None:
    """Stop a call that the key was not made for.

    Raises:
        PermissionRefusedError: the key was made for something else.
        CaseNotFoundError: it may file for other items than that of the case or draft.
    """
    needed = CALLS.get(call_of(request))
    if needed is None:
        raise PermissionRefusedError("专用令牌不能用于这个接口，请改用账号在网页上办理。")
    if needed not in used.scopes:
        raise PermissionRefusedError(
            f"该令牌没有“{needed.label}”的权限，请在“我的令牌”中另建一个包含此项的令牌。"
        )
    if needed is OwnScope.FILE and used.items:
        match = request.resolver_match
        _require_item(match.kwargs if match is not None else {}, used)


def require_item(request: HttpRequest, item_slug: str) -> None:
    """Stop an application for an item that the key was not made for.

    Raises:
        PermissionRefusedError: it names other items.
    """
    used = getattr(request, "own_token", None)
    if used is not None and not used.may_file(item_slug):
        raise PermissionRefusedError("该令牌限于其他事项，请另建一个可以办理本事项的令牌。")


def _require_item(parameters: Mapping[str, Any], used: UsedToken) -> None:
    number, draft_id = str(parameters.get("number", "")), str(parameters.get("draft_id", ""))
    if number and not used.may_file(queries.case(number, by=used.actor).item_slug):
        raise CaseNotFoundError
    known = draft_id.isascii() and draft_id.isdecimal() and int(draft_id) < 2**62
    if known and not used.may_file(queries.draft(int(draft_id), by=used.actor).item_slug):
        raise CaseNotFoundError


def described(paths: dict[str, Any], *, prefix: str) -> None:
    """Write into the description of the calls which scope each needs.

    Args:
        paths: Of the description.
        prefix: Of all paths, with its slash at the end.
    """
    for path, calls in paths.items():
        for method, call in calls.items():
            scope_needed = CALLS.get(f"{method.upper()} /{path.removeprefix(prefix)}")
            if scope_needed is not None:
                call["x-own-token-scope"] = scope_needed.value
