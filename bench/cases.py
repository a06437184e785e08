"""Cases per second through the HTTP interface, by ordinary posts with permissions on.

    python -m bench.cases [--seconds 20] [--clients 1 4] [--stored 1000 100000] [--licence]

Starts a district of its own (embedded database, two web processes, one worker) in a temporary
folder, fills it with stored cases, and then opens, accepts, assigns, reviews and decides cases
with one token per post. Processor time is read from /proc for web, database and worker; the
clients run in processes of their own on the same machine and are not counted, but they take their
share of its cores.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import multiprocessing
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
CALLS = ("open", "accept", "assign", "opinion", "decide")
TICKS = os.sysconf("SC_CLK_TCK")
PEERS = (
    ("Open Zaak", "2.5", "574-703"),
    ("spiff-arena", "5.7", "282-325"),
)
"""Cases/s and CPU ms per case, measured elsewhere on 2 cores by a comparable walk."""

AIMS = "aim: 50 cases/s, 40 ms CPU; list of 100 in 40 ms at any depth; one case in 10 ms"


@dataclass
class District:
    """A district that runs below `home`."""

    home: Path
    port: int
    process: subprocess.Popen[bytes]
    tokens: dict[str, str] = field(default_factory=dict)
    applicants: list[str] = field(default_factory=list)
    item: str = ""

    def groups(self) -> dict[str, list[int]]:
        """Return the processes of the district by what they do."""
        found: dict[str, list[int]] = defaultdict(list)
        mark = f"YIWANG_HOME={self.home}".encode()
        for folder in Path("/proc").iterdir():
            if not folder.name.isdecimal():
                continue
            with contextlib.suppress(OSError):
                line = (
                    (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                )
                if mark in (folder / "environ").read_bytes():
                    if "granian" in line:
                        found["web"].append(int(folder.name))
                    elif "config.main worker" in line:
                        found["worker"].append(int(folder.name))
        found["database"] = self._database()
        return found

    def _database(self) -> list[int]:
        main = int((self.home / "pg" / "data" / "postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{main}/task/{main}/children").read_text().split()
        return [main, *map(int, children)]

    def cpu_ms(self) -> dict[str, float]:
        """Return the processor time used so far by each group, ended children included."""
        return {name: sum(_cpu_ms(pid) for pid in pids) for name, pids in self.groups().items()}


def _cpu_ms(pid: int) -> float:
    try:
        parts = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(int(parts[place]) for place in (11, 12, 13, 14)) * 1_000 / TICKS


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def running(workers: int) -> Iterator[District]:
    """Start a district and stop it at the end."""
    home = Path(tempfile.mkdtemp(prefix="yiwang-bench-"))
    home.chmod(0o755)  # the unprivileged user of the database must get in
    port = free_port()
    environment = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("YIWANG_", "DATABASE_", "DJANGO_"))
    } | {
        "YIWANG_HOME": str(home),
        "YIWANG_PORT": str(port),
        "YIWANG_DEMO": "1",
        "YIWANG_WEB_WORKERS": str(workers),
        "PYTHONPATH": str(ROOT / "src"),
    }
    with (home / "run.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "yiwang.config.main", "run", "--enterprises=300"],
            cwd=ROOT,
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        _wait(process, port, home)
        yield District(home=home, port=port, process=process)
    finally:
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=60)
        shutil.rmtree(home, ignore_errors=True)


def _wait(process: subprocess.Popen[bytes], port: int, home: Path) -> None:
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError, urllib.error.URLError):
            address = f"http://127.0.0.1:{port}/health/ready"
            if urllib.request.urlopen(address, timeout=5).status == 200:
                return
        if process.poll() is not None:
            break
        time.sleep(0.3)
    raise SystemExit("the district did not start:\n" + (home / "run.log").read_text()[-3000:])


def connect(district: District) -> None:
    """Point Django of this process at the district's database, as its superuser."""
    os.environ |= {
        "YIWANG_HOME": str(district.home),
        "YIWANG_EVENTS": "outbox",
        "DJANGO_SETTINGS_MODULE": "yiwang.config.settings",
    }
    from yiwang.config.embedded import EmbeddedPostgres

    os.environ["DATABASE_URL"] = EmbeddedPostgres(district.home / "pg").url("app")
    import django

    django.setup()


