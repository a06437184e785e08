"""Applications by letter: entered at a counter, counted from the day the letter was got."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from tests.factories import cases, commitments, steps
from yiwang.cases import queries, services
from yiwang.cases.models import Case, CaseClock, CaseDocument, CaseMeasure
from yiwang.cases.models.commitments import Commitment, ToleranceCommitment
from yiwang.cases.policy.commitments import SignedBy
from yiwang.cases.policy.letters import chinese_day
from yiwang.cases.policy.mailed import AGE_DAYS, ENTRY_DAYS, Mailed, entered_until, problem
from yiwang.cases.policy.terms import (
    DeliveryChannel,
    DocumentKind,
    LetterState,
    MaterialState,
    Relation,
)
from yiwang.cases.queries import delivering
from yiwang.cases.queries.visiting import to_hand_over, visits_of
from yiwang.catalogue.policy.items import Channel

pytestmark = pytest.mark.usefixtures("district")

MONDAY = cases.FRIDAY + dt.timedelta(days=3)
GOT = cases.FRIDAY.date()
LETTER = Mailed(received_on=GOT, number="xa 1234 5678 9 31")


def receive(letter: Mailed | None = LETTER, **changes: Any) -> queries.CaseView:
    return cases.receive(letter=letter, **({"at": MONDAY} | changes))


def receipt_of(case: queries.CaseView) -> CaseDocument:
    return CaseDocument.objects.get(case__number=case.number, kind="receipt")


@pytest.mark.req("CASE-01")
def test_a_letter_is_a_door_of_its_own_and_its_days_count_from_when_it_was_got():
    case = receive()

    assert (case.channel, case.mail_number) == (Channel.LETTER, "XA12345678931")
    assert (case.received_on, case.received_at, case.window) == (GOT, MONDAY, "")
    assert case.notice_due_on == cases.receive(at=cases.FRIDAY).notice_due_on
    born = cases.page(case.number).events[0]
    assert born.reason == "邮寄信函（邮件号XA12345678931），2026-03-06收到"
    assert receive(Mailed(received_on=MONDAY.date())).mail_number == ""


def test_silence_accepts_a_letter_as_of_the_day_on_which_it_was_got():
    case = receive()
    after = case.notice_due_on + dt.timedelta(days=1)
    at = dt.datetime.combine(after, dt.time(1), tzinfo=cases.ZONE)

    assert services.deem_accepted(calendar=cases.CALENDAR, by=cases.CLOCK, at=at) == [case.number]
    assert queries.case(case.number, by=cases.HEAD).accepted_on == GOT


def test_the_receipt_says_how_and_when_it_came_and_goes_back_by_post():
    case = receive()
    words = str(receipt_of(case).body)

    for part in (
        "登记时间",
        "邮寄信函（邮件号XA12345678931）",
        "受理期限自收到信函之日（2026年3月6日）起计算，本凭证邮寄给申请人。",
    ):
        assert part in words
    assert "收件窗口" not in words
    assert "邮寄" not in str(receipt_of(cases.receive()).body)


def test_the_receipt_of_a_letter_waits_in_the_ledger_until_it_was_sent_and_no_other_does():
    case, at_window = receive(), cases.receive(at=MONDAY)
    letter = receipt_of(case)

    def waiting() -> list[int]:
        wish = delivering.LedgerWish(state=LetterState.WAITING)
        return [row.document_id for row in delivering.ledger(wish, by=cases.HEAD)[0]]

    assert waiting() == [letter.pk]
    assert to_hand_over(case.number, by=cases.CLERK) == (letter.pk,)
    assert to_hand_over(at_window.number, by=cases.CLERK) == ()

    services.deliver_letter(
        document_id=letter.pk,
        channel=DeliveryChannel.POST,
        recipient="王经办",
        relation=Relation.SELF,
        by=cases.CLERK,
        at=MONDAY,
        result="邮政 1234，3月12日签收",
    )
    assert waiting() == []


@pytest.mark.parametrize(
    ("letter", "sentence"),
    [
        (Mailed(received_on=MONDAY.date() + dt.timedelta(days=1)), "不能晚于今天"),
        (
            Mailed(received_on=MONDAY.date() - dt.timedelta(days=AGE_DAYS + 1)),
            "不能早于90天前",
        ),
        (Mailed(received_on=GOT, number="邮件一号"), "字母、数字或者短横线"),
        (Mailed(received_on=GOT, number="1" * 41), "不超过40位"),
    ],
)
def test_a_letter_that_cannot_be_is_refused_in_one_sentence(letter: Mailed, sentence: str):
    with pytest.raises(services.SubmissionRefusedError, match=sentence) as refused:
        receive(letter)
    assert refused.value.message.count("。") == 1
    assert Case.objects.count() == 0


def test_letters_are_entered_up_to_the_last_day_back_and_on_the_day_itself():
    today = MONDAY.date()
    for days in (0, 1, AGE_DAYS):
        letter = Mailed(received_on=today - dt.timedelta(days=days))
        assert problem(letter, today=today) == ""
    assert receive(Mailed(received_on=today)).received_on == today


def test_items_need_not_name_letters_and_items_only_online_take_none():
    cases.publish(cases.without_materials(slug="online", channels=["portal"]))

    with pytest.raises(services.SubmissionRefusedError, match="只在网上受理"):
        receive(item_slug="online")


def test_what_was_signed_lay_in_the_letter_and_paper_came_out_of_it():
    promised = receive(tolerance_signed=True, paper=["layout"])
    row = ToleranceCommitment.objects.get(case__number=promised.number)

    assert (row.signed_how, row.signed_by) == (SignedBy.LETTER.value, cases.FIRM_REF)
    lines = {one.material_id: one.source for one in cases.page(promised.number).materials}
    assert lines["layout"] == "信函所附纸质材料"


@pytest.mark.req("CASE-07")
def test_promised_papers_are_due_by_the_day_the_letter_was_got_and_not_by_the_entry():
    at_window = receive(None, at=cases.FRIDAY, tolerance_signed=True, paper=["layout"])
    case = receive(tolerance_signed=True, paper=["layout"])

    def due(number: str) -> list[Any]:
        rows = cases.page(number).materials
        return [one.due_on for one in rows if one.state is MaterialState.TOLERATED]

    assert due(case.number) == due(at_window.number) != []
    clock = CaseClock.objects.get(case__number=case.number, kind="tolerance")
    assert (clock.starts_on, [clock.due_on]) == (GOT, due(case.number))


def test_what_a_late_letter_promised_too_late_is_missing_and_told_once():
    late = dt.timedelta(days=30)
    case = receive(at=cases.FRIDAY + late, tolerance_signed=True, paper=["layout"])

    assert "rules" in {
        one.material_id
        for one in cases.page(case.number).materials
        if one.state is MaterialState.MISSING
    }
    assert not ToleranceCommitment.objects.exists()


def test_a_commitment_in_a_letter_says_that_its_signature_lay_in_the_letter():
    cases.publish(commitments.restaurant(slug="promised", **steps.coded(31)))
    told = services.SignedAtWindow(told=commitments.TOLD)
    case = receive(item_slug="promised", signed=told)

    assert Commitment.objects.get(case__number=case.number).signed_how == "letter"


def test_a_letter_without_the_signed_declaration_is_taken_in_and_none_is_kept_of_it():
    case = receive(Mailed(received_on=GOT, declared=False))

    assert Case.objects.get(number=case.number).answer.declaration == ""
    assert Case.objects.get(number=receive().number).answer.declaration


def test_nobody_came_to_the_window_for_a_letter():
    numbers = {True: receive().number, False: cases.receive(at=MONDAY).number}
    for by_letter, number in numbers.items():
        services.withdraw_case(number=number, reason="不办了", by=cases.FIRM, at=MONDAY)
        services.measure_finished(calendar=cases.CALENDAR, at=MONDAY)
        assert CaseMeasure.objects.get(case__number=number).visits == (0 if by_letter else 1)


def corrected(letter: Mailed | None, *, by: Any = cases.CLERK) -> queries.CaseView:
    """File by post, on Monday, what was asked for on Friday."""
    number = cases.correcting().number
    (line,) = cases.page(number).correction.lines
    return services.file_correction(
        number=number,
        lines=[services.FiledLine(line_id=line.id, answer="示例路11号甲")],
        letter=letter,
        calendar=cases.CALENDAR,
        by=by,
        at=MONDAY,
    )


@pytest.mark.req("CASE-01")
def test_a_correction_by_post_counts_from_the_day_on_which_it_was_got():
    case = corrected(LETTER)

    assert (case.corrected_on, case.notice_due_on) == (
        GOT,
        cases.receive(at=cases.FRIDAY).notice_due_on,
    )
    file = cases.page(case.number)
    assert file.events[-1].reason == LETTER.came
    receipt = [one for one in file.documents if one.kind is DocumentKind.RECEIPT][-1]
    assert f"'{LETTER.came}'" in str(receipt.body)
    assert visits_of(case.number, by=cases.CLERK) == ()
    after = case.notice_due_on + dt.timedelta(days=1)
    at = dt.datetime.combine(after, dt.time(1), tzinfo=cases.ZONE)
    assert case.number in services.deem_accepted(calendar=cases.CALENDAR, by=cases.CLOCK, at=at)
    assert queries.case(case.number, by=cases.HEAD).accepted_on == GOT


def online() -> str:
    """Return a case of the portal whose applicant was told what to correct."""
    draft = cases.draft()
    services.attach(
        draft_id=draft.id,
        material_id="layout",
        upload_ref=cases.upload(),
        by=cases.FIRM,
        at=cases.FRIDAY,
    )
    number = cases.submit(draft.id, tolerance_signed=True).number
    services.ask_correction(
        number=number,
        lines=[services.CorrectionLine(material_id="", what="补充地址门牌", why="地址不完整")],
        by=cases.CLERK,
        at=cases.FRIDAY,
    )
    return number


@pytest.mark.parametrize("came", ["letter", "counter", "portal"])
def test_a_correction_by_letter_that_was_got_in_time_finds_its_case_open(came: str):
    number = (
        online()
        if came == "portal"
        else cases.correcting(letter=LETTER if came == "letter" else None).number
    )
    case = queries.case(number, by=cases.HEAD)
    assert case.channel == came
    assert case.due_on is not None
    told = case.due_on
    last = dt.datetime.combine(told, dt.time(1), tzinfo=cases.ZONE)

    for day in range(1, ENTRY_DAYS + 1):
        at = last + dt.timedelta(days=day)
        assert services.end_expired_corrections(by=cases.EXPIRY, at=at) == []
    assert queries.case(number, by=cases.HEAD).due_on == told  # the day that is shown stays
    assert entered_until(told) == at.date()
    at = last + dt.timedelta(days=ENTRY_DAYS + 1)
    assert services.end_expired_corrections(by=cases.EXPIRY, at=at) == [number]
    letter = queries.case_page(number, by=cases.HEAD).documents[-1]
    assert f"补正期限至{chinese_day(told)}届满" in str(letter.body)


def test_what_was_got_on_the_last_day_is_entered_after_it():
    number = online()
    told = queries.case(number, by=cases.HEAD).due_on
    assert told is not None
    at = dt.datetime.combine(told, dt.time(9), tzinfo=cases.ZONE) + dt.timedelta(days=ENTRY_DAYS)
    assert services.end_expired_corrections(by=cases.EXPIRY, at=at) == []
    (line,) = cases.page(number).correction.lines

    filed = services.file_correction(
        number=number,
        lines=[services.FiledLine(line_id=line.id, answer="示例路11号甲")],
        letter=Mailed(received_on=told),
        calendar=cases.CALENDAR,
        by=cases.CLERK,
        at=at,
    )

    assert filed.corrected_on == told


@pytest.mark.parametrize(
    ("letter", "by", "sentence"),
    [
        (Mailed(received_on=GOT - dt.timedelta(days=1)), cases.CLERK, "不能早于告知补正的日期"),
        (Mailed(received_on=MONDAY.date() + dt.timedelta(days=1)), cases.CLERK, "不能晚于今天"),
        (LETTER, cases.FIRM, "信函由服务窗口登记"),
    ],
    ids=["before it was asked for", "tomorrow", "no window"],
)
def test_a_correction_by_a_letter_that_cannot_be_changes_nothing(letter, by, sentence):
    with pytest.raises(services.CorrectionRefusedError, match=sentence):
        corrected(letter, by=by)
    row = Case.objects.get()
    assert (row.state, row.corrected_on) == ("correction", None)


@pytest.mark.parametrize(
    ("constraint", "changes"),
    [
        ("cases_case_channel_known", {"channel": "pigeon", "mail_number": ""}),
        ("cases_case_only_letters_have_a_mail_number", {"channel": "portal"}),
        (
            "cases_case_only_letters_are_entered_later",
            {"channel": "counter", "mail_number": "", "received_on": GOT},
        ),
        (
            "cases_case_only_letters_are_entered_later",
            {"received_on": MONDAY.date() + dt.timedelta(days=1)},
        ),
    ],
)
def test_a_row_that_says_otherwise_is_refused(constraint: str, changes: dict[str, object]):
    row = Case.objects.get(number=receive().number)
    row.pk, row.number, row.query_code, row.idempotency_key = None, "other", "OTHER", "other"
    row.received_on = MONDAY.date()
    for name, value in changes.items():
        setattr(row, name, value)

    with pytest.raises(DatabaseError, match=constraint), transaction.atomic():
        row.save(force_insert=True)


def test_how_and_when_a_case_came_never_changes():
    number = receive().number
    for changes in ({"channel": "counter"}, {"mail_number": "X"}, {"received_on": MONDAY.date()}):
        with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
            Case.objects.filter(number=number).update(**changes)
