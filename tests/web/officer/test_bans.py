"""Pages of bans and of letters put right."""

from __future__ import annotations

import pytest

from tests.factories import cases
from tests.factories.desk import signed_in
from tests.web.officer.test_pages import words
from yiwang.cases.models import Ban, CaseDocument
from yiwang.cases.policy.terms import Outcome

pytestmark = pytest.mark.usefixtures("desk")


def send(login, case, page, **sent):
    version = cases.page(case.number).case.version
    return signed_in(login).post(f"/desk/cases/{case.number}/{page}/", {"version": version, **sent})


def test_a_ban_is_decided_after_a_second_look_shown_and_lifted_by_another():
    cases.publish(
        cases.without_materials(direct_safety="直接关系人身健康。", effective_on="2026-02-01")
    )
    case = cases.decided(Outcome.REFUSE)
    assert "限制再次申请" in words(signed_in("approver").get(f"/desk/cases/{case.number}/"))
    assert "请选择情形" in words(send("approver", case, "ban", text="伪造"))
    given = {"kind": "false_material", "text": "健康证明系伪造"}
    assert "12个月内不得再次申请" in words(send("approver", case, "ban", **given))
    assert send("approver", case, "ban", confirmed="1", **given).status_code == 302

    shown = words(signed_in("head").get("/desk/bans/"))
    assert "健康证明系伪造" in shown
    assert "生效中" in shown
    own = send("approver", case, "ban", text="算了", confirmed="1")
    assert own.status_code == 422
    assert "由您决定" in words(own)
    assert send("both", case, "ban", text="复核属实", confirmed="1").status_code == 302
    assert Ban.objects.get().lift_reason == "复核属实"
    assert "已解除" in words(signed_in("head").get("/desk/bans/"))


def test_on_a_granted_case_the_page_of_a_ban_says_why_not_and_shows_no_form():
    case = cases.decided()

    shown = signed_in("approver").get(f"/desk/cases/{case.number}/ban/")

    assert "不能限制再次申请：提供虚假材料的，须先不予受理或者不予许可" in words(shown)
    assert 'name="kind"' not in shown.content.decode()


def test_a_letter_is_put_right_from_the_file_of_its_case():
    case = cases.decided()
    letter = CaseDocument.objects.get(case__number=case.number, kind="grant_decision")
    page = f"letters/{letter.pk}/fix"
    given = {"wrong": "餐饮服务许可证", "right": "食品经营许可证", "reason": "笔误"}

    assert "更正" in words(signed_in("approver").get(f"/desk/cases/{case.number}/"))
    assert "请填写原文" in words(send("approver", case, page))
    assert "原文书不变" in words(send("approver", case, page, **given))
    assert send("approver", case, page, confirmed="1", **given).status_code == 302
    wrong = send("approver", case, page, confirmed="1", **(given | {"wrong": "没有的字"}))
    assert "原文不在这份文书中" in words(wrong)
    assert send("approver", case, "letters/999999/fix", **given).status_code == 404
    assert "文书更正通知书" in words(signed_in("approver").get(f"/desk/cases/{case.number}/"))
