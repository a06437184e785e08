"""Applications at the windows of towns: who accepts, in whose name, and where the result is."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from tests.factories import cases, towns
from tests.factories.towns import CLERK, OTHER_CLERK, sink
from yiwang.cases import queries, services
from yiwang.cases.models import Case, CaseDocument
from yiwang.cases.policy.states import CaseState, Step
from yiwang.cases.policy.terms import DeliveryChannel, Outcome, Tab
from yiwang.cases.policy.towns import CollectAt, not_here
from yiwang.cases.services import CorrectionLine
from yiwang.catalogue.models import TownItem
from yiwang.catalogue.policy.towns import InNameOf, TownMode
from yiwang.documents.sealing import verify_pdf
from yiwang.organisations.permissions import PermissionRefusedError, Post

pytestmark = pytest.mark.usefixtures("two_towns")

DIRECT, FORWARDED = TownMode.DIRECT, TownMode.FORWARDED
MONDAY = cases.FRIDAY + dt.timedelta(days=3)


@pytest.fixture
def two_towns(easy_district: None) -> None:
    towns.make()


def receive(**changes):
    return cases.receive(**{"by": CLERK, **changes})


def accept(number, by=CLERK, at=cases.FRIDAY):
    return services.accept_case(number=number, calendar=cases.CALENDAR, by=by, at=at)


def letter(number, kind):
    return CaseDocument.objects.get(case__number=number, kind=kind)


def decided(number, accepted_by):
    accept(number, accepted_by)
    services.propose(
        number=number,
        outcome=Outcome.GRANT,
        opinion="符合条件",
        by=cases.REVIEWER,
        at=cases.FRIDAY,
    )
    return services.decide(
        number=number,
        outcome=Outcome.GRANT,
        calendar=cases.CALENDAR,
        by=cases.APPROVER,
        at=cases.FRIDAY,
    )


def hand_over(number, by=CLERK):
    visitor = cases.HEAD_OF_FIRM
    return services.hand_over(number=number, visitor=visitor, by=by, at=cases.FRIDAY)


@pytest.mark.parametrize(
    ("name_of", "code", "signer"),
    [
        (InNameOf.TOWN, "nanxiang", "示例区南翔镇人民政府"),
        (InNameOf.DEPARTMENT, "market", "示例区市场监管局"),
    ],
)
def test_handled_where_filed_is_accepted_there_in_the_name_the_law_says(name_of, code, signer):
    sink(DIRECT, in_name_of=name_of)

    case = receive()
    assert (case.town_mode, case.acceptor) == (DIRECT, code)
    assert accept(case.number).state is CaseState.ACCEPTED

    notice = letter(case.number, "acceptance_notice")
    assert notice.seal_department == code
    assert ["办理机关", signer] in notice.body["facts"]
    content = services.document_file(notice.pk, by=CLERK, at=cases.FRIDAY)
    assert verify_pdf(content).signer == signer
    receipt = letter(case.number, "receipt")
    assert f"直接受理，由示例区南翔镇受理中心以{signer}的名义受理" in str(
        receipt.body["paragraphs"]
    )
    assert letter(case.number, "receipt").seal_department == code


def test_what_is_missing_is_told_in_the_name_in_which_it_is_accepted():
    sink(DIRECT, in_name_of=InNameOf.TOWN)
    case = receive()

    services.ask_correction(
        number=case.number,
        lines=[CorrectionLine(material_id="", what="补充地址门牌", why="地址不完整")],
        by=CLERK,
        at=cases.FRIDAY,
    )

    assert letter(case.number, "correction_notice").seal_department == "nanxiang"


def test_the_decision_stays_with_the_department_in_both_modes():
    sink(DIRECT, in_name_of=InNameOf.TOWN)
    case = receive()

    decided(case.number, CLERK)

    grant = letter(case.number, "grant_decision")
    assert grant.seal_department == "market"


def test_taken_in_here_and_decided_there_is_accepted_by_the_department_alone():
    sink(FORWARDED)
    case = receive()

    assert case.town_mode is FORWARDED
    assert case.acceptor == "market"
    assert case.due_on == case.notice_due_on == dt.date(2026, 3, 13)  # five days from the receipt
    with pytest.raises(PermissionRefusedError) as refused:
        accept(case.number)
    assert refused.value.message == (
        "本办件在示例区南翔镇受理中心收件、由示例区市场监管局受理（收受分离），"
        "请等示例区市场监管局受理或者告知补正，本窗口可以查看进度和发放结果。"
    )
    with pytest.raises(PermissionRefusedError, match="收受分离"):
        services.ask_correction(
            number=case.number,
            lines=[CorrectionLine(material_id="", what="门牌", why="不完整")],
            by=CLERK,
            at=cases.FRIDAY,
        )
    assert Step.ACCEPT not in queries.case_page(case.number, by=CLERK).steps
    assert Step.ACCEPT in queries.case_page(case.number, by=cases.REVIEWER).steps

    accept(case.number, cases.REVIEWER)

    assert letter(case.number, "acceptance_notice").seal_department == "market"


def test_a_forwarded_case_is_the_work_of_the_department_and_in_sight_of_the_window():
    sink(FORWARDED)
    number = receive().number

    def numbers(by, tab):
        page = queries.queue(by=by, tab=tab, at=cases.FRIDAY, calendar=cases.CALENDAR)
        return [row.number for row in page.rows]

    assert numbers(cases.REVIEWER, Tab.MINE) == [number]
    assert numbers(CLERK, Tab.MINE) == []
    assert numbers(CLERK, Tab.TO_ACCEPT) == [number]
    assert numbers(OTHER_CLERK, Tab.TO_ACCEPT) == []


def test_a_direct_case_is_the_work_of_the_window_and_no_other_desk_accepts_it():
    sink(DIRECT)
    number = receive().number

    page = queries.queue(by=cases.REVIEWER, tab=Tab.MINE, at=cases.FRIDAY, calendar=cases.CALENDAR)
    assert page.rows == ()
    with pytest.raises(
        PermissionRefusedError,
        match="本办件由示例区南翔镇受理中心直接受理，请由该窗口受理或者告知补正。",
    ):
        accept(number, cases.REVIEWER)


def test_silence_of_the_department_accepts_from_the_day_of_the_receipt_at_the_window():
    sink(FORWARDED)
    number = receive().number
    later = dt.datetime(2026, 3, 14, 0, 30, tzinfo=cases.ZONE)

    done = services.deem_accepted(calendar=cases.CALENDAR, by=cases.CLOCK, at=later)

    assert done == [number]
    row = Case.objects.get(number=number)
    assert (row.deemed, row.accepted_on) == (True, cases.FRIDAY.date())


def test_where_it_was_not_sunk_the_window_says_where_it_is_done():
    sink(DIRECT, centre="anting-centre")

    with pytest.raises(services.NotHereError) as refused:
        receive()

    assert refused.value.message == (
        "“餐饮服务许可（新办）”现在不在示例区南翔镇受理中心办理，"
        "请引导申请人到示例区行政服务中心、示例区安亭镇受理中心办理，或者在网上提交。"
    )
    assert not Case.objects.exists()
    assert receive(by=OTHER_CLERK).town_mode is DIRECT
    assert cases.receive().town_mode is None  # the hall of the district does everything


def test_before_its_day_the_window_refuses_and_says_from_when():
    sink(DIRECT, first=MONDAY.date())

    with pytest.raises(services.NotHereError, match="自2026年3月9日起在本中心办理"):
        receive()

    assert receive(at=MONDAY).town_mode is DIRECT


def test_from_its_end_on_the_window_refuses():
    sink(DIRECT, until=MONDAY.date())

    assert receive().town_mode is DIRECT
    with pytest.raises(services.NotHereError, match="现在不在示例区南翔镇受理中心办理"):
        receive(at=MONDAY)


def test_the_mode_changes_on_its_day_and_open_cases_stay_as_they_began():
    sink(FORWARDED, until=MONDAY.date())
    sink(DIRECT, first=MONDAY.date())
    before, after = receive(), receive(at=MONDAY)

    assert (before.town_mode, after.town_mode) == (FORWARDED, DIRECT)
    with pytest.raises(PermissionRefusedError, match="收受分离"):
        accept(before.number, at=MONDAY)
    assert accept(after.number, at=MONDAY).state is CaseState.ACCEPTED
    assert accept(before.number, cases.REVIEWER, at=MONDAY).state is CaseState.ACCEPTED
    TownItem.objects.all().delete()
    assert decided_after_end(before.number)


def decided_after_end(number):
    """Go on with an open case although nothing is sunk any more."""
    services.propose(
        number=number, outcome=Outcome.GRANT, opinion="符合", by=cases.REVIEWER, at=MONDAY
    )
    case = services.decide(
        number=number,
        outcome=Outcome.GRANT,
        calendar=cases.CALENDAR,
        by=cases.APPROVER,
        at=MONDAY,
    )
    return case.state is CaseState.APPROVED


def test_a_district_that_laid_down_nothing_keeps_its_windows_as_they_were():
    case = receive()

    assert case.town_mode is None
    assert accept(case.number).state is CaseState.ACCEPTED


def test_the_town_government_takes_in_what_was_sunk_to_its_centre():
    sink(DIRECT, centre="nanxiang-centre")
    at_the_town = replace(CLERK, posts={"nanxiang": frozenset({Post.COUNTER_CLERK})})
    elsewhere = replace(CLERK, posts={"anting": frozenset({Post.COUNTER_CLERK})})

    assert receive(by=at_the_town).town_mode is DIRECT
    with pytest.raises(services.NotHereError, match="现在不在示例区安亭镇受理中心办理"):
        receive(by=elsewhere)


def test_whoever_sits_at_both_windows_takes_it_in_where_it_is_done():
    sink(DIRECT, centre="anting-centre")
    both = replace(CLERK, posts={**CLERK.posts, **OTHER_CLERK.posts})

    assert receive(by=both).intake_department == "anting-centre"


def test_the_result_is_handed_out_where_it_was_filed():
    sink(FORWARDED)
    case = receive(collect=CollectAt.HERE)
    assert case.collect_at == "nanxiang-centre"
    assert "领取结果：示例区南翔镇受理中心。" in letter(case.number, "receipt").body["paragraphs"]
    decided(case.number, cases.REVIEWER)

    assert hand_over(case.number).state is CaseState.CLOSED


def test_who_chose_the_department_is_led_there():
    sink(FORWARDED)
    case = receive(collect=CollectAt.DEPARTMENT)
    decided(case.number, cases.REVIEWER)

    sentence = "申请人选择到示例区市场监管局领取结果，请引导申请人到示例区市场监管局领取。"
    with pytest.raises(PermissionRefusedError, match=sentence):
        hand_over(case.number)
    with pytest.raises(PermissionRefusedError, match=sentence):
        services.deliver_case(
            number=case.number, channel=DeliveryChannel.PRINT, by=CLERK, at=cases.FRIDAY
        )
    page = queries.queue(by=CLERK, tab=Tab.MINE, at=cases.FRIDAY, calendar=cases.CALENDAR)
    assert page.rows == ()
    counter = replace(cases.CLERK, posts={"market": frozenset({Post.COUNTER_CLERK})})
    assert hand_over(case.number, counter).state is CaseState.CLOSED


def test_only_at_a_towns_window_a_place_to_collect_is_chosen():
    with pytest.raises(services.SubmissionRefusedError, match="只有街镇窗口收的件可以选择"):
        cases.receive(collect=CollectAt.HERE)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (
            {"places": [], "online": True, "coming": None},
            "“老年卡”现在不在甲中心办理，请引导申请人在网上提交。",
        ),
        (
            {"places": [], "online": False, "coming": None},
            "“老年卡”现在不在甲中心办理，请引导申请人拨打12345询问。",
        ),
    ],
)
def test_the_sentence_always_leads_somewhere(given, sentence):
    assert not_here("老年卡", window="甲中心", **given) == sentence


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("cases_case_collected_at_a_desk_of_it", {"collect_at": "housing"}),
        ("identity_fixed|Cannot update", {"town_mode": ""}),
        ("identity_fixed|Cannot update", {"accepting_department": "market"}),
    ],
)
def test_the_database_keeps_how_a_case_began(name, changes):
    sink(DIRECT)
    receive()
    with pytest.raises(DatabaseError, match=name), transaction.atomic():
        Case.objects.update(**changes)


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("cases_case_town_mode_known", {"town_mode": "half"}),
        (
            "cases_case_only_direct_is_accepted_in_anothers_name",
            {"town_mode": "forwarded", "accepting_department": "nanxiang"},
        ),
    ],
)
def test_the_database_knows_the_modes(name, changes):
    sink(DIRECT)
    row = Case.objects.get(number=receive().number)
    fresh = {
        field.attname: getattr(row, field.attname)
        for field in Case._meta.concrete_fields
        if field.attname != "id"
    } | {"number": "x", "query_code": "y", "idempotency_key": "z", **changes}
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        Case.objects.create(**fresh)
