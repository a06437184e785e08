"""Reads that ask for a look: the auditor's list, the reads behind each, and its end (查看告警)."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from yiwang.audit import queries as audit
from yiwang.audit.queries import AlarmView
from yiwang.kernel.paging import row_or_first
from yiwang.organisations import queries as organisations
from yiwang.organisations.permissions import Permission
from yiwang.organisations.services.watching import close_alarm
from yiwang.web.officer.scope import department_names
from yiwang.web.views import FormPage, Page

PAGE_ROWS = 50


class Alarms(Page):
    """Alarms that wait, or those that are closed (`?closed=1`), newest first."""

    permission: ClassVar[Permission] = Permission.TRAIL_READ
    template_name = "officer/alarms.html"
    nav = "trail"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show one page."""
        closed, after = request.GET.get("closed") == "1", row_or_first(request.GET.get("after"))
        rows = audit.alarms(closed=closed, after=after, limit=PAGE_ROWS)
        return self.render(
            {
                "rows": rows,
                "people": organisations.names_of(row.subject for row in rows),
                "closed": closed,
                "first": after is None,
                "next": rows[-1].id if len(rows) == PAGE_ROWS else "",
            }
        )


class CloseForm(forms.Form):
    """What was found."""

    use_required_attribute = False

    words = forms.CharField(
        label=_l("处理情况"),
        max_length=1_000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_l("写明向谁核实、查看是否为办理所需、采取了什么措施；不写个人号码。"),
        error_messages={"required": _l("请写明核实的情况和处理结果。")},
    )


class Alarm(FormPage):
    """One alarm with the reads behind it; the auditor closes it with words."""

    permission: ClassVar[Permission] = Permission.TRAIL_READ
    template_name = "officer/alarm.html"
    form_class = CloseForm
    nav = "trail"

    def context(self, **given: Any) -> dict[str, Any]:
        """Add the alarm and its reads."""
        found = self.alarm()
        after = row_or_first(self.request.GET.get("after"))
        rows = audit.reads_behind(found, after=after, limit=PAGE_ROWS)
        return super().context(
            **given,
            alarm=found,
            rows=rows,
            first=after is None,
            next=rows[-1].id if len(rows) == PAGE_ROWS else "",
            names=department_names(),
            people=organisations.names_of([found.subject, *(row.actor for row in rows)]),
            may_close=found.closed_at is None
            and self.actor.ref not in found.readers
            and self.actor.may_somewhere(Permission.ALARM_CLOSE),
            concerned=self.actor.ref in found.readers,
        )

    def valid(self, form: CloseForm) -> HttpResponse:
        """Close it."""
        self.alarm()
        key = self.kwargs["key"]
        close_alarm(alarm_id=key, words=form.cleaned_data["words"], by=self.actor, at=self.at)
        messages.success(self.request, _("已处理，处理情况记入日志。"))
        return redirect("officer:alarm", key=key)

    def alarm(self) -> AlarmView:
        """Return the alarm of this address."""
        try:
            return audit.alarm(self.kwargs["key"])
        except LookupError as missing:
            raise Http404(str(missing)) from missing
