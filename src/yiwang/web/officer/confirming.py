"""The second, specific step before an act that cannot be undone (UX-18)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django import forms
from django.http import HttpRequest, HttpResponse

from yiwang.web.views import FormPage


class Confirmed(FormPage):
    """An act that cannot be undone: a second page names the object and the consequence (UX-18).

    Attributes:
        confirm_template: Template of the second page.
    """

    confirm_template: ClassVar[str] = "officer/cases/confirm.html"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """First show what will happen; act when that was confirmed; go back when asked."""
        form = self.form()
        if "edit" in request.POST:
            return self.render({"form": self.form_again()})
        if not form.is_valid():
            return self.invalid(form)
        if "confirmed" not in request.POST:
            return self.render(
                {"form": form, "kept": self.kept(), **self.confirmation(form)},
                template=self.confirm_template,
            )
        return super().post(request, *args, **kwargs)

    def form_again(self) -> forms.Form:
        """Return the form with what was typed and nothing complained about."""
        fields, sent = self.form_class.base_fields, self.request.POST
        return self.unbound(
            {
                name: sent.getlist(name)
                if isinstance(fields[name], forms.MultipleChoiceField)
                else sent.getlist(name)[-1]
                for name in sent
                if name in fields
            }
        )

    def unbound(self, initial: dict[str, Any]) -> forms.Form:
        """Return the form that shows `initial`."""
        return self.form_class(initial=initial)

    def kept(self) -> Sequence[tuple[str, str]]:
        """Return what was typed, for the hidden fields of the second page."""
        skipped = {"csrfmiddlewaretoken", "confirmed", "edit"}
        return [
            (name, value)
            for name, values in self.request.POST.lists()
            if name not in skipped
            for value in values
        ]

    def confirmation(self, form: Any) -> Mapping[str, Any]:
        """Return object, consequence, words and lines of the second page."""
        raise NotImplementedError
