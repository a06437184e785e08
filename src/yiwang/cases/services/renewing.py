"""Renewal (延续): consent by silence before the licence ends."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from yiwang.audit import services as audit
from yiwang.cases.models import Renewal
from yiwang.cases.policy import renewing
from yiwang.cases.policy.deadlines import day_of
from yiwang.cases.policy.states import STEPS, STOPPED, CaseState, Step
from yiwang.cases.policy.terms import Outcome
from yiwang.cases.services.deciding import conclude
from yiwang.cases.services.decision_errors import DecisionRefusedError
from yiwang.cases.services.special import end_stop
from yiwang.cases.services.steps import capacity, locked, version_of
from yiwang.kernel.workdays import CalendarGapError, WorkdayCalendar
from yiwang.organisations.permissions import Actor

RENEWED_BATCH = 200
"""Cases deemed renewed in one run; the next run takes the rest."""


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
