"""Delivery of the result (送达), and messages to applicants."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from yiwang.cases.models import Case, CaseDocument, Delivery, Message
from yiwang.cases.policy.states import STEPS, CaseState, Step
from yiwang.cases.policy.terms import DeliveryChannel, DocumentKind
from yiwang.cases.queries import CaseNotFoundError, CaseView, case_view
from yiwang.cases.services.accepting import CLOSING_FIELDS, close, publish_closed
from yiwang.cases.services.steps import (
    Capacity,
    capacity,
    locked,
    move,
    require_version,
    written,
)
from yiwang.kernel.errors import RefusedError
from yiwang.organisations.permissions import Actor

DECISIONS = (DocumentKind.GRANT_DECISION.value, DocumentKind.REFUSAL_DECISION.value)


class DeliveryRefusedError(RefusedError):
    """There is nothing to deliver yet."""

    code = "cases.delivery_refused"


@transaction.atomic
def deliver_case(
    *,
    number: str,
    channel: DeliveryChannel,
    by: Actor,
    at: datetime,
    result: str = "",
    version: int | None = None,
) -> CaseView:
    """Hand over the result (送达发证); the first time closes the case, later ones are copies.

    Args:
        number: Case number.
        channel: Handed over at the window, by post, or in the portal.
        by: Holds a post that delivers.
        at: Moment of delivery.
        result: What the record says, such as a parcel number; empty: the channel's label.
        version: Row version `by` saw.

    Raises:
        CaseNotFoundError: no such case for these eyes.
        PermissionRefusedError: `by` may not deliver in this department.
        ConflictRefusedError: somebody acted since `version`.
        DeliveryRefusedError: not decided yet.
        TextRefusedError: the record is too long.

    Source:
        行政许可法 第四十四条.
    """
    case = locked(number)
    acting = capacity(case, STEPS[Step.CLOSE], by)
    require_version(case, version)
    if case.decided_at is None:
        raise DeliveryRefusedError(f"办件现为“{CaseState(case.state).label}”，作出决定后才能送达。")
    result = written(result or f"已通过{channel.label}送达", "送达结果")
    deliver(case, channel=channel, result=result[:200], acting=acting, by=by, at=at)
    return case_view(case)


def deliver(
    case: Case,
    *,
    channel: DeliveryChannel,
    result: str,
    acting: Capacity,
    by: Actor,
    at: datetime,
) -> None:
    """Record the delivery of the decision of a locked case, and close it if it was open."""
    Delivery.objects.create(
        case=case,
        document=CaseDocument.objects.filter(case=case, kind__in=DECISIONS).first(),
        channel=channel.value,
        at=at,
        to_name=case.applicant_name,
        result=result,
        by=by.ref,
    )
    if CaseState(case.state) not in STEPS[Step.CLOSE].starts:
        return
    close(case, at)
    move(
        case,
        Step.CLOSE,
        acting=acting,
        by=by,
        at=at,
        changed=CLOSING_FIELDS,
        reason=result,
    )
    publish_closed(case)


@transaction.atomic
def read_message(*, message_id: int, by: Actor, at: datetime) -> None:
    """Note that the recipient read a message; a second call changes nothing.

    Raises:
        CaseNotFoundError: no such message to `by`.
    """
    message = Message.objects.select_for_update().filter(pk=message_id).first()
    if message is None or not by.acts_for(message.to_ref):
        raise CaseNotFoundError
    if message.read_at is None:
        message.read_at = max(at, message.at)
        message.save(update_fields=["read_at"])
