"""Measure the catalogue at the size of a whole district: loading, publishing and pages.

    python -m bench.catalogue [ITEMS] [--rounds 40]

Varies the items of the pack `jiading` until there are ITEMS (2,705 by default, the plan's number),
loads them through the pack loader into a throw-away cluster of the embedded server with fsync on,
as the serving role, and opens pages through the whole stack of the program without the network.
Queries are counted in a round of their own.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "src"))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yiwang.config.settings")
os.environ["YIWANG_DEMO"] = "1"
os.environ["YIWANG_EVENTS"] = "inline"

PACK = """name: bench
title: 测速用的事项（由嘉定的事项变化而来，虚构）
version: "1"
effective_on: 2026-01-01
source: 虚构，只供测速
requires: [jiading]
"""

GUIDE_MS, GUIDE_QUERIES = 15.0, 6

PAGES: Sequence[tuple[str, str, str]] = (
    ("guide", "", f"p50 {GUIDE_MS:.0f} ms, {GUIDE_QUERIES} queries"),
    ("items, first page", "/items/", "6 queries"),
    ("items, filtered", "/items/?type=licence&dept=market", "6 queries"),
    ("home", "/", "8 queries"),
    ("search page", "/search/?q=开饭店", ""),
    ("figures", "/reports/items/", ""),
    ("items behind a figure", "/reports/items/compression/", ""),
    ("open data page", "/opendata/", ""),
    ("interface, 100 items", "/api/v1/catalogue/items", ""),
    ("interface, figures", "/api/v1/catalogue/reports", ""),
)
"""Name, address and aim; the guide's address changes with every request."""


