"""The hall for those who run it: figures, records of staff, checks of standards (大厅运行)."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from yiwang.halls import queries, services
from yiwang.halls.policy.plans import HallPlan
from yiwang.halls.policy.terms import RecordKind, StandardResult
from yiwang.organisations import queries as organisations
from yiwang.organisations.permissions import Permission
from yiwang.web.views import FormPage, Page

PERIODS = (1, 7, 30)
"""Days that figures may be asked for."""


class HallOffice(Page):
    """What the pages of a hall's office share."""

    permission: ClassVar[Permission] = Permission.HALL_READ
    nav = "hall"

    @cached_property
    def halls(self) -> list[HallPlan]:
        """Halls that this person may look at."""
        return queries.halls_of(self.actor, Permission.HALL_READ)

    @cached_property
    def plan(self) -> HallPlan:
        """The hall of the address; by default the first.

        Raises:
            Http404: there is none.
        """
        chosen = self.request.GET.get("hall", "")
        for plan in self.halls:
            if not chosen or plan.code == chosen:
                return plan
        raise Http404("no such hall")

    @property
    def manages(self) -> bool:
        """Whether this person writes down what is found."""
        return self.actor.may(Permission.HALL_MANAGE, department=self.plan.department)

    def context(self, **given: Any) -> dict[str, Any]:
        """Add the hall and the others."""
        return super().context(plan=self.plan, halls=self.halls, manages=self.manages, **given)

    def here(self, name: str) -> str:
        """Return the address of a page of this hall."""
        return f"{reverse(name)}?hall={self.plan.code}"


class HallDesk(HallOffice):
    """How long people waited and what each window did."""

    template_name = "officer/halls/figures.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the figures of some days."""
        asked = request.GET.get("days", "")
        days = int(asked) if asked in {str(one) for one in PERIODS} else PERIODS[1]
        found = queries.figures(
            self.plan.code,
            first=self.today - timedelta(days=days - 1),
            last=self.today,
            by=self.actor,
            at=self.at,
        )
        return self.render({"figures": found, "days": days, "periods": PERIODS})


class StaffForm(forms.Form):
    """A training or a certificate."""

    use_required_attribute = False

    login = forms.ChoiceField(
        label=_l("工作人员"), error_messages={"required": _l("请选择工作人员。")}
    )
    kind = forms.ChoiceField(
        label=_l("类别"), choices=[(one.value, one.label) for one in RecordKind]
    )
    title = forms.CharField(
        label=_l("名称"), max_length=120, error_messages={"required": _l("请填写名称。")}
    )
    issued_by = forms.CharField(
        label=_l("颁发或者组织单位"),
        max_length=120,
        error_messages={"required": _l("请填写单位。")},
    )
    issued_on = forms.DateField(
        label=_l("日期"),
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={
            "required": _l("请填写日期。"),
            "invalid": _l("请填写年月日，例如2026-03-06。"),
        },
    )
    valid_until = forms.DateField(
        label=_l("有效期至"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={"invalid": _l("请填写年月日，例如2026-03-06。")},
    )
    hours = forms.IntegerField(label=_l("学时"), min_value=0, max_value=1000, required=False)


class HallStaff(HallOffice, FormPage):
    """Trainings and certificates of the window staff; those that run out first."""

    template_name = "officer/halls/staff.html"
    form_class = StaffForm

    def form(self) -> forms.Form:
        """Return the form with the staff of the hall."""
        form = super().form()
        people = organisations.staff_with(
            Permission.CASE_RECEIVE, department=self.plan.department, at=self.at
        )
        field = form.fields["login"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(one.login, f"{one.name}（{one.login}）") for one in people]
        return form

    def context(self, **given: Any) -> dict[str, Any]:
        """Add the records."""
        return super().context(
            rows=queries.staff_records(self.plan.code, by=self.actor, on=self.today), **given
        )

    def valid(self, form: StaffForm) -> HttpResponse:
        """Write it down."""
        services.record_staff(
            hall=self.plan.code,
            login=form.cleaned_data["login"],
            kind=RecordKind(form.cleaned_data["kind"]),
            title=form.cleaned_data["title"],
            issued_by=form.cleaned_data["issued_by"],
            issued_on=form.cleaned_data["issued_on"],
            valid_until=form.cleaned_data["valid_until"],
            hours=form.cleaned_data["hours"] or 0,
            by=self.actor,
            at=self.at,
        )
        messages.success(self.request, _("已登记。"))
        return redirect(self.here("officer:hall_staff"))


class StandardForm(forms.Form):
    """How one standard is met."""

    use_required_attribute = False

    standard = forms.CharField(widget=forms.HiddenInput, max_length=40)
    result = forms.ChoiceField(
        label=_l("结果"),
        choices=[(one.value, one.label) for one in StandardResult],
        error_messages={"required": _l("请选择结果。")},
    )
    note = forms.CharField(label=_l("说明"), max_length=300, required=False)


class HallStandards(HallOffice, FormPage):
    """The checklist of standards with the last result of each."""

    template_name = "officer/halls/standards.html"
    form_class = StandardForm

    def context(self, **given: Any) -> dict[str, Any]:
        """Add the checklist."""
        rows = queries.standards(self.plan.code, by=self.actor)
        met = sum(1 for one in rows if one.result is StandardResult.MET)
        return super().context(rows=rows, met=met, results=list(StandardResult), **given)

    def valid(self, form: StandardForm) -> HttpResponse:
        """Write it down."""
        services.check_standard(
            hall=self.plan.code,
            standard=form.cleaned_data["standard"],
            result=StandardResult(form.cleaned_data["result"]),
            note=form.cleaned_data["note"],
            by=self.actor,
            at=self.at,
        )
        messages.success(self.request, _("已登记。"))
        return redirect(self.here("officer:hall_standards"))
