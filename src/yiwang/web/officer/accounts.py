"""Accounts and posts for two of the three administrators (账号、岗位)."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from yiwang.organisations import queries as organisations
from yiwang.organisations import services
from yiwang.organisations.permissions import EVERYWHERE, Permission, Post
from yiwang.organisations.policy.signin import PASSWORD_MIN_CHARS
from yiwang.organisations.queries import AccountView, TokenView
from yiwang.web.officer.scope import department_names
from yiwang.web.views import FormPage, Page, found

ACTS = {
    "close": _l("停用账号"),
    "reopen": _l("恢复账号"),
    "reset": _l("重置密码"),
    "unbind": _l("解绑手机"),
}


class _Accounts(Page):
    """List of staff accounts with their posts."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show one page of the list."""
        text = request.GET.get("text", "").strip()[:60]
        after = request.GET.get("after", "")[:64]
        page = organisations.staff_accounts(by=self.actor, at=self.at, text=text, after=after)
        return self.render(
            {"page": page, "text": text, "first": not after, "names": _department_names()}
        )


class Accounts(_Accounts):
    """Accounts, for the system administrator: who may sign in."""

    permission: ClassVar[Permission] = Permission.USER_MANAGE
    template_name = "officer/accounts/list.html"
    nav = "users"


class Posts(_Accounts):
    """The same accounts for the security administrator: who may do what."""

    permission: ClassVar[Permission] = Permission.POST_GRANT
    template_name = "officer/accounts/posts.html"
    nav = "posts"


class NewAccountForm(forms.Form):
    """A new account of staff."""

    use_required_attribute = False

    login = forms.CharField(
        label=_l("账号"),
        max_length=64,
        help_text=_l("以字母开头，可含字母、数字、点、下划线和连字符。"),
        error_messages={"required": _l("请填写账号。")},
    )
    name = forms.CharField(
        label=_l("姓名"), max_length=60, error_messages={"required": _l("请填写姓名。")}
    )
    phone = forms.CharField(label=_l("手机号码"), max_length=20, required=False)
    password = forms.CharField(
        label=_l("初始密码"),
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_l("不少于%d个字符，含大写、小写、数字、符号中的三类；首次登录须修改。")
        % PASSWORD_MIN_CHARS,
        error_messages={"required": _l("请设置初始密码。")},
    )


class NewAccount(FormPage):
    """Make an account; it holds no post until the security administrator gives one."""

    permission: ClassVar[Permission] = Permission.USER_MANAGE
    template_name = "officer/accounts/new.html"
    nav = "users"
    form_class = NewAccountForm

    def valid(self, form: NewAccountForm) -> HttpResponse:
        """Make it and return to the list."""
        services.create_staff(**form.cleaned_data, by=self.actor, at=self.at)
        messages.success(self.request, _("账号已建立，请安全管理员授予岗位。"))
        return redirect("officer:users")


class ReasonForm(forms.Form):
    """Why an account is closed or opened again."""

    use_required_attribute = False

    text = forms.CharField(
        label=_l("原因"),
        max_length=200,
        help_text=_l("记入操作日志。"),
        error_messages={"required": _l("请填写原因，原因将记入日志。")},
    )


class PasswordForm(forms.Form):
    """The password that the next sign-in must change."""

    use_required_attribute = False

    text = forms.CharField(
        label=_l("新密码"),
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_l("本人下次登录时须修改。"),
        error_messages={"required": _l("请设置新密码。")},
    )


class ChangeAccount(FormPage):
    """Second step of closing, reopening or resetting: names the person and the consequence."""

    permission: ClassVar[Permission] = Permission.USER_MANAGE
    template_name = "officer/accounts/change.html"
    nav = "users"

    @cached_property
    def account(self) -> AccountView:
        """The account of the address."""
        return found(
            lambda: organisations.staff_account(self.kwargs["login"], by=self.actor, at=self.at)
        )

    def form(self) -> forms.Form:
        """Return the form of the act."""
        form_class = PasswordForm if self.kwargs["act"] == "reset" else ReasonForm
        return form_class(self.request.POST if self.request.method == "POST" else None)

    def context(self, **given: Any) -> dict[str, Any]:
        """Add the account, the act and what follows from it."""
        consequences = {
            "close": _("停用后本人不能再登录，已办理的记录保留。"),
            "reopen": _("恢复后本人可以用原密码登录，原有岗位继续有效。"),
            "reset": _("原密码立即失效，账号锁定同时解除。"),
            "unbind": _("原手机的动态码立即失效，本人下次登录时绑定新手机。请先当面核实身份。"),
        }
        act = self.kwargs["act"]
        return super().context(
            account=self.account,
            object=f"{self.account.name}（{self.account.login}）",
            words=ACTS[act],
            consequence=consequences[act],
            **given,
        )

    def valid(self, form: Any) -> HttpResponse:
        """Do it."""
        login, text, act = self.account.login, form.cleaned_data["text"], self.kwargs["act"]
        if act == "reset":
            services.reset_password(login=login, new=text, by=self.actor, at=self.at)
        elif act == "close":
            services.close_account(login=login, reason=text, by=self.actor, at=self.at)
        elif act == "unbind":
            services.unbind_phone(login=login, reason=text, by=self.actor, at=self.at)
        else:
            services.reopen_account(login=login, reason=text, by=self.actor, at=self.at)
        messages.success(
            self.request, _("%(act)s：%(who)s，已完成。") % {"act": ACTS[act], "who": login}
        )
        return redirect("officer:users")


