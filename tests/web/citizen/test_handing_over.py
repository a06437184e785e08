"""Handing a question to a person, and reading the answer, with and without an account."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.test import Client

from tests.factories import cases
from tests.factories.portal import signed_in
from yiwang.consultations import services
from yiwang.consultations.models import Consultation

pytestmark = pytest.mark.usefixtures("portal")

PHONE = "13900001234"


def handed(client: Client, **changes: str) -> Consultation:
    sent = {"question": "店招可以用繁体字吗？", "phone": PHONE} | changes
    answer = client.post("/ask/hand-over/", sent)
    assert answer.status_code == 302, answer.content.decode()
    assert answer["Location"] == "/ask/handed-over/"
    return Consultation.objects.latest("pk")


def answered(row: Consultation) -> None:
    services.answer_consultation(
        consultation_id=row.pk, answer="可以。<b>同时写规范字</b>", by=cases.CLERK, at=cases.FRIDAY
    )


def test_what_the_box_does_not_know_leads_to_the_form_with_the_question(client: Client):
    page = client.get("/ask/?q=火星移民怎么办").content.decode()
    assert 'href="/ask/hand-over/?q=%E7%81%AB%E6%98%9F' in page

    form = client.get("/ask/hand-over/?q=火星移民怎么办").content.decode()
    assert "火星移民怎么办</textarea>" in form
    assert "5 个工作日" in form


def test_a_question_from_a_guide_names_its_item(client: Client):
    assert f'href="/ask/hand-over/?item={cases.RESTAURANT}"' in (
        client.get(f"/items/{cases.RESTAURANT}/").content.decode()
    )
    page = client.get(f"/ask/hand-over/?item={cases.RESTAURANT}").content.decode()
    assert "关于：<strong>餐饮服务许可（新办）</strong>" in page

    assert handed(client, item=cases.RESTAURANT).item_slug == cases.RESTAURANT


def test_the_receipt_shows_code_department_and_day(client: Client):
    row = handed(client)

    page = client.get("/ask/handed-over/").content.decode()

    assert row.query_code in page
    assert "最迟于 2026-03-13 答复" in page
    assert PHONE not in page
    assert Client().get("/ask/handed-over/")["Location"] == "/ask/hand-over/"


def test_code_and_number_show_the_answer_as_text(client: Client):
    row = handed(client)
    stranger = Client()
    proof = {"query_code": row.query_code, "phone": PHONE}
    assert stranger.post("/ask/answer/", proof)["Location"] == "/ask/answer/shown/"
    assert "工作人员正在处理" in stranger.get("/ask/answer/shown/").content.decode()
    answered(row)

    answer = stranger.get("/ask/answer/shown/")
    page = answer.content.decode()

    assert "可以。&lt;b&gt;同时写规范字" in page
    assert answer["Cache-Control"] == "no-store"
    assert PHONE not in page


def test_wrong_answers_sound_all_the_same(client: Client):
    row = handed(client)
    words = set()
    for code, phone in ((row.query_code, "13900009999"), ("ZX260306ZZZZ", PHONE)):
        answer = client.post("/ask/answer/", {"query_code": code, "phone": phone})
        assert answer.status_code == 422
        words.add(answer.context["form"].non_field_errors()[0])

    assert len(words) == 1
    assert client.get("/ask/answer/shown/")["Location"] == "/ask/answer/"


def test_guessing_is_slowed_down(client: Client):
    cache.clear()
    proof = {"query_code": "ZX260306ZZZZ", "phone": PHONE}
    for _ in range(services.CODE[0].most):
        assert client.post("/ask/answer/", proof).status_code == 422

    assert client.post("/ask/answer/", proof).status_code == 429


def test_an_applicant_reads_the_answer_without_a_number():
    client = signed_in("firm")
    assert 'name="phone"' not in client.get("/ask/hand-over/").content.decode()
    row = handed(client, phone="")
    answered(row)

    assert row.asker_ref == cases.FIRM_REF
    assert "同时写规范字" in client.get("/me/questions/").content.decode()
    assert "店招" not in signed_in("zhang").get("/me/questions/").content.decode()
    assert 'href="/me/questions/"' in client.get("/cases/").content.decode()


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"question": "", "phone": PHONE}, "请写下要问的问题。"),
        ({"question": "问" * 501, "phone": PHONE}, "问题最多 500 个字"),
        ({"question": "问", "phone": ""}, "请填写 11 位手机号码"),
        ({"question": "问", "phone": "12345"}, "请填写11位手机号码"),
        ({"question": "问\x00", "phone": PHONE}, "看不见的控制字符"),
    ],
)
def test_a_form_that_lacks_something_says_so_and_keeps_what_was_typed(
    client: Client, sent: dict[str, str], words: str
):
    answer = client.post("/ask/hand-over/", sent)

    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert sent["question"][:20].replace("\x00", "") in answer.content.decode()
    assert not Consultation.objects.exists()


def test_handing_over_too_often_is_stopped(client: Client):
    cache.clear()
    for _ in range(services.HANDED_OVER[0].most):
        handed(client)

    answer = client.post("/ask/hand-over/", {"question": "问", "phone": PHONE})

    assert answer.status_code == 429


def test_an_item_that_does_not_exist_is_no_reason_to_fail(client: Client):
    assert client.get("/ask/hand-over/?item=%00x").status_code == 200
    assert handed(client, item="no-such-item").item_slug == ""
