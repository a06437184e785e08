"""Acts on drafts: begin, save, submit, approve, return, discard; the last approval publishes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from yiwang.audit import services as audit
from yiwang.catalogue import basis
from yiwang.catalogue.models import Item, ItemDraft, ItemDraftStep
from yiwang.catalogue.policy.bounds import unkeepable
from yiwang.catalogue.policy.checks import failures
from yiwang.catalogue.policy.differences import differences
from yiwang.catalogue.policy.drafting import (
    OPEN_DRAFTS,
    DraftState,
    DraftStep,
    after,
    refuse_same_person,
)
from yiwang.catalogue.policy.items import ItemState, ItemVersion
from yiwang.catalogue.policy.parsing import ItemFormatError, parse_item, to_plain
from yiwang.catalogue.services import gates
from yiwang.catalogue.services.publishing import DOCUMENT_CHARS, publish_from_pack
from yiwang.kernel.errors import RefusedError
from yiwang.kernel.workdays import WorkdayCalendar
from yiwang.organisations.permissions import Actor, Permission, require

APPROVERS: Mapping[DraftState, tuple[DraftStep, Permission]] = {
    DraftState.DEPARTMENT: (DraftStep.APPROVE_DEPARTMENT, Permission.ITEM_APPROVE),
    DraftState.LEGAL: (DraftStep.APPROVE_LEGAL, Permission.ITEM_LEGAL),
    DraftState.CENTRE: (DraftStep.PUBLISH, Permission.ITEM_PUBLISH),
}
"""State -> the approval that it waits for, and who may give it."""


class DraftRefusedError(RefusedError):
    """The draft cannot be begun, saved, submitted or published as it is."""

    code = "catalogue.draft_refused"


@transaction.atomic
def begin_draft(*, slug: str, document: str = "", by: Actor, at: datetime) -> int:
    """Begin the next version of item `slug` from its newest one; returns the draft's number.

    Args:
        slug: The item.
        document: Number of the decision that adjusts the item (调整); empty: an ordinary change.
        by: A post that may write items of the department.
        at: Moment of the act.

    Raises:
        PermissionRefusedError: `by` may not write items of the department.
        DraftRefusedError: there is an open draft already, or the item was cancelled.
        LookupError: no such item, or one without a version.
    """
    item = Item.objects.select_for_update().filter(slug=slug).first()
    last = item.versions.order_by("-version").first() if item is not None else None
    if last is None:
        raise LookupError(f"item {slug} has no version")
    require(by, Permission.ITEM_EDIT, department=last.department)
    if last.state == ItemState.CANCELLED:
        raise DraftRefusedError(f"事项“{last.name}”已经取消，不能再修改；确需恢复的，请新建事项。")
    return _begin(
        parse_item(last.definition),
        definition=last.definition,
        based_on=last.version,
        document=document,
        by=by,
        at=at,
    )


@transaction.atomic
def begin_item(*, version: ItemVersion, by: Actor, at: datetime) -> int:
    """Begin an item that has no version yet; returns the draft's number.

    Raises:
        PermissionRefusedError: `by` may not write items of the department.
        DraftRefusedError: the slug is taken.
    """
    require(by, Permission.ITEM_EDIT, department=version.department)
    if Item.objects.filter(slug=version.slug, versions__isnull=False).exists():
        raise DraftRefusedError(
            f"标识“{version.slug}”已有事项使用，请换一个标识，或者修改原有事项。"
        )
    return _begin(version, definition=to_plain(version), based_on=0, by=by, at=at)


@transaction.atomic
def save_draft(
    *,
    draft: int,
    definition: Mapping[str, Any],
    revision: int,
    document: str | None = None,
    by: Actor,
    at: datetime,
) -> int:
    """Keep `definition` as the draft's text; returns the new revision.

    A text that fails checks is kept all the same: nothing that was typed is lost, and the checks
    stand between the draft and its publication. A text that has not the form of an item is not.

    Args:
        draft: Number of the draft.
        definition: The whole item, in the format of a pack file.
        revision: The revision that `by` read before writing.
        document: Number of the decision that adjusts the item; None: as it was.
        by: A post that may write items of the department.
        at: Moment of the act.

    Raises:
        PermissionRefusedError: `by` may not.
        DraftStepRefusedError: the draft is in review or closed.
        DraftRefusedError: somebody saved meanwhile, or slug or department would change.
        ItemFormatError: the text has not the form of an item.
        LookupError: no such draft.
    """
    row = _locked(draft)
    require(by, Permission.ITEM_EDIT, department=row.department)
    after(DraftStep.SAVE, DraftState(row.state))
    if row.revision != revision:
        raise DraftRefusedError(
            f"您打开之后，{_name(row)}已经保存过这份草稿（第{row.revision}次修订）。"
            "您填写的内容还在页面上，请另开窗口查看新的内容，合并后再保存。"
        )
    version = parse_item(definition)
    if version.slug != row.slug or version.department != row.department:
        raise DraftRefusedError(
            "标识和实施部门不能在草稿里更改；需要更改的，请取消原事项后新建事项。"
        )
    if wrong := unkeepable(version):
        raise ItemFormatError(wrong)
    plain = to_plain(version)
    lines = list(differences(row.definition, plain))
    row.definition, row.name = plain, version.name
    if document is not None and _document(document) != row.document:
        lines.append(f"调整决定文号：{row.document or '（无）'} → {document.strip() or '（无）'}")
        row.document = _document(document)
    row.revision += 1
    row.changed_at, row.changed_by = at, by.ref
    row.save()
    _step(row, DraftStep.SAVE, by=by, at=at, detail={"lines": lines[:50]})
    return row.revision


@transaction.atomic
def submit_draft(*, draft: int, revision: int, by: Actor, at: datetime) -> None:
    """Hand the draft to the head of the department (送审).

    Raises:
        PermissionRefusedError: `by` may not.
        DraftStepRefusedError: the draft is not being written.
        DraftRefusedError: a check before publication fails, nothing changed, or the text is not
            the one `by` read.
        LookupError: no such draft.
    """
    row = _locked(draft)
    require(by, Permission.ITEM_EDIT, department=row.department)
    end = after(DraftStep.SUBMIT, DraftState(row.state))
    _same_revision(row, revision)
    _require_sound(row)
    _move(row, DraftStep.SUBMIT, end, by=by, at=at)


@transaction.atomic
def approve_draft(
    *,
    draft: int,
    revision: int,
    comment: str = "",
    calendar: WorkdayCalendar,
    by: Actor,
    at: datetime,
) -> ItemVersion | None:
    """Give the approval the draft waits for; the centre's is the last and publishes.

    Returns:
        The published version, or None when another approval is still to come.

    Raises:
        PermissionRefusedError: `by` may not give this approval.
        DraftStepRefusedError: the draft is not in review, or the same person wrote or approved it.
        DraftRefusedError: a check fails, the text is not the one `by` read, or the day of effect
            is not a working day.
        RefusedError: a gate of a package above refuses, such as rules that were not replayed.
        LookupError: no such draft.
    """
    row = _locked(draft)
    state = DraftState(row.state)
    waiting = APPROVERS.get(state)
    if waiting is None:
        require(by, Permission.ITEM_READ, department=row.department)
        after(DraftStep.APPROVE_DEPARTMENT, state)
        raise AssertionError(state)
    step, permission = waiting
    require(by, permission, department=row.department)
    end = after(step, state)
    _same_revision(row, revision)
    refuse_same_person(
        step,
        by=by.ref,
        earlier=[
            (DraftStep(one), who) for one, who in row.steps.order_by("pk").values_list("step", "by")
        ],
    )
    version = _require_sound(row)
    if step is not DraftStep.PUBLISH:
        _move(row, step, end, by=by, at=at, comment=comment)
        return None
    if version.effective_on > at.date() and not calendar.is_workday(version.effective_on):
        raise DraftRefusedError(
            f"生效日期 {version.effective_on} 不是工作日，新版本应从工作日零时起生效，"
            "请退回修改生效日期。"
        )
    gates.require(version, comment=comment, at=at)
    published = publish_from_pack(
        version=version, pack=EDITOR, document=row.document, by=by.ref, at=at
    )
    if published is None:
        raise DraftRefusedError("内容与在用的版本相同，没有可以发布的变化，请作废草稿。")
    row.published_version = published.version
    _move(row, step, end, by=by, at=at, comment=comment)
    return published


@transaction.atomic
def return_draft(*, draft: int, comment: str, by: Actor, at: datetime) -> None:
    """Give the draft back to its writers with the reason (退回修改).

    Raises:
        PermissionRefusedError: `by` may not give the approval it waits for.
        DraftStepRefusedError: the draft is not in review.
        DraftRefusedError: no reason is given.
        LookupError: no such draft.
    """
    row = _locked(draft)
    end = after(DraftStep.RETURN, DraftState(row.state))
    require(by, APPROVERS[DraftState(row.state)][1], department=row.department)
    if not comment.strip():
        raise DraftRefusedError("请写明退回的理由和需要怎样修改，编写人据此修改。")
    _move(row, DraftStep.RETURN, end, by=by, at=at, comment=comment)


@transaction.atomic
def discard_draft(*, draft: int, by: Actor, at: datetime) -> None:
    """Give the draft up (作废); its text is kept on record.

    Raises:
        PermissionRefusedError: `by` may not.
        DraftStepRefusedError: the draft is not being written.
        LookupError: no such draft.
    """
    row = _locked(draft)
    require(by, Permission.ITEM_EDIT, department=row.department)
    _move(row, DraftStep.DISCARD, after(DraftStep.DISCARD, DraftState(row.state)), by=by, at=at)


DRAFT = "draft_"
"""What the acts on drafts begin with in the trail."""

EDITOR = "editor"
"""What stands in place of a pack for items first written in the browser."""


def _begin(
    version: ItemVersion,
    *,
    definition: Mapping[str, Any],
    based_on: int,
    document: str = "",
    by: Actor,
    at: datetime,
) -> int:
    if wrong := unkeepable(version):
        raise ItemFormatError(wrong)
    open_draft = ItemDraft.objects.filter(slug=version.slug, state__in=OPEN_DRAFTS).first()
    if open_draft is not None:
        raise DraftRefusedError(
            f"事项“{version.name}”已有一份草稿（{DraftState(open_draft.state).label}），"
            "请在那份草稿上修改。"
        )
    row = ItemDraft.objects.create(
        slug=version.slug,
        department=version.department,
        name=version.name,
        definition=dict(definition),
        based_on=based_on,
        state=DraftState.WRITING.value,
        created_at=at,
        created_by=by.ref,
        changed_at=at,
        changed_by=by.ref,
        document=_document(document),
    )
    _step(row, DraftStep.BEGIN, by=by, at=at)
    return row.pk


def _document(number: str) -> str:
    number = number.strip()
    if len(number) > DOCUMENT_CHARS:
        raise DraftRefusedError(f"文号不超过{DOCUMENT_CHARS}个字，请只填写文号。")
    return number


def _require_sound(row: ItemDraft) -> ItemVersion:
    try:
        version = parse_item(row.definition)
    except ItemFormatError as error:
        raise DraftRefusedError(str(error)) from error
    wrong = [*failures(version), *basis.unresolved([version]).get(version.slug, ())]
    if wrong:
        raise DraftRefusedError(
            f"还有{len(wrong)}处没有通过发布前检查："
            + "；".join(str(failure) for failure in wrong[:5])
        )
    return version


def _same_revision(row: ItemDraft, revision: int) -> None:
    if row.revision != revision:
        raise DraftRefusedError(
            f"您看到的是第{revision}次修订，现在是第{row.revision}次，请看过新的内容再办理。"
        )


def _locked(draft: int) -> ItemDraft:
    row = ItemDraft.objects.select_for_update().filter(pk=draft).first()
    if row is None:
        raise LookupError(f"no draft {draft}")
    return row


def _name(row: ItemDraft) -> str:
    last = row.steps.order_by("-pk").values_list("by_name", "by").first()
    return (last[0] or last[1]) if last else row.changed_by


def _move(
    row: ItemDraft,
    step: DraftStep,
    end: DraftState,
    *,
    by: Actor,
    at: datetime,
    comment: str = "",
) -> None:
    row.state = end.value
    row.save(update_fields=["state", "published_version"])
    _step(row, step, by=by, at=at, comment=comment)


def _step(
    row: ItemDraft,
    step: DraftStep,
    *,
    by: Actor,
    at: datetime,
    comment: str = "",
    detail: Mapping[str, Any] | None = None,
) -> None:
    ItemDraftStep.objects.create(
        draft=row,
        step=step.value,
        at=at,
        by=by.ref,
        by_name=by.name,
        revision=row.revision,
        comment=comment.strip()[:1000],
    )
    audit.record(
        at=at,
        actor=by.ref,
        act=f"catalogue.{DRAFT}{step.value}",
        target=f"item:{row.slug}",
        detail={"draft": row.pk, "revision": row.revision} | dict(detail or {}),
        department=row.department,
        ip=by.ip,
    )
