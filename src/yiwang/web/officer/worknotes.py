"""Messages to those who work here: clocks that were missed or end soon, alarms (工作消息)."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from yiwang.cases import queries, services
from yiwang.kernel.paging import row_or_first
from yiwang.organisations.permissions import Permission
from yiwang.web.views import Page


class WorkMessages(Page):
    """One's own messages, newest first (工作消息)."""

    permission: ClassVar[Permission] = Permission.MESSAGE_READ
    template_name = "officer/messages.html"
    nav = "work_messages"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show one page."""
        wanted = row_or_first(request.GET.get("after"))
        rows = queries.messages_for(self.actor.ref, after=wanted)
        full = len(rows) == queries.PAGE_LIMIT
        return self.render(
            {
                "rows": rows,
                "next": rows[-1].id if full else "",
                "first": wanted is None,
                "audits": self.actor.may_somewhere(Permission.TRAIL_READ),
                "works": self.actor.may_somewhere(Permission.WORK_DESK),
            }
        )


class ReadMessage(Page):
    """Note that a message was read (标为已读)."""

    permission: ClassVar[Permission] = Permission.MESSAGE_READ
    nav = "work_messages"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Lead whoever reloads back."""
        return redirect("officer:work_messages")

    def post(self, request: HttpRequest, message: int, *args: Any, **kwargs: Any) -> HttpResponse:
        """Note it; another's message is none."""
        try:
            services.read_message(message_id=message, by=self.actor, at=self.at)
        except queries.CaseNotFoundError:
            raise Http404 from None
        return redirect("officer:work_messages")
