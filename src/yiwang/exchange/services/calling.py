"""The door: whose call it is, by signature; what is turned away is counted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction

from yiwang.audit import services as audit
from yiwang.cases.policy.deadlines import day_of
from yiwang.documents import queries as documents
from yiwang.exchange import body, queries
from yiwang.exchange.models import Conversation, Nonce, Partner
from yiwang.exchange.policy import signatures
from yiwang.exchange.policy.messages import CaseBody
from yiwang.exchange.policy.signatures import SKEW, Key, Message, SignatureRefusedError
from yiwang.exchange.queries import PartnerView
from yiwang.exchange.services.counting import turn_away
from yiwang.exchange.services.receiving import ForeignCaseError
from yiwang.kernel.errors import RefusedError


class CallRefusedError(RefusedError):
    """The signature is right, and the system may not call now."""

    code = "exchange.call_refused"


@dataclass(frozen=True, kw_only=True)
class Caller:
    """A department's system that has shown who it is."""

    partner: PartnerView
    key_id: str
    ip: str


def admit(*, message: Message, raw: bytes, at: datetime, ip: str) -> Caller:
    """Return whose call it is; each nonce once.

    Raises:
        SignatureRefusedError: missing, wrong, too old, or used before.
        CallRefusedError: the system is switched off or its time is over.
    """
    found: list[PartnerView] = []

    def find(key_id: str) -> Key | None:
        known = queries.checking_key(key_id, at=at)
        if known is None:
            return None
        found.append(known[1])
        return known[0]

    try:
        signed = signatures.verify(message, find, now=at, body=raw)
        partner = found[0]
        if not partner.live(day_of(at)):
            raise CallRefusedError("该系统的接入已关闭或者到期，请联系区行政服务中心。")
        _use_nonce(partner, signed.nonce, at)
    except RefusedError as refusal:
        code = found[0].code if found else ""
        turn_away(reason=refusal.code, partner_code=code, at=at, ip=ip)
        raise
    return Caller(partner=partner, key_id=signed.key_id, ip=ip)


def _use_nonce(partner: PartnerView, nonce: str, at: datetime) -> None:
    try:
        with transaction.atomic():
            Nonce.objects.create(partner_id=partner.id, nonce=nonce, until=at + 2 * SKEW)
            Partner.objects.filter(pk=partner.id).update(heard_at=at)
    except IntegrityError:
        raise SignatureRefusedError(
            "这个签名已经用过，请用新的nonce重新签名；报文编号可以不变。"
        ) from None


def purge_nonces(*, at: datetime) -> int:
    """Forget nonces that could not be replayed any more."""
    deleted, _ = Nonce.objects.filter(until__lt=at).delete()
    return deleted


@transaction.atomic
def fetch_case(*, caller: Caller, number: str, at: datetime) -> CaseBody:
    """Return a case as it stands now, with fresh links to its materials.

    Raises:
        ForeignCaseError: the case was never sent to this system.
        CaseNotFoundError: the department does not decide it any more.
    """
    partner = caller.partner
    known = Conversation.objects.filter(partner_id=partner.id, case_number=number[:45]).exists()
    if not known:
        refusal = ForeignCaseError()
        turn_away(reason=refusal.code, partner_code=partner.code, at=at, ip=caller.ip)
        raise refusal
    page = body.page_of(number, partner.department)
    told = body.case_body(
        page,
        partner.department,
        file_of=body.file_by_link(partner=partner.id, case_number=number, at=at),
        at=at,
    )
    audit.record(
        at=at,
        actor=body.GATEWAY,
        act="exchange.fetch_case",
        target=f"case:{number}",
        detail={"system": partner.code},
        department=partner.department,
        purpose="由办理部门的业务系统办理",
        ip=caller.ip,
    )
    return told


@transaction.atomic
def open_file(*, token: str, at: datetime, ip: str) -> tuple[str, bytes]:
    """Return media type and bytes of the material behind a link.

    Raises:
        LinkRefusedError: forged, too old, or the system is off by now.
        LookupError: there is no such file any more.
    """
    link = body.read_link(token, at=at)
    row = Partner.objects.filter(pk=link.partner).first()
    if row is None or not queries.partner_view(row).live(day_of(at)):
        raise body.LinkRefusedError("该系统的接入已关闭，链接不再有效，请联系区行政服务中心。")
    one = documents.upload(link.upload)
    if one.used_by != f"case:{link.case_number}":
        raise LookupError("not a file of this case")
    data = documents.open_derivative(link.upload)
    audit.record(
        at=at,
        actor=body.GATEWAY,
        act="exchange.fetch_file",
        target=f"case:{link.case_number}",
        detail={"system": row.code, "file": link.upload, "sha256": one.derivative_sha256},
        department=row.department_code,
        purpose="由办理部门的业务系统办理",
        ip=ip,
    )
    return one.media_type.value, data
