"""Questions about cases: one case, its file, the queues of the desks, tracking, messages."""

from __future__ import annotations

import hmac
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Count, Exists, OuterRef, Q, Subquery

from yiwang.cases.models import (
    Case,
    CaseDocument,
    CaseEvent,
    CaseMaterial,
    Correction,
    CorrectionItem,
    Delivery,
    Draft,
    DraftUpload,
    Message,
    Opinion,
    SentBack,
)
from yiwang.cases.policy.deadlines import case_light, day_of
from yiwang.cases.policy.states import (
    ENDED,
    FINISHED,
    INTERNAL,
    OPEN,
    RUNNING,
    STEPS,
    STOPPED,
    CaseState,
    Desk,
    Step,
    Way,
)
from yiwang.cases.policy.terms import (
    INTERNAL_LETTERS,
    DeliveryChannel,
    DocumentKind,
    MaterialState,
    Outcome,
    PaperForm,
    Tab,
)
from yiwang.cases.queries.parcels import ParcelBack, came_back
from yiwang.catalogue import queries as catalogue
from yiwang.catalogue.policy.items import Audience, Channel
from yiwang.catalogue.policy.towns import TownMode
from yiwang.kernel.clocks import LightAnswer, amber_days
from yiwang.kernel.masking import mask_name, mask_phone
from yiwang.kernel.paging import day_and_row, moment_and_row, row_number
from yiwang.kernel.workdays import CalendarGapError, WorkdayCalendar
from yiwang.organisations import scope
from yiwang.organisations.permissions import (
    EVERYWHERE,
    Actor,
    Permission,
    PermissionRefusedError,
)

PAGE_LIMIT = 100
"""Most lines of one page of a list."""

PHONE_TAIL = 4
"""Last characters of the telephone or certificate number that a person tracking must know."""


class CaseNotFoundError(PermissionRefusedError):
    """No such case, or not for these eyes: one answer, so that numbers cannot be probed."""

    code = "cases.not_found"

    def __init__(self) -> None:
        super().__init__("没有找到您可以查看的这个办件，请核对办件编号，或用办理该件的账号登录。")


class TrackRefusedError(CaseNotFoundError):
    """Query code and telephone do not name a case together."""

    code = "cases.track_refused"

    def __init__(self) -> None:
        super().__init__()
        self.message = "查询码与手机号（或证件号码后四位）不符，请按收件凭证核对后再查。"
        self.args = (self.message,)


class QueueRefusedError(PermissionRefusedError):
    """The actor has no post that sees cases."""

    code = "cases.queue_refused"


@dataclass(frozen=True, kw_only=True)
class CaseView:
    """One case as every channel shows it; names as they were at receipt.

    Attributes:
        version: Row version; hand it back with an act so that two people do not act on one state.
        due_on: Day by which whoever holds the case must act; None when finished.
        intake_department: Department whose window took it in.
        town_mode: How the window of a town handles it; None: no window of a town took it in.
        acceptor: Unit in whose name it is accepted.
        collect_at: Unit at which the applicant chose to collect the result; empty: none chosen.
        phone_masked: Empty: the applicant gave no telephone.
        mail_number: Of the letter that brought the application; empty: none, or no letter.
        received_at: When it was entered.
        received_on: Day of receipt, from which days count; of a letter, when it was got.
    """

    number: str
    query_code: str
    item_slug: str
    item_version: int
    item_name: str
    immediate: bool
    must_check_site: bool
    department_code: str
    deciding_department: str
    intake_department: str
    window: str
    town: str
    town_mode: TownMode | None
    acceptor: str
    collect_at: str
    channel: Channel
    mail_number: str
    applicant_ref: str
    applicant_kind: Audience
    applicant_name: str
    applicant_number_masked: str
    phone_masked: str
    submitted_by: str
    state: CaseState
    version: int
    assigned_to: str
    touched_by: str
    touched_at: datetime
    received_at: datetime
    received_on: date
    due_on: date | None
    notice_due_on: date
    corrected_on: date | None
    accepted_on: date | None
    accepted_by: str
    deemed: bool
    statutory_on: date | None
    promised_on: date | None
    stopped_since: date | None
    extended_on: date | None
    asked_departments: tuple[str, ...]
    reviewed_by: str
    sent_back: bool
    outcome: Outcome | None
    way: Way | None
    decided_by: str
    decided_at: datetime | None
    licence_identifier: str
    delivery_due_on: date | None
    closed_at: datetime | None
    evaluation_until: date | None

    @property
    def open(self) -> bool:
        """Whether no decision was made yet and the applicant may withdraw."""
        return self.state in OPEN

    @property
    def finished(self) -> bool:
        """Whether nothing follows."""
        return self.state in FINISHED

    def light(self, *, today: date, calendar: WorkdayCalendar) -> LightAnswer:
        """Return the light of the clock that runs now; grey while the limit does not run."""
        return case_light(state=self.state, due_on=self.due_on, today=today, calendar=calendar)


@dataclass(frozen=True, kw_only=True)
class MaterialView:
    """One material of a case."""

    material_id: str
    name: str
    state: MaterialState
    upload_refs: tuple[str, ...]
    source: str
    taken_as: PaperForm | None
    due_on: date | None
    checked_by: str
    checked_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class CorrectionItemView:
    """One thing to complete."""

    id: int
    material_id: str
    what: str
    why: str
    example: str
    upload_refs: tuple[str, ...]
    answer: str


@dataclass(frozen=True, kw_only=True)
class CorrectionView:
    """The one request to complete the application."""

    asked_at: datetime
    due_on: date
    filed_at: datetime | None
    lines: tuple[CorrectionItemView, ...]


@dataclass(frozen=True, kw_only=True)
class OpinionView:
    """What the reviewer proposed."""

    outcome: Outcome
    text: str
    by: str
    by_name: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class TimelineRow:
    """One step: who, from which post, when, from where to where, why."""

    step: Step
    from_state: CaseState | None
    to_state: CaseState
    at: datetime
    actor: str
    actor_name: str
    post: str
    department: str
    reason: str
    basis: str