def prepare(district: District, *, licence: bool) -> None:
    """Publish the item, and make a token per post."""
    from django.utils import timezone

    from yiwang.catalogue import queries as catalogue
    from yiwang.catalogue import services as publishing
    from yiwang.catalogue.policy.parsing import parse_item, to_plain
    from yiwang.organisations import services as organisations
    from yiwang.organisations.permissions import Actor, Permission
    from yiwang.registers import queries as registers

    at = timezone.now()
    today = timezone.localdate(at)
    plain = to_plain(catalogue.item("food-business", on=today))
    plain["slug"], plain["name"] = "bench", "食品经营许可（测速）"
    plain.pop("english", None)  # it speaks of the materials left out below
    plain["materials"] = [
        one for one in plain["materials"] if one.get("waive_by") in {"generated", "register"}
    ]
    if not licence:
        plain["result"] = {"kind": "document", "name": "食品经营许可确认书"}
    version = publishing.publish_from_pack(
        version=parse_item(plain), pack="bench", by="system:bench", at=at
    )
    assert version is not None
    district.item = version.slug
    for login in ("clerk", "reviewer", "approver"):
        district.tokens[login] = organisations.issue_token(
            login=login,
            purpose="测速",
            scopes=list(Permission),
            expires_at=at + timedelta(days=1),
            by=Actor(ref=f"user:{login}"),
            at=at,
        ).token
    district.applicants = [one.ref for one in registers.search_entities("上海", limit=100).rows]
    assert district.applicants, "the demo population has firms"


