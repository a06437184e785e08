"""Questions about commitments: what was signed, what is to be checked, who is kept out."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from django.db import models
from django.db.models import Count, F, Q

from yiwang.cases.models.commitments import (
    ApplicantRecord,
    CertificateCommitment,
    Commitment,
    CorrectionReport,
    PostCheck,
    PostCheckResult,
    ToleranceCommitment,
)
from yiwang.cases.policy.commitments import (
    BARS_COMMITMENT,
    BARS_TOLERANCE,
    OPEN_CHECKS,
    CheckOutcome,
    CheckState,
    Finding,
    Record,
    RecordKind,
    SignedBy,
    barred,
)
from yiwang.cases.policy.terms import ClockKind, unit_of
from yiwang.cases.queries import PAGE_LIMIT, CaseNotFoundError, may_read
from yiwang.catalogue.policy.items import CheckMethod
from yiwang.kernel.clocks import LightAnswer, light
from yiwang.kernel.paging import day_and_row
from yiwang.kernel.workdays import WorkdayCalendar
from yiwang.organisations import scope
from yiwang.organisations.permissions import EVERYWHERE, Actor, Permission, PermissionRefusedError


@dataclass(frozen=True, kw_only=True)
class CommitmentView:
    """A signed letter of commitment."""

    item_slug: str
    item_version: int
    paragraphs: tuple[str, ...]
    confirmed: tuple[str, ...]
    publish: bool
    sha256: str
    sm3: str
    signed_by_name: str
    agent: bool
    signed_how: SignedBy
    signed_at: datetime


@dataclass(frozen=True, kw_only=True)
class ToleranceView:
    """A signed promise to file missing materials."""

    paragraphs: tuple[str, ...]
    materials: tuple[str, ...]
    due_on: date
    sha256: str
    sm3: str
    signed_by_name: str
    signed_how: SignedBy
    signed_at: datetime
    fulfilled_on: date | None
    broken_on: date | None


@dataclass(frozen=True, kw_only=True)
class CertificatesView:
    """A signed promise in the place of certificates."""

    paragraphs: tuple[str, ...]
    materials: tuple[str, ...]
    sha256: str
    sm3: str
    signed_by_name: str
    agent: bool
    signed_how: SignedBy
    signed_at: datetime


@dataclass(frozen=True, kw_only=True)
class RecordView:
    """One entry on an applicant's record."""

    id: int
    applicant_ref: str
    kind: RecordKind
    case_number: str
    reason: str
    basis: str
    department_code: str
    from_on: date
    until_on: date | None
    repaired_on: date | None
    repair_reason: str

    def counts(self, on: date) -> bool:
        """Tell whether it holds anything against its subject that day."""
        return _record(self).counts(on)


@dataclass(frozen=True, kw_only=True)
class ResultView:
    """What one check found."""

    outcome: CheckOutcome
    method: CheckMethod
    facts: str
    conditions: tuple[str, ...]
    upload_refs: tuple[str, ...]
    correct_due_on: date | None
    second_officer: str
    by_name: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class ReportView:
    """What the holder says they corrected.

    Attributes:
        reply: Why it is not enough yet; empty: not answered, or a check followed.
    """

    text: str
    upload_refs: tuple[str, ...]
    by_name: str
    at: datetime
    reply: str = ""
    replied_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class CheckRow:
    """One check in the list, and on its page."""

    id: int
    case_number: str
    item_name: str
    applicant_ref: str
    applicant_name: str
    department_code: str
    method: CheckMethod
    first: bool
    state: CheckState
    decided_on: date
    check_due_on: date
    due_on: date
    closed_on: date | None
    reported_on: date | None
    light: LightAnswer

    @property
    def open(self) -> bool:
        """Whether somebody still has to check."""
        return self.state in OPEN_CHECKS

    @property
    def to_correct(self) -> bool:
        """Whether the holder was ordered to correct and has not reported that they did."""
        return self.state is CheckState.ORDERED and self.reported_on is None


@dataclass(frozen=True, kw_only=True)
class CheckPage:
    """One check with what was told, what was signed, found, and reported as corrected."""

    row: CheckRow
    item_slug: str
    item_version: int
    commitment: CommitmentView
    results: tuple[ResultView, ...]
    reports: tuple[ReportView, ...]


