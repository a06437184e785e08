"""Keys with which programs act."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from yiwang.audit import services as audit
from yiwang.kernel.errors import RefusedError
from yiwang.organisations.models import ApiToken, User
from yiwang.organisations.permissions import (
    EVERYWHERE,
    Actor,
    Permission,
    PermissionRefusedError,
    require,
)
from yiwang.organisations.queries import token_hash

TOKEN_MAX_AGE = timedelta(days=365)
TOKEN_BYTES = 32
OPERATOR = "system:operator"
"""Whoever runs the machine, from its terminal; no account of the pages has this ref."""

TOKEN_PREFIX = "yw_"  # noqa: S105 - shows scanners what a leaked token is


class TokenRefusedError(RefusedError):
    """The token cannot be issued or taken back."""

    code = "organisations.token_refused"


@dataclass(frozen=True, kw_only=True)
class IssuedToken:
    """A fresh token; `token` is shown once and kept nowhere."""

    id: int
    token: str
    expires_at: datetime


@transaction.atomic
def issue_token(
    *,
    login: str,
    purpose: str,
    scopes: Iterable[Permission],
    expires_at: datetime,
    by: Actor,
    at: datetime,
) -> IssuedToken:
    """Issue a key with which a program acts for an account (发放接口令牌).

    The token can do what the account's posts can do on the day of use, and of that only
    `scopes`.

    Raises:
        PermissionRefusedError: `by` is neither the account nor the operator at the machine; an
            administrator with somebody's token would act in their name.
        TokenRefusedError: no purpose, no scope, an end in the past or more than a year away,
            or a closed account.
        ObjectDoesNotExist: no account has that login.
    """
    user = User.objects.select_for_update().get(login=login)
    if by.ref != user.ref:
        if by.ref != OPERATOR:
            raise PermissionRefusedError("令牌只能由账号本人申请，或者由运维人员在服务器上发放。")
        require(by, Permission.USER_MANAGE, department=EVERYWHERE)
    wanted = sorted({Permission(scope).value for scope in scopes})
    if not user.is_active:
        raise TokenRefusedError("该账号已停用，不能发放令牌。")
    if not purpose.strip():
        raise TokenRefusedError("请填写令牌用途，例如“对接某某系统”。")
    if not wanted:
        raise TokenRefusedError("请至少选择一项权限。")
    if not at < expires_at <= at + TOKEN_MAX_AGE:
        raise TokenRefusedError(f"令牌有效期应在{TOKEN_MAX_AGE.days}天以内，请更正到期时间。")
    token = TOKEN_PREFIX + secrets.token_urlsafe(TOKEN_BYTES)
    row = ApiToken.objects.create(
        user=user,
        hash=token_hash(token),
        purpose=purpose.strip(),
        scopes=wanted,
        issued_at=at,
        issued_by=by.ref,
        expires_at=expires_at,
    )
    audit.record(
        at=at,
        actor=by.ref,
        act="organisations.issue_token",
        target=user.ref,
        detail={"token": row.pk, "scopes": wanted, "expires": expires_at},
        purpose=purpose.strip(),
        ip=by.ip,
    )
    return IssuedToken(id=row.pk, token=token, expires_at=expires_at)


@transaction.atomic
def revoke_token(*, token_id: int, by: Actor, at: datetime) -> None:
    """Take a token back at once.

    Raises:
        PermissionRefusedError: `by` is neither the account nor a system administrator.
        TokenRefusedError: it was taken back before.
        ObjectDoesNotExist: there is none of that id.
    """
    row = ApiToken.objects.select_for_update(of=("self",)).select_related("user").get(pk=token_id)
    if by.ref != row.user.ref:
        require(by, Permission.USER_MANAGE, department=EVERYWHERE)
    if row.revoked_at is not None:
        raise TokenRefusedError("该令牌已收回，无需重复操作。")
    row.revoked_at = at
    row.save(update_fields=["revoked_at"])
    audit.record(
        at=at,
        actor=by.ref,
        act="organisations.revoke_token",
        target=row.user.ref,
        detail={"token": row.pk},
        ip=by.ip,
    )
