"""Acts on licences: issue, make the file, change the state, verify."""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.db.models import Q, Value
from django.db.models.functions import MD5, Concat

from yiwang.audit.services import record
from yiwang.documents import sealing, store
from yiwang.documents.reading import embedded_identifier
from yiwang.documents.rendering import GlyphMissingError
from yiwang.kernel import events
from yiwang.kernel.errors import RefusedError
from yiwang.kernel.hashing import sha256, sm3
from yiwang.kernel.identifiers import licence_id
from yiwang.kernel.keeping import keep
from yiwang.kernel.masking import mask_number
from yiwang.licences.events import LicenceIssued, LicenceStateChanged
from yiwang.licences.models import Licence, LicenceCheck, LicenceType
from yiwang.licences.policy import numbers
from yiwang.licences.policy.states import HolderKind, LicenceState, LicenceStep, after
from yiwang.licences.policy.types import TypeDefinition, as_printed, from_plain, to_plain
from yiwang.licences.queries import (
    ONE_DAY,
    LicenceView,
    open_number,
    seal_number,
    verification_url,
    view,
)
from yiwang.organisations import queries as organisations
from yiwang.organisations.limits import Bound
from yiwang.organisations.permissions import Actor, Permission, require
from yiwang.organisations.queries import DepartmentView

ZONE = ZoneInfo("Asia/Shanghai")
CHECKS = Bound(most=60, seconds=600)
"""Checks of licences per address; a guard at a door scans many."""

SEALED_BY = "system:sealing"
"""Who puts the seal on a file in the trail, whoever decided what it says."""

FIELDS_MAX = 40
LABEL_MAX_LENGTH = 40
VALUE_MAX_LENGTH = 800
REASON_MAX_LENGTH = 300
"""Bounds in characters, so that a sheet of A4 holds what is printed."""


class LicenceRefusedError(RefusedError):
    """The licence cannot be issued or changed like that."""

    code = "licences.refused"


@dataclass(frozen=True, kw_only=True)
class VerifyAnswer:
    """What a stranger is told about a licence: as little as answers the question.

    Attributes:
        found: Some licence of ours stands behind what was shown.
        valid: It is valid on the day asked.
        state: On that day; None when nothing was found.
        intact: The file is as it was sealed; None when no file was shown.
        trusted: The seal is of this installation; None when no file was shown.
        same_file: The file is byte for byte the one we keep; None when no file was shown.
        holder_name: Persons hidden but for one character.
        fields: Printed fields that are not personal.
        message: One Chinese sentence.
    """

    found: bool
    valid: bool
    message: str
    state: LicenceState | None = None
    intact: bool | None = None
    trusted: bool | None = None
    same_file: bool | None = None
    signer: str = ""
    signed_at: datetime | None = None
    identifier: str = ""
    type_name: str = ""
    number: str = ""
    issuer_name: str = ""
    holder_name: str = ""
    valid_from: date | None = None
    last_valid_on: date | None = None
    fields: tuple[tuple[str, str], ...] = ()


@transaction.atomic
def save_type(definition: TypeDefinition, *, by: str, at: datetime) -> None:
    """Add or change a type of licence; licences issued before keep what is printed on them."""
    LicenceType.objects.update_or_create(
        slug=definition.slug,
        defaults={
            "code": definition.code,
            "name": definition.name,
            "holder_kind": definition.holder.value,
            "department_code": definition.department,
            "definition": to_plain(definition),
            "changed_at": at,
        },
    )
    record(
        at=at,
        actor=by,
        act="licences.save_type",
        target=f"licence_type:{definition.code}",
        detail={"name": definition.name, "effective_on": definition.effective_on.isoformat()},
    )


