"""Acts of the agency window: mandates of firms, questions to departments (代办窗口).

One window in front, one team behind: an agent opens and follows the cases of a firm in all
departments, and a named liaison of each department answers. Free of charge.

Source:
    The plan, 三(二)2 (代办窗口为核心，前台一个窗口、后台一个班子).
"""

from __future__ import annotations

from datetime import date, datetime

from django.db import IntegrityError, transaction

from yiwang.audit import services as audit
from yiwang.cases.services.telling import tell_in_portal
from yiwang.halls.models import AgencyMandate, AgencyQuestion, Liaison
from yiwang.halls.policy.agency import (
    ANSWER_WORKDAYS,
    FREE,
    LINE_LENGTH,
    TEXT_LENGTH,
    mandate_problem,
)
from yiwang.halls.queries import agency as queries
from yiwang.halls.queries import day_of
from yiwang.halls.queries.agency import MandateNotFoundError, MandateView
from yiwang.kernel.errors import RefusedError
from yiwang.kernel.workdays import WorkdayCalendar
from yiwang.organisations import queries as organisations
from yiwang.organisations.permissions import Actor, Permission, require
from yiwang.registers import queries as registers


class AgencyRefusedError(RefusedError):
    """The agency window cannot do it like that."""

    code = "halls.agency_refused"


def _line(text: str, what: str) -> str:
    plain = " ".join(text.split())
    if not plain or len(plain) > LINE_LENGTH:
        raise AgencyRefusedError(f"请填写{what}，最多{LINE_LENGTH}个字。")
    return plain


def _text(text: str, what: str) -> str:
    plain = text.strip()
    if not plain or len(plain) > TEXT_LENGTH:
        raise AgencyRefusedError(f"请填写{what}，最多{TEXT_LENGTH}个字。")
    return plain


def record_mandate(
    *,
    uscc: str,
    matter: str,
    signed_by: str,
    phone: str,
    last_on: date,
    department: str,
    by: Actor,
    at: datetime,
) -> MandateView:
    """Write down the mandate that a firm gave on paper; `by` becomes its agent (登记代办委托).

    Args:
        uscc: Code of the firm.
        matter: The project or matter.
        signed_by: Who signed the mandate for the firm.
        phone: Where the firm reaches its agent.
        last_on: Last day of the mandate.
        department: Centre of the agency window.
        by: Works at that window.
        at: Moment; its day is the first of the mandate.

    Raises:
        PermissionRefusedError: `by` does not work at an agency window of `department`.
        AgencyRefusedError: no such firm, words missing, days that cannot be, or a mandate stands.
    """
    require(by, Permission.AGENCY_HANDLE, department=department)
    firm = registers.find_entity(uscc="".join(uscc.split()))
    if firm is None:
        raise AgencyRefusedError("没有找到这个单位，请核对营业执照上的18位统一社会信用代码。")
    today = day_of(at)
    problem = mandate_problem(begins=today, last=last_on)
    if problem:
        raise AgencyRefusedError(problem)
    try:
        with transaction.atomic():
            AgencyMandate.objects.filter(
                firm_ref=firm.ref, ended_at=None, last_on__lt=today
            ).update(ended_at=at, ended_by=by.ref, end_reason="委托期满")
            row = AgencyMandate.objects.create(
                firm_ref=firm.ref,
                firm_name=firm.name,
                matter=_line(matter, "代办的项目"),
                department_code=department,
                agent=by.ref,
                agent_name=by.name or by.ref,
                agent_phone=_line(phone, "代办员电话")[:40],
                signed_by=_line(signed_by, "在委托书上签名的人"),
                begins_on=today,
                last_on=last_on,
                recorded_at=at,
            )
            tell_in_portal(
                to_ref=firm.ref,
                title="代办委托已登记",
                body=f"“{row.matter}”由代办员{row.agent_name}代办，电话{row.agent_phone}，"
                f"委托到{last_on:%Y-%m-%d}止。{FREE}",
                at=at,
            )
            _record("record_mandate", row, {"firm": firm.ref, "last_on": str(last_on)}, by, at)
    except IntegrityError as error:
        if "halls_agencymandate_one_stands_per_firm" not in str(error):
            raise
        raise AgencyRefusedError("这个单位已有代办员，如要更换，请先终止原来的委托。") from None
    return queries.mandate_view(row)


@transaction.atomic
def end_mandate(*, mandate: int, reason: str, by: Actor, at: datetime) -> None:
    """End a mandate before its last day; the firm or the window may (终止代办委托).

    Raises:
        MandateNotFoundError: no such mandate for these eyes.
        AgencyRefusedError: ended already, or no reason.
    """
    row = AgencyMandate.objects.select_for_update().filter(pk=mandate).first()
    if row is None or not (
        by.acts_for(row.firm_ref)
        or by.may(Permission.AGENCY_HANDLE, department=row.department_code)
    ):
        raise MandateNotFoundError
    if row.ended_at is not None:
        raise AgencyRefusedError("这份代办委托已经终止，请刷新后查看。")
    row.end_reason = _line(reason, "终止的原因")
    row.ended_at, row.ended_by = at, by.ref
    row.save(update_fields=["ended_at", "ended_by", "end_reason"])
    told = row.agent if by.acts_for(row.firm_ref) else row.firm_ref
    tell_in_portal(
        to_ref=told,
        title="代办委托已终止",
        body=f"{row.firm_name}“{row.matter}”的代办委托已终止：{row.end_reason}",
        at=at,
    )
    _record("end_mandate", row, {"reason": row.end_reason}, by, at)


