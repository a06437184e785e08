"""The figures over finished cases, each with its definition and the cases behind it (办件指标)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar
from urllib.parse import urlencode

from django import forms
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from yiwang.audit import services as trail
from yiwang.cases.policy.figures import (
    DAYS_SAY,
    DEFINITIONS,
    VISITS_SAY,
    CaseFigure,
    Share,
    quarter_of,
)
from yiwang.cases.queries import figures as queries
from yiwang.cases.queries.figures import Asked, CaseFigures, Days, FigureRow
from yiwang.organisations.permissions import Permission
from yiwang.web.downloads import BOM, csv_line
from yiwang.web.officer.scope import department_names, departments_of
from yiwang.web.views import UNPROCESSABLE, Page

NONE = "—"

OF_ITEMS = tuple(key for key in CaseFigure if key in queries.MEASURED or key is CaseFigure.SHARED)
"""Figures that each item has a line of; the others are reckoned for all items together."""


class FiguresFilter(forms.Form):
    """Which cases: a period, a department, an item; every field is optional."""

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
    department = forms.ChoiceField(
        label=_l("部门"),
        required=False,
        error_messages={"invalid_choice": _l("请选择列出的部门，您只能查看本部门的指标。")},
    )
    item = forms.CharField(required=False, max_length=80, widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        """Check that the period runs forwards."""
        cleaned = super().clean() or {}
        first, last = cleaned.get("first"), cleaned.get("last")
        if first and last and last < first:
            self.add_error("last", _("截止日期早于起始日期，请更正。"))
        return cleaned


@dataclass(frozen=True, kw_only=True)
class Shown:
    """One figure as the page shows it; `href` is empty where its cases may not be opened."""

    label: str
    value: str
    count: str
    part: str
    whole: str
    href: str


class FiguresPage(Page):
    """What the pages of the figures share: who asks, and for which cases."""

    permission: ClassVar[Permission] = Permission.FIGURES_READ
    nav = "figures"

    @cached_property
    def form(self) -> FiguresFilter:
        """The filter; without dates it asks for this quarter."""
        sent = self.request.GET.copy()
        if not sent.get("first") and not sent.get("last"):
            sent["first"] = quarter_of(self.today).isoformat()
            sent["last"] = self.today.isoformat()
        form = FiguresFilter(sent)
        units = departments_of(self.actor, Permission.FIGURES_READ, on=self.today)
        form.fields["department"].choices = [  # type: ignore[attr-defined]
            ("", _("全部") if len(units) != 1 else units[0].short_name),
            *((unit.code, unit.short_name) for unit in units if len(units) != 1),
        ]
        if len(units) == 1 and sent.get("department") == units[0].code:
            sent["department"] = ""
        return form

    @cached_property
    def asked(self) -> Asked:
        """What a valid filter asks for; a missing day is today, or begins the quarter."""
        given = self.form.cleaned_data
        last = given["last"] or max(self.today, given["first"])
        return Asked(
            first=given["first"] or quarter_of(last),
            last=last,
            department=given["department"],
            item=given["item"],
        )

    @property
    def query(self) -> str:
        """The filter as it stands in an address."""
        asked = self.asked
        return urlencode(
            {
                "first": asked.first.isoformat(),
                "last": asked.last.isoformat(),
                "department": asked.department,
                "item": asked.item,
            }
        )

    def found(self) -> CaseFigures:
        """Ask."""
        return queries.figures(self.asked, by=self.actor, today=self.today)


class Figures(FiguresPage):
    """All figures of a period, each with what it counts, and a line for each item."""

    template_name = "officer/figures/index.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show them."""
        if not self.form.is_valid():
            return self.render({"form": self.form}, status=UNPROCESSABLE)
        found = self.found()
        opens = queries.may_see_cases(self.actor)
        return self.render(
            {
                "form": self.form,
                "asked": self.asked,
                "query": self.query,
                "total": found.total,
                "days": _days(found.total.days),
                "shown": [self._shown(found.total.shares[key], opens) for key in CaseFigure],
                "rows": [(row, _days(row.days), _cells(row)) for row in found.rows],
                "item_name": next((row.item_name for row in found.rows if self.asked.item), ""),
                "without_item": self._without_item(),
                "towns": found.towns,
                "names": department_names(),
                "says": (_(VISITS_SAY), _(DAYS_SAY)),
            }
        )

    def _without_item(self) -> str:
        asked = self.asked
        return urlencode({"first": asked.first, "last": asked.last, "department": asked.department})

    def _shown(self, share: Share, opens: bool) -> Shown:
        said = DEFINITIONS[share.key]
        address = reverse("officer:figures_behind", args=[share.key.value])
        return Shown(
            label=_(share.key.label),
            value=_pct(share) if share.whole is not None else str(share.part),
            count=str(share.part) if share.whole is None else f"{share.part} / {share.whole}",
            part=_(said.part),
            whole=_(said.whole) if said.whole else "",
            href=f"{address}?{self.query}" if opens and share.part else "",
        )


