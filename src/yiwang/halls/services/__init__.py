"""Acts in a hall: tickets, appointments, records of staff, checks of standards."""

from __future__ import annotations

import secrets
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import timezone

from yiwang.audit import services as audit
from yiwang.catalogue import queries as catalogue
from yiwang.catalogue import towns
from yiwang.halls import queries
from yiwang.halls.models import (
    Appointment,
    Hall,
    QueueDay,
    StaffRecord,
    StandardCheck,
    Ticket,
)
from yiwang.halls.policy.plans import HallPlan, Waiting, Zone, next_ticket, to_plain
from yiwang.halls.policy.terms import (
    AppointmentState,
    Priority,
    RecordKind,
    StandardResult,
    TakenAt,
    TicketState,
)
from yiwang.halls.queries import AppointmentView, TicketView, day_of
from yiwang.kernel.errors import RefusedError
from yiwang.kernel.workdays import WorkdayCalendar
from yiwang.notices import services as notices
from yiwang.notices.policy.templates import Occasion
from yiwang.notices.services import Wanted
from yiwang.organisations import queries as organisations
from yiwang.organisations import scope
from yiwang.organisations.permissions import Actor, Permission, PermissionRefusedError, require

DUE_BEFORE = timedelta(minutes=10)
"""How long before its time an appointment goes before others."""

REMIND_BEFORE = timedelta(hours=24)
CODE_DIGITS = 6
DRAWS = 20
"""Codes drawn before giving up; a day has few appointments and a million codes."""

MOST_BOOKED = 3
"""Open appointments of one applicant."""


class TicketRefusedError(RefusedError):
    """The ticket cannot be taken, called or ended like that."""

    code = "halls.ticket_refused"


class AppointmentRefusedError(RefusedError):
    """The appointment cannot be made, cancelled or used."""

    code = "halls.appointment_refused"


class RecordRefusedError(RefusedError):
    """The record about staff or standards cannot be written."""

    code = "halls.record_refused"


@transaction.atomic
def save_hall(plan: HallPlan, *, position: int = 0, by: str, at: datetime) -> None:
    """Write a hall as a pack describes it (装入大厅)."""
    Hall.objects.update_or_create(
        code=plan.code,
        defaults={
            "name": plan.name,
            "department_code": plan.department,
            "plan": to_plain(plan),
            "position": position,
            "loaded_at": at,
        },
    )
    audit.record(
        at=at,
        actor=by,
        act="halls.save_hall",
        target=f"hall:{plan.code}",
        department=plan.department,
        detail={"zones": len(plan.zones), "windows": sum(len(z.windows) for z in plan.zones)},
    )


@transaction.atomic
def take_ticket(
    *,
    hall: str,
    zone: str,
    priority: Priority,
    taken_by: TakenAt,
    calendar: WorkdayCalendar,
    by: Actor,
    at: datetime,
) -> TicketView:
    """Draw the next number of a zone (取号).

    Args:
        hall: Code of the hall.
        zone: Code of the zone.
        priority: Why somebody goes before others; their word is taken, a clerk looks.
        taken_by: At a kiosk, or by a clerk of the hall.
        calendar: Tells whether the hall is open today.
        by: The clerk, or nobody in particular at a kiosk.
        at: Moment of drawing.

    Raises:
        TicketRefusedError: closed, or the hall knows no such priority.
        PermissionRefusedError: a clerk of another unit.
        LookupError: no such hall or zone.
    """
    plan = queries.hall(hall)
    place = plan.zone(zone)
    if taken_by is TakenAt.CLERK:
        require(by, Permission.CASE_RECEIVE, department=plan.department)
    if priority is not Priority.NONE and priority not in plan.priorities:
        raise TicketRefusedError("本大厅没有这类优先，请按普通号取号，或者请工作人员帮助。")
    local = timezone.localtime(at)
    if not plan.is_open(local, workday=queries.is_workday(local.date(), calendar)):
        raise TicketRefusedError("大厅现在不在办公时间，不能取号；可以在网上预约。")
    return _draw(plan, place, priority=priority, taken_by=taken_by, by=by, at=at)


