"""Signing in by way of an OpenID Connect provider for citizens (统一身份认证)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import structlog
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.providers.openid_connect import views
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from requests import RequestException

from yiwang.kernel.errors import RefusedError
from yiwang.organisations import queries as organisations
from yiwang.organisations import scope, services
from yiwang.organisations.permissions import EVERYWHERE, Actor, Post
from yiwang.organisations.services import SignIn, SignInState
from yiwang.registers import queries as registers
from yiwang.registers import services as register_services
from yiwang.web.accounts import session
from yiwang.web.requests import address_of

log = structlog.get_logger(__name__)

PROVIDER = "citizen"
"""Short name in addresses and in the accounts' links."""

UNFINISHED = "统一身份认证没有完成，请重试，或者用账号和密码登录。"
PURPOSE = "统一身份认证登录核对身份"


class NotVerifiedError(RefusedError):
    """The provider does not vouch for who the person is."""

    code = "web.identity_not_verified"


class ProviderAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Ties what the provider says to a real-name account, and to nothing less.

    The provider must vouch for the name and the citizen number. An e-mail address or a telephone
    number is never enough: whoever holds one of those need not be the person.
    """

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Open the session ourselves; allauth's own accounts are not used."""
        try:
            with scope.everything():  # the provider vouches for who they are
                answer = _account_of(request, sociallogin)
        except RefusedError as refusal:
            raise _back(request, refusal.message) from refusal
        if answer.user_id is None:
            raise _back(request, answer.state.label)
        at = timezone.now()
        wish = str(sociallogin.state.get("next") or "")
        session.sign_in(request, answer.user_id, at=at)
        actor = organisations.actor_for(answer.user_id, at=at)
        raise ImmediateHttpResponse(redirect(session.way_on(request, wish, actor)))

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: Any = None,
        exception: Exception | None = None,
        extra_context: dict[str, Any] | None = None,
    ) -> None:
        """Send the person back to the sign-in page with a sentence."""
        raise _back(request, UNFINISHED)


def start(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Send the person to the provider; one that does not answer is said so."""
    return _answered(request, lambda: views.login(request, provider_id))


def come_back(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Take the person back from the provider."""
    return _answered(request, lambda: views.callback(request, provider_id))


def _answered(request: HttpRequest, ask: Callable[[], HttpResponse]) -> HttpResponse:
    try:
        return ask()
    except RequestException as error:
        log.warning("web.identity_provider_silent", error=str(error))
        messages.error(request, _(UNFINISHED))
        return redirect("accounts:login")


def _account_of(request: HttpRequest, sociallogin: Any) -> SignIn:
    at, ip = timezone.now(), address_of(request)
    identity = str(sociallogin.account.uid)
    known = services.authenticate_identity(provider=PROVIDER, identity=identity, at=at, ip=ip)
    if known is not None:
        return known
    said = sociallogin.account.extra_data
    claims = {**said.get("id_token", {}), **said.get("userinfo", {})}
    number, name = claims.get(settings.OIDC_NUMBER_CLAIM), claims.get("name")
    if claims.get(settings.OIDC_VERIFIED_CLAIM) is not True or not number or not name:
        raise NotVerifiedError(
            _("您在统一身份认证平台的账号还没有实名，请先在该平台完成实名认证，再来登录。")
        )
    by = Actor(
        ref="system:identity-provider",
        posts={EVERYWHERE: frozenset({Post.COUNTER_CLERK})},
        ip=ip,
    )
    person = registers.find_person(id_number=str(number), by=by, at=at, purpose=PURPOSE)
    if person is None:
        person = register_services.save_person(
            id_number=str(number), name=str(name), source=settings.OIDC_NAME, by=by, at=at
        )
    services.link_identity(
        provider=PROVIDER,
        identity=identity,
        subject_ref=person.ref,
        name=str(name),
        by=by,
        at=at,
    )
    answer = services.authenticate_identity(provider=PROVIDER, identity=identity, at=at, ip=ip)
    return answer or SignIn(state=SignInState.WRONG)


def _back(request: HttpRequest, sentence: str) -> ImmediateHttpResponse:
    messages.error(request, _(sentence))
    return ImmediateHttpResponse(redirect("accounts:login"))
