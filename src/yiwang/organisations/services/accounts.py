"""Making, closing and securing accounts."""

from __future__ import annotations

import re
from datetime import datetime

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction

from yiwang.audit import services as audit
from yiwang.kernel.errors import RefusedError
from yiwang.organisations import secret_box
from yiwang.organisations.models import PasswordHistory, User
from yiwang.organisations.permissions import (
    EVERYWHERE,
    Actor,
    Permission,
    PermissionRefusedError,
    require,
)
from yiwang.organisations.policy.signin import PASSWORD_HISTORY, password_fault
from yiwang.organisations.policy.terms import UserKind
from yiwang.organisations.services.second_step import bind_demo
from yiwang.organisations.services.signin import SignInState, count_failure

LOGIN = re.compile(r"[A-Za-z][A-Za-z0-9_.\-]{1,63}")
SUBJECT = re.compile(r"person:[0-9a-f]{32}|entity:[0-9A-Z]{18}")


class AccountRefusedError(RefusedError):
    """The account cannot be made or changed so."""

    code = "organisations.account_refused"


class PasswordRefusedError(RefusedError):
    """The new password will not do."""

    code = "organisations.password_refused"


@transaction.atomic
def create_staff(
    *,
    login: str,
    name: str,
    password: str,
    by: Actor,
    at: datetime,
    phone: str = "",
    is_demo: bool = False,
) -> int:
    """Make an account for a member of staff; it holds no post yet.

    The first password is known to somebody else, so the first sign-in must change it; only
    demonstration accounts keep it.

    Returns:
        The id of the account.

    Raises:
        PermissionRefusedError: `by` is not a system administrator.
        AccountRefusedError: login taken or not of the form, no name, or a demonstration account
            outside a demonstration.
        PasswordRefusedError: the password is too simple.

    Source:
        GB/T 22239-2019 第8.1.4.1, 第8.1.4.2.
    """
    require(by, Permission.USER_MANAGE, department=EVERYWHERE)
    if is_demo and not settings.DEMO:
        raise AccountRefusedError("演示账号只能在演示环境中建立，请改建正式账号。")
    user = _create(
        User(
            login=login,
            name=name.strip(),
            kind=UserKind.STAFF.value,
            phone=phone,
            is_demo=is_demo,
            created_at=at,
            password_changed_at=at if is_demo else None,
        ),
        password=password,
        at=at,
    )
    if is_demo:
        bind_demo(user, at=at)
    audit.record(at=at, actor=by.ref, act="organisations.create_staff", target=user.ref, ip=by.ip)
    return user.pk


@transaction.atomic
def create_applicant_account(
    *,
    login: str,
    password: str,
    phone: str,
    subject_ref: str,
    name: str,
    by: Actor,
    at: datetime,
    is_demo: bool = False,
) -> int:
    """Make the account of a citizen or firm whose identity has been checked (实名账号).

    Args:
        login: Chosen name.
        password: Empty for somebody who signs in through an identity provider only.
        phone: For messages.
        subject_ref: `person:<hex>` or `entity:<uscc>`; one account each.
        name: Shown on pages.
        by: A clerk who saw the papers, or the job that heard from the identity provider.
        at: Moment of the act.
        is_demo: An invented person.

    Raises:
        PermissionRefusedError: `by` is neither a clerk nor the program itself.
        AccountRefusedError: login or subject taken or not of the form.
        PasswordRefusedError: the password is too simple.
    """
    if not (by.ref.startswith(("job:", "system:")) or by.may_somewhere(Permission.PERSON_FIND)):
        raise PermissionRefusedError("实名账号由窗口核验身份后建立，请到综合窗口办理。")
    if not SUBJECT.fullmatch(subject_ref):
        raise AccountRefusedError("实名账号须对应已登记的自然人或者法人，请先登记主体信息。")
    if is_demo and not settings.DEMO:
        raise AccountRefusedError("演示账号只能在演示环境中建立，请改建正式账号。")
    if User.objects.filter(subject_ref=subject_ref).exists():
        raise AccountRefusedError("该主体已有账号，请直接登录，忘记密码可到综合窗口重置。")
    kind = UserKind.PERSON if subject_ref.startswith("person:") else UserKind.ENTITY
    user = _create(
        User(
            login=login,
            name=name.strip(),
            kind=kind.value,
            subject_ref=subject_ref,
            phone=secret_box.lock(phone) if phone else "",
            is_demo=is_demo,
            created_at=at,
            password_changed_at=at,
        ),
        password=password,
        at=at,
        without_password=not password,
    )
    audit.record(
        at=at,
        actor=by.ref,
        act="organisations.create_applicant_account",
        target=user.ref,
        detail={"subject": subject_ref},
        ip=by.ip,
    )
    return user.pk


