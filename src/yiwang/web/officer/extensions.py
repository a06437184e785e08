"""Pages of extensions: asked for, decided by the head or by the district's leader."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from yiwang.cases import services
from yiwang.cases.policy.procedure import LONGEST_EXTENSION_WORKDAYS, is_joint, longest_extension
from yiwang.cases.policy.states import Step
from yiwang.cases.queries.procedure import ExtensionView, open_extensions, procedure_of
from yiwang.organisations.permissions import Permission
from yiwang.web.officer.cases import done
from yiwang.web.officer.confirming import Confirmed
from yiwang.web.officer.handling import VersionForm
from yiwang.web.officer.procedure import OneStep, TwoSteps, area, number
from yiwang.web.officer.scope import department_names
from yiwang.web.views import FormPage, Page


class AskExtensionForm(VersionForm):
    """How many days more, and why."""

    workdays = number(_l("延长（工作日）"), most=max(LONGEST_EXTENSION_WORKDAYS.values()))
    reason = area(
        _l("理由"), _l("请填写延长期限的理由。"), help_text=_l("批准后申请人将在告知书中读到。")
    )


class AskExtension(OneStep):
    """Ask the head for more days (报请延长期限)."""

    permission: ClassVar[Permission] = Permission.CASE_REVIEW
    form_class = AskExtensionForm
    step = Step.ASK_EXTENSION
    heading = _l("报请延长期限")
    button = _l("报请批准")

    @property
    def lead(self) -> str:
        """Who approves, and how many days at most."""
        who = _("区领导") if is_joint(self.item) else _("部门负责人")
        return _("期限只能延长一次，最多 %(days)s 个工作日，由%(who)s批准。") % {
            "days": longest_extension(self.item),
            "who": who,
        }

    def initial(self) -> dict[str, Any]:
        """Return as many days as the law allows."""
        return super().initial() | {"workdays": longest_extension(self.item)}

    def valid(self, form: AskExtensionForm) -> HttpResponse:
        """Ask."""
        given = form.cleaned_data
        services.ask_extension(
            number=self.case.number,
            workdays=given["workdays"],
            reason=given["reason"],
            by=self.actor,
            at=self.at,
            version=given["version"],
        )
        return redirect(done(self, _("已报请，等待负责人批准。")))


class DecideExtensionForm(VersionForm):
    """Approve or decline."""

    approve = forms.ChoiceField(
        label=_l("意见"),
        choices=[("yes", _l("批准延长")), ("no", _l("不批准"))],
        widget=forms.RadioSelect,
        error_messages={"required": _l("请选择批准或者不批准。")},
    )
    note = area(
        _l("说明"), "", rows=3, required=False, help_text=_l("不批准时必须填写；供审查人员阅读。")
    )

    def clean(self) -> dict[str, Any]:
        """Check that a refusal explains itself."""
        cleaned = super().clean() or {}
        if cleaned.get("approve") == "no" and not cleaned.get("note"):
            self.add_error("note", _("请填写不批准延期的理由。"))
        return cleaned


def extension_words(form: DecideExtensionForm, asked: ExtensionView, what: str) -> dict[str, Any]:
    """Return the second page of a decision on an extension."""
    yes = form.cleaned_data["approve"] == "yes"
    return {
        "title": _("确认批准延长期限") if yes else _("确认不批准延长期限"),
        "object": what,
        "consequence": _("延长期限告知书写明理由并送达申请人；期限只能延长一次。")
        if yes
        else _("期限不变，审查人员须在原期限内提出意见。"),
        "words": _("批准并告知申请人") if yes else _("不批准"),
        "lines": [
            (_("延长（工作日）"), asked.workdays),
            (_("理由"), asked.reason),
            (_("报请人"), asked.asked_by_name),
            (_("说明"), form.cleaned_data["note"] or "—"),
        ],
        "colour": "accent" if yes else "danger",
    }


class DecideExtension(TwoSteps):
    """Approve the one extension (批准延长期限)."""

    permission: ClassVar[Permission] = Permission.CASE_EXTEND
    form_class = DecideExtensionForm
    step = Step.EXTEND
    heading = _l("批准延长期限")
    button = _l("下一步")

    def asked(self) -> ExtensionView | None:
        """Return what is asked for."""
        found = procedure_of(self.case.number, by=self.actor, today=self.today).extensions
        return next((one for one in found if one.approved is None), None)

    def context(self, **given: Any) -> dict[str, Any]:
        """Add what is asked for."""
        return super().context(asked=self.asked(), **given)

    def confirmation(self, form: DecideExtensionForm) -> Mapping[str, Any]:
        """Show what the applicant will read."""
        asked = self.asked()
        if asked is None:
            raise Http404("nothing asked for")
        return extension_words(form, asked, self.object_words)

    def valid(self, form: DecideExtensionForm) -> HttpResponse:
        """Decide."""
        given = form.cleaned_data
        yes = given["approve"] == "yes"
        services.decide_extension(
            number=self.case.number,
            approve=yes,
            note=given["note"],
            calendar=self.calendar,
            by=self.actor,
            at=self.at,
            version=given["version"],
        )
        return redirect(
            done(self, _("已批准，延长期限告知书已送达。") if yes else _("已退回，期限不变。"))
        )


class JointExtensions(Page):
    """Requests for more days of joint handling, for the leaders of the district (报请延期)."""

    permission: ClassVar[Permission] = Permission.CASE_EXTEND_JOINT
    template_name = "officer/cases/extensions.html"
    nav = "extensions"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show them."""
        return self.render(
            {
                "rows": open_extensions(by=self.actor),
                "names": department_names(),
                "most_days": LONGEST_EXTENSION_WORKDAYS[True],
            }
        )


class JointExtension(Confirmed, FormPage):
    """Approve the extension of joint handling (批准联合办理的延期)."""

    permission: ClassVar[Permission] = Permission.CASE_EXTEND_JOINT
    template_name = "officer/cases/extension.html"
    form_class = DecideExtensionForm
    nav = "extensions"

    def asked(self) -> ExtensionView:
        """Return what is asked for.

        Raises:
            Http404: nothing of this case waits for this leader.
        """
        for one in open_extensions(by=self.actor):
            if one.number == self.kwargs["number"]:
                return one
        raise Http404("nothing asked for")

    def initial(self) -> dict[str, Any]:
        """Return the version of the row that is shown."""
        return {"version": self.asked().version}

    def context(self, **given: Any) -> dict[str, Any]:
        """Add what is asked for."""
        return super().context(asked=self.asked(), names=department_names(), **given)

    def confirmation(self, form: DecideExtensionForm) -> Mapping[str, Any]:
        """Show what the applicant will read."""
        asked = self.asked()
        words = _("办件 %(code)s：%(item)s") % {"code": asked.query_code, "item": asked.item_name}
        return extension_words(form, asked, words)

    def valid(self, form: DecideExtensionForm) -> HttpResponse:
        """Decide."""
        given = form.cleaned_data
        services.decide_extension(
            number=self.kwargs["number"],
            approve=given["approve"] == "yes",
            note=given["note"],
            calendar=self.calendar,
            by=self.actor,
            at=self.at,
            version=given["version"],
        )
        messages.success(self.request, _("已答复报请的延期。"))
        return redirect("officer:extensions")
