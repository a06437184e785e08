"""Reserving a time at a hall, one's own appointments, giving one back (预约)."""

from __future__ import annotations

from datetime import date, datetime
from functools import cached_property
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from yiwang.catalogue import queries as catalogue
from yiwang.catalogue import towns
from yiwang.catalogue.policy.items import ItemVersion
from yiwang.halls import queries, services
from yiwang.halls.policy.plans import HallPlan, Zone
from yiwang.halls.policy.terms import AppointmentState
from yiwang.web.citizen.known import subject_name
from yiwang.web.views import APPLICANT, FormPage, Page, found


class BookForm(forms.Form):
    """For whom, and which of the free times of a day."""

    use_required_attribute = False

    applicant = forms.ChoiceField(
        label=_l("为谁预约"),
        widget=forms.RadioSelect,
        error_messages={"required": _l("请选择为谁预约。")},
    )
    starts_at = forms.ChoiceField(
        label=_l("时间"),
        widget=forms.RadioSelect,
        error_messages={
            "required": _l("请选择一个时间。"),
            "invalid_choice": _l("这个时间已经约满或者过了，请选择另一个时间。"),
        },
    )


class Book(FormPage):
    """Choose a day and a time for one item at one hall."""

    permission = APPLICANT
    template_name = "citizen/book.html"
    nav = "help"
    form_class = BookForm

    @cached_property
    def plan(self) -> HallPlan:
        """The hall."""
        return found(lambda: queries.hall(self.kwargs["hall"]))

    @cached_property
    def item(self) -> ItemVersion:
        """What for."""
        return found(lambda: catalogue.item(self.kwargs["slug"], on=self.today))

    @cached_property
    def zone(self) -> Zone:
        """The zone that does it."""
        return self.plan.zone_for(self.item.department)

    @cached_property
    def _open_days(self) -> list[date]:
        return queries.bookable_days(self.plan, self.zone, calendar=self.calendar, at=self.at)

    @cached_property
    def days(self) -> list[date]:
        """Days that may be chosen: those on which this hall does the item."""
        done = towns.days_done_at(self.item.slug, self.plan.department, self._open_days)
        return [day for day in self._open_days if day in done]

    @cached_property
    def day(self) -> date | None:
        """The day of the address; by default the first with a free time."""
        asked = self.request.GET.get("day", "")
        chosen = next((day for day in self.days if day.isoformat() == asked), None)
        return chosen or next((day for day in self.days if self._free(day)), None)

    def _free(self, day: date) -> list[tuple[str, str]]:
        slots = queries.free_slots(self.plan, self.zone, day, calendar=self.calendar, at=self.at)
        return [
            (
                timezone.localtime(slot.starts_at).isoformat(),
                _("%(from)s 至 %(to)s（余 %(left)s）")
                % {
                    "from": f"{timezone.localtime(slot.starts_at):%H:%M}",
                    "to": f"{timezone.localtime(slot.ends_at):%H:%M}",
                    "left": slot.left,
                },
            )
            for slot in slots
            if slot.left
        ]

    def form(self) -> forms.Form:
        """Return the form with the free times of the day."""
        form = super().form()
        people = [(ref, subject_name(ref)) for ref in sorted(self.actor.subjects)]
        applicant, times = form.fields["applicant"], form.fields["starts_at"]
        assert isinstance(applicant, forms.ChoiceField)
        assert isinstance(times, forms.ChoiceField)
        applicant.choices = people
        times.choices = self._free(self.day) if self.day else []
        if len(people) == 1:
            applicant.initial = people[0][0]
        return form

    def context(self, **given: Any) -> dict[str, Any]:
        """Add the hall, the item, and the days."""
        return super().context(
            plan=self.plan,
            item=self.item,
            zone=self.zone,
            days=self.days,
            day=self.day,
            free=bool(self.day and self._free(self.day)),
            bookable=self.item.bookable and self.zone.booking is not None,
            elsewhere=bool(self._open_days) and not self.days,
            **given,
        )

    def valid(self, form: BookForm) -> HttpResponse:
        """Reserve it."""
        services.book(
            hall=self.plan.code,
            item_slug=self.item.slug,
            starts_at=datetime.fromisoformat(form.cleaned_data["starts_at"]),
            applicant_ref=form.cleaned_data["applicant"],
            calendar=self.calendar,
            by=self.actor,
            at=self.at,
        )
        messages.success(self.request, _("已预约。请按时到大厅，用签到码在自助机上取号。"))
        return redirect("citizen:appointments")


class Appointments(Page):
    """One's own appointments, the next first (我的预约)."""

    permission = APPLICANT
    template_name = "citizen/appointments.html"
    nav = "cases"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show them."""
        rows = queries.appointments_of(self.actor)
        open_ones = [
            one for one in rows if one.state is AppointmentState.BOOKED and one.starts_at >= self.at
        ]
        return self.render(
            {
                "open": sorted(open_ones, key=lambda one: one.starts_at),
                "past": [one for one in rows if one not in open_ones],
            }
        )


class CancelAppointment(FormPage):
    """Give a reserved time back."""

    permission = APPLICANT
    template_name = "citizen/cancel_appointment.html"
    nav = "cases"
    form_class = forms.Form

    @cached_property
    def appointment(self) -> queries.AppointmentView:
        """The appointment of the address."""
        return found(lambda: queries.appointment(self.kwargs["number"], by=self.actor))

    def context(self, **given: Any) -> dict[str, Any]:
        """Add the appointment."""
        return super().context(one=self.appointment, **given)

    def valid(self, form: forms.Form) -> HttpResponse:
        """Cancel it."""
        services.cancel(appointment=self.appointment.id, by=self.actor, at=self.at)
        messages.success(self.request, _("预约已取消，这个时间让给了别人。"))
        return redirect("citizen:appointments")
