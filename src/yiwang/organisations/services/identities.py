"""Signing in by way of an identity provider (统一身份认证)."""

from __future__ import annotations

import secrets
from datetime import datetime

from django.db import IntegrityError, transaction

from yiwang.audit import services as audit
from yiwang.kernel.errors import RefusedError
from yiwang.organisations.models import IdentityLink, User
from yiwang.organisations.permissions import Actor
from yiwang.organisations.policy.terms import UserKind
from yiwang.organisations.services.accounts import create_applicant_account
from yiwang.organisations.services.signin import NOBODY, SignIn, SignInState, trace_sign_in

LOGIN_BYTES = 6


class IdentityRefusedError(RefusedError):
    """The identity cannot be tied to an account."""

    code = "organisations.identity_refused"


@transaction.atomic
def authenticate_identity(
    *, provider: str, identity: str, at: datetime, ip: str = ""
) -> SignIn | None:
    """Return the account tied to an identity of the provider; None when none is tied yet."""
    link = (
        IdentityLink.objects.select_related("user")
        .filter(provider=provider, identity=identity)
        .first()
    )
    if link is None:
        return None
    user = link.user
    state = SignInState.PASSED if user.may_sign_in else SignInState.CLOSED
    passed = state is SignInState.PASSED
    trace_sign_in(
        at=at,
        actor=user.ref if passed else NOBODY,
        target=user.ref,
        state=state,
        ip=ip,
        provider=provider,
    )
    return SignIn(state=state, user_id=user.pk if passed else None, login=user.login)


@transaction.atomic
def link_identity(
    *, provider: str, identity: str, subject_ref: str, name: str, by: Actor, at: datetime
) -> int:
    """Tie an identity to the account of a person or firm, making the account if there is none.

    Args:
        provider: Short name of the provider.
        identity: Its lasting name for the person (`sub`).
        subject_ref: The person or firm whose number the provider verified; never an e-mail
            address, which anybody may claim.
        name: For a fresh account.
        by: The program.
        at: Moment of the act.

    Returns:
        The id of the account.

    Raises:
        IdentityRefusedError: the account is closed, or tied to another identity there.
    """
    user = User.objects.select_for_update().filter(subject_ref=subject_ref).first()
    if user is None:
        login = f"id-{secrets.token_hex(LOGIN_BYTES)}"
        create_applicant_account(
            login=login, password="", phone="", subject_ref=subject_ref, name=name, by=by, at=at
        )
        user = User.objects.select_for_update().get(login=login)
    if not user.is_active or user.kind == UserKind.STAFF:
        raise IdentityRefusedError("该实名账号已停用，请到综合窗口核验身份后恢复。")
    try:
        with transaction.atomic():
            IdentityLink.objects.create(
                user=user, provider=provider, identity=identity, linked_at=at
            )
    except IntegrityError as error:
        raise IdentityRefusedError(
            "该实名账号已关联另一个统一身份认证账号，请用原账号登录，或者到综合窗口办理变更。"
        ) from error
    audit.record(
        at=at,
        actor=by.ref,
        act="organisations.link_identity",
        target=user.ref,
        detail={"provider": provider},
        ip=by.ip,
    )
    return user.pk
