"""Telling applicants which permits their scope needs (告知申请人), before and after registration.

Source:
    上海市优化营商环境条例 第十七条 (登记机关告知企业需要办理的许可); 双告知 (申请人签署承诺书).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import cast

import orjson
from django.db import transaction
from django.db.models import Q

from yiwang.cases.services import tell_of_case
from yiwang.cases.services.briefing import Briefing, SignedText
from yiwang.catalogue.policy.items import Answer, ItemVersion
from yiwang.notices.policy.templates import Occasion
from yiwang.registers import queries as registers
from yiwang.registration import permits
from yiwang.registration.models import ToldPermits
from yiwang.registration.permits import PermitState
from yiwang.registration.placing import PAGE, note_phrases
from yiwang.registration.policy.scopes import Told, checked, name_of, scope_of, told_paragraphs


class ScopeTeller:
    """Says before each receipt of a registration which permits its scope needs."""

    def tell(
        self,
        *,
        item: ItemVersion,
        answers: Mapping[str, Answer],
        applicant_name: str,
        on: date,
    ) -> Briefing | None:
        """Return the list of permits; None: the application declares no scope.

        Raises:
            ScopeRefusedError: the scope cannot be read.
        """
        found = permits.current()
        if found is None:
            return None
        scope = scope_of(found.rules, item.slug, answers)
        if not scope:
            return None
        told = permits.told_by(found, checked(scope), on=on)
        return Briefing(
            paragraphs=tuple(
                told_paragraphs(told, item_name=item.name, applicant_name=applicant_name)
            ),
            content=told,
        )

    def keep(
        self,
        briefing: Briefing,
        *,
        item: ItemVersion,
        answers: Mapping[str, Answer],
        case_number: str,
        applicant_name: str,
        signed: SignedText,
    ) -> None:
        """Keep the list as it was told, and who confirmed it."""
        told = cast(Told, briefing.content)
        found = permits.current()
        ToldPermits.objects.create(
            case_number=case_number,
            item_slug=item.slug,
            item_name=item.name,
            holder_ref=signed.applicant_ref,
            business=(name_of(found.rules, answers) if found else "") or applicant_name,
            scope=told.scope,
            told=orjson.loads(orjson.dumps(dataclasses.asdict(told))),
            rules_version=told.rules_version,
            paragraphs=signed.paragraphs,
            sha256=signed.sha256,
            sm3=signed.sm3,
            signed_by=signed.signed_by,
            signed_by_name=signed.signed_by_name,
            agent=signed.agent,
            signed_how=signed.signed_how,
            confirmed_at=signed.signed_at,
        )


TELLER = ScopeTeller()


@transaction.atomic
def note_registered(*, case_number: str, on: date, at: datetime) -> int:
    """Note that a registration was granted, and tell the firm what it still needs (还需办理的许可).

    For the job that follows the grant; a second call changes nothing and tells nobody.

    Returns:
        How many permits the firm was told of.
    """
    row = (
        ToldPermits.objects.select_for_update()
        .filter(case_number=case_number, registered_on=None)
        .first()
    )
    if row is None:
        return 0
    row.registered_on = on
    row.save(update_fields=["registered_on"])
    note_phrases(row)
    own = next(
        (
            one
            for one in permits.businesses_of(row.holder_ref, on=on)
            if one.case_number == case_number
        ),
        None,
    )
    left = [one for one in own.lines if one.state is PermitState.MISSING] if own else []
    if not left:
        return 0
    lines = "；".join(
        f"{place}. {one.permit.name}（{one.permit.authority}）"
        for place, one in enumerate(left, start=1)
    )
    tell_of_case(
        number=case_number,
        title="还需办理的许可",
        body=f"“{row.item_name}”已经准予。按登记的经营范围，还需要办理：{lines}。"
        "取得许可以前不开展这些经营活动。请在“我的信息—还需办理的许可”中开始办理。",
        occasion=Occasion.PERMITS_NEEDED,
        page=PAGE,
        at=at,
    )
    return len(left)


@transaction.atomic
def note_ended(
    *, on: date, holder_ref: str = "", item_slug: str = "", cases: Collection[str] = ()
) -> int:
    """Note that registrations ended: of some cases, of a firm, or of a person by one item."""
    rows = ToldPermits.objects.filter(ended_on=None)
    if not holder_ref:
        rows = rows.filter(case_number__in=cases)
    elif holder_ref.startswith("person:"):
        rows = rows.filter(holder_ref=holder_ref, item_slug=item_slug)
    else:
        rows = rows.filter(_of_firm(holder_ref))
    return rows.filter(registered_on__isnull=False).update(ended_on=on)


def _of_firm(ref: str) -> Q:
    try:
        name = registers.entity(ref).name
    except LookupError:
        return Q(holder_ref=ref)
    return Q(holder_ref=ref) | Q(business=name, holder_ref__startswith="person:")