@transaction.atomic
def issue_licence(
    *,
    type_code: str,
    holder_ref: str,
    holder_name: str,
    holder_number: str,
    issuer: str,
    fields: Sequence[tuple[str, str]],
    valid_from: date,
    valid_until: date | None,
    case_number: str,
    by: Actor,
    at: datetime,
    number: str = "",
) -> LicenceView:
    """Issue an e-licence in the transaction of the act that grants it (颁发证照).

    The caller has made sure that `by` may grant. The file is made afterwards, by the worker or
    by `ensure_file`. Others who issue in the same scope wait for the end of the transaction, so
    it belongs near its end.

    Args:
        type_code: Code or short name of the type.
        holder_ref: `person:…` or `entity:…`, as the type wants.
        holder_name: As printed.
        holder_number: Citizen number or USCC, as printed.
        issuer: Code of the issuing department.
        fields: Label and text of what is printed besides, in order; empty texts are left out.
        valid_from: First day of validity.
        valid_until: First day on which it is no longer valid; None: without end.
        case_number: The case that led to it; empty for stock brought in from elsewhere.
        by: Who decides.
        at: Moment of the decision.
        number: Number that was given elsewhere; default: made by the rule of the type.

    Raises:
        LicenceRefusedError: holder, fields, number or days do not fit.
        LookupError: no such type or department.
    """
    kind = keep(("licence type", type_code), lambda: _type(type_code))
    definition = from_plain(kind.definition)
    printed = _checked_fields(fields, definition)
    _check_holder(
        definition, holder_ref=holder_ref, holder_name=holder_name, holder_number=holder_number
    )
    _check_days(valid_from, valid_until)
    on = at.astimezone(ZONE).date()
    body = keep(("issuer", issuer), lambda: organisations.department(issuer))
    if not body.uscc:
        raise LicenceRefusedError(
            f"{body.name}的统一社会信用代码没有公布，不能签发证照；请在内容包的部门中补上。"
        )
    seal = keep(("seal", issuer, on), lambda: _sealing(issuer, on=on))
    if number and Licence.objects.live().filter(type=kind, number=number).exists():
        raise LicenceRefusedError(f"编号{number}已有有效证照，请核对编号，或办理换发。")
    serial = next_serial(numbers.scope_key(definition.number, type_code=kind.code, on=on))
    long_serial = f"{on.year}{serial:08d}"
    identifier = licence_id.generate(type_code=kind.code, issuer=body.uscc, serial=long_serial)
    row = Licence.objects.create(
        identifier=identifier,
        type=kind,
        number=number
        or numbers.compose(
            definition.number,
            serial=serial,
            on=on,
            division=body.uscc[2:8],
            fields=dict(printed),
        ),
        serial=long_serial,
        state_changed_at=at,
        issuer_code=issuer,
        issuer_name=body.name,
        issuer_uscc=body.uscc,
        seal_code=seal.code,
        seal_name=seal.name,
        holder_ref=holder_ref,
        holder_name=holder_name.strip(),
        holder_number_sealed=seal_number(holder_number, identifier=identifier),
        fields=[list(pair) for pair in printed],
        issued_at=at,
        valid_from=valid_from,
        valid_until=valid_until,
        case_number=case_number,
        token=new_token(),
    )
    _issued(row, by=by, at=at)
    return view(row)


@transaction.atomic
def replace_licence(
    *,
    identifier: str,
    fields: Sequence[tuple[str, str]],
    valid_from: date,
    valid_until: date | None,
    reason: str,
    case_number: str,
    by: Actor,
    at: datetime,
    holder_name: str = "",
) -> LicenceView:
    """Issue the next version of a licence under the same number (变更、延续、换发).

    Args:
        identifier: The version that is replaced; must be valid.
        fields: All that is printed on the new version.
        valid_from: First day of validity of the new version.
        valid_until: First day on which it is no longer valid; None: without end.
        reason: Why, kept with the replaced version.
        case_number: The case that led to it; whoever may decide the case may replace.
        by: Who decides.
        at: Moment of the decision.
        holder_name: The holder's new name; default: as before.

    Returns:
        The new version.

    Raises:
        PermissionRefusedError: `by` may not change licences of the issuer.
        LicenceStepRefusedError: the licence is not valid.
        LicenceRefusedError: reason, fields or days do not fit.
        LookupError: no such licence.
    """
    before = _locked(identifier)
    _require(by, before, case_number=case_number)
    state = after(LicenceStep.REPLACE, LicenceState(before.state))
    definition = from_plain(before.type.definition)
    printed = _checked_fields(fields, definition)
    _check_days(valid_from, valid_until)
    _set_state(before, state, reason=_reason(reason), at=at)
    version = before.version + 1
    fresh_identifier = licence_id.generate(
        type_code=before.type.code,
        issuer=before.issuer_uscc,
        serial=before.serial,
        version=f"{version:03d}",
    )
    row = Licence.objects.create(
        identifier=fresh_identifier,
        type=before.type,
        number=before.number,
        serial=before.serial,
        version=version,
        previous=before,
        state_changed_at=at,
        issuer_code=before.issuer_code,
        issuer_name=before.issuer_name,
        issuer_uscc=before.issuer_uscc,
        seal_code=before.seal_code,
        seal_name=before.seal_name,
        holder_ref=before.holder_ref,
        holder_name=holder_name.strip() or before.holder_name,
        holder_number_sealed=seal_number(open_number(before), identifier=fresh_identifier),
        fields=[list(pair) for pair in printed],
        issued_at=at,
        valid_from=valid_from,
        valid_until=valid_until,
        case_number=case_number,
        token=new_token(),
    )
    _changed(before, reason=reason, by=by, at=at, act="licences.replace")
    _issued(row, by=by, at=at)
    return view(row)