@dataclass(frozen=True, kw_only=True)
class DeliveryView:
    """How and when something reached the applicant."""

    channel: DeliveryChannel
    at: datetime
    to_name: str
    result: str
    by: str
    document_id: int | None


@dataclass(frozen=True, kw_only=True)
class DocumentView:
    """One letter; `made` tells whether its sealed file exists already."""

    id: int
    kind: DocumentKind
    number: str
    title: str
    body: dict[str, object]
    seal_department: str
    issued_at: datetime
    file_sha256: str | None
    deliveries: tuple[DeliveryView, ...]

    @property
    def made(self) -> bool:
        """Whether the file was rendered and sealed."""
        return self.file_sha256 is not None

    @property
    def internal(self) -> bool:
        """Whether it is for the file alone."""
        return self.kind in INTERNAL_LETTERS


@dataclass(frozen=True, kw_only=True)
class CasePage:
    """The whole file of one case.

    Attributes:
        declared: Whether the applicant declared that all is true; in a letter it may be missing.
    """

    case: CaseView
    declared: bool
    answers: dict[str, object]
    materials: tuple[MaterialView, ...]
    correction: CorrectionView | None
    opinion: OpinionView | None
    events: tuple[TimelineRow, ...]
    documents: tuple[DocumentView, ...]
    deliveries: tuple[DeliveryView, ...]
    steps: frozenset[Step]
    """Steps that the asking actor may take now."""


@dataclass(frozen=True, kw_only=True)
class QueueRow:
    """One line of a work queue or of a list of cases."""

    number: str
    query_code: str
    item_slug: str
    item_name: str
    applicant_name: str
    state: CaseState
    version: int
    channel: Channel
    deciding_department: str
    intake_department: str
    town: str
    town_mode: TownMode | None
    assigned_to: str
    sent_back: bool
    received_at: datetime
    due_on: date | None
    statutory_on: date | None
    closed_at: datetime | None
    light: LightAnswer


@dataclass(frozen=True, kw_only=True)
class QueuePage:
    """One page of a queue.

    Attributes:
        after: Hand it back for the next page; None: this is the last one.
        counts: Number of cases per tab; the finished ones are not counted.
    """

    tab: Tab
    rows: tuple[QueueRow, ...]
    after: str | None
    counts: dict[Tab, int]


@dataclass(frozen=True, kw_only=True)
class DecisionRow:
    """One line of the public register of granted decisions.

    Attributes:
        number: Number of the written decision.
        holder: A firm whole; of a person only the first character.
    """

    number: str
    item_slug: str
    item_name: str
    holder: str
    department_code: str
    decided_at: datetime


@dataclass(frozen=True, kw_only=True)
class OpenOfItem:
    """One running case of an item, for those who keep the item: no applicant, no answers."""

    query_code: str
    item_version: int
    state: CaseState
    received_at: datetime


@dataclass(frozen=True, kw_only=True)
class TrackView:
    """What whoever holds query code and telephone may see: no name, no answers."""

    number: str
    query_code: str
    item_slug: str
    item_name: str
    department_code: str
    state: CaseState
    channel: Channel
    mail_number: str
    received_at: datetime
    received_on: date
    due_on: date | None
    promised_on: date | None
    statutory_on: date | None
    closed_at: datetime | None
    evaluation_until: date | None
    events: tuple[TimelineRow, ...]
    needs_correction_by: date | None
    materials_to_come: int
    """How many materials were promised and are still to be handed in (容缺)."""
    parcel_back: ParcelBack | None
    """The result that was sent and came back; null: none waits for the applicant."""

    def light(self, *, today: date, calendar: WorkdayCalendar) -> LightAnswer:
        """Return the light of the clock that runs now; grey while the limit does not run."""
        return case_light(state=self.state, due_on=self.due_on, today=today, calendar=calendar)


@dataclass(frozen=True, kw_only=True)
class DraftView:
    """An application being filled in."""

    id: int
    applicant_ref: str
    item_slug: str
    item_version: int
    answers: dict[str, object]
    saved_at: datetime
    expires_on: date
    uploads: tuple[tuple[str, str], ...]
    """(material id, upload ref), in the order attached."""
    case_number: str


@dataclass(frozen=True, kw_only=True)
class MessageView:
    """One message to an applicant, or to one who works here."""

    id: int
    case_number: str
    title: str
    body: str
    at: datetime
    read_at: datetime | None


def case(number: str, *, by: Actor) -> CaseView:
    """Return one case; one query.

    Raises:
        CaseNotFoundError: there is none, or `by` may not read it.
    """
    row = Case.objects.filter(number=number).first()
    if row is None or not may_read(row, by):
        raise CaseNotFoundError
    return case_view(row)


def case_page(number: str, *, by: Actor) -> CasePage:
    """Return the whole file of one case; seven queries at most.

    The reviewer's opinion is internal: an applicant gets None, no internal letters, and no words of
    internal steps.

    Raises:
        CaseNotFoundError: there is none, or `by` may not read it.
    """
    row = (
        Case.objects.select_related("answer", "correction")
        .annotate(proposed_before=_proposed_before(by), sent_back_by_oneself=_sent_back_by(by))
        .filter(number=number)
        .first()
    )
    if row is None or not may_read(row, by):
        raise CaseNotFoundError
    deliveries = [_delivery(one) for one in Delivery.objects.filter(case=row).order_by("id")]
    return CasePage(
        case=case_view(row),
        declared=bool(row.answer.declaration),
        answers=row.answers_now(),
        materials=tuple(
            material_view(one) for one in CaseMaterial.objects.filter(case=row).order_by("id")
        ),
        correction=_correction(row),
        opinion=_opinion(row) if staff_may_read(row, by) else None,
        events=_events_for(row, by),
        documents=tuple(_document(one, deliveries) for one in _letter_rows(row, by)),
        deliveries=tuple(deliveries),
        steps=open_steps(row, by) - _other_part(row, by),
    )


