"""What a department does with the questions of the public."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.core.management import call_command

from tests.factories import cases, desk
from yiwang.consultations import quoting, services
from yiwang.consultations.models import Consultation, PublicAnswer
from yiwang.organisations.permissions import Actor


@pytest.fixture
def row(desk: None) -> Consultation:
    """A question that the centre has."""
    call_command("createcachetable", verbosity=0)
    cache.clear()
    asked = services.hand_over(
        question="店招可以用繁体字吗？<script>",
        phone="13900001234",
        workdays=5,
        calendar=cases.CALENDAR,
        by=Actor(ref="public:web", ip="10.1.2.3"),
        at=cases.FRIDAY,
    )
    return Consultation.objects.get(query_code=asked.query_code)


def answer(row: Consultation) -> None:
    services.answer_consultation(
        consultation_id=row.pk, answer="可以。", by=cases.CLERK, at=cases.FRIDAY
    )


def test_the_list_shows_what_is_open_with_its_light(row: Consultation):
    page = desk.signed_in("clerk").get("/desk/questions/").content.decode()

    assert row.query_code in page
    assert "店招可以用繁体字吗？&lt;script&gt;" in page
    assert 'data-light="green"' in page
    assert 'href="/desk/questions/"' in page
    assert row.query_code not in desk.signed_in("head").get("/desk/questions/").content.decode()


def test_a_clerk_answers_and_the_question_moves_to_the_other_tab(row: Consultation):
    client = desk.signed_in("clerk")
    page = client.get(f"/desk/questions/{row.pk}/").content.decode()
    assert "139****1234" in page
    assert "13900001234" not in page

    assert client.post(f"/desk/questions/{row.pk}/", {"answer": ""}).status_code == 422
    assert client.post(f"/desk/questions/{row.pk}/", {"answer": "可以。"}).status_code == 302

    shown = client.get(f"/desk/questions/{row.pk}/").content.decode()
    assert "陈窗口" in shown
    assert "提交答复" not in shown
    assert row.query_code in client.get("/desk/questions/?tab=answered").content.decode()
    again = client.post(f"/desk/questions/{row.pk}/", {"answer": "不可以。"})
    assert again.status_code == 422
    assert "已经答复" in again.content.decode()


def test_a_clerk_passes_a_question_on_to_those_who_know(row: Consultation):
    client = desk.signed_in("clerk")
    form = client.get(f"/desk/questions/{row.pk}/transfer/").content.decode()
    assert 'value="market"' in form
    assert 'value="centre"' not in form
    assert client.post(f"/desk/questions/{row.pk}/transfer/", {}).status_code == 422

    sent = {"department": "market", "reason": "归市场监管"}
    assert client.post(f"/desk/questions/{row.pk}/transfer/", sent).status_code == 302

    assert client.get(f"/desk/questions/{row.pk}/").status_code == 403
    assert desk.signed_in("head").get(f"/desk/questions/{row.pk}/").status_code == 200


def test_an_answer_is_made_public_in_a_second_step_that_names_the_consequence(row: Consultation):
    answer(row)
    client = desk.signed_in("clerk")
    page = client.get(f"/desk/questions/{row.pk}/publish/").content.decode()
    assert "公开后任何人都能通过提问框看到" in page
    assert "店招可以用繁体字吗？&lt;script&gt;</textarea>" in page

    wrong = {"question": "我是13900001234，能用繁体字吗？", "answer": "可以。"}
    assert client.post(f"/desk/questions/{row.pk}/publish/", wrong).status_code == 422
    right = {"question": "招牌可以用繁体字吗？", "answer": "可以。"}
    assert client.post(f"/desk/questions/{row.pk}/publish/", right).status_code == 302

    assert quoting.reply("招牌可以用繁体字吗", on=cases.FRIDAY.date()).known
    shown = client.get("/ask/?q=招牌可以用繁体字吗").content.decode()
    assert "已公开的答复，2026-03-06" in shown
    assert "店招" not in shown


def test_a_public_answer_is_taken_down_with_a_reason(row: Consultation):
    answer(row)
    services.publish_answer(
        consultation_id=row.pk,
        question="招牌可以用繁体字吗？",
        answer="可以。",
        by=cases.CLERK,
        at=cases.FRIDAY,
    )
    client = desk.signed_in("clerk")
    assert "撤下后提问框不再引用" in (
        client.get(f"/desk/questions/{row.pk}/withdraw/").content.decode()
    )
    assert client.post(f"/desk/questions/{row.pk}/withdraw/", {}).status_code == 422

    sent = {"reason": "规定改了"}
    assert client.post(f"/desk/questions/{row.pk}/withdraw/", sent).status_code == 302

    assert PublicAnswer.objects.get().withdrawn_by == "user:clerk"
    assert "规定改了" in client.get(f"/desk/questions/{row.pk}/").content.decode()


def test_a_page_that_was_never_given_is_refused(row: Consultation):
    client = desk.signed_in("clerk")

    assert client.get("/desk/questions/?after=x").status_code == 422
    assert client.get("/desk/questions/999999/").status_code == 404
