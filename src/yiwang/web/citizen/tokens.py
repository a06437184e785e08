"""Keys of limited purpose with which an applicant's own program acts (我的令牌)."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from yiwang.catalogue import queries as catalogue
from yiwang.catalogue.policy.items import Channel
from yiwang.organisations import queries as organisations
from yiwang.organisations import services
from yiwang.organisations.policy.own_tokens import PURPOSE_LENGTH, OwnScope
from yiwang.organisations.policy.signin import PROOF_TIME
from yiwang.organisations.queries import Proof
from yiwang.web.accounts import session
from yiwang.web.accounts.signing_in import PASSWORD_LENGTH
from yiwang.web.citizen import guides
from yiwang.web.citizen.known import subject_name
from yiwang.web.views import APPLICANT, FormPage, Page

LIVES = (7, 30, 90, 365)
"""Days that are offered, as far as the district allows them."""


class Tokens(Page):
    """One's keys: for whom, for what, until when, last used; each can be taken back."""

    permission = APPLICANT
    template_name = "citizen/tokens.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """List them, newest first."""
        return self.render(
            {
                "tokens": [
                    {
                        "row": one,
                        "subject": subject_name(one.subject_ref),
                        "scopes": [scope.label for scope in one.scopes],
                        "ended": one.revoked_at is not None or one.expires_at <= self.at,
                    }
                    for one in organisations.own_tokens(by=self.actor)
                ]
            }
        )


class TokenForm(forms.Form):
    """Shape only; the rules are the service's."""

    use_required_attribute = False
    purpose = forms.CharField(
        label=_l("用途"),
        max_length=PURPOSE_LENGTH,
        help_text=_l("例如：公司财务软件查办件进度。每次使用都会和这个用途一起留痕。"),
        error_messages={"required": _l("请填写用途，说明哪个程序用来做什么。")},
    )
    subject = forms.ChoiceField(
        label=_l("代谁办事"),
        widget=forms.RadioSelect,
        error_messages={"required": _l("请选择程序代谁办事。")},
    )
    scopes = forms.MultipleChoiceField(
        label=_l("允许程序做什么"),
        choices=[(one.value, _l(one.label)) for one in OwnScope],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _l("请至少选择一项允许程序做的事。")},
    )
    item = forms.ChoiceField(
        label=_l("只能申请哪个事项"),
        help_text=_l("只在允许填报、提交申请时有用。"),
        required=False,
    )
    days = forms.ChoiceField(
        label=_l("有效期"),
        widget=forms.RadioSelect,
        error_messages={"required": _l("请选择有效期。")},
    )
    proof = forms.CharField(
        max_length=PASSWORD_LENGTH,
        strip=False,
        error_messages={"required": _l("请再次证明是您本人。")},
    )

    def __init__(
        self,
        *given: Any,
        subjects: list[tuple[str, str]],
        items: list[tuple[str, str]],
        longest: int,
        proof: Proof,
        **named: Any,
    ) -> None:
        super().__init__(*given, **named)
        self._choose("subject", subjects)
        self._choose("item", [("", _("不限")), *items])
        self._choose(
            "days", [(str(one), _("%(days)d天") % {"days": one}) for one in LIVES if one <= longest]
        )
        field = self.fields["proof"]
        if proof is Proof.PROVIDER:
            del self.fields["proof"]
        elif proof is Proof.CODE:
            field.label = _("手机动态码")
            field.widget = forms.TextInput(
                attrs={"inputmode": "numeric", "autocomplete": "one-time-code"}
            )
        else:
            field.label = _("登录密码")
            field.widget = forms.PasswordInput(attrs={"autocomplete": "current-password"})

    def _choose(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices


class NewToken(FormPage):
    """Make a key; it is shown once."""

    permission = APPLICANT
    template_name = "citizen/token_new.html"

    def form(self) -> TokenForm:
        """Return the form with what this account may choose."""
        sent = self.request.POST if self.request.method == "POST" else None
        subjects = [(ref, subject_name(ref)) for ref in sorted(self.actor.subjects, reverse=True)]
        return TokenForm(
            data=sent,
            initial={"subject": subjects[0][0] if len(subjects) == 1 else "", "days": "30"},
            subjects=subjects,
            items=sorted(
                (item.slug, guides.localized(item).name)
                for item in catalogue.items(on=self.today)
                if Channel.PORTAL in item.channels
            ),
            longest=services.own_token_days(),
            proof=self.proof,
        )

    @cached_property
    def proof(self) -> Proof:
        """What this account shows a second time."""
        return organisations.proof_of(self.actor.ref.removeprefix("user:"))

    def context(self, **given: Any) -> dict[str, Any]:
        """Say whether to sign in anew at the provider first, and by what name it goes."""
        moment = session.proved_at(self.request)
        needed = self.proof is Proof.PROVIDER and (moment is None or self.at - moment > PROOF_TIME)
        provider = settings.OIDC_NAME if settings.OIDC_URL else ""
        return super().context(prove=needed, provider=provider, **given)

    def valid(self, form: TokenForm) -> HttpResponse:
        """Make it and show it, once; a proof by the provider is good for one."""
        said = form.cleaned_data
        made = services.make_own_token(
            purpose=said["purpose"],
            subject_ref=said["subject"],
            scopes=[OwnScope(one) for one in said["scopes"]],
            items=[said["item"]] if said["item"] else [],
            days=int(said["days"]),
            proof=said.get("proof", ""),
            proved_at=session.proved_at(self.request),
            by=self.actor,
            at=self.at,
        )
        self.request.session.pop(session.PROVED, None)
        shown = self.render({"made": made}, template="citizen/token_made.html")
        shown["Cache-Control"] = "no-store"
        return shown


class RevokeToken(Page):
    """Take a key back; the next call with it is refused."""

    permission = APPLICANT

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Lead to the list: nothing is taken back by a link."""
        return redirect("citizen:tokens")

    def post(self, request: HttpRequest, token: int) -> HttpResponse:
        """Take it back."""
        services.revoke_own_token(token_id=token, by=self.actor, at=self.at)
        messages.success(request, _("令牌已收回，程序不能再使用它。"))
        return redirect("citizen:tokens")
