"""The desk: what is to be done first."""

from __future__ import annotations

import datetime as dt
import re
from urllib.parse import quote

import pytest

from tests.factories import cases, registers
from tests.factories.desk import hire_keepers, signed_in
from tests.web.officer.test_pages import words
from yiwang.audit.queries import trail
from yiwang.cases import services
from yiwang.cases.models import Case
from yiwang.organisations.permissions import Actor
from yiwang.web.officer import desk
from yiwang.web.views import Page

JOB = Actor(ref="job:report-missed-clocks", name="系统（报告超期）")

pytestmark = pytest.mark.usefixtures("desk")


def test_the_most_urgent_case_stands_first_and_leads_to_its_work():
    cases.receive()
    urgent = cases.receive(at=cases.FRIDAY - dt.timedelta(days=3))

    answer = signed_in("clerk").get("/desk/")

    rows = answer.context["rows"]
    assert rows[0].case.number == urgent.number
    assert rows[0].href == f"/desk/cases/{urgent.number}/accept/"
    assert f'href="/desk/cases/{urgent.number}/accept/" data-key="n"' in answer.content.decode()


@pytest.mark.parametrize(
    ("login", "made", "page"),
    [
        ("reviewer", cases.accepted, "review"),
        ("approver", cases.reviewed, "decide"),
        ("clerk", cases.decided, "deliver"),
    ],
)
def test_each_post_is_led_to_its_own_step(login, made, page):
    case = made()

    (row,) = signed_in(login).get("/desk/").context["rows"]

    assert row.href == f"/desk/cases/{case.number}/{page}/"


def test_a_head_sees_what_is_to_be_given_out():
    case = cases.receive()

    answer = signed_in("head").get("/desk/")

    assert answer.context["tab"].value == "to_accept"
    assert f"/desk/cases/{case.number}/assign/" in answer.content.decode()


def test_whoever_only_reads_begins_at_what_is_finished():
    hire_keepers()

    answer = signed_in("archivist").get("/desk/")

    assert answer.context["tab"].value == "finished"


@pytest.mark.parametrize(
    ("login", "works"), [("clerk", True), ("head", True), ("archivist", False)]
)
def test_only_who_works_on_cases_is_asked_to(login, works):
    hire_keepers()
    cases.receive()

    text = signed_in(login).get("/desk/?tab=to_accept").content.decode()

    assert ("办理最急的一件" in text, ">查看<" not in text) == (works, works)


def test_the_tabs_count_and_an_unknown_tab_is_the_first():
    cases.receive()
    cases.accepted()

    answer = signed_in("clerk").get("/desk/?tab=nonsense")

    counts = {one.tab.value: one.count for one in answer.context["tabs"]}
    assert counts["mine"] == 1
    assert counts["finished"] is None
    assert "reviewing" not in counts


def test_a_case_is_found_by_query_code_and_an_empty_search_says_what_to_do():
    case = cases.receive()
    clerk = signed_in("clerk")

    answer = clerk.get(f"/desk/?text={case.query_code}")
    assert (answer.status_code, answer.url) == (302, f"/desk/cases/{case.number}/")
    assert "请换一个编号或名称" in words(clerk.get("/desk/?text=没有这样的"))


def test_a_name_that_is_not_under_this_heading_is_looked_for_under_the_others():
    case = cases.accepted()
    reviewer, text = signed_in("reviewer"), quote(case.applicant_name)

    empty = reviewer.get(f"/desk/?tab=to_accept&text={text}")
    elsewhere = re.findall(rf'href="(\?tab=\w+)&amp;text={text}"', empty.content.decode())

    assert not empty.context["rows"]
    assert "?tab=to_accept" not in elsewhere
    there = reviewer.get(f"/desk/?tab=reviewing&text={text}").context["rows"]
    assert "?tab=reviewing" in elsewhere
    assert [row.case.number for row in there] == [case.number]
    assert "在其他类别里找" not in words(reviewer.get("/desk/?tab=to_accept"))


def find(client, text, **more):
    return client.post("/desk/find/", {"text": text, "tab": "mine"} | more)


def test_one_box_takes_every_number_and_a_citizens_number_stays_out_of_the_address():
    person = registers.save_person()
    services.receive_at_counter(
        item_slug=cases.CARD,
        applicant_ref=person.ref,
        answers={},
        uploads={},
        window="A03",
        idempotency_key="c1",
        calendar=cases.CALENDAR,
        by=cases.CLERK,
        at=cases.FRIDAY,
    )
    number = Case.objects.get().number
    clerk = signed_in("clerk")

    one = find(clerk, "310114 19850615 1037")

    assert one["Location"] == f"/desk/cases/{number}/"
    (row,) = trail(act="registers.find_person")
    assert row.target == person.ref
    assert registers.ZHANG not in str(row)
    assert find(clerk, "JD 1")["Location"] == "/desk/?text=JD+1&tab=mine"


def test_a_citizen_without_cases_or_unknown_is_told_apart_without_an_address():
    clerk = signed_in("clerk")
    unknown = find(clerk, registers.ZHANG)
    assert "没有登记这个号码的人" in words(unknown)
    registers.save_person()
    known = find(clerk, registers.ZHANG)
    assert "这个人没有您可以看到的办件" in words(known)
    assert registers.ZHANG not in known.content.decode()


