"""Who stands at the window, and what they may apply for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse

from yiwang.cases import services
from yiwang.cases.policy.states import FINISHED
from yiwang.cases.queries import finding
from yiwang.catalogue import queries as catalogue
from yiwang.catalogue.policy.items import Audience, Channel
from yiwang.organisations.permissions import Permission
from yiwang.registers import queries as registers
from yiwang.registers.queries import EntityView
from yiwang.web.citizen import popularity
from yiwang.web.counter.queue import ticket_in_hand
from yiwang.web.views import Page, found

ITEMS_SHOWN = 30


@dataclass(frozen=True, kw_only=True)
class Applicant:
    """Who stands at the window, numbers masked.

    Attributes:
        has_phone: Whether messages reach them; if not, the result waits at the window.
    """

    ref: str
    name: str
    number: str
    kind: Audience
    has_phone: bool


def applicant(ref: str) -> Applicant:
    """Return who applies.

    Raises:
        LookupError: nobody is registered under `ref`.
    """
    if ref.startswith("person:"):
        person = registers.person(ref)
        return Applicant(
            ref=ref,
            name=person.name,
            number=person.id_number,
            kind=Audience.PERSON,
            has_phone=person.has_phone,
        )
    entity: EntityView = registers.entity(ref)
    return Applicant(
        ref=ref,
        name=entity.name,
        number=entity.uscc,
        kind=Audience.ENTITY,
        has_phone=bool(entity.phone),
    )


class Items(Page):
    """Choose what the person came for (选择事项)."""

    permission: ClassVar[Permission] = Permission.CASE_RECEIVE
    template_name = "counter/items.html"
    nav = "counter"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the items for this kind of applicant, those that fit the words first."""
        who = found(lambda: applicant(kwargs["ref"]))
        text = request.GET.get("text", "").strip()[:60]
        items = (
            catalogue.search(text, on=self.today, audience=who.kind, limit=ITEMS_SHOWN)
            if text
            else popularity.ordered(  # one key chooses what most people come for
                catalogue.items(on=self.today, audience=who.kind),
                counts=popularity.asked_for(today=self.today),
            )
        )
        at_counter = [item for item in items if Channel.COUNTER in item.channels]
        more = 0 if text else max(len(at_counter) - ITEMS_SHOWN, 0)
        at_counter = at_counter[:ITEMS_SHOWN]
        return self.render(
            {
                "who": who,
                "items": at_counter,
                "not_here": services.not_taken_in(
                    [item.slug for item in at_counter], by=self.actor, on=self.today
                ),
                "text": text,
                "more": more,
                "running": [
                    one
                    for one in finding.of_applicant(who.ref, by=self.actor)
                    if one.state not in FINISHED
                ],
                "ticket": ticket_in_hand(request),
            }
        )
