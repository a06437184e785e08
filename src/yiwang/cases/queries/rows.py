"""Lines of lists of cases: the columns that are read, and the light of each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q

from yiwang.cases.models import Case
from yiwang.cases.policy.deadlines import case_light
from yiwang.cases.policy.states import CaseState
from yiwang.catalogue.policy.items import Channel
from yiwang.catalogue.policy.towns import TownMode
from yiwang.kernel.clocks import LightAnswer, amber_days
from yiwang.kernel.workdays import CalendarGapError, WorkdayCalendar


@dataclass(frozen=True, kw_only=True)
class QueueRow:
    """One line of a work queue or of a list of cases."""

    number: str
    query_code: str
    item_slug: str
    item_name: str
    applicant_name: str
    state: CaseState
    version: int
    channel: Channel
    deciding_department: str
    intake_department: str
    town: str
    town_mode: TownMode | None
    assigned_to: str
    sent_back: bool
    received_at: datetime
    due_on: date | None
    statutory_on: date | None
    closed_at: datetime | None
    light: LightAnswer


ROW_FIELDS = (
    "id",
    "number",
    "query_code",
    "item_slug",
    "item_name",
    "applicant_name",
    "state",
    "version",
    "channel",
    "deciding_department",
    "intake_department",
    "town",
    "town_mode",
    "assigned_to",
    "sent_back",
    "received_at",
    "due_on",
    "statutory_on",
    "closed_at",
)


def queue_row(row: Case, today: date, calendar: WorkdayCalendar) -> QueueRow:
    """Return a row as a line of a list, with its light."""
    return QueueRow(
        number=row.number,
        query_code=row.query_code,
        item_slug=row.item_slug,
        item_name=row.item_name,
        applicant_name=row.applicant_name,
        state=CaseState(row.state),
        version=row.version,
        channel=Channel(row.channel),
        deciding_department=row.deciding_department,
        intake_department=row.intake_department,
        town=row.town,
        town_mode=TownMode(row.town_mode) if row.town_mode else None,
        assigned_to=row.assigned_to,
        sent_back=row.sent_back,
        received_at=row.received_at,
        due_on=row.due_on,
        statutory_on=row.statutory_on,
        closed_at=row.closed_at,
        light=case_light(
            state=CaseState(row.state), due_on=row.due_on, today=today, calendar=calendar
        ),
    )


def in_states(states: Iterable[CaseState]) -> Q:
    """Tell which cases are in one of the states."""
    return Q(state__in=sorted(state.value for state in states))


def soon_until(today: date, calendar: WorkdayCalendar) -> date:
    """Return the last day that is due soon; beyond the calendar days count as they come."""
    try:
        return calendar.add_workdays(today, amber_days())
    except CalendarGapError:
        return date.fromordinal(today.toordinal() + amber_days())
