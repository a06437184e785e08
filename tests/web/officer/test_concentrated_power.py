"""One seal for approval (一枚印章管审批): from its day on another department decides."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.factories import cases
from tests.factories import desk as office
from tests.factories.desk import signed_in
from tests.web.officer.test_pages import words
from yiwang.cases.models import Case, CaseDocument
from yiwang.cases.policy.states import CaseState
from yiwang.documents.sealing import verify_pdf
from yiwang.kernel import events
from yiwang.organisations import services
from yiwang.organisations.permissions import Post
from yiwang.web.views import Page

pytestmark = pytest.mark.usefixtures("desk")

MONDAY = cases.FRIDAY + dt.timedelta(days=3)


@pytest.fixture
def seal(desk: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """An approval department that decides the items of the market bureau from Monday on."""
    cases.department("seal", "行政审批局")
    for login, name, post in (
        ("sealreviewer", "石审查", Post.REVIEWER),
        ("sealapprover", "石审批", Post.APPROVER),
    ):
        monkeypatch.setitem(office.STAFF, login, (name, [("seal", post)]))
        office.hire(login)
    services.concentrate_power(
        department="market",
        deciding="seal",
        basis="相对集中行政许可权改革试点方案",
        valid_from=MONDAY.date(),
        by=office.SECURITY,
        at=cases.FRIDAY,
    )


def send(login, number, page, **sent):
    version = Case.objects.get(number=number).version
    return signed_in(login).post(f"/desk/cases/{number}/{page}/", {"version": version, **sent})


def decided_by(reviewer: str, approver: str, number: str) -> None:
    """Walk a case to its grant through the pages."""
    assert send("clerk", number, "accept", checked="on").status_code == 302
    answer = send(reviewer, number, "review", outcome="grant", opinion="符合条件")
    assert answer.status_code == 302, words(answer)
    answer = send(approver, number, "decide", outcome="grant", confirmed="1")
    assert answer.status_code == 302, words(answer)
    assert Case.objects.get(number=number).state == CaseState.APPROVED


@pytest.mark.req("CASE-06")
@pytest.mark.usefixtures("seal")
def test_from_its_day_on_the_approval_department_decides_and_seals(monkeypatch):
    before = cases.receive().number
    monkeypatch.setattr(Page, "at", MONDAY)
    after = cases.receive(at=MONDAY).number

    decided_by("sealreviewer", "sealapprover", after)
    decided_by("reviewer", "approver", before)

    for number, code, name in (
        (after, "seal", "行政审批局"),
        (before, "market", "市场监管局"),
    ):
        rows = CaseDocument.objects.filter(case__number=number)
        assert rows.count() == 5
        for row in rows:
            assert row.seal_department == code, row.title
            assert row.number.startswith(name)
            assert ["办理机关", f"示例区{name}"] in row.body["facts"]
        reader = signed_in("sealapprover" if code == "seal" else "approver")
        grant = rows.get(kind="grant_decision")
        letter = reader.get(f"/desk/cases/{number}/letters/{grant.pk}/")
        assert verify_pdf(letter.content).signer == f"示例区{name}"


@pytest.mark.req("CASE-06")
@pytest.mark.usefixtures("seal")
def test_the_old_department_decides_no_more_and_keeps_supervision(monkeypatch):
    monkeypatch.setattr(Page, "at", MONDAY)
    monkeypatch.setattr(events, "_transport", [events.deliver])
    number = cases.receive(at=MONDAY).number
    assert send("clerk", number, "accept", checked="on").status_code == 302

    for login, page, sent in (
        ("reviewer", "review", {"outcome": "grant", "opinion": "符合"}),
        ("head", "assign", {"to": "user:reviewer"}),
        ("approver", "decide", {"outcome": "grant", "confirmed": "1"}),
    ):
        answer = send(login, number, page, **sent)
        assert answer.status_code in {403, 422}, (login, answer.status_code)
    assert Case.objects.get(number=number).state == CaseState.ACCEPTED
    assert number not in signed_in("reviewer").get("/desk/?tab=reviewing").content.decode()

    send("sealreviewer", number, "review", outcome="grant", opinion="符合条件")
    send("sealapprover", number, "decide", outcome="grant", confirmed="1")

    file = words(signed_in("head").get(f"/desk/cases/{number}/"))
    assert "行政审批局" in file
    assert "上海示例餐饮管理有限公司" in words(signed_in("supervisor").get("/desk/subjects/"))


@pytest.mark.usefixtures("seal")
def test_a_case_begun_before_stays_out_of_the_sight_of_the_approval_department(monkeypatch):
    number = cases.accepted().number
    monkeypatch.setattr(Page, "at", MONDAY)

    answer = signed_in("sealapprover").get(f"/desk/cases/{number}/")

    assert answer.status_code == 404
    assert send("sealreviewer", number, "review", outcome="grant", opinion="x").status_code == 404
