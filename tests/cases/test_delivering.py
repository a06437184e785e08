"""Delivery: at a window, by post until it arrives, online; the ledger of letters."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from tests.factories import cases
from yiwang.cases import queries, services
from yiwang.cases.models import CaseDocument, Delivery, Dispatch, LetterReading
from yiwang.cases.policy.states import CaseState, StepRefusedError
from yiwang.cases.policy.terms import DeliveryChannel, DocumentKind, LetterState, Relation
from yiwang.cases.queries import CaseNotFoundError, CaseView
from yiwang.cases.queries.delivering import LedgerRow, LedgerWish, dispatches_of, ledger
from yiwang.kernel.paging import PageKeyRefusedError
from yiwang.organisations.permissions import PermissionRefusedError

pytestmark = pytest.mark.usefixtures("easy_district")

AT = cases.FRIDAY
MONDAY = AT + dt.timedelta(days=3)
TUESDAY = AT + dt.timedelta(days=4)


def send(number: str, **changes: object) -> CaseView:
    given = {
        "number": number,
        "carrier": "EMS",
        "tracking_number": "1234567890",
        "by": cases.CLERK,
        "at": AT,
    }
    return services.send_result(**(given | changes))


def arrive(number: str, **changes: object) -> CaseView:
    given = {
        "number": number,
        "arrived_on": MONDAY.date(),
        "signed_by": "王收发",
        "relation": Relation.RECEIVER,
        "by": cases.CLERK,
        "at": TUESDAY,
    }
    return services.note_arrival(**(given | changes))


def come_back(number: str, **changes: object) -> CaseView:
    given = {
        "number": number,
        "returned_on": MONDAY.date(),
        "reason": "地址欠详",
        "by": cases.CLERK,
        "at": TUESDAY,
    }
    return services.note_return(**(given | changes))


def decision(number: str, **wish: object) -> LedgerRow:
    rows, _ = ledger(
        LedgerWish(text=number, kind=DocumentKind.GRANT_DECISION, **wish), by=cases.HEAD
    )
    (row,) = rows
    return row


def test_what_is_sent_by_post_closes_the_case_when_it_arrives_and_not_before():
    number = cases.decided().number

    case = send(number)
    assert (case.state, case.closed_at) == (CaseState.DELIVERING, None)
    assert case.due_on == case.delivery_due_on
    assert decision(number).state is LetterState.UNDER_WAY

    case = arrive(number)
    assert (case.state, case.closed_at) == (CaseState.CLOSED, TUESDAY)
    row = decision(number)
    assert (row.state, row.taken_by, row.relation) == (
        LetterState.DELIVERED,
        "王收发",
        Relation.RECEIVER,
    )
    (receipt,) = [
        one for one in cases.page(number).documents if one.kind is DocumentKind.DELIVERY_RECEIPT
    ]
    assert ["与受送达人关系", "收发人员"] in receipt.body["facts"]


def test_what_comes_back_is_on_the_list_and_sent_again_or_handed_over():
    number = cases.decided().number
    send(number)
    case = come_back(number)

    assert case.state is CaseState.DELIVERING
    rows, _ = ledger(LedgerWish(state=LetterState.RETURNED), by=cases.HEAD)
    assert [(row.case_number, row.parcel.return_reason) for row in rows] == [(number, "地址欠详")]
    send(number, tracking_number="2", at=TUESDAY)
    come_back(number, returned_on=TUESDAY.date())
    services.deliver_case(
        number=number,
        channel=DeliveryChannel.PRINT,
        recipient="李代理",
        relation=Relation.AGENT,
        by=cases.CLERK,
        at=TUESDAY,
    )
    assert queries.case(number, by=cases.HEAD).state is CaseState.CLOSED
    assert [one.tracking_number for one in dispatches_of(number)] == ["1234567890", "2"]
    assert decision(number).relation is Relation.AGENT


@pytest.mark.parametrize(
    ("act", "changes", "error", "words"),
    [
        (send, {"tracking_number": " "}, services.TextRefusedError, "请填写邮件号码"),
        (send, {"carrier": "长" * 41}, services.DeliveryRefusedError, "承运单位最多40个字"),
        (send, {"by": cases.REVIEWER}, PermissionRefusedError, "送达发证"),
        (send, {"by": cases.STRANGER}, CaseNotFoundError, "没有找到"),
        (arrive, {}, services.DeliveryRefusedError, "没有在途的邮件"),
        (come_back, {}, StepRefusedError, "不能邮件退回"),
    ],
)
def test_what_cannot_be_sent_or_noted_says_why(act, changes, error, words):
    number = cases.decided().number

    with pytest.raises(error, match=words):
        act(number, **changes)

    assert queries.case(number, by=cases.HEAD).state is CaseState.APPROVED


def test_days_and_reasons_of_a_parcel_are_checked():
    number = cases.decided().number
    send(number)

    for day in (AT.date() - dt.timedelta(days=1), TUESDAY.date() + dt.timedelta(days=1)):
        with pytest.raises(services.DeliveryRefusedError, match="日期应在寄出之日"):
            arrive(number, arrived_on=day)
    with pytest.raises(services.TextRefusedError, match="请填写签收人"):
        arrive(number, signed_by="")
    with pytest.raises(services.TextRefusedError, match="请填写退回原因"):
        come_back(number, reason=" ")
    with pytest.raises(services.DeliveryRefusedError, match="还在途中"):
        send(number)


def test_by_post_a_case_is_not_closed_before_it_was_sent():
    number = cases.decided().number

    with pytest.raises(services.DeliveryRefusedError, match="请先登记承运单位和邮件号码"):
        services.deliver_case(number=number, channel=DeliveryChannel.POST, by=cases.CLERK, at=AT)


def test_whoever_takes_the_result_at_a_window_signs_a_receipt_even_unnamed():
    case = cases.decided()
    services.deliver_case(number=case.number, channel=DeliveryChannel.PRINT, by=cases.CLERK, at=AT)

    receipt = CaseDocument.objects.get(case__number=case.number, kind="delivery_receipt")
    assert case.applicant_name in str(receipt.body)
    assert "本人" in str(receipt.body)


def test_other_letters_are_handed_over_once_with_a_receipt():
    case = cases.in_state(CaseState.NOT_ACCEPTED)
    letter = CaseDocument.objects.get(
        case__number=case.number, kind=DocumentKind.NON_ACCEPTANCE.value
    )
    waiting, _ = ledger(LedgerWish(state=LetterState.WAITING), by=cases.CLERK)
    assert letter.pk not in {row.document_id for row in waiting}  # its seal is the department's
    waiting, _ = ledger(LedgerWish(state=LetterState.WAITING), by=cases.HEAD)
    assert letter.pk in {row.document_id for row in waiting}
    given = {
        "document_id": letter.pk,
        "channel": DeliveryChannel.PRINT,
        "recipient": "张经办",
        "relation": Relation.AGENT,
        "by": cases.CLERK,
        "at": AT,
    }

    services.deliver_letter(**given)

    assert Delivery.objects.get(document=letter).to_name == "张经办"
    with pytest.raises(services.DeliveryRefusedError, match="已经登记送达"):
        services.deliver_letter(**given)
    receipt = CaseDocument.objects.get(case__number=case.number, kind="receipt")
    with pytest.raises(services.DeliveryRefusedError, match="不需要登记送达"):
        services.deliver_letter(**(given | {"document_id": receipt.pk}))
    with pytest.raises(CaseNotFoundError):
        services.deliver_letter(**(given | {"document_id": 2**40}))
    with pytest.raises(CaseNotFoundError):
        services.deliver_letter(**(given | {"by": cases.STRANGER}))


def test_the_first_reading_of_the_recipient_counts_and_nobody_elses():
    number = cases.decided().number
    letter = CaseDocument.objects.get(case__number=number, kind="grant_decision")

    services.read_letter(document_id=letter.pk, by=cases.HEAD, at=AT)
    assert not LetterReading.objects.exists()
    services.read_letter(document_id=letter.pk, by=cases.FIRM, at=MONDAY)
    services.read_letter(document_id=letter.pk, by=cases.FIRM, at=TUESDAY)

    assert decision(number).read_at == MONDAY


def test_the_ledger_is_paged_by_key_and_shows_each_department_its_own():
    for _ in range(3):
        cases.decided()
    seen: list[int] = []
    after = None
    while True:
        rows, after = ledger(LedgerWish(), by=cases.HEAD, after=after, limit=2)
        seen += [row.document_id for row in rows]
        if after is None:
            break

    mine = CaseDocument.objects.filter(seal_department="market").order_by("-id")
    assert seen == list(mine.values_list("id", flat=True))
    assert ledger(LedgerWish(), by=cases.STRANGER) == ([], None)
    with pytest.raises(PageKeyRefusedError, match="翻页参数不正确"):
        ledger(LedgerWish(), by=cases.HEAD, after="x")
    assert ledger(LedgerWish(last_on=dt.date(2026, 3, 5)), by=cases.HEAD) == ([], None)
    assert ledger(LedgerWish(department="housing"), by=cases.HEAD) == ([], None)
    assert len(ledger(LedgerWish(first_on=AT.date()), by=cases.HEAD)[0]) == len(seen)


def test_the_ledger_asks_a_fixed_number_of_questions(django_assert_num_queries):
    for _ in range(3):
        cases.decided()

    with django_assert_num_queries(4):
        ledger(LedgerWish(), by=cases.HEAD)


@pytest.mark.parametrize(
    ("constraint", "changes"),
    [
        ("cases_dispatch_arrives_or_returns_whole", {"arrived_on": MONDAY.date()}),
        (
            "cases_dispatch_arrives_or_returns_whole",
            {
                "arrived_on": MONDAY.date(),
                "returned_on": MONDAY.date(),
                "signed_by": "x",
                "relation": "self",
                "return_reason": "x",
                "noted_by": "x",
                "noted_at": TUESDAY,
            },
        ),
        (
            "cases_dispatch_runs_forward",
            {
                "returned_on": dt.date(2026, 3, 5),
                "return_reason": "x",
                "noted_by": "x",
                "noted_at": TUESDAY,
            },
        ),
    ],
)
def test_the_database_refuses_a_parcel_that_breaks_a_rule(constraint, changes):
    send(cases.decided().number)

    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Dispatch.objects.update(**changes)


def test_what_was_sent_and_noted_is_not_rewritten():
    number = cases.decided().number
    send(number)
    with pytest.raises(DatabaseError), transaction.atomic():
        Dispatch.objects.update(tracking_number="other")
    come_back(number)
    with pytest.raises(DatabaseError), transaction.atomic():
        Dispatch.objects.update(return_reason="other")
