"""Measure how fast the invented population loads, beside a plain `bulk_create`.

    python bench/population.py [ENTERPRISES] [PERSONS] [--baseline ROWS]

Runs on a throw-away cluster of the embedded server in a temporary folder, with fsync on, like
the one a demonstration runs on. Prints seconds, rows per second and the largest memory used.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yiwang.config.settings")
os.environ["YIWANG_DEMO"] = "1"
os.environ["YIWANG_EVENTS"] = "inline"

TOWNS = [
    (f"310114{number:03d}", f"第{number}样本镇")
    for number in (1, 2, 4, 102, 103, 106, 109, 111, 114, 118, 401, 501)
]
AT = dt.datetime(2026, 3, 9, 9, 0, tzinfo=dt.UTC)


def main() -> None:
    """Load, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("enterprises", nargs="?", type=int, default=300_000)
    parser.add_argument("persons", nargs="?", type=int, default=50_000)
    parser.add_argument("--baseline", type=int, default=10_000, help="Rows of the baseline.")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="yiwang-bench-", dir="/var/tmp") as folder:
        Path(folder).chmod(0o755)
        os.environ["YIWANG_HOME"] = folder
        from yiwang.config.embedded import EmbeddedPostgres

        server = EmbeddedPostgres(Path(folder) / "pg")
        server.start()
        try:
            os.environ["DATABASE_URL"] = server.url("yiwang_owner", "yiwang")
            measure(wanted)
        finally:
            server.stop()


def measure(wanted: argparse.Namespace) -> None:
    """Migrate, load the baseline and the population, and print what it took."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    from yiwang.organisations.permissions import Actor
    from yiwang.registers import population, queries
    from yiwang.registers.models import LegalEntity, Person

    call_command("migrate", verbosity=0)
    seconds = baseline(wanted.baseline)
    print(row("bulk_create, legal entities", wanted.baseline, seconds))
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {LegalEntity._meta.db_table}, {Person._meta.db_table} CASCADE")

    marks: dict[str, tuple[float, float, int]] = {}

    def tell(stage: str, done: int, total: int) -> None:
        now = time.perf_counter()
        first = marks.get(stage, (now, 0.0, 0))[0]
        marks[stage] = (first, now, total)

    started, cpu = time.perf_counter(), time.process_time()
    population.generate_population(
        seed=7,
        enterprises=wanted.enterprises,
        persons=wanted.persons,
        towns=TOWNS,
        at=AT,
        by=Actor(ref="system:bench"),
        progress=tell,
    )
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    print(row("COPY, persons and entities", wanted.persons + wanted.enterprises, seconds))
    previous = started
    for stage, (_, last, total) in marks.items():
        print(row(f"  {stage}", total, last - previous))
        previous = last
    print(f"{'CPU of the program':32} {cpu:8.1f} s")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{'largest memory of the program':32} {peak:8.0f} MB")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_total_relation_size(%s), pg_total_relation_size(%s)",
            [Person._meta.db_table, LegalEntity._meta.db_table],
        )
        sizes = cursor.fetchone()
    print(f"{'tables with indexes':32} {sizes[0] / 1e6:8.0f} MB {sizes[1] / 1e6:8.0f} MB")
    for text in ("华信", "上海", "餐饮", "嘉安华", "上海嘉达", "没有此名", "9131"):
        if len(text) == 4 and text.isdigit():
            text = "91310114XXX000"
        times = []
        for _ in range(20):
            begun = time.perf_counter()
            page = queries.search_entities(text)
            times.append((time.perf_counter() - begun) * 1000)
        print(
            f"search {text:14} {len(page.rows):3} rows, median {statistics.median(times):6.1f} ms, "
            f"worst {max(times):6.1f} ms"
        )


def baseline(count: int) -> float:
    """Return the seconds that `bulk_create` needs for `count` entities drawn the same way."""
    from django.db import transaction

    from yiwang.registers.models import LegalEntity
    from yiwang.registers.policy import invented

    started = time.perf_counter()
    towns = [invented.Town(*town) for town in TOWNS]
    drawn = invented.entities(
        seed="7",
        count=count,
        towns=towns,
        representatives=[
            invented.Representative(f"person:{'0' * 32}", "张示例", dt.date(1980, 1, 1))
        ],
        as_of=AT.date(),
        city_name="上海",
        district_name="上海市嘉定区",
    )
    with transaction.atomic():
        LegalEntity.objects.bulk_create(
            (
                LegalEntity(**entity._asdict(), source="基准", source_as_of=AT.date(), loaded_at=AT)
                for entity in drawn
            ),
            batch_size=1_000,
        )
    return time.perf_counter() - started


def row(what: str, count: int, seconds: float) -> str:
    """Return one line of the table."""
    return f"{what:32} {count:9,} rows {seconds:8.1f} s {count / seconds:10,.0f} rows/s"


if __name__ == "__main__":
    main()