def test_whoever_may_not_look_for_people_reads_so_and_the_number_goes_nowhere():
    registers.save_person()

    answer = find(signed_in("leader"), registers.ZHANG)

    assert answer["Location"] == "/desk/"
    assert not trail(act="registers.find_person")


@pytest.mark.parametrize("mistyped", ["310114198506151036", "310114198506157103"])
def test_a_mistyped_number_of_a_citizen_stays_out_of_the_address_too(mistyped):
    clerk = signed_in("clerk")

    answer = find(clerk, mistyped)

    assert answer["Location"] == "/desk/"
    assert "校验码不符" in words(clerk.get("/desk/"))
    assert find(clerk, cases.FIRM_REF.removeprefix("entity:"))["Location"] != "/desk/"


def test_the_ticket_of_today_leads_to_its_case(monkeypatch):
    case = cases.receive()
    asked = []
    monkeypatch.setattr(
        desk.halls,
        "cases_of_code",
        lambda code, day: asked.append((code, day)) or [case.number],
    )

    answer = signed_in("clerk").get("/desk/?text=a012")

    assert answer["Location"] == f"/desk/cases/{case.number}/"
    assert asked == [("A012", cases.FRIDAY.date())]


def test_the_list_is_narrowed_to_an_item_of_ones_departments():
    cases.receive()
    clerk = signed_in("clerk")
    page = clerk.get(f"/desk/?item={cases.RESTAURANT}")
    assert "餐饮服务许可（新办）</option>" in page.content.decode()
    assert len(page.context["rows"]) == 1
    assert len(clerk.get("/desk/?item=" + cases.CARD).context["rows"]) == 0
    assert len(clerk.get("/desk/?item=<b>").context["rows"]) == 1
    assert find(clerk, "", item=cases.CARD)["Location"] == f"/desk/?tab=mine&item={cases.CARD}"


def test_the_head_reads_at_once_that_a_clock_was_missed_and_nobody_else_does():
    case = cases.receive()
    services.report_missed_clocks(by=JOB, at=cases.FRIDAY + dt.timedelta(days=20))

    assert "有 1 个期限超期未办，请督办" in words(signed_in("head").get("/desk/"))
    assert "超期未办" not in words(signed_in("clerk").get("/desk/"))
    services.accept_case(
        number=case.number,
        calendar=cases.CALENDAR,
        by=cases.CLERK,
        at=cases.FRIDAY + dt.timedelta(days=21),
    )
    services.report_missed_clocks(by=JOB, at=cases.FRIDAY + dt.timedelta(days=22))
    assert "超期未办" not in words(signed_in("head").get("/desk/"))


def test_a_broken_page_key_says_to_start_again():
    answer = signed_in("clerk").get("/desk/?after=x")

    assert answer.status_code == 403 or answer.status_code == 422
    assert "请从列表第一页重新打开" in words(answer)


def test_the_desk_asks_the_database_as_often_for_a_hundred_cases_as_for_one(
    django_assert_max_num_queries,
):
    for _ in range(4):
        cases.receive()
    clerk = signed_in("clerk")
    clerk.get("/desk/")

    with django_assert_max_num_queries(16):
        clerk.get("/desk/")


def test_the_load_shows_who_holds_what_and_how_much_of_it_is_late(monkeypatch):
    head = signed_in("head")
    assert "没有在办件" in words(head.get("/desk/load/"))
    for to in (cases.REVIEWER, cases.REVIEWER, cases.SECOND_REVIEWER, None):
        number = cases.accepted().number
        if to is not None:
            services.assign_case(number=number, to=to.ref, by=cases.HEAD, at=cases.FRIDAY)
    soonest = Case.objects.filter(assigned_to=cases.SECOND_REVIEWER.ref)
    soonest.update(promised_on=cases.FRIDAY.date(), due_on=cases.FRIDAY.date())

    rows = head.get("/desk/load/").context["rows"]
    shown = [(one["name"], one["load"].held, one["load"].soon, one["load"].late) for one in rows]
    assert shown == [("李审查", 2, 0, 0), ("", 1, 0, 0), ("王审查", 1, 1, 0)]
    monkeypatch.setattr(Page, "at", cases.FRIDAY + dt.timedelta(days=1))

    page = words(head.get("/desk/load/"))
    assert "王审查 1 0 1 李审查 2 0 0 未分派 1 0 0" in page
    assert "没有在办件" in words(signed_in("stranger").get("/desk/load/"))


@pytest.mark.parametrize("login", ["clerk", "reviewer", "approver", "supervisor", "auditor"])
def test_the_load_is_for_whoever_gives_work_out(login):
    answer = signed_in(login).get("/desk/load/")

    assert answer.status_code == 403
    assert "您的岗位不能打开本页" in words(answer)


def test_a_post_without_cases_is_led_to_its_own_lists():
    answer = signed_in("supervisor").get("/desk/")

    assert "/desk/subjects/" in answer.content.decode()
    assert "您的岗位不办理办件" in words(answer)
