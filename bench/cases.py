"""Cases per second through the HTTP interface, by ordinary posts with permissions on.

    python -m bench.cases [--seconds 20] [--clients 1 4] [--stored 1000 100000 1000000]
                          [--paths ordinary legal commitment automatic] [--arrivals 30]
                          [--replay 100000]

Starts a district of its own (embedded database, two web processes, one worker) in a temporary
folder, fills it with stored cases, and walks cases with one token per post:

- ordinary: open, accept, assign, propose, decide; again at every stored size, beside the smallest;
- legal: correction, special procedure, extension, review, sent and arrived;
- commitment: signed, submitted, accepted, granted on the signature;
- automatic: opened and granted by rules; the moment of the sealed licence file is waited for. Then
  applications arrive at random at a steady rate, however busy the district is (`--arrivals`).

Then rules are replayed on past cases. Processor time is read from /proc for web, database and
worker. Rule decisions per second of processor time are measured by `make bench-rules`. Filling to
1,000,000 stored cases takes minutes, and is not part of the run without options.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bench.district import Caller, District, connect, pick, running, settle
from bench.items import AUTOMATIC, RULES, prepare
from bench.paths import PATHS
from bench.stored import fill, lists

PEERS = (
    ("Open Zaak", "2.5", "574-703"),
    ("spiff-arena", "5.7", "282-325"),
)
"""Cases/s and CPU ms per case, measured elsewhere on 2 cores by a comparable walk."""

AIMS = (
    "aims: ordinary 50 cases/s and 40 ms CPU; automatic 30/s, submitted to sealed p95 500 ms; "
    "list of 100 in 40 ms at any depth; one case in 10 ms; 1,000,000 stored within 20 % of 1,000; "
    "100,000 past cases replayed in 60 s"
)
SENDERS = 12
"""Connections over which arriving applications are handed in."""
REPLAYED = "food-business"
"""The item of the stored cases."""


@dataclass(frozen=True, kw_only=True)
class Walked:
    """What a walk came to: cases per second and processor milliseconds per case."""

    rate: float
    cpu_ms: float


def client(
    district: District, path: str, name: str, until: float, results: multiprocessing.Queue[Any]
) -> None:
    """Walk cases until the time is over."""
    caller = Caller(district)
    done: list[dict[str, float]] = []
    while time.time() < until:
        applicant = district.applicants[len(done) % len(district.applicants)]
        done.append(PATHS[path](caller, applicant, f"{name}-{len(done)}"))
    results.put(done)


def arriving(
    district: District,
    name: str,
    rate: float,
    began: float,
    until: float,
    results: multiprocessing.Queue[Any],
) -> None:
    """Hand automatic applications in at random moments, late ones at once.

    As many as `rate` a second make, so that every run is asked for the same.
    """
    caller, moments = Caller(district), random.Random(name)
    done: list[dict[str, float]] = []
    for due in sorted(moments.uniform(began, until) for _ in range(round(rate * (until - began)))):
        time.sleep(max(0.0, due - time.time()))
        late = (time.time() - due) * 1_000
        applicant = district.applicants[len(done) % len(district.applicants)]
        took = PATHS["automatic"](caller, applicant, f"arriving-{began}-{name}-{len(done)}")
        done.append({"sent late": late} | took)
    results.put(done)


def walk(
    district: District, path: str, *, clients: int, seconds: float, arrivals: float = 0.0
) -> Walked:
    """Print cases per second, times per call and processor time per case.

    With `arrivals` the clients share so many applications a second and wait for nothing else.
    """
    warm = Caller(district)
    for place in range(8 if path == "ordinary" else 2):
        PATHS[path](warm, district.applicants[0], f"warm-{time.time_ns()}-{place}")
    time.sleep(1)
    settle(district)
    results: multiprocessing.Queue[Any] = multiprocessing.Queue()
    mark = _last_case()
    before, began = district.cpu_ms(), time.time()
    processes = [
        multiprocessing.Process(
            target=arriving,
            args=(district, str(place), arrivals / clients, began, began + seconds, results),
        )
        if arrivals
        else multiprocessing.Process(
            target=client,
            args=(district, path, f"{time.time_ns()}-{place}", began + seconds, results),
        )
        for place in range(clients)
    ]
    for process in processes:
        process.start()
    done = [took for _ in processes for took in results.get()]
    spent = time.time() - began
    for process in processes:
        process.join()
    settle(district)
    after = district.cpu_ms()
    cpu = {name: (after[name] - before[name]) / len(done) for name in after}
    walked = Walked(rate=len(done) / spent, cpu_ms=sum(cpu.values()))
    listed = "  ".join(f"{name} {ms:.1f}" for name, ms in sorted(cpu.items()))
    way = f"arriving {arrivals:g}/s" if arrivals else f"{clients} client(s)"
    print(
        f"  {path}, {way}: {walked.rate:6.1f} cases/s   "
        f"CPU per case {walked.cpu_ms:.1f} ms ({listed})   load {os.getloadavg()[0]:.1f}"
    )
    for name in done[0]:
        times = sorted(took[name] for took in done)
        print(f"      {name:12} p50 {pick(times, 0.5):6.1f} ms   p95 {pick(times, 0.95):6.1f} ms")
    if path == "automatic":
        sealed(after=mark)
    return walked


def _last_case() -> int:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(id), 0) FROM cases_case")
        return int(cursor.fetchone()[0])


def sealed(*, after: int) -> tuple[float, float, float]:
    """Print how long after its submission each licence had its sealed file, and how many a second.

    From the moment of the receipt to the moment at which the file was written to the disk.

    Returns:
        Median and 95th percentile in milliseconds, and files a second.
    """
    from django.conf import settings
    from django.db import connection

    from yiwang.documents.store import LocalFolder

    folder = LocalFolder(settings.FILES_DIR)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.received_at, l.file_sha256 FROM cases_case c LEFT JOIN licences_licence l"
            " ON l.identifier = c.licence_identifier WHERE c.id > %s AND c.item_slug = %s",
            [after, AUTOMATIC],
        )
        rows = cursor.fetchall()
    made = [
        (begun.timestamp(), folder.path(digest).stat().st_mtime)
        for begun, digest in rows
        if digest is not None
    ]
    if not made:
        print("      no sealed file was made")
        return 0.0, 0.0, 0.0
    times = sorted((end - begun) * 1_000 for begun, end in made)
    rate = len(made) / (max(end for _, end in made) - min(begun for begun, _ in made))
    found = pick(times, 0.5), pick(times, 0.95), rate
    missing = f"   {len(rows) - len(made)} without a file" if len(rows) > len(made) else ""
    print(
        f"      submitted to sealed licence: p50 {found[0]:.0f} ms   p95 {found[1]:.0f} ms   "
        f"{rate:.1f} sealed/s{missing}"
    )
    return found


def replay(district: District, count: int) -> float:
    """Print how long the worker takes to try rules on past cases, and what it found."""
    from django.utils import timezone

    from yiwang.cases.queries import automatic as questions
    from yiwang.cases.services.replaying import ask_replay
    from yiwang.organisations.permissions import Actor
    from yiwang.rules.policy.tables import rules_from_plain

    began = time.monotonic()
    asked = ask_replay(
        item_slug=REPLAYED,
        department="market",
        rules=rules_from_plain(RULES),
        by=Actor(ref="system:bench"),
        at=timezone.now(),
        most=count,
    )
    while not (view := questions.replay(asked.id)).finished_at:
        if time.monotonic() - began > 900:
            raise SystemExit(f"replayed {view.done:,} of {view.total:,} in 15 minutes")
        time.sleep(0.2)
    spent = time.monotonic() - began
    counts = "  ".join(f"{name} {number:,}" for name, number in sorted(view.counts.items()))
    print(
        f"  replay by the worker: {view.total:,} past cases in {spent:.0f} s "
        f"({view.total / spent:,.0f}/s)   {counts}   load {os.getloadavg()[0]:.1f}"
    )
    return spent


def queries_per_call(district: District, paths: Sequence[str]) -> None:
    """Print how many statements each call sends, by the database's own count."""
    from django.db import connection

    applicant = district.applicants[0]
    with connection.cursor() as cursor:
        cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
    print("  statements per call, BEGIN and COMMIT included")
    for path in paths:
        caller = Caller(district)
        counted: dict[str, float] = {}
        original = caller.call

        def counting(
            who: str,
            method: str,
            called: str,
            body: Any = None,
            key: str = "",
            counted: dict[str, float] = counted,
            original: Any = original,
        ) -> Any:
            name = "open" if called == "/cases" else called.rpartition("/")[2]
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_stat_statements_reset()")
                answer = original(who, method, called, body, key)
                cursor.execute(
                    "SELECT sum(calls) FROM pg_stat_statements s"
                    " JOIN pg_roles r ON r.oid = s.userid"
                    " WHERE rolname = 'yiwang_web' AND query NOT LIKE '%procrastinate%'"
                    " AND query NOT LIKE 'SELECT FROM%' AND toplevel"
                )
                sent = float(cursor.fetchone()[0] or 0)
                counted[name] = min(sent, counted.get(name, sent))  # the worker's own add to it
            return answer

        caller.call = counting  # type: ignore[method-assign]
        for place in range(3):
            PATHS[path](caller, applicant, f"count-{time.time_ns()}-{place}")
        listed = "  ".join(f"{name} {count:.0f}" for name, count in counted.items())
        print(f"      {path:12} {listed}   = {sum(counted.values()):.0f}")


