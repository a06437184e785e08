"""Acts between acceptance and decision: stops, hearing, extension, opinions, checks (程序)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from yiwang.cases import services
from yiwang.cases.policy.procedure import (
    HEARING_HOLD_WORKDAYS,
    HEARING_NOTICE_WORKDAYS,
    HEARING_REQUEST_WORKDAYS,
    INQUIRY_WORKDAYS,
    INSPECTIONS,
    LONGEST_EXTENSION_WORKDAYS,
    LONGEST_INQUIRY_WORKDAYS,
    LONGEST_SPECIAL_WORKDAYS,
    SPECIAL_KINDS,
    ClosedGround,
    HearingEnd,
    HearingOrigin,
    InquiryAnswer,
    declared_specials,
    is_joint,
    longest_extension,
)
from yiwang.cases.policy.states import Step
from yiwang.cases.policy.terms import DeliveryChannel
from yiwang.cases.queries.procedure import (
    ExtensionView,
    HearingView,
    missed_clocks,
    open_extensions,
    procedure_of,
    waiting_inquiries,
)
from yiwang.kernel.clocks import StopReason
from yiwang.organisations import queries as organisations
from yiwang.organisations.permissions import Permission
from yiwang.organisations.policy.terms import DepartmentKind
from yiwang.web.officer.cases import done
from yiwang.web.officer.confirming import Confirmed
from yiwang.web.officer.handling import (
    REASON_LENGTH,
    Act,
    TwoStep,
    VersionForm,
)
from yiwang.web.officer.scope import department_names
from yiwang.web.views import FormPage, Page

PLACE_LENGTH = 200
CHANNELS = [
    (DeliveryChannel.IN_APP.value, _l("平台送达")),
    (DeliveryChannel.PRINT.value, _l("窗口领取")),
    (DeliveryChannel.POST.value, _l("邮寄")),
]


def area(label: Any, missing: Any, *, rows: int = 4, help_text: Any = "", **more: Any) -> Any:
    """Return a field for a paragraph."""
    return forms.CharField(
        label=label,
        max_length=REASON_LENGTH,
        widget=forms.Textarea(attrs={"rows": rows}),
        help_text=help_text,
        error_messages={"required": missing},
        **more,
    )


def day(label: Any, required: Any) -> forms.DateField:
    """Return a field for a day."""
    return forms.DateField(
        label=label,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": required, "invalid": _l("请填写日期，例如 2026-03-06。")},
    )


def number(label: Any, *, most: int, help_text: Any = "", required: bool = True) -> Any:
    """Return a field for a number of working days."""
    return forms.IntegerField(
        label=label,
        min_value=1,
        max_value=most,
        required=required,
        help_text=help_text,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
        error_messages={
            "required": _l("请填写工作日数。"),
            "invalid": _l("请填写整数的工作日数。"),
            "min_value": _l("工作日数最少为1。"),
            "max_value": _l("工作日数最多为%(limit_value)s。"),
        },
    )


class DeliveryFields(VersionForm):
    """How the letter reached the applicant; the stop counts only with it."""

    channel = forms.ChoiceField(
        label=_l("告知书送达方式"),
        choices=CHANNELS,
        widget=forms.RadioSelect,
        initial=DeliveryChannel.IN_APP.value,
        error_messages={"required": _l("请选择送达方式。")},
    )
    delivered = forms.CharField(
        label=_l("签收人或者邮件号码"), max_length=PLACE_LENGTH, required=False
    )


class Shared:
    """What the pages of this module share."""

    template_name = "officer/cases/procedure.html"
    step: ClassVar[Step]
    heading: ClassVar[Any]
    lead: ClassVar[Any] = ""
    button: ClassVar[Any]

    def fit(self, form: Any) -> None:
        """Fill choices that depend on the case."""


class OneStep(Shared, Act):
    """An act of this module that can be put right later."""

    def form(self) -> forms.Form:
        """Return the form with its choices."""
        form = super().form()
        self.fit(form)
        return form

    def context(self, **given: Any) -> dict[str, Any]:
        """Add the words of the page and whether the act may be taken."""
        return super().context(
            heading=self.heading,
            lead=self.lead,
            button=self.button,
            can=self.step in self.file.steps,
            **given,
        )


class TwoSteps(Shared, TwoStep):
    """An act of this module that is shown whole before it is done."""

    def form(self) -> forms.Form:
        """Return the form with its choices."""
        form = super().form()
        self.fit(form)
        return form

    def form_again(self) -> forms.Form:
        """Return the form with what was typed and its choices."""
        form = super().form_again()
        self.fit(form)
        return form

    def context(self, **given: Any) -> dict[str, Any]:
        """Add the words of the page and whether the act may be taken."""
        return super().context(
            heading=self.heading,
            lead=self.lead,
            button=self.button,
            can=self.step in self.file.steps,
            **given,
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
        after = request.GET.get("after", "")
        page = missed_clocks(
            by=self.actor,
            open_only=not whole,
            after=int(after) if after.isascii() and after.isdigit() and len(after) < 19 else None,
        )
        return self.render(
            {
                "page": page,
                "whole": whole,
                "first": not after,
                "extensions": self.extensions(),
                "names": department_names(),
            }
        )

    def extensions(self) -> Sequence[ExtensionView]:
        """Return the requests that wait for this head."""
        if not self.actor.may_somewhere(Permission.CASE_EXTEND):
            return ()
        return open_extensions(by=self.actor)
