"""Help at the window, with consent; and phrases that nobody has to type."""

from __future__ import annotations

import pytest

from tests.factories import cases, registers
from tests.factories.desk import signed_in
from tests.web.officer.test_pages import words
from yiwang.audit.queries import trail
from yiwang.cases.models import Case
from yiwang.cases.queries.assisting import assistance_of
from yiwang.content.models import Text
from yiwang.web.officer import phrases

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
    "agent_name": "李代理",
    "agent_number": registers.ZHANG,
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


def test_an_application_without_help_says_nothing_of_it():
    receipt = signed_in("clerk").post(FORM, SENT, follow=True)

    assert assistance_of(Case.objects.get().number) is None
    assert "帮办、代办" not in words(receipt).split("收件凭证", 1)[1].split("材料")[0]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"consented": ""}, "请确认后勾选“已同意”"),
        ({"assistance": "assisted", "consented": ""}, "请确认后勾选“已同意”"),
        ({"agent_name": " "}, "请填写代理人姓名"),
        ({"agent_number": "310114198506151030"}, "代理人的证件号码不对"),
        ({"agent_number": "x" * 900}, "代理人的证件号码不对"),
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