def _draw(
    plan: HallPlan,
    zone: Zone,
    *,
    priority: Priority,
    taken_by: TakenAt,
    by: Actor,
    at: datetime,
    reserved: Appointment | None = None,
) -> TicketView:
    queue = _queue(plan.code, zone.code, at)
    queue.last_number += 1
    queue.save(update_fields=["last_number"])
    row = Ticket.objects.create(
        hall_code=plan.code,
        zone_code=zone.code,
        day=queue.day,
        code=f"{zone.letter}{queue.last_number:03d}",
        priority=priority.value,
        taken_by=taken_by.value,
        taken_at=at,
        appointment=reserved,
    )
    _record("take_ticket", row, plan, {"zone": zone.code, "priority": priority.value}, by=by, at=at)
    return queries.ticket_view(row, plan)


def check_in(
    *, hall: str, code: str, priority: Priority = Priority.NONE, by: Actor, at: datetime
) -> TicketView:
    """Turn an appointment into a ticket on arrival (预约签到).

    From ten minutes before its time the ticket goes before others; whoever comes earlier waits.

    Args:
        hall: Code of the hall.
        code: The six digits that whoever reserved it was given.
        priority: As for any ticket.
        by: Nobody in particular at a kiosk, or a clerk.
        at: Moment of arrival.

    Raises:
        AppointmentRefusedError: no such appointment today, too early, or too late.
        LookupError: no such hall.
    """
    with scope.everything(), transaction.atomic():  # the code is the secret
        return _check_in(hall, code, priority, by=by, at=at)


def _check_in(hall: str, code: str, priority: Priority, *, by: Actor, at: datetime) -> TicketView:
    plan = queries.hall(hall)
    row = (
        Appointment.objects.select_for_update()
        .filter(hall_code=hall, code=code.strip()[:CODE_DIGITS])
        .filter(starts_at__gte=_midnight(at), starts_at__lt=_midnight(at) + timedelta(days=1))
        .first()
    )
    if row is None or row.state == AppointmentState.CANCELLED:
        raise AppointmentRefusedError("今天没有这个签到码的预约，请核对六位数字，或者直接取号。")
    if row.state == AppointmentState.ARRIVED:
        raise AppointmentRefusedError("这个预约已经签到，请留意叫号；号码遗失的请找工作人员。")
    zone = plan.zone(row.zone_code)
    booking = zone.booking
    early = timedelta(minutes=booking.early_minutes if booking else 0)
    late = timedelta(minutes=booking.late_minutes if booking else 0)
    begins = timezone.localtime(row.starts_at)
    if at < row.starts_at - early:
        raise AppointmentRefusedError(
            f"预约时间是{begins:%H:%M}，请在{begins - early:%H:%M}以后再签到。"
        )
    if at > row.starts_at + late:
        raise AppointmentRefusedError(f"预约时间{begins:%H:%M}已经过了，请取普通号，或者重新预约。")
    row.state = AppointmentState.ARRIVED.value
    row.save(update_fields=["state"])
    return _draw(
        plan,
        zone,
        priority=priority if priority in plan.priorities else Priority.NONE,
        taken_by=TakenAt.APPOINTMENT,
        by=by,
        at=at,
        reserved=row,
    )


@transaction.atomic
def call_next(*, hall: str, window: str, by: Actor, at: datetime) -> TicketView | None:
    """Call whose turn it is to a window (叫号); None: nobody waits.

    Two windows that call at once get two tickets: the queue of the zone is held meanwhile.

    Raises:
        TicketRefusedError: no such window, or it still has a ticket in hand.
        PermissionRefusedError: `by` receives no cases in the hall's unit.
        LookupError: no such hall.
    """
    plan = queries.hall(hall)
    require(by, Permission.CASE_RECEIVE, department=plan.department)
    zone = plan.zone_of_window(window)
    if zone is None:
        raise TicketRefusedError("本大厅没有这个窗口，请先选择自己的窗口号。")
    queue = _queue(plan.code, zone.code, at)
    held = queries.ticket_at(plan, window, at=at)
    if held is not None:
        raise TicketRefusedError(
            f"{window}窗口还有{held.code}号没有办完，请先办完、过号或者转区，再叫下一号。"
        )
    rows = {
        row.pk: row
        for row in Ticket.objects.select_for_update(of=("self",))
        .select_related("appointment")
        .filter(
            hall_code=plan.code,
            zone_code=zone.code,
            day=queue.day,
            state=TicketState.WAITING.value,
        )
        .order_by("taken_at", "pk")
    }
    turn = next_ticket(
        [_waiting(row, at) for row in rows.values()],
        run=queue.priority_run,
        in_a_row=plan.in_a_row,
    )
    if turn is None:
        return None
    queue.priority_run = queue.priority_run + 1 if turn.first else 0
    queue.save(update_fields=["priority_run"])
    row = rows[turn.id]
    row.state, row.window, row.calls = TicketState.CALLED.value, window, 1
    row.called_at, row.called_by = at, by.ref
    row.save(update_fields=["state", "window", "calls", "called_at", "called_by"])
    _record("call_ticket", row, plan, {"window": window}, by=by, at=at)
    return queries.ticket_view(row, plan)


