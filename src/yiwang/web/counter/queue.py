"""The queue as a window sees it: call, serve, and straight into the intake (叫号)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, ClassVar

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from yiwang.halls import queries, services
from yiwang.halls.policy.plans import HallPlan
from yiwang.halls.policy.terms import Priority, TakenAt, TicketState
from yiwang.halls.queries import TicketView
from yiwang.kernel.errors import RefusedError
from yiwang.organisations.permissions import Permission, PermissionRefusedError
from yiwang.web.public.halls import kiosk_key
from yiwang.web.views import UNPROCESSABLE, Page, found

HALL_KEY = "counter_hall"
WINDOW_KEY = "counter_window"
TICKET_KEY = "counter_ticket"
"""Keys of the session under which a window keeps where it is and whom it serves."""


def ticket_in_hand(request: HttpRequest) -> TicketView | None:
    """Return the ticket that this window serves, or None."""
    pk = request.session.get(TICKET_KEY)
    if not isinstance(pk, int):
        return None
    try:
        ticket = queries.ticket(pk)
    except LookupError:
        ticket = None
    if ticket is None or ticket.state not in {TicketState.CALLED, TicketState.SERVING}:
        request.session.pop(TICKET_KEY, None)
        return None
    return ticket


class Queue(Page):
    """Whom the window serves, who waits, and one key for each act."""

    permission: ClassVar[Permission] = Permission.CASE_RECEIVE
    template_name = "counter/queue.html"
    nav = "counter"

    @cached_property
    def halls(self) -> list[HallPlan]:
        """Halls at whose windows this clerk sits."""
        return queries.halls_of(self.actor, Permission.CASE_RECEIVE)

    @cached_property
    def plan(self) -> HallPlan | None:
        """The hall chosen; by default the first."""
        chosen = self.request.session.get(HALL_KEY, "")
        return next((one for one in self.halls if one.code == chosen), None) or next(
            iter(self.halls), None
        )

    @property
    def window(self) -> str:
        """The window chosen, if the hall has it."""
        label = str(self.request.session.get(WINDOW_KEY, ""))
        return label if self.plan and self.plan.zone_of_window(label) else ""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the desk of the window."""
        return self._page()

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Do what the button says; a refusal shows the page again with its sentence."""
        act = self.ACTS.get(request.POST.get("act", ""))
        if act is None or self.plan is None:
            return redirect("counter:queue")
        try:
            return act(self)
        except PermissionRefusedError:
            raise
        except RefusedError as refusal:
            return self._page(error=refusal.message, status=UNPROCESSABLE)

    def _page(self, *, error: str = "", status: int = 200) -> HttpResponse:
        plan, window = self.plan, self.window
        zone = plan.zone_of_window(window) if plan and window else None
        held = queries.ticket_at(plan, window, at=self.at) if plan and window else None
        if held is not None:
            self.request.session[TICKET_KEY] = held.id
        key = kiosk_key(plan.code) if plan else ""
        return self.render(
            {
                "halls": self.halls,
                "plan": plan,
                "window": window,
                "zone": zone,
                "held": held,
                "mine": held is not None,
                "zones": queries.zones_now(plan, at=self.at) if plan else [],
                "missed": queries.missed_at(plan, zone.code, at=self.at) if plan and zone else [],
                "priorities": plan.priorities if plan else (),
                "kiosk": reverse("public:kiosk", args=[plan.code, key]) if plan else "",
                "error": error,
            },
            status=status,
        )

    def _sit(self) -> HttpResponse:
        """Choose hall and window, once a day."""
        hall = self.request.POST.get("hall", "")
        window = self.request.POST.get("window", "").strip().upper()[:10]
        plan = next((one for one in self.halls if one.code == hall), None)
        if plan is None or plan.zone_of_window(window) is None:
            return self._page(
                error=_("这个大厅没有这个窗口，请核对窗口牌上的编号，例如A01。"),
                status=UNPROCESSABLE,
            )
        self.request.session[HALL_KEY] = plan.code
        self.request.session[WINDOW_KEY] = window
        return redirect("counter:queue")

    def _call(self) -> HttpResponse:
        assert self.plan is not None
        ticket = services.call_next(
            hall=self.plan.code, window=self.window, by=self.actor, at=self.at
        )
        if ticket is None:
            messages.info(self.request, _("现在没有人等候。"))
        return redirect("counter:queue")

    def _next(self) -> HttpResponse:
        """End what is in hand and call the next in one press."""
        held = ticket_in_hand(self.request)
        if held is not None:
            services.finish(ticket=held.id, by=self.actor, at=self.at)
            self.request.session.pop(TICKET_KEY, None)
        return self._call()

    def _serve(self) -> HttpResponse:
        """Begin, and go into the intake; an appointment knows for what."""
        ticket = services.start_serving(ticket=self._number(), by=self.actor, at=self.at)
        self.request.session[TICKET_KEY] = ticket.id
        if ticket.applicant_ref:
            return redirect("counter:receive", ref=ticket.applicant_ref, slug=ticket.item_slug)
        return redirect("counter:intake")

    def _recall(self) -> HttpResponse:
        services.recall(ticket=self._number(), by=self.actor, at=self.at)
        return redirect("counter:queue")

    def _miss(self) -> HttpResponse:
        services.miss(ticket=self._number(), by=self.actor, at=self.at)
        return self._left()

    def _finish(self) -> HttpResponse:
        services.finish(ticket=self._number(), by=self.actor, at=self.at)
        return self._left()

    def _transfer(self) -> HttpResponse:
        services.transfer(
            ticket=self._number(),
            zone=self.request.POST.get("zone", "")[:40],
            by=self.actor,
            at=self.at,
        )
        return self._left()

    def _back(self) -> HttpResponse:
        services.take_back(ticket=self._number(), by=self.actor, at=self.at)
        return redirect("counter:queue")

    def _take(self) -> HttpResponse:
        """Draw a number for somebody who cannot use the machine."""
        plan, sent = self.plan, self.request.POST
        assert plan is not None
        ticket = services.take_ticket(
            hall=plan.code,
            zone=found(lambda: plan.zone(sent.get("zone", ""))).code,
            priority=next(
                (one for one in Priority if one.value == sent.get("priority")), Priority.NONE
            ),
            taken_by=TakenAt.CLERK,
            calendar=self.calendar,
            by=self.actor,
            at=self.at,
        )
        messages.success(self.request, _("已取号：%(code)s") % {"code": ticket.code})
        return redirect("counter:queue")

    def _left(self) -> HttpResponse:
        self.request.session.pop(TICKET_KEY, None)
        return redirect("counter:queue")

    def _number(self) -> int:
        text = self.request.POST.get("ticket", "")
        return int(text) if text.isdecimal() and len(text) < 18 else 0

    ACTS: ClassVar[Mapping[str, Callable[[Queue], HttpResponse]]] = {
        "sit": _sit,
        "call": _call,
        "next": _next,
        "serve": _serve,
        "recall": _recall,
        "miss": _miss,
        "finish": _finish,
        "transfer": _transfer,
        "back": _back,
        "take": _take,
    }
    """What the buttons say."""