FILL = """
SET session_replication_role = replica;
INSERT INTO cases_case (number, query_code, item_slug, item_version, item_name, immediate,
    department_code, deciding_department, intake_department, "window", town, channel,
    applicant_ref, applicant_kind, applicant_name, applicant_number_masked, phone_masked,
    submitted_by, idempotency_key, state, version, assigned_to, touched_by, touched_at,
    received_at, received_on, due_on, notice_due_on, accepted_on, accepted_by, deemed,
    statutory_on, promised_on, reviewed_by, reviewed_at, outcome, decided_by, decided_at,
    licence_identifier, delivery_due_on, closed_at, evaluation_until)
SELECT 'STORED' || lpad(n::text, 12, '0'), 'ST' || lpad(n::text, 10, '0'),
    'food-business', 1, '食品经营许可（新办）', false,
    'market', CASE WHEN n % 3 = 0 THEN 'health' ELSE 'market' END, 'centre', 'A01', '', 'counter',
    (%(refs)s::text[])[1 + n %% %(count)s], 'entity',
    '上海示例' || n || '有限公司', '', '139****0000',
    'user:fill', n::text, state, 5, '', '窗口演示员', at, at, at::date,
    CASE WHEN state = 'closed' THEN NULL ELSE current_date + (n %% 9)::int END, at::date + 7,
    CASE WHEN state = 'received' THEN NULL ELSE at::date END,
    CASE WHEN state = 'received' THEN '' ELSE 'user:clerk' END, false,
    CASE WHEN state = 'received' THEN NULL ELSE at::date + 28 END,
    CASE WHEN state = 'received' THEN NULL ELSE at::date + 10 END,
    CASE WHEN state IN ('closed', 'decision_pending') THEN 'user:r' ELSE '' END,
    CASE WHEN state IN ('closed', 'decision_pending') THEN at END,
    CASE WHEN state = 'closed' THEN 'grant' ELSE '' END,
    CASE WHEN state = 'closed' THEN 'user:a' ELSE '' END,
    CASE WHEN state = 'closed' THEN at END, '',
    CASE WHEN state = 'closed' THEN at::date + 14 END,
    CASE WHEN state = 'closed' THEN at END,
    CASE WHEN state = 'closed' THEN at::date + 30 END
FROM (
    SELECT n, now() - interval '10 days' - n * interval '7 seconds' AS at,
        CASE WHEN n %% 40 = 1 THEN 'received' WHEN n %% 40 = 2 THEN 'reviewing'
             WHEN n %% 80 = 3 THEN 'decision_pending' ELSE 'closed' END AS state
    FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n
) AS rows;
INSERT INTO cases_caseanswer (case_id, answers, declaration)
    SELECT id, '{"business_type": "catering"}', '' FROM cases_case
    WHERE submitted_by = 'user:fill' AND idempotency_key::bigint >= %(first)s;
INSERT INTO cases_caseevent (case_id, step, from_state, to_state, at, actor, actor_name, post,
    department, reason, basis)
    SELECT id, step, '', 'received', received_at, 'user:clerk', '窗口演示员', '', '', '', ''
    FROM cases_case, unnest(ARRAY['receive', 'accept', 'start_review', 'propose', 'grant', 'close'])
        AS step
    WHERE submitted_by = 'user:fill' AND idempotency_key::bigint >= %(first)s;
INSERT INTO cases_casedocument (case_id, kind, number, title, body, seal_department, issued_by,
    issued_at, file_sha256)
    SELECT id, kind, kind || id, '文书', '{"facts": [], "paragraphs": [], "remedies": []}',
        'market', 'user:clerk', received_at, NULL
    FROM cases_case, unnest(ARRAY['receipt', 'acceptance_notice', 'grant_decision']) AS kind
    WHERE submitted_by = 'user:fill' AND idempotency_key::bigint >= %(first)s;
INSERT INTO cases_casematerial (case_id, material_id, name, state, upload_refs, source, checked_by)
    SELECT id, material, '材料', 'waived', '[]', '', ''
    FROM cases_case, unnest(ARRAY['application', 'representative_id']) AS material
    WHERE submitted_by = 'user:fill' AND idempotency_key::bigint >= %(first)s;
SET session_replication_role = origin;
"""