def timeline(number: str, *, by: Actor) -> tuple[TimelineRow, ...]:
    """Return the steps of one case, oldest first; two queries.

    Raises:
        CaseNotFoundError: there is none, or `by` may not read it.
    """
    return _events_for(_readable(number, by), by)


def documents_of(number: str, *, by: Actor) -> tuple[DocumentView, ...]:
    """Return the letters of one case, oldest first; three queries.

    Raises:
        CaseNotFoundError: there is none, or `by` may not read it.
    """
    row = _readable(number, by)
    deliveries = [_delivery(one) for one in Delivery.objects.filter(case=row).order_by("id")]
    return tuple(_document(one, deliveries) for one in _letter_rows(row, by))


def track(*, query_code: str, phone: str, at: datetime) -> TrackView:
    """Return where a case stands to whoever knows its query code and the applicant's number.

    Three queries, two more once it is decided. The page limits how often it may be asked.

    Args:
        query_code: As printed on the receipt; case and blanks do not matter.
        phone: The whole telephone number or its last four digits; where the applicant gave none,
            the last four characters of the certificate number.
        at: Moment of asking.

    Raises:
        TrackRefusedError: they do not name a case together.
    """
    row = Case.objects.filter(query_code="".join(query_code.upper().split())).first()
    if row is None or not _knows(row, "".join(phone.split()).upper()):
        raise TrackRefusedError
    correcting = row.state == CaseState.CORRECTION
    return TrackView(
        number=row.number,
        query_code=row.query_code,
        item_slug=row.item_slug,
        item_name=row.item_name,
        department_code=row.department_code,
        state=CaseState(row.state),
        channel=Channel(row.channel),
        mail_number=row.mail_number,
        received_at=row.received_at,
        received_on=row.received_on,
        due_on=row.due_on,
        promised_on=row.promised_on,
        statutory_on=row.statutory_on,
        closed_at=row.closed_at,
        evaluation_until=row.evaluation_until,
        events=tuple(_nameless(one) for one in _events(row)),
        needs_correction_by=row.due_on if correcting else None,
        materials_to_come=row.materials.filter(state__in=_TO_COME).count() if _waits(row) else 0,
        parcel_back=came_back([row.number]).get(row.number) if row.decided_at else None,
    )


_TO_COME = (MaterialState.TOLERATED.value, MaterialState.PROMISED.value)


def _waits(row: Case) -> bool:
    """Tell whether what was promised may still come: before the decision, or after a grant."""
    if row.decided_at is None:
        return row.closed_at is None
    return row.outcome == Outcome.GRANT and CaseState(row.state) not in ENDED


def letters_of_code(query_code: str) -> tuple[DocumentView, ...]:
    """Return the letters of a case, the newest first, for whoever proved to know it; one query.

    Letters for the file only are none of them. It asks for no permission: its callers have checked
    the proof.
    """
    rows = CaseDocument.objects.filter(case__query_code=query_code).exclude(
        kind__in=sorted(kind.value for kind in INTERNAL_LETTERS)
    )
    return tuple(_document(row, ()) for row in rows.order_by("-pk"))


def granted_decisions(
    *, text: str = "", after: str | None = None, limit: int = PAGE_LIMIT
) -> tuple[list[DecisionRow], str | None]:
    """List the granted decisions that the public may read, newest first; two queries.

    Decisions on items that are not published (`ItemVersion.public`) are left out.

    Args:
        text: Part of the item's or of a firm's name, or the whole number of a decision. A
            person's name finds nothing: it would tell whose name the line hides.
        after: Key of the page before.
        limit: Lines, at most PAGE_LIMIT.

    Returns:
        The lines, and the key of the next page.

    Raises:
        PageKeyRefusedError: `after` is not a key that a page gave.

    Source:
        行政许可法 第四十条 (the public may consult granted decisions).
    """
    letter = CaseDocument.objects.filter(
        case=OuterRef("pk"), kind=DocumentKind.GRANT_DECISION.value
    )
    rows = (
        Case.objects.filter(outcome=Outcome.GRANT.value)
        .exclude(item_slug__in=catalogue.unpublished_slugs())
        .annotate(letter=Subquery(letter.values("number")[:1]))
    )
    text = " ".join(text.split())[:60]
    if text:
        rows = rows.filter(
            Q(item_name__contains=text)
            | Q(applicant_kind=Audience.ENTITY.value, applicant_name__contains=text)
            | Q(letter=text)
        )
    if after is not None:
        rows = rows.filter(_decided_before(after))
    size = _size(limit)
    with scope.everything():  # 许可法 第四十条: only what everybody may read leaves this function
        found = list(rows.order_by("-decided_at", "-id")[: size + 1])
    last = found[size - 1] if len(found) > size else None
    key = f"{last.decided_at.isoformat()}_{last.pk}" if last and last.decided_at else None
    return [_decision(row) for row in found[:size]], key


def asked_for(*, since: date) -> dict[str, int]:
    """Count the cases received since `since` by item; one query."""
    with scope.everything():  # counts of the whole district; no case is shown
        return dict(
            Case.objects.filter(received_on__gte=since)
            .order_by()
            .values_list("item_slug")
            .annotate(Count("id"))
        )


def open_of_item(item_slug: str, *, limit: int = PAGE_LIMIT) -> list[OpenOfItem]:
    """List the running cases of an item, oldest first, without saying whose they are."""
    with scope.everything():  # for whoever withdraws the item; no applicant is shown
        rows = list(
            Case.objects.filter(_in(RUNNING), item_slug=item_slug)
            .order_by("received_at", "id")
            .only("query_code", "item_version", "state", "received_at")[: _size(limit)]
        )
    return [
        OpenOfItem(
            query_code=row.query_code,
            item_version=row.item_version,
            state=CaseState(row.state),
            received_at=row.received_at,
        )
        for row in rows
    ]