def revoke_licence(*, identifier: str, reason: str, by: Actor, at: datetime) -> LicenceView:
    """Revoke a licence that should not have been granted (撤销). 行政许可法 第六十九条.

    Raises as `move_licence`.
    """
    return move_licence(identifier=identifier, step=LicenceStep.REVOKE, reason=reason, by=by, at=at)


def suspend_licence(*, identifier: str, reason: str, by: Actor, at: datetime) -> LicenceView:
    """Take a licence away for a time (暂扣). 行政处罚法 第九条.

    Raises as `move_licence`.
    """
    return move_licence(
        identifier=identifier, step=LicenceStep.SUSPEND, reason=reason, by=by, at=at
    )


@transaction.atomic
def move_licence(
    *,
    identifier: str,
    step: LicenceStep,
    reason: str,
    by: Actor,
    at: datetime,
    case_number: str = "",
) -> LicenceView:
    """Suspend, resume, cancel, revoke, withdraw or forfeit a licence.

    Args:
        identifier: Which.
        step: What to do; `replace_licence` replaces.
        reason: Ground, kept with the licence and told to the holder; not empty.
        by: Who decides.
        at: Moment of the decision.
        case_number: The case that led to it; whoever may decide the case may move.

    Raises:
        PermissionRefusedError: `by` may not change licences of the issuer.
        LicenceStepRefusedError: the licence is not in a state from which the step starts.
        LicenceRefusedError: no reason is given.
        LookupError: no such licence.
    """
    if step is LicenceStep.REPLACE:
        raise ValueError("use replace_licence")
    row = _locked(identifier)
    _require(by, row, case_number=case_number)
    state = after(step, LicenceState(row.state))
    _set_state(row, state, reason=_reason(reason), at=at)
    _changed(row, reason=reason, by=by, at=at, act=f"licences.{step.value}")
    return view(row)


