"""What the platform holds about an applicant beside the registers, and what was asked again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from django.db.models import Count, Sum

from yiwang.cases.models import Case
from yiwang.cases.models.asking import CaseAsked
from yiwang.cases.policy.answers import plain_answers
from yiwang.cases.policy.asking import Asked, Before, LicenceFact, Offered, offers
from yiwang.catalogue import queries as catalogue
from yiwang.catalogue.policy.items import ItemVersion
from yiwang.licences import queries as licences
from yiwang.licences.policy.states import LicenceState

CASES_LOOKED_AT = 10
"""Earlier cases whose answers are offered, the newest ones."""


def offered_answers(
    applicant_ref: str, item: ItemVersion, *, on: date, besides: str = ""
) -> dict[str, Offered]:
    """Return what earlier cases and licences of the applicant answer of `item`.

    Args:
        applicant_ref: Who applies.
        item: What for.
        on: Day asked about; licences must be valid on it.
        besides: Number of a case that is left out: the one being looked at.
    """
    rows = (
        Case.objects.filter(applicant_ref=applicant_ref)
        .exclude(number=besides)
        .select_related("answer")
        .order_by("-pk")[:CASES_LOOKED_AT]
    )
    before = [
        Before(
            number=row.number,
            received_on=row.received_on,
            item_name=row.item_name,
            version=catalogue.item_version(row.item_slug, row.item_version),
            answers=plain_answers(row.answers_now()),
        )
        for row in rows
    ]
    facts = [
        LicenceFact(label=label, value=value, licence=one.type_name, on=one.valid_from)
        for one in licences.wallet(applicant_ref)
        if one.state_on(on) is LicenceState.VALID
        for label, value in one.fields
    ]
    return offers(item, before, facts)


def asked_again(*, first: date, last: date) -> Mapping[str, Asked]:
    """Return what was asked although held, by channel, and in sum under the empty text.

    Args:
        first: First day.
        last: Last day, inclusive.
    """
    rows = (
        CaseAsked.objects.filter(asked_on__gte=first, asked_on__lte=last)
        .values("channel")
        .annotate(cases=Count("pk"), all_fields=Sum("fields"), all_again=Sum("again"))
    )
    found = {
        row["channel"]: Asked(cases=row["cases"], fields=row["all_fields"], again=row["all_again"])
        for row in rows
    }
    whole = Asked(
        cases=sum(one.cases for one in found.values()),
        fields=sum(one.fields for one in found.values()),
        again=sum(one.again for one in found.values()),
    )
    return {"": whole, **found}
