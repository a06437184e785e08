"""Results that were sent on paper and came back, until somebody did something about it (退回)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

from yiwang.cases.models import Delivery, Dispatch, Posting
from yiwang.cases.policy.posting import DECIDED
from yiwang.cases.policy.terms import DeliveryChannel, DocumentKind

RESULTS = (DocumentKind.GRANT_DECISION, DocumentKind.REFUSAL_DECISION)


@dataclass(frozen=True, kw_only=True)
class ParcelBack:
    """A parcel that came back.

    Attributes:
        wished: Whether the applicant had asked for it, and may ask again.
    """

    returned_on: date
    wished: bool


def came_back(numbers: Collection[str]) -> Mapping[str, ParcelBack]:
    """Return the parcels of these cases that came back and about which nobody did anything since.

    Somebody did who sent it again, handed the paper over, or said anew where it goes. Two queries
    where nothing came back, else three.
    """
    decided = {"case__number__in": list(numbers), "case__state__in": [one.value for one in DECIDED]}
    wishes = {
        row.case.number: row
        for row in Posting.objects.filter(**decided).select_related("case").order_by("id")
    }
    parcels = {
        row.case.number: row
        for row in Dispatch.objects.filter(**decided).select_related("case").order_by("id")
    }
    found = {
        number: back
        for number in {*wishes, *parcels}
        if (back := _back(wishes.get(number), parcels.get(number))) is not None
    }
    if not found:
        return found
    handed = Delivery.objects.filter(
        case__number__in=list(found),
        channel=DeliveryChannel.PRINT.value,
        document__kind__in=[one.value for one in RESULTS],
    ).values_list("case__number", flat=True)
    return {number: back for number, back in found.items() if number not in set(handed)}


def _back(wish: Posting | None, parcel: Dispatch | None) -> ParcelBack | None:
    """Return what came back of the newest wish and the newest parcel; None: nothing is left so."""
    if wish is not None and wish.returned_on is None and wish.taken_back_at is None:
        return None  # it waits, or is under way
    row = parcel or wish
    if row is None or row.returned_on is None:
        return None
    return ParcelBack(returned_on=row.returned_on, wished=wish is not None)
