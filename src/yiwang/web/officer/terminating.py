"""Ending an open case without a decision (终止办理)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from yiwang.cases import services
from yiwang.cases.policy.letters import chinese_day
from yiwang.cases.policy.states import Step
from yiwang.cases.policy.terminating import ARTICLES, BY_PERSON, TerminationGround
from yiwang.organisations.permissions import Permission
from yiwang.web.officer.cases import done
from yiwang.web.officer.handling import VersionForm
from yiwang.web.officer.procedure import TwoSteps, area, day
from yiwang.web.remedies import remedy_words


def _choices() -> list[tuple[str, str]]:
    return [
        (
            ground.value,
            _("%(ground)s（%(article)s）")
            % {
                "ground": _(ground.label),
                "article": ARTICLES.get(ground) or _("另写明依据"),
            },
        )
        for ground in BY_PERSON
    ]


class TerminateForm(VersionForm):
    """On which ground, what happened, and when."""

    ground = forms.ChoiceField(
        label=_l("终止事由"),
        choices=_choices,
        widget=forms.RadioSelect,
        error_messages={"required": _l("请选择终止事由。")},
    )
    article = forms.CharField(
        label=_l("依据"),
        max_length=200,
        required=False,
        help_text=_l("选择其他情形时必须填写，写明法律、法规、规章的名称和条款。"),
    )
    happened_on = day(_l("事由发生日期"), _l("请填写事由发生的日期。"))
    facts = area(
        _l("事实和证据"),
        _l("请填写查明的事实和证据。"),
        help_text=_l("写明经过和证明文件的名称；申请人一方将在通知书中读到。"),
    )

    def clean(self) -> dict[str, Any]:
        """Ask for the article where the ground names none."""
        cleaned = super().clean() or {}
        if cleaned.get("ground") == TerminationGround.OTHER and not cleaned.get("article"):
            self.add_error("article", _("请填写依据，写明法律、法规、规章的名称和条款。"))
        return cleaned


class Terminate(TwoSteps):
    """End the case with its ground; the letter names it and the remedies."""

    permission: ClassVar[Permission] = Permission.CASE_DECIDE
    form_class = TerminateForm
    step = Step.TERMINATE
    heading = _l("终止办理")
    lead = _l(
        "只在有终止事由、不能再作出决定时办理；不符合条件的作出不予决定，"
        "逾期未补正的到期由系统终止。"
    )
    button = _l("核对通知书")

    def confirmation(self, form: TerminateForm) -> Mapping[str, Any]:
        """Show what the notice will say."""
        given = form.cleaned_data
        ground = TerminationGround(given["ground"])
        return {
            "title": _("确认终止办理"),
            "object": self.object_words,
            "consequence": _("终止后本次申请结束，通知书送达申请人一方，不能撤销。"),
            "words": _("终止办理并送达通知书"),
            "lines": [
                (_("终止事由"), _(ground.label)),
                (_("依据"), ARTICLES.get(ground) or given["article"]),
                (_("事由发生日期"), chinese_day(given["happened_on"])),
                (_("事实和证据"), given["facts"]),
                (_("救济途径"), remedy_words(self.item)),
            ],
            "colour": "danger",
        }

    def valid(self, form: TerminateForm) -> HttpResponse:
        """End it."""
        given = form.cleaned_data
        services.terminate_case(
            number=self.case.number,
            ground=TerminationGround(given["ground"]),
            facts=given["facts"],
            happened_on=given["happened_on"],
            article=given["article"],
            by=self.actor,
            at=self.at,
            version=given["version"],
        )
        return redirect(done(self, _("已终止办理，通知书已送达申请人一方。")))
