"""Automatic handling at the desk: runs, reviews, switches and replays (自动办理)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from yiwang.audit import services as trail
from yiwang.cases import services
from yiwang.cases.policy.automatic import ReviewCause, SampleVerdict
from yiwang.cases.policy.replaying import MOST_DIFFERENCES, MOST_OF_GROUND, DifferenceKind
from yiwang.cases.queries import CaseNotFoundError, assessing, automatic
from yiwang.cases.queries.automatic import GroundRow, ReplayView, ReviewView, SwitchView
from yiwang.catalogue import drafts
from yiwang.catalogue import queries as catalogue
from yiwang.catalogue.policy.items import ItemVersion
from yiwang.catalogue.policy.parsing import ItemFormatError
from yiwang.kernel.errors import RefusedError
from yiwang.kernel.paging import row_or_first
from yiwang.organisations.permissions import Permission
from yiwang.rules.policy.tables import RuleOutcome
from yiwang.web.officer.replay_words import (
    ShownGround,
    difference_lines,
    shown_difference,
    shown_ground,
)
from yiwang.web.officer.scope import department_names
from yiwang.web.views import UNPROCESSABLE, FormPage, Page, found

REASON_LENGTH = 500
KEY_DIGITS = 18
"""More digits are the key of nothing."""


@dataclass(frozen=True, kw_only=True)
class Tab:
    """One of the five lists."""

    label: Any
    href: str
    current: bool


class AutomaticPage(Page):
    """What the pages share: the five lists, as far as the post allows."""

    nav = "automatic"
    tab: ClassVar[str] = ""

    @property
    def tabs(self) -> list[Tab]:
        """The lists that this person may open."""
        lists = (
            ("runs", _("运行记录"), "officer:auto_runs", Permission.CASE_READ),
            ("reviews", _("待复核"), "officer:auto_reviews", Permission.AUTO_SAMPLE),
            ("switches", _("开关"), "officer:auto_switches", Permission.CASE_READ),
            ("replays", _("规则回放"), "officer:auto_replays", Permission.AUTO_REPLAY),
            ("assessments", _("影响评估"), "officer:assessments", Permission.ASSESSMENT_READ),
        )
        return [
            Tab(label=label, href=reverse(address), current=key == self.tab)
            for key, label, address, permission in lists
            if self.actor.may_somewhere(permission)
        ]

    def context(self, **given: Any) -> dict[str, Any]:
        """Add the lists and the names of units."""
        return super().context(tabs=self.tabs, names=department_names(), **given)


class RunsFilter(forms.Form):
    """Which runs."""

    use_required_attribute = False

    item = forms.ChoiceField(label=_l("事项"), required=False)
    outcome = forms.ChoiceField(
        label=_l("结论"),
        required=False,
        choices=[("", _l("全部")), *((one.value, _l(one.label)) for one in RuleOutcome)],
    )
    day = forms.DateField(
        label=_l("日期"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={"invalid": _l("请按 2026-01-31 的样式填写日期。")},
    )


class Runs(AutomaticPage):
    """List of runs, newest first."""

    permission: ClassVar[Permission] = Permission.CASE_READ
    template_name = "officer/automatic/runs.html"
    tab = "runs"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show one page of the list."""
        form = RunsFilter(request.GET or None)
        choice = form.fields["item"]
        assert isinstance(choice, forms.ChoiceField)
        choice.choices = [
            ("", _("全部")),
            *((item.slug, item.name) for item in automatic.automatic_items(on=self.today)),
        ]
        wish = form.cleaned_data if form.is_bound and form.is_valid() else {}
        page = automatic.runs(
            by=self.actor,
            item=wish.get("item") or "",
            outcome=RuleOutcome(wish["outcome"]) if wish.get("outcome") else None,
            day=wish.get("day"),
            after=request.GET.get("after", ""),
        )
        return self.render(
            {"form": form, "page": page, "first": not request.GET.get("after")},
            status=UNPROCESSABLE if form.is_bound and form.errors else 200,
        )


