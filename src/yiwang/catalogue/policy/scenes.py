"""Scenes: what people come for in the course of a life or of a firm, as a path over items (场景).

A scene names items by their slugs and says in which order they come; the facts stay with the items.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from yiwang.catalogue.policy.items import Audience
from yiwang.content.policy.fields import Fields
from yiwang.content.policy.packs import PackError, PackFile

_SLUG = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")


@dataclass(frozen=True, kw_only=True)
class SceneStep:
    """One step of the path: one or more items, done together or one of them.

    Attributes:
        items: Slugs.
        note: When the step is needed, in citizens' words; empty: always.
    """

    title: str
    items: tuple[str, ...]
    note: str = ""
    title_en: str = ""
    note_en: str = ""


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One scene; `position` counts in the order of the file."""

    slug: str
    audience: Audience
    title: str
    summary: str
    title_en: str
    summary_en: str
    aliases: tuple[str, ...]
    steps: tuple[SceneStep, ...]
    position: int

    @property
    def items(self) -> tuple[str, ...]:
        """The slugs of all steps, each once, in the order of the path."""
        return tuple(dict.fromkeys(slug for step in self.steps for slug in step.items))


def parse(file: PackFile) -> tuple[list[Scene], list[PackError]]:
    """Return the scenes that `file` holds, and what is wrong with the others."""
    errors: list[PackError] = []
    fields = Fields(file, errors)
    fields.text("source")
    scenes = []
    for position, row in enumerate(fields.rows("scenes")):
        before = len(errors)
        scene = _scene(row, position)
        if len(errors) == before:
            scenes.append(scene)
    fields.done()
    return scenes, errors


def _scene(row: Fields, position: int) -> Scene:
    slug = row.text("slug", longest=60)
    if slug and not _SLUG.fullmatch(slug):
        row.refuse("slug", f"为“{slug}”，不能作网址。", "请用小写英文字母、数字和连字符。")
    audience = row.choice("audience", [one.value for one in Audience])
    scene = Scene(
        slug=slug,
        audience=Audience(audience or Audience.PERSON),
        title=row.text("title", longest=40),
        summary=row.text("summary", longest=200),
        title_en=row.text("title_en", longest=80),
        summary_en=row.text("summary_en", longest=300),
        aliases=tuple(row.texts("aliases", required=False)),
        steps=tuple(_step(step) for step in row.rows("steps")),
        position=position,
    )
    if not scene.steps:
        row.refuse("steps", "没有步骤。", "请至少写一步。")
    row.done()
    return scene


def _step(row: Fields) -> SceneStep:
    step = SceneStep(
        title=row.text("title", longest=40),
        title_en=row.text("title_en", longest=80),
        items=tuple(row.texts("items")),
        note=row.text("note", required=False, longest=200),
        note_en=row.text("note_en", required=False, longest=300),
    )
    if bool(step.note) != bool(step.note_en):
        row.refuse("note_en", "中英文说明只写了一种。", "请两种都写，或者都不写。")
    row.done()
    return step
