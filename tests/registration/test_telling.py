"""Applicants are told which permits their scope needs, confirm, and are told what is left."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterator

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from tests.factories import cases
from tests.factories.registration import RULES, SCOPE, SHOP, prepare
from yiwang.audit.queries import trail
from yiwang.cases import services as acts
from yiwang.cases.events import CaseEnded, CaseGranted
from yiwang.cases.models import Case, CaseDocument, Message
from yiwang.cases.models.automatic import AutoRun, AutoWaiting
from yiwang.cases.policy.mailed import Mailed
from yiwang.cases.policy.terms import DocumentKind, Outcome
from yiwang.cases.queries import CaseNotFoundError
from yiwang.cases.services import waiting
from yiwang.content import queries as content
from yiwang.kernel import events
from yiwang.notices.models import Notice
from yiwang.notices.policy.templates import Occasion
from yiwang.registration import permits, services, telling
from yiwang.registration.models import DualNotice, Rules, ToldPermits
from yiwang.registration.permits import PermitState
from yiwang.registration.policy.scopes import ScopeRefusedError

AT = cases.FRIDAY
TODAY = AT.date()
NEW = {"request_kind": "new", "shop_name": "示例小店", "business_scope": SCOPE}


@pytest.fixture(autouse=True)
def _registration(desk: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    prepare()
    monkeypatch.setattr(content, "workday_calendar", lambda: cases.CALENDAR)
    before = events._transport[0]
    events.set_transport(events.deliver)
    yield
    events.set_transport(before)


def draft(answers: dict[str, object] | None = None) -> int:
    return acts.save_draft(
        draft_id=None,
        item_slug=SHOP,
        applicant_ref=cases.FIRM_REF,
        answers=answers or NEW,
        by=cases.FIRM,
        at=AT,
    ).id


def digest(answers: dict[str, object] | None = None, *, ref: str = cases.FIRM_REF) -> str:
    return cases.briefed(item_slug=SHOP, applicant_ref=ref, answers=answers or NEW)


def granted(answers: dict[str, object] | None = None, *, ref: str = cases.FIRM_REF) -> str:
    case = cases.receive(item_slug=SHOP, applicant_ref=ref, answers=answers or NEW, read_out=True)
    acts.accept_case(number=case.number, calendar=cases.CALENDAR, by=cases.REVIEWER, at=AT)
    acts.decide(
        number=case.number,
        outcome=Outcome.GRANT,
        calendar=cases.CALENDAR,
        by=cases.APPROVER,
        at=AT,
    )
    return case.number


def test_what_was_confirmed_is_kept_with_the_list_the_version_and_a_letter():
    case = cases.submit(draft(), briefed=digest())

    row = ToldPermits.objects.get(case_number=case.number)
    assert (row.business, row.scope, row.sha256) == ("示例小店", SCOPE, digest())
    assert (row.signed_by, row.agent, row.confirmed_at) == (cases.FIRM.ref, False, AT)
    told = permits.told_in(case.number, by=cases.FIRM).told
    assert [(one.item, one.stage.value, one.phrases) for one in told.permits] == [
        ("restaurant", "post", ("餐饮服务",)),
        ("hazardous", "pre", ("危险化学品经营",)),
    ]
    assert (told.permits[0].name, told.permits[0].authority) == (
        "餐饮服务许可（新办）",
        "示例区市场监管局",
    )
    assert told.general == ("软件开发",)
    assert told.unclear == (("餐饮设备租赁", ("设备许可",)),)
    assert (told.rules_version, told.rules_on) == (row.rules_version, TODAY)
    letter = CaseDocument.objects.get(case__number=case.number, kind=DocumentKind.PERMITS_TOLD)
    text = str(letter.body)
    for said in (
        SCOPE,
        "1. 餐饮服务许可（新办）",
        "登记前取得（前置）",
        "餐饮设备租赁",
        "不开展经营活动",
        row.sha256,
        row.sm3,
    ):
        assert said in text, said
    (line,) = trail(act="cases.confirm_briefing")
    assert (line.target, line.on_behalf_of) == (f"case:{case.number}", cases.FIRM_REF)


@pytest.mark.parametrize(
    ("confirmed", "said"),
    [
        (lambda: "", "请先阅读经营范围需要办理的许可，并确认"),
        (lambda: digest(NEW | {"business_scope": "软件开发"}), "经营范围或者许可规则有了变化"),
        (lambda: digest(ref=cases.elder()), "有了变化"),
        (lambda: "x" * 64, "有了变化"),
    ],
    ids=["nothing", "another scope", "another applicant", "made up"],
)
def test_without_confirming_this_very_list_nothing_is_submitted(confirmed, said):
    number = draft()
    with pytest.raises(acts.NotBriefedError, match=said):
        cases.submit(number, briefed=confirmed())
    assert not Case.objects.exists()
    assert not ToldPermits.objects.exists()


def test_new_rules_ask_for_confirmation_again():
    number, confirmed = draft(), digest()
    services.save_rules(dataclasses.replace(RULES, general=()), by="system:test", at=AT)
    with pytest.raises(acts.NotBriefedError, match="许可规则有了变化"):
        cases.submit(number, briefed=confirmed)
    assert cases.submit(number, briefed=digest()).item_slug == SHOP


def test_a_confirmation_sent_twice_is_one_case_with_one_letter():
    number, confirmed = draft(), digest()
    first, again = (cases.submit(number, briefed=confirmed) for _ in range(2))
    assert first.number == again.number
    assert ToldPermits.objects.count() == 1
    assert CaseDocument.objects.filter(kind=DocumentKind.PERMITS_TOLD).count() == 1


def test_where_no_scope_is_declared_nothing_is_asked():
    case = cases.submit(draft({"request_kind": "move"}))
    assert permits.told_in(case.number, by=cases.FIRM) is None
    assert not CaseDocument.objects.filter(kind=DocumentKind.PERMITS_TOLD).exists()


def test_a_scope_that_cannot_be_read_stops_the_submission_in_one_sentence():
    answers = NEW | {"business_scope": "；；"}
    number = draft(answers)
    with pytest.raises(ScopeRefusedError, match="没有读到经营项目"):
        cases.submit(number, briefed="x")


def test_the_scope_is_not_changed_on_the_spot_after_it_was_confirmed():
    case = cases.receive(item_slug=SHOP, applicant_ref=cases.FIRM_REF, answers=NEW, read_out=True)
    with pytest.raises(acts.SpotFixRefusedError, match="重新告知"):
        acts.fix_on_spot(
            number=case.number,
            fix=acts.FixedAnswer(question_id="business_scope", value="软件开发"),
            by=cases.CLERK,
            at=AT,
            visitor=cases.HEAD_OF_FIRM,
        )


def test_whoever_may_not_read_the_case_does_not_read_what_was_told():
    case = cases.submit(draft(), briefed=digest())
    with pytest.raises(CaseNotFoundError):
        permits.told_in(case.number, by=cases.NOBODY)


def test_the_grant_tells_the_firm_what_is_left_by_every_channel_once(settings, tmp_path):
    settings.DEMO, settings.OUTBOX_DIR = True, tmp_path  # short messages are written there
    number = granted(NEW | {"phone": "13900001234"})

    message = Message.objects.get(case__number=number, title__startswith="还需办理的许可")
    assert "1. 餐饮服务许可（新办）（示例区市场监管局）" in message.body
    assert "取得许可以前不开展" in message.body
    (sms,) = Notice.objects.filter(occasion=Occasion.PERMITS_NEEDED)
    assert (sms.channel, sms.about) == ("sms", f"case:{number}")
    assert sms.words["page"] == "/me/permits/"
    told = Message.objects.count()
    events.deliver(
        CaseGranted(
            number=number,
            item_slug=SHOP,
            item_name="示例设立登记",
            holder_ref=cases.FIRM_REF,
            holder_name="x",
            supervising_department="market",
            licence_identifier="",
            granted_on=TODAY,
        )
    )
    assert Message.objects.count() == told
    assert Notice.objects.filter(occasion=Occasion.PERMITS_NEEDED).count() == 1
    assert set(DualNotice.objects.values_list("item_slug", flat=True)) == {
        "restaurant",
        "equipment",
    }


def test_what_the_firm_holds_or_has_on_its_way_is_not_called_missing():
    granted()
    states = lambda: {  # noqa: E731 - asked three times
        line.permit.item: line.state
        for one in permits.businesses_of(cases.FIRM_REF, on=TODAY)
        for line in one.lines
    }
    assert states()["restaurant"] is PermitState.MISSING
    running = cases.receive()
    assert states()["restaurant"] is PermitState.RUNNING
    acts.withdraw_case(number=running.number, by=cases.FIRM, at=AT, reason="不办了")
    cases.decided()
    assert states()["restaurant"] is PermitState.HELD
    (one,) = permits.businesses_of(cases.FIRM_REF, on=TODAY)
    assert one.lines[-1].licence
    assert (one.missing, one.readable, one.unclear) == (1, True, ("餐饮设备租赁",))


def test_a_firm_finds_what_its_founder_was_told_and_its_newest_scope_counts():
    founder = cases.elder()
    name = "上海示例餐饮管理有限公司"
    granted(NEW | {"shop_name": name}, ref=founder)
    (one,) = permits.businesses_of(cases.FIRM_REF, on=TODAY)
    assert (one.business, one.readable, len(one.lines)) == (name, False, 2)
    (own,) = permits.businesses_of(founder, on=TODAY)
    assert not any(line.may_apply for line in own.lines)  # the restaurant item is for firms

    granted({"request_kind": "change", "new_scope": "软件开发"})
    (one,) = permits.businesses_of(cases.FIRM_REF, on=TODAY)
    assert (one.lines, one.missing, one.readable) == ((), 0, True)


def test_a_registration_that_is_undone_leaves_the_page():
    number = granted()
    events.deliver(
        CaseEnded(
            number=number,
            item_slug=SHOP,
            holder_ref=cases.FIRM_REF,
            kind="revoke",
            ground="fraud",
            reason="材料虚假",
            licence_identifier="",
            ended_at=AT,
        )
    )
    assert permits.businesses_of(cases.FIRM_REF, on=TODAY) == []


def test_what_was_told_of_one_shop_ends_alone_and_of_the_firm_altogether():
    first, second = granted(), granted(NEW | {"shop_name": "示例二店"})
    telling.note_ended(cases=[first], on=TODAY)
    assert [one.case_number for one in permits.businesses_of(cases.FIRM_REF, on=TODAY)] == [second]
    telling.note_ended(holder_ref=cases.FIRM_REF, item_slug="company-deregistration", on=TODAY)
    assert permits.businesses_of(cases.FIRM_REF, on=TODAY) == []


def test_questions_do_not_grow_with_the_list():
    granted()
    with CaptureQueriesContext(connection) as few:
        permits.businesses_of(cases.FIRM_REF, on=TODAY)
    for _ in range(3):
        granted(NEW | {"shop_name": f"分店{_}"})
    with CaptureQueriesContext(connection) as many:
        found = permits.businesses_of(cases.FIRM_REF, on=TODAY)
    assert len(found) == 4
    assert len(many) == len(few) <= 8


@pytest.mark.parametrize(
    ("changes", "broken"),
    [
        ({"scope": ""}, "registration_toldpermits_says_the_scope"),
        (
            {"registered_on": TODAY, "ended_on": TODAY - dt.timedelta(days=1)},
            "registration_toldpermits_ends_after_registration",
        ),
        ({"again": True}, "registration_toldpermits_once_per_case"),
    ],
)
def test_the_table_refuses_what_cannot_be(changes, broken):
    case = cases.submit(draft(), briefed=digest())
    row = ToldPermits.objects.get(case_number=case.number)
    row.pk = None
    if not changes.pop("again", False):
        row.case_number = "another"
    for name, value in changes.items():
        setattr(row, name, value)
    with pytest.raises(IntegrityError, match=broken), transaction.atomic():
        row.save(force_insert=True)


def test_what_was_confirmed_is_neither_changed_nor_deleted():
    cases.submit(draft(), briefed=digest())
    for act in (
        lambda: ToldPermits.objects.update(scope="别的"),
        lambda: ToldPermits.objects.all().delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            act()


def test_a_district_without_rules_says_so():
    Rules.objects.all().delete()
    with pytest.raises(permits.NoScopeRulesError, match="还没有载入"):
        permits.permits_of("餐饮服务", on=TODAY)
    assert cases.submit(draft()).item_slug == SHOP


@pytest.mark.req("AUTO-02")
@pytest.mark.parametrize("signed", [True, False])
def test_rules_are_not_run_for_whoever_did_not_sign_the_list_in_their_letter(monkeypatch, signed):
    monkeypatch.setattr(waiting, "is_automatic", lambda item: True)
    case = cases.receive(
        item_slug=SHOP,
        applicant_ref=cases.FIRM_REF,
        answers=NEW,
        letter=Mailed(received_on=TODAY),
        read_out=signed,
    )

    assert AutoWaiting.objects.filter(case__number=case.number).exists() is signed
    runs = AutoRun.objects.filter(case__number=case.number).values_list("ground", "reason")
    assert list(runs) == ([] if signed else [("materials", waiting.UNSIGNED)])
