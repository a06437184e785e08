"""Notice and commitment: signed, decided the same day, checked afterwards."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction

from tests.factories import cases, commitments
from yiwang.audit import queries as trail
from yiwang.cases import queries, services
from yiwang.cases.models import CaseClock
from yiwang.cases.models.commitments import ApplicantRecord, Commitment, PostCheck
from yiwang.cases.policy.commitments import CheckOutcome, CheckState, RecordKind, digests
from yiwang.cases.policy.ending import NotEnded
from yiwang.cases.policy.states import CaseState, StepRefusedError
from yiwang.cases.policy.terms import ClockKind, DocumentKind, MaterialState
from yiwang.cases.queries import CaseNotFoundError
from yiwang.cases.queries import commitments as committed
from yiwang.cases.services import clocks
from yiwang.catalogue.policy.items import CheckMethod
from yiwang.kernel.events import Event
from yiwang.kernel.paging import PageKeyRefusedError
from yiwang.organisations.permissions import PermissionRefusedError

AT = cases.FRIDAY
LATER = AT + dt.timedelta(days=30)


@pytest.fixture(autouse=True)
def district(db):
    commitments.district()


def materials(number):
    return {one.material_id: one for one in cases.page(number).materials}


def check_page(number, by=commitments.CHECKER, on=LATER):
    return committed.check_of(number, by=by, today=on.date(), calendar=cases.CALENDAR)


@pytest.mark.req("CASE-08")
def test_a_commitment_is_granted_the_day_it_is_accepted_and_checked_two_months_later():
    case = commitments.accepted()
    assert (case.promised_on, case.due_on) == (AT.date(), AT.date())
    assert materials(case.number)["rules"].source == "告知承诺书"
    assert materials(case.number)["layout"].state is MaterialState.PROMISED

    granted = commitments.grant(case.number)

    assert granted.state is CaseState.CLOSED
    assert granted.licence_identifier
    assert granted.way.value == "commitment"
    assert materials(case.number)["layout"].due_on == dt.date(2026, 3, 20)
    page = check_page(case.number)
    assert (page.row.state, page.row.due_on) == (CheckState.PENDING, dt.date(2026, 5, 6))
    assert page.row.first
    clock = CaseClock.objects.get(case__number=case.number, kind="post_check")
    assert clock.due_on == dt.date(2026, 5, 6)


def test_a_holiday_notice_leaves_the_promise_of_the_same_day():
    number = commitments.accepted().number
    before = cases.page(number).case
    feast = dataclasses.replace(
        cases.CALENDAR, holidays=cases.CALENDAR.holidays | {dt.date(2026, 3, 11)}
    )

    done = services.recompute_clocks(calendar=feast, by=cases.CLOCK, at=AT)

    after = cases.page(number).case
    assert done.changed == (number,)
    assert after.statutory_on > before.statutory_on
    assert (after.promised_on, after.due_on) == (AT.date(), AT.date())


def test_what_was_signed_is_kept_as_it_was_shown_with_both_hashes():
    draft = cases.draft()

    view = commitments.sign(draft)
    case = cases.submit(draft.id)

    text = "\n".join(view.paragraphs)
    assert (view.sha256, view.sm3) == (digests(text).sha256, digests(text).sm3)
    assert "1. 有与经营品种相适应的场所。（食品安全法 第三十三条）" in text
    assert "作出决定后补交：平面图（10个工作日内）。" in text
    assert "以本承诺代替，不用提交：规章制度。" in text
    assert view.confirmed == ("place", "rules")
    letter = next(
        one
        for one in cases.page(case.number).documents
        if one.kind is DocumentKind.COMMITMENT_LETTER
    )
    assert view.sm3 in letter.body["paragraphs"][-1]
    assert committed.of_case(case.number, by=cases.FIRM) == view
    with pytest.raises(CaseNotFoundError):
        committed.of_case(case.number, by=cases.NOBODY)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param({"confirmed": ("place",)}, "还有1个条件没有确认", id="one condition left out"),
        pytest.param({"confirmed": ()}, "还有2个条件没有确认", id="none confirmed"),
        pytest.param({"accepted": False}, "阅读承诺书全文并勾选", id="not agreed to"),
    ],
)
def test_a_letter_is_signed_whole_or_not_at_all(changes, words):
    draft = cases.draft()

    with pytest.raises(services.CommitmentRefusedError, match=words):
        commitments.sign(draft, **changes)

    assert not Commitment.objects.exists()


def test_another_situation_or_item_or_person_signs_nothing():
    canteen = cases.draft(answers=dict(cases.ANSWERS) | {"kind": "canteen"})
    with pytest.raises(services.CommitmentRefusedError, match="不实行告知承诺"):
        commitments.sign(canteen)

    with pytest.raises(CaseNotFoundError):
        commitments.sign(cases.draft(), by=cases.NOBODY)


def test_answers_that_change_the_letter_ask_for_a_new_signature():
    draft = cases.draft()
    commitments.sign(draft)
    answers = dict(cases.ANSWERS) | {"raw_food": True}
    cases.draft(draft_id=draft.id, answers=answers)

    with pytest.raises(services.CommitmentRefusedError, match="请重新阅读并签署承诺书"):
        cases.submit(draft.id)

    commitments.sign(draft)
    with pytest.raises(services.IncompleteError, match="请上传“专间说明”"):
        cases.submit(draft.id)


def test_whoever_declines_goes_the_ordinary_way():
    draft = cases.draft()
    commitments.sign(draft)
    services.drop_commitment(draft_id=draft.id, by=cases.FIRM, at=AT)

    assert committed.of_draft(draft.id) is None
    with pytest.raises(services.IncompleteError, match="请上传“平面图”"):
        cases.submit(draft.id)


def test_nobody_brings_a_commitment_from_the_door_to_the_seal_alone():
    case = services.accept_case(
        number=commitments.submitted().number, calendar=cases.CALENDAR, by=cases.BOTH, at=AT
    )

    with pytest.raises(services.SamePersonError, match="不能由同一人决定"):
        commitments.grant(case.number, by=cases.BOTH)

    assert commitments.grant(case.number).outcome.value == "grant"


def test_without_a_letter_nothing_is_granted_on_commitment():
    case = cases.receive()
    services.ask_correction(
        number=case.number,
        lines=[services.CorrectionLine(material_id="", what="门牌", why="不完整")],
        by=cases.CLERK,
        at=AT,
    )
    line = cases.page(case.number).correction.lines[0]
    services.file_correction(
        number=case.number,
        lines=[services.FiledLine(line_id=line.id, answer="11号")],
        calendar=cases.CALENDAR,
        by=cases.FIRM,
        at=AT,
    )
    services.accept_case(number=case.number, calendar=cases.CALENDAR, by=cases.CLERK, at=AT)

    with pytest.raises(services.CommitmentRefusedError, match="没有签署告知承诺书"):
        commitments.grant(case.number)


def test_only_an_approver_grants_and_only_what_is_accepted():
    number = commitments.submitted().number
    with pytest.raises(StepRefusedError, match="只有“已受理”的办件可以"):
        commitments.grant(number)
    services.accept_case(number=number, calendar=cases.CALENDAR, by=cases.REVIEWER, at=AT)

    for by in (cases.SECOND_REVIEWER, cases.HEAD):
        with pytest.raises(PermissionRefusedError):
            commitments.grant(number, by=by)
    with pytest.raises(CaseNotFoundError):
        commitments.grant(number, by=cases.STRANGER)


@pytest.mark.parametrize(
    "kind", [RecordKind.SERIOUS, RecordKind.BROKEN_COMMITMENT], ids=lambda kind: kind.value
)
def test_a_record_bars_with_its_reason_and_end_until_it_is_repaired(kind):
    entry = services.note_record(
        applicant_ref=cases.FIRM_REF,
        kind=kind,
        reason="食品安全处罚未履行",
        basis="上海市社会信用条例 第三十条第一项",
        department="market",
        until_on=dt.date(2027, 3, 5),
        by=cases.HEAD,
        at=AT,
    )
    draft = cases.draft()

    with pytest.raises(services.CommitmentRefusedError, match="未履行.*至2027年3月5日不能适用"):
        commitments.sign(draft)

    services.repair_record(record_id=entry.id, reason="已经履行", by=cases.HEAD, at=AT)
    assert commitments.sign(draft).confirmed == commitments.TOLD
    with pytest.raises(services.RecordRefusedError, match="已经修复"):
        services.repair_record(record_id=entry.id, reason="再修复", by=cases.HEAD, at=AT)


def test_a_record_that_comes_between_signature_and_decision_stops_the_quick_way():
    number = commitments.accepted().number
    services.note_record(
        applicant_ref=cases.FIRM_REF,
        kind=RecordKind.SERIOUS,
        reason="列入严重失信名单",
        basis="上海市社会信用条例 第二十五条",
        department="market",
        until_on=None,
        by=cases.HEAD,
        at=AT,
    )

    with pytest.raises(services.CommitmentRefusedError, match="按一般方式作出决定"):
        commitments.grant(number)


def test_only_who_keeps_records_notes_and_repairs_them():
    words = {
        "applicant_ref": cases.FIRM_REF,
        "kind": RecordKind.SERIOUS,
        "reason": "事由",
        "basis": "依据",
        "department": "market",
        "until_on": None,
        "at": AT,
    }
    for by in (cases.REVIEWER, cases.APPROVER, commitments.CHECKER, cases.STRANGER):
        with pytest.raises(PermissionRefusedError):
            services.note_record(**words, by=by)
    with pytest.raises(services.RecordRefusedError, match="截止日期已经过去"):
        services.note_record(**words | {"until_on": dt.date(2026, 3, 5)}, by=cases.HEAD)
    with pytest.raises(services.TextRefusedError, match="请填写依据"):
        services.note_record(**words | {"basis": " "}, by=cases.HEAD)


@pytest.mark.req("CASE-08")
def test_an_order_to_correct_has_its_letter_and_its_day_and_is_given_once(monkeypatch):
    number = commitments.granted().number
    told: list[Event] = []
    monkeypatch.setattr("yiwang.cases.services.post_checks.events.publish", told.append)

    state = commitments.check(
        number, outcome=CheckOutcome.CORRECT, facts="没有自查制度。", conditions=["rules"]
    )

    assert state is CheckState.ORDERED
    page = check_page(number)
    assert page.row.due_on == dt.date(2026, 5, 5)
    assert page.results[0].conditions == ("rules",)
    order = cases.page(number).documents[-1]
    assert order.kind is DocumentKind.ORDER_TO_CORRECT
    assert "没有履行的承诺：有保证食品安全的规章制度。" in order.body["paragraphs"]
    assert [(event.name, event.outcome) for event in told] == [
        ("cases.commitment_checked", "correct")
    ]
    with pytest.raises(services.CheckRefusedError, match="已经责令改正过一次"):
        commitments.check(number, outcome=CheckOutcome.CORRECT, conditions=["rules"])
    assert commitments.check(number) is CheckState.PASSED
    assert check_page(number).row.closed_on == LATER.date()
    clocks = CaseClock.objects.filter(case__number=number, kind__contains="co")
    assert all(clock.met_on == LATER.date() for clock in clocks)
    with pytest.raises(services.CheckRefusedError, match="核查已经结束，结果是“核查通过”"):
        commitments.check(number)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param({"facts": " "}, "请填写查明的事实", id="no facts"),
        pytest.param({"second_officer": ""}, "两名以上人员", id="alone on site"),
        pytest.param({"conditions": ["castle"]}, "不在告知的条件", id="never told"),
        pytest.param({"conditions": ["rules"]}, "不用选择条件", id="kept and not kept"),
        pytest.param({"outcome": CheckOutcome.CORRECT}, "请选择是哪几个条件", id="no condition"),
        pytest.param({"outcome": CheckOutcome.REVOKE}, "请选择是哪几个条件", id="revoke for what"),
        pytest.param({"upload_refs": ["upload:x"]}, "找不到这个文件", id="no such file"),
        pytest.param({"upload_refs": ["upload:x"] * 31}, "最多30个", id="too many files"),
    ],
)
def test_a_result_that_cannot_stand_says_why(changes, words):
    number = commitments.granted().number

    with pytest.raises(
        (services.CheckRefusedError, services.TextRefusedError, services.DraftRefusedError),
        match=words,
    ):
        commitments.check(number, **changes)

    assert check_page(number).row.state is CheckState.PENDING


def test_papers_are_enough_where_the_check_is_no_visit():
    number = commitments.granted().number

    state = commitments.check(number, method=CheckMethod.DOCUMENTS, second_officer="")

    assert state is CheckState.PASSED


def test_only_the_supervising_department_checks():
    number = commitments.granted().number

    for by in (cases.STRANGER, cases.FIRM, cases.CLERK):
        with pytest.raises(PermissionRefusedError):
            commitments.check(number, by=by)
    with pytest.raises(CaseNotFoundError):
        commitments.check("no such case")
    with pytest.raises(CaseNotFoundError):
        check_page(number, by=cases.NOBODY)


def test_a_check_that_nobody_made_in_time_stands_red_on_the_list_and_is_reported_once():
    early = commitments.granted().number
    late = AT + dt.timedelta(days=70)

    first = clocks.report_missed(by=cases.CLOCK, at=late)

    assert [(one.number, one.kind) for one in first if one.kind is ClockKind.POST_CHECK] == [
        (early, ClockKind.POST_CHECK)
    ]
    assert clocks.report_missed(by=cases.CLOCK, at=late) == []
    assert trail.trail(target=f"case:{early}", act="cases.clock_missed")
    listed = committed.checks(
        by=commitments.CHECKER, today=late.date(), calendar=cases.CALENDAR
    ).rows
    assert [one.case_number for one in listed] == [early]
    assert listed[0].light.light.value == "red"
    assert listed[0].light.text == f"超期 {(late.date() - listed[0].due_on).days} 天"
    with pytest.raises(PermissionRefusedError, match="不核查承诺"):
        committed.checks(by=cases.CLERK, today=late.date(), calendar=cases.CALENDAR)
    elsewhere = committed.checks(by=cases.STRANGER, today=late.date(), calendar=cases.CALENDAR).rows
    assert elsewhere == ()


def test_a_list_goes_on_where_it_stopped_and_takes_no_nonsense():
    numbers = [commitments.granted().number for _ in range(3)]
    ask = {"by": commitments.CHECKER, "today": AT.date(), "calendar": cases.CALENDAR}

    first = committed.checks(**ask, limit=2)
    second = committed.checks(**ask, limit=2, after=first.after)

    assert [one.case_number for one in (*first.rows, *second.rows)] == numbers
    assert second.after == ""
    with pytest.raises(PageKeyRefusedError):
        committed.checks(**ask, after="x_y")


def test_figures_count_what_was_due_made_in_time_and_failed():
    kept, broken, open_one = (commitments.granted().number for _ in range(3))
    commitments.check(kept)
    commitments.check(broken, outcome=CheckOutcome.CORRECT, conditions=["rules"])
    commitments.check(broken)

    def figures(today):
        (row,) = committed.findings(
            by=commitments.CHECKER, first=AT.date(), last=AT.date(), today=today
        )
        return row.finding

    assert (figures(LATER.date()).due, figures(LATER.date()).in_time) == (2, 2)
    late = figures(dt.date(2026, 6, 1))
    assert (late.due, late.in_time, late.failed, late.passed) == (3, 2, 1, 1)
    assert late.failed_pct == 50
    assert open_one


def proposed(number, ground="commitment_broken"):
    return services.propose_end(
        number=number,
        ground=ground,
        facts="场所不符",
        evidence="核查记录",
        calendar=cases.CALENDAR,
        by=cases.REVIEWER,
        at=LATER,
    )


def end(number, **changes):
    services.state_views(number=number, text="没有意见", by=cases.FIRM, at=LATER)
    words = {"reason": "查明属实", "public_interest": "不损害公共利益"} | changes
    return services.decide_end(number=number, by=cases.APPROVER, at=LATER, **words)


@pytest.mark.req("CASE-08")
def test_a_revoked_commitment_closes_the_check_and_bars_for_the_time_of_the_district():
    number = commitments.granted().number
    commitments.check(number, outcome=CheckOutcome.REVOKE, conditions=["place"])
    proposed(number)

    assert end(number).state is CaseState.REVOKED

    entry = ApplicantRecord.objects.get()
    assert entry.until_on == dt.date(2028, 4, 5)
    assert check_page(number).row.state is CheckState.REVOKED
    with pytest.raises(services.CommitmentRefusedError, match="被撤销：场所不符"):
        commitments.sign(cases.draft(), at=LATER)
    titles = [one.title for one in queries.messages_for(cases.FIRM_REF)]
    assert "信用约束记录告知" in titles
    again = {"number": number, "reason": "场所不符", "broken": True}
    services.close_revoked(**again, by=cases.APPROVER, at=LATER)
    assert ApplicantRecord.objects.count() == 1


def test_a_revocation_for_a_fault_of_the_office_leaves_no_record():
    number = commitments.granted().number
    proposed(number, ground="procedure")

    end(number)

    assert check_page(number).row.state is CheckState.REVOKED
    assert not ApplicantRecord.objects.exists()


def test_a_proposal_that_is_declined_opens_the_check_again():
    number = commitments.granted().number
    commitments.check(number, outcome=CheckOutcome.REVOKE, conditions=["place"])
    proposed(number)

    end(number, not_ended=NotEnded.NOT_PROVEN)

    assert check_page(number).row.state is CheckState.PENDING
    assert commitments.check(number) is CheckState.PASSED


def test_a_revocation_of_an_ordinary_case_is_none_of_this():
    assert not services.close_revoked(
        number="x", reason="r", broken=True, by=cases.APPROVER, at=LATER
    )


def test_who_commits_the_second_time_is_not_new():
    commitments.granted()

    second = commitments.granted().number

    assert check_page(second).row.first is False


BROKEN = {
    "signed text": "UPDATE cases_commitment SET paragraphs = '[]'",
    "signature": "UPDATE cases_commitment SET signed_by = 'user:other'",
    "deletion": "DELETE FROM cases_commitment",
    "check deleted": "DELETE FROM cases_postcheck",
    "state": "UPDATE cases_postcheck SET state = 'odd'",
    "passed unseen": "UPDATE cases_postcheck SET state = 'passed'",
    "due before decision": "UPDATE cases_postcheck SET due_on = '2000-01-01'",
}


@pytest.mark.parametrize("sql", BROKEN.values(), ids=BROKEN.keys())
def test_the_database_keeps_what_was_signed_and_checked(sql):
    commitments.granted()

    with (
        pytest.raises((IntegrityError, ProgrammingError)),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql)

    assert PostCheck.objects.get().state == "pending"


def test_a_material_that_was_promised_is_filed_after_the_decision():
    number = commitments.granted().number

    services.file_material(
        number=number, material_id="layout", upload_refs=[cases.upload()], by=cases.FIRM, at=LATER
    )

    assert materials(number)["layout"].state is MaterialState.FILED
