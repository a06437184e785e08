"""Acceptance (受理), refusal to accept, and acceptance by lapse of time."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

from django.db import transaction

from yiwang.cases.events import CaseAccepted, CaseClosed
from yiwang.cases.models import Case
from yiwang.cases.policy import letters
from yiwang.cases.policy.deadlines import (
    PLACE,
    day_of,
    decision_days,
    evaluation_until,
    inspection_start_due_on,
)
from yiwang.cases.policy.procedure import INSPECTION_START_WORKDAYS, needs_inspection
from yiwang.cases.policy.states import STEPS, CaseState, Step, after
from yiwang.cases.policy.terms import ClockKind, DocumentKind, MaterialState
from yiwang.cases.queries import CaseView, case_view
from yiwang.cases.services import clocks, kept
from yiwang.cases.services.asking_renewal import note_corrected
from yiwang.cases.services.declining import (
    refuse_proposer,
    require_authority,
    require_ground_of_no_need,
)
from yiwang.cases.services.signing import committed
from yiwang.cases.services.steps import (
    Capacity,
    begin,
    capacity,
    heading,
    issue,
    materials_of,
    move,
    version_of,
    written,
)
from yiwang.catalogue.policy.items import CaseKind
from yiwang.kernel import events
from yiwang.kernel.errors import RefusedError
from yiwang.kernel.workdays import CalendarGapError, WorkdayCalendar
from yiwang.organisations.permissions import Actor

DEEMED_BATCH = 200
"""Cases accepted by lapse of time in one run; the next run takes the rest."""


class AcceptanceRefusedError(RefusedError):
    """The case cannot be accepted as it stands."""

    code = "cases.acceptance_refused"


@transaction.atomic
def accept_case(
    *,
    number: str,
    calendar: WorkdayCalendar,
    by: Actor,
    at: datetime,
    version: int | None = None,
) -> CaseView:
    """Accept an application that is complete and in form (受理).

    The clocks of law and promise start. Where the result is given at once (即办件), the check of
    completeness and form is the review: `by` counts as reviewer, and somebody else decides.
    After the one correction the case may be accepted although something is still missing; it is
    then decided on what is there.

    Raises:
        CaseNotFoundError: no such case for these eyes.
        PermissionRefusedError: `by` may not accept in this department.
        ConflictRefusedError: somebody acted since `version`.
        StepRefusedError: not waiting for acceptance.
        AcceptanceRefusedError: materials are missing and may still be asked for.
        CalendarGapError: the calendar ends before a limit; nothing is changed.

    Source:
        行政许可法 第三十二条第一款第五项, 第三十四条第二款.
    """
    case, acting = begin(number, Step.ACCEPT, by=by, version=version)
    if case.corrected_on is None:
        _require_materials(case)
    return case_view(
        _accept(case, accepted_on=day_of(at), calendar=calendar, acting=acting, by=by, at=at)
    )


def accept_automatically(case: Case, *, calendar: WorkdayCalendar, by: Actor, at: datetime) -> None:
    """Accept a locked case in the name of the rules that go on to grant it.

    Nobody reviewed it, so nobody counts as its reviewer.

    Raises:
        StepRefusedError: not waiting for acceptance.
        AcceptanceRefusedError: materials are missing.
        CalendarGapError: the calendar ends before a limit.
    """
    acting = capacity(case, STEPS[Step.ACCEPT], by)
    after(Step.ACCEPT, CaseState(case.state))
    _require_materials(case)
    _accept(
        case,
        accepted_on=day_of(at),
        calendar=calendar,
        acting=acting,
        by=by,
        at=at,
        reviewed=False,
    )


def _require_materials(case: Case) -> None:
    wanted = {MaterialState.MISSING, MaterialState.WITHDRAWN}
    missing = [one.name for one in materials_of(case) if one.state in wanted]
    if missing:
        listed = "、".join(f"“{name}”" for name in missing)
        raise AcceptanceRefusedError(f"还缺少{listed}，请先一次性告知申请人补正。")


def _accept(
    case: Case,
    *,
    accepted_on: date,
    calendar: WorkdayCalendar,
    acting: Capacity,
    by: Actor,
    at: datetime,
    deemed: bool = False,
    reviewed: bool = True,
) -> Case:
    item = version_of(case)
    days = decision_days(accepted_on=accepted_on, limit=item.limit, calendar=calendar)
    same_day = not deemed and committed(case, item)
    if same_day:
        days = replace(days, promised_on=accepted_on)
    if days.statutory_on is None or days.promised_on is None:
        raise ValueError("a clock that just started cannot be stopped")
    case.accepted_on, case.accepted_by, case.deemed = accepted_on, by.ref, deemed
    case.statutory_on, case.promised_on = days.statutory_on, days.promised_on
    case.due_on = days.promised_on
    case.assigned_to = ""
    changed = [
        "accepted_on",
        "accepted_by",
        "deemed",
        "statutory_on",
        "promised_on",
        "due_on",
        "assigned_to",
    ]
    if item.case_kind is CaseKind.IMMEDIATE and reviewed and not deemed:
        case.reviewed_by, case.reviewed_at = by.ref, at
        changed += ["reviewed_by", "reviewed_at"]
    move(
        case,
        Step.ACCEPT,
        acting=acting,
        by=by,
        at=at,
        changed=changed,
        reason="逾期未告知补正，依法视为受理" if deemed else "",
        basis="行政许可法 第三十二条第一款第四项" if deemed else "",
        act="cases.deem_accepted" if deemed else "",
    )
    note_corrected(case, calendar=calendar, at=at)
    if needs_inspection(item):
        clocks.start(
            case,
            ClockKind.INSPECTION_START,
            starts_on=accepted_on,
            due_on=inspection_start_due_on(accepted_on=accepted_on, calendar=calendar),
            workdays=INSPECTION_START_WORKDAYS,
        )
    department = kept.department(case.acceptor)
    issue(
        case,
        DocumentKind.ACCEPTANCE_NOTICE,
        body=letters.acceptance_notice(
            heading(case, item, department.name),
            accepted_on=accepted_on,
            statutory_on=days.statutory_on,
            promised_on=days.promised_on,
            deemed=deemed,
            same_day=same_day,
            later=_promised(case),
        ),
        item=item,
        seal=department,
        by=by,
        at=at,
        message=f"您的“{item.name}”申请已受理，承诺{letters.chinese_day(days.promised_on)}前办结。",
    )
    events.publish(
        CaseAccepted(
            number=case.number,
            item_slug=case.item_slug,
            applicant_ref=case.applicant_ref,
            accepted_on=accepted_on,
            deemed=deemed,
            deciding_department=case.deciding_department,
        )
    )
    return case


def _promised(case: Case) -> list[str]:
    """Return the names of the materials that the applicant may hand in later."""
    later = (MaterialState.TOLERATED.value, MaterialState.PROMISED.value)
    return [row.name for row in materials_of(case) if row.state in later]


@transaction.atomic
def decline_case(
    *,
    number: str,
    reason: str,
    article: str,
    by: Actor,
    at: datetime,
    version: int | None = None,
    no_need: bool = False,
    elsewhere: str = "",
) -> CaseView:
    """Refuse to accept, in writing, with reasons and remedies (不予受理).

    Args:
        number: Case number.
        reason: Facts and reason, as the applicant will read them.
        article: Law and article it rests on.
        by: Holds a post of the deciding department that declines; not who proposed it.
        at: Moment of the refusal.
        version: Row version `by` saw.
        no_need: What is asked for needs no permission at all (依法不需许可).
        elsewhere: The authority that is competent; empty: none.

    Raises:
        CaseNotFoundError: no such case for these eyes.
        PermissionRefusedError: `by` may not decline in the deciding department.
        ConflictRefusedError: somebody acted since `version`.
        StepRefusedError: not waiting for acceptance.
        DeclineRefusedError: `by` proposed it at the window, or it rests on want of competence and
            names no competent authority.
        TextRefusedError: reason or article missing or too long.

    Source:
        行政许可法 第三十二条第一款第一项、第二项, 第二款; 上海市优化营商环境条例 第二十五条.
    """
    step = Step.NO_NEED if no_need else Step.DECLINE
    case, acting = begin(number, step, by=by, version=version)
    refuse_proposer(case, by)
    reason = written(reason, "不予受理的理由")
    article = written(article, "法律依据")
    if not no_need:
        require_authority(article, elsewhere)
    else:
        require_ground_of_no_need(article)
    close(case, at)
    move(
        case,
        step,
        acting=acting,
        by=by,
        at=at,
        changed=CLOSING_FIELDS,
        reason=reason,
        basis=article,
    )
    item = version_of(case)
    department = kept.department(case.deciding_department)
    issue(
        case,
        DocumentKind.NO_NEED_NOTICE if no_need else DocumentKind.NON_ACCEPTANCE,
        body=letters.refusal_letter(
            heading(case, item, department.name),
            opening=(
                "您申请的事项依法不需要取得行政许可，本机关不受理。"
                if no_need
                else "经审查，本机关对您的申请决定不予受理。"
            ),
            reason=reason,
            article=article,
            elsewhere=elsewhere.strip(),
        ),
        item=item,
        seal=department,
        by=by,
        at=at,
        message=f"您的“{item.name}”申请未予受理，理由和救济途径见文书。",
    )
    publish_closed(case)
    return case_view(case)


CLOSING_FIELDS = ("due_on", "assigned_to", "closed_at", "evaluation_until", "stopped_since")


def close(case: Case, at: datetime) -> None:
    """Set the fields of a case after which nothing follows."""
    case.due_on, case.assigned_to, case.closed_at, case.stopped_since = None, "", at, None
    case.evaluation_until = evaluation_until(closed_on=day_of(at))


def publish_closed(case: Case) -> None:
    """Tell packages above that nothing follows any more."""
    if case.closed_at is None:
        raise ValueError(f"case {case.number} is not closed")
    events.publish(
        CaseClosed(
            number=case.number,
            query_code=case.query_code,
            item_slug=case.item_slug,
            item_name=case.item_name,
            department_code=case.department_code,
            applicant_ref=case.applicant_ref,
            closed_on=case.closed_at.astimezone(PLACE).date(),
            deciding_department=case.deciding_department,
        )
    )


def deem_accepted(
    *, calendar: WorkdayCalendar, by: Actor, at: datetime, limit: int = DEEMED_BATCH
) -> list[str]:
    """Accept every case about which the applicant heard nothing in five working days (视为受理).

    Runs after the end of the fifth day. Each case is its own transaction; one that the calendar
    does not cover is left as it is and comes up again.

    Args:
        calendar: For the limits that start.
        by: A named job.
        at: Moment of the run.
        limit: Most cases in one run.

    Returns:
        The numbers of the cases accepted, for the report to the supervisor.

    Source:
        行政许可法 第三十二条第一款第四项: 逾期不告知的，自收到申请材料之日起即为受理.
    """
    numbers = list(
        Case.objects.filter(state=CaseState.RECEIVED.value, due_on__lt=day_of(at))
        .order_by("due_on", "id")
        .values_list("number", flat=True)[:limit]
    )
    return [number for number in numbers if _deem(number, calendar=calendar, by=by, at=at)]


@transaction.atomic
def _deem(number: str, *, calendar: WorkdayCalendar, by: Actor, at: datetime) -> bool:
    case = (
        Case.objects.select_for_update(skip_locked=True)
        .filter(number=number, state=CaseState.RECEIVED.value, due_on__lt=day_of(at))
        .first()
    )
    if case is None:
        return False
    acting = capacity(case, STEPS[Step.ACCEPT], by)
    accepted_on = case.corrected_on or case.received_on
    try:
        _accept(
            case,
            accepted_on=accepted_on,
            calendar=calendar,
            acting=acting,
            by=by,
            at=at,
            deemed=True,
        )
        clocks.missed(
            case,
            ClockKind.NOTICE,
            starts_on=accepted_on,
            due_on=max(accepted_on, case.notice_due_on),
            at=at,
        )
    except CalendarGapError:  # nothing was written yet: the limits are computed first
        return False
    return True
