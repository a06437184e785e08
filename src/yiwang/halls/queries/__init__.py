"""Questions about halls: what they are, who waits, when is free, how long it took."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, Max, Q
from django.utils import timezone

from yiwang.halls.models import Appointment, Hall, StaffRecord, StandardCheck, Ticket
from yiwang.halls.policy.plans import (
    HallPlan,
    Percentiles,
    Slot,
    Standard,
    Zone,
    from_plain,
    slots_of,
)
from yiwang.halls.policy.terms import (
    AppointmentState,
    Priority,
    RecordKind,
    StandardResult,
    TicketState,
)
from yiwang.kernel.workdays import CalendarGapError, WorkdayCalendar
from yiwang.organisations import queries as organisations
from yiwang.organisations import scope
from yiwang.organisations.permissions import EVERYWHERE, Actor, Permission, require

ROWS = 100
CALLED_SHOWN = 8
EXPIRES_SOON = timedelta(days=30)


class HallNotFoundError(LookupError):
    """No such hall; a page answers 404."""


@dataclass(frozen=True, kw_only=True)
class TicketView:
    """A ticket as the windows see it; it names nobody.

    Attributes:
        zone: Name of the zone.
        item_slug: What an appointment is for; empty without one.
        applicant_ref: Who reserved it; empty without an appointment.
    """

    id: int
    hall: str
    zone_code: str
    zone: str
    code: str
    state: TicketState
    priority: Priority
    taken_at: datetime
    window: str
    calls: int
    called_at: datetime | None
    case_number: str
    item_slug: str
    applicant_ref: str


@dataclass(frozen=True, kw_only=True)
class AppointmentView:
    """An appointment as whoever reserved it sees it."""

    id: int
    hall: str
    hall_name: str
    zone: str
    window: str
    item_slug: str
    item_name: str
    starts_at: datetime
    code: str
    state: AppointmentState
    applicant_ref: str
    cancel_until: datetime


@dataclass(frozen=True, kw_only=True)
class ZoneNow:
    """How a zone stands at this moment.

    Attributes:
        called: Number and window of those called last, the newest first.
        wait_minutes: Median waiting time of those called in the last hour; None: nobody was.
    """

    code: str
    name: str
    waiting: int
    called: tuple[tuple[str, str], ...]
    wait_minutes: int | None


@dataclass(frozen=True, kw_only=True)
class WindowFigure:
    """What one window did."""

    window: str
    served: int
    missed: int
    cases: int


@dataclass(frozen=True, kw_only=True)
class ZoneFigure:
    """How long people waited in one zone."""

    name: str
    waits: Percentiles


@dataclass(frozen=True, kw_only=True)
class HallFigures:
    """Figures of a hall over some days, both inclusive."""

    first: date
    last: date
    waits: Percentiles
    zones: tuple[ZoneFigure, ...]
    windows: tuple[WindowFigure, ...]
    waiting: int


@dataclass(frozen=True, kw_only=True)
class RecordView:
    """A training or certificate; `expired` and `soon` are reckoned for the day asked about."""

    id: int
    login: str
    name: str
    kind: RecordKind
    title: str
    issued_by: str
    issued_on: date
    valid_until: date | None
    hours: int
    expired: bool
    soon: bool


@dataclass(frozen=True, kw_only=True)
class StandardView:
    """A standard and how the hall met it last; None: never checked."""

    standard: Standard
    result: StandardResult | None
    note: str
    checked_on: date | None


def plans() -> list[HallPlan]:
    """Return all halls, the district's own first; one query."""
    return [
        from_plain(plan)
        for plan in Hall.objects.order_by("position", "id").values_list("plan", flat=True)
    ]


def hall(code: str) -> HallPlan:
    """Return the hall `code`.

    Raises:
        HallNotFoundError: there is none.
    """
    row = Hall.objects.filter(code=code[:40]).first()
    if row is None:
        raise HallNotFoundError(f"no hall {code[:40]!r}")
    return from_plain(row.plan)


def halls_of(by: Actor, permission: Permission) -> list[HallPlan]:
    """Return the halls in whose unit `by` holds `permission`."""
    return [plan for plan in plans() if by.may(permission, department=plan.department)]


def has_hall(by: Actor, permission: Permission) -> bool:
    """Tell whether `by` holds `permission` in the unit of some hall; for menus."""
    held = by.departments(permission)
    rows = Hall.objects.all()
    if EVERYWHERE not in held:
        rows = rows.filter(department_code__in=held)
    return bool(held) and rows.exists()


