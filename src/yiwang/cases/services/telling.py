"""Telling applicants what happened and what is near (主动告知), beside the message in the portal.

What happened is read from the events of cases, which every act writes anyway: the acts themselves
do nothing more. Each event is read once; one that is not to be seen yet, because its transaction
began earlier and commits later, is looked for again for a few minutes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Q

from yiwang.cases.models import (
    Case,
    CaseAnswer,
    CaseEvent,
    CaseMaterial,
    ContactChange,
    Message,
)
from yiwang.cases.policy.deadlines import day_of
from yiwang.cases.policy.letters import chinese_day
from yiwang.cases.policy.states import CaseState, Step
from yiwang.cases.policy.terms import MaterialState
from yiwang.cases.services import kept
from yiwang.catalogue.policy.items import QuestionKind, asked
from yiwang.licences import queries as licences
from yiwang.notices import services as notices
from yiwang.notices.policy.sending import STALE
from yiwang.notices.policy.templates import Occasion
from yiwang.notices.services import ReadSoFar, Wanted
from yiwang.organisations import scope

LOG = "cases.events"
LOOKED_FOR = timedelta(minutes=2)
"""Longer than any transaction takes; a number that nothing came for until then was never used."""

GAP = 20_000
"""Most missing numbers before one event that are looked for again; a crash skips a few dozen."""

FIRST_LOOK_BACK = timedelta(hours=1)
"""Of a log that was never read, nobody is told what happened before."""

EVENTS_READ = 20_000
COLUMNS = (
    "step",
    "at",
    "case",
    "case__number",
    "case__query_code",
    "case__item_slug",
    "case__item_version",
    "case__item_name",
    "case__applicant_ref",
    "case__state",
    "case__due_on",
    "case__promised_on",
    "case__fixed_answers",
)
"""What is read of an event and its case: much happens, and a case is broad."""

REMIND_DAYS = 2
"""Calendar days before a correction or a tolerated material is due. Our own choice."""

EXPIRY_DAYS = (30, 7)
"""Calendar days before a licence ends. Our own choice; when to apply for renewal, items say."""

OCCASIONS: Mapping[Step, Occasion] = {
    Step.RECEIVE: Occasion.RECEIVED,
    Step.ASK_CORRECTION: Occasion.CORRECTION_ASKED,
    Step.ACCEPT: Occasion.ACCEPTED,
    Step.DECLINE: Occasion.NOT_ACCEPTED,
    Step.NO_NEED: Occasion.NOT_ACCEPTED,
    Step.START_SPECIAL: Occasion.SPECIAL_STARTED,
    Step.END_SPECIAL: Occasion.SPECIAL_ENDED,
    Step.EXTEND: Occasion.EXTENDED,
    Step.GRANT: Occasion.DECIDED,
    Step.REFUSE: Occasion.DECIDED,
    Step.GRANT_ON_SPOT: Occasion.DECIDED,
    Step.REFUSE_ON_SPOT: Occasion.DECIDED,
    Step.GRANT_ON_COMMITMENT: Occasion.DECIDED,
    Step.GRANT_AUTOMATIC: Occasion.DECIDED,
    Step.DEEM_RENEWED: Occasion.DECIDED,
    Step.SEND: Occasion.SENT,
    Step.CLOSE: Occasion.CLOSED,
    Step.TERMINATE: Occasion.ENDED,
    Step.REVOKE: Occasion.ENDED,
    Step.RETRACT: Occasion.ENDED,
    Step.DEREGISTER: Occasion.ENDED,
}
"""Step -> what the applicant is told. Steps between offices and the applicant's own are not."""


@transaction.atomic
def tell_of_events(*, at: datetime, limit: int = EVENTS_READ) -> int:
    """Plan notices of what happened since the last look; return how many are new.

    Of several events of a case in one look, as when a window does everything at once, only the
    last is sent as a short message; letters tell all of them.
    """
    read = notices.mark(LOG)
    if read is None:
        before = CaseEvent.objects.filter(at__lt=at - FIRST_LOOK_BACK).order_by("-id").first()
        read = ReadSoFar(position=before.pk if before else 0)
    unread = CaseEvent.objects.filter(Q(id__gt=read.position) | Q(id__in=list(read.left_out)))
    events = list(unread.select_related("case").only(*COLUMNS).order_by("id")[:limit])
    planned = notices.plan(_wanted(events, at), at=at)
    notices.move_mark(LOG, _read_up_to(events, read, at))
    return planned


def _read_up_to(events: Sequence[CaseEvent], read: ReadSoFar, at: datetime) -> ReadSoFar:
    """Return how far the log is read with `events`, and what of it is to be looked for again."""
    seen = {event.pk for event in events}
    position = max(seen | {read.position})
    missing = set(range(max(read.position + 1, position - GAP), position)) - seen
    drawn_at = max([at, *(event.at for event in events)])  # a job may begin long after it was due
    left_out = {
        number: since
        for number, since in {**dict.fromkeys(missing, drawn_at), **read.left_out}.items()
        if number not in seen and at - since < LOOKED_FOR
    }
    later = {event.pk: at for event in events if event.at > at}  # happened since the job was due
    return ReadSoFar(position=position, left_out=left_out | later)


def _wanted(events: Sequence[CaseEvent], at: datetime) -> list[Wanted]:
    told = [
        event
        for event in events
        if Step(event.step) in OCCASIONS and timedelta(0) <= at - event.at < STALE
    ]
    last = {event.case_id: event.pk for event in told}
    phones = _phones({event.case_id: event.case for event in told}.values())
    return [
        Wanted(
            about=f"case:{event.case.number}",
            occasion=OCCASIONS[Step(event.step)],
            subject=str(event.pk),
            to_ref=event.case.applicant_ref,
            phone=phones.get(event.case_id, ""),
            words=_words(event.case, _day(event)),
            merged=last[event.case_id] != event.pk,
        )
        for event in told
    ]


