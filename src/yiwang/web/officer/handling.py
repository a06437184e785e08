"""Acts on one case: accept, correct, decline, review, decide, deliver, assign (办理)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, ClassVar

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from yiwang.cases import services
from yiwang.cases.policy.correcting import asks_for_paper, correctable, counts_electronically
from yiwang.cases.policy.deadlines import NOTICE_LIMIT_WORKDAYS
from yiwang.cases.policy.declining import (
    OTHER_GROUND,
    UNNAMED,
    leaves_applicant_without_authority,
    rests_on_want_of_competence,
)
from yiwang.cases.policy.remedies import remedies_of
from yiwang.cases.policy.states import CaseState, Step
from yiwang.cases.policy.terms import MaterialState, Outcome
from yiwang.cases.queries.declining import DeclineView, open_decline
from yiwang.cases.queries.procedure import ProcedureView, procedure_of
from yiwang.cases.services import CorrectionLine
from yiwang.cases.services.decision_letters import GRANT_REASON
from yiwang.catalogue.policy.items import Channel
from yiwang.organisations import queries as organisations
from yiwang.organisations.permissions import Permission
from yiwang.organisations.queries import StaffView
from yiwang.web.citizen import guides
from yiwang.web.officer import casefile, casesteps
from yiwang.web.officer.cases import CasePages, done
from yiwang.web.officer.confirming import Confirmed
from yiwang.web.officer.phrases import DEFECTS, OPINIONS, REASONS, defects, of_department
from yiwang.web.remedies import remedy_words
from yiwang.web.views import FormPage

VERSION_MAX = 2**31 - 1
REASON_LENGTH = 2000
LINE_LENGTH = 300
OTHER_LINES = 4
"""Free lines of a correction beside those of the materials."""


class VersionForm(forms.Form):
    """An act on a case: hands back the row version that the page showed."""

    use_required_attribute = False

    version = forms.IntegerField(
        widget=forms.HiddenInput,
        max_value=VERSION_MAX,
        error_messages={
            "required": _l("页面不完整，请刷新后再办。"),
            "invalid": _l("页面不完整，请刷新后再办。"),
        },
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field, forms.ChoiceField) and field.required:
                field.error_messages["invalid_choice"] = field.error_messages["required"]


class Act(CasePages, FormPage):
    """One act on one case; a refusal shows the page again with everything that was typed.

    When somebody else acted meanwhile, the sentence that says who stands on the page, the facts
    around the form are new, and what was typed can be sent again.

    Attributes:
        step: The step of the table; another state shows the refusal instead of the form.
    """

    form_class: ClassVar[type[forms.Form]] = VersionForm

    def initial(self) -> dict[str, Any]:
        """Return the version of the row that is shown."""
        return {"version": self.case.version}

    def invalid(self, form: forms.Form) -> HttpResponse:
        """Show the page with fresh facts; the form then stands for the row as it is now."""
        self.__dict__.pop("file", None)
        data = self.request.POST.copy()
        data["version"] = str(self.case.version)
        form.data = data
        return super().invalid(form)

    def context(self, **given: Any) -> dict[str, Any]:
        """Add what every page of an act shows beside its form."""
        return super().context(
            registered=casefile.registered(self.file),
            answers=casefile.answers(self.file, self.item),
            materials=casefile.materials(self.file, self.item, by=self.actor),
            may_reveal=self.actor.may_somewhere(Permission.PERSON_REVEAL),
            entries=casefile.timeline(self.file, self.units),
            **given,
        )


class TwoStep(Confirmed, Act):
    """An act on a case that cannot be undone."""

    @property
    def object_words(self) -> str:
        """The case in words, for the second page."""
        return _("办件 %(code)s：%(applicant)s，%(item)s") % {
            "code": self.case.query_code,
            "applicant": self.case.applicant_name,
            "item": self.case.item_name,
        }


class AcceptForm(VersionForm):
    """The clerk has looked at everything."""

    checked = forms.BooleanField(
        label=_l("以上材料已逐项核对，齐全并符合法定形式"),
        error_messages={"required": _l("请先核对材料并勾选，材料有问题的请改为一次性补正。")},
    )


class Accept(Act):
    """Look through the application and accept it (受理)."""

    permission: ClassVar[Permission] = Permission.CASE_ACCEPT
    template_name = "officer/cases/accept.html"
    form_class = AcceptForm

    def context(self, **given: Any) -> dict[str, Any]:
        """Add what may be done and what will follow."""
        steps = self.file.steps
        missing = [one.name for one in self.file.materials if one.state is MaterialState.MISSING]
        return super().context(
            can_accept=Step.ACCEPT in steps,
            can_correct=Step.ASK_CORRECTION in steps,
            can_ask_on_spot=Step.ASK_ON_SPOT in steps,
            can_fix_on_spot=Step.FIX_ON_SPOT in steps,
            can_decline=Step.DECLINE in steps,
            can_propose_decline=Step.PROPOSE_DECLINE in steps,
            proposed=open_decline(self.case.number, by=self.actor),
            missing=missing,
            undeclared=not self.file.declared and self.case.corrected_on is None,
            corrected=self.case.corrected_on is not None,
            limits=guides.facts(self.item)[:2],
            **given,
        )

    def valid(self, form: Any) -> HttpResponse:
        """Note the check of each material, accept, and go on."""
        number = self.case.number
        for one in self.file.materials:
            if one.checked_at is None and one.state in {
                MaterialState.FILED,
                MaterialState.WAIVED,
            }:
                services.check_material(
                    number=number, material_id=one.material_id, by=self.actor, at=self.at
                )
        services.accept_case(
            number=number,
            calendar=self.calendar,
            by=self.actor,
            at=self.at,
            version=form.cleaned_data["version"],
        )
        return redirect(done(self, _("已受理，受理通知书已送达申请人。")))


class CorrectForm(VersionForm):
    """The complete list of what is missing or wrong: one group of fields per material."""

    def __init__(
        self,
        *args: Any,
        materials: Sequence[casefile.MaterialLine] = (),
        own: Sequence[str] = (),
        electronic: Collection[str] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.materials = materials
        self.electronic = electronic
        for one in materials:
            self.fields[f"what_{one.id}"] = forms.ChoiceField(
                label=_("问题"),
                required=False,
                choices=[("", _("没有问题")), *defects(one.standard, own)],
            )
            self.fields[f"more_{one.id}"] = forms.CharField(
                label=_("补充说明"), max_length=LINE_LENGTH, required=False
            )
        for place in range(OTHER_LINES):
            self.fields[f"other_{place}"] = forms.CharField(
                label=_("其他需要补正的内容（%(place)s）") % {"place": place + 1},
                max_length=LINE_LENGTH,
                required=False,
            )

    def groups(self) -> list[tuple[casefile.MaterialLine, Any, Any]]:
        """Return each material with its two fields."""
        return [(one, self[f"what_{one.id}"], self[f"more_{one.id}"]) for one in self.materials]

    def others(self) -> list[Any]:
        """Return the free fields."""
        return [self[f"other_{place}"] for place in range(OTHER_LINES)]

    def clean(self) -> dict[str, Any]:
        """Check that something is to be corrected, and that no paper is asked for twice."""
        cleaned = super().clean() or {}
        for one in self.materials:
            for name in (f"what_{one.id}", f"more_{one.id}"):
                if one.id in self.electronic and asks_for_paper(cleaned.get(name, "")):
                    self.add_error(
                        name,
                        _(
                            "“%(name)s”以电子文件提交，不得再要求纸质材料，"
                            "请改为要求补正后的电子文件。"
                        )
                        % {"name": one.name},
                    )
        if not self.errors and not self.lines():
            first = next(name for name in self.fields if name.startswith(("what_", "other_")))
            self.add_error(first, _("请至少选择一项问题，并把需要补正的内容一次列全。"))
        return cleaned

    def lines(self) -> list[CorrectionLine]:
        """Return the list as the service takes it."""
        lines = []
        for one in self.materials:
            phrase = self.cleaned_data.get(f"what_{one.id}", "")
            more = self.cleaned_data.get(f"more_{one.id}", "")
            if not phrase and not more:
                continue
            what = "，".join(part for part in (phrase, more) if part)
            lines.append(
                CorrectionLine(
                    material_id=one.id,
                    what=f"{one.name}：{what}",
                    why=one.standard or _("不符合申请材料目录的要求"),
                )
            )
        lines += [
            CorrectionLine(material_id="", what=text, why=_("申请内容不完整或者不一致"))
            for place in range(OTHER_LINES)
            if (text := self.cleaned_data.get(f"other_{place}", ""))
        ]
        return lines


class Correct(TwoStep):
    """Tell the applicant everything at once (一次性告知补正)."""

    permission: ClassVar[Permission] = Permission.CASE_ACCEPT
    template_name = "officer/cases/correct.html"
    form_class = CorrectForm

    @cached_property
    def lines_of_materials(self) -> Sequence[casefile.MaterialLine]:
        """The materials that the applicant can hand in anew; what offices provide is none."""
        by_id = {one.id: one for one in self.item.materials}
        return [
            one
            for one in casefile.materials(self.file, self.item, by=self.actor)
            if correctable(by_id.get(one.id), one.state)
        ]

    @cached_property
    def electronic(self) -> frozenset[str]:
        """Ids of the materials of which no paper may be asked for."""
        online = self.case.channel is Channel.PORTAL
        return frozenset(
            one.material_id
            for one in self.file.materials
            if counts_electronically(online=online, taken_as=one.taken_as)
        )

    def context(self, **given: Any) -> dict[str, Any]:
        """Add of what no paper may be asked for, and whether anything is provided by offices."""
        return super().context(
            electronic=self.electronic,
            provided=len(self.lines_of_materials) < len(self.file.materials),
            **given,
        )

    def form(self) -> CorrectForm:
        """Return the form; missing materials are on the list from the start."""
        sent = self.request.POST if self.request.method == "POST" else None
        return CorrectForm(
            sent,
            initial=self.initial(),
            materials=self.lines_of_materials,
            own=of_department(self.case.department_code),
            electronic=self.electronic,
        )

    def form_again(self) -> CorrectForm:
        """Return the form with what was typed."""
        return CorrectForm(
            initial=self.request.POST.dict(),
            materials=self.lines_of_materials,
            own=of_department(self.case.department_code),
            electronic=self.electronic,
        )

    def initial(self) -> dict[str, Any]:
        """Return the missing materials as the first lines."""
        return super().initial() | {
            f"what_{one.id}": DEFECTS[0]
            for one in self.lines_of_materials
            if one.state is MaterialState.MISSING
        }

    def confirmation(self, form: CorrectForm) -> Mapping[str, Any]:
        """Show the whole list as the applicant will read it."""
        paper = any(not line.material_id and asks_for_paper(line.what) for line in form.lines())
        return {
            "title": _("确认一次性补正"),
            "object": self.object_words,
            "consequence": _(
                "补正只能告知一次。告知书送达后受理期限停止，申请人有%(days)s日提交；"
                "之后不能再提出新的补正要求。"
            )
            % {"days": services.correction_days(self.item, on=self.today)}
            + (
                _("清单中有要求纸质的内容：已经以电子文件提交的，不得再要求纸质，请再次核对。")
                if paper
                else ""
            ),
            "words": _("一次性告知补正"),
            "lines": [(line.what, line.why) for line in form.lines()],
            "colour": "accent",
        }

    def valid(self, form: CorrectForm) -> HttpResponse:
        """Send the list."""
        services.ask_correction(
            number=self.case.number,
            lines=form.lines(),
            by=self.actor,
            at=self.at,
            version=form.cleaned_data["version"],
        )
        return redirect(done(self, _("补正告知书已送达申请人。")))


class DeclineForm(VersionForm):
    """Why an application is not accepted, on what ground, and who is competent instead."""

    kind = forms.ChoiceField(
        label=_l("类型"),
        choices=[
            ("decline", _l("不予受理：不属于本机关职权范围，或者法定的不予受理情形")),
            ("no_need", _l("依法不需要取得许可")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _l("请选择类型。")},
    )
    reason = forms.CharField(
        label=_l("事实和理由"),
        max_length=REASON_LENGTH,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_l("申请人将在决定书中读到。"),
        error_messages={"required": _l("请填写不予受理的理由。")},
    )
    article = forms.CharField(
        label=_l("法律依据"),
        max_length=LINE_LENGTH,
        error_messages={"required": _l("请填写法律依据，写明法律名称和条款。")},
    )
    elsewhere = forms.CharField(
        label=_l("有权受理的机关"),
        max_length=LINE_LENGTH,
        required=False,
        help_text=_l("不属于本机关职权范围的必须填写，决定书告知申请人向它申请。"),
    )

    elsewhere.unmarked = True  # type: ignore[attr-defined]  # required on the ground of the hint

    def clean(self) -> dict[str, Any]:
        """Ask for the authority that is competent where this one says that it is not."""
        given = super().clean() or self.cleaned_data
        if given.get("kind") == "decline" and leaves_applicant_without_authority(
            given.get("article", ""), given.get("elsewhere", "")
        ):
            self.add_error("elsewhere", UNNAMED)
        if given.get("kind") == "no_need" and rests_on_want_of_competence(given.get("article", "")):
            self.add_error("article", OTHER_GROUND)
        return given


class Decline(TwoStep):
    """Refuse to accept, in writing, with reasons and remedies (不予受理).

    A window only proposes it; somebody of the deciding department refuses, or takes the case in.
    """

    permission: ClassVar[Permission] = Permission.CASE_ACCEPT
    template_name = "officer/cases/decline.html"
    form_class = DeclineForm

    def initial(self) -> dict[str, Any]:
        """Return what the window proposed, or the article that is nearly always the one."""
        if self.proposed is None:
            article = "《中华人民共和国行政许可法》第三十二条第一款第二项"
            return super().initial() | {"article": article}
        return super().initial() | {
            "kind": "no_need" if self.proposed.no_need else "decline",
            "reason": self.proposed.reason,
            "article": self.proposed.article,
            "elsewhere": self.proposed.elsewhere,
        }

    @cached_property
    def proposed(self) -> DeclineView | None:
        """What a window proposed and nobody answered yet."""
        return open_decline(self.case.number, by=self.actor)

    @property
    def decides(self) -> bool:
        """Whether these eyes refuse themselves; else they propose."""
        return Step.DECLINE in self.file.steps

    def context(self, **given: Any) -> dict[str, Any]:
        """Add whether this refuses or proposes, and what was proposed."""
        return super().context(
            proposed=self.proposed,
            decides=self.decides,
            accept_days=NOTICE_LIMIT_WORKDAYS,
            ways=remedies_of(self.item),
            **given,
        )

    def confirmation(self, form: DeclineForm) -> Mapping[str, Any]:
        """Show what the applicant will read, remedies included."""
        given = form.cleaned_data
        kinds = dict(form.fields["kind"].choices)  # type: ignore[attr-defined]
        lines = [
            (_("类型"), kinds[given["kind"]]),
            (_("事实和理由"), given["reason"]),
            (_("法律依据"), given["article"]),
        ]
        if given["elsewhere"]:
            lines.append((_("有权受理的机关"), given["elsewhere"]))
        lines.append((_("救济途径"), remedy_words(self.item)))
        return {
            "title": _("确认不予受理") if self.decides else _("确认提请不予受理"),
            "object": self.object_words,
            "consequence": _("不予受理后本次申请结束，决定书送达申请人，不能撤销。")
            if self.decides
            else _(
                "由审批部门的另一人核实：同意的作出不予受理决定，不同意的受理或者一次性告知补正。"
                "%(days)s 个工作日照常计算，逾期没有答复的视为受理；申请人会看到正在核实。"
            )
            % {"days": NOTICE_LIMIT_WORKDAYS},
            "words": _("不予受理并通知申请人") if self.decides else _("提请审批部门核实"),
            "lines": lines,
            "colour": "danger",
        }

    def valid(self, form: DeclineForm) -> HttpResponse:
        """Refuse, or propose it."""
        given = form.cleaned_data
        act = services.decline_case if self.decides else services.propose_decline
        act(
            number=self.case.number,
            reason=given["reason"],
            article=given["article"],
            by=self.actor,
            at=self.at,
            version=given["version"],
            no_need=given["kind"] == "no_need",
            elsewhere=given["elsewhere"],
        )
        told = _("不予受理决定书已送达申请人。")
        return redirect(done(self, told if self.decides else _("已提请审批部门核实。")))


class ReviewForm(VersionForm):
    """What the reviewer found and proposes."""

    outcome = forms.ChoiceField(
        label=_l("审查结论"),
        choices=[(Outcome.GRANT.value, _l("建议准予")), (Outcome.REFUSE.value, _l("建议不予"))],
        widget=forms.RadioSelect,
        error_messages={"required": _l("请选择建议准予或者建议不予。")},
    )
    opinion = forms.CharField(
        label=_l("审查意见"),
        max_length=REASON_LENGTH,
        widget=forms.Textarea(attrs={"rows": 5, "list": "opinions"}),
        help_text=_l("写明核对了什么、结论是什么；供审批人员阅读，不对外公开。"),
        error_messages={"required": _l("请填写审查意见。")},
    )


class Review(Act):
    """Look at papers and facts side by side and propose a decision (审查)."""

    permission: ClassVar[Permission] = Permission.CASE_REVIEW
    template_name = "officer/cases/review.html"
    form_class = ReviewForm

    @property
    def procedure(self) -> ProcedureView:
        """What happened beside the ordinary course."""
        return procedure_of(self.case.number, by=self.actor, today=self.today)

    def initial(self) -> dict[str, Any]:
        """Return the words of a proposal that was sent back, to be worked on."""
        opinion = self.file.opinion
        kept = {"opinion": opinion.text} if self.case.sent_back and opinion else {}
        return super().initial() | kept

    def context(self, **given: Any) -> dict[str, Any]:
        """Add whether a proposal may be made."""
        return super().context(
            can_propose=Step.PROPOSE in self.file.steps,
            site_due=casesteps.site_due(self.file, self.procedure),
            phrases=OPINIONS,
            conditions=self.item.conditions,
            basis=guides.basis(self.item),
            **given,
        )

    def valid(self, form: ReviewForm) -> HttpResponse:
        """Propose."""
        given = form.cleaned_data
        services.propose(
            number=self.case.number,
            outcome=Outcome(given["outcome"]),
            opinion=given["opinion"],
            by=self.actor,
            at=self.at,
            version=given["version"],
        )
        return redirect(done(self, _("审查意见已提交，等待审批人员决定。")))


class DecideForm(VersionForm):
    """Grant or refuse; a refusal needs reason and article."""

    outcome = forms.ChoiceField(
        label=_l("决定"),
        choices=[(Outcome.GRANT.value, _l("准予")), (Outcome.REFUSE.value, _l("不予"))],
        widget=forms.RadioSelect,
        error_messages={"required": _l("请选择准予或者不予。")},
    )
    unmet = forms.TypedMultipleChoiceField(
        label=_l("不符合的条件"),
        required=False,
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        help_text=_l("不予时勾选，决定书会逐条写明；都不是的不勾选，在理由中写明。"),
        error_messages={"invalid_choice": _l("请从本事项公布的条件中选择。")},
    )
    reason = forms.CharField(
        label=_l("理由"),
        max_length=REASON_LENGTH,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_l("不予时必须填写，申请人将在决定书中读到。"),
    )
    article = forms.CharField(
        label=_l("法律依据"),
        max_length=LINE_LENGTH,
        required=False,
        help_text=_l("不予时必须填写；准予时不填则用事项的设定依据。"),
    )
    reason.unmarked = True  # type: ignore[attr-defined]  # the hints say when they are required
    article.unmarked = True  # type: ignore[attr-defined]
    unmet.unmarked = True  # type: ignore[attr-defined]

    def __init__(self, *args: Any, conditions: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not conditions:
            del self.fields["unmet"]
            return
        unmet = self.fields["unmet"]
        assert isinstance(unmet, forms.TypedMultipleChoiceField)
        unmet.choices = list(enumerate(conditions, start=1))

    def clean(self) -> dict[str, Any]:
        """Check that a refusal explains itself, and that a grant names no condition."""
        cleaned = super().clean() or {}
        if cleaned.get("outcome") == Outcome.GRANT.value and cleaned.get("unmet"):
            self.add_error(
                "unmet", _("已勾选不符合的条件，不能准予；请取消勾选，或者作出不予决定。")
            )
        if cleaned.get("outcome") == Outcome.REFUSE.value:
            if not cleaned.get("reason"):
                self.add_error("reason", _("请填写不予的理由，申请人将在决定书中读到。"))
            if not cleaned.get("article"):
                self.add_error("article", _("请填写不予的法律依据，写明法律名称和条款。"))
        return cleaned


class Decide(TwoStep):
    """Decide a reviewed case; never by the person who reviewed it (决定)."""

    permission: ClassVar[Permission] = Permission.CASE_DECIDE
    template_name = "officer/cases/decide.html"
    form_class = DecideForm

    def form(self) -> DecideForm:
        """Return the form with the published conditions of the item."""
        sent = self.request.POST if self.request.method == "POST" else None
        return DecideForm(sent, initial=self.initial(), conditions=self.item.conditions)

    def unbound(self, initial: dict[str, Any]) -> DecideForm:
        """Return it with what was ticked."""
        return DecideForm(initial=initial, conditions=self.item.conditions)

    def context(self, **given: Any) -> dict[str, Any]:
        """Add what the decision rests on, and why it may not be made here."""
        return super().context(
            can_decide=bool(self.file.steps & {Step.GRANT, Step.GRANT_ON_SPOT}),
            same_person=self.case.reviewed_by == self.actor.ref or self._proposed_before,
            can_send_back=Step.SEND_BACK in self.file.steps,
            unchecked=self.case.must_check_site
            and not procedure_of(self.case.number, by=self.actor, today=self.today).site_checks,
            opinion=self.file.opinion,
            basis=guides.basis(self.item),
            reasons=REASONS,
            **given,
        )

    @property
    def _proposed_before(self) -> bool:
        """Whether an earlier proposal, sent back since, was this person's."""
        return (
            self.case.state is CaseState.DECISION_PENDING
            and self.actor.may(Permission.CASE_DECIDE, department=self.case.deciding_department)
            and Step.GRANT not in self.file.steps
        )

    def confirmation(self, form: DecideForm) -> Mapping[str, Any]:
        """Show the decision as it will be written."""
        given = form.cleaned_data
        grant = given["outcome"] == Outcome.GRANT.value
        article = given["article"] or "；".join(
            f"《{one.law}》{one.article}" for one in self.item.basis
        )
        lines = [
            (_("决定"), _("准予") if grant else _("不予")),
            *(
                (_("不符合的条件"), self.item.conditions[place - 1])
                for place in given.get("unmet", ())
            ),
            (_("理由"), given["reason"] or GRANT_REASON),
            (_("法律依据"), article),
        ]
        if grant:
            consequence = _(
                "准予后立即颁发“%(result)s”，决定书送达申请人，持证人列入监管对象；不能撤销。"
            ) % {"result": self.item.result.name}
        else:
            lines.append((_("救济途径"), remedy_words(self.item)))
            consequence = _("不予后本次申请结束，决定书写明理由和救济途径并送达申请人；不能撤销。")
        return {
            "letter": services.draft_decision(
                number=self.case.number,
                outcome=Outcome(given["outcome"]),
                reason=given["reason"],
                article=given["article"],
                unmet=given.get("unmet", ()),
                by=self.actor,
                at=self.at,
            ),
            "title": _("确认准予") if grant else _("确认不予"),
            "object": self.object_words,
            "consequence": consequence,
            "words": _("准予并颁发") if grant else _("不予并送达决定书"),
            "lines": lines,
            "colour": "accent" if grant else "danger",
        }

    def valid(self, form: DecideForm) -> HttpResponse:
        """Decide."""
        given = form.cleaned_data
        outcome = Outcome(given["outcome"])
        services.decide(
            number=self.case.number,
            outcome=outcome,
            calendar=self.calendar,
            by=self.actor,
            at=self.at,
            reason=given["reason"],
            article=given["article"],
            unmet=given.get("unmet", ()),
            version=given["version"],
        )
        words = (
            _("已准予，证照和决定书已生成。")
            if outcome is Outcome.GRANT
            else _("已作出不予决定，决定书已生成。")
        )
        return redirect(done(self, words))


