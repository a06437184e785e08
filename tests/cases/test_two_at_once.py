"""Every step taken by two people at the same moment: done one after the other, or refused."""

from __future__ import annotations

import dataclasses
import functools
from itertools import pairwise
from typing import Any

import pytest

from tests.cases.test_concurrency import at_once
from tests.cases.test_matrix import ACTORS, expected
from tests.factories import steps
from tests.factories.steps import ACTS
from yiwang.cases.models import Case, CaseDocument, CaseEvent
from yiwang.cases.policy.states import STEPS, CaseState, Step
from yiwang.kernel.errors import RefusedError

pytestmark = [pytest.mark.thorough, pytest.mark.django_db(transaction=True)]

AGAIN = {
    Step.ASK_ON_SPOT,
    Step.ASSIGN,
    Step.CHECK_SITE,
    Step.SEND_OFFICERS,
    Step.FIX_DOCUMENT,
    Step.START_REVIEW,
}
"""Steps that a second person may take again right after the first."""

BY_ONE = {step for step, act in ACTS.items() if STEPS[step].permission is None}
"""Steps that no person takes."""


def test_of_two_who_take_the_same_step_at_once_one_does_or_both_do_in_turn(transactional_db: None):
    steps.make()
    said: dict[Step, list[Any]] = {}
    for step in ACTS:
        if step in BY_ONE:
            continue
        state = next(one for one in CaseState if one in STEPS[step].starts)
        who, actor = next(
            (who, actor) for who, actor in ACTORS.items() if expected(step, state, who) is step
        )
        number = steps.made(step, state)
        colleague = actor if who == "applicant" else dataclasses.replace(actor, ref="user:second")

        said[step] = at_once(
            functools.partial(ACTS[step].take, number, actor),
            functools.partial(ACTS[step].take, number, colleague),
        )

        events = list(CaseEvent.objects.filter(case__number=number).order_by("id"))
        taken = [one for one in events if one.step == step.value]
        refused = [one for one in said[step] if isinstance(one, RefusedError)]
        assert taken, f"{step}: {refused}"
        assert all(one.message.endswith("。") for one in refused), refused
        row = Case.objects.get(number=number)
        assert row.state == events[-1].to_state
        if step not in AGAIN:
            assert len(refused) == 1 or step is Step.CLOSE, f"{step}: {said[step]}"
            assert len({one.at for one in taken}) == 1
        kinds = list(
            CaseDocument.objects.filter(case=row).values_list("kind", "subject").order_by("id")
        )
        assert len(kinds) == len(set(kinds)), step
        if row.state in {one.to_state for one in taken}:
            assert all(a.to_state == b.from_state for a, b in pairwise(events[-len(taken) :]))

    assert set(said) == set(ACTS) - BY_ONE
