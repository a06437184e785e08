"""Supervised subjects, bad ratings, the trail, accounts and posts through their pages."""

from __future__ import annotations

import csv
from datetime import timedelta
from io import StringIO

import pytest

from tests.factories import cases, ratings, supervision
from tests.factories.desk import PASSWORD, signed_in
from tests.web.officer.test_pages import words
from yiwang.audit.queries import trail
from yiwang.cases.policy.states import CaseState
from yiwang.licences.queries import by_case
from yiwang.organisations.models import PostHolding, User
from yiwang.organisations.permissions import Actor, Permission
from yiwang.organisations.queries import tokens_of
from yiwang.organisations.services import issue_token
from yiwang.organisations.services.second_step import bind_demo
from yiwang.ratings.models import BadRatingTask

pytestmark = pytest.mark.usefixtures("desk")


def test_a_supervisor_reads_the_list_of_the_own_department():
    supervision.add()
    supervision.add(department="housing", licence_identifier="x", case_number="y", name="别处公司")

    shown = words(signed_in("supervisor").get("/desk/subjects/"))

    assert "上海嘉禾餐饮管理有限公司" in shown
    assert "别处公司" not in shown


def test_a_list_of_subjects_names_licences_and_cases_as_people_do():
    case = cases.in_state(CaseState.APPROVED)
    number = by_case(case.number).number
    supervision.add(case_number=case.number, licence_identifier=case.licence_identifier)

    shown = signed_in("supervisor").get("/desk/subjects/")
    assert number in words(shown)
    assert case.query_code in words(shown)
    assert case.licence_identifier not in words(shown)
    assert f"/desk/cases/{case.number}/" not in shown.content.decode()
    assert (
        f"/desk/cases/{case.number}/" in signed_in("head").get("/desk/subjects/").content.decode()
    )
    for text in (number, case.query_code, case.number, case.licence_identifier):
        found = signed_in("supervisor").get("/desk/subjects/", {"text": text})
        assert "上海嘉禾餐饮管理有限公司" in words(found), text


def test_the_brand_leads_each_post_to_a_page_that_opens():
    for login, first in (
        ("sysadmin", "/desk/accounts/"),
        ("secadmin", "/desk/posts/"),
        ("auditor", "/desk/trail/"),
        ("clerk", "/desk/"),
    ):
        client = signed_in(login)
        assert f'class="yw-brand" href="{first}"' in client.get(first).content.decode()
        assert client.get(first).status_code == 200


@pytest.mark.parametrize(
    ("query", "status", "sentence"),
    [
        ("?text=没有", 200, "没有符合条件的监管对象"),
        ("?department=housing", 403, "查看监管对象"),
        ("?department=nowhere", 403, "查看监管对象"),
        ("?state=nonsense", 422, "请修改后再提交"),
        (f"?text={'长' * 101}", 422, "请修改后再提交"),
        ("?after=x", 422, "请从列表第一页重新打开"),
    ],
)
def test_a_list_of_subjects_answers_bad_questions_in_words(query, status, sentence):
    supervision.add()

    answer = signed_in("supervisor").get(f"/desk/subjects/{query}")

    assert answer.status_code == status
    assert sentence in words(answer)


def test_a_head_takes_a_bad_rating_from_contact_to_closure():
    number = ratings.bad()
    head = signed_in("head")
    path = f"/desk/ratings/{number}/"
    assert "有 1 件差评待处理" in words(head.get("/desk/"))
    listed = words(head.get("/desk/ratings/"))
    assert number in listed
    assert "收到差评后 1 个工作日内联系，15 个工作日内公开答复" in listed

    head.post(path, {"state": "open", "text": "已收到您的意见"})
    head.post(path, {"state": "contacted", "text": "已增开窗口"})
    head.post(path, {"state": "answered", "text": "增开两个窗口"})

    assert BadRatingTask.objects.get().state == "closed"
    shown = words(head.get(path))
    assert "已增开窗口" in shown
    assert number in words(head.get("/desk/ratings/?tab=finished"))


def test_the_page_of_a_bad_rating_does_not_tell_who_rated():
    number = ratings.bad()

    shown = words(signed_in("head").get(f"/desk/ratings/{number}/"))

    assert "等太久" in shown
    assert cases.FIRM.name not in shown
    assert BadRatingTask.objects.get().rating.case_number not in shown


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({"state": "open", "text": " "}, "请填写给评价人的联系内容"),
        ({"state": "answered", "text": "话"}, "目前为“待联系”，不能办结"),
        ({"state": "nonsense", "text": ""}, "请填写给评价人的联系内容"),
        ({"state": "open", "text": "字" * 501}, "500"),
    ],
)
def test_a_wrong_act_on_a_bad_rating_says_why(sent, sentence):
    number = ratings.bad()

    answer = signed_in("head").post(f"/desk/ratings/{number}/", sent)

    assert answer.status_code == 422
    assert sentence in words(answer)