class Tokens(Page):
    """The keys with which programs act for an account (接口令牌)."""

    permission: ClassVar[Permission] = Permission.USER_MANAGE
    template_name = "officer/accounts/tokens.html"
    nav = "users"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the latest."""
        login = self.kwargs["login"]
        account = found(lambda: organisations.staff_account(login, by=self.actor, at=self.at))
        tokens = organisations.tokens_of(login, by=self.actor)
        return self.render({"account": account, "tokens": tokens})


class RevokeToken(FormPage):
    """Second step of taking a key back."""

    permission: ClassVar[Permission] = Permission.USER_MANAGE
    template_name = "officer/accounts/change.html"
    nav = "users"
    form_class = forms.Form

    @cached_property
    def token(self) -> TokenView:
        """The key of the address."""
        return found(self._token)

    def _token(self) -> TokenView:
        tokens = organisations.tokens_of(self.kwargs["login"], by=self.actor)
        wanted = [one for one in tokens if one.id == self.kwargs["token"]]
        if not wanted:
            raise LookupError("no such token")
        return wanted[0]

    def context(self, **given: Any) -> dict[str, Any]:
        """Add whose key it is and what follows."""
        login = self.kwargs["login"]
        return super().context(
            account=found(lambda: organisations.staff_account(login, by=self.actor, at=self.at)),
            object=f"{login} · {self.token.purpose}",
            words=_("收回接口令牌"),
            consequence=_("收回后立即生效，使用该令牌的系统不能再访问。"),
            **given,
        )

    def valid(self, form: Any) -> HttpResponse:
        """Take it back."""
        services.revoke_token(token_id=self.token.id, by=self.actor, at=self.at)
        messages.success(self.request, _("令牌已收回。"))
        return redirect("officer:tokens", login=self.kwargs["login"])


class GrantForm(forms.Form):
    """One post in one department."""

    use_required_attribute = False

    post = forms.ChoiceField(
        label=_l("岗位"),
        choices=[("", "—"), *((post.value, post.label) for post in Post)],
        error_messages={"required": _l("请选择岗位。")},
    )
    department = forms.ChoiceField(
        label=_l("部门"),
        help_text=_l("管理员岗位和区领导不分部门，请选“全区”。"),
        error_messages={"required": _l("请选择部门。")},
    )

    def __init__(self, *args: Any, departments: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice = self.fields["department"]
        assert isinstance(choice, forms.ChoiceField)
        choice.choices = [("", "—"), (EVERYWHERE, str(_l("全区"))), *departments]


class AccountPosts(FormPage):
    """The posts of one person; a post is given here and taken back on a page of its own."""

    permission: ClassVar[Permission] = Permission.POST_GRANT
    template_name = "officer/accounts/person.html"
    nav = "posts"

    @cached_property
    def account(self) -> AccountView:
        """The account of the address."""
        return found(
            lambda: organisations.staff_account(self.kwargs["login"], by=self.actor, at=self.at)
        )

    def form(self) -> GrantForm:
        """Return the form with the departments in force."""
        units = [(unit.code, unit.name) for unit in organisations.departments(on=self.today)]
        sent = self.request.POST if self.request.method == "POST" else None
        return GrantForm(sent, departments=units)

    def context(self, **given: Any) -> dict[str, Any]:
        """Add the account."""
        return super().context(account=self.account, names=_department_names(), **given)

    def valid(self, form: GrantForm) -> HttpResponse:
        """Give the post."""
        post = Post(form.cleaned_data["post"])
        services.grant_post(
            login=self.account.login,
            department=form.cleaned_data["department"],
            post=post,
            by=self.actor,
            at=self.at,
        )
        messages.success(self.request, _("已授予岗位：%(post)s。") % {"post": post.label})
        return redirect("officer:person_posts", login=self.account.login)


class RevokePost(FormPage):
    """Second step of taking a post back."""

    permission: ClassVar[Permission] = Permission.POST_GRANT
    template_name = "officer/accounts/change.html"
    nav = "posts"
    form_class = forms.Form

    @property
    def post_held(self) -> Post:
        """The post of the address."""
        return found(lambda: _post(self.kwargs["post_code"]))

    def context(self, **given: Any) -> dict[str, Any]:
        """Add whose post it is and what follows."""
        account = found(
            lambda: organisations.staff_account(self.kwargs["login"], by=self.actor, at=self.at)
        )
        unit = _department_names().get(self.kwargs["department"], self.kwargs["department"])
        return super().context(
            account=account,
            object=f"{account.name}（{account.login}） · {unit} · {self.post_held.label}",
            words=_("收回岗位"),
            consequence=_("收回后立即生效，由此岗位委托他人的代理同时终止；已办理的记录保留。"),
            **given,
        )

    def valid(self, form: Any) -> HttpResponse:
        """Take it back."""
        services.revoke_post(
            login=self.kwargs["login"],
            department=self.kwargs["department"],
            post=self.post_held,
            by=self.actor,
            at=self.at,
        )
        messages.success(self.request, _("岗位已收回。"))
        return redirect("officer:person_posts", login=self.kwargs["login"])


def _post(code: str) -> Post:
    if code not in set(Post):
        raise LookupError(f"no post {code}")
    return Post(code)


def _department_names() -> dict[str, str]:
    return {EVERYWHERE: _("全区")} | dict(department_names())
