"""The table of steps as a whole."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yiwang.cases.policy.states import (
    DECIDED,
    ENDED,
    FINISHED,
    OPEN,
    RUNNING,
    STEPS,
    CaseState,
    Step,
    StepRefusedError,
    Way,
    after,
    pairs,
)


def test_every_state_can_be_reached_and_only_finished_ones_lead_nowhere_or_to_an_end():
    reached = {move.end for move in STEPS.values() if move.end}
    left = {state for move in STEPS.values() if move.end for state in move.starts}

    assert reached == set(CaseState)
    assert set(CaseState) - left == FINISHED - {CaseState.CLOSED}
    assert {end for start, end, _ in pairs() if start == "closed"} == {
        state.value for state in ENDED
    }
    assert OPEN < RUNNING
    assert RUNNING.isdisjoint(FINISHED)


def test_no_step_leads_out_of_a_finished_state_but_the_ends_of_what_was_granted():
    ends = {Step.REVOKE, Step.RETRACT, Step.DEREGISTER}

    assert not any(
        move.starts & FINISHED
        for step, move in STEPS.items()
        if step not in ends and move.end is not None
    )
    assert all(STEPS[step].starts == {CaseState.CLOSED} for step in ends)


@pytest.mark.parametrize("step", [step for step in Step if step is not Step.RECEIVE])
@pytest.mark.parametrize("state", list(CaseState))
def test_after_follows_the_table_and_refuses_everything_else(step, state):
    move = STEPS[step]
    if state in move.starts:
        assert after(step, state, immediate=True) is (move.end or state)
    else:
        with pytest.raises(StepRefusedError, match=f"现为“{state.label}”，不能{step.label}"):
            after(step, state, immediate=True)


@pytest.mark.parametrize("step", [Step.GRANT_ON_SPOT, Step.REFUSE_ON_SPOT])
def test_only_immediate_items_are_decided_on_the_spot(step):
    with pytest.raises(StepRefusedError, match="不是即办件，须先由审查人员提出审查意见"):
        after(step, CaseState.ACCEPTED)


def test_the_pairs_for_the_database_are_those_of_the_table():
    listed = {(start, end) for start, end, _ in pairs()}

    assert listed == {
        (start.value, move.end.value)
        for move in STEPS.values()
        for start in move.starts
        if move.end is not None
    }
    assert {pair for pair in pairs() if pair[2]} == {
        ("accepted", "approved", ("automatic", "commitment", "deemed", "on_spot")),
        ("hearing", "approved", ("deemed",)),
        ("reviewing", "approved", ("deemed",)),
        ("special", "approved", ("deemed",)),
        ("accepted", "rejected", ("on_spot",)),
    }


@given(st.lists(st.sampled_from(list(Step)), max_size=25))
def test_random_histories_keep_the_order_of_the_law(steps):
    """Whatever is tried, what happened is a path of the procedure."""
    state, history = CaseState.RECEIVED, [CaseState.RECEIVED]
    for step in steps:
        try:
            state = after(step, state)
            assert STEPS[step].way is not Way.ON_SPOT
        except StepRefusedError:
            continue
        history.append(state)

    allowed = {(start, end) for start, end, ways in pairs() if ways != ("on_spot",)}
    assert all(before == then or (before, then) in allowed for before, then in pairwise(history))
    if state in DECIDED:
        assert CaseState.ACCEPTED in history
    if CaseState.REJECTED in history:
        assert CaseState.DECISION_PENDING in history
    changes = [one for one, then in pairwise([*history, None]) if one is not then]
    finished = [one for one in changes if one in FINISHED]
    assert changes[len(changes) - len(finished) :] == finished
    assert len(finished) <= (2 if CaseState.CLOSED in finished else 1)
