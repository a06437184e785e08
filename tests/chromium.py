"""A real Chromium on a whole district in processes of its own, started once per session.

`YIWANG_BROWSER_URL` names a demonstration that runs already, for quick work on pages;
`YIWANG_BROWSER_CLOCK` the file of its clock, beside which lies its folder `home`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.faults.district import ROOT, fresh_home, running
from yiwang.cli.demo import PASSWORD

APT = "apt-get install -y chromium fonts-noto-cjk"
WAIT_MS = 30_000
expect.set_options(timeout=WAIT_MS)
PHONE = {"width": 390, "height": 844}
BEGIN = datetime(2026, 10, 12, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
"""A Monday morning with a quarter of the calendar before it; the district begins here."""


@dataclass
class Clock:
    """The clock of the district."""

    file: Path

    def set(self, jump: timedelta = timedelta(0)) -> None:
        """Let the web processes be `jump` ahead of the day on which the district began."""
        base = self.file.read_text().split()[0] if self.file.exists() else self._base()
        fresh = self.file.with_suffix(".new")
        fresh.write_text(f"{base} {jump.total_seconds()}")
        fresh.replace(self.file)

    def move_to(self, moment: datetime) -> None:
        """Let the web processes believe that it is `moment`."""
        base = float(self.file.read_text().split()[0])
        self.set(timedelta(seconds=moment.timestamp() - time.time() - base))

    def _base(self) -> str:
        return str(BEGIN.timestamp() - time.time())


@dataclass(frozen=True, kw_only=True)
class Site:
    """A district to be looked at."""

    address: str
    clock: Clock
    home: Path


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark what opens a browser, and keep the tests of a file on one worker, with one district."""
    if "district_site" in getattr(item, "fixturenames", ()):
        item.add_marker(pytest.mark.browser)
        item.add_marker(pytest.mark.xdist_group(f"browser {item.path.stem}"))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run what opens a browser after everything else.

    A driven browser leaves an event loop in its process, in which nothing that asks the database
    or makes a loop of its own may run afterwards.
    """
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Use the machine's Chromium, or say exactly how to get one."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if not found:
        pytest.exit(f"Chromium is missing. Type: {APT}", returncode=2)
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
    return {**browser_type_launch_args, "executable_path": found, "args": flags}


@pytest.fixture(scope="session")
def district_site() -> Iterator[Site]:
    """A district with its packs, invented people and one account per post."""
    if running_already := os.environ.get("YIWANG_BROWSER_URL"):
        clock = Clock(Path(os.environ.get("YIWANG_BROWSER_CLOCK", os.devnull)))
        yield Site(address=running_already, clock=clock, home=clock.file.parent / "home")
        return
    with fresh_home() as home, _started(home) as started:
        yield started


@contextmanager
def _started(home: Path) -> Iterator[Site]:
    environment = os.environ | {"YIWANG_HOME": str(home), "PYTHONPATH": str(ROOT / "src")}
    subprocess.run(
        [sys.executable, "-m", "yiwang.config.build", "--quiet"],
        cwd=ROOT,
        env=environment,
        check=True,
    )
    clock = Clock(home / "clock")
    clock.set()
    path = os.pathsep.join([str(ROOT / "src"), str(ROOT / "tests" / "clock")])
    with running(home, PYTHONPATH=path, TEST_CLOCK=str(clock.file)) as district:
        yield Site(address=district.address, clock=clock, home=home)


@pytest.fixture(scope="session")
def site(district_site: Site) -> str:
    """Address of the district."""
    return district_site.address


@pytest.fixture
def clock(district_site: Site) -> Iterator[Clock]:
    """The clock of the district's pages, put right again afterwards."""
    yield district_site.clock
    district_site.clock.set()


@pytest.fixture(scope="session")
def _sessions() -> dict[str, Any]:
    """Login -> cookies of its session, so that each account signs in once."""
    return {}


Visit = Callable[..., Page]


@pytest.fixture
def visit(browser: Browser, site: str, _sessions: dict[str, Any]) -> Iterator[Visit]:
    """Open a browser for somebody: `visit(login="citizen", large=True, scripts=False)`."""
    contexts: list[BrowserContext] = []

    def opened(
        *,
        login: str = "",
        large: bool = False,
        english: bool = False,
        scripts: bool = True,
        workers: bool = False,
        size: dict[str, int] = PHONE,
    ) -> Page:
        if login and login not in _sessions:
            _sessions[login] = sign_in(browser, site, login)
        context = browser.new_context(
            base_url=site,
            viewport=size,  # type: ignore[arg-type]  # two whole numbers
            java_script_enabled=scripts,
            service_workers="allow" if workers else "block",
            storage_state=_sessions.get(login),
        )
        contexts.append(context)
        if large:
            context.add_cookies([{"name": "yiwang_size", "value": "lg", "url": site}])
        if english:
            context.add_cookies([{"name": "django_language", "value": "en", "url": site}])
        page = context.new_page()
        page.set_default_timeout(WAIT_MS)
        return page

    yield opened
    for context in contexts:
        context.close()


def sign_in(browser: Browser, site: str, login: str) -> Any:
    """Sign in as people do and return the cookies."""
    context = browser.new_context(base_url=site)
    page = context.new_page()
    page.set_default_timeout(WAIT_MS)
    page.goto("/accounts/login/")
    fill_sign_in(page, login)
    state = context.storage_state()
    context.close()
    return state


def fill_sign_in(page: Page, login: str) -> None:
    """Fill the sign-in page that is open; staff give the code that the demonstration shows."""
    page.get_by_label("账号").fill(login)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="登录").click()
    shown = page.locator("[data-demo-code]")
    out = page.get_by_role("button", name="退出")
    expect(shown.or_(out).first).to_be_visible()  # a click may end before the next page is there
    if shown.count():
        page.get_by_label("动态码").fill(shown.inner_text())
        page.get_by_role("button", name="确认登录").click()
    expect(out).to_be_visible()