@dataclass(frozen=True, kw_only=True)
class CheckList:
    """One page of the list of checks.

    Attributes:
        after: Hand it back for the next page; empty: this is the last one.
    """

    rows: tuple[CheckRow, ...]
    after: str


@dataclass(frozen=True, kw_only=True)
class FindingRow:
    """The figures of one department over decisions of a period."""

    department_code: str
    finding: Finding


def of_draft(draft_id: int) -> CommitmentView | None:
    """Return what was signed for a draft; the caller has asked who may see the draft."""
    row = Commitment.objects.filter(draft_id=draft_id).first()
    return commitment_view(row) if row else None


def of_case(number: str, *, by: Actor) -> CommitmentView | None:
    """Return the letter of commitment of a case, or None; one query.

    Raises:
        CaseNotFoundError: the case is not for these eyes.
    """
    row = Commitment.objects.select_related("case").filter(case__number=number).first()
    if row is None or row.case is None:
        return None
    if not may_read(row.case, by):
        raise CaseNotFoundError
    return commitment_view(row)


def tolerance_of(number: str, *, by: Actor) -> ToleranceView | None:
    """Return the promise to file missing materials of a case, or None; one query.

    Raises:
        CaseNotFoundError: the case is not for these eyes.
    """
    row = ToleranceCommitment.objects.select_related("case").filter(case__number=number).first()
    if row is None:
        return None
    if not may_read(row.case, by):
        raise CaseNotFoundError
    return tolerance_view(row)


def certificates_of(number: str, *, by: Actor) -> CertificatesView | None:
    """Return the promise in the place of certificates of a case, or None; one query.

    Raises:
        CaseNotFoundError: the case is not for these eyes.
    """
    row = CertificateCommitment.objects.select_related("case").filter(case__number=number).first()
    if row is None:
        return None
    if not may_read(row.case, by):
        raise CaseNotFoundError
    return CertificatesView(
        paragraphs=tuple(row.paragraphs),
        materials=tuple(row.materials),
        sha256=row.sha256,
        sm3=row.sm3,
        signed_by_name=row.signed_by_name,
        agent=row.agent,
        signed_how=SignedBy(row.signed_how),
        signed_at=row.signed_at,
    )


def check_of(number: str, *, by: Actor, today: date, calendar: WorkdayCalendar) -> CheckPage | None:
    """Return the check of a case for whoever may see the case or check it, or None.

    Raises:
        CaseNotFoundError: not for these eyes.
    """
    row = PostCheck.objects.filter(case_number=number).first()
    if row is None:
        return None
    if not (
        by.acts_for(row.applicant_ref)
        or by.may(Permission.COMMITMENT_CHECK, department=row.department_code)
        or by.may(Permission.CASE_READ, department=row.deciding_department)
    ):
        raise CaseNotFoundError
    with scope.everything():  # the supervising department need not see the case itself
        commitment = Commitment.objects.get(case_id=row.case_id)
    return CheckPage(
        row=_check_row(row, today=today, calendar=calendar),
        item_slug=commitment.item_slug,
        item_version=commitment.item_version,
        commitment=commitment_view(commitment),
        results=tuple(
            _result_view(one)
            for one in PostCheckResult.objects.filter(post_check=row).order_by("id")
        ),
        reports=tuple(
            _report_view(one)
            for one in CorrectionReport.objects.filter(post_check=row)
            .select_related("reply")
            .order_by("id")
        ),
    )


def checks(
    *,
    by: Actor,
    today: date,
    calendar: WorkdayCalendar,
    after: str = "",
    finished: bool = False,
    reported: bool = False,
    limit: int = PAGE_LIMIT,
) -> CheckList:
    """List the checks of the actor's departments, the next due first; one query.

    Args:
        by: Checks commitments somewhere.
        today: Day on which lights are shown.
        calendar: For the lights.
        after: Place that the page before handed out.
        finished: Those that are over instead of the open ones.
        reported: Of the open ones those whose report of correction waits for an answer.
        limit: Rows per page.

    Raises:
        PermissionRefusedError: `by` checks nowhere.
        PageKeyRefusedError: `after` is not a key that a page gave.
    """
    rows = _of_departments(PostCheck.objects.all(), by)
    states = [one.value for one in OPEN_CHECKS]
    rows = rows.exclude(state__in=states) if finished else rows.filter(state__in=states)
    if reported:
        rows = rows.filter(reported_on__isnull=False)
    if after:
        day, number = day_and_row(after)
        rows = rows.filter(Q(due_on__gt=day) | Q(due_on=day, id__gt=number))
    size = max(1, min(limit, PAGE_LIMIT))
    found = list(rows.order_by("due_on", "id")[: size + 1])
    shown = found[:size]
    return CheckList(
        rows=tuple(_check_row(one, today=today, calendar=calendar) for one in shown),
        after=f"{shown[-1].due_on.isoformat()}_{shown[-1].pk}" if len(found) > size else "",
    )


