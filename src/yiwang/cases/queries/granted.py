"""What packages above may read of a granted case to act on it."""

from __future__ import annotations

from collections.abc import Collection

from yiwang.cases.models import Case
from yiwang.cases.policy.terms import Outcome
from yiwang.organisations import scope


def granted_answers(number: str, questions: Collection[str]) -> dict[str, str]:
    """Return the texts answered to `questions` in a granted case; for handlers of its grant.

    It asks for no permission: a job follows the grant, and only the named questions leave here.
    """
    with scope.everything():  # a job acts on the grant of whichever department
        row = (
            Case.objects.select_related("answer")
            .filter(number=number, outcome=Outcome.GRANT.value)
            .first()
        )
    if row is None:
        return {}
    answers = row.answers_now()
    return {one: str(answers[one]) for one in questions if isinstance(answers.get(one), str)}


def granted_values(number: str, questions: Collection[str]) -> dict[str, frozenset[str]]:
    """Return what was chosen at `questions` in a granted case; as `granted_answers`."""
    if not questions:
        return {}
    with scope.everything():  # a job acts on the grant of whichever department
        row = (
            Case.objects.select_related("answer")
            .filter(number=number, outcome=Outcome.GRANT.value)
            .first()
        )
    if row is None:
        return {}
    answers = row.answers_now()
    found = {one: answers[one] for one in questions if one in answers}
    return {
        key: frozenset(str(one) for one in (value if isinstance(value, list) else [value]))
        for key, value in found.items()
    }


def granted_item(number: str) -> str:
    """Return the slug of the item that a granted case was about; empty: there is none."""
    with scope.everything():  # a job acts on the grant of whichever department
        slug = (
            Case.objects.filter(number=number, outcome=Outcome.GRANT.value)
            .values_list("item_slug", flat=True)
            .first()
        )
    return slug or ""
