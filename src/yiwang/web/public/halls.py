"""The hall for everybody: where, when, how many wait; the display of numbers; the kiosk (大厅)."""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar

from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.crypto import constant_time_compare

from yiwang.halls import queries, services
from yiwang.halls.policy.plans import HallPlan
from yiwang.halls.policy.terms import Priority, TakenAt
from yiwang.kernel.errors import RefusedError
from yiwang.web.views import UNPROCESSABLE, Page, found

KIOSK_SALT = "yiwang.kiosk"
TICKET_SALT = "yiwang.kiosk.ticket"

KIOSK_SECONDS = 120
"""How long a kiosk shows what somebody left unfinished."""

TICKET_SECONDS = 30
"""How long a kiosk shows a number that was drawn; the paper has it too."""

TICKET_AGE_SECONDS = 600
"""How long the address of a drawn number opens."""

DISPLAY_SECONDS = 10


def kiosk_key(hall: str) -> str:
    """Return the key in the address of a hall's kiosks: no number is drawn from afar."""
    return signing.Signer(salt=KIOSK_SALT).signature(hall)


class Halls(Page):
    """All halls: address, hours, how many wait; where an appointment may be made."""

    template_name = "public/halls.html"
    nav = "help"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show them; with an item in the question, those that give appointments for it."""
        slug = request.GET.get("item", "")[:80]
        rows = [
            {
                "plan": plan,
                "zones": queries.zones_now(plan, at=self.at),
                "windows": sum(len(zone.windows) for zone in plan.zones),
            }
            for plan in queries.plans()
        ]
        return self.render({"rows": rows, "item_slug": slug})


class HallPage(Page):
    """What the pages of one hall share."""

    @cached_property
    def plan(self) -> HallPlan:
        """The hall of the address."""
        return found(lambda: queries.hall(self.kwargs["hall"]))

    def context(self, **given: Any) -> dict[str, Any]:
        """Add the hall."""
        return super().context(plan=self.plan, **given)


class Display(HallPage):
    """Numbers, windows and counts for the screen in the waiting room; nobody's name."""

    template_name = "public/hall_display.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show them; the page asks again by itself where scripts run."""
        return self.render(
            {"zones": queries.zones_now(self.plan, at=self.at), "seconds": DISPLAY_SECONDS}
        )


class KioskPage(HallPage):
    """A page of a machine that stands in the hall: large, nothing kept, and soon forgotten."""

    seconds: ClassVar[int] = KIOSK_SECONDS

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Open with the key of the hall only, and leave nothing in the machine."""
        if not constant_time_compare(kwargs["key"], kiosk_key(kwargs["hall"])):
            raise Http404("no such kiosk")
        response = super().dispatch(request, *args, **kwargs)
        response["Cache-Control"] = "no-store"
        return response

    def context(self, **given: Any) -> dict[str, Any]:
        """Add where the machine begins, and when it goes back there by itself."""
        start = reverse("public:kiosk", args=[self.plan.code, self.kwargs["key"]])
        return super().context(start=start, seconds=self.seconds, **given)


class Kiosk(KioskPage):
    """Draw a number, or turn an appointment into one (自助取号)."""

    template_name = "public/kiosk.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show zones with how many wait; whoever forgot to sign out is signed out."""
        if self.actor.subjects:
            request.session.flush()
        return self._page()

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Draw the number and show it."""
        priority = next(
            (one for one in Priority if one.value == request.POST.get("priority")), Priority.NONE
        )
        try:
            if "code" in request.POST and "zone" not in request.POST:
                ticket = services.check_in(
                    hall=self.plan.code,
                    code=request.POST["code"],
                    priority=priority,
                    by=self.actor,
                    at=self.at,
                )
            else:
                zone = found(lambda: self.plan.zone(request.POST.get("zone", "")))
                ticket = services.take_ticket(
                    hall=self.plan.code,
                    zone=zone.code,
                    priority=priority,
                    taken_by=TakenAt.KIOSK,
                    calendar=self.calendar,
                    by=self.actor,
                    at=self.at,
                )
        except RefusedError as refusal:
            return self._page(error=refusal.message, status=UNPROCESSABLE)
        address = signing.TimestampSigner(salt=TICKET_SALT).sign(str(ticket.id))
        return redirect("public:kiosk_ticket", self.plan.code, self.kwargs["key"], address)

    def _page(self, *, error: str = "", status: int = 200) -> HttpResponse:
        return self.render(
            {
                "zones": queries.zones_now(self.plan, at=self.at),
                "priorities": self.plan.priorities,
                "error": error,
            },
            status=status,
        )


class KioskTicket(KioskPage):
    """The number that was drawn, for the printer of the machine; gone after half a minute."""

    template_name = "public/kiosk_ticket.html"
    seconds = TICKET_SECONDS

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show number, zone and how many are before it."""
        try:
            pk = signing.TimestampSigner(salt=TICKET_SALT).unsign(
                kwargs["ticket"], max_age=TICKET_AGE_SECONDS
            )
        except signing.BadSignature as wrong:
            raise Http404("no such ticket") from wrong
        ticket = found(lambda: queries.ticket(int(pk)))
        return self.render({"ticket": ticket, "ahead": queries.ahead_of(ticket.id)})
