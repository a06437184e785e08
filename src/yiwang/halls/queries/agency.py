"""Questions about the agency window: mandates, their cases, what liaisons were asked (代办)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q

from yiwang.cases import queries as cases
from yiwang.cases.policy.states import FINISHED
from yiwang.halls.models import AgencyMandate, AgencyQuestion, Liaison
from yiwang.halls.queries import day_of
from yiwang.kernel.clocks import DayUnit, LightAnswer, light
from yiwang.kernel.workdays import WorkdayCalendar
from yiwang.organisations import queries as organisations
from yiwang.organisations import scope
from yiwang.organisations.permissions import EVERYWHERE, Actor, Permission

ROWS = 100


class MandateNotFoundError(LookupError):
    """No such mandate or question for these eyes; a page answers 404."""


@dataclass(frozen=True, kw_only=True)
class MandateView:
    """One mandate.

    Attributes:
        last_on: Its last day.
    """

    id: int
    firm_ref: str
    firm_name: str
    matter: str
    department: str
    agent: str
    agent_name: str
    agent_phone: str
    signed_by: str
    begins_on: date
    last_on: date
    ended_at: datetime | None

    def stands(self, today: date) -> bool:
        """Tell whether the agent may act on a day."""
        return self.ended_at is None and self.begins_on <= today <= self.last_on


@dataclass(frozen=True, kw_only=True)
class MandateRow:
    """One line of the list: the mandate, how many of its cases run, and the nearest of them."""

    mandate: MandateView
    running: int
    next: cases.QueueRow | None


@dataclass(frozen=True, kw_only=True)
class QuestionView:
    """One question to a department and its answer."""

    id: int
    mandate_id: int
    firm_name: str
    matter: str
    case_number: str
    item_name: str
    department: str
    text: str
    asked_by: str
    asked_at: datetime
    due_on: date
    light: LightAnswer
    answer: str
    answered_name: str
    answered_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class LiaisonView:
    """Who answers for a department, and since when."""

    department: str
    login: str
    name: str
    since: date


@dataclass(frozen=True, kw_only=True)
class LiaisonLine:
    """A department that reviews cases, and who answers the agency window for it.

    Attributes:
        login: Empty: nobody was named.
        stands: Whether somebody was named who still reviews there.
    """

    department: str
    department_name: str
    login: str
    name: str
    since: date | None
    stands: bool


def mandate_view(row: AgencyMandate) -> MandateView:
    """Return a row as it is shown."""
    return MandateView(
        id=row.pk,
        firm_ref=row.firm_ref,
        firm_name=row.firm_name,
        matter=row.matter,
        department=row.department_code,
        agent=row.agent,
        agent_name=row.agent_name,
        agent_phone=row.agent_phone,
        signed_by=row.signed_by,
        begins_on=row.begins_on,
        last_on=row.last_on,
        ended_at=row.ended_at,
    )


def mandate(pk: int, *, by: Actor) -> MandateView:
    """Return one mandate of an agency window at which `by` works.

    Raises:
        MandateNotFoundError: there is none for these eyes.
    """
    row = AgencyMandate.objects.filter(pk=pk).first()
    if row is None or not by.may(Permission.AGENCY_HANDLE, department=row.department_code):
        raise MandateNotFoundError
    return mandate_view(row)


def mandates(*, by: Actor, today: date, calendar: WorkdayCalendar) -> tuple[list[MandateRow], bool]:
    """List the mandates that stand at the windows of `by`, one's own first, and whether more are.

    Two queries, whatever the length of the list.
    """
    codes = by.departments(Permission.AGENCY_HANDLE)
    place = Q() if EVERYWHERE in codes else Q(department_code__in=sorted(codes))
    rows = AgencyMandate.objects.filter(place, ended_at=None, last_on__gte=today)
    views = [mandate_view(row) for row in rows.order_by("-pk")[: ROWS + 1]]
    running: dict[str, list[cases.QueueRow]] = {}
    with scope.everything():  # the firms gave these mandates, for all their cases
        for ref, row in cases.running_cases(
            {one.firm_ref for one in views}, today=today, calendar=calendar
        ):
            running.setdefault(ref, []).append(row)
    listed = [
        MandateRow(
            mandate=one,
            running=len(running.get(one.firm_ref, ())),
            next=next(iter(running.get(one.firm_ref, ())), None),
        )
        for one in sorted(views[:ROWS], key=lambda one: one.agent != by.ref)
    ]
    return listed, len(views) > ROWS


def cases_of(
    view: MandateView, *, by: Actor, today: date, calendar: WorkdayCalendar
) -> tuple[list[cases.QueueRow], list[cases.QueueRow]]:
    """Return the firm's running cases, the nearest due first, and its newest finished ones.

    The mandate shows the agent the cases of all departments, as it shows them to the firm.

    Raises:
        MandateNotFoundError: the mandate does not stand, or not for these eyes.
    """
    if not view.stands(today) or not by.may(Permission.AGENCY_HANDLE, department=view.department):
        raise MandateNotFoundError
    with scope.everything():
        found, _more = cases.my_cases([view.firm_ref], today=today, calendar=calendar)
    running = [row for row in found if row.state not in FINISHED]
    running.sort(key=lambda row: (row.due_on is None, row.due_on or today, row.number))
    return running, [row for row in found if row.state in FINISHED]


def mandates_given(subject_refs: Iterable[str], *, today: date) -> list[MandateView]:
    """List the mandates that these applicants gave and that stand; one query."""
    rows = AgencyMandate.objects.filter(
        firm_ref__in=sorted(subject_refs), ended_at=None, begins_on__lte=today, last_on__gte=today
    )
    return [mandate_view(row) for row in rows.order_by("firm_name")]


def questions_of(
    view: MandateView, *, today: date, calendar: WorkdayCalendar
) -> list[QuestionView]:
    """List what was asked under a mandate, the newest first; one query."""
    rows = AgencyQuestion.objects.filter(mandate_id=view.id).select_related("mandate")
    return [_question(row, today, calendar) for row in rows.order_by("-pk")[:ROWS]]


def questions_to(by: Actor, *, today: date, calendar: WorkdayCalendar) -> list[QuestionView]:
    """List what waits for the departments that `by` answers for, the earliest due first."""
    rows = AgencyQuestion.objects.filter(
        department_code__in=answers_for(by, today), answered_at=None
    ).select_related("mandate")
    return [_question(row, today, calendar) for row in rows.order_by("due_on", "pk")[:ROWS]]


def question(pk: int, *, by: Actor, today: date, calendar: WorkdayCalendar) -> QuestionView:
    """Return one question to a department that `by` answers for.

    Raises:
        MandateNotFoundError: there is none for these eyes.
    """
    row = AgencyQuestion.objects.select_related("mandate").filter(pk=pk).first()
    if row is None or row.department_code not in answers_for(by, today):
        raise MandateNotFoundError
    return _question(row, today, calendar)


def question_asked(pk: int, *, by: Actor, today: date, calendar: WorkdayCalendar) -> QuestionView:
    """Return one question that was asked at an agency window at which `by` works.

    Raises:
        MandateNotFoundError: there is none for these eyes.
    """
    row = AgencyQuestion.objects.select_related("mandate").filter(pk=pk).first()
    if row is None or not by.may(Permission.AGENCY_HANDLE, department=row.mandate.department_code):
        raise MandateNotFoundError
    return _question(row, today, calendar)


def liaisons(*, on: date) -> dict[str, LiaisonView]:
    """Return department code -> who answers for it on a day; two queries."""
    rows = list(
        Liaison.objects.filter(Q(until=None) | Q(until__gt=on), begins_on__lte=on).order_by("pk")
    )
    names = organisations.names_of(f"user:{row.login}" for row in rows)
    return {
        row.department_code: LiaisonView(
            department=row.department_code,
            login=row.login,
            name=names.get(f"user:{row.login}", row.login),
            since=row.begins_on,
        )
        for row in rows
    }


def liaison_lines(*, at: datetime) -> list[LiaisonLine]:
    """List the departments that review cases with who answers for each; five queries.

    One was named and does not stand any more where the account ended or the post did.
    """
    named = liaisons(on=day_of(at))
    reviewers = organisations.staff_per_department(Permission.CASE_REVIEW, at=at)
    anywhere = reviewers.get(EVERYWHERE, {})
    lines = []
    for unit in organisations.departments(on=day_of(at)):
        one = named.get(unit.code)
        there = reviewers.get(unit.code, {})
        if one is None and not there:
            continue
        lines.append(
            LiaisonLine(
                department=unit.code,
                department_name=unit.short_name or unit.name,
                login=one.login if one else "",
                name=one.name if one else "",
                since=one.since if one else None,
                stands=one is not None and (one.login in there or one.login in anywhere),
            )
        )
    return lines


def answers_for(by: Actor, today: date) -> list[str]:
    """Return the departments whose liaison `by` is, as long as they review there."""
    return [
        code
        for code, one in liaisons(on=today).items()
        if f"user:{one.login}" == by.ref and by.may(Permission.CASE_REVIEW, department=code)
    ]


def _question(row: AgencyQuestion, today: date, calendar: WorkdayCalendar) -> QuestionView:
    return QuestionView(
        id=row.pk,
        mandate_id=row.mandate_id,
        firm_name=row.mandate.firm_name,
        matter=row.mandate.matter,
        case_number=row.case_number,
        item_name=row.item_name,
        department=row.department_code,
        text=row.text,
        asked_by=row.asked_by,
        asked_at=row.asked_at,
        due_on=row.due_on,
        light=light(due_on=row.due_on, today=today, calendar=calendar, unit=DayUnit.WORKDAY),
        answer=row.answer,
        answered_name=row.answered_name,
        answered_at=row.answered_at,
    )
