"""Why a decision is refused."""

from __future__ import annotations

from yiwang.cases.models import Case, Opinion
from yiwang.kernel.errors import RefusedError
from yiwang.organisations.permissions import Actor


class SamePersonError(RefusedError):
    """Who reviewed may not decide."""

    code = "cases.same_person"


class DecisionRefusedError(RefusedError):
    """The decision cannot be made like that."""

    code = "cases.decision_refused"


def refuse_reviewer(case: Case, by: Actor) -> None:
    """Let nobody decide what they reviewed.

    Raises:
        SamePersonError: `by` reviewed the case.
    """
    if case.reviewed_by == by.ref or Opinion.objects.filter(case=case, by=by.ref).exists():
        raise SamePersonError("您审查过本办件，不能由同一人决定，请由本部门其他审批人员决定。")
