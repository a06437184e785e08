"""Questions about what was handed over: its asker's, the department's, and how many are open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hmac import compare_digest

from django.db.models import Q, QuerySet

from yiwang.consultations.models import Consultation
from yiwang.consultations.policy.handing_over import (
    LIMIT_KEY,
    ConsultationState,
    limit_workdays,
    plain_phone,
)
from yiwang.content import queries as content
from yiwang.kernel.clocks import DayUnit, LightAnswer, light
from yiwang.kernel.errors import RefusedError
from yiwang.kernel.masking import mask_phone
from yiwang.kernel.paging import day_and_row, row_number
from yiwang.kernel.workdays import WorkdayCalendar
from yiwang.organisations import queries as organisations
from yiwang.organisations import secret_box
from yiwang.organisations.permissions import EVERYWHERE, Actor, Permission, require

PAGE_ROWS = 100
"""Longest page of a list; architecture, rules of traffic 6."""

OWN_ROWS = 50
"""Own questions shown, the newest."""


@dataclass(frozen=True, kw_only=True)
class AskedView:
    """A question handed over, as its asker reads it.

    Attributes:
        answered_by: Name and department of who answered; empty before.
    """

    query_code: str
    question: str
    item_slug: str
    item_name: str
    department: str
    state: ConsultationState
    asked_at: datetime
    due_on: date
    answer: str
    answered_at: datetime | None
    answered_by: str


@dataclass(frozen=True, kw_only=True)
class PublicView:
    """The public form of an answer; `withdrawn_at` is None while everybody may read it."""

    question: str
    answer: str
    published_at: datetime
    withdrawn_at: datetime | None
    withdrawal_reason: str


@dataclass(frozen=True, kw_only=True)
class ConsultationView:
    """A question as the department sees it.

    Attributes:
        contact: Masked telephone number; empty: the asker has an account.
        light: Of the due date; None once answered.
        first_by: Name of who was asked first at a window; empty: asked on the portal.
        told_at: When the asker was told there; None before, and for those of the portal.
    """

    id: int
    query_code: str
    question: str
    item_slug: str
    item_name: str
    department: str
    contact: str
    state: ConsultationState
    asked_at: datetime
    due_on: date
    light: LightAnswer | None
    answer: str
    answered_at: datetime | None
    answered_by: str
    first_by: str
    told_at: datetime | None
    public: PublicView | None


@dataclass(frozen=True, kw_only=True)
class ConsultationPage:
    """One page of questions; `next_after` is None on the last one."""

    rows: tuple[ConsultationView, ...]
    next_after: str | None


class AnswerNotFoundError(RefusedError):
    """Code and number do not name a question together."""

    code = "consultations.answer_not_found"


def answer_workdays(*, on: date) -> int:
    """Return within how many working days a question is answered: the pack's word, else ours."""
    set_by_pack = content.text(LIMIT_KEY, on=on)
    return limit_workdays(set_by_pack.text if set_by_pack else "")


def plain_code(code: str) -> str:
    """Return a query code as it is kept, however it was typed."""
    return "".join(code.upper().split()).replace("-", "")


def asked_view(row: Consultation) -> AskedView:
    """Return what the asker may read of a question; two queries."""
    return _asked([row])[0]


def _asked(rows: Sequence[Consultation]) -> list[AskedView]:
    units = {unit.code: unit.name for unit in organisations.departments()}
    names = organisations.names_of(row.answered_by for row in rows)
    return [
        AskedView(
            query_code=row.query_code,
            question=row.question,
            item_slug=row.item_slug,
            item_name=row.item_name,
            department=(unit := units.get(row.department_code, row.department_code)),
            state=ConsultationState(row.state),
            asked_at=row.asked_at,
            due_on=row.due_on,
            answer=row.answer,
            answered_at=row.answered_at,
            answered_by=f"{unit} {names.get(row.answered_by, '')}".strip()
            if row.answered_at
            else "",
        )
        for row in rows
    ]


def read_by_code(*, code: str, phone: str) -> AskedView:
    """Return a question to whoever knows its code and the whole mobile number it was asked with.

    The page limits how often it may be asked.

    Raises:
        AnswerNotFoundError: they do not name a question together; never says which was wrong.
    """
    row = Consultation.objects.filter(query_code=plain_code(code)).first()
    given = plain_phone(phone)
    held = secret_box.unlock(row.phone_locked) if row is not None and row.phone_locked else ""
    if row is None or not held or not compare_digest(held.encode(), given.encode()):
        raise AnswerNotFoundError(
            "没有找到，请核对查询码和提问时填写的手机号码；登录后提的问题，请登录查看。"
        )
    return asked_view(row)


def own_questions(*, by: Actor) -> list[AskedView]:
    """List the newest questions asked by the subjects of `by`."""
    rows = Consultation.objects.filter(asker_ref__in=sorted(by.subjects)).order_by("-pk")
    return _asked(list(rows[:OWN_ROWS])) if by.subjects else []


