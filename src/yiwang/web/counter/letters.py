"""The letter by which something came to a window: its day and its number (信函)."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _l

from yiwang.cases.policy import mailed


class LetterForm(forms.Form):
    """When a letter was got, and its number; a control of the page's own says that it was one."""

    said_by: ClassVar[str]
    """The control that says so."""
    unsaid: ClassVar[Any]
    """What is told where a letter was entered and the control does not say so."""
    today: date
    """Day of entering it."""
    asked_on: date | None = None
    """Day on which the letter was asked for; None: it came unasked."""

    mailed_on = forms.DateField(
        label=_l("本单位收到信函的日期"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": _l("请按“年-月-日”填写信函收到日期。")},
    )
    mail_number = forms.CharField(
        label=_l("邮件号"),
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "data-width": "short"}),
    )

    @property
    def posted(self) -> bool:
        """Whether the control says that it came by post."""
        raise NotImplementedError

    def clean(self) -> dict[str, Any]:
        """Ask for the day of a letter, and for a letter where something was entered of one."""
        cleaned = super().clean() or {}
        day, number = cleaned.get("mailed_on"), cleaned.get("mail_number", "")
        if self.posted and day is None and "mailed_on" not in self.errors:
            self.add_error("mailed_on", _l("请填写本单位收到信函的日期。"))
        if not self.posted and (day or number or "mailed_on" in self.errors):
            self.add_error(self.said_by, self.unsaid)
        if day and (wrong := mailed.day_problem(day, today=self.today, asked_on=self.asked_on)):
            self.add_error("mailed_on", wrong)
        if wrong := mailed.number_problem(number):
            self.add_error("mail_number", wrong)
        return cleaned

    def letter(self, *, declared: bool = True) -> mailed.Mailed | None:
        """Return the letter it came by; None: none, or what was entered of it is wrong."""
        if not self.is_valid() or not self.posted:
            return None
        given = self.cleaned_data
        return mailed.Mailed(
            received_on=given["mailed_on"], number=given["mail_number"], declared=declared
        )