def day_of(at: datetime) -> date:
    """Return the day of the place."""
    return timezone.localdate(at)


def is_workday(day: date, calendar: WorkdayCalendar) -> bool:
    """Tell whether `day` is worked; beyond the calendar nothing is known to be worked."""
    try:
        return calendar.is_workday(day)
    except CalendarGapError:
        return False


def slots(
    hall_code: str, zone_code: str, day: date, *, calendar: WorkdayCalendar, at: datetime
) -> list[Slot]:
    """Return what may be booked in a zone on a day; two queries.

    Args:
        hall_code: The hall.
        zone_code: The zone.
        day: The day; outside the days that may be booked there is nothing.
        calendar: Tells whether it is worked.
        at: Moment of asking.

    Raises:
        LookupError: no such hall or zone.
    """
    plan = hall(hall_code)
    zone = plan.zone(zone_code)
    return free_slots(plan, zone, day, calendar=calendar, at=at)


def free_slots(
    plan: HallPlan, zone: Zone, day: date, *, calendar: WorkdayCalendar, at: datetime
) -> list[Slot]:
    """Return what may be booked in `zone` on a day; one query."""
    booking = zone.booking
    today = day_of(at)
    if booking is None or not today <= day <= today + timedelta(days=booking.days_ahead):
        return []
    begin = datetime.combine(day, datetime.min.time(), tzinfo=timezone.get_default_timezone())
    with scope.everything():  # a place is taken whoever has it
        taken = dict(
            Appointment.objects.filter(
                hall_code=plan.code,
                zone_code=zone.code,
                starts_at__gte=begin,
                starts_at__lt=begin + timedelta(days=1),
            )
            .exclude(state=AppointmentState.CANCELLED.value)
            .values_list("starts_at")
            .annotate(n=Count("id"))
        )
    return slots_of(
        plan,
        zone,
        day,
        workday=is_workday(day, calendar),
        taken={timezone.localtime(when): n for when, n in taken.items()},
        at=at,
        zone_info=timezone.get_default_timezone(),
    )


def bookable_days(
    plan: HallPlan, zone: Zone, *, calendar: WorkdayCalendar, at: datetime
) -> list[date]:
    """Return the days on which `zone` gives appointments and is open."""
    if zone.booking is None:
        return []
    today = day_of(at)
    ahead = (today + timedelta(days=step) for step in range(zone.booking.days_ahead + 1))
    return [day for day in ahead if plan.hours_on(day, is_workday(day, calendar))]


def appointments_of(by: Actor, *, limit: int = ROWS) -> list[AppointmentView]:
    """List the appointments of those `by` applies for, the next first; two queries."""
    rows = Appointment.objects.filter(applicant_ref__in=sorted(by.subjects)).order_by(
        "-starts_at", "-id"
    )
    known = {plan.code: plan for plan in plans()}
    return [appointment_view(row, known.get(row.hall_code)) for row in rows[: min(limit, ROWS)]]


def appointment(pk: int, *, by: Actor) -> AppointmentView:
    """Return one appointment of somebody `by` applies for.

    Raises:
        LookupError: there is none.
    """
    row = Appointment.objects.filter(pk=pk, applicant_ref__in=sorted(by.subjects)).first()
    if row is None:
        raise LookupError(f"no appointment {pk}")
    return appointment_view(row, hall(row.hall_code))


def appointment_view(row: Appointment, plan: HallPlan | None) -> AppointmentView:
    """Return `row` as whoever reserved it sees it."""
    zone = next((one for one in plan.zones if one.code == row.zone_code), None) if plan else None
    minutes = zone.booking.cancel_minutes if zone and zone.booking else 0
    return AppointmentView(
        id=row.pk,
        hall=row.hall_code,
        hall_name=plan.name if plan else row.hall_code,
        zone=zone.name if zone else row.zone_code,
        window=row.window,
        item_slug=row.item_slug,
        item_name=row.item_name,
        starts_at=row.starts_at,
        code=row.code,
        state=AppointmentState(row.state),
        applicant_ref=row.applicant_ref,
        cancel_until=row.starts_at - timedelta(minutes=minutes),
    )


