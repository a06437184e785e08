"""Questions about what came after receipt: papers taken back, new contacts, visits at a window."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from yiwang.cases.models import (
    Case,
    CaseDocument,
    CaseMaterial,
    ContactChange,
    Delivery,
    MaterialWithdrawal,
    WindowVisit,
)
from yiwang.cases.policy.states import ENDED, CaseState
from yiwang.cases.policy.terms import (
    NOT_THERE,
    MaterialState,
    Outcome,
    PaperForm,
    Relation,
)
from yiwang.cases.policy.visiting import WindowAct
from yiwang.cases.queries import (
    CaseNotFoundError,
    MaterialView,
    material_view,
    may_read,
    staff_may_read,
)
from yiwang.cases.queries.delivering import NEEDED
from yiwang.catalogue import queries as catalogue
from yiwang.catalogue.policy.items import Channel, ItemVersion
from yiwang.kernel.masking import mask_address, mask_phone
from yiwang.organisations.permissions import Actor


@dataclass(frozen=True, kw_only=True)
class WithdrawnView:
    """A material that was taken back; kept, and not used for the decision."""

    material_id: str
    name: str
    upload_refs: tuple[str, ...]
    taken_as: PaperForm | None
    reason: str
    at: datetime
    by_name: str


@dataclass(frozen=True, kw_only=True)
class ContactView:
    """How the applicant is reached since they changed it; the applicant reads it whole."""

    contact_name: str
    phone: str
    address: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class VisitView:
    """Who stood at a window for an act."""

    act: WindowAct
    relation: Relation
    name: str
    number: str
    at: datetime
    by_name: str


def withdrawn_of(number: str, *, by: Actor) -> tuple[WithdrawnView, ...]:
    """List the materials of a case that were taken back, oldest first; two queries.

    Raises:
        CaseNotFoundError: `by` may not read the case.
    """
    return tuple(
        WithdrawnView(
            material_id=row.material_id,
            name=row.name,
            upload_refs=tuple(row.upload_refs),
            taken_as=PaperForm(row.taken_as) if row.taken_as else None,
            reason=row.reason,
            at=row.at,
            by_name=row.by_name,
        )
        for row in MaterialWithdrawal.objects.filter(case=_case(number, by)).order_by("id")
    )


def contact_of(number: str, *, by: Actor) -> ContactView | None:
    """Return how the applicant is reached if they changed it, masked for staff; two queries.

    Raises:
        CaseNotFoundError: `by` may not read the case.
    """
    case = _case(number, by)
    row = ContactChange.objects.filter(case=case).order_by("-id").first()
    if row is None:
        return None
    whole = by.acts_for(case.applicant_ref)
    return ContactView(
        contact_name=row.contact_name,
        phone=row.phone if whole else mask_phone(row.phone),
        address=row.address if whole else mask_address(row.address),
        at=row.at,
    )


def contact_in_full(number: str, field: str, *, by: Actor) -> str:
    """Return one contact whole; who asks has written down the look.

    Raises:
        CaseNotFoundError: `by` may not read the case.
    """
    row = ContactChange.objects.filter(case=_case(number, by)).order_by("-id").first()
    return {"phone": row.phone, "address": row.address}.get(field, "") if row else ""


def visits_of(number: str, *, by: Actor) -> tuple[VisitView, ...]:
    """List who stood at a window about a case, oldest first; for staff; two queries.

    Raises:
        CaseNotFoundError: `by` may not read the case as staff.
    """
    case = _case(number, by)
    if not staff_may_read(case, by):
        raise CaseNotFoundError
    return tuple(
        VisitView(
            act=WindowAct(row.act),
            relation=Relation(row.relation),
            name=row.name,
            number=row.number_masked,
            at=row.at,
            by_name=row.by_name,
        )
        for row in WindowVisit.objects.filter(case=case).order_by("id")
    )


def to_hand_over(number: str, *, by: Actor) -> tuple[int, ...]:
    """Return the ids of the letters that wait to be handed over at a window, oldest first.

    Raises:
        CaseNotFoundError: `by` may not read the case.
    """
    return tuple(row.pk for row in undelivered(_case(number, by)))


def undelivered(case: Case) -> list[CaseDocument]:
    """Return the letters of a case whose delivery is proven and was not yet, oldest first.

    Those of a case that came through the portal reached the applicant there.
    """
    if case.channel == Channel.PORTAL.value:
        return []
    rows = CaseDocument.objects.filter(NEEDED, case=case).order_by("id")
    done = set(Delivery.objects.filter(case=case).values_list("document_id", flat=True))
    return [row for row in rows if row.pk not in done]


def to_come(number: str, *, by: Actor) -> tuple[MaterialView, ...]:
    """Return the materials of a case that may be filed now, in the order of the list.

    Raises:
        CaseNotFoundError: `by` may not read the case.
    """
    case = _case(number, by)
    item = catalogue.item_version(case.item_slug, case.item_version)
    rows = CaseMaterial.objects.filter(case=case).order_by("id")
    return tuple(
        material_view(row, correction=None, corrected_on=None)  # what is to come has no file
        for row in rows
        if may_come(case, row, item)
    )


def may_come(case: Case, material: CaseMaterial, item: ItemVersion) -> bool:
    """Tell whether a material may still be filed: before the decision, or as was allowed after.

    What is missing may come until acceptance or a correction is decided on; after that it comes as
    a correction.

    Source:
        行政许可法 第三十二条第一款第三项 (what can be put right on the spot is).
    """
    state = MaterialState(material.state)
    if state not in NOT_THERE:
        return False
    if case.decided_at is None:
        return case.closed_at is None and (
            state is not MaterialState.MISSING or case.state == CaseState.RECEIVED
        )
    after_decision = state is MaterialState.PROMISED or (
        state is MaterialState.TOLERATED and item.tolerance_issue_first
    )
    return after_decision and case.outcome == Outcome.GRANT and CaseState(case.state) not in ENDED


def _case(number: str, by: Actor) -> Case:
    row = Case.objects.filter(number=number).first()
    if row is None or not may_read(row, by):
        raise CaseNotFoundError
    return row
