"""Posting the paper result that an applicant asked for (寄出结果), in any state of the case."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from yiwang.audit import services as audit
from yiwang.cases.models import CaseDocument, Delivery, Message
from yiwang.cases.policy.deadlines import day_of
from yiwang.cases.policy.posting import PostingState, state_problem
from yiwang.cases.policy.states import STEPS, CaseState, Step
from yiwang.cases.policy.terms import DeliveryChannel
from yiwang.cases.queries.posting import PostingView, posting_in_full, posting_of
from yiwang.cases.services import posting
from yiwang.cases.services.delivering import (
    RECORD_LENGTH,
    DeliveryRefusedError,
    named,
    note_return,
    send_result,
)
from yiwang.cases.services.posting import DECISIONS, PURPOSE, PostingRefusedError
from yiwang.cases.services.steps import capacity, locked, require_version, written
from yiwang.organisations.permissions import Actor

READ = ("收件人", "收件电话", "收件地址")


@transaction.atomic
def read_label(*, number: str, by: Actor, at: datetime) -> PostingView:
    """Return where a parcel that waits goes, with nothing masked; the look stands in the trail.

    Args:
        number: Case number.
        by: Holds a post that delivers.
        at: Moment of reading.

    Raises:
        CaseNotFoundError: no such case for these eyes.
        PermissionRefusedError: `by` may not deliver in this department.
        PostingRefusedError: no parcel waits, or nothing is decided yet.
    """
    case = locked(number)
    acting = capacity(case, STEPS[Step.CLOSE], by)
    found = posting_in_full(number, by=by) if posting.waiting(case) is not None else None
    if found is None or case.decided_at is None or found.state is not PostingState.WAITING:
        raise PostingRefusedError("没有等待寄出的结果，请刷新后查看。")
    audit.record_read(
        at=at,
        actor=by.ref,
        target=case.applicant_ref,
        fields=list(READ),
        purpose=PURPOSE,
        department=acting.department,
        ip=by.ip,
    )
    return found


@transaction.atomic
def post_result(
    *,
    number: str,
    carrier: str,
    tracking_number: str,
    by: Actor,
    at: datetime,
    version: int | None = None,
) -> PostingView:
    """Note that the paper result was sent to where the applicant wants it.

    A case that still waits for delivery is under way from then on; one whose result was delivered
    on the platform stays closed, and the paper goes as a copy.

    Args:
        number: Case number.
        carrier: Who carries it.
        tracking_number: Under which number.
        by: Holds a post that delivers.
        at: Moment of sending.
        version: Row version `by` saw.

    Raises:
        CaseNotFoundError: no such case for these eyes.
        PermissionRefusedError: `by` may not deliver in this department.
        ConflictRefusedError: somebody acted since `version`.
        PostingRefusedError: the applicant asks for none, or there is no result to post.
        DeliveryRefusedError: a parcel is under way, or carrier or number are too long.
        TextRefusedError: carrier or number are missing.

    Source:
        行政许可法 第四十四条.
    """
    case = locked(number)
    acting = capacity(case, STEPS[Step.CLOSE], by)
    require_version(case, version)
    wish = posting.waiting(case)
    if wish is None:
        raise PostingRefusedError("申请人没有要求邮寄，或者已经寄出，请刷新后查看。")
    state = CaseState(case.state)
    if wrong := state_problem(state, by_mail=True):
        raise PostingRefusedError(wrong)
    if case.decided_at is None:
        raise PostingRefusedError(f"办件现为“{state.label}”，作出决定后才能邮寄结果。")
    if state in STEPS[Step.SEND].starts:
        send_result(
            number=number,
            carrier=carrier,
            tracking_number=tracking_number,
            to_name=wish.to_name,
            by=by,
            at=at,
        )
        return _shown(number, by)
    carrier = named(carrier, "承运单位")
    tracking_number = named("".join(tracking_number.split()).upper(), "邮件号码")
    Delivery.objects.create(
        case=case,
        document=CaseDocument.objects.filter(case=case, kind__in=DECISIONS).first(),
        channel=DeliveryChannel.POST.value,
        at=at,
        to_name=wish.to_name,
        result=f"应申请人要求邮寄纸质结果：{carrier} {tracking_number}",
        by=by.ref,
    )
    posting.note_sent(case, carrier=carrier, tracking_number=tracking_number, on=day_of(at), by=by)
    audit.record(
        at=at,
        actor=by.ref,
        act="cases.post_result",
        target=f"case:{number}",
        department=acting.department,
        ip=by.ip,
    )
    Message.objects.create(
        to_ref=case.applicant_ref,
        case=case,
        title=f"纸质结果已寄出（{case.query_code}）",
        body=f"“{case.item_name}”的纸质结果已由{carrier}寄出，"
        f"邮件号码{tracking_number}，请注意查收。",
        at=at,
    )
    return _shown(number, by)


@transaction.atomic
def note_posting_return(
    *, number: str, returned_on: date, reason: str, by: Actor, at: datetime
) -> PostingView:
    """Note that the posted result came back; the applicant is told and may ask anew.

    Raises:
        CaseNotFoundError: no such case for these eyes.
        PermissionRefusedError: `by` may not deliver in this department.
        PostingRefusedError: nothing was sent, it arrived, or the day does not fit.
        TextRefusedError: no reason.
    """
    case = locked(number)
    acting = capacity(case, STEPS[Step.CLOSE], by)
    if CaseState(case.state) is CaseState.DELIVERING:
        note_return(number=number, returned_on=returned_on, reason=reason, by=by, at=at)
        return _shown(number, by)
    reason = written(reason, "退回原因")[:RECORD_LENGTH]
    found = posting_of(number, by=by)
    if found is None or found.sent_on is None or found.returned_on is not None:
        raise PostingRefusedError("没有已经寄出的结果，请刷新后查看。")
    if not found.sent_on <= returned_on <= day_of(at):
        raise PostingRefusedError("退回日期应在寄出之日至今天之间，请核对。")
    if case.dispatches.filter(
        tracking_number=found.tracking_number, arrived_on__isnull=False
    ).exists():
        raise PostingRefusedError("这份邮件已经登记签收，不能再登记退回，请核对邮件号码。")
    posting.note_returned(
        case, tracking_number=found.tracking_number, on=returned_on, reason=reason, at=at
    )
    audit.record(
        at=at,
        actor=by.ref,
        act="cases.note_posting_return",
        target=f"case:{number}",
        department=acting.department,
        ip=by.ip,
    )
    return _shown(number, by)


def _shown(number: str, by: Actor) -> PostingView:
    found = posting_of(number, by=by)
    if found is None:
        raise DeliveryRefusedError("申请人没有要求邮寄。")
    return found
