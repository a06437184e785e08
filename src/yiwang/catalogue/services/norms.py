"""Acts on the register of normative documents (规范性文件): enter, correct, extend, repeal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.timezone import localtime

from yiwang.audit import services as audit
from yiwang.catalogue.models import Norm, NormChange
from yiwang.catalogue.policy.norms import NormAct, NormEntry, NormReview, problems
from yiwang.kernel.errors import RefusedError
from yiwang.organisations.permissions import Actor, Permission, require

DOCUMENT_CHARS = 120
REASON_CHARS = 200


class NormRefusedError(RefusedError):
    """The register cannot take that."""

    code = "catalogue.norm_refused"


@transaction.atomic
def enter_norm(*, entry: NormEntry, by: Actor, at: datetime) -> int:
    """Enter a document; what it replaces ends on its first day. Returns its key.

    Raises:
        PermissionRefusedError: `by` may not keep the documents of a department concerned.
        NormRefusedError: the number is taken, or the entry contradicts itself or the register.
    """
    require(by, Permission.NORM_KEEP, department=entry.department)
    return _enter(entry, pack="", by=by.ref, name=by.name, actor=by, at=at).pk


@transaction.atomic
def import_norms(*, entries: Sequence[NormEntry], by: Actor, at: datetime) -> tuple[int, int]:
    """Enter all of `entries` or none; returns how many are new and how many stood there already.

    Raises:
        PermissionRefusedError: `by` may not keep the documents of a department concerned.
        NormRefusedError: an entry is refused, or stands in the register otherwise; all are named.
    """
    added, same, wrong = 0, 0, []
    for entry in entries:
        require(by, Permission.NORM_KEEP, department=entry.department)
        stored = Norm.objects.filter(number=entry.number).first()
        if stored is not None and _as_entered(stored, entry):
            same += 1
            continue
        if stored is not None:
            wrong.append(
                f"{entry.number} 已经登记，内容不同；请删去这一行，"
                "更正、延长和废止在规范性文件页面办理。"
            )
            continue
        try:
            _enter(entry, pack="", by=by.ref, name=by.name, actor=by, at=at)
        except NormRefusedError as refusal:
            wrong.append(f"{entry.number}：{refusal.message}")
        else:
            added += 1
    if wrong:
        raise NormRefusedError("\n".join(wrong))
    return added, same


@transaction.atomic
def norms_from_pack(*, entries: Sequence[NormEntry], pack: str, by: str, at: datetime) -> int:
    """Enter what the register does not hold yet; what stands there is kept as staff left it."""
    known = set(
        Norm.objects.filter(number__in=[one.number for one in entries]).values_list(
            "number", flat=True
        )
    )
    fresh = [one for one in entries if one.number not in known]
    for entry in fresh:
        _enter(entry, pack=pack, by=by, name="", actor=None, at=at)
    return len(fresh)


@transaction.atomic
def extend_norm(
    *, key: int, valid_until: date, document: str, decided_on: date, by: Actor, at: datetime
) -> None:
    """Write down that the validity of a document was extended, by a decision made in time.

    Raises:
        PermissionRefusedError: `by` may not keep the documents of its department.
        NormRefusedError: it has no end, was repealed, or the days do not fit.
        LookupError: no such document.
    """
    row = _locked(key)
    require(by, Permission.NORM_KEEP, department=row.department)
    if row.repealed_on is not None:
        raise NormRefusedError(f"{row.number} 已经废止，不能延长；继续适用的，请登记新的文件。")
    if row.valid_until is None:
        raise NormRefusedError(f"{row.number} 没有写有效期，不用延长。")
    if valid_until <= row.valid_until:
        raise NormRefusedError(
            f"新的有效期应晚于原来的 {row.valid_until.isoformat()}，请核对日期。"
        )
    if decided_on > localtime(at).date():
        raise NormRefusedError("决定日期在今天以后，请在决定作出后登记。")
    if decided_on > row.valid_until:
        raise NormRefusedError(
            f"{row.number} 到 {row.valid_until.isoformat()} 为止，到期以后的决定不能延长它；"
            "继续适用的，请登记重新发布的文件。"
        )
    before, row.valid_until = row.valid_until, valid_until
    row.save(update_fields=["valid_until"])
    told = f"{before.isoformat()} → {valid_until.isoformat()}（{decided_on.isoformat()}决定）"
    _change(row, NormAct.EXTEND, document=document, detail=told, by=by.ref, name=by.name, at=at)
    audit.record(
        at=at,
        actor=by.ref,
        act="catalogue.norm_extend",
        target=f"norm:{row.number}",
        detail={"document": document, "days": told},
        department=row.department,
        ip=by.ip,
    )


@transaction.atomic
def repeal_norm(*, key: int, repealed_on: date, document: str, by: Actor, at: datetime) -> None:
    """Write down that a document was repealed from a day on.

    Raises:
        PermissionRefusedError: `by` may not keep the documents of its department.
        NormRefusedError: it ended already, or the day lies before its first day.
        LookupError: no such document.
    """
    row = _locked(key)
    require(by, Permission.NORM_KEEP, department=row.department)
    if row.repealed_on is not None:
        raise NormRefusedError(
            f"{row.number} 已由 {row.repealed_by} 自 {row.repealed_on.isoformat()} 起废止，"
            "不用再办。"
        )
    if row.valid_until is not None and repealed_on > row.valid_until:
        raise NormRefusedError(
            f"{row.number} 到 {row.valid_until.isoformat()} 为止，到期以后不用废止；请核对日期。"
        )
    if repealed_on < row.valid_from:
        raise NormRefusedError(f"废止日期早于施行日期 {row.valid_from.isoformat()}，请核对日期。")
    _end(row, repealed_on, NormAct.REPEAL, document=document, by=by.ref, name=by.name, at=at)
    audit.record(
        at=at,
        actor=by.ref,
        act="catalogue.norm_repeal",
        target=f"norm:{row.number}",
        detail={"document": document, "from": repealed_on.isoformat()},
        department=row.department,
        ip=by.ip,
    )


@transaction.atomic
def correct_norm(*, key: int, entry: NormEntry, reason: str, by: Actor, at: datetime) -> None:
    """Put a mistyped entry right; what ended by the mistake stands again, what should ends.

    What a document decides is no mistake of the entry: it is extended, repealed or replaced.

    Args:
        key: The document.
        entry: All of it as it is printed.
        reason: What was wrong, and by what it was compared.
        by: Keeps documents of the department before and after.
        at: Moment of the act.

    Raises:
        PermissionRefusedError: `by` may not keep the documents of a department concerned.
        NormRefusedError: no reason, nothing differs, or the entry contradicts itself or the
            register.
        LookupError: no such document.
    """
    row = _locked(key)
    require(by, Permission.NORM_KEEP, department=row.department)
    require(by, Permission.NORM_KEEP, department=entry.department)
    why = reason.strip()
    if not why:
        raise NormRefusedError("请填写更正的原因，写明与哪份文本核对。")
    _require_sound(entry, at=at)
    changed = _differences(row, entry)
    if not changed:
        raise NormRefusedError("更正后的内容与登记的相同，没有要更正的；请修改写错的一项。")
    taken = Norm.objects.filter(number=entry.number).exclude(pk=row.pk).first()
    if taken is not None:
        raise NormRefusedError(
            f"文号 {entry.number} 已经登记为《{taken.title}》，请核对文号，或者打开原来的登记。"
        )
    told = "；".join(f"{name}：{before} → {after}" for name, before, after in changed)
    before = _ended_by(row)
    own_end = _successor(row) if entry.number != row.number else None
    for name in _COLUMNS:
        setattr(row, name, getattr(entry, name))
    row.number, row.replaces = entry.number, list(entry.replaces)
    row.corrections += 1
    if own_end is not None:
        row.repealed_on, row.repealed_by = None, ""
    if row.repealed_on is not None and row.repealed_on < row.valid_from:
        raise NormRefusedError(
            f"{row.number} 已自 {row.repealed_on.isoformat()} 起废止，"
            "施行日期不能晚于这一天，请核对日期。"
        )
    row.save()
    detail = f"{why}（{told}）"
    common: dict[str, Any] = {"by": by.ref, "name": by.name, "at": at}
    _change(row, NormAct.CORRECT, document="", detail=detail, **common)
    _end_anew(row, before, by, at=at)
    later = _later(row, by)
    if later is not None:
        _replace(row, later.number, later.valid_from, **common)
    elif own_end is not None:
        _change(row, NormAct.RESTORE, document=own_end, detail="", **common)
    audit.record(
        at=at,
        actor=by.ref,
        act="catalogue.norm_correct",
        target=f"norm:{row.number}",
        detail={"reason": why, "changes": told},
        department=row.department,
        ip=by.ip,
    )


def _ended_by(row: Norm) -> list[Norm]:
    """Lock and return the documents that ended because `row` replaced them."""
    return list(
        Norm.objects.select_for_update().filter(
            number__in=row.replaces, repealed_by=row.number, repealed_on=row.valid_from
        )
    )


def _successor(row: Norm) -> str | None:
    """Return the number of what replaced `row`; None: nothing in the register did."""
    if row.repealed_on is None:
        return None
    found = Norm.objects.filter(number=row.repealed_by, replaces__contains=[row.number])
    return row.repealed_by if found.exists() else None


def _later(row: Norm, actor: Actor | None) -> Norm | None:
    """Return the first document that replaces `row`; another department's ends it for nobody."""
    later = Norm.objects.filter(replaces__contains=[row.number]).order_by("valid_from").first()
    if later is None or later.valid_from < row.valid_from:
        return None
    own = (
        actor is None
        or later.department == row.department
        or actor.may(Permission.NORM_KEEP, department=later.department)
    )
    return later if own else None


