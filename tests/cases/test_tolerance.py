"""Tolerance: what may be missing, who promises to file it, and what follows."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.factories import cases
from yiwang.cases import queries, services
from yiwang.cases.models import CaseClock
from yiwang.cases.models.commitments import ApplicantRecord, ToleranceCommitment
from yiwang.cases.policy.commitments import RecordKind, SignedBy
from yiwang.cases.policy.states import CaseState
from yiwang.cases.policy.terminating import TerminationGround
from yiwang.cases.policy.terms import DocumentKind, MaterialState, Outcome
from yiwang.cases.queries import commitments as committed

pytestmark = pytest.mark.usefixtures("district")

AT = cases.FRIDAY
JOB = cases.CLOCK
BEFORE = dt.datetime(2026, 3, 10, 1, 15, tzinfo=cases.ZONE)
ON_THE_DAY = dt.datetime(2026, 3, 11, 1, 15, tzinfo=cases.ZONE)
AFTER = dt.datetime(2026, 3, 12, 1, 15, tzinfo=cases.ZONE)


def receive(**changes):
    plan = {"layout": [cases.upload("user:clerk")]}
    return cases.receive(**({"uploads": plan, "tolerance_signed": True} | changes))


def material(number, name="rules"):
    return next(one for one in cases.page(number).materials if one.material_id == name)


@pytest.mark.req("CASE-07")
def test_a_tolerated_material_is_promised_at_the_window_and_the_case_is_accepted():
    number = receive().number

    services.accept_case(number=number, calendar=cases.CALENDAR, by=cases.CLERK, at=AT)

    promise = committed.tolerance_of(number, by=cases.FIRM)
    assert (promise.materials, promise.due_on) == (("rules",), dt.date(2026, 3, 11))
    assert promise.signed_how is SignedBy.WINDOW
    assert promise.signed_by_name == "上海示例餐饮管理有限公司"
    assert "1. 规章制度，2026年3月11日前" in promise.paragraphs
    assert DocumentKind.TOLERANCE_COMMITMENT in {one.kind for one in cases.page(number).documents}
    clock = CaseClock.objects.get(case__number=number, kind="tolerance")
    assert (clock.subject, clock.due_on) == ("rules", dt.date(2026, 3, 11))


def test_without_the_promise_a_tolerable_material_is_missing():
    number = receive(tolerance_signed=False).number

    assert material(number).state is MaterialState.MISSING
    with pytest.raises(services.AcceptanceRefusedError, match="还缺少“规章制度”"):
        services.accept_case(number=number, calendar=cases.CALENDAR, by=cases.CLERK, at=AT)


def test_a_promise_is_not_asked_for_when_nothing_is_missing():
    papers = {"layout": [cases.upload("user:clerk")], "rules": [cases.upload("user:clerk")]}

    number = receive(uploads=papers).number

    assert committed.tolerance_of(number, by=cases.FIRM) is None


def test_the_last_day_is_never_later_than_the_promised_one():
    plain = cases.restaurant(slug="long")
    for one in plain["materials"]:
        if one["id"] == "rules":
            one["tolerance_days"] = 0
    cases.publish(plain)

    case = receive(item_slug="long")
    accepted = services.accept_case(
        number=case.number, calendar=cases.CALENDAR, by=cases.CLERK, at=AT
    )

    assert material(case.number).due_on == dt.date(2026, 3, 13)
    assert material(case.number).due_on <= accepted.promised_on


def test_an_item_that_issues_first_takes_the_days_of_the_district_and_the_rest_later():
    plain = cases.restaurant(slug="first", tolerance_issue_first=True)
    for one in plain["materials"]:
        if one["id"] == "rules":
            one["tolerance_days"] = 0
    cases.publish(plain)
    number = receive(item_slug="first").number
    services.accept_case(number=number, calendar=cases.CALENDAR, by=cases.CLERK, at=AT)
    services.propose(
        number=number,
        outcome=Outcome.GRANT,
        opinion="符合条件",
        by=cases.REVIEWER,
        at=AT,
    )

    decided = services.decide(
        number=number,
        outcome=Outcome.GRANT,
        calendar=cases.CALENDAR,
        by=cases.APPROVER,
        at=AT,
    )

    assert decided.state is CaseState.APPROVED
    assert material(number).due_on == dt.date(2026, 3, 20)
    services.file_material(
        number=number, material_id="rules", upload_refs=[cases.upload()], by=cases.FIRM, at=AFTER
    )
    assert committed.tolerance_of(number, by=cases.FIRM).fulfilled_on == AFTER.date()


@pytest.mark.req("CASE-07")
def test_filing_meets_the_clock_and_keeps_the_promise():
    number = receive().number

    services.file_material(
        number=number, material_id="rules", upload_refs=[cases.upload()], by=cases.FIRM, at=BEFORE
    )

    assert committed.tolerance_of(number, by=cases.FIRM).fulfilled_on == BEFORE.date()
    assert CaseClock.objects.get(kind="tolerance").met_on == BEFORE.date()
    assert services.report_broken_tolerance(by=JOB, at=AFTER) == []


def remind(at):
    return services.remind_tolerance(calendar=cases.CALENDAR, by=JOB, at=at)


def test_the_applicant_is_reminded_before_the_last_day_and_on_it_each_once():
    number = receive().number

    assert remind(AT) == []
    assert remind(BEFORE) == [number]
    assert remind(BEFORE) == []
    assert remind(ON_THE_DAY) == [number]
    assert remind(ON_THE_DAY) == []
    told = [one.body for one in queries.messages_for(cases.FIRM_REF) if "请补齐" in one.title]
    assert len(told) == 2
    assert "最后期限是今天" in told[0]
    assert "最后期限是2026年3月11日" in told[1]


def test_nobody_is_reminded_of_a_case_that_is_over():
    number = receive().number
    services.withdraw_case(number=number, reason="不办了", by=cases.FIRM, at=AT)

    assert remind(BEFORE) == []
    assert services.report_broken_tolerance(by=JOB, at=AFTER) == []


@pytest.mark.parametrize("state", [CaseState.REJECTED, CaseState.NO_NEED, CaseState.TERMINATED])
def test_a_case_that_ended_before_the_day_breaks_no_promise(state: CaseState):
    """Nothing can be filed any more, so nothing is held against the applicant."""
    papers = {"layout": [cases.upload("user:clerk")]}
    case = cases.in_state(state, uploads=papers, tolerance_signed=True)
    assert ToleranceCommitment.objects.get(case__number=case.number).due_on == dt.date(2026, 3, 11)

    assert remind(BEFORE) == []
    assert services.report_broken_tolerance(by=JOB, at=AFTER) == []
    found = queries.track(query_code=case.query_code, phone="1234", at=AFTER)
    assert found.materials_to_come == 0


def test_a_refusal_after_the_day_leaves_the_broken_promise():
    number = cases.in_state(
        CaseState.DECISION_PENDING,
        uploads={"layout": [cases.upload("user:clerk")]},
        tolerance_signed=True,
    ).number
    services.decide(
        number=number,
        outcome=Outcome.REFUSE,
        reason="规章制度没有补交",
        article="食品安全法 第三十三条",
        calendar=cases.CALENDAR,
        by=cases.APPROVER,
        at=AFTER,
    )

    assert services.report_broken_tolerance(by=JOB, at=AFTER) == [number]


def test_the_notice_of_acceptance_does_not_call_complete_what_is_still_to_come():
    number = receive().number
    services.accept_case(number=number, calendar=cases.CALENDAR, by=cases.CLERK, at=AT)

    (notice,) = [
        one for one in cases.page(number).documents if one.kind is DocumentKind.ACCEPTANCE_NOTICE
    ]
    assert "申请材料除您承诺后补的“规章制度”外齐全、符合法定形式" in notice.body["paragraphs"][0]


def test_a_broken_promise_is_noted_and_the_second_one_ends_tolerance_for_a_year():
    first, second = receive().number, receive().number

    assert services.report_broken_tolerance(by=JOB, at=ON_THE_DAY) == []
    assert services.report_broken_tolerance(by=JOB, at=AFTER) == [first, second]
    assert services.report_broken_tolerance(by=JOB, at=AFTER) == []

    entry = ApplicantRecord.objects.get()
    assert entry.kind == RecordKind.BROKEN_TOLERANCE
    assert entry.until_on == dt.date(2027, 3, 12)
    with pytest.raises(services.SubmissionRefusedError, match="多次没有按承诺补齐.*2027年3月12日"):
        receive(at=AFTER)
    assert receive(at=AFTER, tolerance_signed=False).state is CaseState.RECEIVED
    services.repair_record(record_id=entry.pk, reason="不可抗力", by=cases.HEAD, at=AFTER)
    assert receive(at=AFTER).state is CaseState.RECEIVED


def test_after_the_day_a_person_decides_on_the_file_or_ends_the_case():
    number = receive().number
    services.accept_case(number=number, calendar=cases.CALENDAR, by=cases.CLERK, at=AT)
    services.report_broken_tolerance(by=JOB, at=AFTER)

    assert cases.page(number).case.state is CaseState.ACCEPTED
    ended = cases.terminate(number, ground=TerminationGround.NOT_COMPLETED, at=AFTER)
    assert ended.state is CaseState.TERMINATED


def test_online_the_promise_is_signed_with_the_application():
    draft = cases.draft()
    services.attach(
        draft_id=draft.id,
        material_id="layout",
        upload_ref=cases.upload(),
        by=cases.FIRM,
        at=AT,
    )
    with pytest.raises(services.IncompleteError, match="“规章制度”"):
        cases.submit(draft.id)

    case = cases.submit(draft.id, tolerance_signed=True, signed_how=SignedBy.SECOND_STEP)

    promise = ToleranceCommitment.objects.get(case__number=case.number)
    assert (promise.signed_by, promise.signed_how) == ("user:firm", "second_step")