HANDLERS: Mapping[CaseState, Permission] = {
    CaseState.RECEIVED: Permission.CASE_ACCEPT,
    CaseState.ACCEPTED: Permission.CASE_REVIEW,
    CaseState.REVIEWING: Permission.CASE_REVIEW,
    CaseState.SPECIAL: Permission.CASE_REVIEW,
    CaseState.HEARING: Permission.CASE_REVIEW,
    CaseState.DECISION_PENDING: Permission.CASE_DECIDE,
}
"""What whoever holds the case in a state must be allowed to do."""


class AssignForm(VersionForm):
    """To whom a case is given."""

    to = forms.ChoiceField(
        label=_l("承办人"),
        widget=forms.RadioSelect,
        error_messages={"required": _l("请选择承办人。")},
    )

    def __init__(self, *args: Any, staff: Sequence[StaffView] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice = self.fields["to"]
        choice.error_messages["invalid_choice"] = _("该人员不能承办本办件，请从所列人员中选择。")
        assert isinstance(choice, forms.ChoiceField)
        choice.choices = [(f"user:{one.login}", one.name) for one in staff]


class Assign(Act):
    """Give a case to a member of staff (分派)."""

    permission: ClassVar[Permission] = Permission.CASE_ASSIGN
    template_name = "officer/cases/assign.html"
    form_class = AssignForm

    @cached_property
    def staff(self) -> Sequence[StaffView]:
        """Who may handle the case in its state, the reviewer left out of the decision."""
        permission = HANDLERS.get(self.case.state)
        if permission is None:
            return ()
        departments = {self.case.deciding_department}
        if permission is Permission.CASE_ACCEPT:
            departments |= {self.case.intake_department, self.case.department_code}
        people = {
            one.login: one
            for code in sorted(departments)
            for one in organisations.staff_with(permission, department=code, at=self.at)
        }
        if permission is Permission.CASE_DECIDE:
            people.pop(self.case.reviewed_by.removeprefix("user:"), None)
        return [people[login] for login in sorted(people)]

    def form(self) -> AssignForm:
        """Return the form with those who may handle the case."""
        sent = self.request.POST if self.request.method == "POST" else None
        return AssignForm(sent, initial=self.initial(), staff=self.staff)

    def initial(self) -> dict[str, Any]:
        """Return who holds the case now."""
        return super().initial() | {"to": self.case.assigned_to}

    def context(self, **given: Any) -> dict[str, Any]:
        """Add whether anybody can be chosen."""
        return super().context(staff=self.staff, **given)

    def valid(self, form: AssignForm) -> HttpResponse:
        """Give it."""
        given = form.cleaned_data
        services.assign_case(
            number=self.case.number,
            to=given["to"],
            by=self.actor,
            at=self.at,
            version=given["version"],
        )
        name = next(one.name for one in self.staff if f"user:{one.login}" == given["to"])
        done(self, _("已分派给%(name)s。") % {"name": name})
        return redirect("officer:desk")
