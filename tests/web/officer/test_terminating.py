"""The deciding department ends an open case on its desk, with ground, facts and day."""

from __future__ import annotations

import pytest

from tests.factories import cases
from tests.factories.desk import signed_in
from tests.web.officer.test_pages import words
from yiwang.cases.models import CaseDocument
from yiwang.cases.policy.states import CaseState

pytestmark = pytest.mark.usefixtures("desk")

GOOD = {
    "ground": "body_ended",
    "happened_on": "2026-03-01",
    "facts": "公司已于2026年3月1日注销，见注销通知书",
}


def send(login, case, **sent):
    return signed_in(login).post(
        f"/desk/cases/{case.number}/terminate/", {"version": case.version, **sent}
    )


def test_it_is_shown_whole_then_done_and_the_letter_is_sent():
    case = cases.reviewing()
    page = signed_in("approver").get(f"/desk/cases/{case.number}/").content.decode()
    assert f"/desk/cases/{case.number}/terminate/" in page

    shown = send("approver", case, **GOOD)

    assert shown.status_code == 200
    for part in ("确认终止办理", "申请的法人或者其他组织依法终止", "2026年3月1日", "60 日内向"):
        assert part in words(shown)
    assert cases.page(case.number).case.state is CaseState.REVIEWING

    answer = send("approver", case, **GOOD, confirmed="1")

    assert answer.status_code == 302
    assert cases.page(case.number).case.state is CaseState.TERMINATED
    letter = CaseDocument.objects.get(case__number=case.number, kind="end_notice")
    read = words(signed_in("approver").get(f"/desk/cases/{case.number}/"))
    assert letter.title in read
    assert "公司已于2026年3月1日注销" in read


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"ground": ""}, "请选择终止事由。"),
        ({"ground": "not_corrected"}, "请选择终止事由。"),
        ({"ground": "other"}, "请填写依据，写明法律、法规、规章的名称和条款。"),
        ({"happened_on": "昨天"}, "请填写日期，例如 2026-03-06。"),
        ({"happened_on": "2099-01-01", "confirmed": "1"}, "不能晚于今天"),
        ({"facts": ""}, "请填写查明的事实和证据。"),
    ],
)
def test_bad_input_is_answered_with_a_sentence_and_nothing_is_lost(changes, sentence):
    case = cases.reviewing()

    answer = send("approver", case, **(GOOD | changes))

    assert answer.status_code == 422
    assert sentence in words(answer)
    if "facts" not in changes:
        assert GOOD["facts"] in answer.content.decode()
    assert cases.page(case.number).case.state is CaseState.REVIEWING


def test_it_is_for_those_who_decide_there_and_for_open_cases():
    case = cases.reviewing()
    assert (
        "terminate/"
        not in signed_in("reviewer").get(f"/desk/cases/{case.number}/").content.decode()
    )
    assert send("reviewer", case, **GOOD, confirmed="1").status_code == 403

    done = cases.in_state(CaseState.CLOSED)
    page = signed_in("approver").get(f"/desk/cases/{done.number}/terminate/")
    assert "现在不能办理这一步" in words(page)
