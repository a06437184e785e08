"""Help at the window, with consent; and phrases that nobody has to type."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

import yiwang.web
from tests.factories import cases, registers
from tests.factories.desk import signed_in
from tests.web.officer.test_pages import words
from yiwang.audit.queries import trail
from yiwang.cases.models import Case
from yiwang.cases.policy.answers import plain_answers
from yiwang.cases.queries.assisting import assistance_of
from yiwang.content.models import Text
from yiwang.web.counter.receiving import ApplicationLetterForm
from yiwang.web.officer import phrases

TEMPLATES = Path(yiwang.web.__file__).parent / "templates" / "counter"
PACKS = Path(__file__).resolve().parents[3] / "packs"

pytestmark = pytest.mark.usefixtures("desk")

FORM = f"/counter/{cases.FIRM_REF}/{cases.RESTAURANT}/"
SENT = {
    "kind": "catering",
    "address": "嘉定区南翔镇示例路11号",
    "area_m2": "80",
    "phone": "13900001234",
    "key": "k1",
    "receive": "1",
    "declared": "1",
}
AGENT = {
    "assistance": "proxy",
    "agent-name": "李代理",
    "agent-number": registers.ZHANG,
    "consented": "1",
}


def test_an_agent_is_written_down_with_a_masked_number_and_shown_on_the_file():
    receipt = signed_in("clerk").post(FORM, SENT | AGENT, follow=True)
    number = Case.objects.get().number

    found = assistance_of(number)
    assert (found.agent_name, found.agent_number) == ("李代理", "310***********1037")
    assert found.assisted_by == "陈窗口"
    for page in (receipt, signed_in("reviewer").get(f"/desk/cases/{number}/")):
        assert "李代理 310***********1037" in words(page)
        assert registers.ZHANG not in words(page)
    (row,) = trail(act="cases.assist")
    assert registers.ZHANG not in str(row)


OWN_CONTROLS = re.compile(r'\bname="([a-z_]+)"')


def test_an_item_may_ask_by_the_name_under_which_the_window_asks_for_the_agent():
    definition = cases.without_materials()
    asked = [
        {"id": "agent_name", "label": "代办人姓名", "kind": "text"},
        {"id": "agent_number", "label": "代办人身份证号", "kind": "citizen_id"},
        {"id": "contact_phone", "label": "门店电话", "kind": "text"},
    ]
    definition["sections"].append({"id": "agent", "title": "代办人", "questions": asked})
    cases.publish(definition)
    answers = {"agent_name": "孙代办", "agent_number": registers.ZHANG}
    sent = SENT | answers | {"contact_phone": "门口的电话"}

    alone = {"agent-name": "", "agent-number": "", "contact-phone": ""}
    assert signed_in("clerk").post(FORM, sent | alone).status_code == 302
    signed_in("clerk").post(FORM, sent | {"key": "k2"} | AGENT)

    first, second = Case.objects.order_by("id")
    for case in (first, second):
        kept = plain_answers(cases.page(case.number).answers)
        assert (kept["agent_name"], kept["contact_phone"]) == ("孙代办", "门口的电话")
    assert assistance_of(first.number) is None
    assert assistance_of(second.number).agent_name == "李代理"


def test_no_question_of_our_packs_has_the_name_of_a_control_of_the_window():
    pages = ("receive", "sheet", "commitment", "briefing", "briefing_refresh", "statement")
    own = {
        name
        for page in pages
        for name in OWN_CONTROLS.findall((TEMPLATES / f"{page}.html").read_text(encoding="utf-8"))
    } | set(ApplicationLetterForm.base_fields)
    packed = {
        question["id"]
        for path in PACKS.glob("*/catalogue/*.yaml")
        for part in _parts(yaml.safe_load(path.read_text(encoding="utf-8")))
        for question in part
    }

    assert {"declared", "assistance", "mailed_on"} <= own
    assert {"agent_name", "phone"} <= packed
    assert own & packed == set()


def _parts(item: dict[str, Any]) -> list[list[dict[str, Any]]]:
    return [
        item.get("questionnaire", []),
        *(section["questions"] for section in item.get("sections", [])),
    ]


def test_an_application_without_help_says_nothing_of_it():
    receipt = signed_in("clerk").post(FORM, SENT, follow=True)

    assert assistance_of(Case.objects.get().number) is None
    assert "帮办、代办" not in words(receipt).split("收件凭证", 1)[1].split("材料")[0]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"consented": ""}, "请确认后勾选“已同意”"),
        ({"assistance": "assisted", "consented": ""}, "请确认后勾选“已同意”"),
        ({"agent-name": " "}, "请填写代理人姓名"),
        ({"agent-number": "310114198506151030"}, "代理人的证件号码不对"),
        ({"agent-number": "x" * 900}, "代理人的证件号码不对"),
    ],
)
def test_help_without_consent_or_agent_takes_nothing_in_and_keeps_what_was_typed(changes, sentence):
    answer = signed_in("clerk").post(FORM, SENT | AGENT | changes)

    assert answer.status_code == 422
    assert sentence in words(answer)
    assert "嘉定区南翔镇示例路11号" in answer.content.decode()
    assert not Case.objects.exists()


def test_phrases_come_from_the_standard_of_the_material_the_department_and_the_house():
    groups = phrases.defects("写明面积；标出通道。加盖公章", ["本部门的话"])

    assert [name for name, _phrases in groups] == ["受理标准", "本部门常用", "通用"]
    assert [phrase for phrase, _label in groups[0][1]] == [
        "不符合受理标准：写明面积",
        "不符合受理标准：标出通道",
        "不符合受理标准：加盖公章",
    ]
    assert phrases.defects("", [])[0][0] == "通用"


def test_a_departments_own_phrases_stand_on_the_page_of_corrections(settings):
    Text.objects.create(
        pack=settings.DISTRICT,
        key="phrases.market.1",
        text="布局图没有标明通道",
        revision=1,
        effective_on=cases.FRIDAY.date(),
        source="测试",
    )
    definition = cases.restaurant(slug="with-papers")
    definition["handling_code"] = "11310114XXXX01011H431013100100003"
    cases.publish(definition)
    case = cases.receive(item_slug="with-papers")

    shown = signed_in("reviewer").get(f"/desk/cases/{case.number}/correct/").content.decode()

    assert '<optgroup label="受理标准">' in shown
    assert "布局图没有标明通道" in shown
