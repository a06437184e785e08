"""What a department's own system does not take, its head sends again or has handled here."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.chromium import PHONE, Visit
from tests.journeys import acts, handling
from tests.journeys.handling import DESK, Staff

FIRM = "上海样例大药房有限公司"


class Elsewhere(ThreadingHTTPServer):
    """A department's system that answers what it is told to answer."""

    status = 422
    arrived = 0


class Door(BaseHTTPRequestHandler):
    server: Elsewhere

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        said = "没有这个事项".encode() if self.server.status != 200 else b""
        self.server.arrived += self.server.status == 200
        self.send_response(self.server.status)
        self.send_header("content-length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *words: object) -> None:
        return


@pytest.fixture
def elsewhere(staff: Staff, tmp_path: Path) -> Iterator[Elsewhere]:
    """Connect a system for food licences, for the length of one journey."""
    server = Elsewhere(("127.0.0.1", 0), Door)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    code = f"food-{tmp_path.name[-8:].replace('_', '-').strip('-').lower()}-{server.server_port}"
    address = f"--address=http://127.0.0.1:{server.server_port}/cases"
    where = ("--department=market", "--item=food-business", "--name=食品许可业务系统")
    staff.run("gateway", "register", code, address, *where, YIWANG_DEMO="1")
    staff.run("gateway", "keys", code, f"--to={tmp_path / 'keys.json'}")
    yield server
    staff.run("gateway", "switch", code, "off", "--reason=演练结束")
    server.shutdown()
    server.server_close()


def dead_letter(head: Page, number: str) -> None:
    """Wait for the message on the head's page and open it."""
    row = head.locator("main tbody tr").filter(has_text=number)
    deadline = time.monotonic() + handling.EVENT_SECONDS * 2
    head.goto("/desk/gateway/")
    while row.count() != 1:
        assert time.monotonic() < deadline, "no dead letter"
        time.sleep(1)
        head.goto("/desk/gateway/")
    expect(row).to_contain_text("对方系统应答422：没有这个事项")
    row.get_by_role("link", name="处理").click()


@pytest.mark.req("CASE-03")
def test_the_head_sends_a_case_again_and_has_another_one_handled_here(
    visit: Visit, staff: Staff, elsewhere: Elsewhere, tmp_path: Path
):
    applicant = visit(login="pharmacy")
    plan = acts.sheet(tmp_path)
    number = handling.apply(applicant, FIRM, plan)
    reviewer = visit(login="reviewer", size=DESK)
    handling.accept(reviewer, number)

    head = visit(login="head", size=DESK)
    dead_letter(head, number)
    assert acts.summary(head, "送过几次") == "1"
    elsewhere.status = 200
    acts.follow(head, "重新送出")
    acts.press(head, "重新送出")
    expect(head.get_by_role("status")).to_contain_text("已重新排队")
    deadline = time.monotonic() + handling.EVENT_SECONDS
    while not elsewhere.arrived:
        assert time.monotonic() < deadline, "not sent again"
        time.sleep(0.5)

    elsewhere.status = 422
    other = handling.apply(applicant, FIRM, plan)
    handling.accept(reviewer, other)
    phone = visit(login="head", size=PHONE)
    dead_letter(phone, other)
    acts.press(phone, "放弃，改由平台办理")
    expect(phone.locator("[data-error-summary]")).to_contain_text("请填写放弃的理由")
    phone.get_by_label("放弃的理由").fill("对方系统停用，由本部门在平台办理")
    acts.press(phone, "放弃，改由平台办理")
    expect(phone.get_by_role("status")).to_contain_text("改由平台办理")
    handling.propose(reviewer, other)
