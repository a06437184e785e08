"""A refusal at the counter goes to a second person, with a case or without one."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError, transaction

from tests.factories import cases
from tests.factories.desk import signed_in
from tests.web.officer.test_pages import words
from yiwang.audit.queries import trail
from yiwang.cases import services, tasks
from yiwang.cases.models import Message, TurnedAway
from yiwang.cases.policy.declining import TurnedAwayVerdict
from yiwang.cases.policy.states import CaseState
from yiwang.organisations.permissions import Actor, PermissionRefusedError, Post

pytestmark = pytest.mark.usefixtures("desk")

WHY = {"kind": "decline", "reason": "不属于本机关职权", "article": "行政许可法第三十二条"}
CAME = {"item": cases.RESTAURANT, "visitor": "示例来访人", "reason": "申请地在外区，已告知去处"}
TWICE = Actor(
    ref="user:twice",
    name="郑两岗",
    posts={"market": frozenset({Post.COUNTER_CLERK, Post.REVIEWER})},
)


def send(login, case, page="decline", **sent):
    return signed_in(login).post(
        f"/desk/cases/{case.number}/{page}/", {"version": case.version, **sent}
    )


def view(case):
    return cases.page(case.number).case


def test_a_clerk_proposes_the_department_reads_it_and_declines():
    case = cases.receive()

    asked = words(signed_in("clerk").get(f"/desk/cases/{case.number}/decline/"))
    assert "由审批部门的另一人核实，期间 5 个工作日照常计算" in asked
    assert "申请行政复议（60 日）和提起行政诉讼（6 个月）" in asked
    shown = send("clerk", case, **WHY)
    assert "确认提请不予受理" in words(shown)
    assert "5 个工作日照常计算，逾期没有答复的视为受理" in words(shown)
    assert "自收到决定之日起 60 日内" in words(shown)
    assert send("clerk", case, **WHY, confirmed="1").status_code == 302

    assert view(case).state is CaseState.RECEIVED
    assert view(case).due_on == case.due_on
    told = Message.objects.filter(case__number=case.number).latest("id")
    assert "已提请审批部门核实" in told.body
    assert "最迟2026年3月13日答复" in told.body
    listed = words(signed_in("reviewer").get("/desk/turned-away/"))
    assert case.query_code in listed
    page = signed_in("reviewer").get(f"/desk/cases/{case.number}/decline/")
    assert "窗口提请不予受理" in words(page)
    assert WHY["reason"] in page.content.decode()
    assert "窗口提请不予受理" in words(
        signed_in("reviewer").get(f"/desk/cases/{case.number}/accept/")
    )

    assert send("reviewer", view(case), **WHY, confirmed="1").status_code == 302
    assert view(case).state is CaseState.NOT_ACCEPTED
    assert case.query_code not in words(signed_in("reviewer").get("/desk/turned-away/"))


def test_a_second_proposal_is_refused_and_the_department_may_take_it_in_instead():
    case = cases.receive()
    send("clerk", case, **WHY, confirmed="1")

    again = send("clerk", view(case), **WHY, confirmed="1")
    assert again.status_code == 422
    assert "正由审批部门核实" in words(again)

    send("reviewer", view(case), "accept", checked="on")
    assert view(case).state is CaseState.ACCEPTED
    assert case.query_code not in words(signed_in("reviewer").get("/desk/turned-away/"))


def test_without_an_answer_the_case_is_accepted_by_the_clock():
    case = cases.receive()
    send("clerk", case, **WHY, confirmed="1")

    services.deem_accepted(
        calendar=cases.CALENDAR, by=tasks.DEEMED_BY, at=cases.FRIDAY + dt.timedelta(days=10)
    )

    assert view(case).state is CaseState.ACCEPTED
    assert view(case).deemed


def test_who_proposed_does_not_decline_and_a_window_never_does():
    number = cases.receive().number
    given = {"reason": "理由", "article": "条款", "at": cases.FRIDAY}
    services.propose_decline(number=number, by=TWICE, **given)

    with pytest.raises(services.DeclineRefusedError, match="不能由同一人决定"):
        services.decline_case(number=number, by=TWICE, **given)
    with pytest.raises(PermissionRefusedError):
        services.decline_case(number=number, by=cases.CLERK, **given)


def test_what_needs_no_permit_is_not_declined_for_want_of_competence():
    """行政许可法 第三十二条第一款: 第一项 is no need, 第二项 is want of competence."""
    case = cases.receive()
    wrong = "《中华人民共和国行政许可法》第三十二条第一款第二项"
    need = {"kind": "no_need", "reason": "自家食用，不经营"}

    answer = send("reviewer", case, **need, article=wrong)
    assert answer.status_code == 422
    assert "依据是行政许可法第三十二条第一款第一项" in words(answer)
    given = {"reason": "自家食用", "article": wrong, "no_need": True, "at": cases.FRIDAY}
    with pytest.raises(services.DeclineRefusedError, match="第一项"):
        services.propose_decline(number=case.number, by=cases.CLERK, **given)
    with pytest.raises(services.DeclineRefusedError, match="第一项"):
        services.decline_case(number=case.number, by=cases.REVIEWER, **given)

    right = wrong.replace("第二项", "第一项")
    shown = words(send("reviewer", case, **need, article=right))
    assert "类型 依法不需要取得许可" in shown
    assert send("reviewer", case, **need, article=right, confirmed="1").status_code == 302
    assert view(case).state is CaseState.NO_NEED


@pytest.mark.parametrize("missing", ["kind", "reason", "article"])
def test_a_proposal_without_its_parts_says_which(missing):
    case = cases.receive()

    answer = send("clerk", case, **(WHY | {missing: " ", "confirmed": "1"}))

    assert answer.status_code == 422
    assert "请" in str(answer.context["form"].errors[missing])
    assert "提请" not in words(signed_in("reviewer").get("/desk/turned-away/")).split("没有等待")[1]


def test_who_was_turned_away_is_noted_verified_by_another_and_seen_with_its_state():
    clerk = signed_in("clerk")

    assert clerk.post("/desk/turned-away/new/", CAME).status_code == 302

    row = TurnedAway.objects.get()
    listed = words(clerk.get("/desk/turned-away/"))
    assert "示例来访人" in listed
    assert "待核实" in listed
    assert "等待审批部门的另一人核实" in words(clerk.get(f"/desk/turned-away/{row.pk}/"))
    reviewer = signed_in("reviewer")
    good = {"verdict": "take_in", "note": "属本区，请窗口今日联系来人收件"}
    for bad in ({"verdict": ""}, {"verdict": "x"}, {"note": " "}):
        answer = reviewer.post(f"/desk/turned-away/{row.pk}/", good | bad)
        assert answer.status_code == 422
    assert reviewer.post(f"/desk/turned-away/{row.pk}/", good).status_code == 302

    assert "应当收件" in words(clerk.get("/desk/turned-away/"))
    assert "请窗口今日联系来人收件" in words(clerk.get(f"/desk/turned-away/{row.pk}/"))
    assert reviewer.post(f"/desk/turned-away/{row.pk}/", good).status_code == 422
    for act in ("cases.note_turned_away", "cases.review_turned_away"):
        (entry,) = trail(act=act)
        assert entry.target == f"turned_away:{row.pk}"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"item": "nothing"}, "请选择来人要办理的事项。"),
        ({"visitor": ""}, "请填写来人的姓名或者单位名称。"),
        ({"reason": " "}, "请填写未收件的理由。"),
    ],
)
def test_a_note_without_its_parts_says_which_and_keeps_the_rest(changes, sentence):
    answer = signed_in("clerk").post("/desk/turned-away/new/", CAME | changes)

    assert answer.status_code == 422
    assert sentence in words(answer)
    assert any(one in answer.content.decode() for one in (CAME["visitor"], CAME["reason"]))
    assert not TurnedAway.objects.exists()


def test_notes_are_for_windows_and_for_the_deciding_department():
    signed_in("clerk").post("/desk/turned-away/new/", CAME)
    key = TurnedAway.objects.get().pk

    assert signed_in("reviewer").get("/desk/turned-away/new/").status_code == 403
    assert signed_in("approver").get("/desk/turned-away/").status_code == 403
    stranger = signed_in("stranger")
    assert "示例来访人" not in words(stranger.get("/desk/turned-away/"))
    assert stranger.get(f"/desk/turned-away/{key}/").status_code == 404
    with pytest.raises(services.TurnedAwayNotFoundError):
        services.review_turned_away(
            key=key, verdict=TurnedAwayVerdict.RIGHT, note="x", by=cases.CLERK, at=cases.FRIDAY
        )


def test_the_database_wants_another_person_and_keeps_the_verdict():
    services.note_turned_away(
        item_slug=cases.RESTAURANT, visitor="甲", reason="乙", by=TWICE, at=cases.FRIDAY
    )
    row = TurnedAway.objects.get()
    with pytest.raises(services.DeclineRefusedError, match="不能由同一人核实"):
        services.review_turned_away(
            key=row.pk, verdict=TurnedAwayVerdict.RIGHT, note="x", by=TWICE, at=cases.FRIDAY
        )

    whole = {"verdict": "right", "note": "x", "reviewed_at": cases.FRIDAY}
    for broken in (
        whole | {"reviewed_by": row.by},
        whole | {"reviewed_by": ""},
        whole | {"reviewed_by": "user:x", "verdict": "maybe"},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            TurnedAway.objects.filter(pk=row.pk).update(**broken)
    with pytest.raises(Exception, match="delete"), transaction.atomic():
        row.delete()
