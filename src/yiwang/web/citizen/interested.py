"""State views on the interests of others that one's own case touches (陈述意见)."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from yiwang.cases import services
from yiwang.cases.policy.interested import Party, Stance
from yiwang.cases.policy.states import Step
from yiwang.cases.queries.interested import InterestedView, interested_of
from yiwang.web.citizen.cases import OwnCase
from yiwang.web.citizen.hearing import REASON_LENGTH
from yiwang.web.views import FormPage


class OwnViewsForm(forms.Form):
    """On which interest, and what."""

    use_required_attribute = False

    serial = forms.ChoiceField(
        label=_l("就哪项利益陈述"),
        widget=forms.RadioSelect,
        error_messages={
            "required": _l("请选择就哪项利益陈述意见。"),
            "invalid_choice": _l("请选择就哪项利益陈述意见。"),
        },
    )
    stance = forms.ChoiceField(
        label=_l("您的意见"),
        choices=[
            (Stance.STATED.value, _l("陈述意见")),
            (Stance.NONE.value, _l("没有意见")),
        ],
        widget=forms.RadioSelect,
        initial=Stance.STATED.value,
        error_messages={
            "required": _l("请选择陈述意见或者没有意见。"),
            "invalid_choice": _l("请选择陈述意见或者没有意见。"),
        },
    )
    text = forms.CharField(
        label=_l("意见和理由"),
        max_length=REASON_LENGTH,
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_l("选择“没有意见”的可以不填；提交后不能修改。"),
    )

    def clean(self) -> dict[str, Any]:
        """Check that views have words."""
        cleaned = super().clean() or {}
        if cleaned.get("stance") == Stance.STATED and not (cleaned.get("text") or "").strip():
            self.add_error("text", _("请填写您的意见和理由；没有意见的，请选择“没有意见”。"))
        return cleaned


class StateOwnViews(OwnCase, FormPage):
    """Read whose interest is touched, and say something to it before the decision."""

    template_name = "citizen/interested.html"
    form_class: ClassVar[type[forms.Form]] = OwnViewsForm

    def rows(self) -> tuple[InterestedView, ...]:
        """Return what was told."""
        return interested_of(self.case.number, by=self.actor, today=self.today)

    def form(self) -> forms.Form:
        """Return the form with the interests on which nothing was said yet."""
        form = super().form()
        unsaid = [one for one in self.rows() if Party.APPLICANT in one.unheard]
        form.fields["serial"].choices = [  # type: ignore[attr-defined]  # a ChoiceField
            (str(one.serial), f"{one.name}：{one.interest}") for one in unsaid
        ]
        if len(unsaid) == 1:
            form.fields["serial"].initial = str(unsaid[0].serial)
        return form

    def context(self, **given: Any) -> dict[str, Any]:
        """Add what was told and whether something may still be said."""
        rows = self.rows()
        may = Step.NOTE_VIEWS in self.file.steps
        return super().context(
            rows=rows, may=may and any(Party.APPLICANT in one.unheard for one in rows), **given
        )

    def valid(self, form: forms.Form) -> HttpResponse:
        """State them."""
        given = form.cleaned_data
        services.note_views(
            number=self.case.number,
            serial=int(given["serial"]),
            party=Party.APPLICANT,
            stance=Stance(given["stance"]),
            text=given["text"],
            by=self.actor,
            at=self.at,
        )
        messages.success(self.request, _("已收到您的意见，决定前会予以考虑。"))
        return redirect("citizen:case", number=self.case.number)
