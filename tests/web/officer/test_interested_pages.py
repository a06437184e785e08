"""An interested person is told on the desk, and both sides are heard on their pages."""

from __future__ import annotations

import pytest

from tests.factories import cases
from tests.factories.desk import signed_in
from tests.web.officer.test_pages import words
from yiwang.cases.models import InterestedPerson, PartyViews
from yiwang.cases.policy.states import CaseState

pytestmark = pytest.mark.usefixtures("desk")

TOLD = {
    "kind": "person",
    "name": "邻居甲",
    "reached": "13900007777",
    "interest": "楼上住户受油烟影响",
    "workdays": "5",
    "handed": "print",
    "handed_result": "邻居甲签收",
    "channel": "in_app",
}
SAID = {"whose": "1-interested", "stance": "stated", "text": "排烟口朝我家窗户。"}
SAID["stated_on"] = "2026-03-06"


def send(login, number, page, **sent):
    version = cases.page(number).case.version
    return signed_in(login).post(f"/desk/cases/{number}/{page}/", {"version": version, **sent})


def file(login, number):
    return words(signed_in(login).get(f"/desk/cases/{number}/"))


def test_a_reviewer_tells_hears_and_only_then_proposes():
    number = cases.reviewing().number
    assert "告知利害关系人" in file("reviewer", number)

    shown = send("reviewer", number, "interested", **TOLD)

    for part in ("确认告知利害关系人", "邻居甲（自然人）", "楼上住户受油烟影响"):
        assert part in words(shown)
    assert not InterestedPerson.objects.exists()
    assert send("reviewer", number, "interested", **TOLD, confirmed="1").status_code == 302
    page = file("approver", number)
    assert "13900007777" not in page
    for part in ("139****7777", "等待意见，2026-03-13 前", "邻居甲签收"):
        assert part in page

    early = send("reviewer", number, "review", outcome="grant", opinion="符合")
    assert "可以陈述意见" in words(early)
    assert cases.page(number).case.state is CaseState.REVIEWING
    assert send("reviewer", number, "interested/views", **SAID).status_code == 302
    own = SAID | {"whose": "1-applicant", "stance": "none", "text": ""}
    assert send("reviewer", number, "interested/views", **own).status_code == 302

    page = file("approver", number)
    for part in ("利害关系人 陈述了意见", "排烟口朝我家窗户。", "申请人 表示没有意见"):
        assert part in page
    again = signed_in("reviewer").get(f"/desk/cases/{number}/interested/views/")
    assert "现在不能办理这一步" in words(again)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": ""}, "请填写利害关系人的姓名或者名称"),
        ({"reached": ""}, "请填写利害关系人的电话或者送达地址"),
        ({"interest": ""}, "请填写涉及的重大利益"),
        ({"kind": ""}, "请选择利害关系人的类型"),
        ({"workdays": "0"}, "工作日数最少为1"),
        ({"workdays": "21"}, "工作日数最多为20"),
        ({"handed": "in_app"}, "请选择利害关系人告知书的送达方式"),
        ({"name": "上海示例餐饮管理有限公司", "confirmed": "1"}, "申请人以外的人"),
    ],
)
def test_what_is_wrong_stands_on_the_page_with_what_was_typed(changes, sentence):
    number = cases.reviewing().number

    answer = send("reviewer", number, "interested", **(TOLD | changes))

    assert answer.status_code == 422
    assert sentence in words(answer)
    assert "邻居甲签收" in answer.content.decode()
    assert not InterestedPerson.objects.exists()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"text": ""}, "请填写陈述的意见"),
        ({"whose": "2-interested"}, "请选择登记谁的意见"),
        ({"stated_on": "2026-03-01"}, "须在告知之后"),
        ({"stated_on": "x"}, "请填写日期"),
    ],
)
def test_views_without_words_or_of_nobody_are_not_kept(changes, sentence):
    number = cases.reviewing().number
    cases.tell_interested(number)

    answer = send("reviewer", number, "interested/views", **(SAID | changes))

    assert answer.status_code == 422
    assert sentence in words(answer)
    assert not PartyViews.objects.exists()


def test_who_does_not_review_tells_nobody():
    number = cases.reviewing().number
    assert send("clerk", number, "interested", **TOLD, confirmed="1").status_code == 403
    assert send("stranger", number, "interested", **TOLD, confirmed="1").status_code in {403, 404}
