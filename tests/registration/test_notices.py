"""Dual notices: pushed from the scope, claimed, returned, followed, closed by the permit."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
import yaml
from django.db import IntegrityError, transaction

from tests.factories import cases
from tests.factories.desk import signed_in
from tests.web.officer.test_pages import words
from yiwang.cases import services as acts
from yiwang.cases.events import CaseGranted
from yiwang.cases.policy.terms import Outcome
from yiwang.content import queries as content
from yiwang.content.policy.packs import PackFile
from yiwang.kernel import events
from yiwang.organisations.permissions import Actor, Post
from yiwang.registration import queries, services
from yiwang.registration.models import DualNotice, NoticeEvent
from yiwang.registration.policy.notices import (
    NoticeRules,
    NoticeState,
    NoticeStep,
    NoticeStepRefusedError,
    ScopeRule,
)
from yiwang.registration.policy.parsing import parse
from yiwang.registration.policy.scopes import needed
from yiwang.registration.queries import NoticeNotFoundError

ROOT = Path(__file__).parents[2]
AT = cases.FRIDAY
JOB = Actor(ref="job:dual-notice")
HOUSING = Actor(ref="user:h", name="周住建", posts={"housing": frozenset({Post.DEPARTMENT_HEAD})})
CENTRE = Actor(ref="user:c", name="赵中心", posts={"centre": frozenset({Post.DEPARTMENT_HEAD})})

RULES = NoticeRules(
    registrar="market",
    centre="centre",
    items=(cases.CARD,),
    scope_questions=("note",),
    claim_workdays=3,
    follow_workdays=30,
    inspect_workdays=20,
    rules=(
        ScopeRule(
            keywords=("餐饮服务", "食品经营"),
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
    source="测试",
)


@pytest.fixture
def _rules(easy_district: None) -> None:
    services.save_rules(RULES, by="system:test", at=AT)


def push(scope: str = "餐饮服务；食品经营；道路货物运输", case: str = "R1") -> int:
    return services.push_notices(
        rules=RULES,
        case_number=case,
        entity_ref=cases.FIRM_REF,
        entity_name="上海示例餐饮管理有限公司",
        scope=scope,
        calendar=cases.CALENDAR,
        by=JOB,
        at=AT,
    )


def of(item: str) -> DualNotice:
    return DualNotice.objects.get(item_slug=item)


def given(by: Actor = HOUSING, at: dt.datetime = AT) -> dict[str, object]:
    return {"number": of("road-freight").pk, "by": by, "at": at}


def test_a_scope_names_each_permit_once_with_the_word_that_met_it():
    assert [
        (one.rule.item, one.keyword) for one in needed(RULES, "食品经营、餐饮服务", on=AT.date())
    ] == [(cases.RESTAURANT, "餐饮服务")]
    assert needed(RULES, "软件开发", on=AT.date()) == ()


@pytest.mark.usefixtures("_rules")
def test_departments_are_told_once_and_a_permit_closes_its_notice():
    assert (push(), push(), push(case="R2")) == (2, 0, 0)
    assert of("road-freight").due_on == dt.date(2026, 3, 11)

    case = cases.decided()
    before = events._transport[0]
    try:
        events.set_transport(events.deliver)
        for _ in range(2):
            events.deliver(
                CaseGranted(
                    number=case.number,
                    item_slug=cases.RESTAURANT,
                    item_name="餐饮服务许可",
                    holder_ref=cases.FIRM_REF,
                    holder_name="上海示例餐饮管理有限公司",
                    supervising_department="market",
                    licence_identifier=case.licence_identifier,
                    granted_on=AT.date(),
                )
            )
    finally:
        events.set_transport(before)
    row = of(cases.RESTAURANT)
    assert (row.state, row.permit_case) == (NoticeState.CLOSED_PERMIT, case.number)
    assert NoticeEvent.objects.filter(notice=row).count() == 2


@pytest.mark.usefixtures("_rules")
def test_the_grant_of_a_registration_tells_the_departments_of_its_scope(monkeypatch):
    monkeypatch.setattr(content, "workday_calendar", lambda: cases.CALENDAR)
    case = cases.receive(
        item_slug=cases.CARD,
        applicant_ref=cases.elder(),
        answers={"note": "道路货物运输"},
        read_out=True,
    )
    acts.accept_case(number=case.number, calendar=cases.CALENDAR, by=cases.REVIEWER, at=AT)
    before = events._transport[0]
    try:
        events.set_transport(events.deliver)
        acts.decide(
            number=case.number,
            outcome=Outcome.GRANT,
            calendar=cases.CALENDAR,
            by=cases.APPROVER,
            at=AT,
        )
    finally:
        events.set_transport(before)

    assert of("road-freight").source_case == case.number


@pytest.mark.usefixtures("_rules")
def test_a_notice_is_claimed_followed_and_told_back():
    push()
    services.claim(calendar=cases.CALENDAR, **given())
    assert (of("road-freight").state, of("road-freight").in_time) == (NoticeState.CLAIMED, True)
    with pytest.raises(NoticeStepRefusedError, match="不能退回"):
        services.return_notice(reason="不是我们的", **given())
    report = {"calendar": cases.CALENDAR, **given()}
    with pytest.raises(services.NoticeRefusedError, match="请填写跟进情况"):
        services.report(step=NoticeStep.FOLLOW, note=" ", **report)
    with pytest.raises(services.NoticeRefusedError, match="请从跟进"):
        services.report(step=NoticeStep.PUSH, note="x", **report)
    services.report(step=NoticeStep.FOLLOW, note="已联系", **report)
    services.report(step=NoticeStep.NOT_OPERATING, note="没有车辆", **report)

    row = of("road-freight")
    assert (row.state, row.closed_on) == (NoticeState.CLOSED_NOT_OPERATING, AT.date())
    (housing,) = [one for one in queries.participation(by=HOUSING) if one.department == "housing"]
    assert (housing.pushed, housing.answered, housing.in_time, housing.closed) == (1, 1, 1, 1)
    assert housing.takes_part


@pytest.mark.usefixtures("_rules")
def test_what_is_returned_goes_to_another_department():
    push()
    with pytest.raises(services.NoticeRefusedError, match="请填写退回理由"):
        services.return_notice(reason="", **given())
    services.return_notice(reason="应由市场局办理", **given())
    move = {"reason": "按线索", "calendar": cases.CALENDAR}
    with pytest.raises(services.NoticeRefusedError, match="请改派给其他部门"):
        services.reassign(department="housing", **move, **given(by=CENTRE))
    with pytest.raises(services.NoticeRefusedError, match="没有这个部门"):
        services.reassign(department="moon", **move, **given(by=CENTRE))
    services.reassign(department="market", **move, **given(by=cases.HEAD))

    assert of("road-freight").department_code == "market"
    with pytest.raises(NoticeNotFoundError, match="没有找到"):
        services.claim(calendar=cases.CALENDAR, **given())
    services.claim(calendar=cases.CALENDAR, **given(by=cases.HEAD))


@pytest.mark.usefixtures("_rules")
def test_silence_is_reminded_of_then_told_to_the_centre_each_once():
    push()
    late, later = AT + dt.timedelta(days=6), AT + dt.timedelta(days=12)

    for at, expected in ((AT, (0, 0)), (late, (2, 0)), (late, (0, 0)), (later, (0, 2))):
        done = services.chase(calendar=cases.CALENDAR, by=JOB, at=at)
        assert (done.reminded, done.escalated) == expected
    assert services.chase(calendar=cases.CALENDAR, by=JOB, at=later).escalated == 0
    services.claim(calendar=cases.CALENDAR, **given(at=later))
    assert of("road-freight").in_time is False


@pytest.mark.usefixtures("_rules")
def test_a_notice_that_is_followed_is_chased_anew_when_its_next_day_passes():
    push()
    late = AT + dt.timedelta(days=6)
    services.chase(calendar=cases.CALENDAR, by=JOB, at=late)
    services.claim(calendar=cases.CALENDAR, **given(at=late))
    following = {"step": NoticeStep.FOLLOW, "note": "已联系", "calendar": cases.CALENDAR}
    services.report(**following, **given(at=late))
    missed = dt.datetime.combine(of("road-freight").due_on, AT.timetz()) + dt.timedelta(days=3)
    assert services.chase(calendar=cases.CALENDAR, by=JOB, at=missed).reminded == 1
    services.report(**following, **given(at=missed))

    row = of("road-freight")
    assert (row.reminded_on, row.escalated_on) == (None, None)
    again = dt.datetime.combine(row.due_on, AT.timetz()) + dt.timedelta(days=3)
    assert services.chase(calendar=cases.CALENDAR, by=JOB, at=again).reminded == 1


@pytest.mark.usefixtures("_rules")
def test_the_name_of_a_person_is_masked():
    push()
    DualNotice.objects.update(entity_ref="person:" + "a" * 32, entity_name="张示例")

    shown, _ = queries.notice(
        of("road-freight").pk, by=HOUSING, today=AT.date(), calendar=cases.CALENDAR
    )

    assert shown.entity_name == "张**"


@pytest.mark.usefixtures("_rules")
def test_the_database_keeps_notices_whole():
    push()
    for constraint, changes in (
        ("waits_with_a_day", {"due_on": None}),
        ("closed_has_day", {"state": "to_inspection", "due_on": None}),
        ("return_says_why", {"state": "returned", "due_on": None}),
        (
            "permit_names_its_case",
            {"state": "closed_permit", "due_on": None, "closed_on": AT.date()},
        ),
    ):
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            DualNotice.objects.filter(item_slug="road-freight").update(**changes)


@pytest.mark.usefixtures("desk")
@pytest.mark.req("REG-02")
def test_the_pages_name_the_permit_that_a_registered_scope_needs():
    services.save_rules(RULES, by="system:test", at=AT)
    push()

    listed = words(signed_in("head").get("/desk/dual-notices/?state=pushed"))
    one = words(signed_in("head").get(f"/desk/dual-notices/{of(cases.RESTAURANT).pk}/"))

    for page in (listed, one):
        assert of(cases.RESTAURANT).item_name in page
        assert "餐饮服务" in page
        assert "软件开发" not in page


@pytest.mark.usefixtures("desk")
def test_the_pages_show_claim_and_reassign():
    services.save_rules(RULES, by="system:test", at=AT)
    assert "没有符合条件的告知" in words(signed_in("head").get("/desk/dual-notices/"))
    push()
    path = f"/desk/dual-notices/{of(cases.RESTAURANT).pk}/"
    head = signed_in("head")
    listed = words(head.get("/desk/dual-notices/?state=pushed"))
    assert "经营范围含 “餐饮服务”" in listed or "经营范围含“餐饮服务”" in listed
    assert "请选择怎样办理" in words(head.post(path, {}))
    assert "请填写退回理由" in words(head.post(path, {"step": "return"}))
    assert head.post(path, {"step": "return", "note": "不归我局"}).status_code == 302
    assert "请选择改派给哪个部门" in words(head.post(path, {"step": "reassign", "note": "x"}))
    sent = {"step": "reassign", "note": "按职责", "department": "housing"}
    assert head.post(path, sent).status_code == 302
    assert "没有需要您办理的" in words(head.get(path))
    stranger = signed_in("stranger")
    assert stranger.post(path, {"step": "claim"}).status_code == 302
    assert stranger.get("/desk/dual-notices/999999/").status_code == 403
    assert head.get("/desk/dual-notices/?after=x").status_code == 422


def pack_file(**changes: object) -> PackFile:
    path = ROOT / "packs" / "jiading" / "registration" / "dual-notice.yaml"
    content = yaml.safe_load(path.read_text()) | changes
    return PackFile(
        pack="jiading",
        section="registration",
        name="dual-notice",
        path="registration/dual-notice.yaml",
        content={key: value for key, value in content.items() if value is not None},
    )


CHANGE = {"item": "x", "question": "q", "options": ["a"], "text": "t"}


def test_the_rules_of_the_district_are_read_and_a_mistake_is_named():
    rules, errors = parse(pack_file())
    assert errors == []
    assert (rules.claim_workdays, rules.follow_workdays, len(rules.rules)) == (3, 30, 19)
    assert [one.item for one in rules.changes if one.renames] == ["company-change"]
    assert [one.part for one in rules.exits if one.item == "branch-registration"] == [
        ("branch_name", "branch_uscc")
    ]

    for changes, said in (
        ({"claim_workdays": 0}, "claim_workdays"),
        ({"registrar": None}, "registrar"),
        ({"unknown": 1}, "unknown"),
        ({"changes": [{**CHANGE, "kind": "scope", "renames": True}]}, "只用于名称变更"),
        ({"changes": [{**CHANGE, "kind": "name", "renames": "yes"}]}, "应为 true 或 false"),
        ({"exits": [{"item": "x", "part": "branch_name"}]}, "part"),
    ):
        found, errors = parse(pack_file(**changes))
        assert found is None
        assert said in str(errors)
