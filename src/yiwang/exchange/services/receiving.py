"""What a department's system tells, in order, each thing once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from django.db import IntegrityError, transaction

from yiwang.audit import services as audit
from yiwang.cases import queries as cases
from yiwang.cases import services as acts
from yiwang.cases.policy.states import CaseState, StepRefusedError
from yiwang.cases.policy.terms import Outcome
from yiwang.cases.queries import CaseNotFoundError
from yiwang.cases.services import ConflictRefusedError, NotHolderError
from yiwang.cases.services.outside import take_outside
from yiwang.exchange import body, queries
from yiwang.exchange.models import Conversation, Returned
from yiwang.exchange.policy import messages
from yiwang.exchange.policy.messages import MessageRefusedError, Person
from yiwang.exchange.policy.terms import ReturnState
from yiwang.exchange.queries import PartnerView
from yiwang.exchange.services import doing
from yiwang.exchange.services.counting import turn_away
from yiwang.exchange.services.doing import person_actor
from yiwang.kernel.errors import RefusedError
from yiwang.kernel.hashing import sha256
from yiwang.kernel.workdays import CalendarGapError, WorkdayCalendar
from yiwang.organisations.permissions import Actor, PermissionRefusedError, Post

WAIT = 202
"""Status of the answer to what came too early."""

HELD_MOST = 50
"""Messages of one case that may wait for one before them."""

STATUSES: tuple[tuple[type[RefusedError], int], ...] = (
    (CaseNotFoundError, 404),
    (PermissionRefusedError, 403),
    (ConflictRefusedError, 409),
    (StepRefusedError, 409),
    (NotHolderError, 409),
    (RefusedError, 422),
)


class ForeignCaseError(RefusedError):
    """The case was never sent to this system."""

    code = "exchange.foreign_case"

    def __init__(self) -> None:
        super().__init__("没有向本系统推送过这个办件，请核对办件编号。")


class OrderRefusedError(RefusedError):
    """The sequence of the message is used, or too far ahead."""

    code = "exchange.order_refused"


class HandledHereError(RefusedError):
    """The case is handled on the platform by now."""

    code = "exchange.handled_here"


class CannotYetError(RefusedError):
    """The platform has no act for what is told."""

    code = "exchange.cannot"


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What is answered, the same each time."""

    status: int
    body: dict[str, Any]

    @property
    def problem(self) -> bool:
        """Whether the body is a problem (RFC 9457)."""
        return self.status >= 400


def problem(status: int, refusal: RefusedError) -> Reply:
    """Return a refusal as `application/problem+json`."""
    return Reply(
        status=status,
        body={
            "type": f"urn:yiwang:{refusal.code}",
            "title": TITLES.get(status, "报文没有办理"),
            "status": status,
            "detail": refusal.message,
            "code": refusal.code,
        },
    )


TITLES = {
    401: "签名未通过",
    403: "无权办理",
    404: "没有找到",
    409: "现在不能这样办理",
    413: "报文太大",
    422: "报文不符合要求",
    429: "调用太频繁",
}


def status_of(refusal: RefusedError) -> int:
    """Return the status that goes with a refusal of `cases`."""
    return next(status for kind, status in STATUSES if isinstance(refusal, kind))


def receive(
    *,
    partner: PartnerView,
    raw: bytes,
    signed_id: str,
    calendar: WorkdayCalendar,
    at: datetime,
    ip: str = "",
) -> Reply:
    """Take one message of a department's system and do what it says, in order.

    The same id with the same body gets the answer of the first time. What comes too early is held
    until the one before it has come. A message that is refused does not use up its sequence.

    Args:
        partner: Whose signature it bore.
        raw: The body as signed.
        signed_id: The id that the signature covers.
        calendar: For limits that start or dates of delivery.
        at: Moment of arrival.
        ip: Where it came from, for the trail.
    """
    try:
        message = messages.read(raw)
    except MessageRefusedError as refusal:
        return problem(413 if len(raw) > messages.LARGEST_BYTES else 422, refusal)
    if message.id != signed_id:
        return problem(
            422, MessageRefusedError("Idempotency-Key与正文的编号不符，请改为一致后重新签名。")
        )
    digest = sha256(raw)
    try:
        return _taken(partner, message, digest, calendar=calendar, at=at, ip=ip)
    except IntegrityError as error:
        if "exchange_returned_once" not in str(error):
            raise
    # The id came at the same moment for another case, whose row did not keep this one waiting.
    return _again(Returned.objects.get(partner_id=partner.id, message_id=message.id), digest)


