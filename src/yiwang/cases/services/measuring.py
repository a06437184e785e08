"""Count each finished case once, for the figures (办件指标)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime

from django.db import transaction
from django.db.models import F, Q

from yiwang.audit import queries as trail
from yiwang.cases.models import (
    Case,
    CaseEvent,
    CaseMaterial,
    Correction,
    Delivery,
    Hearing,
    SpecialProcedure,
    WindowVisit,
)
from yiwang.cases.models.commitments import ToleranceCommitment
from yiwang.cases.models.measures import CaseMeasure
from yiwang.cases.policy.deadlines import day_of
from yiwang.cases.policy.figures import visits
from yiwang.cases.policy.states import FINISHED, Step
from yiwang.cases.policy.terms import DeliveryChannel, MaterialState
from yiwang.cases.services import kept
from yiwang.cases.services.application import COMMITTED_INSTEAD, PROMISED_INSTEAD
from yiwang.catalogue.policy.items import Channel, WaiveBy
from yiwang.kernel.clocks import ClockStop, StopReason, workdays_spent
from yiwang.kernel.workdays import CalendarGapError, WorkdayCalendar

BATCH = 1_000
"""Cases in one transaction."""

FROM_SHARED_DATA = frozenset({WaiveBy.LICENCE, WaiveBy.REGISTER})
"""How a material comes from shared data. The two exemptions (两个免于提交)."""

NOT_SHARED = frozenset({COMMITTED_INSTEAD, PROMISED_INSTEAD})
"""Sources of a waived material that are a letter of the applicant and no data."""


def measure_finished(*, calendar: WorkdayCalendar, at: datetime, most: int = 100 * BATCH) -> int:
    """Count finished cases that are not counted yet; the rest waits for the next run.

    Args:
        calendar: Working days; what lies outside it has no time.
        at: Moment of the run.
        most: Cases in one run.

    Returns:
        How many were counted.
    """
    done = after = 0
    while done < most:
        rows = list(
            Case.objects.filter(
                state__in=[state.value for state in FINISHED], measure=None, id__gt=after
            ).order_by("id")[:BATCH]
        )
        if not rows:
            break
        with transaction.atomic():
            CaseMeasure.objects.bulk_create(
                _measures(rows, calendar=calendar, at=at), ignore_conflicts=True
            )
        done, after = done + len(rows), rows[-1].pk
    return done


def _measures(
    rows: Sequence[Case], *, calendar: WorkdayCalendar, at: datetime
) -> list[CaseMeasure]:
    keys = [row.pk for row in rows]
    corrected = set(Correction.objects.filter(case_id__in=keys).values_list("case_id", flat=True))
    came, stops, materials = _came(rows), _stops(keys), defaultdict(list)
    for one in CaseMaterial.objects.filter(case_id__in=keys):
        materials[one.case_id].append(one)
    return [
        _measure(
            row,
            came=came[row.pk],
            stops=stops[row.pk],
            materials=materials[row.pk],
            corrected=row.pk in corrected,
            calendar=calendar,
            at=at,
        )
        for row in rows
    ]


def _came(rows: Sequence[Case]) -> dict[int, list[datetime]]:
    """Return when applicants stood at a window, by case: acts of the window, until the end."""
    found: dict[int, list[datetime]] = defaultdict(list)
    keys = [row.pk for row in rows]
    for row in rows:
        if row.channel == Channel.COUNTER:
            found[row.pk].append(row.received_at)
    corrections = CaseEvent.objects.filter(
        case_id__in=keys, step=Step.FILE_CORRECTION.value
    ).exclude(post="")
    for key, moment in corrections.values_list("case_id", "at"):
        found[key].append(moment)
    taken = Delivery.objects.filter(
        case_id__in=keys, channel=DeliveryChannel.PRINT.value, at__lte=F("case__closed_at")
    )
    for key, moment in taken.values_list("case_id", "at"):
        found[key].append(moment)
    visited = WindowVisit.objects.filter(case_id__in=keys).filter(
        Q(case__closed_at=None) | Q(at__lte=F("case__closed_at"))
    )
    for key, moment in visited.values_list("case_id", "at"):
        found[key].append(moment)
    later = ToleranceCommitment.objects.filter(case_id__in=keys).values_list("case_id", flat=True)
    promised = set(later) | {row.pk for row in rows if row.way == "commitment"}
    for row in rows:
        if row.pk in promised:  # a material that comes later has no step, but its line in the trail
            found[row.pk] += [
                one.at
                for one in trail.trail(target=f"case:{row.number}", act="cases.file_material")
                if not one.on_behalf_of and (row.closed_at is None or one.at <= row.closed_at)
            ]
    return found


def _stops(keys: Sequence[int]) -> dict[int, list[ClockStop]]:
    found: dict[int, list[ClockStop]] = defaultdict(list)
    for one in SpecialProcedure.objects.filter(case_id__in=keys):
        found[one.case_id].append(
            ClockStop(reason=StopReason(one.kind), started_on=one.started_on, ended_on=one.ended_on)
        )
    for heard in Hearing.objects.filter(case_id__in=keys):
        found[heard.case_id].append(
            ClockStop(reason=StopReason.HEARING, started_on=heard.told_on, ended_on=heard.ended_on)
        )
    return found


def _measure(
    row: Case,
    *,
    came: Sequence[datetime],
    stops: Sequence[ClockStop],
    materials: Sequence[CaseMaterial],
    corrected: bool,
    calendar: WorkdayCalendar,
    at: datetime,
) -> CaseMeasure:
    item = kept.item_version(row.item_slug, row.item_version)
    decided_on = day_of(row.decided_at) if row.decided_at else None
    kinds = {one.id: one.waive_by for one in item.materials}
    needed = [one for one in materials if kinds.get(one.material_id) is not WaiveBy.GENERATED]
    return CaseMeasure(
        case=row,
        deciding_department=row.deciding_department,
        item_slug=row.item_slug,
        item_name=row.item_name,
        closed_on=day_of(row.closed_at or row.touched_at),
        received_on=row.received_on,
        accepted_on=row.accepted_on,
        decided_on=decided_on,
        way=row.way,
        deemed=row.deemed,
        corrected=corrected,
        visits=visits(came),
        workdays=_workdays(row.accepted_on, decided_on, stops=stops, calendar=calendar),
        promised_workdays=item.limit.promised_workdays,
        statutory_workdays=item.limit.statutory_workdays,
        late_promised=_late(decided_on, row.promised_on),
        late_statutory=_late(decided_on, row.statutory_on),
        materials=len(needed),
        shared_materials=sum(
            one.state == MaterialState.WAIVED
            and kinds.get(one.material_id) in FROM_SHARED_DATA
            and one.source not in NOT_SHARED
            for one in needed
        ),
        counted_at=at,
    )


def _workdays(
    accepted_on: date | None,
    decided_on: date | None,
    *,
    stops: Sequence[ClockStop],
    calendar: WorkdayCalendar,
) -> int | None:
    if accepted_on is None or decided_on is None:
        return None
    try:
        return max(
            0,
            workdays_spent(
                accepted_on=accepted_on, ended_on=decided_on, stops=stops, calendar=calendar
            ),
        )
    except CalendarGapError:
        return None


def _late(decided_on: date | None, due_on: date | None) -> bool:
    return decided_on is not None and due_on is not None and decided_on > due_on
