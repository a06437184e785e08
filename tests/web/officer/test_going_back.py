"""Ask for a correction on the spot; check on the spot; send a proposal back."""

from __future__ import annotations

from typing import Any

import pytest

from tests.factories import cases
from tests.factories.desk import signed_in
from tests.web.officer.test_pages import words
from yiwang.cases import services
from yiwang.cases.models import Message, SentBack
from yiwang.cases.policy.terms import Outcome

pytestmark = pytest.mark.usefixtures("desk")


def send(login: str, number: str, page: str, **sent: Any) -> Any:
    version = cases.page(number).case.version
    return signed_in(login).post(f"/desk/cases/{number}/{page}/", {"version": version, **sent})


def test_the_decider_sends_a_proposal_back_and_the_reviewer_finds_it_first():
    number = cases.reviewed().number
    assert "退回复审" in words(signed_in("approver").get(f"/desk/cases/{number}/decide/"))

    before = words(signed_in("approver").get(f"/desk/cases/{number}/send-back/"))
    assert "建议准予 · 李审查" in before
    assert "符合条件" in before
    empty = send("approver", number, "send-back", reason="")
    assert (empty.status_code, "请填写退回的理由" in words(empty)) == (422, True)
    assert not SentBack.objects.exists()
    assert send("approver", number, "send-back", reason="照片看不清").status_code == 302

    page = words(signed_in("reviewer").get(f"/desk/cases/{number}/review/"))
    for part in ("审批人员退回复审", "照片看不清", "符合条件"):
        assert part in page
    assert "退回复审" in words(signed_in("reviewer").get("/desk/?tab=mine"))
    assert "照片看不清" in words(signed_in("reviewer").get(f"/desk/cases/{number}/"))
    again = send("reviewer", number, "review", outcome="grant", opinion="已补照片")
    assert again.status_code == 302
    assert "已补照片" in words(signed_in("approver").get(f"/desk/cases/{number}/decide/"))


def test_whoever_proposed_before_is_told_on_the_page_of_the_decision_why_they_do_not_decide():
    number = cases.accepted().number
    said = {"number": number, "outcome": Outcome.GRANT, "opinion": "符合", "at": cases.FRIDAY}
    services.propose(**said, by=cases.BOTH)
    services.send_back(number=number, reason="照片看不清", by=cases.APPROVER, at=cases.FRIDAY)
    services.assign_case(number=number, to="user:reviewer2", by=cases.HEAD, at=cases.FRIDAY)
    services.propose(**said, by=cases.SECOND_REVIEWER)
    code = cases.page(number).case.query_code

    page = words(signed_in("both").get(f"/desk/cases/{number}/decide/"))

    assert "您审查过本办件，审查和决定不能由同一人作出" in page
    assert "核对决定书" not in page
    assert code not in words(signed_in("both").get("/desk/?tab=mine"))
    assert code in words(signed_in("approver").get("/desk/?tab=mine"))


def test_the_clerk_asks_the_applicant_to_put_it_right():
    number = cases.receive().number

    assert send("clerk", number, "on-spot", what="").status_code == 422
    assert send("clerk", number, "on-spot", what="门牌号有误").status_code == 302

    assert "门牌号有误" in Message.objects.filter(to_ref=cases.FIRM_REF).latest("id").body
    assert "门牌号有误" in words(signed_in("clerk").get(f"/counter/cases/{number}/on-spot/"))


def test_the_check_that_the_item_asks_for_is_the_next_thing_due():
    definition = cases.without_materials(
        slug="watched", site_check={"basis": "行政许可法 第三十四条第三款"}
    )
    definition["handling_code"] = "11310114XXXX01011H431013100100003"
    cases.publish(definition)
    number = cases.reviewing(item_slug="watched").number

    for page in ("", "review/"):
        shown = words(signed_in("reviewer").get(f"/desk/cases/{number}/{page}"))
        assert "下一步：现场核查" in shown
        assert "记录现场核查" in shown
    early = send("reviewer", number, "review", outcome="grant", opinion="符合")
    assert (early.status_code, "必须由两名以上工作人员现场核查" in words(early)) == (422, True)
    services.record_site_check(
        number=number,
        second_officer="user:reviewer2",
        checked_on=cases.FRIDAY.date(),
        place="示例路11号",
        found="符合",
        by=cases.REVIEWER,
        at=cases.FRIDAY,
    )
    done = words(signed_in("reviewer").get(f"/desk/cases/{number}/review/"))
    assert "下一步：现场核查" not in done
    assert send("reviewer", number, "review", outcome="grant", opinion="符合").status_code == 302
