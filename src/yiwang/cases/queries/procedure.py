"""Questions about clocks, stops, hearings, extensions and opinions of other departments."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q

from yiwang.cases.models import (
    Case,
    CaseClock,
    Correction,
    DepartmentInquiry,
    Extension,
    Hearing,
    OfficersSent,
    SiteCheck,
    SpecialProcedure,
)
from yiwang.cases.policy.deadlines import PLACE
from yiwang.cases.policy.procedure import ClosedGround, HearingEnd, HearingOrigin, InquiryAnswer
from yiwang.cases.policy.states import FINISHED, STOPPED, CaseState
from yiwang.cases.policy.terms import OF_THE_APPLICANT, ClockKind, unit_of
from yiwang.cases.queries import (
    PAGE_LIMIT,
    CaseNotFoundError,
    QueueRefusedError,
    may_read,
    staff_may_read,
)
from yiwang.cases.queries.interested import InterestedView, interested_in
from yiwang.kernel.clocks import LightAnswer, StopReason, light
from yiwang.kernel.workdays import WorkdayCalendar
from yiwang.organisations import scope
from yiwang.organisations.permissions import EVERYWHERE, Actor, Permission


@dataclass(frozen=True, kw_only=True)
class ClockView:
    """One clock of a case.

    Attributes:
        due_on: None while it is stopped.
        light: None once it is met or nothing follows any more.
        of_applicant: Whether it runs for the applicant.
    """

    kind: ClockKind
    subject: str
    starts_on: date
    due_on: date | None
    stopped_since: date | None
    met_on: date | None
    missed: bool
    of_applicant: bool
    light: LightAnswer | None


@dataclass(frozen=True, kw_only=True)
class SpecialView:
    """One special procedure."""

    serial: int
    kind: StopReason
    name: str
    basis: str
    reason: str
    workdays: int
    started_on: date
    told_until: date
    ended_on: date | None
    result: str
    result_ref: str


@dataclass(frozen=True, kw_only=True)
class HearingView:
    """The hearing of a case.

    Attributes:
        announced: Key of its public page; None while there is none.
    """

    origin: HearingOrigin
    reason: str
    told_on: date
    request_due_on: date | None
    requested_on: date | None
    request_text: str
    hold_due_on: date | None
    set_on: date | None
    held_at: datetime | None
    place: str
    chair: str
    chair_name: str
    public: bool
    closed_ground: ClosedGround | None
    closed_because: str
    moved_from: datetime | None
    moved_on: date | None
    moved_because: str
    announced: int | None
    ended_on: date | None
    end: HearingEnd | None
    record: str
    signed_by: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ExtensionView:
    """One request for more days; `approved` is None while nobody answered."""

    number: str
    query_code: str
    item_name: str
    department: str
    version: int
    workdays: int
    reason: str
    joint: bool
    asked_by: str
    asked_by_name: str
    asked_at: datetime
    approved: bool | None
    decided_by_name: str
    decided_at: datetime | None
    note: str
    statutory_on: date | None


@dataclass(frozen=True, kw_only=True)
class InquiryView:
    """The question to one department and its opinion."""

    department: str
    question: str
    asked_at: datetime
    due_on: date
    answer: InquiryAnswer | None
    opinion: str
    answered_by_name: str
    answered_at: datetime | None
    late: bool


@dataclass(frozen=True, kw_only=True)
class SiteCheckView:
    """What officers found on the spot."""

    checked_on: date
    place: str
    found: str
    names: tuple[str, ...]
    witness: str


@dataclass(frozen=True, kw_only=True)
class OfficersSentView:
    """Who was sent to inspect, test or quarantine."""

    kind: StopReason
    sent_on: date
    names: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ProcedureView:
    """Everything that happened between acceptance and decision beside the ordinary course."""

    specials: tuple[SpecialView, ...]
    hearing: HearingView | None
    extensions: tuple[ExtensionView, ...]
    inquiries: tuple[InquiryView, ...]
    site_checks: tuple[SiteCheckView, ...]
    officers_sent: tuple[OfficersSentView, ...]
    interested: tuple[InterestedView, ...]

    @property
    def empty(self) -> bool:
        """Whether the case took its ordinary course."""
        return not (
            self.specials
            or self.hearing
            or self.extensions
            or self.inquiries
            or self.site_checks
            or self.officers_sent
            or self.interested
        )


def _readable(number: str, by: Actor) -> Case:
    row = Case.objects.filter(number=number).first()
    if row is None or not may_read(row, by):
        raise CaseNotFoundError
    return row


def hearing_of(number: str) -> HearingView | None:
    """Return the hearing of a case; the caller has shown that it may be read."""
    found = Hearing.objects.filter(case__number=number).first()
    return _hearing(found) if found else None


def extension_of(number: str) -> ExtensionView | None:
    """Return the last request for more days; the caller has shown that it may be read."""
    found = Extension.objects.filter(case__number=number).select_related("case").order_by("-id")
    row = found.first()
    return _extension(row) if row else None


def site_checked_on(number: str) -> date | None:
    """Return the day of the last check on the spot; the caller has shown it may be read."""
    days = SiteCheck.objects.filter(case__number=number).order_by("-serial")
    return days.values_list("checked_on", flat=True).first()


def officers_clock(number: str) -> tuple[date | None, date | None]:
    """Return by when two officers must be sent to inspect or test, and when they were.

    Both are None where nobody need be; the caller has shown it may be read.
    """
    clocks = CaseClock.objects.filter(
        case__number=number, kind=ClockKind.INSPECTION_START.value
    ).values_list("due_on", "met_on")
    return clocks.first() or (None, None)


def procedure_of(number: str, *, by: Actor, today: date) -> ProcedureView:
    """Return what happened beside the ordinary course; nine queries at most.

    Opinions of departments and requests for more days are internal: an applicant gets none.

    Raises:
        CaseNotFoundError: there is none, or `by` may not read it.
    """
    row = _readable(number, by)
    staff = staff_may_read(row, by)
    hearing = Hearing.objects.filter(case=row).first()
    return ProcedureView(
        specials=tuple(
            SpecialView(
                serial=one.serial,
                kind=StopReason(one.kind),
                name=one.name,
                basis=one.basis,
                reason=one.reason,
                workdays=one.workdays,
                started_on=one.started_on,
                told_until=one.told_until,
                ended_on=one.ended_on,
                result=one.result,
                result_ref=one.result_ref,
            )
            for one in SpecialProcedure.objects.filter(case=row).order_by("serial")
        ),
        hearing=_hearing(hearing) if hearing else None,
        extensions=tuple(
            _extension(one)
            for one in Extension.objects.filter(case=row).select_related("case").order_by("id")
            if staff or one.approved
        ),
        inquiries=tuple(
            InquiryView(
                department=one.department,
                question=one.question,
                asked_at=one.asked_at,
                due_on=one.due_on,
                answer=InquiryAnswer(one.answer) if one.answer else None,
                opinion=one.opinion,
                answered_by_name=one.answered_by_name,
                answered_at=one.answered_at,
                late=one.answered_at is None and one.due_on < today,
            )
            for one in DepartmentInquiry.objects.filter(case=row).order_by("id")
            if staff
        ),
        site_checks=tuple(
            SiteCheckView(
                checked_on=one.checked_on,
                place=one.place,
                found=one.found,
                names=tuple(one.names),
                witness=one.witness,
            )
            for one in SiteCheck.objects.filter(case=row).order_by("serial")
        ),
        officers_sent=tuple(
            OfficersSentView(kind=StopReason(one.kind), sent_on=one.sent_on, names=tuple(one.names))
            for one in OfficersSent.objects.filter(case=row).order_by("serial")
        ),
        interested=interested_in(row, by=by, today=today),
    )


def _hearing(row: Hearing) -> HearingView:
    return HearingView(
        origin=HearingOrigin(row.origin),
        reason=row.reason,
        told_on=row.told_on,
        request_due_on=row.request_due_on,
        requested_on=row.requested_on,
        request_text=row.request_text,
        hold_due_on=row.hold_due_on,
        set_on=row.set_on,
        held_at=row.held_at,
        place=row.place,
        chair=row.chair,
        chair_name=row.chair_name,
        public=row.public,
        closed_ground=ClosedGround(row.closed_ground) if row.closed_ground else None,
        closed_because=row.closed_because,
        moved_from=row.moved_from,
        moved_on=row.moved_on,
        moved_because=row.moved_because,
        announced=row.pk if row.public and row.set_on is not None else None,
        ended_on=row.ended_on,
        end=HearingEnd(row.end) if row.end else None,
        record=row.record,
        signed_by=tuple(row.signed_by),
    )


def _extension(row: Extension) -> ExtensionView:
    return ExtensionView(
        number=row.case.number,
        query_code=row.case.query_code,
        item_name=row.case.item_name,
        department=row.case.deciding_department,
        version=row.case.version,
        workdays=row.workdays,
        reason=row.reason,
        joint=row.joint,
        asked_by=row.asked_by,
        asked_by_name=row.asked_by_name,
        asked_at=row.asked_at,
        approved=row.approved,
        decided_by_name=row.decided_by_name,
        decided_at=row.decided_at,
        note=row.note,
        statutory_on=row.case.statutory_on,
    )


def clocks_of(
    number: str, *, by: Actor, today: date, calendar: WorkdayCalendar
) -> tuple[ClockView, ...]:
    """Return every clock of a case with its light, in the order in which they start; 3 queries.

    Raises:
        CaseNotFoundError: there is none, or `by` may not read it.
    """
    row = _readable(number, by)
    rows = list(CaseClock.objects.filter(case=row))
    reported = {one.kind for one in rows if one.missed_reported_at and not one.subject}
    found = [*_columns(row)]
    kinds = {kind for kind, *_rest in found}
    found += [
        (ClockKind(one.kind), one.subject, one.starts_on, one.due_on, one.stopped_since, one.met_on)
        for one in rows
        if ClockKind(one.kind) not in kinds
    ]
    return tuple(
        ClockView(
            kind=kind,
            subject=subject,
            starts_on=starts_on,
            due_on=due_on,
            stopped_since=stopped_since,
            met_on=met_on,
            missed=kind.value in reported
            or (due_on is not None and (met_on or today) > due_on and not _over(row, met_on)),
            of_applicant=kind in OF_THE_APPLICANT,
            light=None
            if met_on or _over(row, met_on)
            else light(
                due_on=due_on,
                today=today,
                calendar=calendar,
                unit=unit_of(kind),
                stopped=stopped_since is not None,
            ),
        )
        for kind, subject, starts_on, due_on, stopped_since, met_on in sorted(
            found, key=lambda one: (one[2], list(ClockKind).index(one[0]))
        )
    )


def _over(row: Case, met_on: date | None) -> bool:
    """Tell whether an unmet clock matters no more, because the case ended before."""
    return met_on is None and CaseState(row.state) in FINISHED


_Clock = tuple[ClockKind, str, date, date | None, date | None, date | None]


def _columns(row: Case) -> Iterable[_Clock]:
    """Return the clocks that are columns of the case."""
    decided_on = row.decided_at.astimezone(PLACE).date() if row.decided_at else None
    closed_on = row.closed_at.astimezone(PLACE).date() if row.closed_at else None
    correction = Correction.objects.filter(case=row).first()
    answered_on = row.touched_at.astimezone(PLACE).date() if row.state != "received" else None
    if correction is not None:
        asked_on = correction.asked_at.astimezone(PLACE).date()
        filed_on = correction.filed_at.astimezone(PLACE).date() if correction.filed_at else None
        yield (ClockKind.CORRECTION, "", asked_on, correction.due_on, None, filed_on)
    told_on = row.accepted_on or answered_on
    if correction is not None and row.corrected_on is None:
        told_on = correction.asked_at.astimezone(PLACE).date()
    yield (
        ClockKind.NOTICE,
        "",
        row.corrected_on or row.received_on,
        row.notice_due_on,
        None,
        None if row.deemed else told_on,
    )
    if row.accepted_on is not None:
        stopped = row.stopped_since if CaseState(row.state) in STOPPED else None
        for kind, due_on in (
            (ClockKind.STATUTORY, row.statutory_on),
            (ClockKind.PROMISED, row.promised_on),
        ):
            yield (kind, "", row.accepted_on, due_on, stopped, decided_on)
    if decided_on is not None:
        yield (ClockKind.DELIVERY, "", decided_on, row.delivery_due_on, None, closed_on)
        if row.publicity_due_on is not None:
            yield (ClockKind.PUBLICITY, "", decided_on, row.publicity_due_on, None, decided_on)


@dataclass(frozen=True, kw_only=True)
class MissedRow:
    """One clock of the authority that was missed."""

    id: int
    number: str
    query_code: str
    item_name: str
    department: str
    state: CaseState
    kind: ClockKind
    subject: str
    due_on: date
    met_on: date | None
    reported_at: datetime
    assigned_to: str


@dataclass(frozen=True, kw_only=True)
class MissedPage:
    """One page of missed clocks; hand `after` back for the next, None: this is the last."""

    rows: tuple[MissedRow, ...]
    after: int | None


def missed_clocks(
    *, by: Actor, open_only: bool = True, after: int | None = None, limit: int = PAGE_LIMIT
) -> MissedPage:
    """List missed clocks of the departments that `by` heads, the newest report first; one query.

    Raises:
        QueueRefusedError: `by` heads none.
    """
    codes = by.departments(Permission.CASE_ASSIGN)
    if not codes:
        raise QueueRefusedError("您没有分派办件的岗位，不能查看超期和漏办，请联系部门负责人。")
    rows = CaseClock.objects.filter(missed_reported_at__isnull=False).select_related("case")
    if EVERYWHERE not in codes:
        rows = rows.filter(case__deciding_department__in=sorted(codes))
    if open_only:
        rows = rows.filter(met_on=None)
    if after is not None:
        rows = rows.filter(id__lt=after)
    size = max(1, min(limit, PAGE_LIMIT))
    found = list(rows.order_by("-id")[: size + 1])
    return MissedPage(
        rows=tuple(_missed(row) for row in found[:size]),
        after=found[size - 1].pk if len(found) > size else None,
    )


def missed_count(*, by: Actor, most: int) -> int:
    """Count the missed clocks that `by` answers for and nobody met yet, up to `most` and one."""
    codes = by.departments(Permission.CASE_ASSIGN)
    if not codes:
        return 0
    rows = CaseClock.objects.filter(missed_reported_at__isnull=False, met_on=None)
    if EVERYWHERE not in codes:
        rows = rows.filter(case__deciding_department__in=sorted(codes))
    return rows.order_by("id")[: most + 1].count()


def _missed(row: CaseClock) -> MissedRow:
    if row.due_on is None or row.missed_reported_at is None:
        raise ValueError("a missed clock has a day and a report")
    return MissedRow(
        id=row.pk,
        number=row.case.number,
        query_code=row.case.query_code,
        item_name=row.case.item_name,
        department=row.case.deciding_department,
        state=CaseState(row.case.state),
        kind=ClockKind(row.kind),
        subject=row.subject,
        due_on=row.due_on,
        met_on=row.met_on,
        reported_at=row.missed_reported_at,
        assigned_to=row.case.assigned_to,
    )


@dataclass(frozen=True, kw_only=True)
class WaitingInquiry:
    """A question of another department that waits for an opinion."""

    number: str
    query_code: str
    item_name: str
    asking: str
    department: str
    question: str
    due_on: date
    light: LightAnswer


def waiting_inquiries(
    *, by: Actor, today: date, calendar: WorkdayCalendar, limit: int = PAGE_LIMIT
) -> tuple[WaitingInquiry, ...]:
    """List what other departments asked those in which `by` reviews, the earliest due first.

    One query; PAGE_LIMIT rows at most, which is more than one department is ever asked at once.

    Raises:
        QueueRefusedError: `by` reviews nowhere.
    """
    codes = by.departments(Permission.CASE_REVIEW)
    if not codes:
        raise QueueRefusedError("您没有审查岗位，不能反馈部门意见，请联系部门负责人。")
    place = Q() if EVERYWHERE in codes else Q(department__in=sorted(codes))
    rows = (
        DepartmentInquiry.objects.filter(place, answered_at=None)
        .exclude(case__state__in=sorted(state.value for state in FINISHED))
        .select_related("case")
        .order_by("due_on", "id")[: max(1, min(limit, PAGE_LIMIT))]
    )
    return tuple(
        WaitingInquiry(
            number=row.case.number,
            query_code=row.case.query_code,
            item_name=row.case.item_name,
            asking=row.case.deciding_department,
            department=row.department,
            question=row.question,
            due_on=row.due_on,
            light=light(
                due_on=row.due_on,
                today=today,
                calendar=calendar,
                unit=unit_of(ClockKind.OPINION),
            ),
        )
        for row in rows
    )


def open_extensions(*, by: Actor, limit: int = PAGE_LIMIT) -> tuple[ExtensionView, ...]:
    """List the requests for more days that wait for `by`, the oldest first; one query.

    A leader of the district sees those of joint handling. Such a leader reads no case, so the
    list names item, reason and days, and no applicant.

    Raises:
        QueueRefusedError: `by` approves no extension.
    """
    heads = by.departments(Permission.CASE_EXTEND)
    leads = by.departments(Permission.CASE_EXTEND_JOINT)
    if not heads and not leads:
        raise QueueRefusedError("您没有批准延期的岗位，请由本部门负责人办理。")
    wanted = Q(pk__in=[])
    if heads:
        place = Q() if EVERYWHERE in heads else Q(case__deciding_department__in=sorted(heads))
        wanted |= place & Q(joint=False)
    if leads:
        wanted |= Q(joint=True)
    with scope.everything():  # a leader has no department in which to read cases
        rows = list(
            Extension.objects.filter(wanted, approved=None)
            .exclude(case__state__in=sorted(state.value for state in FINISHED))
            .select_related("case")
            .order_by("id")[: max(1, min(limit, PAGE_LIMIT))]
        )
    return tuple(_extension(row) for row in rows)
