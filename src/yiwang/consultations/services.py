"""Acts of asking and answering."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from unicodedata import category

from django.db import connection, transaction

from yiwang.audit import services as audit
from yiwang.cases import services as cases
from yiwang.catalogue import queries as catalogue
from yiwang.consultations import queries
from yiwang.consultations.models import Consultation, PublicAnswer
from yiwang.consultations.policy.handing_over import (
    ANSWER_LIMIT_CHARS,
    HANDED_LIMIT_CHARS,
    REASON_LIMIT_CHARS,
    UNREADABLE,
    ConsultationState,
    answer_due_on,
    holds_personal_number,
    plain_phone,
)
from yiwang.kernel.errors import RefusedError
from yiwang.kernel.identifiers import query_code
from yiwang.kernel.workdays import WorkdayCalendar
from yiwang.notices import services as notices
from yiwang.notices.policy.templates import Occasion
from yiwang.notices.services import Wanted
from yiwang.organisations import queries as organisations
from yiwang.organisations import scope, secret_box
from yiwang.organisations.limits import Bound, count_try, network_of
from yiwang.organisations.permissions import (
    EVERYWHERE,
    Actor,
    Permission,
    PermissionRefusedError,
    require,
)
from yiwang.organisations.policy.terms import DepartmentKind

ASKER = Bound(most=30, seconds=60)
"""Questions to the box per address; a reading room behind one address asks no faster."""

HANDED_OVER = (Bound(most=10, seconds=3_600), Bound(most=30, seconds=86_400))
"""Questions handed over per address."""

READER = Bound(most=10, seconds=600)
"""Looks for an answer per address."""

CODE = (Bound(most=5, seconds=600), Bound(most=20, seconds=86_400))
"""Looks for an answer per query code, from wherever they come."""

PREFIX = "ZX"
"""Beginning of the query codes of questions, so that nobody takes one for that of a case."""


class HandOverRefusedError(RefusedError):
    """The question cannot be handed over."""

    code = "consultations.hand_over_refused"


class AnswerRefusedError(RefusedError):
    """The question cannot be answered, passed on or made public in this way."""

    code = "consultations.answer_refused"


def count_question(*, address: str, at: datetime) -> None:
    """Count one question to the box before it is answered; the same for pages and programs.

    Nothing is kept of the question, and of the address only a hash for a minute.

    Raises:
        TooManyTriesError: too many from this address.
    """
    count_try(what="ask", who=network_of(address), bound=ASKER, at=at)


def count_look(*, code: str, address: str, at: datetime) -> None:
    """Count one look for an answer before it is shown.

    Raises:
        TooManyTriesError: too many from this address or about this code.
    """
    count_try(what="ask-read", who=network_of(address), bound=READER, at=at)
    for bound in CODE:
        count_try(what="ask-code", who=queries.plain_code(code), bound=bound, at=at)


def hand_over(
    *,
    question: str,
    phone: str = "",
    item_slug: str = "",
    workdays: int,
    calendar: WorkdayCalendar,
    by: Actor,
    at: datetime,
) -> queries.AskedView:
    """Hand a question over to a person (把问题交给工作人员).

    It goes to the department of the item, else to the centre, and so where nobody of the department
    holds a post that answers.

    Args:
        question: At most HANDED_LIMIT_CHARS characters.
        phone: Mobile number of somebody who is not signed in as an applicant; kept encrypted.
        item_slug: Item it is about; one that is not in force is left out.
        workdays: Limit of the answer, as `queries.answer_workdays` says.
        calendar: Covers the limit.
        by: Who asks; `ip` is counted.
        at: Moment of asking.

    Raises:
        HandOverRefusedError: no question, too long, no mobile number, or nobody to hand it to.
        TooManyTriesError: too many from this address.
        CalendarGapError: the limit runs past the calendar.
    """
    words = _text(
        question, HANDED_LIMIT_CHARS, missing="请写下要问的问题", error=HandOverRefusedError
    )
    number = "" if by.subjects else plain_phone(phone)
    if not by.subjects and not number:
        raise HandOverRefusedError("请填写11位手机号码，凭它和查询码看答复；也可以先登录再问。")
    for bound in HANDED_OVER:
        count_try(what="ask-hand-over", who=network_of(by.ip), bound=bound, at=at)
    asked = _Asked(words=words, phone=number, ref=max(by.subjects, default=""), item=item_slug)
    return _keep(asked, workdays=workdays, calendar=calendar, by=by, at=at)


def ask_at_window(
    *,
    question: str,
    department: str,
    asker_ref: str = "",
    phone: str = "",
    workdays: int,
    calendar: WorkdayCalendar,
    by: Actor,
    at: datetime,
) -> queries.AskedView:
    """Take a question at a window that its clerk cannot answer (首问登记).

    Who was asked first keeps it in sight until the asker was told the answer: `note_told`.

    Args:
        question: At most HANDED_LIMIT_CHARS characters.
        department: Code of the department that answers.
        asker_ref: Whoever was identified at the window, `person:…` or `entity:…`.
        phone: Mobile number of whoever was not; kept encrypted.
        workdays: Limit of the answer, as `queries.answer_workdays` says.
        calendar: Covers the limit.
        by: The clerk who was asked.
        at: Moment of asking.

    Raises:
        PermissionRefusedError: `by` receives at no window.
        HandOverRefusedError: no question, too long, no way to reach the asker, or nobody answers
            in that department.
        CalendarGapError: the limit runs past the calendar.

    Source:
        上海市优化营商环境条例 第二十五条 (首问负责).
    """
    windows = sorted(by.departments(Permission.CASE_RECEIVE) - {EVERYWHERE})
    if not windows:
        raise PermissionRefusedError("首问在窗口登记，您没有窗口收件的岗位，请联系本部门负责人。")
    words = _text(
        question, HANDED_LIMIT_CHARS, missing="请写下对方要问的问题", error=HandOverRefusedError
    )
    number = "" if asker_ref else plain_phone(phone)
    if not asker_ref and not number:
        raise HandOverRefusedError("请填写对方的11位手机号码，或者先在窗口核对身份再登记。")
    if not _somebody_answers(department, at=at):
        raise HandOverRefusedError("所选部门还没有答复咨询的岗位，请选择另一个部门。")
    asked = _Asked(
        words=words, phone=number, ref=asker_ref, department=department, window=windows[0]
    )
    with scope.everything():  # the identified asker's row, whose subject the clerk is not
        return _keep(asked, workdays=workdays, calendar=calendar, by=by, at=at)


@transaction.atomic
def note_told(*, consultation_id: int, by: Actor, at: datetime) -> None:
    """Write down that whoever was asked first told the asker the answer (首问办结).

    Raises:
        ObjectDoesNotExist: no such question.
        PermissionRefusedError: it was first asked elsewhere.
        AnswerRefusedError: not first asked at a window, not answered yet, or told before.

    Source:
        上海市优化营商环境条例 第二十五条 (首问负责).
    """
    row = Consultation.objects.select_for_update().get(pk=consultation_id)
    if not row.first_by:
        raise AnswerRefusedError("这个问题不是在窗口登记的，提问人自己查看答复。")
    require(by, Permission.CASE_RECEIVE, department=row.first_department)
    if row.state != ConsultationState.ANSWERED:
        raise AnswerRefusedError("部门还没有答复，请等有了答复再告知提问人。")
    if row.told_at is not None:
        raise AnswerRefusedError("已经登记过告知，不需要再登记。")
    row.told_at, row.told_by = at, by.ref
    row.save(update_fields=["told_at", "told_by"])
    _record(row, "told", {"first_by": row.first_by}, by=by, at=at)


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """A question as it came in.

    Attributes:
        department: Who answers; empty: the department of `item`, else the centre.
        window: Unit of the clerk who was asked first; empty: nobody was.
    """

    words: str
    phone: str
    ref: str
    item: str = ""
    department: str = ""
    window: str = ""


@transaction.atomic
def _keep(
    asked: _Asked,
    *,
    workdays: int,
    calendar: WorkdayCalendar,
    by: Actor,
    at: datetime,
) -> queries.AskedView:
    today = organisations.day_of(at)
    items = catalogue.items_named([asked.item], on=today) if asked.item else []
    department = asked.department or _answering(items[0].department if items else "", at=at)
    pk = _next_id()
    row = Consultation.objects.create(
        pk=pk,
        query_code=query_code.generate(
            prefix=PREFIX, received_on=today, serial=pk * 26_227 % query_code.SERIALS
        ),
        question=asked.words,
        item_slug=items[0].slug if items else "",
        item_name=items[0].name if items else "",
        department_code=department,
        asker_ref=asked.ref,
        phone_locked=secret_box.lock(asked.phone) if asked.phone else "",
        first_by=by.ref if asked.window else "",
        first_department=asked.window,
        asked_at=at,
        asked_on=today,
        due_on=answer_due_on(asked_on=today, workdays=workdays, calendar=calendar),
    )
    detail: dict[str, object] = {"item": row.item_slug, "due_on": row.due_on.isoformat()}
    if asked.window:
        detail["first_asked"] = asked.window
    _record(row, "ask", detail, by=by, at=at)
    return queries.asked_view(row)


@transaction.atomic
def answer_consultation(*, consultation_id: int, answer: str, by: Actor, at: datetime) -> None:
    """Answer a question (答复咨询); the asker reads the answer with the name of who answered.

    Raises:
        PermissionRefusedError: `by` may not answer for that department.
        AnswerRefusedError: answered before, no answer, or too long.
        ObjectDoesNotExist: no such question.
    """
    row = _lock(consultation_id, by=by)
    _require_open(row)
    row.answer = _text(answer, ANSWER_LIMIT_CHARS, missing="请填写答复", error=AnswerRefusedError)
    row.state = ConsultationState.ANSWERED.value
    row.answered_at, row.answered_by = at, by.ref
    row.save(update_fields=["answer", "state", "answered_at", "answered_by"])
    late = organisations.day_of(at) > row.due_on
    _tell(row, at=at)
    _record(row, "answer", {"late": late, "characters": len(row.answer)}, by=by, at=at)


def _tell(row: Consultation, *, at: datetime) -> None:
    """Tell the asker that there is an answer: in the portal, by e-mail, by short message."""
    if row.asker_ref:
        cases.tell_in_portal(
            to_ref=row.asker_ref,
            title=f"咨询已答复（{row.query_code}）",
            body="您提出的咨询已有答复，请在“我的咨询”查看。",
            at=at,
        )
    wanted = Wanted(
        about=f"consultation:{row.query_code}",
        occasion=Occasion.CONSULTATION_ANSWERED,
        to_ref=row.asker_ref,
        phone=secret_box.unlock(row.phone_locked) if row.phone_locked else "",
        words={
            "code": row.query_code,
            "place": "/ask/answer/",
            "page": "/me/questions/" if row.asker_ref else "/ask/answer/",
        },
    )
    with scope.everything():  # how the asker is told is the asker's, not the answerer's to see
        notices.plan([wanted], at=at)


@transaction.atomic
def transfer_consultation(
    *,
    consultation_id: int,
    department: str,
    reason: str,
    by: Actor,
    at: datetime,
) -> None:
    """Pass an open question on to the department that knows (转办); the due date does not move.

    Raises:
        PermissionRefusedError: `by` may not answer for the department that has it.
        AnswerRefusedError: answered before, the same department, one where nobody answers, or no
            reason.
        ObjectDoesNotExist: no such question.
    """
    row = _lock(consultation_id, by=by)
    _require_open(row)
    if department == row.department_code:
        raise AnswerRefusedError("这个问题已经在本部门，请选择另一个部门。")
    if not _somebody_answers(department, at=at):
        raise AnswerRefusedError("所选部门还没有答复咨询的岗位，请选择另一个部门。")
    why = _text(reason, REASON_LIMIT_CHARS, missing="请写明转办理由", error=AnswerRefusedError)
    before, row.department_code = row.department_code, department
    row.save(update_fields=["department_code"])
    _record(row, "transfer", {"from": before, "to": department, "reason": why}, by=by, at=at)


@transaction.atomic
def publish_answer(
    *, consultation_id: int, question: str, answer: str, by: Actor, at: datetime
) -> None:
    """Make an answer public, in words without anything personal (公开答复).

    From then on the box finds it. The texts are those that `by` wrote for everybody; the asker's
    own words stay where they are.

    Raises:
        PermissionRefusedError: `by` may not answer for that department.
        AnswerRefusedError: not answered yet, public already, a text is missing or too long, or a
            certificate or mobile number stands in it.
        ObjectDoesNotExist: no such question.
    """
    row = _lock(consultation_id, by=by)
    if row.state != ConsultationState.ANSWERED:
        raise AnswerRefusedError("这个问题还没有答复，请先答复再公开。")
    public = PublicAnswer.objects.filter(consultation=row).first()
    if public is not None and public.withdrawn_at is None:
        raise AnswerRefusedError("这条答复已经公开；要改动的，请先撤下再公开。")
    asked = _text(
        question, HANDED_LIMIT_CHARS, missing="请填写公开的问题", error=AnswerRefusedError
    )
    said = _text(answer, ANSWER_LIMIT_CHARS, missing="请填写公开的答复", error=AnswerRefusedError)
    if holds_personal_number(asked) or holds_personal_number(said):
        raise AnswerRefusedError("公开的内容里有证件号码或者手机号码，请删去后再公开。")
    public = public or PublicAnswer(consultation=row)
    public.question, public.answer = asked, said
    public.item_slug, public.department_code = row.item_slug, row.department_code
    public.published_at, public.published_by = at, by.ref
    public.withdrawn_at, public.withdrawn_by, public.withdrawal_reason = None, "", ""
    public.save()
    _record(row, "publish", {"question": asked, "answer": said}, by=by, at=at)


@transaction.atomic
def withdraw_answer(*, consultation_id: int, reason: str, by: Actor, at: datetime) -> None:
    """Take a public answer down (撤下公开的答复); the asker keeps the answer.

    Raises:
        PermissionRefusedError: `by` may not answer for that department.
        AnswerRefusedError: not public, or no reason.
        ObjectDoesNotExist: no such question.
    """
    row = _lock(consultation_id, by=by)
    public = PublicAnswer.objects.published().filter(consultation=row).first()
    if public is None:
        raise AnswerRefusedError("这条答复没有公开，不需要撤下。")
    why = _text(reason, REASON_LIMIT_CHARS, missing="请写明撤下理由", error=AnswerRefusedError)
    public.withdrawn_at, public.withdrawn_by, public.withdrawal_reason = at, by.ref, why
    public.save(update_fields=["withdrawn_at", "withdrawn_by", "withdrawal_reason"])
    _record(row, "withdraw", {"reason": why}, by=by, at=at)


def _answering(department: str, *, at: datetime) -> str:
    if department and _somebody_answers(department, at=at):
        return department
    centres = organisations.departments(on=organisations.day_of(at), kind=DepartmentKind.CENTRE)
    if not centres:
        raise HandOverRefusedError("目前没有可以接收问题的部门，请拨打12345咨询。")
    return centres[0].code


def _somebody_answers(department: str, *, at: datetime) -> bool:
    return bool(organisations.staff_with(Permission.CONSULT_ANSWER, department=department, at=at))


def _next_id() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('consultations_consultation', 'id'))")
        return int(cursor.fetchone()[0])


def _text(value: str, limit: int, *, missing: str, error: type[RefusedError]) -> str:
    words = value.replace("\r\n", "\n").strip()
    if not words:
        raise error(f"{missing}。")
    if len(words) > limit:
        raise error(f"内容最多{limit}字，请精简后再提交。")
    if any(category(one) in UNREADABLE and not one.isspace() for one in words):
        raise error("内容里有无法识别的字符，请删去后再提交。")
    return words


def _lock(consultation_id: int, *, by: Actor) -> Consultation:
    row = Consultation.objects.select_for_update().get(pk=consultation_id)
    require(by, Permission.CONSULT_ANSWER, department=row.department_code)
    return row


def _require_open(row: Consultation) -> None:
    if row.state != ConsultationState.OPEN:
        raise AnswerRefusedError("这个问题已经答复，请刷新页面查看。")


def _record(
    row: Consultation, act: str, detail: dict[str, object], *, by: Actor, at: datetime
) -> None:
    """Write the trail; the asker's own words are not repeated there."""
    audit.record(
        at=at,
        actor=by.ref,
        act=f"consultations.{act}",
        target=f"consultation:{row.pk}",
        detail=detail,
        department=row.department_code,
        ip=by.ip,
    )
