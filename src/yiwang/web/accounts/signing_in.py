"""Signing in: password, second step, binding a phone, and out again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.contrib import auth, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from yiwang.documents.codes import qr_image
from yiwang.organisations import queries as organisations
from yiwang.organisations import services
from yiwang.organisations.services import SignInState
from yiwang.web.accounts import session
from yiwang.web.requests import address_of
from yiwang.web.views import FormPage, Page

LOGIN_LENGTH = 64
PASSWORD_LENGTH = 128
CODE_LENGTH = 12
"""Room for a code typed with spaces."""


class LoginForm(forms.Form):
    """Shape only."""

    use_required_attribute = False
    login = forms.CharField(
        label=_l("账号"),
        max_length=LOGIN_LENGTH,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none"}),
        error_messages={"required": _l("请输入账号。")},
    )
    password = forms.CharField(
        label=_l("密码"),
        max_length=PASSWORD_LENGTH,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        error_messages={"required": _l("请输入密码。")},
    )
    next = forms.CharField(required=False, widget=forms.HiddenInput)


class CodeForm(forms.Form):
    """Shape only."""

    use_required_attribute = False
    code = forms.CharField(
        label=_l("动态码"),
        help_text=_l("打开手机上的动态口令应用，输入显示的6位数字。"),
        max_length=CODE_LENGTH,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
        error_messages={"required": _l("请输入6位动态码。")},
    )


class Login(FormPage):
    """The first step: account and password; citizens may come by way of their provider."""

    form_class = LoginForm
    template_name = "accounts/login.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the form, or go on when the session is open."""
        if request.user.is_authenticated:
            return redirect(session.way_on(request, request.GET.get("next", ""), self.actor))
        return super().get(request, *args, **kwargs)

    def initial(self) -> dict[str, Any]:
        """Keep where the visitor wanted to go."""
        return {"next": self.request.GET.get("next", "")}

    def context(self, **given: Any) -> dict[str, Any]:
        """Add the identity provider, if one is set."""
        return super().context(provider=settings.OIDC_NAME if settings.OIDC_URL else "", **given)

    def valid(self, form: LoginForm) -> HttpResponse:
        """Check the password; staff go on to the second step."""
        answer = services.authenticate_password(
            login=form.cleaned_data["login"],
            password=form.cleaned_data["password"],
            at=self.at,
            ip=address_of(self.request),
        )
        if answer.user_id is None:
            form.add_error(None, _(answer.state.label))
            return self.invalid(form)
        wish = form.cleaned_data["next"]
        if answer.needs_second_step:
            session.wait_for_second_step(
                self.request,
                session.Pending(
                    user_id=answer.user_id,
                    login=answer.login,
                    next=wish,
                    must_change_password=answer.must_change_password,
                ),
                at=self.at,
            )
            bound = services.has_phone(user_id=answer.user_id)
            return redirect("accounts:code" if bound else "accounts:bind")
        return open_session(self, answer.user_id, wish)


class _SecondStep(FormPage):
    """A page between the right password and the open session."""

    form_class = CodeForm

    @cached_property
    def pending(self) -> session.Pending | None:
        """Who gave the right password."""
        return session.pending(self.request, at=self.at)

    def stopped(self) -> HttpResponse | None:
        """Send back to the first step whoever did not take it, or took it too long ago."""
        if self.pending is None:
            messages.warning(self.request, _("请先输入账号和密码，再输入动态码。"))
            return redirect("accounts:login")
        return super().stopped()


class Code(_SecondStep):
    """The second step of staff: a code from the phone."""

    template_name = "accounts/code.html"

    def context(self, **given: Any) -> dict[str, Any]:
        """Add the code itself for invented accounts of a demonstration."""
        assert self.pending is not None
        code = services.demo_code(user_id=self.pending.user_id, at=self.at)
        return super().context(login=self.pending.login, demo_code=code, **given)

    def valid(self, form: CodeForm) -> HttpResponse:
        """Check the code and open the session."""
        assert self.pending is not None
        state = services.check_code(
            user_id=self.pending.user_id,
            code=form.cleaned_data["code"],
            at=self.at,
            ip=address_of(self.request),
        )
        if state in {SignInState.LOCKED, SignInState.CLOSED}:
            self.request.session.flush()
            messages.error(self.request, _(state.label))
            return redirect("accounts:login")
        if state is not SignInState.PASSED:
            form.add_error("code", _("动态码不正确或者已经用过，请输入手机上最新的动态码。"))
            return self.invalid(form)
        return open_session(
            self,
            self.pending.user_id,
            self.pending.next,
            must_change_password=self.pending.must_change_password,
        )


class Bind(_SecondStep):
    """Bind a phone at the first sign-in; the code that proves it is the second step too."""

    template_name = "accounts/bind.html"

    @cached_property
    def binding(self) -> services.Binding:
        """The secret on offer, the same until it is taken."""
        assert self.pending is not None
        if self.pending.secret:
            return services.binding_of(login=self.pending.login, secret=self.pending.secret)
        fresh = services.offer_binding(login=self.pending.login)
        session.wait_for_second_step(
            self.request, replace(self.pending, secret=fresh.secret), at=self.at
        )
        return fresh

    def context(self, **given: Any) -> dict[str, Any]:
        """Add the QR code and the secret in groups of four."""
        secret = self.binding.secret
        return super().context(
            picture=qr_image(self.binding.address),
            secret=" ".join(secret[start : start + 4] for start in range(0, len(secret), 4)),
            **given,
        )

    def valid(self, form: CodeForm) -> HttpResponse:
        """Bind the phone and open the session."""
        assert self.pending is not None
        services.bind_phone(
            user_id=self.pending.user_id,
            secret=self.binding.secret,
            code=form.cleaned_data["code"],
            at=self.at,
            ip=address_of(self.request),
        )
        return open_session(
            self,
            self.pending.user_id,
            self.pending.next,
            must_change_password=self.pending.must_change_password,
        )


class Logout(Page):
    """End the session."""

    http_method_names: ClassVar[list[str]] = ["post"]  # type: ignore[misc]  # Django's is no ClassVar

    def post(self, request: HttpRequest) -> HttpResponse:
        """Forget everything about the session."""
        auth.logout(request)
        messages.success(request, _("您已退出登录。"))
        return redirect("/")


def open_session(
    page: Page, user_id: int, wish: str, *, must_change_password: bool = False
) -> HttpResponse:
    """Open the session and go where the visitor wanted to go."""
    session.sign_in(page.request, user_id, at=page.at, must_change_password=must_change_password)
    if must_change_password:
        return redirect("accounts:password")
    actor = organisations.actor_for(user_id, at=page.at)
    return redirect(session.way_on(page.request, wish, actor))
