"""The agency window: one clerk for a firm's cases of all departments, and who answers (代办)."""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from yiwang.cases.policy.states import CaseState
from yiwang.cases.queries import QueueRow
from yiwang.halls.policy.agency import ANSWER_WORKDAYS, FREE, LINE_LENGTH, TEXT_LENGTH
from yiwang.halls.queries import agency as queries
from yiwang.halls.queries.agency import MandateView, QuestionView
from yiwang.halls.services import agency as services
from yiwang.organisations import queries as organisations
from yiwang.organisations.permissions import EVERYWHERE, Permission
from yiwang.web.views import FormPage, Page, found

NEXT: dict[CaseState, object] = {
    CaseState.RECEIVED: _l("等待受理"),
    CaseState.CORRECTION: _l("请企业补正，补齐后到窗口或者网上提交"),
    CaseState.ACCEPTED: _l("等待审查"),
    CaseState.REVIEWING: _l("部门审查"),
    CaseState.SPECIAL: _l("等待特别程序的结果，时限暂停"),
    CaseState.HEARING: _l("等待听证，时限暂停"),
    CaseState.DECISION_PENDING: _l("等待决定"),
    CaseState.APPROVED: _l("领取结果"),
    CaseState.REJECTED: _l("领取结果"),
    CaseState.DELIVERING: _l("等待签收"),
}
"""What follows in each state, for the agent."""


def _names() -> dict[str, str]:
    return {unit.code: unit.short_name or unit.name for unit in organisations.departments()}


class Agency(Page):
    """Firms that gave their matters to the window, one's own first."""

    permission: ClassVar[Permission] = Permission.AGENCY_HANDLE
    template_name = "officer/agency/list.html"
    nav = "agency"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show them with the nearest due of each."""
        rows, more = queries.mandates(by=self.actor, today=self.today, calendar=self.calendar)
        return self.render({"rows": rows, "more": more, "free": FREE})


class MandateForm(forms.Form):
    """The mandate on the desk."""

    use_required_attribute = False

    uscc = forms.CharField(
        label=_l("统一社会信用代码"),
        max_length=30,
        error_messages={"required": _l("请填写营业执照上的18位统一社会信用代码。")},
    )
    matter = forms.CharField(
        label=_l("代办的项目"),
        max_length=LINE_LENGTH,
        help_text=_l("例如：示例厂房新建工程的全部审批。"),
        error_messages={"required": _l("请填写代办的项目。")},
    )
    signed_by = forms.CharField(
        label=_l("在委托书上签名的人"),
        max_length=LINE_LENGTH,
        error_messages={"required": _l("请填写在委托书上签名的法定代表人或者负责人。")},
    )
    last_on = forms.DateField(
        label=_l("委托的最后一天"),
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={
            "required": _l("请填写委托书上的最后一天。"),
            "invalid": _l("请填写年月日，例如2026-03-06。"),
        },
    )
    phone = forms.CharField(
        label=_l("您的联系电话"),
        max_length=40,
        help_text=_l("企业用这个电话找您。"),
        error_messages={"required": _l("请填写企业找得到您的电话。")},
    )


class NewMandate(FormPage):
    """Write down a mandate; whoever does becomes the agent."""

    permission: ClassVar[Permission] = Permission.AGENCY_HANDLE
    template_name = "officer/agency/new.html"
    nav = "agency"
    form_class = MandateForm

    def context(self, **given: Any) -> dict[str, Any]:
        """Add that it is free."""
        return super().context(free=FREE, **given)

    def valid(self, form: MandateForm) -> HttpResponse:
        """Write it down and open the firm's page."""
        held = self.actor.departments(Permission.AGENCY_HANDLE)
        made = services.record_mandate(
            **form.cleaned_data,
            department=min(held - {EVERYWHERE}, default=EVERYWHERE),
            by=self.actor,
            at=self.at,
        )
        messages.success(self.request, _("已登记，企业会在平台上看到您是它的代办员。"))
        return redirect("officer:mandate", made.id)


class AskForm(forms.Form):
    """A question to the department that decides a case."""

    use_required_attribute = False

    case_number = forms.ChoiceField(
        label=_l("关于哪个办件"), error_messages={"required": _l("请选择一个办件。")}
    )
    text = forms.CharField(
        label=_l("问题"),
        max_length=TEXT_LENGTH,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": _l("请填写问题。")},
    )


class MandatePage(FormPage):
    """What the pages of one mandate share."""

    permission: ClassVar[Permission] = Permission.AGENCY_HANDLE
    nav = "agency"

    @cached_property
    def one(self) -> MandateView:
        """The mandate of the address."""
        return found(lambda: queries.mandate(self.kwargs["mandate"], by=self.actor))


