"""What acts between acceptance and decision share: a line of a record, a letter sent with it."""

from __future__ import annotations

from datetime import datetime

from yiwang.cases.models import Case, Delivery
from yiwang.cases.policy.procedure import is_immediate
from yiwang.cases.policy.terms import DeliveryChannel
from yiwang.catalogue.policy.items import ItemVersion
from yiwang.kernel.errors import RefusedError
from yiwang.organisations.permissions import Actor

LINE_LENGTH = 200
"""Longest name, place or number of a record, in characters."""


class ProcedureRefusedError(RefusedError):
    """The procedure cannot be taken like that."""

    code = "cases.procedure_refused"


def line(text: str, what: str, *, needed: bool = True) -> str:
    """Return one line of text, trimmed.

    Raises:
        ProcedureRefusedError: it is missing though needed, or too long.
    """
    text = " ".join(text.split())
    if needed and not text:
        raise ProcedureRefusedError(f"请填写{what}。")
    if len(text) > LINE_LENGTH:
        raise ProcedureRefusedError(f"{what}最多{LINE_LENGTH}个字，请缩短后再提交。")
    return text


def send(
    case: Case,
    document: int,
    *,
    channel: DeliveryChannel,
    result: str,
    by: Actor,
    at: datetime,
) -> Delivery:
    """Record in the same act how a letter reached the applicant (送达)."""
    text = line(result, "送达结果", needed=False) or (
        "已送达申请人的平台账号"
        if channel is DeliveryChannel.IN_APP
        else f"已通过{channel.label}送达"
    )
    return Delivery.objects.create(
        case=case,
        document_id=document,
        channel=channel.value,
        at=at,
        to_name=case.applicant_name,
        result=text,
        by=by.ref,
    )


def refuse_immediate(item: ItemVersion) -> None:
    """Stop where the result is given at once.

    Raises:
        ProcedureRefusedError: it is.
    """
    if is_immediate(item):
        raise ProcedureRefusedError(
            "本事项当场作出决定，没有可以停止或者延长的期限，请直接作出决定。"
        )
