"""Acts on licences: issue, make the file, change the state, verify."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection, transaction

from yiwang.audit.services import record
from yiwang.documents import sealing, store
from yiwang.kernel import events
from yiwang.kernel.errors import RefusedError
from yiwang.kernel.identifiers import licence_id
from yiwang.licences.events import LicenceIssued
from yiwang.licences.models import Licence, LicenceType
from yiwang.licences.policy import numbers
from yiwang.licences.policy.states import HolderKind, LicenceState, LicenceStep
from yiwang.licences.policy.types import TypeDefinition, from_plain
from yiwang.licences.queries import LicenceView, licence_type, view
from yiwang.organisations import queries as organisations
from yiwang.organisations.permissions import Actor

ZONE = ZoneInfo("Asia/Shanghai")
FIELDS_MAX = 40
LABEL_MAX_LENGTH = 40
VALUE_MAX_LENGTH = 800
"""What one sheet of A4 can hold."""


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
) -> LicenceView:
    """Issue an e-licence in the transaction of the act that grants it (颁发证照).

    The caller has made sure that `by` may grant. The file is made afterwards, by the worker or
    by `ensure_file`.

    Args:
        type_code: Code or short name of the type.
        holder_ref: `person:…` or `entity:…`, as the type wants.
        holder_name: As printed.
        holder_number: Citizen number or USCC, as printed.
        issuer: Code of the issuing department.
        fields: Label and text of what is printed besides, in order.
        valid_from: First day of validity.
        valid_until: First day on which it is no longer valid; None: without end.
        case_number: The case that led to it.
        by: Who decides.
        at: Moment of the decision.

    Raises:
        LicenceRefusedError: holder, fields or days do not fit the type.
        LookupError: no such type or department.
    """
    kind = _type(type_code)
    definition = from_plain(kind.definition)
    printed = _checked_fields(fields, definition)
    _check_holder(definition, holder_ref=holder_ref, holder_name=holder_name)
    if valid_until is not None and valid_until <= valid_from:
        raise LicenceRefusedError("有效期的截止日期应晚于起始日期，请核对有效期。")

    on = at.astimezone(ZONE).date()
    body = organisations.department(issuer)
    seal = organisations.department(organisations.deciding_department(issuer, on=on))
    serial = next_serial(numbers.scope_key(definition.number, type_code=kind.code, on=on))
    number = numbers.compose(
        definition.number,
        serial=serial,
        on=on,
        division=body.uscc[2:8],
        fields=dict(printed),
    )
    row = Licence.objects.create(
        identifier=licence_id.generate(
            type_code=kind.code, issuer=body.uscc, serial=f"{on.year}{serial:08d}"
        ),
        type=kind,
        number=number,
        serial=f"{on.year}{serial:08d}",
        state_changed_at=at,
        issuer_code=issuer,
        issuer_name=body.name,
        issuer_uscc=body.uscc,
        seal_code=seal.code,
        seal_name=seal.name,
        holder_ref=holder_ref,
        holder_name=holder_name,
        holder_number=holder_number,
        fields=[list(pair) for pair in printed],
        issued_at=at,
        valid_from=valid_from,
        valid_until=valid_until,
        case_number=case_number,
        token=new_token(),
    )
    record(
        at=at,
        actor=by.ref,
        act="licences.issue",
        target=row.ref,
        detail={"number": number, "type": kind.code, "case": case_number},
        department=issuer,
        ip=by.ip,
    )
    events.publish(
        LicenceIssued(
            identifier=row.identifier,
            type_code=kind.code,
            holder_ref=holder_ref,
            case_number=case_number,
            issued_at=at,
        )
    )
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

    Raises:
        LookupError: no such licence.
    """
    row = _locked(identifier)
    if row.file_sha256 is not None:
        return view(row)
    pdf = sealing.render_sealed(
        "licence",
        _printed(row),
        seal=row.seal_code,
        owner=row.seal_name,
        reason=f"颁发{row.type.name}",
        at=row.issued_at,
    )
    kept = store.put(pdf, "application/pdf")
    row.file_sha256 = kept.sha256
    row.file_sm3 = kept.sm3
    row.file_size = kept.size
    row.file_made_at = at
    row.file_problem = ""
    row.save(update_fields=["file_sha256", "file_sm3", "file_size", "file_made_at", "file_problem"])
    return view(row)


def revoke_licence(
    *, identifier: str, step: LicenceStep, reason: str, by: Actor, at: datetime
) -> LicenceView:
    """End or suspend a licence."""
    raise NotImplementedError


def verify_token(token: str, *, at: datetime, ip: str = "") -> VerifyAnswer:
    """Say whether the licence behind a QR code is valid."""
    raise NotImplementedError


def verify_file(pdf: bytes, *, at: datetime, ip: str = "") -> VerifyAnswer:
    """Say whether a PDF is a licence of ours, unchanged, and valid."""
    raise NotImplementedError


def _printed(row: Licence) -> dict[str, Any]:
    """Return what the template prints."""
    return {"identifier": row.identifier}


def _type(code: str) -> LicenceType:
    return LicenceType.objects.get(code=licence_type(code).code)


def _locked(identifier: str) -> Licence:
    row = (
        Licence.objects.select_for_update(of=("self",))
        .select_related("type", "previous")
        .filter(identifier=identifier)
        .first()
    )
    if row is None:
        raise LookupError(f"no licence {identifier[:120]!r}")
    return row


def _checked_fields(
    fields: Sequence[tuple[str, str]], definition: TypeDefinition
) -> tuple[tuple[str, str], ...]:
    printed = tuple((label.strip(), value.strip()) for label, value in fields)
    if len(printed) > FIELDS_MAX:
        raise LicenceRefusedError(f"证面最多 {FIELDS_MAX} 项内容，请合并后再制证。")
    for label, value in printed:
        if not label or len(label) > LABEL_MAX_LENGTH or len(value) > VALUE_MAX_LENGTH:
            raise LicenceRefusedError(
                f"证面“{label[:LABEL_MAX_LENGTH]}”过长或缺少名称，"
                f"内容不超过 {VALUE_MAX_LENGTH} 字，请精简。"
            )
    given = {label for label, value in printed if value}
    missing = [one.label for one in definition.fields if one.required and one.label not in given]
    if missing:
        raise LicenceRefusedError(f"{definition.name}缺少“{'、'.join(missing)}”，请补充后再颁发。")
    return tuple(pair for pair in printed if pair[1])


def _check_holder(definition: TypeDefinition, *, holder_ref: str, holder_name: str) -> None:
    wanted = definition.holder
    if wanted is not HolderKind.ANY and not holder_ref.startswith(f"{wanted.value}:"):
        raise LicenceRefusedError(f"{definition.name}只颁发给{wanted.label}，请核对申请人。")
    if not holder_name.strip():
        raise LicenceRefusedError("持证人名称为空，请先补全申请人信息。")