def change_password(*, login: str, old: str, new: str, at: datetime, ip: str = "") -> None:
    """Change one's own password.

    A wrong old password counts towards the lock, so an open desk is no place for guessing.

    Raises:
        PasswordRefusedError: locked, the old one is wrong, or the new one is too simple or was
            in use.
    """
    with transaction.atomic():
        user = User.objects.select_for_update().get(login=login)
        if user.locked_until is not None and at < user.locked_until:
            raise PasswordRefusedError(SignInState.LOCKED.label)
        is_right = check_password(old, user.password)
        if is_right:
            _change(user, new, at=at, ip=ip)
        else:
            count_failure(user, at=at, ip=ip)
    if not is_right:  # after the count is kept
        raise PasswordRefusedError("原密码不正确，请重新输入。")


def _change(user: User, new: str, *, at: datetime, ip: str) -> None:
    _set_password(user, new, at=at)
    user.password_changed_at = at
    user.save(update_fields=["password", "password_changed_at"])
    audit.record(at=at, actor=user.ref, act="organisations.change_password", target=user.ref, ip=ip)


@transaction.atomic
def reset_password(*, login: str, new: str, by: Actor, at: datetime) -> None:
    """Give a member of staff a password that the next sign-in must change, and lift a lock.

    Raises:
        PermissionRefusedError: `by` is not a system administrator.
        PasswordRefusedError: an applicant's account, which has no second step; or the password
            is too simple or was in use.
        ObjectDoesNotExist: no account has that login.
    """
    require(by, Permission.USER_MANAGE, department=EVERYWHERE)
    user = User.objects.select_for_update().get(login=login)
    if user.kind != UserKind.STAFF:
        raise PasswordRefusedError(
            "申请人的密码不能由管理员重置，请申请人持证件到综合窗口核验身份。"
        )
    _set_password(user, new, at=at)
    user.password_changed_at = None
    user.failed_count = 0
    user.locked_until = None
    user.save(update_fields=["password", "password_changed_at", "failed_count", "locked_until"])
    audit.record(at=at, actor=by.ref, act="organisations.reset_password", target=user.ref, ip=by.ip)


@transaction.atomic
def close_account(*, login: str, reason: str, by: Actor, at: datetime) -> None:
    """Stop an account from signing in; its past acts stay.

    Raises:
        PermissionRefusedError: `by` is not a system administrator.
        AccountRefusedError: it is the actor's own, is closed already, or no reason is given.
    """
    require(by, Permission.USER_MANAGE, department=EVERYWHERE)
    user = User.objects.select_for_update().get(login=login)
    if user.ref == by.ref:
        raise AccountRefusedError("不能停用自己的账号，请由另一名系统管理员办理。")
    if not user.is_active:
        raise AccountRefusedError("该账号已停用，无需重复操作。")
    if not reason.strip():
        raise AccountRefusedError("请填写停用原因，原因将记入日志。")
    user.is_active = False
    user.save(update_fields=["is_active"])
    audit.record(
        at=at,
        actor=by.ref,
        act="organisations.close_account",
        target=user.ref,
        purpose=reason.strip(),
        ip=by.ip,
    )


@transaction.atomic
def reopen_account(*, login: str, reason: str, by: Actor, at: datetime) -> None:
    """Let a closed account sign in again.

    Raises:
        PermissionRefusedError: `by` is not a system administrator.
        AccountRefusedError: it is open, or no reason is given.
    """
    require(by, Permission.USER_MANAGE, department=EVERYWHERE)
    user = User.objects.select_for_update().get(login=login)
    if user.is_active:
        raise AccountRefusedError("该账号未停用，无需恢复。")
    if not reason.strip():
        raise AccountRefusedError("请填写恢复原因，原因将记入日志。")
    user.is_active = True
    user.save(update_fields=["is_active"])
    audit.record(
        at=at,
        actor=by.ref,
        act="organisations.reopen_account",
        target=user.ref,
        purpose=reason.strip(),
        ip=by.ip,
    )


def _create(user: User, *, password: str, at: datetime, without_password: bool = False) -> User:
    if not LOGIN.fullmatch(user.login):
        raise AccountRefusedError("账号应以字母开头，由2至64个字母、数字、点、下划线或连字符组成。")
    if not user.name:
        raise AccountRefusedError("请填写姓名或者名称。")
    if User.objects.filter(login__iexact=user.login).exists():
        raise AccountRefusedError("该账号已被使用，请换一个。")
    user.set_unusable_password()
    user.save()
    if not without_password:
        _set_password(user, password, at=at)
        user.save(update_fields=["password"])
    return user


def _set_password(user: User, new: str, *, at: datetime) -> None:
    """Check `new` against the rules and the last passwords, and keep it in the history."""
    if fault := password_fault(new, login=user.login):
        raise PasswordRefusedError(fault)
    past = user.old_passwords.order_by("-set_at", "-pk").values_list("hash", flat=True)
    if any(check_password(new, hashed) for hashed in past[:PASSWORD_HISTORY]):
        raise PasswordRefusedError(
            f"新密码不能与最近{PASSWORD_HISTORY}次使用的密码相同，请换一个。"
        )
    user.password = make_password(new)
    PasswordHistory.objects.create(user=user, hash=user.password, set_at=at)