@transaction.atomic
def _taken(
    partner: PartnerView,
    message: messages.Return,
    digest: str,
    *,
    calendar: WorkdayCalendar,
    at: datetime,
    ip: str,
) -> Reply:
    conversation = (
        Conversation.objects.select_for_update()
        .filter(partner_id=partner.id, case_number=message.case)
        .first()
    )
    if conversation is None:
        return _foreign(partner, message, at=at, ip=ip)
    known = Returned.objects.filter(partner_id=partner.id, message_id=message.id).first()
    if known is not None:
        return _again(known, digest)
    row = Returned(
        partner_id=partner.id,
        conversation=conversation,
        department_code=partner.department,
        message_id=message.id,
        sequence=message.sequence,
        kind=message.kind,
        body=message.model_dump(mode="json"),
        body_sha256=digest,
        received_at=at,
    )
    try:
        early = _place(conversation, message.sequence)
    except RefusedError as refusal:
        return _keep(row, ReturnState.REFUSED, problem(409, refusal), why=refusal.message)
    if early:
        return _keep(row, ReturnState.HELD, _told(row, conversation, ReturnState.HELD, WAIT))
    against = _try(partner, conversation, message, calendar=calendar, at=at, ip=ip)
    if against is not None:
        row.tries = 1
        answer = problem(status_of(against), against)
        return _keep(row, ReturnState.REFUSED, answer, why=against.message)
    row.tries, row.applied_at = 1, at
    _next(conversation)
    reply = _keep(row, ReturnState.APPLIED, _told(row, conversation, ReturnState.APPLIED, 200))
    drain(partner, conversation, calendar=calendar, at=at)
    return reply


def _foreign(partner: PartnerView, message: messages.Return, *, at: datetime, ip: str) -> Reply:
    refusal = ForeignCaseError()
    turn_away(reason=refusal.code, partner_code=partner.code, at=at, ip=ip)
    return problem(404, refusal)


def _again(known: Returned, digest: str) -> Reply:
    if known.body_sha256 != digest:
        return problem(
            422, MessageRefusedError("报文编号已用于另一份内容，请换一个新的编号后重发。")
        )
    return Reply(status=known.status, body=known.answer)


def _place(conversation: Conversation, sequence: int) -> bool:
    """Tell whether a message with `sequence` came too early.

    Raises:
        OrderRefusedError: its place is taken, or too many wait.
        HandledHereError: nothing is taken any more.
    """
    if conversation.handled_here_at is not None:
        raise HandledHereError("该办件已改由平台办理，不再接收回传，请登录平台查看。")
    if sequence < conversation.next_in:
        raise OrderRefusedError(
            f"序号{sequence}已经用过，下一条应为{conversation.next_in}，请核对后用新的编号重发。"
        )
    if sequence == conversation.next_in:
        return False
    held = conversation.returns.filter(state__in=[ReturnState.HELD.value, ReturnState.DEAD.value])
    if held.filter(sequence=sequence).exists():
        raise OrderRefusedError(f"序号{sequence}已有一条在等待，请先发序号{conversation.next_in}。")
    if held.count() >= HELD_MOST:
        raise OrderRefusedError(f"等待的报文太多，请先发序号{conversation.next_in}的报文。")
    return True


def _told(
    row: Returned, conversation: Conversation, state: ReturnState, status: int, detail: str = ""
) -> Reply:
    return Reply(
        status=status,
        body={
            "id": row.message_id,
            "case": conversation.case_number,
            "sequence": row.sequence,
            "state": state.value,
            "detail": detail
            or (
                f"已收到，等待序号{conversation.next_in}的报文。" if status == WAIT else "已办理。"
            ),
            "next_sequence": conversation.next_in,
        },
    )


