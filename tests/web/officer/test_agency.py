"""The agency window: one clerk for a firm's cases, and a liaison of each department behind it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from tests.factories import cases
from tests.factories.desk import SECURITY, signed_in
from tests.web.officer.test_pages import words
from yiwang.audit.queries import trail
from yiwang.cases.models import Message
from yiwang.halls.models import AgencyMandate, AgencyQuestion, Liaison
from yiwang.halls.queries import agency as queries
from yiwang.halls.services import agency as services
from yiwang.organisations.permissions import PermissionRefusedError, Post
from yiwang.organisations.services import grant_post, revoke_post

pytestmark = pytest.mark.usefixtures("desk")

FIRM = cases.FIRM_REF.removeprefix("entity:")
MANDATE = {
    "uscc": FIRM,
    "matter": "示例饭店开办的全部审批",
    "signed_by": "张示例",
    "last_on": "2026-12-31",
    "phone": "021-00000099",
}


def begun(**changes):
    return services.record_mandate(
        **(
            MANDATE
            | {"last_on": cases.FRIDAY.date() + timedelta(days=90), "department": "centre"}
            | {"by": cases.CLERK, "at": cases.FRIDAY}
            | changes
        )
    )


@pytest.mark.req("HALL-07")
def test_one_window_opens_asks_and_hears_for_a_firm_and_the_firm_knows_its_agent():
    case = cases.accepted()
    clerk, head, reviewer = signed_in("clerk"), signed_in("head"), signed_in("reviewer")
    page = clerk.post("/desk/agency/new/", MANDATE).url
    assert "示例饭店开办的全部审批" in words(clerk.get("/desk/agency/"))
    shown = clerk.get(page)
    assert case.query_code in words(shown)
    assert "等待审查" in words(shown)
    assert "代办服务不收费" in words(shown)
    assert f'href="/counter/{cases.FIRM_REF}/"' in shown.content.decode()

    head.post("/desk/agency/liaisons/", {"person": "market:reviewer"})
    clerk.post(page, {"case_number": case.number, "text": "平面图可以手绘吗？"})
    question = AgencyQuestion.objects.get()
    assert "代办员提问" in words(reviewer.get("/desk/messages/"))
    assert "平面图可以手绘吗" in words(reviewer.get("/desk/agency/questions/"))
    reviewer.post(f"/desk/agency/questions/{question.pk}/", {"text": "可以，标明尺寸。"})

    assert "可以，标明尺寸。" in words(clerk.get(page))
    assert "部门已答复" in words(clerk.get("/desk/messages/"))
    (given,) = queries.mandates_given([cases.FIRM_REF], today=cases.FRIDAY.date())
    assert (given.agent_name, given.agent_phone) == ("陈窗口", "021-00000099")
    assert Message.objects.filter(to_ref=cases.FIRM_REF, title="代办委托已登记").exists()
    acts = ("record_mandate", "appoint_liaison", "ask_liaison", "answer_question")
    assert all(len(trail(act=f"halls.{act}")) == 1 for act in acts)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"uscc": ""}, "18位统一社会信用代码"),
        ({"uscc": "91310114XXXX99999X"}, "没有找到这个单位"),
        ({"matter": " "}, "请填写代办的项目"),
        ({"signed_by": ""}, "请填写在委托书上签名"),
        ({"phone": ""}, "请填写企业找得到您的电话"),
        ({"last_on": "明天"}, "请填写年月日"),
        ({"last_on": "2026-03-05"}, "不能早于开始的一天"),
        ({"last_on": "2029-12-31"}, "最长三年"),
    ],
)
def test_a_wrong_mandate_says_what_would_put_it_right_and_keeps_what_was_typed(changes, sentence):
    answer = signed_in("clerk").post("/desk/agency/new/", MANDATE | changes)

    assert answer.status_code == 422
    assert sentence in words(answer)
    assert not AgencyMandate.objects.exists()
    if "matter" not in changes:
        assert MANDATE["matter"] in answer.content.decode()


def test_a_firm_has_one_agent_until_the_mandate_is_ended_or_over():
    begun()
    again = signed_in("clerk").post("/desk/agency/new/", MANDATE)
    assert "请先终止原来的委托" in words(again)

    late = cases.FRIDAY + timedelta(days=91)
    services.record_mandate(
        **MANDATE | {"last_on": late.date(), "department": "centre", "by": cases.CLERK, "at": late}
    )

    assert AgencyMandate.objects.filter(ended_at=None).count() == 1


def test_nothing_is_asked_where_nobody_answers_or_about_another_firms_case():
    case = cases.accepted()
    page = f"/desk/agency/{begun().id}/"
    clerk = signed_in("clerk")

    nobody = clerk.post(page, {"case_number": case.number, "text": "问"})
    other = clerk.post(page, {"case_number": "JD0", "text": "问"})
    empty = clerk.post(page, {"case_number": case.number, "text": " "})

    assert "还没有指定联络员" in words(nobody)
    assert [one.status_code for one in (nobody, other, empty)] == [422] * 3
    assert "请填写问题" in words(empty)
    assert not AgencyQuestion.objects.exists()


def test_only_the_liaison_answers_and_only_once():
    case = cases.accepted()
    mandate = begun()
    services.appoint_liaison(department="market", login="reviewer", by=cases.HEAD, at=cases.FRIDAY)
    number = services.ask_liaison(
        mandate=mandate.id,
        case_number=case.number,
        text="要带原件吗？",
        calendar=cases.CALENDAR,
        by=cases.CLERK,
        at=cases.FRIDAY,
    )
    path = f"/desk/agency/questions/{number}/"

    assert signed_in("reviewer2").get(path).status_code == 404
    reviewer = signed_in("reviewer")
    assert "请填写答复" in words(reviewer.post(path, {"text": ""}))
    assert reviewer.post(path, {"text": "不用。"}).status_code == 302
    assert "已经答复" in words(reviewer.post(path, {"text": "要。"}))


def test_a_liaison_who_left_the_post_reads_and_answers_nothing_and_is_asked_nothing():
    case = cases.accepted()
    mandate = begun()
    services.appoint_liaison(department="market", login="reviewer", by=cases.HEAD, at=cases.FRIDAY)
    ask = {
        "mandate": mandate.id,
        "case_number": case.number,
        "text": "要带原件吗？",
        "calendar": cases.CALENDAR,
        "by": cases.CLERK,
        "at": cases.FRIDAY,
    }
    path = f"/desk/agency/questions/{services.ask_liaison(**ask)}/"
    there = {"login": "reviewer", "post": Post.REVIEWER, "by": SECURITY, "at": cases.FRIDAY}
    grant_post(department="housing", **there)
    revoke_post(department="market", **there)
    moved = signed_in("reviewer")

    assert "要带原件吗" not in words(moved.get("/desk/agency/questions/"))
    assert moved.get(path).status_code == 404
    assert moved.post(path, {"text": "不用。"}).status_code == 404
    assert AgencyQuestion.objects.get().answered_at is None
    with pytest.raises(services.AgencyRefusedError, match="联络员已不在审查岗位，请由该部门负责人"):
        services.ask_liaison(**ask)


def test_a_liaison_is_a_reviewer_of_the_department_named_by_its_head():
    head = signed_in("head")
    path = "/desk/agency/liaisons/"

    assert head.post(path, {"person": "housing:stranger"}).status_code == 422
    assert "请选择联络员" in words(head.post(path, {"person": ""}))
    head.post(path, {"person": "market:reviewer"})
    assert "不用再指定" in words(head.post(path, {"person": "market:reviewer"}))
    head.post(path, {"person": "market:reviewer2"})

    assert queries.liaisons(on=cases.FRIDAY.date())["market"].login == "reviewer2"
    assert Liaison.objects.filter(until=None).count() == 1
    with pytest.raises(PermissionRefusedError):
        services.appoint_liaison(
            department="market", login="reviewer", by=cases.REVIEWER, at=cases.FRIDAY
        )


def test_the_window_ends_a_mandate_with_a_reason_and_sees_the_firm_no_more():
    page = f"/desk/agency/{begun().id}/"
    clerk = signed_in("clerk")

    assert "请填写终止的原因" in words(clerk.post(f"{page}end/", {"reason": ""}))
    assert clerk.post(f"{page}end/", {"reason": "项目已办完"}).status_code == 302

    assert clerk.get(page).status_code == 404
    assert Message.objects.filter(to_ref=cases.FIRM_REF, title="代办委托已终止").exists()
    again = clerk.post(f"{page}end/", {"reason": "再来"})
    assert (again.status_code, "已经终止" in words(again)) == (422, True)
    assert len(trail(act="halls.end_mandate")) == 1


@pytest.mark.parametrize(
    ("login", "shown"),
    [
        ("head", {"agency/questions/", "agency/liaisons/"}),
        ("reviewer", {"agency/questions/"}),
        ("clerk", {"agency/"}),
        ("approver", set()),
    ],
)
def test_whoever_answers_agents_or_names_who_does_finds_the_page(login, shown):
    page = signed_in(login).get("/desk/messages/").content.decode()
    navigation = page.partition('<nav class="yw-nav"')[2].partition("</nav>")[0]

    found = set(re.findall(r'href="/desk/(agency/[a-z/]*)"', navigation))

    assert found == shown


def test_other_posts_do_not_see_mandates():
    number = begun().id

    for login in ("reviewer", "head", "auditor"):
        assert signed_in(login).get("/desk/agency/").status_code == 403
        assert signed_in(login).get(f"/desk/agency/{number}/").status_code == 403


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"last_on": cases.FRIDAY.date() - timedelta(days=1)}, "ends_after_it_begins"),
        ({"ended_at": cases.FRIDAY}, "end_has_moment_person_and_reason"),
    ],
)
def test_impossible_mandates_are_impossible_in_the_database(changes, name):
    begun()

    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        AgencyMandate.objects.update(**changes)


def test_an_answer_without_a_name_is_impossible_in_the_database():
    row = AgencyQuestion.objects.create(
        mandate_id=begun().id,
        case_number="JD",
        item_name="例",
        department_code="market",
        text="问",
        asked_by="user:clerk",
        asked_at=cases.FRIDAY,
        due_on=cases.FRIDAY.date(),
    )

    with pytest.raises(IntegrityError, match="answer_has_moment"), transaction.atomic():
        AgencyQuestion.objects.filter(pk=row.pk).update(answer="答")
