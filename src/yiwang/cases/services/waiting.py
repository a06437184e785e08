"""Which cases a machine may still decide, written down with their receipt."""

from __future__ import annotations

from datetime import datetime

from yiwang.cases.models import Case
from yiwang.cases.models.automatic import AutoRun, AutoWaiting
from yiwang.cases.policy.automatic import PICKED_UP_AFTER, Ground
from yiwang.catalogue.policy.items import ItemVersion
from yiwang.organisations import scope
from yiwang.rules.policy.tables import RuleOutcome

PERSON_WANTED = "申请人在提交时要求由工作人员办理。"
UNSIGNED = "信中没有申请人签字的许可事项告知承诺书，需要人工审看。"


def is_automatic(item: ItemVersion) -> bool:
    """Tell whether the rules of the item version may grant without a person."""
    return item.auto_decide and item.auto_rules is not None


def expect(
    case: Case, item: ItemVersion, *, by_person: bool, at: datetime, unsigned: bool = False
) -> None:
    """Note, in the transaction of the receipt, that the rules are to be run on the case.

    Where the applicant asks for a person, or did not sign what others have to (`unsigned`), this
    is the run: it hands over.

    Source:
        个人信息保护法 第二十四条第三款.
    """
    if not is_automatic(item):
        return
    if by_person or unsigned:
        ground, reason = (
            (Ground.ASKED, PERSON_WANTED) if by_person else (Ground.MATERIALS, UNSIGNED)
        )
        with scope.everything():  # whoever hands in may not read runs of the department
            hand_over(case, ground=ground, reason=reason, at=at)
    else:
        AutoWaiting.objects.create(case=case, due_at=at + PICKED_UP_AFTER)


def hand_over(case: Case, *, ground: Ground, reason: str, at: datetime) -> AutoRun:
    """Write a run that asked nothing and hands the case to a person."""
    return AutoRun.objects.create(
        case=case,
        serial=AutoRun.objects.filter(case=case).count() + 1,
        item_slug=case.item_slug,
        item_version=case.item_version,
        department=case.deciding_department,
        at=at,
        outcome=RuleOutcome.HAND_OVER.value,
        ground=ground.value,
        reason=reason[:400],
        took_ms=0,
    )
