"""How news of registrations and permits reaches supervisors: count and delay (信息归集)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any, ClassVar
from urllib.parse import urlencode

from django import forms
from django.db import transaction
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from yiwang.audit import services as trail
from yiwang.organisations.permissions import Permission
from yiwang.registration import queries
from yiwang.registration.policy.notices import NoticeKind
from yiwang.registration.queries import FeedRow, Feeds
from yiwang.web.downloads import BOM, csv_line
from yiwang.web.officer.scope import department_names
from yiwang.web.views import UNPROCESSABLE, Page

DAYS_SHOWN = 30
"""Days that the page shows when nobody says which."""

FIRST_YEAR, LAST_YEAR = 2000, 2100
"""Years that a period may name, so that its ends can be reckoned."""

NONE = "—"

EVENTS: Mapping[str, Any] = {
    "cases.granted": _l("准予登记或者许可"),
    "cases.cancellation_granted": _l("准予注销"),
    "cases.ended": _l("撤销、撤回、注销"),
    "licences.state_changed": _l("证照状态变化"),
}


class FeedsFilter(forms.Form):
    """Which days; without dates the last thirty."""

    use_required_attribute = False

    first = forms.DateField(
        label=_l("起始日期"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={"invalid": _l("起始日期应为年-月-日，例如 2026-01-01。")},
    )
    last = forms.DateField(
        label=_l("截止日期"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={"invalid": _l("截止日期应为年-月-日，例如 2026-03-31。")},
    )

    def clean(self) -> dict[str, Any]:
        """Check that the period runs forwards."""
        cleaned = super().clean() or {}
        first, last = cleaned.get("first"), cleaned.get("last")
        if first and last and last < first:
            self.add_error("last", _("截止日期早于起始日期，请更正。"))
        for name, day in (("first", first), ("last", last)):
            if day and not FIRST_YEAR <= day.year <= LAST_YEAR:
                self.add_error(name, _("请填写2000年至2100年之间的日期。"))
        return cleaned


@dataclass(frozen=True, kw_only=True)
class Shown:
    """One feed as the page shows it."""

    label: str
    count: int
    late: int
    p50: str
    p95: str
    longest: str


class FeedsPage(Page):
    """What the page and the file share: who asks, and for which days."""

    permission: ClassVar[Permission] = Permission.NOTICE_HANDLE
    template_name = "officer/feeds.html"
    nav = "dual_notices"

    @cached_property
    def form(self) -> FeedsFilter:
        """The filter."""
        sent = self.request.GET.copy()
        if not sent.get("first") and not sent.get("last"):
            sent["first"] = (self.today - timedelta(days=DAYS_SHOWN)).isoformat()
            sent["last"] = self.today.isoformat()
        return FeedsFilter(sent)

    @cached_property
    def days(self) -> tuple[date, date]:
        """The days that a valid filter asks for."""
        given = self.form.cleaned_data
        last = given["last"] or max(self.today, given["first"])
        return given["first"] or last - timedelta(days=DAYS_SHOWN), last

    def found(self) -> Feeds:
        """Ask."""
        first, last = self.days
        return queries.feeds(by=self.actor, first=first, last=last)


class FeedsShown(FeedsPage):
    """Each feed with count and delay, what came late, what did not arrive."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show them."""
        if not self.form.is_valid():
            return self.render({"form": self.form}, status=UNPROCESSABLE)
        found = self.found()
        first, last = self.days
        return self.render(
            {
                "form": self.form,
                "first_day": first,
                "last_day": last,
                "query": urlencode({"first": first.isoformat(), "last": last.isoformat()}),
                "rows": [_shown(row) for row in found.rows],
                "late": [
                    (_label(one.kind), one, took(one.arrived_at - one.happened_at))
                    for one in found.late
                ],
                "failed": None
                if found.failed is None
                else [(EVENTS[one.event], one) for one in found.failed],
                "late_after": took(found.late_after),
                "names": department_names(),
            }
        )


class FeedsExport(FeedsPage):
    """The same counts as a file for a spreadsheet; the export stands in the trail."""

    def get(  # type: ignore[override]  # a stream is an answer too
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        """Send them, a line for each feed."""
        if not self.form.is_valid():
            return self.render({"form": self.form}, status=UNPROCESSABLE)
        found = self.found()
        first, last = self.days
        with transaction.atomic():
            trail.record(
                at=self.at,
                actor=self.actor.ref,
                act="registration.export_feeds",
                target="registration:feeds",
                detail={"first": first, "last": last},
                ip=self.actor.ip,
            )
        answer = StreamingHttpResponse(_lines(found), content_type="text/csv; charset=utf-8")
        name = f"feeds-{first:%Y%m%d}-{last:%Y%m%d}.csv"
        answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return answer


def _label(kind: str) -> str:
    return _(NoticeKind(kind).label) if kind else _("准予后列入监管名单")


def _shown(row: FeedRow) -> Shown:
    delay = row.delay
    return Shown(
        label=_label(row.kind.value if row.kind else ""),
        count=delay.count,
        late=delay.late,
        p50=took(delay.p50),
        p95=took(delay.p95),
        longest=took(delay.longest),
    )


def _lines(found: Feeds) -> Iterator[str]:
    head = [_("信息"), _("送到"), _("迟到"), _("中位数（秒）"), _("95% 不超过（秒）")]
    yield BOM + csv_line([*head, _("最长（秒）")])
    for row in found.rows:
        delay = row.delay
        yield csv_line(
            [
                _label(row.kind.value if row.kind else ""),
                str(delay.count),
                str(delay.late),
                *(
                    "" if one is None else f"{one.total_seconds():.1f}"
                    for one in (delay.p50, delay.p95, delay.longest)
                ),
            ]
        )


def took(delay: timedelta | None) -> str:
    """Return a delay as people say it."""
    if delay is None:
        return NONE
    seconds = max(0, round(delay.total_seconds()))
    minutes, hours = seconds // 60, seconds // 3600
    if minutes < 1:
        return _("%(seconds)s 秒") % {"seconds": seconds}
    if hours < 1:
        return _("%(minutes)s 分") % {"minutes": minutes}
    if hours < 24 and minutes % 60 == 0:
        return _("%(hours)s 小时") % {"hours": hours}
    if hours < 24:
        return _("%(hours)s 小时 %(minutes)s 分") % {"hours": hours, "minutes": minutes % 60}
    if hours % 24 == 0:
        return _("%(days)s 天") % {"days": hours // 24}
    return _("%(days)s 天 %(hours)s 小时") % {"days": hours // 24, "hours": hours % 24}
