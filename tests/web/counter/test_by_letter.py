"""A letter at the counter: entered with its day, receipt to post back, shown at the desk."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.factories import cases
from tests.factories.desk import signed_in
from tests.web.officer.test_pages import words
from yiwang.cases.models import Case

pytestmark = pytest.mark.usefixtures("desk")

FORM = f"/counter/{cases.FIRM_REF}/{cases.RESTAURANT}/"
GOT = cases.FRIDAY.date()
SENT = {
    "kind": "catering",
    "address": "嘉定区南翔镇示例路11号",
    "area_m2": "80",
    "phone": "13900001234",
    "key": "k1",
    "receive": "1",
}
LETTER = {"by_letter": "1", "mailed_on": f"{GOT}", "mail_number": "XA 123"}


@pytest.mark.req("CASE-01")
def test_a_letter_is_entered_and_its_receipt_is_posted_back():
    clerk = signed_in("clerk")

    answer = clerk.post(FORM, SENT | LETTER)
    assert answer.status_code == 302, words(answer)
    row = Case.objects.get()
    assert (row.channel, row.received_on, row.mail_number) == ("letter", GOT, "XA123")
    receipt = words(clerk.get(answer.headers["Location"]))
    assert "请把收件凭证寄回申请人" in receipt
    assert "邮寄信函（邮件号 XA123）" in receipt
    assert "2026年3月6日收到" in receipt

    staff = words(signed_in("reviewer").get(f"/desk/cases/{row.number}/"))
    assert "收件方式" in staff
    assert "邮寄信函（邮件号 XA123）" in staff


@pytest.mark.parametrize(("declared", "told"), [({}, True), ({"declared": "1"}, False)])
def test_whoever_accepts_is_told_that_no_signed_declaration_lay_in_the_letter(declared, told):
    signed_in("clerk").post(FORM, SENT | LETTER | declared)
    number = Case.objects.get().number

    reviewer = signed_in("reviewer")
    for page in ("", "accept/"):
        shown = words(reviewer.get(f"/desk/cases/{number}/{page}"))
        assert ("信中没有申请人签字的声明" in shown) is told


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({"mailed_on": ""}, "请填写本单位收到信函的日期。"),
        ({"mailed_on": "6 March"}, "请按“年-月-日”填写信函收到日期。"),
        ({"mailed_on": "2099-01-01"}, "信函收到日期不能晚于今天"),
        ({"mailed_on": "1999-01-01"}, "信函收到日期不能早于90天前"),
        ({"mail_number": "邮件"}, "邮件号应为不超过40位的字母、数字或者短横线"),
        ({"by_letter": ""}, "请勾选“申请是邮寄来的”"),
    ],
)
def test_what_was_entered_wrong_is_said_at_the_form_and_kept(sent: dict[str, str], sentence: str):
    answer = signed_in("clerk").post(FORM, SENT | {"declared": "1"} | LETTER | sent)

    assert answer.status_code == 422
    assert sentence in words(answer)
    page = answer.content.decode()
    (wrong,) = sent
    assert f'<a class="ds-link" href="#{wrong}">' in page
    assert f'id="{wrong}-error"' in page
    assert f'value="{(LETTER | sent)["mail_number"]}"' in page
    assert Case.objects.count() == 0


def test_what_was_entered_of_a_letter_stays_while_files_are_taken_in():
    page = signed_in("clerk").post(FORM, LETTER | {"refresh": "1"}).content.decode()

    assert f'value="{GOT}"' in page
    assert "5 个工作日的受理期限、容缺补齐的期限自这一天起算" in page
    assert 'value="XA 123"' in page
    assert re.search('<input[^>]*name="by_letter"[^>]* checked', page)
    assert re.search('<details[^>]*id="letter" open', page)


def test_whoever_stands_at_the_window_still_signs_the_declaration():
    answer = signed_in("clerk").post(FORM, SENT)

    assert answer.status_code == 422
    assert "请把声明读给申请人听" in words(answer)


def by_post(**sent: str) -> Any:
    """Hand in at the counter what came by post for a correction."""
    case = cases.correcting()
    (line,) = cases.page(case.number).correction.lines
    given = {"version": f"{case.version}", "receive": "1", f"answer_{line.id}": "示例路11号甲"}
    return signed_in("clerk").post(
        f"/counter/cases/{case.number}/correction/",
        given | {"relation": "letter", "mailed_on": f"{GOT}", "mail_number": "xa 9"} | sent,
        follow=True,
    )


@pytest.mark.req("CASE-01")
def test_a_correction_that_came_by_post_is_entered_with_its_day_and_names_nobody():
    page = words(by_post())

    row = Case.objects.get()
    assert (row.state, row.corrected_on) == ("received", GOT)
    assert f"邮寄信函（邮件号XA9），{GOT}收到" in page
    assert "邮寄来的寄回申请人" in page


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({"mailed_on": ""}, "请填写本单位收到信函的日期。"),
        ({"mailed_on": "March"}, "请按“年-月-日”填写信函收到日期。"),
        ({"mailed_on": "2099-01-01"}, "信函收到日期不能晚于今天"),
        ({"mailed_on": "2026-03-01"}, "信函收到日期不能早于告知补正的日期"),
        ({"mail_number": "邮件"}, "邮件号应为不超过40位"),
        ({"relation": "legal_rep"}, "请选择“补正材料是邮寄来的”"),
    ],
)
def test_a_letter_of_a_correction_that_was_entered_wrong_is_said_and_kept(sent, sentence):
    answer = by_post(**sent)

    assert answer.status_code == 422
    assert sentence in words(answer)
    page = answer.content.decode()
    assert "5 个工作日的受理期限自这一天起算" in page
    (wrong,) = sent
    assert f'id="id_{wrong}-error"' in page
    assert "示例路11号甲" in page
    assert Case.objects.get().corrected_on is None
