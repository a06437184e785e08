"""Questions about scenes, and how the section `scenes` of the packs is loaded."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from datetime import datetime

from django.db import transaction

from yiwang.audit import services as audit
from yiwang.catalogue.models import Item, SceneRow
from yiwang.catalogue.policy.items import Audience
from yiwang.catalogue.policy.scenes import Scene, SceneStep, parse
from yiwang.content.policy.packs import Change, DiffLine, PackError, PackFile

SECTION = "scenes"


def scenes(*, audience: Audience | None = None) -> list[Scene]:
    """List the scenes, for one audience or both, in their order; one query."""
    rows = SceneRow.objects.order_by("audience", "position", "slug")
    if audience is not None:
        rows = rows.filter(audience=audience.value)
    return [_read(row) for row in rows]


def scene(slug: str) -> Scene:
    """Return one scene.

    Raises:
        LookupError: no such scene.
    """
    row = SceneRow.objects.filter(slug=slug).first()
    if row is None:
        raise LookupError(f"no scene {slug}")
    return _read(row)


@transaction.atomic
def save_scene(written: Scene, *, pack: str, by: str, at: datetime) -> None:
    """Add or change one scene."""
    plain = dataclasses.asdict(written)
    SceneRow.objects.update_or_create(
        slug=written.slug,
        defaults={
            "pack": pack,
            "audience": written.audience.value,
            "position": written.position,
            "definition": plain,
        },
    )
    audit.record(
        at=at,
        actor=by,
        act="catalogue.save_scene",
        target=f"scene:{written.slug}",
        detail={"items": list(written.items)},
    )


class Scenes:
    """Section `scenes`; a scene that a pack no longer names stays."""

    def check(self, files: Sequence[PackFile]) -> list[PackError]:
        """Return what cannot be read, scenes named twice, and items that do not exist."""
        errors = [error for file in files for error in parse(file)[1]]
        known = set(Item.objects.values_list("slug", flat=True))
        seen: dict[tuple[str, str], str] = {}
        for file, one in _written(files):
            first = seen.setdefault((file.pack, one.slug), file.path)
            place = f"scenes[{one.position}]"
            if first != file.path or list(_slugs(file)).count(one.slug) > 1:
                errors.append(
                    file.error(f"{place}.slug", f"“{one.slug}”写了两次。", "请改名或者合并。")
                )
            errors.extend(
                file.error(
                    f"{place}.steps",
                    f"没有事项“{slug}”。",
                    "请填写事项的标识，或者先在 catalogue 中写入该事项。",
                )
                for slug in one.items
                if slug not in known
            )
        return errors

    def diff(self, files: Sequence[PackFile]) -> list[DiffLine]:
        """Return the scenes that are not loaded as they are written."""
        loaded = {one.slug: one for one in scenes()}
        return [
            DiffLine(
                section=SECTION,
                change=Change.CHANGE if one.slug in loaded else Change.ADD,
                what=one.title,
                detail=f"{len(one.steps)}步，{len(one.items)}个事项",
            )
            for _, one in _written(files)
            if loaded.get(one.slug) != one
        ]

    def apply(self, files: Sequence[PackFile], *, by: str, at: datetime) -> None:
        """Add or change what differs."""
        loaded = {one.slug: one for one in scenes()}
        for file, one in _written(files):
            if loaded.get(one.slug) != one:
                save_scene(one, pack=file.pack, by=by, at=at)


def _written(files: Sequence[PackFile]) -> Iterator[tuple[PackFile, Scene]]:
    """Yield each scene once, as the last pack that names it describes it."""
    last: dict[str, tuple[PackFile, Scene]] = {}
    for file in files:
        for one in parse(file)[0]:
            last[one.slug] = (file, one)
    yield from last.values()


def _slugs(file: PackFile) -> Iterator[str]:
    return (one.slug for one in parse(file)[0])


def _read(row: SceneRow) -> Scene:
    plain = dict(row.definition)
    return Scene(
        **plain
        | {
            "audience": Audience(plain["audience"]),
            "aliases": tuple(plain["aliases"]),
            "steps": tuple(
                SceneStep(**step | {"items": tuple(step["items"])}) for step in plain["steps"]
            ),
        }
    )


SCENES = Scenes()
