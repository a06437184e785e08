"""Every key that a pack may hold stands in the reference, and nothing else does."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import pytest

from yiwang.config import env
from yiwang.content import registry
from yiwang.content.policy import districts, folders, holidays, texts
from yiwang.content.policy.packs import PackError, PackFile

PAGE = (env.ROOT / "docs/reference/pack-format.md").read_text()


def known_keys(parse: Callable[[PackFile], Any], content: dict[str, Any]) -> set[str]:
    """Return the keys a parser knows: it lists them when it meets one it does not."""
    file = PackFile(
        pack="p",
        section="s",
        name="n",
        path="p",
        content={"unknown": 1} | content,
        effective_on=dt.date(2026, 1, 1),
    )
    errors: list[PackError] = parse(file)[1]
    found: set[str] = set()
    for error in errors:
        if error.message == "不认识这个键。":
            prefix = re.sub(r"\[\d+\]", "[]", error.place.removesuffix("unknown"))
            listed = error.remedy.split("：")[1].removesuffix("。").split("、")
            found |= {prefix + key for key in listed}
    return found


def section_of(title: str) -> str:
    return PAGE.split(f"## {title}")[1].split("\n## ")[0]


def manifest(file: PackFile) -> tuple[None, list[PackError]]:
    errors: list[PackError] = []
    folders._parse_manifest(file, errors)
    return None, errors


@pytest.mark.parametrize(
    ("title", "parse", "content"),
    [
        ("pack.yaml", manifest, {}),
        ("Section `holidays`", holidays.parse, {"festivals": [{"unknown": 1}]}),
        (
            "Section `district`",
            districts.parse,
            {
                "town_units": [{"unknown": 1}],
                "trust": {"unknown": 1},
                "correction": [{"unknown": 1}],
            },
        ),
        ("Section `texts`", texts.parse, {"texts": [{"unknown": 1}]}),
    ],
)
def test_every_key_is_documented_and_no_other(title: str, parse: Any, content: dict[str, Any]):
    rows = [line.split("|")[1] for line in section_of(title).splitlines() if line[:3] == "| `"]

    documented = {key for row in rows for key in re.findall(r"`([^`]+)`", row)}

    assert documented == known_keys(parse, content)


def test_every_section_that_a_pack_may_hold_is_documented():
    documented = set(re.findall(r"## Section `([a-z_]+)`", PAGE))

    assert {"holidays", "district", "texts"} <= documented
    assert documented == set(registry.loaders())


def test_the_bounds_in_the_reference_are_those_of_the_code():
    from yiwang.content.policy import reading

    assert reading.LARGEST_BYTES == 1_000_000
    assert "at most 1 MB and 20 levels deep" in PAGE
    assert reading.DEEPEST == 20
    assert f"at most {folders.MOST_FILES:,} files".replace(",", " ") in PAGE
