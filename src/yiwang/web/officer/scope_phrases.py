"""Phrases of registered scopes that no rule places: searched, claimed, confirmed (待确认用语)."""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from yiwang.kernel.paging import row_number
from yiwang.organisations.permissions import Permission
from yiwang.registration import placing
from yiwang.registration.placing import PhraseView
from yiwang.registration.policy.placing import NOTE_LENGTH, PhraseState
from yiwang.web.officer.scope import department_names
from yiwang.web.views import FormPage, Page

TEXT_LENGTH = 80
NO_NEED = "none"


class ScopePhrases(Page):
    """What waits to be placed, or was; every department finds here what is its own."""

    permission: ClassVar[Permission] = Permission.NOTICE_HANDLE
    template_name = "officer/scope_phrases.html"
    nav = "dual_notices"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show one page."""
        after = request.GET.get("after", "")
        text, placed = request.GET.get("text", "")[:TEXT_LENGTH], "placed" in request.GET
        rows, following = placing.phrases(
            by=self.actor, text=text, waiting=not placed, after=row_number(after) if after else None
        )
        return self.render(
            {
                "rows": rows,
                "next": following or "",
                "first": not after,
                "text": text,
                "placed": placed,
                "names": department_names(),
            }
        )


class PlacingForm(forms.Form):
    """Which permit the phrase needs."""

    use_required_attribute = False

    item = forms.ChoiceField(
        label=_l("需要的许可"),
        error_messages={
            "required": _l("请选择需要哪项许可。"),
            "invalid_choice": _l("没有这个正在实施的许可事项，请从列表中选择。"),
        },
    )
    note = forms.CharField(
        label=_l("说明"),
        max_length=NOTE_LENGTH,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_l("不需要许可的必须写明理由，企业将看到它。"),
        error_messages={"max_length": _l("说明最多500个字，请删减。")},
    )

    def __init__(self, *args: Any, items: list[tuple[str, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        item = self.fields["item"]
        assert isinstance(item, forms.ChoiceField)
        item.choices = [("", _("请选择")), *items]


class ScopePhrase(FormPage):
    """One phrase: claim it, say whose permit it needs, or that it needs none."""

    permission: ClassVar[Permission] = Permission.NOTICE_HANDLE
    template_name = "officer/scope_phrase.html"
    nav = "dual_notices"

    @cached_property
    def found(self) -> PhraseView:
        """The phrase."""
        return placing.phrase(self.kwargs["number"], by=self.actor)

    def form(self) -> PlacingForm:
        """Return the form with the items that this person may name."""
        given = self.request.POST if self.request.method == "POST" else None
        items: list[tuple[str, Any]] = list(placing.items_for(self.actor, on=self.today))
        if placing.may_confirm(self.actor):
            items.insert(0, (NO_NEED, _("不需要许可")))
        return PlacingForm(given, items=items)

    def context(self, **given: Any) -> dict[str, Any]:
        """Add the phrase."""
        return super().context(
            row=self.found,
            waiting=self.found.state is PhraseState.WAITING,
            names=department_names(),
            **given,
        )

    def valid(self, form: PlacingForm) -> HttpResponse:
        """Place it."""
        item = form.cleaned_data["item"]
        placing.place_phrase(
            number=self.kwargs["number"],
            item="" if item == NO_NEED else item,
            note=form.cleaned_data["note"],
            calendar=self.calendar,
            by=self.actor,
            at=self.at,
        )
        messages.success(self.request, _("已确认，已告诉企业。"))
        return redirect("officer:scope_phrases")