def _waiting(row: Ticket, at: datetime) -> Waiting:
    reserved = row.appointment
    due = reserved is not None and at >= reserved.starts_at - DUE_BEFORE
    first = row.priority != Priority.NONE or bool(row.moved_from) or due
    return Waiting(id=row.pk, taken_at=row.taken_at, first=first)


@transaction.atomic
def recall(*, ticket: int, by: Actor, at: datetime) -> TicketView:
    """Call a ticket once more (再叫一次).

    Raises:
        TicketRefusedError: the window does not have it.
        PermissionRefusedError: `by` receives no cases there.
        ObjectDoesNotExist: no such ticket.
    """
    row, plan = _held(ticket, by=by)
    row.calls += 1
    row.save(update_fields=["calls"])
    _record("recall_ticket", row, plan, {"calls": row.calls}, by=by, at=at)
    return queries.ticket_view(row, plan)


@transaction.atomic
def start_serving(*, ticket: int, by: Actor, at: datetime) -> TicketView:
    """Say that the one who was called came (开始办理)."""
    row, plan = _held(ticket, by=by)
    if row.state == TicketState.CALLED:
        row.state = TicketState.SERVING.value
        row.save(update_fields=["state"])
        _record("start_ticket", row, plan, {}, by=by, at=at)
    return queries.ticket_view(row, plan)


@transaction.atomic
def tie_case(*, ticket: int, case_number: str, by: Actor, at: datetime) -> None:
    """Tie the case that was taken in to the ticket (关联办件); the first one stays."""
    row, plan = _held(ticket, by=by)
    row.state = TicketState.SERVING.value
    row.case_number = row.case_number or case_number
    row.save(update_fields=["state", "case_number"])
    _record("tie_ticket", row, plan, {"case": case_number}, by=by, at=at)


@transaction.atomic
def finish(*, ticket: int, by: Actor, at: datetime) -> TicketView:
    """End a ticket that was served (办完)."""
    row, plan = _held(ticket, by=by)
    return _end(row, plan, TicketState.DONE, "finish_ticket", by=by, at=at)


@transaction.atomic
def miss(*, ticket: int, by: Actor, at: datetime) -> TicketView:
    """End a ticket whose holder did not come (过号); it can be taken back the same day."""
    row, plan = _held(ticket, by=by)
    if row.case_number:
        raise TicketRefusedError("这个号已经收件，不能过号，请按“办完”。")
    return _end(row, plan, TicketState.MISSED, "miss_ticket", by=by, at=at)


@transaction.atomic
def take_back(*, ticket: int, by: Actor, at: datetime) -> TicketView:
    """Put a missed ticket back into the queue, at the end of it (过号恢复).

    Raises:
        TicketRefusedError: not missed, or not of today.
        PermissionRefusedError: `by` receives no cases there.
        ObjectDoesNotExist: no such ticket.
    """
    row, plan = _locked(ticket, by=by)
    if row.state != TicketState.MISSED or row.day != day_of(at):
        raise TicketRefusedError("只有今天过号的号码可以恢复，请重新取号。")
    row.state, row.taken_at = TicketState.WAITING.value, at
    row.window, row.calls, row.called_by = "", 0, ""
    row.called_at = row.ended_at = None
    row.save()
    _record("return_ticket", row, plan, {}, by=by, at=at)
    return queries.ticket_view(row, plan)


