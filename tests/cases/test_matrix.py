"""Every step from every state by every post and by the clock: as the table says, or unchanged."""

from __future__ import annotations

import datetime as dt
import functools
import itertools
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction

from tests.factories import cases, steps
from tests.factories.steps import ACTS
from yiwang.cases import queries
from yiwang.cases.models import Case, CaseDocument, CaseEvent, Message
from yiwang.cases.policy.states import ENDED, STEPS, CaseState, Desk, Step
from yiwang.cases.services.steps import ClockRefusedError
from yiwang.kernel.errors import RefusedError
from yiwang.organisations.permissions import GRANTS, Actor, Permission, Post

pytestmark = [pytest.mark.usefixtures("steps_world", "db"), pytest.mark.thorough]

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


LONG_NUMBER = re.compile(r"(?<![0-9A-Z])1\d{10}(?!\d)|\d{17}[0-9Xx]")
"""A mobile number or a citizen number."""

COPIED = frozenset({CaseState.CLOSED}) | ENDED
"""A further copy of the decision may be handed over."""

ONE_CALL = (
    {Step.ASSIGN, Step.START_REVIEW},
    {Step.GRANT, Step.GRANT_ON_SPOT},
    {Step.REFUSE, Step.REFUSE_ON_SPOT},
)
"""Steps that people take by the same act; the case says which of them it is."""

TAKEN_BY = {
    CaseState.RECEIVED: (Permission.CASE_ACCEPT, {"market", "centre"}),
    CaseState.DECISION_PENDING: (Permission.CASE_DECIDE, {"market"}),
}
"""Who may take a case that waits; elsewhere it is who reviews in the deciding department."""


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
        Desk.ACCEPTOR: {"market", "centre"},
        Desk.DELIVERER: {"market", "centre"},
        Desk.ASKED: {"housing"},
    }[move.desk]
    return where in place and move.permission in GRANTS[Post(post)]


def expected(asked: Step, state: CaseState, who: str) -> Step | None:
    """Say by the tables which step comes of an act that asks for `asked`."""
    if asked is Step.START_REVIEW:
        move = STEPS[Step.START_REVIEW if state is CaseState.ACCEPTED else Step.ASSIGN]
        permission, places = TAKEN_BY.get(state, (Permission.CASE_REVIEW, {"market"}))
        post, _, where = who.partition(" of ")
        may = where in places and permission in GRANTS[Post(post)]
        return _named(move) if may and state in move.starts else None
    if asked is Step.ASSIGN:
        if not allowed(asked, who) or state not in STEPS[asked].starts:
            return None
        return Step.START_REVIEW if state is CaseState.ACCEPTED else Step.ASSIGN
    for step in [asked, *(one for call in ONE_CALL if asked in call for one in call)]:
        fits = STEPS[step].way is None or STEPS[step].way is STEPS[asked].way
        if fits and allowed(step, who) and state in STEPS[step].starts:
            return step
    return None


def _named(move: object) -> Step:
    return next(step for step, one in STEPS.items() if one is move)


def test_every_step_of_the_table_has_a_row_here_and_every_step_of_a_clock_a_job():
    assert set(STEPS) == set(Step)
    assert set(ACTS) | {Step.RECEIVE} == set(Step)
    with_jobs = {step for step, act in ACTS.items() if act.clock}
    by_table = {step for step, move in STEPS.items() if move.by_clock}
    assert with_jobs <= by_table
    assert by_table - with_jobs == {Step.CLOSE}
    assert not {step for step, move in STEPS.items() if not move.starts} - {Step.RECEIVE}


@pytest.mark.parametrize("state", list(CaseState))
def test_a_step_is_taken_exactly_where_the_table_of_steps_and_the_posts_allow_it(state):
    for step, act in ACTS.items():
        with transaction.atomic():
            number = steps.made(step, state)
            assert Case.objects.get(number=number).state == state
            for who, actor in ACTORS.items():
                _try(number, state, step, who, functools.partial(act.take, number, actor))
            _try_clock(number, state, step)
            transaction.set_rollback(True)


