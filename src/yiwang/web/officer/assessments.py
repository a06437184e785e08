"""Impact assessments of automatic handling at the desk (个人信息保护影响评估)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from yiwang.cases import services
from yiwang.cases.policy.assessing import (
    KEPT_YEARS,
    LONGEST_TEXT,
    POINTS,
    AssessmentState,
    Conclusion,
    Points,
    kept_until,
)
from yiwang.cases.queries import assessing
from yiwang.cases.queries.assessing import AssessmentView, ItemReadiness, RulesToAssess
from yiwang.documents import queries as documents
from yiwang.kernel.errors import RefusedError
from yiwang.organisations import scope
from yiwang.organisations.permissions import Permission
from yiwang.web.officer.automatic import REASON_LENGTH, AutomaticPage
from yiwang.web.officer.confirming import Confirmed
from yiwang.web.uploads import take_in
from yiwang.web.views import FormPage, found

COLOURS: Mapping[str, str] = {
    "valid": "success",
    "due": "warning",
    "overdue": "danger",
    "uncovered": "danger",
    "unfit": "danger",
    "missing": "danger",
}
"""Readiness -> colour of its tag; the words say the same."""

LABELS: Mapping[str, Any] = {
    "purpose": _l("处理目的"),
    "manner": _l("处理方式和个人信息种类"),
    "lawfulness": _l("目的、方式、种类为什么合法、正当、必要"),
    "effects": _l("对个人权益的影响"),
    "risks": _l("安全风险"),
    "measures": _l("保护措施，以及为什么合法、有效并与风险程度相适应"),
}
"""Point -> its words, the same as `POINTS`, for translation; a test holds both equal."""

HINTS: Mapping[str, Any] = {
    "purpose": _l("为什么要由系统核对这些数据，对申请人有什么用。"),
    "manner": _l("什么时候、向谁、取哪些结论；不取哪些。"),
    "lawfulness": _l("依据什么职责和规定；为什么不能少取。"),
    "effects": _l("系统准予或者转人工对本人意味着什么；怎样要求人工办理。"),
    "risks": _l("数据过期、冒用、泄露会怎样。"),
    "measures": _l("怎样保护、怎样发现错误、怎样停用。"),
}
"""Point -> what to think of."""


class AssessmentsPage(AutomaticPage):
    """What the pages about assessments share."""

    permission: ClassVar[Permission | None] = Permission.ASSESSMENT_READ
    nav = "assessments"
    tab = "assessments"


class Assessments(AssessmentsPage):
    """Every automatic item of one's departments, and whether it is assessed."""

    template_name = "officer/automatic/assessments.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show them, those that want something first."""
        rows = assessing.readiness(by=self.actor, on=self.today)
        order = list(COLOURS)
        rows.sort(key=lambda one: (-order.index(one.readiness.value), one.item_name))
        return self.render({"rows": rows, "colours": COLOURS, "kept_years": KEPT_YEARS})


class OneItem(AssessmentsPage):
    """What the pages about the assessments of one item share."""

    @cached_property
    def draft(self) -> int | None:
        """The draft of the item whose rules are meant; None: those in force."""
        named = self.request.POST.get("draft") or self.request.GET.get("draft") or ""
        return int(named) if named.isdecimal() and len(named) < NUMBER_LENGTH else None

    @cached_property
    def rules(self) -> RulesToAssess:
        """The rules that are assessed."""
        slug = self.kwargs["slug"]
        rules = found(
            lambda: assessing.rules_to_assess(slug, draft=self.draft, by=self.actor, on=self.today)
        )
        if not self.actor.may(Permission.ASSESSMENT_READ, department=rules.version.department):
            raise Http404(slug)
        return rules


NUMBER_LENGTH = 10


class ItemAssessments(OneItem):
    """One item: whether its rules may go live, what is new in them, all its assessments."""

    template_name = "officer/automatic/item_assessments.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show it; of an item without rules today, what was assessed before."""
        slug = self.kwargs["slug"]
        rows = assessing.assessments(slug, by=self.actor)
        if rows and self.draft is None and not assessing.has_rules(slug, on=self.today):
            return self.render(
                {"item": {"slug": slug, "name": rows[0].rules_name}, "rows": rows, "finding": None}
            )
        version = self.rules.version
        finding = assessing.finding(version, on=self.today)
        opened = assessing.open_assessment(version.slug)
        may_write = self.actor.may(Permission.ASSESSMENT_WRITE, department=version.department)
        return self.render(
            {
                "item": version,
                "draft": self.draft,
                "reads": self.rules.reads,
                "finding": finding,
                "colour": COLOURS[finding.readiness.value],
                "uncovered": {one.source for one in finding.uncovered},
                "opened": opened,
                "may_write": may_write and (opened is None or self._own(opened)),
                "rows": rows,
            }
        )

    def _own(self, opened: AssessmentView) -> bool:
        return opened.state is AssessmentState.DRAFT and opened.written_by == self.actor.ref