class Run(AutomaticPage):
    """One run: facts with their source and time, and the path in words."""

    permission: ClassVar[Permission] = Permission.CASE_READ
    template_name = "officer/automatic/run.html"
    tab = "runs"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show it."""
        return self.render({"run": automatic.run(self.kwargs["run"], by=self.actor)})

    def refusal_page(self, refusal: RefusedError, *, status: int) -> HttpResponse:
        """Answer 404 for a run that these eyes may not see."""
        return super().refusal_page(refusal, status=_status(refusal, status))


NOT_FOUND = 404


def _status(refusal: RefusedError, status: int) -> int:
    """Return 404 where a record is hidden, so that numbers cannot be probed."""
    return NOT_FOUND if isinstance(refusal, CaseNotFoundError) else status


class Reviews(AutomaticPage):
    """Decisions for a person to look at again: the day's samples, and what applicants ask for."""

    permission: ClassVar[Permission] = Permission.AUTO_SAMPLE
    template_name = "officer/automatic/reviews.html"
    tab = "reviews"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show what waits, or what was looked at."""
        done = request.GET.get("tab") == "done"
        return self.render({"done": done, "rows": automatic.reviews(by=self.actor, done=done)})


class ReviewForm(forms.Form):
    """What was found."""

    use_required_attribute = False

    verdict = forms.ChoiceField(
        label=_l("结论"),
        choices=[(one.value, _l(one.label)) for one in SampleVerdict],
        widget=forms.RadioSelect,
        error_messages={"required": _l("请选择同意或者不同意。")},
    )
    reason = forms.CharField(
        label=_l("理由"),
        help_text=_l("不同意的必须写明事实和理由；申请人要求复核的，申请人会看到。"),
        max_length=REASON_LENGTH,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"max_length": _l("理由最多 500 个字，请删减。")},
    )
    stop = forms.BooleanField(
        label=_l("同时停用本事项的自动办理"),
        help_text=_l("规则有误、会继续出错时勾选；须有停用自动办理的权限。"),
        required=False,
    )


class Review(AutomaticPage, FormPage):
    """One decision, and what a person finds about it."""

    permission: ClassVar[Permission] = Permission.AUTO_SAMPLE
    template_name = "officer/automatic/review.html"
    form_class = ReviewForm
    tab = "reviews"

    @cached_property
    def review(self) -> ReviewView:
        """The review of the address."""
        return automatic.review(self.kwargs["review"], by=self.actor)

    def context(self, **given: Any) -> dict[str, Any]:
        """Add the run that granted."""
        view = automatic.automatic(self.review.case_number, by=self.actor)
        run = view.run if view is not None else None
        if self.review.cause is ReviewCause.HANDLED:
            run = None
        return super().context(review=self.review, run=run, **given)

    def form(self) -> forms.Form:
        """Offer to stop rules only where rules decided."""
        form = super().form()
        if self.review.cause is ReviewCause.HANDLED:
            del form.fields["stop"]
        return form

    def valid(self, form: ReviewForm) -> HttpResponse:
        """Write the finding down."""
        done = services.review_automatic(
            review_id=self.review.id,
            verdict=SampleVerdict(form.cleaned_data["verdict"]),
            reason=form.cleaned_data["reason"],
            stop=form.cleaned_data.get("stop", False),
            by=self.actor,
            at=self.at,
        )
        if done.verdict is SampleVerdict.DISAGREE:
            messages.success(self.request, _("已记录不同意。需要撤销的，请在办件页面提出撤销。"))
            return redirect("officer:case", number=done.case_number)
        messages.success(self.request, _("已记录同意。"))
        return redirect("officer:auto_reviews")

    def refusal_page(self, refusal: RefusedError, *, status: int) -> HttpResponse:
        """Answer 404 for a review that these eyes may not see."""
        return super().refusal_page(refusal, status=_status(refusal, status))


class Switches(AutomaticPage):
    """The switch of every automatic item of one's departments."""

    permission: ClassVar[Permission] = Permission.CASE_READ
    template_name = "officer/automatic/switches.html"
    tab = "switches"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show them."""
        return self.render({"rows": automatic.switches(by=self.actor, on=self.today)})


class SwitchForm(forms.Form):
    """Why."""

    use_required_attribute = False

    reason = forms.CharField(
        label=_l("理由"),
        max_length=REASON_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={
            "required": _l("请填写理由，理由记入操作日志。"),
            "max_length": _l("理由最多 500 个字，请删减。"),
        },
    )


class Switch(AutomaticPage, FormPage):
    """One switch: stop at once; resume with four eyes."""

    permission: ClassVar[Permission] = Permission.CASE_READ
    template_name = "officer/automatic/switch.html"
    form_class = SwitchForm
    tab = "switches"

    @cached_property
    def switch(self) -> SwitchView:
        """The switch of the address."""
        return found(lambda: automatic.switch(self.kwargs["slug"], on=self.today))

    def context(self, **given: Any) -> dict[str, Any]:
        """Add the switch and what this person may do with it."""
        view = self.switch
        may = self.actor.may(Permission.AUTO_SWITCH, department=view.department)
        return super().context(
            switch=view,
            may=may,
            assessed=assessing.readiness_of(view.item_slug, on=self.today),
            own=view.asked is not None and view.asked.by == self.actor.ref,
            **given,
        )

    def valid(self, form: SwitchForm) -> HttpResponse:
        """Do the one act that the state of the switch leaves."""
        view, reason = self.switch, form.cleaned_data["reason"]
        given: dict[str, Any] = {
            "item_slug": view.item_slug,
            "reason": reason,
            "by": self.actor,
            "at": self.at,
        }
        act = self.request.POST.get("act", "")
        if act == "stop":
            services.stop_automatic(**given)
            messages.success(self.request, _("已停用，新的申请从现在起由工作人员办理。"))
        elif act == "ask":
            services.ask_resume_automatic(**given)
            messages.success(self.request, _("已申请恢复，请另一名有权人员确认。"))
        elif act in {"resume", "decline"}:
            services.resume_automatic(**given, agree=act == "resume")
            messages.success(
                self.request, _("已恢复自动办理。") if act == "resume" else _("没有恢复。")
            )
        else:
            form.add_error(None, _("请用页面上的按钮选择要做的事。"))
            return self.invalid(form)
        return redirect("officer:auto_switch", slug=view.item_slug)


class Replays(AutomaticPage):
    """Rules tried on past cases: what was tried, and what can be."""

    permission: ClassVar[Permission] = Permission.AUTO_REPLAY
    template_name = "officer/automatic/replays.html"
    tab = "replays"

    @cached_property
    def draft(self) -> drafts.DraftView | None:
        """The draft named in the address; None: none is."""
        named = self.request.GET.get("draft") or self.request.POST.get("draft") or ""
        if not (named.isascii() and named.isdecimal()):
            return None
        if len(named) > KEY_DIGITS:
            raise Http404
        return found(lambda: drafts.draft(int(named), by=self.actor))

    @cached_property
    def items(self) -> list[ItemVersion]:
        """Items with rules of the departments of this person."""
        codes = self.actor.departments(Permission.AUTO_REPLAY)
        return [
            item
            for item in automatic.automatic_items(on=self.today)
            if "*" in codes or item.department in codes
        ]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the items and their last replays."""
        return self._page()

    def _page(self, error: str = "", status: int = 200) -> HttpResponse:
        draft = self.draft
        asked = self.request.POST.get("item", "")
        rows = [
            {"item": item, "replays": automatic.replays(item.slug, limit=3)} for item in self.items
        ]
        return self.render(
            {
                "rows": rows,
                "draft": draft,
                "draft_replays": automatic.replays(draft.line.slug) if draft else [],
                "error": error,
                "asked": next((one.name for one in self.items if one.slug == asked), ""),
            },
            status=status,
        )

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Begin a replay; a job does it."""
        try:
            version, draft = self._asked()
            if version.auto_rules is None:
                return self._page(_("这个版本没有自动办理规则，请先写规则。"), UNPROCESSABLE)
            replay = services.ask_replay(
                item_slug=version.slug,
                department=version.department,
                rules=version.auto_rules,
                version=None if draft else version.version,
                draft=draft,
                by=self.actor,
                at=self.at,
            )
        except ItemFormatError as error:
            return self._page(str(error), UNPROCESSABLE)
        except services.ReplayRefusedError as refusal:
            return self._page(refusal.message, UNPROCESSABLE)
        return redirect("officer:auto_replay", replay=replay.id)

    def _asked(self) -> tuple[ItemVersion, int | None]:
        if self.draft is not None:
            return self.draft.version, self.draft.line.id
        slug = self.request.POST.get("item", "")
        return found(lambda: catalogue.item(slug, on=self.today)), None


class ReplayPage(AutomaticPage):
    """One replay, for those who may try the rules of its item."""

    permission: ClassVar[Permission] = Permission.AUTO_REPLAY
    template_name = "officer/automatic/replay.html"
    tab = "replays"

    @cached_property
    def replay(self) -> ReplayView:
        """The replay of the address."""
        return found(lambda: automatic.replay(self.kwargs["replay"]))

    @cached_property
    def item(self) -> ItemVersion:
        """The item whose rules were tried."""
        item = found(lambda: catalogue.item(self.replay.item_slug, on=self.today))
        if not self.actor.may(Permission.AUTO_REPLAY, department=item.department):
            raise Http404
        return item


class Replay(ReplayPage):
    """One replay: how far, what the rules would have granted, and where and why people differed."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show it, with the cases people refused or those of one ground."""
        view, item = self.replay, self.item
        grounds = {one.number: one for one in automatic.grounds(view.id)}
        wanted = request.GET.get("ground", "")
        chosen = next((number for number in grounds if str(number) == wanted), None)
        if wanted and chosen is None:
            raise Http404
        after = row_or_first(request.GET.get("after")) or 0
        rows = automatic.differences(
            view.id, by=self.actor, ground=chosen, limit=automatic.PAGE + 1, after=after
        )
        shown = rows[: automatic.PAGE]
        return self.render(
            {
                "replay": view,
                "item": item,
                "refused": _shown(grounds, DifferenceKind.GRANT_REFUSE),
                "handed": _shown(grounds, DifferenceKind.HAND_OVER_GRANT),
                "handed_count": view.counts.get(DifferenceKind.HAND_OVER_GRANT.value, 0),
                "chosen": shown_ground(grounds[chosen]) if chosen is not None else None,
                "of_granted": chosen is not None
                and grounds[chosen].kind is DifferenceKind.HAND_OVER_GRANT,
                "differences": [shown_difference(row) for row in shown],
                "next": shown[-1].id if len(rows) > automatic.PAGE else "",
                "first": not after,
                "most": MOST_DIFFERENCES,
                "most_of_ground": MOST_OF_GROUND,
                "good_until": automatic.replay_good_until(view),
                "rows": {one: n for n, one in enumerate(view.row_ids, start=1)},
            }
        )


