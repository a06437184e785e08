"""The trail for the auditor: filter, read, export (操作日志)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any, ClassVar

from django import forms
from django.db import transaction
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from yiwang.audit import queries as audit
from yiwang.audit import services as trail_services
from yiwang.audit.queries import TrailRow
from yiwang.cases import queries as cases
from yiwang.kernel.paging import row_or_first
from yiwang.organisations import queries as organisations
from yiwang.organisations.permissions import Permission
from yiwang.web import acts
from yiwang.web.downloads import BOM, csv_line
from yiwang.web.officer.scope import department_names
from yiwang.web.views import UNPROCESSABLE, Page

PAGE_ROWS = 50
"""Events on one page; each is long, and the page stays light (UX-24)."""

EXPORT_ROWS = 50_000
"""Longest export; a longer period is asked for in parts."""


class TrailFilter(forms.Form):
    """Which events; every field is optional."""

    use_required_attribute = False

    actor = forms.CharField(label=_l("操作人"), max_length=80, required=False)
    act = forms.CharField(
        label=_l("操作"),
        max_length=80,
        required=False,
        help_text=_l("如“受理”；也可填代码，以点结尾表示整类，如 cases."),
    )
    target = forms.CharField(label=_l("对象"), max_length=120, required=False)
    since = forms.DateField(
        label=_l("起始日期"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={"invalid": _l("起始日期应为年-月-日，例如 2026-03-09。")},
    )
    until = forms.DateField(
        label=_l("截止日期"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={"invalid": _l("截止日期应为年-月-日，例如 2026-03-09。")},
    )

    def clean(self) -> dict[str, Any]:
        """Check that the period runs forwards."""
        cleaned = super().clean() or {}
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and until < since:
            self.add_error("until", _("截止日期早于起始日期，请更正。"))
        return cleaned

    def wanted(self) -> dict[str, Any]:
        """Return the filter as `audit.queries.trail` takes it; the last day is included."""
        given = self.cleaned_data
        zone = timezone.get_default_timezone()
        since, until = given.get("since"), given.get("until")
        return {
            "actor": _ref(given.get("actor", "")) or None,
            "act": acts.code(given.get("act", "")) or None,
            "target": given.get("target") or None,
            "since": datetime.combine(since, time.min, tzinfo=zone) if since else None,
            "until": datetime.combine(
                min(until, date.max - timedelta(days=1)) + timedelta(days=1),
                time.min,
                tzinfo=zone,
            )
            if until
            else None,
        }


class Trail(Page):
    """The trail, newest first; rows cannot be changed, here or anywhere."""

    permission: ClassVar[Permission] = Permission.TRAIL_READ
    template_name = "officer/trail.html"
    nav = "trail"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show one page of the events asked for."""
        form = TrailFilter(request.GET or {})
        after = row_or_first(request.GET.get("after"))
        if not form.is_valid():
            return self.render({"form": form, "rows": []}, status=UNPROCESSABLE)
        rows = audit.trail(**form.wanted(), after=after, limit=PAGE_ROWS)
        query = request.GET.copy()
        query.pop("after", None)
        return self.render(
            {
                "form": form,
                "rows": rows,
                "first": after is None,
                "next_after": rows[-1].id if len(rows) == PAGE_ROWS else None,
                "query": query.urlencode(),
                "names": department_names(),
                "people": organisations.names_of(row.actor for row in rows),
                "alarms": audit.open_alarms(),
                "unread": cases.unread_messages(self.actor.ref),
                "may_export": self.actor.may_somewhere(Permission.TRAIL_EXPORT),
            }
        )


class TrailExport(Page):
    """The same events as a file for a spreadsheet; the export itself stands in the trail."""

    permission: ClassVar[Permission] = Permission.TRAIL_EXPORT
    template_name = "officer/trail.html"
    nav = "trail"

    def get(  # type: ignore[override]  # a stream is an answer too
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        """Send the events as CSV, at most EXPORT_ROWS."""
        form = TrailFilter(request.GET or {})
        if not form.is_valid():
            return self.render({"form": form, "rows": []}, status=UNPROCESSABLE)
        wanted = form.wanted()
        with transaction.atomic():
            trail_services.record(
                at=self.at,
                actor=self.actor.ref,
                act="audit.export",
                target="trail:all",
                detail={key: value for key, value in wanted.items() if value is not None},
                ip=self.actor.ip,
            )
        answer = StreamingHttpResponse(_lines(wanted), content_type="text/csv; charset=utf-8")
        name = f"trail-{timezone.localtime(self.at):%Y%m%d-%H%M}.csv"
        answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return answer


def _lines(wanted: dict[str, Any]) -> Iterator[str]:
    yield BOM + csv_line(
        [
            _("序号"),
            _("时间"),
            _("操作人"),
            _("代表"),
            _("操作"),
            _("对象"),
            _("部门"),
            _("目的"),
            _("地址"),
            _("设备"),
            _("岗位"),
            _("结果"),
            _("内容"),
        ]
    )
    after, left = None, EXPORT_ROWS
    while left > 0:
        rows = audit.trail(**wanted, after=after, limit=min(left, audit.PAGE_LIMIT))
        for row in rows:
            yield csv_line(_cells(row))
        left -= len(rows)
        if len(rows) < audit.PAGE_LIMIT:
            return
        after = rows[-1].id


def _cells(row: TrailRow) -> list[str]:
    return [
        str(row.id),
        timezone.localtime(row.at).isoformat(timespec="milliseconds"),
        row.actor,
        row.on_behalf_of,
        row.act,
        row.target,
        row.department,
        row.purpose,
        row.ip,
        row.device,
        row.posts,
        row.result,
        json.dumps(row.detail, ensure_ascii=False, default=str),
    ]


def _ref(words: str) -> str:
    """Return the ref of an account named by its login alone."""
    words = words.strip()
    return words if not words or ":" in words else f"user:{words}"