class AssessmentForm(forms.Form):
    """The points of the law, the conclusion and a document."""

    use_required_attribute = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, words in LABELS.items():
            self.fields[name] = forms.CharField(
                label=words,
                help_text=HINTS[name],
                required=False,
                max_length=LONGEST_TEXT,
                widget=forms.Textarea(attrs={"rows": 4}),
                error_messages={"max_length": _l("最多 %(limit_value)d 个字，请删减。")},
            )
            self.fields[name].unmarked = True  # type: ignore[attr-defined]
        self.fields["conclusion"] = forms.ChoiceField(
            label=_l("结论"),
            required=False,
            choices=[(one.value, _(one.label)) for one in Conclusion],
            widget=forms.RadioSelect,
        )
        self.fields["conclusion"].unmarked = True  # type: ignore[attr-defined]
        self.fields["document"] = forms.FileField(
            label=_l("评估报告"),
            help_text=_l("PDF 或者照片；另有完整报告的可以附上。"),
            required=False,
        )

    @property
    def points(self) -> Points:
        """The points as typed."""
        return Points(**{name: self.cleaned_data[name] for name in POINTS})

    @property
    def conclusion(self) -> Conclusion | None:
        """The conclusion as chosen."""
        chosen = self.cleaned_data["conclusion"]
        return Conclusion(chosen) if chosen else None


class WriteAssessment(OneItem, FormPage):
    """Write an assessment; what the rules read stands there already."""

    permission: ClassVar[Permission | None] = Permission.ASSESSMENT_WRITE
    template_name = "officer/automatic/write_assessment.html"
    form_class = AssessmentForm

    @cached_property
    def opened(self) -> AssessmentView | None:
        """The draft of the assessment; None: nothing is written yet."""
        return assessing.open_assessment(self.kwargs["slug"])

    @cached_property
    def draft(self) -> int | None:
        """The draft named in the address, or the one that the assessment was begun for."""
        named = super().draft
        if named is None and self.opened is not None and self.request.method == "GET":
            return self.opened.item_draft
        return named

    def initial(self) -> dict[str, Any]:
        """Return what is written, or what was approved last, so that nothing is typed twice."""
        earlier = self.opened or next(
            (
                one
                for one in assessing.assessments(self.kwargs["slug"], by=self.actor)
                if one.approved_at is not None
            ),
            None,
        )
        if earlier is None:
            return {}
        points = {name: getattr(earlier.points, name) for name in POINTS}
        chosen = self.opened.conclusion if self.opened else None
        return points | {"conclusion": chosen.value if chosen else ""}

    def context(self, **given: Any) -> dict[str, Any]:
        """Add the rules and what is new in them."""
        finding = assessing.finding(self.rules.version, on=self.today)
        return super().context(
            item=self.rules.version,
            draft=self.draft,
            reads=self.rules.reads,
            uncovered={one.source for one in finding.uncovered},
            opened=self.opened,
            **given,
        )

    def valid(self, form: AssessmentForm) -> HttpResponse:
        """Keep it, and hand it in where that was asked for."""
        sent = form.cleaned_data["document"]
        upload = take_in(sent, by=self.actor, at=self.at).ref if sent else ""
        slug = self.rules.version.slug
        kept = services.write_assessment(
            item_slug=slug,
            draft=self.draft,
            points=form.points,
            conclusion=form.conclusion,
            upload=upload,
            by=self.actor,
            at=self.at,
        )
        if "submit" not in self.request.POST:
            messages.success(self.request, _("已保存，还没有送批准。"))
            return redirect("officer:assessment", key=kept.id)
        try:
            services.submit_assessment(assessment=kept.id, by=self.actor, at=self.at)
        except RefusedError as refusal:
            self.__dict__.pop("opened", None)
            self._complain(form, refusal)
            return self.invalid(form)
        messages.success(self.request, _("已送批准，请另一名有权人员批准。"))
        return redirect("officer:assessment", key=kept.id)

    def _complain(self, form: AssessmentForm, refusal: RefusedError) -> None:
        """Say what is missing beside its field; what no field puts right, above them."""
        empty = [name for name in POINTS if not form.cleaned_data[name].strip()]
        for name in empty:
            form.add_error(name, _("请填写“%(point)s”。") % {"point": LABELS[name]})
        if form.conclusion is None:
            form.add_error("conclusion", _("请选择评估的结论。"))
        if not form.errors:
            form.add_error(None, refusal.message)


