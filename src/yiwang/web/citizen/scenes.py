"""What people come for, by the course of a life or of a firm (场景导办)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from yiwang.catalogue import queries as catalogue
from yiwang.catalogue import scenes
from yiwang.registration import permits
from yiwang.web.citizen import items
from yiwang.web.citizen.scene_cards import by_audience, english, scene_cards
from yiwang.web.views import Page, found


@dataclass(frozen=True, kw_only=True)
class StepLine:
    """One step with its items as cards."""

    title: str
    note: str
    cards: Sequence[items.ItemCard]


class Scenes(Page):
    """The map of services by events: all scenes, for persons and for firms (服务地图)."""

    template_name = "citizen/scenes.html"
    nav = "items"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show them."""
        return self.render(by_audience())


class ScenePage(Page):
    """The path of one scene: its steps in order, each with its items and their facts."""

    template_name = "citizen/scene.html"
    nav = "items"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the path; an item that is not offered today is left out."""
        scene = found(lambda: scenes.scene(self.kwargs["slug"]))
        offered = {one.slug: one for one in catalogue.items(on=self.today)}
        wanted = [offered[slug] for slug in scene.items if slug in offered]
        cards = {card.slug: card for card in items.cards(wanted)}
        steps = [
            StepLine(
                title=step.title_en if english() else step.title,
                note=step.note_en if english() else step.note,
                cards=[cards[slug] for slug in step.items if slug in cards],
            )
            for step in scene.steps
        ]
        steps = [step for step in steps if step.cards]
        if not steps:
            raise Http404("none of its items is offered today")
        (card,) = scene_cards([scene])
        return self.render(
            {
                "scene": card,
                "audience": scene.audience,
                "steps": steps,
                "registers_scope": permits.registers_scope(*scene.items),
                "crumbs": [(_("场景导办"), reverse("citizen:scenes"))],
            }
        )
