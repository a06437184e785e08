"""News of firms both ways: changes, ends, lost permits and inspections, through the pages."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import IntegrityError, ProgrammingError, transaction

from tests.factories import cases
from tests.factories.desk import signed_in
from tests.registration.test_notices import RULES
from tests.web.officer.test_pages import words
from yiwang.audit.queries import trail
from yiwang.cases import services as acts
from yiwang.cases.events import CaseEnded
from yiwang.cases.policy.states import CaseState
from yiwang.cases.policy.terms import Outcome
from yiwang.content import queries as content
from yiwang.kernel import events
from yiwang.kernel.paging import PageKeyRefusedError
from yiwang.organisations.permissions import Actor, PermissionRefusedError, Post
from yiwang.registration import queries, services
from yiwang.registration.models import DualNotice, NoticeEvent
from yiwang.registration.policy.notices import (
    ChangeRule,
    ExitRule,
    NoticeKind,
    NoticeState,
    NoticeStep,
    NoticeStepRefusedError,
    ScopeRule,
    same_part,
)
from yiwang.supervision import queries as supervision
from yiwang.supervision import services as inspections
from yiwang.supervision.models import InspectionTask, SupervisedSubject
from yiwang.supervision.policy.inspections import InspectionRefusedError, InspectionResult
from yiwang.supervision.queries import InspectionNotFoundError
from yiwang.web.views import Page

AT = cases.FRIDAY
FIRM, BRANCH = "firm-registration", "branch"
CODE = "11310114XXXX01011H4310732001000"
SUPERVISOR = Actor(ref="user:s", name="钱监管", posts={"market": frozenset({Post.SUPERVISOR})})
HOUSING = Actor(ref="user:h", name="周住建", posts={"housing": frozenset({Post.DEPARTMENT_HEAD})})

NEWS = dataclasses.replace(
    RULES,
    registrar="housing",
    items=(FIRM, BRANCH),
    scope_questions=("new_scope",),
    rules=(
        ScopeRule(
            keywords=("餐饮服务",),
            item=cases.RESTAURANT,
            item_name="餐饮服务许可",
            department="market",
        ),
        ScopeRule(
            keywords=("道路货物运输",),
            item="road-freight",
            item_name="道路货物运输经营许可",
            department="housing",
        ),
    ),
    changes=tuple(
        ChangeRule(
            item=FIRM,
            question="change_items",
            kind=kind,
            options=(kind.value,),
            text=text,
            renames=kind is NoticeKind.NAME,
        )
        for kind, text in (
            (NoticeKind.NAME, "new_name"),
            (NoticeKind.ADDRESS, "change_text"),
            (NoticeKind.SCOPE, "change_text"),
        )
    ),
    exits=(
        ExitRule(item=FIRM, question="request_kind", options=("cancel", "close")),
        ExitRule(
            item=BRANCH,
            question="request_kind",
            options=("cancel",),
            part=("branch_name", "branch_uscc"),
        ),
    ),
)
CHOICES = {"name": "名称", "address": "住所", "scope": "范围", "operator": "经营者"}


def registration() -> dict[str, Any]:
    """Return an item that registers, changes and ends a business, ended with or without a kind."""
    kinds = {"new": "issue", "change": "change", "cancel": "cancel", "close": "other"}
    return cases.card() | {
        "slug": FIRM,
        "name": "示例登记",
        "task_code": CODE,
        "handling_code": f"{CODE}01",
        "audiences": ["person", "entity"],
        "questionnaire": [
            {
                "id": "request_kind",
                "label": "办哪一种？",
                "kind": "choice",
                "options": {one: one for one in kinds},
            },
            {
                "id": "change_items",
                "label": "变更什么？",
                "kind": "choices",
                "options": CHOICES,
                "when": {"request_kind": "change"},
            },
        ],
        "sections": [
            {
                "id": "who",
                "title": "内容",
                "questions": [
                    {"id": one, "label": one, "kind": "text", "optional": True}
                    for one in ("new_name", "new_scope", "change_text")
                ],
            }
        ],
        "handling_items": [
            {
                "code": f"{CODE}{number:02d}",
                "name": f"示例{one}",
                "kind": kind,
                "when": {"request_kind": one},
            }
            for number, (one, kind) in enumerate(kinds.items(), start=1)
        ],
    }


def branch_registration() -> dict[str, Any]:
    """Return an item that registers, changes and ends a branch of a firm."""
    code = "11310114XXXX01011H4310733001000"
    definition = registration() | {
        "slug": BRANCH,
        "name": "分公司登记",
        "task_code": code,
        "handling_code": f"{code}01",
        "audiences": ["entity"],
    }
    definition["handling_items"] = [
        one | {"code": f"{code}{number:02d}"}
        for number, one in enumerate(definition["handling_items"], start=1)
    ]
    (section,) = definition["sections"]
    section["questions"] = [
        {"id": one, "label": one, "kind": "text", "optional": True}
        for one in ("branch_name", "branch_uscc", "new_scope", "change_text")
    ]
    return definition


@pytest.fixture(autouse=True)
def _news(desk: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    services.save_rules(NEWS, by="system:test", at=AT)
    cases.publish(registration())
    cases.publish(branch_registration())
    monkeypatch.setattr(content, "workday_calendar", lambda: cases.CALENDAR)
    before = events._transport[0]
    events.set_transport(events.deliver)
    yield
    events.set_transport(before)


def waiting(ref: str = cases.FIRM_REF, item: str = FIRM, **answers: Any) -> str:
    """Return the number of a registration that waits for its decision."""
    case = cases.receive(item_slug=item, applicant_ref=ref, answers=answers, read_out=True)
    acts.accept_case(number=case.number, calendar=cases.CALENDAR, by=cases.REVIEWER, at=AT)
    return case.number


def granted(ref: str = cases.FIRM_REF, item: str = FIRM, **answers: Any) -> str:
    number = waiting(ref, item, **answers)
    acts.decide(
        number=number,
        outcome=Outcome.GRANT,
        calendar=cases.CALENDAR,
        by=cases.APPROVER,
        at=AT,
    )
    return number


def grant_on_page(**answers: Any) -> None:
    number = waiting(**answers)
    sent = {
        "outcome": "grant",
        "confirmed": "1",
        "version": cases.page(number).case.version,
    }
    answer = signed_in("approver").post(f"/desk/cases/{number}/decide/", sent)
    assert answer.status_code == 302, words(answer)


def of(kind: NoticeKind, department: str = "market") -> DualNotice:
    return DualNotice.objects.get(kind=kind.value, department_code=department)


def path(row: DualNotice) -> str:
    return f"/desk/dual-notices/{row.pk}/"


@pytest.mark.req("REG-05")
def test_supervisors_hear_of_changes_and_the_end_of_a_firm_on_their_pages():
    cases.decided()
    assert "上海" in words(signed_in("supervisor").get("/desk/subjects/"))
    grant_on_page(
        request_kind="change",
        change_items=["name", "address", "scope"],
        new_name="上海示例新名有限公司",
        change_text="示例路9号；道路货物运输",
    )

    supervisor = signed_in("supervisor")
    listed = words(supervisor.get("/desk/dual-notices/"))
    for told in ("名称变更", "住所或者经营场所变更", "经营范围变更", "3 个工作日内认领"):
        assert told in listed
    name = of(NoticeKind.NAME)
    shown = words(supervisor.get(path(name)))
    assert "名称变更：上海示例新名有限公司" in shown
    assert "登记知悉" in shown
    assert "认定无需许可" not in shown
    assert supervisor.post(path(name), {"step": "note"}).status_code == 302
    assert "已登记知悉" in words(supervisor.get(path(name)))
    freight = words(signed_in("stranger").get("/desk/dual-notices/"))
    assert "道路货物运输经营许可" in freight

    grant_on_page(request_kind="cancel")
    listed = words(signed_in("supervisor").get("/desk/dual-notices/"))
    assert "注销登记" in listed
    assert "不再需要办理" in words(signed_in("supervisor").get(path(of(NoticeKind.SCOPE))))
    assert "经营主体终止" in words(signed_in("supervisor").get(path(of(NoticeKind.SCOPE))))
    assert "没有符合条件的监管对象" in words(signed_in("supervisor").get("/desk/subjects/"))
    assert "经营主体终止" in words(signed_in("supervisor").get("/desk/subjects/?state=removed"))
    assert supervisor.post(path(of(NoticeKind.ENDED)), {"step": "note"}).status_code == 302
    assert {one.act for one in trail(limit=200)} >= {"registration.end", "registration.note"}


@pytest.mark.req("REG-05")
def test_the_lists_bear_the_new_name_of_a_firm_and_find_it_by_the_old_one():
    cases.decided()
    old = SupervisedSubject.objects.get().name
    grant_on_page(request_kind="change", change_items=["name"], new_name="上海示例新名有限公司")

    supervisor = signed_in("supervisor")
    for query in ("", "?text=新名", f"?text={old}"):
        page = words(supervisor.get(f"/desk/subjects/{query}"))
        assert "上海示例新名有限公司" in page, query
        assert f"原名称： {old}" in page.replace("原名称：", "原名称： ").replace("  ", " "), query
    row = SupervisedSubject.objects.get(item_slug=cases.RESTAURANT)
    acts = trail(limit=200, act="supervision.rename_subject", target=row.subject_ref)
    assert {one.detail["from"] for one in acts} == {old}


def test_a_line_that_arrives_after_the_change_of_name_bears_the_new_name():
    cases.decided()
    row = SupervisedSubject.objects.get()
    moment = AT + dt.timedelta(days=1)
    shared = {"subject_ref": row.subject_ref, "by": "job:x", "at": moment}
    inspections.rename_subject(name="新名", case_number="N", **shared)
    line = {"item_slug": "i", "item_name": "事项", "department": "market"}

    for number, granted_at in (("B", moment), ("C", moment + dt.timedelta(hours=1))):
        inspections.add_subject(
            name=row.name,
            case_number=number,
            listed_on=AT.date(),
            granted_at=granted_at,
            **shared,
            **line,
        )

    names = {one.case_number: one.name for one in SupervisedSubject.objects.all()}
    assert (names["B"], names["C"]) == ("新名", row.name)


def test_an_old_change_of_name_that_comes_late_renames_nothing():
    cases.decided()
    ref = SupervisedSubject.objects.get().subject_ref
    later, earlier = AT + dt.timedelta(days=2), AT + dt.timedelta(days=1)
    shared = {"subject_ref": ref, "case_number": "N", "by": "job:x"}

    assert inspections.rename_subject(name="新名二", at=later, **shared) == 1
    assert inspections.rename_subject(name="新名一", at=earlier, **shared) == 0
    assert inspections.rename_subject(name="新名二", at=later, **shared) == 0
    assert inspections.rename_subject(name=" ", at=later + dt.timedelta(1), **shared) == 0
    assert SupervisedSubject.objects.get().name == "新名二"
    SupervisedSubject.objects.update(former_name="", named_at=None, granted_at=later)
    assert inspections.rename_subject(name="旧闻", at=earlier, **shared) == 0
    with pytest.raises(IntegrityError, match="renamed_says"), transaction.atomic():
        SupervisedSubject.objects.update(former_name="甲")


def test_who_renamed_a_branch_or_wrote_it_among_other_words_renames_no_line():
    cases.decided()
    old = SupervisedSubject.objects.get().name

    granted(item=BRANCH, request_kind="change", change_items=["name"], change_text="改名乙店")

    assert {one.name for one in SupervisedSubject.objects.all()} == {old}


@pytest.mark.req("REG-05")
def test_a_branch_that_is_deregistered_ends_what_rests_on_it_and_nothing_else():
    cases.decided()
    branches = [
        granted(item=BRANCH, request_kind="new", branch_name="甲店", new_scope="餐饮服务"),
        granted(item=BRANCH, request_kind="new", branch_name="乙店", new_scope="道路货物运输"),
    ]
    renamed = granted(
        item=BRANCH,
        request_kind="change",
        change_items=["name"],
        branch_name="乙店",
        branch_uscc="X1",
        change_text="名称改为丙店",
    )
    assert of(NoticeKind.NEED, "housing").state == NoticeState.PUSHED

    number = granted(item=BRANCH, request_kind="cancel", branch_name="丙店", branch_uscc="X1")

    left = SupervisedSubject.objects.filter(state="listed", item_slug=BRANCH)
    assert [one.case_number for one in left] == [branches[0]]
    gone = SupervisedSubject.objects.filter(state="removed")
    assert {one.case_number for one in gone} == {branches[1], renamed}
    assert SupervisedSubject.objects.filter(state="listed", item_slug=cases.RESTAURANT).exists()
    assert of(NoticeKind.NEED, "housing").state == NoticeState.CLOSED_ENDED
    supervisor = signed_in("supervisor")
    removed = words(supervisor.get("/desk/subjects/?state=removed"))
    assert "丙店的分公司登记（注销）已经准予，该分支机构终止" in removed
    told = words(supervisor.get(path(of(NoticeKind.ENDED))))
    assert "请只核对这家分支机构的许可" in told
    assert DualNotice.objects.filter(kind="ended", source_case=number).exists()


@pytest.mark.parametrize(
    ("ended", "found"),
    [
        ("C", ("A", "B", "C")),
        ("D", ("D",)),
        ("E", ("E",)),
    ],
)
def test_cases_of_one_branch_share_its_name_or_its_code(ended, found):
    answers = {
        "A": {"branch_name": "甲店"},
        "B": {"branch_name": "甲店", "branch_uscc": "X"},
        "C": {"branch_name": "乙店", "branch_uscc": "X"},
        "D": {"branch_name": "丁店"},
        "E": {},
    }

    assert same_part(ended, answers) == found


@pytest.mark.req("REG-05")
def test_the_registrar_hears_on_its_page_that_a_permit_was_revoked(monkeypatch):
    granted(request_kind="new", new_scope="餐饮服务")
    permit = cases.closed()
    assert of(NoticeKind.NEED).state == NoticeState.CLOSED_PERMIT
    facts = {"ground": "fraud", "facts": "平面图系伪造", "evidence": "鉴定意见", "confirmed": "1"}
    page = f"/desk/cases/{permit.number}/"
    version = {"version": permit.version}
    proposed = signed_in("reviewer").post(f"{page}end/propose/", facts | version)
    assert proposed.status_code == 302
    monkeypatch.setattr(Page, "at", AT + dt.timedelta(days=10))
    ended = signed_in("approver").post(
        f"{page}end/decide/",
        {
            "outcome": "ended",
            "reason": "属实",
            "public_interest": "无损害",
            "confirmed": "1",
            "version": cases.page(permit.number).case.version,
        },
    )
    assert ended.status_code == 302
    assert cases.page(permit.number).case.state is CaseState.REVOKED

    registrar = signed_in("stranger")
    assert "许可失效" in words(registrar.get("/desk/dual-notices/?state=pushed"))
    told = words(registrar.get(path(of(NoticeKind.PERMIT_ENDED, "housing"))))
    assert "许可失效" in told
    assert "已撤销：" in told
    assert of(NoticeKind.PERMIT_ENDED).state == NoticeState.PUSHED
    assert of(NoticeKind.NEED).state == NoticeState.PERMIT_ENDED
    assert "许可已失效" in words(signed_in("head").get(path(of(NoticeKind.NEED))))


@pytest.mark.req("REG-05")
def test_a_report_makes_an_inspection_that_is_taken_and_closed_on_its_pages():
    granted(request_kind="new", new_scope="餐饮服务")
    notice, supervisor = path(of(NoticeKind.NEED)), signed_in("supervisor")
    assert "没有符合条件的检查任务" in words(supervisor.get("/desk/inspections/"))
    assert supervisor.post(notice, {"step": "claim"}).status_code == 302
    assert "请填写跟进情况" in words(supervisor.post(notice, {"step": "inspect"}))
    assert not InspectionTask.objects.exists()
    assert supervisor.post(notice, {"step": "inspect", "note": "疑似无证经营"}).status_code == 302

    task = InspectionTask.objects.get()
    assert task.due_on == cases.CALENDAR.add_workdays(AT.date(), 20)
    page = f"/desk/inspections/{task.pk}/"
    assert "待接收" in words(supervisor.get("/desk/inspections/?state=open"))
    assert "疑似无证经营" in words(supervisor.get(page))
    assert page in supervisor.get(notice).content.decode()
    assert supervisor.post(page).status_code == 302
    missing = supervisor.post(page, {"finding": ""})
    assert missing.status_code == 422
    assert "请选择检查结果" in words(missing)
    assert "写明哪天检查" in words(missing)
    sent = {"result": "correct", "finding": "三月九日到场，已责令停止经营"}
    assert supervisor.post(page, sent).status_code == 302
    assert "责令改正" in words(supervisor.get("/desk/inspections/"))
    assert "已办结" in words(supervisor.get(page))
    late = supervisor.post(page, sent)
    assert (late.status_code, "现为“已办结”" in words(late)) == (422, True)
    registrar = signed_in("stranger")
    assert "责令改正：三月九日到场，已责令停止经营" in words(registrar.get(notice))
    assert of(NoticeKind.NEED).state == NoticeState.CLOSED_INSPECTED
    assert signed_in("stranger").get(page).status_code == 403
    assert signed_in("stranger").post(page, sent).status_code in {302, 403}
    acts_done = {one.act for one in trail(limit=200)}
    assert acts_done >= {f"supervision.{one}_inspection" for one in ("open", "take", "close")}


def test_a_changed_scope_of_an_individual_business_is_heard():
    granted(
        cases.elder(),
        request_kind="change",
        change_items=["scope"],
        change_text="经营范围改为餐饮服务",
    )

    assert of(NoticeKind.NEED).keyword == "餐饮服务"


def test_a_refused_permit_is_fed_back_once_and_the_firm_is_followed_on():
    granted(request_kind="new", new_scope="餐饮服务")

    number = cases.decided(Outcome.REFUSE).number
    again = {
        "entity_ref": cases.FIRM_REF,
        "item_slug": cases.RESTAURANT,
        "case_number": number,
        "calendar": cases.CALENDAR,
        "by": HOUSING,
        "at": AT,
    }

    row = of(NoticeKind.NEED)
    assert (row.state, row.in_time) == (NoticeState.FOLLOWING, True)
    assert row.due_on == cases.CALENDAR.add_workdays(AT.date(), 30)
    assert f"许可申请不予许可，办件{number}" in words(signed_in("stranger").get(path(row)))
    assert services.note_refusal(**again) == 0


def test_a_permit_that_the_firm_holds_is_not_asked_for_again():
    cases.decided()

    granted(request_kind="new", new_scope="餐饮服务；道路货物运输")

    assert [one.item_slug for one in DualNotice.objects.all()] == ["road-freight"]


def test_what_changes_nothing_that_is_told_tells_nobody():
    cases.decided()
    granted(request_kind="change", change_items=["operator"], change_text="换了经营者")

    assert not DualNotice.objects.exclude(kind=NoticeKind.NEED.value).exists()


def test_an_end_that_is_no_cancellation_leaves_nobody_listed():
    cases.decided()
    granted(request_kind="new", new_scope="道路货物运输")

    number = granted(request_kind="close")

    assert not SupervisedSubject.objects.filter(state="listed").exists()
    assert of(NoticeKind.NEED, "housing").state == NoticeState.CLOSED_ENDED
    assert DualNotice.objects.filter(kind="ended", source_case=number).count() == 2


def test_a_person_lives_on_after_the_business():
    granted(cases.elder(), request_kind="new", new_scope="餐饮服务")
    SupervisedSubject.objects.create(
        subject_ref=cases.elder(),
        name="张示例",
        item_slug="driver",
        item_name="驾驶员从业资格",
        department_code="housing",
        case_number="D1",
        listed_on=AT.date(),
    )

    granted(cases.elder(), request_kind="cancel")

    assert [one.item_slug for one in SupervisedSubject.objects.filter(state="listed")] == ["driver"]
    assert of(NoticeKind.NEED).state == NoticeState.CLOSED_ENDED


def test_a_registration_that_is_undone_closes_its_notices():
    number = granted(request_kind="new", new_scope="餐饮服务")
    events.deliver(
        CaseEnded(
            number=number,
            item_slug=FIRM,
            holder_ref=cases.FIRM_REF,
            kind="revoke",
            ground="fraud",
            licence_identifier="",
            reason="以欺骗手段取得",
            ended_at=AT,
        )
    )

    row = of(NoticeKind.NEED)
    assert (row.state, row.closed_on) == (NoticeState.CLOSED_ENDED, AT.date())
    assert (
        NoticeEvent.objects.filter(notice=row).latest("id").note == "登记已撤销：以欺骗手段取得。"
    )
    assert services.end_open(reason="x", by=HOUSING, at=AT) == 0


def test_a_department_feeds_back_that_a_permit_from_elsewhere_was_revoked():
    granted(request_kind="new", new_scope="餐饮服务")
    row = of(NoticeKind.NEED)
    given = {"number": row.pk, "calendar": cases.CALENDAR, "by": SUPERVISOR, "at": AT}
    services.claim(**given)
    with pytest.raises(services.NoticeRefusedError, match="请填写跟进情况"):
        services.report(step=NoticeStep.PERMIT_END, note="", **given)
    services.report(step=NoticeStep.PERMIT_END, note="市局三月五日撤销许可", **given)

    assert of(NoticeKind.NEED).state == NoticeState.PERMIT_ENDED
    assert of(NoticeKind.PERMIT_ENDED, "housing").told == "市局三月五日撤销许可"


def test_a_permit_that_is_valid_here_is_ended_by_its_own_decision():
    granted(request_kind="new", new_scope="餐饮服务")
    cases.decided()
    row = of(NoticeKind.NEED)

    with pytest.raises(services.NoticeRefusedError, match="请先在“撤销注销”中"):
        services.report(
            number=row.pk,
            step=NoticeStep.PERMIT_END,
            note="撤销了",
            calendar=cases.CALENDAR,
            by=SUPERVISOR,
            at=AT,
        )

    assert of(NoticeKind.NEED).state == NoticeState.CLOSED_PERMIT


def test_news_is_told_once_and_takes_no_steps_of_a_permit():
    given = {
        "rules": NEWS,
        "kind": NoticeKind.NAME,
        "told": "名称变更：新名",
        "case_number": "R1",
        "entity_ref": cases.FIRM_REF,
        "entity_name": "上海示例餐饮管理有限公司",
        "item_slug": FIRM,
        "item_name": "示例登记",
        "departments": ["market"],
        "calendar": cases.CALENDAR,
        "by": HOUSING,
        "at": AT,
        "happened_at": AT,
    }
    assert (services.tell(**given), services.tell(**given)) == (1, 0)
    row = of(NoticeKind.NAME)
    report = {"number": row.pk, "calendar": cases.CALENDAR, "by": SUPERVISOR, "at": AT}
    with pytest.raises(
        NoticeStepRefusedError, match="“名称变更”的告知，不能认定无需许可；现在可以"
    ):
        services.report(step=NoticeStep.NO_NEED, note="x", **report)
    services.report(step=NoticeStep.NOTE, note="", **report)
    row.refresh_from_db()
    assert (row.state, row.in_time) == (NoticeState.CLOSED_NOTED, True)
    with pytest.raises(IntegrityError, match="news_says_what"), transaction.atomic():
        DualNotice.objects.update(told="")


def task() -> int:
    inspections.open_inspection(
        subject_ref=cases.FIRM_REF,
        name="上海示例餐饮管理有限公司",
        item_slug=cases.RESTAURANT,
        item_name="餐饮服务许可",
        department="market",
        source="test:1",
        reason="查一查",
        opened_on=AT.date(),
        due_on=AT.date(),
        by=HOUSING,
        at=AT,
    )
    return InspectionTask.objects.get().pk


def test_an_inspection_is_taken_once_and_closed_with_words():
    number = task()
    assert task() == number
    given = {"number": number, "by": SUPERVISOR, "at": AT}
    close = {"result": InspectionResult.CLEAN, **given}
    with pytest.raises(InspectionRefusedError, match="只有“检查中”的"):
        inspections.close_inspection(finding="没问题", **close)
    with pytest.raises(InspectionNotFoundError, match="没有找到"):
        inspections.take_inspection(number=number, by=HOUSING, at=AT)
    with pytest.raises(PermissionRefusedError):
        inspections.take_inspection(number=0, by=SUPERVISOR, at=AT)
    inspections.take_inspection(**given)
    with pytest.raises(InspectionRefusedError, match="只有“待接收”的"):
        inspections.take_inspection(**given)
    with pytest.raises(InspectionRefusedError, match="请填写检查情况"):
        inspections.close_inspection(finding=" ", **close)
    with pytest.raises(InspectionRefusedError, match="最多1000个字"):
        inspections.close_inspection(finding="长" * 1001, **close)
    inspections.close_inspection(finding="没问题", **close)
    with pytest.raises(ProgrammingError, match="Cannot update rows"), transaction.atomic():
        InspectionTask.objects.update(finding="改写")
    with pytest.raises(PageKeyRefusedError, match="请从列表第一页重新打开"):
        supervision.inspections(by=SUPERVISOR, today=AT.date(), calendar=cases.CALENDAR, after="x")


@pytest.mark.parametrize(
    ("constraint", "changes"),
    [
        ("state_known", {"state": "gone"}),
        ("says_why", {"reason": ""}),
        ("taken_by_somebody", {"state": "taken"}),
        ("closed_with_a_result", {"result": "clean"}),
    ],
)
def test_the_database_keeps_inspections_whole(constraint, changes):
    task()
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        InspectionTask.objects.update(**changes)


def test_rules_saved_before_are_read_with_the_days_of_a_report():
    services.save_rules(NEWS, by="system:test", at=AT)
    assert queries.rules() == NEWS
    row = services.Rules.objects.latest("id")
    for name in ("inspect_workdays", "changes", "exits"):
        row.definition.pop(name)
    row.save()

    rules = queries.rules()
    assert (rules.inspect_workdays, rules.changes, rules.exits) == (30, (), ())
