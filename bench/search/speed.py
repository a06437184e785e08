"""How long a search takes at the size of a large district, with one client and with four.

4,000 items made of those of the packs, the whole corpus of laws, 300,000 invented firms; clients
are processes of their own, as web servers are, and the database runs on the same machine.
"""

from __future__ import annotations

import argparse
import csv
import dataclasses
import datetime as dt
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ON = dt.date(2026, 3, 9)
AT = dt.datetime(2026, 3, 9, 1, tzinfo=dt.UTC)
ITEMS = 4_000
FIRMS = 300_000
SECONDS = 8
TOWNS = [(f"310114{number:03d}", f"第{number}样本镇") for number in (1, 2, 4, 102, 103, 106)]


def speed(wanted: argparse.Namespace, *, url: str, folder: Path) -> None:
    """Fill the tables, build the index, and time clients."""
    from yiwang.catalogue import services
    from yiwang.organisations.permissions import Actor
    from yiwang.registers import population

    begun = time.perf_counter()
    made = copies()
    population.generate_population(
        seed=7,
        enterprises=FIRMS,
        persons=1_000,
        towns=TOWNS,
        at=AT,
        by=Actor(ref="system:bench"),
        progress=lambda *_: None,
    )
    print(f"\nSpeed: {made} items, {FIRMS:,} firms made in {time.perf_counter() - begun:.0f} s")
    begun = time.perf_counter()
    built = services.build_search_index(on=ON, encode=0)
    print(f"  index: {built}, built in {time.perf_counter() - begun:.1f} s")
    analyze()
    texts = folder / "texts.json"
    texts.write_text(json.dumps(questions(wanted), ensure_ascii=False), "utf-8")
    for clients in (1, 4):
        run(clients, texts=texts, url=url)


def copies() -> int:
    """Add items made of the packs' until there are `ITEMS`."""
    from yiwang.catalogue.models import Item, ItemVersionRow
    from yiwang.catalogue.policy.parsing import parse_item, to_plain

    rows = list(ItemVersionRow.objects.filter(until__isnull=True).select_related("item"))
    start = len(rows)
    places = ("东", "南", "西", "北", "中", "新", "老", "上", "下", "前")
    number = start
    while number < ITEMS:
        fresh: list[tuple[Item, ItemVersionRow]] = []
        for row in rows:
            if number + len(fresh) >= ITEMS:
                break
            serial = number + len(fresh)
            mark = f"{places[serial % 10]}{places[serial // 10 % 10]}片第{serial}号"
            version = parse_item(row.definition)
            changed = dataclasses.replace(
                version, slug=f"made-{serial}", name=f"{version.name}（{mark}）"
            )
            item = Item(slug=changed.slug, pack="bench", name=changed.name)
            fields = {
                field.attname: getattr(row, field.attname)
                for field in ItemVersionRow._meta.concrete_fields
                if field.attname not in {"id", "item_id"}
            }
            fields |= {
                "name": changed.name,
                "definition": to_plain(changed),
                "digest": f"bench-{serial}",
            }
            fresh.append((item, ItemVersionRow(**fields)))
        Item.objects.bulk_create([item for item, _ in fresh])
        for item, version_row in fresh:
            version_row.item = item
        ItemVersionRow.objects.bulk_create([version_row for _, version_row in fresh])
        number += len(fresh)
    return number


def analyze() -> None:
    """Have the planner know the tables, as autovacuum does in time."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("analyze")


def questions(wanted: argparse.Namespace) -> dict[str, list[str]]:
    """Return what is asked of each search; each text once."""
    from yiwang.registers.policy import invented

    with wanted.items.open(encoding="utf-8") as file:
        items = [row["query"] for row in csv.DictReader(file)]
    asked: dict[str, list[str]] = {"items": items, "passages": [], "articles": [], "box": []}
    if wanted.questions.is_file():
        with wanted.questions.open(encoding="utf-8") as file:
            asked["passages"] = [row["question"] for row in csv.DictReader(file)]
    if wanted.queries.is_file():
        with wanted.queries.open(encoding="utf-8") as file:
            asked["articles"] = [row["query"] for row in csv.DictReader(file)]
    asked["passages"] = asked["passages"] or [f"{text}要多久" for text in items]
    asked["articles"] = asked["articles"] or [f"{text}有什么规定" for text in items]
    asked["box"] = [f"{text}怎么办" for text in items]
    asked["firms"] = [invented.short_name(number * 37) for number in range(300)]
    return {name: list(dict.fromkeys(texts)) for name, texts in asked.items()}


def run(clients: int, *, texts: Path, url: str) -> None:
    """Start `clients` processes at once and print what they saw together."""
    root = Path(__file__).resolve().parents[2]
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "bench.search.speed", str(texts), str(number), str(clients)],
            cwd=root,
            env=os.environ | {"DATABASE_URL": url, "OMP_NUM_THREADS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(clients)
    ]
    for process in started:
        assert process.stdout is not None
        process.stdout.readline()  # ready
    times: dict[str, list[float]] = {}
    memory: list[tuple[int, int]] = []
    for name in ("items", "passages", "articles", "box", "firms"):
        for process in started:
            assert process.stdin is not None
            process.stdin.write(f"{name}\n")
            process.stdin.flush()
        for process in started:
            assert process.stdout is not None
            answer = json.loads(process.stdout.readline())
            times.setdefault(name, []).extend(answer["ms"])
            memory.append((answer["rss"], answer["own"]))
    for process in started:
        process.communicate("", timeout=30)
    print(f"  {clients} client{'s' if clients > 1 else ''} of their own process:")
    for name, measured in times.items():
        measured.sort()
        middle, late = (measured[int(len(measured) * part)] for part in (0.5, 0.95))
        print(
            f"    {name:10} p50 {middle:6.1f} ms   p95 {late:6.1f} ms   ({len(measured)} searches)"
        )
    whole, own = max(memory)
    print(f"    memory of a process: {whole / 1024:.0f} MB, of it its own {own / 1024:.0f} MB")


def client(texts: Path, number: int, clients: int) -> None:
    """Search what the parent names until time is up; write times in milliseconds."""
    import django

    django.setup()
    from yiwang.catalogue import queries
    from yiwang.catalogue.policy.search_terms import warm_up
    from yiwang.registers import queries as registers

    def box(text: str) -> None:
        queries.search_items(text, on=ON)
        queries.search_passages(text, on=ON, limit=3)
        queries.search_articles(text, limit=3)

    acts: dict[str, Any] = {
        "items": lambda text: queries.search_items(text, on=ON),
        "passages": lambda text: queries.search_passages(text, on=ON),
        "articles": queries.search_articles,
        "box": box,
        "firms": registers.search_entities,
    }
    asked = json.loads(texts.read_text("utf-8"))
    warm_up()
    for act in acts.values():
        act("食品经营许可")
    print("ready", flush=True)
    for line in sys.stdin:
        name = line.strip()
        act, own = acts[name], asked[name][number::clients]
        measured: list[float] = []
        end = time.perf_counter() + SECONDS
        at = 0
        while time.perf_counter() < end and at < len(own):
            begun = time.perf_counter()
            act(own[at])
            measured.append((time.perf_counter() - begun) * 1000)
            at += 1
        rss, anon = _memory()
        print(json.dumps({"ms": measured, "rss": rss, "own": anon}), flush=True)


def _memory() -> tuple[int, int]:
    """Return resident memory and that which is the process's own, in kB."""
    found = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(found["VmRSS"].split()[0]), int(found["RssAnon"].split()[0])


if __name__ == "__main__":
    client(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
