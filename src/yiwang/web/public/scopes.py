"""Which permits a scope of business needs, for whoever asks (经营范围要办哪些许可)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from yiwang.organisations.limits import Bound, TooManyTriesError, count_try, network_of
from yiwang.registration import permits
from yiwang.registration.policy.scopes import SCOPE_MAX, ScopeRefusedError
from yiwang.web.requests import address_of
from yiwang.web.views import UNPROCESSABLE, FormPage

TOO_MANY = 429

LOOK_UPS = Bound(most=60, seconds=60)
"""Scopes read per address."""


class ScopeForm(forms.Form):
    """One box; whether it can be read is for the query to say."""

    use_required_attribute = False

    scope = forms.CharField(
        label=_l("经营范围"),
        required=False,
        strip=False,
        help_text=_l("照想登记的写，或者整段粘贴；每项用分号隔开。最多 2,000 个字，不保存。"),
        widget=forms.Textarea(attrs={"rows": 5}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["scope"].required = True  # not shown as 选填; an empty one is refused in words
        self.fields["scope"].error_messages["required"] = _(
            "请填写经营范围，例如“餐饮服务；软件开发”。"
        )
        self.fields["scope"].validators = []


class Scope(FormPage):
    """Type or paste a scope of business and read which permits it needs; nothing is kept."""

    template_name = "public/scope.html"
    form_class = ScopeForm
    nav = "items"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Read the scope; what cannot be read is said at the box."""
        text = request.POST.get("scope", "")
        form = ScopeForm({"scope": text[: 2 * SCOPE_MAX].replace("\x00", "")})
        try:
            count_try(what="scope", who=network_of(address_of(request)), bound=LOOK_UPS, at=self.at)
            told = permits.permits_of(text, on=self.today) if form.is_valid() else None
        except TooManyTriesError as refusal:
            form.add_error(None, refusal.message)
            return self.render({"form": form}, status=TOO_MANY)
        except ScopeRefusedError as refusal:
            form.add_error("scope", refusal.message)
            return self.invalid(form)
        if told is None:
            return self.invalid(form)
        return self.render({"form": form, "told": told})

    def invalid(self, form: forms.Form) -> HttpResponse:
        """Show the box again with what is wrong."""
        return self.render({"form": form}, status=UNPROCESSABLE)

    def context(self, **given: Any) -> dict[str, Any]:
        """Name the items by which a business is registered."""
        found = permits.current()
        return super().context(
            registrations=permits.registration_items(on=self.today) if found else [],
            ask_item=found.rules.items[0] if found else "",
            crumbs=[(_("办事"), reverse("citizen:items"))],
            **given,
        )
