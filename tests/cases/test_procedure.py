"""Stops, hearing, extension, opinions and checks between acceptance and decision."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from tests.factories import cases
from tests.factories.desk import hire
from yiwang.cases import services
from yiwang.cases.models import (
    Case,
    CaseClock,
    CaseDocument,
    Delivery,
    DepartmentInquiry,
    Extension,
    Hearing,
    Opinion,
    SiteCheck,
    SpecialProcedure,
)
from yiwang.cases.policy.procedure import HearingEnd, HearingOrigin, InquiryAnswer
from yiwang.cases.policy.states import CaseState, Step
from yiwang.cases.policy.terms import ClockKind, DocumentKind, Outcome
from yiwang.cases.queries import CaseNotFoundError, timeline
from yiwang.cases.queries.procedure import clocks_of, procedure_of, waiting_inquiries
from yiwang.cases.services import ProcedureRefusedError
from yiwang.cases.services.steps import ConflictRefusedError, NotHolderError
from yiwang.kernel.clocks import StopReason
from yiwang.organisations.permissions import EVERYWHERE, Actor, PermissionRefusedError, Post

pytestmark = pytest.mark.usefixtures("easy_district")

LEADER = Actor(
    ref="user:leader", name="郑区长", posts={EVERYWHERE: frozenset({Post.DISTRICT_LEADER})}
)
BUILDER = Actor(ref="user:builder", name="何建设", posts={"housing": frozenset({Post.REVIEWER})})


def on(day: str, hour: int = 9) -> dt.datetime:
    return dt.datetime.combine(dt.date.fromisoformat(day), dt.time(hour), tzinfo=cases.ZONE)


def date(day: str) -> dt.date:
    return dt.date.fromisoformat(day)


def documents(number: str) -> list[DocumentKind]:
    return [one.kind for one in cases.page(number).documents]


def end_special(number: str, at: dt.datetime):
    return services.end_special(
        number=number,
        result="水质合格",
        result_ref="检字第7号",
        calendar=cases.CALENDAR,
        by=cases.REVIEWER,
        at=at,
    )


def extend(number: str, *, at: dt.datetime = cases.FRIDAY, by: Actor = cases.HEAD, approve=True):
    return services.decide_extension(
        number=number,
        approve=approve,
        note="" if approve else "人手足够",
        calendar=cases.CALENDAR,
        by=by,
        at=at,
    )


def ask(number: str, **changes):
    return services.ask_extension(
        **(
            {
                "number": number,
                "reason": "须等待邻近工程验收",
                "by": cases.REVIEWER,
                "at": cases.FRIDAY,
            }
            | changes
        )
    )


# Special procedures


@pytest.mark.req("CASE-02")
def test_a_special_procedure_takes_its_days_out_of_the_limit():
    case = cases.special()
    assert (case.statutory_on, case.promised_on) == (None, None)
    assert (case.stopped_since, case.due_on) == (date("2026-03-06"), date("2026-03-13"))
    assert case.light(today=date("2026-03-10"), calendar=cases.CALENDAR).text == "暂停计时"

    case = end_special(case.number, on("2026-03-12"))

    # accepted on Friday the 6th, stopped from that day to Thursday the 12th, 5 working days more
    assert case.state is CaseState.REVIEWING
    assert (case.promised_on, case.statutory_on) == (date("2026-03-19"), date("2026-04-10"))
    assert (case.due_on, case.stopped_since) == (date("2026-03-19"), None)


def test_the_limit_stops_with_the_letter_and_its_delivery_in_one_act():
    number = cases.special(delivered="本人签收").number
    row = SpecialProcedure.objects.get(case__number=number)

    assert row.notice.kind == DocumentKind.SPECIAL_NOTICE
    assert (row.delivery.document_id, row.delivery.result) == (row.notice_id, "本人签收")
    body = " ".join(row.notice.body["paragraphs"])
    for words in ("检测", "须检测用水水质", "5个工作日", "2026年3月13日", "第四十五条"):
        assert words in body


def test_a_second_special_procedure_has_a_letter_of_its_own():
    number = cases.special().number
    end_special(number, on("2026-03-09"))
    cases.special(number=number, kind=StopReason.EXPERT_REVIEW, at=on("2026-03-10"))
    case = end_special(number, on("2026-03-11"))

    letters = CaseDocument.objects.filter(case__number=number, kind="special_notice")
    assert sorted(letters.values_list("subject", flat=True)) == ["1", "2"]
    # days 6th to 9th and 10th to 11th do not count: the first day that does is the 12th
    assert case.promised_on == date("2026-03-18")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"kind": None}, "其他事由依法不能停止计算期限"),
        ({"kind": StopReason.HEARING}, "听证请用“告知听证权利”"),
        ({"workdays": None}, "请填写所需的工作日数"),
        ({"workdays": 0}, "请填写所需的工作日数"),
        ({"workdays": 251}, "1至250之间"),
        ({"declared": "内部会商"}, "没有不计入期限的特别程序“内部会商”"),
    ],
)
def test_nothing_but_what_the_law_or_the_guide_names_stops_the_limit(changes, words):
    number = cases.reviewing().number

    with pytest.raises(ProcedureRefusedError, match=words):
        cases.special(number=number, **changes)
    assert cases.page(number).case.state is CaseState.REVIEWING


def test_a_declared_step_has_its_own_ground_and_cannot_take_longer_than_published():
    cases.publish(
        cases.without_materials(
            slug="restaurant-tested",
            name="餐饮服务许可（检测）",
            task_code="11310114XXXX01011H4310131001009",
            handling_code="11310114XXXX01011H431013100100909",
            special_steps=[{"name": "水质检测", "workdays": 8, "basis": "食品安全法 第八十四条"}],
        )
    )
    number = cases.reviewing(item_slug="restaurant-tested").number
    clock = CaseClock.objects.get(case__number=number)
    assert (clock.kind, clock.due_on) == (ClockKind.INSPECTION_START, date("2026-03-13"))

    with pytest.raises(ProcedureRefusedError, match="公布的时间为8个工作日"):
        cases.special(number=number, kind=None, declared="水质检测", workdays=9)
    case = cases.special(number=number, kind=None, declared="水质检测", workdays=None)

    row = SpecialProcedure.objects.get(case__number=number)
    assert (row.kind, row.basis, row.workdays) == ("testing", "食品安全法 第八十四条", 8)
    assert case.due_on == date("2026-03-18")
    clock.refresh_from_db()
    assert clock.met_on is None, "the letter sends nobody"


def test_an_item_given_at_once_has_no_limit_to_stop_or_extend():
    number = cases.accepted(item_slug=cases.CARD, applicant_ref=cases.elder(), answers={}).number

    with pytest.raises(ProcedureRefusedError, match="当场作出决定"):
        cases.special(number=number)
    with pytest.raises(ProcedureRefusedError, match="当场作出决定"):
        ask(number)


def test_a_case_may_be_withdrawn_while_its_limit_does_not_run():
    number = cases.special().number

    case = services.withdraw_case(number=number, reason="不办了", by=cases.FIRM, at=cases.FRIDAY)

    assert (case.state, case.stopped_since) == (CaseState.WITHDRAWN, None)
    assert SpecialProcedure.objects.get(case__number=number).ended_on == date("2026-03-06")


# Extension


@pytest.mark.req("CASE-02")
def test_the_head_extends_once_and_the_applicant_reads_why():
    number = cases.reviewing().number
    ask(number)
    case = extend(number)

    assert case.extended_on == date("2026-03-06")
    assert (case.promised_on, case.statutory_on) == (date("2026-03-27"), date("2026-04-20"))
    letter = CaseDocument.objects.get(case__number=number, kind="extension_notice")
    body = " ".join(letter.body["paragraphs"])
    for words in ("须等待邻近工程验收", "10个工作日", "2026年3月27日", "周负责"):
        assert words in body
    assert Delivery.objects.filter(document=letter).exists()
    with pytest.raises(ProcedureRefusedError, match="期限只能延长一次"):
        ask(number)


def test_an_extension_that_the_head_declines_changes_no_day_and_may_be_asked_for_again():
    before = cases.reviewing()
    ask(before.number)
    with pytest.raises(ProcedureRefusedError, match="已经报请延长期限"):
        ask(before.number)

    case = extend(before.number, approve=False)

    assert (case.promised_on, case.extended_on) == (before.promised_on, None)
    assert "extension_notice" not in documents(before.number)
    ask(before.number)


def test_nobody_extends_what_they_asked_for_or_what_nobody_asked_for():
    both = Actor(
        ref="user:both",
        name="孙兼任",
        posts={"market": frozenset({Post.REVIEWER, Post.DEPARTMENT_HEAD})},
    )
    number = cases.accepted().number
    with pytest.raises(ProcedureRefusedError, match="没有待批准的延期"):
        extend(number)
    ask(number, by=both)
    with pytest.raises(ProcedureRefusedError, match="不能由同一人批准"):
        extend(number, by=both)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"workdays": 11}, "最多延长10个工作日"),
        ({"workdays": 0}, "最多延长10个工作日"),
        ({"at": on("2026-04-07")}, "法定期限已于2026-04-03届满"),
    ],
)
def test_an_extension_keeps_to_the_law(changes, words):
    with pytest.raises(ProcedureRefusedError, match=words):
        ask(cases.reviewing().number, **changes)


def test_an_extension_cannot_be_approved_after_the_limit():
    number = cases.reviewing().number
    ask(number)

    with pytest.raises(ProcedureRefusedError, match="不能再批准延长"):
        extend(number, at=on("2026-04-07"))


def joint() -> str:
    """Return a case of an item that several departments handle together, under review."""
    cases.publish(
        cases.without_materials(
            slug="restaurant-joint",
            name="餐饮服务许可（联办）",
            task_code="11310114XXXX01011H4310131001008",
            handling_code="11310114XXXX01011H431013100100808",
            joint_departments=["housing"],
            limit={
                "statutory_workdays": 45,
                "promised_workdays": 30,
                "source": "行政许可法 第四十二条第二款",
                "effective_on": dt.date(2026, 1, 1),
            },
        )
    )
    return cases.reviewing(item_slug="restaurant-joint").number


@pytest.mark.req("CASE-02")
def test_joint_handling_takes_45_days_and_15_more_by_a_leader_of_the_district():
    number = joint()
    assert cases.page(number).case.statutory_on == date("2026-05-13")
    ask(number)
    with pytest.raises(PermissionRefusedError, match="须经本级人民政府负责人批准"):
        extend(number)

    case = extend(number, by=LEADER)

    assert case.statutory_on == date("2026-06-03")
    assert cases.page(number).events[-1].post == "district_leader"


def test_a_leader_of_the_district_extends_nothing_else():
    number = cases.reviewing().number
    ask(number)

    with pytest.raises(CaseNotFoundError):
        extend(number, by=LEADER)


# Hearing


def requested() -> str:
    number = cases.hearing().number
    services.request_hearing(
        number=number,
        text="本店与居民楼不相邻",
        calendar=cases.CALENDAR,
        by=cases.FIRM,
        at=on("2026-03-13"),
    )
    return number


def set_hearing(number: str, **changes):
    return services.set_hearing(
        **(
            {
                "number": number,
                "held_at": on("2026-03-26"),
                "place": "行政服务中心三楼",
                "chair": "user:approver",
                "calendar": cases.CALENDAR,
                "by": cases.REVIEWER,
                "at": on("2026-03-16"),
            }
            | changes
        )
    )


def end_hearing(number: str, **changes):
    return services.end_hearing(
        **(
            {
                "number": number,
                "end": HearingEnd.HELD,
                "record": "申请人陈述场所不与居民楼相邻，提交测绘图。",
                "signed_by": ["赵审批", "申请人代表"],
                "calendar": cases.CALENDAR,
                "by": cases.REVIEWER,
                "at": on("2026-03-26", 11),
            }
            | changes
        )
    )


@pytest.mark.req("CASE-02")
def test_a_hearing_runs_from_the_right_to_the_record_and_the_decision_rests_on_it():
    hire("approver", "reviewer", "reviewer2")
    number = cases.hearing().number
    case = cases.page(number).case
    assert (case.statutory_on, case.due_on) == (None, date("2026-03-13"))
    case = services.request_hearing(
        number=number,
        text="本店与居民楼不相邻",
        calendar=cases.CALENDAR,
        by=cases.FIRM,
        at=on("2026-03-13"),
    )
    assert case.due_on == date("2026-04-13")
    case = set_hearing(number)
    assert case.due_on == date("2026-03-26")
    case = end_hearing(number)
    assert case.state is CaseState.REVIEWING
    assert case.promised_on == date("2026-04-02")

    services.propose(
        number=number,
        outcome=Outcome.GRANT,
        opinion="听证查明场所不与居民楼相邻",
        by=cases.REVIEWER,
        at=on("2026-03-27"),
    )
    second = Actor(ref="user:second", name="钱审批", posts={"market": frozenset({Post.APPROVER})})
    services.decide(
        number=number,
        outcome=Outcome.GRANT,
        calendar=cases.CALENDAR,
        by=second,
        at=on("2026-03-27"),
    )

    assert documents(number)[2:] == [
        DocumentKind.HEARING_RIGHT,
        DocumentKind.HEARING_NOTICE,
        DocumentKind.HEARING_ANNOUNCEMENT,
        DocumentKind.HEARING_RECORD,
        DocumentKind.REVIEW_OPINION,
        DocumentKind.APPROVAL_FORM,
        DocumentKind.GRANT_DECISION,
    ]
    record = CaseDocument.objects.get(case__number=number, kind="hearing_record").number
    grant = CaseDocument.objects.get(case__number=number, kind="grant_decision")
    assert f"根据听证笔录{record}作出" in " ".join(grant.body["paragraphs"])


def test_a_hearing_is_asked_for_within_five_working_days():
    number = cases.hearing().number

    with pytest.raises(ProcedureRefusedError, match="期限已于2026-03-13届满"):
        services.request_hearing(
            number=number,
            text="要求听证",
            calendar=cases.CALENDAR,
            by=cases.FIRM,
            at=on("2026-03-16"),
        )


def test_a_stranger_cannot_ask_for_a_hearing_and_nobody_asks_twice():
    number = cases.hearing().number
    given = {
        "number": number,
        "text": "要求听证",
        "calendar": cases.CALENDAR,
        "at": on("2026-03-09"),
    }
    with pytest.raises(CaseNotFoundError):
        services.request_hearing(**given, by=cases.NOBODY)
    services.request_hearing(**given, by=cases.FIRM)
    with pytest.raises(ProcedureRefusedError, match="已经要求听证"):
        services.request_hearing(**given, by=cases.FIRM)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"held_at": on("2026-03-24")}, "7个工作日前通知，最早可定在2026-03-25"),
        ({"held_at": on("2026-04-14")}, "20个工作日内举行，最晚为2026-04-13"),
        ({"chair": "user:reviewer"}, "主持人须是审查本申请以外的人员"),
        ({"chair": "user:nobody"}, "主持人须是本机关的工作人员"),
        ({"place": " "}, "请填写听证地点"),
    ],
)
def test_time_place_and_chair_of_a_hearing_keep_to_the_law(changes, words):
    hire("approver", "reviewer")
    number = requested()

    with pytest.raises(ProcedureRefusedError, match=words):
        set_hearing(number, **changes)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"at": on("2026-03-26", 8)}, "听证还没有举行"),
        ({"signed_by": ["赵审批"]}, "至少填写两名签字人"),
        ({"end": HearingEnd.NOT_REQUESTED}, "已经要求听证"),
        ({"end": HearingEnd.CASE_ENDED}, "办件没有终止"),
    ],
)
def test_a_hearing_ends_only_with_what_happened(changes, words):
    hire("approver")
    number = requested()
    set_hearing(number)

    with pytest.raises(ProcedureRefusedError, match=words):
        end_hearing(number, **changes)


def test_where_nobody_asks_the_case_goes_on_after_five_days_by_itself():
    number = cases.hearing().number
    job = Actor(ref="job:end-hearings")
    given = {"calendar": cases.CALENDAR, "by": job}
    assert services.end_unrequested_hearings(**given, at=on("2026-03-13")) == []

    assert services.end_unrequested_hearings(**given, at=on("2026-03-16")) == [number]

    case = cases.page(number).case
    assert case.state is CaseState.REVIEWING
    assert case.promised_on == date("2026-03-23")
    assert Hearing.objects.get(case__number=number).end == HearingEnd.NOT_REQUESTED
    assert services.end_unrequested_hearings(**given, at=on("2026-03-17")) == []


def test_a_hearing_of_ones_own_motion_is_announced_and_needs_no_request():
    hire("approver")
    number = cases.hearing(origin=HearingOrigin.OWN_MOTION).number

    assert documents(number)[-1] is DocumentKind.HEARING_ANNOUNCEMENT
    assert set_hearing(number, at=on("2026-03-09"), held_at=on("2026-03-20")).due_on == date(
        "2026-03-20"
    )


def test_whoever_chaired_the_hearing_does_not_review():
    hire("approver", "reviewer2")
    number = requested()
    set_hearing(number, chair="user:reviewer2")
    end_hearing(number)
    services.assign_case(number=number, to="user:reviewer2", by=cases.HEAD, at=on("2026-03-27"))

    with pytest.raises(ProcedureRefusedError, match="您主持了本办件的听证"):
        services.propose(
            number=number,
            outcome=Outcome.GRANT,
            opinion="符合",
            by=cases.SECOND_REVIEWER,
            at=on("2026-03-27"),
        )
    with pytest.raises(IntegrityError, match="not_by_the_chair"), transaction.atomic():
        Opinion.objects.create(
            case=Case.objects.get(number=number),
            outcome="grant",
            text="符合",
            by="user:reviewer2",
            by_name="王审查",
            at=cases.FRIDAY,
        )


# Opinions of other departments, checks on the spot


def inquire(number: str, *departments: str, **changes):
    return services.ask_departments(
        **(
            {
                "number": number,
                "departments": departments or ("housing",),
                "question": "场所是否在违法建筑内",
                "calendar": cases.CALENDAR,
                "by": cases.REVIEWER,
                "at": cases.FRIDAY,
            }
            | changes
        )
    )


def propose(number: str, at: dt.datetime = cases.FRIDAY):
    return services.propose(
        number=number, outcome=Outcome.GRANT, opinion="符合", by=cases.REVIEWER, at=at
    )


@pytest.mark.req("CASE-03")
def test_departments_answer_in_parallel_while_one_decides():
    cases.department("fire", "消防救援支队")
    fire = Actor(ref="user:fire", name="焦消防", posts={"fire": frozenset({Post.REVIEWER})})
    number = cases.reviewing().number
    with pytest.raises(CaseNotFoundError):
        services.give_opinion(
            number=number, answer=InquiryAnswer.AGREE, opinion="同意", by=fire, at=cases.FRIDAY
        )
    inquire(number, "housing", "fire")
    assert len(waiting_inquiries(by=fire, today=date("2026-03-06"), calendar=cases.CALENDAR)) == 1
    with pytest.raises(ProcedureRefusedError, match="建设局、消防救援支队还没有反馈意见"):
        propose(number)

    for who in (fire, BUILDER):
        services.give_opinion(
            number=number, answer=InquiryAnswer.AGREE, opinion="同意", by=who, at=cases.FRIDAY
        )

    case = propose(number)
    assert case.state is CaseState.DECISION_PENDING
    answered = procedure_of(number, by=cases.HEAD, today=date("2026-03-06")).inquiries
    assert [one.answered_by_name for one in answered] == ["何建设", "焦消防"]
    assert [row.department for row in cases.page(number).events[-3:-1]] == ["fire", "housing"]
    assert procedure_of(number, by=cases.FIRM, today=date("2026-03-06")).inquiries == ()


def test_an_opinion_that_does_not_come_in_time_holds_nobody_up():
    number = cases.reviewing().number
    inquire(number)

    assert propose(number, at=on("2026-03-16")).state is CaseState.DECISION_PENDING


@pytest.mark.parametrize(
    ("departments", "words"),
    [
        (("market",), "本部门以外"),
        (("centre",), "本部门以外"),
        (("nowhere",), "本部门以外"),
    ],
)
def test_only_other_departments_are_asked(departments, words):
    with pytest.raises(ProcedureRefusedError, match=words):
        inquire(cases.reviewing().number, *departments)


def test_nobody_is_asked_twice_and_nobody_answers_twice():
    number = cases.reviewing().number
    with pytest.raises(ProcedureRefusedError, match="至少选择一个部门"):
        inquire(number, departments=[])
    inquire(number)
    with pytest.raises(ProcedureRefusedError, match="已经征求过建设局的意见"):
        inquire(number)
    given = {"number": number, "answer": InquiryAnswer.DISAGREE, "opinion": "在违法建筑内"}
    services.give_opinion(**given, by=BUILDER, at=cases.FRIDAY)
    with pytest.raises(ProcedureRefusedError, match="没有等待您所在部门反馈"):
        services.give_opinion(**given, by=BUILDER, at=cases.FRIDAY)


def check_site(number: str, **changes):
    return services.record_site_check(
        **(
            {
                "number": number,
                "second_officer": "user:reviewer2",
                "checked_on": date("2026-03-06"),
                "place": "示例路11号",
                "found": "厨房与图纸一致。",
                "by": cases.REVIEWER,
                "at": cases.FRIDAY,
            }
            | changes
        )
    )


def test_two_officers_check_on_the_spot():
    hire("reviewer", "reviewer2")
    number = cases.reviewing().number
    check_site(number)
    check_site(number, found="整改后复查，符合要求。")

    letters = CaseDocument.objects.filter(case__number=number, kind="site_check_record")
    assert [dict(one.body["facts"])["核查人员"] for one in letters] == ["李审查、王审查"] * 2


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"second_officer": "user:reviewer"}, "两名以上工作人员"),
        ({"second_officer": "user:approver"}, "须是本部门的审查人员"),
        ({"checked_on": date("2026-03-05")}, "须在受理之后"),
        ({"checked_on": date("2026-03-07")}, "今天之前"),
    ],
)
def test_a_check_on_the_spot_keeps_to_the_law(changes, words):
    hire("reviewer", "reviewer2", "approver")

    with pytest.raises(ProcedureRefusedError, match=words):
        check_site(cases.reviewing().number, **changes)


def test_whoever_does_not_hold_the_case_and_whoever_is_late_is_told_so():
    case = cases.reviewing()
    with pytest.raises(NotHolderError):
        ask(case.number, by=cases.SECOND_REVIEWER)
    with pytest.raises(ConflictRefusedError):
        cases.special(number=case.number, version=case.version - 1)


# What the database refuses, whoever writes


def refused(words: str, change) -> None:
    with pytest.raises(DatabaseError, match=words), transaction.atomic():
        change()


def test_no_limit_stops_without_a_notice_and_starts_without_a_result():
    row = Case.objects.get(number=cases.reviewing().number)
    for state in ("special", "hearing"):
        refused(
            "stopped_for_a_reason",
            lambda state=state: Case.objects.filter(pk=row.pk).update(
                state=state, stopped_since=row.received_on
            ),
        )
    for number in (cases.special().number, cases.hearing().number):
        refused(
            "stopped_for_a_reason",
            lambda number=number: Case.objects.filter(number=number).update(
                state="reviewing", stopped_since=None
            ),
        )


def test_no_limit_is_extended_twice_or_without_approval():
    number = cases.reviewing().number
    own = Case.objects.filter(number=number)
    refused("extended_once", lambda: own.update(extended_on=date("2026-03-06")))
    ask(number)
    extend(number)
    refused("extended_once", lambda: own.update(extended_on=date("2026-03-09")))
    refused("extended_once", lambda: own.update(extended_on=None))
    row = Extension.objects.get(case__number=number)
    refused("Cannot update", lambda: Extension.objects.filter(pk=row.pk).update(workdays=3))
    row.pk = None
    refused("granted_once", lambda: row.save(force_insert=True))


def test_records_of_the_procedure_that_contradict_themselves_are_refused():
    special = SpecialProcedure.objects.get(case__number=cases.special().number)
    rows = SpecialProcedure.objects.filter(pk=special.pk)
    refused("ends_with_a_result", lambda: rows.update(ended_on=date("2026-03-09")))
    refused("kind_of_the_law", lambda: rows.update(kind="hearing"))
    refused("says_why_and_how_long", lambda: rows.update(workdays=0))
    refused("[Cc]annot", lambda: rows.delete())
    for field in ("notice_id", "delivery_id"):
        refused("null value", lambda field=field: rows.update(**{field: None}))

    row = Case.objects.get(number=cases.reviewing().number)
    asked = {"case": row, "reason": "x", "asked_by": "user:a", "asked_at": cases.FRIDAY}
    refused(
        "days_of_the_law",
        lambda: Extension.objects.create(**asked, workdays=11, joint=False),
    )
    refused("days_of_the_law", lambda: Extension.objects.create(**asked, workdays=16, joint=True))
    refused(
        "asked_and_decided_by_two",
        lambda: Extension.objects.create(
            **asked,
            workdays=5,
            joint=False,
            approved=True,
            decided_by="user:a",
            decided_at=cases.FRIDAY,
        ),
    )
    check = {"case": row, "serial": 1, "place": "x", "found": "x", "by": "x", "at": cases.FRIDAY}
    refused(
        "two_officers",
        lambda: SiteCheck.objects.create(
            **check,
            checked_on=date("2026-03-06"),
            first_officer="user:a",
            second_officer="user:a",
            names=["甲", "乙"],
        ),
    )
    inquire(row.number)
    refused(
        "answer_has_person_and_words",
        lambda: DepartmentInquiry.objects.update(answer="agree"),
    )
    hearing = Hearing.objects.get(case__number=cases.hearing().number)
    rows = Hearing.objects.filter(pk=hearing.pk)
    late = {"requested_on": date("2026-03-16"), "requested_by": "x"}
    refused("request_in_time", lambda: rows.update(**late, hold_due_on=date("2026-04-13")))
    refused(
        "record_is_signed",
        lambda: rows.update(end="held", ended_on=date("2026-03-20"), ended_by="user:a"),
    )


def test_only_a_job_decides_automatically_and_a_job_decides_nothing_else():
    row = Case.objects.get(number=cases.accepted().number)
    decided = {
        "state": "approved",
        "outcome": "grant",
        "decided_at": cases.FRIDAY,
        "due_on": row.due_on,
    }
    own = Case.objects.filter(pk=row.pk)
    refused("step_known", lambda: own.update(**decided, decided_by="job:rules"))
    refused(
        "jobs_decide_by_rules_alone",
        lambda: own.update(**decided, decided_by="user:a", way="automatic"),
    )
    refused(
        "way_has_its_record",
        lambda: own.update(**decided, decided_by="job:rules", way="commitment"),
    )
    own.update(**decided, decided_by="job:rules", way="automatic")


def test_only_what_was_granted_is_revoked():
    number = cases.decided(Outcome.REFUSE).number
    services.deliver_case(
        number=number, channel=cases.DeliveryChannel.PRINT, by=cases.CLERK, at=cases.FRIDAY
    )

    refused(
        "only_a_grant_is_ended",
        lambda: Case.objects.filter(number=number).update(state="revoked"),
    )


# Clocks of one case


def test_every_clock_of_a_case_is_shown_with_its_light():
    number = requested()
    shown = clocks_of(number, by=cases.HEAD, today=date("2026-03-13"), calendar=cases.CALENDAR)

    assert [(one.kind, one.due_on, one.met_on) for one in shown] == [
        (ClockKind.NOTICE, date("2026-03-13"), date("2026-03-06")),
        (ClockKind.STATUTORY, None, None),
        (ClockKind.PROMISED, None, None),
        (ClockKind.HEARING_REQUEST, date("2026-03-13"), date("2026-03-13")),
        (ClockKind.HEARING_HOLD, date("2026-04-13"), None),
    ]
    assert shown[1].light is not None
    assert shown[1].light.text == "暂停计时"
    assert shown[4].light is not None
    assert shown[4].light.text == "剩 20 个工作日"
    assert [one.missed for one in shown] == [False] * 5
    with pytest.raises(CaseNotFoundError):
        clocks_of(number, by=cases.NOBODY, today=date("2026-03-13"), calendar=cases.CALENDAR)


def test_the_steps_of_the_procedure_stand_in_the_time_line():
    number = cases.special().number
    end_special(number, on("2026-03-09"))

    assert [row.step for row in cases.page(number).events[-2:]] == [
        Step.START_SPECIAL,
        Step.END_SPECIAL,
    ]


def test_what_offices_write_to_each_other_is_not_in_the_applicants_time_line():
    number = cases.reviewing().number
    services.ask_departments(
        number=number,
        departments=["housing"],
        question="是否为违法建筑",
        calendar=cases.CALENDAR,
        by=cases.REVIEWER,
        at=cases.FRIDAY,
    )
    services.give_opinion(
        number=number,
        answer=InquiryAnswer.DISAGREE,
        opinion="有举报，正在查",
        by=BUILDER,
        at=cases.FRIDAY,
    )
    services.ask_extension(number=number, reason="等待查处结果", by=cases.REVIEWER, at=cases.FRIDAY)

    own = repr(timeline(number, by=cases.FIRM)) + repr(cases.page(number, by=cases.FIRM).events)
    offices = repr(timeline(number, by=cases.REVIEWER))

    for words in ("是否为违法建筑", "有举报", "等待查处结果"):
        assert words not in own
        assert words in offices
    assert Step.DEPARTMENT_OPINION in {one.step for one in timeline(number, by=cases.FIRM)}
