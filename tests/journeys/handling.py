"""What officials do with a case, and quick ways to get one."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re
import secrets
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.faults.district import ROOT
from tests.journeys import acts

FIRST_PASSWORD = "First-of-all-2026"
OWN_PASSWORD = "My-very-own-2026"
EVENT_SECONDS = 60
"""How long an event may take on a busy machine."""

DESK = {"width": 1440, "height": 900}


@dataclass(frozen=True)
class Staff:
    """The district's accounts, from the terminal of whoever runs it."""

    home: Path
    clock: Path

    def run(
        self, *words: str, check: bool = True, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        """Type `yiwang …` beside the district."""
        path = os.pathsep.join([str(ROOT / "src"), str(ROOT / "tests" / "clock")])
        kept = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("YIWANG_", "DATABASE_", "DJANGO_", "PYTEST_"))
        }
        return subprocess.run(
            [sys.executable, "-m", "yiwang.config.main", *words],
            cwd=ROOT,
            env=kept
            | {"YIWANG_HOME": str(self.home), "PYTHONPATH": path, "TEST_CLOCK": str(self.clock)}
            | variables,
            text=True,
            capture_output=True,
            check=check,
        )

    def create(self, department: str, *posts: str) -> str:
        """Make an account with posts in one department; return its login."""
        login = f"staff-{secrets.token_hex(4)}"
        first = ("--post", posts[0], "--department", department, "--password", FIRST_PASSWORD)
        self.run("users", "create", login, "--name", f"{department}工作人员", *first)
        for post in posts[1:]:
            self.run("users", "grant", login, department, post)
        return login

    def code(self, secret: str) -> str:
        """Return what the phone shows for the secret of its second step."""
        ahead = sum(map(float, self.clock.read_text().split()))
        moment = int((time.time() + ahead) // 30)
        key = base64.b32decode(secret + "=" * (-len(secret) % 8))
        digest = hmac.new(key, moment.to_bytes(8, "big"), hashlib.sha1).digest()
        place = digest[-1] & 15
        number = int.from_bytes(digest[place : place + 4], "big") & 0x7FFFFFFF
        return f"{number % 1_000_000:06d}"

    def first_sign_in(self, page: Page, login: str) -> None:
        """Sign in for the first time: bind a phone, choose a password of one's own."""
        page.goto("/accounts/login/")
        page.get_by_label("账号").fill(login)
        page.get_by_label("密码").fill(FIRST_PASSWORD)
        page.get_by_role("main").get_by_role("button", name="登录").click()
        acts.heading(page, "绑定手机")
        secret = page.locator("code").inner_text().replace(" ", "")
        page.get_by_label("动态码").fill(self.code(secret))
        acts.press(page, "绑定并登录")
        acts.heading(page, "更改密码")
        page.get_by_label("原密码").fill(FIRST_PASSWORD)
        page.get_by_label("新密码", exact=True).fill(OWN_PASSWORD)
        page.get_by_label("再次输入新密码").fill(OWN_PASSWORD)
        acts.press(page, "更改密码")
        expect(page.get_by_role("heading", level=1)).not_to_contain_text("更改密码")


def ready_draft(page: Page, firm: str, plan: Path, *, rules: bool = True) -> str:
    """Fill an application for the food licence by forms only; return the address of its draft.

    Without `rules` the paper that may come later is left out.
    """
    page.goto("/items/food-business/apply/")
    ref = page.get_by_label(firm).get_attribute("value") or ""
    begun = acts.post(
        page,
        page.url,
        status=200,
        applicant=ref,
        business_type="catering",
        hot_food="yes",
        raw_food="no",
        online_sales="no",
    )
    draft: str = begun.url
    topics = {
        "premises": {"area_m2": "86", "kitchen_area_m2": "30", "seats": "40"},
        "people": {"manager_name": "钱示例", "manager_training": "yes", "staff_count": "6"},
        "scope": {"catering_scope": "hot"},
    }
    for topic, answers in topics.items():
        acts.post(page, f"{draft}section/{topic}/", status=200, **answers)
    file = {"name": plan.name, "mimeType": "application/pdf", "buffer": plan.read_bytes()}
    for material in ("layout_plan", "safety_rules") if rules else ("layout_plan",):
        acts.post(page, f"{draft}materials/", status=200, material=material, file=file)
    return draft


def apply(page: Page, firm: str, plan: Path, *, rules: bool = True) -> str:
    """Apply for the food licence by forms only and return the case number."""
    draft = ready_draft(page, firm, plan, rules=rules)
    done = acts.post(page, f"{draft}check/", status=200, promise="on", tolerance="on")
    found = re.search(r"/cases/([^/]+)/receipt/", done.url)
    assert found, done.url
    return found[1]


def addresses(page: Page, box: str) -> list[str]:
    """Return where the links of one box of the page lead."""
    section = page.locator("section", has=page.get_by_role("heading", name=box, exact=True))
    return [link.get_attribute("href") or "" for link in section.get_by_role("link").all()]


def open_case(page: Page, number: str) -> None:
    """Find a case from the desk by its number."""
    page.goto("/desk/?tab=mine")
    page.goto(f"/desk/cases/{number}/")
    expect(page.get_by_role("main")).to_contain_text(number)


def accept(page: Page, number: str) -> None:
    """Look through the papers and accept."""
    page.goto(f"/desk/cases/{number}/accept/")
    page.get_by_label("以上材料已逐项核对，齐全并符合法定形式").check()
    acts.press(page, "受理")
    expect(page.get_by_role("status")).to_contain_text("已受理")


def propose(page: Page, number: str, *, opinion: str = "符合条件，建议准予。") -> None:
    """Review and propose to grant."""
    page.goto(f"/desk/cases/{number}/review/")
    page.get_by_label("建议准予").check()
    page.get_by_label("审查意见", exact=True).fill(opinion)
    acts.press(page, "提交审查意见")
    expect(page.get_by_role("status")).to_contain_text("审查意见已提交")


def decide_to_grant(page: Page, number: str) -> None:
    """Decide to grant, after a second look."""
    page.goto(f"/desk/cases/{number}/decide/")
    page.get_by_label("准予", exact=True).check()
    acts.press(page, "核对决定书")
    acts.heading(page, "确认准予")
    acts.press(page, "准予并颁发")


def grant(page: Page, number: str) -> None:
    """Decide to grant, and see that it is done."""
    decide_to_grant(page, number)
    expect(page.get_by_role("status")).to_contain_text("已准予")


def grant_all(visit, number: str) -> None:
    """Take a case from receipt to its licence, by the people whose work that is."""
    reviewer = visit(login="reviewer", size=DESK)
    accept(reviewer, number)
    propose(reviewer, number)
    grant(visit(login="approver", size=DESK), number)


def supervised(page: Page, number: str) -> Locator:
    """Return the line of the list of supervised subjects that came of a case.

    The worker delivers the event, so the list is asked until the line is there.
    """
    row = page.locator("main tbody tr").filter(has_text=number)

    def listed() -> bool:
        page.goto(f"/desk/subjects/?text={number}")
        return row.count() == 1

    deadline = time.monotonic() + EVENT_SECONDS
    while not listed():
        assert time.monotonic() < deadline, f"not listed after {EVENT_SECONDS} s"
    return row


def version_of(page: Page, number: str) -> str:
    """Return the version of the row that the page of the decision shows."""
    page.goto(f"/desk/cases/{number}/decide/")
    return page.locator("input[name=version]").input_value()


def letters(page: Page) -> list[tuple[str, bytes]]:
    """Return title and file of every letter on the applicant's page of a case."""
    box = page.locator("section", has=page.get_by_role("heading", name="文书"))
    found = []
    for link in box.get_by_role("link").all():
        answer = page.request.get(link.get_attribute("href") or "")
        assert answer.ok, answer.status
        found.append((link.inner_text().removesuffix("（PDF）"), answer.body()))
    return found


def licence_file(page: Page) -> bytes:
    """Open the licence from the applicant's page of its case and download it."""
    box = page.locator("section", has=page.get_by_role("heading", name="办理结果"))
    box.get_by_role("link").click()
    return acts.download(page, "下载证照（PDF）")