def reported_files(number: str, *, by: Actor) -> set[str]:
    """Return the files of what a holder reported on an order, for the holder; one query."""
    rows = CorrectionReport.objects.filter(
        post_check__case_number=number, post_check__applicant_ref__in=sorted(by.subjects)
    )
    return {ref for refs in rows.values_list("upload_refs", flat=True) for ref in refs}


def to_correct(
    subjects: Collection[str], *, today: date, calendar: WorkdayCalendar, limit: int = PAGE_LIMIT
) -> list[CheckRow]:
    """List the orders to correct that these holders have not reported on; one query.

    The caller has asked for whom they may act.
    """
    rows = PostCheck.objects.filter(
        applicant_ref__in=sorted(subjects), state=CheckState.ORDERED.value, reported_on=None
    )
    return [
        _check_row(one, today=today, calendar=calendar)
        for one in rows.order_by("due_on", "id")[:limit]
    ]


def findings(*, by: Actor, first: date, last: date, today: date) -> list[FindingRow]:
    """Return how checks were made, per department, for decisions from `first` to `last`.

    A check counts as due when its last day is past or it was made; in time when it was made on or
    before that day. It failed when an order to correct or a revocation was the first finding.

    Raises:
        PermissionRefusedError: `by` checks nowhere.
    """
    rows = _of_departments(PostCheck.objects.filter(decided_on__range=(first, last)), by)
    failing = [CheckOutcome.CORRECT.value, CheckOutcome.REVOKE.value]
    counted = (
        rows.values("department_code")
        .annotate(
            due=Count(
                "id", distinct=True, filter=Q(check_due_on__lt=today) | Q(checked_on__isnull=False)
            ),
            in_time=Count("id", distinct=True, filter=Q(checked_on__lte=F("check_due_on"))),
            failed=Count("id", distinct=True, filter=Q(results__outcome__in=failing)),
            checked=Count("id", distinct=True, filter=Q(checked_on__isnull=False)),
        )
        .order_by("department_code")
    )
    return [
        FindingRow(
            department_code=row["department_code"],
            finding=Finding(
                due=row["due"],
                in_time=row["in_time"],
                failed=row["failed"],
                passed=row["checked"] - row["failed"],
            ),
        )
        for row in counted
    ]


def _of_departments(rows: models.QuerySet[PostCheck], by: Actor) -> models.QuerySet[PostCheck]:
    codes = by.departments(Permission.COMMITMENT_CHECK)
    if not codes:
        raise PermissionRefusedError("您的岗位不核查承诺，如确需办理，请联系本部门负责人。")
    return rows if EVERYWHERE in codes else rows.filter(department_code__in=sorted(codes))


def records_of(applicant_ref: str) -> list[RecordView]:
    """Return the record of an applicant, the newest first; the caller has asked who may see it."""
    return [
        record_view(one)
        for one in ApplicantRecord.objects.filter(applicant_ref=applicant_ref).order_by("-id")
    ]


def records_kept(*, by: Actor, limit: int = PAGE_LIMIT) -> list[RecordView]:
    """List what the actor's departments noted, the newest first; one query.

    Raises:
        PermissionRefusedError: `by` keeps no records.
    """
    codes = by.departments(Permission.TRUST_KEEP)
    if not codes:
        raise PermissionRefusedError("您的岗位不管理信用约束记录，请联系本部门负责人。")
    rows = ApplicantRecord.objects.all()
    if EVERYWHERE not in codes:
        rows = rows.filter(department_code__in=sorted(codes))
    return [record_view(one) for one in rows.order_by("-id")[:limit]]


