"""Pages of special procedures, hearings, extensions, opinions and missed clocks."""

from __future__ import annotations

import re

import pytest

from tests.factories import cases, steps
from tests.factories.desk import signed_in
from tests.web.officer.test_pages import words
from yiwang.cases import services
from yiwang.cases.models import DepartmentInquiry, Extension
from yiwang.cases.policy.states import CaseState
from yiwang.organisations.permissions import Actor

pytestmark = pytest.mark.usefixtures("desk")

NOTICE = {"kind": "testing", "workdays": "5", "reason": "须检测水质", "channel": "in_app"}


def send(login, case, page, **sent):
    return signed_in(login).post(
        f"/desk/cases/{case.number}/{page}/", {"version": case.version, **sent}
    )


TESTED = {
    "special_steps": [{"name": "水质检测", "workdays": 8, "basis": "食品安全法 第八十四条"}],
    "slug": "tested",
    **steps.coded(41),
}
SENT = {"kind": "testing", "sent_on": f"{cases.FRIDAY.date()}", "officers": "李检测\r\n周检测"}


def test_who_was_sent_to_test_is_written_down_and_shown_on_the_case():
    cases.publish(cases.without_materials(**TESTED))
    case = cases.reviewing(item_slug="tested")
    file = words(signed_in("reviewer").get(f"/desk/cases/{case.number}/"))
    assert "登记指派的检验检测人员" in file

    for wrong, sentence in (
        ({"officers": "李检测"}, "须指派两名以上工作人员"),
        ({"officers": ""}, "请填写指派的人员。"),
        ({"kind": "hearing"}, "用途"),
        ({"sent_on": "2036-01-01"}, "指派日期须在受理之后"),
    ):
        refused = send("reviewer", case, "officers-sent", **(SENT | wrong))
        assert refused.status_code == 422
        assert sentence in words(refused)

    answer = send("reviewer", case, "officers-sent", **SENT)
    assert answer.status_code == 302
    shown = words(signed_in("reviewer").get(f"/desk/cases/{case.number}/"))
    assert "2026-03-06 检测 · 李检测、周检测" in shown
    assert signed_in("clerk").get(f"/desk/cases/{case.number}/officers-sent/").status_code == 403
    ordinary = cases.reviewing()
    page = words(signed_in("reviewer").get(f"/desk/cases/{ordinary.number}/"))
    assert "登记指派的检验检测人员" not in page


def view(number):
    return cases.page(number).case


def test_a_stop_is_shown_whole_before_the_notice_is_sent():
    case = cases.reviewing()

    file = signed_in("reviewer").get(f"/desk/cases/{case.number}/").content.decode()
    assert '<details class="yw-box yw-noprint">' in file

    shown = send("reviewer", case, "special", **NOTICE)

    assert shown.status_code == 200
    for part in ("确认启动特别程序", "检测", "须检测水质", "办理期限自今日起停止计算"):
        assert part in words(shown)
    assert view(case.number).state is CaseState.REVIEWING

    answer = send("reviewer", case, "special", **NOTICE, confirmed="1")

    assert answer.status_code == 302
    assert view(case.number).state is CaseState.SPECIAL
    answer = signed_in("reviewer").get(answer.url)
    assert "暂停计时" in words(answer)
    assert "录入特别程序结果" in words(answer)
    assert '<details class="yw-box yw-noprint" open>' in answer.content.decode()


def test_what_the_service_refuses_stands_on_the_page_with_what_was_typed():
    case = cases.reviewing()

    answer = send("reviewer", case, "special", **(NOTICE | {"workdays": ""}), confirmed="1")

    assert answer.status_code == 422
    assert "请填写所需的工作日数" in words(answer)
    assert "须检测水质" in answer.content.decode()


def test_a_hearing_day_and_chair_are_checked_on_the_page():
    case = cases.hearing()
    services.request_hearing(
        number=case.number,
        text="不相邻",
        calendar=cases.CALENDAR,
        by=cases.FIRM,
        at=cases.FRIDAY,
    )
    sent = {"on": "2026-03-10", "time": "09:30", "place": "三楼", "chair": "user:head"}
    sent["closed"] = "public"

    answer = send("reviewer", view(case.number), "hearing/notice", **sent, confirmed="1")

    assert answer.status_code == 422
    assert "最早可定在2026-03-17" in words(answer)
    good = sent | {"on": "2026-03-20", "confirmed": "1"}
    assert send("reviewer", view(case.number), "hearing/notice", **good).status_code == 302
    refused = send("reviewer", view(case.number), "hearing/notice", **(good | {"chair": "user:x"}))
    assert refused.status_code == 422


