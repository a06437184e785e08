"""What departments are told of registered businesses, and what they tell back (双告知)."""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from yiwang.organisations import queries as organisations
from yiwang.organisations.permissions import Permission
from yiwang.registration import queries, services
from yiwang.registration.policy.notices import STEPS, STEPS_OF, NoticeState, NoticeStep
from yiwang.registration.queries import NoticeView
from yiwang.supervision import queries as supervision
from yiwang.web.officer.scope import department_names
from yiwang.web.views import FormPage, Page

NOTE_LENGTH = 1000
BY_DEPARTMENT = (
    NoticeStep.CLAIM,
    NoticeStep.RETURN,
    NoticeStep.FOLLOW,
    NoticeStep.NO_NEED,
    NoticeStep.NOT_OPERATING,
    NoticeStep.INSPECT,
    NoticeStep.NOTE,
    NoticeStep.PERMIT_END,
)


class DualNotices(Page):
    """Notices of one's departments, with how each department takes part."""

    permission: ClassVar[Permission] = Permission.NOTICE_HANDLE
    template_name = "officer/dual_notices.html"
    nav = "dual_notices"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show one page."""
        wish, after = request.GET.get("state", ""), request.GET.get("after") or None
        state = NoticeState(wish) if wish in set(NoticeState) else None
        rows, following = queries.notices(
            by=self.actor, today=self.today, calendar=self.calendar, state=state, after=after
        )
        figures = queries.participation(by=self.actor)
        rules = queries.rules()
        return self.render(
            {
                "rows": rows,
                "next": following or "",
                "first": after is None,
                "states": list(NoticeState),
                "chosen": state,
                "figures": figures,
                "told": len(figures),
                "taking_part": sum(one.takes_part for one in figures),
                "days": rules.claim_workdays if rules else None,
                "names": department_names(),
            }
        )


class NoticeForm(forms.Form):
    """What is done with a notice, and why."""

    use_required_attribute = False

    step = forms.ChoiceField(
        label=_l("办理"),
        widget=forms.RadioSelect,
        error_messages={
            "required": _l("请选择怎样办理。"),
            "invalid_choice": _l("这条告知现在不能这样办理，请刷新后重新选择。"),
        },
    )
    department = forms.ChoiceField(label=_l("改派给"), required=False)
    note = forms.CharField(
        label=_l("理由或者跟进情况"),
        max_length=NOTE_LENGTH,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_l(
            "认领和登记知悉可以不填；退回时写明理由和应由哪个部门办理的线索；"
            "转检查的写明查什么；反馈许可失效的写明撤销、吊销或者注销的决定和日期。"
        ),
    )

    def __init__(
        self,
        *args: Any,
        steps: list[tuple[str, str]],
        departments: list[tuple[str, str]],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        step, department = self.fields["step"], self.fields["department"]
        assert isinstance(step, forms.ChoiceField)
        assert isinstance(department, forms.ChoiceField)
        step.choices = steps
        if departments:
            department.choices = [("", _("请选择")), *departments]
        else:
            del self.fields["department"]

    def clean(self) -> dict[str, Any]:
        """Ask for the department of a reassignment."""
        cleaned = super().clean() or {}
        if cleaned.get("step") == NoticeStep.REASSIGN.value and not cleaned.get("department"):
            self.add_error("department", _("请选择改派给哪个部门。"))
        return cleaned


class DualNotice(FormPage):
    """One notice: claim it, return it, give it to another, report what became of the firm."""

    permission: ClassVar[Permission] = Permission.NOTICE_HANDLE
    template_name = "officer/dual_notice.html"
    nav = "dual_notices"

    @cached_property
    def found(self) -> tuple[NoticeView, Any]:
        """The notice and its steps."""
        return queries.notice(
            self.kwargs["number"], by=self.actor, today=self.today, calendar=self.calendar
        )

    @cached_property
    def steps(self) -> list[NoticeStep]:
        """What this person may do now."""
        notice = self.found[0]
        may = Permission.NOTICE_HANDLE
        own = self.actor.may(may, department=notice.department)
        looks_after = any(
            self.actor.may(may, department=code) for code in (notice.registrar, notice.centre)
        )
        steps = [
            one
            for one in BY_DEPARTMENT
            if own and notice.state in STEPS[one][0] and one in STEPS_OF[notice.kind]
        ]
        if looks_after and notice.state in STEPS[NoticeStep.REASSIGN][0]:
            steps.append(NoticeStep.REASSIGN)
        return steps

    def form(self) -> NoticeForm:
        """Return the form with what may be done now."""
        sent = self.request.POST if self.request.method == "POST" else None
        departments = []
        if NoticeStep.REASSIGN in self.steps:
            departments = [(one.code, one.name) for one in organisations.departments(on=self.today)]
        return NoticeForm(
            sent,
            steps=[(one.value, one.label) for one in self.steps],
            departments=departments,
        )

    def context(self, **given: Any) -> dict[str, Any]:
        """Add the notice."""
        notice, events = self.found
        return super().context(
            notice=notice,
            entries=[
                {"at": one.at, "title": one.step.label, "who": one.actor_name, "text": one.note}
                for one in events
            ],
            can_act=bool(self.steps),
            inspection=supervision.inspection_of(f"dual_notice:{notice.id}")
            if self.actor.may(Permission.INSPECTION_HANDLE, department=notice.department)
            else None,
            names=department_names(),
            **given,
        )

    def valid(self, form: NoticeForm) -> HttpResponse:
        """Do it."""
        given, number = form.cleaned_data, self.kwargs["number"]
        step = NoticeStep(given["step"])
        common: dict[str, Any] = {"number": number, "by": self.actor, "at": self.at}
        if step is NoticeStep.CLAIM:
            services.claim(calendar=self.calendar, **common)
        elif step is NoticeStep.RETURN:
            services.return_notice(reason=given["note"], **common)
        elif step is NoticeStep.REASSIGN:
            services.reassign(
                department=given["department"],
                reason=given["note"],
                calendar=self.calendar,
                **common,
            )
        else:
            services.report(step=step, note=given["note"], calendar=self.calendar, **common)
        messages.success(self.request, _("已%(step)s，登记机关可以看到。") % {"step": step.label})
        return redirect("officer:dual_notice", number=number)