def _keep(row: Returned, state: ReturnState, reply: Reply, *, why: str = "") -> Reply:
    row.state, row.status, row.answer, row.failure = state.value, reply.status, reply.body, why
    row.save(force_insert=True)
    return reply


def _next(conversation: Conversation) -> None:
    conversation.next_in += 1
    conversation.save(update_fields=["next_in", "their_number", "acknowledged_at"])


def drain(
    partner: PartnerView, conversation: Conversation, *, calendar: WorkdayCalendar, at: datetime
) -> None:
    """Do what waited for the message just done; stop at a gap or at what is refused now."""
    while True:
        row = conversation.returns.filter(
            state=ReturnState.HELD.value, sequence=conversation.next_in
        ).first()
        if row is None or not apply_kept(row, partner, conversation, calendar=calendar, at=at):
            return


def apply_kept(
    row: Returned,
    partner: PartnerView,
    conversation: Conversation,
    *,
    calendar: WorkdayCalendar,
    at: datetime,
) -> bool:
    """Do what a kept message says; refused, it becomes a dead letter that a person sees."""
    message = messages.read(_raw(row))
    refusal = _try(partner, conversation, message, calendar=calendar, at=at, ip="")
    row.tries += 1
    if refusal is not None:
        row.state, row.failure = ReturnState.DEAD.value, refusal.message[:500]
        row.save(update_fields=["state", "failure", "tries"])
        _report_dead(row, conversation, partner, at=at)
        return False
    row.state, row.failure, row.applied_at = ReturnState.APPLIED.value, "", at
    row.save(update_fields=["state", "failure", "tries", "applied_at"])
    _next(conversation)
    return True


def _raw(row: Returned) -> bytes:
    return orjson.dumps(row.body)


def _report_dead(
    row: Returned, conversation: Conversation, partner: PartnerView, *, at: datetime
) -> None:
    audit.record(
        at=at,
        actor=body.GATEWAY,
        act="exchange.return_failed",
        target=f"case:{conversation.case_number}",
        detail={"system": partner.code, "message": row.message_id, "sequence": row.sequence},
        department=row.department_code,
    )


def _try(
    partner: PartnerView,
    conversation: Conversation,
    message: messages.Return,
    *,
    calendar: WorkdayCalendar,
    at: datetime,
    ip: str,
) -> RefusedError | None:
    """Do what the message says; return what speaks against it, with nothing changed."""
    try:
        with transaction.atomic():
            _do(partner, conversation, message, calendar=calendar, at=at, ip=ip)
            audit.record(
                at=at,
                actor=body.GATEWAY,
                act=f"exchange.{message.kind}",
                target=f"case:{message.case}",
                detail={
                    "system": partner.code,
                    "message": message.id,
                    "sequence": message.sequence,
                },
                department=partner.department,
                ip=ip,
            )
    except RefusedError as refusal:
        return refusal
    except CalendarGapError:
        return CannotYetError("工作日历还没有覆盖办理期限，请稍后重发，并告知系统管理员更新日历。")
    return None


def _do(
    partner: PartnerView,
    conversation: Conversation,
    message: messages.Return,
    *,
    calendar: WorkdayCalendar,
    at: datetime,
    ip: str,
) -> None:
    def reviewer(person: Person) -> Actor:
        return person_actor(partner, person, Post.REVIEWER, ip=ip)

    number = message.case
    if isinstance(message, messages.Acknowledge):
        conversation.their_number = message.their_number.strip()
        conversation.acknowledged_at = conversation.acknowledged_at or at
    elif isinstance(message, messages.Accept):
        acts.accept_case(number=number, calendar=calendar, by=reviewer(message.person), at=at)
    elif isinstance(message, messages.AskCorrection):
        lines = [
            acts.CorrectionLine(
                material_id=line.material, what=line.what, why=line.why, example=line.example
            )
            for line in message.lines
        ]
        acts.ask_correction(number=number, lines=lines, by=reviewer(message.person), at=at)
    elif isinstance(message, messages.Decline):
        acts.decline_case(
            number=number,
            reason=message.reason,
            article=message.article,
            no_need=message.no_need,
            elsewhere=message.elsewhere,
            by=reviewer(message.person),
            at=at,
        )
    elif isinstance(message, messages.Review):
        take_outside(number=number, by=reviewer(message.person), at=at)
    elif isinstance(message, messages.Opinion):
        _propose(number, message.outcome, message.text, by=reviewer(message.reviewer), at=at)
    elif isinstance(message, messages.Result):
        _decide(partner, message, calendar=calendar, at=at, ip=ip)
    else:
        doing.go_on(partner, message, calendar=calendar, at=at, ip=ip)


