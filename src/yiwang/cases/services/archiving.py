"""What the archives note on a case: in which version it was archived, and that more came."""

from __future__ import annotations

from yiwang.cases.models import Case
from yiwang.cases.services.steps import locked
from yiwang.organisations import scope


def lock_for_archive(*, number: str) -> bool:
    """Tell whether something came since a case was archived; more waits for the transaction's end.

    Part of the act that archives, which asks for permission and leaves the trail.

    Raises:
        CaseNotFoundError: there is no such case.
    """
    case = locked(number)
    return case.archived_version != case.version


def note_archived(*, number: str, version: int) -> None:
    """Note in which version a case was archived, so that the next night passes it by.

    Part of the act that archives, which leaves the trail.
    """
    Case.objects.filter(number=number).update(archived_version=version)


def archive_again(*, number: str) -> None:
    """Have a finished case archived again: something was added that no table of cases holds.

    Part of the act that adds it, which leaves the trail.
    """
    with scope.everything():  # whoever rates by the query code has no account that sees the case
        Case.objects.filter(number=number, closed_at__isnull=False).update(archived_version=0)
