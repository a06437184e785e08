"""The agency window and the liaisons behind it, by a program of a centre or a department."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.api.conftest import Caller, token
from tests.factories import cases
from yiwang.api import context
from yiwang.audit.queries import trail
from yiwang.cases.models import Message
from yiwang.halls.models import AgencyMandate, AgencyQuestion, Liaison
from yiwang.halls.queries import agency as queries
from yiwang.organisations.models import ApiToken, PostHolding, User
from yiwang.organisations.permissions import Permission, Post

MANDATE = {
    "uscc": cases.FIRM_REF.removeprefix("entity:"),
    "matter": "示例饭店开办的全部审批",
    "signed_by": "张示例",
    "last_on": "2026-12-31",
    "phone": "021-00000099",
}


def recorded(caller: Caller, *, key: str = "mandate-1", **changes: Any) -> dict[str, Any]:
    answer = caller.post("/agency/mandates", MANDATE | changes, key=key)
    assert answer.status_code == 201, answer.content.decode()
    return answer.json()


def named(callers, login: str = "reviewer") -> None:
    answer = callers("head").put("/agency/liaisons/market", {"login": login})
    assert answer.status_code == 200, answer.content.decode()


def asked(caller: Caller, mandate: int, number: str, *, key: str = "question-1") -> Any:
    body = {"case": number, "text": "平面图可以手绘吗？"}
    return caller.post(f"/agency/mandates/{mandate}/questions", body, key=key)


def refused(answer: Any, status: int, words: str) -> None:
    body = answer.json()
    assert (answer.status_code, words in body["message"]) == (status, True), body
    assert body["message"].endswith("。")


@pytest.mark.req("HALL-07")
def test_a_program_records_a_mandate_asks_the_liaison_hears_and_ends_it(callers):
    case = cases.accepted()
    clerk, reviewer = callers("clerk"), callers("reviewer")

    made = recorded(clerk)
    assert (made["firm_ref"], made["agent"], made["department"]) == (
        cases.FIRM_REF,
        "user:clerk",
        "centre",
    )
    (row,) = clerk.get("/agency/mandates").json()["rows"]
    assert (row["mandate"]["id"], row["running"], row["next"]["number"]) == (
        made["id"],
        1,
        case.number,
    )
    matter = clerk.get(f"/agency/mandates/{made['id']}").json()
    assert [one["number"] for one in matter["running"]] == [case.number]
    assert matter["questions"] == []

    named(callers)
    question = asked(clerk, made["id"], case.number)
    assert question.status_code == 201, question.content.decode()
    assert (question.json()["due_on"], question.json()["answer"]) == ("2026-03-10", "")
    (waiting,) = reviewer.get("/agency/questions").json()
    assert waiting == reviewer.get(f"/agency/questions/{waiting['id']}").json()
    assert (waiting["text"], waiting["firm_name"]) == ("平面图可以手绘吗？", made["firm_name"])
    said = reviewer.post(f"/agency/questions/{waiting['id']}/answer", {"text": "可以，标明尺寸。"})
    assert (said.json()["answer"], said.json()["answered_name"]) == (
        "可以，标明尺寸。",
        "姓名reviewer",
    )
    assert reviewer.get("/agency/questions").json() == []
    matter = clerk.get(f"/agency/mandates/{made['id']}").json()
    assert matter["questions"][0]["answer"] == "可以，标明尺寸。"

    ended = clerk.post(f"/agency/mandates/{made['id']}/end", {"reason": "项目已办完"})
    assert ended.json()["ended_at"] is not None
    assert clerk.get("/agency/mandates").json() == {"rows": [], "more": False}
    assert clerk.get(f"/agency/mandates/{made['id']}").status_code == 404
    assert Message.objects.filter(to_ref=cases.FIRM_REF, title="代办委托已终止").exists()
    acts = ("record_mandate", "appoint_liaison", "ask_liaison", "answer_question", "end_mandate")
    assert all(len(trail(act=f"halls.{act}")) == 1 for act in acts)


def test_a_call_that_is_repeated_does_it_once_and_another_content_is_refused(callers):
    case = cases.accepted()
    clerk = callers("clerk")
    first = recorded(clerk)

    assert recorded(clerk) == first
    assert AgencyMandate.objects.count() == 1
    other = clerk.post("/agency/mandates", MANDATE | {"matter": "别的项目"}, key="mandate-1")
    refused(other, 409, "幂等键已用于另一次")
    refused(clerk.post("/agency/mandates", MANDATE, key="mandate-2"), 422, "请先终止原来的委托")
    assert clerk.post("/agency/mandates", MANDATE).status_code == 422, "a key is needed"

    named(callers)
    question = asked(clerk, first["id"], case.number).json()
    assert asked(clerk, first["id"], case.number).json() == question
    assert AgencyQuestion.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"uscc": "91310114XXXX99999X"}, "没有找到这个单位"),
        ({"matter": " "}, "请填写代办的项目"),
        ({"signed_by": " "}, "请填写在委托书上签名的人"),
        ({"phone": " "}, "请填写代办员电话"),
        ({"last_on": "2026-03-05"}, "不能早于开始的一天"),
        ({"last_on": "2029-12-31"}, "最长三年"),
        ({"uscc": ""}, "格式不符合"),
        ({"matter": ""}, "格式不符合"),
        ({"matter": "长" * 121}, "格式不符合"),
        ({"matter": "有\x00字"}, "格式不符合"),
        ({"phone": "1" * 41}, "格式不符合"),
        ({"last_on": "明天"}, "格式不符合"),
        ({"last_on": "9999-12-31"}, "格式不符合"),
        ({"last_on": None}, "格式不符合"),
        ({"agent": "user:reviewer"}, "格式不符合"),
        ({"department": 7}, "格式不符合"),
    ],
)
def test_a_wrong_mandate_is_refused_in_one_sentence_and_nothing_is_kept(callers, changes, words):
    refused(
        callers("clerk").post("/agency/mandates", MANDATE | changes, key="mandate-1"), 422, words
    )

    assert not AgencyMandate.objects.exists()


def test_wrong_questions_reasons_and_answers_are_refused_and_nothing_is_kept(callers):
    case = cases.accepted()
    clerk, reviewer = callers("clerk"), callers("reviewer")
    path = f"/agency/mandates/{recorded(clerk)['id']}"
    ask = {"case": case.number, "text": "问"}

    refused(clerk.post(f"{path}/questions", ask, key="q1"), 422, "还没有指定联络员")
    named(callers)
    refused(clerk.post(f"{path}/questions", ask | {"case": "JD0"}, key="q2"), 422, "正在办理")
    refused(clerk.post(f"{path}/questions", ask | {"text": " "}, key="q3"), 422, "请填写问题")
    long = ask | {"text": "长" * 1_001}
    refused(clerk.post(f"{path}/questions", long, key="q4"), 422, "最多1000个字")
    refused(clerk.post(f"{path}/questions", ask | {"case": "../1"}, key="q5"), 422, "格式不符合")
    assert not AgencyQuestion.objects.exists()
    refused(clerk.post(f"{path}/end", {"reason": " "}), 422, "请填写终止的原因")
    refused(clerk.post(f"{path}/end", {}), 422, "格式不符合")

    question = clerk.post(f"{path}/questions", ask, key="q6").json()["id"]
    refused(reviewer.post(f"/agency/questions/{question}/answer", {"text": ""}), 422, "请填写答复")
    assert reviewer.post(f"/agency/questions/{question}/answer", {"text": "答"}).status_code == 200
    again = reviewer.post(f"/agency/questions/{question}/answer", {"text": "再答"})
    refused(again, 422, "已经答复")
    assert clerk.post(f"{path}/end", {"reason": "办完"}).status_code == 200
    refused(clerk.post(f"{path}/end", {"reason": "再来"}), 422, "已经终止")
    assert clerk.post(f"{path}/questions", ask, key="q7").status_code == 404
    for number in (0, -1, 2**63):
        assert clerk.get(f"/agency/mandates/{number}").status_code == 422


def test_other_posts_other_centres_and_applicants_see_no_mandate(callers):
    case = cases.accepted()
    made = recorded(callers("clerk"))["id"]
    elsewhere = Caller(token("window2", posts={"housing": Post.COUNTER_CLERK}))

    for login in ("reviewer", "approver", "head", "stranger", "firm"):
        caller = callers(login)
        refused(caller.get("/agency/mandates"), 403, "代办企业办件")
        refused(caller.get(f"/agency/mandates/{made}"), 403, "代办企业办件")
        refused(caller.post("/agency/mandates", MANDATE, key="x"), 403, "代办企业办件")
        refused(caller.post(f"/agency/mandates/{made}/end", {"reason": "x"}), 403, "代办")
        refused(asked(caller, made, case.number), 403, "代办企业办件")
    assert callers("nobody").get("/agency/mandates").status_code == 401

    assert elsewhere.get("/agency/mandates").json()["rows"] == []
    assert elsewhere.get(f"/agency/mandates/{made}").status_code == 404
    assert elsewhere.post(f"/agency/mandates/{made}/end", {"reason": "x"}).status_code == 404
    assert asked(elsewhere, made, case.number).status_code == 404
    there = elsewhere.post("/agency/mandates", MANDATE | {"department": "centre"}, key="y")
    assert there.status_code == 403
    assert AgencyMandate.objects.get().ended_at is None


def test_only_the_liaison_of_the_department_reads_and_answers(callers):
    case = cases.accepted()
    named(callers)
    made = recorded(callers("clerk"))["id"]
    question = asked(callers("clerk"), made, case.number).json()["id"]
    colleague = Caller(token("reviewer2", posts={"market": Post.REVIEWER}))

    for caller in (colleague, callers("stranger"), callers("head"), callers("clerk")):
        assert caller.get("/agency/questions").json() == []
        assert caller.get(f"/agency/questions/{question}").status_code == 404
        answer = caller.post(f"/agency/questions/{question}/answer", {"text": "我来答"})
        assert answer.status_code == 404
    refused(callers("firm").get("/agency/questions"), 403, "使用工作台")
    refused(callers("firm").get("/agency/liaisons"), 403, "使用工作台")
    assert AgencyQuestion.objects.get().answer == ""


def test_the_head_names_and_replaces_the_liaison_of_the_own_department_alone(callers):
    cases.accepted()
    token("reviewer2", posts={"market": Post.REVIEWER})
    head = callers("head")

    lines = {one["department"]: one for one in head.get("/agency/liaisons").json()}
    assert {code for code, one in lines.items() if not one["stands"]} == {"market", "housing"}
    named(callers)
    refused(head.put("/agency/liaisons/market", {"login": "reviewer"}), 422, "不用再指定")
    line = head.put("/agency/liaisons/market", {"login": "reviewer2"}).json()
    assert (line["login"], line["since"], line["stands"]) == ("reviewer2", "2026-03-06", True)
    assert Liaison.objects.filter(department_code="market").count() == 2

    refused(head.put("/agency/liaisons/market", {"login": "stranger"}), 422, "从名单中选择")
    refused(head.put("/agency/liaisons/market", {"login": "a b"}), 422, "格式不符合")
    refused(head.put("/agency/liaisons/market", {}), 422, "格式不符合")
    assert head.put("/agency/liaisons/nowhere", {"login": "reviewer"}).status_code == 404
    assert head.put("/agency/liaisons/housing", {"login": "stranger"}).status_code == 403
    for login in ("reviewer", "clerk", "approver", "firm"):
        put = callers(login).put("/agency/liaisons/market", {"login": "reviewer"})
        assert put.status_code == 403
    assert queries.liaisons(on=cases.FRIDAY.date())["market"].login == "reviewer2"


def test_an_ended_account_or_post_answers_no_more_and_the_agent_is_told_who_has_to_name_another(
    callers,
):
    case = cases.accepted()
    clerk, reviewer = callers("clerk"), callers("reviewer")
    named(callers)
    made = recorded(clerk)["id"]
    question = asked(clerk, made, case.number).json()["id"]

    PostHolding.objects.filter(user__login="reviewer").update(department="housing")
    context.forget()
    answer = reviewer.post(f"/agency/questions/{question}/answer", {"text": "答"})
    assert answer.status_code == 404
    refused(asked(clerk, made, case.number, key="q2"), 422, "联络员已不在审查岗位")
    (market,) = [
        one
        for one in callers("head").get("/agency/liaisons").json()
        if one["department"] == "market"
    ]
    assert (market["login"], market["stands"]) == ("reviewer", False)

    User.objects.filter(login="reviewer").update(is_active=False)
    context.forget()
    assert reviewer.get("/agency/questions").status_code == 401
    User.objects.filter(login="clerk").update(is_active=False)
    context.forget()
    assert clerk.get("/agency/mandates").status_code == 401
    assert clerk.post("/agency/mandates", MANDATE, key="z").status_code == 401


def test_a_token_of_limited_scope_does_only_what_it_was_made_for(callers):
    cases.accepted()
    named(callers)
    ApiToken.objects.filter(user__login="clerk").update(scopes=[Permission.CASE_READ.value])
    ApiToken.objects.filter(user__login="reviewer").update(scopes=[Permission.WORK_DESK.value])
    context.forget()

    refused(callers("clerk").get("/agency/mandates"), 403, "代办企业办件")
    assert callers("reviewer").get("/agency/questions").json() == []


def test_a_mandate_whose_last_day_is_over_is_not_read(callers, monkeypatch):
    made = recorded(callers("clerk"))["id"]
    late = cases.FRIDAY + timedelta(days=301)
    monkeypatch.setattr("yiwang.api.context.timezone.now", lambda: late)
    AgencyMandate.objects.update(last_on=late.date() - timedelta(days=1))
    ApiToken.objects.update(expires_at=late + timedelta(days=1))
    context.forget()

    assert callers("clerk").get("/agency/mandates").json()["rows"] == []
    assert callers("clerk").get(f"/agency/mandates/{made}").status_code == 404


def test_lists_ask_the_database_no_more_for_more_lines(callers):
    for number in range(4):
        token(f"more{number}", posts={"market": Post.REVIEWER})
    with CaptureQueriesContext(connection) as captured:
        queries.liaison_lines(at=cases.FRIDAY)
    assert len(captured) <= 5