def _end_anew(row: Norm, before: Sequence[Norm], by: Actor, *, at: datetime) -> None:
    """Let what ended by the entry of before stand again, and what it replaces now end."""
    common: dict[str, Any] = {"by": by.ref, "name": by.name, "at": at}
    for old in before:
        require(by, Permission.NORM_KEEP, department=old.department)
        stays = old.number in row.replaces
        same = stays and (old.repealed_by, old.repealed_on) == (row.number, row.valid_from)
        if same:
            continue
        was = old.repealed_by
        old.repealed_on, old.repealed_by = None, ""
        old.save(update_fields=["repealed_on", "repealed_by"])
        if not stays:
            _change(old, NormAct.RESTORE, document=was, detail="", **common)
    _end_replaced(row, actor=by, **common)


def _differences(row: Norm, entry: NormEntry) -> list[tuple[str, str, str]]:
    """Return name, old and new words of each part that differs."""
    found = []
    for name in ("number", *_COLUMNS, "replaces"):
        before, after = getattr(row, name), getattr(entry, name)
        if name == "replaces":
            before, after = "、".join(before), "、".join(after)
        if before == after:
            continue
        if name in {"legality", "fair_competition"}:
            before, after = NormReview(before).label, NormReview(after).label
        title = str(getattr(Norm._meta.get_field(name), "verbose_name", name))
        found.append((title, str(before or "无"), str(after or "无")))
    return found