def _propose(number: str, outcome: Outcome, text: str, *, by: Actor, at: datetime) -> None:
    take_outside(number=number, by=by, at=at)
    acts.propose(number=number, outcome=outcome, opinion=text, by=by, at=at)


def _decide(
    partner: PartnerView,
    message: messages.Result,
    *,
    calendar: WorkdayCalendar,
    at: datetime,
    ip: str,
) -> None:
    """Decide as the department decided; the review must be the one of the person it names."""
    reviewer = person_actor(partner, message.reviewer, Post.REVIEWER, ip=ip)
    decider = person_actor(partner, message.decider, Post.APPROVER, ip=ip)
    case = cases.case(message.case, by=reviewer)
    if case.state in {CaseState.ACCEPTED, CaseState.REVIEWING} and not case.reviewed_by:
        _propose(
            message.case,
            message.outcome,
            message.opinion or message.reason,
            by=reviewer,
            at=at,
        )
    elif case.reviewed_by != reviewer.ref and not case.immediate:
        raise OrderRefusedError(
            "审查人与平台记录的审查人不是同一人，请按实际提出审查意见的人填写后重发。"
        )
    elif any(
        message.decider.is_named(event.actor_name)
        for event in cases.timeline(message.case, by=reviewer)
        if event.actor == case.reviewed_by
    ):
        raise doing.SamePersonError(
            "审查（受理）本办件的人不能作决定，请由其他审批人员决定后重发。"
        )
    acts.decide(
        number=message.case,
        outcome=message.outcome,
        reason=message.reason,
        article=message.article,
        unmet=message.unmet,
        calendar=calendar,
        by=decider,
        at=at,
    )


def told(*, partner: PartnerView, message_id: str) -> Reply:
    """Answer what became of a message."""
    row = (
        Returned.objects.select_related("conversation")
        .filter(partner_id=partner.id, message_id=message_id[:64])
        .first()
    )
    if row is None:
        return problem(404, MessageRefusedError("没有收到过这个编号的报文，请核对编号。"))
    return _became(row)


def waited(*, partner: PartnerView, message_id: str) -> list[tuple[str, Reply]]:
    """Return what became of the messages of the same case that were told to wait, by their ids."""
    rows = Returned.objects.select_related("conversation").filter(
        conversation__partner_id=partner.id,
        conversation__returns__message_id=message_id,
        status=WAIT,
    )
    return [(row.message_id, _became(row)) for row in rows.exclude(state=ReturnState.HELD.value)]


def _became(row: Returned) -> Reply:
    state = ReturnState(row.state)
    return _told(row, row.conversation, state, 200, row.failure or state.label)


@transaction.atomic
def expire_held(*, at: datetime) -> int:
    """Make dead letters of what waited too long for the message before it."""
    hours = queries.district_limits().hold_hours
    rows = (
        Returned.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("conversation", "partner")
        .filter(state=ReturnState.HELD.value, received_at__lt=at - timedelta(hours=hours))
    )
    for row in rows:
        row.state = ReturnState.DEAD.value
        row.failure = f"等了{hours}小时，没有收到序号{row.conversation.next_in}的报文。"
        row.save(update_fields=["state", "failure"])
        _report_dead(row, row.conversation, queries.partner_view(row.partner), at=at)
    return len(rows)