def ticket_view(row: Ticket, plan: HallPlan) -> TicketView:
    """Return `row` as the windows see it."""
    zone = next((one for one in plan.zones if one.code == row.zone_code), None)
    reserved = row.appointment
    return TicketView(
        id=row.pk,
        hall=row.hall_code,
        zone_code=row.zone_code,
        zone=zone.name if zone else row.zone_code,
        code=row.code,
        state=TicketState(row.state),
        priority=Priority(row.priority),
        taken_at=row.taken_at,
        window=row.window,
        calls=row.calls,
        called_at=row.called_at,
        case_number=row.case_number,
        item_slug=reserved.item_slug if reserved else "",
        applicant_ref=reserved.applicant_ref if reserved else "",
    )


def ticket(pk: int) -> TicketView:
    """Return the ticket `pk`.

    Raises:
        LookupError: there is none.
    """
    row = Ticket.objects.select_related("appointment").filter(pk=pk).first()
    if row is None:
        raise LookupError(f"no ticket {pk}")
    return ticket_view(row, hall(row.hall_code))


def ticket_at(plan: HallPlan, window: str, *, at: datetime) -> TicketView | None:
    """Return the ticket that `window` has in hand today, or None; one query."""
    row = (
        Ticket.objects.select_related("appointment")
        .filter(hall_code=plan.code, day=day_of(at), window=window)
        .filter(state__in=[TicketState.CALLED.value, TicketState.SERVING.value])
        .first()
    )
    return ticket_view(row, plan) if row else None


def missed_at(plan: HallPlan, zone_code: str, *, at: datetime) -> list[TicketView]:
    """List today's tickets of a zone that did not come when called, the newest first."""
    rows = Ticket.objects.select_related("appointment").filter(
        hall_code=plan.code,
        zone_code=zone_code,
        day=day_of(at),
        state=TicketState.MISSED.value,
    )
    return [ticket_view(row, plan) for row in rows.order_by("-ended_at")[:CALLED_SHOWN]]


def tickets_of_case(number: str) -> list[TicketView]:
    """List the tickets with which the case `number` was taken in."""
    rows = Ticket.objects.select_related("appointment").filter(case_number=number)
    known = {plan.code: plan for plan in plans()} if rows else {}
    return [ticket_view(row, known[row.hall_code]) for row in rows if row.hall_code in known]


def cases_of_code(code: str, *, day: date) -> list[str]:
    """List the cases taken in with the ticket `code` of a day, in whichever hall; one query."""
    rows = Ticket.objects.filter(day=day, code=code).exclude(case_number="")
    return list(rows.order_by("id").values_list("case_number", flat=True))


def ahead_of(pk: int) -> int:
    """Return how many tickets of the zone were taken before `pk` and still wait."""
    row = Ticket.objects.get(pk=pk)
    waiting = Ticket.objects.filter(
        hall_code=row.hall_code,
        day=row.day,
        zone_code=row.zone_code,
        state=TicketState.WAITING.value,
    )
    return waiting.filter(
        Q(taken_at__lt=row.taken_at) | Q(taken_at=row.taken_at, pk__lt=pk)
    ).count()


def zones_now(plan: HallPlan, *, at: datetime) -> list[ZoneNow]:
    """Return how each zone stands, numbers only; for the display; three queries."""
    today = Ticket.objects.filter(hall_code=plan.code, day=day_of(at))
    waiting = dict(
        today.filter(state=TicketState.WAITING.value)
        .values_list("zone_code")
        .annotate(n=Count("id"))
    )
    called: dict[str, list[tuple[str, str]]] = {}
    newest = (
        today.filter(state__in=[TicketState.CALLED.value, TicketState.SERVING.value])
        .order_by("-called_at")
        .values_list("zone_code", "code", "window")
    )
    for zone_code, code, window in newest:
        called.setdefault(zone_code, []).append((code, window))
    waits = _waits(plan.code, since=at - timedelta(hours=1), until=at)
    return [
        ZoneNow(
            code=zone.code,
            name=zone.name,
            waiting=waiting.get(zone.code, 0),
            called=tuple(called.get(zone.code, [])[:CALLED_SHOWN]),
            wait_minutes=round(waits[zone.code].p50 or 0) if zone.code in waits else None,
        )
        for zone in plan.zones
    ]


