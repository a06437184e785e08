"""Asking for the paper result by post (结果邮寄)."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from yiwang.cases import services
from yiwang.cases.policy.posting import PostingState, place_problems, state_problem
from yiwang.cases.policy.visiting import ADDRESS_LENGTH, CONTACT_LENGTH, NUMBER_LENGTH
from yiwang.cases.queries import dialled
from yiwang.cases.queries.posting import PostingView, place_known, posting_of
from yiwang.web.citizen.cases import OwnCase
from yiwang.web.views import FormPage


class PostingForm(forms.Form):
    """Where the paper result goes; what the platform holds is filled in or need not be typed."""

    use_required_attribute = False

    to_name = forms.CharField(
        label=_l("收件人"),
        max_length=CONTACT_LENGTH,
        required=False,
        error_messages={"max_length": _l("收件人最多60个字，请删减。")},
    )
    phone = forms.CharField(
        label=_l("收件电话"),
        max_length=NUMBER_LENGTH,
        required=False,
        help_text=_l("不填就用已登记的电话。"),
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "tel"}),
        error_messages={"max_length": _l("电话最多20个字，请核对。")},
    )
    address = forms.CharField(
        label=_l("收件地址"),
        max_length=ADDRESS_LENGTH,
        required=False,
        help_text=_l("写明街道、门牌和室号。"),
        widget=forms.TextInput(attrs={"autocomplete": "street-address"}),
        error_messages={"max_length": _l("收件地址最多200个字，请删减。")},
    )

    def clean(self) -> dict[str, Any]:
        """Say beside its field what leads nowhere; what is left empty is as registered."""
        given = super().clean() or self.cleaned_data
        typed = {
            "to_name": given.get("to_name", ""),
            "phone": dialled(given.get("phone", "")),
            "address": given.get("address", ""),
        }
        for name, wrong in place_problems(**typed).items():
            if typed[name] and name not in self.errors:
                self.add_error(name, wrong)
        return given


class Posting(OwnCase, FormPage):
    """Ask that the result be posted, say anew where to, or take the wish back."""

    template_name = "citizen/posting.html"
    form_class = PostingForm

    @cached_property
    def wish(self) -> PostingView | None:
        """The newest wish; None: there was none."""
        return posting_of(self.case.number, by=self.actor)

    def initial(self) -> dict[str, str]:
        """Fill in what was said of this case before, or what is registered."""
        if self.wish is not None:
            return {
                "to_name": self.wish.to_name,
                "phone": self.wish.phone,
                "address": self.wish.address,
            }
        return place_known(self.case.number, by=self.actor)

    def context(self, **given: Any) -> dict[str, Any]:
        """Add how the wish stands, and why none can be had."""
        state = self.wish.state if self.wish else None
        return super().context(
            wish=self.wish,
            waiting=state is PostingState.WAITING,
            sent=state is PostingState.SENT,
            ended=state is PostingState.ENDED,
            closed=state_problem(self.case.state, by_mail=self.item.mail_result),
            **given,
        )

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Take the wish back where that was pressed, else ask."""
        if "take_back" not in request.POST:
            return super().post(request, *args, **kwargs)
        services.take_posting_back(number=self.case.number, by=self.actor, at=self.at)
        messages.success(request, _("已取消邮寄。"))
        return redirect("citizen:case", number=self.case.number)

    def valid(self, form: PostingForm) -> HttpResponse:
        """Ask."""
        services.ask_posting(
            number=self.case.number, **form.cleaned_data, by=self.actor, at=self.at
        )
        messages.success(self.request, _("已登记，寄出后告诉您邮件号码。"))
        return redirect("citizen:posting", number=self.case.number)