def next_serial(scope: str) -> int:
    """Return the next serial number of `scope`; the first is 1.

    Others who ask for the same scope wait until the transaction ends, so that no number is
    given twice and none is lost when an act is undone.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO licences_numbercounter (scope, last) VALUES (%s, 1) "
            "ON CONFLICT (scope) DO UPDATE SET last = licences_numbercounter.last + 1 "
            "RETURNING last",
            [scope],
        )
        (last,) = cursor.fetchone()
    return int(last)


def new_token() -> str:
    """Return 128 random bits in 26 characters that a QR code holds cheaply."""
    return base64.b32encode(secrets.token_bytes(16)).decode().rstrip("=")


@transaction.atomic
def ensure_file(identifier: str, at: datetime) -> LicenceView:
    """Make and seal the PDF of a licence unless it is made; safe to call again and at once.

    The trail keeps which bytes were sealed, with which seal.

    A character that no font has leaves the licence without a file and says so in
    `file_problem`; the licence itself stands.

    Args:
        identifier: Which.
        at: Moment of making, kept with the file; the file itself carries the moment of issue.

    Raises:
        LookupError: no such licence.
    """
    row = _locked(identifier)
    if row.file_sha256 is not None:
        return view(row)
    try:
        pdf = sealing.render_sealed(
            "licence",
            printed_words(row),
            seal=row.seal_code,
            owner=row.seal_name,
            reason=f"颁发{row.type.name}",
            at=row.issued_at,
        )
    except GlyphMissingError as error:
        row.file_problem = error.message[:400]
        row.save(update_fields=["file_problem"])
        return view(row)
    kept = store.put(pdf, "application/pdf")
    row.file_sha256 = kept.sha256
    row.file_sm3 = kept.sm3
    row.file_size = kept.size
    row.file_made_at = at
    row.file_problem = ""
    row.save(update_fields=["file_sha256", "file_sm3", "file_size", "file_made_at", "file_problem"])
    record(
        at=at,
        actor=SEALED_BY,
        act="licences.seal_file",
        target=row.ref,
        detail={"seal": row.seal_code, "sha256": kept.sha256, "sm3": kept.sm3},
        department=row.issuer_code,
    )
    return view(row)


def damaged_files(*, sample: int, seed: int) -> list[str]:
    """Compare a sample of files with their hashes; return the licences whose file differs.

    Args:
        sample: How many files are read.
        seed: Decides which; the same seed and table give the same sample.

    Source:
        Daily sample of file hashes: our own rule.
    """
    made = Licence.objects.filter(file_sha256__isnull=False)
    chosen = made.annotate(draw=MD5(Concat("identifier", Value(str(seed))))).order_by("draw")
    damaged = []
    for row in chosen[:sample]:
        try:
            whole = sm3(store.open(row.file_sha256 or "")) == row.file_sm3
        except LookupError:
            whole = False
        if not whole:
            damaged.append(row.identifier)
    return damaged


def printed_words(row: Licence) -> dict[str, Any]:
    """Return what the template prints of a licence."""
    definition = from_plain(row.type.definition)
    return {
        "name": row.type.name,
        "number_label": definition.number_label,
        "number": row.number,
        "identifier": row.identifier,
        "issuer": row.issuer_name,
        "issued_on": chinese_date(row.issued_at.astimezone(ZONE).date()),
        "token": row.token,
        "qr": verification_url(row.token),
        "qr_alt": f"核验{row.type.name}{row.number}的二维码",
        "fields": [
            [definition.holder_name_label, row.holder_name],
            [definition.holder_number_label, open_number(row)],
            *row.fields,
            ["有效期", _validity(row)],
        ],
    }


def chinese_date(day: date) -> str:
    """Return `day` as printed on official paper: 2026年1月31日."""
    return f"{day.year}年{day.month}月{day.day}日"


def _validity(row: Licence) -> str:
    first = chinese_date(row.valid_from)
    if row.valid_until is None:
        return f"自{first}起长期有效"
    return f"{first}至{chinese_date(row.valid_until - ONE_DAY)}"


def verify_token(token: str, *, at: datetime, ip: str = "") -> VerifyAnswer:
    """Say whether the licence behind a QR code is valid; each look is written down.

    Args:
        token: What stood behind the last slash of the address; anything may come.
        at: Moment of the question.
        ip: Address the question came from.
    """
    row = _by_token(token)
    if row is None:
        return VerifyAnswer(
            found=False,
            valid=False,
            message="没有查到这个核验码对应的证照，请重新扫码或核对后输入；仍查不到的，请向颁发机关核实。",
        )
    answer = _told(row, at=at)
    _note(row, means="token", answer=answer, at=at, ip=ip)
    return answer


def verify_file(pdf: bytes, *, at: datetime, ip: str = "") -> VerifyAnswer:
    """Say whether a file is a licence of ours, unchanged, and valid; raises on nothing.

    A file that is not ours byte for byte learns nothing of the licence it names.

    Args:
        pdf: Whatever a stranger uploads.
        at: Moment of the question.
        ip: Address the question came from.
    """
    check = sealing.verify_pdf(pdf)
    row = _by_file(pdf)
    if row is not None and check.intact and check.trusted:
        answer = replace(
            _told(row, at=at),
            intact=True,
            trusted=True,
            same_file=True,
            signer=check.signer,
            signed_at=check.signed_at,
        )
        _note(row, means="file", answer=answer, at=at, ip=ip)
        return answer
    named = _named_in(pdf)
    answer = VerifyAnswer(
        found=named is not None,
        valid=False,
        message=_not_ours(check, named),
        intact=check.intact,
        trusted=check.trusted,
        same_file=False,
        signer=check.signer,
        signed_at=check.signed_at,
        identifier=named.identifier if named else "",
    )
    if named is not None:
        _note(named, means="file", answer=answer, at=at, ip=ip)
    return answer


def _not_ours(check: sealing.SealCheck, named: Licence | None) -> str:
    if not check.intact or not check.trusted:
        return check.message
    if named is None:
        return f"文件自“{check.signer}”盖章后未被改动，但它不是电子证照，请上传证照原文件。"
    return "印章真实，但文件与登记的证照文件不一致，请扫描文件上的二维码，以查询结果为准。"


def _told(row: Licence, *, at: datetime) -> VerifyAnswer:
    """Return what the public learns of a licence: persons are hidden, personal fields left out."""
    shown = view(row)
    day = at.astimezone(ZONE).date()
    state = shown.state_on(day)
    person = row.holder_ref.startswith("person:")
    personal = from_plain(row.type.definition).personal_labels
    begun = day >= row.valid_from
    return VerifyAnswer(
        found=True,
        valid=state is LicenceState.VALID and begun,
        message=_sentence(shown, state=state, begun=begun),
        state=state,
        identifier=row.identifier,
        type_name=row.type.name,
        number=mask_number(row.number) if person else row.number,
        issuer_name=row.issuer_name,
        holder_name=shown.holder_name_masked,
        valid_from=row.valid_from,
        last_valid_on=shown.last_valid_on,
        fields=() if person else tuple(pair for pair in shown.fields if pair[0] not in personal),
    )


def _sentence(shown: LicenceView, *, state: LicenceState, begun: bool) -> str:
    if state is LicenceState.VALID and not begun:
        return f"该{shown.type_name}真实，自{chinese_date(shown.valid_from)}起生效，现在尚未生效。"
    if state is LicenceState.VALID:
        return f"该{shown.type_name}真实有效，由{shown.issuer_name}颁发。"
    if state is LicenceState.EXPIRED and shown.last_valid_on is not None:
        return f"该{shown.type_name}已于{chinese_date(shown.last_valid_on)}到期，不再有效。"
    if state is LicenceState.REPLACED:
        return f"该{shown.type_name}已换发新版本，本版本不再有效，请要求出示新版本。"
    return f"该{shown.type_name}{state.label}，现在不得使用；如有疑问，请联系{shown.issuer_name}。"


def _note(row: Licence, *, means: str, answer: VerifyAnswer, at: datetime, ip: str) -> None:
    LicenceCheck.objects.create(
        licence=row,
        at=at,
        means=means,
        answer="valid" if answer.valid else answer.state.value if answer.state else "differs",
        ip=ip[:45],
    )


def _by_token(token: str) -> Licence | None:
    plain = token.strip().upper()
    if not re.fullmatch(r"[A-Z2-7]{26}", plain):
        return None
    return Licence.objects.select_related("type", "previous").filter(token=plain).first()


def _by_file(pdf: bytes) -> Licence | None:
    return (
        Licence.objects.select_related("type", "previous").filter(file_sha256=sha256(pdf)).first()
    )


def _named_in(pdf: bytes) -> Licence | None:
    """Return the licence whose identifier the file carries among its keywords."""
    identifier = embedded_identifier(pdf)
    if not licence_id.check(identifier).ok:
        return None
    return Licence.objects.filter(identifier=identifier).first()


def _issued(row: Licence, *, by: Actor, at: datetime) -> None:
    record(
        at=at,
        actor=by.ref,
        act="licences.issue",
        target=row.ref,
        detail={
            "number": row.number,
            "type": row.type.code,
            "version": row.version,
            "case": row.case_number,
        },
        department=row.issuer_code,
        ip=by.ip,
    )
    events.publish(
        LicenceIssued(
            identifier=row.identifier,
            type_code=row.type.code,
            holder_ref=row.holder_ref,
            case_number=row.case_number,
            issued_at=at,
        )
    )


def _set_state(row: Licence, state: LicenceState, *, reason: str, at: datetime) -> None:
    row.state = state.value
    row.state_reason = reason
    row.state_changed_at = at
    row.save(update_fields=["state", "state_reason", "state_changed_at"])


def _changed(row: Licence, *, reason: str, by: Actor, at: datetime, act: str) -> None:
    record(
        at=at,
        actor=by.ref,
        act=act,
        target=row.ref,
        detail={"state": row.state, "reason": reason.strip()},
        department=row.issuer_code,
        ip=by.ip,
    )
    events.publish(
        LicenceStateChanged(
            identifier=row.identifier,
            holder_ref=row.holder_ref,
            state=row.state,
            reason=reason.strip(),
            changed_at=at,
        )
    )


def _require(by: Actor, row: Licence, *, case_number: str = "") -> None:
    """Stop unless `by` may change licences of the issuer, or of the body that seals for it.

    Whoever decides a case about the licence may do what the case decided.
    """
    bodies = (row.seal_code, row.issuer_code)
    if case_number and any(by.may(Permission.CASE_DECIDE, department=body) for body in bodies):
        return
    if not by.may(Permission.LICENCE_CHANGE, department=row.seal_code):
        require(by, Permission.LICENCE_CHANGE, department=row.issuer_code)


def _sealing(issuer: str, *, on: date) -> DepartmentView:
    return organisations.department(organisations.deciding_department(issuer, on=on))


def _reason(reason: str) -> str:
    if not reason.strip() or len(reason) > REASON_MAX_LENGTH:
        raise LicenceRefusedError(f"请填写理由，不超过 {REASON_MAX_LENGTH} 字，理由将告知持证人。")
    return reason.strip()


def _type(code: str) -> LicenceType:
    row = LicenceType.objects.filter(Q(code=code) | Q(slug=code)).first()
    if row is None:
        raise LookupError(f"no licence type {code[:60]!r}")
    return row


def _locked(identifier: str) -> Licence:
    row = Licence.objects.select_for_update().filter(identifier=identifier).first()
    if row is None:
        raise LookupError(f"no licence {identifier[:120]!r}")
    key = row.type_id
    row.type = keep(("licence type by key", key), lambda: LicenceType.objects.get(pk=key))
    return row


def _checked_fields(
    fields: Sequence[tuple[str, str]], definition: TypeDefinition
) -> tuple[tuple[str, str], ...]:
    printed = as_printed(definition, fields)
    if len(printed) > FIELDS_MAX:
        raise LicenceRefusedError(f"证面最多 {FIELDS_MAX} 项内容，请合并后再制证。")
    for label, value in printed:
        if not label or len(label) > LABEL_MAX_LENGTH or len(value) > VALUE_MAX_LENGTH:
            raise LicenceRefusedError(
                f"证面“{label[:LABEL_MAX_LENGTH]}”缺少名称或过长，"
                f"名称不超过 {LABEL_MAX_LENGTH} 字、内容不超过 {VALUE_MAX_LENGTH} 字，请精简。"
            )
    given = {label for label, _ in printed}
    missing = [one.label for one in definition.fields if one.required and one.label not in given]
    if missing:
        raise LicenceRefusedError(f"{definition.name}缺少“{'、'.join(missing)}”，请补充后再颁发。")
    return printed


def _check_holder(
    definition: TypeDefinition, *, holder_ref: str, holder_name: str, holder_number: str
) -> None:
    wanted = definition.holder
    if wanted is not HolderKind.ANY and not holder_ref.startswith(f"{wanted.value}:"):
        raise LicenceRefusedError(f"{definition.name}只颁发给{wanted.label}，请核对申请人。")
    if not holder_name.strip() or not holder_number.strip():
        raise LicenceRefusedError("持证人的名称或证件号码为空，请先补全申请人信息。")


def _check_days(valid_from: date, valid_until: date | None) -> None:
    if valid_until is not None and valid_until <= valid_from:
        raise LicenceRefusedError("有效期的截止日期应晚于起始日期，请核对有效期。")
