"""Every step from every state by every post: allowed by the table, or refused and unchanged."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction

from tests.factories import cases
from tests.factories.desk import hire
from yiwang.cases import queries, services
from yiwang.cases.models import Case, CaseEvent, DepartmentInquiry, Extension, Hearing
from yiwang.cases.policy.procedure import HearingEnd, InquiryAnswer
from yiwang.cases.policy.states import ENDED, STEPS, CaseState, Desk, Step
from yiwang.cases.policy.terms import DeliveryChannel, Outcome
from yiwang.cases.services import CorrectionLine, FiledLine
from yiwang.kernel.errors import RefusedError
from yiwang.organisations.permissions import GRANTS, Actor, Permission, Post

pytestmark = [pytest.mark.usefixtures("easy_district"), pytest.mark.thorough]

AT = cases.FRIDAY

ACTS: dict[Step, Callable[[str, Actor], Any]] = {
    Step.ASK_CORRECTION: lambda number, by: services.ask_correction(
        number=number,
        lines=[CorrectionLine(material_id="", what="门牌", why="不完整")],
        by=by,
        at=AT,
    ),
    Step.FILE_CORRECTION: lambda number, by: services.file_correction(
        number=number, lines=_filed(number), calendar=cases.CALENDAR, by=by, at=AT
    ),
    Step.ACCEPT: lambda number, by: services.accept_case(
        number=number, calendar=cases.CALENDAR, by=by, at=AT
    ),
    Step.DECLINE: lambda number, by: services.decline_case(
        number=number, reason="不属本机关", article="行政许可法 第三十二条", by=by, at=AT
    ),
    Step.NO_NEED: lambda number, by: services.decline_case(
        number=number,
        reason="不需许可",
        article="行政许可法 第三十二条",
        no_need=True,
        by=by,
        at=AT,
    ),
    Step.CHECK_SITE: lambda number, by: services.record_site_check(
        number=number,
        second_officer="user:reviewer2",
        checked_on=AT.date(),
        place="示例路11号",
        found="一致",
        by=by,
        at=AT,
    ),
    Step.START_SPECIAL: lambda number, by: cases.special(number=number, by=by),
    Step.END_SPECIAL: lambda number, by: services.end_special(
        number=number, result="合格", calendar=cases.CALENDAR, by=by, at=AT
    ),
    Step.NOTIFY_HEARING: lambda number, by: cases.hearing(number=number, by=by),
    Step.REQUEST_HEARING: lambda number, by: services.request_hearing(
        number=number, text="要求听证", calendar=cases.CALENDAR, by=by, at=AT
    ),
    Step.SET_HEARING: lambda number, by: services.set_hearing(
        number=_requested(number),
        held_at=AT + dt.timedelta(days=14),
        place="三楼",
        chair="user:head",
        calendar=cases.CALENDAR,
        by=by,
        at=AT,
    ),
    Step.END_HEARING: lambda number, by: services.end_hearing(
        number=number,
        end=HearingEnd.WAIVED,
        record="当事人书面放弃",
        calendar=cases.CALENDAR,
        by=by,
        at=AT,
    ),
    Step.ASK_EXTENSION: lambda number, by: services.ask_extension(
        number=number, reason="案情复杂", by=by, at=AT
    ),
    Step.EXTEND: lambda number, by: services.decide_extension(
        number=_extension(number), approve=True, calendar=cases.CALENDAR, by=by, at=AT
    ),
    Step.DECLINE_EXTENSION: lambda number, by: services.decide_extension(
        number=_extension(number),
        approve=False,
        note="人手足够",
        calendar=cases.CALENDAR,
        by=by,
        at=AT,
    ),
    Step.ASK_DEPARTMENT: lambda number, by: services.ask_departments(
        number=number,
        departments=["housing"],
        question="是否违法建筑",
        calendar=cases.CALENDAR,
        by=by,
        at=AT,
    ),
    Step.DEPARTMENT_OPINION: lambda number, by: services.give_opinion(
        number=_asked(number), answer=InquiryAnswer.AGREE, opinion="同意", by=by, at=AT
    ),
    Step.PROPOSE: lambda number, by: services.propose(
        number=number, outcome=Outcome.GRANT, opinion="符合", by=by, at=AT
    ),
    Step.GRANT: lambda number, by: services.decide(
        number=number, outcome=Outcome.GRANT, calendar=cases.CALENDAR, by=by, at=AT
    ),
    Step.REFUSE: lambda number, by: services.decide(
        number=number,
        outcome=Outcome.REFUSE,
        reason="不符合",
        article="食品安全法 第三十三条",
        calendar=cases.CALENDAR,
        by=by,
        at=AT,
    ),
    Step.CLOSE: lambda number, by: services.deliver_case(
        number=number, channel=DeliveryChannel.PRINT, by=by, at=AT
    ),
    Step.SEND: lambda number, by: services.send_result(
        number=number, carrier="EMS", tracking_number="1", by=by, at=AT
    ),
    Step.PROPOSE_END: lambda number, by: services.propose_end(
        number=number,
        ground="fraud",
        facts="伪造",
        evidence="笔录",
        calendar=cases.CALENDAR,
        by=by,
        at=AT,
    ),
    Step.WITHDRAW: lambda number, by: services.withdraw_case(
        number=number, reason="不办了", by=by, at=AT
    ),
    Step.TERMINATE: lambda number, by: services.terminate_case(
        number=number, reason="主体注销", by=by, at=AT
    ),
}


def _filed(number: str) -> list[FiledLine]:
    case = Case.objects.filter(number=number).select_related("correction").get()
    correction = getattr(case, "correction", None)
    if correction is None:
        return []
    return [FiledLine(line_id=line.pk, answer="已补") for line in correction.lines.all()]


def _requested(number: str) -> str:
    Hearing.objects.filter(case__number=number, requested_on=None, ended_on=None).update(
        requested_on=AT.date(), requested_by="user:firm", hold_due_on=dt.date(2026, 4, 3)
    )
    return number


def _extension(number: str) -> str:
    Extension.objects.create(
        case=Case.objects.get(number=number),
        workdays=10,
        reason="案情复杂",
        joint=False,
        asked_by="user:asker",
        asked_by_name="报请人",
        asked_at=AT,
    )
    return number


def _asked(number: str) -> str:
    case = Case.objects.get(number=number)
    Case.objects.filter(pk=case.pk).update(asked_departments=["housing"])
    DepartmentInquiry.objects.create(
        case=case,
        department="housing",
        question="是否违法建筑",
        asked_by="user:reviewer",
        asked_at=AT,
        due_on=AT.date(),
    )
    return number


ACTORS = {
    f"{post.value} of {where}": Actor(
        ref=f"user:{post.value}", name=post.label, posts={where: frozenset({post})}
    )
    for where, posts in (
        ("market", list(Post)),
        ("centre", [Post.COUNTER_CLERK, Post.REVIEWER, Post.APPROVER]),
        ("housing", [Post.COUNTER_CLERK, Post.REVIEWER, Post.APPROVER]),
    )
    for post in posts
} | {"applicant": cases.FIRM, "other applicant": cases.NOBODY}


COPIED = frozenset({CaseState.CLOSED}) | ENDED
"""A further copy of the decision may be handed over."""


def allowed(step: Step, who: str) -> bool:
    """Say by the tables, and not by the services, whether `who` may take `step` at all."""
    move = STEPS[step]
    if who == "applicant":
        return move.by_applicant
    if who == "other applicant" or move.permission is None:
        return False
    post, _, where = who.partition(" of ")
    place = {
        Desk.DECIDER: {"market"},
        Desk.WINDOW: {"market", "centre"},
        Desk.ASKED: {"housing"},
    }[move.desk]
    return where in place and move.permission in GRANTS[Post(post)]


@pytest.mark.parametrize("state", list(CaseState))
def test_a_step_is_taken_exactly_where_the_table_of_steps_and_the_posts_allow_it(state):
    hire("reviewer2", "head")
    case = cases.in_state(state)
    for step, act in ACTS.items():
        for who, actor in ACTORS.items():
            _try(case.number, state, step, who, act, actor)


def _try(
    number: str,
    state: CaseState,
    step: Step,
    who: str,
    act: Callable[[str, Actor], Any],
    actor: Actor,
) -> None:
    events = CaseEvent.objects.filter(case__number=number).count()
    copies = step is Step.CLOSE and state in COPIED
    expected = allowed(step, who) and (state in STEPS[step].starts or copies)
    with transaction.atomic():
        refusal = _refusal(lambda: act(number, actor))
        row = Case.objects.get(number=number)
        if refusal is None:
            assert expected, f"{who} took {step} from {state}"
            assert row.state == (state if copies else STEPS[step].end or state)
        else:
            assert not expected, f"{who} {step} {state}: {refusal.message}"
            assert refusal.message.endswith("。")
            assert row.state == state
            assert CaseEvent.objects.filter(case=row).count() == events
        transaction.set_rollback(True)


def _refusal(act: Callable[[], Any]) -> RefusedError | None:
    try:
        act()
    except RefusedError as refusal:
        return refusal
    return None


@pytest.mark.parametrize("post", list(Post))
def test_reading_needs_a_post_in_a_department_of_the_case(post):
    number = cases.receive().number
    for where in ("market", "centre", "housing"):
        actor = Actor(ref="user:x", posts={where: frozenset({post})})
        may = where != "housing" and Permission.CASE_READ in GRANTS[post]
        for question in (queries.case, queries.case_page, queries.timeline, queries.documents_of):
            if may:
                assert question(number, by=actor)
            else:
                with pytest.raises(queries.CaseNotFoundError):
                    question(number, by=actor)
