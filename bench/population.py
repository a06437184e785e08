"""Measure how fast the invented population loads, beside a plain `bulk_create`.

    python -m bench.population [ENTERPRISES] [PERSONS] [--baseline ROWS]

Runs on a throw-away cluster of the embedded server in a temporary folder, with fsync on, and
loads as the serving role, like a demonstration does. Prints seconds, rows per second, the
largest memory used, and how long a search in the loaded names takes.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import resource
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
            measure(wanted, serving_url=server.url("yiwang_web", "yiwang"))
        finally:
            server.stop()


def measure(wanted: argparse.Namespace, *, serving_url: str) -> None:
    """Migrate, load the baseline and the population, and print what it took."""
    import django

    from yiwang.organisations.scope import WHOLE_SESSION

    os.environ["PGOPTIONS"] = WHOLE_SESSION
    django.setup()
    from django.db import connection

    from yiwang.config import prepare
    from yiwang.config.settings import database
    from yiwang.organisations.permissions import Actor
    from yiwang.registers import population
    from yiwang.registers.models import LegalEntity, Person

    prepare.migrate()
    seconds = baseline(wanted.baseline)
    print(row("bulk_create, legal entities", wanted.baseline, seconds))
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {LegalEntity._meta.db_table}, {Person._meta.db_table} CASCADE")
    connection.close()
    connection.settings_dict |= database(serving_url)

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
    search()


def search() -> None:
    """Search common, rare and unknown words, up to three pages, and print how long it took."""
    from yiwang.registers import queries
    from yiwang.registers.policy import invented

    words = {
        "trade words": [trade.word for trade in invented.TRADES],
        "short names of 2": [invented.short_name(number * 37) for number in range(200)],
        "in every name": ["上海", "有限", "公司", "有限公司"],
        "in no name": ["没有", "此名", "贸上", "限公", "虚空华信"],
        "name of a firm": ["上海嘉达贸易有限公司", "嘉达贸易", "华泰网络科技"],
        "beginning of a code": ["91310114XXX0", "92310114XXX001"],
    }
    for what, texts in words.items():
        times = []
        for text in texts:
            after = ""
            for _ in range(3):
                begun = time.perf_counter()
                after = queries.search_entities(text, after=after).after
                times.append(((time.perf_counter() - begun) * 1000, text))
                if not after:
                    break
        times.sort()
        middle, late, last = (times[int(len(times) * part)] for part in (0.5, 0.95, 0.9999))
        print(
            f"search {what:20} {len(texts):3} texts, median {middle[0]:6.1f} ms, "
            f"95th {late[0]:6.1f} ms, worst {last[0]:6.1f} ms ({last[1]})"
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
