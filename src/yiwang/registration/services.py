"""Acts on dual notices: push, claim, return, reassign, follow, close, remind, escalate."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db import transaction

from yiwang.audit import services as audit
from yiwang.kernel import events
from yiwang.kernel.errors import RefusedError
from yiwang.kernel.workdays import WorkdayCalendar
from yiwang.organisations import queries as organisations
from yiwang.organisations.permissions import Actor, Permission, require
from yiwang.registration import queries
from yiwang.registration.events import NoticeClosed
from yiwang.registration.models import DualNotice, NoticeEvent, Rules
from yiwang.registration.policy.notices import (
    ASKED,
    OPEN,
    NoticeRules,
    NoticeState,
    NoticeStep,
    after,
    needed,
)
from yiwang.registration.queries import NoticeNotFoundError, may_see

PLACE = ZoneInfo("Asia/Shanghai")
NOTE_LENGTH = 1_000
"""Longest reason or report, in characters."""

BATCH = 500


class NoticeRefusedError(RefusedError):
    """The act on the notice cannot be done like that."""

    code = "registration.refused"


@transaction.atomic
def save_rules(rules: NoticeRules, *, by: str, at: datetime) -> None:
    """Save how the district runs the two notices; notices that run keep their days."""
    Rules.objects.create(definition=dataclasses.asdict(rules), saved_at=at)
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
) -> int:
    """Tell every department whose permit the business scope needs (推送); return how many are new.

    Done by a job that follows the grant, so a second call changes nothing. Notices about the same
    firm and permit that still run are not pushed again.

    Raises:
        CalendarGapError: the calendar ends before the last day; nothing is changed.
    """
    today, new = _day(at), 0
    running = set(
        DualNotice.objects.filter(
            entity_ref=entity_ref, state__in=sorted(one.value for one in OPEN)
        ).values_list("item_slug", flat=True)
    )
    due_on = calendar.add_workdays(today, rules.claim_workdays)
    for match in needed(rules, scope):
        if match.rule.item in running:
            continue
        row, added = DualNotice.objects.get_or_create(
            source_case=case_number,
            item_slug=match.rule.item,
            defaults={
                "entity_ref": entity_ref,
                "entity_name": entity_name,
                "item_name": match.rule.item_name,
                "keyword": match.keyword,
                "registrar_code": rules.registrar,
                "centre_code": rules.centre,
                "department_code": match.rule.department,
                "state": NoticeState.PUSHED.value,
                "pushed_on": today,
                "asked_on": today,
                "due_on": due_on,
            },
        )
        if added:
            new += 1
            _write(row, NoticeStep.PUSH, "", by=by, at=at, note=f"经营范围含“{match.keyword}”")
    return new


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
    end = after(NoticeStep.REASSIGN, NoticeState(row.state))
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
    """Report on the firm: still following, no permit needed, not operating, to be inspected.

    Raises as `claim`, and NoticeRefusedError without words or for another step.
    """
    closing = {NoticeStep.NO_NEED, NoticeStep.NOT_OPERATING, NoticeStep.INSPECT}
    if step not in closing | {NoticeStep.FOLLOW}:
        raise NoticeRefusedError("请从跟进、无需许可、未开展经营、转检查中选择。")
    row = _begin(number, step, by=by)
    note = _text(note, "跟进情况")
    if step is NoticeStep.FOLLOW:
        row.due_on = calendar.add_workdays(_day(at), _follow_workdays())
        row.reminded_on = row.escalated_on = None
    else:
        row.due_on, row.closed_on = None, _day(at)
    _finish(row, step, by=by, at=at, note=note)


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
    after(step, NoticeState(row.state))
    return row


def _answered(row: DualNotice, at: datetime) -> None:
    if NoticeState(row.state) in ASKED:
        row.answered_on = _day(at)
        row.in_time = row.due_on is None or _day(at) <= row.due_on
        row.reminded_on = row.escalated_on = None


def _finish(row: DualNotice, step: NoticeStep, *, by: Actor, at: datetime, note: str) -> None:
    before = row.state
    row.state = after(step, NoticeState(before)).value
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
