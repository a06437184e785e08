"""The hearing of a case: telling the right, request, time and place, signed record (听证)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from django.db import transaction

from yiwang.cases.events import HearingAsked
from yiwang.cases.models import Case, CaseDocument, CaseEvent, Hearing
from yiwang.cases.policy import letters
from yiwang.cases.policy.deadlines import PLACE, day_of
from yiwang.cases.policy.procedure import (
    HEARING_HOLD_WORKDAYS,
    HEARING_NOTICE_WORKDAYS,
    HEARING_REQUEST_WORKDAYS,
    ClosedGround,
    HearingEnd,
    HearingOrigin,
    hearing_day_problem,
)
from yiwang.cases.policy.states import CaseState, Step
from yiwang.cases.policy.terms import ClockKind, DeliveryChannel, DocumentKind
from yiwang.cases.queries import CaseView, case_view
from yiwang.cases.services import clocks, kept
from yiwang.cases.services.outside import OUTSIDE
from yiwang.cases.services.procedure import ProcedureRefusedError, line, refuse_immediate, send
from yiwang.cases.services.special import tell_limit
from yiwang.cases.services.steps import (
    begin,
    heading,
    issue,
    move,
    require_holder,
    version_of,
    written,
)
from yiwang.kernel import events
from yiwang.kernel.workdays import CalendarGapError, WorkdayCalendar
from yiwang.organisations import queries as organisations
from yiwang.organisations.permissions import Actor, Permission

SIGNERS = 2
"""A record is signed by the chair and by at least one who took part."""

SET_FIELDS = (
    *("set_on", "set_by", "held_at", "place", "chair", "chair_name"),
    *("public", "closed_ground", "closed_because", "moved_from", "moved_on", "moved_because"),
)
"""Columns of a hearing that telling its time and place may change."""

REVIEW_STEPS = (
    Step.START_REVIEW,
    Step.CHECK_SITE,
    Step.SEND_OFFICERS,
    Step.START_SPECIAL,
    Step.END_SPECIAL,
    Step.NOTIFY_HEARING,
    Step.SET_HEARING,
    Step.ASK_EXTENSION,
    Step.ASK_DEPARTMENT,
    Step.TELL_INTERESTED,
)
"""Whoever took one of these reviewed the application."""


@transaction.atomic
def notify_hearing(
    *,
    number: str,
    reason: str,
    calendar: WorkdayCalendar,
    by: Actor,
    at: datetime,
    origin: HearingOrigin = HearingOrigin.RIGHT,
    channel: DeliveryChannel = DeliveryChannel.IN_APP,
    delivered: str = "",
    version: int | None = None,
) -> CaseView:
    """Tell the right to a hearing, or announce one of one's own motion; the limit stops (听证).

    Args:
        number: Case number.
        reason: What is at stake.
        calendar: Covers the days to ask for it.
        by: Who reviews the case.
        at: Moment of telling.
        origin: The right of those concerned, or the law or a matter of public interest.
        channel: How the letter reached the applicant.
        delivered: What the record of delivery says; empty: the channel's words.
        version: Row version `by` saw.

    Raises:
        CaseNotFoundError: no such case for these eyes.
        PermissionRefusedError: `by` may not review in the deciding department.
        ConflictRefusedError: somebody acted since `version`.
        StepRefusedError: not under review.
        NotHolderError: the case was given to somebody else.
        ProcedureRefusedError: there was a hearing already, or the result is given at once.
        TextRefusedError: no reason.
        CalendarGapError: the calendar ends before the day.

    Source:
        行政许可法 第四十六条, 第四十七条.
    """
    case, acting = begin(number, Step.NOTIFY_HEARING, by=by, version=version)
    require_holder(case, by)
    item, today = version_of(case), day_of(at)
    refuse_immediate(item)
    if Hearing.objects.filter(case=case).exists():
        raise ProcedureRefusedError("本办件已经告知过听证权利，请根据听证的结果继续审查。")
    text = written(reason, "听证的理由")
    department = kept.department(case.deciding_department)
    top = heading(case, item, department.name)
    told = origin is HearingOrigin.RIGHT
    request_due = calendar.add_workdays(today, HEARING_REQUEST_WORKDAYS)
    hold_due = calendar.add_workdays(today, HEARING_HOLD_WORKDAYS)
    document = issue(
        case,
        DocumentKind.HEARING_RIGHT if told else DocumentKind.HEARING_ANNOUNCEMENT,
        body=letters.hearing_right(top, reason=text, due_on=request_due)
        if told
        else letters.hearing_announcement(top, reason=text),
        item=item,
        seal=department,
        by=by,
        at=at,
        message=(
            f"您可以就“{item.name}”申请要求听证，最迟{letters.chinese_day(request_due)}提出。"
            if told
            else f"本机关将就您的“{item.name}”申请举行听证。"
        ),
    )
    Hearing.objects.create(
        case=case,
        origin=origin.value,
        reason=text,
        told_on=today,
        told_by=by.ref,
        notice_id=document,
        delivery=send(case, document, channel=channel, result=delivered, by=by, at=at),
        request_due_on=request_due if told else None,
        requested_on=None if told else today,
        requested_by="" if told else by.ref,
        hold_due_on=None if told else hold_due,
    )
    if told:
        clocks.start(
            case,
            ClockKind.HEARING_REQUEST,
            starts_on=today,
            due_on=request_due,
            workdays=HEARING_REQUEST_WORKDAYS,
        )
    else:
        _start_hold(case, today, hold_due)
    clocks.stop_limits(case, on=today, due_on=request_due if told else hold_due)
    move(
        case,
        Step.NOTIFY_HEARING,
        acting=acting,
        by=by,
        at=at,
        changed=clocks.LIMIT_FIELDS,
        reason=text,
        basis="行政许可法 第四十七条" if told else "行政许可法 第四十六条",
    )
    return case_view(case)


def _start_hold(case: Case, today: date, due_on: date) -> None:
    clocks.start(
        case,
        ClockKind.HEARING_HOLD,
        starts_on=today,
        due_on=due_on,
        workdays=HEARING_HOLD_WORKDAYS,
    )


def _open(case: Case) -> Hearing:
    return Hearing.objects.select_for_update().get(case=case, ended_on=None)


@transaction.atomic
def request_hearing(
    *,
    number: str,
    text: str,
    calendar: WorkdayCalendar,
    by: Actor,
    at: datetime,
    version: int | None = None,
) -> CaseView:
    """Ask for the hearing, within five working days of being told (要求听证).

    Args:
        number: Case number.
        text: Why; what the applicant or another party concerned says.
        calendar: Covers the twenty days to hold it.
        by: Who acts for the applicant, or a reviewer who writes down a request on paper.
        at: Moment of asking.
        version: Row version `by` saw.

    Raises:
        CaseNotFoundError: no such case for these eyes.
        PermissionRefusedError: `by` neither acts for the applicant nor reviews here.
        ConflictRefusedError: somebody acted since `version`.
        StepRefusedError: the right was not told.
        ProcedureRefusedError: asked already, or too late.
        TextRefusedError: no words.
        CalendarGapError: the calendar ends before the day.

    Source:
        行政许可法 第四十七条第一款.
    """
    case, acting = begin(number, Step.REQUEST_HEARING, by=by, version=version)
    row, today = _open(case), day_of(at)
    if row.requested_on is not None:
        raise ProcedureRefusedError("已经要求听证，听证的时间和地点将另行通知。")
    if row.request_due_on is not None and today > row.request_due_on:
        raise ProcedureRefusedError(
            f"要求听证的期限已于{row.request_due_on:%Y-%m-%d}届满，您可以就申请书面陈述意见。"
        )
    words = written(text, "要求听证的理由")
    hold_due = calendar.add_workdays(today, HEARING_HOLD_WORKDAYS)
    row.requested_on, row.requested_by, row.request_text = today, by.ref, words
    row.hold_due_on = hold_due
    row.save(update_fields=["requested_on", "requested_by", "request_text", "hold_due_on"])
    clocks.meet(case, ClockKind.HEARING_REQUEST, on=today)
    _start_hold(case, today, hold_due)
    case.due_on = hold_due
    move(
        case,
        Step.REQUEST_HEARING,
        acting=acting,
        by=by,
        at=at,
        changed=["due_on"],
        reason=words,
        basis="行政许可法 第四十七条第一款",
    )
    events.publish(
        HearingAsked(
            number=case.number,
            item_slug=case.item_slug,
            requested_on=today,
            deciding_department=case.deciding_department,
        )
    )
    return case_view(case)


@transaction.atomic
def set_hearing(
    *,
    number: str,
    held_at: datetime,
    place: str,
    chair: str,
    calendar: WorkdayCalendar,
    by: Actor,
    at: datetime,
    public: bool = True,
    closed_ground: ClosedGround | None = None,
    closed_because: str = "",
    moved_because: str = "",
    chair_name: str = "",
    version: int | None = None,
) -> CaseView:
    """Set time, place and chair of the hearing and tell them seven days before (通知听证).

    A hearing that was set already is moved, with a reason: everybody is told anew, as many days
    before. A public one stands on the public page from the day it is told.

    Args:
        number: Case number.
        held_at: When it will be held.
        place: Where.
        chair: Ref of who chairs it; nobody who reviewed the application.
        calendar: Covers the seven days.
        by: Who reviews the case.
        at: Moment of telling.
        public: Whether the public may come, as the law wants; then it is announced.
        closed_ground: What it touches that the law keeps closed, where it is not public.
        closed_because: Why that is so; kept on the desk.
        moved_because: Why time, place or chair are changed after they were told.
        chair_name: Name of a chair whom only the department's own system knows; empty: staff here.
        version: Row version `by` saw.

    Raises:
        CaseNotFoundError: no such case for these eyes.
        PermissionRefusedError: `by` may not review in the deciding department.
        ConflictRefusedError: somebody acted since `version`.
        StepRefusedError: no hearing is going on.
        NotHolderError: the case was given to somebody else.
        ProcedureRefusedError: not asked for, set already and no reason to move it, a day too
            early or too late, a place missing, closed without a ground of the law, or a chair
            who reviewed.
        CalendarGapError: the calendar ends before the day.

    Source:
        行政许可法 第四十七条第一款, 第四十八条第一款第一项至第三项.
    """
    case, acting = begin(number, Step.SET_HEARING, by=by, version=version)
    require_holder(case, by)
    row, today, day = _open(case), day_of(at), day_of(held_at)
    if row.requested_on is None or row.hold_due_on is None:
        raise ProcedureRefusedError("申请人、利害关系人还没有要求听证，不必通知。")
    told = row.set_on is not None
    why = written(moved_because, "更改的理由") if moved_because.strip() else ""
    if told and not why:
        raise ProcedureRefusedError(
            "已经通知听证的时间和地点，请按通知举行；确需更改的，请写明更改的理由。"
        )
    if why and not told:
        raise ProcedureRefusedError("听证的时间和地点还没有通知过，请不填更改的理由，直接通知。")
    closed = _closed(public, closed_ground, closed_because)
    problem = hearing_day_problem(day, today=today, hold_due_on=row.hold_due_on, calendar=calendar)
    if problem:
        raise ProcedureRefusedError(problem)
    where = line(place, "听证地点")
    name = _chair(case, row, chair, chair_name, by=by, at=at)
    moved = again = ""
    if row.held_at is not None:
        again = str(_letters(case, DocumentKind.HEARING_NOTICE) + 1)
        moved = f"原定于{_moment(row.held_at)}在{row.place}举行的听证有更改，理由：{why}"
        row.moved_from, row.moved_on, row.moved_because = row.held_at, today, why
    else:
        row.set_on, row.set_by = today, by.ref
    row.held_at, row.place, row.chair, row.chair_name = held_at, where, chair, name
    row.public, (row.closed_ground, row.closed_because) = public, closed
    row.save(update_fields=SET_FIELDS)
    clocks.start(
        case,
        ClockKind.HEARING_NOTICE,
        starts_on=row.requested_on,
        due_on=max(row.requested_on, calendar.add_workdays(day, -HEARING_NOTICE_WORKDAYS)),
        met_on=today,
    )
    case.due_on = day
    item, department = version_of(case), kept.department(case.deciding_department)
    top, when = heading(case, item, department.name), _moment(held_at)
    document = issue(
        case,
        DocumentKind.HEARING_NOTICE,
        body=letters.hearing_notice(
            top, held_at=when, place=where, chair=name, public=public, moved=moved
        ),
        item=item,
        seal=department,
        by=by,
        at=at,
        subject=again,
        message=f"您的“{item.name}”申请的听证改为{when}举行，请看听证通知书。"
        if moved
        else f"您的“{item.name}”申请将于{when}举行听证，请看听证通知书。",
    )
    send(case, document, channel=DeliveryChannel.IN_APP, result="", by=by, at=at)
    if public and (moved or row.origin == HearingOrigin.RIGHT.value):
        issue(
            case,
            DocumentKind.HEARING_ANNOUNCEMENT,
            body=letters.hearing_announcement(
                top, reason=row.reason, held_at=when, place=where, moved=moved
            ),
            item=item,
            seal=department,
            by=by,
            at=at,
            subject=again,
            message=f"“{item.name}”申请的听证已公告。",
        )
    move(
        case,
        Step.SET_HEARING,
        acting=acting,
        by=by,
        at=at,
        changed=["due_on"],
        reason=f"{when} {where}，主持人{name}" + (f"；更改的理由：{why}" if moved else ""),
        basis="行政许可法 第四十八条",
    )
    return case_view(case)


def _letters(case: Case, kind: DocumentKind) -> int:
    return CaseDocument.objects.filter(case=case, kind=kind.value).count()


def _closed(public: bool, ground: ClosedGround | None, because: str) -> tuple[str, str]:
    """Return ground and reason of a hearing behind closed doors; both empty: it is public.

    Source:
        行政许可法 第五条第二款, 第四十八条第一款第二项.
    """
    if public and ground is None and not because.strip():
        return "", ""
    if public:
        raise ProcedureRefusedError(
            "公开举行的听证不填不公开的情形和理由，请删去，或者选择不公开。"
        )
    if ground is None or not because.strip():
        raise ProcedureRefusedError(
            "听证应当公开举行；不公开的，请选择涉及国家秘密、商业秘密或者个人隐私，并写明理由。"
        )
    return ground.value, written(because, "不公开的理由")


def _moment(at: datetime) -> str:
    return f"{at.astimezone(PLACE):%Y年%m月%d日 %H:%M}"


def _chair(case: Case, row: Hearing, chair: str, name: str, *, by: Actor, at: datetime) -> str:
    """Return the name of the chair; nobody who reviewed the application.

    Source:
        行政许可法 第四十八条第一款第三项.
    """
    reviewers = {by.ref, row.told_by, case.assigned_to, case.reviewed_by} | set(
        CaseEvent.objects.filter(
            case=case, step__in=[step.value for step in REVIEW_STEPS]
        ).values_list("actor", flat=True)
    )
    if chair in reviewers:
        raise ProcedureRefusedError("听证主持人须是审查本申请以外的人员，请另选主持人。")
    system = by.ref.rpartition(":")[0]
    if name and by.ref.startswith(OUTSIDE) and chair.rpartition(":")[0] == system:
        return line(name, "听证主持人")
    found = {
        f"user:{one.login}": one.name
        for one in organisations.staff_with(
            Permission.CASE_READ, department=case.deciding_department, at=at
        )
    }
    if chair not in found:
        raise ProcedureRefusedError("听证主持人须是本机关的工作人员，请从名单中选择。")
    return found[chair]


@transaction.atomic
def end_hearing(
    *,
    number: str,
    end: HearingEnd,
    calendar: WorkdayCalendar,
    by: Actor,
    at: datetime,
    record: str = "",
    signed_by: Sequence[str] = (),
    version: int | None = None,
) -> CaseView:
    """End the hearing with its signed record, or without one where nobody asked (听证结束).

    Args:
        number: Case number.
        end: Held, not asked for in time, or waived in writing.
        calendar: Covers the new limits.
        by: Who reviews the case, or a named job after the days to ask for it.
        at: Moment; its day is the last that does not count.
        record: The record of a hearing that was held, or what was waived how.
        signed_by: Names of those who signed the record.
        version: Row version `by` saw.

    Raises:
        CaseNotFoundError: no such case for these eyes.
        PermissionRefusedError: `by` may not review in the deciding department.
        ConflictRefusedError: somebody acted since `version`.
        StepRefusedError: no hearing is going on.
        NotHolderError: the case was given to somebody else.
        ProcedureRefusedError: not held yet, not signed, or still time to ask for it.
        TextRefusedError: no record.
        CalendarGapError: the calendar ends before a limit.

    Source:
        行政许可法 第四十七条, 第四十八条第一款第五项、第二款.
    """
    case, acting = begin(number, Step.END_HEARING, by=by, version=version)
    if acting.post:
        require_holder(case, by)
    row, today, item = _open(case), day_of(at), version_of(case)
    names = [line(name, "签字人") for name in signed_by if name.strip()]
    text = _record(row, end, record, names, today=today, at=at)
    row.end, row.ended_on, row.ended_by = end.value, today, by.ref
    row.record, row.signed_by = text, names
    row.save(update_fields=["end", "ended_on", "ended_by", "record", "signed_by"])
    for kind in (ClockKind.HEARING_REQUEST, ClockKind.HEARING_HOLD):
        clocks.meet(case, kind, on=today)
    changed = list(clocks.LIMIT_FIELDS)
    if end is HearingEnd.HELD:
        case.heard_on = day_of(row.held_at) if row.held_at else today
        changed.append("heard_on")
        _issue_record(case, row, by=by, at=at)
    clocks.set_limits(case, item, calendar=calendar)
    move(
        case,
        Step.END_HEARING,
        acting=acting,
        by=by,
        at=at,
        changed=changed,
        reason=end.label,
        basis="行政许可法 第四十八条" if end is HearingEnd.HELD else "行政许可法 第四十七条",
    )
    tell_limit(case, item, what="听证", at=at)
    return case_view(case)


def _record(
    row: Hearing,
    end: HearingEnd,
    record: str,
    names: Sequence[str],
    *,
    today: date,
    at: datetime,
) -> str:
    """Return what is written down about the end, once it may be written."""
    if end is HearingEnd.HELD:
        if row.held_at is None or at < row.held_at:
            raise ProcedureRefusedError("听证还没有举行，请在通知的时间举行后再录入笔录。")
        if len(names) < SIGNERS:
            raise ProcedureRefusedError(
                "听证笔录须由主持人和听证参加人签字，请至少填写两名签字人；拒绝签字的注明情况。"
            )
        return written(record, "听证笔录")
    if row.requested_on is not None and end is HearingEnd.NOT_REQUESTED:
        raise ProcedureRefusedError("已经要求听证，须举行听证或者由要求人书面放弃。")
    if end is HearingEnd.NOT_REQUESTED and (
        row.request_due_on is None or today <= row.request_due_on
    ):
        raise ProcedureRefusedError("要求听证的期限还没有届满，请等待期满或者由当事人书面放弃。")
    if end is HearingEnd.WAIVED:
        return written(record, "书面放弃的情况")
    if end is HearingEnd.CASE_ENDED:
        raise ProcedureRefusedError("办件没有终止，请选择听证的结果。")
    return record.strip()


def _issue_record(case: Case, row: Hearing, *, by: Actor, at: datetime) -> None:
    item, department = version_of(case), kept.department(case.deciding_department)
    if row.held_at is None:
        raise ValueError("a hearing that was held has its moment")
    issue(
        case,
        DocumentKind.HEARING_RECORD,
        body=letters.hearing_record(
            heading(case, item, department.name),
            held_at=_moment(row.held_at),
            place=row.place,
            chair=row.chair_name,
            text=row.record,
            signed_by=row.signed_by,
        ),
        item=item,
        seal=department,
        by=by,
        at=at,
        message=f"您的“{item.name}”申请的听证笔录已制作，决定将根据笔录作出。",
    )


def resting_on_record(case: Case, reason: str) -> str:
    """Return the reasons of a decision with the record they rest on; no query without a hearing.

    Source:
        行政许可法 第四十八条第二款: 行政机关应当根据听证笔录，作出行政许可决定.
    """
    if case.heard_on is None:
        return reason
    number = (
        CaseDocument.objects.filter(case=case, kind=DocumentKind.HEARING_RECORD.value)
        .values_list("number", flat=True)
        .get()
    )
    return f"{reason}（根据听证笔录{number}作出）"


def refuse_chair(case: Case, by: Actor) -> None:
    """Stop the proposal of whoever chaired the hearing; no query without a hearing.

    Raises:
        ProcedureRefusedError: `by` chaired it.
    """
    if case.heard_on is not None and Hearing.objects.filter(case=case, chair=by.ref).exists():
        raise ProcedureRefusedError("您主持了本办件的听证，不能再作审查，请由审查人员提出意见。")


def end_unrequested_hearings(
    *, calendar: WorkdayCalendar, by: Actor, at: datetime, limit: int = 200
) -> list[str]:
    """Go on with cases in which nobody asked for a hearing in time; return their numbers.

    For a named job. Each case is its own transaction.
    """
    numbers = list(
        Hearing.objects.filter(
            ended_on=None,
            requested_on=None,
            request_due_on__lt=day_of(at),
            case__state=CaseState.HEARING.value,
        )
        .order_by("request_due_on", "id")
        .values_list("case__number", flat=True)[:limit]
    )
    ended = []
    for number in numbers:
        try:
            end_hearing(
                number=number, end=HearingEnd.NOT_REQUESTED, calendar=calendar, by=by, at=at
            )
        except (CalendarGapError, ProcedureRefusedError):
            continue
        ended.append(number)
    return ended
