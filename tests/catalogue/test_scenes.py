"""We know that scenes load from packs and lead only to items that exist."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.factories.catalogue import PACKS
from yiwang.audit import services as audit
from yiwang.catalogue import scenes
from yiwang.catalogue.policy.items import Audience
from yiwang.catalogue.policy.scenes import parse
from yiwang.content.policy import reading
from yiwang.content.policy.packs import PackFile
from yiwang.content.services import load_packs

pytestmark = pytest.mark.django_db

AT = datetime(2026, 3, 2, 1, tzinfo=UTC)

SCENE = {
    "slug": "reading",
    "audience": "person",
    "title": "读书",
    "title_en": "Read",
    "summary": "办一张证。",
    "summary_en": "Get a card.",
    "steps": [{"title": "办证", "title_en": "Card", "items": ["library-card"]}],
}


@pytest.fixture
def example() -> None:
    report = load_packs(
        root=PACKS, names=["example"], by="job:test", at=AT, apply=True, record=audit.record
    )
    assert report.errors == []


def file(*written: dict[str, Any]) -> PackFile:
    return PackFile(
        pack="example",
        section="scenes",
        name="scenes",
        path="packs/example/scenes/scenes.yaml",
        content={"source": "虚构", "scenes": list(written)},
        lines={},
    )


@pytest.mark.usefixtures("example")
def test_scenes_are_loaded_in_their_order_and_once() -> None:
    again = load_packs(
        root=PACKS, names=["example"], by="job:test", at=AT, apply=True, record=audit.record
    )

    assert [one.slug for one in scenes.scenes(audience=Audience.ENTITY)] == ["night-market"]
    assert scenes.scene("reading").items == ("library-card",)
    assert again.diff == []


@pytest.mark.usefixtures("example")
@pytest.mark.parametrize(
    ("written", "words"),
    [
        ([SCENE | {"steps": []}], "请至少写一步"),
        ([SCENE | {"slug": "Read ing"}], "小写英文字母"),
        ([SCENE | {"audience": "cats"}], "entity、person"),
        ([SCENE, SCENE], "写了两次"),
        ([SCENE | {"colour": "red"}], "不认识这个键"),
        ([SCENE | {"steps": [SCENE["steps"][0] | {"items": ["nothing"]}]}], "没有事项“nothing”"),
        ([SCENE | {"steps": [SCENE["steps"][0] | {"note": "要办"}]}], "中英文说明只写了一种"),
    ],
)
def test_a_scene_that_cannot_be_walked_is_refused(
    written: list[dict[str, Any]], words: str
) -> None:
    errors = scenes.SCENES.check([file(*written)])

    assert any(words in f"{error.message}{error.remedy}" for error in errors), errors
    assert all(error.file == "packs/example/scenes/scenes.yaml" for error in errors)


@pytest.mark.usefixtures("example")
def test_a_changed_scene_is_shown_and_kept() -> None:
    changed = file(SCENE)

    assert [line.what for line in scenes.SCENES.diff([changed])] == ["读书"]
    scenes.SCENES.apply([changed], by="job:test", at=AT)

    assert scenes.scene("reading").title == "读书"
    assert scenes.SCENES.diff([changed]) == []


def test_a_scene_that_does_not_exist_is_not_found() -> None:
    with pytest.raises(LookupError):
        scenes.scene("nothing")


@pytest.mark.parametrize("path", sorted(PACKS.glob("*/scenes/*.yaml")), ids=lambda p: p.stem)
def test_scenes_of_the_packs_name_items_of_their_audience(path: Path) -> None:
    for scene in yaml.safe_load(path.read_text(encoding="utf-8"))["scenes"]:
        for step in scene["steps"]:
            for slug in step["items"]:
                item = path.parents[1] / "catalogue" / f"{slug}.yaml"
                audiences = yaml.safe_load(item.read_text(encoding="utf-8"))["audiences"]
                assert scene["audience"] in audiences, f"{scene['slug']}: {slug}"


@pytest.mark.parametrize("path", sorted(PACKS.glob("*/scenes/*.yaml")), ids=lambda p: p.stem)
def test_scenes_of_the_packs_have_the_form_of_scenes(path: Path) -> None:
    found = reading.read(path.read_bytes())
    written = PackFile(
        pack="test",
        section="scenes",
        name=path.stem,
        path=path.name,
        content=found.content,
        lines=found.lines,
    )

    assert [str(error) for error in parse(written)[1]] == []
