"""The window of a town: accepted here, or taken in here and decided there, or not done here."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.factories import cases, towns
from tests.factories.desk import signed_in
from tests.factories.towns import sink
from tests.web.officer.test_pages import words
from yiwang.cases import services
from yiwang.cases.models import Case, CaseDocument, WindowVisit
from yiwang.cases.policy.states import CaseState
from yiwang.catalogue.policy.towns import InNameOf, TownMode
from yiwang.documents.sealing import verify_pdf
from yiwang.web.views import Page

pytestmark = pytest.mark.usefixtures("desk", "windows")

MONDAY = cases.FRIDAY + dt.timedelta(days=3)
FORM = f"/counter/{cases.FIRM_REF}/{cases.RESTAURANT}/"
ANSWERS = {
    "kind": "catering",
    "address": "嘉定区南翔镇示例路11号",
    "area_m2": "80",
    "phone": "13900001234",
    "declared": "1",
}


@pytest.fixture
def windows(desk: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The windows of two towns, with a clerk each."""
    towns.make()
    towns.hire(monkeypatch)


@pytest.fixture
def changing(windows: None) -> None:
    """Decided elsewhere until Monday, then handled where filed, in the name of the town."""
    sink(TownMode.FORWARDED, until=MONDAY.date(), document="示例府办〔2026〕1号")
    sink(
        TownMode.DIRECT,
        in_name_of=InNameOf.TOWN,
        first=MONDAY.date(),
        document="示例府办〔2026〕2号",
    )


def post(login, address, /, **sent):
    return signed_in(login).post(address, sent)


def step(login, number, page, **sent):
    version = Case.objects.get(number=number).version
    return post(login, f"/desk/cases/{number}/{page}/", version=version, **sent)


def taken_in(key, address=FORM, /, **sent):
    """Take an application in; return its number and the receipt that the clerk sees then."""
    clerk = signed_in("townclerk")
    answer = clerk.post(address, {"receive": "1", **ANSWERS, "key": key, **sent})
    assert answer.status_code == 302, words(answer)
    place = answer.headers["Location"]
    return place.rstrip("/").rsplit("/", 1)[1], words(clerk.get(place))


def received(key, **sent):
    return taken_in(key, **sent)[0]


def decided(number):
    answer = step("reviewer", number, "review", outcome="grant", opinion="符合条件")
    assert answer.status_code == 302, words(answer)
    answer = step("approver", number, "decide", outcome="grant", confirmed="1")
    assert answer.status_code == 302, words(answer)


def handed_over(number):
    return post(
        "townclerk",
        f"/counter/cases/{number}/hand-over/",
        version=Case.objects.get(number=number).version,
        relation="legal_rep",
        agent_name="示例负责人",
        identified="on",
    )


@pytest.mark.req("CASE-06")
@pytest.mark.usefixtures("changing")
def test_a_clerk_of_a_town_works_in_both_modes_and_the_mode_changes_on_its_day(monkeypatch):
    # Friday: taken in here, decided there
    form = words(signed_in("townclerk").get(FORM))
    assert "收受分离" in form
    assert "本窗口只收件、出收件凭证，由示例区市场监管局受理和决定" in form
    assert "5 个工作日的受理期限自收件之日起算" in form
    assert "示例府办〔2026〕1号" in form
    assert "收件并当场受理" not in form
    friday, receipt = taken_in("friday", collect="here")
    assert "收受分离" in receipt
    assert "由市场监管局受理" in receipt
    assert "2026年3月13日前告知是否受理" in receipt
    refused = step("townclerk", friday, "accept", checked="on")
    assert refused.status_code == 403
    assert "请等示例区市场监管局受理或者告知补正" in words(refused)
    assert Case.objects.get(number=friday).query_code in words(signed_in("reviewer").get("/desk/"))
    followed = words(signed_in("townclerk").get(f"/counter/cases/{friday}/"))
    assert "由谁受理" in followed
    assert "市场监管局" in followed
    assert step("reviewer", friday, "accept", checked="on").status_code == 302

    # Monday: handled where filed
    monkeypatch.setattr(Page, "at", MONDAY)
    form = words(signed_in("townclerk").get(FORM))
    assert "直接受理" in form
    assert "收件并当场受理" in form
    monday, receipt = taken_in("monday", receive="accept", collect="department")
    assert "已收件并当场受理" in receipt
    assert "受理通知书" in receipt
    row = Case.objects.get(number=monday)
    assert (row.state, row.accepted_by) == (CaseState.ACCEPTED, "user:townclerk")
    notice = CaseDocument.objects.get(case=row, kind="acceptance_notice")
    content = signed_in("townclerk").get(f"/desk/cases/{monday}/letters/{notice.pk}/").content
    assert verify_pdf(content).signer == "示例区南翔镇人民政府"
    friday_notice = CaseDocument.objects.get(case__number=friday, kind="acceptance_notice")
    content = signed_in("reviewer").get(f"/desk/cases/{friday}/letters/{friday_notice.pk}/").content
    assert verify_pdf(content).signer == "示例区市场监管局"

    # both are decided by the department; one result is collected here, one there
    decided(friday)
    decided(monday)
    answer = handed_over(friday)
    assert answer.status_code == 302, words(answer)
    assert Case.objects.get(number=friday).state == CaseState.CLOSED
    assert WindowVisit.objects.get(case__number=friday).act == "hand_over"
    answer = handed_over(monday)
    assert answer.status_code == 403
    assert "申请人选择到示例区市场监管局领取结果" in words(answer)


