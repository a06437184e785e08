"""Errors put right on the spot at the window and, once asked for, on the portal."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpResponse

from tests.factories import cases
from tests.factories.desk import signed_in
from tests.web.officer.test_pages import words
from yiwang.cases.models import Case, SpotFix, WindowVisit

pytestmark = pytest.mark.usefixtures("desk")

SEEN = {"relation": "legal_rep", "agent_name": "示例负责人", "identified": "on"}
ADDRESS = "on-spot/answers/address/"


def send(number: str, page: str, **sent: Any) -> HttpResponse:
    version = Case.objects.get(number=number).version
    answer: HttpResponse = signed_in("clerk").post(
        f"/counter/cases/{number}/{page}", {"version": version} | sent
    )
    return answer


def test_the_window_puts_an_answer_right_prints_the_receipt_and_shows_both():
    number = cases.receive().number
    home = f"/counter/cases/{number}/"
    client = signed_in("clerk")
    assert "当场更正" in words(client.get(home))
    shown = client.get(f"{home}on-spot/")
    assert "嘉定区南翔镇示例路11号" in words(shown)
    assert "13900001234" not in shown.content.decode()
    assert "现在的内容" in words(client.get(home + ADDRESS))

    wrong = send(number, ADDRESS, value="", **SEEN)
    assert (wrong.status_code, "请填写“经营场所地址”" in words(wrong)) == (422, True)
    unseen = send(number, ADDRESS, value="嘉定区南翔镇示例路12号", relation="legal_rep")
    assert unseen.status_code == 422
    assert "嘉定区南翔镇示例路12号" in unseen.content.decode()
    same = send(number, ADDRESS, value="嘉定区南翔镇示例路11号", **SEEN)
    assert (same.status_code, "与原来填写的相同" in words(same)) == (422, True)
    assert not SpotFix.objects.exists()
    assert not WindowVisit.objects.exists()

    done = send(number, ADDRESS, value="嘉定区南翔镇示例路12号", **SEEN)

    assert done.status_code == 302, words(done)
    assert "由“嘉定区南翔镇示例路11号”更正为“嘉定区南翔镇示例路12号”" in words(
        client.get(done.headers["Location"])
    )
    for page in (home, f"{home}on-spot/"):
        text = words(client.get(page))
        assert "嘉定区南翔镇示例路12号" in text
        assert "嘉定区南翔镇示例路11号" in text
    assert "不是补正" in words(signed_in("clerk").get(f"/desk/cases/{number}/"))


def test_a_material_is_exchanged_at_the_window_on_paper():
    definition = cases.restaurant(slug="with-papers")
    definition["handling_code"] = "11310114XXXX01011H431013100100003"
    cases.publish(definition)
    number = cases.receive(item_slug="with-papers", paper=["layout"]).number
    page = "on-spot/materials/layout/"
    assert "更换后的材料" in words(signed_in("clerk").get(f"/counter/cases/{number}/{page}"))

    nothing = send(number, page, receive="1", **SEEN)
    assert (nothing.status_code, "请提交更换后的" in words(nothing)) == (422, True)
    done = send(number, page, receive="1", paper="layout", form_layout="copy", **SEEN)

    assert done.status_code == 302, words(done)
    assert SpotFix.objects.get().new_form == "copy"
    assert "申请人当场更换" in words(signed_in("clerk").get(f"/counter/cases/{number}/"))


def test_after_acceptance_the_pages_say_that_it_is_too_late():
    number = cases.accepted().number

    for page in ("on-spot/", ADDRESS):
        shown = signed_in("clerk").get(f"/counter/cases/{number}/{page}")
        assert "只有等待受理的办件可以当场更正" in words(shown)
    late = send(number, ADDRESS, value="示例路12号", **SEEN)
    assert (late.status_code, "不能当场更正" in words(late)) == (422, True)
    assert not SpotFix.objects.exists()
