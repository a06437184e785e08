"""What persons look at of automatic grants: a daily sample, and what applicants ask for (抽查)."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from django.db import transaction

from yiwang.audit import services as audit
from yiwang.cases.models import Case, Message
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
    if not by.ref.startswith(JOB):
        raise ValueError("only a named job draws samples")
    choices = questions.automatic_settings()
    begin = datetime.combine(day, time.min, tzinfo=PLACE)
    runs = AutoRun.objects.filter(
        outcome=RuleOutcome.GRANT.value, at__gte=begin, at__lt=begin + timedelta(days=1)
    )
    by_item: dict[str, list[str]] = {}
    for slug, number in runs.values_list("item_slug", "case__number"):
        by_item.setdefault(slug, []).append(number)
    known = set(
        AutoReview.objects.filter(cause=ReviewCause.SAMPLE.value, day=day).values_list(
            "item_slug", flat=True
        )
    )
    drawn = [
        number
        for slug, numbers in sorted(by_item.items())
        if slug not in known
        for number in draw(
            numbers, size=sample_size(len(numbers), percent=choices.percent(slug)), seed=seed
        )
    ]
    AutoReview.objects.bulk_create(
        AutoReview(
            case=case,
            cause=ReviewCause.SAMPLE.value,
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
            act="cases.automatic_sample",
            target=f"day:{day.isoformat()}",
            detail={"seed": seed, "drawn": len(drawn), "of": sum(map(len, by_item.values()))},
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
    """Confirm an automatic grant or disagree with it (复核); a disagreement can stop the item.

    It changes nothing about the grant itself: what was granted wrongly is ended by revocation.
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
        ReviewRefusedError: looked at already, or a confirmation that stops.
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