def commitment_barred(applicant_ref: str, *, on: date) -> str:
    """Return why somebody may not use notice and commitment; empty: they may; one query."""
    return barred(_records(applicant_ref), BARS_COMMITMENT, on=on)


def tolerance_barred(applicant_ref: str, *, on: date) -> str:
    """Return why somebody gets no tolerance; empty: they do; one query."""
    return barred(_records(applicant_ref), BARS_TOLERANCE, on=on)


def _records(applicant_ref: str) -> list[Record]:
    return [
        _record(record_view(one))
        for one in ApplicantRecord.objects.filter(
            applicant_ref=applicant_ref, repaired_on__isnull=True
        )
    ]


# What follows is shared with the services of this package.


def commitment_view(row: Commitment) -> CommitmentView:
    """Return the frozen view of a letter."""
    return CommitmentView(
        item_slug=row.item_slug,
        item_version=row.item_version,
        paragraphs=tuple(row.paragraphs),
        confirmed=tuple(row.confirmed),
        publish=row.publish,
        sha256=row.sha256,
        sm3=row.sm3,
        signed_by_name=row.signed_by_name,
        agent=row.agent,
        signed_how=SignedBy(row.signed_how),
        signed_at=row.signed_at,
    )


def tolerance_view(row: ToleranceCommitment) -> ToleranceView:
    """Return the frozen view of a promise."""
    return ToleranceView(
        paragraphs=tuple(row.paragraphs),
        materials=tuple(row.materials),
        due_on=row.due_on,
        sha256=row.sha256,
        sm3=row.sm3,
        signed_by_name=row.signed_by_name,
        signed_how=SignedBy(row.signed_how),
        signed_at=row.signed_at,
        fulfilled_on=row.fulfilled_on,
        broken_on=row.broken_on,
    )


def record_view(row: ApplicantRecord) -> RecordView:
    """Return the frozen view of an entry."""
    return RecordView(
        id=row.pk,
        applicant_ref=row.applicant_ref,
        kind=RecordKind(row.kind),
        case_number=row.case_number,
        reason=row.reason,
        basis=row.basis,
        department_code=row.department_code,
        from_on=row.from_on,
        until_on=row.until_on,
        repaired_on=row.repaired_on,
        repair_reason=row.repair_reason,
    )


def _record(view: RecordView) -> Record:
    return Record(
        kind=view.kind,
        reason=view.reason,
        from_on=view.from_on,
        until_on=view.until_on,
        repaired_on=view.repaired_on,
    )


def _check_row(row: PostCheck, *, today: date, calendar: WorkdayCalendar) -> CheckRow:
    return CheckRow(
        id=row.pk,
        case_number=row.case_number,
        item_name=row.item_name,
        applicant_ref=row.applicant_ref,
        applicant_name=row.applicant_name,
        department_code=row.department_code,
        method=CheckMethod(row.method),
        first=row.first,
        state=CheckState(row.state),
        decided_on=row.decided_on,
        check_due_on=row.check_due_on,
        due_on=row.due_on,
        closed_on=row.closed_on,
        reported_on=row.reported_on,
        light=light(
            due_on=row.due_on if row.closed_on is None else None,
            today=today,
            calendar=calendar,
            unit=unit_of(ClockKind.POST_CHECK),
        ),
    )


def _result_view(row: PostCheckResult) -> ResultView:
    return ResultView(
        outcome=CheckOutcome(row.outcome),
        method=CheckMethod(row.method),
        facts=row.facts,
        conditions=tuple(row.conditions),
        upload_refs=tuple(row.upload_refs),
        correct_due_on=row.correct_due_on,
        second_officer=row.second_officer,
        by_name=row.by_name,
        at=row.at,
    )


def _report_view(row: CorrectionReport) -> ReportView:
    reply = getattr(row, "reply", None)  # none yet where it was not answered
    return ReportView(
        text=row.text,
        upload_refs=tuple(row.upload_refs),
        by_name=row.by_name,
        at=row.at,
        reply=reply.text if reply else "",
        replied_at=reply.at if reply else None,
    )


def refs(page: CheckPage) -> list[str]:
    """Return the files of a check and of the reports on it."""
    found = [ref for one in page.results for ref in one.upload_refs]
    return found + [ref for one in page.reports for ref in one.upload_refs]
