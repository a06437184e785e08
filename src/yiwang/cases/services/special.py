"""Special procedures: the clock stops with a sent notice, and goes on when they end."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from yiwang.cases.models import Case, Hearing, Message, SpecialProcedure
from yiwang.cases.policy import letters
from yiwang.cases.policy.deadlines import day_of
from yiwang.cases.policy.procedure import (
    LONGEST_SPECIAL_WORKDAYS,
    HearingEnd,
    declared_specials,
    kind_of,
)
from yiwang.cases.policy.states import Step
from yiwang.cases.policy.terms import ClockKind, DeliveryChannel, DocumentKind
from yiwang.cases.queries import CaseView, case_view
from yiwang.cases.services import clocks, kept
from yiwang.cases.services.procedure import ProcedureRefusedError, line, refuse_immediate, send
from yiwang.cases.services.steps import (
    begin,
    heading,
    issue,
    move,
    require_holder,
    version_of,
    written,
)
from yiwang.catalogue.policy.items import ItemVersion
from yiwang.kernel.clocks import StopReason
from yiwang.kernel.workdays import WorkdayCalendar
from yiwang.organisations.permissions import Actor

SPECIAL_BASIS = "《中华人民共和国行政许可法》第四十五条"


@transaction.atomic
def start_special(
    *,
    number: str,
    reason: str,
    calendar: WorkdayCalendar,
    by: Actor,
    at: datetime,
    kind: StopReason | None = None,
    declared: str = "",
    workdays: int | None = None,
    channel: DeliveryChannel = DeliveryChannel.IN_APP,
    delivered: str = "",
    version: int | None = None,
) -> CaseView:
    """Stop the limit for a special procedure (特别程序): letter, delivery and stop in one act.

    Args:
        number: Case number.
        reason: Why it is needed.
        calendar: Covers the told duration.
        by: Who reviews the case.
        at: Moment; its day does not count any more.
        kind: One of the kinds of Art. 45; None: that of `declared`.
        declared: Name of the special step of the item version; empty: none of them.
        workdays: How long it will take; None: as the item version declares.
        channel: How the notice reached the applicant.
        delivered: What the record of delivery says; empty: the channel's words.
        version: Row version `by` saw.

    Raises:
        CaseNotFoundError: no such case for these eyes.
        PermissionRefusedError: `by` may not review in the deciding department.
        ConflictRefusedError: somebody acted since `version`.
        StepRefusedError: not under review.
        NotHolderError: the case was given to somebody else.
        ProcedureRefusedError: neither declared nor a kind of the law, no duration, or an item
            whose result is given at once.
        CalendarGapError: the calendar ends before the told day.

    Source:
        行政许可法 第四十五条, 第五十五条第二款.
    """
    case, acting = begin(number, Step.START_SPECIAL, by=by, version=version)
    require_holder(case, by)
    item, today = version_of(case), day_of(at)
    refuse_immediate(item)
    kind, name, basis, days = _special(item, kind, declared, workdays)
    reason = written(reason, "启动特别程序的理由")
    until = calendar.add_workdays(today, days)
    serial = SpecialProcedure.objects.filter(case=case).count() + 1
    department = kept.department(case.deciding_department)
    document = issue(
        case,
        DocumentKind.SPECIAL_NOTICE,
        subject=str(serial),
        body=letters.special_notice(
            heading(case, item, department.name),
            name=name,
            basis=basis,
            reason=reason,
            workdays=days,
            from_on=today,
            until_on=until,
        ),
        item=item,
        seal=department,
        by=by,
        at=at,
        message=f"您的“{item.name}”申请需要{name}，预计{days}个工作日，不计入办理期限。",
    )
    SpecialProcedure.objects.create(
        case=case,
        serial=serial,
        kind=kind.value,
        name=name,
        basis=basis,
        reason=reason,
        workdays=days,
        started_on=today,
        told_until=until,
        started_by=by.ref,
        notice_id=document,
        delivery=send(case, document, channel=channel, result=delivered, by=by, at=at),
    )
    clocks.start(
        case,
        ClockKind.SPECIAL_END,
        subject=str(serial),
        starts_on=today,
        due_on=until,
        workdays=days,
    )
    clocks.stop_limits(case, on=today, due_on=until)
    move(
        case,
        Step.START_SPECIAL,
        acting=acting,
        by=by,
        at=at,
        changed=clocks.LIMIT_FIELDS,
        reason=f"{name}，{days}个工作日：{reason}",
        basis=basis,
    )
    return case_view(case)


def _special(
    item: ItemVersion, kind: StopReason | None, declared: str, workdays: int | None
) -> tuple[StopReason, str, str, int]:
    """Return kind, name, basis and told duration of a special procedure."""
    basis = SPECIAL_BASIS
    if declared:
        step = next((one for one in declared_specials(item) if one.name == declared), None)
        if step is None:
            raise ProcedureRefusedError(
                f"本事项没有不计入期限的特别程序“{declared}”，请从清单中选择。"
            )
        kind, name, basis = kind_of(step), step.name, step.basis
        workdays = workdays or step.workdays
        if workdays > step.workdays:
            raise ProcedureRefusedError(
                f"“{declared}”在办事指南中公布的时间为{step.workdays}个工作日，不能告知更长的时间。"
            )
    elif kind is None or kind is StopReason.HEARING:
        raise ProcedureRefusedError(
            "请选择特别程序的种类；听证请用“告知听证权利”，其他事由依法不能停止计算期限。"
        )
    else:
        name = kind.label
    if workdays is None or not 1 <= workdays <= LONGEST_SPECIAL_WORKDAYS:
        raise ProcedureRefusedError(
            f"请填写所需的工作日数，1至{LONGEST_SPECIAL_WORKDAYS}之间，将书面告知申请人。"
        )
    return kind, name, basis, workdays


@transaction.atomic
def end_special(
    *,
    number: str,
    result: str,
    calendar: WorkdayCalendar,
    by: Actor,
    at: datetime,
    result_ref: str = "",
    version: int | None = None,
) -> CaseView:
    """End a special procedure with its result; the limit runs again from the next day.

    Args:
        number: Case number.
        result: What came out: the report, the opinion of the experts.
        calendar: Covers the new limits.
        by: Who reviews the case.
        at: Moment; its day is the last that does not count.
        result_ref: Number of the report; empty: none.
        version: Row version `by` saw.

    Raises:
        CaseNotFoundError: no such case for these eyes.
        PermissionRefusedError: `by` may not review in the deciding department.
        ConflictRefusedError: somebody acted since `version`.
        StepRefusedError: no special procedure is going on.
        NotHolderError: the case was given to somebody else.
        TextRefusedError: no result.
        CalendarGapError: the calendar ends before a limit.

    Source:
        行政许可法 第四十五条.
    """
    case, acting = begin(number, Step.END_SPECIAL, by=by, version=version)
    require_holder(case, by)
    text = written(result, "特别程序的结果")
    item, today = version_of(case), day_of(at)
    row = SpecialProcedure.objects.select_for_update().get(case=case, ended_on=None)
    row.result, row.result_ref = text, line(result_ref, "结果文件编号", needed=False)
    row.ended_on, row.ended_by = today, by.ref
    row.save(update_fields=["result", "result_ref", "ended_on", "ended_by"])
    clocks.meet(case, ClockKind.SPECIAL_END, on=today, subject=str(row.serial))
    clocks.set_limits(case, item, calendar=calendar)
    move(
        case,
        Step.END_SPECIAL,
        acting=acting,
        by=by,
        at=at,
        changed=clocks.LIMIT_FIELDS,
        reason=text,
        basis=row.result_ref,
    )
    tell_limit(case, item, what=row.name, at=at)
    return case_view(case)


def tell_limit(case: Case, item: ItemVersion, *, what: str, at: datetime) -> None:
    """Tell the applicant that the limit runs again, and until when."""
    day = f"，预计{case.promised_on:%Y-%m-%d}前办结" if case.promised_on else ""
    Message.objects.create(
        to_ref=case.applicant_ref,
        case=case,
        title=f"办理期限恢复计算（{case.query_code}）",
        body=f"您的“{item.name}”申请的{what}已结束，办理期限恢复计算{day}。",
        at=at,
    )


def end_stop(case: Case, *, by: Actor, at: datetime) -> None:
    """Close what stopped the limit of a case that ends without a decision."""
    today, ended = day_of(at), HearingEnd.CASE_ENDED
    for row in SpecialProcedure.objects.filter(case=case, ended_on=None):
        clocks.meet(case, ClockKind.SPECIAL_END, on=today, subject=str(row.serial))
    SpecialProcedure.objects.filter(case=case, ended_on=None).update(
        ended_on=today, ended_by=by.ref, result=ended.label
    )
    for kind in (ClockKind.HEARING_REQUEST, ClockKind.HEARING_HOLD):
        clocks.meet(case, kind, on=today)
    Hearing.objects.filter(case=case, ended_on=None).update(
        ended_on=today, ended_by=by.ref, end=ended.value
    )
