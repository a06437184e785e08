"""The hall for everybody: where, when, how many wait; the display of numbers; the kiosk (大厅)."""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from typing import Any, ClassVar

from django.conf import settings
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.crypto import constant_time_compare

from yiwang.cases import queries as case_queries
from yiwang.cases import services as cases
from yiwang.catalogue import queries as catalogue
from yiwang.catalogue import towns
from yiwang.catalogue.policy.items import ItemVersion
from yiwang.catalogue.policy.towns import TownMode
from yiwang.halls import queries, services
from yiwang.halls.policy.plans import HallPlan
from yiwang.halls.policy.terms import Priority, TakenAt
from yiwang.kernel.errors import RefusedError
from yiwang.organisations import queries as organisations
from yiwang.organisations import scope
from yiwang.organisations.limits import TooManyTriesError
from yiwang.web.citizen import guides, progress
from yiwang.web.citizen.tracking import TrackForm
from yiwang.web.context import KIOSK_COOKIE, KIOSK_SECONDS, SIZE_COOKIE
from yiwang.web.context import KIOSK_SALT as COOKIE_SALT
from yiwang.web.requests import address_of
from yiwang.web.views import UNPROCESSABLE, FormPage, Page, found

KIOSK_SALT = "yiwang.kiosk"
TICKET_SALT = "yiwang.kiosk.ticket"

LETTERS_SALT = "yiwang.kiosk.letters"

LETTERS_AGE_SECONDS = 300
"""How long the address of a case that was proven opens its letters."""

TICKET_SECONDS = 30
"""How long a kiosk shows a number that was drawn; the paper has it too."""

TICKET_AGE_SECONDS = 600
"""How long the address of a drawn number opens."""

DISPLAY_SECONDS = 10

