"""Delivery of letters (送达): at a window, by post until it arrives, or in the portal; messages."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from yiwang.audit import services as audit
from yiwang.cases.models import Case, CaseDocument, Delivery, Dispatch, LetterReading, Message
from yiwang.cases.policy import letters
from yiwang.cases.policy.deadlines import day_of
from yiwang.cases.policy.states import STEPS, CaseState, Step
from yiwang.cases.policy.terms import (
    INTERNAL_LETTERS,
    DeliveryChannel,
    DocumentKind,
    Relation,
)
from yiwang.cases.policy.visiting import WindowAct
from yiwang.cases.queries import CaseNotFoundError, CaseView, case_view
from yiwang.cases.queries.delivering import needs_delivery
from yiwang.cases.queries.visiting import undelivered
from yiwang.cases.services import kept, posting
from yiwang.cases.services.accepting import CLOSING_FIELDS, close, publish_closed
from yiwang.cases.services.posting import DECISIONS
from yiwang.cases.services.steps import (
    Capacity,
    begin,
    capacity,
    drop_wish,
    heading,
    issue,
    locked,
    move,
    require_version,
    version_of,
    written,
)
from yiwang.cases.services.visiting import Visitor, note_visit
from yiwang.kernel.errors import RefusedError
from yiwang.organisations.permissions import Actor

CARRIER_LENGTH = 40
"""Longest name of a carrier and longest tracking number, in characters."""

RECORD_LENGTH = 200


class DeliveryRefusedError(RefusedError):
    """There is nothing to deliver yet, or not like that."""

    code = "cases.delivery_refused"


@transaction.atomic
def deliver_case(
    *,
    number: str,
    channel: DeliveryChannel,
    by: Actor,
    at: datetime,
    result: str = "",
    recipient: str = "",
    relation: Relation = Relation.SELF,
    on: date | None = None,
    version: int | None = None,
) -> CaseView:
    """Hand over the result (送达发证); the first time closes the case, later ones are copies.

    A parcel is sent by `send_result` and closes the case when it arrives.

    Args:
        number: Case number.
        channel: Handed over at the window or in the portal; by post only copies.
        by: Holds a post that delivers.
        at: Moment of delivery.
        result: What the record says; empty: the channel's label.
        recipient: Who took it; empty: the applicant. In the portal nobody signs a receipt.
        relation: Of the recipient to the applicant.
        on: Day of handing over where it is written down later; None: the day of `at`.
        version: Row version `by` saw.

    Raises:
        CaseNotFoundError: no such case for these eyes.
        PermissionRefusedError: `by` may not deliver in this department.
        ConflictRefusedError: somebody acted since `version`.
        DeliveryRefusedError: not decided yet, by post before it was sent or while the applicant
            waits for a parcel, or the day does not fit.
        TextRefusedError: the record is too long.

    Source:
        行政许可法 第四十四条.
    """
    case = locked(number)
    acting = capacity(case, STEPS[Step.CLOSE], by)
    require_version(case, version)
    if case.decided_at is None:
        raise DeliveryRefusedError(f"办件现为“{CaseState(case.state).label}”，作出决定后才能送达。")
    running = CaseState(case.state) in STEPS[Step.CLOSE].starts
    if channel is DeliveryChannel.POST and running:
        raise DeliveryRefusedError("邮寄的请先登记承运单位和邮件号码，签收后办件办结。")
    if channel is DeliveryChannel.POST and posting.waiting(case) is not None:
        raise DeliveryRefusedError("申请人要求邮寄结果，请在“结果邮寄”中登记寄出，不要寄两次。")
    result = written(result or f"已通过{channel.label}送达", "送达结果")
    day = on or day_of(at)
    if not day_of(case.decided_at) <= day <= day_of(at):
        raise DeliveryRefusedError(
            f"送达日期应在作出决定之日（{letters.chinese_day(day_of(case.decided_at))}）至今天之间，请核对。"
        )
    if day != day_of(at):
        result = f"{letters.chinese_day(day)}，{result}"
    deliver(
        case,
        channel=channel,
        result=result[:RECORD_LENGTH],
        acting=acting,
        by=by,
        at=at,
        recipient=recipient,
        relation=relation,
        on=day,
    )
    return case_view(case)


def deliver(
    case: Case,
    *,
    channel: DeliveryChannel,
    result: str,
    acting: Capacity,
    by: Actor,
    at: datetime,
    recipient: str = "",
    relation: Relation = Relation.SELF,
    on: date | None = None,
) -> None:
    """Record the delivery of the decision of a locked case, and close it if it was open."""
    document = CaseDocument.objects.filter(case=case, kind__in=DECISIONS).first()
    if channel is DeliveryChannel.PRINT:
        drop_wish(case, at=at)  # who has it in their hands wants no parcel
    row = Delivery.objects.create(
        case=case,
        document=document,
        channel=channel.value,
        at=at,
        to_name=recipient.strip()[:RECORD_LENGTH] or case.applicant_name,
        relation=relation.value,
        result=result,
        by=by.ref,
    )
    taken = bool(recipient) or channel is DeliveryChannel.PRINT  # somebody stood there and signed
    if taken and document is not None:
        _issue_receipt(case, document, row, relation=relation, by=by, at=at, on=on)
    if CaseState(case.state) not in STEPS[Step.CLOSE].starts:
        audit.record(
            at=at,
            actor=by.ref,
            act="cases.deliver_copy",
            target=f"case:{case.number}",
            detail={"channel": channel.value},
            department=acting.department,
            ip=by.ip,
        )
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


def _issue_receipt(
    case: Case,
    document: CaseDocument,
    row: Delivery,
    *,
    relation: Relation,
    by: Actor,
    at: datetime,
    on: date | None = None,
) -> None:
    """Write the receipt of delivery (送达回证) of one letter."""
    item, day = version_of(case), on or day_of(at)
    seal = kept.department(document.seal_department)
    issue(
        case,
        DocumentKind.DELIVERY_RECEIPT,
        body=letters.delivery_receipt(
            heading(case, item, seal.name),
            letter=f"{document.title}（{document.number}）",
            channel=DeliveryChannel(row.channel).label,
            recipient=row.to_name,
            relation=relation.label,
            on=day,
            delivered_by=by.name or by.ref,
            note=row.result,
        ),
        item=item,
        seal=seal,
        by=by,
        at=at,
        message=f"“{document.title}”已于{letters.chinese_day(day)}送达，"
        f"由{row.to_name}（{relation.label}）签收。",
        subject=str(row.pk),
    )


@transaction.atomic
def send_result(
    *,
    number: str,
    carrier: str,
    tracking_number: str,
    by: Actor,
    at: datetime,
    to_name: str = "",
    version: int | None = None,
) -> CaseView:
    """Send the decision by post or courier (邮寄送达); the case waits until it arrives.

    What came back may be sent again.

    Args:
        number: Case number.
        carrier: Who carries it.
        tracking_number: Under which number.
        by: Holds a post that delivers.
        at: Moment of sending.
        to_name: Addressee; empty: who the applicant named, else the applicant.
        version: Row version `by` saw.

    Raises:
        CaseNotFoundError: no such case for these eyes.
        PermissionRefusedError: `by` may not deliver in this department.
        ConflictRefusedError: somebody acted since `version`.
        StepRefusedError: not decided, or with the applicant already.
        DeliveryRefusedError: a parcel is under way.
        TextRefusedError: carrier or number are missing or too long.

    Source:
        行政许可法 第四十四条.
    """
    case, acting = begin(number, Step.SEND, by=by, version=version)
    carrier = named(carrier, "承运单位")
    tracking_number = named("".join(tracking_number.split()).upper(), "邮件号码")
    document = CaseDocument.objects.get(case=case, kind__in=DECISIONS)
    wish = posting.waiting(case)
    under_way = _under_way(document)
    if under_way is not None:
        raise DeliveryRefusedError(
            f"“{under_way.carrier} {under_way.tracking_number}”还在途中，"
            "请先登记签收或者退回，再重新寄送。"
        )
    Dispatch.objects.create(
        case=case,
        document=document,
        carrier=carrier,
        tracking_number=tracking_number,
        to_name=to_name.strip()[:RECORD_LENGTH] or (wish.to_name if wish else case.applicant_name),
        sent_by=by.ref,
        sent_at=at,
        sent_on=day_of(at),
    )
    posting.note_sent(case, carrier=carrier, tracking_number=tracking_number, on=day_of(at), by=by)
    move(case, Step.SEND, acting=acting, by=by, at=at, reason=f"{carrier} {tracking_number}")
    Message.objects.create(
        to_ref=case.applicant_ref,
        case=case,
        title=f"文书已寄出（{case.query_code}）",
        body=f"“{document.title}”已由{carrier}寄出，邮件号码{tracking_number}，请注意查收。",
        at=at,
    )
    return case_view(case)


@transaction.atomic
def note_arrival(
    *,
    number: str,
    arrived_on: date,
    signed_by: str,
    relation: Relation,
    by: Actor,
    at: datetime,
    version: int | None = None,
) -> CaseView:
    """Note that a parcel arrived (签收): receipt of delivery, case closed.

    Raises:
        CaseNotFoundError: no such case for these eyes.
        PermissionRefusedError: `by` may not deliver in this department.
        ConflictRefusedError: somebody acted since `version`.
        StepRefusedError: nothing waits for delivery.
        DeliveryRefusedError: no parcel is under way, or the day does not fit.
        TextRefusedError: nobody signed.
    """
    case, acting = begin(number, Step.CLOSE, by=by, version=version)
    dispatch = _dispatched(case)
    _check_day(dispatch, arrived_on, at)
    dispatch.signed_by = named(signed_by, "签收人")
    dispatch.arrived_on, dispatch.relation = arrived_on, relation.value
    _note(dispatch, by=by, at=at)
    deliver(
        case,
        channel=DeliveryChannel.POST,
        result=f"{dispatch.carrier} {dispatch.tracking_number}，"
        f"{letters.chinese_day(arrived_on)}签收",
        acting=acting,
        by=by,
        at=at,
        recipient=dispatch.signed_by,
        relation=relation,
        on=arrived_on,
    )
    return case_view(case)


@transaction.atomic
def note_return(
    *,
    number: str,
    returned_on: date,
    reason: str,
    by: Actor,
    at: datetime,
    version: int | None = None,
) -> CaseView:
    """Note that a parcel came back (退回): it stands on the list of what is undelivered.

    Raises:
        CaseNotFoundError: no such case for these eyes.
        PermissionRefusedError: `by` may not deliver in this department.
        ConflictRefusedError: somebody acted since `version`.
        StepRefusedError: nothing was sent.
        DeliveryRefusedError: no parcel is under way, or the day does not fit.
        TextRefusedError: no reason.
    """
    case, acting = begin(number, Step.NOTE_RETURN, by=by, version=version)
    dispatch = _dispatched(case)
    _check_day(dispatch, returned_on, at)
    dispatch.returned_on = returned_on
    dispatch.return_reason = written(reason, "退回原因")[:RECORD_LENGTH]
    _note(dispatch, by=by, at=at)
    posting.note_returned(
        case,
        tracking_number=dispatch.tracking_number,
        on=returned_on,
        reason=dispatch.return_reason,
        at=at,
    )
    move(case, Step.NOTE_RETURN, acting=acting, by=by, at=at, reason=dispatch.return_reason)
    return case_view(case)


def named(text: str, what: str) -> str:
    """Return the name or number of a parcel, which must be there and fit the column."""
    text = written(text, what)
    if len(text) > CARRIER_LENGTH:
        raise DeliveryRefusedError(f"{what}最多{CARRIER_LENGTH}个字，请核对后填写。")
    return text


def _under_way(document: CaseDocument) -> Dispatch | None:
    return (
        Dispatch.objects.select_for_update()
        .filter(document=document, arrived_on=None, returned_on=None)
        .first()
    )


def _dispatched(case: Case) -> Dispatch:
    found = (
        Dispatch.objects.select_for_update()
        .filter(case=case, arrived_on=None, returned_on=None)
        .first()
    )
    if found is None:
        raise DeliveryRefusedError("没有在途的邮件，请先登记寄送，或者在窗口当面送达。")
    return found


def _check_day(dispatch: Dispatch, day: date, at: datetime) -> None:
    if not dispatch.sent_on <= day <= day_of(at):
        raise DeliveryRefusedError(
            f"日期应在寄出之日（{letters.chinese_day(dispatch.sent_on)}）至今天之间，请核对。"
        )


def _note(dispatch: Dispatch, *, by: Actor, at: datetime) -> None:
    dispatch.noted_by, dispatch.noted_at = by.ref, at
    dispatch.save(
        update_fields=[
            "arrived_on",
            "signed_by",
            "relation",
            "returned_on",
            "return_reason",
            "noted_by",
            "noted_at",
        ]
    )


@transaction.atomic
def deliver_letter(
    *,
    document_id: int,
    channel: DeliveryChannel,
    recipient: str,
    relation: Relation,
    by: Actor,
    at: datetime,
    result: str = "",
) -> None:
    """Hand over a letter other than the decision, such as a revocation (送达文书).

    Args:
        document_id: The letter.
        channel: At a window, or by post once it arrived.
        recipient: Who took it.
        relation: Of the recipient to the addressee.
        by: Holds a post that delivers in a department of the case.
        at: Moment of delivery.
        result: What the record says, such as a parcel number.

    Raises:
        CaseNotFoundError: no such letter for these eyes.
        PermissionRefusedError: `by` may not deliver in this department.
        DeliveryRefusedError: it needs no delivery, or was delivered.
        TextRefusedError: nobody took it.
    """
    found = CaseDocument.objects.select_related("case").filter(pk=document_id).first()
    if found is None:
        raise CaseNotFoundError
    case = locked(found.case.number)
    acting = capacity(case, STEPS[Step.CLOSE], by)
    if found.kind in DECISIONS or not needs_delivery(found):
        raise DeliveryRefusedError("决定书请在“送达发证”中送达；其他文书不需要登记送达。")
    if Delivery.objects.filter(document=found).exclude(channel="in_app").exists():
        raise DeliveryRefusedError("这份文书已经登记送达，请刷新后查看。")
    _deliver_other(
        case,
        found,
        channel=channel,
        recipient=named(recipient, "签收人"),
        relation=relation,
        result=written(result or f"已通过{channel.label}送达", "送达结果")[:RECORD_LENGTH],
        acting=acting,
        by=by,
        at=at,
    )


def _deliver_other(
    case: Case,
    found: CaseDocument,
    *,
    channel: DeliveryChannel,
    recipient: str,
    relation: Relation,
    result: str,
    acting: Capacity,
    by: Actor,
    at: datetime,
) -> None:
    row = Delivery.objects.create(
        case=case,
        document=found,
        channel=channel.value,
        at=at,
        to_name=recipient,
        relation=relation.value,
        result=result,
        by=by.ref,
    )
    _issue_receipt(case, found, row, relation=relation, by=by, at=at)
    audit.record(
        at=at,
        actor=by.ref,
        act="cases.deliver_letter",
        target=f"case:{case.number}",
        detail={"document": found.number, "channel": channel.value},
        department=acting.department,
        ip=by.ip,
    )


@transaction.atomic
def hand_over(
    *,
    number: str,
    visitor: Visitor,
    by: Actor,
    at: datetime,
    version: int | None = None,
) -> CaseView:
    """Hand over at a window everything that waits for whoever came (当场送达).

    The decision with the licence closes the case; each letter gets its receipt of delivery.

    Args:
        number: Case number.
        visitor: Who takes it.
        by: Holds a post that delivers in a department of the case.
        at: Moment of handing over.
        version: Row version `by` saw.

    Raises:
        CaseNotFoundError: no such case for these eyes.
        PermissionRefusedError: `by` may not deliver in this department.
        ConflictRefusedError: somebody acted since `version`.
        DeliveryRefusedError: nothing waits, or a parcel with it is under way.
        VisitRefusedError: whoever is there was not identified.

    Source:
        行政许可法 第四十四条.
    """
    case = locked(number)
    acting = capacity(case, STEPS[Step.CLOSE], by)
    require_version(case, version)
    waiting = undelivered(case)
    if not waiting:
        raise DeliveryRefusedError("本办件没有等待当面送达的文书，请查看送达记录。")
    parcel = next((one for row in waiting if (one := _under_way(row)) is not None), None)
    if parcel is not None:
        raise DeliveryRefusedError(
            f"“{parcel.carrier} {parcel.tracking_number}”还在途中，请先登记签收或者退回。"
        )
    visit = note_visit(case, WindowAct.HAND_OVER, visitor, acting=acting, by=by, at=at)
    for row in waiting:
        if row.kind in DECISIONS:
            deliver(
                case,
                channel=DeliveryChannel.PRINT,
                result="已在窗口当场送达",
                acting=acting,
                by=by,
                at=at,
                recipient=visit.name,
                relation=visitor.relation,
            )
        else:
            _deliver_other(
                case,
                row,
                channel=DeliveryChannel.PRINT,
                recipient=visit.name,
                relation=visitor.relation,
                result="已在窗口当场送达",
                acting=acting,
                by=by,
                at=at,
            )
    return case_view(case)


@transaction.atomic
def read_letter(*, document_id: int, by: Actor, at: datetime) -> None:
    """Note when the recipient first opened a letter; later openings change nothing."""
    found = CaseDocument.objects.select_related("case").filter(pk=document_id).first()
    if found is None or not by.acts_for(found.case.applicant_ref):
        return
    if found.kind in INTERNAL_LETTERS:
        return
    LetterReading.objects.get_or_create(document=found, defaults={"by": by.ref, "at": at})


@transaction.atomic
def read_message(*, message_id: int, by: Actor, at: datetime) -> None:
    """Note that the recipient read a message; a second call changes nothing.

    Raises:
        CaseNotFoundError: no such message to `by`.
    """
    message = Message.objects.select_for_update().filter(pk=message_id).first()
    if message is None or not (by.acts_for(message.to_ref) or by.ref == message.to_ref):
        raise CaseNotFoundError
    if message.read_at is None:
        message.read_at = max(at, message.at)
        message.save(update_fields=["read_at"])
