"""Pages of delivery: parcels, receipts, the ledger of letters."""

from __future__ import annotations

import pytest

from tests.factories import cases
from tests.factories.desk import signed_in
from tests.web.officer.test_pages import words
from yiwang.cases.models import CaseDocument
from yiwang.cases.policy.states import CaseState

pytestmark = pytest.mark.usefixtures("desk")


def send(case, page, **sent):
    version = cases.page(case.number).case.version
    return signed_in("clerk").post(
        f"/desk/cases/{case.number}/{page}/", {"version": version, **sent}
    )


def test_a_parcel_goes_out_comes_back_goes_out_again_and_arrives():
    case = cases.decided()

    assert send(case, "deliver", channel="post", result="E1", carrier="EMS").status_code == 302
    under_way = words(signed_in("clerk").get(f"/desk/cases/{case.number}/deliver/"))
    assert "邮件在途" in under_way
    assert "登记信息" in under_way  # where it is posted to
    course = signed_in("clerk").get(f"/desk/cases/{case.number}/").content.decode()
    assert "<strong>寄送</strong>" in course
    wrong = send(case, "parcel", outcome="returned", day="2026-03-06")
    assert wrong.status_code == 422
    assert "请填写退回原因" in words(wrong)
    assert "请填写签收人" in words(send(case, "parcel", outcome="arrived", day="2026-03-06"))
    assert "请按“年-月-日”填写日期" in words(send(case, "parcel", outcome="arrived", day="昨天"))
    back = {"outcome": "returned", "day": "2026-03-06", "reason": "查无此人"}
    assert send(case, "parcel", **back).status_code == 302
    assert "查无此人" in words(signed_in("head").get("/desk/letters/?state=returned"))

    assert send(case, "deliver", channel="post", result="E2").status_code == 302
    arrived = {"outcome": "arrived", "day": "2026-03-06", "signed_by": "王收发"}
    assert send(case, "parcel", relation="receiver", **arrived).status_code == 302
    assert cases.page(case.number).case.state is CaseState.CLOSED
    shown = words(signed_in("head").get("/desk/letters/?state=delivered&kind=grant_decision"))
    assert "王收发 （收发人员）" in shown.replace("王收发（", "王收发 （")
    assert "没有在途的邮件" in words(signed_in("clerk").get(f"/desk/cases/{case.number}/parcel/"))


def test_a_hand_over_at_the_window_names_recipient_and_relation():
    case = cases.decided()

    answer = send(case, "deliver", channel="print", recipient="李代理", relation="agent")

    assert answer.status_code == 302
    shown = words(signed_in("clerk").get(f"/desk/cases/{case.number}/"))
    assert "送达回证" in shown


def test_other_letters_are_handed_over_from_the_ledger():
    case = cases.in_state(CaseState.NOT_ACCEPTED)
    letter = CaseDocument.objects.get(case__number=case.number, kind="non_acceptance")
    path = f"/desk/cases/{case.number}/letters/{letter.pk}/deliver/"
    assert letter.number in words(signed_in("head").get("/desk/letters/?state=waiting"))

    clerk = signed_in("clerk")
    assert letter.number in words(clerk.get(path))
    assert "请填写签收人" in words(clerk.post(path, {"channel": "print"}))
    assert clerk.post(path, {"channel": "print", "recipient": "张经办"}).status_code == 302
    assert "已经登记送达" in words(clerk.post(path, {"channel": "print", "recipient": "张"}))
    other = cases.decided()
    assert clerk.get(f"/desk/cases/{other.number}/letters/{letter.pk}/deliver/").status_code == 404


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ("", 200, "受送达人"),
        ("?first_on=gestern", 422, "请按“年-月-日”填写日期"),
        ("?after=x", 422, "翻页参数不正确"),
        ("?text=nothing", 200, "没有符合条件的文书"),
        ("?kind=poem", 422, "poem"),
        ("?department=moon", 422, "moon"),
    ],
)
def test_the_ledger_answers_every_wish(query, status, said):
    cases.decided()

    answer = signed_in("head").get(f"/desk/letters/{query}")

    assert answer.status_code == status
    assert said in words(answer)


def test_the_conditions_of_the_ledger_fold_until_one_of_them_is_set():
    folded = '<details class="yw-more"><summary>更多条件'
    opened = '<details class="yw-more" open><summary>更多条件'

    for query, expected in (
        ("", folded),
        ("?text=准", folded),
        ("?state=waiting", opened),
        ("?first_on=昨天", opened),
    ):
        page = signed_in("head").get(f"/desk/letters/{query}").content.decode()
        assert page.count(expected) == 1, query


def test_a_window_without_letters_of_its_own_learns_where_those_of_departments_wait():
    shown = words(signed_in("clerk").get("/desk/letters/"))

    assert "各部门交窗口送达的，在工作台的“待送达”里" in shown
    assert "没有符合条件" not in shown
