"""Ask for a correction on the spot, and send a proposal back (请当场更正、退回复审)."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from yiwang.cases import services
from yiwang.cases.policy.states import Step
from yiwang.organisations.permissions import Permission
from yiwang.web.officer.cases import done
from yiwang.web.officer.handling import VersionForm
from yiwang.web.officer.procedure import OneStep, area


class AskOnSpotForm(VersionForm):
    """What is wrong, in words that the applicant reads."""

    what = area(
        _l("需要当场更正的内容"),
        _l("请填写哪里有错、应当怎样更正，申请人将读到。"),
        help_text=_l("申请人将读到；写明是哪一项内容或者材料、应当怎样更正。"),
    )


class AskOnSpot(OneStep):
    """Ask the applicant to put an error right on the spot (请申请人当场更正)."""

    permission: ClassVar[Permission] = Permission.CASE_ACCEPT
    form_class = AskOnSpotForm
    step = Step.ASK_ON_SPOT
    heading = _l("请申请人当场更正")
    lead = _l(
        "可以当场更正的错误，应当允许申请人当场更正：在窗口由窗口人员登记，在网上由申请人自己更正。"
        "当场更正不是一次性告知补正，受理期限照常计算。"
    )
    button = _l("请申请人更正")

    def valid(self, form: Any) -> HttpResponse:
        """Ask."""
        services.ask_on_spot(
            number=self.case.number,
            what=form.cleaned_data["what"],
            by=self.actor,
            at=self.at,
            version=form.cleaned_data["version"],
        )
        return redirect(done(self, _("已告知申请人当场更正。")))


class SendBackForm(VersionForm):
    """What is to be looked at again."""

    reason = area(
        _l("退回的理由"),
        _l("请填写退回的理由，写明需要再核实什么。"),
        help_text=_l("审查人员将读到，申请人读不到；写明需要再核实什么。"),
    )


class SendBack(OneStep):
    """Send the proposal back to the reviewer (退回复审)."""

    permission: ClassVar[Permission] = Permission.CASE_DECIDE
    form_class = SendBackForm
    step = Step.SEND_BACK
    heading = _l("退回复审")
    lead = _l(
        "审查意见的事实或者依据不足的，退回原审查人员复审。办理期限继续计算；"
        "退回的人员不能再审查本办件，审查过的人员不能作出决定。"
    )
    button = _l("退回审查人员")

    def valid(self, form: Any) -> HttpResponse:
        """Send it back."""
        services.send_back(
            number=self.case.number,
            reason=form.cleaned_data["reason"],
            by=self.actor,
            at=self.at,
            version=form.cleaned_data["version"],
        )
        return redirect(done(self, _("已退回复审，审查人员已收到消息。")))
