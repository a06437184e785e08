"""Pages of hearings: told, asked for, set, ended."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from yiwang.cases import services
from yiwang.cases.policy.procedure import (
    HEARING_HOLD_WORKDAYS,
    HEARING_NOTICE_WORKDAYS,
    HEARING_REQUEST_WORKDAYS,
    ClosedGround,
    HearingEnd,
    HearingOrigin,
)
from yiwang.cases.policy.states import Step
from yiwang.cases.policy.terms import DeliveryChannel
from yiwang.cases.queries.procedure import HearingView, procedure_of
from yiwang.organisations import queries as organisations
from yiwang.organisations.permissions import Permission
from yiwang.web.officer.cases import done
from yiwang.web.officer.handling import REASON_LENGTH, VersionForm
from yiwang.web.officer.procedure import (
    CHANNELS,
    PLACE_LENGTH,
    DeliveryFields,
    OneStep,
    TwoSteps,
    area,
    day,
)


class NotifyHearingForm(DeliveryFields):
    """What is at stake, and why there is a hearing."""

    origin = forms.ChoiceField(
        label=_l("启动"),
        choices=[(one.value, one.label) for one in HearingOrigin],
        widget=forms.RadioSelect,
        initial=HearingOrigin.RIGHT.value,
        error_messages={"required": _l("请选择听证的启动方式。")},
    )
    reason = area(
        _l("听证事项和理由"),
        _l("请填写听证的理由。"),
        help_text=_l("写明涉及谁的什么重大利益；申请人将在告知书中读到。"),
    )

    field_order = ("version", "origin", "reason", "channel", "delivered")


class NotifyHearing(TwoSteps):
    """Tell the right to a hearing (告知听证权利)."""

    permission: ClassVar[Permission] = Permission.CASE_REVIEW
    form_class = NotifyHearingForm
    step = Step.NOTIFY_HEARING
    heading = _l("告知听证权利")
    button = _l("核对告知书")

    @property
    def lead(self) -> str:
        """How long they have to ask for it."""
        return _("送达后申请人、利害关系人有 %(days)s 个工作日提出，期间办理期限停止计算。") % {
            "days": HEARING_REQUEST_WORKDAYS
        }

    def confirmation(self, form: NotifyHearingForm) -> Mapping[str, Any]:
        """Show what the applicant will read."""
        given = form.cleaned_data
        return {
            "title": _("确认告知听证权利"),
            "object": self.object_words,
            "consequence": _("听证只能告知一次，办理期限自今日起停止计算，直到听证结束。"),
            "words": _("送达并停止计时"),
            "lines": [
                (_("启动"), HearingOrigin(given["origin"]).label),
                (_("听证事项和理由"), given["reason"]),
                (_("送达方式"), dict(CHANNELS)[given["channel"]]),
            ],
            "colour": "accent",
        }

    def valid(self, form: NotifyHearingForm) -> HttpResponse:
        """Tell it."""
        given = form.cleaned_data
        services.notify_hearing(
            number=self.case.number,
            origin=HearingOrigin(given["origin"]),
            reason=given["reason"],
            channel=DeliveryChannel(given["channel"]),
            delivered=given["delivered"],
            calendar=self.calendar,
            by=self.actor,
            at=self.at,
            version=given["version"],
        )
        return redirect(done(self, _("听证文书已送达，期限停止计算。")))


class RequestHearingForm(VersionForm):
    """What the one who asks says."""

    text = area(
        _l("要求听证的人和理由"),
        _l("请填写谁要求听证、理由是什么。"),
        help_text=_l("申请人在网上提出的不必登记；这里登记书面或者利害关系人的要求。"),
    )


class RequestHearing(OneStep):
    """Write down a request on paper or of another party (登记听证要求)."""

    permission: ClassVar[Permission] = Permission.CASE_REVIEW
    form_class = RequestHearingForm
    step = Step.REQUEST_HEARING
    heading = _l("登记听证要求")
    button = _l("登记")

    def valid(self, form: RequestHearingForm) -> HttpResponse:
        """Write it down."""
        services.request_hearing(
            number=self.case.number,
            text=form.cleaned_data["text"],
            calendar=self.calendar,
            by=self.actor,
            at=self.at,
            version=form.cleaned_data["version"],
        )
        return redirect(
            done(
                self,
                _("已登记，请在 %(days)s 个工作日内组织听证。") % {"days": HEARING_HOLD_WORKDAYS},
            )
        )


PUBLIC = "public"
"""Choice of a hearing that everybody may attend."""


class SetHearingForm(VersionForm):
    """When, where, and who chairs."""

    on = day(_l("听证日期"), _l("请填写听证日期。"))
    time = forms.TimeField(
        label=_l("开始时间"),
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        error_messages={
            "required": _l("请填写开始时间。"),
            "invalid": _l("请填写时间，例如 09:30。"),
        },
    )
    place = forms.CharField(
        label=_l("听证地点"),
        max_length=PLACE_LENGTH,
        error_messages={"required": _l("请填写听证地点。")},
    )
    chair = forms.ChoiceField(
        label=_l("听证主持人"),
        help_text=_l("不能是审查本申请的人员。"),
        error_messages={"required": _l("请选择听证主持人。")},
    )
    closed = forms.ChoiceField(
        label=_l("是否公开"),
        choices=[
            (PUBLIC, _l("公开举行，在网上公告")),
            *(
                (one.value, _l("不公开：%(ground)s") % {"ground": one.label})
                for one in ClosedGround
            ),
        ],
        widget=forms.RadioSelect,
        initial=PUBLIC,
        error_messages={"required": _l("请选择是否公开举行。")},
    )
    closed_because = area(
        _l("不公开的理由"), "", rows=2, required=False, help_text=_l("不公开的才填，不对外公布。")
    )
    moved_because = area(
        _l("更改的理由"),
        _l("请填写更改的理由。"),
        rows=2,
        help_text=_l("申请人将在新的通知书中读到；网上公告只说有更改和原定时间。"),
    )

    def clean(self) -> dict[str, Any]:
        """Check that a hearing behind closed doors says why, and only such a one."""
        given = super().clean() or {}
        closed, because = given.get("closed"), given.get("closed_because", "").strip()
        if closed not in {None, PUBLIC} and not because:
            self.add_error("closed_because", _("请填写不公开的理由。"))
        if because and closed == PUBLIC:
            self.add_error(
                "closed_because", _("公开举行的不填不公开的理由，请删去或者改选不公开。")
            )
        return given


class SetHearing(TwoSteps):
    """Tell time, place and chair (通知举行听证)."""

    permission: ClassVar[Permission] = Permission.CASE_REVIEW
    form_class = SetHearingForm
    step = Step.SET_HEARING
    button = _l("核对通知书")

    @cached_property
    def told(self) -> HearingView | None:
        """The hearing whose time and place were told already; None: told for the first time."""
        found = procedure_of(self.case.number, by=self.actor, today=self.today).hearing
        return found if found is not None and found.set_on is not None else None

    @property
    def heading(self) -> Any:
        """What is done."""
        return _("更改听证的时间、地点") if self.told else _("通知举行听证")

    @property
    def lead(self) -> str:
        """The first day on which it may be held."""
        first = self.calendar.add_workdays(self.today, HEARING_NOTICE_WORKDAYS)
        return _("须在举行的 %(days)s 个工作日前通知，最早 %(day)s。") % {
            "days": HEARING_NOTICE_WORKDAYS,
            "day": first,
        }

    def initial(self) -> dict[str, Any]:
        """Return what was told already, where there is something to change."""
        told = self.told
        if told is None or told.held_at is None:
            return super().initial()
        held_at = timezone.localtime(told.held_at)
        return super().initial() | {
            "on": held_at.date(),
            "time": held_at.time(),
            "place": told.place,
            "chair": told.chair,
            "closed": told.closed_ground.value if told.closed_ground else PUBLIC,
            "closed_because": told.closed_because,
        }

    def fit(self, form: Any) -> None:
        """Offer the staff of the deciding department other than whoever reviews."""
        if self.told is None:
            del form.fields["moved_because"]
        form.fields["chair"].choices = [
            ("", _("请选择")),
            *(
                (f"user:{one.login}", one.name)
                for one in organisations.staff_with(
                    Permission.CASE_READ, department=self.case.deciding_department, at=self.at
                )
                if f"user:{one.login}" not in {self.actor.ref, self.case.assigned_to}
            ),
        ]

    def confirmation(self, form: SetHearingForm) -> Mapping[str, Any]:
        """Show what the applicant will read."""
        given = form.cleaned_data
        chair = dict(form.fields["chair"].choices)[given["chair"]]  # type: ignore[attr-defined]  # a ChoiceField
        return {
            "title": _("确认更改听证") if self.told else _("确认通知听证"),
            "object": self.object_words,
            "consequence": _("听证通知书送达申请人；不公开举行的不公告。")
            if given["closed"] != PUBLIC
            else _(
                "听证通知书送达申请人，同时在网上公告事项、时间、地点、主持人和申请人"
                "（企业写名称，个人只写姓氏）。"
            ),
            "words": _("送达听证通知书"),
            "lines": [
                (_("听证时间"), f"{given['on']:%Y-%m-%d} {given['time']:%H:%M}"),
                (_("听证地点"), given["place"]),
                (_("听证主持人"), chair),
                (
                    _("是否公开"),
                    f"{ClosedGround(given['closed']).label}：{given['closed_because']}"
                    if given["closed"] != PUBLIC
                    else _("公开举行"),
                ),
                *([(_("更改的理由"), given["moved_because"])] if self.told else []),
            ],
            "colour": "accent",
        }

    def valid(self, form: SetHearingForm) -> HttpResponse:
        """Tell it."""
        given = form.cleaned_data
        services.set_hearing(
            number=self.case.number,
            held_at=timezone.make_aware(datetime.combine(given["on"], given["time"])),
            place=given["place"],
            chair=given["chair"],
            public=given["closed"] == PUBLIC,
            closed_ground=ClosedGround(given["closed"]) if given["closed"] != PUBLIC else None,
            closed_because=given["closed_because"],
            moved_because=given.get("moved_because", ""),
            calendar=self.calendar,
            by=self.actor,
            at=self.at,
            version=given["version"],
        )
        return redirect(done(self, _("听证通知书已送达申请人。")))


class EndHearingForm(VersionForm):
    """How it ended, with the record and who signed it."""

    end = forms.ChoiceField(
        label=_l("结果"),
        choices=[(one.value, one.label) for one in HearingEnd if one is not HearingEnd.CASE_ENDED],
        widget=forms.RadioSelect,
        error_messages={"required": _l("请选择听证的结果。")},
    )
    record = area(
        _l("听证笔录"),
        "",
        rows=10,
        required=False,
        help_text=_l("举行了听证的录入笔录全文；书面放弃的写明情况。"),
    )
    signed_by = forms.CharField(
        label=_l("签字人"),
        max_length=REASON_LENGTH,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_l("每行一人，包括主持人；拒绝签字的注明。"),
    )


class EndHearing(OneStep):
    """Enter the signed record; the decision rests on it (听证笔录)."""

    permission: ClassVar[Permission] = Permission.CASE_REVIEW
    form_class = EndHearingForm
    step = Step.END_HEARING
    heading = _l("录入听证结果")
    lead = _l("决定须根据听证笔录作出；期限自次日起恢复计算。")
    button = _l("保存并恢复计时")

    def valid(self, form: EndHearingForm) -> HttpResponse:
        """End the hearing."""
        given = form.cleaned_data
        services.end_hearing(
            number=self.case.number,
            end=HearingEnd(given["end"]),
            record=given["record"],
            signed_by=given["signed_by"].splitlines(),
            calendar=self.calendar,
            by=self.actor,
            at=self.at,
            version=given["version"],
        )
        return redirect(done(self, _("听证已结束，办理期限恢复计算。")))
