"""Inspections that a department was asked for: take one, close it with what it found (检查任务)."""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from yiwang.organisations.permissions import Permission
from yiwang.supervision import queries, services
from yiwang.supervision.policy.inspections import InspectionResult, InspectionState
from yiwang.supervision.queries import InspectionView
from yiwang.web.officer.scope import department_names
from yiwang.web.views import FormPage, Page

DUAL_NOTICE = "dual_notice:"


class Inspections(Page):
    """The inspection tasks of one's departments."""

    permission: ClassVar[Permission] = Permission.INSPECTION_HANDLE
    template_name = "officer/inspections.html"
    nav = "inspections"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show one page."""
        wish, after = request.GET.get("state", ""), request.GET.get("after") or None
        state = InspectionState(wish) if wish in set(InspectionState) else None
        rows, following = queries.inspections(
            by=self.actor, today=self.today, calendar=self.calendar, state=state, after=after
        )
        return self.render(
            {
                "rows": rows,
                "next": following or "",
                "first": after is None,
                "states": list(InspectionState),
                "chosen": state,
                "names": department_names(),
            }
        )


class TakeForm(forms.Form):
    """Nothing to fill in: the button takes the task."""


class CloseForm(forms.Form):
    """What the inspection found."""

    use_required_attribute = False

    result = forms.ChoiceField(
        label=_l("检查结果"),
        widget=forms.RadioSelect,
        choices=[(one.value, one.label) for one in InspectionResult],
        error_messages={
            "required": _l("请选择检查结果。"),
            "invalid_choice": _l("请从列出的检查结果中选择。"),
        },
    )
    finding = forms.CharField(
        label=_l("检查情况"),
        max_length=services.FINDING_LENGTH,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_l("写明哪天检查、看到什么；提出检查的部门和登记机关将看到它。"),
        error_messages={
            "required": _l("请填写检查情况，写明哪天检查、看到什么。"),
            "max_length": _l("检查情况最多1000个字，请删减。"),
        },
    )


class Inspection(FormPage):
    """One inspection task: why it was asked for, who took it, what it found."""

    permission: ClassVar[Permission] = Permission.INSPECTION_HANDLE
    template_name = "officer/inspection.html"
    nav = "inspections"

    @cached_property
    def found(self) -> InspectionView:
        """The task."""
        return queries.inspection(
            self.kwargs["number"], by=self.actor, today=self.today, calendar=self.calendar
        )

    def form(self) -> forms.Form:
        """Return what may be done now; of a closed task nothing is."""
        sent = self.request.POST if self.request.method == "POST" else None
        if self.found.state is InspectionState.OPEN:
            return TakeForm(sent)
        return CloseForm(sent)

    def context(self, **given: Any) -> dict[str, Any]:
        """Add the task."""
        task = self.found
        asked_by = task.source.removeprefix(DUAL_NOTICE)
        notice = asked_by if task.source.startswith(DUAL_NOTICE) else ""
        return super().context(
            task=task,
            notice=notice if self.actor.may_somewhere(Permission.NOTICE_HANDLE) else "",
            takes=task.state is InspectionState.OPEN,
            closes=task.state is InspectionState.TAKEN,
            names=department_names(),
            **given,
        )

    def valid(self, form: forms.Form) -> HttpResponse:
        """Do it."""
        number = self.kwargs["number"]
        if isinstance(form, CloseForm):
            services.close_inspection(
                number=number,
                result=InspectionResult(form.cleaned_data["result"]),
                finding=form.cleaned_data["finding"],
                by=self.actor,
                at=self.at,
            )
            messages.success(self.request, _("已办结，结果已反馈给提出检查的告知。"))
            return redirect("officer:inspections")
        services.take_inspection(number=number, by=self.actor, at=self.at)
        messages.success(self.request, _("已接收，请在期限内检查并登记结果。"))
        return redirect("officer:inspection", number=number)
