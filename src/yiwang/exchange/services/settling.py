"""What a person does about a message that did not arrive or could not be done."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from yiwang.audit import services as audit
from yiwang.exchange.models import Conversation, Partner, Push, Returned
from yiwang.exchange.policy.terms import Direction, PushState, ReturnState
from yiwang.exchange.queries import partner_view, require_manager
from yiwang.exchange.services.receiving import apply_kept, drain
from yiwang.kernel.errors import RefusedError
from yiwang.kernel.workdays import WorkdayCalendar
from yiwang.organisations.permissions import Actor

REASON_CHARS = 200


class SettlingRefusedError(RefusedError):
    """The message is settled already, or no reason was given."""

    code = "exchange.settling_refused"


@transaction.atomic
def send_letter_again(
    *, direction: Direction, letter_id: int, calendar: WorkdayCalendar, by: Actor, at: datetime
) -> bool:
    """Send a dead push again from the first try, or do again what a dead return says (重发).

    A return that waited in vain for one before it is done without that one.

    Args:
        direction: Which kind of message.
        letter_id: Its key.
        calendar: For limits that start.
        by: Looks after the department's messages.
        at: Moment of the act.

    Returns:
        Whether it is settled: a push waits to be sent; a return may have been refused again.

    Raises:
        PermissionRefusedError: another department's.
        LookupError: no such message.
        SettlingRefusedError: not a dead letter any more.
    """
    if direction is Direction.OUT:
        push = _dead_push(letter_id, by)
        push.state, push.attempts, push.next_at = PushState.WAITING.value, 0, at
        push.settled_by = by.ref
        push.save(update_fields=["state", "attempts", "next_at", "settled_by"])
        Partner.objects.filter(pk=push.partner_id).update(failures=0, paused_until=None)
        _note(push, push.conversation, act="exchange.send_again", by=by, at=at)
        return True
    row, conversation = _dead_return(letter_id, by)
    partner = partner_view(Partner.objects.get(pk=row.partner_id))
    if row.sequence > conversation.next_in:
        conversation.next_in = row.sequence
    row.settled_by = by.ref
    row.save(update_fields=["settled_by"])
    _note(row, conversation, act="exchange.apply_again", by=by, at=at)
    done = apply_kept(row, partner, conversation, calendar=calendar, at=at)
    if done:
        drain(partner, conversation, calendar=calendar, at=at)
    return done


@transaction.atomic
def give_up_letter(
    *, direction: Direction, letter_id: int, reason: str, by: Actor, at: datetime
) -> None:
    """Give a message up and handle the case here from now on (放弃，改由平台办理).

    Nothing more is sent or taken for the case; its clocks go on as they are.

    Raises:
        PermissionRefusedError: another department's.
        LookupError: no such message.
        SettlingRefusedError: not a dead letter any more, or no reason.
    """
    reason = reason.strip()
    if not reason or len(reason) > REASON_CHARS:
        raise SettlingRefusedError(f"请填写放弃的理由，最多{REASON_CHARS}字。")
    row: Push | Returned
    if direction is Direction.OUT:
        row = _dead_push(letter_id, by)
        conversation = row.conversation
        row.state = PushState.GIVEN_UP.value
    else:
        row, conversation = _dead_return(letter_id, by)
        row.state = ReturnState.GIVEN_UP.value
    row.settled_by, row.settled_reason = by.ref, reason
    row.save(update_fields=["state", "settled_by", "settled_reason"])
    conversation.handled_here_at = at
    conversation.save(update_fields=["handled_here_at"])
    rest = {"settled_by": by.ref, "settled_reason": reason}
    conversation.pushes.filter(state__in=[PushState.WAITING.value, PushState.DEAD.value]).update(
        state=PushState.GIVEN_UP.value, **rest
    )
    conversation.returns.filter(state__in=[ReturnState.HELD.value, ReturnState.DEAD.value]).update(
        state=ReturnState.GIVEN_UP.value, **rest
    )
    _note(row, conversation, act="exchange.give_up", by=by, at=at, reason=reason)


def _dead_push(letter_id: int, by: Actor) -> Push:
    row = (
        Push.objects.select_for_update(of=("self",))
        .select_related("conversation")
        .filter(pk=letter_id)
        .first()
    )
    if row is None:
        raise LookupError(f"no push {letter_id}")
    require_manager(by, row.department_code)
    if row.state != PushState.DEAD.value:
        raise SettlingRefusedError("该报文已经有人处理，请刷新后查看。")
    return row


def _dead_return(letter_id: int, by: Actor) -> tuple[Returned, Conversation]:
    found = Returned.objects.filter(pk=letter_id).first()
    if found is None:
        raise LookupError(f"no return {letter_id}")
    conversation = Conversation.objects.select_for_update().get(pk=found.conversation_id)
    row = Returned.objects.select_for_update().get(pk=letter_id)
    require_manager(by, row.department_code)
    if row.state != ReturnState.DEAD.value:
        raise SettlingRefusedError("该报文已经有人处理，请刷新后查看。")
    return row, conversation


def _note(
    row: Push | Returned,
    conversation: Conversation,
    *,
    act: str,
    by: Actor,
    at: datetime,
    reason: str = "",
) -> None:
    audit.record(
        at=at,
        actor=by.ref,
        act=act,
        target=f"case:{conversation.case_number}",
        detail={"message": row.message_id} | ({"reason": reason} if reason else {}),
        department=row.department_code,
        ip=by.ip,
    )
