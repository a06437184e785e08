"""A real Chromium on a whole district in processes of its own, started once per session.

`YIWANG_BROWSER_URL` names a demonstration that runs already, for quick work on pages.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.faults.district import ROOT, running
from yiwang.cli.demo import PASSWORD

APT = "apt-get install -y chromium fonts-noto-cjk"
WAIT_MS = 15_000
PHONE = {"width": 390, "height": 844}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything here, and keep it on one worker: the district is started once."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.xdist_group("browser"))


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Use the machine's Chromium, or say exactly how to get one."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if not found:
        pytest.exit(f"Chromium is missing. Type: {APT}", returncode=2)
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
    return {**browser_type_launch_args, "executable_path": found, "args": flags}


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a district with its packs, invented people and one account per post."""
    if running_already := os.environ.get("YIWANG_BROWSER_URL"):
        yield running_already
        return
    home = tmp_path_factory.mktemp("site")
    environment = os.environ | {"YIWANG_HOME": str(home), "PYTHONPATH": str(ROOT / "src")}
    subprocess.run(
        [sys.executable, "-m", "yiwang.config.build", "--quiet"],
        cwd=ROOT,
        env=environment,
        check=True,
    )
    with running(home) as district:
        yield district.address


@pytest.fixture(scope="session")
def _sessions() -> dict[str, Any]:
    """Login -> cookies of its session, so that each account signs in once."""
    return {}


Visit = Callable[..., Page]


@pytest.fixture
def visit(
    browser: Browser, site: str, _sessions: dict[str, Any]
) -> Iterator[Visit]:
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
            _sessions[login] = _sign_in(browser, site, login)
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


def _sign_in(browser: Browser, site: str, login: str) -> Any:
    """Sign in as people do and return the cookies."""
    context = browser.new_context(base_url=site)
    page = context.new_page()
    page.goto("/accounts/login/")
    page.get_by_label("账号").fill(login)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="登录").click()
    shown = page.locator("[data-demo-code]")
    if shown.count():
        page.get_by_label("动态码").fill(shown.inner_text())
        page.get_by_role("button", name="确认登录").click()
    assert page.get_by_role("button", name="退出").count(), page.locator("main").inner_text()
    state = context.storage_state()
    context.close()
    return state