@transaction.atomic
def transfer(*, ticket: int, zone: str, by: Actor, at: datetime) -> TicketView:
    """Send a ticket to another zone (转区); it keeps its number and goes before others there.

    Raises:
        TicketRefusedError: the window does not have it, the same zone, or none.
        PermissionRefusedError: `by` receives no cases there.
        ObjectDoesNotExist: no such ticket.
    """
    row, plan = _held(ticket, by=by)
    if zone == row.zone_code or zone not in {one.code for one in plan.zones}:
        raise TicketRefusedError("请选择另一个功能区。")
    row.moved_from, row.zone_code = row.zone_code, zone
    row.state, row.window, row.calls, row.called_by = TicketState.WAITING.value, "", 0, ""
    row.called_at = None
    row.save()
    _record("transfer_ticket", row, plan, {"to": zone}, by=by, at=at)
    return queries.ticket_view(row, plan)


def _end(
    row: Ticket, plan: HallPlan, state: TicketState, act: str, *, by: Actor, at: datetime
) -> TicketView:
    row.state, row.ended_at = state.value, at
    row.save(update_fields=["state", "ended_at"])
    _record(act, row, plan, {"window": row.window}, by=by, at=at)
    return queries.ticket_view(row, plan)


def _locked(pk: int, *, by: Actor) -> tuple[Ticket, HallPlan]:
    row = Ticket.objects.select_for_update(of=("self",)).select_related("appointment").get(pk=pk)
    plan = queries.hall(row.hall_code)
    require(by, Permission.CASE_RECEIVE, department=plan.department)
    return row, plan


def _held(pk: int, *, by: Actor) -> tuple[Ticket, HallPlan]:
    """Lock a ticket that `by` called; whoever else has it by now is named by the window."""
    row, plan = _locked(pk, by=by)
    if row.state not in {TicketState.CALLED, TicketState.SERVING}:
        raise TicketRefusedError(
            f"{row.code}号现在是“{TicketState(row.state).label}”，不在窗口，请叫下一号。"
        )
    if row.called_by != by.ref:
        raise TicketRefusedError(f"{row.code}号正由{row.window}窗口办理，请叫下一号。")
    return row, plan


def _queue(hall_code: str, zone_code: str, at: datetime) -> QueueDay:
    key = {"hall_code": hall_code, "zone_code": zone_code, "day": day_of(at)}
    QueueDay.objects.bulk_create([QueueDay(**key)], ignore_conflicts=True)
    return QueueDay.objects.select_for_update().get(**key)


def _midnight(at: datetime) -> datetime:
    return timezone.localtime(at).replace(hour=0, minute=0, second=0, microsecond=0)


@transaction.atomic
def book(
    *,
    hall: str,
    item_slug: str,
    starts_at: datetime,
    applicant_ref: str,
    calendar: WorkdayCalendar,
    by: Actor,
    at: datetime,
) -> AppointmentView:
    """Reserve a time at a window of the zone of an item (预约).

    Args:
        hall: Code of the hall.
        item_slug: What for; the item is bookable.
        starts_at: Beginning of a slot that is free.
        applicant_ref: For whom.
        calendar: Tells which days are worked.
        by: Applies for `applicant_ref`.
        at: Moment of reserving.

    Raises:
        PermissionRefusedError: `by` does not act for them.
        AppointmentRefusedError: not bookable, full, over, the second for the same, or too many.
        LookupError: no such hall or item.
    """
    if not by.acts_for(applicant_ref):
        raise PermissionRefusedError("只能为自己或者您代理的申请人预约，请先取得授权。")
    plan = queries.hall(hall)
    item = catalogue.item(item_slug, on=day_of(at))
    zone = plan.zone_for(item.department)
    if not item.bookable or zone.booking is None:
        raise AppointmentRefusedError("这个事项不用预约，在办公时间到大厅取号即可。")
    if not towns.done_at(item_slug, plan.department, on=day_of(starts_at)):
        raise AppointmentRefusedError(
            f"“{item.name}”在这一天不在{plan.name}办理，请选择列出的其他大厅。"
        )
    _queue(plan.code, zone.code, starts_at)
    open_ones = Appointment.objects.filter(
        applicant_ref=applicant_ref, state=AppointmentState.BOOKED.value, starts_at__gt=at
    )
    if open_ones.filter(item_slug=item_slug).exists():
        raise AppointmentRefusedError("这个事项您已经预约了，要改时间请先取消原来的预约。")
    if open_ones.count() >= MOST_BOOKED:
        raise AppointmentRefusedError(f"同时最多有{MOST_BOOKED}个预约，请先取消用不到的预约。")
    day = day_of(starts_at)
    free = queries.free_slots(plan, zone, day, calendar=calendar, at=at)
    slot = next((one for one in free if one.starts_at == starts_at), None)
    if slot is None:
        raise AppointmentRefusedError("这个时间不能预约，请在列出的时间中选择。")
    place = _free_place(plan, zone, starts_at)
    if not slot.left or place is None:
        raise AppointmentRefusedError("这个时间已经约满，请选择另一个时间。")
    Appointment.objects.filter(
        applicant_ref=applicant_ref,
        item_slug=item_slug,
        state=AppointmentState.BOOKED.value,
        starts_at__lte=at,
    ).update(state=AppointmentState.MISSED.value)
    row = Appointment.objects.create(
        hall_code=hall,
        zone_code=zone.code,
        window=place[0],
        seat=place[1],
        item_slug=item.slug,
        item_name=item.name,
        starts_at=starts_at,
        applicant_ref=applicant_ref,
        code=_code(hall, day),
        booked_at=at,
        booked_by=by.ref,
    )
    audit.record(
        at=at,
        actor=by.ref,
        act="halls.book",
        target=f"appointment:{row.pk}",
        department=plan.department,
        detail={"item": item.slug, "starts_at": starts_at.isoformat(), "window": row.window},
        on_behalf_of=applicant_ref,
        ip=by.ip,
    )
    return queries.appointment_view(row, plan)


