"""Acts on items: publish, suspend, resume, cancel."""

from __future__ import annotations

import dataclasses
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.timezone import localtime

from yiwang.audit import services as audit
from yiwang.catalogue.events import ItemPublished, ItemWithdrawn
from yiwang.catalogue.models import CatalogItem, Item, ItemChange, ItemVersionRow, SearchTerm
from yiwang.catalogue.policy.checks import failures
from yiwang.catalogue.policy.differences import differences
from yiwang.catalogue.policy.items import ItemState, ItemVersion
from yiwang.catalogue.policy.parsing import parse_item, to_plain
from yiwang.catalogue.policy.search_terms import index_terms
from yiwang.catalogue.services import gates
from yiwang.kernel import events
from yiwang.kernel.errors import RefusedError
from yiwang.kernel.hashing import canonical_json, sha256
from yiwang.organisations.permissions import Actor, Permission, require

DOCUMENT_CHARS = 120
"""Longest number of a decision, in characters."""

PUBLISH, ADJUST = "publish", "adjust"
"""How the history names a publication, and one that carries out a decision to adjust (调整)."""


class PublicationRefusedError(RefusedError):
    """The version does not pass the checks before publication."""

    code = "catalogue.publication_refused"


class WithdrawalRefusedError(RefusedError):
    """The item cannot be suspended, resumed or cancelled."""

    code = "catalogue.withdrawal_refused"


def publish_item(*, version: ItemVersion, pack: str, by: Actor, at: datetime) -> ItemVersion | None:
    """Publish `version` as the next version of its item; None when nothing changed.

    It takes effect on its `effective_on`, but never before the day of publication unless it is
    the first; versions in force before keep their days.

    Raises:
        PermissionRefusedError: `by` may not publish items of the department.
        PublicationRefusedError: a check before publication fails, or the item was withdrawn.
        RefusedError: a gate of a package above refuses, such as rules that nobody assessed.
    """
    require(by, Permission.ITEM_PUBLISH, department=version.department)
    gates.require_live(version, at=at)
    return publish_from_pack(version=version, pack=pack, by=by.ref, at=at)


@transaction.atomic
def publish_from_pack(
    *, version: ItemVersion, pack: str, document: str = "", by: str, at: datetime
) -> ItemVersion | None:
    """Publish `version` as loaded from a pack by an operator of the system.

    The same act as `publish_item`, for the command line, where the right to load packs is that
    of the machine's operator and not of a post. With `document`, the number of a decision, the
    history says that the item was adjusted (调整) and by which decision.

    Raises:
        PublicationRefusedError: a check before publication fails, or the item was withdrawn.
    """
    item, _ = Item.objects.select_for_update().get_or_create(
        slug=version.slug, defaults={"pack": pack} | _listed_as(version)
    )
    last = item.versions.order_by("-version").first()
    definition = to_plain(version)
    if last is not None and last.definition == definition:
        return None
    wrong = failures(version)
    if wrong:
        raise PublicationRefusedError("；".join(str(failure) for failure in wrong))
    if last is not None and last.state in {ItemState.SUSPENDED, ItemState.CANCELLED}:
        raise PublicationRefusedError(
            f"事项“{last.name}”已{ItemState(last.state).label}，"
            "装入内容包不能使它恢复；确需恢复的，请由事项管理员办理恢复。"
        )
    start = version.effective_on if last is None else max(version.effective_on, _day(at))
    row = _add_version(
        item, version=version, number=last.version + 1 if last else 1, start=start, by=by, at=at
    )
    lines = list(differences(last.definition, definition)) if last else ["新增事项"]
    Item.objects.filter(pk=item.pk).update(**_listed_as(version))
    act = ADJUST if document and last else PUBLISH
    _note(item, row, act=act, lines=lines, by=by, at=at, document=document)
    audit.record(
        at=at,
        actor=by,
        act="catalogue.publish_item",
        target=f"item:{item.slug}",
        detail={"version": row.version, "effective_on": start.isoformat(), "lines": lines[:50]}
        | ({"document": document} if document else {}),
        department=row.department,
    )
    events.publish(ItemPublished(slug=item.slug, version=row.version, effective_on=start))
    return dataclasses.replace(version, version=row.version, effective_on=start)


