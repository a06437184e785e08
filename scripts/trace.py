"""Print which requirements of the plan are shown by passing tests, and which are not.

Runs the tests that carry `@pytest.mark.req(...)`. A requirement counts as shown when at least
one of its tests passed and none failed.
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
REQUIREMENTS = ROOT / "docs" / "reference" / "requirements.md"


class Trace:
    """A pytest plug-in that keeps the tests with requirement ids and their outcomes."""

    def __init__(self) -> None:
        self.ids: dict[str, list[str]] = {}
        self.outcomes: dict[str, str] = {}

    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        """Keep the marked tests only."""
        kept = []
        for item in items:
            ids = [str(one) for mark in item.iter_markers("req") for one in mark.args]
            if ids:
                self.ids[item.nodeid] = ids
                kept.append(item)
        config.hook.pytest_deselected(items=[item for item in items if item not in kept])
        items[:] = kept

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Remember the worst outcome of each test."""
        counts = report.when == "call" or report.outcome != "passed"
        if counts and self.outcomes.get(report.nodeid) != "failed":
            self.outcomes[report.nodeid] = report.outcome


def known_ids() -> list[str]:
    """Return the ids of the plan, in its order."""
    return re.findall(r"^\| ([A-Z]+-\d\d) \|", REQUIREMENTS.read_text(), re.MULTILINE)


def main() -> int:
    """Run, print the table, and return 1 when a marked test failed."""
    trace = Trace()
    pytest.main(["-q", "-n0", "--no-header", *sys.argv[1:]], plugins=[trace])
    shown: dict[str, list[str]] = defaultdict(list)
    failed = set()
    for test, ids in trace.ids.items():
        for one in ids:
            if trace.outcomes.get(test) == "passed":
                shown[one].append(test)
            else:
                failed.add(one)
    plan = known_ids()
    for one in plan:
        state = "FAILED" if one in failed else "shown" if shown[one] else "-"
        print(f"{one:<12} {state:<7} {len(shown[one]):>3} tests")
    strangers = sorted(set(shown) - set(plan))
    print(
        f"\n{sum(1 for one in plan if shown[one] and one not in failed)} of {len(plan)} "
        "requirements are shown by passing tests"
    )
    if strangers:
        print(f"unknown ids: {', '.join(strangers)}")
    return 1 if failed or strangers else 0


if __name__ == "__main__":
    sys.exit(main())