def _free_place(plan: HallPlan, zone: Zone, starts_at: datetime) -> tuple[str, int] | None:
    booking = zone.booking
    if booking is None:
        return None
    with scope.everything():  # a place is taken whoever has it
        taken = set(
            Appointment.objects.filter(
                hall_code=plan.code, zone_code=zone.code, starts_at=starts_at
            )
            .exclude(state=AppointmentState.CANCELLED.value)
            .values_list("window", "seat")
        )
    places = ((window, seat) for seat in range(booking.per_window) for window in booking.windows)
    return next((place for place in places if place not in taken), None)


def _code(hall: str, day: date) -> str:
    """Draw six digits that no other appointment of the hall has that day."""
    begin = datetime.combine(day, datetime.min.time(), tzinfo=timezone.get_default_timezone())
    with scope.everything():  # a code is used whoever has it
        taken = set(
            Appointment.objects.filter(
                hall_code=hall, starts_at__gte=begin, starts_at__lt=begin + timedelta(days=1)
            ).values_list("code", flat=True)
        )
    for _ in range(DRAWS):
        code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"
        if code not in taken:
            return code
    raise AppointmentRefusedError("预约太多，暂时不能再约，请选择另一天。")


@transaction.atomic
def cancel(*, appointment: int, by: Actor, at: datetime) -> AppointmentView:
    """Give a reserved time back (取消预约).

    Raises:
        AppointmentRefusedError: not booked any more, or too late.
        ObjectDoesNotExist: no such appointment of theirs.
    """
    row = Appointment.objects.select_for_update().get(
        pk=appointment, applicant_ref__in=sorted(by.subjects)
    )
    plan = queries.hall(row.hall_code)
    view = queries.appointment_view(row, plan)
    if row.state != AppointmentState.BOOKED:
        raise AppointmentRefusedError(f"这个预约{view.state.label}，不能再取消。")
    if at > view.cancel_until:
        raise AppointmentRefusedError(
            "离预约时间太近，不能取消；来不了的请拨打大厅电话或者12345说明。"
        )
    row.state, row.cancelled_at = AppointmentState.CANCELLED.value, at
    row.save(update_fields=["state", "cancelled_at"])
    audit.record(
        at=at,
        actor=by.ref,
        act="halls.cancel",
        target=f"appointment:{row.pk}",
        department=plan.department,
        on_behalf_of=row.applicant_ref,
        ip=by.ip,
    )
    return queries.appointment_view(row, plan)


@transaction.atomic
def remind(*, at: datetime, limit: int = 1_000) -> int:
    """Remind of appointments of the next day, each once (预约提醒), and close those not kept.

    Returns:
        How many are told.
    """
    Appointment.objects.filter(
        state=AppointmentState.BOOKED.value, starts_at__lt=_midnight(at)
    ).update(state=AppointmentState.MISSED.value)
    rows = (
        Appointment.objects.select_for_update(skip_locked=True)
        .filter(
            state=AppointmentState.BOOKED.value,
            reminded_at__isnull=True,
            starts_at__gt=at,
            starts_at__lte=at + REMIND_BEFORE,
        )
        .order_by("starts_at")[:limit]
    )
    notices.plan([_reminder(row) for row in rows], at=at)
    for row in rows:
        row.reminded_at = at
        row.save(update_fields=["reminded_at"])
    return len(rows)