def test_who_may_only_read_a_bad_rating_cannot_act_on_it():
    number = ratings.bad()
    leader = signed_in("leader")

    assert "由责任部门负责人办理" in words(leader.get(f"/desk/ratings/{number}/"))
    answer = leader.post(f"/desk/ratings/{number}/", {"state": "open", "text": "话"})
    assert answer.status_code == 403
    assert signed_in("stranger").get(f"/desk/ratings/{number}/").status_code == 403
    assert leader.get("/desk/ratings/CP0/").status_code == 404


def test_the_auditor_filters_the_trail_by_login_act_and_day():
    case = cases.receive()
    auditor = signed_in("auditor")

    found = auditor.get("/desk/trail/?actor=clerk&act=cases.&since=2026-03-06&until=2026-03-06")

    rows = found.context["rows"]
    assert {row.target for row in rows} == {f"case:{case.number}"}
    assert auditor.get("/desk/trail/?until=2025-12-31").context["rows"] == []


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("?since=gestern", "起始日期应为年-月-日"),
        ("?since=2026-03-09&until=2026-03-01", "截止日期早于起始日期"),
    ],
)
@pytest.mark.parametrize("page", ["", "export/"])
def test_a_wrong_period_says_what_is_expected(page, query, sentence):
    answer = signed_in("auditor").get(f"/desk/trail/{page}{query}")

    assert answer.status_code == 422
    assert sentence in words(answer)


def test_the_trail_speaks_chinese_keeps_the_code_and_is_asked_in_chinese():
    case = cases.receive()
    auditor = signed_in("auditor")

    found = auditor.get("/desk/trail/", {"act": "收件"})

    assert [row.act for row in found.context["rows"]] == ["cases.receive"]
    assert f"case:{case.number}" in words(found)
    assert "收件 cases.receive" in words(found)


def test_the_trail_goes_on_behind_the_row_of_its_key():
    cases.receive()
    auditor = signed_in("auditor")
    newest, second, *_rest = auditor.get("/desk/trail/").context["rows"]

    assert auditor.get(f"/desk/trail/?after={newest.id}").context["rows"][0].id == second.id


def test_the_export_holds_the_events_runs_no_formula_and_is_itself_in_the_trail():
    cases.receive(window="=1+1")
    auditor = signed_in("auditor")

    answer = auditor.get("/desk/trail/export/?act=cases.")

    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    lines = list(csv.reader(StringIO(text)))
    assert lines[0][1] == "时间"
    assert lines[1][4].startswith("cases.")
    assert not any(cell.startswith(("=", "+", "@")) for line in lines for cell in line)
    (row,) = trail(act="audit.export")
    assert row.actor == "user:auditor"


def test_an_account_is_made_without_a_post_and_given_one_by_somebody_else():
    made = signed_in("sysadmin").post(
        "/desk/accounts/new/", {"login": "newby", "name": "新来的", "password": PASSWORD}
    )
    assert made.status_code == 302
    assert not PostHolding.objects.filter(user__login="newby").exists()

    given = signed_in("secadmin").post(
        "/desk/posts/newby/", {"post": "counter_clerk", "department": "centre"}
    )

    assert given.status_code == 302
    assert PostHolding.objects.get(user__login="newby").post == "counter_clerk"


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({"login": ""}, "请填写账号"),
        ({"login": "1x"}, "账号应以字母开头"),
        ({"login": "clerk"}, "该账号已被使用"),
        ({"name": " "}, "请填写姓名"),
        ({"password": "short"}, "密码应不少于"),
    ],
)
def test_a_wrong_account_says_what_is_expected_and_never_shows_the_password(sent, sentence):
    answer = signed_in("sysadmin").post(
        "/desk/accounts/new/", {"login": "newby", "name": "新来的", "password": PASSWORD} | sent
    )

    assert answer.status_code == 422
    assert sentence in words(answer)
    assert PASSWORD not in answer.content.decode()


