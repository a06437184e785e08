"""Revocation, retraction, deregistration: four eyes, views first, letter, licence, supervision."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from tests.factories import cases
from yiwang.cases import queries, services, tasks
from yiwang.cases.models import CaseEvent, EndProposal, Message
from yiwang.cases.policy.ending import (
    GROUNDS,
    EndKind,
    EndOutcome,
    NotEnded,
    grounds,
    reasons_against,
)
from yiwang.cases.policy.states import CaseState, StepRefusedError
from yiwang.cases.policy.terms import DeliveryChannel, DocumentKind, Outcome
from yiwang.cases.queries import CaseNotFoundError, CaseView
from yiwang.cases.queries.ending import end_proposal, open_end_proposals
from yiwang.licences import queries as licences
from yiwang.licences.policy.states import LicenceState
from yiwang.organisations.permissions import PermissionRefusedError

pytestmark = pytest.mark.usefixtures("easy_district")

AT = cases.FRIDAY
LATER = AT + dt.timedelta(days=3)
HEARD = AT + dt.timedelta(days=10)


def closed(**changes: object) -> CaseView:
    case = cases.decided(**changes)
    return services.deliver_case(
        number=case.number, channel=DeliveryChannel.PRINT, by=cases.CLERK, at=AT
    )


def propose(number: str, ground: str = "fraud", **changes: object) -> CaseView:
    given = {
        "number": number,
        "ground": ground,
        "facts": "提交的平面图系伪造。",
        "evidence": "现场检查笔录；鉴定意见。",
        "compensation": "按评估价补偿。",
        "calendar": cases.CALENDAR,
        "by": cases.REVIEWER,
        "at": AT,
    }
    return services.propose_end(**(given | changes))


def decide(number: str, **changes: object) -> CaseView:
    given = {
        "number": number,
        "reason": "事实清楚，证据充分。",
        "public_interest": "撤销不会损害公共利益。",
        "by": cases.APPROVER,
        "at": HEARD,
    }
    return services.decide_end(**(given | changes))


def letter(number: str, kind: DocumentKind) -> queries.DocumentView:
    (found,) = [one for one in cases.page(number).documents if one.kind is kind]
    return found


@pytest.mark.req("CASE-01")
def test_a_licence_by_fraud_is_revoked_by_two_people_and_the_holder_reads_why():
    number = closed().number

    case = propose(number)
    assert case.state is CaseState.CLOSED
    told = letter(number, DocumentKind.STATEMENT_RIGHT).body["paragraphs"]
    assert "提交的平面图系伪造" in told[1]
    assert "2026年3月13日前" in told[-1]

    services.state_views(number=number, text="图纸由他人代画。", by=cases.FIRM, at=LATER)
    case = decide(number, at=LATER)

    assert case.state is CaseState.REVOKED
    assert licences.licence(case.licence_identifier).state is LicenceState.REVOKED
    body = letter(number, DocumentKind.REVOCATION).body
    text = "".join(body["paragraphs"])
    for words in (
        "提交的平面图系伪造",
        "图纸由他人代画",
        "第六十九条第二款",
        "不受保护",
        "证照编号",
    ):
        assert words in text
    assert "行政复议" in body["remedies"][0]
    assert "已被撤销" in Message.objects.latest("id").body


def test_a_result_without_a_licence_ends_too():
    case = cases.receive(item_slug=cases.CARD, applicant_ref=cases.elder(), answers={})
    services.accept_case(number=case.number, calendar=cases.CALENDAR, by=cases.REVIEWER, at=AT)
    services.decide(
        number=case.number,
        outcome=Outcome.GRANT,
        calendar=cases.CALENDAR,
        by=cases.APPROVER,
        at=AT,
    )
    services.deliver_case(number=case.number, channel=DeliveryChannel.PRINT, by=cases.CLERK, at=AT)

    propose(case.number, "unqualified")
    assert decide(case.number).state is CaseState.REVOKED

    assert letter(case.number, DocumentKind.REVOCATION).title == "撤销决定书"


def test_who_proposed_does_not_decide():
    number = closed().number
    propose(number, by=cases.BOTH)

    with pytest.raises(services.SameProposerError, match="不能由同一人决定"):
        decide(number, by=cases.BOTH)

    assert decide(number).state is CaseState.REVOKED


def test_the_holder_is_heard_before_the_decision():
    number = closed().number
    propose(number)

    with pytest.raises(services.EndRefusedError, match="在2026年3月13日前可以陈述和申辩"):
        decide(number, at=LATER)
    with pytest.raises(services.EndRefusedError, match="陈述申辩期限已于2026年3月13日届满"):
        services.state_views(number=number, text="晚了", by=cases.FIRM, at=HEARD)

    decide(number)
    text = "".join(letter(number, DocumentKind.REVOCATION).body["paragraphs"])
    assert "未提出陈述和申辩" in text


def test_views_are_stated_once_by_the_holder_or_written_down_at_a_window():
    number = closed().number
    with pytest.raises(services.EndRefusedError, match="没有等待陈述申辩的提议"):
        services.state_views(number=number, text="我有话说", by=cases.FIRM, at=AT)
    propose(number)

    with pytest.raises(CaseNotFoundError):
        services.state_views(number=number, text="我有话说", by=cases.NOBODY, at=AT)
    with pytest.raises(services.TextRefusedError, match="请填写陈述和申辩的内容"):
        services.state_views(number=number, text=" ", by=cases.FIRM, at=AT)
    services.state_views(number=number, text="窗口记录", by=cases.CLERK, at=AT)
    with pytest.raises(services.EndRefusedError, match="已经收到"):
        services.state_views(number=number, text="再说一次", by=cases.FIRM, at=AT)


def test_a_retraction_needs_its_compensation_and_withdraws_the_licence():
    number = closed().number
    with pytest.raises(services.TextRefusedError, match="请填写补偿安排"):
        propose(number, "law_changed", compensation="")

    propose(number, "law_changed")
    case = decide(number)

    assert case.state is CaseState.RETRACTED
    assert licences.licence(case.licence_identifier).state is LicenceState.WITHDRAWN
    text = "".join(letter(number, DocumentKind.RETRACTION).body["paragraphs"])
    assert "第八条第二款" in text
    assert "按评估价补偿" in text


def test_a_deregistration_asks_for_no_views_and_still_for_two_people():
    number = closed().number
    propose(number, "body_ended", by=cases.BOTH)

    assert not [
        one for one in cases.page(number).documents if one.kind is DocumentKind.STATEMENT_RIGHT
    ]
    with pytest.raises(services.SameProposerError):
        decide(number, at=AT, by=cases.BOTH)
    case = decide(number, at=AT)
    assert case.state is CaseState.DEREGISTERED
    assert licences.licence(case.licence_identifier).state is LicenceState.CANCELLED


def test_where_the_law_says_must_it_may_not_be_spared_without_a_lawful_reason():
    number = closed().number
    propose(number)

    with pytest.raises(services.EndRefusedError, match="属于应当撤销的情形"):
        decide(number, not_ended=NotEnded.DISCRETION)
    case = decide(number, not_ended=NotEnded.PUBLIC_INTEREST, reason="停业将致供餐中断。")

    assert case.state is CaseState.CLOSED
    assert licences.licence(case.licence_identifier).state is LicenceState.VALID
    view = end_proposal(number, by=cases.FIRM)
    assert view.outcome is EndOutcome.DECLINED
    assert "许可继续有效" in Message.objects.latest("id").body
    propose(number, "unqualified", at=HEARD)
    assert decide(number, not_ended=NotEnded.DISCRETION).state is CaseState.CLOSED


def test_a_revocation_weighs_the_public_interest():
    number = closed().number
    propose(number)

    with pytest.raises(services.TextRefusedError, match="公共利益的衡量"):
        decide(number, public_interest=" ")


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"ground": "mood"}, services.EndRefusedError, "只能依法定事由提出"),
        ({"facts": " "}, services.TextRefusedError, "请填写查明的事实"),
        ({"evidence": "长" * 2001}, services.TextRefusedError, "证据最多2000个字"),
        ({"by": cases.APPROVER}, PermissionRefusedError, "提出撤销、撤回、注销"),
        ({"by": cases.STRANGER}, CaseNotFoundError, "没有找到"),
        ({"version": 1}, services.ConflictRefusedError, "请刷新后再办"),
    ],
)
def test_a_proposal_that_cannot_be_made_says_why(changes, error, words):
    number = closed().number

    with pytest.raises(error, match=words):
        propose(number, **changes)

    assert not EndProposal.objects.exists()


def test_only_a_closed_grant_can_be_ended_and_one_proposal_at_a_time():
    with pytest.raises(StepRefusedError, match="只有“办结”的办件可以"):
        propose(cases.decided().number)
    refused = cases.decided(Outcome.REFUSE).number
    services.deliver_case(number=refused, channel=DeliveryChannel.PRINT, by=cases.CLERK, at=AT)
    with pytest.raises(services.EndRefusedError, match="没有准予许可"):
        propose(refused)
    number = closed().number
    with pytest.raises(services.EndRefusedError, match="没有待决定的提议"):
        decide(number, not_ended=NotEnded.NOT_PROVEN)
    propose(number)
    with pytest.raises(services.EndRefusedError, match="已有一项待决定的提议"):
        propose(number)


def test_what_ran_out_is_deregistered_by_the_clock_once():
    number = closed().number
    licence = licences.by_case(number)
    ends = dt.datetime.combine(licence.valid_until, dt.time(3), tzinfo=cases.ZONE)
    early = ends + dt.timedelta(days=29)
    due = ends + dt.timedelta(days=30)

    assert services.deregister_expired(by=tasks.DEREGISTERED_BY, at=early) == []
    assert services.deregister_expired(by=tasks.DEREGISTERED_BY, at=due) == [number]
    assert services.deregister_expired(by=tasks.DEREGISTERED_BY, at=due) == []

    assert queries.case(number, by=cases.HEAD).state is CaseState.DEREGISTERED
    assert licences.by_case(number).state is LicenceState.CANCELLED
    assert "第七十条第一项" in "".join(
        letter(number, DocumentKind.DEREGISTRATION).body["paragraphs"]
    )


def test_the_list_of_proposals_shows_each_department_its_own():
    number = closed().number
    propose(number)

    rows, key = open_end_proposals(by=cases.APPROVER)
    assert ([row.number for row in rows], key) == ([number], None)
    assert rows[0].waits_for_views(AT.date())
    assert open_end_proposals(by=cases.STRANGER) == ([], None)
    with pytest.raises(CaseNotFoundError):
        end_proposal(number, by=cases.NOBODY)


def test_the_trail_tells_every_step():
    number = closed().number
    propose(number)
    services.state_views(number=number, text="不同意", by=cases.FIRM, at=AT)
    decide(number)

    steps = list(CaseEvent.objects.filter(case__number=number).values_list("step", flat=True))
    assert steps[-3:] == ["propose_end", "state_views", "revoke"]


def test_every_ground_names_its_article_and_only_must_grounds_leave_no_choice():
    assert [one.code for one in grounds(EndKind.DEREGISTER)] == [
        "expired",
        "person_gone",
        "body_ended",
        "licence_ended",
        "force_majeure",
        "other_deregistration",
    ]
    assert len([one for one in grounds(EndKind.REVOKE) if "第六十九条第一款" in one.article]) == 5
    assert all(one.article for one in GROUNDS.values())
    assert NotEnded.DISCRETION not in reasons_against(GROUNDS["fraud"])
    assert NotEnded.DISCRETION in reasons_against(GROUNDS["procedure"])


class TestTheDatabaseItself:
    """What it refuses, whoever writes the row."""

    @pytest.mark.parametrize(
        ("constraint", "changes"),
        [
            (
                "cases_endproposal_proposer_is_not_decider",
                {"decided_by": "user:reviewer"},
            ),
            ("cases_endproposal_jobs_deregister_what_expired_alone", {"decided_by": "job:x"}),
            ("cases_endproposal_holder_is_heard", {"decided_on": AT.date()}),
            ("cases_endproposal_decision_is_whole", {"reason": ""}),
            ("cases_endproposal_revocation_weighs_public_interest", {"public_interest": ""}),
            (
                "cases_endproposal_declined_for_a_lawful_reason",
                {"outcome": "declined", "not_ended": "discretion"},
            ),
            ("cases_endproposal_statement_has_moment_and_person", {"statement": "有话"}),
        ],
    )
    def test_a_decision_that_breaks_a_rule_is_refused(self, constraint, changes):
        propose(closed().number)
        whole = {
            "outcome": "ended",
            "reason": "x",
            "public_interest": "x",
            "decided_by": "user:approver",
            "decided_at": HEARD,
            "decided_on": HEARD.date(),
        }
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            EndProposal.objects.update(**(whole | changes))

    def test_grounds_are_those_of_the_law(self):
        case = closed()
        propose(case.number)
        row = EndProposal.objects.get()
        row.pk, row.ground, row.outcome = None, "mood", ""
        with (
            pytest.raises(IntegrityError, match="cases_endproposal_ground_of_kind"),
            transaction.atomic(),
        ):
            row.save(force_insert=True)
        row.pk, row.ground = None, "fraud"
        with (
            pytest.raises(IntegrityError, match="cases_endproposal_one_open_per_case"),
            transaction.atomic(),
        ):
            row.save(force_insert=True)

    def test_what_was_proposed_or_decided_is_not_rewritten(self):
        number = closed().number
        propose(number)
        with pytest.raises(DatabaseError, match="Cannot update rows"), transaction.atomic():
            EndProposal.objects.update(facts="别的事实")
        decide(number)
        for act in (
            lambda: EndProposal.objects.update(reason="别的理由"),
            lambda: EndProposal.objects.all().delete(),
        ):
            with pytest.raises(DatabaseError), transaction.atomic():
                act()
