"""Side by side: our decision tables, zen-engine, and plain Python without explanation.

Run: `make bench-rules`, or `python -m bench.rules [--seconds N] [--json]`. One realistic table of
seven facts and twenty rows, and invented applicants; every method must decide every applicant
alike, or the run fails. Rates are decisions per second of processor time, one thread.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))

import zen

from yiwang.rules.policy.tables import evaluate, problems, rules_from_plain, verdict_to_plain

Facts = Mapping[str, Any]

BANDS = ((60, 64), (65, 69), (70, 79), (80, 89), (90, 120))
PLACES = ("district", "city")


def plain_table() -> dict[str, Any]:
    """Return the table as a lawyer writes it: exceptions first, then grants by age and place."""
    rows: list[dict[str, Any]] = [
        {"id": "dead", "when": {"alive": False}, "outcome": "hand_over"},
        {"id": "young", "when": {"age": "< 60"}, "outcome": "hand_over"},
        {"id": "held", "when": {"held": True, "lost_days": "< 1"}, "outcome": "hand_over"},
        {"id": "fresh", "when": {"years": "< 1", "place": "away"}, "outcome": "hand_over"},
    ]
    for low, high in BANDS:
        for place in PLACES:
            when: dict[str, Any] = {"age": f"{low} 至 {high}", "place": place}
            if place == "city":
                when |= {"years": "≥ 2", "channel": ["portal", "app"]}
            rows.append({"id": f"a{low}_{place}", "when": when, "outcome": "grant"})
    for low, high in BANDS:
        when = {"age": f"{low} 至 {high}", "place": "away", "years": "≥ 5", "lost_days": "≤ 90"}
        rows.append({"id": f"a{low}_away", "when": when, "outcome": "grant"})
    rows.append({"id": "rest", "outcome": "hand_over"})
    for row in rows:
        row["reason"] = f"第 {row['id']} 种情形"
    return {
        "name": "老年人卡补发",
        "facts": [
            _fact("age", "年龄", "number", minimum=0, maximum=120, whole=True, unit="岁"),
            _fact("years", "居住年数", "number", minimum=0, maximum=120, whole=True),
            _fact("place", "户籍", "choice", options=_options("district", "city", "away")),
            _fact("alive", "在世", "yes_no"),
            _fact("held", "已有卡", "yes_no"),
            _fact("lost_days", "挂失天数", "number", minimum=0, maximum=9999, whole=True),
            _fact("channel", "渠道", "choice", options=_options("portal", "app", "counter")),
        ],
        "rows": rows,
    }


def _fact(name: str, label: str, kind: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "label": label, "kind": kind, "source": f"answer:{name}"} | more


def _options(*values: str) -> dict[str, str]:
    return {value: value for value in values}


def invented(count: int, chance: random.Random) -> list[Facts]:
    """Return invented applicants."""
    return [
        {
            "age": chance.randrange(55, 101),
            "years": chance.randrange(0, 40),
            "place": chance.choice(("district", "city", "away")),
            "alive": chance.random() > 0.02,
            "held": chance.random() < 0.3,
            "lost_days": chance.randrange(0, 200),
            "channel": chance.choice(("portal", "app", "counter")),
        }
        for _ in range(count)
    ]


def plain_python(facts: Facts) -> str:
    """Return the row that decides, by nested comparisons and nothing else."""
    age, place = facts["age"], facts["place"]
    if not facts["alive"]:
        return "dead"
    if age < 60:
        return "young"
    if facts["held"] and facts["lost_days"] < 1:
        return "held"
    if facts["years"] < 1 and place == "away":
        return "fresh"
    low = 60 if age <= 64 else 65 if age <= 69 else 70 if age <= 79 else 80 if age <= 89 else 90
    if place == "district":
        return f"a{low}_district"
    if place == "city":
        if facts["years"] >= 2 and facts["channel"] in ("portal", "app"):
            return f"a{low}_city"
    elif facts["years"] >= 5 and facts["lost_days"] <= 90:
        return f"a{low}_away"
    return "rest"


def zen_table(plain: Mapping[str, Any]) -> dict[str, Any]:
    """Return the same table in the format of zen-engine."""
    facts = [fact["name"] for fact in plain["facts"]]
    rules = [
        {"_id": row["id"]}
        | {name: _zen_cell(row.get("when", {}).get(name)) for name in facts}
        | {"row": f"'{row['id']}'", "reason": f"'{row['reason']}'"}
        for row in plain["rows"]
    ]
    content = {
        "hitPolicy": "first",
        "inputs": [{"id": name, "name": name, "field": name} for name in facts],
        "outputs": [{"id": name, "name": name, "field": name} for name in ("row", "reason")],
        "rules": rules,
    }
    return {
        "nodes": [
            {"id": "in", "name": "in", "type": "inputNode"},
            {"id": "table", "name": "table", "type": "decisionTableNode", "content": content},
            {"id": "out", "name": "out", "type": "outputNode"},
        ],
        "edges": [
            {"id": "a", "sourceId": "in", "targetId": "table", "type": "edge"},
            {"id": "b", "sourceId": "table", "targetId": "out", "type": "edge"},
        ],
    }


def _zen_cell(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, list):
        return ", ".join(f"'{one}'" for one in cell)
    if " 至 " in cell:
        low, high = cell.split(" 至 ")
        return f"[{low}..{high}]"
    for sign, other in (("≥", ">="), ("≤", "<="), ("<", "<"), (">", ">")):
        if cell.startswith(sign):
            return f"{other} {cell.removeprefix(sign).strip()}"
    return f"'{cell}'"


def methods() -> Iterator[tuple[str, Callable[[Facts], str]]]:
    """Yield every method: its name, and how it names the row that decides."""
    plain = plain_table()
    rules = rules_from_plain(plain)
    # the bench has no test rows; all else must be in order
    assert [one.place for one in problems(rules)] == ["tests"], problems(rules)

    def with_path(facts: Facts) -> str:
        return evaluate(rules, facts).row_id

    def in_words(facts: Facts) -> str:
        verdict = evaluate(rules, facts)
        assert verdict.sentences
        return verdict.row_id

    def kept(facts: Facts) -> str:
        row: str = verdict_to_plain(evaluate(rules, facts))["row"]
        return row

    decision = zen.ZenEngine().create_decision(zen.ZenDecisionContent(json.dumps(zen_table(plain))))

    def by_zen(facts: Facts) -> str:
        row: str = decision.evaluate(dict(facts))["result"]["row"]
        return row

    def by_zen_traced(facts: Facts) -> str:
        answer = decision.evaluate(dict(facts), {"trace": True})
        assert answer["trace"]
        row: str = answer["result"]["row"]
        return row

    yield "plain Python, no explanation", plain_python
    yield "decision table, with its path", with_path
    yield "decision table, path in sentences", in_words
    yield "decision table, whole run as kept", kept
    yield "zen-engine", by_zen
    yield "zen-engine, with its trace", by_zen_traced


def rate(method: Callable[[Facts], str], cases: list[Facts], seconds: float) -> float:
    """Return decisions per second of processor time."""
    for facts in cases[:20]:
        method(facts)
    done, began = 0, time.process_time()
    while (spent := time.process_time() - began) < seconds:
        for facts in cases[:200]:
            method(facts)
        done += len(cases[:200])
    return done / spent


def measured(*, seconds: float, count: int) -> dict[str, float]:
    """Return the rate of every method; all must decide alike.

    Raises:
        SystemExit: two methods decide an applicant differently.
    """
    cases = invented(count, random.Random(4))
    wanted = [plain_python(facts) for facts in cases]
    rates = {}
    for name, method in methods():
        for facts, row in zip(cases, wanted, strict=True):
            if (got := method(facts)) != row:
                raise SystemExit(f"{name} decides {dict(facts)} by {got}, not by {row}")
        rates[name] = rate(method, cases, seconds)
    return rates


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=8.0, help="processor time per method")
    parser.add_argument("--count", type=int, default=2_000, help="applicants compared")
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    rates = measured(seconds=chosen.seconds, count=chosen.count)
    if chosen.json:
        print(json.dumps(rates, ensure_ascii=False))
        return
    print("7 facts, 20 rows; decisions per second of processor time\n")
    for name, found in rates.items():
        print(f"{name:<36}{found:>12,.0f}")


if __name__ == "__main__":
    main()
