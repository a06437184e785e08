"""一审一核: two persons at most, never the same; steps as the version of the case has them."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.factories import cases, desk
from tests.factories.desk import signed_in
from tests.web.officer.test_pages import words
from yiwang.cases.models import Case, CaseDocument, CaseEvent
from yiwang.cases.policy.states import CaseState
from yiwang.organisations import services
from yiwang.organisations.permissions import Post
from yiwang.web.views import Page

pytestmark = pytest.mark.usefixtures("desk")

MONDAY = cases.FRIDAY + dt.timedelta(days=3)


def send(login, number, page, **sent):
    version = Case.objects.get(number=number).version
    return signed_in(login).post(f"/desk/cases/{number}/{page}/", {"version": version, **sent})


def state(number: str) -> CaseState:
    return CaseState(Case.objects.get(number=number).state)


@pytest.mark.req("CASE-02")
def test_a_case_keeps_the_steps_of_its_version_when_a_new_one_has_others(monkeypatch):
    old = cases.accepted().number
    cases.publish(
        cases.without_materials(
            effective_on=dt.date(2026, 3, 9),
            special_steps=[{"name": "水质检测", "workdays": 8, "basis": "食品安全法 第八十四条"}],
            flow=[
                {"role": "accept", "name": "受理", "workdays": 1, "text": "受理"},
                {"role": "review", "name": "联合审查", "workdays": 2, "text": "审查"},
                {"role": "decide", "name": "决定", "workdays": 1, "text": "决定"},
                {"role": "decide", "name": "制作文书", "workdays": 0, "text": "文书"},
                {"role": "deliver", "name": "送达", "workdays": 0, "text": "送达"},
            ],
        )
    )
    monkeypatch.setattr(Page, "at", MONDAY)
    new = cases.receive(at=MONDAY).number
    assert send("clerk", new, "accept", checked="on").status_code == 302
    reviewer = signed_in("reviewer")

    pages = {
        number: words(reviewer.get(f"/desk/cases/{number}/"))
        + words(reviewer.get(f"/desk/cases/{number}/special/"))
        for number in (old, new)
    }

    for named in ("联合审查", "水质检测"):
        assert named not in pages[old]
        assert named in pages[new]
    assert "制证" in pages[old]
    assert "制证" not in pages[new]
    for number, version in ((old, 1), (new, 2)):
        send("reviewer", number, "review", outcome="grant", opinion="符合条件")
        assert send("approver", number, "decide", outcome="grant", confirmed="1").status_code == 302
        form = CaseDocument.objects.get(case__number=number, kind="approval_form")
        assert ["事项版本", f"第{version}版"] in form.body["facts"]


@pytest.mark.req("CASE-01")
def test_two_persons_decide_at_most_whoever_is_away_or_holds_two_posts():
    number = cases.accepted().number
    send("head", number, "assign", to="user:both")
    send("both", number, "review", outcome="grant", opinion="符合条件")
    assert state(number) is CaseState.DECISION_PENDING

    given_back = send("head", number, "assign", to="user:both")
    assert given_back.status_code == 422
    itself = send("both", number, "decide", outcome="grant", confirmed="1")
    assert "您审查过本办件" in words(itself)
    second = send("reviewer2", number, "review", outcome="grant", opinion="再审一遍")
    assert second.status_code in {403, 422}
    assert state(number) is CaseState.DECISION_PENDING

    assert send("approver", number, "decide", outcome="grant", confirmed="1").status_code == 302
    steps = CaseEvent.objects.filter(case__number=number, step__in=["propose", "grant", "refuse"])
    assert list(steps.order_by("id").values_list("step", "actor")) == [
        ("propose", "user:both"),
        ("grant", "user:approver"),
    ]
    assert send("both", number, "decide", outcome="refuse", confirmed="1").status_code in {403, 422}


@pytest.mark.req("CASE-01")
def test_a_deputy_of_the_approver_decides_but_not_on_their_own_review():
    services.delegate(
        login="approver",
        department="market",
        post=Post.APPROVER,
        deputy="reviewer",
        valid_from=cases.FRIDAY.date(),
        valid_until=cases.FRIDAY.date() + dt.timedelta(days=5),
        reason="出差",
        by=desk.SECURITY,
        at=cases.FRIDAY,
    )
    own, other = cases.accepted().number, cases.accepted().number
    send("reviewer", own, "review", outcome="grant", opinion="符合条件")
    send("reviewer2", other, "review", outcome="grant", opinion="符合条件")

    refused = send("reviewer", own, "decide", outcome="grant", confirmed="1")
    allowed = send("reviewer", other, "decide", outcome="grant", confirmed="1")

    assert refused.status_code == 422
    assert "您审查过本办件" in words(refused)
    assert state(own) is CaseState.DECISION_PENDING
    assert allowed.status_code == 302
    form = CaseDocument.objects.get(case__number=other, kind="approval_form").body["paragraphs"]
    assert any(line.startswith("审查人：王审查") for line in form)
    assert any(line.startswith("核准人：李审查") for line in form)


@pytest.mark.req("CASE-02")
def test_departments_answer_at_the_same_time_and_the_review_waits_for_all(monkeypatch):
    cases.department("health", "卫生健康委")
    monkeypatch.setitem(desk.STAFF, "health", ("蒋卫生", [("health", Post.REVIEWER)]))
    desk.hire("health")
    number = cases.reviewing().number
    asked = send(
        "reviewer",
        number,
        "departments",
        departments=["housing", "health"],
        question="是否同意",
        workdays="5",
    )
    assert asked.status_code == 302

    send("health", number, "department-opinion", answer="agree", opinion="符合卫生要求")
    early = send("reviewer", number, "review", outcome="grant", opinion="符合条件")

    assert early.status_code == 422
    assert "符合条件" in words(early)
    assert state(number) is CaseState.REVIEWING
    assert "是否同意" in words(signed_in("stranger").get("/desk/inquiries/"))
    send("stranger", number, "department-opinion", answer="agree", opinion="不是违建")
    assert send("reviewer", number, "review", outcome="grant", opinion="都同意").status_code == 302
    paper = CaseDocument.objects.get(case__number=number, kind="review_opinion").body["paragraphs"]
    text = "\n".join(paper)
    assert "示例区卫生健康委（是否同意）：同意。符合卫生要求（蒋卫生" in text
    assert "示例区建设局（是否同意）：同意。不是违建（吴外人" in text
