"""Run the department's system: `python -m tests.department_system CONFIG.json`.

It keeps what arrives before it answers, and what it will say before it says it, in one SQLite
file; whatever moment it dies at, it goes on from there. CONFIG.json holds `port`, `database`,
`platform`, the four values of the keys (`checks_with`, `in_key_id`, `signs_with`), and
`pause_seconds` between two messages. `ahead_seconds` puts its clock forward or back.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import threading
import time
import urllib.error
import urllib.request
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.department_system import signing

CHINA = timezone(timedelta(hours=8))
REVIEWER = {"id": "d-1001", "name": "程审查"}
DECIDER = {"id": "d-2001", "name": "韩决定"}
WINDOW = {"id": "d-3001", "name": "温窗口"}

TABLES = """
PRAGMA journal_mode = WAL;
CREATE TABLE IF NOT EXISTS arrived (
    id TEXT PRIMARY KEY, number TEXT NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS said (
    id TEXT PRIMARY KEY, number TEXT NOT NULL, sequence INTEGER NOT NULL, body TEXT NOT NULL,
    status INTEGER, answer TEXT, UNIQUE (number, sequence));
"""


def steps(case: dict[str, Any], today: str) -> list[dict[str, Any]]:
    """Return what this department says about a case, in order."""
    number = case["number"]
    special = {"procedure": "testing", "workdays": 5, "reason": "须检测用水水质"}
    taken = {"channel": "print", "delivered_on": today, "recipient": case["applicant"]["name"]}
    return [
        {"kind": "acknowledge", "their_number": f"BM-{number[-9:]}"},
        {"kind": "review", "person": REVIEWER},
        {"kind": "special_start", "person": REVIEWER} | special,
        {"kind": "special_end", "person": REVIEWER, "result": "水质合格"},
        {"kind": "opinion", "reviewer": REVIEWER, "outcome": "grant", "text": "现场核查符合条件"},
        {"kind": "result", "reviewer": REVIEWER, "decider": DECIDER, "outcome": "grant"},
        {"kind": "delivery", "person": WINDOW} | taken,
    ]


def clock(config: dict[str, Any]) -> float:
    """Return the seconds of this system's clock."""
    return time.time() + config.get("ahead_seconds", 0)


def today(config: dict[str, Any]) -> str:
    """Return the day of this system's clock, in China."""
    return f"{datetime.fromtimestamp(clock(config), CHINA):%Y-%m-%d}"


class Store:
    """The file in which everything stands."""

    def __init__(self, path: str) -> None:
        self.path = path
        with self.open() as database:
            database.executescript(TABLES)

    def open(self) -> sqlite3.Connection:
        database = sqlite3.connect(self.path, timeout=30)
        database.execute("PRAGMA synchronous = FULL")
        return database

    def keep(self, message: dict[str, Any], today: str) -> None:
        """Keep a message and plan what will be said about its case; a repeat changes nothing."""
        case = message["case"]
        with self.open() as database:
            database.execute(
                "INSERT OR IGNORE INTO arrived VALUES (?, ?, ?, ?)",
                (message["id"], case["number"], message["kind"], json.dumps(message)),
            )
            if message["kind"] != "case.accepted":
                return
            for sequence, said in enumerate(steps(case, today), start=1):
                name = f"{case['number'][-15:]}-{sequence}"
                body = {"id": name, "case": case["number"], "sequence": sequence} | said
                database.execute(
                    "INSERT OR IGNORE INTO said VALUES (?, ?, ?, ?, NULL, NULL)",
                    (name, case["number"], sequence, json.dumps(body)),
                )

    def next(self) -> tuple[str, str] | None:
        """Return id and body of what is to be said next."""
        with self.open() as database:
            found = database.execute(
                "SELECT id, body FROM said WHERE status IS NULL ORDER BY sequence, number LIMIT 1"
            ).fetchone()
        return tuple(found) if found else None

    def answered(self, name: str, status: int, answer: str) -> None:
        with self.open() as database:
            database.execute(
                "UPDATE said SET status = ?, answer = ? WHERE id = ?", (status, answer, name)
            )


def say(config: dict[str, Any], name: str, body: str) -> tuple[int, str]:
    """Send one message; 0 when nobody answered."""
    path = "/api/v1/gateway/messages"
    raw = body.encode()
    request = urllib.request.Request(
        config["platform"] + path,
        data=raw,
        headers=signing.headers_for(
            "POST",
            path,
            raw,
            message_id=name,
            key_id=config["in_key_id"],
            secret=config["signs_with"],
            now=clock(config),
        ),
    )
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError:
        return 0, ""


def work(config: dict[str, Any], store: Store) -> None:
    """Say what is planned, one after the other, again until it was heard."""
    while True:
        waiting = store.next()
        if waiting is None:
            time.sleep(0.1)
            continue
        status, answer = say(config, *waiting)
        if status == 0 or status >= 500 or status == 429:
            time.sleep(0.5)
            continue
        store.answered(waiting[0], status, answer)
        time.sleep(config.get("pause_seconds", 0))


def serve(config: dict[str, Any], store: Store) -> None:
    """Take cases in, if the platform signed them."""

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            genuine = signing.is_genuine(
                "POST",
                urlsplit(self.path).path,
                headers,
                body,
                secret=config["checks_with"],
                now=clock(config),
            )
            if genuine:
                store.keep(json.loads(body), today(config))
            self.send_response(200 if genuine else 401)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *words: object) -> None:
            return

    ThreadingHTTPServer(("127.0.0.1", config["port"]), Door).serve_forever()


def main() -> None:
    """Serve and work until killed."""
    config = json.loads(Path(sys.argv[1]).read_text())
    store = Store(config["database"])
    threading.Thread(target=work, args=(config, store), daemon=True).start()
    serve(config, store)


if __name__ == "__main__":
    main()
