"""What a department tells beside review and decision: stops, hearing, more days, delivery."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from yiwang.cases import queries as cases
from yiwang.cases import services as acts
from yiwang.cases.policy.deadlines import day_of
from yiwang.cases.policy.states import CaseState, Step, after
from yiwang.cases.policy.terms import DeliveryChannel
from yiwang.cases.queries.procedure import procedure_of
from yiwang.cases.services.outside import OUTSIDE, take_outside
from yiwang.exchange.policy import messages
from yiwang.exchange.policy.messages import Person
from yiwang.exchange.queries import PartnerView
from yiwang.kernel.errors import RefusedError
from yiwang.kernel.workdays import WorkdayCalendar
from yiwang.organisations.permissions import Actor, Post

Special = messages.SpecialStart | messages.SpecialEnd
Hearing = (
    messages.HearingNotify | messages.HearingRequest | messages.HearingSet | messages.HearingEnded
)
Delivery = messages.Dispatched | messages.Delivered | messages.CameBack
Extension = messages.ExtensionAsk | messages.ExtensionDecide
OnTheSpot = messages.SiteChecked | messages.OfficersSent

WITHIN: Mapping[type, Step] = {
    messages.SpecialEnd: Step.END_SPECIAL,
    messages.HearingRequest: Step.REQUEST_HEARING,
    messages.HearingSet: Step.SET_HEARING,
    messages.HearingEnded: Step.END_HEARING,
}
"""What is told of something that has begun -> its step."""


class OnlyHereError(RefusedError):
    """Somebody signed in on the platform has to do it."""

    code = "exchange.only_here"


class SamePersonError(RefusedError):
    """One person did what the law gives to two."""

    code = "exchange.same_person"


def person_actor(partner: PartnerView, person: Person, post: Post, *, ip: str = "") -> Actor:
    """Return somebody known by a department's system, with one post in that department."""
    return Actor(
        ref=f"{OUTSIDE}{partner.department}:{person.id.lower()}",
        name=person.name,
        posts={partner.department: frozenset({post})},
        ip=ip,
    )


def go_on(
    partner: PartnerView,
    message: Special | Hearing | Extension | OnTheSpot | Delivery,
    *,
    calendar: WorkdayCalendar,
    at: datetime,
    ip: str,
) -> None:
    """Do what the message says, as the person whom it names would on the officer's page."""
    if isinstance(message, messages.ExtensionDecide):
        head = person_actor(partner, message.head, Post.DEPARTMENT_HEAD, ip=ip)
        _decide_extension(message, calendar=calendar, by=head, at=at)
    elif isinstance(message, Delivery):
        window = person_actor(partner, message.person, Post.COUNTER_CLERK, ip=ip)
        _deliver(message, by=window, at=at)
    else:
        reviewer = person_actor(partner, message.person, Post.REVIEWER, ip=ip)
        if isinstance(message, messages.ExtensionAsk):
            _ask_extension(message, by=reviewer, at=at)
        elif isinstance(message, OnTheSpot):
            _on_the_spot(partner, message, by=reviewer, at=at)
        elif isinstance(message, Special):
            _take(message, by=reviewer, at=at)
            _special(message, calendar=calendar, by=reviewer, at=at)
        else:
            _take(message, by=reviewer, at=at)
            _hearing(partner, message, calendar=calendar, by=reviewer, at=at)


def _take(message: Special | Hearing, *, by: Actor, at: datetime) -> None:
    """Take the case over, unless it is not where the message must find it."""
    step = WITHIN.get(type(message))
    if step is not None:
        after(step, cases.case(message.case, by=by).state)
    take_outside(number=message.case, by=by, at=at)


def _special(message: Special, *, calendar: WorkdayCalendar, by: Actor, at: datetime) -> None:
    if isinstance(message, messages.SpecialStart):
        acts.start_special(
            number=message.case,
            reason=message.reason,
            kind=message.procedure,
            declared=message.declared,
            workdays=message.workdays,
            channel=message.channel,
            delivered=message.delivered,
            calendar=calendar,
            by=by,
            at=at,
        )
    else:
        acts.end_special(
            number=message.case,
            result=message.result,
            result_ref=message.result_ref,
            calendar=calendar,
            by=by,
            at=at,
        )


