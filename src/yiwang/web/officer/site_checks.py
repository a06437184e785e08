"""Pages of checks on site and of officers sent to inspect, test or quarantine."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from yiwang.cases import services
from yiwang.cases.policy.procedure import INSPECTIONS
from yiwang.cases.policy.states import Step
from yiwang.kernel.clocks import StopReason
from yiwang.organisations import queries as organisations
from yiwang.organisations.permissions import Permission
from yiwang.web.officer.cases import done
from yiwang.web.officer.handling import VersionForm
from yiwang.web.officer.procedure import PLACE_LENGTH, OneStep, area, day


class SiteCheckForm(VersionForm):
    """What two officers found."""

    checked_on = day(_l("核查日期"), _l("请填写核查日期。"))
    place = forms.CharField(
        label=_l("核查地点"),
        max_length=PLACE_LENGTH,
        error_messages={"required": _l("请填写核查地点。")},
    )
    second_officer = forms.ChoiceField(
        label=_l("另一名核查人员"),
        help_text=_l("现场核查须由两名以上工作人员进行。"),
        error_messages={"required": _l("请选择另一名核查人员。")},
    )
    found = area(_l("核查情况"), _l("请填写核查情况。"), rows=6)
    witness = forms.CharField(label=_l("在场的申请人一方"), max_length=PLACE_LENGTH, required=False)


class SiteCheck(OneStep):
    """Record what two officers found on the spot (现场核查)."""

    permission: ClassVar[Permission] = Permission.CASE_REVIEW
    form_class = SiteCheckForm
    step = Step.CHECK_SITE
    heading = _l("记录现场核查")
    button = _l("保存核查记录")

    def initial(self) -> dict[str, Any]:
        """Return today."""
        return super().initial() | {"checked_on": self.today}

    def fit(self, form: Any) -> None:
        """Offer the other reviewers of the deciding department."""
        form.fields["second_officer"].choices = [
            ("", _("请选择")),
            *(
                (f"user:{one.login}", one.name)
                for one in organisations.staff_with(
                    Permission.CASE_REVIEW, department=self.case.deciding_department, at=self.at
                )
                if f"user:{one.login}" != self.actor.ref
            ),
        ]

    def valid(self, form: SiteCheckForm) -> HttpResponse:
        """Record it."""
        given = form.cleaned_data
        services.record_site_check(
            number=self.case.number,
            second_officer=given["second_officer"],
            checked_on=given["checked_on"],
            place=given["place"],
            found=given["found"],
            witness=given["witness"],
            by=self.actor,
            at=self.at,
            version=given["version"],
        )
        return redirect(done(self, _("现场核查记录已保存。")))


class SendOfficersForm(VersionForm):
    """Who was sent, when, and for what."""

    kind = forms.ChoiceField(
        label=_l("用途"),
        choices=[(one.value, one.label) for one in StopReason if one in INSPECTIONS],
        widget=forms.RadioSelect,
        error_messages={"required": _l("请选择用途。")},
    )
    sent_on = day(_l("指派日期"), _l("请填写指派日期。"))
    officers = area(_l("指派人员"), _l("请填写指派的人员。"), rows=3)


class SendOfficers(OneStep):
    """Write down who was sent to inspect, test or quarantine (指派检验检测人员)."""

    permission: ClassVar[Permission] = Permission.CASE_REVIEW
    form_class = SendOfficersForm
    step = Step.SEND_OFFICERS
    heading = _l("登记指派的检验检测人员")
    button = _l("保存指派记录")

    def initial(self) -> dict[str, Any]:
        """Return today."""
        return super().initial() | {"sent_on": self.today}

    def fit(self, form: Any) -> None:
        """Say how names are written."""
        form.fields["officers"].help_text = _("两名以上工作人员，一行写一个人的姓名。")

    def valid(self, form: SendOfficersForm) -> HttpResponse:
        """Record it."""
        given = form.cleaned_data
        services.send_officers(
            number=self.case.number,
            kind=StopReason(given["kind"]),
            officers=given["officers"].splitlines(),
            sent_on=given["sent_on"],
            by=self.actor,
            at=self.at,
            version=given["version"],
        )
        return redirect(done(self, _("指派记录已保存。")))