def test_an_account_is_closed_opened_and_given_a_password_in_a_second_step():
    admin = signed_in("sysadmin")
    assert "本人不能再登录" in words(admin.get("/desk/accounts/clerk/close/"))
    assert admin.post("/desk/accounts/clerk/close/", {"text": ""}).status_code == 422

    admin.post("/desk/accounts/clerk/close/", {"text": "调离"})
    assert not User.objects.get(login="clerk").is_active
    admin.post("/desk/accounts/clerk/reopen/", {"text": "调回"})
    assert User.objects.get(login="clerk").is_active
    admin.post("/desk/accounts/clerk/reset/", {"text": "Another-Horse-8"})
    assert User.objects.get(login="clerk").password_changed_at is None
    assert "不能停用自己的账号" in words(
        admin.post("/desk/accounts/sysadmin/close/", {"text": "x"})
    )
    assert admin.get("/desk/accounts/nobody/close/").status_code == 404
    assert admin.get("/desk/accounts/clerk/delete/").status_code == 404


def test_a_lost_phone_is_unbound_by_an_administrator_with_a_reason(settings):
    settings.DEMO = True
    admin = signed_in("sysadmin")
    path = "/desk/accounts/clerk/unbind/"
    assert "请先当面核实身份" in words(admin.get(path))
    assert "没有绑定手机" in words(admin.post(path, {"text": "手机遗失"}))
    User.objects.filter(login="clerk").update(is_demo=True)
    bind_demo(User.objects.get(login="clerk"), at=cases.FRIDAY)
    assert admin.post(path, {"text": " "}).status_code == 422

    assert admin.post(path, {"text": "手机遗失"}).status_code == 302

    (row,) = trail(act="organisations.unbind_phone")
    assert (row.target, row.purpose) == ("user:clerk", "手机遗失")
    assert signed_in("secadmin").post(path, {"text": "x"}).status_code == 403


def test_a_key_of_a_program_is_listed_without_itself_and_taken_back_in_a_second_step():
    clerk = Actor(ref="user:clerk")
    issued = issue_token(
        login="clerk",
        purpose="对接排队系统",
        scopes=[Permission.CASE_READ],
        expires_at=cases.FRIDAY + timedelta(days=30),
        by=clerk,
        at=cases.FRIDAY,
    )
    admin = signed_in("sysadmin")
    shown = words(admin.get("/desk/accounts/clerk/tokens/"))
    assert "对接排队系统" in shown
    assert "查看办件" in shown
    assert issued.token not in shown
    path = f"/desk/accounts/clerk/tokens/{tokens_of('clerk', by=clerk)[0].id}/revoke/"
    assert "收回后立即生效" in words(admin.get(path))

    assert admin.post(path).status_code == 302

    assert tokens_of("clerk", by=clerk)[0].revoked_at is not None
    assert "已收回，无需重复操作" in words(admin.post(path))
    assert "没有接口令牌" in words(admin.get("/desk/accounts/head/tokens/"))
    assert admin.get(path.replace("clerk", "head")).status_code == 404
    assert admin.get("/desk/accounts/nobody/tokens/").status_code == 404
    assert signed_in("secadmin").get("/desk/accounts/clerk/tokens/").status_code == 403
    assert signed_in("secadmin").post(path).status_code == 403


@pytest.mark.parametrize(
    ("login", "sent", "sentence"),
    [
        ("clerk", {"post": "", "department": ""}, "请选择岗位"),
        ("clerk", {"post": "king", "department": "centre"}, "请修改后再提交"),
        ("secadmin", {"post": "auditor", "department": "*"}, "请修改后再提交"),
        ("secadmin", {"post": "audit_admin", "department": "*"}, "不能给自己授予岗位"),
        ("clerk", {"post": "audit_admin", "department": "*"}, "不能与其他岗位由同一人兼任"),
        ("clerk", {"post": "audit_admin", "department": "centre"}, "管理员岗位不分部门"),
    ],
)
def test_a_post_that_cannot_be_given_says_why(login, sent, sentence):
    answer = signed_in("secadmin").post(f"/desk/posts/{login}/", sent)

    assert answer.status_code == 422
    assert sentence in words(answer)


def test_a_post_is_taken_back_in_a_second_step():
    admin = signed_in("secadmin")
    path = "/desk/posts/clerk/centre/counter_clerk/revoke/"
    shown = words(admin.get(path))
    assert "陈窗口（clerk） · 行政服务中心 · 窗口人员" in shown
    assert "收回后立即生效" in shown

    admin.post(path)

    assert signed_in("clerk").get("/desk/").status_code == 403
    assert "请核对部门和岗位" in words(admin.post(path))
    assert admin.get("/desk/posts/clerk/centre/king/revoke/").status_code == 404
