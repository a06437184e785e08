"""Renewal (延续): what is asked and when, and consent by silence before the licence ends."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import transaction

from yiwang.audit import services as audit
from yiwang.cases.models import Case, Message, Renewal
from yiwang.cases.policy import renewing
from yiwang.cases.policy.answers import plain_answers
from yiwang.cases.policy.deadlines import day_of
from yiwang.cases.policy.states import STEPS, STOPPED, CaseState, Step
from yiwang.cases.policy.terms import Outcome
from yiwang.cases.services.deciding import DecisionRefusedError, conclude
from yiwang.cases.services.procedure import end_stop
from yiwang.cases.services.steps import capacity, locked, version_of
from yiwang.catalogue.policy.items import HandlingKind, ItemVersion
from yiwang.kernel.workdays import CalendarGapError, WorkdayCalendar
from yiwang.licences import queries as licences
from yiwang.organisations.permissions import Actor

RENEWED_BATCH = 200
"""Cases deemed renewed in one run; the next run takes the rest."""


def note_request(
    case: Case,
    item: ItemVersion,
    answers: Mapping[str, object],
    *,
    calendar: WorkdayCalendar,
    at: datetime,
) -> None:
    """Note at receipt which licence is to be renewed; tell who asks too late what to do.

    An item without handling items asks the database nothing.
    """
    if not item.handling_items or not item.result.licence_type:
        return
    handling = item.handling_of(plain_answers(answers))
    if handling is None or handling.kind is not HandlingKind.RENEW:
        return
    today = day_of(at)
    held = licences.valid_licences(case.applicant_ref, item.result.licence_type, on=today)
    named = [one for one in held if one.number and one.number in answers.values()]
    old = next(iter(named or held), None) if named or len(held) == 1 else None
    if old is None or old.valid_until is None:
        return
    lead = renewing.lead_workdays(item)
    early = renewing.in_time(
        asked_on=today, valid_until=old.valid_until, lead=lead, calendar=calendar
    )
    Renewal.objects.create(
        case=case,
        licence_identifier=old.identifier,
        valid_until=old.valid_until,
        asked_on=today,
        lead_workdays=lead,
        in_time=early,
    )
    if not early:
        Message.objects.create(
            to_ref=case.applicant_ref,
            case=case,
            title=f"延续申请提示（{case.query_code}）",
            body=renewing.late_words(
                name=item.result.name, lead=lead, last=old.valid_until - timedelta(days=1)
            ),
            at=at,
        )


def deem_renewed(
    *, calendar: WorkdayCalendar, by: Actor, at: datetime, limit: int = RENEWED_BATCH
) -> list[str]:
    """Renew what was asked in time and not decided before the licence ended (视为准予延续).

    For a named job that runs daily; a second run changes nothing. Each case is its own
    transaction; one whose licence was taken from the holder since is left to a person.

    Returns:
        The numbers of the cases, for the report to the supervisor.

    Source:
        行政许可法 第五十条第二款.
    """
    waiting = list(
        Renewal.objects.filter(
            in_time=True,
            deemed_on=None,
            valid_until__lte=day_of(at),
            case__state__in=sorted(one.value for one in STEPS[Step.DEEM_RENEWED].starts),
        )
        .order_by("valid_until", "id")
        .values_list("case__number", flat=True)[:limit]
    )
    return [number for number in waiting if _deem(number, calendar=calendar, by=by, at=at)]


@transaction.atomic
def _deem(number: str, *, calendar: WorkdayCalendar, by: Actor, at: datetime) -> bool:
    case = locked(number)
    row = Renewal.objects.select_for_update().get(case=case)
    if CaseState(case.state) not in STEPS[Step.DEEM_RENEWED].starts or row.deemed_on is not None:
        return False
    acting = capacity(case, STEPS[Step.DEEM_RENEWED], by)
    row.deemed_on = day_of(at)
    row.save(update_fields=["deemed_on"])
    try:
        with transaction.atomic():
            if CaseState(case.state) in STOPPED:
                end_stop(case, by=by, at=at)
            case.stopped_since = None
            conclude(
                case,
                version_of(case),
                Step.DEEM_RENEWED,
                Outcome.GRANT,
                acting=acting,
                calendar=calendar,
                by=by,
                at=at,
                reason=renewing.DEEMED_REASON,
                article=renewing.ARTICLE,
                notes=renewing.DEEMED_NOTES,
            )
    except (CalendarGapError, DecisionRefusedError):
        transaction.set_rollback(True)
        return False
    audit.record(
        at=at,
        actor=by.ref,
        act="cases.report_deemed_renewal",
        target=f"case:{case.number}",
        detail={"licence": case.licence_identifier, "ended": row.valid_until.isoformat()},
        department=case.deciding_department,
    )
    return True
