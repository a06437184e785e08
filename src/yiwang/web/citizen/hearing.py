"""Ask for the hearing that one was told of (要求听证)."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from yiwang.cases import services
from yiwang.cases.queries.procedure import procedure_of
from yiwang.web.citizen.cases import OwnCase
from yiwang.web.views import FormPage

REASON_LENGTH = 2000


class HearingForm(forms.Form):
    """Why one asks."""

    use_required_attribute = False

    text = forms.CharField(
        label=_l("要求听证的理由"),
        max_length=REASON_LENGTH,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_l("写明您对哪些事实或者理由有不同意见；组织听证不收费。"),
        error_messages={"required": _l("请填写要求听证的理由。")},
    )


class RequestHearing(OwnCase, FormPage):
    """Read what the hearing would be about, and ask for it in time."""

    template_name = "citizen/hearing.html"
    form_class: ClassVar[type[forms.Form]] = HearingForm

    def context(self, **given: Any) -> dict[str, Any]:
        """Add the hearing and whether it may still be asked for."""
        hearing = procedure_of(self.case.number, by=self.actor, today=self.today).hearing
        due_on = hearing.request_due_on if hearing and hearing.end is None else None
        asked = hearing.requested_on if hearing else None
        may = due_on is not None and asked is None and self.today <= due_on
        return super().context(hearing=hearing, may=may, **given)

    def valid(self, form: forms.Form) -> HttpResponse:
        """Ask."""
        services.request_hearing(
            number=self.case.number,
            text=form.cleaned_data["text"],
            calendar=self.calendar,
            by=self.actor,
            at=self.at,
        )
        messages.success(self.request, _("已收到您的听证要求，时间和地点将另行通知。"))
        return redirect("citizen:case", number=self.case.number)
