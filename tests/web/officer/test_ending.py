"""Pages about the end of what was granted: proposal, views, decision by another."""

from __future__ import annotations

import datetime as dt
import re

import pytest

from tests.factories import cases
from tests.factories.desk import signed_in
from tests.web.officer.test_pages import words
from yiwang.cases import services
from yiwang.cases.models import EndProposal
from yiwang.cases.policy.states import CaseState
from yiwang.cases.policy.terms import DeliveryChannel
from yiwang.cases.queries import CaseView
from yiwang.web.views import Page

pytestmark = pytest.mark.usefixtures("desk")

FACTS = {"ground": "fraud", "facts": "平面图系伪造", "evidence": "鉴定意见"}


@pytest.fixture
def closed() -> CaseView:
    return services.deliver_case(
        number=cases.decided().number,
        channel=DeliveryChannel.PRINT,
        by=cases.CLERK,
        at=cases.FRIDAY,
    )


def page(login, case, name, **sent):
    path = f"/desk/cases/{case.number}/{name}"
    client = signed_in(login)
    if not sent:
        return client.get(path)
    return client.post(path, {"version": cases.page(case.number).case.version, **sent})


def test_a_revocation_goes_through_its_pages_with_two_people(closed, monkeypatch):
    assert "提出撤销、撤回、注销" in words(page("reviewer", closed, ""))
    asked = page("reviewer", closed, "end/propose/").content.decode()
    assert re.search(r'<option value=""[^>]*>请选择</option>', asked)
    none = page("reviewer", closed, "end/propose/", **(FACTS | {"ground": ""}))
    assert (none.status_code, "请选择法定事由" in words(none)) == (422, True)
    first = page("reviewer", closed, "end/propose/", **FACTS)
    assert "确认提出撤销" in words(first)
    assert "5 个工作日内陈述和申辩" in words(first)
    assert not EndProposal.objects.exists()
    assert page("reviewer", closed, "end/propose/", confirmed="1", **FACTS).status_code == 302

    assert "2026-03-13 前" in words(signed_in("approver").get("/desk/endings/"))
    early = page(
        "approver",
        closed,
        "end/decide/",
        outcome="ended",
        reason="属实",
        public_interest="无损害",
        confirmed="1",
    )
    assert early.status_code == 422
    assert "可以陈述和申辩" in words(early)
    said = page("clerk", closed, "views/", text="不是我画的")
    assert said.status_code == 302
    assert "不是我画的" in words(page("reviewer", closed, "end/"))

    monkeypatch.setattr(Page, "at", cases.FRIDAY + dt.timedelta(days=1))
    sent = {"outcome": "ended", "reason": "属实", "public_interest": "无损害"}
    asked = words(page("approver", closed, "end/decide/", **sent))
    assert "不是我画的" in asked
    assert "监管部门随即得知" in asked
    assert "自收到决定之日起 60 日内向" in asked
    assert page("approver", closed, "end/decide/", confirmed="1", **sent).status_code == 302

    assert cases.page(closed.number).case.state is CaseState.REVOKED
    assert "已撤销" in words(page("head", closed, ""))


def test_who_proposed_is_told_to_leave_the_decision(closed):
    page("both", closed, "end/propose/", confirmed="1", **FACTS)

    assert "不能由同一人决定" in words(page("both", closed, "end/decide/"))
    answer = page(
        "both",
        closed,
        "end/decide/",
        outcome="not_proven",
        reason="不属实",
        confirmed="1",
    )
    assert answer.status_code == 422
    assert "由您提出" in words(answer)


def test_what_is_missing_is_named_at_its_field(closed):
    answer = page("reviewer", closed, "end/propose/", ground="law_changed", facts="x", evidence="y")
    assert answer.status_code == 422
    assert "请填写补偿安排" in words(answer)
    answer = page("reviewer", closed, "end/propose/", ground="mood")
    assert "请选择法定事由" in words(answer)
    assert "请列出证据" in words(answer)

    page("reviewer", closed, "end/propose/", confirmed="1", **FACTS)
    answer = page("approver", closed, "end/decide/", outcome="ended", reason="属实")
    assert "请写明撤销是否可能对公共利益造成重大损害" in words(answer)
    answer = page("approver", closed, "end/decide/", outcome="discretion", reason="算了")
    assert "请选择决定" in words(answer)


def test_pages_without_a_proposal_say_so(closed):
    assert "没有等待决定的提议" in words(signed_in("approver").get("/desk/endings/"))
    answer = signed_in("approver").get(f"/desk/endings/?after={'9' * 5000}")
    assert "请从列表第一页重新打开" in words(answer)
    assert "没有待决定的提议" in words(page("approver", closed, "end/decide/"))
    assert "没有等待陈述申辩的提议" in words(page("clerk", closed, "views/"))
    assert page("head", closed, "end/").status_code == 404
    assert "只有已办结并且准予的办件" in words(page("reviewer", cases.decided(), "end/propose/"))
