"""Notice and commitment at the window: told, printed, signed on paper, received (窗口告知承诺)."""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse

from tests.factories import cases, commitments, registers
from tests.factories.desk import signed_in
from tests.web.officer.test_pages import words
from yiwang.audit.queries import trail
from yiwang.cases import services
from yiwang.cases.models import Case, CaseDocument, CaseMaterial
from yiwang.cases.models.commitments import Commitment, ToleranceCommitment
from yiwang.cases.policy.commitments import RecordKind, SignedBy
from yiwang.cases.policy.states import CaseState
from yiwang.cases.policy.terms import DocumentKind, MaterialState

pytestmark = pytest.mark.usefixtures("desk")

FORM = f"/counter/{cases.FIRM_REF}/{cases.RESTAURANT}/"
SENT = {
    "kind": "catering",
    "address": "嘉定区南翔镇示例路11号",
    "area_m2": "80",
    "phone": "13900001234",
    "key": "k1",
    "declared": "1",
}
SIGNED = {"way": "commitment", "told": commitments.TOLD, "signed": "1"}


@pytest.fixture(autouse=True)
def on_commitment(desk):
    cases.publish(commitments.restaurant())


def receive(**sent):
    return signed_in("clerk").post(FORM, SENT | {"receive": "1"} | sent, follow=True)


@pytest.mark.req("CASE-08")
def test_what_is_signed_at_the_window_is_granted_the_same_day_by_another():
    receipt = receive(**SIGNED)

    case = Case.objects.get()
    letter = Commitment.objects.get(case=case)
    assert (letter.signed_by, letter.signed_how) == (cases.FIRM_REF, SignedBy.WINDOW.value)
    assert (letter.signed_by_name, letter.agent) == (case.applicant_name, False)
    states = dict(CaseMaterial.objects.filter(case=case).values_list("material_id", "state"))
    assert states["layout"] == MaterialState.PROMISED.value
    assert states["rules"] == MaterialState.WAIVED.value
    document = CaseDocument.objects.get(case=case, kind=DocumentKind.COMMITMENT_LETTER.value)
    link = reverse("officer:document", args=[case.number, document.pk])
    assert link in receipt.content.decode()
    (row,) = trail(act="cases.sign_commitment")
    assert (row.actor, row.on_behalf_of) == ("user:clerk", cases.FIRM_REF)
    services.accept_case(
        number=case.number, calendar=cases.CALENDAR, by=cases.REVIEWER, at=cases.FRIDAY
    )
    case.refresh_from_db()
    assert case.state == CaseState.ACCEPTED.value
    assert case.promised_on == case.accepted_on  # decided the same day
    assert commitments.grant(case.number).state is CaseState.APPROVED


def test_the_ordinary_way_stays_open_and_leaves_no_letter():
    receive()

    assert not Commitment.objects.exists()
    assert CaseMaterial.objects.get(material_id="rules").state == MaterialState.MISSING.value


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({"told": ["place"]}, "还有1个条件没有确认：有保证食品安全的规章制度。"),
        ({"told": []}, "还有2个条件没有确认"),
        ({"signed": ""}, "请打印承诺书，由申请人阅读并签字后勾选"),
        ({"declared": ""}, "请把声明读给申请人听"),
    ],
)
def test_what_was_not_confirmed_or_signed_is_named_and_nothing_is_kept(sent, sentence):
    page = receive(**(SIGNED | sent))

    assert page.status_code == 422
    assert sentence in words(page)
    assert 'id="way-commitment" checked' in page.content.decode()
    assert not Case.objects.exists()
    assert not trail(act="cases.sign_commitment")


def test_who_broke_a_commitment_is_told_why_and_goes_the_ordinary_way():
    services.note_record(
        applicant_ref=cases.FIRM_REF,
        kind=RecordKind.BROKEN_COMMITMENT,
        reason="核查不符合承诺",
        basis="上海市优化营商环境条例 第二十七条",
        department="market",
        until_on=dt.date(2027, 3, 5),
        by=cases.HEAD,
        at=cases.FRIDAY,
    )

    page = signed_in("clerk").post(FORM, SENT | {"refresh": "1"})
    assert "不能采用告知承诺" in words(page)
    assert 'name="way"' not in page.content.decode()
    receive(**SIGNED)
    assert Case.objects.count() == 1
    assert not Commitment.objects.exists()


def test_an_answer_that_knows_no_commitment_is_not_offered_one():
    client = signed_in("clerk")

    page = client.post(FORM, SENT | {"kind": "sales", "refresh": "1"})
    assert 'name="way"' not in page.content.decode()


def test_the_letter_is_printed_as_it_will_be_signed_and_nothing_is_received():
    page = signed_in("clerk").post(FORM, SENT | {"letter": "1"})

    text = words(page)
    receive(**SIGNED)
    for paragraph in Commitment.objects.get().paragraphs:
        assert "".join(paragraph.split()) in "".join(text.split())
    assert "承诺人签字" in text


def test_materials_follow_the_chosen_way():
    client = signed_in("clerk")

    ordinary = words(client.post(FORM, SENT | {"refresh": "1"}))
    committed = words(client.post(FORM, SENT | {"refresh": "1", "way": "commitment"}))
    assert "作出决定后 10 个工作日内补交" not in ordinary
    assert "作出决定后 10 个工作日内补交" in committed
    assert "来源：告知承诺书" in committed


def test_an_agent_signs_with_their_own_name():
    receive(
        **SIGNED,
        **{"agent-name": "李代理", "agent-number": registers.ZHANG},
        assistance="proxy",
        consented="1",
    )

    letter = Commitment.objects.get()
    assert (letter.signed_by_name, letter.agent) == ("李代理", True)
    assert not ToleranceCommitment.objects.exists()


def test_the_same_page_sent_twice_gives_one_case_and_one_letter():
    receive(**SIGNED)
    receive(**SIGNED)

    assert (Case.objects.count(), Commitment.objects.count()) == (1, 1)
