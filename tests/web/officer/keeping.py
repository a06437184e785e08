"""What tests of the item pages share: forms as a browser sends them."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser
from typing import Any

from django.test import Client

from tests.factories import cases
from tests.factories.desk import signed_in

ITEM = cases.RESTAURANT


def words(answer: Any) -> str:
    """Return the words of a page, without tags and runs of space."""
    text = answer.content.decode()
    for left in ("{%", "{{", "<c-"):
        assert left not in text
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text)))


class _Fields(HTMLParser):
    """Collects what the form in `main` would send if nobody touched it."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, Any] = {}
        self.main = False
        self.area = ""
        self.select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.main = self.main or tag == "main"
        name = given.get("name") or ""
        if not self.main or (not name and tag != "option"):
            return
        if tag == "textarea":
            self.area = name
            self.found[name] = ""
        elif tag == "select":
            self.select = name
        elif tag == "option" and self.select and "selected" in given:
            self.found[self.select] = given.get("value") or ""
        elif tag == "input":
            self._input(name, given)

    def _input(self, name: str, given: dict[str, str | None]) -> None:
        if given.get("type") in {"checkbox", "radio"}:
            if "checked" in given:
                self.found.setdefault(name, []).append(given.get("value") or "on")
        elif given.get("type") != "file":
            self.found[name] = given.get("value") or ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self.found[self.area] = self.found[self.area].removeprefix("\r\n").removeprefix("\n")
            self.area = ""
        if tag == "select":
            self.select = ""

    def handle_data(self, data: str) -> None:
        if self.area:
            self.found[self.area] += data


def fields(answer: Any) -> dict[str, Any]:
    """Return what the page's form would send if nobody touched it."""
    parser = _Fields()
    parser.feed(answer.content.decode())
    return parser.found


def fill(client: Client, path: str, **changes: Any) -> Any:
    """Open the page, change some fields, and send the form; `-` in names is written `__`."""
    sent = fields(client.get(path))
    sent |= {name.replace("__", "-"): value for name, value in changes.items()}
    return client.post(path, {name: value for name, value in sent.items() if value is not None})


def begun(login: str = "owner", item: str = ITEM) -> str:
    """Begin a draft in the browser and return its address."""
    answer = signed_in(login).post(f"/desk/items/{item}/draft/")
    assert answer.status_code == 302
    return str(answer.headers["Location"])


def number(draft: str) -> int:
    """Return the number of the draft at an address."""
    return int(draft.rstrip("/").rsplit("/", 1)[-1])