LEFT_BEHIND = frozenset({SIZE_COOKIE, settings.LANGUAGE_COOKIE_NAME})
"""What the one before had chosen; the next begins without it."""


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
        windows = towns.windows_by_item([slug] if slug else None, on=self.today)
        counts = Counter(one.centre for ones in windows.values() for one in ones)
        modes = {one.centre: one.mode for one in windows.get(slug, ())} if slug else {}
        rows = [
            {
                "plan": plan,
                "mode": modes.get(plan.department),
                "sunk": 0 if slug else counts[plan.department],
                "zones": queries.zones_now(plan, at=self.at),
                "windows": sum(len(zone.windows) for zone in plan.zones),
            }
            for plan in queries.plans()
            if not slug or towns.done_at(slug, plan.department, on=self.today)
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


class HallItems(HallPage):
    """What the centre of a town does, and in which mode, in plain words (就近办)."""

    template_name = "public/hall_items.html"
    nav = "help"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the items that were sunk to it and are offered today, by mode."""
        windows = {one.item: one for one in towns.items_at(self.plan.department, on=self.today)}
        items = catalogue.items_named(list(windows), on=self.today)
        names = {unit.code: unit.name for unit in organisations.departments()}
        groups = [
            (
                mode,
                [
                    (guides.localized(item), names.get(item.department, item.department))
                    for item in items
                    if windows[item.slug].mode is mode
                ],
            )
            for mode in TownMode
        ]
        return self.render({"groups": [one for one in groups if one[1]]})


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
        if not self.staff:
            self._remember(response)
        return response

    @property
    def staff(self) -> bool:
        """Whether somebody of the hall looks at the machine from a desk."""
        return self.request.user.is_authenticated and not self.actor.subjects

    @property
    def start(self) -> str:
        """Where the machine begins."""
        return reverse("public:kiosk", args=[self.plan.code, self.kwargs["key"]])

    def _remember(self, response: HttpResponseBase) -> None:
        """Have every page of the portal, opened here, lead back to the beginning."""
        response.set_signed_cookie(
            KIOSK_COOKIE,
            self.start,
            salt=COOKIE_SALT,
            httponly=True,
            samesite="Lax",
            secure=settings.SESSION_COOKIE_SECURE,
        )

    def context(self, **given: Any) -> dict[str, Any]:
        """Add where the machine begins, and when it goes back there by itself."""
        return super().context(start=self.start, seconds=self.seconds, **given)


class Kiosk(KioskPage):
    """Draw a number, or turn an appointment into one (自助取号)."""

    template_name = "public/kiosk.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show zones with how many wait; whoever forgot to sign out is signed out.

        Asked with `kept`, the language that was chosen here a moment ago stays.
        """
        if not self.staff and request.session.session_key:
            request.session.flush()
        response = self._page()
        if "kept" not in request.GET:
            for name in request.COOKIES.keys() & LEFT_BEHIND:
                response.delete_cookie(name)
        return response

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


class KioskItems(KioskPage):
    """Items that a terminal offers (可在自助终端办理)."""

    template_name = "public/kiosk_items.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show them."""
        return self.render({"items": [guides.localized(one) for one in self._offered()]})

    def _offered(self) -> list[ItemVersion]:
        """Return the items for terminals; in the centre of a town only what was sunk to it."""
        items = [one for one in catalogue.items(on=self.today) if one.self_terminal]
        if towns.does_everything(self.plan.department):
            return items
        sunk = {one.item for one in towns.items_at(self.plan.department, on=self.today)}
        return [one for one in items if one.slug in sunk]


class KioskFind(KioskPage, FormPage):
    """Prove which case: query code and the end of the telephone number."""

    template_name = "public/kiosk_find.html"
    form_class = TrackForm

    def initial(self) -> dict[str, Any]:
        """Take the query code of what was just submitted here."""
        return {"query_code": self.request.GET.get("code", "")[:20]}

    def valid(self, form: TrackForm) -> HttpResponse:
        """Go on with an address that opens for a few minutes; nothing is kept in the machine."""
        code, phone = form.cleaned_data["query_code"], form.cleaned_data["phone"]
        try:
            cases.count_question(query_code=code, address=address_of(self.request), at=self.at)
            with scope.everything():  # whoever knows both may see where the case stands
                case = case_queries.track(query_code=code, phone=phone, at=self.at)
        except (TooManyTriesError, case_queries.TrackRefusedError) as refusal:
            form.add_error(None, refusal.message)
            return self.invalid(form)
        proof = signing.dumps([case.query_code, phone], salt=LETTERS_SALT)
        return redirect("public:kiosk_letters", self.plan.code, self.kwargs["key"], proof)


class KioskLetters(KioskPage):
    """Where a case stands, and its letters in words for the printer of the machine."""

    template_name = "public/kiosk_letters.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the list, or the letter that was asked for."""
        try:
            code, phone = signing.loads(
                kwargs["proof"], salt=LETTERS_SALT, max_age=LETTERS_AGE_SECONDS
            )
        except signing.BadSignature as wrong:
            raise Http404("no such case") from wrong
        wanted = request.GET.get("letter", "")
        with scope.everything():  # proven a few minutes ago
            case = case_queries.track(query_code=code, phone=phone, at=self.at)
            letters = case_queries.letters_of_code(case.query_code)
            letter = None
            if wanted:
                if wanted not in {str(one.id) for one in letters}:
                    raise Http404("no such letter")
                letter = cases.letter_for_print(
                    int(wanted), query_code=case.query_code, by=self.actor, at=self.at
                )
        names = {unit.code: unit.name for unit in organisations.departments()}
        asked, put_right = progress.on_spot(case.state, case.events)
        light = case.light(today=self.today, calendar=self.calendar)
        outcome = progress.decided(case.events)
        return self.render(
            {
                "case": guides.named([case], on=self.today)[0],
                "track": progress.track(case.state, case.events),
                "light": light,
                "duty": progress.duty(
                    case.state,
                    due_on=case.due_on,
                    rateable=False,
                    tolerated=case.materials_to_come,
                    asked=asked,
                    put_right=put_right,
                    late=progress.is_late(light),
                    outcome=outcome,
                    back=case.parcel_back,
                ),
                "outcome": outcome,
                "department": organisations.department(case.department_code),
                "letters": letters,
                "letter": letter,
                "names": names,
            }
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
