"""A simulated district week, in minutes, with processes killed at random; then nothing is amiss.

    python -m bench.soak [--minutes 10] [--seed 7] [--kills] [--rate 4] [--clients 4]

Starts a district of its own and a department's system (tests/department_system), and lets cases
arrive as the hours of a week go by: the counter by day, the portal and rules round the clock;
corrections filed or not, special procedures, extensions, commitments, withdrawals, cases that a
department decides in its own system. With --kills web, worker, database and the department's
system are killed (SIGKILL) at random; `yiwang run` restarts the first three. Whoever hears
nothing asks again, with the same key or the same version of the row.

At the end the invariants are checked, and each violation is printed with exit status 1: every
accepted application is exactly one case; no step was done twice; every clock is the one reckoned
anew from what is written down; the trail verifies whole; no job is stuck; files of licences and
letters are there; messages to the department arrived once or lie with the dead ones.

The program has no setting that moves its clock. So limits are moved by hand: after the week the
jobs of the law (silence is acceptance, corrections end) are run at a moment some weeks later,
and the clocks are checked once more.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import itertools
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from bench.district import ROOT, Caller, District, connect, free_port, pick, running
from bench.items import (
    APPLICANT,
    AUTOMATIC,
    COMMITMENT,
    ORDINARY,
    OUTSIDE,
    answers_of,
    prepare,
)

HOURS = (1, 1, 1, 1, 1, 1, 2, 4, 8, 20, 24, 20, 10, 14, 22, 20, 14, 8, 6, 6, 5, 4, 3, 2)
"""Arrivals by hour of a working day, in parts of the busiest."""

COUNTER_HOURS = range(9, 17)
WEEK_HOURS = 7 * 24
PATIENCE_SECONDS = 90
"""How long a client asks again before it gives up."""

SETTLE_SECONDS = 240


class RefusedError(Exception):
    """The platform answered with a refusal that nothing explains."""


class SilentError(Exception):
    """Nobody answered for longer than the client's patience."""


@dataclass
class Log:
    """What the clients saw; shared by threads."""

    accepted: dict[str, str] = field(default_factory=dict)
    unsure: set[str] = field(default_factory=set)
    done: Counter[str] = field(default_factory=Counter)
    amiss: list[str] = field(default_factory=list)
    took: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    repeats: int = 0
    arrived: set[str] | None = None
    """Messages that the department's system has; None: it was not asked."""

    kills: Counter[str] = field(default_factory=Counter)
    recovered: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))


