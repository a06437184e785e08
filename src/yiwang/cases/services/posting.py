"""Asking for the paper result by post, and keeping such a wish in step with what is sent."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from yiwang.audit import services as audit
from yiwang.cases.models import Case, Delivery, Message, Posting
from yiwang.cases.models.posting import WAITING
from yiwang.cases.policy import posting
from yiwang.cases.policy.states import STEPS, CaseState, Step
from yiwang.cases.policy.terms import DeliveryChannel, DocumentKind
from yiwang.cases.policy.visiting import WindowAct
from yiwang.cases.queries import CaseNotFoundError, dialled
from yiwang.cases.queries.posting import PostingView, known_of, posting_of
from yiwang.cases.services.steps import (
    Capacity,
    capacity,
    drop_wish,
    locked,
    require_version,
    version_of,
)
from yiwang.cases.services.visiting import Visitor, note_visit
from yiwang.kernel.errors import RefusedError
from yiwang.organisations.permissions import Actor, Permission, PermissionRefusedError
from yiwang.registers.services import prefill_in_full

PURPOSE = "邮寄办理结果"

DECISIONS = (DocumentKind.GRANT_DECISION.value, DocumentKind.REFUSAL_DECISION.value)


class PostingRefusedError(RefusedError):
    """The result is not posted, or not like that."""

    code = "cases.posting_refused"


@transaction.atomic
def ask_posting(
    *,
    number: str,
    by: Actor,
    at: datetime,
    to_name: str = "",
    phone: str = "",
    address: str = "",
    version: int | None = None,
    visitor: Visitor | None = None,
) -> PostingView:
    """Ask that the paper result be posted (要求邮寄结果), or say anew where to.

    It may be asked from receipt on, and after the decision until the paper was sent or handed
    over. What is left empty is as the applicant said of this case before, else as registered.

    Args:
        number: Case number.
        by: Acts for the applicant, or holds a post at a window of the case.
        at: Moment of asking.
        to_name: Who receives it.
        phone: Under which the carrier calls.
        address: Where it goes.
        version: Row version `by` saw.
        visitor: Who came to the window for it; None: an account of the applicant's.

    Raises:
        CaseNotFoundError: no such case for these eyes.
        PermissionRefusedError: `by` neither acts for the applicant nor takes things in here.
        ConflictRefusedError: somebody acted since `version`.
        PostingRefusedError: not posted for this item or from this state, sent or handed over
            already, or a place at which nothing arrives.
        VisitRefusedError: at a window, and whoever is there was not identified or may not.

    Source:
        行政许可法 第四十四条; 上海市优化营商环境条例 第二十四条.
    """
    case, acting = _own(number, by)
    require_version(case, version)
    state = CaseState(case.state)
    if wrong := posting.state_problem(state, by_mail=version_of(case).mail_result):
        raise PostingRefusedError(wrong)
    _require_not_given(case)
    wanted = {
        "to_name": " ".join(to_name.split()),
        "phone": dialled(phone),
        "address": " ".join(address.split()),
    }
    if not all(wanted.values()):
        known = known_of(case)
        wanted = {name: value or known[name] for name, value in wanted.items()}
    if not wanted["phone"]:
        wanted["phone"] = _registered_phone(case, by=by, at=at)
    for wrong in posting.place_problems(**wanted).values():
        raise PostingRefusedError(wrong)
    _seen(case, WindowAct.ASK_POSTING, visitor, acting=acting, by=by, at=at)
    drop_wish(case, at=at)
    Posting.objects.create(case=case, asked_by=by.ref, asked_at=at, **wanted)
    _trace(case, "cases.ask_posting", acting=acting, by=by, at=at)
    return _shown(case, by)


@transaction.atomic
def take_posting_back(
    *,
    number: str,
    by: Actor,
    at: datetime,
    version: int | None = None,
    visitor: Visitor | None = None,
) -> PostingView:
    """Take the wish back before anything was sent (取消邮寄).

    Args:
        number: Case number.
        by: Acts for the applicant, or holds a post at a window of the case.
        at: Moment of taking it back.
        version: Row version `by` saw.
        visitor: Who came to the window for it; None: an account of the applicant's.

    Raises:
        CaseNotFoundError: no such case for these eyes.
        PermissionRefusedError: `by` neither acts for the applicant nor takes things in here.
        ConflictRefusedError: somebody acted since `version`.
        PostingRefusedError: nothing waits to be posted.
        VisitRefusedError: at a window, and whoever is there was not identified or may not.
    """
    case, acting = _own(number, by)
    require_version(case, version)
    if not drop_wish(case, at=at):
        raise PostingRefusedError("没有等待寄出的邮寄要求，请刷新后查看。")
    _seen(case, WindowAct.TAKE_POSTING_BACK, visitor, acting=acting, by=by, at=at)
    _trace(case, "cases.take_posting_back", acting=acting, by=by, at=at)
    return _shown(case, by)


def waiting(case: Case) -> Posting | None:
    """Return the wish that still waits, locked; None: there is none."""
    return Posting.objects.select_for_update().filter(WAITING, case=case).first()


def note_sent(case: Case, *, carrier: str, tracking_number: str, on: date, by: Actor) -> None:
    """Let the wish that waits, if any, be answered by what was just sent."""
    Posting.objects.filter(WAITING, case=case).update(
        carrier=carrier, tracking_number=tracking_number, sent_on=on, sent_by=by.ref
    )


def note_returned(case: Case, *, tracking_number: str, on: date, reason: str, at: datetime) -> None:
    """Note with the wish, if any, that its parcel came back; the applicant is told what to do."""
    Posting.objects.filter(
        case=case, tracking_number=tracking_number, sent_on__lte=on, returned_on=None
    ).update(returned_on=on, return_reason=reason)
    what = (
        "请在办件页面核对收件地址后重新要求邮寄，或者到窗口领取。"
        if version_of(case).mail_result
        else "请联系办理部门核对地址，或者到窗口领取。"
    )
    Message.objects.create(
        to_ref=case.applicant_ref,
        case=case,
        title=f"邮寄的结果被退回（{case.query_code}）",
        body=f"“{case.item_name}”的纸质结果被退回：{reason}。{what}",
        at=at,
    )


def _own(number: str, by: Actor) -> tuple[Case, Capacity]:
    """Return the case, locked, and whether `by` acts for the applicant or at a window of it."""
    case = locked(number)
    if by.acts_for(case.applicant_ref):
        return case, Capacity()
    try:
        return case, capacity(case, STEPS[Step.CHANGE_CONTACT], by)
    except CaseNotFoundError:
        raise
    except PermissionRefusedError:
        raise PermissionRefusedError(
            "结果是否邮寄由申请人决定，请申请人在办件页面填写，或者到收件窗口办理。"
        ) from None


def _seen(
    case: Case,
    act: WindowAct,
    visitor: Visitor | None,
    *,
    acting: Capacity,
    by: Actor,
    at: datetime,
) -> None:
    """Write down who stood at the window, and tell the applicant what was asked for there."""
    if not acting.post:
        return
    note_visit(case, act, visitor, acting=acting, by=by, at=at)
    Message.objects.create(
        to_ref=case.applicant_ref,
        case=case,
        title=f"{act.label}（{case.query_code}）",
        body=f"已在窗口{act.label}；不是您本人要求的，请联系窗口。",
        at=at,
    )


def _require_not_given(case: Case) -> None:
    sent = Posting.objects.filter(case=case, sent_on__isnull=False, returned_on=None).first()
    if sent is not None:
        raise PostingRefusedError(
            f"已于{sent.sent_on:%Y-%m-%d}由{sent.carrier}寄出，邮件号码{sent.tracking_number}；"
            "没有收到的，请联系办理部门。"
        )
    if case.dispatches.filter(arrived_on=None, returned_on=None).exists():
        raise PostingRefusedError("结果已经寄出，邮件在途，请留意查收。")
    handed = (
        Delivery.objects.filter(case=case, document__kind__in=DECISIONS)
        .exclude(channel=DeliveryChannel.IN_APP.value)
        .order_by("id")
        .last()
    )
    if handed is None:
        return
    by_hand = handed.channel == DeliveryChannel.PRINT
    if by_hand or not Posting.objects.filter(case=case, returned_on__isnull=False).exists():
        raise PostingRefusedError("纸质结果已经送达，需要再领的请到窗口办理。")


def _registered_phone(case: Case, *, by: Actor, at: datetime) -> str:
    """Return the registered telephone, and note that it was read; empty: none, or not for `by`."""
    if not (by.acts_for(case.applicant_ref) or by.may_somewhere(Permission.PERSON_REVEAL)):
        return ""
    whole = prefill_in_full(ref=case.applicant_ref, purpose=PURPOSE, by=by, at=at)
    found = whole.get(f"{case.applicant_ref.split(':')[0]}.phone")
    return dialled(found.value) if found else ""


def _shown(case: Case, by: Actor) -> PostingView:
    found = posting_of(case.number, by=by)
    if found is None:
        raise LookupError(f"case {case.number} has no posting")
    return found


def _trace(case: Case, act: str, *, acting: Capacity, by: Actor, at: datetime) -> None:
    audit.record(
        at=at,
        actor=by.ref,
        act=act,
        target=f"case:{case.number}",
        department=acting.department or case.deciding_department,
        ip=by.ip,
        on_behalf_of=case.applicant_ref,
    )