@transaction.atomic
def suspend_item(*, slug: str, from_on: date, document: str, by: Actor, at: datetime) -> None:
    """Take no applications for the item from `from_on`, until it is resumed (暂停).

    Cases already received go on under the version they came in with.

    Args:
        slug: The item.
        from_on: First day without the item; not before the day of the act.
        document: Number of the decision; required.
        by: A post with ITEM_PUBLISH in the item's department.
        at: Moment of the act.

    Raises:
        PermissionRefusedError: `by` may not.
        WithdrawalRefusedError: not in force, no document, or a day in the past.
        LookupError: no such item.
    """
    _withdraw(slug, state=ItemState.SUSPENDED, from_on=from_on, document=document, by=by, at=at)


@transaction.atomic
def cancel_item(*, slug: str, from_on: date, document: str, by: Actor, at: datetime) -> None:
    """End the item for good from `from_on` (取消); the arguments are those of `suspend_item`.

    Raises:
        PermissionRefusedError: `by` may not.
        WithdrawalRefusedError: not in force, no document, or a day in the past.
        LookupError: no such item.
    """
    _withdraw(slug, state=ItemState.CANCELLED, from_on=from_on, document=document, by=by, at=at)


@transaction.atomic
def resume_item(*, slug: str, document: str, by: Actor, at: datetime) -> int:
    """Offer a suspended item again from the day of the act; returns the number of its version.

    The content of the suspended version is published once more as the next version, so that the
    days without the item stay on record.

    Raises:
        PermissionRefusedError: `by` may not.
        WithdrawalRefusedError: the item is not suspended, or no document is named.
        RefusedError: a gate of a package above refuses, such as rules that nobody assessed.
        LookupError: no such item.
    """
    item, last = _locked(slug)
    require(by, Permission.ITEM_PUBLISH, department=last.department)
    if last.state != ItemState.SUSPENDED:
        raise WithdrawalRefusedError(
            f"事项“{last.name}”的状态是“{ItemState(last.state).label}”，只有暂停的事项可以恢复。"
        )
    _require_document(document)
    version = dataclasses.replace(_read(last), version=0)
    gates.require_live(version, at=at)
    start = max(_day(at), last.until or _day(at))
    row = _add_version(
        item, version=version, number=last.version + 1, start=start, by=by.ref, at=at
    )
    _note(item, row, act="resume", lines=["恢复办理"], by=by.ref, at=at, document=document)
    audit.record(
        at=at,
        actor=by.ref,
        act="catalogue.resume_item",
        target=f"item:{slug}",
        detail={"version": row.version, "document": document},
        department=row.department,
        ip=by.ip,
    )
    events.publish(ItemPublished(slug=slug, version=row.version, effective_on=start))
    return row.version


def _withdraw(
    slug: str, *, state: ItemState, from_on: date, document: str, by: Actor, at: datetime
) -> None:
    item, last = _locked(slug)
    require(by, Permission.ITEM_PUBLISH, department=last.department)
    resting = last.state == ItemState.SUSPENDED and state is ItemState.CANCELLED
    if last.state != ItemState.PUBLISHED and not resting:
        raise WithdrawalRefusedError(
            f"事项“{last.name}”的状态是“{ItemState(last.state).label}”，"
            f"只有在用的事项可以{state.label}。"
        )
    _require_document(document)
    if from_on < _day(at):
        raise WithdrawalRefusedError(
            f"{state.label}日期不能早于今天（{_day(at)}），请改为今天或者以后的日期。"
        )
    _cut(item, from_on)
    last.refresh_from_db(fields=["until"])
    last.state = state.value
    last.save(update_fields=["state"])
    _note(
        item,
        last,
        act=state.value,
        lines=[f"自{from_on}起{state.label}"],
        by=by.ref,
        at=at,
        document=document,
    )
    audit.record(
        at=at,
        actor=by.ref,
        act=f"catalogue.{'cancel' if state is ItemState.CANCELLED else 'suspend'}_item",
        target=f"item:{slug}",
        detail={"version": last.version, "from_on": from_on.isoformat(), "document": document},
        department=last.department,
        ip=by.ip,
    )
    events.publish(
        ItemWithdrawn(
            slug=slug,
            version=last.version,
            from_on=from_on,
            cancelled=state is ItemState.CANCELLED,
        )
    )


