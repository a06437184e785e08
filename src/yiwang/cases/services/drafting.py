"""Filling in an application: drafts and the files beside them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import transaction

from yiwang.audit import services as audit
from yiwang.cases.models import Draft, DraftUpload
from yiwang.cases.policy.answers import plain_answers
from yiwang.cases.policy.deadlines import DRAFT_DAYS, day_of
from yiwang.cases.queries import CaseNotFoundError, DraftView, draft_view
from yiwang.cases.services.bans import require_unbanned
from yiwang.catalogue import queries as catalogue
from yiwang.catalogue.policy.items import Audience, ItemVersion, ReformMode, reform_words
from yiwang.documents import queries as documents
from yiwang.kernel.errors import RefusedError
from yiwang.kernel.hashing import canonical_json
from yiwang.organisations.permissions import Actor

ANSWERS_BYTES = 200_000
"""Largest set of answers kept, in bytes of JSON."""

UPLOADS_PER_DRAFT = 60


class DraftRefusedError(RefusedError):
    """The draft cannot be saved like that."""

    code = "cases.draft_refused"


class NotEligibleError(RefusedError):
    """The item is not for this kind of applicant."""

    code = "cases.not_eligible"


def audience_of(applicant_ref: str) -> Audience:
    """Return what kind of applicant a ref names.

    Raises:
        ValueError: the ref names neither a person nor an entity.
    """
    return Audience(applicant_ref.partition(":")[0])


def check_eligible(item: ItemVersion, applicant_ref: str) -> None:
    """Stop unless the item is for this kind of applicant and can be applied for at all.

    Raises:
        NotEligibleError: it is not, or its approval was cancelled (直接取消审批).
    """
    if item.reform_mode is ReformMode.CANCEL:
        raise NotEligibleError(
            f"“{item.name}”已经直接取消审批（{reform_words(item)}），不用申请，"
            "请凭营业执照依法开展经营。"
        )
    if audience_of(applicant_ref) not in item.audiences:
        allowed = "、".join(audience.label for audience in item.audiences)
        raise NotEligibleError(f"“{item.name}”面向{allowed}办理，请改用{allowed}的身份登录后申请。")


@transaction.atomic
def save_draft(
    *,
    draft_id: int | None,
    item_slug: str,
    applicant_ref: str,
    answers: Mapping[str, object],
    by: Actor,
    at: datetime,
) -> DraftView:
    """Save what was filled in so far; incomplete answers are welcome (暂存).

    A new draft is pinned to the item version in force. The answers replace those of before.

    Args:
        draft_id: The draft; None: a new one.
        item_slug: The item.
        applicant_ref: Who applies; `by` acts for them.
        answers: Question id to answer.
        by: Who fills in.
        at: Moment of saving.

    Raises:
        CaseNotFoundError: no such draft of theirs.
        NotEligibleError: the item is not for this kind of applicant.
        DraftRefusedError: answers of a kind no question has, too many, or submitted already.
        LookupError: no such item in force.
    """
    if not by.acts_for(applicant_ref):
        raise CaseNotFoundError
    try:
        plain = plain_answers(answers)
        size = len(canonical_json(plain))
    except (ValueError, TypeError) as error:
        raise DraftRefusedError("填写的内容格式不正确，请刷新表单后重新填写。") from error
    if size > ANSWERS_BYTES:
        raise DraftRefusedError("填写的内容过长，请删减后再保存，详细材料请作为附件上传。")
    expires_on = day_of(at) + timedelta(days=DRAFT_DAYS)
    if draft_id is None:
        item = catalogue.item(item_slug, on=day_of(at))
        check_eligible(item, applicant_ref)
        require_unbanned(item, applicant_ref, on=day_of(at))
        draft = Draft.objects.create(
            applicant_ref=applicant_ref,
            saved_by=by.ref,
            item_slug=item.slug,
            item_version=item.version,
            answers=plain,
            saved_at=at,
            expires_on=expires_on,
        )
        audit.record(
            at=at,
            actor=by.ref,
            act="cases.draft",
            target=f"draft:{draft.pk}",
            detail={"item": item.slug},
            ip=by.ip,
            on_behalf_of=applicant_ref,
        )
        return draft_view(draft, [])
    draft = locked_draft(draft_id, by=by)
    if draft.applicant_ref != applicant_ref or draft.item_slug != item_slug:
        raise CaseNotFoundError
    require_unsubmitted(draft)
    draft.answers, draft.saved_by, draft.saved_at = plain, by.ref, at
    draft.expires_on = expires_on
    draft.save(update_fields=["answers", "saved_by", "saved_at", "expires_on"])
    return draft_view(draft, draft.uploads.order_by("id"))


@transaction.atomic
def attach(
    *, draft_id: int, material_id: str, upload_ref: str, by: Actor, at: datetime
) -> DraftView:
    """Put an uploaded file beside a material of a draft; a second call changes nothing.

    Raises:
        CaseNotFoundError: no such draft of theirs.
        DraftRefusedError: the item asks for no such material, the file is not theirs, too many
            files, or submitted already.
    """
    draft = locked_draft(draft_id, by=by)
    require_unsubmitted(draft)
    item = catalogue.item_version(draft.item_slug, draft.item_version)
    if material_id not in {material.id for material in item.materials}:
        raise DraftRefusedError("本事项没有这项材料，请刷新页面，在材料清单中选择后上传。")
    check_uploads([upload_ref], by=by)
    if draft.uploads.count() >= UPLOADS_PER_DRAFT:
        raise DraftRefusedError(f"一份申请最多附{UPLOADS_PER_DRAFT}个文件，请合并后再上传。")
    DraftUpload.objects.get_or_create(
        draft=draft,
        upload_ref=upload_ref,
        defaults={"material_id": material_id, "attached_at": at},
    )
    _trace(draft, "cases.attach", upload_ref, by=by, at=at)
    return _saved(draft, at)


@transaction.atomic
def detach(*, draft_id: int, upload_ref: str, by: Actor, at: datetime) -> DraftView:
    """Take a file away from a draft; the file itself is purged when nothing uses it.

    Raises:
        CaseNotFoundError: no such draft of theirs, or no such file beside it.
        DraftRefusedError: submitted already.
    """
    draft = locked_draft(draft_id, by=by)
    require_unsubmitted(draft)
    if not draft.uploads.filter(upload_ref=upload_ref).delete()[0]:
        raise CaseNotFoundError
    _trace(draft, "cases.detach", upload_ref, by=by, at=at)
    return _saved(draft, at)


@transaction.atomic
def delete_draft(*, draft_id: int, by: Actor, at: datetime) -> None:
    """Delete a draft that was not submitted.

    Raises:
        CaseNotFoundError: no such draft of theirs.
        DraftRefusedError: submitted already.
    """
    draft = locked_draft(draft_id, by=by)
    require_unsubmitted(draft)
    audit.record(
        at=at,
        actor=by.ref,
        act="cases.delete_draft",
        target=f"draft:{draft.pk}",
        ip=by.ip,
        on_behalf_of=draft.applicant_ref,
    )
    draft.delete()


@transaction.atomic
def purge_drafts(*, by: Actor, at: datetime, limit: int = 1_000) -> int:
    """Delete drafts whose time is over; return how many. For the task of the night."""
    today = day_of(at)
    keys = list(
        Draft.objects.filter(expires_on__lt=today, submitted_case=None)
        .order_by("expires_on")
        .values_list("pk", flat=True)[:limit]
    )
    Draft.objects.filter(pk__in=keys).delete()
    if keys:
        audit.record(
            at=at,
            actor=by.ref,
            act="cases.purge_drafts",
            target="drafts:expired",
            detail={"drafts": keys},
        )
    return len(keys)


def locked_draft(draft_id: int, *, by: Actor) -> Draft:
    """Return a draft of `by`, locked for the rest of the transaction.

    Raises:
        CaseNotFoundError: there is none, or it is not theirs.
    """
    draft = Draft.objects.select_for_update().filter(pk=draft_id).first()
    if draft is None or not by.acts_for(draft.applicant_ref):
        raise CaseNotFoundError
    return draft


def require_unsubmitted(draft: Draft) -> None:
    """Stop when the draft became a case.

    Raises:
        DraftRefusedError: it did.
    """
    if draft.submitted_case_id is not None:
        raise DraftRefusedError("这份申请已经提交，不能再修改，请到“我的办件”查看进度。")


def check_uploads(refs: list[str], *, by: Actor) -> None:
    """Stop unless every file exists, is free, and was uploaded by `by`.

    Raises:
        DraftRefusedError: one is not.
    """
    if not refs:
        return
    found = documents.uploads(refs)
    for ref in refs:
        upload = found.get(ref)
        if upload is None or upload.used_by or upload.owner_ref not in {by.ref, *by.subjects}:
            raise DraftRefusedError("找不到这个文件，或者它已用于别的申请，请重新上传。")


def _trace(draft: Draft, act: str, upload_ref: str, *, by: Actor, at: datetime) -> None:
    audit.record(
        at=at,
        actor=by.ref,
        act=act,
        target=f"draft:{draft.pk}",
        detail={"file": upload_ref},
        ip=by.ip,
        on_behalf_of=draft.applicant_ref,
    )


def _saved(draft: Draft, at: datetime) -> DraftView:
    draft.saved_at = at
    draft.expires_on = day_of(at) + timedelta(days=DRAFT_DAYS)
    draft.save(update_fields=["saved_at", "expires_on"])
    return draft_view(draft, draft.uploads.order_by("id"))
