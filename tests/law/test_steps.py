"""Runs the examples of `steps.yaml` against the one table of steps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from yiwang.cases.policy.states import STEPS, CaseState, Step, StepRefusedError, Way, after
from yiwang.content.policy.reading import read
from yiwang.kernel.terms import Term
from yiwang.organisations.permissions import GRANTS, Post

EXAMPLES: list[dict[str, Any]] = read((Path(__file__).parent / "steps.yaml").read_bytes()).content

APPLICANT, CLOCK = "申请人", "期限届满"


def labelled(terms: type[Term], label: str) -> Any:
    (found,) = [term for term in terms if term.label == label]
    return found


def taken(example: dict[str, Any], who: str) -> str:
    """Return the label of the state the step leads to; empty: it is refused to `who`."""
    step, state = labelled(Step, example["step"]), labelled(CaseState, example["state"])
    way = labelled(Way, example["way"]) if "way" in example else None
    move = STEPS[step]
    try:
        end = after(step, state, immediate=way is Way.ON_SPOT)
    except StepRefusedError:
        return ""
    if who == APPLICANT:
        may = move.by_applicant
    elif who == CLOCK:
        may = move.by_clock
    else:
        may = move.permission in GRANTS[labelled(Post, who)]
    return end.label if may and move.way is way else ""


def test_there_are_enough_examples_each_with_name_and_source():
    assert len(EXAMPLES) >= 100
    assert len({example["name"] for example in EXAMPLES}) == len(EXAMPLES)
    assert all(example["source"] for example in EXAMPLES)


def test_every_step_and_every_state_has_an_example():
    without = {Step.RECEIVE, Step.ASSIGN, Step.FIX_DOCUMENT, Step.DECLINE_END}
    assert {example["step"] for example in EXAMPLES} >= {
        step.label for step in Step if step not in without
    }
    named = {example["state"] for example in EXAMPLES}
    named |= {example["then"] for example in EXAMPLES if "then" in example}
    assert named == {state.label for state in CaseState}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["name"])
def test_the_step_is_taken_or_refused_as_the_law_says(example: dict[str, Any]):
    everybody = [APPLICANT, CLOCK, *(post.label for post in Post)]
    asked = [example["who"]] if "who" in example else everybody

    assert {taken(example, who) for who in asked} == {example.get("then", "")}
