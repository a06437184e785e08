"""Bans on applying again: decided by a person, only where the law says, lifted by another."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError, transaction

from tests.factories import cases
from yiwang.cases import services
from yiwang.cases.models import Ban, CaseDocument, Message
from yiwang.cases.policy.bans import BanKind
from yiwang.cases.policy.terms import DeliveryChannel, DocumentKind, Outcome
from yiwang.cases.queries import CaseNotFoundError
from yiwang.cases.queries.bans import ban_of, bans
from yiwang.organisations.permissions import Actor, PermissionRefusedError, Post

AT = cases.FRIDAY
YEAR_ON = dt.datetime(2027, 3, 6, 9, tzinfo=cases.ZONE)
OTHER = Actor(ref="user:second", name="钱审批", posts={"market": frozenset({Post.APPROVER})})


@pytest.fixture
def _safe(db: None) -> None:
    cases.district(items=False)
    cases.publish(cases.without_materials(direct_safety="直接关系人身健康。"))
    cases.publish(cases.card())


def ban(number: str, **changes: object) -> dt.date:
    given = {
        "number": number,
        "kind": BanKind.FALSE_MATERIAL,
        "facts": "健康证明系伪造。",
        "by": cases.APPROVER,
        "at": AT,
    }
    return services.impose_ban(**(given | changes))


@pytest.mark.usefixtures("_safe")
def test_false_material_bars_from_the_same_item_for_a_year_at_every_door():
    number = cases.decided(Outcome.REFUSE).number

    assert ban(number) == dt.date(2027, 3, 6)

    words = "2027年3月6日前不得再次申请“餐饮服务许可（新办）”"
    with pytest.raises(services.BannedError, match=words):
        cases.receive()
    with pytest.raises(services.BannedError, match="第七十八条"):
        cases.draft()
    assert "给予警告" in Message.objects.latest("id").body
    cases.receive(item_slug=cases.CARD, applicant_ref=cases.elder(), answers={})
    assert cases.draft(at=YEAR_ON).id


@pytest.mark.usefixtures("_safe")
def test_a_licence_by_fraud_bars_for_three_years_after_its_revocation():
    number = cases.decided().number
    services.deliver_case(number=number, channel=DeliveryChannel.PRINT, by=cases.CLERK, at=AT)
    with pytest.raises(services.BanRefusedError, match="须先以欺骗、贿赂"):
        ban(number, kind=BanKind.FRAUD)
    services.propose_end(
        number=number,
        ground="fraud",
        facts="伪造",
        evidence="笔录",
        calendar=cases.CALENDAR,
        by=cases.REVIEWER,
        at=AT,
    )
    services.state_views(number=number, text="无", by=cases.FIRM, at=AT)
    services.decide_end(
        number=number, reason="属实", public_interest="无损害", by=cases.APPROVER, at=AT
    )

    assert ban(number, kind=BanKind.FRAUD) == dt.date(2029, 3, 6)


@pytest.mark.usefixtures("_safe")
def test_a_ban_is_lifted_on_review_by_another_person():
    number = cases.decided(Outcome.REFUSE).number
    ban(number)
    given = {"number": number, "reason": "经复核证明属实", "at": AT}

    with pytest.raises(services.BanRefusedError, match="由您决定"):
        services.lift_ban(by=cases.APPROVER, **given)
    with pytest.raises(CaseNotFoundError):
        services.lift_ban(by=cases.STRANGER, **given)
    services.lift_ban(by=OTHER, **given)
    with pytest.raises(services.BanRefusedError, match="已于2026年3月6日解除"):
        services.lift_ban(by=OTHER, **given)

    assert cases.receive().number
    assert not ban_of(number, by=cases.HEAD).in_force(AT.date())
    rows, key = bans(by=cases.HEAD)
    assert ([row.case_number for row in rows], key) == ([number], None)
    assert bans(by=cases.STRANGER) == ([], None)


@pytest.mark.usefixtures("_safe")
def test_a_ban_needs_a_refusal_a_person_and_facts():
    with pytest.raises(services.BanRefusedError, match="须先对本次申请作出"):
        ban(cases.accepted().number)
    number = cases.decided(Outcome.REFUSE).number
    with pytest.raises(PermissionRefusedError):
        ban(number, by=cases.REVIEWER)
    with pytest.raises(services.TextRefusedError, match="请填写查明的事实"):
        ban(number, facts=" ")
    ban(number)
    with pytest.raises(services.BanRefusedError, match="已经作出"):
        ban(number)
    for constraint, changes in (
        ("cases_ban_lifted_by_another_with_reason", {"lifted_on": AT.date()}),
        (
            "cases_ban_lifted_by_another_with_reason",
            {"lifted_on": AT.date(), "lifted_by": "user:approver", "lift_reason": "x"},
        ),
    ):
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            Ban.objects.update(**changes)


@pytest.mark.usefixtures("easy_district")
def test_where_safety_is_not_touched_nobody_is_banned():
    number = cases.decided(Outcome.REFUSE).number

    with pytest.raises(services.BanRefusedError, match="依法不能限制再次申请"):
        ban(number)


@pytest.mark.usefixtures("easy_district")
def test_a_slip_of_the_pen_is_put_right_by_a_new_letter_that_names_the_old_one():
    number = cases.decided().number
    old = CaseDocument.objects.get(case__number=number, kind="grant_decision")
    given = {
        "number": number,
        "document_id": old.pk,
        "wrong": "五年",
        "right": "叁年",
        "reason": "笔误",
        "by": cases.APPROVER,
        "at": AT,
    }
    with pytest.raises(services.FixRefusedError, match="原文不在这份文书中"):
        services.fix_document(**given)
    given["wrong"] = "餐饮服务许可证"
    with pytest.raises(services.FixRefusedError, match="文字相同"):
        services.fix_document(**(given | {"right": "餐饮服务许可证"}))
    with pytest.raises(services.FixRefusedError, match="没有找到"):
        services.fix_document(**(given | {"document_id": 2**40}))

    services.fix_document(**given)
    services.fix_document(**given)

    fixes = CaseDocument.objects.filter(case__number=number, kind=DocumentKind.DOCUMENT_FIX.value)
    assert [one.subject for one in fixes.order_by("id")] == [f"{old.pk}.1", f"{old.pk}.2"]
    assert old.number in fixes[0].body["paragraphs"][0]
    old_again = CaseDocument.objects.get(pk=old.pk)
    assert old_again.body == old.body