def _hearing(
    partner: PartnerView, message: Hearing, *, calendar: WorkdayCalendar, by: Actor, at: datetime
) -> None:
    number = message.case
    if isinstance(message, messages.HearingNotify):
        acts.notify_hearing(
            number=number,
            reason=message.reason,
            origin=message.origin,
            channel=message.channel,
            delivered=message.delivered,
            calendar=calendar,
            by=by,
            at=at,
        )
    elif isinstance(message, messages.HearingRequest):
        acts.request_hearing(number=number, text=message.text, calendar=calendar, by=by, at=at)
    elif isinstance(message, messages.HearingSet):
        acts.set_hearing(
            number=number,
            held_at=message.held_at,
            place=message.place,
            chair=person_actor(partner, message.chair, Post.REVIEWER).ref,
            chair_name=message.chair.name,
            public=message.public,
            closed_ground=message.closed_ground,
            closed_because=message.closed_because,
            moved_because=message.moved_because,
            calendar=calendar,
            by=by,
            at=at,
        )
    else:
        acts.end_hearing(
            number=number,
            end=message.end,
            record=message.record,
            signed_by=message.signed_by,
            calendar=calendar,
            by=by,
            at=at,
        )


def _ask_extension(message: messages.ExtensionAsk, *, by: Actor, at: datetime) -> None:
    if cases.case(message.case, by=by).state is not CaseState.DECISION_PENDING:
        take_outside(number=message.case, by=by, at=at)
    acts.ask_extension(
        number=message.case, reason=message.reason, workdays=message.workdays, by=by, at=at
    )


def _on_the_spot(partner: PartnerView, message: OnTheSpot, *, by: Actor, at: datetime) -> None:
    """Record the check, or who was sent; what is given at once is decided from acceptance."""
    checked = isinstance(message, messages.SiteChecked)
    case = cases.case(message.case, by=by)
    after(Step.CHECK_SITE if checked else Step.SEND_OFFICERS, case.state, immediate=case.immediate)
    if not case.immediate:
        take_outside(number=message.case, by=by, at=at)
    if isinstance(message, messages.OfficersSent):
        acts.send_officers(
            number=message.case,
            kind=message.procedure,
            officers=message.officers,
            sent_on=message.sent_on,
            by=by,
            at=at,
        )
        return
    acts.record_site_check(
        number=message.case,
        second_officer=person_actor(partner, message.second, Post.REVIEWER).ref,
        second_name=message.second.name,
        checked_on=message.checked_on,
        place=message.place,
        found=message.found,
        witness=message.witness,
        by=by,
        at=at,
    )


def _decide_extension(
    message: messages.ExtensionDecide, *, calendar: WorkdayCalendar, by: Actor, at: datetime
) -> None:
    """Decline as the head did, who is not the one who asked, by number or by name.

    Raises:
        OnlyHereError: more days are approved, which no system does by itself.
        SamePersonError: the head asked.

    Source:
        行政许可法 第四十二条第一款 (经本行政机关负责人批准).
    """
    if message.approve:
        raise OnlyHereError(
            "延长期限只能由负责人在平台上批准，请本部门负责人（联合办理的为区领导）登录平台批准。"
        )
    for one in procedure_of(message.case, by=by, today=day_of(at)).extensions:
        if one.approved is None and message.head.is_named(one.asked_by_name):
            raise SamePersonError("报请延长的人不能自己答复，请由部门其他负责人决定后重发。")
    acts.decide_extension(
        number=message.case,
        approve=message.approve,
        note=message.note,
        calendar=calendar,
        by=by,
        at=at,
    )


def _deliver(message: Delivery, *, by: Actor, at: datetime) -> None:
    number = message.case
    if isinstance(message, messages.Dispatched):
        acts.send_result(
            number=number,
            carrier=message.carrier,
            tracking_number=message.tracking_number,
            to_name=message.to_name,
            by=by,
            at=at,
        )
    elif isinstance(message, messages.CameBack):
        acts.note_return(
            number=number, returned_on=message.returned_on, reason=message.reason, by=by, at=at
        )
    elif message.channel is DeliveryChannel.POST:
        acts.note_arrival(
            number=number,
            arrived_on=message.delivered_on,
            signed_by=message.recipient,
            relation=message.relation,
            by=by,
            at=at,
        )
    else:
        acts.deliver_case(
            number=number,
            channel=message.channel,
            recipient=message.recipient,
            relation=message.relation,
            on=message.delivered_on,
            result=message.result,
            by=by,
            at=at,
        )