class Patient:
    """A client that asks again when it hears nothing."""

    def __init__(self, district: District, log: Log) -> None:
        self.district = district
        self.log = log
        self.caller = Caller(district)

    def ask(
        self, who: str, method: str, path: str, body: Mapping[str, Any] | None, key: str = ""
    ) -> tuple[int, Any, bool]:
        """Return status, answer, and whether an earlier try may have worked."""
        until = time.monotonic() + PATIENCE_SECONDS
        began, repeated = time.perf_counter(), False
        while time.monotonic() < until:
            try:
                status, text, _took = self.caller.ask(who, method, path, body, key)
            except (OSError, http.client.HTTPException):
                self.caller.drop(who)
            else:
                if status < 500:
                    name = path.rpartition("/")[2] if path != "/cases" else "open"
                    if not name.isdecimal() and method == "POST":
                        self.log.took[name].append((time.perf_counter() - began) * 1_000)
                    return status, json.loads(text) if text else None, repeated
            repeated = True
            self.log.repeats += 1
            time.sleep(0.2)
        raise SilentError(f"{method} {path}")

    def open(self, who: str, path: str, body: Mapping[str, Any], key: str) -> dict[str, Any]:
        """Apply; the key makes that a second try gives the same case."""
        self.log.unsure.add(key)
        status, case, _ = self.ask(who, "POST", path, body, key)
        if status >= 300:
            self.log.unsure.discard(key)
            raise RefusedError(f"{path}: {status} {case}")
        self.log.accepted[key] = case["number"]
        self.log.unsure.discard(key)
        return dict(case)

    def act(
        self, case: Mapping[str, Any], who: str, call: str, body: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Do one act on the version that was seen; what an unheard try did is not done again."""
        path = f"/cases/{case['number']}"
        said = dict(body) | {"version": case["version"]}
        status, answer, repeated = self.ask(who, "POST", f"{path}/{call}", said)
        if status < 300:
            return dict(answer)
        if repeated:
            _, now, _ = self.ask("head", "GET", path, None)
            if now["version"] > case["version"]:
                return dict(now)
        raise RefusedError(f"{call} on {case['number']} ({case['state']}): {status} {answer}")

    def plain(self, who: str, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Make a call that may safely be made twice."""
        status, answer, _ = self.ask(who, "POST", path, body)
        if status >= 300:
            raise RefusedError(f"{path}: {status} {answer}")
        return dict(answer)


@dataclass
class Journeys:
    """What may become of an application."""

    patient: Patient
    chance: random.Random

    def counter(self, key: str, item: str = ORDINARY, **answers: Any) -> dict[str, Any]:
        """Take in at the counter."""
        applicant = self.chance.choice(self.patient.district.applicants)
        body = {
            "item": item,
            "applicant": applicant,
            "answers": answers_of(applicant) | answers,
            "window": "A01",
        }
        return self.patient.open("clerk", "/cases", body, key)

    def decided(self, case: Mapping[str, Any]) -> dict[str, Any]:
        """Propose, decide and hand over."""
        act = self.patient.act
        outcome = "grant" if self.chance.random() < 0.9 else "refuse"
        said = {"outcome": outcome, "opinion": "已核对申请内容"}
        case = act(case, "reviewer", "opinion", said)
        told = {"outcome": outcome}
        if outcome == "refuse":
            told |= {"reason": "场所不符合要求", "article": "食品安全法 第三十三条"}
        case = act(case, "approver", "decision", told)
        return act(case, "clerk", "delivery", {"channel": "print"})

    def ordinary(self, key: str) -> None:
        """Walk the usual way."""
        act = self.patient.act
        case = act(self.counter(key), "clerk", "acceptance", {})
        case = act(case, "reviewer", "assignment", {"to": "user:reviewer"})
        self.decided(case)

    def correction(self, key: str) -> dict[str, Any]:
        """Ask for a correction."""
        line = {"material": "", "what": "门牌号码", "why": "与证照不一致"}
        return self.patient.act(self.counter(key), "clerk", "correction", {"lines": [line]})

    def unfiled(self, key: str) -> None:
        """Ask for a correction that nobody files."""
        self.correction(key)

    def unanswered(self, key: str) -> None:
        """Leave an application lying."""
        self.counter(key)

    def long(self, key: str) -> None:
        """Walk everything that the law knows on the way."""
        act = self.patient.act
        case = self.correction(key)
        _, file, _ = self.patient.ask("clerk", "GET", f"/cases/{case['number']}/file", None)
        lines = [{"line": one["id"], "answer": "11号"} for one in file["correction"]["lines"]]
        case = act(case, "clerk", "filed-correction", {"lines": lines})
        case = act(case, "clerk", "acceptance", {})
        case = act(case, "reviewer", "assignment", {"to": "user:reviewer"})
        stop = {"kind": "testing", "workdays": 5, "reason": "须检测用水水质"}
        case = act(case, "reviewer", "special", stop)
        if self.chance.random() < 0.3:
            return  # it stands stopped at the end of the week
        case = act(case, "reviewer", "special-result", {"result": "水质合格"})
        case = act(case, "reviewer", "extension", {"reason": "须等待邻近工程验收"})
        case = act(case, "head", "extension-decision", {"approve": self.chance.random() < 0.8,
                                                        "note": "人手足够"})  # fmt: skip
        if self.chance.random() < 0.3:
            return  # under review at the end of the week
        self.decided(case)

    def automatic(self, key: str) -> None:
        """Apply for what rules decide; one in five is handed to a person."""
        self.counter(key, AUTOMATIC, area_m2=self.chance.choice([40, 60, 80, 90, 300]))

    def _draft(self, item: str) -> str:
        firm = self.patient.district.firm
        body = {"item": item, "applicant": firm, "answers": answers_of(firm)}
        return f"/drafts/{self.patient.plain(APPLICANT, '/drafts', body)['id']}"

    def commitment(self, key: str) -> None:
        """Sign on the portal, and be granted on the signature."""
        path = self._draft(COMMITMENT)
        signed = {"confirmed": ["place"], "accepted": True}
        self.patient.plain(APPLICANT, f"{path}/commitment", signed)
        case = self.patient.open(
            APPLICANT, f"{path}/submission", {"declaration_accepted": True}, key
        )
        case = self.patient.act(case, "clerk", "acceptance", {})
        self.patient.act(case, "approver", "grant-on-commitment", {})

    def withdrawn(self, key: str) -> None:
        """Apply on the portal, and think better of it."""
        case = self.patient.open(
            APPLICANT, f"{self._draft(ORDINARY)}/submission", {"declaration_accepted": True}, key
        )
        self.patient.act(case, APPLICANT, "withdrawal", {"reason": "暂不经营"})

    def outside(self, key: str) -> None:
        """Hand the case to the department's own system by accepting it."""
        self.patient.act(self.counter(key, OUTSIDE), "clerk", "acceptance", {})


BY_DAY = {
    "ordinary": 30,
    "long": 14,
    "automatic": 18,
    "commitment": 12,
    "outside": 12,
    "withdrawn": 5,
    "unfiled": 5,
    "unanswered": 4,
}
BY_NIGHT = {"automatic": 60, "commitment": 25, "withdrawn": 15}
"""Weights of journeys while the counter is open, and while it is not."""


def work(
    district: District, log: Log, *, place: int, seed: int, until: float, week: Week, rate: float
) -> None:
    """Let cases arrive until the week is over."""
    chance = random.Random(seed * 1_000 + place)
    journeys = Journeys(Patient(district, log), chance)
    for count in itertools.count():
        now = time.monotonic()
        if now >= until:
            return
        hour = week.hour(now)
        time.sleep(min(chance.expovariate(rate * week.share(hour)), max(0.0, until - now), 2.0))
        kinds = BY_DAY if week.is_open(hour) else BY_NIGHT
        (kind,) = chance.choices(list(kinds), weights=list(kinds.values()))
        try:
            getattr(journeys, kind)(f"soak-{seed}-{place}-{count}")
        except RefusedError as refusal:
            log.amiss.append(f"{kind}: refused: {refusal}")
        except SilentError as silence:
            log.amiss.append(f"{kind}: nobody answered for {PATIENCE_SECONDS} s: {silence}")
        except Exception as error:  # noqa: BLE001 - a thread that dies unseen would hide a violation
            log.amiss.append(f"{kind}: {type(error).__name__}: {error}")
        else:
            log.done[kind] += 1


@dataclass(frozen=True, kw_only=True)
class Week:
    """Seven days from Monday, scaled to seconds."""

    began: float
    seconds: float

    def hour(self, now: float) -> int:
        """Return the hour of the week."""
        return int((now - self.began) / self.seconds * WEEK_HOURS) % WEEK_HOURS

    def is_open(self, hour: int) -> bool:
        """Tell whether the counter is open."""
        return hour // 24 < 5 and hour % 24 in COUNTER_HOURS

    def share(self, hour: int) -> float:
        """Return arrivals in this hour, the busiest being 1."""
        return HOURS[hour % 24] / max(HOURS) * (1 if hour // 24 < 5 else 0.4)


class Department:
    """A department's own system in a process of its own."""

    def __init__(self, folder: Path, district: District) -> None:
        from django.utils import timezone

        from yiwang.exchange import services
        from yiwang.exchange.policy.terms import Algorithm, Begin, PartnerKind
        from yiwang.organisations.permissions import EVERYWHERE, Actor, Post

        at = timezone.now()
        by = Actor(ref="user:sysadmin", posts={EVERYWHERE: frozenset({Post.SYSTEM_ADMIN})})
        port = free_port()
        services.register_partner(
            code="soak-system",
            name="业务系统（长时间测试）",
            department="market",
            kind=PartnerKind.HTTP,
            begins=Begin.ACCEPTED,
            valid_from=timezone.localdate(at),
            address=f"http://127.0.0.1:{port}/cases",
            item_slug=OUTSIDE,
            by=by,
            at=at,
        )
        made = services.make_keys(code="soak-system", algorithm=Algorithm.HMAC_SHA256, by=by, at=at)
        self.database = folder / "department.sqlite"
        self.config = folder / "department.json"
        self.config.write_text(
            json.dumps(
                {
                    "port": port,
                    "platform": f"http://127.0.0.1:{district.port}",
                    "database": str(self.database),
                    "checks_with": made.checks_with,
                    "in_key_id": made.in_key_id,
                    "signs_with": made.signs_with,
                    "pause_seconds": 0.02,
                }
            )
        )
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, unless it runs."""
        if self.process is None:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.department_system", str(self.config)],
                cwd=ROOT,
                env=os.environ | {"PYTHONPATH": str(ROOT)},
            )

    def arrived(self) -> set[str]:
        """Return the ids of the messages that it wrote down."""
        with contextlib.closing(sqlite3.connect(self.database)) as held:
            return {key for (key,) in held.execute("SELECT id FROM arrived")}

    def kill(self) -> None:
        """Kill it."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(timeout=10)
            self.process = None


def kill_at_random(
    district: District, department: Department, log: Log, *, seed: int, until: float, pause: float
) -> None:
    """Kill one thing after the other, each time waiting until the district answers again.

    Each round kills all four in an order drawn anew, so that none is spared by chance.
    """
    chance = random.Random(seed)
    doomed: list[str] = []
    while True:
        time.sleep(min(pause * (0.6 + 0.8 * chance.random()), max(0.0, until - time.monotonic())))
        if time.monotonic() >= until:
            return
        if not doomed:
            doomed = chance.sample(["web", "worker", "database", "department"], 4)
        what = doomed.pop()
        log.kills[what] += 1
        began = time.monotonic()
        if what == "department":
            department.kill()
            time.sleep(pause / 2)
            department.start()
            continue
        for pid in district.groups()[what]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.5)
        if not district.wait_until_ready(120):
            log.amiss.append(f"not ready 120 s after {what} was killed")
            return
        log.recovered[what].append(time.monotonic() - began)


def soak(
    district: District, *, minutes: float, seed: int, kills: bool, rate: float, clients: int
) -> Log:
    """Let a week go by and check it; what is amiss stands in the log."""
    log = Log()
    with tempfile.TemporaryDirectory(prefix="yiwang-soak-") as folder:
        department = Department(Path(folder), district)
        department.start()
        try:
            _go_by(
                district, department, log, minutes, seed, kills=kills, rate=rate, clients=clients
            )
            print(f"  the week is over; waiting for what is left, {SETTLE_SECONDS} s at most")
            department.start()
            _settle(district, log)
            print("  checking")
            log.arrived = department.arrived()
            _check(district, log)
        finally:
            department.kill()
    return log


def _go_by(
    district: District,
    department: Department,
    log: Log,
    minutes: float,
    seed: int,
    *,
    kills: bool,
    rate: float,
    clients: int,
) -> None:
    began = time.monotonic()
    week = Week(began=began, seconds=minutes * 60)
    until = began + minutes * 60
    threads = [
        threading.Thread(
            target=work,
            args=(district, log),
            kwargs={
                "place": place,
                "seed": seed,
                "until": until,
                "week": week,
                "rate": rate / clients,
            },
        )
        for place in range(clients)
    ]
    if kills:
        threads.append(
            threading.Thread(
                target=kill_at_random,
                args=(district, department, log),
                kwargs={"seed": seed, "until": until, "pause": min(25.0, minutes * 60 / 5)},
            )
        )
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _rows(query: str, *values: Any) -> list[tuple[Any, ...]]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(query.replace("OURS", "idempotency_key LIKE 'soak-%%'"), values)
        return list(cursor.fetchall())


JOBS_LEFT = (
    "SELECT task_name, count(*) FROM procrastinate_jobs j WHERE status IN ('todo', 'doing')"
    " AND NOT EXISTS (SELECT FROM procrastinate_periodic_defers p WHERE p.job_id = j.id)"
    " GROUP BY 1 ORDER BY 1"
)


def _waiting() -> Iterator[str]:
    for task, count in _rows(JOBS_LEFT):
        yield f"{count} jobs of {task} are not done"
    for (count,) in _rows("SELECT count(*) FROM exchange_push WHERE state = 'waiting'"):
        if count:
            yield f"{count} messages to the department still wait"
    undecided = _rows(
        "SELECT count(*) FROM cases_case WHERE OURS AND item_slug = %s AND decided_at IS NULL"
        " AND state <> 'received'",
        OUTSIDE,
    )[0][0]
    if undecided:
        yield f"{undecided} cases are not back from the department's system"
    machine = _rows("SELECT count(*) FROM cases_autowaiting WHERE settled_at IS NULL")[0][0]
    if machine:
        yield f"{machine} cases wait for rules"


def _settle(district: District, log: Log) -> None:
    from django.db import close_old_connections

    close_old_connections()
    if not district.wait_until_ready(120):
        log.amiss.append("the district does not answer at the end")
        return
    until = time.monotonic() + SETTLE_SECONDS
    left: list[str] = ["not looked at"]
    while left and time.monotonic() < until:
        time.sleep(1)
        left = list(_waiting())
    log.amiss += left


def _check(district: District, log: Log) -> None:
    for check in (_once_each, _rows_follow_events, _jobs, _letters, _gateway, _clocks, _later):
        try:
            log.amiss += list(check(district, log))
        except Exception as error:  # noqa: BLE001 - a check that breaks is a finding
            log.amiss.append(f"{check.__name__}: {type(error).__name__}: {error}")
    log.amiss += list(_trail())


def _once_each(_district: District, log: Log) -> Iterator[str]:
    """Yield what was lost, doubled, or never accepted."""
    stored = dict(_rows("SELECT idempotency_key, number FROM cases_case WHERE OURS"))
    for key, number in log.accepted.items():
        if stored.get(key) != number:
            yield f"{key} was answered with {number}, and {stored.get(key)} is stored"
    for key in sorted(set(stored) - set(log.accepted) - log.unsure):
        yield f"{stored[key]} is stored, and nobody applied with {key}"
    for number, births in _rows(
        "SELECT c.number, count(e.id) FROM cases_case c LEFT JOIN cases_caseevent e"
        " ON e.case_id = c.id AND e.step = 'receive' WHERE OURS GROUP BY 1 HAVING count(e.id)"
        " <> 1"
    ):
        yield f"{number} was received {births} times"


def _rows_follow_events(_district: District, _log: Log) -> Iterator[str]:
    """Yield cases whose row is not where their events lead."""
    chains: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
    states: dict[str, str] = {}
    for number, state, step, before, after in _rows(
        "SELECT c.number, c.state, e.step, e.from_state, e.to_state FROM cases_case c"
        " JOIN cases_caseevent e ON e.case_id = c.id WHERE OURS ORDER BY e.id"
    ):
        states[number] = state
        chains[number].append((step, before, after))
    once = {"grant", "refuse", "grant_automatic", "grant_on_commitment", "accept", "close"}
    for number, chain in chains.items():
        for (_, _, reached), (step, before, _) in itertools.pairwise(chain):
            if before != reached:
                yield f"{number}: {step} began at {before}, and the step before led to {reached}"
        if chain[-1][2] != states[number]:
            yield f"{number} is {states[number]}, and its events lead to {chain[-1][2]}"
        twice = [
            step for step, count in Counter(one[0] for one in chain).items()
            if step in once and count > 1
        ]  # fmt: skip
        if twice:
            yield f"{number}: done twice: {', '.join(twice)}"
    for number, count in _rows(
        "SELECT c.number, count(*) FROM cases_case c JOIN licences_licence l"
        " ON l.case_number = c.number WHERE OURS GROUP BY 1 HAVING count(*) > 1"
    ):
        yield f"{number} has {count} licences"


def _jobs(_district: District, _log: Log) -> Iterator[str]:
    """Yield jobs that failed for good; one by the clock comes again by the clock."""
    for task, count in _rows(
        "SELECT task_name, count(*) FROM procrastinate_jobs j WHERE status = 'failed'"
        " AND NOT EXISTS (SELECT FROM procrastinate_periodic_defers p WHERE p.job_id = j.id)"
        " GROUP BY 1"
    ):
        yield f"{count} jobs of {task} failed"


def _letters(district: District, _log: Log) -> Iterator[str]:
    """Yield files that are missing: every licence's, every letter's that was made, and a sample."""
    from yiwang.documents import store

    for identifier, digest in _rows(
        "SELECT l.identifier, l.file_sha256 FROM licences_licence l JOIN cases_case c"
        " ON c.licence_identifier = l.identifier WHERE OURS"
    ):
        if digest is None:
            yield f"licence {identifier} has no file"
            continue
        try:
            store.open(digest)
        except LookupError:
            yield f"the file of licence {identifier} is missing or damaged"
    for number, digest in _rows(
        "SELECT number, file_sha256 FROM cases_casedocument WHERE file_sha256 IS NOT NULL"
    ):
        try:
            store.open(digest)
        except LookupError:
            yield f"the file of letter {number} is missing or damaged"
    yield from _numbers()
    caller = Caller(district)
    for (key,) in _rows(
        "SELECT d.id FROM cases_casedocument d JOIN cases_case c ON c.id = d.case_id"
        " WHERE OURS ORDER BY random() LIMIT 20"
    ):
        status, text, _ = caller.ask("head", "GET", f"/documents/{key}", None)
        if status != 200 or not text.startswith(b"%PDF"):
            yield f"letter {key} cannot be printed: {status}"
    for (number,) in _rows(
        "SELECT number FROM cases_case c WHERE OURS AND NOT EXISTS (SELECT FROM"
        " cases_casedocument d WHERE d.case_id = c.id AND d.kind = 'receipt')"
    ):
        yield f"{number} has no receipt"


def _numbers() -> Iterator[str]:
    """Yield letters and licences without a number, and numbers that were given twice."""
    for title, number in _rows(
        "SELECT d.title, c.number FROM cases_casedocument d JOIN cases_case c ON c.id = d.case_id"
        " WHERE OURS AND d.number !~ '\\S' ORDER BY d.id"
    ):
        yield f"{title} of {number} has no number"
    for number, count in _rows(
        "SELECT number, count(*) FROM cases_casedocument WHERE number ~ '\\S'"
        " GROUP BY 1 HAVING count(*) > 1 ORDER BY 1"
    ):
        yield f"{count} letters have the number {number}"
    for number, count in _rows(
        "SELECT number, count(*) FROM licences_licence GROUP BY type_id, number, version"
        " HAVING count(*) > 1 ORDER BY 1"
    ):
        yield f"{count} licences have the number {number}"


def _gateway(_district: District | None, log: Log) -> Iterator[str]:
    """Yield messages that are neither with the department nor with the dead, or there twice."""
    for number, kind, count in _rows(
        "SELECT c.case_number, p.kind, count(*) FROM exchange_push p JOIN exchange_conversation c"
        " ON c.id = p.conversation_id WHERE p.kind <> 'case.extension'"
        " GROUP BY 1, 2 HAVING count(*) > 1"
    ):
        yield f"{kind} of {number} was written {count} times"
    for number, sequence in _rows(
        "SELECT c.case_number, s FROM exchange_conversation c"
        " CROSS JOIN LATERAL generate_series(1, c.next_out - 1) s WHERE NOT EXISTS (SELECT FROM"
        " exchange_push p WHERE p.conversation_id = c.id AND p.sequence = s) ORDER BY 1, 2"
    ):
        yield f"message {sequence} to the department on {number} is gone"
    for (number,) in _rows(
        "SELECT number FROM cases_case c WHERE OURS AND item_slug = %s AND accepted_on IS NOT"
        " NULL AND NOT EXISTS (SELECT FROM exchange_conversation v WHERE v.case_number = c.number)",
        OUTSIDE,
    ):
        yield f"{number} was never told to the department"
    if log.arrived is None:
        return
    delivered = dict(
        _rows(
            "SELECT p.message_id, c.case_number || ' ' || p.kind FROM exchange_push p"
            " JOIN exchange_conversation c ON c.id = p.conversation_id WHERE p.state = 'delivered'"
        )
    )
    for message in sorted(set(delivered) - log.arrived):
        yield f"{delivered[message]} counts as delivered, and the department never had it"
    known = {key for (key,) in _rows("SELECT message_id FROM exchange_push")}
    for message in sorted(log.arrived - known):
        yield f"the department has {message}, and nobody sent it"


def _clocks(_district: District, _log: Log) -> Iterator[str]:
    """Yield cases whose clocks are not what is reckoned anew from what is written down."""
    from django.utils import timezone

    from yiwang.cases import services
    from yiwang.content import queries as content
    from yiwang.organisations.permissions import Actor

    found = services.recompute_clocks(
        calendar=content.workday_calendar(), by=Actor(ref="system:soak"), at=timezone.now()
    )
    for number in found.changed:
        yield f"the clocks of {number} were wrong"
    for number in found.failed:
        yield f"the clocks of {number} lie beyond the calendar"


def _later(district: District, log: Log) -> Iterator[str]:
    """Let the limits pass by hand, twice, and yield what the law did not make of them."""
    from django.utils import timezone

    from yiwang.cases import services
    from yiwang.cases.tasks import DEEMED_BY, ENDED_BY
    from yiwang.content import queries as content

    calendar = content.workday_calendar()
    at = timezone.now() + timedelta(days=45)
    deemed, ended = [], []
    for _ in range(2):
        while numbers := services.deem_accepted(calendar=calendar, by=DEEMED_BY, at=at):
            deemed += numbers
        while numbers := services.end_expired_corrections(by=ENDED_BY, at=at):
            ended += numbers
    log.done["deemed accepted"] = len(deemed)
    log.done["correction ended"] = len(ended)
    if len(set(deemed)) != len(deemed) or len(set(ended)) != len(ended):
        yield "silence or an ended correction counted twice"
    for number, state in _rows(
        "SELECT number, state FROM cases_case WHERE OURS AND state IN ('received', 'correction')"
    ):
        yield f"{number} is still {state} 45 days later"
    yield from _clocks(district, log)


def _trail() -> Iterator[str]:
    """Yield where the trail is broken, and steps of cases that left no trace."""
    from yiwang.audit import services

    found = services.verify()
    whole = f"留痕完整：{found.rows} 条，其中 {found.sealed} 条已封存。"
    print(f"      {whole if found.ok else found.first_broken}")
    if not found.ok:
        yield f"trail: {found.first_broken}"
    for number, step, count, traces in _rows(
        "SELECT c.number, e.step, count(DISTINCT e.id), count(DISTINCT a.id) FROM cases_case c"
        " JOIN cases_caseevent e ON e.case_id = c.id LEFT JOIN audit_auditevent a"
        " ON a.target = 'case:' || c.number"
        " AND a.act IN ('cases.' || e.step, 'cases.deem_' || e.step || 'ed')"
        " WHERE OURS GROUP BY 1, 2 HAVING count(DISTINCT a.id) < count(DISTINCT e.id) ORDER BY 1, 2"
    ):
        yield f"{number}: {step} was done {count} times and left {traces} traces"


def report(log: Log, district: District, *, minutes: float) -> None:
    """Print counts, throughput, the worst latencies, and what was restarted."""
    listed = "  ".join(f"{name} {count}" for name, count in sorted(log.done.items()))
    print(
        f"  {len(log.accepted)} applications ({len(log.accepted) / minutes / 60:.1f}/s): {listed}"
    )
    print(f"  {log.repeats} calls heard nothing and were made again")
    for name, times in sorted(log.took.items()):
        ordered = sorted(times)
        print(
            f"      {name:20} {len(ordered):5}   p50 {pick(ordered, 0.5):7.1f} ms   "
            f"p95 {pick(ordered, 0.95):7.1f} ms   worst {ordered[-1]:8.1f} ms"
        )
    for name, count in sorted(log.kills.items()):
        again = log.recovered.get(name, [])
        slowest = f", ready again after {max(again):.1f} s at most" if again else ""
        print(f"  {name} killed {count} times{slowest}")
    restarts = (district.home / "run.log").read_text(errors="replace").count("意外退出")
    print(f"  `yiwang run` restarted {restarts} times   load {os.getloadavg()[0]:.1f}")
    states = _rows("SELECT state, count(*) FROM cases_case WHERE OURS GROUP BY 1 ORDER BY 1")
    print("  states: " + "  ".join(f"{state} {count}" for state, count in states))
    pushed = _rows("SELECT state, count(*) FROM exchange_push GROUP BY 1 ORDER BY 1")
    print("  messages to the department: " + "  ".join(f"{one} {count}" for one, count in pushed))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the week; return 1 when something is amiss."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=10.0, help="how long the week takes")
    parser.add_argument("--seed", type=int, default=7, help="of arrivals, journeys and kills")
    parser.add_argument("--kills", action="store_true", help="kill processes at random")
    parser.add_argument("--rate", type=float, default=4.0, help="arrivals a second at the busiest")
    parser.add_argument("--clients", type=int, default=4, help="clients at once")
    wish = parser.parse_args(arguments)
    with running(2) as district:
        connect(district)
        prepare(district, licence=True)
        kills = "with" if wish.kills else "without"
        print(f"a week in {wish.minutes:g} minutes, seed {wish.seed}, {kills} kills")
        log = soak(
            district,
            minutes=wish.minutes,
            seed=wish.seed,
            kills=wish.kills,
            rate=wish.rate,
            clients=wish.clients,
        )
        report(log, district, minutes=wish.minutes)
    for line in log.amiss[:200]:
        print(f"AMISS {line}")
    print("nothing is amiss" if not log.amiss else f"{len(log.amiss)} things are amiss")
    return 1 if log.amiss else 0


if __name__ == "__main__":
    sys.exit(main())