def open_by_version(item_slug: str) -> dict[int, int]:
    """Count the running cases of an item by the version they came in under; one query."""
    with scope.everything():  # counts of the whole district; no case is shown
        return dict(
            Case.objects.filter(_in(RUNNING), item_slug=item_slug)
            .order_by()
            .values_list("item_version")
            .annotate(Count("id"))
        )


def query_codes(numbers: Iterable[str]) -> dict[str, str]:
    """Return the query code of each case named by its number; one query.

    For lists that name cases without showing them: it asks for no permission.
    """
    return dict(Case.objects.filter(number__in=set(numbers)).values_list("number", "query_code"))


def number_of(query_code: str) -> str:
    """Return the number of the case with a query code, or nothing; one query."""
    row = Case.objects.filter(query_code=query_code.upper()).only("number").first()
    return row.number if row else ""


def open_per_person(*, by: Actor) -> dict[str, int]:
    """Count the running cases that each person holds where `by` gives work out; one query."""
    codes = by.departments(Permission.CASE_ASSIGN)
    if not codes:
        return {}
    place = Q() if EVERYWHERE in codes else Q(deciding_department__in=sorted(codes))
    held = Case.objects.filter(place & _in(RUNNING)).exclude(assigned_to="").order_by()
    return dict(
        held.values("assigned_to").annotate(held=Count("id")).values_list("assigned_to", "held")
    )


@dataclass(frozen=True, kw_only=True)
class LoadRow:
    """What one person holds (在办情况); `ref` is empty for what nobody holds."""

    ref: str
    held: int
    soon: int
    late: int


def load_per_person(*, by: Actor, at: datetime, calendar: WorkdayCalendar) -> list[LoadRow]:
    """Count the running cases that each person holds where `by` gives work out; one query.

    Raises:
        QueueRefusedError: `by` gives no work out.
    """
    codes = by.departments(Permission.CASE_ASSIGN)
    if not codes:
        raise QueueRefusedError("您的岗位不分派办件，如确需查看在办情况，请联系本部门负责人。")
    today = day_of(at)
    place = Q() if EVERYWHERE in codes else Q(deciding_department__in=sorted(codes))
    rows = (
        Case.objects.filter(place & _in(RUNNING))
        .order_by()
        .values("assigned_to")
        .annotate(
            held=Count("id"),
            late=Count("id", filter=Q(due_on__lt=today)),
            soon=Count("id", filter=Q(due_on__gte=today, due_on__lte=_soon_on(today, calendar))),
        )
    )
    found = [
        LoadRow(ref=row["assigned_to"], held=row["held"], soon=row["soon"], late=row["late"])
        for row in rows
    ]
    return sorted(found, key=lambda one: (-one.late, -one.held, one.ref))


def my_cases(
    subject_refs: Iterable[str],
    *,
    today: date,
    calendar: WorkdayCalendar,
    after: str | None = None,
    limit: int = PAGE_LIMIT,
) -> tuple[list[QueueRow], str | None]:
    """List the cases of these applicants, newest first, and the key of the next page; one query."""
    rows = Case.objects.filter(applicant_ref__in=list(subject_refs))
    if after is not None:
        rows = rows.filter(id__lt=row_number(after))
    size = _size(limit)
    found = list(rows.order_by("-id").only(*_ROW_FIELDS)[: size + 1])
    key = str(found[size - 1].id) if len(found) > size else None
    return [_row(one, today, calendar) for one in found[:size]], key


def running_cases(
    subject_refs: Iterable[str], *, today: date, calendar: WorkdayCalendar
) -> list[tuple[str, QueueRow]]:
    """List applicant and running case of these applicants, the nearest due first; one query.

    For those who act for all of them: it asks for no permission, its callers do.
    """
    rows = Case.objects.running().filter(applicant_ref__in=sorted(subject_refs))
    found = rows.order_by("due_on", "id").only(*_ROW_FIELDS, "applicant_ref")
    return [(row.applicant_ref, _row(row, today, calendar)) for row in found]


def queue(
    *,
    by: Actor,
    tab: Tab,
    at: datetime,
    calendar: WorkdayCalendar,
    text: str = "",
    town: str = "",
    item: str = "",
    near: Tab | None = None,
    state: CaseState | None = None,
    person: str | None = None,
    channel: Channel | None = None,
    received: tuple[date | None, date | None] = (None, None),
    after: str | None = None,
    limit: int = PAGE_LIMIT,
    counted: bool = True,
) -> QueuePage:
    """Return one page of the work queue of `by`; two queries, one without `counted`.

    Running cases come by the day they are due, in one's own tab after those that were sent back
    (退回复审); finished ones by the day they were closed, newest first. The finished are not
    counted: nobody works from that number.

    Args:
        by: A member of staff.
        tab: Which view.
        at: Moment of looking.
        calendar: For the lights and for what is near its limit.
        text: Case number, query code, or part of the applicant's or the item's name.
        town: Code of a town unit; empty: all.
        item: An item; empty: all.
        near: SOON or OVERDUE keeps within `tab` what is near its limit or beyond it.
        state: Only cases in this state; None: all of the tab.
        person: Ref of who holds them; empty: those that nobody holds; None: all.
        channel: How they came in; None: any way.
        received: First and last day of receipt; None: open.
        after: Key of the page before.
        limit: Lines, at most PAGE_LIMIT.
        counted: Whether the counts of the tabs are wanted.

    Raises:
        QueueRefusedError: `by` holds no post that sees cases.
    """
    today = day_of(at)
    soon_on = _soon_on(today, calendar)
    size = _size(limit)
    scopes = _scopes(by)
    finished = tab is Tab.FINISHED
    condition = _text_condition(text)
    if near in {Tab.SOON, Tab.OVERDUE} and not finished:
        condition &= _tab_condition(near, by, today, soon_on)
    condition &= Q(
        **{name: value for name, value in (("town", town), ("item_slug", item)) if value}
    )
    condition &= _narrowed(state=state, person=person, channel=channel, received=received)
    if after is not None:
        condition &= _beyond(after, finished=finished)
    mine = tab is Tab.MINE
    if mine and after is not None:
        condition &= Q(sent_back=False)
    order: tuple[str, ...] = ("-closed_at", "-id") if finished else ("due_on", "id")
    legs = [
        Case.objects.filter(leg & condition).order_by(*order).only(*_ROW_FIELDS)[: size + 1]
        for scope in scopes
        for leg in _legs(tab, scope, by, today, soon_on)
    ] or [Case.objects.none()]
    if mine and after is None:
        legs += _sent_back_first(scopes, by, condition, size)
        order = ("-sent_back", *order)
    merged = legs[0] if len(legs) == 1 else legs[0].union(*legs[1:]).order_by(*order)
    found = list(merged[: size + 1])
    return QueuePage(
        tab=tab,
        rows=tuple(_row(one, today, calendar) for one in found[:size]),
        after=_key(
            found[size - 1],
            finished=finished,
            first_of_all=mine and found[size - 1].sent_back,
        )
        if len(found) > size
        else None,
        counts=_counts(by, today, soon_on) if counted else {},
    )


