"""What pages of acts between acceptance and decision (程序) share: fields, one or two steps."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _l

from yiwang.cases.policy.states import Step
from yiwang.cases.policy.terms import DeliveryChannel
from yiwang.web.officer.handling import REASON_LENGTH, Act, TwoStep, VersionForm

PLACE_LENGTH = 200


CHANNELS = [
    (DeliveryChannel.IN_APP.value, _l("平台送达")),
    (DeliveryChannel.PRINT.value, _l("窗口领取")),
    (DeliveryChannel.POST.value, _l("邮寄")),
]


def area(label: Any, missing: Any, *, rows: int = 4, help_text: Any = "", **more: Any) -> Any:
    """Return a field for a paragraph."""
    return forms.CharField(
        label=label,
        max_length=REASON_LENGTH,
        widget=forms.Textarea(attrs={"rows": rows}),
        help_text=help_text,
        error_messages={"required": missing},
        **more,
    )


def day(label: Any, required: Any) -> forms.DateField:
    """Return a field for a day."""
    return forms.DateField(
        label=label,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": required, "invalid": _l("请填写日期，例如 2026-03-06。")},
    )


def number(label: Any, *, most: int, help_text: Any = "", required: bool = True) -> Any:
    """Return a field for a number of working days."""
    return forms.IntegerField(
        label=label,
        min_value=1,
        max_value=most,
        required=required,
        help_text=help_text,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
        error_messages={
            "required": _l("请填写工作日数。"),
            "invalid": _l("请填写整数的工作日数。"),
            "min_value": _l("工作日数最少为1。"),
            "max_value": _l("工作日数最多为%(limit_value)s。"),
        },
    )


class DeliveryFields(VersionForm):
    """How the letter reached the applicant; the stop counts only with it."""

    channel = forms.ChoiceField(
        label=_l("告知书送达方式"),
        choices=CHANNELS,
        widget=forms.RadioSelect,
        initial=DeliveryChannel.IN_APP.value,
        error_messages={"required": _l("请选择送达方式。")},
    )
    delivered = forms.CharField(
        label=_l("签收人或者邮件号码"), max_length=PLACE_LENGTH, required=False
    )


class Shared:
    """What the pages of this module share."""

    template_name = "officer/cases/procedure.html"
    step: ClassVar[Step]
    heading: ClassVar[Any]
    lead: ClassVar[Any] = ""
    button: ClassVar[Any]

    def fit(self, form: Any) -> None:
        """Fill choices that depend on the case."""


class OneStep(Shared, Act):
    """An act of this module that can be put right later."""

    def form(self) -> forms.Form:
        """Return the form with its choices."""
        form = super().form()
        self.fit(form)
        return form

    def context(self, **given: Any) -> dict[str, Any]:
        """Add the words of the page and whether the act may be taken."""
        return super().context(
            heading=self.heading,
            lead=self.lead,
            button=self.button,
            can=self.step in self.file.steps,
            **given,
        )


class TwoSteps(Shared, TwoStep):
    """An act of this module that is shown whole before it is done."""

    def form(self) -> forms.Form:
        """Return the form with its choices."""
        form = super().form()
        self.fit(form)
        return form

    def form_again(self) -> forms.Form:
        """Return the form with what was typed and its choices."""
        form = super().form_again()
        self.fit(form)
        return form

    def context(self, **given: Any) -> dict[str, Any]:
        """Add the words of the page and whether the act may be taken."""
        return super().context(
            heading=self.heading,
            lead=self.lead,
            button=self.button,
            can=self.step in self.file.steps,
            **given,
        )