def _reminder(row: Appointment) -> Wanted:
    starts_at = timezone.localtime(row.starts_at)
    return Wanted(
        about=f"appointment:{row.pk}",
        occasion=Occasion.APPOINTMENT,
        subject=f"{starts_at:%Y-%m-%d %H:%M}",
        to_ref=row.applicant_ref,
        words={
            "code": row.code,
            "day": f"{starts_at.month}月{starts_at.day}日{starts_at:%H:%M}",
            "item": row.item_name,
            "place": "/appointments/",
        },
    )


@transaction.atomic
def record_staff(
    *,
    hall: str,
    login: str,
    kind: RecordKind,
    title: str,
    issued_by: str,
    issued_on: date,
    valid_until: date | None,
    hours: int,
    by: Actor,
    at: datetime,
) -> None:
    """Write down a training or a certificate of a member of the window staff (登记培训、证书).

    Raises:
        PermissionRefusedError: `by` does not manage the hall.
        RecordRefusedError: no such member of its staff, words missing, or dates that cannot be.
        HallNotFoundError: no such hall.
    """
    plan = queries.hall(hall)
    require(by, Permission.HALL_MANAGE, department=plan.department)
    staff = {
        one.login
        for one in organisations.staff_with(
            Permission.CASE_RECEIVE, department=plan.department, at=at
        )
    }
    if login not in staff:
        raise RecordRefusedError("所选人员不是本大厅的窗口人员，请在名单中选择。")
    if not title.strip() or not issued_by.strip():
        raise RecordRefusedError("请填写名称和颁发或者组织单位。")
    if issued_on > day_of(at):
        raise RecordRefusedError("日期不能晚于今天，请核对。")
    if valid_until is not None and valid_until < issued_on:
        raise RecordRefusedError("有效期不能早于颁发日期，请核对。")
    row = StaffRecord.objects.create(
        hall_code=hall,
        login=login,
        kind=kind.value,
        title=title.strip()[:120],
        issued_by=issued_by.strip()[:120],
        issued_on=issued_on,
        valid_until=valid_until,
        hours=hours,
        recorded_by=by.ref,
        recorded_at=at,
    )
    audit.record(
        at=at,
        actor=by.ref,
        act="halls.record_staff",
        target=f"staff_record:{row.pk}",
        department=plan.department,
        detail={"login": login, "kind": kind.value, "title": row.title},
        ip=by.ip,
    )


@transaction.atomic
def check_standard(
    *,
    hall: str,
    standard: str,
    result: StandardResult,
    note: str,
    by: Actor,
    at: datetime,
) -> None:
    """Write down how the hall meets one standard (标准化检查).

    Raises:
        PermissionRefusedError: `by` does not manage the hall.
        RecordRefusedError: no such standard, or not met without a word why.
        HallNotFoundError: no such hall.
    """
    plan = queries.hall(hall)
    require(by, Permission.HALL_MANAGE, department=plan.department)
    if standard not in {one.code for one in plan.standards}:
        raise RecordRefusedError("清单中没有这项标准，请刷新后重新填写。")
    words = note.strip()[:300]
    if result is not StandardResult.MET and not words:
        raise RecordRefusedError("没有达标或者部分达标的，请写明差在哪里、何时整改。")
    StandardCheck.objects.create(
        hall_code=hall,
        standard_code=standard,
        result=result.value,
        note=words,
        checked_on=day_of(at),
        checked_by=by.ref,
        recorded_at=at,
    )
    audit.record(
        at=at,
        actor=by.ref,
        act="halls.check_standard",
        target=f"hall:{hall}",
        department=plan.department,
        detail={"standard": standard, "result": result.value},
        ip=by.ip,
    )


def _record(
    act: str, row: Ticket, plan: HallPlan, detail: dict[str, object], *, by: Actor, at: datetime
) -> None:
    audit.record(
        at=at,
        actor=by.ref,
        act=f"halls.{act}",
        target=f"ticket:{row.pk}",
        department=plan.department,
        detail={"code": row.code, **detail},
        ip=by.ip,
    )
