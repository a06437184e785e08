"""Side by side: our single checks, our checks of whole columns, and python-stdnum.

Run: `make bench-identifiers`, or `python -m bench.identifiers [--count N] [--json]`. Invented
values, one in ten with a slip; every method must find the same number of right ones, or the run
fails.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))

from stdnum.cn import ric
from stdnum.cn import uscc as stdnum_uscc

from yiwang.kernel.identifiers import batch, citizen_id, uscc

ON = dt.date(2026, 3, 6)
SLIPPED = 0.1


def invented_usccs(count: int, chance: random.Random) -> list[str]:
    """Return invented codes of Jiading, some with a slip in the check character."""
    letters = uscc.ALPHABET
    return [
        slip(
            uscc.generate(
                department="9",
                kind=chance.choice("12"),
                division="310114",
                body="".join(chance.choices(letters, k=8)),
            ),
            letters,
            chance,
        )
        for _ in range(count)
    ]


def invented_citizen_ids(count: int, chance: random.Random) -> list[str]:
    """Return invented numbers of Huangpu, some with a slip in the check character.

    Not of Jiading: python-stdnum refuses everybody whose number begins with 310114 and who was
    born before the county became a district, though such numbers were given out.
    """
    first = dt.date(1930, 1, 1).toordinal()
    return [
        slip(
            citizen_id.generate(
                division="310101",
                born_on=dt.date.fromordinal(first + chance.randrange(34_000)),
                sequence=chance.randrange(1000),
            ),
            "0123456789X",
            chance,
        )
        for _ in range(count)
    ]


def slip(value: str, alphabet: str, chance: random.Random) -> str:
    """Return `value`, or now and then with another last character."""
    if chance.random() >= SLIPPED:
        return value
    return value[:-1] + chance.choice([c for c in alphabet if c != value[-1]])


def timed(check: Callable[[], int]) -> tuple[int, float]:
    """Return the answer and the seconds of processor time of the best of three runs."""
    best = float("inf")
    for _ in range(3):
        start = time.process_time()
        right = check()
        best = min(best, time.process_time() - start)
    return right, best


def main() -> int:
    """Measure and print; 1 when the methods disagree."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--count", type=int, default=200_000, help="values of each kind")
    options.add_argument("--json", action="store_true", help="one JSON object")
    arguments = options.parse_args()
    chance = random.Random(20260306)
    usccs = invented_usccs(arguments.count, chance)
    ids = invented_citizen_ids(arguments.count, chance)
    runs: dict[str, dict[str, Callable[[], int]]] = {
        "uscc": {
            "python-stdnum": lambda: sum(map(stdnum_uscc.is_valid, usccs)),
            "ours, one by one": lambda: sum(uscc.check(value).ok for value in usccs),
            "ours, whole column": lambda: int(batch.check_usccs(usccs).sum()),
        },
        "citizen id": {
            "python-stdnum": lambda: sum(map(ric.is_valid, ids)),
            "ours, one by one": lambda: sum(citizen_id.check(v, on=ON).ok for v in ids),
            "ours, whole column": lambda: int(batch.check_citizen_ids(ids, on=ON).sum()),
        },
    }
    lines = []
    agreed = True
    for kind, methods in runs.items():
        found = {}
        base = 0.0
        for method, check in methods.items():
            found[method], seconds = timed(check)
            base = base or seconds
            lines.append(
                {
                    "kind": kind,
                    "method": method,
                    "count": arguments.count,
                    "right": found[method],
                    "cpu_seconds": round(seconds, 4),
                    "per_second": round(arguments.count / seconds),
                    "times_stdnum": round(base / seconds, 1),
                }
            )
        agreed = agreed and len(set(found.values())) == 1
    if arguments.json:
        print(json.dumps(lines, ensure_ascii=False))
    else:
        print(f"{'':12}{'':20}{'right':>10}{'CPU s':>10}{'per second':>14}{'× stdnum':>10}")
        for line in lines:
            print(
                f"{line['kind']:12}{line['method']:20}{line['right']:>10}"
                f"{line['cpu_seconds']:>10.3f}{line['per_second']:>14,}{line['times_stdnum']:>10}"
            )
    if not agreed:
        print("the methods disagree on how many are right", file=sys.stderr)
    return 0 if agreed else 1


if __name__ == "__main__":
    raise SystemExit(main())
