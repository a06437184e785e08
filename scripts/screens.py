"""Take the README's pictures of the five desks from a running demo.

Starts a demo of its own in a throw-away folder, walks some cases through the API and looks at
the pages in Chromium. Writes docs/screens/*.png.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from playwright.sync_api import Browser, Page, sync_playwright  # noqa: E402
from tests.chromium import fill_sign_in  # noqa: E402
from tests.faults.district import District, fresh_home, running  # noqa: E402
from tests.faults.test_kill import answer_to, command, questions  # noqa: E402

SCREENS = ROOT / "docs" / "screens"
ITEM = "senior-card"
CASES = 14
WIDE = {"width": 1280, "height": 860}
PHONE = {"width": 390, "height": 844}


class Caller:
    """Calls of three posts on the API."""

    def __init__(self, district: District) -> None:
        self.district = district
        self.tokens = {
            login: command(district, "users", "token", login, "--purpose", "截图").stdout.strip()
            for login in ("clerk", "reviewer", "approver")
        }

    def __call__(self, who: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """Post `body`, or get where there is none."""
        request = urllib.request.Request(
            f"{self.district.address}/api/v1{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Authorization": f"Bearer {self.tokens[who]}",
                "Content-Type": "application/json",
                "Idempotency-Key": f"screen-{path}-{body and body.get('applicant')}"[:80],
            },
        )
        try:
            with urllib.request.urlopen(request) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            raise SystemExit(f"{path}: {error.read().decode()}") from error


def walk(call: Caller) -> str:
    """Bring cases into every stage; return the verification address of one licence."""
    item = call("clerk", f"/items/{ITEM}")
    answers = {
        one["id"]: False if one["kind"] == "yes_no" else answer_to(one)
        for one in questions(item)
        if not one.get("when") and not one.get("optional")
    }
    with call.district.connect() as connection:
        persons = [
            f"person:{row[0].hex}"
            for row in connection.execute(
                "SELECT id FROM registers_person WHERE born_on < '1955-01-01' "
                "AND hukou_division LIKE '310%%' ORDER BY number_index LIMIT %s",
                [CASES],
            )
        ]
    for index, person in enumerate(persons):
        case = call("clerk", "/cases", {"item": ITEM, "applicant": person, "answers": answers})
        path = f"/cases/{case['number']}"
        steps = (
            ("clerk", "acceptance", {}),
            ("reviewer", "opinion", {"outcome": "grant", "opinion": "年龄和户籍经核验符合条件。"}),
            ("approver", "decision", {"outcome": "grant"}),
        )
        for who, name, body in steps[: index % (len(steps) + 1)]:
            case = call(who, f"{path}/{name}", body | {"version": case["version"]})
    with call.district.connect() as connection:
        row = connection.execute(
            "SELECT token FROM licences_licence WHERE case_number <> '' ORDER BY id LIMIT 1"
        ).fetchone()
    assert row is not None
    return f"/v/{row[0]}"


def shoot(browser: Browser, district: District, verify: str) -> None:
    """Open the five pages as the people they are for."""

    def page(login: str, size: dict[str, int]) -> Page:
        context = browser.new_context(base_url=district.address, viewport=size)  # type: ignore[arg-type]
        opened = context.new_page()
        if login:
            opened.goto("/accounts/login/")
            fill_sign_in(opened, login)
        return opened

    def save(opened: Page, name: str) -> None:
        opened.wait_for_load_state("networkidle")
        opened.screenshot(path=SCREENS / f"{name}.png")

    citizen = page("", PHONE)
    citizen.goto("/items/food-business/")
    save(citizen, "citizen")
    clerk = page("clerk", WIDE)
    clerk.goto("/counter/")
    clerk.get_by_label("身份证号、统一社会信用代码或单位名称").fill("310114194910010027")
    clerk.get_by_role("button", name="查找申请人").click()
    clerk.get_by_role("link", name="敬老卡申领、发放").click()
    save(clerk, "counter")
    reviewer = page("reviewer", WIDE)
    reviewer.goto("/desk/")
    save(reviewer, "desk")
    anybody = page("", WIDE)
    anybody.goto(verify)
    save(anybody, "verify")
    supervisor = page("supervisor", WIDE)
    supervisor.goto("/desk/subjects/")
    save(supervisor, "subjects")


def main() -> None:
    """Make all pictures."""
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if not chromium:
        raise SystemExit(
            "需要 Chromium，请运行：sudo apt-get install --yes chromium fonts-noto-cjk"
        )
    SCREENS.mkdir(parents=True, exist_ok=True)
    with fresh_home() as home:
        environment = os.environ | {"YIWANG_HOME": str(home), "PYTHONPATH": str(ROOT / "src")}
        build = [sys.executable, "-m", "yiwang.config.build", "--quiet"]
        subprocess.run(build, cwd=ROOT, env=environment, check=True)
        with running(home, enterprises=500) as district, sync_playwright() as playwright:
            verify = walk(Caller(district))
            browser = playwright.chromium.launch(
                executable_path=chromium,
                args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
            )
            shoot(browser, district, verify)
            browser.close()
    for picture in sorted(SCREENS.glob("*.png")):
        print(f"{picture.relative_to(ROOT)}  {picture.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main()