@transaction.atomic
def ask_liaison(
    *,
    mandate: int,
    case_number: str,
    text: str,
    calendar: WorkdayCalendar,
    by: Actor,
    at: datetime,
) -> int:
    """Ask the department that decides a case of the firm (代办咨询).

    Args:
        mandate: Under which mandate.
        case_number: A running case of the firm.
        text: The question.
        calendar: Covers the days to answer.
        by: Works at the agency window.
        at: Moment.

    Raises:
        MandateNotFoundError: no mandate that stands for these eyes.
        AgencyRefusedError: no such running case of the firm, no words, or nobody answers there.
        CalendarGapError: the calendar ends before the day.
    """
    view, today = queries.mandate(mandate, by=by), day_of(at)
    running, _finished = queries.cases_of(view, by=by, today=today, calendar=calendar)
    case = next((row for row in running if row.number == case_number), None)
    if case is None:
        raise AgencyRefusedError("请选择这个单位正在办理的一个办件。")
    liaison = queries.liaisons(on=today).get(case.deciding_department)
    known = organisations.staff_with(
        Permission.CASE_REVIEW, department=case.deciding_department, at=at
    )
    if liaison is None or liaison.login not in {one.login for one in known}:
        name = organisations.department(case.deciding_department).name
        missing = "还没有指定联络员" if liaison is None else "的联络员已不在审查岗位"
        raise AgencyRefusedError(f"{name}{missing}，请由该部门负责人在“部门联络员”中指定。")
    row = AgencyQuestion.objects.create(
        mandate_id=view.id,
        case_number=case.number,
        item_name=case.item_name,
        department_code=case.deciding_department,
        text=_text(text, "问题"),
        asked_by=by.ref,
        asked_at=at,
        due_on=calendar.add_workdays(today, ANSWER_WORKDAYS),
    )
    tell_in_portal(
        to_ref=f"user:{liaison.login}",
        title=f"代办员提问（{case.query_code}）",
        body=f"{view.firm_name}“{case.item_name}”：{row.text[:200]}"
        f"（请在{row.due_on:%Y-%m-%d}前到“代办”答复）",
        at=at,
    )
    _record_question("ask_liaison", row, by, at)
    return row.pk


@transaction.atomic
def answer_question(*, question: int, text: str, by: Actor, at: datetime) -> None:
    """Answer what an agent asked the department (答复代办咨询).

    Raises:
        MandateNotFoundError: no such question for the department that `by` answers for.
        AgencyRefusedError: answered already, or no words.
    """
    row = (
        AgencyQuestion.objects.select_for_update(of=("self",))
        .select_related("mandate")
        .filter(pk=question)
        .first()
    )
    if row is None or row.department_code not in queries.answers_for(by, day_of(at)):
        raise MandateNotFoundError
    if row.answered_at is not None:
        raise AgencyRefusedError("这个问题已经答复，请刷新后查看。")
    row.answer = _text(text, "答复")
    row.answered_by, row.answered_name, row.answered_at = by.ref, by.name or by.ref, at
    row.save(update_fields=["answer", "answered_by", "answered_name", "answered_at"])
    tell_in_portal(
        to_ref=row.asked_by,
        title=f"部门已答复：{row.item_name}",
        body=f"{row.mandate.firm_name}：{row.answer[:300]}",
        at=at,
    )
    _record_question("answer_question", row, by, at)


@transaction.atomic
def appoint_liaison(*, department: str, login: str, by: Actor, at: datetime) -> None:
    """Name who answers the agency window for a department, from today on (指定部门联络员).

    Raises:
        PermissionRefusedError: `by` is not the head of the department.
        AgencyRefusedError: not one of its reviewers, or the same person already.
    """
    require(by, Permission.CASE_ASSIGN, department=department)
    today = day_of(at)
    known = organisations.staff_with(Permission.CASE_REVIEW, department=department, at=at)
    if login not in {one.login for one in known}:
        raise AgencyRefusedError("联络员须是本部门的审查人员，请从名单中选择。")
    now = Liaison.objects.select_for_update().filter(department_code=department, until=None).first()
    if now is not None and now.login == login:
        raise AgencyRefusedError("这位同事已经是本部门的联络员，不用再指定。")
    if now is not None:
        now.until = today
        now.save(update_fields=["until"])
    row = Liaison.objects.create(
        department_code=department,
        login=login,
        begins_on=today,
        appointed_by=by.ref,
        appointed_at=at,
    )
    audit.record(
        at=at,
        actor=by.ref,
        act="halls.appoint_liaison",
        target=f"liaison:{row.pk}",
        department=department,
        detail={"login": login},
        ip=by.ip,
    )


def _record(
    act: str, row: AgencyMandate, detail: dict[str, object], by: Actor, at: datetime
) -> None:
    audit.record(
        at=at,
        actor=by.ref,
        act=f"halls.{act}",
        target=f"mandate:{row.pk}",
        department=row.department_code,
        detail=detail,
        ip=by.ip,
    )


def _record_question(act: str, row: AgencyQuestion, by: Actor, at: datetime) -> None:
    audit.record(
        at=at,
        actor=by.ref,
        act=f"halls.{act}",
        target=f"case:{row.case_number}",
        department=row.department_code,
        detail={"question": row.pk, "mandate": row.mandate_id},
        ip=by.ip,
    )