def consultations(
    *,
    by: Actor,
    today: date,
    calendar: WorkdayCalendar,
    answered: bool = False,
    after: str = "",
    limit: int = PAGE_ROWS,
) -> ConsultationPage:
    """List questions of the actor's departments: open ones by due date, answered ones newest first.

    Args:
        by: Who asks; holds CONSULT_ANSWER.
        today: Day of the lights.
        calendar: Covers today and the due dates.
        answered: Answered questions instead of open ones.
        after: `next_after` of the page before.
        limit: Rows per page, 1..PAGE_ROWS.

    Raises:
        PageKeyRefusedError: `after` is not a key that a page gave.
    """
    state = ConsultationState.ANSWERED if answered else ConsultationState.OPEN
    rows = _of_departments(by).filter(state=state.value).select_related("public")
    if answered:
        rows = rows.order_by("-pk")
        if after:
            rows = rows.filter(pk__lt=row_number(after))
    else:
        rows = rows.order_by("due_on", "pk")
        if after:
            due_on, last_id = day_and_row(after)
            rows = rows.filter(Q(due_on__gt=due_on) | Q(due_on=due_on, pk__gt=last_id))
    limit = max(1, min(limit, PAGE_ROWS))
    found = list(rows[: limit + 1])
    last = found[limit - 1] if len(found) > limit else None
    place = (
        "" if last is None else str(last.pk) if answered else f"{last.due_on:%Y-%m-%d}_{last.pk}"
    )
    return ConsultationPage(
        rows=_views(found[:limit], today=today, calendar=calendar),
        next_after=place or None,
    )


def consultation(
    consultation_id: int, *, by: Actor, today: date, calendar: WorkdayCalendar
) -> ConsultationView:
    """Return one question.

    Raises:
        ObjectDoesNotExist: no such question.
        PermissionRefusedError: `by` may not answer for its department.
    """
    row = Consultation.objects.select_related("public").get(pk=consultation_id)
    require(by, Permission.CONSULT_ANSWER, department=row.department_code)
    return _views([row], today=today, calendar=calendar)[0]


def first_asked(
    *, by: Actor, today: date, calendar: WorkdayCalendar, after: str = "", limit: int = PAGE_ROWS
) -> ConsultationPage:
    """List what was first asked at the actor's windows and is not done: answered ones first.

    Args:
        by: Who asks; sees the questions of the units where CASE_RECEIVE is held.
        today: Day of the lights.
        calendar: Covers today and the due dates.
        after: `next_after` of the page before.
        limit: Rows per page, 1..PAGE_ROWS.

    Raises:
        PageKeyRefusedError: `after` is not a key that a page gave.
    """
    rows = _at_windows(by).order_by("state", "due_on", "pk")
    if after:
        state, _, place = after.partition("_")
        due_on, last_id = day_and_row(place)
        last = Q(due_on__gt=due_on) | Q(due_on=due_on, pk__gt=last_id)
        rows = rows.filter(Q(state__gt=state) | Q(state=state) & last)
    limit = max(1, min(limit, PAGE_ROWS))
    found = list(rows.select_related("public")[: limit + 1])
    more = found[limit - 1] if len(found) > limit else None
    return ConsultationPage(
        rows=_views(found[:limit], today=today, calendar=calendar),
        next_after=f"{more.state}_{more.due_on:%Y-%m-%d}_{more.pk}" if more else None,
    )


def to_be_told(*, by: Actor) -> int:
    """Count what was answered and whose asker at the actor's windows does not know yet."""
    return _at_windows(by).filter(state=ConsultationState.ANSWERED.value).count()


def _at_windows(by: Actor) -> QuerySet[Consultation]:
    rows = Consultation.objects.filter(told_at=None).exclude(first_by="")
    own = by.departments(Permission.CASE_RECEIVE)
    return rows if EVERYWHERE in own else rows.filter(first_department__in=sorted(own))


def open_consultations(*, by: Actor) -> int:
    """Count open questions of the actor's departments; for the desk."""
    return _of_departments(by).filter(state=ConsultationState.OPEN.value).count()


def answering_departments(*, at: datetime) -> list[tuple[str, str]]:
    """List code and name of the departments in which somebody answers questions."""
    return [
        (unit.code, unit.name)
        for unit in organisations.departments(on=organisations.day_of(at))
        if organisations.staff_with(Permission.CONSULT_ANSWER, department=unit.code, at=at)
    ]


def _of_departments(by: Actor) -> QuerySet[Consultation]:
    rows = Consultation.objects.all()
    own = by.departments(Permission.CONSULT_ANSWER)
    return rows if EVERYWHERE in own else rows.filter(department_code__in=sorted(own))


def _views(
    rows: Sequence[Consultation], *, today: date, calendar: WorkdayCalendar
) -> tuple[ConsultationView, ...]:
    names = organisations.names_of(row.first_by for row in rows if row.first_by)
    return tuple(_view(row, names, today=today, calendar=calendar) for row in rows)


def _view(
    row: Consultation, names: Mapping[str, str], *, today: date, calendar: WorkdayCalendar
) -> ConsultationView:
    state = ConsultationState(row.state)
    public = getattr(row, "public", None)
    return ConsultationView(
        id=row.pk,
        query_code=row.query_code,
        question=row.question,
        item_slug=row.item_slug,
        item_name=row.item_name,
        department=row.department_code,
        contact=mask_phone(secret_box.unlock(row.phone_locked)) if row.phone_locked else "",
        state=state,
        asked_at=row.asked_at,
        due_on=row.due_on,
        light=light(due_on=row.due_on, today=today, calendar=calendar, unit=DayUnit.WORKDAY)
        if state is ConsultationState.OPEN
        else None,
        answer=row.answer,
        answered_at=row.answered_at,
        answered_by=row.answered_by,
        first_by=names.get(row.first_by, row.first_by),
        told_at=row.told_at,
        public=None
        if public is None
        else PublicView(
            question=public.question,
            answer=public.answer,
            published_at=public.published_at,
            withdrawn_at=public.withdrawn_at,
            withdrawal_reason=public.withdrawal_reason,
        ),
    )
