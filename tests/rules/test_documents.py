"""What the guide to writing rules shows is a table that may be published, and says all there is."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from yiwang.rules.policy import parts, sources
from yiwang.rules.policy.tables import RuleOutcome, evaluate, problems, rules_from_plain

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "write-rules.md"
TEXT = GUIDE.read_text(encoding="utf-8")


def test_the_example_of_the_guide_may_be_published():
    found = re.search(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
    assert found is not None
    rules = rules_from_plain(yaml.safe_load(found[1])["auto_rules"])
    assert problems(rules) == ()
    assert evaluate(rules, {}).outcome is RuleOutcome.HAND_OVER


def test_the_guide_names_every_source_and_the_bounds():
    for kind in sources.SourceKind:
        assert f"`{kind.value}:" in TEXT
    for field in sources.CASE_FIELDS:
        assert f"`{field}`" in TEXT
    cells = f"{parts.MOST_CELLS:,}"
    words = " ".join(TEXT.split())
    assert (
        f"{parts.MOST_FACTS} facts, {parts.MOST_ROWS} rows, {cells} cells, "
        f"{parts.MOST_TESTS} test rows" in words
    )
