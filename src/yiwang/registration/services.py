"""Acts on dual notices: push, claim, return, reassign, follow, close, remind, escalate."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

import orjson
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from yiwang.audit import services as audit
from yiwang.catalogue.policy.items import ItemVersion
from yiwang.kernel import events
from yiwang.kernel.errors import RefusedError
from yiwang.kernel.workdays import WorkdayCalendar
from yiwang.licences import queries as licences
from yiwang.licences.policy.states import LIVE
from yiwang.organisations import queries as organisations
from yiwang.organisations.permissions import Actor, Permission, require
from yiwang.registration import queries
from yiwang.registration.events import NoticeClosed
from yiwang.registration.models import DualNotice, NoticeEvent, Rules
from yiwang.registration.policy.notices import (
    ASKED,
    HELD,
    OPEN,
    NoticeKind,
    NoticeRules,
    NoticeState,
    NoticeStep,
    after,
)
from yiwang.registration.policy.scopes import KEYWORD_MAX, needed
from yiwang.registration.queries import NoticeNotFoundError, may_see
from yiwang.supervision.queries import Line, held_items, supervisors_of
from yiwang.supervision.services import open_inspection

PLACE = ZoneInfo("Asia/Shanghai")
NOTE_LENGTH = 1_000
"""Longest reason or report, in characters."""

BATCH = 500

REPORTS = frozenset(
    {
        NoticeStep.FOLLOW,
        NoticeStep.NOTE,
        NoticeStep.NO_NEED,
        NoticeStep.NOT_OPERATING,
        NoticeStep.INSPECT,
        NoticeStep.PERMIT_END,
    }
)
"""What a department may report of a firm."""


class NoticeRefusedError(RefusedError):
    """The act on the notice cannot be done like that."""

    code = "registration.refused"


@transaction.atomic
def save_rules(rules: NoticeRules, *, by: str, at: datetime) -> None:
    """Save how the district runs the two notices; notices that run keep their days."""
    plain = orjson.loads(orjson.dumps(dataclasses.asdict(rules)))  # days as text
    Rules.objects.create(definition=plain, saved_at=at)
    audit.record(
        at=at,
        actor=by,
        act="registration.save_rules",
        target="registration:rules",
        detail={"items": len(rules.rules)},
    )


@transaction.atomic
def push_notices(
    *,
    rules: NoticeRules,
    case_number: str,
    entity_ref: str,
    entity_name: str,
    scope: str,
    calendar: WorkdayCalendar,
    by: Actor,
    at: datetime,
    happened_at: datetime | None = None,
) -> int:
    """Tell every department whose permit the business scope needs (推送); return how many are new.

    Done by a job that follows the grant, so a second call changes nothing. Notices about the same
    firm and permit that still run are not pushed again, nor is a permit that the firm holds.
    `happened_at` is the moment of the grant; the clock of the database says when it arrived.

    Raises:
        CalendarGapError: the calendar ends before the last day; nothing is changed.
    """
    running = _running_or_held(entity_ref)
    pushed = [
        _push(
            rules,
            case_number=case_number,
            entity_ref=entity_ref,
            entity_name=entity_name,
            item_slug=match.rule.item,
            item_name=match.rule.item_name,
            department=match.rule.department,
            keyword=match.keyword,
            note=f"经营范围含“{match.keyword}”",
            happened_at=happened_at,
            calendar=calendar,
            by=by,
            at=at,
        )
        for match in needed(rules, scope, on=_day(at))
        if match.rule.item not in running
    ]
    return sum(row is not None for row in pushed)


@transaction.atomic
def push_named(
    *,
    rules: NoticeRules,
    case_number: str,
    entity_ref: str,
    entity_name: str,
    item: ItemVersion,
    keyword: str,
    claimed: bool,
    calendar: WorkdayCalendar,
    by: Actor,
    at: datetime,
) -> bool:
    """Tell the department of a permit that somebody named for a phrase of a scope (推送).

    Nothing is told anew of a permit that the firm holds, or of which a notice runs. With
    `claimed` the notice is claimed at once, by whoever named the permit.

    Raises:
        CalendarGapError: the calendar ends before the last day.
    """
    if item.slug in _running_or_held(entity_ref):
        return False
    keyword = keyword[:KEYWORD_MAX]
    row = _push(
        rules,
        case_number=case_number,
        entity_ref=entity_ref,
        entity_name=entity_name,
        item_slug=item.slug,
        item_name=item.name,
        department=item.department,
        keyword=keyword,
        note=f"经营范围用语“{keyword}”，经确认需要本许可",
        happened_at=None,
        calendar=calendar,
        by=by,
        at=at,
    )
    if row is not None and claimed:
        claim(number=row.pk, calendar=calendar, by=by, at=at)
    return row is not None


def _running_or_held(entity_ref: str) -> set[str]:
    """Return the permits of which a firm need not be told: it holds them, or a notice runs."""
    running = DualNotice.objects.filter(
        entity_ref=entity_ref,
        kind=NoticeKind.NEED.value,
        state__in=sorted(one.value for one in OPEN),
    )
    return {*running.values_list("item_slug", flat=True), *held_items(entity_ref)}


def _push(
    rules: NoticeRules,
    *,
    case_number: str,
    entity_ref: str,
    entity_name: str,
    item_slug: str,
    item_name: str,
    department: str,
    keyword: str,
    note: str,
    happened_at: datetime | None,
    calendar: WorkdayCalendar,
    by: Actor,
    at: datetime,
) -> DualNotice | None:
    """Write one notice to the department of a permit; None: it was told of this case before."""
    today = _day(at)
    row, added = DualNotice.objects.get_or_create(
        source_case=case_number,
        item_slug=item_slug,
        kind=NoticeKind.NEED.value,
        told_to=department,
        defaults={
            "happened_at": happened_at,
            "arrived_at": Now(),
            "entity_ref": entity_ref,
            "entity_name": entity_name,
            "item_name": item_name,
            "keyword": keyword,
            "registrar_code": rules.registrar,
            "centre_code": rules.centre,
            "department_code": department,
            "state": NoticeState.PUSHED.value,
            "pushed_on": today,
            "asked_on": today,
            "due_on": calendar.add_workdays(today, rules.claim_workdays),
        },
    )
    if not added:
        return None
    _write(row, NoticeStep.PUSH, "", by=by, at=at, note=note)
    return row


@transaction.atomic
def tell(
    *,
    rules: NoticeRules,
    kind: NoticeKind,
    told: str,
    case_number: str,
    entity_ref: str,
    entity_name: str,
    item_slug: str,
    item_name: str,
    departments: Collection[str],
    calendar: WorkdayCalendar,
    by: Actor,
    at: datetime,
    happened_at: datetime | None,
) -> int:
    """Tell departments news of a firm, each once (推送登记和许可变动); return how many are new.

    Raises:
        CalendarGapError: the calendar ends before the last day; nothing is changed.
    """
    today, new = _day(at), 0
    due_on = calendar.add_workdays(today, rules.claim_workdays)
    for department in sorted(departments):
        row, added = DualNotice.objects.get_or_create(
            source_case=case_number,
            item_slug=item_slug,
            kind=kind.value,
            told_to=department,
            defaults={
                "told": told,
                "entity_ref": entity_ref,
                "entity_name": entity_name,
                "item_name": item_name,
                "registrar_code": rules.registrar,
                "centre_code": rules.centre,
                "department_code": department,
                "state": NoticeState.PUSHED.value,
                "pushed_on": today,
                "asked_on": today,
                "due_on": due_on,
                "happened_at": happened_at,
                "arrived_at": Now(),
            },
        )
        if added:
            new += 1
            _write(row, NoticeStep.PUSH, "", by=by, at=at, note=told)
    return new


@transaction.atomic
def end_open(
    *, reason: str, by: Actor, at: datetime, entity_ref: str = "", cases: Collection[str] = ()
) -> int:
    """Close what is open about a firm that ended, or about cases that were undone (了结).

    Args:
        reason: Why nothing is left to do; it stands in the course of each notice.
        by: Who acts.
        at: Moment of the act.
        entity_ref: All about this firm; empty: only of `cases`.
        cases: Registration cases whose notices end.

    Returns:
        How many were closed. The news that a firm or a permit ended stays open until it is noted.
    """
    if not entity_ref and not cases:
        return 0
    rows = DualNotice.objects.select_for_update().filter(
        state__in=sorted(one.value for one in OPEN)
    )
    rows = rows.filter(entity_ref=entity_ref) if entity_ref else rows.filter(source_case__in=cases)
    stays = {NoticeKind.ENDED} if entity_ref else {NoticeKind.ENDED, NoticeKind.PERMIT_ENDED}
    found = list(rows.exclude(kind__in=sorted(one.value for one in stays)).order_by("id"))
    for row in found:
        row.due_on, row.closed_on = None, _day(at)
        _finish(row, NoticeStep.END, by=by, at=at, note=reason)
    return len(found)


@transaction.atomic
def note_permit_end(
    *,
    rules: NoticeRules,
    line: Line,
    identifiers: Collection[str],
    told: str,
    calendar: WorkdayCalendar,
    by: Actor,
    at: datetime,
) -> int:
    """Tell registrar and supervisors that a permit ended; return how many are told anew (双向告知).

    The notice that the permit had closed says so, and what was still open about the same permit
    of the same firm ends: the news takes its place.
    """
    granted = DualNotice.objects.select_for_update().filter(
        Q(permit_licence__in=[one for one in identifiers if one])
        | Q(permit_case=line.case_number) & ~Q(permit_case=""),
        state=NoticeState.CLOSED_PERMIT.value,
    )
    for row in list(granted.order_by("id")):
        _finish(row, NoticeStep.PERMIT_END, by=by, at=at, note=told)
    left = DualNotice.objects.select_for_update().filter(
        entity_ref=line.subject_ref,
        item_slug=line.item_slug,
        kind=NoticeKind.NEED.value,
        state__in=sorted(one.value for one in OPEN),
    )
    for row in list(left.order_by("id")):
        row.due_on, row.closed_on = None, _day(at)
        _finish(row, NoticeStep.END, by=by, at=at, note=f"{told}另行告知。")
    return tell(
        rules=rules,
        kind=NoticeKind.PERMIT_ENDED,
        told=told,
        case_number=line.case_number,
        entity_ref=line.subject_ref,
        entity_name=line.name,
        item_slug=line.item_slug,
        item_name=line.item_name,
        departments={rules.registrar, line.department, *concerned(rules, line.subject_ref)},
        calendar=calendar,
        by=by,
        at=at,
        happened_at=at,
    )


def concerned(rules: NoticeRules, entity_ref: str) -> frozenset[str]:
    """Return the departments that supervise a firm or were told what permit it needs."""
    told = DualNotice.objects.filter(
        entity_ref=entity_ref,
        kind=NoticeKind.NEED.value,
        state__in=sorted(
            one.value for one in OPEN | {NoticeState.CLOSED_PERMIT, NoticeState.TO_INSPECTION}
        ),
    ).exclude(state=NoticeState.RETURNED.value)
    registered = {*rules.items, *(one.item for one in rules.exits)}
    return frozenset(told.values_list("department_code", flat=True)) | supervisors_of(
        entity_ref, but_items=sorted(registered)
    )


def open_cases(entity_ref: str) -> list[str]:
    """Return the registration cases that open notices about a subject rest on."""
    return sorted(
        set(
            DualNotice.objects.filter(
                entity_ref=entity_ref, state__in=sorted(one.value for one in OPEN)
            ).values_list("source_case", flat=True)
        )
    )


@transaction.atomic
def note_inspected(*, number: int, result: str, by: Actor, at: datetime) -> None:
    """Write on a notice what the inspection found that it asked for, once."""
    row = DualNotice.objects.select_for_update().filter(pk=number).first()
    if row is not None and row.state == NoticeState.TO_INSPECTION.value:
        _finish(row, NoticeStep.INSPECTED, by=by, at=at, note=result)


@transaction.atomic
def claim(*, number: int, calendar: WorkdayCalendar, by: Actor, at: datetime) -> None:
    """Claim a notice: it is ours, we follow the firm (认领).

    Raises:
        NoticeNotFoundError: no such notice for these eyes.
        PermissionRefusedError: `by` does not handle notices of the department.
        NoticeStepRefusedError: it does not wait for that.
        CalendarGapError: the calendar ends before the next report.
    """
    row = _begin(number, NoticeStep.CLAIM, by=by)
    _answered(row, at)
    row.due_on = calendar.add_workdays(_day(at), _follow_workdays())
    _finish(row, NoticeStep.CLAIM, by=by, at=at, note="")


@transaction.atomic
def return_notice(*, number: int, reason: str, by: Actor, at: datetime) -> None:
    """Return a notice that is not ours, with the reason and a hint whose it is (退回).

    Raises as `claim`, and NoticeRefusedError without a reason.
    """
    row = _begin(number, NoticeStep.RETURN, by=by)
    _answered(row, at)
    row.hint, row.due_on = _text(reason, "退回理由和线索"), None
    _finish(row, NoticeStep.RETURN, by=by, at=at, note=row.hint)


@transaction.atomic
def reassign(
    *,
    number: int,
    department: str,
    reason: str,
    calendar: WorkdayCalendar,
    by: Actor,
    at: datetime,
) -> None:
    """Give a returned notice to another department (改派); by the registrar or the centre.

    Raises as `claim`, and NoticeRefusedError for a department that is none or returned it.
    """
    row = _locked(number, by)
    end = after(NoticeStep.REASSIGN, NoticeState(row.state), NoticeKind(row.kind))
    if not by.may(Permission.NOTICE_HANDLE, department=row.centre_code):
        require(by, Permission.NOTICE_HANDLE, department=row.registrar_code)
    if department == row.department_code:
        raise NoticeRefusedError("该部门刚刚退回，请改派给其他部门。")
    try:
        organisations.department(department)
    except LookupError as error:
        raise NoticeRefusedError("没有这个部门，请从列表中选择。") from error
    rules = queries.rules()
    row.department_code = department
    row.asked_on, row.answered_on, row.in_time = _day(at), None, None
    row.reminded_on = row.escalated_on = None
    row.due_on = calendar.add_workdays(_day(at), rules.claim_workdays if rules else 1)
    assert end is NoticeState.REASSIGNED
    _finish(row, NoticeStep.REASSIGN, by=by, at=at, note=_text(reason, "改派理由"))


@transaction.atomic
def report(
    *,
    number: int,
    step: NoticeStep,
    note: str,
    calendar: WorkdayCalendar,
    by: Actor,
    at: datetime,
) -> None:
    """Report on the firm: followed, noted, no permit needed, not operating, inspect, permit ended.

    An inspection becomes a task of the department; that a permit of another system ended is told
    to the registrar and to whoever else supervises the firm.

    Raises as `claim`, and NoticeRefusedError without words, for another step, or where the
    permit stands here and is valid.
    """
    if step not in REPORTS:
        raise NoticeRefusedError(
            f"请从{'、'.join(one.label for one in NoticeStep if one in REPORTS)}中选择。"
        )
    row = _begin(number, step, by=by)
    if step is NoticeStep.NOTE:
        note = note.strip() and _text(note, "跟进情况")
        _answered(row, at)
    else:
        note = _text(note, "跟进情况")
    if step is NoticeStep.FOLLOW:
        row.due_on = calendar.add_workdays(_day(at), _follow_workdays())
        row.reminded_on = row.escalated_on = None
    else:
        row.due_on, row.closed_on = None, row.closed_on or _day(at)
    if step is NoticeStep.PERMIT_END:
        _refuse_valid(row)
    _finish(row, step, by=by, at=at, note=note)
    rules = queries.rules()
    if step is NoticeStep.INSPECT:
        _ask_inspection(row, rules, note=note, calendar=calendar, by=by, at=at)
    if step is NoticeStep.PERMIT_END and rules is not None:
        tell(
            rules=rules,
            kind=NoticeKind.PERMIT_ENDED,
            told=note,
            case_number=row.permit_case or row.source_case,
            entity_ref=row.entity_ref,
            entity_name=row.entity_name,
            item_slug=row.item_slug,
            item_name=row.item_name,
            departments={rules.registrar, *concerned(rules, row.entity_ref)}
            - {row.department_code},
            calendar=calendar,
            by=by,
            at=at,
            happened_at=at,
        )


@transaction.atomic
def note_refusal(
    *,
    entity_ref: str,
    item_slug: str,
    case_number: str,
    calendar: WorkdayCalendar,
    by: Actor,
    at: datetime,
) -> int:
    """Write on notices that the permit was refused (许可结果反馈); return on how many.

    The firm still needs the permit for what it registered, so the department follows it on.

    Raises:
        CalendarGapError: the calendar ends before the next report; nothing is changed.
    """
    rows = list(
        DualNotice.objects.select_for_update()
        .filter(
            entity_ref=entity_ref,
            item_slug=item_slug,
            kind=NoticeKind.NEED.value,
            state__in=sorted(one.value for one in ASKED | HELD),
        )
        .order_by("id")
    )
    told = f"许可申请不予许可，办件{case_number}。"
    done = 0
    for row in rows:
        if row.events.filter(step=NoticeStep.REFUSED.value, note=told).exists():
            continue
        _answered(row, at)
        row.due_on = calendar.add_workdays(_day(at), _follow_workdays())
        row.reminded_on = row.escalated_on = None
        _finish(row, NoticeStep.REFUSED, by=by, at=at, note=told)
        done += 1
    return done


def _refuse_valid(row: DualNotice) -> None:
    if row.permit_licence and licences.newest_version(row.permit_licence).state in LIVE:
        raise NoticeRefusedError(
            "该许可的电子证照仍然有效，请先在“撤销注销”中对它作出决定，决定后系统自动反馈。"
        )


def _ask_inspection(
    row: DualNotice,
    rules: NoticeRules | None,
    *,
    note: str,
    calendar: WorkdayCalendar,
    by: Actor,
    at: datetime,
) -> None:
    open_inspection(
        subject_ref=row.entity_ref,
        name=row.entity_name,
        item_slug=row.item_slug,
        item_name=row.item_name,
        department=row.department_code,
        source=f"dual_notice:{row.pk}",
        reason=note,
        opened_on=_day(at),
        due_on=calendar.add_workdays(_day(at), rules.inspect_workdays if rules else 1),
        by=by,
        at=at,
    )


@transaction.atomic
def note_permit(
    *,
    entity_ref: str,
    item_slug: str,
    case_number: str,
    licence_identifier: str,
    by: Actor,
    at: datetime,
) -> int:
    """Close the notices that a granted permit answers (许可结果反馈); return how many."""
    rows = list(
        DualNotice.objects.select_for_update().filter(
            entity_ref=entity_ref,
            item_slug=item_slug,
            kind=NoticeKind.NEED.value,
            state__in=sorted(one.value for one in OPEN),
        )
    )
    for row in rows:
        row.due_on, row.closed_on = None, _day(at)
        row.permit_case, row.permit_licence = case_number, licence_identifier
        _finish(row, NoticeStep.PERMIT, by=by, at=at, note=case_number)
    return len(rows)


@dataclass(frozen=True, kw_only=True)
class Chased:
    """How many notices were reminded of and how many went to the centre."""

    reminded: int
    escalated: int


@transaction.atomic
def chase(*, calendar: WorkdayCalendar, by: Actor, at: datetime, limit: int = BATCH) -> Chased:
    """Remind departments that let a day pass, and tell the centre when it passes twice.

    For a named job that runs daily; a second run the same day changes nothing.
    """
    today = _day(at)
    rows = DualNotice.objects.select_for_update(skip_locked=True).filter(
        due_on__lt=today, escalated_on=None
    )
    reminded = escalated = 0
    rules = queries.rules()
    again = rules.claim_workdays if rules else 1
    for row in rows.order_by("due_on", "id")[:limit]:
        if row.reminded_on is None:
            row.reminded_on, reminded = today, reminded + 1
            act = "registration.remind"
        elif row.due_on is not None and calendar.add_workdays(row.due_on, again) < today:
            row.escalated_on, escalated = today, escalated + 1
            act = "registration.escalate"
        else:
            continue
        row.save(update_fields=["reminded_on", "escalated_on"])
        audit.record(
            at=at,
            actor=by.ref,
            act=act,
            target=f"dual_notice:{row.pk}",
            detail={"due": str(row.due_on), "centre": row.centre_code},
            department=row.department_code,
        )
    return Chased(reminded=reminded, escalated=escalated)


def _locked(number: int, by: Actor) -> DualNotice:
    row = DualNotice.objects.select_for_update().filter(pk=number).first()
    if row is None or not may_see(row, by):
        raise NoticeNotFoundError
    return row


def _begin(number: int, step: NoticeStep, *, by: Actor) -> DualNotice:
    row = _locked(number, by)
    require(by, Permission.NOTICE_HANDLE, department=row.department_code)
    after(step, NoticeState(row.state), NoticeKind(row.kind))
    return row


def _answered(row: DualNotice, at: datetime) -> None:
    if NoticeState(row.state) in ASKED:
        row.answered_on = _day(at)
        row.in_time = row.due_on is None or _day(at) <= row.due_on
        row.reminded_on = row.escalated_on = None


def _finish(row: DualNotice, step: NoticeStep, *, by: Actor, at: datetime, note: str) -> None:
    before = row.state
    row.state = after(step, NoticeState(before), NoticeKind(row.kind)).value
    row.version += 1
    row.save()
    _write(row, step, before, by=by, at=at, note=note)
    if row.closed_on is not None:
        events.publish(
            NoticeClosed(
                entity_ref=row.entity_ref,
                item_slug=row.item_slug,
                department=row.department_code,
                registrar=row.registrar_code,
                state=row.state,
                permit_case=row.permit_case,
                closed_on=row.closed_on,
            )
        )


def _write(
    row: DualNotice, step: NoticeStep, before: str, *, by: Actor, at: datetime, note: str
) -> None:
    NoticeEvent.objects.create(
        notice=row,
        step=step.value,
        from_state=before,
        to_state=row.state,
        at=at,
        actor=by.ref,
        actor_name=by.name or by.ref,
        department=row.department_code,
        note=note,
    )
    audit.record(
        at=at,
        actor=by.ref,
        act=f"registration.{step.value}",
        target=f"dual_notice:{row.pk}",
        detail={"from": before, "to": row.state, "item": row.item_slug},
        department=row.department_code,
        ip=by.ip,
    )


def _follow_workdays() -> int:
    rules = queries.rules()
    return rules.follow_workdays if rules else 1


def _text(text: str, what: str) -> str:
    text = text.strip()
    if not text:
        raise NoticeRefusedError(f"请填写{what}，登记机关将看到它。")
    if len(text) > NOTE_LENGTH:
        raise NoticeRefusedError(f"{what}最多{NOTE_LENGTH}个字，请删减。")
    return text


def _day(at: datetime) -> date:
    return at.astimezone(PLACE).date()
