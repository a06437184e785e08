"""Pages of departments that are asked for their opinion, and what is overdue."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from yiwang.cases import services
from yiwang.cases.policy.procedure import INQUIRY_WORKDAYS, LONGEST_INQUIRY_WORKDAYS, InquiryAnswer
from yiwang.cases.policy.states import Step
from yiwang.cases.queries.procedure import (
    ExtensionView,
    missed_clocks,
    open_extensions,
    procedure_of,
    waiting_inquiries,
)
from yiwang.kernel.paging import row_or_first
from yiwang.organisations import queries as organisations
from yiwang.organisations.permissions import Permission
from yiwang.organisations.policy.terms import DepartmentKind
from yiwang.web.officer.cases import done
from yiwang.web.officer.handling import VersionForm
from yiwang.web.officer.procedure import OneStep, area, number
from yiwang.web.officer.scope import department_names
from yiwang.web.views import Page


class AskDepartmentsForm(VersionForm):
    """Whom, what, and by when."""

    departments = forms.MultipleChoiceField(
        label=_l("部门"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _l("请至少选择一个部门。")},
    )
    question = area(_l("征求意见的内容"), _l("请填写征求意见的内容。"))
    workdays = number(
        _l("反馈期限（工作日）"),
        most=LONGEST_INQUIRY_WORKDAYS,
        help_text=_l("各部门同时办理；期满前不能提出审查意见。"),
    )


class AskDepartments(OneStep):
    """Ask other departments, all at the same time (征求部门意见)."""

    permission: ClassVar[Permission] = Permission.CASE_REVIEW
    form_class = AskDepartmentsForm
    step = Step.ASK_DEPARTMENT
    heading = _l("征求部门意见")
    lead = _l("各部门并联反馈意见，仍由审批部门一家作出决定。")
    button = _l("发出征求意见")

    def initial(self) -> dict[str, Any]:
        """Return the departments that handle the item together."""
        asked = self.case.asked_departments
        return super().initial() | {
            "departments": [code for code in self.item.joint_departments if code not in asked],
            "workdays": INQUIRY_WORKDAYS,
        }

    def fit(self, form: Any) -> None:
        """Offer the departments that were not asked yet; those of the item version first."""
        skipped = {self.case.deciding_department, *self.case.asked_departments}
        joint = self.item.joint_departments
        form.fields["departments"].choices = sorted(
            (
                (unit.code, unit.short_name or unit.name)
                for unit in organisations.departments(on=self.today)
                if unit.code not in skipped and unit.kind is not DepartmentKind.CENTRE
            ),
            key=lambda one: one[0] not in joint,
        )

    def valid(self, form: AskDepartmentsForm) -> HttpResponse:
        """Ask."""
        given = form.cleaned_data
        services.ask_departments(
            number=self.case.number,
            departments=given["departments"],
            question=given["question"],
            workdays=given["workdays"],
            calendar=self.calendar,
            by=self.actor,
            at=self.at,
            version=given["version"],
        )
        return redirect(done(self, _("已征求意见，各部门可以同时反馈。")))


class OpinionForm(VersionForm):
    """What the department thinks."""

    answer = forms.ChoiceField(
        label=_l("意见"),
        choices=[(one.value, one.label) for one in InquiryAnswer],
        widget=forms.RadioSelect,
        error_messages={"required": _l("请选择意见。")},
    )
    opinion = area(_l("意见内容"), _l("请填写部门意见。"), help_text=_l("供审批部门阅读。"))


class GiveOpinion(OneStep):
    """Give the opinion of one's department (反馈部门意见)."""

    permission: ClassVar[Permission] = Permission.CASE_REVIEW
    form_class = OpinionForm
    step = Step.DEPARTMENT_OPINION
    heading = _l("反馈部门意见")
    button = _l("反馈意见")

    def context(self, **given: Any) -> dict[str, Any]:
        """Add what was asked."""
        found = procedure_of(self.case.number, by=self.actor, today=self.today).inquiries
        held = self.actor.departments(Permission.CASE_REVIEW)
        return super().context(
            questions=[one for one in found if one.answer is None and one.department in held],
            **given,
        )

    def valid(self, form: OpinionForm) -> HttpResponse:
        """Answer; other departments may have answered meanwhile, so the version does not matter."""
        given = form.cleaned_data
        services.give_opinion(
            number=self.case.number,
            answer=InquiryAnswer(given["answer"]),
            opinion=given["opinion"],
            by=self.actor,
            at=self.at,
        )
        return redirect(done(self, _("意见已反馈给审批部门。")))


class Inquiries(Page):
    """What other departments asked, the earliest due first (征求意见)."""

    permission: ClassVar[Permission] = Permission.CASE_REVIEW
    template_name = "officer/cases/inquiries.html"
    nav = "inquiries"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show them."""
        rows = waiting_inquiries(by=self.actor, today=self.today, calendar=self.calendar)
        return self.render({"rows": rows, "names": department_names()})


class Overdue(Page):
    """Clocks that were missed, and extensions that wait for the head (超期和漏办)."""

    permission: ClassVar[Permission] = Permission.CASE_ASSIGN
    template_name = "officer/cases/overdue.html"
    nav = "overdue"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show one page."""
        whole = request.GET.get("all") == "1"
        after = row_or_first(request.GET.get("after"))
        page = missed_clocks(by=self.actor, open_only=not whole, after=after)
        return self.render(
            {
                "page": page,
                "whole": whole,
                "first": after is None,
                "extensions": self.extensions(),
                "names": department_names(),
            }
        )

    def extensions(self) -> Sequence[ExtensionView]:
        """Return the requests that wait for this head."""
        if not self.actor.may_somewhere(Permission.CASE_EXTEND):
            return ()
        return open_extensions(by=self.actor)
