"""What registers hold is masked at the window; one key shows it whole and notes the look."""

from __future__ import annotations

from typing import Any

import pytest

from tests.factories import cases, registers
from tests.factories.desk import signed_in
from tests.web.officer.test_masked import HEAD, asking
from tests.web.officer.test_pages import words
from yiwang.audit.queries import reads_of, trail
from yiwang.cases.models import Case
from yiwang.organisations import permissions
from yiwang.organisations.permissions import Permission, Post
from yiwang.registers.queries import PersonView

pytestmark = pytest.mark.usefixtures("desk")

WHOLE = {
    "born_on": "1985-06-15",
    "hukou": "上海市嘉定区南翔镇样本路2号",
    "address": "上海市嘉定区南翔镇示例路1号",
    "gender": "男",
}
SENT = {"key": "k1", "receive": "1", "declared": "1"}


@pytest.fixture
def person() -> PersonView:
    return registers.save_person()


@pytest.fixture
def form(person: PersonView) -> str:
    """The address of an item for persons that asks for what the register holds."""
    definition = cases.card() | {"slug": "held-card"}
    definition["handling_code"] = "11310114XXXX01011H431073100100002"
    definition["sections"] = asking("person", "name", *WHOLE)
    definition["sections"][0]["questions"].append(
        {
            "id": "phone",
            "label": "联系电话",
            "kind": "phone",
            "prefill": "person.phone",
            "personal": True,
        }
    )
    cases.publish(definition)
    return f"/counter/{person.ref}/held-card/"


def looks(ref: str) -> list[tuple[str, list[str]]]:
    return [(row.purpose, row.detail["fields"]) for row in trail(act="audit.read", target=ref)]


def test_the_page_holds_no_personal_value_whole_and_opening_it_is_no_look(
    form: str, person: PersonView
):
    page = signed_in("clerk").get(form)

    html = page.content.decode()
    for secret in (*WHOLE.values(), "14000000001", registers.ZHANG):
        assert f">{secret}<" not in html, secret
        if len(secret) > 1:
            assert secret not in html, secret
    assert "1985-**-**" in html
    assert "上海市嘉定区南翔镇****" in html
    assert "张示例" in html
    assert looks(person.ref) == []


def test_one_key_shows_everything_whole_keeps_what_was_typed_and_writes_the_look_down(
    form: str, person: PersonView
):
    clerk = signed_in("clerk")
    before = clerk.get(form).content.decode()
    assert 'name="reveal" value="1"' in before
    assert 'data-key="v"' in before

    answer = clerk.post(form, {"key": "k1", "reveal": "1", "change_hukou": "嘉定区别处3号"})

    shown = words(answer)
    assert answer.status_code == 200
    for whole in (*WHOLE.values(), "14000000001"):
        assert whole in shown, whole
    assert "嘉定区别处3号" in answer.content.decode()
    assert "本次查看已记入日志" in shown
    assert 'name="reveal"' not in answer.content.decode()
    assert looks(person.ref) == [
        (
            "窗口收件与申请人核对登记信息",
            ["address", "born_on", "gender", "hukou_address", "phone"],
        )
    ]
    (row,) = reads_of(person.ref)
    assert row.department == "centre"


def test_what_was_shown_is_masked_again_on_the_next_answer_and_a_second_look_is_a_second_line(
    form: str, person: PersonView
):
    clerk = signed_in("clerk")

    clerk.post(form, {"key": "k1", "reveal": "1"})
    again = clerk.post(form, {"key": "k1", "refresh": "1"})
    assert WHOLE["hukou"] not in words(again)
    clerk.post(form, {"key": "k1", "reveal": "1"})

    assert len(looks(person.ref)) == 2


def test_the_case_is_filed_with_the_whole_values_nobody_typed(form: str, person: PersonView):
    answer = signed_in("clerk").post(form, SENT)

    number = Case.objects.get().number
    assert answer.headers["Location"] == f"/counter/receipt/{number}/"
    answers = cases.page(number).answers
    assert {key: answers[key] for key in WHOLE} == WHOLE
    assert answers["phone"] == "14000000001"
    assert all(purpose != "窗口收件与申请人核对登记信息" for purpose, _ in looks(person.ref))


def test_who_may_not_look_is_offered_no_key_and_sees_nothing(
    form: str, person: PersonView, monkeypatch: pytest.MonkeyPatch
):
    without: dict[Post, Any] = {
        post: granted - {Permission.PERSON_REVEAL} for post, granted in permissions.GRANTS.items()
    }
    monkeypatch.setattr(permissions, "GRANTS", without)
    clerk = signed_in("clerk")

    page = clerk.get(form).content.decode()
    refused = clerk.post(form, {"key": "k1", "reveal": "1"})

    assert "1985-**-**" in page
    assert 'name="reveal"' not in page
    assert refused.status_code == 403
    assert WHOLE["hukou"] not in words(refused)
    assert looks(person.ref) == []


def test_who_leads_a_firm_is_masked_and_what_is_public_is_not():
    registers.save_entity(representative_name=HEAD)
    definition = cases.without_materials(slug="led")
    definition["handling_code"] = "11310114XXXX01011H431013100100004"
    definition["sections"] = [
        *definition["sections"],
        *asking("entity", "name", "legal_representative"),
    ]
    definition["sections"][-1]["questions"][0]["personal"] = False
    cases.publish(definition)
    form = f"/counter/{cases.FIRM_REF}/led/"
    clerk = signed_in("clerk")

    shown = words(clerk.get(form))
    assert HEAD not in shown
    assert "欧***" in shown
    assert "上海示例餐饮管理有限公司" in shown
    assert HEAD in words(clerk.post(form, {"key": "k1", "reveal": "1"}))
    assert looks(cases.FIRM_REF) == [("窗口收件与申请人核对登记信息", ["representative_name"])]
    nothing_hidden = clerk.get(f"/counter/{cases.FIRM_REF}/{cases.RESTAURANT}/").content.decode()
    assert 'name="reveal"' not in nothing_hidden


def test_a_look_at_nothing_hidden_is_refused_and_not_written_down():
    form = f"/counter/{cases.FIRM_REF}/{cases.RESTAURANT}/"

    answer = signed_in("clerk").post(form, {"key": "k1", "reveal": "1"})

    assert answer.status_code == 422
    assert "没有可以查看完整内容的登记信息" in words(answer)
    assert looks(cases.FIRM_REF) == []
