"""Connecting a department's own system, its keys, and switching it on and off."""

from __future__ import annotations

import base64
import ipaddress
import re
import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.db import IntegrityError, transaction

from yiwang.audit import services as audit
from yiwang.cases.policy.deadlines import day_of
from yiwang.catalogue import queries as catalogue
from yiwang.exchange.models import Partner, PartnerKey
from yiwang.exchange.policy import signatures
from yiwang.exchange.policy.terms import Algorithm, Begin, Direction, PartnerKind
from yiwang.exchange.queries import PartnerView, forget, partner_view, require_registrar
from yiwang.kernel.errors import RefusedError
from yiwang.organisations import queries as organisations
from yiwang.organisations import secret_box
from yiwang.organisations.permissions import Actor

CODE = re.compile(r"^[a-z][a-z0-9-]{2,39}$")
SECRET_BYTES = 32

OLD_KEY = timedelta(hours=24)
"""How long the old key of a department is taken after a new one was made."""


class RegistrationRefusedError(RefusedError):
    """The system cannot be connected like that."""

    code = "exchange.registration_refused"


@dataclass(frozen=True, kw_only=True)
class MadeKeys:
    """Fresh keys; what is secret in them is shown this once.

    Attributes:
        checks_with: What the department checks our messages with: shared secret or public key.
        signs_with: The secret that the department signs with; empty: it has a key of its own.
    """

    algorithm: Algorithm
    out_key_id: str
    checks_with: str
    in_key_id: str
    signs_with: str


@transaction.atomic
def register_partner(
    *,
    code: str,
    name: str,
    department: str,
    kind: PartnerKind,
    begins: Begin,
    valid_from: date,
    by: Actor,
    at: datetime,
    address: str = "",
    item_slug: str = "",
    valid_until: date | None = None,
) -> PartnerView:
    """Connect a department's own system (登记部门业务系统); it is on, and needs keys to work.

    Args:
        code: Short name; a folder of files bears it.
        name: As people know the system.
        department: Code of the deciding department.
        kind: HTTP or files.
        begins: From which moment on cases are sent.
        valid_from: First day.
        by: Manages the running of the system.
        at: Moment of connecting.
        address: Where messages are sent; only for HTTP.
        item_slug: Only cases of this item; empty: all of the department.
        valid_until: First day on which it is over; None: open end.

    Raises:
        PermissionRefusedError: `by` may not connect systems.
        RegistrationRefusedError: with one sentence that says what would put it right.
    """
    require_registrar(by)
    if not CODE.match(code):
        raise RegistrationRefusedError(
            "接入编号应以小写字母开头，由3至40个小写字母、数字和连字符组成，请更正。"
        )
    if not name.strip() or len(name) > 80:
        raise RegistrationRefusedError("请填写系统名称，最多80字。")
    if department not in {one.code for one in organisations.departments()}:
        raise RegistrationRefusedError("没有这个部门，请从部门列表中选择。")
    if item_slug:
        _require_item(item_slug, day_of(at))
    if valid_until is not None and valid_until <= valid_from:
        raise RegistrationRefusedError("停用日期应晚于起用日期，请更正。")
    address = address.strip() if kind is PartnerKind.HTTP else ""
    if kind is PartnerKind.HTTP:
        _require_address(address)
    try:
        with transaction.atomic():
            row = Partner.objects.create(
                code=code,
                name=name.strip(),
                department_code=department,
                item_slug=item_slug,
                kind=kind.value,
                begins=begins.value,
                address=address,
                valid_from=valid_from,
                valid_until=valid_until,
                registered_by=by.ref,
                registered_at=at,
            )
    except IntegrityError:
        raise RegistrationRefusedError(
            "接入编号已有，或者该部门（事项）已有开启的系统，请换一个编号，或者先关闭原来的系统。"
        ) from None
    _note(
        row, act="exchange.register", by=by, at=at, kind=kind.value, address=address, item=item_slug
    )
    forget()
    return partner_view(row)


def _require_item(slug: str, on: date) -> None:
    try:
        catalogue.item(slug, on=on)
    except LookupError:
        raise RegistrationRefusedError("没有这个事项，请核对事项编号，或者留空。") from None


