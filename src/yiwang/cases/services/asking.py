"""Writing down how much an application had to be typed (填写情况)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from yiwang.cases.models import Case
from yiwang.cases.models.asking import CaseAsked
from yiwang.cases.policy.asking import counted
from yiwang.cases.policy.deadlines import day_of
from yiwang.cases.queries.asking import offered_answers
from yiwang.cases.services import kept
from yiwang.organisations.permissions import Actor
from yiwang.registers import queries as registers


@transaction.atomic
def note_asked(*, number: str, blank: Collection[str], by: Actor, at: datetime) -> None:
    """Write down which fields were put blank, and which of them the platform held, once a case.

    What it held is looked up anew here, independently of the page: registers, valid licences and
    earlier cases of the applicant.

    Args:
        number: The case that came of it.
        blank: Questions whose field was shown empty.
        by: Submitted the case.
        at: Moment of submission.

    Raises:
        LookupError: no such case submitted by `by`.
    """
    case = Case.objects.filter(number=number, submitted_by=by.ref).first()
    if case is None:
        raise LookupError(f"no case {number} of {by.ref}")
    item = kept.item_version(case.item_slug, case.item_version)
    questions = {one.id: one for one in counted(item)}
    registered = registers.prefill(case.applicant_ref)
    offered = offered_answers(case.applicant_ref, item, on=day_of(at), besides=number)
    asked = [one for one in questions if one in set(blank)]
    again = [one for one in asked if one in offered or questions[one].prefill in registered]
    CaseAsked.objects.get_or_create(
        case=case,
        defaults={
            "channel": case.channel,
            "asked_on": day_of(at),
            "fields": len(asked),
            "again": len(again),
            "questions": again,
        },
    )