def due_cases(
    *, department: str | None = None, within_days: int, today: date, limit: int = PAGE_LIMIT
) -> list[CaseView]:
    """List running cases due within so many calendar days, the late ones first; one query.

    For reports and commands: it asks for no permission, its callers do.
    """
    rows = Case.objects.filter(
        state__in=[state.value for state in RUNNING],
        due_on__lte=date.fromordinal(today.toordinal() + within_days),
    )
    if department is not None:
        rows = rows.filter(deciding_department=department)
    return [case_view(row) for row in rows.order_by("due_on", "id")[: _size(limit)]]


def drafts_of(subject_refs: Iterable[str], *, today: date) -> list[DraftView]:
    """List drafts that were not submitted and have not expired, newest first; two queries."""
    rows = (
        Draft.objects.filter(
            applicant_ref__in=list(subject_refs), submitted_case=None, expires_on__gte=today
        )
        .order_by("-saved_at", "-id")
        .prefetch_related("uploads")[:PAGE_LIMIT]
    )
    return [draft_view(row, row.uploads.all()) for row in rows]


def draft(draft_id: int, *, by: Actor) -> DraftView:
    """Return one draft of `by`; two queries.

    Raises:
        CaseNotFoundError: there is none, or it is not theirs.
    """
    row = Draft.objects.select_related("submitted_case").filter(pk=draft_id).first()
    if row is None or not by.acts_for(row.applicant_ref):
        raise CaseNotFoundError
    return draft_view(row, row.uploads.order_by("id"))


def messages_for(
    ref: str, *, after: int | None = None, limit: int = PAGE_LIMIT
) -> list[MessageView]:
    """List messages to `ref`, newest first; one query."""
    rows = Message.objects.filter(to_ref=ref).select_related("case")
    if after is not None:
        rows = rows.filter(id__lt=after)
    return [
        MessageView(
            id=row.id,
            case_number=row.case.number if row.case else "",
            title=row.title,
            body=row.body,
            at=row.at,
            read_at=row.read_at,
        )
        for row in rows.order_by("-id")[: _size(limit)]
    ]


def unread_messages(ref: str) -> int:
    """Return how many messages `ref` has not read; one query."""
    return Message.objects.filter(to_ref=ref, read_at=None).count()


# What follows is shared with the services of this package.


def dialled(phone: str) -> str:
    """Return the digits of a telephone as it is dialled here, without the code of the country.

    Example:
        `139 0000 1234` and `+86 139-0000-1234` are one number.
    """
    plain = "".join(unicodedata.normalize("NFKC", phone).split()).removeprefix("+86")
    return re.sub(r"[^0-9]", "", plain)


def departments_of(row: Case, desk: Desk) -> tuple[str, ...]:
    """Return the departments of a case at whose desk `desk` a post counts.

    Whose power was concentrated elsewhere before the case came in acts on it no more.

    Source:
        行政许可法 第二十五条; 街镇窗口的两种办理方式（直接受理、收受分离）.
    """
    if desk is Desk.DECIDER:
        return (row.deciding_department,)
    if desk is Desk.ASKED:
        return tuple(row.asked_departments)
    if desk is Desk.ACCEPTOR and row.town_mode == TownMode.DIRECT:
        return (row.intake_department,)
    if desk is Desk.ACCEPTOR and row.town_mode == TownMode.FORWARDED:
        return (row.deciding_department,)
    if desk is Desk.DELIVERER and row.collect_at == row.deciding_department:
        return (row.deciding_department,)
    return (row.deciding_department, row.intake_department)


def staff_may_read(row: Case, by: Actor) -> bool:
    """Tell whether a post of `by` shows them the case."""
    return any(
        by.may(Permission.CASE_READ, department=code)
        for code in (
            *departments_of(row, Desk.WINDOW),
            row.department_code,
            *row.asked_departments,
        )
    )


def may_read(row: Case, by: Actor) -> bool:
    """Tell whether `by` may see the case, as staff or as applicant."""
    return by.acts_for(row.applicant_ref) or staff_may_read(row, by)


def may_read_letter(row: CaseDocument, by: Actor) -> bool:
    """Tell whether `by` may see a letter: an internal one only as staff on somebody else's case."""
    if row.kind in INTERNAL_LETTERS:
        return staff_may_read(row.case, by) and not by.acts_for(row.case.applicant_ref)
    return may_read(row.case, by)


def _letter_rows(row: Case, by: Actor) -> list[CaseDocument]:
    """Return the letters of a case that `by` may see, oldest first."""
    found = list(CaseDocument.objects.filter(case=row).order_by("id"))
    for one in found:
        one.case = row
    return [one for one in found if may_read_letter(one, by)]


