"""Ways of a case from the application to its end, each step one call of the HTTP interface."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import date
from typing import Any

from bench.district import Caller
from bench.items import APPLICANT, AUTOMATIC, COMMITMENT, ORDINARY, answers_of

ORDINARY_CALLS = ("open", "accept", "assign", "opinion", "decide")


class Walk:
    """One case on its way: what was called, and how long each call took."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller
        self.took: dict[str, float] = {}
        self.case: dict[str, Any] = {}

    def open(self, item: str, applicant: str, key: str) -> None:
        """Take the application in at a counter."""
        body = {
            "item": item,
            "applicant": applicant,
            "answers": answers_of(applicant),
            "window": "A01",
        }
        self.case, self.took["open"] = self.caller.call("clerk", "POST", "/cases", body, key)

    def step(
        self, name: str, who: str, call: str, body: Mapping[str, Any], *, versioned: bool = True
    ) -> None:
        """Do one act on the case."""
        said = dict(body) | ({"version": self.case["version"]} if versioned else {})
        self.case, self.took[name] = self.caller.call(
            who, "POST", f"/cases/{self.case['number']}/{call}", said
        )

    def review(self) -> None:
        """Let one person propose and another decide."""
        self.step("opinion", "reviewer", "opinion", {"outcome": "grant", "opinion": "符合条件"})
        self.step("decide", "approver", "decision", {"outcome": "grant"})

    def ended(self, *states: str) -> dict[str, float]:
        """Return the milliseconds of each call, or stop the run."""
        if self.case["state"] not in states:
            raise SystemExit(f"{self.case['number']} ended as {self.case['state']}")
        return self.took


def ordinary(caller: Caller, applicant: str, key: str) -> dict[str, float]:
    """Open, accept, assign, propose, decide."""
    walk = Walk(caller)
    walk.open(ORDINARY, applicant, key)
    walk.step("accept", "clerk", "acceptance", {})
    walk.step("assign", "reviewer", "assignment", {"to": "user:reviewer"})
    walk.review()
    return walk.ended("approved")


def legal(caller: Caller, applicant: str, key: str) -> dict[str, float]:
    """Walk everything that the law knows on the way to a grant: fourteen calls that write."""
    walk = Walk(caller)
    walk.open(ORDINARY, applicant, key)
    line = {"material": "", "what": "门牌号码", "why": "与证照不一致"}
    walk.step("correction", "clerk", "correction", {"lines": [line]})
    asked, walk.took["file"] = caller.call("clerk", "GET", f"/cases/{walk.case['number']}/file")
    filed = [{"line": one["id"], "answer": "示例路11号"} for one in asked["correction"]["lines"]]
    walk.step("filed", "clerk", "filed-correction", {"lines": filed})
    walk.step("accept", "clerk", "acceptance", {})
    walk.step("assign", "reviewer", "assignment", {"to": "user:reviewer"})
    walk.step(
        "special",
        "reviewer",
        "special",
        {"kind": "testing", "workdays": 5, "reason": "须检测用水水质"},
    )
    walk.step("special end", "reviewer", "special-result", {"result": "水质合格"})
    walk.step("extension", "reviewer", "extension", {"reason": "须等待邻近工程验收"})
    walk.step("extended", "head", "extension-decision", {"approve": True})
    walk.review()
    posted = {"carrier": "邮政", "tracking_number": f"EX{time.time_ns() % 10**12}"}
    walk.step("sent", "clerk", "dispatch", posted)
    arrived = {"arrived_on": day(), "signed_by": "张示例"}
    walk.step("arrived", "clerk", "arrival", arrived)
    return walk.ended("closed")


def commitment(caller: Caller, applicant: str, key: str) -> dict[str, float]:
    """Draft, sign, submit, accept, and grant on the strength of the signature."""
    walk = Walk(caller)
    firm = caller.district.firm
    saved = {"item": COMMITMENT, "applicant": firm, "answers": answers_of(firm)}
    draft, walk.took["draft"] = caller.call(APPLICANT, "POST", "/drafts", saved)
    path = f"/drafts/{draft['id']}"
    signed = {"confirmed": ["place"], "accepted": True}
    _, walk.took["sign"] = caller.call(APPLICANT, "POST", f"{path}/commitment", signed)
    walk.case, walk.took["submit"] = caller.call(
        APPLICANT, "POST", f"{path}/submission", {"declaration_accepted": True}, key
    )
    walk.step("accept", "clerk", "acceptance", {})
    walk.step("grant", "approver", "grant-on-commitment", {})
    return walk.ended("closed", "approved")


def automatic(caller: Caller, applicant: str, key: str) -> dict[str, float]:
    """Open a case that rules grant at once; the sealed file of its licence follows."""
    walk = Walk(caller)
    walk.open(AUTOMATIC, applicant, key)
    return walk.ended("closed", "approved")


PATHS = {"ordinary": ordinary, "legal": legal, "commitment": commitment, "automatic": automatic}


def day() -> str:
    """Return today where the district is."""
    from datetime import UTC, datetime, timedelta

    found: date = (datetime.now(UTC) + timedelta(hours=8)).date()
    return found.isoformat()
