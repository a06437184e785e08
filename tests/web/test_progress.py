"""The five steps of a case in each of its states."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.factories import cases
from yiwang.cases.policy.states import CaseState, Step
from yiwang.cases.policy.terms import Outcome
from yiwang.cases.queries import TimelineRow
from yiwang.kernel.clocks import DayUnit, Light, LightAnswer
from yiwang.web.citizen import progress


def event(state: CaseState) -> TimelineRow:
    return TimelineRow(
        step=Step.RECEIVE,
        from_state=None,
        to_state=state,
        at=cases.FRIDAY,
        actor="user:clerk",
        actor_name="陈窗口",
        post="counter_clerk",
        department="centre",
        reason="",
        basis="",
    )


@pytest.mark.parametrize("state", list(CaseState))
def test_every_state_has_its_place_among_the_five_steps(state: CaseState):
    steps = progress.track(state, [event(CaseState.RECEIVED), event(state)])

    assert [step.name for step in steps] == list(progress.NAMES)
    under_way = [step for step in steps if step.state == "current"]
    assert len(under_way) == (0 if state is CaseState.CLOSED else 1)
    assert under_way == [] or "todo" not in [
        step.state for step in steps[: steps.index(under_way[0])]
    ]


def test_a_withdrawn_case_says_so_at_the_step_it_had_reached():
    steps = progress.track(
        CaseState.WITHDRAWN, [event(CaseState.RECEIVED), event(CaseState.ACCEPTED)]
    )

    assert [step.state for step in steps] == ["done", "done", "current", "todo", "todo"]
    assert steps[2].note == "申请人撤回"


def test_a_finished_step_carries_its_day():
    steps = progress.track(
        CaseState.ACCEPTED, [event(CaseState.RECEIVED), event(CaseState.ACCEPTED)]
    )

    assert steps[0].note == "3月6日"
    assert steps[1].note == "3月6日"
    assert steps[3].note == ""


def step(kind: Step) -> TimelineRow:
    return replace(event(CaseState.RECEIVED), step=kind)


@pytest.mark.parametrize(
    ("steps", "state", "wanted"),
    [
        ([Step.RECEIVE], CaseState.RECEIVED, (False, False)),
        ([Step.RECEIVE, Step.ASK_ON_SPOT], CaseState.RECEIVED, (True, False)),
        ([Step.ASK_ON_SPOT, Step.FIX_ON_SPOT], CaseState.RECEIVED, (True, True)),
        ([Step.ASK_ON_SPOT, Step.FIX_ON_SPOT], CaseState.ACCEPTED, (False, False)),
    ],
)
def test_an_error_waits_to_be_put_right_until_acceptance(
    steps: list[Step], state: CaseState, wanted: tuple[bool, bool]
):
    assert progress.on_spot(state, [step(one) for one in steps]) == wanted


def duty(state: CaseState, **changes: Any) -> str:
    return progress.duty(state, **{"due_on": None, "rateable": False, "tolerated": 0} | changes)


def test_whoever_waits_for_an_office_that_is_late_is_told_so():
    assert "无需操作" in duty(CaseState.REVIEWING)
    assert "已经超过期限" in duty(CaseState.REVIEWING, late=True)
    assert "补交" in duty(CaseState.REVIEWING, late=True, tolerated=1)


def test_whoever_was_refused_is_told_so_and_owes_nothing():
    said = duty(CaseState.CLOSED, outcome=Outcome.REFUSE, tolerated=1, rateable=True)

    assert said == "申请没有获得准予，理由和救济途径见决定书。欢迎评价本次服务。"
    assert (
        duty(CaseState.CLOSED, outcome=Outcome.GRANT, rateable=True) == "已办结，欢迎评价本次服务。"
    )


@pytest.mark.parametrize(
    ("states", "wanted"),
    [
        ([CaseState.RECEIVED, CaseState.REVIEWING], None),
        ([CaseState.APPROVED, CaseState.CLOSED], Outcome.GRANT),
        ([CaseState.REJECTED, CaseState.CLOSED], Outcome.REFUSE),
    ],
)
def test_what_was_decided_is_read_from_the_events(states: list[CaseState], wanted: Outcome | None):
    assert progress.decided([event(one) for one in states]) is wanted


@pytest.mark.parametrize(("days", "wanted"), [(None, False), (1, False), (0, False), (-1, True)])
def test_a_clock_is_late_when_its_last_day_is_over(days: int | None, wanted: bool):
    shown = LightAnswer(light=Light.RED, days_left=days, unit=DayUnit.WORKDAY, text="")

    assert progress.is_late(shown) is wanted


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("actor", "post", "who"),
    [
        ("system:delivery", "", "一网通办"),
        ("job:deem-accepted", "", "系统按期自动办理"),
        ("user:firm", "", "申请人"),
    ],
)
def test_what_the_program_did_is_not_put_down_to_the_applicant(actor: str, post: str, who: str):
    done = replace(event(CaseState.CLOSED), actor=actor, post=post, department="", actor_name="")

    assert [one.who for one in progress.happenings([done], names=False)] == [who]
