"""Telling a department's system about its cases, until it has heard or a person must look."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from yiwang.audit import services as audit
from yiwang.cases import queries as cases
from yiwang.cases.policy.deadlines import day_of
from yiwang.cases.policy.states import OPEN, CaseState
from yiwang.cases.queries.outside import deciding_department_of, open_since
from yiwang.exchange import body, queries, transport
from yiwang.exchange.models import Conversation, Partner, Push
from yiwang.exchange.policy import signatures
from yiwang.exchange.policy.retries import CLAIM, pause_after, wait_after
from yiwang.exchange.policy.terms import Begin, PartnerKind, PushKind, PushState
from yiwang.exchange.queries import PartnerView, partner_view
from yiwang.exchange.services import outbox_folder
from yiwang.exchange.transport import Sent
from yiwang.kernel.errors import RefusedError

BEGINNINGS = {Begin.RECEIVED: PushKind.RECEIVED, Begin.ACCEPTED: PushKind.ACCEPTED}

SINCE_ACCEPTANCE = OPEN - {CaseState.RECEIVED, CaseState.CORRECTION}

BATCH = 500
JOB_SECONDS = 45.0
"""How long one job sends to one system before it lets others to the worker."""


@transaction.atomic
def queue_push(*, number: str, kind: PushKind, moment: datetime | None = None) -> bool:
    """Note that a system is to be told about a case; a second time changes nothing.

    A conversation begins where the system wants cases from that moment on; what happens later is
    told only inside a conversation that has begun.

    Args:
        number: Case number.
        kind: What happened; its moment is that of the last act on the case.
        moment: When it happened, of what may happen again; None: it happens once.

    Returns:
        Whether there is something to tell.
    """
    case = cases.case(number, by=body.reader(deciding_department_of(number)))
    at = moment or case.touched_at
    partner = queries.partner_for(
        department=case.deciding_department, item_slug=case.item_slug, on=day_of(at)
    )
    if partner is None:
        return False
    conversation = queries.conversation_of(partner.id, number)
    if conversation is None:
        if kind is not BEGINNINGS[partner.begins]:
            return False
        conversation, _ = Conversation.objects.get_or_create(
            partner_id=partner.id,
            case_number=number,
            defaults={"department_code": partner.department, "begun_at": at},
        )
    return _add(conversation, kind, at, again=moment is not None)


def _add(conversation: Conversation, kind: PushKind, at: datetime, *, again: bool) -> bool:
    row = Conversation.objects.select_for_update().get(pk=conversation.pk)
    told = row.pushes.filter(kind=kind.value)
    if again:
        told = told.filter(created_at=at)
    if row.handled_here_at is not None or told.exists():
        return False
    Push.objects.create(
        message_id=f"m-{secrets.token_hex(16)}",
        conversation=row,
        partner_id=row.partner_id,
        department_code=row.department_code,
        sequence=row.next_out,
        kind=kind.value,
        state=PushState.WAITING.value,
        created_at=at,
        next_at=at,
    )
    row.next_out += 1
    row.save(update_fields=["next_out"])
    return True


def begin_missing(*, at: datetime) -> int:
    """Begin what no event began: cases of a connected system without a conversation.

    Compares the record with what was told, so that nothing is lost by a lost event or by a system
    that was connected after the case came in.
    """
    begun = 0
    for partner in queries.partners():
        if partner.live(day_of(at)):
            begun += _begin_missing(partner)
    return begun


def _begin_missing(partner: PartnerView) -> int:
    kind = BEGINNINGS[partner.begins]
    states = SINCE_ACCEPTANCE if kind is PushKind.ACCEPTED else OPEN
    begun, after = 0, 0
    while rows := open_since(
        department=partner.department,
        item_slug=partner.item_slug,
        since=partner.valid_from,
        states=states,
        after=after,
        limit=BATCH,
    ):
        numbers = [number for _, number in rows]
        known = set(
            Conversation.objects.filter(case_number__in=numbers).values_list(
                "case_number", flat=True
            )
        )
        for number in numbers:
            if number not in known:
                begun += queue_push(number=number, kind=kind)
        after = rows[-1][0]
    return begun


def systems_with_work(*, at: datetime) -> list[int]:
    """Return the systems to which something may be sent now."""
    ids = set(
        Push.objects.filter(state=PushState.WAITING.value, next_at__lte=at)
        .values_list("partner_id", flat=True)
        .distinct()
    )
    return [
        one.id
        for one in queries.partners()
        if one.id in ids
        and one.live(day_of(at))
        and (one.paused_until is None or one.paused_until <= at)
    ]


@dataclass(frozen=True, kw_only=True)
class _Claimed:
    push: int
    message_id: str
    kind: PushKind
    sequence: int
    next_in: int
    case_number: str
    created_at: datetime
    partner: PartnerView


def push_due(*, partner_id: int, clock: Callable[[], datetime], most: int = 200) -> int:
    """Send what is due to one system, one message after the other; return how many arrived.

    Nothing is locked while the other side is waited for: a message is claimed, sent, and settled.
    A worker that dies in between leaves a claim that lapses; the message is then sent again with
    the same id.

    Args:
        partner_id: The system.
        clock: Reads the moment.
        most: Most messages.
    """
    arrived = 0
    until = clock() + timedelta(seconds=JOB_SECONDS)
    timeout = queries.district_limits().timeout_seconds
    for _ in range(most):
        at = clock()
        claimed = _claim(partner_id, at) if at < until else None
        if claimed is None:
            break
        sent = _send(claimed, at=at, timeout_seconds=timeout)
        _settle(claimed, sent, at=clock())
        arrived += sent.delivered
    return arrived


@transaction.atomic
def _claim(partner_id: int, at: datetime) -> _Claimed | None:
    row = Partner.objects.get(pk=partner_id)
    partner = partner_view(row)
    if not partner.live(day_of(at)) or (row.paused_until is not None and row.paused_until > at):
        return None
    before = Push.objects.filter(
        conversation=OuterRef("conversation"),
        sequence__lt=OuterRef("sequence"),
        state__in=[PushState.WAITING.value, PushState.DEAD.value],
    )
    push = (
        Push.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("conversation")
        .filter(
            Q(claimed_until__isnull=True) | Q(claimed_until__lte=at),
            ~Exists(before),
            partner_id=partner_id,
            state=PushState.WAITING.value,
            next_at__lte=at,
        )
        .order_by("next_at", "id")
        .first()
    )
    if push is None:
        return None
    push.attempts += 1
    push.claimed_until = at + CLAIM
    push.save(update_fields=["attempts", "claimed_until"])
    return _Claimed(
        push=push.pk,
        message_id=push.message_id,
        kind=PushKind(push.kind),
        sequence=push.sequence,
        next_in=push.conversation.next_in,
        case_number=push.conversation.case_number,
        created_at=push.created_at,
        partner=partner,
    )


def _send(claimed: _Claimed, *, at: datetime, timeout_seconds: int) -> Sent:
    partner = claimed.partner
    key = queries.signing_key(partner.id)
    if key is None:
        return Sent(delivered=False, why="还没有为该系统生成密钥，请系统管理员生成后再发。")
    files = partner.kind is PartnerKind.FILES
    try:
        page = body.page_of(claimed.case_number, partner.department)
    except RefusedError as refusal:
        return Sent(delivered=False, why=f"办件已不由该部门办理：{refusal.message}", final=True)
    with transaction.atomic():
        told = body.case_body(
            page,
            partner.department,
            file_of=body.file_in_folder
            if files
            else body.file_by_link(partner=partner.id, case_number=claimed.case_number, at=at),
            at=at,
        )
        raw = body.push_bytes(
            message_id=claimed.message_id,
            kind=claimed.kind,
            sequence=claimed.sequence,
            next_sequence=claimed.next_in,
            created_at=claimed.created_at,
            case=told,
        )
        digest = hashlib.sha256(raw).hexdigest()
        Push.objects.filter(pk=claimed.push).update(body_sha256=digest)
        audit.record(
            at=at,
            actor=body.GATEWAY,
            act="exchange.push",
            target=f"case:{claimed.case_number}",
            detail={
                "system": partner.code,
                "message": claimed.message_id,
                "kind": claimed.kind.value,
                "sequence": claimed.sequence,
                "sha256": digest,
            },
            department=partner.department,
            purpose="由办理部门的业务系统办理",
        )
    if files:
        return outbox_folder.write(
            partner.code,
            name=claimed.message_id,
            message_id=claimed.message_id,
            raw=raw,
            uploads=body.uploads_of(page).values(),
            key=key,
            at=at,
        )
    headers = {
        "content-type": "application/json",
        "content-digest": signatures.content_digest(raw),
        "idempotency-key": claimed.message_id,
    }
    path = urlsplit(partner.address).path or "/"
    message = signatures.Message(method="POST", path=path, headers=headers)
    signed = signatures.sign(message, key, created=at, nonce=secrets.token_hex(16))
    return transport.post(partner.address, raw, headers | signed, timeout_seconds=timeout_seconds)


@transaction.atomic
def _settle(claimed: _Claimed, sent: Sent, *, at: datetime) -> None:
    partner = Partner.objects.select_for_update().get(pk=claimed.partner.id)
    push = Push.objects.select_for_update().get(pk=claimed.push)
    if push.state != PushState.WAITING.value:
        return
    push.claimed_until = None
    if sent.delivered:
        push.state, push.delivered_at, push.failure = PushState.DELIVERED.value, at, ""
        partner.failures, partner.paused_until, partner.heard_at = 0, None, at
    else:
        push.failure = sent.why[:500]
        if sent.final or push.attempts >= queries.district_limits().attempts:
            push.state = PushState.DEAD.value
            _report_dead(push, claimed, at=at)
        else:
            push.next_at = at + wait_after(push.attempts)
        if not sent.final:
            partner.failures += 1
            pause = pause_after(partner.failures)
            partner.paused_until = at + pause if pause else None
    push.save(update_fields=["state", "delivered_at", "failure", "next_at", "claimed_until"])
    partner.save(update_fields=["failures", "paused_until", "heard_at"])


def _report_dead(push: Push, claimed: _Claimed, *, at: datetime) -> None:
    audit.record(
        at=at,
        actor=body.GATEWAY,
        act="exchange.push_failed",
        target=f"case:{claimed.case_number}",
        detail={
            "system": claimed.partner.code,
            "message": push.message_id,
            "tries": push.attempts,
        },
        department=push.department_code,
    )
