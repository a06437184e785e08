"""The first step of signing in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction

from yiwang.audit import services as audit
from yiwang.kernel.terms import Term
from yiwang.organisations.limits import Bound, TooManyTriesError, count_try, network_of
from yiwang.organisations.models import User
from yiwang.organisations.policy.signin import FAILURES_BEFORE_LOCK, LOCK_TIME, is_stale
from yiwang.organisations.policy.terms import UserKind

NOBODY = "system:sign-in"


class SignInState(Term):
    """How a sign-in ended; the label is the sentence that is shown."""

    PASSED = "passed", "登录成功。"
    WRONG = "wrong", "账号或者密码不正确，请重新输入。"
    LOCKED = "locked", "连续输错多次，账号已锁定，请30分钟后再试，或者联系系统管理员。"
    CLOSED = "closed", "该账号已停用，请联系系统管理员。"


@dataclass(frozen=True, kw_only=True)
class SignIn:
    """The answer to a password.

    Attributes:
        state: How it ended.
        user_id: The account, only when passed.
        login: As stored.
        needs_second_step: Staff prove a second factor before the session opens.
        must_change_password: Nothing else may be done before.
        locked_until: When the lock ends.
    """

    state: SignInState
    user_id: int | None = None
    login: str = ""
    needs_second_step: bool = False
    must_change_password: bool = False
    locked_until: datetime | None = None


GUESSES = Bound(most=FAILURES_BEFORE_LOCK - 1, seconds=int(LOCK_TIME.total_seconds()))
"""Failures of a login that nobody has before the answer is that of a locked account."""

SPRAYED = Bound(most=100, seconds=600)
"""Failures per address: one password tried on many accounts locks none of them."""


def authenticate_password(*, login: str, password: str, at: datetime, ip: str = "") -> SignIn:
    """Check a password; five failures in a row lock the account for half an hour.

    An unknown login takes as long as a known one and gets the same answers, that of a lock
    included. A locked account refuses the right password too, and the try does not lengthen the
    lock. Too many failures from one address, whatever the accounts, are refused.

    Raises:
        TooManyTriesError: too many failures from `ip`.

    Source:
        GB/T 22239-2019 第8.1.4.1.
    """
    answer = _check_login(login=login, password=password, at=at, ip=ip)
    if answer.state is not SignInState.PASSED and ip:
        count_try(what="sign-in", who=network_of(ip), bound=SPRAYED, at=at)
    return answer


@transaction.atomic
def _check_login(*, login: str, password: str, at: datetime, ip: str) -> SignIn:
    user = User.objects.select_for_update().filter(login=login).first()
    if user is None:
        return _unknown(login, password=password, at=at, ip=ip)
    if user.locked_until is not None and at < user.locked_until:
        make_password(password)  # as long as any other answer takes
        trace_sign_in(at=at, actor=NOBODY, target=user.ref, state=SignInState.LOCKED, ip=ip)
        return SignIn(state=SignInState.LOCKED, login=user.login, locked_until=user.locked_until)
    if not check_password(password, user.password):
        state = count_failure(user, at=at, ip=ip)
        return SignIn(state=state, login=user.login, locked_until=user.locked_until)
    if not user.may_sign_in:
        trace_sign_in(at=at, actor=NOBODY, target=user.ref, state=SignInState.CLOSED, ip=ip)
        return SignIn(state=SignInState.CLOSED, login=user.login)
    staff = user.kind == UserKind.STAFF
    if not staff:  # the failures of staff are forgotten after the second step only
        user.failed_count = 0
    user.locked_until = None
    user.save(update_fields=["failed_count", "locked_until"])
    trace_sign_in(at=at, actor=user.ref, target=user.ref, state=SignInState.PASSED, ip=ip)
    return SignIn(
        state=SignInState.PASSED,
        user_id=user.pk,
        login=user.login,
        needs_second_step=staff,
        must_change_password=staff and is_stale(user.password_changed_at, at=at),
    )


def _unknown(login: str, *, password: str, at: datetime, ip: str) -> SignIn:
    state = SignInState.WRONG
    try:
        count_try(what="unknown-login", who=login, bound=GUESSES, at=at)
    except TooManyTriesError:
        state = SignInState.LOCKED
    make_password(password)
    trace_sign_in(at=at, actor=NOBODY, target="user:?", state=state, ip=ip)
    return SignIn(state=state)


def count_failure(user: User, *, at: datetime, ip: str) -> SignInState:
    """Count one more failure of a locked row; five in a row lock the account."""
    user.failed_count += 1
    user.locked_until = None
    state = SignInState.WRONG
    if user.failed_count >= FAILURES_BEFORE_LOCK:
        user.failed_count = 0
        user.locked_until = at + LOCK_TIME
        state = SignInState.LOCKED
    user.save(update_fields=["failed_count", "locked_until"])
    trace_sign_in(at=at, actor=NOBODY, target=user.ref, state=state, ip=ip)
    return state


def trace_sign_in(
    *, at: datetime, actor: str, target: str, state: SignInState, ip: str, **more: str | int
) -> None:
    """Write one attempt to the trail, whatever its end."""
    audit.record(
        at=at,
        actor=actor,
        act="organisations.sign_in",
        target=target,
        detail={"result": state} | more,
        ip=ip,
    )
