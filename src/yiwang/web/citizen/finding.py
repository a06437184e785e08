"""What the one search box looks through beside items (搜索)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from yiwang.cases import queries as cases
from yiwang.catalogue import queries as catalogue
from yiwang.catalogue import scenes
from yiwang.catalogue.policy.items import Audience, ItemVersion
from yiwang.catalogue.policy.scenes import Scene
from yiwang.catalogue.policy.search_terms import normal
from yiwang.catalogue.queries import ItemHit, PassageHit
from yiwang.kernel.identifiers import query_code
from yiwang.organisations.permissions import Actor, PermissionRefusedError

MOST_ITEMS = 20
MOST_SCENES = 3
MOST_PLACES = 5
MOST_ANSWERS = 3

SURE_ENOUGH = 0.5
"""An answer is shown among the results when its score is at least this."""

CASE_NUMBER_LENGTH = 31
"""Exchange numbers of cases have at least so many characters."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """A service point that offers items (办理地点)."""

    name: str
    address: str
    hours: str
    phone: str
    count: int


@dataclass(frozen=True, kw_only=True)
class Found:
    """Everything the box found."""

    items: list[ItemVersion]
    listed: Sequence[ItemHit]
    scenes: Sequence[Scene]
    places: Sequence[Place]
    answers: Sequence[PassageHit]


def find(text: str, *, audience: Audience | None, on: date) -> Found:
    """Look for `text` in items, listed items, scenes, places and answers of guides."""
    if not normal(text):
        return Found(items=[], listed=[], scenes=[], places=[], answers=[])
    items = catalogue.search(text, on=on, audience=audience, limit=MOST_ITEMS)
    listed = catalogue.search_listed(text, limit=MOST_ITEMS) if audience is None else []
    answers = catalogue.search_passages(text, on=on, limit=MOST_ANSWERS)
    return Found(
        items=items,
        listed=listed,
        scenes=_scenes(text, items, audience),
        places=_places(text, on),
        answers=[one for one in answers if one.part == "faq" and one.score >= SURE_ENOUGH],
    )


def looks_like_case(text: str) -> bool:
    """Tell whether `text` has the form of a query code or a number of a case."""
    wanted = _code(text)
    return query_code.check(wanted).ok or (
        len(wanted) > CASE_NUMBER_LENGTH and wanted.isascii() and wanted.isalnum()
    )


def own_case(text: str, *, by: Actor) -> str:
    """Return the number of the case of `by` that `text` names; empty: none of theirs.

    Somebody else's number finds nothing, as if there were no such case.
    """
    if not by.subjects or not looks_like_case(text):
        return ""
    wanted = _code(text)
    try:
        number = cases.number_of(wanted) if query_code.check(wanted).ok else wanted
        return cases.case(number, by=by).number
    except (LookupError, PermissionRefusedError):
        return ""


def _code(text: str) -> str:
    return "".join(text.split()).replace("-", "").upper()


def _scenes(text: str, items: Sequence[ItemVersion], audience: Audience | None) -> list[Scene]:
    """Return scenes whose words are in the text, then those of the best item."""
    words = normal(text)
    best = {one.slug for one in items[:1]}
    named, near = [], []
    for scene in scenes.scenes(audience=audience):
        if any(
            normal(one) in words or words in normal(one) for one in (scene.title, *scene.aliases)
        ):
            named.append(scene)
        elif best.intersection(scene.items):
            near.append(scene)
    return (named + near)[:MOST_SCENES]


def _places(text: str, on: date) -> list[Place]:
    words = normal(text)
    found: dict[str, Place] = {}
    for version in catalogue.items(on=on):
        for point in version.service_points:
            if words not in normal(point.name + point.address):
                continue
            count = found[point.name].count + 1 if point.name in found else 1
            found[point.name] = Place(
                name=point.name,
                address=point.address,
                hours=point.hours,
                phone=point.phone,
                count=count,
            )
    return sorted(found.values(), key=lambda one: -one.count)[:MOST_PLACES]