def compare(stored: int, found: Walked, smallest: int, first: Walked) -> float:
    """Print how a walk at a larger size differs from the smallest, in per cent of the rate."""
    change = (found.rate / first.rate - 1) * 100
    cpu = (found.cpu_ms / first.cpu_ms - 1) * 100
    print(
        f"  {stored:,} stored against {smallest:,}: {change:+.0f} % cases/s, "
        f"{cpu:+.0f} % CPU per case (aim: within 20 %)"
    )
    return change


def measure(district: District, wish: argparse.Namespace) -> None:
    """Run everything that was asked for on a running district."""
    sizes = sorted(wish.stored)
    first: Walked | None = None
    for stored in sizes:
        fill(district, stored)
        print(f"{stored:,} stored cases")
        if "ordinary" in wish.paths:
            for clients in wish.clients:
                found = walk(district, "ordinary", clients=clients, seconds=wish.seconds)
            if first is None:
                first = found
            else:
                compare(stored, found, sizes[0], first)
        lists(district)
        if stored == sizes[0]:
            for path in wish.paths:
                for clients in wish.clients if path != "ordinary" else ():
                    walk(district, path, clients=clients, seconds=wish.seconds)
            if "automatic" in wish.paths and wish.arrivals:
                walk(
                    district,
                    "automatic",
                    clients=SENDERS,
                    seconds=wish.seconds,
                    arrivals=wish.arrivals,
                )
    if wish.replay:
        fill(district, wish.replay + wish.replay // 15)  # some of the stored run still
        replay(district, wish.replay)
    queries_per_call(district, wish.paths)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the measurements and print them beside the peers."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=20.0, help="seconds per walk")
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 4], help="clients at once")
    parser.add_argument(
        "--stored", type=int, nargs="+", default=[1_000, 100_000], help="stored cases"
    )
    parser.add_argument(
        "--paths", nargs="+", choices=list(PATHS), default=list(PATHS), help="ways of a case"
    )
    parser.add_argument(
        "--arrivals", type=float, default=30.0, help="automatic applications a second; 0: none"
    )
    parser.add_argument(
        "--replay", type=int, default=100_000, help="past cases that rules are tried on; 0: none"
    )
    parser.add_argument("--workers", type=int, default=2, help="web processes")
    parser.add_argument(
        "--licence", action="store_true", help="issue, print and seal a licence per ordinary case"
    )
    wish = parser.parse_args(arguments)
    with running(wish.workers) as district:
        connect(district)
        prepare(district, licence=wish.licence)
        print(f"yiwang on {os.cpu_count()} cores, {wish.workers} web processes; {AIMS}")
        measure(district, wish)
    for name, rate, cpu in PEERS:
        print(f"peer {name:12} {rate} cases/s, {cpu} ms CPU per case (measured elsewhere, 2 cores)")


if __name__ == "__main__":
    main()
