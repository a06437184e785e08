"""Scenes as cards, for the home page, the search and the map of scenes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import get_language

from yiwang.catalogue import scenes
from yiwang.catalogue.policy.items import Audience
from yiwang.catalogue.policy.scenes import Scene


@dataclass(frozen=True, kw_only=True)
class SceneCard:
    """One scene in a list."""

    slug: str
    title: str
    summary: str
    count: int


def english() -> bool:
    """Tell whether the page is in English."""
    return get_language() == "en"


def scene_cards(found_ones: Sequence[Scene]) -> list[SceneCard]:
    """Return scenes as cards in the language of the page."""
    return [
        SceneCard(
            slug=one.slug,
            title=one.title_en if english() else one.title,
            summary=one.summary_en if english() else one.summary,
            count=len(one.items),
        )
        for one in found_ones
    ]


def by_audience() -> dict[str, list[SceneCard]]:
    """Return the scenes of persons and of firms; one query."""
    found_ones = scenes.scenes()
    return {
        audience.value: scene_cards([one for one in found_ones if one.audience is audience])
        for audience in Audience
    }