def figures(hall_code: str, *, first: date, last: date, by: Actor, at: datetime) -> HallFigures:
    """Return waiting times and what the windows did.

    The waiting time of a ticket runs from taking it to its last call; tickets never called have
    none. The median and the ninth tenth are reckoned by the database over single tickets.

    Args:
        hall_code: The hall.
        first: First day.
        last: Last day, inclusive.
        by: Holds HALL_READ in the hall's unit.
        at: Moment of asking.

    Raises:
        PermissionRefusedError: `by` may not.
        HallNotFoundError: no such hall.
    """
    plan = hall(hall_code)
    require(by, Permission.HALL_READ, department=plan.department)
    place = timezone.get_default_timezone()
    since = datetime.combine(first, datetime.min.time(), tzinfo=place)
    until = datetime.combine(last + timedelta(days=1), datetime.min.time(), tzinfo=place)
    waits = _waits(hall_code, since=since, until=until)
    rows = Ticket.objects.filter(hall_code=hall_code, day__gte=first, day__lte=last)
    windows = (
        rows.exclude(window="")
        .values("window")
        .annotate(
            served=Count("id", filter=Q(state=TicketState.DONE.value)),
            missed=Count("id", filter=Q(state=TicketState.MISSED.value)),
            cases=Count("id", filter=~Q(case_number="")),
        )
        .order_by("window")
    )
    return HallFigures(
        first=first,
        last=last,
        waits=_waits(hall_code, since=since, until=until, whole=True).get("", Percentiles()),
        zones=tuple(
            ZoneFigure(name=zone.name, waits=waits.get(zone.code, Percentiles()))
            for zone in plan.zones
        ),
        windows=tuple(WindowFigure(**row) for row in windows),
        waiting=rows.filter(day=day_of(at), state=TicketState.WAITING.value).count(),
    )


def _waits(
    hall_code: str, *, since: datetime, until: datetime, whole: bool = False
) -> Mapping[str, Percentiles]:
    """Return the waiting times by zone, or of the whole hall under the empty code."""
    grouped = "''" if whole else "zone_code"
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT {grouped}, count(*),
                percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (
                    ORDER BY extract(epoch FROM called_at - taken_at) / 60.0)
            FROM halls_ticket
            WHERE hall_code = %s AND called_at >= %s AND called_at < %s
            GROUP BY 1
            """,  # noqa: S608 - one of two fixed words
            [hall_code, since, until],
        )
        return {
            zone: Percentiles(called=count, p50=round(float(p50), 1), p90=round(float(p90), 1))
            for zone, count, (p50, p90) in cursor.fetchall()
        }


def staff_records(hall_code: str, *, by: Actor, on: date) -> list[RecordView]:
    """List trainings and certificates of a hall's staff, those that run out first.

    Raises:
        PermissionRefusedError: `by` holds no HALL_READ in the hall's unit.
        HallNotFoundError: no such hall.
    """
    plan = hall(hall_code)
    require(by, Permission.HALL_READ, department=plan.department)
    rows = list(
        StaffRecord.objects.filter(hall_code=hall_code).order_by("valid_until", "login", "id")[
            :ROWS
        ]
    )
    names = organisations.names_of([f"user:{row.login}" for row in rows])
    return [
        RecordView(
            id=row.pk,
            login=row.login,
            name=names.get(f"user:{row.login}", row.login),
            kind=RecordKind(row.kind),
            title=row.title,
            issued_by=row.issued_by,
            issued_on=row.issued_on,
            valid_until=row.valid_until,
            hours=row.hours,
            expired=row.valid_until is not None and row.valid_until < on,
            soon=row.valid_until is not None and on <= row.valid_until < on + EXPIRES_SOON,
        )
        for row in rows
    ]


def standards(hall_code: str, *, by: Actor) -> list[StandardView]:
    """List the standards of a hall with the last result of each; two queries.

    Raises:
        PermissionRefusedError: `by` holds no HALL_READ in the hall's unit.
        HallNotFoundError: no such hall.
    """
    plan = hall(hall_code)
    require(by, Permission.HALL_READ, department=plan.department)
    latest: dict[str, Any] = {}
    for row in StandardCheck.objects.filter(
        pk__in=StandardCheck.objects.filter(hall_code=hall_code)
        .values("standard_code")
        .annotate(last=Max("pk"))
        .values("last")
    ):
        latest[row.standard_code] = row
    return [
        StandardView(
            standard=one,
            result=StandardResult(found.result) if (found := latest.get(one.code)) else None,
            note=found.note if found else "",
            checked_on=found.checked_on if found else None,
        )
        for one in plan.standards
    ]
