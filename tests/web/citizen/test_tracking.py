"""Following a case without an account."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.factories import cases
from tests.factories.portal import accepted, closed, signed_in, submitted
from yiwang.cases.models import Case
from yiwang.cases.policy.mailed import Mailed
from yiwang.ratings.models import Rating

pytestmark = pytest.mark.usefixtures("portal")

PHONE = "13900001234"
NEUTRAL = "查询码与手机号（或证件号码后四位）不符"


def ask(client: Client, code: str, phone: str = PHONE, **more: object) -> object:
    return client.post("/track/", {"query_code": code, "phone": phone}, **more)


def words(answer: object) -> str:
    return answer.content.decode()  # type: ignore[attr-defined]


def test_an_application_by_letter_says_when_the_letter_was_got(client: Client):
    letter = Mailed(received_on=cases.FRIDAY.date(), number="XA123")
    case = cases.receive(letter=letter, at=cases.FRIDAY)

    for page in (
        words(ask(client, case.query_code, follow=True)),
        words(signed_in().get(f"/cases/{case.number}/")),
    ):
        assert "邮寄信函（邮件号 XA123）" in page
        assert "2026年3月6日收到" in page


def test_code_and_phone_show_the_case_without_names(client: Client):
    case = accepted()

    page = words(ask(client, case.query_code.lower(), follow=True))

    assert case.number in page
    assert page.count('aria-current="step"') == 1
    assert case.applicant_name not in page
    assert "陈窗口" not in page


def test_what_is_still_to_come_is_told_without_an_account_too(client: Client):
    submitted(signed_in())
    case = Case.objects.get()

    page = words(
        ask(
            client,
            case.query_code,
            case.phone_masked[-4:] or case.applicant_number_masked[-4:],
            follow=True,
        )
    )

    assert "请补交 1 件容缺材料。" in page


@pytest.mark.parametrize(
    ("code", "phone"),
    [("JD0000000000", PHONE), ("real", "13900009999"), ("real", "%"), ("' or 1=1", "1234")],
)
def test_the_answer_never_says_which_of_the_two_was_wrong(client: Client, code: str, phone: str):
    case = cases.receive()

    answer = ask(client, case.query_code if code == "real" else code, phone)

    assert answer.status_code in {403, 422}  # type: ignore[attr-defined]
    assert NEUTRAL in words(answer)


def test_empty_fields_say_what_to_type(client: Client):
    page = words(ask(client, "", ""))

    assert "请填写收件凭证上的查询码" in page
    assert "请填写手机号或后四位" in page


def test_too_many_tries_are_stopped_even_with_the_right_answer(client: Client):
    case = cases.receive()
    for number in range(10):
        ask(client, f"JD00000000{number:02d}")

    answer = ask(client, case.query_code)

    assert answer.status_code == 429  # type: ignore[attr-defined]
    assert "查询太频繁" in words(answer)


def test_one_code_cannot_be_tried_from_many_addresses(client: Client):
    case = cases.receive()
    for number in range(5):
        ask(client, case.query_code, "0000", REMOTE_ADDR=f"10.0.0.{number}")

    answer = ask(client, case.query_code, REMOTE_ADDR="10.0.1.1")

    assert answer.status_code == 429  # type: ignore[attr-defined]


def test_without_proof_there_is_nothing_to_see(client: Client):
    for url in ("/track/case/", "/track/case/rate/"):
        assert client.get(url)["Location"] == "/track/"


def test_a_closed_case_is_rated_without_an_account(client: Client):
    case = closed()
    ask(client, case.query_code)
    assert "部门会在 15 个工作日内整改并答复" in words(client.get("/track/case/rate/"))

    answer = client.post("/track/case/rate/", {"grade": "very_satisfied"}, follow=True)

    assert "评价已提交" in words(answer)
    assert Rating.objects.get().grade == "very_satisfied"
    again = client.post("/track/case/rate/", {"grade": "satisfied"})
    assert again.status_code == 422
