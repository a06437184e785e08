"""What a holder says before a licence is ended (陈述申辩)."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from yiwang.cases import services
from yiwang.cases.queries.ending import EndView, end_proposal
from yiwang.web.citizen.cases import OwnCase
from yiwang.web.views import FormPage

VIEWS_LENGTH = 2000


class ViewsForm(forms.Form):
    """What the holder says, in their words."""

    use_required_attribute = False

    text = forms.CharField(
        label=_l("您的陈述和申辩"),
        max_length=VIEWS_LENGTH,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=_l("写明您认为不对的事实、您的理由和证据；只能提交一次。"),
        error_messages={
            "required": _l("请填写陈述和申辩的内容。"),
            "max_length": _l("最多 2000 个字，请删减。"),
        },
    )


class StateViews(OwnCase, FormPage):
    """Read why a licence is to be ended, and say what speaks against it."""

    template_name = "citizen/state_views.html"
    form_class = ViewsForm

    @cached_property
    def proposal(self) -> EndView | None:
        """The newest proposal about the case."""
        return end_proposal(self.case.number, by=self.actor)

    def context(self, **given: Any) -> dict[str, Any]:
        """Add the proposal and whether there is still time."""
        return super().context(
            proposal=self.proposal,
            waits=self.proposal is not None and self.proposal.waits_for_views(self.today),
            **given,
        )

    def valid(self, form: ViewsForm) -> HttpResponse:
        """Keep the views."""
        services.state_views(
            number=self.case.number, text=form.cleaned_data["text"], by=self.actor, at=self.at
        )
        messages.success(self.request, _("陈述和申辩已提交，作出决定前会予以考虑。"))
        return redirect("citizen:case", number=self.case.number)
