"""Delivery of decisions and letters, parcels, and the ledger of letters (送达、文书台账)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from yiwang.cases import services
from yiwang.cases.policy.states import CaseState, Step
from yiwang.cases.policy.terms import DeliveryChannel, DocumentKind, LetterState, Relation
from yiwang.cases.queries.delivering import (
    LedgerRow,
    LedgerWish,
    dispatches_of,
    ledger,
    letter_row,
)
from yiwang.cases.queries.posting import posting_of
from yiwang.licences import queries as licences
from yiwang.organisations.permissions import Permission
from yiwang.web.officer import casefile
from yiwang.web.officer.cases import CasePages, done
from yiwang.web.officer.handling import Act, VersionForm
from yiwang.web.officer.scope import department_names, departments_of
from yiwang.web.views import UNPROCESSABLE, FormPage, Page

DAY = {"type": "date"}
NAME_LENGTH = 100
RELATIONS = [(one.value, _l(one.label)) for one in Relation]
DAY_WRONG = _l("请按“年-月-日”填写日期。")


def _relation() -> forms.ChoiceField:
    return forms.ChoiceField(
        label=_l("与受送达人的关系"),
        choices=RELATIONS,
        required=False,
        error_messages={"invalid_choice": _l("请从所列关系中选择。")},
    )


class DeliverForm(VersionForm):
    """How the result reaches the applicant."""

    channel = forms.ChoiceField(
        label=_l("送达方式"),
        choices=[
            (DeliveryChannel.PRINT.value, _l("窗口领取")),
            (DeliveryChannel.POST.value, _l("邮寄")),
            (DeliveryChannel.IN_APP.value, _l("平台送达")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _l("请选择送达方式。")},
    )
    recipient = forms.CharField(
        label=_l("签收人或者收件人"),
        max_length=NAME_LENGTH,
        required=False,
        help_text=_l("不填就是申请人本人。"),
    )
    relation = _relation()
    carrier = forms.CharField(
        label=_l("承运单位"), max_length=40, required=False, help_text=_l("邮寄时填写，如 EMS。")
    )
    result = forms.CharField(
        label=_l("邮件号码或者备注"),
        max_length=40,
        required=False,
        help_text=_l("邮寄时必须填写。"),
    )

    def clean(self) -> dict[str, Any]:
        """Check that a parcel has its number."""
        cleaned = super().clean() or {}
        if cleaned.get("channel") == DeliveryChannel.POST.value and not cleaned.get("result"):
            self.add_error("result", _("请填写邮件号码，便于申请人查询。"))
        return cleaned


class Deliver(Act):
    """Hand over or send the decision and the licence (送达发证)."""

    permission: ClassVar[Permission] = Permission.CASE_DELIVER
    template_name = "officer/cases/deliver.html"
    form_class = DeliverForm

    def context(self, **given: Any) -> dict[str, Any]:
        """Add what is handed over, and the parcels so far."""
        parcels = dispatches_of(self.case.number)
        licence = licences.by_case(self.case.number)
        return super().context(
            can_deliver=Step.CLOSE in self.file.steps,
            letters=casefile.letters(self.file),
            contact=casefile.contact(self.file, self.actor),
            licence=licence,
            printed=licences.fields_for_staff(licence) if licence else (),
            parcels=parcels,
            wish=posting_of(self.case.number, by=self.actor) if self.item.mail_result else None,
            under_way=bool(parcels) and not (parcels[-1].arrived_on or parcels[-1].returned_on),
            **given,
        )

    def valid(self, form: DeliverForm) -> HttpResponse:
        """Record the delivery, or the parcel that was sent."""
        given = form.cleaned_data
        channel = DeliveryChannel(given["channel"])
        common: dict[str, Any] = {
            "number": self.case.number,
            "by": self.actor,
            "at": self.at,
            "version": given["version"],
        }
        if channel is DeliveryChannel.POST and Step.SEND in self.file.steps:
            services.send_result(
                carrier=given["carrier"] or "EMS",
                tracking_number=given["result"],
                to_name=given["recipient"],
                **common,
            )
            return redirect(done(self, _("寄送已登记，签收后办件办结。")))
        services.deliver_case(
            channel=channel,
            result=given["result"],
            recipient=given["recipient"],
            relation=Relation(given["relation"] or Relation.SELF),
            **common,
        )
        return redirect(done(self, _("已送达，办件办结。")))


class ParcelForm(VersionForm):
    """What became of a parcel."""

    outcome = forms.ChoiceField(
        label=_l("结果"),
        choices=[("arrived", _l("已签收")), ("returned", _l("已退回"))],
        widget=forms.RadioSelect,
        error_messages={"required": _l("请选择已签收或者已退回。")},
    )
    day = forms.DateField(
        label=_l("日期"),
        widget=forms.DateInput(attrs=DAY, format="%Y-%m-%d"),
        error_messages={"required": _l("请填写日期。"), "invalid": DAY_WRONG},
    )
    signed_by = forms.CharField(
        label=_l("签收人"),
        max_length=NAME_LENGTH,
        required=False,
        help_text=_l("已签收的必须填写。"),
    )
    relation = _relation()
    reason = forms.CharField(
        label=_l("退回原因"),
        max_length=NAME_LENGTH,
        required=False,
        help_text=_l("已退回的必须填写。"),
    )

    def clean(self) -> dict[str, Any]:
        """Ask for who signed, or why it came back."""
        cleaned = super().clean() or {}
        if cleaned.get("outcome") == "arrived" and not cleaned.get("signed_by"):
            self.add_error("signed_by", _("请填写签收人。"))
        if cleaned.get("outcome") == "returned" and not cleaned.get("reason"):
            self.add_error("reason", _("请填写退回原因。"))
        return cleaned


class Parcel(Act):
    """Note that a parcel arrived or came back (签收、退回)."""

    permission: ClassVar[Permission] = Permission.CASE_DELIVER
    template_name = "officer/cases/parcel.html"
    form_class = ParcelForm

    def initial(self) -> dict[str, Any]:
        """Return today."""
        return super().initial() | {"day": self.today}

    def context(self, **given: Any) -> dict[str, Any]:
        """Add the parcels."""
        return super().context(
            parcels=dispatches_of(self.case.number),
            can_note=self.case.state is CaseState.DELIVERING
            and Step.NOTE_RETURN in self.file.steps,
            **given,
        )

    def valid(self, form: ParcelForm) -> HttpResponse:
        """Note it."""
        given = form.cleaned_data
        common: dict[str, Any] = {
            "number": self.case.number,
            "by": self.actor,
            "at": self.at,
            "version": given["version"],
        }
        if given["outcome"] == "returned":
            services.note_return(returned_on=given["day"], reason=given["reason"], **common)
            return redirect(done(self, _("已登记退回，请重新寄送或者通知申请人到窗口领取。")))
        services.note_arrival(
            arrived_on=given["day"],
            signed_by=given["signed_by"],
            relation=Relation(given["relation"] or Relation.SELF),
            **common,
        )
        return redirect(done(self, _("已登记签收，办件办结。")))


class LedgerFilter(forms.Form):
    """Which letters."""

    use_required_attribute = False

    text = forms.CharField(
        label=_l("文号、办件编号、查询码或受送达人"),
        max_length=80,
        required=False,
        error_messages={"max_length": _l("最多80字，请缩短后再筛选。")},
    )
    department = forms.ChoiceField(label=_l("用章部门"), required=False)
    kind = forms.ChoiceField(
        label=_l("文书种类"),
        required=False,
        choices=[("", _l("全部")), *((one.value, _l(one.label)) for one in DocumentKind)],
    )
    state = forms.ChoiceField(
        label=_l("送达状态"),
        required=False,
        choices=[
            ("", _l("全部")),
            *(
                (one.value, _l(one.label))
                for one in LetterState
                if one is not LetterState.NOT_NEEDED
            ),
        ],
    )
    first_on = forms.DateField(
        label=_l("自"),
        required=False,
        widget=forms.DateInput(attrs=DAY, format="%Y-%m-%d"),
        error_messages={"invalid": DAY_WRONG},
    )
    last_on = forms.DateField(
        label=_l("至"),
        required=False,
        widget=forms.DateInput(attrs=DAY, format="%Y-%m-%d"),
        error_messages={"invalid": DAY_WRONG},
    )

    @property
    def narrowed(self) -> bool:
        """Whether one of the folded conditions is set or wrong, so that they stand open."""
        return any(self.data.get(name) for name in self.fields if name != "text")


STATE_COLOURS: Mapping[LetterState, str] = {
    LetterState.NOT_NEEDED: "neutral",
    LetterState.WAITING: "warning",
    LetterState.UNDER_WAY: "info",
    LetterState.RETURNED: "danger",
    LetterState.DELIVERED: "success",
}


class Letters(Page):
    """The ledger of letters of one's departments (文书台账)."""

    permission: ClassVar[Permission] = Permission.CASE_READ
    template_name = "officer/letters.html"
    nav = "letters"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show one page."""
        units = departments_of(self.actor, Permission.CASE_READ, on=self.today)
        form = LedgerFilter(request.GET or {})
        choice = form.fields["department"]
        assert isinstance(choice, forms.ChoiceField)
        choice.choices = [("", _("全部")), *((unit.code, unit.name) for unit in units)]
        if not form.is_valid():
            return self.render({"form": form, "rows": [], "next": ""}, status=UNPROCESSABLE)
        given, after = form.cleaned_data, request.GET.get("after") or None
        rows, following = ledger(
            LedgerWish(
                department=given["department"],
                kind=DocumentKind(given["kind"]) if given["kind"] else None,
                state=LetterState(given["state"]) if given["state"] else None,
                text=given["text"],
                first_on=given["first_on"],
                last_on=given["last_on"],
            ),
            by=self.actor,
            after=after,
        )
        return self.render(
            {
                "form": form,
                "rows": [{"row": row, "colour": STATE_COLOURS[row.state]} for row in rows],
                "next": following or "",
                "first": after is None,
                "one_department": len(units) == 1,
                "names": department_names(),
                "delivers": self.actor.may_somewhere(Permission.CASE_DELIVER),
            }
        )


class HandOverForm(forms.Form):
    """Who took a letter."""

    use_required_attribute = False

    channel = forms.ChoiceField(
        label=_l("送达方式"),
        choices=[
            (DeliveryChannel.PRINT.value, _l("窗口领取")),
            (DeliveryChannel.POST.value, _l("邮寄并已签收")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _l("请选择送达方式。")},
    )
    recipient = forms.CharField(
        label=_l("签收人"), max_length=40, error_messages={"required": _l("请填写签收人。")}
    )
    relation = _relation()
    result = forms.CharField(label=_l("邮件号码或者备注"), max_length=NAME_LENGTH, required=False)


class HandOver(CasePages, FormPage):
    """Hand over a letter other than the decision (送达文书)."""

    permission: ClassVar[Permission] = Permission.CASE_DELIVER
    template_name = "officer/cases/hand_over_letter.html"
    form_class = HandOverForm
    nav = "letters"

    @cached_property
    def letter(self) -> LedgerRow:
        """The letter of the address, which must be one of the case."""
        row = letter_row(self.kwargs["document"], by=self.actor)
        if row.case_number != self.case.number:
            raise Http404("not a letter of this case")
        return row

    def context(self, **given: Any) -> dict[str, Any]:
        """Add the letter."""
        return super().context(letter=self.letter, **given)

    def valid(self, form: HandOverForm) -> HttpResponse:
        """Record it."""
        given = form.cleaned_data
        services.deliver_letter(
            document_id=self.letter.document_id,
            channel=DeliveryChannel(given["channel"]),
            recipient=given["recipient"],
            relation=Relation(given["relation"] or Relation.SELF),
            result=given["result"],
            by=self.actor,
            at=self.at,
        )
        return redirect(done(self, _("送达已登记，送达回证已生成。")))