def _enter(
    entry: NormEntry, *, pack: str, by: str, name: str, actor: Actor | None, at: datetime
) -> Norm:
    _require_sound(entry, at=at)
    columns = {name: getattr(entry, name) for name in _COLUMNS}
    row, made = Norm.objects.get_or_create(
        number=entry.number,
        defaults={**columns, "replaces": list(entry.replaces), "pack": pack},
    )
    if not made:
        raise NormRefusedError(
            f"文号 {entry.number} 已经登记为《{row.title}》，请核对文号，或者打开原来的登记。"
        )
    _change(row, NormAct.ENTER, document="", detail="", by=by, name=name, at=at)
    _end_replaced(row, actor=actor, by=by, name=name, at=at)
    later = _later(row, actor)
    if later is not None:
        _replace(row, later.number, later.valid_from, by=by, name=name, at=at)
    audit.record(
        at=at,
        actor=by,
        act="catalogue.norm_enter",
        target=f"norm:{row.number}",
        detail={"title": row.title, "replaces": list(entry.replaces), "pack": pack},
        department=row.department,
        ip=actor.ip if actor else "",
    )
    return row


def _require_sound(entry: NormEntry, *, at: datetime) -> None:
    for field, message, remedy in problems(entry):
        named = getattr(Norm._meta.get_field(field), "verbose_name", field)
        raise NormRefusedError(f"{named}{message}{remedy}")
    if entry.issued_on > localtime(at).date():
        raise NormRefusedError("印发日期在今天以后，请在文件印发后登记。")


def _end_replaced(row: Norm, *, actor: Actor | None, by: str, name: str, at: datetime) -> None:
    """End what `row` replaces on its first day."""
    for number in row.replaces:
        old = Norm.objects.select_for_update().filter(number=number).first()
        if old is None:
            continue
        if actor is not None:
            require(actor, Permission.NORM_KEEP, department=old.department)
        if old.valid_from > row.valid_from:
            raise NormRefusedError(
                f"所取代的 {number} 自 {old.valid_from.isoformat()} 起才施行，晚于本文件，请核对。"
            )
        _replace(old, row.number, row.valid_from, by=by, name=name, at=at)


_COLUMNS = (
    "title",
    "issuer",
    "issued_on",
    "valid_from",
    "valid_until",
    "department",
    "legality",
    "fair_competition",
    "source",
    "note",
)


def _as_entered(row: Norm, entry: NormEntry) -> bool:
    return list(entry.replaces) == row.replaces and all(
        getattr(row, name) == getattr(entry, name) for name in _COLUMNS
    )


def _replace(row: Norm, number: str, day: date, *, by: str, name: str, at: datetime) -> None:
    """End `row` on the first day of what replaces it, unless it ended before."""
    if row.repealed_on is None and (row.valid_until is None or row.valid_until >= day):
        _end(row, day, NormAct.REPLACE, document=number, by=by, name=name, at=at)


def _end(
    row: Norm, day: date, act: NormAct, *, document: str, by: str, name: str, at: datetime
) -> None:
    row.repealed_on, row.repealed_by = day, document
    row.save(update_fields=["repealed_on", "repealed_by"])
    detail = f"自 {day.isoformat()} 起"
    _change(row, act, document=document, detail=detail, by=by, name=name, at=at)


def _change(
    row: Norm, act: NormAct, *, document: str, detail: str, by: str, name: str, at: datetime
) -> None:
    NormChange.objects.create(
        norm=row, act=act.value, document=document, detail=detail, by=by, by_name=name, at=at
    )


def _locked(key: int) -> Norm:
    row = Norm.objects.select_for_update().filter(pk=key).first()
    if row is None:
        raise LookupError(f"no normative document {key}")
    return row
