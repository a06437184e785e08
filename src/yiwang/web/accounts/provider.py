"""Signing in by way of an OpenID Connect provider for citizens (统一身份认证)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import structlog
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter, get_adapter
from allauth.socialaccount.providers.base.constants import AuthProcess
from allauth.socialaccount.providers.openid_connect import views
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from requests import RequestException

from yiwang.kernel.errors import RefusedError
from yiwang.organisations import queries as organisations
from yiwang.organisations import scope, services
from yiwang.organisations.permissions import EVERYWHERE, Actor, Post
from yiwang.organisations.policy.signin import signed_in_again
from yiwang.organisations.services import SignIn, SignInState
from yiwang.registers import queries as registers
from yiwang.registers import services as register_services
from yiwang.web.accounts import session
from yiwang.web.requests import address_of
from yiwang.web.views import APPLICANT, Page

log = structlog.get_logger(__name__)

PROVIDER = "citizen"
"""Short name in addresses and in the accounts' links."""

UNFINISHED = "统一身份认证没有完成，请重试，或者用账号和密码登录。"
PURPOSE = "统一身份认证登录核对身份"

PROOF = "proof"
"""Part of the state that says: not a sign-in, but a second proof."""

NO_PROOF = gettext_noop("您的账号没有登录密码，请持证件到综合窗口核验身份并设置密码，再建立令牌。")
SOMEBODY_ELSE = gettext_noop(
    "在统一身份认证平台登录的不是本账号的本人，请用本人的账号在那里重新登录。"
)
NOT_ANEW = gettext_noop(
    "统一身份认证平台没有证明您刚才重新登录过，请再试一次，并在那里重新输入密码或者刷脸；"
    "仍然不行的，请持证件到综合窗口核验身份并设置登录密码。"
)


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
        if asked := sociallogin.state.get(PROOF):
            _prove(request, sociallogin, asked)
            wish = str(sociallogin.state.get("next") or "/")
            raise ImmediateHttpResponse(redirect(wish))
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


class Prove(Page):
    """Send whoever is signed in to the provider, to sign in there anew: a second proof."""

    permission = APPLICANT

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Ask the provider, and remember who asked and when in the state that it gives back."""
        if not settings.OIDC_URL:
            raise NotVerifiedError(_(NO_PROOF))
        return _answered(
            request,
            lambda: (
                get_adapter(request)
                .get_provider(request, PROVIDER)
                .redirect(
                    request,
                    AuthProcess.LOGIN,
                    next_url=session.way_on(request, request.GET.get("next", ""), self.actor),
                    auth_params={"prompt": "login", "max_age": "0"},
                    **{PROOF: {"user": request.user.pk, "at": self.at.timestamp()}},
                )
            ),
        )


def _prove(request: HttpRequest, sociallogin: Any, asked: dict[str, Any]) -> None:
    """Take the second proof of whoever asked for it, or say why it is none."""
    at = timezone.now()
    request.session.pop(session.PROVED, None)
    with scope.everything():  # the provider vouches for who they are
        answer = services.authenticate_identity(
            provider=PROVIDER,
            identity=str(sociallogin.account.uid),
            at=at,
            ip=address_of(request),
        )
    if (
        answer is None
        or answer.user_id is None
        or not (answer.user_id == request.user.pk == asked["user"])
    ):
        messages.error(request, _(SOMEBODY_ELSE))
        return
    moment = signed_in_again(
        sociallogin.account.extra_data.get("id_token", {}).get("auth_time"),
        asked_at=datetime.fromtimestamp(asked["at"], UTC),
        at=at,
    )
    if moment is None:
        messages.error(request, _(NOT_ANEW))
        return
    request.session[session.PROVED] = moment.timestamp()


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
