"""The walks and the soak in their smallest form, on one district, so that they cannot rot.

python -m bench.tiny
"""

from __future__ import annotations

import argparse
import sys

from bench import cases, soak
from bench.district import connect, running
from bench.items import prepare


def main() -> int:
    """Run both for some seconds; return 1 when something is amiss."""
    with running(1) as district:
        connect(district)
        prepare(district, licence=True)
        print("a week in ten seconds")
        log = soak.soak(district, minutes=1 / 6, seed=3, kills=True, rate=6, clients=2)
        soak.report(log, district, minutes=1 / 6)
        wish = argparse.Namespace(
            stored=[100, 200],
            paths=list(cases.PATHS),
            clients=[1],
            seconds=0.5,
            replay=150,
            arrivals=0.0,
        )
        cases.measure(district, wish)
    for line in log.amiss:
        print(f"AMISS {line}")
    return 1 if log.amiss else 0


if __name__ == "__main__":
    sys.exit(main())
