"""What applicants want posted: the list, the label of one parcel, what came back (结果邮寄)."""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from yiwang.cases import services
from yiwang.cases.policy.posting import PostingState, state_problem
from yiwang.cases.policy.terms import DocumentKind, Outcome
from yiwang.cases.queries.posting import (
    PostingView,
    posted,
    posting_of,
    to_post,
)
from yiwang.cases.services.delivering import CARRIER_LENGTH, RECORD_LENGTH
from yiwang.kernel.paging import row_number
from yiwang.licences import queries as licences
from yiwang.organisations.permissions import Permission
from yiwang.web.officer import casefile
from yiwang.web.officer.delivering import DAY, DAY_WRONG
from yiwang.web.officer.handling import Act, VersionForm
from yiwang.web.views import Page

RESULT = frozenset({DocumentKind.GRANT_DECISION, DocumentKind.REFUSAL_DECISION})
"""Letters that an applicant wants on paper."""

READ = ("收件人", "收件电话", "收件地址")
TOO_LONG = _l("最多 %(limit_value)d 个字，请删减。")


class Postings(Page):
    """What is decided and waits to be posted, the oldest wish first; or what was, the newest."""

    permission: ClassVar[Permission] = Permission.CASE_DELIVER
    template_name = "officer/postings.html"
    nav = "postings"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show one page."""
        after = request.GET.get("after", "")
        sent = request.GET.get("tab") == "sent"
        key = row_number(after) if after else None
        shown: list[dict[str, Any]]
        if sent:
            parcels, following = posted(by=self.actor, after=key)
            shown = [
                {"row": one.row, "outcome": Outcome(one.row.outcome), "parcel": one}
                for one in parcels
            ]
        else:
            rows, following = to_post(by=self.actor, after=key)
            shown = [{"row": row, "outcome": Outcome(row.outcome)} for row in rows]
        return self.render(
            {"rows": shown, "next": following or "", "first": not after, "sent": sent}
        )


class PostingForm(VersionForm):
    """What was sent."""

    carrier = forms.CharField(
        label=_l("承运单位"),
        max_length=CARRIER_LENGTH,
        required=False,
        help_text=_l("不填就是 EMS。"),
        error_messages={"max_length": TOO_LONG},
    )
    tracking_number = forms.CharField(
        label=_l("邮件号码"),
        max_length=CARRIER_LENGTH,
        error_messages={
            "required": _l("请填写邮件号码，便于申请人查询。"),
            "max_length": TOO_LONG,
        },
    )


class ReturnForm(VersionForm):
    """What came back."""

    returned_on = forms.DateField(
        label=_l("退回日期"),
        widget=forms.DateInput(attrs=DAY, format="%Y-%m-%d"),
        error_messages={"required": _l("请填写退回日期。"), "invalid": DAY_WRONG},
    )
    reason = forms.CharField(
        label=_l("退回原因"),
        max_length=RECORD_LENGTH,
        error_messages={
            "required": _l("请填写退回原因。"),
            "max_length": TOO_LONG,
        },
    )


class Posting(Act):
    """Send the paper result where the applicant wants it, or note that it came back."""

    permission: ClassVar[Permission] = Permission.CASE_DELIVER
    template_name = "officer/cases/posting.html"
    nav = "postings"

    @cached_property
    def wish(self) -> PostingView | None:
        """The newest wish, telephone and address masked."""
        return posting_of(self.case.number, by=self.actor)

    @property
    def sent(self) -> bool:
        """Whether it was sent and did not come back."""
        return self.wish is not None and self.wish.state is PostingState.SENT

    @property
    def returning(self) -> bool:
        """Whether this is about what came back: as sent, so that a second press is told apart."""
        if self.request.method == "POST":
            return "returned_on" in self.request.POST
        return self.sent

    def form(self) -> forms.Form:
        """Ask for the parcel, or for what came back of it."""
        kind = ReturnForm if self.returning else PostingForm
        given = self.request.POST if self.request.method == "POST" else None
        return kind(data=given, initial=self.initial())

    def context(self, **given: Any) -> dict[str, Any]:
        """Add the label and what goes into the envelope: the decision and the licence."""
        wish = self.wish
        waiting = (
            wish is not None
            and wish.state is PostingState.WAITING
            and self.case.decided_at is not None
        )
        return super().context(
            wish=services.read_label(number=self.case.number, by=self.actor, at=self.at)
            if waiting
            else wish,
            waiting=waiting,
            ended=state_problem(self.case.state, by_mail=True),
            sent=self.sent,
            returning=self.returning,
            letters=[one for one in casefile.letters(self.file) if one.document.kind in RESULT],
            licence=licences.by_case(self.case.number)
            if self.actor.may_somewhere(Permission.LICENCE_READ)
            else None,
            **given,
        )

    def valid(self, form: forms.Form) -> HttpResponse:
        """Record it."""
        given = form.cleaned_data
        if isinstance(form, ReturnForm):
            services.note_posting_return(
                number=self.case.number,
                returned_on=given["returned_on"],
                reason=given["reason"],
                by=self.actor,
                at=self.at,
            )
            messages.success(self.request, _("已登记退回，已告诉申请人核对地址。"))
        else:
            services.post_result(
                number=self.case.number,
                carrier=given["carrier"] or "EMS",
                tracking_number=given["tracking_number"],
                version=given["version"],
                by=self.actor,
                at=self.at,
            )
            messages.success(self.request, _("已登记寄出，邮件号码已告诉申请人。"))
        return redirect("officer:postings")