def open_steps(row: Case, by: Actor) -> frozenset[Step]:
    """Return the steps that `by` may take on the case now."""
    state = CaseState(row.state)
    return frozenset(
        step
        for step, move in STEPS.items()
        if state in move.starts
        and (move.way is None or (move.way is Way.ON_SPOT and row.immediate))
        and (
            (move.by_applicant and by.acts_for(row.applicant_ref))
            or (
                move.permission is not None
                and any(
                    by.may(move.permission, department=code)
                    for code in departments_of(row, move.desk)
                )
            )
        )
        and not (step is Step.ASK_CORRECTION and row.corrected_on is not None)
    )


def _other_part(row: Case, by: Actor) -> frozenset[Step]:
    """Return the steps that `by` may not take because they had the other part in the case."""
    reviewed = row.reviewed_by == by.ref or row.proposed_before  # type: ignore[attr-defined]  # annotated by case_page
    sent_back: bool = row.sent_back_by_oneself  # type: ignore[attr-defined]  # annotated by case_page
    deciding = [step for step, move in STEPS.items() if move.permission is Permission.CASE_DECIDE]
    return frozenset((deciding if reviewed else []) + ([Step.PROPOSE] if sent_back else []))


def _proposed_before(by: Actor) -> Exists:
    """Whether a proposal of `by` was sent back; the one that stands is `reviewed_by`."""
    return Exists(SentBack.objects.filter(case=OuterRef("pk"), opinion__by=by.ref))


def _sent_back_by(by: Actor) -> Exists:
    """Whether `by` sent a proposal on the case back."""
    return Exists(SentBack.objects.filter(case=OuterRef("pk"), by=by.ref))


def case_view(row: Case) -> CaseView:
    """Return the frozen view of a row."""
    return CaseView(
        number=row.number,
        query_code=row.query_code,
        item_slug=row.item_slug,
        item_version=row.item_version,
        item_name=row.item_name,
        immediate=row.immediate,
        must_check_site=row.must_check_site,
        department_code=row.department_code,
        deciding_department=row.deciding_department,
        intake_department=row.intake_department,
        window=row.window,
        town=row.town,
        town_mode=TownMode(row.town_mode) if row.town_mode else None,
        acceptor=row.acceptor,
        collect_at=row.collect_at,
        channel=Channel(row.channel),
        mail_number=row.mail_number,
        applicant_ref=row.applicant_ref,
        applicant_kind=Audience(row.applicant_kind),
        applicant_name=row.applicant_name,
        applicant_number_masked=row.applicant_number_masked,
        phone_masked=row.phone_masked,
        submitted_by=row.submitted_by,
        state=CaseState(row.state),
        version=row.version,
        assigned_to=row.assigned_to,
        touched_by=row.touched_by,
        touched_at=row.touched_at,
        received_at=row.received_at,
        received_on=row.received_on,
        due_on=row.due_on,
        notice_due_on=row.notice_due_on,
        corrected_on=row.corrected_on,
        accepted_on=row.accepted_on,
        accepted_by=row.accepted_by,
        deemed=row.deemed,
        statutory_on=row.statutory_on,
        promised_on=row.promised_on,
        stopped_since=row.stopped_since,
        extended_on=row.extended_on,
        asked_departments=tuple(row.asked_departments),
        reviewed_by=row.reviewed_by,
        sent_back=row.sent_back,
        outcome=Outcome(row.outcome) if row.outcome else None,
        way=Way(row.way) if row.way else None,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        licence_identifier=row.licence_identifier,
        delivery_due_on=row.delivery_due_on,
        closed_at=row.closed_at,
        evaluation_until=row.evaluation_until,
    )


def material_view(row: CaseMaterial) -> MaterialView:
    """Return the frozen view of a row."""
    return MaterialView(
        material_id=row.material_id,
        name=row.name,
        state=MaterialState(row.state),
        upload_refs=tuple(row.upload_refs),
        source=row.source,
        taken_as=PaperForm(row.taken_as) if row.taken_as else None,
        due_on=row.due_on,
        checked_by=row.checked_by,
        checked_at=row.checked_at,
    )


def draft_view(row: Draft, uploads: Iterable[DraftUpload]) -> DraftView:
    """Return the frozen view of a draft."""
    return DraftView(
        id=row.pk,
        applicant_ref=row.applicant_ref,
        item_slug=row.item_slug,
        item_version=row.item_version,
        answers=row.answers,
        saved_at=row.saved_at,
        expires_on=row.expires_on,
        uploads=tuple((one.material_id, one.upload_ref) for one in uploads),
        case_number=row.submitted_case.number if row.submitted_case else "",
    )


_ROW_FIELDS = (
    "id",
    "number",
    "query_code",
    "item_slug",
    "item_name",
    "applicant_name",
    "state",
    "version",
    "channel",
    "deciding_department",
    "intake_department",
    "town",
    "town_mode",
    "assigned_to",
    "sent_back",
    "received_at",
    "due_on",
    "statutory_on",
    "closed_at",
)


def _row(row: Case, today: date, calendar: WorkdayCalendar) -> QueueRow:
    return QueueRow(
        number=row.number,
        query_code=row.query_code,
        item_slug=row.item_slug,
        item_name=row.item_name,
        applicant_name=row.applicant_name,
        state=CaseState(row.state),
        version=row.version,
        channel=Channel(row.channel),
        deciding_department=row.deciding_department,
        intake_department=row.intake_department,
        town=row.town,
        town_mode=TownMode(row.town_mode) if row.town_mode else None,
        assigned_to=row.assigned_to,
        sent_back=row.sent_back,
        received_at=row.received_at,
        due_on=row.due_on,
        statutory_on=row.statutory_on,
        closed_at=row.closed_at,
        light=case_light(
            state=CaseState(row.state), due_on=row.due_on, today=today, calendar=calendar
        ),
    )


def _readable(number: str, by: Actor) -> Case:
    row = Case.objects.filter(number=number).first()
    if row is None or not may_read(row, by):
        raise CaseNotFoundError
    return row