def _day(event: CaseEvent) -> date | None:
    case, step = event.case, Step(event.step)
    if step is Step.ASK_CORRECTION:
        return case.due_on if case.state == CaseState.CORRECTION else None
    return case.promised_on if step in {Step.ACCEPT, Step.END_SPECIAL} else None


def _words(case: Case, day: date | None) -> dict[str, str]:
    correcting = case.state == CaseState.CORRECTION
    return {
        "code": case.query_code,
        "item": case.item_name,
        "day": chinese_day(day) if day else "规定期限",
        "place": f"/track/?code={case.query_code}",
        "page": f"/cases/{case.number}/" + ("correct/" if correcting else ""),
    }


@transaction.atomic
def tell_of_case(
    *, number: str, title: str, body: str, occasion: Occasion, page: str, at: datetime
) -> None:
    """Tell the applicant of a case what a package above has to say, by every channel (告知).

    For jobs that follow an act; the portal shows the message, other channels say where to look.

    Args:
        number: Case number.
        title: What it is about, without a name; the query code is added.
        body: The message in the portal.
        occasion: Names the templates of the other channels; told once per case.
        page: Path that a letter's link leads to.
        at: Moment of telling.
    """
    with scope.everything():  # a job follows the act of whichever department
        case = Case.objects.get(number=number)
    Message.objects.create(
        to_ref=case.applicant_ref,
        case=case,
        title=f"{title}（{case.query_code}）",
        body=body,
        at=at,
    )
    wanted = Wanted(
        about=f"case:{case.number}",
        occasion=occasion,
        to_ref=case.applicant_ref,
        phone=_phones([case]).get(case.pk, ""),
        words=_words(case, None) | {"page": page},
    )
    notices.plan([wanted], at=at)


def _phones(cases: Iterable[Case]) -> dict[int, str]:
    """Return the number on each application, or that it was changed to, for want of another."""
    by_id = {case.pk: case for case in cases}
    changes = ContactChange.objects.filter(case_id__in=by_id).exclude(phone="").order_by("-id")
    found: dict[int, str] = {}
    for change in changes:
        found.setdefault(change.case_id, change.phone)
    for row in CaseAnswer.objects.filter(case_id__in=by_id):
        case = by_id[row.case_id]
        try:
            item = kept.item_version(case.item_slug, case.item_version)
        except LookupError:
            continue
        answers = row.answers | case.fixed_answers
        for question in asked(item, answers):
            number = answers.get(question.id)
            if question.kind is QuestionKind.PHONE and isinstance(number, str):
                found.setdefault(row.case_id, number)
    return found


@transaction.atomic
def remind(*, at: datetime) -> int:
    """Plan reminders of what is due soon (到期提醒); return how many are new.

    Once per thing and day it is due: a job that runs twice, or a day late, tells nobody twice.
    """
    today = day_of(at)
    wanted = [*_corrections_due(today), *_materials_due(today), *_licences_ending(today)]
    return notices.plan(wanted, at=at)


def _corrections_due(today: date) -> list[Wanted]:
    rows = list(
        Case.objects.filter(
            state=CaseState.CORRECTION.value,
            due_on__gte=today,
            due_on__lte=today + timedelta(days=REMIND_DAYS),
        ).order_by("id")
    )
    phones = _phones(rows)
    return [
        Wanted(
            about=f"case:{row.number}",
            occasion=Occasion.CORRECTION_DUE,
            subject=str(row.due_on),
            to_ref=row.applicant_ref,
            phone=phones.get(row.pk, ""),
            words=_words(row, row.due_on),
        )
        for row in rows
    ]


def _materials_due(today: date) -> list[Wanted]:
    rows = (
        CaseMaterial.objects.filter(
            state=MaterialState.TOLERATED.value,
            due_on__gte=today,
            due_on__lte=today + timedelta(days=REMIND_DAYS),
        )
        .select_related("case")
        .order_by("case_id", "due_on")
    )
    first = {row.case_id: row for row in reversed(list(rows))}
    phones = _phones(row.case for row in first.values())
    return [
        Wanted(
            about=f"case:{row.case.number}",
            occasion=Occasion.TOLERANCE_DUE,
            subject=str(row.due_on),
            to_ref=row.case.applicant_ref,
            phone=phones.get(row.case_id, ""),
            words=_words(row.case, row.due_on),
        )
        for row in first.values()
    ]


def _licences_ending(today: date) -> list[Wanted]:
    wanted = []
    for ahead in EXPIRY_DAYS:
        for one in licences.ending(today, today + timedelta(days=ahead)):
            assert one.last_valid_on is not None
            if ahead != min(d for d in EXPIRY_DAYS if one.last_valid_on <= today + timedelta(d)):
                continue  # told by the nearer reminder
            wanted.append(
                Wanted(
                    about=f"licence:{one.identifier}",
                    occasion=Occasion.LICENCE_EXPIRY,
                    subject=f"{one.last_valid_on} {ahead}",
                    to_ref=one.holder_ref,
                    words={
                        "item": one.type_name,
                        "day": chinese_day(one.last_valid_on),
                        "place": "/licences/",
                    },
                )
            )
    return wanted


def tell_in_portal(*, to_ref: str, title: str, body: str, at: datetime) -> None:
    """Leave a message in the portal that belongs to no case (平台消息), in the caller's act."""
    Message.objects.create(to_ref=to_ref, title=title, body=body, at=at)
