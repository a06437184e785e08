"""What this package does about granted cases; each handler may be called again."""

from __future__ import annotations

from datetime import datetime, time

from django.utils import timezone

from yiwang.cases.events import CaseGranted
from yiwang.cases.queries.granted import granted_answers
from yiwang.content import queries as content
from yiwang.kernel.keeping import keep
from yiwang.organisations.permissions import Actor
from yiwang.registration import queries, services

JOB = Actor(ref="job:dual-notice", name="系统（双告知）")


def on_case_granted(event: CaseGranted) -> None:
    """Tell departments of a registered scope; close notices that a permit answers."""
    rules = keep("rules of dual notices", queries.rules)
    if rules is None:
        return
    at = datetime.combine(event.granted_on, time.min, tzinfo=timezone.get_default_timezone())
    if event.item_slug in rules.items:
        answers = granted_answers(event.number, rules.scope_questions)
        services.push_notices(
            rules=rules,
            case_number=event.number,
            entity_ref=event.holder_ref,
            entity_name=event.holder_name,
            scope="；".join(answers.values()),
            calendar=content.workday_calendar(),
            by=JOB,
            at=at,
        )
        return
    services.note_permit(
        entity_ref=event.holder_ref,
        item_slug=event.item_slug,
        case_number=event.number,
        licence_identifier=event.licence_identifier,
        by=JOB,
        at=at,
    )
