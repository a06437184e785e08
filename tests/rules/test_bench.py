"""The benchmark of decision tables runs, and every method decides alike."""

from __future__ import annotations

import random

import pytest
from bench import rules


def test_every_method_of_the_benchmark_decides_alike():
    rates = rules.measured(seconds=0.05, count=150)
    assert set(rates) == {name for name, _method in rules.methods()}
    assert all(rate > 0 for rate in rates.values())


def test_the_benchmark_fails_when_a_method_decides_otherwise(monkeypatch):
    monkeypatch.setattr(rules, "plain_python", lambda _facts: "young")
    with pytest.raises(SystemExit, match="decides"):
        rules.measured(seconds=0.01, count=50)


def test_the_invented_applicants_meet_every_outcome():
    met = {rules.plain_python(one) for one in rules.invented(5_000, random.Random(1))}
    assert met == {row["id"] for row in rules.plain_table()["rows"]}
