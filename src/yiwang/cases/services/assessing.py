"""Acts on impact assessments of automatic handling (个人信息保护影响评估), under four eyes.

Source:
    个人信息保护法 第五十五条第二项, 第五十六条.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime

from django.db import connection, transaction

from yiwang.audit import services as audit
from yiwang.cases.models.assessing import ImpactAssessment
from yiwang.cases.policy.assessing import (
    KEPT_YEARS,
    LONGEST_TEXT,
    MAY_GO_LIVE,
    OPEN,
    POINTS,
    AssessmentState,
    Conclusion,
    Points,
    Readiness,
    fault,
    kept_until,
    not_covered,
    refusal,
    review_day,
    unanswered,
)
from yiwang.cases.policy.deadlines import day_of
from yiwang.cases.queries import assessing as questions
from yiwang.cases.queries import automatic
from yiwang.cases.queries.assessing import AssessmentView, RulesToAssess
from yiwang.cases.services.replaying import rules_digest
from yiwang.cases.services.steps import written
from yiwang.catalogue import queries as catalogue
from yiwang.catalogue.policy.items import ItemVersion
from yiwang.documents import services as documents
from yiwang.kernel.errors import RefusedError
from yiwang.organisations.permissions import Actor, Permission, require


class AssessmentRefusedError(RefusedError):
    """The assessment does not stand as the act needs, or says too little."""

    code = "cases.assessment_refused"


class NotAssessedError(RefusedError):
    """Rules may not go live: what they read was not assessed."""

    code = "cases.not_assessed"


def require_assessment(version: ItemVersion, *, at: datetime) -> None:
    """Stop a version from going live whose rules nobody assessed.

    Asked when a version is published or resumed and when the switch goes on, never for a case.

    Raises:
        NotAssessedError: no assessment, new data, an unfit conclusion, or past its review.
    """
    if not version.auto_decide or version.auto_rules is None:
        return
    _lock(version.slug)
    said = questions.finding(version, on=day_of(at))
    if said.readiness not in MAY_GO_LIVE:
        raise NotAssessedError(refusal(said, item=version.name))


@transaction.atomic
def write_assessment(
    *,
    item_slug: str,
    draft: int | None,
    points: Points,
    conclusion: Conclusion | None,
    by: Actor,
    at: datetime,
    upload: str = "",
) -> AssessmentView:
    """Keep what was written of an assessment; what the rules read is taken from them.

    Args:
        item_slug: The item.
        draft: Draft of the item whose rules are assessed; None: those in force.
        points: What was written, unfinished or not.
        conclusion: What it comes to; None: not said yet.
        by: Holds ASSESSMENT_WRITE in the department.
        at: Moment of the act.
        upload: Ref of a document that belongs to it; empty: the one before stays.

    Raises:
        LookupError: no such item or draft, or it has no rules.
        PermissionRefusedError: `by` may not.
        AssessmentRefusedError: somebody else writes one, one waits, or a text is too long.
    """
    rules = questions.rules_to_assess(item_slug, draft=draft, by=by, on=day_of(at))
    require(by, Permission.ASSESSMENT_WRITE, department=rules.version.department)
    _lock(item_slug)
    row = ImpactAssessment.objects.filter(
        item_slug=item_slug, state__in=[one.value for one in OPEN]
    ).first()
    if row is not None and row.state == AssessmentState.SUBMITTED:
        raise AssessmentRefusedError(
            f"{row.written_by_name}的评估正在等待批准，请等批准或者退回以后再写。"
        )
    if row is not None and row.written_by != by.ref:
        raise AssessmentRefusedError(
            f"{row.written_by_name}正在编写本事项的评估，请由其写完；换人编写的，请先作废那一份。"
        )
    act = "cases.assessment_write" if row else "cases.assessment_begin"
    row = row or ImpactAssessment(
        item_slug=item_slug, state=AssessmentState.DRAFT.value, written_by=by.ref
    )
    row.department = rules.version.department
    row.conclusion = conclusion.value if conclusion else ""
    row.written_by_name = by.name or by.ref
    row.written_at = at
    for name, text in asdict(_tidy(points)).items():
        setattr(row, name, text)
    _take_rules(row, rules)
    row.save()
    if upload and upload != row.upload_ref:
        documents.mark_used(ref=upload, used_by=_ref(row))
        if row.upload_ref:
            documents.destroy_upload(ref=row.upload_ref, used_by=_ref(row))
        row.upload_ref = upload
        row.save(update_fields=["upload_ref"])
    _record(row, act, by=by, at=at, detail={"reads": len(row.sources)})
    return questions.view(row)


def _tidy(points: Points) -> Points:
    tidy = Points(**{name: text.strip() for name, text in asdict(points).items()})
    for name, text in asdict(tidy).items():
        if len(text) > LONGEST_TEXT:
            raise AssessmentRefusedError(
                f"“{POINTS[name]}”最多{LONGEST_TEXT}个字，现为{len(text)}个字，请删减。"
            )
    return tidy


def _take_rules(row: ImpactAssessment, rules: RulesToAssess) -> None:
    assert rules.version.auto_rules is not None
    row.item_version = None if rules.draft is not None else rules.version.version
    row.item_draft = rules.draft
    row.rules_name = rules.version.auto_rules.name
    row.rules_sha256 = rules_digest(rules.version.auto_rules)
    row.reads = [asdict(one) for one in rules.reads]
    row.sources = [one.source for one in rules.reads]


@transaction.atomic
def submit_assessment(*, assessment: int, by: Actor, at: datetime) -> AssessmentView:
    """Hand an assessment in for approval (送批准); its text stands still from now on.

    Raises:
        LookupError: there is none for these eyes.
        PermissionRefusedError: `by` may not.
        AssessmentRefusedError: not a draft, of somebody else, a point says nothing, or its rules
            read other data than when it was written.
    """
    row = _locked(assessment, by=by)
    require(by, Permission.ASSESSMENT_WRITE, department=row.department)
    if row.state != AssessmentState.DRAFT:
        raise AssessmentRefusedError(
            f"评估的状态是“{AssessmentState(row.state).label}”，只有编写中的评估可以送批准。"
        )
    if row.written_by != by.ref:
        raise AssessmentRefusedError(f"评估由{row.written_by_name}编写，请由其本人送批准。")
    empty = unanswered(questions.view(row).points)
    if empty:
        raise AssessmentRefusedError(f"评估还没有写完，请补写：{'；'.join(empty)}。")
    if not row.conclusion:
        raise AssessmentRefusedError("请选择评估的结论：可以自动办理，或者不可以自动办理。")
    _require_same_reads(row, by=by, at=at)
    row.state = AssessmentState.SUBMITTED.value
    row.returned_reason = row.returned_by_name = ""
    row.save(update_fields=["state", "returned_reason", "returned_by_name"])
    _record(row, "cases.assessment_submit", by=by, at=at)
    return questions.view(row)


def _require_same_reads(row: ImpactAssessment, *, by: Actor, at: datetime) -> None:
    try:
        rules = questions.rules_to_assess(row.item_slug, draft=row.item_draft, by=by, on=day_of(at))
    except LookupError:
        raise AssessmentRefusedError(
            "所评估的规则已经不在了，请打开事项现在的规则，重新保存一次评估。"
        ) from None
    fresh = not_covered(rules.reads, row.sources)
    if fresh:
        raise AssessmentRefusedError(
            f"规则在编写评估以后新读取了{'、'.join(one.words for one in fresh)}，"
            "请把它们写进评估并保存，再送批准。"
        )


@transaction.atomic
def approve_assessment(
    *, assessment: int, agree: bool, reason: str = "", by: Actor, at: datetime
) -> AssessmentView:
    """Approve an assessment, or give it back with the reason (批准、退回修改).

    An approved one takes the place of those before it that nothing else rests on; they are
    archived and stay readable.

    Raises:
        LookupError: there is none for these eyes.
        PermissionRefusedError: `by` may not.
        AssessmentRefusedError: it does not wait, `by` wrote it, or it says that the item may not
            be handled automatically while it is.
        TextRefusedError: given back without a reason.
    """
    row = _locked(assessment, by=by)
    require(by, Permission.ASSESSMENT_APPROVE, department=row.department)
    if row.state != AssessmentState.SUBMITTED:
        raise AssessmentRefusedError(
            f"评估的状态是“{AssessmentState(row.state).label}”，只有等待批准的评估可以批准或者退回。"
        )
    if row.written_by == by.ref:
        raise AssessmentRefusedError("评估须由编写人以外的另一名有权人员批准，请交给另一人。")
    if not agree:
        row.returned_reason = written(reason, "退回的理由")
        row.returned_by_name = by.name or by.ref
        row.state = AssessmentState.DRAFT.value
        row.save(update_fields=["state", "returned_reason", "returned_by_name"])
        _record(row, "cases.assessment_return", by=by, at=at, detail={"reason": reason[:200]})
        return questions.view(row)
    _require_stopped_when_unfit(row, at=at)
    months = automatic.automatic_settings().assessment_months
    row.state = AssessmentState.APPROVED.value
    row.approved_by, row.approved_by_name = by.ref, by.name or by.ref
    row.approved_at = at
    row.review_on = review_day(day_of(at), months=months)
    row.save(update_fields=[*_APPROVAL])
    _record(
        row,
        "cases.assessment_approve",
        by=by,
        at=at,
        detail={"conclusion": row.conclusion, "review_on": row.review_on.isoformat()},
    )
    _archive_replaced(row, by=by, at=at)
    return questions.view(row)


_APPROVAL = ("state", "approved_by", "approved_by_name", "approved_at", "review_on")


def _require_stopped_when_unfit(row: ImpactAssessment, *, at: datetime) -> None:
    item = _in_force(row.item_slug, day_of(at))
    if row.conclusion == Conclusion.UNFIT and item is not None:
        covers = not not_covered(questions.reads(item), row.sources)
        if covers and not automatic.stopped(row.item_slug):
            raise AssessmentRefusedError(
                f"“{item.name}”正在自动办理，而评估的结论是不可以，"
                "请先停用自动办理，再批准这份评估。"
            )


def _in_force(slug: str, on: date) -> ItemVersion | None:
    """Return the version in force whose rules grant by themselves, or None."""
    try:
        item = catalogue.item(slug, on=on)
    except LookupError:
        return None
    return item if item.auto_decide and item.auto_rules is not None else None


def _archive_replaced(row: ImpactAssessment, *, by: Actor, at: datetime) -> None:
    """Archive earlier ones, unless rules in force read what the new one does not look at."""
    item = _in_force(row.item_slug, day_of(at))
    if item is not None and not_covered(questions.reads(item), row.sources):
        return
    earlier = ImpactAssessment.objects.filter(
        item_slug=row.item_slug, state=AssessmentState.APPROVED.value
    ).exclude(pk=row.pk)
    for one in earlier:
        _archive(one, f"由第{row.pk}号评估代替。", by=by, at=at)


def _archive(row: ImpactAssessment, reason: str, *, by: Actor, at: datetime) -> None:
    row.state = AssessmentState.ARCHIVED.value
    row.archived_on = day_of(at)
    row.archived_reason = reason
    row.save(update_fields=["state", "archived_on", "archived_reason"])
    _record(row, "cases.assessment_archive", by=by, at=at, detail={"reason": reason[:200]})


@transaction.atomic
def archive_assessment(*, assessment: int, reason: str, by: Actor, at: datetime) -> AssessmentView:
    """Put away an assessment that nothing rests on any more (归档); it stays readable.

    Raises:
        LookupError: there is none for these eyes.
        PermissionRefusedError: `by` may not.
        AssessmentRefusedError: not approved, or automatic handling rests on it.
        TextRefusedError: no reason, or too long.
    """
    row = _locked(assessment, by=by)
    require(by, Permission.ASSESSMENT_APPROVE, department=row.department)
    if row.state != AssessmentState.APPROVED:
        raise AssessmentRefusedError(
            f"评估的状态是“{AssessmentState(row.state).label}”，只有已批准的评估可以归档。"
        )
    item = _in_force(row.item_slug, day_of(at))
    if item is not None and questions.finding(item, on=day_of(at)).assessment == row.pk:
        raise AssessmentRefusedError(
            f"“{item.name}”的自动办理以这份评估为依据，请先批准新的评估，或者取消自动办理，再归档。"
        )
    _archive(row, written(reason, "归档的理由"), by=by, at=at)
    return questions.view(row)


@transaction.atomic
def discard_assessment(*, assessment: int, by: Actor, at: datetime) -> AssessmentView:
    """Give up an assessment that is being written (作废); its text is kept on record.

    Raises:
        LookupError: there is none for these eyes.
        PermissionRefusedError: `by` neither wrote it nor may approve it.
        AssessmentRefusedError: it is no draft.
    """
    row = _locked(assessment, by=by)
    if row.written_by != by.ref:
        require(by, Permission.ASSESSMENT_APPROVE, department=row.department)
    else:
        require(by, Permission.ASSESSMENT_WRITE, department=row.department)
    if row.state != AssessmentState.DRAFT:
        raise AssessmentRefusedError(
            f"评估的状态是“{AssessmentState(row.state).label}”，只有编写中的评估可以作废。"
        )
    row.state = AssessmentState.DISCARDED.value
    row.save(update_fields=["state"])
    _record(row, "cases.assessment_discard", by=by, at=at)
    return questions.view(row)


@transaction.atomic
def delete_assessment(*, assessment: int, reason: str, by: Actor, at: datetime) -> None:
    """Delete an archived assessment whose years are over, with its document (删除).

    The trail keeps what was deleted, by digest.

    Raises:
        LookupError: there is none for these eyes.
        PermissionRefusedError: `by` may not.
        AssessmentRefusedError: in use, or the years are not over.
        TextRefusedError: no reason, or too long.

    Source:
        个人信息保护法 第五十六条第二款 (kept three years at least).
    """
    row = _locked(assessment, by=by)
    require(by, Permission.ASSESSMENT_APPROVE, department=row.department)
    if row.archived_on is None:
        raise AssessmentRefusedError(
            f"只有已归档的评估可以删除，而且要等停止使用满{KEPT_YEARS}年；还在使用的请保留。"
        )
    until = kept_until(row.archived_on)
    if day_of(at) <= until:
        raise AssessmentRefusedError(
            f"评估自停止使用（{row.archived_on}）起至少保存{KEPT_YEARS}年，{until}以后才能删除，"
            "请保留（个人信息保护法第五十六条）。"
        )
    why = written(reason, "删除的理由")
    if row.upload_ref:
        documents.destroy_upload(ref=row.upload_ref, used_by=_ref(row))
    _record(
        row,
        "cases.assessment_delete",
        by=by,
        at=at,
        detail={"reason": why[:200], "rules": row.rules_sha256, "archived": str(row.archived_on)},
    )
    row.delete()


@dataclass(frozen=True, kw_only=True)
class PackAssessment:
    """An assessment as a pack brings it: who wrote and approved it, and when, stands in it."""

    item_slug: str
    points: Points
    conclusion: Conclusion
    sources: tuple[str, ...]
    written_by: str
    approved_by: str
    approved_at: datetime
    source: str
    pack: str
    sha256: str


@transaction.atomic
def keep_from_pack(
    one: PackAssessment, *, version: ItemVersion, by: str, at: datetime
) -> AssessmentView:
    """Keep an assessment that a pack brings, approved, in place of those before it.

    Args:
        one: As the file says it.
        version: The newest version of the item; it says what its rules read.
        by: Who loads the pack.
        at: Moment of loading.
    """
    assert version.auto_rules is not None
    _lock(one.item_slug)
    words = {read.source: read.words for read in questions.reads(version)}
    months = automatic.automatic_settings().assessment_months
    approved_on = day_of(one.approved_at)
    row = ImpactAssessment.objects.create(
        item_slug=one.item_slug,
        department=version.department,
        item_version=version.version,
        rules_name=version.auto_rules.name,
        rules_sha256=rules_digest(version.auto_rules),
        reads=[{"source": each, "words": words.get(each, each)} for each in one.sources],
        sources=list(one.sources),
        conclusion=one.conclusion.value,
        state=AssessmentState.APPROVED.value,
        pack=one.pack,
        pack_sha256=one.sha256,
        source=one.source,
        written_by=f"pack:{one.written_by}"[:64],
        written_by_name=one.written_by,
        written_at=one.approved_at,
        approved_by=f"pack:{one.approved_by}"[:64],
        approved_by_name=one.approved_by,
        approved_at=one.approved_at,
        review_on=review_day(approved_on, months=months),
        **asdict(one.points),
    )
    loader = Actor(ref=by)
    _record(row, "cases.assessment_load", by=loader, at=at, detail={"pack": one.pack})
    _archive_replaced(row, by=loader, at=at)
    return questions.view(row)


def pack_digests(slugs: Sequence[str]) -> dict[str, str]:
    """Return slug -> digest of the assessment that a pack brought last."""
    rows = ImpactAssessment.objects.filter(item_slug__in=slugs).exclude(pack="")
    return dict(rows.order_by("id").values_list("item_slug", "pack_sha256"))


def unassessed(version: ItemVersion, *, at: datetime) -> str:
    """Return why a version that a pack brought may not stay; empty: it may.

    A review that is overdue stops no loading: the desk and `yiwang automatic` list it.
    """
    if not version.auto_decide or version.auto_rules is None:
        return ""
    said = questions.finding(version, on=day_of(at))
    if said.readiness is Readiness.OVERDUE:
        return ""
    return fault(said)


def _locked(key: int, *, by: Actor) -> ImpactAssessment:
    slugs = ImpactAssessment.objects.filter(pk=key).values_list("item_slug", flat=True)
    for slug in slugs:
        _lock(slug)
    row = ImpactAssessment.objects.select_for_update().filter(pk=key).first()
    if row is None or not by.may(Permission.ASSESSMENT_READ, department=row.department):
        raise LookupError(f"no assessment {key}")
    return row


def _lock(slug: str) -> None:
    """Let one act at a time decide what of an item is assessed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"assessment:{slug}"])


def _ref(row: ImpactAssessment) -> str:
    return f"assessment:{row.pk}"


def _record(
    row: ImpactAssessment,
    act: str,
    *,
    by: Actor,
    at: datetime,
    detail: dict[str, object] | None = None,
) -> None:
    audit.record(
        at=at,
        actor=by.ref,
        act=act,
        target=f"item:{row.item_slug}",
        detail={"assessment": row.pk} | (detail or {}),
        department=row.department,
        ip=by.ip,
    )
