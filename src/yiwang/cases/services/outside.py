"""Acts of people who handle a case in their department's own system, told through the gateway."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from django.db import transaction

from yiwang.cases.policy.states import STEPS, CaseState, Desk, Step, after
from yiwang.cases.queries import CaseView, case_view
from yiwang.cases.services.steps import (
    capacity,
    locked,
    move,
    require_holder,
)
from yiwang.organisations.permissions import Actor, Permission

OUTSIDE = "gateway:"
"""Beginning of the refs of people known by a department's system: `gateway:<department>:<id>`."""

UNDER_REVIEW = frozenset(
    {CaseState.ACCEPTED, CaseState.REVIEWING, CaseState.SPECIAL, CaseState.HEARING}
)


@transaction.atomic
def take_outside(*, number: str, by: Actor, at: datetime) -> CaseView:
    """Take a case over from a colleague in the same system, or from nobody (领办).

    An accepted case is under review from then on; a case that `by` holds already stays as it is.

    Args:
        number: Case number.
        by: A reviewer who works in the department's own system.
        at: Moment of taking.

    Raises:
        ValueError: `by` works on the platform; that is `assign_case`.
        CaseNotFoundError: no such case for these eyes.
        PermissionRefusedError: `by` may not review here.
        StepRefusedError: the case is not under review.
        NotHolderError: somebody on the platform holds it.
    """
    if not by.ref.startswith(OUTSIDE):
        raise ValueError(f"{by.ref} does not work in a department's own system")
    case = locked(number)
    rule = replace(STEPS[Step.ASSIGN], permission=Permission.CASE_REVIEW, desk=Desk.DECIDER)
    acting = capacity(case, rule, by)
    state = CaseState(case.state)
    if state not in UNDER_REVIEW:
        after(Step.START_REVIEW, state)
    colleague = case.assigned_to.rpartition(":")[0] == by.ref.rpartition(":")[0]
    if not colleague:
        require_holder(case, by)
    step = Step.START_REVIEW if state is CaseState.ACCEPTED else Step.ASSIGN
    after(step, state)
    if case.assigned_to == by.ref and step is Step.ASSIGN:
        return case_view(case)
    case.assigned_to = by.ref
    move(case, step, acting=acting, by=by, at=at, changed=["assigned_to"])
    return case_view(case)