class OneAssessment(AssessmentsPage):
    """What the pages of one assessment share."""

    @cached_property
    def one(self) -> AssessmentView:
        """The assessment of the address."""
        return found(lambda: assessing.assessment(self.kwargs["key"], by=self.actor))

    @cached_property
    def item(self) -> ItemReadiness | None:
        """Its item, and how that stands; None: it is not in force."""
        try:
            return assessing.readiness_of(self.one.item_slug, on=self.today)
        except LookupError:
            return None

    def may(self, permission: Permission) -> bool:
        """Tell whether this person may do something in the department of the assessment."""
        return self.actor.may(permission, department=self.one.department)

    def context(self, **given: Any) -> dict[str, Any]:
        """Add the assessment."""
        one = self.one
        return super().context(
            one=one,
            item_name=self.item.item_name if self.item else one.item_slug,
            points=[(words, getattr(one.points, name)) for name, words in LABELS.items()],
            **given,
        )


class Assessment(OneAssessment):
    """One assessment, in use or put away, with what this person may do with it."""

    template_name = "officer/automatic/assessment.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show it."""
        one = self.one
        own = one.written_by == self.actor.ref
        approver = self.may(Permission.ASSESSMENT_APPROVE)
        draft = one.state is AssessmentState.DRAFT
        upload = None
        if one.upload_ref:
            with scope.everything():  # it belongs to the assessment, whoever took it in
                upload = documents.uploads([one.upload_ref]).get(one.upload_ref)
        return self.render(
            {
                "upload": upload,
                "may_write": draft and own and self.may(Permission.ASSESSMENT_WRITE),
                "may_approve": one.state is AssessmentState.SUBMITTED and approver and not own,
                "waits_for_other": one.state is AssessmentState.SUBMITTED and own,
                "may_discard": draft and (own or approver),
                "may_archive": one.state is AssessmentState.APPROVED
                and approver
                and (self.item is None or self.item.assessment != one.id),
                "may_delete": one.archived_on is not None
                and approver
                and self.today > kept_until(one.archived_on),
            }
        )


class AssessmentDocument(OneAssessment):
    """The document that belongs to an assessment."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Send it as it was built anew."""
        ref = self.one.upload_ref
        with scope.everything():  # it belongs to the assessment, whoever took it in
            upload = found(lambda: documents.upload(ref))
            content = documents.open_derivative(ref)
        return HttpResponse(
            content,
            content_type=str(upload.media_type.value),
            headers={
                "Content-Disposition": "inline",
                "Content-Security-Policy": "default-src 'none'; sandbox",
                "Cache-Control": "no-store",
            },
        )


class ReasonForm(forms.Form):
    """Why."""

    use_required_attribute = False

    reason = forms.CharField(
        label=_l("理由"),
        required=False,
        max_length=REASON_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"max_length": _l("理由最多 500 个字，请删减。")},
    )


class WhyForm(ReasonForm):
    """Why, which has to be said."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].required = True
        self.fields["reason"].error_messages["required"] = _("请填写理由，理由记入操作日志。")


class ApproveForm(ReasonForm):
    """What the second person says."""

    verdict = forms.ChoiceField(
        label=_l("结论"),
        choices=[("approve", _l("批准")), ("return", _l("退回修改"))],
        widget=forms.RadioSelect,
        error_messages={"required": _l("请选择批准或者退回修改。")},
    )
    field_order = ("verdict", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].help_text = _l("退回的必须写明要改什么，编写人会看到。")
        self.fields["reason"].unmarked = True  # type: ignore[attr-defined]  # read by c-field

    def clean(self) -> None:
        """Whoever gives it back says why, before the second step."""
        if self.cleaned_data.get("verdict") == "return" and not self.cleaned_data.get("reason"):
            self.add_error("reason", _("请填写退回的理由，写明要改什么。"))


class Act(OneAssessment, Confirmed):
    """An act on an assessment: first the reason, then the consequence, then the act."""

    permission: ClassVar[Permission | None] = Permission.ASSESSMENT_APPROVE
    template_name = "officer/automatic/assessment_act.html"
    confirm_template = "officer/items/confirm.html"
    form_class = ReasonForm
    title: ClassVar[Any] = ""
    words: ClassVar[Any] = ""
    state: ClassVar[AssessmentState]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Ask for the reason, where the assessment stands so that the act can be done."""
        if self.one.state is not self.state:
            raise services.AssessmentRefusedError(
                _("评估的状态是“%(state)s”，不能%(act)s，请返回查看。")
                % {"state": _(self.one.state.label), "act": self.words}
            )
        return super().get(request, *args, **kwargs)

    def context(self, **given: Any) -> dict[str, Any]:
        """Add the words."""
        return super().context(
            **{"title": self.title, "words": self.words, **given},
            back=reverse("officer:assessment", args=[self.one.id]),
        )

    def done(self, message: str) -> HttpResponse:
        """Lead back to the item."""
        messages.success(self.request, message)
        return redirect("officer:item_assessments", slug=self.one.item_slug)

    def confirmation(self, form: Any) -> Mapping[str, Any]:
        """Name the assessment and what follows."""
        reason = form.cleaned_data.get("reason", "")
        return {
            "object": _("%(name)s的影响评估（第 %(id)s 号）")
            % {"name": self.context()["item_name"], "id": self.one.id},
            "consequence": self.consequence(form),
            "lines": [(_("理由"), reason)] if reason else [],
            "colour": self.colour(form),
        }

    def consequence(self, form: Any) -> str:
        """Say what follows."""
        raise NotImplementedError

    def colour(self, form: Any) -> str:
        """Return the colour of the last button."""
        return "danger"