def _knows(row: Case, word: str) -> bool:
    if len(word) < PHONE_TAIL:
        return False
    if not row.phone_masked:
        return _same(word[-PHONE_TAIL:], row.applicant_number_masked[-PHONE_TAIL:])
    if len(word) == PHONE_TAIL:
        return _same(word, row.phone_masked[-PHONE_TAIL:])
    return _same(mask_phone(dialled(word)), row.phone_masked)


def _same(left: str, right: str) -> bool:
    return hmac.compare_digest(left.encode(), right.encode())


def _events(row: Case) -> tuple[TimelineRow, ...]:
    return tuple(
        TimelineRow(
            step=Step(one.step),
            from_state=CaseState(one.from_state) if one.from_state else None,
            to_state=CaseState(one.to_state),
            at=one.at,
            actor=one.actor,
            actor_name=one.actor_name,
            post=one.post,
            department=one.department,
            reason=one.reason,
            basis=one.basis,
        )
        for one in CaseEvent.objects.filter(case_id=row.pk).order_by("id")
    )


def _events_for(row: Case, by: Actor) -> tuple[TimelineRow, ...]:
    """Return the steps as `by` may read them."""
    if staff_may_read(row, by):
        return _events(row)
    return tuple(replace(one, reason="") if one.step in INTERNAL else one for one in _events(row))


def _nameless(event: TimelineRow) -> TimelineRow:
    """Return the step without who took it and what they wrote.

    That the program took it is no secret, and neither are its words.
    """
    if event.actor.startswith(("job:", "system:")):
        return replace(event, actor_name="")
    return replace(event, actor="", actor_name="", reason="")


def _correction(row: Case) -> CorrectionView | None:
    found: Correction | None = getattr(row, "correction", None)
    if found is None:
        return None
    return CorrectionView(
        asked_at=found.asked_at,
        due_on=found.due_on,
        filed_at=found.filed_at,
        lines=tuple(
            CorrectionItemView(
                id=one.pk,
                material_id=one.material_id,
                what=one.what,
                why=one.why,
                example=one.example,
                upload_refs=tuple(one.upload_refs),
                answer=one.answer,
            )
            for one in CorrectionItem.objects.filter(correction=found).order_by("id")
        ),
    )


def _opinion(row: Case) -> OpinionView | None:
    if row.accepted_on is None:
        return None
    found = Opinion.objects.filter(case=row).order_by("-id").first()
    if found is None:
        return None
    return OpinionView(
        outcome=Outcome(found.outcome),
        text=found.text,
        by=found.by,
        by_name=found.by_name,
        at=found.at,
    )


def _delivery(row: Delivery) -> DeliveryView:
    return DeliveryView(
        channel=DeliveryChannel(row.channel),
        at=row.at,
        to_name=row.to_name,
        result=row.result,
        by=row.by,
        document_id=row.document_id,
    )


def _document(row: CaseDocument, deliveries: Sequence[DeliveryView]) -> DocumentView:
    return DocumentView(
        id=row.pk,
        kind=DocumentKind(row.kind),
        number=row.number,
        title=row.title,
        body=row.body,
        seal_department=row.seal_department,
        issued_at=row.issued_at,
        file_sha256=row.file_sha256,
        deliveries=tuple(one for one in deliveries if one.document_id == row.pk),
    )


def _size(limit: int) -> int:
    if limit < 1:
        raise ValueError("limit must be at least 1")
    return min(limit, PAGE_LIMIT)


def _scopes(by: Actor) -> list[Q]:
    """Return the sets of cases whose union `by` may read; each follows one index."""
    codes = sorted(by.departments(Permission.CASE_READ))
    if EVERYWHERE in codes:
        return [Q()]
    if not codes:
        raise QueueRefusedError("您的岗位不能查看办件队列，如确需查看，请联系本部门负责人。")
    return [
        scope
        for code in codes
        for scope in (Q(deciding_department=code), Q(intake_department=code))
    ]


DELIVERABLE = frozenset({CaseState.APPROVED, CaseState.REJECTED, CaseState.DELIVERING})
"""Decided, and not yet with the applicant."""

_TAB_STATES: dict[Tab, frozenset[CaseState]] = {
    Tab.TO_ACCEPT: frozenset({CaseState.RECEIVED}),
    Tab.CORRECTION: frozenset({CaseState.CORRECTION}),
    Tab.REVIEWING: frozenset({CaseState.ACCEPTED, CaseState.REVIEWING}) | STOPPED,
    Tab.TO_DECIDE: frozenset({CaseState.DECISION_PENDING}),
    Tab.TO_DELIVER: DELIVERABLE,
    Tab.FINISHED: FINISHED,
}

_MINE: dict[Permission, frozenset[CaseState]] = {
    Permission.CASE_ACCEPT: frozenset({CaseState.RECEIVED}),
    Permission.CASE_REVIEW: frozenset({CaseState.ACCEPTED, CaseState.REVIEWING}) | STOPPED,
    Permission.CASE_DECIDE: frozenset({CaseState.DECISION_PENDING}),
    Permission.CASE_DELIVER: DELIVERABLE,
}


def _in(states: Iterable[CaseState]) -> Q:
    return Q(state__in=sorted(state.value for state in states))


def _tab_condition(tab: Tab, by: Actor, today: date, soon_on: date) -> Q:
    if tab is Tab.FINISHED:
        return _in(FINISHED)
    running = _in(RUNNING)
    if tab is Tab.SOON:
        every_day = date.fromordinal(today.toordinal() + amber_days())
        near = Q(due_on__lte=every_day) | ~Q(state=CaseState.CORRECTION.value)
        return running & Q(due_on__gte=today, due_on__lte=soon_on) & near
    if tab is Tab.OVERDUE:
        return running & Q(due_on__lt=today)
    return _in(_TAB_STATES[tab])


