"""Interested persons are told, both sides are heard, and the decision waits for them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from tests.factories import cases
from yiwang.audit.queries import trail
from yiwang.cases import services
from yiwang.cases.models import Case, CaseDocument, Delivery, InterestedPerson, PartyViews
from yiwang.cases.policy.interested import Party, Stance
from yiwang.cases.policy.states import CaseState, Step
from yiwang.cases.policy.terms import DeliveryChannel, Outcome
from yiwang.cases.queries import CaseNotFoundError, timeline
from yiwang.cases.queries.interested import interested_of
from yiwang.cases.services import ProcedureRefusedError
from yiwang.cases.services.steps import TextRefusedError
from yiwang.kernel.errors import RefusedError
from yiwang.organisations.permissions import Actor, PermissionRefusedError, Post

pytestmark = pytest.mark.usefixtures("easy_district")

AT = cases.FRIDAY
LAST = AT.replace(day=13)
MONDAY = AT.replace(day=16)


def told(**changes: Any) -> str:
    number = cases.reviewing().number
    cases.tell_interested(number, **changes)
    return number


def note(number: str, party: Party = Party.INTERESTED, **changes: Any):
    given: dict[str, Any] = {
        "serial": 1,
        "text": "排烟口朝我家窗户。",
        "by": cases.REVIEWER,
        "at": AT,
    }
    return services.note_views(number=number, party=party, **(given | changes))


def propose(number: str, at: dt.datetime = AT):
    return services.propose(
        number=number, outcome=Outcome.GRANT, opinion="符合条件", by=cases.REVIEWER, at=at
    )


def test_each_side_gets_its_letter_with_its_delivery_and_the_limit_runs_on():
    number = told(handed_result="邻居甲签收")

    row = InterestedPerson.objects.get()
    assert row.due_on == dt.date(2026, 3, 13)
    assert (row.channel, row.delivered) == ("print", "邻居甲签收")
    own = CaseDocument.objects.get(case__number=number, kind="views_notice")
    assert Delivery.objects.get(document=own).to_name == cases.page(number).case.applicant_name
    assert not Delivery.objects.filter(document=row.notice).exists()
    case = cases.page(number).case
    assert (case.state, case.stopped_since) == (CaseState.REVIEWING, None)
    assert case.statutory_on is not None
    assert [one.act for one in trail(act="cases.tell_interested")] == ["cases.tell_interested"]


def test_neither_side_reads_more_of_the_other_than_it_must():
    number = told()
    note(number)
    case = Case.objects.get(number=number)
    letter = str(InterestedPerson.objects.get().notice.body)
    for hidden in (case.number, case.query_code, "13900001234"):
        assert hidden not in letter

    shown = interested_of(number, by=cases.FIRM, today=AT.date())

    assert (shown[0].name, shown[0].reached, shown[0].views) == ("邻**", "", ())
    assert "邻居甲" not in str(shown)
    assert "利害关系人告知书" not in {
        one.title for one in cases.page(number, by=cases.FIRM).documents
    }
    (inside,) = interested_of(number, by=cases.REVIEWER, today=AT.date())
    assert (inside.name, inside.reached) == ("邻居甲", "示例区示例镇****")
    told_in_words = [one.reason for one in timeline(number, by=cases.FIRM)]
    assert not any("油烟" in one or "邻" in one for one in told_in_words)
    with pytest.raises(CaseNotFoundError):
        interested_of(number, by=cases.NOBODY, today=AT.date())


def test_the_proposal_waits_until_both_sides_are_heard():
    number = told()
    with pytest.raises(ProcedureRefusedError, match="利害关系人、申请人在2026年3月13日前"):
        propose(number)
    note(number)
    with pytest.raises(ProcedureRefusedError, match="^申请人在2026年3月13日前"):
        propose(number, LAST)
    note(number, Party.APPLICANT, stance=Stance.NONE, text="", by=cases.FIRM)

    assert propose(number).state is CaseState.DECISION_PENDING


def test_the_proposal_waits_no_longer_than_the_last_day():
    number = told()
    with pytest.raises(ProcedureRefusedError, match="可以陈述意见"):
        propose(number, LAST)

    assert propose(number, MONDAY).state is CaseState.DECISION_PENDING
    note(number, at=MONDAY)  # late views are kept for whoever decides
    services.decide(
        number=number,
        outcome=Outcome.GRANT,
        calendar=cases.CALENDAR,
        by=cases.APPROVER,
        at=MONDAY,
    )
    form = CaseDocument.objects.get(case__number=number, kind="approval_form").body["paragraphs"]
    opinion = CaseDocument.objects.get(case__number=number, kind="review_opinion").body
    assert any("利害关系人：陈述了意见：排烟口朝我家窗户。（邻居甲，" in one for one in form)
    assert "申请人：没有陈述意见。" in form
    assert "利害关系人：没有陈述意见。" in opinion["paragraphs"]


def test_a_decision_on_the_spot_waits_too():
    number = cases.accepted(item_slug=cases.CARD, applicant_ref=cases.elder(), answers={}).number
    cases.tell_interested(number)
    grant = {"outcome": Outcome.GRANT, "calendar": cases.CALENDAR, "by": cases.APPROVER}

    with pytest.raises(ProcedureRefusedError, match="可以陈述意见"):
        services.decide(number=number, at=AT, **grant)
    for party in Party:
        note(number, party, stance=Stance.NONE, text="")

    services.decide(number=number, at=AT, **grant)
    assert Case.objects.get(number=number).outcome == "grant"


@pytest.mark.parametrize("state", ["decision_pending", "approved", "rejected"])
def test_the_database_refuses_to_go_on_while_a_side_may_be_heard(state):
    row = Case.objects.get(number=told())
    with pytest.raises(IntegrityError, match="sides_heard"), transaction.atomic():
        Case.objects.filter(pk=row.pk).update(state=state)


def test_a_renewal_is_deemed_granted_whoever_was_not_heard():
    row = Case.objects.get(number=told())
    deemed = {"state": "approved", "way": "deemed"}
    with pytest.raises(IntegrityError, match="way_has_its_record"), transaction.atomic():
        Case.objects.filter(pk=row.pk).update(**deemed)  # the record, and not the views, is missing


def test_the_database_keeps_what_was_told_and_said():
    number = told()
    note(number)
    for change in (
        lambda: InterestedPerson.objects.update(interest="别的"),
        lambda: PartyViews.objects.update(text="别的"),
        lambda: PartyViews.objects.all().delete(),
    ):
        with pytest.raises(Exception, match="pgtrigger"), transaction.atomic():
            change()
    row = InterestedPerson.objects.get()
    same = {"case": row.case, "kind": "person", "reached": "x", "interest": "x", "by": "x"}
    same |= {"by_name": "x", "at": AT, "notice": row.notice, "delivered": "x", "name": "邻居乙"}
    for name, changes in {
        "has_time": {"due_on": row.told_on, "channel": "print"},
        "has_no_account": {"due_on": row.due_on, "channel": "in_app"},
        "says_who_and_what": {"due_on": row.due_on, "channel": "print", "name": ""},
    }.items():
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            InterestedPerson.objects.create(serial=2, told_on=row.told_on, **(same | changes))
    with pytest.raises(IntegrityError, match="cases_partyviews"), transaction.atomic():
        PartyViews.objects.create(
            person=row, party="applicant", stance="stated", stated_by="x", stated_on=AT, at=AT
        )


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": " "}, "请填写利害关系人的姓名或者名称"),
        ({"name": "上海示例餐饮管理有限公司"}, "申请人以外的人"),
        ({"reached": ""}, "请填写利害关系人的联系方式"),
        ({"interest": " "}, "请填写涉及的重大利益"),
        ({"workdays": 0}, "1至20个工作日"),
        ({"workdays": 21}, "1至20个工作日"),
        ({"handed": DeliveryChannel.IN_APP}, "纸质送达"),
        ({"name": "长" * 201}, "最多200个字"),
    ],
)
def test_bad_words_tell_nobody(changes, sentence):
    number = cases.reviewing().number
    with pytest.raises(RefusedError, match=sentence) as refusal:
        cases.tell_interested(number, **changes)

    assert refusal.value.message.endswith("。")
    assert not InterestedPerson.objects.exists()
    assert not CaseDocument.objects.filter(case__number=number, kind="views_notice").exists()


def test_nobody_is_told_twice_and_no_side_is_heard_twice():
    number = told()
    with pytest.raises(ProcedureRefusedError, match="已经告知过这名利害关系人"):
        cases.tell_interested(number)
    cases.tell_interested(number, name="邻居乙")
    note(number)
    with pytest.raises(ProcedureRefusedError, match="利害关系人的意见已经登记"):
        note(number)
    assert note(number, serial=2).state is CaseState.REVIEWING


@pytest.mark.parametrize(
    ("changes", "error", "sentence"),
    [
        ({"serial": 9}, ProcedureRefusedError, "没有告知过这名利害关系人"),
        ({"text": " "}, TextRefusedError, "请填写陈述的意见"),
        ({"stated_on": dt.date(2026, 3, 5)}, ProcedureRefusedError, "须在告知之后"),
        ({"stated_on": dt.date(2026, 3, 7)}, ProcedureRefusedError, "今天之前"),
        ({"by": cases.FIRM}, ProcedureRefusedError, "您只能陈述申请人的意见"),
    ],
)
def test_bad_views_are_not_kept(changes, error, sentence):
    number = told()
    with pytest.raises(error, match=sentence):
        note(number, **changes)

    assert not PartyViews.objects.exists()
    assert Step.NOTE_VIEWS.value not in {one.step for one in timeline(number, by=cases.HEAD)}


def test_only_who_reviews_tells_and_writes_down():
    number = told()
    clerk = Actor(ref="user:x", name="窗口", posts={"market": frozenset({Post.COUNTER_CLERK})})
    with pytest.raises(PermissionRefusedError):
        cases.tell_interested(number, name="邻居乙", by=clerk)
    with pytest.raises(PermissionRefusedError):
        note(number, by=clerk)
    with pytest.raises(CaseNotFoundError):
        note(number, Party.APPLICANT, by=cases.NOBODY)