@pytest.mark.usefixtures("changing")
def test_the_case_that_began_before_the_change_stays_with_the_department(monkeypatch):
    number = received("k")
    monkeypatch.setattr(Page, "at", MONDAY)

    answer = step("townclerk", number, "accept", checked="on")

    assert answer.status_code == 403
    assert "收受分离" in words(answer)
    assert step("reviewer", number, "accept", checked="on").status_code == 302


def test_what_was_not_sunk_here_is_led_to_where_it_is_done():
    sink(TownMode.DIRECT, centre="anting-centre")
    clerk = signed_in("townclerk")

    listed = words(clerk.get(f"/counter/{cases.FIRM_REF}/"))
    shown = clerk.get(FORM)
    sent = clerk.post(FORM, {**ANSWERS, "key": "k", "receive": "1"})

    assert "不在本窗口办理" in listed
    sentence = (
        "“餐饮服务许可（新办）”现在不在示例区南翔镇受理中心办理，"
        "请引导申请人到示例区行政服务中心、示例区安亭镇受理中心办理，或者在网上提交。"
    )
    for answer in (shown, sent):
        assert answer.status_code == 422
        assert sentence in words(answer)
    assert not Case.objects.exists()
    assert "不在本窗口办理" not in words(signed_in("clerk").get(f"/counter/{cases.FIRM_REF}/"))


def test_the_list_of_the_hall_of_the_district_asks_nothing_more(django_assert_max_num_queries):
    clerk = signed_in("clerk")
    sink(TownMode.DIRECT)
    clerk.get(f"/counter/{cases.FIRM_REF}/")

    with django_assert_max_num_queries(22):
        clerk.get(f"/counter/{cases.FIRM_REF}/")


@pytest.mark.parametrize("sent", ["nowhere", "", "' OR 1=1"])
def test_a_place_to_collect_that_nobody_offered_is_this_window(sent):
    sink(TownMode.FORWARDED)

    number = received("k", collect=sent)

    assert Case.objects.get(number=number).collect_at == "nanxiang-centre"


def test_whoever_asks_to_accept_at_once_where_it_is_decided_elsewhere_has_only_a_receipt():
    sink(TownMode.FORWARDED)

    number, receipt = taken_in("k", receive="accept")

    assert Case.objects.get(number=number).state == CaseState.RECEIVED
    assert "已收件。" in receipt


def test_what_is_missing_stops_the_acceptance_and_not_the_receipt():
    cases.publish(
        cases.restaurant(
            slug="diner",
            task_code="11310114XXXX01011H4310131002000",
            handling_code="11310114XXXX01011H431013100200001",
            name="小餐饮许可",
        )
    )
    sink(TownMode.DIRECT, item="diner")
    address = f"/counter/{cases.FIRM_REF}/diner/"
    form = words(signed_in("townclerk").get(address))
    assert "收件并当场受理" not in form  # nothing was handed in yet

    number, receipt = taken_in("k", address, receive="accept")

    assert Case.objects.get(number=number).state == CaseState.RECEIVED
    assert "已收件，没有当场受理：还缺少“平面图”" in receipt


def test_the_desk_leads_the_window_to_the_file_and_the_department_to_its_work():
    sink(TownMode.FORWARDED)
    number = received("k")

    for login, page in (("townclerk", ""), ("reviewer", "accept/")):
        desk = signed_in(login).get("/desk/?tab=to_accept").content.decode()
        assert f'href="/desk/cases/{number}/{page}"' in desk
        assert "收受分离" in desk


def test_figures_count_what_the_windows_of_towns_took_in():
    sink(TownMode.DIRECT)
    number = received("k", receive="accept", collect="here")
    decided(number)
    assert handed_over(number).status_code == 302

    services.measure_finished(calendar=cases.CALENDAR, at=cases.FRIDAY)

    page = words(signed_in("head").get("/desk/figures/"))

    assert "街镇窗口收的件" in page
    assert "南翔镇受理中心 直接受理 1 1 1" in " ".join(page.split())
