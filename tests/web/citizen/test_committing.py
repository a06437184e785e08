"""Both ways side by side, the letter, and what stands in the case afterwards, on the pages."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.factories import cases, commitments
from tests.factories.portal import FORM, begun, signed_in
from tests.web.officer.test_pages import words
from yiwang.cases import queries, services
from yiwang.cases.models import Case
from yiwang.cases.models.commitments import Commitment
from yiwang.cases.policy.commitments import CheckOutcome, RecordKind

pytestmark = pytest.mark.usefixtures("portal")

ALL = {"told_place": "on", "told_rules": "on", "accepted": "on"}


@pytest.fixture
def draft() -> str:
    cases.publish(commitments.restaurant())
    client = signed_in()
    address = begun(client)
    client.post(f"{address}section/situation/", {"kind": "catering"})
    client.post(f"{address}section/place/", FORM)
    return address


def test_both_ways_are_offered_with_their_days_and_the_ordinary_one_needs_nothing(draft):
    shown = words(signed_in().get(f"{draft}way/"))

    assert "受理当日作出决定" in shown
    assert "受理后 5 个工作日" in shown
    assert "平面图（10 个工作日内）" in shown
    assert "用承诺代替 规章制度" in shown
    assert "2 个月内核查（现场核查）" in shown
    chosen = signed_in().post(f"{draft}way/", {"way": "ordinary"})
    assert chosen["Location"] == draft


@pytest.mark.req("CASE-08")
def test_whoever_signs_submits_without_what_is_replaced_or_comes_later(draft):
    client = signed_in()
    assert client.post(f"{draft}way/", {"way": "commitment"})["Location"] == f"{draft}commitment/"
    letter = words(client.get(f"{draft}commitment/"))
    assert "有与经营品种相适应的场所。" in letter
    assert "不履行承诺的，责令限期改正" in letter

    assert client.post(f"{draft}commitment/", ALL).status_code == 302
    checked = words(client.get(f"{draft}check/"))
    assert "告知承诺方式，受理当日作出决定" in checked
    assert "决定后补交" in checked
    done = client.post(f"{draft}check/", {"promise": "on"})

    assert done.status_code == 302
    number = done["Location"].split("/")[2]
    assert Commitment.objects.get(case__number=number).signed_by == "user:firm"
    assert "告知承诺" in words(client.get(f"/cases/{number}/"))


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        pytest.param({}, "请确认这一条", id="nothing"),
        pytest.param({"told_place": "on", "accepted": "on"}, "请确认这一条", id="one left out"),
        pytest.param({"told_place": "on", "told_rules": "on"}, "请阅读承诺书全文", id="not read"),
    ],
)
def test_a_letter_that_is_not_confirmed_whole_is_shown_again(draft, sent, sentence):
    answer = signed_in().post(f"{draft}commitment/", sent)

    assert answer.status_code == 422
    assert sentence in words(answer)
    assert not Commitment.objects.exists()


def test_a_choice_that_is_none_is_asked_for_again(draft):
    answer = signed_in().post(f"{draft}way/", {})

    assert answer.status_code == 422
    assert "请选择办理方式" in words(answer)


def test_who_is_barred_reads_why_and_until_when(draft):
    services.note_record(
        applicant_ref=cases.FIRM_REF,
        kind=RecordKind.BROKEN_COMMITMENT,
        reason="没有履行承诺",
        basis="上海市优化营商环境条例 第二十七条",
        department="market",
        until_on=dt.date(2027, 3, 5),
        by=cases.HEAD,
        at=cases.FRIDAY,
    )

    shown = words(signed_in().get(f"{draft}way/"))

    assert "没有履行承诺），至2027年3月5日不能适用" in shown
    assert signed_in().post(f"{draft}way/", {"way": "commitment"}).status_code == 422
    refused = signed_in().post(f"{draft}commitment/", ALL)
    assert refused.status_code == 422
    assert "不能采用告知承诺" in words(refused)


def test_an_item_without_commitment_has_no_such_pages():
    address = begun(signed_in())

    for page in ("way/", "commitment/"):
        assert signed_in().get(f"{address}{page}").status_code == 404


def test_a_draft_of_others_shows_no_letter(draft):
    for page in ("way/", "commitment/"):
        assert signed_in("zhang").get(f"{draft}{page}").status_code in {403, 404}


def test_the_case_shows_the_order_to_correct_and_its_day():
    cases.publish(commitments.restaurant())
    number = commitments.granted().number
    commitments.check(
        number,
        outcome=CheckOutcome.CORRECT,
        facts="没有自查制度。",
        conditions=["rules"],
        at=cases.FRIDAY,
    )

    shown = words(signed_in().get(f"/cases/{number}/"))

    assert "责令改正中" in shown
    assert "没有自查制度。" in shown
    assert "平面图" in shown
    assert queries.messages_for(cases.FIRM_REF)
    assert Case.objects.get().state == "closed"