def fill(district: District, stored: int) -> None:
    """Bring the number of stored cases to `stored`, 2 in 40 of them running."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM cases_case WHERE submitted_by = 'user:fill'")
        first = cursor.fetchone()[0] + 1
        if first > stored:
            return
        began = time.monotonic()
        words = {
            "refs": district.applicants,
            "count": len(district.applicants),
            "first": first,
            "last": stored,
        }
        text = FILL.replace("n % 3 = 0", "n %% 3 = 0")
        for statement in text.split(";\n"):
            if statement.strip():
                cursor.execute(statement, words if "%(" in statement else None)
        cursor.execute("ANALYZE")
    print(f"  filled to {stored:,} stored cases in {time.monotonic() - began:.0f} s")


class Caller:
    """One kept connection per post."""

    def __init__(self, district: District) -> None:
        self.district = district
        self.connections = {
            who: http.client.HTTPConnection("127.0.0.1", district.port, timeout=60)
            for who in district.tokens
        }

    def call(
        self, who: str, method: str, path: str, body: Mapping[str, Any] | None = None, key: str = ""
    ) -> tuple[Any, float]:
        """Return the answer and the milliseconds it took."""
        headers = {
            "Authorization": f"Bearer {self.district.tokens[who]}",
            "Content-Type": "application/json",
        }
        if key:
            headers["Idempotency-Key"] = key
        began = time.perf_counter()
        connection = self.connections[who]
        connection.request(
            method, f"/api/v1{path}", json.dumps(body) if body is not None else None, headers
        )
        answer = connection.getresponse()
        text = answer.read()
        took = (time.perf_counter() - began) * 1_000
        if answer.status >= 300:
            raise SystemExit(f"{method} {path}: {answer.status} {text.decode()}")
        return json.loads(text), took


ANSWERS = {
    "business_type": "catering",
    "hot_food": True,
    "raw_food": False,
    "online_sales": False,
    "premises_address": "上海市嘉定区南翔镇示例路11号",
    "area_m2": 80,
    "kitchen_area_m2": 30,
    "seats": 20,
    "manager_name": "张示例",
    "manager_training": True,
    "staff_count": 6,
    "catering_scope": ["hot", "drinks"],
}


def answers_of(applicant: str) -> dict[str, Any]:
    """Return the form of one applicant."""
    return ANSWERS | {
        "entity_name": "上海示例餐饮管理有限公司",
        "entity_uscc": applicant.removeprefix("entity:"),
        "legal_representative": "张示例",
        "registered_address": "上海市嘉定区南翔镇示例路11号",
        "contact_phone": "13900001234",
    }


def one_case(caller: Caller, applicant: str, key: str) -> dict[str, float]:
    """Walk one case by five calls; return the milliseconds of each."""
    took: dict[str, float] = {}
    case, took["open"] = caller.call(
        "clerk",
        "POST",
        "/cases",
        {
            "item": caller.district.item,
            "applicant": applicant,
            "answers": answers_of(applicant),
            "window": "A01",
        },
        key,
    )
    path = f"/cases/{case['number']}"
    for name, who, call, body in (
        ("accept", "clerk", "acceptance", {}),
        ("assign", "reviewer", "assignment", {"to": "user:reviewer"}),
        ("opinion", "reviewer", "opinion", {"outcome": "grant", "opinion": "符合条件"}),
        ("decide", "approver", "decision", {"outcome": "grant"}),
    ):
        body = body | {"version": case["version"]}
        case, took[name] = caller.call(who, "POST", f"{path}/{call}", body)
    if case["state"] != "approved":
        raise SystemExit(f"{case['number']} ended as {case['state']}")
    return took


def client(
    district: District, name: str, until: float, results: multiprocessing.Queue[Any]
) -> None:
    """Walk cases until the time is over."""
    caller = Caller(district)
    done: list[dict[str, float]] = []
    while time.time() < until:
        applicant = district.applicants[len(done) % len(district.applicants)]
        done.append(one_case(caller, applicant, f"{name}-{len(done)}"))
    results.put(done)


def walk(district: District, *, clients: int, seconds: float) -> None:
    """Print cases per second, times per call and processor time per case."""
    warm = Caller(district)
    for place in range(8):
        one_case(warm, district.applicants[0], f"warm-{time.time_ns()}-{place}")
    time.sleep(1)
    results: multiprocessing.Queue[Any] = multiprocessing.Queue()
    before, began = district.cpu_ms(), time.time()
    processes = [
        multiprocessing.Process(
            target=client,
            args=(district, f"{time.time_ns()}-{place}", began + seconds, results),
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
    listed = "  ".join(f"{name} {ms:.1f}" for name, ms in sorted(cpu.items()))
    print(
        f"  {clients} client(s): {len(done) / spent:6.1f} cases/s   "
        f"CPU per case {sum(cpu.values()):.1f} ms ({listed})"
    )
    for name in CALLS:
        times = sorted(took[name] for took in done)
        print(f"      {name:8} p50 {pick(times, 0.5):6.1f} ms   p95 {pick(times, 0.95):6.1f} ms")


def settle(district: District) -> None:
    """Wait until the worker has done what the walk left it, at most a minute."""
    from django.db import connection

    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing')"
            )
            if cursor.fetchone()[0] == 0:
                return
        time.sleep(0.2)


def pick(times: Sequence[float], share: float) -> float:
    """Return the value below which `share` of the sorted times lie."""
    return times[min(len(times) - 1, int(len(times) * share))]


def lists(district: District) -> None:
    """Print how long lists of 100 take at the first and at a deep page, and one case."""
    from django.db import connection

    caller = Caller(district)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT closed_at, id FROM cases_case WHERE state = 'closed' AND "
            "deciding_department = 'market' ORDER BY closed_at, id OFFSET 300 LIMIT 1"
        )
        row = cursor.fetchone()
        cursor.execute("SELECT number FROM cases_case ORDER BY random() LIMIT 20")
        numbers = [number for (number,) in cursor.fetchall()]
    deep = f"{row[0].isoformat()}_{row[1]}".replace("+", "%2B") if row else ""
    wishes = {
        "finished, first page": "tab=finished",
        "finished, deepest page": f"tab=finished&after={deep}",
        "to accept, first page": "tab=to_accept",
        "mine, first page": "tab=mine",
        "overdue, first page": "tab=overdue",
    }
    for name, wish in wishes.items():
        times = sorted(caller.call("clerk", "GET", f"/cases?{wish}")[1] for _ in range(20))
        rows = len(caller.call("clerk", "GET", f"/cases?{wish}")[0]["rows"])
        print(f"      list {name:24} {rows:3} rows  p50 {pick(times, 0.5):6.1f} ms")
    for name, suffix in (("one case", ""), ("whole file", "/file")):
        times = sorted(
            caller.call("clerk", "GET", f"/cases/{number}{suffix}")[1] for number in numbers
        )
        print(f"      {name:39} p50 {pick(times, 0.5):6.1f} ms")


def queries_per_call(district: District) -> None:
    """Print how many statements each call sends, by the database's own count."""
    from django.db import connection

    caller = Caller(district)
    applicant = district.applicants[0]
    with connection.cursor() as cursor:
        cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
    counted: dict[str, float] = {}
    original = caller.call

    def counting(who: str, method: str, path: str, body: Any = None, key: str = "") -> Any:
        name = "open" if path == "/cases" else path.rpartition("/")[2]
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_stat_statements_reset()")
            answer = original(who, method, path, body, key)
            cursor.execute(
                "SELECT sum(calls) FROM pg_stat_statements s JOIN pg_roles r ON r.oid = s.userid "
                "WHERE rolname = 'yiwang_web' AND query NOT LIKE '%procrastinate%'"
                " AND query NOT LIKE 'SELECT FROM%' AND toplevel"
            )
            sent = float(cursor.fetchone()[0] or 0)
            counted[name] = min(sent, counted.get(name, sent))  # the worker's own add to it
        return answer

    caller.call = counting  # type: ignore[method-assign]
    for place in range(3):
        one_case(caller, applicant, f"count-{time.time_ns()}-{place}")
    listed = "  ".join(f"{name} {count:.0f}" for name, count in counted.items())
    print(f"  statements per call, BEGIN and COMMIT included: {listed}")


def main() -> None:
    """Run the measurements and print them beside the peers."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=20.0, help="seconds per walk")
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 4], help="clients at once")
    parser.add_argument(
        "--stored", type=int, nargs="+", default=[1_000, 100_000], help="stored cases"
    )
    parser.add_argument("--workers", type=int, default=2, help="web processes")
    parser.add_argument(
        "--licence", action="store_true", help="issue, print and seal a licence per case too"
    )
    wish = parser.parse_args()
    with running(wish.workers) as district:
        connect(district)
        prepare(district, licence=wish.licence)
        print(f"yiwang on {os.cpu_count()} cores, {wish.workers} web processes; {AIMS}")
        for stored in sorted(wish.stored):
            fill(district, stored)
            print(f"{stored:,} stored cases")
            for clients in wish.clients:
                walk(district, clients=clients, seconds=wish.seconds)
            lists(district)
        queries_per_call(district)
    for name, rate, cpu in PEERS:
        print(f"peer {name:12} {rate} cases/s, {cpu} ms CPU per case (measured elsewhere, 2 cores)")


if __name__ == "__main__":
    main()