def _mine_of(permission: Permission, by: Actor) -> Q:
    """What `by` can take forward with a permission; never both parts of one case."""
    codes = by.departments(permission)
    place = Q() if EVERYWHERE in codes else Q(deciding_department__in=sorted(codes))
    if permission is Permission.CASE_ACCEPT and place:
        place &= ~Q(town_mode=TownMode.DIRECT.value)
        taken_in = Q(intake_department__in=sorted(codes))
        place |= taken_in & ~Q(town_mode=TownMode.FORWARDED.value)
    if permission is Permission.CASE_DELIVER and place:
        place |= Q(intake_department__in=sorted(codes), collect_at__in=["", *sorted(codes)])
    if permission is Permission.CASE_DECIDE:
        place &= ~Q(reviewed_by=by.ref) & ~Q(_proposed_before(by))
    if permission is Permission.CASE_REVIEW:
        place &= Q(sent_back=False) | ~Q(_sent_back_by(by))
    return place


def _legs(tab: Tab, scope: Q, by: Actor, today: date, soon_on: date) -> list[Q]:
    """Split what a tab shows of a scope into parts that are each in order in one index.

    The conditions name nothing twice: the planner would take each for a further narrowing.
    """
    if tab in {Tab.FINISHED, Tab.SOON, Tab.OVERDUE}:
        return [scope & _tab_condition(tab, by, today, soon_on)]
    if tab is not Tab.MINE:
        return [scope & Q(state=state.value) for state in sorted(_TAB_STATES[tab])]
    return [
        scope & _mine_of(permission, by) & Q(state=state.value, assigned_to__in=["", by.ref])
        for permission, states in _MINE.items()
        if by.departments(permission)
        for state in sorted(states)
    ]


def _sent_back_first(scopes: Sequence[Q], by: Actor, condition: Q, size: int) -> list[Any]:
    """Return the cases that a decider sent back to `by`, whenever they are due."""
    if not by.departments(Permission.CASE_REVIEW):
        return []
    held = Q(state=CaseState.REVIEWING.value, sent_back=True, assigned_to__in=["", by.ref])
    mine = _mine_of(Permission.CASE_REVIEW, by)
    return [
        Case.objects.filter(scope & mine & held & condition)
        .order_by("due_on", "id")
        .only(*_ROW_FIELDS)[: size + 1]
        for scope in scopes
    ]


def _narrowed(
    *,
    state: CaseState | None,
    person: str | None,
    channel: Channel | None,
    received: tuple[date | None, date | None],
) -> Q:
    first, last = received
    wanted = {
        "state": state.value if state else None,
        "assigned_to": person,
        "channel": channel.value if channel else None,
        "received_on__gte": first,
        "received_on__lte": last,
    }
    return Q(**{name: value for name, value in wanted.items() if value is not None})


def _text_condition(text: str) -> Q:
    text = " ".join(text.split())[:60]
    if not text:
        return Q()
    return (
        Q(number=text)
        | Q(query_code=text.upper())
        | Q(applicant_name__contains=text)
        | Q(item_name__contains=text)
    )


def _key(row: Case, *, finished: bool, first_of_all: bool = False) -> str:
    if first_of_all:
        return f"{date.min}_0"
    moment = row.closed_at.isoformat() if finished and row.closed_at else str(row.due_on)
    return f"{moment}_{row.pk}"


def _beyond(after: str, *, finished: bool) -> Q:
    if finished:
        closed_at, key = moment_and_row(after)
        return Q(closed_at__lte=closed_at) & (Q(closed_at__lt=closed_at) | Q(id__lt=key))
    due_on, key = day_and_row(after)
    return Q(due_on__gte=due_on) & (Q(due_on__gt=due_on) | Q(id__gt=key))


def _decided_before(after: str) -> Q:
    decided_at, key = moment_and_row(after)
    return Q(decided_at__lte=decided_at) & (Q(decided_at__lt=decided_at) | Q(id__lt=key))


def _decision(row: Case) -> DecisionRow:
    assert row.decided_at is not None  # cases_case_decision_has_moment_person_and_outcome
    firm = row.applicant_kind == Audience.ENTITY.value
    return DecisionRow(
        number=row.letter,  # type: ignore[attr-defined]  # annotated by granted_decisions
        item_slug=row.item_slug,
        item_name=row.item_name,
        holder=row.applicant_name if firm else mask_name(row.applicant_name),
        department_code=row.department_code,
        decided_at=row.decided_at,
    )


def _soon_on(today: date, calendar: WorkdayCalendar) -> date:
    try:
        return calendar.add_workdays(today, amber_days())
    except CalendarGapError:
        return date.fromordinal(today.toordinal() + amber_days())


COUNTED_MOST = 99
"""A tab is counted so far and no further: beyond it is shown as more."""


def _counts(by: Actor, today: date, soon_on: date) -> dict[Tab, int]:
    """Count the running cases per tab in one query, each tab up to one more than COUNTED_MOST.

    Each scope is walked along its index and stops early, so that a desk with a hundred thousand
    cases costs no more than one with a hundred.
    """
    scopes = _scopes(by)
    tabs = [tab for tab in Tab if tab is not Tab.FINISHED]
    legs = [
        (
            place,
            Case.objects.filter(leg).order_by("due_on", "id").values("id")[: COUNTED_MOST + 1],
        )
        for place, tab in enumerate(tabs)
        for scope in scopes
        for leg in _legs(tab, scope, by, today, soon_on)
    ]
    parts: list[str] = []
    values: list[Any] = []
    for number, (place, leg) in enumerate(legs):
        try:
            sql, given = leg.query.sql_with_params()
        except EmptyResultSet:  # a tab in which this post has nothing to do
            continue
        parts.append(f"SELECT {place} AS tab, id FROM ({sql}) AS leg{number}")  # noqa: S608 - ours
        values.extend(given)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT tab, count(DISTINCT id) FROM ({' UNION ALL '.join(parts)}) AS found"  # noqa: S608 - our own SQL
            " GROUP BY tab",
            values,
        )
        counted = dict(cursor.fetchall())
    return {tab: min(counted.get(place, 0), COUNTED_MOST + 1) for place, tab in enumerate(tabs)}
