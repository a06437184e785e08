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


def granted_before(number: str, questions: Collection[str]) -> dict[str, dict[str, str]]:
    """Return number -> answers of all granted cases like one, itself included; two queries.

    Alike are cases of the same applicant about the same item; for the rest as `granted_answers`.
    """
    with scope.everything():  # a job acts on the grant of whichever department
        case = Case.objects.filter(number=number, outcome=Outcome.GRANT.value).first()
        if case is None:
            return {}
        rows = list(
            Case.objects.select_related("answer").filter(
                applicant_ref=case.applicant_ref,
                item_slug=case.item_slug,
                outcome=Outcome.GRANT.value,
            )
        )
    found: dict[str, dict[str, str]] = {}
    for row in rows:
        answers = row.answers_now()
        found[row.number] = {
            one: text
            for one in questions
            if isinstance(given := answers.get(one), str) and (text := given.strip())
        }
    return found


def granted_item(number: str) -> str:
    """Return the slug of the item that a granted case was about; empty: there is none."""
    with scope.everything():  # a job acts on the grant of whichever department
        slug = (
            Case.objects.filter(number=number, outcome=Outcome.GRANT.value)
            .values_list("item_slug", flat=True)
            .first()
        )
    return slug or ""
