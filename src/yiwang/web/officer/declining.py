"""What windows turned away: the list, the quick note, and the second look (不予收件的核实)."""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from yiwang.cases import services
from yiwang.cases.policy.declining import TurnedAwayVerdict
from yiwang.cases.queries import declining as queries
from yiwang.cases.queries.declining import TurnedAwayView
from yiwang.catalogue import queries as catalogue
from yiwang.kernel.paging import row_or_first
from yiwang.organisations.permissions import Permission
from yiwang.web.officer.handling import REASON_LENGTH
from yiwang.web.views import FormPage, Page, found

ITEMS_LISTED = 2_000
NAME_LENGTH = 200


class TurnedAways(Page):
    """What waits for a second look, and what was said (收件核实)."""

    permission: ClassVar[Permission] = Permission.CASE_ACCEPT
    template_name = "officer/turned_away.html"
    nav = "turned_away"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show one page."""
        wanted = row_or_first(request.GET.get("after"))
        rows, following = queries.turned_away(by=self.actor, after=wanted)
        return self.render(
            {
                "declines": queries.waiting_declines(by=self.actor),
                "rows": rows,
                "next": following or "",
                "notes": self.actor.may_somewhere(Permission.CASE_RECEIVE),
                "decides": self.actor.may_somewhere(Permission.CASE_DECLINE),
            }
        )


class NoteForm(forms.Form):
    """Who came for what, and why it was not taken in."""

    use_required_attribute = False

    item = forms.ChoiceField(
        label=_l("要办理的事项"),
        error_messages={
            "required": _l("请选择来人要办理的事项。"),
            "invalid_choice": _l("请选择来人要办理的事项。"),
        },
    )
    visitor = forms.CharField(
        label=_l("来人的姓名或者单位名称"),
        max_length=NAME_LENGTH,
        error_messages={"required": _l("请填写来人的姓名或者单位名称。")},
    )
    reason = forms.CharField(
        label=_l("未收件的理由"),
        max_length=REASON_LENGTH,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_l("写明依据哪一条规定不能收件，以及已经怎样告知来人。"),
        error_messages={"required": _l("请填写未收件的理由。")},
    )


class NoteTurnedAway(FormPage):
    """Note at the window that nothing was taken in (不予收件登记)."""

    permission: ClassVar[Permission] = Permission.CASE_RECEIVE
    template_name = "officer/turned_away_note.html"
    nav = "turned_away"
    form_class = NoteForm

    def form(self) -> forms.Form:
        """Return the form with the items on offer."""
        form = super().form()
        listed = catalogue.item_names(on=self.today, departments=None, limit=ITEMS_LISTED)
        form.fields["item"].choices = [("", _("请选择")), *listed]  # type: ignore[attr-defined]  # a ChoiceField
        return form

    def valid(self, form: Any) -> HttpResponse:
        """Keep the note."""
        given = form.cleaned_data
        services.note_turned_away(
            item_slug=given["item"],
            visitor=given["visitor"],
            reason=given["reason"],
            by=self.actor,
            at=self.at,
        )
        messages.success(self.request, _("已登记，由审批部门核实。"))
        return redirect("officer:turned_aways")


class ReviewForm(forms.Form):
    """Whether it was right, and how that was found."""

    use_required_attribute = False

    verdict = forms.ChoiceField(
        label=_l("核实结论"),
        choices=[(one.value, _l(one.label)) for one in TurnedAwayVerdict],
        widget=forms.RadioSelect,
        error_messages={
            "required": _l("请选择核实结论。"),
            "invalid_choice": _l("请选择核实结论。"),
        },
    )
    note = forms.CharField(
        label=_l("核实情况"),
        max_length=REASON_LENGTH,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_l("应当收件的，写明请窗口怎样联系来人、何时收件。"),
        error_messages={"required": _l("请填写核实情况。")},
    )


class ReviewTurnedAway(FormPage):
    """Look again at what was not taken in; never by whoever turned away (核实)."""

    permission: ClassVar[Permission] = Permission.CASE_ACCEPT
    template_name = "officer/turned_away_review.html"
    nav = "turned_away"
    form_class = ReviewForm

    @cached_property
    def note(self) -> TurnedAwayView:
        """The note of the address."""
        return found(lambda: queries.turned_away_note(self.kwargs["key"], by=self.actor))

    def context(self, **given: Any) -> dict[str, Any]:
        """Add the note."""
        return super().context(note=self.note, **given)

    def valid(self, form: Any) -> HttpResponse:
        """Keep the verdict."""
        found(
            lambda: services.review_turned_away(
                key=self.note.key,
                verdict=TurnedAwayVerdict(form.cleaned_data["verdict"]),
                note=form.cleaned_data["note"],
                by=self.actor,
                at=self.at,
            )
        )
        messages.success(self.request, _("已核实，窗口可以看到结论。"))
        return redirect("officer:turned_aways")
