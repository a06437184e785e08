"""Tell a person whose major interest a case touches, and write down what both sides say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from yiwang.cases import services
from yiwang.cases.policy.interested import (
    LONGEST_VIEWS_WORKDAYS,
    VIEWS_WORKDAYS,
    InterestedKind,
    Party,
    Stance,
)
from yiwang.cases.policy.states import Step
from yiwang.cases.policy.terms import DeliveryChannel
from yiwang.cases.queries.interested import InterestedView, interested_of
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
    day,
    number,
)

ON_PAPER = [pair for pair in CHANNELS if pair[0] != DeliveryChannel.IN_APP.value]


class TellInterestedForm(DeliveryFields):
    """Who, how reached, which interest, how long, and how both letters went out."""

    kind = forms.ChoiceField(
        label=_l("利害关系人的类型"),
        choices=[(one.value, _l(one.label)) for one in InterestedKind],
        widget=forms.RadioSelect,
        error_messages={"required": _l("请选择利害关系人的类型。")},
    )
    name = forms.CharField(
        label=_l("利害关系人的姓名或者名称"),
        max_length=PLACE_LENGTH,
        error_messages={"required": _l("请填写利害关系人的姓名或者名称。")},
    )
    reached = forms.CharField(
        label=_l("利害关系人的联系方式"),
        max_length=PLACE_LENGTH,
        help_text=_l("电话或者送达地址，不告知申请人。"),
        error_messages={"required": _l("请填写利害关系人的电话或者送达地址。")},
    )
    interest = area(
        _l("涉及的重大利益"),
        _l("请填写涉及的重大利益。"),
        help_text=_l("写明涉及什么利益、有什么影响；双方都将在告知书中读到，请勿写个人信息。"),
    )
    workdays = number(
        _l("陈述意见的期限（工作日）"),
        most=LONGEST_VIEWS_WORKDAYS,
        help_text=_l("法律没有规定天数，由审查人员确定；办理期限不停止计算。"),
    )
    handed = forms.ChoiceField(
        label=_l("利害关系人告知书的送达方式"),
        choices=ON_PAPER,
        widget=forms.RadioSelect,
        error_messages={"required": _l("请选择利害关系人告知书的送达方式。")},
    )
    handed_result = forms.CharField(
        label=_l("利害关系人一方的签收人或者邮件号码"), max_length=PLACE_LENGTH, required=False
    )

    field_order = (
        *("version", "kind", "name", "reached", "interest", "workdays"),
        *("handed", "handed_result", "channel", "delivered"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Say of which letter the shared fields are."""
        super().__init__(*args, **kwargs)
        self.fields["channel"].label = _("申请人告知书的送达方式")
        self.fields["delivered"].label = _("申请人一方的签收人或者邮件号码")


class TellInterested(TwoSteps):
    """Tell an interested person and the applicant that both may state views (告知利害关系人)."""

    permission: ClassVar[Permission] = Permission.CASE_REVIEW
    form_class = TellInterestedForm
    step = Step.TELL_INTERESTED
    heading = _l("告知利害关系人")
    lead = _l(
        "申请直接关系他人重大利益的，告知该利害关系人和申请人，双方都可以陈述意见；"
        "意见登记或者期满之前，不能提出审查意见或者当场决定。"
    )
    button = _l("核对告知书")

    def initial(self) -> dict[str, Any]:
        """Return the usual days."""
        return super().initial() | {"workdays": VIEWS_WORKDAYS}

    def confirmation(self, form: TellInterestedForm) -> Mapping[str, Any]:
        """Show what both sides will read."""
        given = form.cleaned_data
        return {
            "title": _("确认告知利害关系人"),
            "object": self.object_words,
            "consequence": _(
                "利害关系人和申请人各得一份告知书。利害关系人只读到申请人的名称和事项，"
                "申请人读不到其联系方式。"
            ),
            "words": _("制发两份告知书"),
            "lines": [
                (_("利害关系人"), f"{given['name']}（{_(InterestedKind(given['kind']).label)}）"),
                (_("联系方式"), given["reached"]),
                (_("涉及的重大利益"), given["interest"]),
                (_("陈述意见的期限（工作日）"), given["workdays"]),
                (_("利害关系人告知书的送达方式"), dict(CHANNELS)[given["handed"]]),
                (_("申请人告知书的送达方式"), dict(CHANNELS)[given["channel"]]),
            ],
            "colour": "accent",
        }

    def valid(self, form: TellInterestedForm) -> HttpResponse:
        """Tell both."""
        given = form.cleaned_data
        services.tell_interested(
            number=self.case.number,
            kind=InterestedKind(given["kind"]),
            name=given["name"],
            reached=given["reached"],
            interest=given["interest"],
            workdays=given["workdays"],
            handed=DeliveryChannel(given["handed"]),
            handed_result=given["handed_result"],
            channel=DeliveryChannel(given["channel"]),
            delivered=given["delivered"],
            calendar=self.calendar,
            by=self.actor,
            at=self.at,
            version=given["version"],
        )
        return redirect(done(self, _("已告知利害关系人和申请人，请登记双方的意见。")))