class ApproveAssessment(Act):
    """The second pair of eyes: approve, or give back."""

    form_class = ApproveForm
    title = _l("批准影响评估")
    words = _l("批准")
    state = AssessmentState.SUBMITTED

    def confirmation(self, form: Any) -> Mapping[str, Any]:
        """Name the act that was chosen."""
        returned = form.cleaned_data["verdict"] == "return"
        words = _("退回修改") if returned else _("批准")
        return {**super().confirmation(form), "words": words}

    def consequence(self, form: Any) -> str:
        """Say what follows."""
        if form.cleaned_data["verdict"] == "return":
            return _("评估退回编写人修改。")
        if self.one.conclusion is Conclusion.UNFIT:
            return _("评估生效后，本事项不能自动办理。")
        return _("评估生效，读取同样数据的规则可以上线；以前的评估归档，仍可查看。")

    def colour(self, form: Any) -> str:
        """Return the colour of the last button."""
        return "danger" if form.cleaned_data["verdict"] == "return" else "accent"

    def valid(self, form: ApproveForm) -> HttpResponse:
        """Do it."""
        agree = form.cleaned_data["verdict"] == "approve"
        services.approve_assessment(
            assessment=self.one.id,
            agree=agree,
            reason=form.cleaned_data["reason"],
            by=self.actor,
            at=self.at,
        )
        return self.done(_("已批准。") if agree else _("已退回修改。"))


class DiscardAssessment(Act):
    """Give up a draft."""

    permission: ClassVar[Permission | None] = Permission.ASSESSMENT_READ
    title = _l("作废影响评估")
    words = _l("作废")
    state = AssessmentState.DRAFT

    def form(self) -> forms.Form:
        """Ask for nothing."""
        form = super().form()
        del form.fields["reason"]
        return form

    def consequence(self, form: Any) -> str:
        """Say what follows."""
        return _("这份评估不再编写，文字保留备查；可以重新编写一份。")

    def valid(self, form: ReasonForm) -> HttpResponse:
        """Do it."""
        services.discard_assessment(assessment=self.one.id, by=self.actor, at=self.at)
        return self.done(_("已作废。"))


class ArchiveAssessment(Act):
    """Put away an assessment that nothing rests on."""

    form_class = WhyForm
    title = _l("归档影响评估")
    words = _l("归档")
    state = AssessmentState.APPROVED

    def consequence(self, form: Any) -> str:
        """Say what follows."""
        return _("自今天起不再作为上线的依据，至少保存 %(years)s 年，仍可查看。") % {
            "years": KEPT_YEARS
        }

    def valid(self, form: ReasonForm) -> HttpResponse:
        """Do it."""
        services.archive_assessment(
            assessment=self.one.id,
            reason=form.cleaned_data["reason"],
            by=self.actor,
            at=self.at,
        )
        return self.done(_("已归档。"))


class DeleteAssessment(Act):
    """Delete an assessment whose years are over."""

    form_class = WhyForm
    title = _l("删除影响评估")
    words = _l("删除")
    state = AssessmentState.ARCHIVED

    def consequence(self, form: Any) -> str:
        """Say what follows."""
        return _("评估和附件永久删除，不能恢复；操作日志保留记录。")

    def valid(self, form: ReasonForm) -> HttpResponse:
        """Do it."""
        slug = self.one.item_slug
        services.delete_assessment(
            assessment=self.one.id,
            reason=form.cleaned_data["reason"],
            by=self.actor,
            at=self.at,
        )
        messages.success(self.request, _("已删除。"))
        return redirect("officer:item_assessments", slug=slug)