def _require_document(document: str) -> None:
    if not document.strip():
        raise WithdrawalRefusedError("请填写作出决定的文件文号，事项变动须有依据。")
    if len(document) > DOCUMENT_CHARS:
        raise WithdrawalRefusedError(f"文号不超过{DOCUMENT_CHARS}个字，请只填写文号。")


def _locked(slug: str) -> tuple[Item, ItemVersionRow]:
    item = Item.objects.select_for_update().filter(slug=slug).first()
    last = item.versions.order_by("-version").first() if item is not None else None
    if item is None or last is None:
        raise LookupError(f"no item {slug}")
    return item, last


def _listed_as(version: ItemVersion) -> dict[str, Any]:
    """Return the columns of the item that its newest version decides."""
    return {
        "name": version.name,
        "item_type": version.item_type.value,
        "department": version.department,
        "task_code": version.task_code,
        "external_code": version.external_code,
        "source": version.source[:400],
        "catalog_item": CatalogItem.objects.filter(code=version.basic_code).first(),
    }


def _read(row: ItemVersionRow) -> ItemVersion:
    return parse_item(row.definition)


def _add_version(
    item: Item, *, version: ItemVersion, number: int, start: date, by: str, at: datetime
) -> ItemVersionRow:
    _end_earlier(item, start)
    definition = to_plain(version)
    row = ItemVersionRow.objects.create(
        item=item,
        version=number,
        state=ItemState.PUBLISHED.value,
        definition=definition,
        digest=sha256(canonical_json(definition)),
        effective_on=start,
        published_at=at,
        published_by=by,
        name=version.name,
        item_type=version.item_type.value,
        task_code=version.task_code,
        department=version.department,
        field=version.field,
        audiences=[audience.value for audience in version.audiences],
        channels=[channel.value for channel in version.channels],
    )
    SearchTerm.objects.bulk_create(
        SearchTerm(item_version=row, term=term, weight=weight)
        for term, weight in index_terms(version).items()
    )
    return row


def _end_earlier(item: Item, start: date) -> None:
    """End what is in force on `start`, and leave out what would have begun later."""
    if not item.versions.exists():
        return
    for row in _cut(item, start):
        row.state = ItemState.SUPERSEDED.value
        row.save(update_fields=["state"])
    over = list(item.versions.filter(until__lt=start, terms__isnull=False).distinct())
    if over:
        SearchTerm.objects.filter(item_version__in=over).delete()


def _cut(item: Item, day: date) -> list[ItemVersionRow]:
    """Have no version in force from `day` on; return those that would have been."""
    rows = list(item.versions.filter(Q(until__isnull=True) | Q(until__gt=day)))
    for row in rows:
        row.until = max(row.effective_on, day)
        row.save(update_fields=["until"])
    return rows


def _note(
    item: Item,
    row: ItemVersionRow,
    *,
    act: str,
    lines: list[str],
    by: str,
    at: datetime,
    document: str = "",
) -> None:
    ItemChange.objects.create(
        item=item, version=row.version, act=act, at=at, by=by, lines=lines, document=document
    )


def _day(at: datetime) -> date:
    return localtime(at).date()
