"""Pages of special procedures, during which the clock stands still."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from yiwang.cases import services
from yiwang.cases.policy.procedure import LONGEST_SPECIAL_WORKDAYS, SPECIAL_KINDS, declared_specials
from yiwang.cases.policy.states import Step
from yiwang.cases.policy.terms import DeliveryChannel
from yiwang.kernel.clocks import StopReason
from yiwang.organisations.permissions import Permission
from yiwang.web.officer.cases import done
from yiwang.web.officer.handling import VersionForm
from yiwang.web.officer.procedure import (
    CHANNELS,
    PLACE_LENGTH,
    DeliveryFields,
    OneStep,
    TwoSteps,
    area,
    number,
)


class StartSpecialForm(DeliveryFields):
    """Which procedure, why, and how long it takes."""

    kind = forms.ChoiceField(
        label=_l("特别程序"),
        widget=forms.RadioSelect,
        error_messages={"required": _l("请选择特别程序的种类。")},
    )
    workdays = number(
        _l("所需时间（工作日）"),
        most=LONGEST_SPECIAL_WORKDAYS,
        required=False,
        help_text=_l("办事指南公布了时间的可以不填；不能比公布的长。"),
    )
    reason = area(
        _l("理由"), _l("请填写启动特别程序的理由。"), help_text=_l("申请人将在告知书中读到。")
    )

    field_order = ("version", "kind", "workdays", "reason", "channel", "delivered")


class StartSpecial(TwoSteps):
    """Stop the limit with a notice that is sent in the same act (特别程序)."""

    permission: ClassVar[Permission] = Permission.CASE_REVIEW
    form_class = StartSpecialForm
    step = Step.START_SPECIAL
    heading = _l("启动特别程序")
    lead = _l("告知书送达后办理期限停止计算，录入结果后恢复。只限法律规定的种类。")
    button = _l("核对告知书")

    def fit(self, form: Any) -> None:
        """Offer what the item version declares first, then the kinds of the law."""
        form.fields["kind"].choices = [
            *(
                (
                    f"declared:{one.name}",
                    _("%(name)s（办事指南，%(days)s 个工作日）")
                    % {"name": one.name, "days": one.workdays},
                )
                for one in declared_specials(self.item)
            ),
            *((kind.value, _(kind.label)) for kind in SPECIAL_KINDS),
        ]

    def confirmation(self, form: StartSpecialForm) -> Mapping[str, Any]:
        """Show what the applicant will read."""
        given = form.cleaned_data
        chosen = dict(form.fields["kind"].choices)[given["kind"]]  # type: ignore[attr-defined]  # a ChoiceField
        return {
            "title": _("确认启动特别程序"),
            "object": self.object_words,
            "consequence": _("告知书送达申请人，办理期限自今日起停止计算，直到录入结果。"),
            "words": _("送达告知书并停止计时"),
            "lines": [
                (_("特别程序"), chosen),
                (_("所需时间（工作日）"), given["workdays"] or _("按办事指南")),
                (_("理由"), given["reason"]),
                (_("送达方式"), dict(CHANNELS)[given["channel"]]),
            ],
            "colour": "accent",
        }

    def valid(self, form: StartSpecialForm) -> HttpResponse:
        """Stop the limit."""
        given = form.cleaned_data
        declared = given["kind"].removeprefix("declared:")
        named = given["kind"].startswith("declared:")
        services.start_special(
            number=self.case.number,
            kind=None if named else StopReason(given["kind"]),
            declared=declared if named else "",
            workdays=given["workdays"],
            reason=given["reason"],
            channel=DeliveryChannel(given["channel"]),
            delivered=given["delivered"],
            calendar=self.calendar,
            by=self.actor,
            at=self.at,
            version=given["version"],
        )
        return redirect(done(self, _("特别程序告知书已送达，期限停止计算。")))


class EndSpecialForm(VersionForm):
    """What came out."""

    result = area(
        _l("结果"),
        _l("请填写检验、检测、鉴定或者专家评审的结果。"),
        help_text=_l("写明结论；期限自次日起恢复计算。"),
    )
    result_ref = forms.CharField(
        label=_l("报告或者意见书编号"), max_length=PLACE_LENGTH, required=False
    )


class EndSpecial(OneStep):
    """Let the limit run again (特别程序的结果)."""

    permission: ClassVar[Permission] = Permission.CASE_REVIEW
    form_class = EndSpecialForm
    step = Step.END_SPECIAL
    heading = _l("录入特别程序结果")
    button = _l("保存结果并恢复计时")

    def valid(self, form: EndSpecialForm) -> HttpResponse:
        """End the procedure."""
        given = form.cleaned_data
        services.end_special(
            number=self.case.number,
            result=given["result"],
            result_ref=given["result_ref"],
            calendar=self.calendar,
            by=self.actor,
            at=self.at,
            version=given["version"],
        )
        return redirect(done(self, _("结果已录入，办理期限恢复计算，已告知申请人。")))
