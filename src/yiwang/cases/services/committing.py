"""Granting on notice and commitment (告知承诺准予): the same day, by one human."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from yiwang.cases.events import CommittedGrant
from yiwang.cases.models import Case, CaseMaterial
from yiwang.cases.models.commitments import Commitment
from yiwang.cases.policy import letters
from yiwang.cases.policy.deadlines import day_of
from yiwang.cases.policy.states import STEPS, CaseState, Step, after
from yiwang.cases.policy.terms import MaterialState, Outcome
from yiwang.cases.queries import CaseView, case_view
from yiwang.cases.queries.commitments import commitment_barred
from yiwang.cases.services.deciding import conclude
from yiwang.cases.services.decision_errors import SamePersonError
from yiwang.cases.services.interested import require_heard
from yiwang.cases.services.post_checks import open_check
from yiwang.cases.services.signing import CommitmentRefusedError
from yiwang.cases.services.steps import (
    capacity,
    locked,
    require_holder,
    require_version,
    version_of,
)
from yiwang.catalogue.policy.items import ItemVersion
from yiwang.kernel import events
from yiwang.kernel.workdays import WorkdayCalendar
from yiwang.organisations.permissions import Actor

GRANT_REASON = "申请人书面承诺符合告知的条件，随申请应当提交的材料齐全，依法直接作出决定。"

NOTES = (
    "本决定根据申请人的书面承诺直接作出，将在承诺书写明的期限内核查；不履行承诺的，责令限期改正，"
    "逾期不改正或者改正后仍不符合条件的，依法撤销。",
)
"""What a decision on commitment says besides. Source: 上海市优化营商环境条例 第二十七条."""


@transaction.atomic
def grant_on_commitment(
    *,
    number: str,
    calendar: WorkdayCalendar,
    by: Actor,
    at: datetime,
    version: int | None = None,
) -> CaseView:
    """Grant an accepted application on the strength of its commitment (告知承诺准予).

    One human decides: the commitment stands in the place of the review. Whoever took the
    application in at the window or accepted it does not decide it, so that nobody brings a
    licence from the door to the seal alone.

    Args:
        number: Case number.
        calendar: Covers the ten days of delivery and what is filed later.
        by: Holds a post that decides in the deciding department.
        at: Moment of the decision.
        version: Row version `by` saw.

    Raises:
        CaseNotFoundError: no such case for these eyes.
        PermissionRefusedError: `by` may not decide here.
        ConflictRefusedError: somebody acted since `version`.
        StepRefusedError: not accepted, or decided already.
        SamePersonError: `by` took it in or accepted it.
        NotHolderError: the case was given to somebody else.
        CommitmentRefusedError: nothing was signed, materials are missing, or the applicant may
            not commit any more.
        ProcedureRefusedError: a side may still state its views.
        CalendarGapError: the calendar ends before a date; nothing is changed.

    Source:
        上海市优化营商环境条例 第二十七条 (the authority decides directly).
    """
    case = locked(number)
    acting = capacity(case, STEPS[Step.GRANT_ON_COMMITMENT], by)
    require_version(case, version)
    after(Step.GRANT_ON_COMMITMENT, CaseState(case.state), immediate=case.immediate)
    require_holder(case, by)
    require_heard(case, today=day_of(at))
    signed = Commitment.objects.filter(case=case).first()
    if signed is None:
        raise CommitmentRefusedError(
            "本办件没有签署告知承诺书，请由审查人员提出审查意见后再作决定。"
        )
    if by.ref in {case.submitted_by, case.accepted_by}:
        raise SamePersonError("您收下或者受理了本办件，不能由同一人决定，请由其他审批人员决定。")
    reason = commitment_barred(case.applicant_ref, on=day_of(at))
    if reason:
        raise CommitmentRefusedError(
            f"申请人{reason}请由审查人员提出审查意见，按一般方式作出决定。"
        )
    _require_filed(case)
    item = version_of(case)
    _date_later(case, item, calendar=calendar, at=at)
    with events.together():  # the holder is listed before it is said how
        conclude(
            case,
            item,
            Step.GRANT_ON_COMMITMENT,
            Outcome.GRANT,
            acting=acting,
            calendar=calendar,
            by=by,
            at=at,
            reason=GRANT_REASON,
            article=letters.articles(item),
            notes=NOTES,
        )
        check = open_check(case, item, at=at)
        events.publish(
            CommittedGrant(
                number=case.number,
                item_slug=case.item_slug,
                holder_ref=case.applicant_ref,
                supervising_department=item.supervision.department,
                first=check.first,
                granted_on=day_of(at),
                check_due_on=check.due_on,
            )
        )
    return case_view(case)


def _require_filed(case: Case) -> None:
    outstanding = list(
        CaseMaterial.objects.filter(
            case=case,
            state__in=[
                MaterialState.MISSING.value,
                MaterialState.TOLERATED.value,
                MaterialState.WITHDRAWN.value,
            ],
        )
        .order_by("id")
        .values_list("name", flat=True)
    )
    if outstanding:
        listed = "、".join(f"“{name}”" for name in outstanding)
        raise CommitmentRefusedError(f"还没有收到随申请应当提交的{listed}，请待申请人补齐。")


def _date_later(case: Case, item: ItemVersion, *, calendar: WorkdayCalendar, at: datetime) -> None:
    """Say by when each material that follows the decision is filed."""
    days = {one.id: one.commitment_days for one in item.materials}
    rows = list(CaseMaterial.objects.filter(case=case, state=MaterialState.PROMISED.value))
    for row in rows:
        row.due_on = calendar.add_workdays(day_of(at), days[row.material_id])
    CaseMaterial.objects.bulk_update(rows, ["due_on"])
