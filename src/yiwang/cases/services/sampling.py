"""What persons look at again: daily samples of decisions, and what applicants ask for (抽查)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time, timedelta

from django.db import transaction

from yiwang.audit import services as audit
from yiwang.cases.models import Case, CaseEvent, Message
from yiwang.cases.models.automatic import AutoReview, AutoRun
from yiwang.cases.policy.automatic import ReviewCause, SampleVerdict, draw, sample_size
from yiwang.cases.policy.deadlines import PLACE
from yiwang.cases.queries import CaseNotFoundError
from yiwang.cases.queries import automatic as questions
from yiwang.cases.queries.automatic import ReviewView
from yiwang.cases.services.steps import JOB, written
from yiwang.cases.services.switching import stop_automatic
from yiwang.kernel.errors import RefusedError
from yiwang.organisations.permissions import Actor, Permission, require
from yiwang.rules.policy.tables import RuleOutcome


class ReviewRefusedError(RefusedError):
    """The review was done, or may not be done like that."""

    code = "cases.review_refused"


@transaction.atomic
def draw_sample(*, day: date, seed: str, by: Actor, at: datetime) -> list[str]:
    """Draw the automatic grants of a day that a person looks at, by item (每日抽查).

    The same seed draws the same cases; a day is drawn once, a second call changes nothing.

    Args:
        day: Day of the grants.
        seed: Decides which; kept with each case drawn.
        by: A named job.
        at: Moment of drawing.

    Returns:
        The numbers drawn.
    """
    begin, end = _bounds(day)
    runs = AutoRun.objects.filter(outcome=RuleOutcome.GRANT.value, at__gte=begin, at__lt=end)
    return _draw(
        ReviewCause.SAMPLE,
        "cases.automatic_sample",
        _grouped(runs.values_list("item_slug", "case__number")),
        percent=questions.automatic_settings().percent,
        of=lambda case: case.item_slug,
        day=day,
        seed=seed,
        by=by,
        at=at,
    )


@transaction.atomic
def draw_handled(*, day: date, seed: str, by: Actor, at: datetime) -> list[str]:
    """Draw the decisions of people that somebody else looks at, by department (人工办件抽查).

    Args and return value are those of `draw_sample`; `day` is the day of the decisions.
    """
    begin, end = _bounds(day)
    decided = Case.objects.filter(decided_at__gte=begin, decided_at__lt=end).exclude(
        decided_by__startswith=JOB
    )
    share = questions.automatic_settings().people_percent
    return _draw(
        ReviewCause.HANDLED,
        "cases.handled_sample",
        _grouped(decided.values_list("deciding_department", "number")),
        percent=lambda _department: share,
        of=lambda case: case.deciding_department,
        day=day,
        seed=seed,
        by=by,
        at=at,
    )


def _bounds(day: date) -> tuple[datetime, datetime]:
    begin = datetime.combine(day, time.min, tzinfo=PLACE)
    return begin, begin + timedelta(days=1)


def _grouped(rows: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for group, number in rows:
        found.setdefault(group, []).append(number)
    return found


def _draw(
    cause: ReviewCause,
    act: str,
    groups: Mapping[str, list[str]],
    *,
    percent: Callable[[str], int],
    of: Callable[[Case], str],
    day: date,
    seed: str,
    by: Actor,
    at: datetime,
) -> list[str]:
    """Draw from each group that was not drawn from for this day; `of` names the group of a case."""
    if not by.ref.startswith(JOB):
        raise ValueError("only a named job draws samples")
    before = AutoReview.objects.filter(cause=cause.value, day=day).select_related("case")
    known = {of(row.case) for row in before}
    drawn = [
        number
        for group, numbers in sorted(groups.items())
        if group not in known
        for number in draw(
            numbers, size=sample_size(len(numbers), percent=percent(group)), seed=seed
        )
    ]
    AutoReview.objects.bulk_create(
        AutoReview(
            case=case,
            cause=cause.value,
            department=case.deciding_department,
            item_slug=case.item_slug,
            day=day,
            seed=seed,
            asked_by=by.ref,
            asked_at=at,
        )
        for case in Case.objects.filter(number__in=drawn).order_by("number")
    )
    if drawn:
        audit.record(
            at=at,
            actor=by.ref,
            act=act,
            target=f"day:{day.isoformat()}",
            detail={"seed": seed, "drawn": len(drawn), "of": sum(map(len, groups.values()))},
        )
    return drawn


@transaction.atomic
def review_automatic(
    *,
    review_id: int,
    verdict: SampleVerdict,
    reason: str,
    by: Actor,
    at: datetime,
    stop: bool = False,
) -> ReviewView:
    """Confirm a decision or disagree with it (复核); a disagreement can stop an automatic item.

    It changes nothing about the decision itself: what was granted wrongly is ended by revocation.
    The applicant who asked hears the finding.

    Args:
        review_id: Which.
        verdict: What was found.
        reason: Facts and reason; required to disagree.
        by: Holds AUTO_SAMPLE in the deciding department; to stop, AUTO_SWITCH too.
        at: Moment of the finding.
        stop: Stop automatic handling of the item as well.

    Raises:
        CaseNotFoundError: no such review.
        PermissionRefusedError: `by` may not.
        ReviewRefusedError: looked at already, a confirmation that stops, a stop where people
            decided, or by somebody who handled the case.
        TextRefusedError: a disagreement without reason.
    """
    row = (
        AutoReview.objects.select_for_update(of=("self",))
        .select_related("case")
        .filter(pk=review_id)
        .first()
    )
    if row is None:
        raise CaseNotFoundError
    require(by, Permission.AUTO_SAMPLE, department=row.department)
    if row.verdict:
        raise ReviewRefusedError(f"{row.by_name}已经复核过这一件，结论不能更改。")
    if stop and verdict is SampleVerdict.CONFIRM:
        raise ReviewRefusedError("同意自动办理的结果时不能同时停用，请核对结论。")
    if row.cause == ReviewCause.HANDLED:
        if stop:
            raise ReviewRefusedError("这一件由工作人员决定，没有自动办理可以停用，请取消勾选。")
        if CaseEvent.objects.filter(case=row.case, actor=by.ref).exists():
            raise ReviewRefusedError("您办理过这一件，不能自己复核，请由没有经手的人员复核。")
    if verdict is SampleVerdict.DISAGREE or row.cause == ReviewCause.APPLICANT:
        reason = written(reason, "复核的理由")
    row.verdict, row.reason = verdict.value, reason.strip()
    row.by, row.by_name, row.at = by.ref, by.name or by.ref, at
    row.save(update_fields=["verdict", "reason", "by", "by_name", "at"])
    audit.record(
        at=at,
        actor=by.ref,
        act="cases.automatic_review",
        target=f"case:{row.case.number}",
        detail={"cause": row.cause, "verdict": row.verdict, "stop": stop},
        department=row.department,
        ip=by.ip,
    )
    if stop:
        stop_automatic(
            item_slug=row.item_slug,
            reason=f"复核办件{row.case.query_code}不同意自动办理的结果：{row.reason}",
            by=by,
            at=at,
        )
    if row.cause == ReviewCause.APPLICANT:
        Message.objects.create(
            to_ref=row.case.applicant_ref,
            case=row.case,
            title=f"人工复核结果（{row.case.query_code}）",
            body=f"工作人员已复核系统自动作出的决定，结论为{verdict.label}。理由：{row.reason}",
            at=at,
        )
    return questions.review(row.pk, by=by)