SHOWN_GROUNDS = 20
"""Grounds of a kind that are shown at once; the others unfold."""


@dataclass(frozen=True, kw_only=True)
class ShownGrounds:
    """Grounds of one kind, the most frequent first; `more` unfold."""

    first: list[ShownGround]
    more: list[ShownGround]


def _shown(grounds: Mapping[int, GroundRow], kind: DifferenceKind) -> ShownGrounds:
    shown = [shown_ground(one) for one in grounds.values() if one.kind is kind]
    return ShownGrounds(first=shown[:SHOWN_GROUNDS], more=shown[SHOWN_GROUNDS:])


class ReplayExport(ReplayPage):
    """The cases that differ as a file for a spreadsheet; the export stands in the trail."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Send them, without anything personal."""
        view, item = self.replay, self.item
        with transaction.atomic():
            trail.record(
                at=self.at,
                actor=self.actor.ref,
                act="cases.export_replay",
                target=f"item:{item.slug}",
                detail={"replay": view.id},
                department=item.department,
                ip=self.actor.ip,
            )
        lines = list(difference_lines(view.id, by=self.actor, names=department_names()))
        answer = HttpResponse(lines, content_type="text/csv; charset=utf-8")
        answer.headers["Content-Disposition"] = f'attachment; filename="replay-{view.id}.csv"'
        return answer
