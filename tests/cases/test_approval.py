"""The papers of review and approval: what they say, and that no applicant ever sees them."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from tests.factories import cases, steps
from tests.factories.desk import hire
from yiwang.cases import queries, services
from yiwang.cases.models import CaseDocument, Delivery, LetterReading, Message
from yiwang.cases.policy import letters
from yiwang.cases.policy.procedure import InquiryAnswer
from yiwang.cases.policy.states import CaseState, Step
from yiwang.cases.policy.terms import (
    DELIVERED_LETTERS,
    INTERNAL_LETTERS,
    DeliveryChannel,
    DocumentKind,
    Outcome,
    Relation,
)
from yiwang.cases.queries import CaseNotFoundError, delivering
from yiwang.cases.queries.letters import letters_for
from yiwang.cases.services.fixing import FixRefusedError
from yiwang.documents import sealing
from yiwang.organisations.permissions import Actor, Post

AT = cases.FRIDAY
OF_EVERY_CASE = INTERNAL_LETTERS - {DocumentKind.INTERESTED_NOTICE}
BUILDER = Actor(ref="user:builder", name="何建设", posts={"housing": frozenset({Post.REVIEWER})})


def letter(number: str, kind: DocumentKind) -> CaseDocument:
    return CaseDocument.objects.get(case__number=number, kind=kind.value)


def said(number: str, kind: DocumentKind = DocumentKind.APPROVAL_FORM) -> str:
    body = letter(number, kind).body
    return "\n".join([*(f"{label}：{text}" for label, text in body["facts"]), *body["paragraphs"]])


def through_everything() -> str:
    """Walk a case through all that may happen between acceptance and decision."""
    hire("reviewer", "reviewer2")
    number = cases.reviewing().number
    services.ask_departments(
        number=number,
        departments=["housing"],
        question="是否违法建筑",
        calendar=cases.CALENDAR,
        by=cases.REVIEWER,
        at=AT,
    )
    services.give_opinion(
        number=number, answer=InquiryAnswer.AGREE, opinion="不是违法建筑", by=BUILDER, at=AT
    )
    services.record_site_check(
        number=number,
        second_officer="user:reviewer2",
        checked_on=AT.date(),
        place="示例路11号",
        found="场所与平面图一致",
        by=cases.REVIEWER,
        at=AT,
    )
    services.ask_extension(number=number, reason="等待工程验收", by=cases.REVIEWER, at=AT)
    services.decide_extension(
        number=number, approve=True, calendar=cases.CALENDAR, by=cases.HEAD, at=AT
    )
    cases.special(number=number)
    services.end_special(
        number=number, result="水质合格", calendar=cases.CALENDAR, by=cases.REVIEWER, at=AT
    )
    services.propose(
        number=number, outcome=Outcome.GRANT, opinion="符合条件", by=cases.REVIEWER, at=AT
    )
    return number


@pytest.mark.usefixtures("easy_district")
@pytest.mark.req("CASE-01")
def test_the_form_tells_the_whole_course_with_both_opinions_names_and_times():
    number = through_everything()
    services.decide(
        number=number, outcome=Outcome.GRANT, calendar=cases.CALENDAR, by=cases.APPROVER, at=AT
    )
    case = cases.page(number).case

    form = said(number)

    for words in (
        f"办件编号：{number}",
        "事项：餐饮服务许可（新办）",
        "事项版本：第1版",
        f"申请人：{case.applicant_name}",
        "受理日期：2026年3月6日",
        f"法定办结：{letters.chinese_day(case.statutory_on)}",
        f"承诺办结：{letters.chinese_day(case.promised_on)}",
        "申请书（免于提交",
        "示例区建设局（是否违法建筑）：同意。不是违法建筑（何建设，2026-03-06 09:00）",
        "检测：2026年3月6日开始，2026年3月6日结束，水质合格",
        "等待工程验收（李审查报请，周负责批准）",
        "2026年3月6日，示例路11号，核查人员李审查、王审查：场所与平面图一致",
        "建议准予。符合条件\n审查人：李审查，2026-03-06 09:00",
        "核准人：赵审批，2026-03-06 09:00",
    ):
        assert words in form, words
    row = letter(number, DocumentKind.APPROVAL_FORM)
    assert (row.seal_department, "审〔2026〕" in row.number) == ("market", True)
    opinion = said(number, DocumentKind.REVIEW_OPINION)
    assert "建议准予。符合条件\n审查人：李审查" in opinion
    assert "核准" not in opinion


@pytest.mark.usefixtures("easy_district")
def test_a_decision_against_the_proposal_says_so_and_keeps_both():
    form = said(cases.decided(Outcome.REFUSE).number)

    assert "建议准予。符合条件" in form
    assert "不予。场所不符合要求\n依据：食品安全法 第三十三条" in form
    assert "核准意见与审查意见不一致" in form


@pytest.mark.usefixtures("easy_district")
def test_a_case_that_ends_without_a_decision_has_no_form():
    number = cases.reviewed().number
    services.withdraw_case(number=number, reason="不办了", by=cases.FIRM, at=AT)

    kinds = {one.kind for one in cases.page(number).documents}

    assert DocumentKind.REVIEW_OPINION in kinds
    assert DocumentKind.APPROVAL_FORM not in kinds


@pytest.mark.usefixtures("steps_world")
@pytest.mark.parametrize(
    ("step", "state", "by", "words"),
    [
        (Step.GRANT_ON_SPOT, CaseState.ACCEPTED, cases.APPROVER, "第三十四条第二款"),
        (Step.REFUSE_ON_SPOT, CaseState.ACCEPTED, cases.APPROVER, "受理人：陈窗口"),
        (Step.GRANT_ON_COMMITMENT, CaseState.ACCEPTED, cases.APPROVER, "申请人已签署告知承诺书"),
        (Step.GRANT_AUTOMATIC, CaseState.RECEIVED, None, "第1次运行，命中规则"),
        (Step.GRANT_AUTOMATIC, CaseState.RECEIVED, None, "按日抽样，由工作人员复核"),
        (Step.DEEM_RENEWED, CaseState.REVIEWING, None, "视为准予延续"),
    ],
)
def test_each_way_with_one_decider_or_none_has_its_form(step, state, by, words):
    number = steps.made(step, state)
    if by is None:
        steps.by_clock(step, number)
    else:
        steps.ACTS[step].take(number, by)

    form = said(number)

    assert words in form
    assert ("核准人：赵审批" in form) is (by is not None)
    review = form.partition("审查意见\n")[2].partition("核准意见")[0]
    assert "赵审批" not in review
    assert not CaseDocument.objects.filter(case__number=number, kind="review_opinion").exists()


@pytest.mark.usefixtures("easy_district")
def test_no_applicant_finds_an_internal_letter_by_any_question():
    number = cases.decided().number
    hidden = {letter(number, kind).pk for kind in OF_EVERY_CASE}
    colleague = Actor(
        ref="user:own",
        name="本人",
        posts={"market": frozenset({Post.APPROVER})},
        subjects=frozenset({cases.FIRM_REF}),
    )

    for by in (cases.FIRM, colleague):  # who applies is no official on their own case
        assert not hidden & {one.id for one in cases.page(number, by=by).documents}
        assert not hidden & {one.id for one in queries.documents_of(number, by=by)}
    assert not hidden & {one.id for one in letters_for([cases.FIRM_REF])[0]}
    for key in hidden:
        for by in (cases.FIRM, colleague, cases.NOBODY, cases.STRANGER):
            with pytest.raises(CaseNotFoundError):
                services.document_file(key, by=by, at=AT)
            with pytest.raises(CaseNotFoundError):
                delivering.letter_row(key, by=by)
        services.read_letter(document_id=key, by=cases.FIRM, at=AT)
    assert not LetterReading.objects.exists()
    told = " ".join(f"{one.title}{one.body}" for one in Message.objects.all())
    assert "审批表" not in told
    assert "审查意见" not in told
    assert hidden <= {one.id for one in cases.page(number).documents}


@pytest.mark.usefixtures("easy_district")
@pytest.mark.parametrize("kind", sorted(OF_EVERY_CASE))
def test_an_internal_letter_is_sealed_frozen_and_neither_sent_nor_put_right(kind):
    number = cases.decided().number
    row = letter(number, kind)

    pdf = services.document_file(row.pk, by=cases.HEAD, at=AT)

    assert sealing.verify_pdf(pdf).intact
    with pytest.raises(FixRefusedError, match="内部文书不制发更正通知书"):
        services.fix_document(
            number=number,
            document_id=row.pk,
            wrong="符合条件",
            right="不符合",
            reason="笔误",
            by=cases.APPROVER,
            at=AT,
        )
    with pytest.raises(services.DeliveryRefusedError):
        services.deliver_letter(
            document_id=row.pk,
            channel=DeliveryChannel.PRINT,
            recipient="某人",
            relation=Relation.SELF,
            by=cases.CLERK,
            at=AT,
        )
    with pytest.raises(IntegrityError, match="cases_delivery_not_internal"), transaction.atomic():
        Delivery.objects.create(
            case=row.case,
            document=row,
            channel="print",
            at=AT,
            to_name="某人",
            result="已领取",
            by="x",
        )
    with (
        pytest.raises(IntegrityError, match="cases_letterreading_not_internal"),
        transaction.atomic(),
    ):
        LetterReading.objects.create(document=row, by="user:firm", at=AT)


def test_no_internal_letter_needs_delivery():
    assert not INTERNAL_LETTERS & DELIVERED_LETTERS
