"""Questions about dual notices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, F, Min, Q
from procrastinate.contrib.django.models import ProcrastinateJob

from yiwang.kernel.clocks import DayUnit, LightAnswer, light
from yiwang.kernel.masking import mask_name
from yiwang.kernel.paging import row_number
from yiwang.kernel.workdays import WorkdayCalendar
from yiwang.organisations.permissions import EVERYWHERE, Actor, Permission, PermissionRefusedError
from yiwang.registration.models import LEFT, DualNotice, NoticeEvent, Rules
from yiwang.registration.policy.notices import (
    LATE_AFTER_MINUTES,
    ChangeRule,
    ExitRule,
    NoticeKind,
    NoticeRules,
    NoticeState,
    NoticeStep,
    ScopeRule,
    Stage,
)
from yiwang.supervision.queries import Delay, LateNews, listed_late, listing_delay, measure

PLACE = ZoneInfo("Asia/Shanghai")
PAGE_LIMIT = 100
LATE_ROWS = 50
"""Longest list of late or failed news on the page of the feeds."""

DELIVERY = "yiwang.deliver_events"
"""Task that carries news from the act to those who listen."""


class NoticeNotFoundError(PermissionRefusedError):
    """No such notice, or not for these eyes."""

    code = "registration.not_found"

    def __init__(self) -> None:
        super().__init__("没有找到您可以查看的这条告知，请从双告知列表中打开。")


@dataclass(frozen=True, kw_only=True)
class NoticeView:
    """One notice.

    Attributes:
        kind: What is told; news of a firm or a permit stands in `told`.
        happened_at: When it was registered or decided; None: not known.
        arrived_at: When it stood on the department's list.
    """

    id: int
    kind: NoticeKind
    told: str
    entity_name: str
    item_slug: str
    item_name: str
    keyword: str
    registrar: str
    centre: str
    department: str
    source_case: str
    state: NoticeState
    version: int
    pushed_on: date
    due_on: date | None
    light: LightAnswer | None
    hint: str
    reminded_on: date | None
    escalated_on: date | None
    permit_case: str
    permit_licence: str
    closed_on: date | None
    happened_at: datetime | None
    arrived_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class NoticeEventView:
    """One step of one notice."""

    step: NoticeStep
    at: datetime
    actor_name: str
    department: str
    note: str


@dataclass(frozen=True, kw_only=True)
class Participation:
    """How a department takes part.

    Attributes:
        pushed: Notices it was told.
        answered: Claimed or returned.
        in_time: Answered within the district's days.
        open: Still with it.
        closed: Told back to the registrar.
    """

    department: str
    pushed: int
    answered: int
    in_time: int
    open: int
    closed: int

    @property
    def takes_part(self) -> bool:
        """Whether the department answered any notice."""
        return self.answered > 0


def rules() -> NoticeRules | None:
    """Return how the district runs the two notices; None: it does not."""
    row = Rules.objects.order_by("-id").first()
    return None if row is None else rules_of(row)


def rules_of(row: Rules) -> NoticeRules:
    """Return the rules that a row keeps."""
    plain = dict(row.definition)
    listed = tuple(_scope_rule(one) for one in plain.pop("rules"))
    return NoticeRules(
        **(
            {"inspect_workdays": plain["follow_workdays"]}  # rules saved before it was said
            | plain
            | {
                "changes": tuple(
                    ChangeRule(
                        **(
                            one
                            | {"kind": NoticeKind(one["kind"]), "options": tuple(one["options"])}
                        )
                    )
                    for one in plain.get("changes", ())
                ),
                "exits": tuple(
                    ExitRule(
                        **(
                            one
                            | {
                                "options": tuple(one["options"]),
                                "part": tuple(one.get("part", ())),
                            }
                        )
                    )
                    for one in plain.get("exits", ())
                ),
                "items": tuple(plain["items"]),
                "scope_questions": tuple(plain["scope_questions"]),
                "general": tuple(plain.get("general", ())),
                "name_questions": tuple(plain.get("name_questions", ())),
                "rules": listed,
            }
        )
    )


def _scope_rule(plain: dict[str, Any]) -> ScopeRule:
    days = {
        name: date.fromisoformat(plain[name])
        for name in ("effective_on", "ended_on")
        if plain.get(name)
    }
    stage = Stage(plain.get("stage", Stage.POST.value))
    return ScopeRule(**(plain | days | {"keywords": tuple(plain["keywords"]), "stage": stage}))


def may_see(row: DualNotice, by: Actor) -> bool:
    """Tell whether the notice concerns a department of `by`."""
    return any(
        by.may(Permission.NOTICE_HANDLE, department=code)
        for code in (row.department_code, row.registrar_code, row.centre_code)
    )


def notices(
    *,
    by: Actor,
    today: date,
    calendar: WorkdayCalendar,
    state: NoticeState | None = None,
    after: str | None = None,
    limit: int = PAGE_LIMIT,
) -> tuple[list[NoticeView], str | None]:
    """List the notices of the departments of `by`, newest first; one query.

    Registrar and centre see all that are theirs to look after.

    Raises:
        PageKeyRefusedError: `after` is not a key that a page gave.
    """
    rows = DualNotice.objects.filter(_scope(by))
    if state is not None:
        rows = rows.filter(state=state.value)
    if after is not None:
        rows = rows.filter(id__lt=row_number(after))
    size = max(1, min(limit, PAGE_LIMIT))
    found = list(rows.order_by("-id")[: size + 1])
    key = str(found[size - 1].pk) if len(found) > size else None
    return [view(row, today=today, calendar=calendar) for row in found[:size]], key


def notice(
    number: int, *, by: Actor, today: date, calendar: WorkdayCalendar
) -> tuple[NoticeView, tuple[NoticeEventView, ...]]:
    """Return one notice and its steps, newest first; two queries.

    Raises:
        NoticeNotFoundError: there is none, or not for these eyes.
    """
    row = DualNotice.objects.filter(pk=number).first()
    if row is None or not may_see(row, by):
        raise NoticeNotFoundError
    steps = tuple(
        NoticeEventView(
            step=NoticeStep(one.step),
            at=one.at,
            actor_name=one.actor_name,
            department=one.department,
            note=one.note,
        )
        for one in NoticeEvent.objects.filter(notice=row).order_by("-id")
    )
    return view(row, today=today, calendar=calendar), steps


def participation(*, by: Actor) -> list[Participation]:
    """Count per department what it was told and how it answered; one query."""
    counted = (
        DualNotice.objects.filter(_scope(by))
        .order_by("department_code")
        .values("department_code")
        .annotate(
            pushed=Count("id"),
            answered=Count("id", filter=Q(answered_on__isnull=False)),
            in_time=Count("id", filter=Q(in_time=True)),
            open=Count("id", filter=Q(state__in=LEFT)),
            closed=Count("id", filter=~Q(state__in=LEFT)),
        )
    )
    return [
        Participation(
            department=one["department_code"],
            pushed=one["pushed"],
            answered=one["answered"],
            in_time=one["in_time"],
            open=one["open"],
            closed=one["closed"],
        )
        for one in counted
    ]


def _scope(by: Actor) -> Q:
    codes = sorted(by.departments(Permission.NOTICE_HANDLE))
    if EVERYWHERE in codes:
        return Q()
    return Q(department_code__in=codes) | Q(registrar_code__in=codes) | Q(centre_code__in=codes)


def view(row: DualNotice, *, today: date, calendar: WorkdayCalendar) -> NoticeView:
    """Return the frozen view of a row."""
    lit = None
    if row.due_on is not None:
        lit = light(due_on=row.due_on, today=today, calendar=calendar, unit=DayUnit.WORKDAY)
    return NoticeView(
        id=row.pk,
        kind=NoticeKind(row.kind),
        told=row.told,
        entity_name=mask_name(row.entity_name)
        if row.entity_ref.startswith("person:")
        else row.entity_name,
        item_slug=row.item_slug,
        item_name=row.item_name,
        keyword=row.keyword,
        registrar=row.registrar_code,
        centre=row.centre_code,
        department=row.department_code,
        source_case=row.source_case,
        state=NoticeState(row.state),
        version=row.version,
        pushed_on=row.pushed_on,
        due_on=row.due_on,
        light=lit,
        hint=row.hint,
        reminded_on=row.reminded_on,
        escalated_on=row.escalated_on,
        permit_case=row.permit_case,
        permit_licence=row.permit_licence,
        closed_on=row.closed_on,
        happened_at=row.happened_at,
        arrived_at=row.arrived_at,
    )


@dataclass(frozen=True, kw_only=True)
class FeedRow:
    """One feed; without a kind it is the one of grants onto the lists of supervised subjects."""

    kind: NoticeKind | None
    delay: Delay


@dataclass(frozen=True, kw_only=True)
class FailedNews:
    """News that did not arrive yet.

    Attributes:
        event: Name of the event.
        about: Number of the case, or identifier of the licence.
        since: When it was sent off first.
        attempts: How often it was tried.
        given_up: Nobody tries again by itself.
    """

    event: str
    about: str
    since: datetime | None
    attempts: int
    given_up: bool


@dataclass(frozen=True, kw_only=True)
class Feeds:
    """What registration and permits told supervisors in a period, and how long it took.

    Attributes:
        failed: None for those who look after one department only.
    """

    rows: tuple[FeedRow, ...]
    late: tuple[LateNews, ...]
    failed: tuple[FailedNews, ...] | None
    late_after: timedelta


def feeds(*, by: Actor, first: date, last: date) -> Feeds:
    """Measure the feeds to supervisors (信息归集): count, delay, what is late, what failed.

    Args:
        by: Who asks; sees what went to their departments, registrar and centre all.
        first: First day of the acts.
        last: Last day of the acts.
    """
    begin = datetime.combine(first, time.min, tzinfo=PLACE)
    end = datetime.combine(last + timedelta(days=1), time.min, tzinfo=PLACE)
    known = rules()
    late_after = timedelta(minutes=known.late_after_minutes if known else LATE_AFTER_MINUTES)
    told = DualNotice.objects.filter(_scope(by), happened_at__gte=begin, happened_at__lt=end)
    late = [
        LateNews(
            kind=row.kind,
            name=mask_name(row.entity_name)
            if row.entity_ref.startswith("person:")
            else row.entity_name,
            item_name=row.item_name,
            department=row.department_code,
            happened_at=row.happened_at,
            arrived_at=row.arrived_at,
        )
        for row in told.filter(arrived_at__gt=F("happened_at") + late_after).order_by(
            "-happened_at", "-id"
        )[:LATE_ROWS]
        if row.happened_at is not None and row.arrived_at is not None
    ]
    late += listed_late(by=by, first=begin, last=end, late_after=late_after, limit=LATE_ROWS)
    late.sort(key=lambda one: one.happened_at, reverse=True)
    whole = known is not None and any(
        by.may(Permission.NOTICE_HANDLE, department=code)
        for code in (known.registrar, known.centre)
    )
    return Feeds(
        rows=(
            *(
                FeedRow(
                    kind=kind,
                    delay=measure(
                        told.filter(kind=kind.value), happened="happened_at", late_after=late_after
                    ),
                )
                for kind in NoticeKind
            ),
            FeedRow(
                kind=None,
                delay=listing_delay(by=by, first=begin, last=end, late_after=late_after),
            ),
        ),
        late=tuple(late[:LATE_ROWS]),
        failed=_failed() if whole else None,
        late_after=late_after,
    )


FED = (
    "cases.granted",
    "cases.cancellation_granted",
    "cases.ended",
    "licences.state_changed",
)
"""Events that the feeds are made of."""


def _failed() -> tuple[FailedNews, ...]:
    of_feeds = Q()
    for name in FED:
        of_feeds |= Q(args__parcel__contains=[[name]])
    jobs = (
        ProcrastinateJob.objects.filter(of_feeds, task_name=DELIVERY)
        .filter(Q(status="failed") | Q(status="todo", attempts__gt=0))
        .annotate(since=Min("procrastinateevent__at"))
        .order_by("-id")[:LATE_ROWS]
    )
    return tuple(
        FailedNews(
            event=name,
            about=str(fields.get("number") or fields.get("identifier") or ""),
            since=job.since,
            attempts=job.attempts,
            given_up=job.status == "failed",
        )
        for job in jobs
        for name, fields in job.args["parcel"]
        if name in FED
    )
