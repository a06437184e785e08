"""Keys of limited purpose that applicants make for programs (专用令牌)."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from yiwang.audit import services as audit
from yiwang.kernel.errors import RefusedError
from yiwang.organisations import queries
from yiwang.organisations.limits import Bound, TooManyTriesError, count_try
from yiwang.organisations.models import OwnToken, User
from yiwang.organisations.permissions import Actor, PermissionRefusedError
from yiwang.organisations.policy.own_tokens import (
    ITEMS_MAX,
    OWN_TOKEN_PREFIX,
    OWN_TOKENS_MAX,
    PURPOSE_LENGTH,
    OwnScope,
)
from yiwang.organisations.policy.signin import PROOF_TIME
from yiwang.organisations.services.second_step import check_code
from yiwang.organisations.services.signin import SignInState, authenticate_password

TOKEN_BYTES = 32
CALLS = Bound(most=120, seconds=60)
"""Calls with one key."""


class OwnTokenRefusedError(RefusedError):
    """The key cannot be made or taken back."""

    code = "organisations.own_token_refused"


@dataclass(frozen=True, kw_only=True)
class MadeToken:
    """A fresh key; `token` is shown once and kept nowhere."""

    id: int
    token: str
    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class UsedToken:
    """Who a key stands for, and for what it may be used."""

    actor: Actor
    scopes: frozenset[OwnScope]
    items: frozenset[str]

    def may_file(self, item_slug: str) -> bool:
        """Tell whether applications for an item may be filed with it."""
        return not self.items or item_slug in self.items


def own_token_days() -> int:
    """Return the longest life of a key in days."""
    return int(settings.OWN_TOKEN_DAYS)


def make_own_token(
    *,
    purpose: str,
    subject_ref: str,
    scopes: Iterable[OwnScope],
    items: Iterable[str] = (),
    days: int,
    proof: str,
    proved_at: datetime | None = None,
    by: Actor,
    at: datetime,
) -> MadeToken:
    """Make a key with which a program acts for one's person or firm (建立专用令牌).

    The key can do what the account may do on the day of use for that one subject, and of that
    only `scopes`; it ends with the right to act for the subject.

    Args:
        purpose: What it is for, in words; stands in the trail at each use.
        subject_ref: For whom the program acts.
        scopes: What it may do.
        items: Items for which it may file; empty: any.
        days: How long it lives.
        proof: The code of the bound phone; where none is bound, the password.
        proved_at: Where the account has neither: when its owner signed in anew at the provider of
            identities; good for PROOF_TIME.
        by: Whose account it is.
        at: Moment of the act.

    Raises:
        PermissionRefusedError: not an applicant, or not one who acts for the subject.
        OwnTokenRefusedError: no purpose, no scope, too long, too many, or the proof is wrong.
    """
    if not by.acts_for(subject_ref) or by.scopes is not None:
        raise PermissionRefusedError("您不能代该主体办事，请选择本人或者已授权您的单位。")
    wanted, narrowed = sorted({OwnScope(one).value for one in scopes}), sorted(set(items))
    purpose = " ".join(purpose.split())
    if not purpose or len(purpose) > PURPOSE_LENGTH:
        raise OwnTokenRefusedError(
            f"请填写令牌用途，不超过{PURPOSE_LENGTH}个字，例如“公司财务软件查办件”。"
        )
    if not wanted:
        raise OwnTokenRefusedError("请至少选择一项允许程序做的事。")
    if len(narrowed) > ITEMS_MAX:
        raise OwnTokenRefusedError(f"最多限定{ITEMS_MAX}个事项，请减少后再建立。")
    if not 1 <= days <= own_token_days():
        raise OwnTokenRefusedError(f"有效期应为1至{own_token_days()}天，请更正。")
    shown = _prove(by, proof, proved_at, at=at)
    with transaction.atomic():
        user = User.objects.select_for_update().get(login=by.ref.removeprefix("user:"))
        open_ones = user.own_tokens.filter(revoked_at__isnull=True, expires_at__gt=at)
        if open_ones.count() >= OWN_TOKENS_MAX:
            raise OwnTokenRefusedError(
                f"有效的令牌最多{OWN_TOKENS_MAX}个，请先收回不再使用的令牌。"
            )
        token = OWN_TOKEN_PREFIX + secrets.token_urlsafe(TOKEN_BYTES)
        row = OwnToken.objects.create(
            user=user,
            hash=queries.token_hash(token),
            purpose=purpose,
            subject_ref=subject_ref,
            scopes=wanted,
            items=narrowed,
            issued_at=at,
            expires_at=at + timedelta(days=days),
        )
        audit.record(
            at=at,
            actor=by.ref,
            act="organisations.make_own_token",
            target=subject_ref,
            detail={
                "token": row.pk,
                "scopes": wanted,
                "items": narrowed,
                "expires": row.expires_at,
                "proof": shown.value,
            },
            purpose=purpose,
            ip=by.ip,
        )
    return MadeToken(id=row.pk, token=token, expires_at=row.expires_at)


@transaction.atomic
def revoke_own_token(*, token_id: int, by: Actor, at: datetime) -> None:
    """Take one's own key back; the next call with it is refused.

    Raises:
        OwnTokenRefusedError: it was taken back before.
        ObjectDoesNotExist: the account has none of that id.
    """
    row = OwnToken.objects.select_for_update(of=("self",)).get(
        pk=token_id, user__login=by.ref.removeprefix("user:")
    )
    if row.revoked_at is not None:
        raise OwnTokenRefusedError("该令牌已收回，无需重复操作。")
    row.revoked_at = at
    row.save(update_fields=["revoked_at"])
    audit.record(
        at=at,
        actor=by.ref,
        act="organisations.revoke_own_token",
        target=row.subject_ref,
        detail={"token": row.pk},
        purpose=row.purpose,
        ip=by.ip,
    )


@transaction.atomic
def use_own_token(*, token: str, call: str, at: datetime, ip: str = "") -> UsedToken | None:
    """Return who a key stands for and write its use down; None: it is no good key (any more).

    Args:
        token: The key.
        call: Which call it is used for.
        at: Moment of the use.
        ip: Address the call came from.

    Raises:
        TooManyTriesError: more calls than a key may make in a minute.
    """
    row = (
        OwnToken.objects.select_related("user")
        .filter(
            hash=queries.token_hash(token),
            expires_at__gt=at,
            revoked_at__isnull=True,
            user__is_active=True,
        )
        .first()
    )
    if row is None or not row.user.may_sign_in:
        return None
    owner = queries.actor_for(row.user_id, at=at, ip=ip)
    if not owner.acts_for(row.subject_ref):
        return None
    try:
        count_try(what="own_token", who=str(row.pk), bound=CALLS, at=at)
    except TooManyTriesError:
        raise TooManyTriesError(f"该令牌每分钟最多调用{CALLS.most}次，请过1分钟再试。") from None
    OwnToken.objects.filter(pk=row.pk).update(last_used_at=at)
    audit.record(
        at=at,
        actor=owner.ref,
        act="organisations.use_own_token",
        target=row.subject_ref,
        detail={"token": row.pk, "call": call},
        purpose=row.purpose,
        ip=ip,
    )
    return UsedToken(
        actor=Actor(
            ref=owner.ref,
            subjects=frozenset({row.subject_ref}),
            name=owner.name,
            ip=ip,
            scopes=frozenset(),
        ),
        scopes=frozenset(OwnScope(one) for one in row.scopes),
        items=frozenset(row.items),
    )


def _prove(by: Actor, proof: str, proved_at: datetime | None, *, at: datetime) -> queries.Proof:
    """Return which proof was shown."""
    login = by.ref.removeprefix("user:")
    kind = queries.proof_of(login)
    if kind is queries.Proof.CODE:
        user_id = User.objects.values_list("pk", flat=True).get(login=login)
        passed = check_code(user_id=user_id, code=proof, at=at, ip=by.ip)
    elif kind is queries.Proof.PASSWORD:
        passed = authenticate_password(login=login, password=proof, at=at, ip=by.ip).state
    elif proved_at is None or not timedelta(0) <= at - proved_at <= PROOF_TIME:
        minutes = int(PROOF_TIME.total_seconds()) // 60
        raise OwnTokenRefusedError(
            f"请先在统一身份认证平台重新登录一次，再于{minutes}分钟内建立令牌。"
        )
    else:
        return kind
    if passed is SignInState.LOCKED:
        raise OwnTokenRefusedError(passed.label)
    if passed is not SignInState.PASSED:
        what = "手机动态码" if kind is queries.Proof.CODE else "密码"
        raise OwnTokenRefusedError(f"{what}不正确，请重新输入后再建立令牌。")
    return kind
