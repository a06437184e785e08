"""Acceptance, correction, review, decision, delivery and the end: bounds and refusals."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

import pytest

from tests.factories import cases
from yiwang.cases import queries, services, tasks
from yiwang.cases.models import Case, CaseDocument, CaseEvent
from yiwang.cases.policy.mailed import ENTRY_DAYS
from yiwang.cases.policy.states import CaseState, StepRefusedError
from yiwang.cases.policy.terms import (
    DeliveryChannel,
    DocumentKind,
    FileStanding,
    MaterialState,
    Outcome,
)
from yiwang.cases.services import CorrectionLine, FiledLine
from yiwang.kernel.workdays import CalendarGapError
from yiwang.licences.models import Licence
from yiwang.organisations.models import PostHolding, User
from yiwang.organisations.permissions import Actor, PermissionRefusedError, Post

AT = cases.FRIDAY
LATE = dt.timedelta(days=8)
LINE = CorrectionLine(material_id="layout", what="补交平面图", why="食品安全法 第三十三条")


def letter(number: str, kind: DocumentKind) -> queries.DocumentView:
    (found,) = [one for one in cases.page(number).documents if one.kind is kind]
    return found


def ask(number: str, *lines: CorrectionLine, **changes: Any) -> queries.CaseView:
    arguments = {"number": number, "lines": lines or (LINE,), "by": cases.CLERK, "at": AT}
    return services.ask_correction(**(arguments | changes))


def file(number: str, **changes: Any) -> queries.CaseView:
    correction = cases.page(number).correction
    assert correction is not None
    arguments = {
        "number": number,
        "lines": [FiledLine(line_id=line.id, answer="已补") for line in correction.lines],
        "calendar": cases.CALENDAR,
        "by": cases.FIRM,
        "at": AT + LATE,
    }
    return services.file_correction(**(arguments | changes))


def accept(number: str, **changes: Any) -> queries.CaseView:
    arguments = {"number": number, "calendar": cases.CALENDAR, "by": cases.CLERK, "at": AT}
    return services.accept_case(**(arguments | changes))


def propose(number: str, **changes: Any) -> queries.CaseView:
    arguments = {
        "number": number,
        "outcome": Outcome.GRANT,
        "opinion": "符合",
        "by": cases.REVIEWER,
        "at": AT,
    }
    return services.propose(**(arguments | changes))


def decide(number: str, **changes: Any) -> queries.CaseView:
    arguments = {
        "number": number,
        "outcome": Outcome.GRANT,
        "calendar": cases.CALENDAR,
        "by": cases.APPROVER,
        "at": AT,
    }
    return services.decide(**(arguments | changes))


@pytest.mark.usefixtures("district")
def test_what_is_missing_is_asked_for_before_acceptance():
    number = cases.receive().number

    with pytest.raises(
        services.AcceptanceRefusedError, match="还缺少“平面图”、“规章制度”，请先一次性告知"
    ):
        accept(number)


@pytest.mark.usefixtures("district")
def test_a_correction_is_told_whole_filed_and_restarts_the_five_days():
    number = cases.receive().number

    assert ask(number).due_on == dt.date(2026, 4, 5)
    ref = cases.upload()
    (line,) = cases.page(number).correction.lines
    case = file(number, lines=[FiledLine(line_id=line.id, upload_refs=[ref])])

    assert (case.state, case.due_on) == (CaseState.RECEIVED, dt.date(2026, 3, 20))
    states = {one.material_id: one for one in cases.page(number).materials}
    assert states["layout"].state is MaterialState.FILED
    assert states["layout"].upload_refs == (ref,)
    notice = letter(number, DocumentKind.CORRECTION_NOTICE).body["paragraphs"]
    assert notice[1] == "1. 补交平面图。理由：食品安全法 第三十三条。提交形式：原件1份。"
    assert "本告知只作一次" in notice[-1]
    assert accept(number, at=AT + LATE).state is CaseState.ACCEPTED


@pytest.mark.usefixtures("district")
def test_what_a_correction_brings_is_in_force_and_what_it_replaces_is_kept():
    old, other = cases.upload(cases.CLERK.ref), cases.upload(cases.CLERK.ref)
    new = cases.upload()
    number = cases.receive(uploads={"layout": [old], "rules": [other]}).number
    ask(number)
    (before,) = [one for one in cases.page(number).materials if one.material_id == "layout"]
    (line,) = cases.page(number).correction.lines
    file(number, lines=[FiledLine(line_id=line.id, upload_refs=[new])])

    held = {one.material_id: one for one in cases.page(number).materials}
    assert [one.standing for one in before.files] == [FileStanding.AS_FILED]
    assert [(one.ref, one.standing, one.corrected_on) for one in held["layout"].files] == [
        (old, FileStanding.REPLACED, None),
        (new, FileStanding.CORRECTED, (AT + LATE).date()),
    ]
    assert [one.standing for one in held["rules"].files] == [FileStanding.AS_FILED]


@pytest.mark.usefixtures("district")
def test_whoever_applied_online_is_asked_for_no_paper():
    """上海市优化营商环境条例 第二十四条: electronic material is not asked for on paper again."""
    draft = cases.draft()
    services.attach(
        draft_id=draft.id, material_id="layout", upload_ref=cases.upload(), by=cases.FIRM, at=AT
    )
    number = cases.submit(draft.id, tolerance_signed=True).number
    line = services.CorrectionLine(material_id="layout", what="平面图看不清", why="看不清")
    services.ask_correction(number=number, lines=[line], by=cases.CLERK, at=AT)

    (told,) = [
        one
        for one in CaseDocument.objects.get(kind="correction_notice").body["paragraphs"]
        if "平面图看不清" in one
    ]
    assert "提交形式：电子文件，不要求纸质" in told
    assert "原件" not in told


@pytest.mark.usefixtures("district")
def test_a_correction_is_asked_for_once_and_the_case_is_then_decided_on_what_is_there():
    number = cases.receive().number
    ask(number)
    file(number)

    with pytest.raises(services.CorrectionRefusedError, match="补正只能告知一次"):
        ask(number)
    assert accept(number, at=AT + LATE).state is CaseState.ACCEPTED
    propose(number, at=AT + LATE)
    with pytest.raises(services.DecisionRefusedError, match="还没有收到“平面图”、“规章制度”"):
        decide(number, at=AT + LATE)


@pytest.mark.usefixtures("district")
@pytest.mark.parametrize(
    ("lines", "error", "words"),
    [
        pytest.param((), services.CorrectionRefusedError, "请列出1至60项", id="none"),
        pytest.param((LINE,) * 61, services.CorrectionRefusedError, "请列出1至60项", id="many"),
        pytest.param(
            (CorrectionLine(material_id="castle", what="x", why="y"),),
            services.CorrectionRefusedError,
            "不在本办件的材料清单中",
            id="unknown material",
        ),
        pytest.param(
            (CorrectionLine(material_id="", what=" ", why="y"),),
            services.TextRefusedError,
            "请填写补正内容",
            id="no what",
        ),
        pytest.param(
            (CorrectionLine(material_id="", what="x", why="长" * 2001),),
            services.TextRefusedError,
            "补正理由最多2000个字，现为2001个字",
            id="long why",
        ),
    ],
)
def test_a_correction_that_cannot_be_asked_for_says_why(lines, error, words):
    number = cases.receive().number

    with pytest.raises(error, match=words):
        services.ask_correction(number=number, lines=lines, by=cases.CLERK, at=AT)


@pytest.mark.usefixtures("district")
def test_a_correction_is_filed_whole_and_by_line():
    number = cases.receive().number
    ask(number, LINE, CorrectionLine(material_id="", what="补门牌", why="不完整"))
    first, _ = cases.page(number).correction.lines

    with pytest.raises(services.CorrectionRefusedError, match="还有1项没有补正：“补门牌”"):
        file(number, lines=[FiledLine(line_id=first.id, answer="好")])
    with pytest.raises(services.CorrectionRefusedError, match="不属于本次补正"):
        file(number, lines=[FiledLine(line_id=first.id + 9_999, answer="好")])
    with pytest.raises(services.DraftRefusedError, match="找不到这个文件"):
        file(
            number,
            lines=[
                FiledLine(line_id=first.id, upload_refs=["upload:x"]),
                FiledLine(line_id=first.id + 1, answer="好"),
            ],
        )


@pytest.mark.usefixtures("easy_district")
def test_a_correction_that_is_not_filed_ends_the_case_after_thirty_days():
    number = cases.correcting().number
    last_day = AT + dt.timedelta(days=30)

    assert services.end_expired_corrections(by=cases.EXPIRY, at=last_day) == []
    after = last_day + dt.timedelta(days=ENTRY_DAYS + 1)
    assert services.end_expired_corrections(by=cases.EXPIRY, at=after) == [number]
    assert services.end_expired_corrections(by=cases.EXPIRY, at=after) == []

    assert queries.case(number, by=cases.HEAD).state is CaseState.TERMINATED
    body = letter(number, DocumentKind.END_NOTICE).body
    assert dict(body["facts"])["终止事由"] == "逾期未提交补正材料"
    assert "2026年4月5日届满" in body["paragraphs"][0]
    assert "行政复议" in body["remedies"][0]


@pytest.mark.usefixtures("district")
def test_tolerated_materials_come_later_but_before_the_grant():
    number = cases.receive(
        uploads={"layout": [cases.upload("user:clerk")]}, tolerance_signed=True
    ).number
    accept(number)
    propose(number)
    with pytest.raises(services.DecisionRefusedError, match="还没有收到“规章制度”，不能准予"):
        decide(number)
    with pytest.raises(services.CorrectionRefusedError, match="请上传“规章制度”的文件"):
        services.file_material(
            number=number, material_id="rules", upload_refs=[], by=cases.FIRM, at=AT
        )

    services.file_material(
        number=number, material_id="rules", upload_refs=[cases.upload()], by=cases.FIRM, at=AT
    )

    assert decide(number).state is CaseState.APPROVED
    with pytest.raises(services.CorrectionRefusedError, match="不需要后补，或者办件已有结果"):
        services.file_material(
            number=number, material_id="rules", upload_refs=["x"], by=cases.FIRM, at=AT
        )


@pytest.mark.usefixtures("district")
def test_materials_are_checked_by_those_who_accept_once_they_are_there():
    number = cases.receive().number
    services.check_material(number=number, material_id="application", by=cases.CLERK, at=AT)

    found = {one.material_id: one for one in cases.page(number).materials}
    assert (found["application"].checked_by, found["application"].checked_at) == ("user:clerk", AT)
    for material in ("layout", "rules", "castle"):
        with pytest.raises(services.CorrectionRefusedError, match="还没有提交，不能核对"):
            services.check_material(number=number, material_id=material, by=cases.CLERK, at=AT)
    with pytest.raises(PermissionRefusedError):
        services.check_material(number=number, material_id="application", by=cases.APPROVER, at=AT)


@pytest.mark.usefixtures("easy_district")
def test_materials_are_not_checked_once_there_is_a_result():
    number = cases.decided().number

    with pytest.raises(services.CorrectionRefusedError, match="已有结果"):
        services.check_material(number=number, material_id="application", by=cases.CLERK, at=AT)


@pytest.mark.usefixtures("easy_district")
def test_silence_of_five_working_days_accepts_from_the_day_of_receipt():
    number = cases.receive().number
    friday = AT + dt.timedelta(days=7)

    assert services.deem_accepted(calendar=cases.CALENDAR, by=cases.CLOCK, at=friday) == []
    saturday = friday + dt.timedelta(days=1)
    assert services.deem_accepted(calendar=cases.CALENDAR, by=cases.CLOCK, at=saturday) == [number]
    assert services.deem_accepted(calendar=cases.CALENDAR, by=cases.CLOCK, at=saturday) == []

    case = queries.case(number, by=cases.HEAD)
    assert (case.deemed, case.accepted_on) == (True, dt.date(2026, 3, 6))
    assert case.statutory_on == dt.date(2026, 4, 3)
    assert "逾期未告知" in letter(number, DocumentKind.ACCEPTANCE_NOTICE).body["paragraphs"][0]
    assert cases.page(number).events[-1].basis == "行政许可法 第三十二条第一款第四项"


@pytest.mark.usefixtures("easy_district")
def test_after_a_correction_the_day_of_filing_counts_as_receipt():
    number = cases.correcting().number
    file(number)

    at = AT + LATE + dt.timedelta(days=10)
    assert services.deem_accepted(calendar=cases.CALENDAR, by=cases.CLOCK, at=at) == [number]
    assert queries.case(number, by=cases.HEAD).accepted_on == dt.date(2026, 3, 14)


@pytest.mark.usefixtures("easy_district")
def test_a_case_beyond_the_calendar_waits_for_the_next_notice():
    number = cases.receive().number
    at = AT + LATE

    assert services.deem_accepted(calendar=cases.ENDING, by=cases.CLOCK, at=at) == []
    assert queries.case(number, by=cases.HEAD).state is CaseState.RECEIVED
    with pytest.raises(CalendarGapError):
        accept(number, calendar=cases.ENDING)
    assert CaseEvent.objects.filter(case__number=number).count() == 1


@pytest.mark.usefixtures("easy_district")
def test_the_tasks_of_the_clock_call_the_acts(monkeypatch):
    first, second = cases.receive().number, cases.correcting().number
    monkeypatch.setattr("yiwang.cases.tasks.content.workday_calendar", lambda: cases.CALENDAR)
    stamp = int((AT + dt.timedelta(days=40)).timestamp())

    tasks.deem_accepted(timestamp=stamp)
    tasks.end_expired_corrections(timestamp=stamp)
    tasks.purge_drafts(timestamp=stamp)

    assert queries.case(first, by=cases.HEAD).state is CaseState.ACCEPTED
    assert queries.case(second, by=cases.HEAD).state is CaseState.TERMINATED


@pytest.mark.usefixtures("easy_district")
def test_the_days_to_file_a_correction_come_from_the_item_else_from_the_district(monkeypatch):
    from yiwang.cases.services import kept
    from yiwang.content.policy.districts import CorrectionPeriod
    from yiwang.content.queries import district

    item = kept.item(cases.RESTAURANT, on=AT.date())
    periods = (
        CorrectionPeriod(days=20, effective_on=AT.date(), source="虚构"),
        CorrectionPeriod(days=45, effective_on=dt.date(2026, 1, 1), source="虚构"),
    )
    written = dataclasses.replace(district(), correction=periods)
    monkeypatch.setattr(kept.content, "district", lambda: written)

    assert written.correction_days(on=dt.date(2025, 12, 31)) == 30
    assert written.correction_days(on=dt.date(2026, 3, 5)) == 45
    assert cases.correcting().due_on == AT.date() + dt.timedelta(days=20)
    own = dataclasses.replace(item, correction_days=7)
    assert services.correction_days(own, on=AT.date()) == 7


@pytest.mark.req("CASE-01")
@pytest.mark.usefixtures("easy_district")
@pytest.mark.parametrize("act", [services.decline_case, services.propose_decline])
@pytest.mark.parametrize(
    "article",
    [
        "行政许可法 第三十二条第一款第二项",
        "《中华人民共和国行政许可法》第三十二条第1款第（二）项",
        "行政许可法第三十二条第（二）项",
        "行政许可法第32条第1款第2项",
    ],
)
def test_whoever_is_not_competent_says_who_is(act, article):
    number = cases.receive().number
    by = cases.REVIEWER if act is services.decline_case else cases.CLERK
    sent = {"number": number, "reason": "不属于本机关职权范围", "by": by, "at": AT}

    with pytest.raises(services.DeclineRefusedError, match="请填写“有权受理的机关”"):
        act(**sent, article=article, elsewhere=" ")
    assert queries.case(number, by=cases.HEAD).state is CaseState.RECEIVED

    act(**sent, article="行政许可法 第三十二条第一款第一项")


@pytest.mark.usefixtures("easy_district")
@pytest.mark.parametrize(("no_need", "place"), [(False, "第二项"), (True, "第一项")])
def test_a_refusal_to_accept_says_reason_article_competent_body_and_remedies(no_need, place):
    number = cases.receive().number

    case = services.decline_case(
        number=number,
        reason="不属于本机关职权范围",
        article=f"行政许可法 第三十二条第一款{place}",
        elsewhere="区城管执法局",
        no_need=no_need,
        by=cases.REVIEWER,
        at=AT,
    )

    assert case.finished
    kind = DocumentKind.NO_NEED_NOTICE if no_need else DocumentKind.NON_ACCEPTANCE
    body = letter(number, kind).body
    assert body["paragraphs"][1:] == [
        "理由：不属于本机关职权范围。",
        f"依据：行政许可法 第三十二条第一款{place}。",
        "请向区城管执法局提出申请。",
    ]
    assert "60日内向示例区人民政府申请行政复议" in body["remedies"][0]
    assert "6个月内依法向有管辖权的人民法院提起行政诉讼" in body["remedies"][0]


@pytest.mark.usefixtures("easy_district")
@pytest.mark.parametrize(
    ("changes", "words"),
    [({"reason": " "}, "请填写不予受理的理由"), ({"article": ""}, "请填写法律依据")],
)
def test_a_refusal_to_accept_needs_reason_and_article(changes, words):
    arguments = {
        "number": cases.receive().number,
        "reason": "x",
        "article": "y",
        "by": cases.REVIEWER,
        "at": AT,
    }
    with pytest.raises(services.TextRefusedError, match=words):
        services.decline_case(**(arguments | changes))


def staff(login: str, post: Post, department: str = "market") -> None:
    user = User.objects.create(
        login=login, name=login, kind="staff", password="!", password_changed_at=AT, created_at=AT
    )
    PostHolding.objects.create(
        user=user,
        department=department,
        post=post.value,
        valid_from=AT - dt.timedelta(days=30),
        granted_by="user:x",
    )


@pytest.mark.usefixtures("easy_district")
def test_the_head_gives_cases_to_those_who_may_handle_them():
    staff("li", Post.REVIEWER)
    staff("zhao", Post.APPROVER)
    number = cases.accepted().number

    case = services.assign_case(number=number, to="user:li", by=cases.HEAD, at=AT)

    assert (case.state, case.assigned_to) == (CaseState.REVIEWING, "user:li")
    for to in ("user:zhao", "user:nobody"):
        with pytest.raises(services.AssignmentRefusedError, match="没有“审查”的岗位"):
            services.assign_case(number=number, to=to, by=cases.HEAD, at=AT)
    with pytest.raises(services.NotHolderError, match="已分派给其他人员"):
        services.assign_case(number=number, to=cases.REVIEWER.ref, by=cases.REVIEWER, at=AT)
    with pytest.raises(services.NotHolderError, match="请本部门负责人重新分派"):
        propose(number)
    with pytest.raises(PermissionRefusedError, match="分派办件"):
        services.assign_case(number=number, to="user:li", by=cases.REVIEWER, at=AT)


@pytest.mark.usefixtures("easy_district")
def test_a_decision_is_not_given_to_the_reviewer():
    staff("both", Post.APPROVER)
    staff("zhao", Post.APPROVER)
    number = cases.accepted().number
    propose(number, by=cases.BOTH)

    with pytest.raises(services.AssignmentRefusedError, match="不能决定自己审查的办件"):
        services.assign_case(number=number, to="user:both", by=cases.HEAD, at=AT)
    services.assign_case(number=number, to="user:zhao", by=cases.HEAD, at=AT)
    with pytest.raises(services.NotHolderError):
        decide(number)
    with pytest.raises(StepRefusedError, match="不能分派"):
        services.assign_case(number=cases.decided().number, to="user:zhao", by=cases.HEAD, at=AT)


@pytest.mark.usefixtures("easy_district")
def test_who_reviewed_does_not_decide():
    number = cases.accepted().number
    propose(number, by=cases.BOTH)

    with pytest.raises(services.SamePersonError, match="不能由同一人决定"):
        decide(number, by=cases.BOTH)


@pytest.mark.usefixtures("easy_district")
def test_who_reviewed_does_not_end_the_case_either():
    number = cases.accepted().number
    services.propose(number=number, outcome=Outcome.REFUSE, opinion="不符合", by=cases.BOTH, at=AT)

    with pytest.raises(services.SamePersonError, match="不能由同一人决定"):
        cases.terminate(number, by=cases.BOTH)

    ended = cases.terminate(number)
    assert ended.state is CaseState.TERMINATED


@pytest.mark.usefixtures("easy_district")
def test_a_refusal_needs_reason_and_article_and_names_the_remedies():
    number = cases.reviewed().number
    for changes, words in (
        ({"article": "x"}, "请填写不予的理由"),
        ({"reason": "x"}, "请填写法律依据"),
    ):
        with pytest.raises(services.TextRefusedError, match=words):
            decide(number, outcome=Outcome.REFUSE, **changes)

    case = decide(number, outcome=Outcome.REFUSE, reason="场所不符", article="第三十三条")

    assert (case.state, case.licence_identifier) == (CaseState.REJECTED, "")
    assert not Licence.objects.exists()
    document = letter(number, DocumentKind.REFUSAL_DECISION)
    assert document.title == "不予行政许可决定书"
    assert document.body["remedies"]


@pytest.mark.usefixtures("easy_district")
def test_a_refusal_names_the_published_conditions_that_are_not_met():
    number = cases.reviewed().number
    said = {"outcome": Outcome.REFUSE, "reason": "场所太小", "article": "第三十三条"}
    for changes, words in (
        (said | {"unmet": [2]}, "公布的条件共1条，没有第2条"),
        (said | {"unmet": [0]}, "没有第0条"),
        ({"outcome": Outcome.GRANT, "unmet": [1]}, "不能准予；请取消勾选"),
    ):
        with pytest.raises(services.DecisionRefusedError, match=words):
            decide(number, **changes)
        with pytest.raises(services.DecisionRefusedError, match=words):
            services.draft_decision(number=number, by=cases.APPROVER, at=AT, **changes)
    assert queries.case(number, by=cases.HEAD).state is CaseState.DECISION_PENDING

    draft = services.draft_decision(number=number, by=cases.APPROVER, at=AT, unmet=[1], **said)
    decide(number, unmet=[1, 1], **said)

    document = letter(number, DocumentKind.REFUSAL_DECISION)
    assert document.body["unmet"] == [1]
    paragraphs = document.body["paragraphs"]
    assert paragraphs[1:4] == [
        "不符合本事项公布的下列条件：",
        "有合适的场所。",
        "理由：场所太小。",
    ]
    assert list(draft.paragraphs[:-1]) == paragraphs
    form = letter(number, DocumentKind.APPROVAL_FORM)
    assert "不符合第1条条件：有合适的场所。" in str(form.body)


@pytest.mark.usefixtures("easy_district")
def test_a_refusal_may_rest_on_something_else_than_a_condition():
    number = cases.reviewed().number

    decide(number, outcome=Outcome.REFUSE, reason="材料虚假", article="第七十八条")

    body = letter(number, DocumentKind.REFUSAL_DECISION).body
    assert "unmet" not in body
    assert body["paragraphs"][1] == "理由：材料虚假。"


@pytest.mark.usefixtures("easy_district")
def test_a_decision_beyond_the_calendar_changes_nothing():
    number = cases.reviewed().number

    with pytest.raises(CalendarGapError):
        decide(number, calendar=cases.ENDING, at=AT + LATE)

    assert queries.case(number, by=cases.HEAD).state is CaseState.DECISION_PENDING
    assert not Licence.objects.exists()


@pytest.mark.usefixtures("easy_district")
def test_what_is_given_at_once_is_reviewed_by_acceptance_and_decided_by_another():
    arguments = {"item_slug": cases.CARD, "answers": {}}
    case = cases.receive(applicant_ref=cases.elder(), **arguments)
    accepted = accept(case.number)
    assert (accepted.statutory_on, accepted.reviewed_by) == (AT.date(), "user:clerk")

    case = decide(case.number)

    assert case.state is CaseState.APPROVED
    page = cases.page(case.number)
    assert [row.step.value for row in page.events] == ["receive", "accept", "grant_on_spot"]
    assert page.documents[-1].title == "准予决定书"


@pytest.mark.usefixtures("easy_district")
def test_what_is_given_at_once_is_still_not_decided_by_who_accepted():
    one = Actor(
        ref="user:one",
        name="一人",
        posts={"market": frozenset({Post.COUNTER_CLERK, Post.APPROVER})},
    )
    number = cases.receive(item_slug=cases.CARD, applicant_ref=cases.elder(), answers={}).number
    accept(number, by=one)

    with pytest.raises(services.SamePersonError):
        decide(number, by=one)


@pytest.mark.usefixtures("easy_district")
def test_a_case_deemed_accepted_needs_a_review_even_when_given_at_once():
    number = cases.receive(item_slug=cases.CARD, applicant_ref=cases.elder(), answers={}).number
    services.deem_accepted(calendar=cases.CALENDAR, by=cases.CLOCK, at=AT + LATE)

    with pytest.raises(services.DecisionRefusedError, match="还没有审查意见"):
        decide(number, at=AT + LATE)


@pytest.mark.usefixtures("easy_district")
def test_the_result_is_delivered_once_and_copies_are_noted():
    number = cases.decided().number
    services.deliver_case(number=number, channel=DeliveryChannel.PRINT, by=cases.CLERK, at=AT)
    case = services.deliver_case(
        number=number,
        channel=DeliveryChannel.POST,
        result="EMS 1234567890",
        by=cases.CLERK,
        at=AT + LATE,
    )

    assert case.closed_at == AT
    assert case.evaluation_until == dt.date(2026, 4, 5)
    assert [one.result for one in cases.page(number).deliveries] == [
        "已通过窗口领取送达",
        "EMS 1234567890",
    ]
    with pytest.raises(services.DeliveryRefusedError, match="作出决定后才能送达"):
        services.deliver_case(
            number=cases.receive().number, channel=DeliveryChannel.PRINT, by=cases.CLERK, at=AT
        )


@pytest.mark.usefixtures("easy_district")
def test_only_the_applicant_withdraws_and_only_before_the_decision():
    number = cases.accepted().number

    with pytest.raises(PermissionRefusedError, match="没有“窗口收件”的权限"):
        services.withdraw_case(number=number, reason="x", by=cases.REVIEWER, at=AT)
    with pytest.raises(services.VisitRefusedError, match="请先登记来人与申请人的关系"):
        services.withdraw_case(number=number, reason="x", by=cases.CLERK, at=AT)
    with pytest.raises(queries.CaseNotFoundError):
        services.withdraw_case(number=number, reason="x", by=cases.NOBODY, at=AT)
    with pytest.raises(services.TextRefusedError, match="请填写理由"):
        services.withdraw_case(number=number, reason="", by=cases.FIRM, at=AT)
    with pytest.raises(StepRefusedError, match="不能撤回申请"):
        services.withdraw_case(number=cases.decided().number, reason="x", by=cases.FIRM, at=AT)

    case = services.withdraw_case(number=number, reason="不开了", by=cases.FIRM, at=AT)

    assert case.state is CaseState.WITHDRAWN
    assert letter(number, DocumentKind.END_NOTICE).body["remedies"] == []


@pytest.mark.usefixtures("easy_district")
def test_an_act_on_a_case_that_moved_on_names_who_did_it_and_when():
    case = cases.accepted()
    services.propose(
        number=case.number,
        outcome=Outcome.GRANT,
        opinion="符合",
        by=cases.SECOND_REVIEWER,
        at=AT,
        version=case.version,
    )

    with pytest.raises(
        services.ConflictRefusedError, match="刚由王审查于03月06日 09:00办理，现为“待决定”"
    ):
        propose(case.number, version=case.version)


@pytest.mark.usefixtures("easy_district")
def test_another_department_learns_nothing_not_even_that_the_case_is_there():
    number = cases.receive().number
    words = set()
    for act in (
        lambda: accept(number, by=cases.STRANGER),
        lambda: accept(number[:-6] + "999999", by=cases.STRANGER),
        lambda: queries.case(number, by=cases.STRANGER),
        lambda: queries.case("1", by=cases.STRANGER),
        lambda: queries.case(number, by=cases.NOBODY),
    ):
        with pytest.raises(PermissionRefusedError) as caught:
            act()
        words.add((caught.value.code, caught.value.message))

    assert len(words) == 1


@pytest.mark.usefixtures("easy_district")
def test_messages_are_read_by_their_recipient_only():
    cases.receive()
    (message,) = queries.messages_for(cases.FIRM_REF)
    assert queries.unread_messages(cases.FIRM_REF) == 1

    with pytest.raises(queries.CaseNotFoundError):
        services.read_message(message_id=message.id, by=cases.NOBODY, at=AT)
    services.read_message(message_id=message.id, by=cases.FIRM, at=AT)
    services.read_message(message_id=message.id, by=cases.FIRM, at=AT + LATE)

    assert queries.messages_for(cases.FIRM_REF)[0].read_at == AT
    assert queries.unread_messages(cases.FIRM_REF) == 0


@pytest.mark.usefixtures("easy_district")
def test_the_decision_to_grant_tells_the_supervising_department(monkeypatch):
    told = []
    monkeypatch.setattr("yiwang.cases.services.deciding.events.publish", told.append)
    case = cases.decided()

    (event,) = [one for one in told if one.name == "cases.granted"]
    assert event.supervising_department == "market"
    assert event.licence_identifier == case.licence_identifier
    assert event.holder_ref == cases.FIRM_REF
    assert Case.objects.get(number=case.number).outcome == "grant"
