"""Questions about who is interested in a case and what both sides said (利害关系人)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from yiwang.cases.models import Case, InterestedPerson, PartyViews
from yiwang.cases.policy.interested import (
    InterestedKind,
    Party,
    Stance,
    shown_contact,
    shown_name,
    still_open,
)
from yiwang.cases.policy.terms import DeliveryChannel
from yiwang.cases.queries import CaseNotFoundError, may_read, staff_may_read
from yiwang.organisations.permissions import Actor


@dataclass(frozen=True, kw_only=True)
class ViewsView:
    """What one side said."""

    party: Party
    stance: Stance
    text: str
    stated_by: str
    stated_on: date
    noted_by: str


@dataclass(frozen=True, kw_only=True)
class InterestedView:
    """One interested person of a case.

    Attributes:
        name: Of a person only the beginning, for whoever applies.
        reached: Masked; empty for whoever applies.
        views: What the sides said; whoever applies reads their own alone.
        unheard: Sides that said nothing yet.
        waiting: Whether the decision waits for them.
    """

    serial: int
    kind: InterestedKind
    name: str
    reached: str
    interest: str
    told_on: date
    due_on: date
    channel: DeliveryChannel
    delivered: str
    views: tuple[ViewsView, ...]
    unheard: tuple[Party, ...]
    waiting: bool


def interested_of(number: str, *, by: Actor, today: date) -> tuple[InterestedView, ...]:
    """Return the interested persons of a case in the order of telling; three queries at most.

    Raises:
        CaseNotFoundError: there is none, or `by` may not read it.
    """
    row = Case.objects.filter(number=number).first()
    if row is None or not may_read(row, by):
        raise CaseNotFoundError
    return interested_in(row, by=by, today=today)


def interested_in(row: Case, *, by: Actor, today: date) -> tuple[InterestedView, ...]:
    """Return the same of a row that `by` may read."""
    inside = staff_may_read(row, by) and not by.acts_for(row.applicant_ref)
    return tuple(
        _view(one, inside=inside, today=today)
        for one in InterestedPerson.objects.filter(case=row)
        .prefetch_related("views")
        .order_by("serial")
    )


def _view(row: InterestedPerson, *, inside: bool, today: date) -> InterestedView:
    kind = InterestedKind(row.kind)
    said = sorted(row.views.all(), key=lambda one: one.pk)
    heard = {Party(one.party) for one in said}
    return InterestedView(
        serial=row.serial,
        kind=kind,
        name=row.name if inside else shown_name(kind, row.name),
        reached=shown_contact(row.reached) if inside else "",
        interest=row.interest,
        told_on=row.told_on,
        due_on=row.due_on,
        channel=DeliveryChannel(row.channel),
        delivered=row.delivered if inside else "",
        views=tuple(_said(one) for one in said if inside or one.party == Party.APPLICANT),
        unheard=tuple(one for one in Party if one not in heard),
        waiting=still_open(due_on=row.due_on, heard=heard, today=today),
    )


def _said(row: PartyViews) -> ViewsView:
    return ViewsView(
        party=Party(row.party),
        stance=Stance(row.stance),
        text=row.text,
        stated_by=row.stated_by,
        stated_on=row.stated_on,
        noted_by=row.by_name,
    )