def _require_address(address: str) -> None:
    parts = urlsplit(address)
    host = parts.hostname or ""
    if parts.username or parts.query or parts.fragment or len(address) > 300:
        raise RegistrationRefusedError("推送地址不能带账号、问号或者井号，且不超过300字，请更正。")
    if parts.scheme == "https" and host:
        return
    if parts.scheme == "http" and settings.DEMO and _is_here(host):
        return
    raise RegistrationRefusedError("推送地址应以https://开头，请填写部门系统的完整地址。")


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@transaction.atomic
def make_keys(
    *, code: str, algorithm: Algorithm, by: Actor, at: datetime, public: str = ""
) -> MadeKeys:
    """Make fresh keys for both directions (生成密钥).

    The department's old key is still taken for OLD_KEY, so that nothing is lost in between.

    Args:
        code: The system.
        algorithm: How both sides sign.
        by: Manages the running of the system.
        at: Moment of making.
        public: With Ed25519 the public key of the department, as PEM.

    Raises:
        PermissionRefusedError: `by` may not connect systems.
        LookupError: no such system.
        SignatureRefusedError: `public` is not a public key.
    """
    require_registrar(by)
    row = _locked(code)
    PartnerKey.objects.filter(
        partner=row, direction=Direction.IN.value, ends_at__isnull=True
    ).update(ends_at=at + OLD_KEY)
    mark = secrets.token_hex(4)
    out_id, in_id = f"{row.code}-out-{mark}", f"{row.code}-in-{mark}"
    if algorithm is Algorithm.HMAC_SHA256:
        out, back = _secret(), _secret()
        made = [(out_id, Direction.OUT, out, ""), (in_id, Direction.IN, back, "")]
        checks_with, signs_with = out, back
    else:
        theirs = signatures.public_key(public)
        private, ours = signatures.new_private_key()
        made = [(out_id, Direction.OUT, private, ours), (in_id, Direction.IN, "", theirs)]
        checks_with, signs_with = ours, ""
    for key_id, direction, secret, shown in made:
        PartnerKey.objects.create(
            partner=row,
            key_id=key_id,
            direction=direction.value,
            algorithm=algorithm.value,
            sealed=secret_box.lock(secret) if secret else "",
            public=shown,
            made_at=at,
        )
    _note(row, act="exchange.make_keys", by=by, at=at, algorithm=algorithm.value, keys=mark)
    return MadeKeys(
        algorithm=algorithm,
        out_key_id=out_id,
        checks_with=checks_with,
        in_key_id=in_id,
        signs_with=signs_with,
    )


def _secret() -> str:
    return base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


@transaction.atomic
def switch_partner(*, code: str, on: bool, reason: str, by: Actor, at: datetime) -> PartnerView:
    """Switch a system on or off (开启、关闭); what waits stays waiting.

    Raises:
        PermissionRefusedError: `by` may not connect systems.
        LookupError: no such system.
        RegistrationRefusedError: no reason, or another one is on for the same cases.
    """
    require_registrar(by)
    if not reason.strip() or len(reason) > 200:
        raise RegistrationRefusedError("请填写理由，最多200字。")
    row = _locked(code)
    row.on, row.failures, row.paused_until = on, 0, None
    try:
        with transaction.atomic():
            row.save(update_fields=["on", "failures", "paused_until"])
    except IntegrityError:
        raise RegistrationRefusedError(
            "该部门（事项）已有另一个开启的系统，请先关闭那一个。"
        ) from None
    _note(
        row,
        act="exchange.switch_on" if on else "exchange.switch_off",
        by=by,
        at=at,
        reason=reason.strip(),
    )
    forget()
    return partner_view(row)


def _locked(code: str) -> Partner:
    row = Partner.objects.select_for_update().filter(code=code).first()
    if row is None:
        raise LookupError(f"no system {code[:40]!r}")
    return row


def _note(row: Partner, *, act: str, by: Actor, at: datetime, **detail: str) -> None:
    audit.record(
        at=at,
        actor=by.ref,
        act=act,
        target=f"system:{row.code}",
        detail=detail,
        department=row.department_code,
        ip=by.ip,
    )
