"""Phrases of a scope that no rule places: found, claimed, confirmed, told to the firm."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from tests.factories import cases
from tests.factories.registration import SHOP, prepare
from yiwang.audit.queries import trail
from yiwang.cases import services as acts
from yiwang.cases.models import Message
from yiwang.cases.policy.terms import Outcome
from yiwang.catalogue import queries as catalogue
from yiwang.content import queries as content
from yiwang.kernel import events
from yiwang.kernel.errors import RefusedError
from yiwang.organisations.permissions import EVERYWHERE, Actor, PermissionRefusedError, Post
from yiwang.registration import permits, placing, telling
from yiwang.registration.models import DualNotice, ScopePhrase
from yiwang.registration.permits import PermitState
from yiwang.registration.policy.placing import PhraseState

AT = cases.FRIDAY
ODD = "无人船巡航服务"
NEW = {
    "request_kind": "new",
    "shop_name": "示例小店",
    "business_scope": f"餐饮服务；{ODD}；软件开发",
}
HOUSING = Actor(
    ref="user:housing", name="建设负责", posts={"housing": frozenset({Post.DEPARTMENT_HEAD})}
)
CENTRE = Actor(
    ref="user:centre", name="中心负责", posts={"centre": frozenset({Post.DEPARTMENT_HEAD})}
)


@pytest.fixture(autouse=True)
def _registration(desk: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    prepare()
    monkeypatch.setattr(content, "workday_calendar", lambda: cases.CALENDAR)
    before = events._transport[0]
    events.set_transport(events.deliver)
    yield
    events.set_transport(before)


def granted(answers: dict[str, object] | None = None) -> str:
    case = cases.receive(
        item_slug=SHOP, applicant_ref=cases.FIRM_REF, answers=answers or NEW, read_out=True
    )
    acts.accept_case(number=case.number, calendar=cases.CALENDAR, by=cases.REVIEWER, at=AT)
    acts.decide(
        number=case.number,
        outcome=Outcome.GRANT,
        calendar=cases.CALENDAR,
        by=cases.APPROVER,
        at=AT,
    )
    return case.number


def place(item: str = "", note: str = "", **changes: Any) -> placing.PhraseView:
    given = {
        "number": ScopePhrase.objects.earliest("pk").pk,
        "item": item,
        "note": note,
        "calendar": cases.CALENDAR,
        "by": cases.HEAD,
        "at": AT,
    }
    return placing.place_phrase(**(given | changes))


def permit_of_housing() -> str:
    definition = cases.without_materials(slug="drones", name="巡航许可", department="housing")
    code = "11310114XXXX01011H431013100109901"
    cases.publish(definition | {"task_code": code[:-2], "handling_code": code})
    return "drones"


@pytest.mark.req("REG-02", "REG-05")
def test_what_no_rule_places_waits_for_everybody_who_handles_notices():
    number = granted()

    for by in (cases.HEAD, HOUSING, CENTRE):
        (row,), key = placing.phrases(by=by)
        assert (row.phrase, row.business, row.case_number, key) == (ODD, "示例小店", number, None)
        assert row.state is PhraseState.WAITING
    assert placing.phrases(by=HOUSING, text="无人船")[0] != []
    assert placing.phrases(by=HOUSING, text="小店")[0] != []
    assert placing.phrases(by=HOUSING, text="火箭")[0] == []
    assert placing.phrases(by=HOUSING, waiting=False)[0] == []
    (count,) = placing.waiting_counts()
    assert (count.phrase, count.businesses) == (ODD, 1)
    telling.note_registered(case_number=number, on=AT.date(), at=AT)
    assert ScopePhrase.objects.count() == 1


@pytest.mark.req("REG-05")
def test_a_department_claims_what_is_its_own_and_the_firm_reads_it():
    granted()
    item = permit_of_housing()

    done = place(item, by=HOUSING)

    assert (done.state, done.item_name, done.department) == (
        PhraseState.NEED,
        "巡航许可",
        "housing",
    )
    notice = DualNotice.objects.get(item_slug=item)
    assert (notice.state, notice.department_code, notice.keyword) == ("claimed", "housing", ODD)
    told = Message.objects.filter(title__startswith="经营范围用语已确认").get()
    assert "需要办理“巡航许可”" in told.body
    assert told.to_ref == cases.FIRM_REF
    (own,) = permits.businesses_of(cases.FIRM_REF, on=AT.date())
    assert own.unclear == ()
    assert own.question == ""
    assert own.placed == ((ODD, "巡航许可"),)
    (line,) = [one for one in own.lines if one.permit.item == item]
    assert (line.state, line.permit.phrases) == (PermitState.MISSING, (ODD,))
    assert [one.actor for one in trail(act="registration.place_phrase")] == [HOUSING.ref]


@pytest.mark.parametrize("by", [cases.HEAD, CENTRE], ids=["registrar", "centre"])
def test_registrar_and_centre_name_the_permit_of_another_department_which_is_told(by: Actor):
    granted()
    item = permit_of_housing()

    place(item, by=by)

    notice = DualNotice.objects.get(item_slug=item)
    assert (notice.state, str(notice.due_on)) == ("pushed", "2026-03-11")


def test_a_permit_that_several_phrases_need_is_one_line_that_names_them_all():
    granted(NEW | {"business_scope": f"{ODD}；{ODD}代理"})
    item = permit_of_housing()
    first, second = ScopePhrase.objects.order_by("pk").values_list("pk", flat=True)
    place(item, number=first, by=HOUSING)
    place(item, number=second, by=HOUSING)

    (own,) = permits.businesses_of(cases.FIRM_REF, on=AT.date())

    (line,) = [one for one in own.lines if one.permit.item == item]
    assert line.permit.phrases == (ODD, f"{ODD}代理")
    assert DualNotice.objects.filter(item_slug=item).count() == 1


def test_many_businesses_ask_the_database_no_more_than_one(django_assert_num_queries):
    item = permit_of_housing()
    granted()
    place(item, by=HOUSING)
    permits.businesses_of(cases.FIRM_REF, on=AT.date())  # versions are kept from here on
    with CaptureQueriesContext(connection) as asked:
        assert len(permits.businesses_of(cases.FIRM_REF, on=AT.date())) == 1

    granted(NEW | {"shop_name": "示例二店"})
    place(item, number=ScopePhrase.objects.latest("pk").pk, by=HOUSING)

    with django_assert_num_queries(len(asked)):
        both = permits.businesses_of(cases.FIRM_REF, on=AT.date())
    assert [len([one for one in own.lines if one.permit.item == item]) for own in both] == [1, 1]


def test_that_none_is_needed_says_the_registrar_with_a_reason():
    granted()
    with pytest.raises(RefusedError, match="请写明为什么不需要许可"):
        place()
    with pytest.raises(PermissionRefusedError, match="由登记机关或者行政服务中心确认"):
        place(note="不涉及", by=HOUSING)

    place(note="没有设立这项许可")

    told = Message.objects.filter(title__startswith="经营范围用语已确认").get()
    assert "不需要办理许可" in told.body
    assert "没有设立这项许可" in told.body
    (own,) = permits.businesses_of(cases.FIRM_REF, on=AT.date())
    assert own.placed == ((ODD, "不需要许可：没有设立这项许可"),)
    assert not DualNotice.objects.filter(keyword=ODD).exists()


def test_a_permit_that_is_told_of_already_is_not_told_twice():
    granted()
    before = DualNotice.objects.count()

    place(cases.RESTAURANT)

    assert DualNotice.objects.count() == before


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"item": "no-such"}, "没有这个正在实施的许可事项"),
        ({"item": SHOP}, "没有这个正在实施的许可事项"),
        ({"item": cases.CARD}, "没有这个正在实施的许可事项"),
        ({"item": cases.RESTAURANT, "by": HOUSING}, "只能认领本部门办理的许可"),
        ({"item": cases.RESTAURANT, "by": cases.REVIEWER}, "由处理双告知的人员查看"),
        ({"item": cases.RESTAURANT, "note": "长" * 501}, "说明最多500个字"),
        ({"item": cases.RESTAURANT, "number": 10**12}, "没有找到您可以确认的"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(changes: dict[str, Any], sentence: str):
    granted()

    with pytest.raises(RefusedError, match=sentence) as refused:
        place(**changes)
    assert refused.value.message.count("。") == 1
    assert ScopePhrase.objects.get().state == "waiting"


def test_a_phrase_is_placed_once_and_not_for_a_business_that_ended():
    number = granted()
    place(cases.RESTAURANT)
    with pytest.raises(RefusedError, match="这条用语已由"):
        place(cases.RESTAURANT)

    telling.note_ended(on=AT.date(), cases=[number])
    granted(NEW | {"shop_name": "示例二店"})
    row = ScopePhrase.objects.filter(state="waiting").get()
    telling.note_ended(on=AT.date(), cases=[row.told.case_number])
    assert placing.phrases(by=cases.HEAD)[0] == []
    with pytest.raises(RefusedError, match="登记已经终止"):
        place(cases.RESTAURANT, number=row.pk)


def test_only_who_handles_notices_reads_them():
    granted()
    for by in (cases.CLERK, cases.FIRM, cases.NOBODY):
        with pytest.raises(PermissionRefusedError):
            placing.phrases(by=by)
        with pytest.raises(PermissionRefusedError):
            placing.phrase(ScopePhrase.objects.get().pk, by=by)
    everywhere = Actor(ref="user:x", posts={EVERYWHERE: frozenset({Post.DEPARTMENT_HEAD})})
    assert len(placing.items_for(everywhere, on=AT.date())) > len(
        placing.items_for(HOUSING, on=AT.date())
    )


def test_only_what_a_business_may_need_is_offered():
    granted()
    permit_of_housing()
    everywhere = Actor(ref="user:x", posts={EVERYWHERE: frozenset({Post.DEPARTMENT_HEAD})})
    in_force = {
        slug for slug, _name in catalogue.item_names(on=AT.date(), departments=None, limit=9)
    }

    offered = {slug for slug, _name in placing.items_for(everywhere, on=AT.date())}

    assert {SHOP, cases.CARD} <= in_force
    assert offered == in_force - {SHOP, cases.CARD}


def test_the_database_keeps_what_was_said():
    granted()
    with pytest.raises(DatabaseError, match="placed_whole"), transaction.atomic():
        ScopePhrase.objects.update(state="need")
    with pytest.raises(DatabaseError), transaction.atomic():
        ScopePhrase.objects.update(phrase="别的")
    place(note="不涉及")
    with pytest.raises(DatabaseError), transaction.atomic():
        ScopePhrase.objects.update(note="别的")