class Matter(MandatePage):
    """One firm: its cases of all departments, the next due of each, questions and answers."""

    template_name = "officer/agency/matter.html"
    form_class = AskForm

    @cached_property
    def cases(self) -> tuple[list[QueueRow], list[QueueRow]]:
        """Running and finished cases of the firm, while the mandate stands."""
        return found(
            lambda: queries.cases_of(
                self.one, by=self.actor, today=self.today, calendar=self.calendar
            )
        )

    def form(self) -> forms.Form:
        """Return the question with the cases it may be about."""
        form = super().form()
        field = form.fields["case_number"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [
            (row.number, f"{row.item_name}（{row.query_code}）") for row in self.cases[0]
        ]
        return form

    def context(self, **given: Any) -> dict[str, Any]:
        """Add the cases, what was asked, and who answers."""
        running, finished = self.cases
        return super().context(
            one=self.one,
            running=[
                {"case": row, "next": NEXT.get(row.state, ""), "open": self._may_open(row)}
                for row in running
            ],
            finished=finished,
            questions=queries.questions_of(self.one, today=self.today, calendar=self.calendar),
            names=_names(),
            answer_days=ANSWER_WORKDAYS,
            free=FREE,
            **given,
        )

    def _may_open(self, row: QueueRow) -> bool:
        return any(
            self.actor.may(Permission.CASE_READ, department=code)
            for code in (row.deciding_department, row.intake_department)
        )

    def valid(self, form: AskForm) -> HttpResponse:
        """Ask, and show it among the questions."""
        services.ask_liaison(
            mandate=self.one.id,
            case_number=form.cleaned_data["case_number"],
            text=form.cleaned_data["text"],
            calendar=self.calendar,
            by=self.actor,
            at=self.at,
        )
        messages.success(self.request, _("已向部门联络员提问。"))
        return redirect("officer:mandate", self.one.id)


class EndForm(forms.Form):
    """Why the window ends a mandate."""

    use_required_attribute = False

    reason = forms.CharField(
        label=_l("终止的原因"),
        max_length=LINE_LENGTH,
        error_messages={"required": _l("请填写终止的原因，企业会看到。")},
    )


class EndMandate(MandatePage):
    """End a mandate before its last day."""

    template_name = "officer/agency/end.html"
    form_class = EndForm

    def context(self, **given: Any) -> dict[str, Any]:
        """Add the mandate."""
        return super().context(one=self.one, **given)

    def valid(self, form: EndForm) -> HttpResponse:
        """End it and say so."""
        services.end_mandate(
            mandate=self.one.id, reason=form.cleaned_data["reason"], by=self.actor, at=self.at
        )
        messages.success(self.request, _("代办委托已终止。"))
        return redirect("officer:agency")


class Waiting(Page):
    """What agents asked the departments one answers for; who answers for the others."""

    permission: ClassVar[Permission] = Permission.WORK_DESK
    template_name = "officer/agency/questions.html"
    nav = "agency_questions"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show both."""
        return self.render(
            {
                "rows": queries.questions_to(self.actor, today=self.today, calendar=self.calendar),
                "liaisons": queries.liaison_lines(at=self.at),
                "manages": self.actor.may_somewhere(Permission.CASE_ASSIGN),
            }
        )


class AnswerForm(forms.Form):
    """What the department says."""

    use_required_attribute = False

    text = forms.CharField(
        label=_l("答复"),
        max_length=TEXT_LENGTH,
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"required": _l("请填写答复。")},
    )


class Answer(FormPage):
    """Answer an agent for one's department."""

    permission: ClassVar[Permission] = Permission.WORK_DESK
    template_name = "officer/agency/answer.html"
    nav = "agency_questions"
    form_class = AnswerForm

    @cached_property
    def row(self) -> QuestionView:
        """The question of the address."""
        return found(
            lambda: queries.question(
                self.kwargs["question"],
                by=self.actor,
                today=self.today,
                calendar=self.calendar,
            )
        )

    def context(self, **given: Any) -> dict[str, Any]:
        """Add the question."""
        may = self.actor.may(Permission.CASE_READ, department=self.row.department)
        return super().context(row=self.row, open=may, **given)

    def valid(self, form: AnswerForm) -> HttpResponse:
        """Answer it and go back to those that wait."""
        services.answer_question(
            question=self.row.id, text=form.cleaned_data["text"], by=self.actor, at=self.at
        )
        messages.success(self.request, _("已答复，代办员会收到工作消息。"))
        return redirect("officer:agency_questions")


class LiaisonForm(forms.Form):
    """Who answers for which department."""

    use_required_attribute = False

    person = forms.ChoiceField(
        label=_l("联络员"), error_messages={"required": _l("请选择联络员。")}
    )


class Liaisons(FormPage):
    """The head of a department names who answers agents."""

    permission: ClassVar[Permission] = Permission.CASE_ASSIGN
    template_name = "officer/agency/liaisons.html"
    nav = "liaisons"
    form_class = LiaisonForm

    @cached_property
    def mine(self) -> list[str]:
        """Codes of the departments that this person heads."""
        held = self.actor.departments(Permission.CASE_ASSIGN)
        return [
            unit.code
            for unit in organisations.departments(on=self.today)
            if unit.code in held or EVERYWHERE in held
        ]

    def form(self) -> forms.Form:
        """Return the form with the reviewers of those departments."""
        form, names = super().form(), _names()
        field = form.fields["person"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [
            ("", _("请选择")),
            *(
                (f"{code}:{one.login}", f"{names.get(code, code)} · {one.name}（{one.login}）")
                for code in self.mine
                for one in organisations.staff_with(
                    Permission.CASE_REVIEW, department=code, at=self.at
                )
            ),
        ]
        return form

    def context(self, **given: Any) -> dict[str, Any]:
        """Add who answers now."""
        rows = queries.liaison_lines(at=self.at)
        return super().context(rows=[one for one in rows if one.department in self.mine], **given)

    def valid(self, form: LiaisonForm) -> HttpResponse:
        """Name the person."""
        department, _colon, login = form.cleaned_data["person"].partition(":")
        services.appoint_liaison(department=department, login=login, by=self.actor, at=self.at)
        messages.success(self.request, _("已指定联络员。"))
        return redirect("officer:liaisons")