def _try(number: str, state: CaseState, step: Step, who: str, act: Callable[[], Any]) -> None:
    copies = step is Step.CLOSE and state in COPIED and allowed(step, who)
    with transaction.atomic():
        before = _events(number)
        refusal = _refusal(act)
        row, new = Case.objects.get(number=number), _events(number)[len(before) :]
        want = expected(step, state, who)
        if want is None:
            assert not new, f"{who} took {new} from {state}"
            assert row.state == state
            assert refusal is not None or copies or step is Step.DEEM_RENEWED
            assert refusal is None or refusal.message.endswith("。")
        else:
            assert refusal is None, f"{who} {step} {state}: {refusal}"
            assert new[0] == (want.value, state.value, (STEPS[want].end or state).value)
            assert row.state == new[-1][2]
        transaction.set_rollback(True)


def _try_clock(number: str, state: CaseState, step: Step) -> None:
    """Have the job of the clock take the step: where it finds work, and nowhere else."""
    found = ACTS[step].found
    works = STEPS[step].by_clock and state in (STEPS[step].starts if found is None else found)
    with transaction.atomic():
        before = _events(number)
        refusal = _refusal(lambda: steps.by_clock(step, number))
        new = _events(number)[len(before) :]
        taken = [Step(one) for one, _from, _to in new]
        assert all(STEPS[one].by_clock for one in taken), f"a job took {taken} from {state}"
        assert all(at in STEPS[Step(one)].starts for one, at, _to in new)
        assert (step in taken) is works, f"job {step} {state}: {refusal}"
        assert works or not new or step is Step.DEREGISTER
        transaction.set_rollback(True)


def _events(number: str) -> list[tuple[str, str, str]]:
    rows = CaseEvent.objects.filter(case__number=number).order_by("id")
    return list(rows.values_list("step", "from_state", "to_state"))


def _refusal(act: Callable[[], Any]) -> RefusedError | None:
    try:
        act()
    except RefusedError as refusal:
        return refusal
    return None


@pytest.mark.parametrize("step", list(ACTS))
def test_no_step_is_dated_before_the_last_one_when_a_clock_was_set_back(step):
    """The clock of a server says nine, and somebody acted at eleven already."""
    state = next(one for one in CaseState if one in STEPS[step].starts)
    for who, actor in ACTORS.items():
        if expected(step, state, who) is not step:
            continue
        number = steps.made(step, state)
        Case.objects.filter(number=number).update(touched_at=steps.AT + dt.timedelta(hours=2))
        before, letters = _events(number), CaseDocument.objects.count()

        refusal = _refusal(functools.partial(ACTS[step].take, number, actor))

        assert isinstance(refusal, ClockRefusedError), f"{who}: {refusal}"
        assert "11:00办理过，不能再办理日期更早的步骤；请运维人员核对服务器时间" in refusal.message
        assert _events(number) == before
        assert CaseDocument.objects.count() == letters
        return
    assert STEPS[step].permission is None  # a job's: it takes what is due, and never before


@pytest.mark.parametrize("who", list(ACTORS))
def test_a_case_is_born_at_a_window_or_by_its_applicant_alone(who):
    """The one step that starts from nowhere."""
    at_window = allowed(Step.RECEIVE, who) and who != "applicant"
    draft = cases.draft()
    for act, may in (
        (lambda: cases.receive(by=ACTORS[who]), at_window),
        (lambda: cases.submit(draft.id, by=ACTORS[who]), who == "applicant"),
    ):
        with transaction.atomic():
            refusal = _refusal(act)
            born = [_events(one.number) for one in Case.objects.all()]
            assert born == ([[("receive", "", "received")]] if may else []), f"{who}: {refusal}"
            assert (refusal is None) is may
            transaction.set_rollback(True)


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


@pytest.mark.parametrize("step", list(ACTS))
def test_no_message_of_a_step_names_anybody_in_its_title(step):
    """A title stands in lists, previews and on screens that others see."""
    taken = [
        (state, actor)
        for state, (who, actor) in itertools.product(CaseState, ACTORS.items())
        if expected(step, state, who) is not None
    ]
    first = dict(reversed(taken))
    for state, actor in first.items():
        with transaction.atomic():
            number = steps.made(step, state)
            _refusal(functools.partial(ACTS[step].take, number, actor))
            case = Case.objects.get(number=number)
            titles = list(Message.objects.values_list("title", flat=True))
            assert titles
            for private in (case.applicant_name, cases.ANSWERS["phone"]):
                assert not [one for one in titles if private in one]
            assert not [one for one in titles if LONG_NUMBER.search(one)]
            transaction.set_rollback(True)
