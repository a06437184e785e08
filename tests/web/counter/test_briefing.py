"""At the window: permits of the scope are read out, confirmed, kept; nothing is typed twice."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.urls import reverse

from tests.factories import cases
from tests.factories.desk import signed_in
from tests.factories.registration import SCOPE, SHOP, prepare
from tests.web.officer.test_pages import words
from yiwang.cases.models import Case, CaseDocument
from yiwang.cases.policy.terms import DocumentKind, LetterState
from yiwang.cases.queries import delivering
from yiwang.registration.models import ToldPermits

pytestmark = pytest.mark.usefixtures("desk")

FORM = f"/counter/{cases.FIRM_REF}/{SHOP}/"
SENT = {"request_kind": "new", "business_scope": SCOPE, "key": "k1", "declared": "1"}


@pytest.fixture(autouse=True)
def _registration(desk: None) -> None:
    prepare()


def post(**sent: str) -> Any:
    return signed_in("clerk").post(FORM, SENT | sent, follow=True)


def digest(page: Any) -> str:
    found = re.search(r'name="briefed" value="([0-9a-f]{64})"', page.content.decode())
    assert found
    return found[1]


def test_the_list_is_read_out_confirmed_and_printed():
    page = post(refresh="1")
    assert 'data-speak="briefing-told"' in page.content.decode()
    for said in ("餐饮服务许可（新办）", "登记前取得（前置）", "餐饮设备租赁"):
        assert said in words(page), said
    assert SCOPE in page.content.decode()  # what was typed stays

    receipt = post(receive="1", briefed=digest(page))

    row = ToldPermits.objects.get()
    assert (row.signed_by, row.signed_how) == (cases.FIRM_REF, "window")
    letter = CaseDocument.objects.get(kind=DocumentKind.PERMITS_TOLD)
    link = reverse("officer:document", args=[row.case_number, letter.pk])
    assert link in receipt.content.decode(), words(receipt)
    officer = words(signed_in("reviewer").get(f"/desk/cases/{row.case_number}/"))
    assert "有规则没有列明的用语，请在登记时告知申请人" in officer


def test_without_the_tick_nothing_is_received_and_all_stays():
    page = post(receive="1")
    assert page.status_code == 422
    assert "请把经营范围需要的许可读给申请人听" in words(page)
    assert 'href="#briefed"' in page.content.decode()
    assert SCOPE in page.content.decode()
    assert not Case.objects.exists()


def test_a_scope_changed_after_the_tick_is_read_out_again():
    confirmed = digest(post(refresh="1"))
    page = post(receive="1", briefed=confirmed, business_scope="软件开发")
    assert page.status_code == 422
    assert "经营范围或者许可规则有了变化" in words(page)
    assert digest(page) != confirmed
    assert not Case.objects.exists()


def test_a_scope_that_cannot_be_read_is_said_at_the_receipt():
    page = post(receive="1", business_scope="；；")
    assert page.status_code == 422
    assert "没有读到经营项目" in words(page)


def test_without_a_scope_nothing_is_read_out():
    page = signed_in("clerk").post(
        FORM, {"request_kind": "move", "key": "k2", "declared": "1", "receive": "1"}, follow=True
    )
    assert "经营范围需要的许可" not in words(page)
    assert Case.objects.count() == 1


@pytest.mark.req("CASE-01")
def test_a_letter_without_the_signed_list_is_taken_in_and_the_list_goes_back_with_the_receipt():
    letter = {"by_letter": "1", "mailed_on": f"{cases.FRIDAY.date()}", "declared": ""}
    receipt = words(post(receive="1", **letter))

    row, sent = ToldPermits.objects.get(), CaseDocument.objects.get(kind=DocumentKind.PERMITS_TOLD)
    assert (row.signed_by, row.signed_by_name, row.signed_how) == ("", "", "")
    assert "申请人尚未签署，随收件凭证邮寄申请人" in str(sent.body)
    assert "请打印盖章凭证和《许可事项告知承诺书》一并寄出" in receipt
    wish = delivering.LedgerWish(state=LetterState.WAITING)
    waiting = delivering.ledger(wish, by=cases.HEAD)[0]
    assert {one.kind for one in waiting} == {DocumentKind.RECEIPT, DocumentKind.PERMITS_TOLD}
    officer = words(signed_in("reviewer").get(f"/desk/cases/{row.case_number}/"))
    assert "随收件凭证邮寄告知，申请人尚未签署" in officer


def test_a_signed_list_that_lay_in_the_letter_is_kept_as_signed_there():
    confirmed = digest(post(refresh="1"))
    post(receive="1", briefed=confirmed, by_letter="1", mailed_on=f"{cases.FRIDAY.date()}")
    row = ToldPermits.objects.get()
    assert (row.signed_by, row.signed_how) == (cases.FIRM_REF, "letter")


def test_a_list_signed_in_a_letter_that_has_changed_since_is_said():
    letter = {"by_letter": "1", "mailed_on": f"{cases.FRIDAY.date()}"}
    page = post(receive="1", briefed="0" * 64, **letter)
    assert page.status_code == 422
    assert "经营范围或者许可规则有了变化" in words(page)
    assert not Case.objects.exists()
