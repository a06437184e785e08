"""The second step of staff signing in: a code from the phone (动态码)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hmac import compare_digest
from urllib.parse import quote

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.conf import settings
from django.db import transaction

from yiwang.audit import services as audit
from yiwang.kernel.errors import RefusedError
from yiwang.organisations import secret_box
from yiwang.organisations.models import User
from yiwang.organisations.permissions import EVERYWHERE, Actor, Permission, require
from yiwang.organisations.services.signin import SignInState, count_failure, trace_sign_in

PERIOD_SECONDS = 30
TOLERANCE_PERIODS = 1
"""A code is good in its own half minute, the one before and the one after. RFC 6238 5.2."""

ISSUER = "Yiwang"


class SecondStepRefusedError(RefusedError):
    """The phone cannot be bound, or the binding cannot be undone."""

    code = "organisations.second_step_refused"


@dataclass(frozen=True, kw_only=True)
class Binding:
    """A secret for a phone that is not bound yet.

    Attributes:
        secret: In base 32; typed in by whoever cannot scan.
        address: `otpauth://…`, for the QR code.
    """

    secret: str
    address: str


def offer_binding(*, login: str) -> Binding:
    """Make a fresh secret for a phone; nothing is stored before `bind_phone`."""
    return binding_of(login=login, secret=totp.generate_totp_secret())


def binding_of(*, login: str, secret: str) -> Binding:
    """Return a secret that was offered before, with its address."""
    label = quote(f"{ISSUER}:{login}")
    return Binding(secret=secret, address=f"otpauth://totp/{label}?secret={secret}&issuer={ISSUER}")


@transaction.atomic
def bind_phone(*, user_id: int, secret: str, code: str, at: datetime, ip: str = "") -> None:
    """Bind a phone to an account after it showed one right code.

    Raises:
        SecondStepRefusedError: the code is wrong, a phone is bound already, or the account was
            closed meanwhile.

    Source:
        GB/T 22239-2019 第8.1.4.1 (two kinds of identification, one of them cryptographic).
    """
    user = User.objects.select_for_update().get(pk=user_id)
    if not user.may_sign_in:
        raise SecondStepRefusedError(SignInState.CLOSED.label)
    if _authenticator(user) is not None:
        raise SecondStepRefusedError("该账号已绑定手机，如更换手机请联系系统管理员解除绑定。")
    period = _period_of(secret, code, at=at)
    if period is None:
        raise SecondStepRefusedError("动态码不正确，请核对手机时间后输入最新的6位动态码。")
    _bind(user, secret, at=at, last_period=period)
    user.failed_count = 0
    user.save(update_fields=["failed_count"])
    audit.record(at=at, actor=user.ref, act="organisations.bind_phone", target=user.ref, ip=ip)


def bind_demo(user: User, *, at: datetime) -> None:
    """Bind a secret that the page shows, for an invented account.

    Raises:
        SecondStepRefusedError: outside a demonstration.
    """
    if not (settings.DEMO and user.is_demo):
        raise SecondStepRefusedError("只有演示环境中的演示账号可以这样绑定，请用手机绑定。")
    _bind(user, totp.generate_totp_secret(), at=at, last_period=0)


@transaction.atomic
def check_code(*, user_id: int, code: str, at: datetime, ip: str = "") -> SignInState:
    """Check a code; each is good once, and wrong codes count towards the lock like passwords.

    Returns:
        PASSED, WRONG, LOCKED or CLOSED.
    """
    user = User.objects.select_for_update().get(pk=user_id)
    if user.locked_until is not None and at < user.locked_until:
        return SignInState.LOCKED
    if not user.may_sign_in:
        return SignInState.CLOSED
    authenticator = _authenticator(user)
    secret = "" if authenticator is None else secret_box.unlock(authenticator.data["secret"])
    period = _period_of(secret, code, at=at) if secret else None
    if authenticator is None or period is None or period <= authenticator.data["last_period"]:
        return count_failure(user, at=at, ip=ip)
    authenticator.data["last_period"] = period
    authenticator.last_used_at = at
    authenticator.save(update_fields=["data", "last_used_at"])
    user.failed_count = 0
    user.save(update_fields=["failed_count"])
    trace_sign_in(at=at, actor=user.ref, target=user.ref, state=SignInState.PASSED, ip=ip, step=2)
    return SignInState.PASSED


@transaction.atomic
def unbind_phone(*, login: str, reason: str, by: Actor, at: datetime) -> None:
    """Undo the binding of a lost phone; the next sign-in binds another.

    Raises:
        PermissionRefusedError: `by` is not a system administrator.
        SecondStepRefusedError: his own, no phone is bound, or no reason is given.
        ObjectDoesNotExist: no account has that login.
    """
    require(by, Permission.USER_MANAGE, department=EVERYWHERE)
    user = User.objects.select_for_update().get(login=login)
    authenticator = _authenticator(user)
    if user.ref == by.ref:
        raise SecondStepRefusedError("不能解除自己账号的绑定，请由另一名系统管理员办理。")
    if authenticator is None:
        raise SecondStepRefusedError("该账号没有绑定手机，下次登录时会提示绑定。")
    if not reason.strip():
        raise SecondStepRefusedError("请填写解除绑定的原因，原因将记入日志。")
    authenticator.delete()
    audit.record(
        at=at,
        actor=by.ref,
        act="organisations.unbind_phone",
        target=user.ref,
        purpose=reason.strip(),
        ip=by.ip,
    )


def demo_code(*, user_id: int, at: datetime) -> str:
    """Return the code that is good now, of an invented account in a demonstration; else empty.

    A code used in this half minute is not shown again, because it is not taken again.
    """
    user = User.objects.get(pk=user_id)
    authenticator = _authenticator(user) if settings.DEMO and user.is_demo else None
    if authenticator is None:
        return ""
    secret = secret_box.unlock(authenticator.data["secret"])
    period = max(_now(at), authenticator.data["last_period"] + 1)
    if period > _now(at) + TOLERANCE_PERIODS:
        return ""
    return _code(secret, period)


def has_phone(*, user_id: int) -> bool:
    """Tell whether a phone is bound to the account."""
    return bool(
        Authenticator.objects.filter(user_id=user_id, type=Authenticator.Type.TOTP).exists()
    )


def _authenticator(user: User) -> Authenticator | None:
    return Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).first()


def _bind(user: User, secret: str, *, at: datetime, last_period: int) -> None:
    Authenticator.objects.create(
        user=user,
        type=Authenticator.Type.TOTP,
        created_at=at,
        data={"secret": secret_box.lock(secret), "last_period": last_period},
    )


def _code(secret: str, period: int) -> str:
    return str(totp.format_hotp_value(totp.hotp_value(secret, period)))


def _now(at: datetime) -> int:
    return int(at.timestamp()) // PERIOD_SECONDS


def _period_of(secret: str, code: str, *, at: datetime) -> int | None:
    """Return the half minute whose code was given; None when it is none of the allowed ones."""
    given = "".join(code.split())
    for shift in range(-TOLERANCE_PERIODS, TOLERANCE_PERIODS + 1):
        period = _now(at) + shift
        if compare_digest(given.encode(), _code(secret, period).encode()):
            return period
    return None
