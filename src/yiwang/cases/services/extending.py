"""One extension by the head, with its reason told to the applicant."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from yiwang.cases.events import ExtensionDecided
from yiwang.cases.models import Case, Extension, Message
from yiwang.cases.policy import letters
from yiwang.cases.policy.deadlines import day_of
from yiwang.cases.policy.procedure import is_joint, longest_extension
from yiwang.cases.policy.states import STEPS, CaseState, Step, after
from yiwang.cases.policy.terms import DeliveryChannel, DocumentKind
from yiwang.cases.queries import CaseNotFoundError, CaseView, case_view, may_read
from yiwang.cases.services import clocks, kept
from yiwang.cases.services.procedure import ProcedureRefusedError, refuse_immediate, send
from yiwang.cases.services.steps import (
    Capacity,
    begin,
    capacity,
    heading,
    issue,
    locked,
    move,
    require_holder,
    require_version,
    version_of,
    written,
)
from yiwang.catalogue.policy.items import ItemVersion
from yiwang.kernel import events
from yiwang.kernel.workdays import WorkdayCalendar
from yiwang.organisations import queries as organisations
from yiwang.organisations import scope
from yiwang.organisations.permissions import Actor, Permission, PermissionRefusedError, Post


@transaction.atomic
def ask_extension(
    *,
    number: str,
    reason: str,
    by: Actor,
    at: datetime,
    workdays: int | None = None,
    version: int | None = None,
) -> CaseView:
    """Ask the head for more days (报请延长期限).

    Args:
        number: Case number.
        reason: Why no decision is possible in time; the applicant reads it.
        by: Who reviews the case.
        at: Moment of asking.
        workdays: How many; None: as many as the law allows.
        version: Row version `by` saw.

    Raises:
        CaseNotFoundError: no such case for these eyes.
        PermissionRefusedError: `by` may not review in the deciding department.
        ConflictRefusedError: somebody acted since `version`.
        StepRefusedError: no limit is running.
        NotHolderError: the case was given to somebody else.
        ProcedureRefusedError: extended or asked for already, too late, or too many days.
        TextRefusedError: no reason.

    Source:
        行政许可法 第四十二条.
    """
    case, acting = begin(number, Step.ASK_EXTENSION, by=by, version=version)
    require_holder(case, by)
    item = version_of(case)
    refuse_immediate(item)
    _refuse_second_extension(case)
    if case.statutory_on is not None and case.statutory_on < day_of(at):
        raise ProcedureRefusedError(
            f"法定期限已于{case.statutory_on:%Y-%m-%d}届满，期限内没有批准的不能再延长，请尽快作出决定。"
        )
    longest = longest_extension(item)
    days = longest if workdays is None else workdays
    if not 1 <= days <= longest:
        raise ProcedureRefusedError(f"本事项最多延长{longest}个工作日，请填写1至{longest}。")
    if Extension.objects.filter(case=case, approved=None).exists():
        raise ProcedureRefusedError("已经报请延长期限，请等待负责人批准。")
    text = written(reason, "延长期限的理由")
    Extension.objects.create(
        case=case,
        workdays=days,
        reason=text,
        joint=is_joint(item),
        asked_by=by.ref,
        asked_by_name=by.name or by.ref,
        asked_at=at,
    )
    move(
        case,
        Step.ASK_EXTENSION,
        acting=acting,
        by=by,
        at=at,
        reason=f"延长{days}个工作日：{text}",
        basis="行政许可法 第四十二条",
    )
    if not is_joint(item):
        _tell_heads(case, days, by=by, at=at)
    return case_view(case)


def _tell_heads(case: Case, days: int, *, by: Actor, at: datetime) -> None:
    """Leave a message for whoever may approve; a leader of the district has a list of requests."""
    for one in organisations.staff_with(
        Permission.CASE_EXTEND, department=case.deciding_department, at=at
    ):
        if f"user:{one.login}" != by.ref:
            Message.objects.create(
                to_ref=f"user:{one.login}",
                case=case,
                title=f"报请延长期限（{case.query_code}）",
                body=f"“{case.item_name}”报请延长{days}个工作日，"
                "请在法定期限届满前到该办件批准或者退回。",
                at=at,
            )


def _refuse_second_extension(case: Case) -> None:
    if case.extended_on is not None:
        raise ProcedureRefusedError(
            f"本办件已于{case.extended_on:%Y-%m-%d}批准延长期限，期限只能延长一次。"
        )


def decide_extension(
    *,
    number: str,
    approve: bool,
    calendar: WorkdayCalendar,
    by: Actor,
    at: datetime,
    note: str = "",
    version: int | None = None,
) -> CaseView:
    """Approve an extension, with a letter that tells the reasons, or decline it (批准延长期限).

    Args:
        number: Case number.
        approve: Whether the limit is extended.
        calendar: Covers the new limits.
        by: The head of the deciding department; for joint handling a leader of the district.
        at: Moment of the decision.
        note: What the head says; required to decline.
        version: Row version `by` saw.

    Raises:
        CaseNotFoundError: no such case for these eyes.
        PermissionRefusedError: `by` is not the head, or not a leader.
        ConflictRefusedError: somebody acted since `version`.
        StepRefusedError: no limit is running.
        ProcedureRefusedError: nobody asked, `by` asked, or the limit has passed.
        TextRefusedError: declined without a word.
        CalendarGapError: the calendar ends before a limit.

    Source:
        行政许可法 第四十二条.
    """
    if by.departments(Permission.CASE_EXTEND_JOINT):
        with scope.everything():  # a leader reads no case, and decides on this one thing
            return _decide_extension(
                number, approve, calendar=calendar, by=by, at=at, note=note, version=version
            )
    return _decide_extension(
        number, approve, calendar=calendar, by=by, at=at, note=note, version=version
    )


@transaction.atomic
def _decide_extension(
    number: str,
    approve: bool,
    *,
    calendar: WorkdayCalendar,
    by: Actor,
    at: datetime,
    note: str,
    version: int | None,
) -> CaseView:
    case = locked(number)
    step = Step.EXTEND if approve else Step.DECLINE_EXTENSION
    row = Extension.objects.select_for_update().filter(case=case, approved=None).first()
    acting = _leader(case, by) if row is not None and row.joint else capacity(case, STEPS[step], by)
    require_version(case, version)
    after(step, CaseState(case.state), immediate=case.immediate)
    _refuse_second_extension(case)
    if row is None:
        raise ProcedureRefusedError("没有待批准的延期，请由审查人员先报请并说明理由。")
    if row.asked_by == by.ref:
        raise ProcedureRefusedError("您报请了本次延期，不能由同一人批准，请由其他负责人批准。")
    text = note.strip() if approve else written(note, "不批准延期的理由")
    item, today = version_of(case), day_of(at)
    if approve and case.statutory_on is not None and case.statutory_on < today:
        raise ProcedureRefusedError(
            f"法定期限已于{case.statutory_on:%Y-%m-%d}届满，不能再批准延长，请尽快作出决定。"
        )
    row.approved, row.note = approve, text
    row.decided_by, row.decided_by_name, row.decided_at = by.ref, by.name or by.ref, at
    row.save(update_fields=["approved", "note", "decided_by", "decided_by_name", "decided_at"])
    changed: Sequence[str] = ()
    if approve:
        case.extended_on = today
        clocks.set_limits(case, item, calendar=calendar)
        changed = ("extended_on", *clocks.LIMIT_FIELDS)
    move(
        case,
        step,
        acting=acting,
        by=by,
        at=at,
        changed=changed,
        reason=text or row.reason,
        basis="行政许可法 第四十二条",
    )
    if approve:
        _tell_extension(case, item, row, by=by, at=at)
    events.publish(
        ExtensionDecided(
            number=case.number,
            item_slug=case.item_slug,
            approved=approve,
            decided_at=at,
            deciding_department=case.deciding_department,
        )
    )
    return case_view(case)


def _leader(case: Case, by: Actor) -> Capacity:
    """Return in which capacity a leader of the district extends the limit of joint handling."""
    held = by.departments(Permission.CASE_EXTEND_JOINT)
    if held:
        return Capacity(post=Post.DISTRICT_LEADER.value, department=min(held))
    if not may_read(case, by):
        raise CaseNotFoundError
    raise PermissionRefusedError("联合办理的延长须经本级人民政府负责人批准，请等待区领导批准。")


def _tell_extension(
    case: Case, item: ItemVersion, row: Extension, *, by: Actor, at: datetime
) -> None:
    if case.promised_on is None:
        raise ValueError("a limit that was extended runs")
    department = kept.department(case.deciding_department)
    document = issue(
        case,
        DocumentKind.EXTENSION_NOTICE,
        body=letters.extension_notice(
            heading(case, item, department.name),
            reason=row.reason,
            workdays=row.workdays,
            until_on=case.promised_on,
            approved_by=by.name or by.ref,
            joint=row.joint,
        ),
        item=item,
        seal=department,
        by=by,
        at=at,
        message=f"您的“{item.name}”申请经批准延长{row.workdays}个工作日，理由见延长期限告知书。",
    )
    send(case, document, channel=DeliveryChannel.IN_APP, result="", by=by, at=at)