class Behind(FiguresPage):
    """The cases that one figure counts, for whoever may open cases."""

    template_name = "officer/figures/cases.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show one page of them."""
        try:
            key = CaseFigure(kwargs["key"])
        except ValueError as unknown:
            raise Http404("no such figure") from unknown
        if not self.form.is_valid():
            return self.render({"form": self.form, "key": key}, status=UNPROCESSABLE)
        after = request.GET.get("after", "")
        page = queries.behind(key, self.asked, by=self.actor, today=self.today, after=after)
        return self.render(
            {
                "form": self.form,
                "key": key,
                "asked": self.asked,
                "query": self.query,
                "part": _(DEFINITIONS[key].part),
                "page": page,
                "counted": any(row.visits is not None for row in page.rows),
                "first": not after,
                "names": department_names(),
            }
        )


class FiguresExport(FiguresPage):
    """The same figures as a file for a spreadsheet; the export stands in the trail."""

    template_name = "officer/figures/index.html"

    def get(  # type: ignore[override]  # a stream is an answer too
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        """Send them: the sum, then a line for each item."""
        if not self.form.is_valid():
            return self.render({"form": self.form}, status=UNPROCESSABLE)
        asked, found = self.asked, self.found()
        with transaction.atomic():
            trail.record(
                at=self.at,
                actor=self.actor.ref,
                act="cases.export_figures",
                target="figures:cases",
                detail={
                    "first": asked.first,
                    "last": asked.last,
                    "department": asked.department,
                    "item": asked.item,
                },
                ip=self.actor.ip,
            )
        answer = StreamingHttpResponse(
            _lines(found, department_names()), content_type="text/csv; charset=utf-8"
        )
        name = f"figures-{asked.first:%Y%m%d}-{asked.last:%Y%m%d}.csv"
        answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return answer


def _lines(found: CaseFigures, names: Mapping[str, str]) -> Iterator[str]:
    head = [_("部门"), _("事项"), _("办结"), _("作出决定")]
    head += [_("平均用时"), _("用时中位数"), _("平均承诺时限"), _("平均法定时限")]
    for key in CaseFigure:
        head.append(_(key.label))
        if DEFINITIONS[key].whole:
            head.append(_("%(figure)s（共）") % {"figure": _(key.label)})
    yield BOM + csv_line(head)
    for row in (found.total, *found.rows):
        yield csv_line(_line(row, names))


def _line(row: FigureRow, names: Mapping[str, str]) -> Sequence[str]:
    days = row.days
    cells = [
        names.get(row.department, row.department) if row.item_slug else _("全部"),
        row.item_name if row.item_slug else _("全部"),
        str(row.finished),
        str(row.decided),
        *(
            "" if one is None else f"{one:.1f}"
            for one in (days.mean, days.median, days.promised, days.statutory)
        ),
    ]
    for key in CaseFigure:
        share = row.shares.get(key)
        cells.append("" if share is None else str(share.part))
        if DEFINITIONS[key].whole:
            cells.append("" if share is None else str(share.whole))
    return cells


def _days(days: Days) -> dict[str, str]:
    return {
        name: NONE if value is None else f"{value:.1f}"
        for name, value in (
            ("mean", days.mean),
            ("median", days.median),
            ("promised", days.promised),
            ("statutory", days.statutory),
        )
    }


def _cells(row: FigureRow) -> dict[str, str]:
    return {key.value: _pct(row.shares[key]) for key in OF_ITEMS}


def _pct(share: Share) -> str:
    return NONE if share.pct is None else f"{share.pct:.1f}%"
