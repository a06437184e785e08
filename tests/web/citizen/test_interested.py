"""An applicant whose case touches somebody else reads it and states views on the portal."""

from __future__ import annotations

import pytest

from tests.factories import cases
from tests.factories.portal import signed_in
from tests.web.officer.test_pages import words
from yiwang.cases.models import PartyViews

pytestmark = pytest.mark.usefixtures("portal")


def told() -> str:
    files = {name: [cases.upload("user:clerk")] for name in ("layout", "rules")}
    number = cases.reviewing(uploads=files).number
    cases.tell_interested(number)
    return number


def test_the_applicant_reads_whose_interest_it_is_and_states_views_once():
    number = told()
    firm, path = signed_in("firm"), f"/cases/{number}/interested/"
    page = firm.get(f"/cases/{number}/").content.decode()
    assert path in page
    assert f'href="{path}">陈述意见</a>' in page
    assert "您可以在 3月13日 前对利害关系陈述意见" in page
    assert "陈述意见权利告知书" in page
    assert "利害关系人告知书" not in page
    shown = words(firm.get(path))
    for part in ("邻**", "楼上住户受油烟影响", "请于 2026-03-13 前陈述意见"):
        assert part in shown
    assert "邻居甲" not in shown
    assert "示例路13号" not in shown

    answer = firm.post(path, {"serial": "1", "stance": "stated", "text": "排烟口在北面。"})

    assert answer.status_code == 302
    (row,) = PartyViews.objects.all()
    assert (row.party, row.text) == ("applicant", "排烟口在北面。")
    assert "对利害关系陈述意见" not in words(firm.get(f"/cases/{number}/"))
    shown = words(firm.get(path))
    assert "排烟口在北面。" in shown
    assert "现在没有需要您陈述意见的利害关系" in shown
    again = firm.post(path, {"serial": "1", "stance": "stated", "text": "再说一次"})
    assert again.status_code == 422
    assert PartyViews.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"text": " "}, "请填写您的意见和理由"),
        ({"serial": "9"}, "请选择就哪项利益陈述意见"),
        ({"stance": ""}, "请选择陈述意见或者没有意见"),
    ],
)
def test_views_without_words_stand_on_the_page_again(changes, sentence):
    number = told()
    sent = {"serial": "1", "stance": "stated", "text": "排烟口在北面。"}

    answer = signed_in("firm").post(f"/cases/{number}/interested/", sent | changes)

    assert answer.status_code == 422
    assert sentence in words(answer)
    assert not PartyViews.objects.exists()


def test_nobody_else_finds_the_page():
    assert signed_in("zhang").get(f"/cases/{told()}/interested/").status_code == 403
