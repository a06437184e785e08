"""One's own account: posts, password, open sessions."""

from __future__ import annotations

from typing import Any

from allauth.usersessions.models import UserSession
from django import forms
from django.contrib import auth, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from yiwang.organisations import queries as organisations
from yiwang.organisations import services
from yiwang.organisations.policy.signin import PASSWORD_MAX_AGE, PASSWORD_MIN_CHARS
from yiwang.web.accounts.session import MUST_CHANGE
from yiwang.web.accounts.signing_in import PASSWORD_LENGTH
from yiwang.web.requests import address_of
from yiwang.web.views import SIGNED_IN, FormPage, Page


class Home(Page):
    """Who is signed in, with which posts or for whom."""

    permission = SIGNED_IN
    template_name = "accounts/home.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the account."""
        names = {unit.code: unit.name for unit in organisations.departments()}
        return self.render(
            {
                "posts": [
                    (names.get(code, _("全区")), "、".join(sorted(post.label for post in posts)))
                    for code, posts in sorted(self.actor.posts.items())
                ],
                "is_applicant": bool(self.actor.subjects),
            }
        )


class PasswordForm(forms.Form):
    """Shape only; the rules are the service's."""

    use_required_attribute = False
    old = forms.CharField(
        label=_l("原密码"),
        max_length=PASSWORD_LENGTH,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        error_messages={"required": _l("请输入原密码。")},
    )
    new = forms.CharField(
        label=_l("新密码"),
        help_text=_l(
            "不少于%(least)d个字符，包含大写字母、小写字母、数字、其他符号中的至少3类，"
            "不能与最近5次使用的密码相同。"
        )
        % {"least": PASSWORD_MIN_CHARS},
        max_length=PASSWORD_LENGTH,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        error_messages={"required": _l("请输入新密码。")},
    )
    again = forms.CharField(
        label=_l("再次输入新密码"),
        max_length=PASSWORD_LENGTH,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        error_messages={"required": _l("请再次输入新密码。")},
    )

    def clean(self) -> dict[str, Any]:
        """Compare the two new passwords."""
        cleaned = super().clean() or {}
        if "new" in cleaned and "again" in cleaned and cleaned["new"] != cleaned["again"]:
            self.add_error("again", _("两次输入的新密码不一致，请重新输入。"))
        return cleaned


class Password(FormPage):
    """Change one's password; the other sessions of the account end."""

    permission = SIGNED_IN
    form_class = PasswordForm
    template_name = "accounts/password.html"

    def context(self, **given: Any) -> dict[str, Any]:
        """Say why the page stands in the way, if it does."""
        must = bool(self.request.session.get(MUST_CHANGE))
        return super().context(must_change=must, max_age_days=PASSWORD_MAX_AGE.days, **given)

    def valid(self, form: PasswordForm) -> HttpResponse:
        """Change it and keep this session."""
        user = self.request.user
        assert user.is_authenticated
        services.change_password(
            login=user.get_username(),
            old=form.cleaned_data["old"],
            new=form.cleaned_data["new"],
            at=self.at,
            ip=address_of(self.request),
        )
        user.refresh_from_db()
        auth.update_session_auth_hash(self.request, user)
        self.request.session.pop(MUST_CHANGE, None)
        UserSession.objects.create_from_request(self.request)
        messages.success(self.request, _("密码已更改，其他设备上的登录已退出。"))
        return redirect("accounts:home")


class Sessions(Page):
    """Where the account is signed in; any of them can be ended."""

    permission = SIGNED_IN
    template_name = "accounts/sessions.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """List the open sessions."""
        return self.render({"sessions": UserSession.objects.purge_and_list(request.user)})

    def post(self, request: HttpRequest) -> HttpResponse:
        """End one session of one's own."""
        wanted = request.POST.get("session", "")
        for one in UserSession.objects.filter(user_id=request.user.pk):
            if str(one.pk) == wanted and not one.is_current():
                one.end()
                messages.success(request, _("该设备已退出登录。"))
        return redirect("accounts:sessions")