def test_the_pages_of_a_hearing_say_the_days_of_the_law():
    case = cases.reviewing()
    asked = words(signed_in("reviewer").get(f"/desk/cases/{case.number}/hearing/"))
    assert "送达后申请人、利害关系人有 5 个工作日提出" in asked

    case = cases.hearing(number=case.number)
    reviewer = signed_in("reviewer")
    path = f"/desk/cases/{case.number}/hearing/request/"
    written = reviewer.post(path, {"version": case.version, "text": "不相邻"}, follow=True)
    assert "已登记，请在 20 个工作日内组织听证" in words(written)
    noticed = words(reviewer.get(f"/desk/cases/{case.number}/hearing/notice/"))
    assert "须在举行的 7 个工作日前通知，最早 2026-03-17" in noticed


def test_the_head_finds_the_request_for_more_days_and_approves_it():
    case = cases.reviewing()
    send("reviewer", case, "extension", workdays="10", reason="案情复杂")
    listed = signed_in("head").get("/desk/overdue/")
    assert f"/desk/cases/{case.number}/extension/approval/" in listed.content.decode()

    alone = send("head", view(case.number), "extension/approval", approve="no")
    assert "请填写不批准延期的理由" in words(alone)
    answer = send("head", view(case.number), "extension/approval", approve="yes", confirmed="1")

    assert answer.status_code == 302
    assert Extension.objects.get().approved


def test_another_department_finds_what_it_was_asked_and_answers():
    case = cases.reviewing()
    send("reviewer", case, "departments", departments=["housing"], question="违建吗", workdays="5")
    listed = signed_in("stranger").get("/desk/inquiries/")
    assert "违建吗" in words(listed)

    answer = send(
        "stranger", view(case.number), "department-opinion", answer="agree", opinion="不是违建"
    )

    assert answer.status_code == 302
    assert DepartmentInquiry.objects.get().answer == "agree"
    assert "不是违建" in words(signed_in("approver").get(f"/desk/cases/{case.number}/"))


def test_missed_clocks_stand_on_the_list_of_the_head():
    case = cases.receive()
    services.report_missed_clocks(by=Actor(ref="job:test"), at=cases.FRIDAY.replace(day=16))

    page = words(signed_in("head").get("/desk/overdue/?all=1&after=999"))

    assert case.query_code in page
    assert "受理或者一次性告知" in page
    assert signed_in("reviewer").get("/desk/overdue/").status_code == 403


def test_a_leader_sees_joint_extensions_and_no_others():
    case = cases.reviewing()
    send("reviewer", case, "extension", workdays="10", reason="案情复杂")

    leader = signed_in("leader")

    listed = words(leader.get("/desk/extensions/"))
    assert case.query_code not in listed
    assert "可以延长一次，最多 15 个工作日" in listed
    assert leader.get(f"/desk/extensions/{case.number}/").status_code == 404


def test_the_head_reads_the_message_of_a_missed_clock_and_nobody_else_does():
    case = cases.receive()
    services.report_missed_clocks(by=Actor(ref="job:test"), at=cases.FRIDAY.replace(day=16))
    head = signed_in("head")
    assert "1 条未读的工作消息" in words(head.get("/desk/"))

    page = head.get("/desk/messages/")
    assert case.query_code in words(page)
    message = re.search(r"/desk/messages/(\d+)/read/", page.content.decode())[1]
    assert signed_in("reviewer").post(f"/desk/messages/{message}/read/").status_code == 404
    assert head.post(f"/desk/messages/{message}/read/").status_code == 302

    assert "标为已读" not in words(head.get("/desk/messages/"))
    assert "没有工作消息" in words(signed_in("reviewer").get("/desk/messages/"))


def test_the_clock_of_a_paper_that_comes_later_names_the_paper_as_people_do():
    cases.publish(cases.restaurant(effective_on="2026-03-01"))
    plan = {"layout": [cases.upload("user:clerk")]}
    case = cases.receive(uploads=plan, tolerance_signed=True)

    text = signed_in("reviewer").get(f"/desk/cases/{case.number}/").content.decode()

    assert '补齐容缺材料 <span class="yw-small">规章制度</span>' in text