def main() -> None:
    """Load, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("items", nargs="?", type=int, default=2_705)
    parser.add_argument("--rounds", type=int, default=40, help="How often each page is opened.")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="yiwang-bench-", dir="/var/tmp") as folder:
        Path(folder).chmod(0o755)  # the unprivileged user of the database must get in
        os.environ["YIWANG_HOME"] = folder
        from yiwang.config.embedded import EmbeddedPostgres

        server = EmbeddedPostgres(Path(folder) / "pg")
        server.start()
        try:
            os.environ["DATABASE_URL"] = server.url("yiwang_owner", "yiwang")
            measure(wanted, Path(folder), serving_url=server.url("yiwang_web", "yiwang"))
        finally:
            server.stop()


def measure(wanted: argparse.Namespace, folder: Path, *, serving_url: str) -> None:
    """Migrate, load the packs and open the pages."""
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connection
    from django.utils import timezone

    from yiwang.config import prepare
    from yiwang.config.settings import database

    settings.ALLOWED_HOSTS = ["testserver"]
    settings.DISTRICT = "jiading"
    prepare.migrate()
    call_command("createcachetable", verbosity=0)
    connection.close()
    connection.settings_dict |= database(serving_url)
    at = timezone.now()
    root = folder / "packs"
    shutil.copytree(ROOT / "packs", root)
    load(root, ["jiading"], at=at, what="packs of the district")
    slugs = vary(root, wanted.items)
    load(root, ["bench"], at=at, what="varied items", count=len(slugs))
    load(root, ["bench"], at=at, what="the same again", count=len(slugs))
    publish_one(at)
    pages(slugs, rounds=wanted.rounds)
    exports()


def vary(root: Path, wanted: int) -> list[str]:
    """Write items into a pack of their own until the district has `wanted`; return their slugs."""
    patterns = [
        path.read_text() for path in sorted((root / "jiading" / "catalogue").glob("*.yaml"))
    ]
    (root / "bench" / "catalogue").mkdir(parents=True)
    (root / "bench" / "pack.yaml").write_text(PACK)
    slugs = []
    for number in range(max(0, wanted - len(patterns))):
        text = patterns[number % len(patterns)]
        slug = f"bench-{number:05d}"
        code = re.search(r"^task_code: (\S{31})$", text, re.MULTILINE)
        assert code is not None
        fresh = f"{code[1][:23]}9{number:05d}{code[1][29:]}"
        text = text.replace(code[1], fresh)
        text = re.sub(r"^slug: .*$", f"slug: {slug}", text, flags=re.MULTILINE)
        text = re.sub(r"^name: (.*)$", rf"name: \1（第{number}号）", text, flags=re.MULTILINE)
        text = re.sub(r"^external_code: .*\n", "", text, flags=re.MULTILINE)
        (root / "bench" / "catalogue" / f"{slug}.yaml").write_text(text)
        slugs.append(slug)
    return slugs


def load(root: Path, names: list[str], *, at: dt.datetime, what: str, count: int = 0) -> None:
    """Load packs and print how long it took."""
    from yiwang.audit import services as audit
    from yiwang.content.services import load_packs

    began = time.perf_counter()
    report = load_packs(
        root=root, names=names, by="job:bench", at=at, apply=True, record=audit.record
    )
    seconds = time.perf_counter() - began
    assert not report.errors, "\n".join(str(error) for error in report.errors[:5])
    rate = f"{count:6,} items {count / seconds:8,.0f} items/s" if count else ""
    print(f"load {what:26} {seconds:7.1f} s {rate}", flush=True)


def publish_one(at: dt.datetime) -> None:
    """Publish changed versions of one item and print how long one takes."""
    import dataclasses

    from django.utils import timezone

    from yiwang.catalogue import queries, services

    version = queries.item("food-business", on=timezone.localdate(at))
    times = []
    for number in range(10):
        changed = dataclasses.replace(version, summary=f"{version.summary}（{number}）")
        began = time.perf_counter()
        services.publish_from_pack(version=changed, pack="jiading", by="job:bench", at=at)
        times.append((time.perf_counter() - began) * 1_000)
    print(f"publish one version              p50 {pick(times, 0.5):6.1f} ms", flush=True)


def pages(slugs: Sequence[str], *, rounds: int) -> None:
    """Open each page `rounds` times and print times, bytes and queries beside the aims."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    client = Client()
    print(f"\n{'page':24} {'first':>9} {'p50':>9} {'p95':>9} {'queries':>8} {'kB':>6}  aim")
    for name, fixed, aim in PAGES:

        def address(turn: int, fixed: str = fixed) -> str:
            return fixed or f"/items/{slugs[turn * 61 % len(slugs)]}/"

        began = time.perf_counter()
        whole(client.get(address(0)))
        first = (time.perf_counter() - began) * 1_000
        times = []
        for turn in range(rounds):
            began = time.perf_counter()
            size = len(whole(client.get(address(turn))))
            times.append((time.perf_counter() - began) * 1_000)
        with CaptureQueriesContext(connection) as captured:
            whole(client.get(address(0)))
        sent = [
            q for q in captured.captured_queries if not q["sql"].startswith(("SAVE", "RELEASE"))
        ]
        print(
            f"{name:24} {first:6.0f} ms {pick(times, 0.5):6.1f} ms {pick(times, 0.95):6.1f} ms "
            f"{len(sent):8} {size / 1000:6.0f}  {aim}",
            flush=True,
        )
        if os.environ.get("BENCH_SQL"):
            for query in sent:
                print("      ", query["time"], query["sql"][:160])


def exports() -> None:
    """Fetch the files of the whole catalogue and print how long it took."""
    from django.test import Client

    client = Client()
    print()
    for name in ("items.csv", "items.json"):
        timed(f"/opendata/{name}", lambda name=name: client.get(f"/opendata/{name}"))  # type: ignore[misc]
        etag = client.get(f"/opendata/{name}")["ETag"]
        timed(
            f"/opendata/{name}, unchanged",
            lambda name=name, etag=etag: client.get(  # type: ignore[misc]
                f"/opendata/{name}", headers={"If-None-Match": etag}
            ),
        )


def timed(what: str, fetch: Callable[[], Any]) -> None:
    """Print how long one answer took and how large it is."""
    began = time.perf_counter()
    size = len(whole(fetch()))
    print(f"{what:34} {time.perf_counter() - began:6.2f} s {size / 1e6:8.2f} MB", flush=True)


def whole(response: Any) -> bytes:
    """Return the whole answer."""
    assert response.status_code in {200, 304}, (response.status_code, response.content[:500])
    return b"".join(response.streaming_content) if response.streaming else response.content


def pick(times: Sequence[float], share: float) -> float:
    """Return the value below which `share` of the times lie."""
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


if __name__ == "__main__":
    main()
