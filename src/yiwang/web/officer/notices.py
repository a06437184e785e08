"""Notices that did not arrive, for whoever runs the system (通知发送情况)."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from yiwang.notices import queries, services
from yiwang.notices.policy.sending import NoticeState
from yiwang.organisations.permissions import Permission
from yiwang.web.views import FormPage, Page


class Notices(Page):
    """What could not be sent, why, and how many are on their way."""

    permission: ClassVar[Permission] = Permission.SYSTEM_MANAGE
    template_name = "officer/notices/list.html"
    nav = "notices"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show one page, newest first."""
        page = queries.failures(by=self.actor, after=request.GET.get("after"))
        shown = (NoticeState.WAITING, NoticeState.SENDING, NoticeState.UNSURE, NoticeState.DEAD)
        return self.render(
            {
                "rows": page.rows,
                "next_after": page.after or "",
                "first": not request.GET.get("after"),
                "counts": [
                    {"label": state.label, "value": str(page.counts.get(state, 0))}
                    for state in shown
                ],
            }
        )


class SendAgain(Page):
    """Have one sent once more (重新发送)."""

    permission: ClassVar[Permission] = Permission.SYSTEM_MANAGE
    nav = "notices"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Lead whoever reloads back."""
        return redirect("officer:notices")

    def post(self, request: HttpRequest, number: int, *args: Any, **kwargs: Any) -> HttpResponse:
        """Send it again; the worker does it within a minute."""
        services.send_again(notice_id=number, by=self.actor, at=self.at)
        messages.success(request, _("已重新排队，一分钟内发送。"))
        return redirect("officer:notices")


class ReasonForm(forms.Form):
    """Why a notice is given up."""

    use_required_attribute = False

    reason = forms.CharField(
        label=_l("理由"),
        help_text=_l("例如“已电话告知”。平台消息和文书不受影响。"),
        max_length=200,
        error_messages={"required": _l("请写明不再发送的理由。")},
    )


class DropNotice(FormPage):
    """Give one up (不再发送)."""

    permission: ClassVar[Permission] = Permission.SYSTEM_MANAGE
    template_name = "officer/notices/drop.html"
    form_class = ReasonForm
    nav = "notices"

    def context(self, **given: Any) -> dict[str, Any]:
        """Name the notice."""
        return super().context(notice=queries.notice(self.kwargs["number"], by=self.actor), **given)

    def valid(self, form: ReasonForm) -> HttpResponse:
        """Give it up."""
        services.drop_notice(
            notice_id=self.kwargs["number"],
            reason=form.cleaned_data["reason"],
            by=self.actor,
            at=self.at,
        )
        messages.success(self.request, _("已停止发送这条通知。"))
        return redirect("officer:notices")
