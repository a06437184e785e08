"""Acts between acceptance and decision that no case needs and any case may: stops and others."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from django.db import transaction

from yiwang.cases.events import ExtensionDecided
from yiwang.cases.models import (
    Case,
    Delivery,
    DepartmentInquiry,
    Extension,
    Hearing,
    Message,
    OfficersSent,
    SiteCheck,
    SpecialProcedure,
)
from yiwang.cases.policy import letters
from yiwang.cases.policy.deadlines import day_of
from yiwang.cases.policy.procedure import (
    INQUIRY_WORKDAYS,
    INSPECTIONS,
    LONGEST_INQUIRY_WORKDAYS,
    LONGEST_SPECIAL_WORKDAYS,
    OFFICERS_SENT,
    HearingEnd,
    InquiryAnswer,
    declared_specials,
    is_immediate,
    is_joint,
    kind_of,
    longest_extension,
)
from yiwang.cases.policy.states import STEPS, CaseState, Desk, Step, after
from yiwang.cases.policy.terms import ClockKind, DeliveryChannel, DocumentKind
from yiwang.cases.queries import CaseNotFoundError, CaseView, case_view, departments_of, may_read
from yiwang.cases.services import clocks, kept
from yiwang.cases.services.outside import OUTSIDE
from yiwang.cases.services.steps import (
    JOB,
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
from yiwang.kernel.clocks import StopReason
from yiwang.kernel.errors import RefusedError
from yiwang.kernel.workdays import WorkdayCalendar
from yiwang.organisations import queries as organisations
from yiwang.organisations import scope
from yiwang.organisations.permissions import Actor, Permission, PermissionRefusedError, Post
from yiwang.organisations.policy.terms import DepartmentKind

SPECIAL_BASIS = "《中华人民共和国行政许可法》第四十五条"

LINE_LENGTH = 200
"""Longest name, place or number of a record, in characters."""


class ProcedureRefusedError(RefusedError):
    """The procedure cannot be taken like that."""

    code = "cases.procedure_refused"


def line(text: str, what: str, *, needed: bool = True) -> str:
    """Return one line of text, trimmed.

    Raises:
        ProcedureRefusedError: it is missing though needed, or too long.
    """
    text = " ".join(text.split())
    if needed and not text:
        raise ProcedureRefusedError(f"请填写{what}。")
    if len(text) > LINE_LENGTH:
        raise ProcedureRefusedError(f"{what}最多{LINE_LENGTH}个字，请缩短后再提交。")
    return text


def send(
    case: Case,
    document: int,
    *,
    channel: DeliveryChannel,
    result: str,
    by: Actor,
    at: datetime,
) -> Delivery:
    """Record in the same act how a letter reached the applicant (送达)."""
    text = line(result, "送达结果", needed=False) or (
        "已送达申请人的平台账号"
        if channel is DeliveryChannel.IN_APP
        else f"已通过{channel.label}送达"
    )
    return Delivery.objects.create(
        case=case,
        document_id=document,
        channel=channel.value,
        at=at,
        to_name=case.applicant_name,
        result=text,
        by=by.ref,
    )


def refuse_immediate(item: ItemVersion) -> None:
    """Stop where the result is given at once.

    Raises:
        ProcedureRefusedError: it is.
    """
    if is_immediate(item):
        raise ProcedureRefusedError(
            "本事项当场作出决定，没有可以停止或者延长的期限，请直接作出决定。"
        )


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


@transaction.atomic
def record_site_check(
    *,
    number: str,
    second_officer: str,
    checked_on: date,
    place: str,
    found: str,
    by: Actor,
    at: datetime,
    witness: str = "",
    second_name: str = "",
    version: int | None = None,
) -> CaseView:
    """Write down what two officers found on the spot (现场核查).

    Args:
        number: Case number.
        second_officer: Ref of the other officer.
        checked_on: Day of the check, between acceptance and today.
        place: Where.
        found: What was found.
        by: Who records it and was there.
        at: Moment of recording.
        witness: Who was there for the applicant.
        second_name: Name of an officer whom only the department's own system knows; empty: staff
            here.
        version: Row version `by` saw.

    Raises:
        CaseNotFoundError: no such case for these eyes.
        PermissionRefusedError: `by` may not review in the deciding department.
        ConflictRefusedError: somebody acted since `version`.
        StepRefusedError: not under review.
        NotHolderError: the case was given to somebody else.
        ProcedureRefusedError: one officer only, or a day that cannot be.
        TextRefusedError: nothing was found.

    Source:
        行政许可法 第三十四条第三款.
    """
    case, acting = begin(number, Step.CHECK_SITE, by=by, version=version)
    require_holder(case, by)
    if second_officer == by.ref:
        raise ProcedureRefusedError("现场核查须由两名以上工作人员进行，请选择另一名核查人员。")
    second = _second_officer(case, second_officer, second_name, by=by, at=at)
    if not (case.accepted_on and case.accepted_on <= checked_on <= day_of(at)):
        raise ProcedureRefusedError("核查日期须在受理之后、今天之前，请核对后再提交。")
    text = written(found, "核查情况")
    where = line(place, "核查地点")
    present = line(witness, "在场的申请人一方", needed=False)
    names = [by.name or by.ref, second]
    serial = SiteCheck.objects.filter(case=case).count() + 1
    SiteCheck.objects.create(
        case=case,
        serial=serial,
        checked_on=checked_on,
        place=where,
        found=text,
        first_officer=by.ref,
        second_officer=second_officer,
        names=names,
        witness=present,
        by=by.ref,
        at=at,
    )
    item, department = version_of(case), kept.department(case.deciding_department)
    issue(
        case,
        DocumentKind.SITE_CHECK_RECORD,
        subject=str(serial),
        body=letters.site_check_record(
            heading(case, item, department.name),
            checked_on=checked_on,
            place=where,
            officers=names,
            found=text,
            witness=present,
        ),
        item=item,
        seal=department,
        by=by,
        at=at,
        message=f"工作人员已就您的“{item.name}”申请作现场核查，笔录在办件文书中。",
    )
    move(
        case,
        Step.CHECK_SITE,
        acting=acting,
        by=by,
        at=at,
        reason=f"{checked_on:%Y-%m-%d} {where}",
        basis="行政许可法 第三十四条第三款",
    )
    return case_view(case)


@transaction.atomic
def send_officers(
    *,
    number: str,
    kind: StopReason,
    officers: Sequence[str],
    sent_on: date,
    by: Actor,
    at: datetime,
    version: int | None = None,
) -> CaseView:
    """Write down who was sent to inspect, test or quarantine (指派检验检测人员).

    It meets the clock of five working days from acceptance; whoever is sent later is written down
    as well.

    Args:
        number: Case number.
        kind: What they were sent for: inspection, testing or quarantine.
        officers: Their names, two at least, each another person.
        sent_on: Day on which they were sent, between acceptance and today.
        by: Who handles the case.
        at: Moment of recording.
        version: Row version `by` saw.

    Raises:
        CaseNotFoundError: no such case for these eyes.
        PermissionRefusedError: `by` may not review in the deciding department.
        ConflictRefusedError: somebody acted since `version`.
        StepRefusedError: neither under review nor stopped for a special procedure.
        NotHolderError: the case was given to somebody else.
        ProcedureRefusedError: fewer than two officers, sent for something else, or on a day that
            cannot be.
        TextRefusedError: a name is too long.

    Source:
        行政许可法 第五十五条第二款.
    """
    case, acting = begin(number, Step.SEND_OFFICERS, by=by, version=version)
    require_holder(case, by)
    if kind not in INSPECTIONS:
        raise ProcedureRefusedError("指派人员的用途须是检验、检测或者检疫，请从所列用途中选择。")
    stripped = [" ".join(name.split()) for name in officers]
    names = list(dict.fromkeys(line(name, "指派人员姓名") for name in stripped if name))
    if len(names) < OFFICERS_SENT:
        raise ProcedureRefusedError("检验、检测、检疫须指派两名以上工作人员，请写明每个人的姓名。")
    if not (case.accepted_on and case.accepted_on <= sent_on <= day_of(at)):
        raise ProcedureRefusedError("指派日期须在受理之后、今天之前，请核对后再提交。")
    OfficersSent.objects.create(
        case=case,
        serial=OfficersSent.objects.filter(case=case).count() + 1,
        kind=kind.value,
        sent_on=sent_on,
        names=names,
        by=by.ref,
        at=at,
    )
    clocks.meet(case, ClockKind.INSPECTION_START, on=sent_on)
    move(
        case,
        Step.SEND_OFFICERS,
        acting=acting,
        by=by,
        at=at,
        reason=f"{sent_on:%Y-%m-%d} {kind.label}：{'、'.join(names)}",
        basis="行政许可法 第五十五条第二款",
    )
    return case_view(case)


def _second_officer(case: Case, officer: str, name: str, *, by: Actor, at: datetime) -> str:
    """Return the name of the other officer: staff here, or of the system in which `by` works."""
    colleague = officer.rpartition(":")[0] == by.ref.rpartition(":")[0]
    if name and by.ref.startswith(OUTSIDE) and colleague:
        return line(name, "另一名核查人员")
    others = {
        f"user:{one.login}": one.name
        for one in organisations.staff_with(
            Permission.CASE_REVIEW, department=case.deciding_department, at=at
        )
    }
    if officer not in others:
        raise ProcedureRefusedError("另一名核查人员须是本部门的审查人员，请从名单中选择。")
    return others[officer]


@transaction.atomic
def ask_departments(
    *,
    number: str,
    departments: Sequence[str],
    question: str,
    calendar: WorkdayCalendar,
    by: Actor,
    at: datetime,
    workdays: int = INQUIRY_WORKDAYS,
    version: int | None = None,
) -> CaseView:
    """Ask other departments for their opinion, all at the same time (征求部门意见).

    Args:
        number: Case number.
        departments: Their codes; each is asked once.
        question: What they shall look at.
        calendar: Covers the day by which to answer.
        by: Who reviews the case.
        at: Moment of asking.
        workdays: How long they have.
        version: Row version `by` saw.

    Raises:
        CaseNotFoundError: no such case for these eyes.
        PermissionRefusedError: `by` may not review in the deciding department.
        ConflictRefusedError: somebody acted since `version`.
        StepRefusedError: not under review.
        NotHolderError: the case was given to somebody else.
        ProcedureRefusedError: no department, one that does not exist, that decides or was asked.
        TextRefusedError: no question.
        CalendarGapError: the calendar ends before the day.

    Source:
        行政许可法 第二十六条第二款.
    """
    case, acting = begin(number, Step.ASK_DEPARTMENT, by=by, version=version)
    require_holder(case, by)
    today, text = day_of(at), written(question, "征求意见的内容")
    if not 1 <= workdays <= LONGEST_INQUIRY_WORKDAYS:
        raise ProcedureRefusedError(f"反馈期限应为1至{LONGEST_INQUIRY_WORKDAYS}个工作日。")
    codes = list(dict.fromkeys(departments))
    names = _names_of(case, codes, today)
    due = calendar.add_workdays(today, workdays)
    for code in codes:
        DepartmentInquiry.objects.create(
            case=case, department=code, question=text, asked_by=by.ref, asked_at=at, due_on=due
        )
        clocks.start(
            case,
            ClockKind.OPINION,
            subject=code,
            starts_on=today,
            due_on=due,
            workdays=workdays,
        )
    case.asked_departments = [*case.asked_departments, *codes]
    move(
        case,
        Step.ASK_DEPARTMENT,
        acting=acting,
        by=by,
        at=at,
        changed=["asked_departments"],
        reason=f"{'、'.join(names)}：{text}",
    )
    return case_view(case)


def _names_of(case: Case, codes: Sequence[str], today: date) -> list[str]:
    if not codes:
        raise ProcedureRefusedError("请至少选择一个部门。")
    known = {
        unit.code: unit.short_name or unit.name
        for unit in organisations.departments(on=today)
        if unit.kind is not DepartmentKind.CENTRE
    }
    for code in codes:
        if code == case.deciding_department or code not in known:
            raise ProcedureRefusedError("只能征求本部门以外的办事部门的意见，请从名单中选择。")
        if code in case.asked_departments:
            raise ProcedureRefusedError(f"已经征求过{known[code]}的意见，请等待反馈。")
    return [known[code] for code in codes]


@transaction.atomic
def give_opinion(
    *,
    number: str,
    answer: InquiryAnswer,
    opinion: str,
    by: Actor,
    at: datetime,
    department: str = "",
    version: int | None = None,
) -> CaseView:
    """Give a department's opinion on a case that another one decides (反馈部门意见).

    Args:
        number: Case number.
        answer: Whether the department agrees.
        opinion: Its reasons.
        by: A reviewer of the asked department, or a named job that brings its answer.
        at: Moment of answering.
        department: Which of the asked departments; empty: the one of `by` that has not answered.
        version: Row version `by` saw.

    Raises:
        CaseNotFoundError: no such case for these eyes.
        PermissionRefusedError: `by` reviews in none of the asked departments.
        ConflictRefusedError: somebody acted since `version`.
        StepRefusedError: the case has gone on to its decision.
        ProcedureRefusedError: answered already.
        TextRefusedError: no opinion.

    Source:
        行政许可法 第二十六条第二款.
    """
    case = locked(number)
    acting = capacity(case, STEPS[Step.DEPARTMENT_OPINION], by)
    require_version(case, version)
    after(Step.DEPARTMENT_OPINION, CaseState(case.state))
    mine = [
        code
        for code in departments_of(case, Desk.ASKED)
        if department in {"", code}
        and (by.ref.startswith(JOB) or by.may(Permission.CASE_REVIEW, department=code))
    ]
    row = (
        DepartmentInquiry.objects.select_for_update()
        .filter(case=case, department__in=mine, answered_at=None)
        .order_by("id")
        .first()
    )
    if row is None:
        raise ProcedureRefusedError("没有等待您所在部门反馈的意见，请刷新后查看。")
    text = written(opinion, "部门意见")
    row.answer, row.opinion = answer.value, text
    row.answered_by, row.answered_by_name, row.answered_at = by.ref, by.name or by.ref, at
    row.save(update_fields=["answer", "opinion", "answered_by", "answered_by_name", "answered_at"])
    clocks.meet(case, ClockKind.OPINION, on=day_of(at), subject=row.department)
    if acting.department:
        acting = Capacity(post=acting.post, department=row.department)
    move(
        case,
        Step.DEPARTMENT_OPINION,
        acting=acting,
        by=by,
        at=at,
        reason=f"{answer.label}：{text}",
    )
    return case_view(case)


def require_site_check(case: Case) -> None:
    """Stop a grant, and the proposal of one, before two officers were on the spot.

    Raises:
        ProcedureRefusedError: the item asks for the check and none is on record.

    Source:
        行政许可法 第三十四条第三款.
    """
    if case.must_check_site and not SiteCheck.objects.filter(case=case).exists():
        raise ProcedureRefusedError(
            "本事项准予前必须由两名以上工作人员现场核查，还没有核查记录，请先核查并记录。"
        )


def require_opinions(case: Case, *, today: date) -> None:
    """Stop a proposal while an opinion that was asked for may still come in time.

    Raises:
        ProcedureRefusedError: one is outstanding and not overdue; says whose and until when.
    """
    if not case.asked_departments:
        return
    waiting = list(
        DepartmentInquiry.objects.filter(case=case, answered_at=None, due_on__gte=today)
        .order_by("due_on", "id")
        .values_list("department", "due_on")
    )
    if waiting:
        names = "、".join(kept.department(code).short_name or code for code, _ in waiting)
        raise ProcedureRefusedError(
            f"{names}还没有反馈意见，反馈期限为{waiting[-1][1]:%Y-%m-%d}，请待反馈或者期满后再提出。"
        )