class NoteViewsForm(VersionForm):
    """Whose views, who spoke, when, and what."""

    whose = forms.ChoiceField(
        label=_l("谁的意见"),
        widget=forms.RadioSelect,
        error_messages={"required": _l("请选择登记谁的意见。")},
    )
    stance = forms.ChoiceField(
        label=_l("陈述情况"),
        choices=[(one.value, _l(one.label)) for one in Stance],
        widget=forms.RadioSelect,
        error_messages={"required": _l("请选择陈述情况。")},
    )
    text = area(
        _l("意见"), "", required=False, help_text=_l("陈述了意见的必须填写；写明事实和理由。")
    )
    stated_by = forms.CharField(
        label=_l("陈述人"),
        max_length=PLACE_LENGTH,
        required=False,
        help_text=_l("由他人代为陈述的，填写其姓名；本人陈述的可以不填。"),
    )
    stated_on = day(_l("陈述日期"), _l("请填写陈述日期。"))

    def clean(self) -> dict[str, Any]:
        """Check that views have words."""
        cleaned = super().clean() or {}
        if cleaned.get("stance") == Stance.STATED and not (cleaned.get("text") or "").strip():
            self.add_error("text", _("请填写陈述的意见；没有意见的，请选择“表示没有意见”。"))
        return cleaned


class NoteViews(OneStep):
    """Write down what a side said, or that it says nothing (登记陈述意见)."""

    permission: ClassVar[Permission] = Permission.CASE_REVIEW
    form_class = NoteViewsForm
    step = Step.NOTE_VIEWS
    heading = _l("登记陈述意见")
    lead = _l("申请人在网上陈述的不必登记；期满以后送来的意见也予登记，供决定时参考。")
    button = _l("登记意见")

    def initial(self) -> dict[str, Any]:
        """Return today."""
        return super().initial() | {"stated_on": self.today}

    def told(self) -> Sequence[InterestedView]:
        """Return who was told."""
        return interested_of(self.case.number, by=self.actor, today=self.today)

    def context(self, **given: Any) -> dict[str, Any]:
        """Offer the form only while a side is unheard."""
        context = super().context(**given)
        context["can"] = context["can"] and any(one.unheard for one in self.told())
        return context

    def fit(self, form: Any) -> None:
        """Offer the sides that were not heard yet."""
        form.fields["whose"].choices = [
            (
                f"{one.serial}-{party.value}",
                _("%(party)s（%(name)s：%(interest)s）")
                % {
                    "party": _(party.label),
                    "name": one.name if party is Party.INTERESTED else self.case.applicant_name,
                    "interest": one.interest,
                },
            )
            for one in self.told()
            for party in one.unheard
        ]

    def valid(self, form: NoteViewsForm) -> HttpResponse:
        """Write it down."""
        given = form.cleaned_data
        serial, _sign, party = given["whose"].partition("-")
        services.note_views(
            number=self.case.number,
            serial=int(serial),
            party=Party(party),
            stance=Stance(given["stance"]),
            text=given["text"],
            stated_by=given["stated_by"],
            stated_on=given["stated_on"],
            by=self.actor,
            at=self.at,
            version=given["version"],
        )
        return redirect(done(self, _("意见已登记。")))
