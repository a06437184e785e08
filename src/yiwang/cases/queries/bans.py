"""Questions about bans on applying again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from yiwang.cases.models import Ban, Case, EndProposal
from yiwang.cases.policy.bans import BanKind, ban_words
from yiwang.cases.policy.ending import EndOutcome
from yiwang.cases.policy.states import CaseState
from yiwang.cases.policy.terms import Outcome
from yiwang.cases.queries import PAGE_LIMIT, CaseNotFoundError, may_read
from yiwang.catalogue.policy.items import ItemVersion
from yiwang.organisations.permissions import EVERYWHERE, Actor, Permission


@dataclass(frozen=True, kw_only=True)
class BanView:
    """One ban; `until_on` is the first day on which the item may be applied for again."""

    case_number: str
    query_code: str
    applicant_name: str
    item_slug: str
    item_name: str
    department: str
    kind: BanKind
    facts: str
    basis: str
    from_on: date
    until_on: date
    decided_by: str
    decided_by_name: str
    lifted_on: date | None
    lift_reason: str

    def in_force(self, day: date) -> bool:
        """Tell whether it bars on `day`."""
        return self.lifted_on is None and self.from_on <= day < self.until_on


def banned(item: ItemVersion, applicant_ref: str, *, on: date) -> str:
    """Return why and until when somebody may not apply for an item; empty: they may.

    Only items that touch safety or health ask the database: the law bans for no others.

    Source:
        行政许可法 第七十八条, 第七十九条.
    """
    if not item.direct_safety:
        return ""
    row = (
        Ban.objects.filter(
            applicant_ref=applicant_ref,
            item_slug=item.slug,
            lifted_on=None,
            from_on__lte=on,
            until_on__gt=on,
        )
        .order_by("-until_on")
        .first()
    )
    if row is None:
        return ""
    return ban_words(kind=BanKind(row.kind), item_name=item.name, until_on=row.until_on)


def ban_of(number: str, *, by: Actor) -> BanView | None:
    """Return the ban that came of a case, or None.

    Raises:
        CaseNotFoundError: `by` may not read the case.
    """
    row = Ban.objects.select_related("case").filter(case__number=number).first()
    if row is None:
        return None
    if not may_read(row.case, by):
        raise CaseNotFoundError
    return _view(row)


def was_refused(case: Case) -> bool:
    """Tell whether the application was not accepted or refused."""
    return case.outcome == Outcome.REFUSE or case.state == CaseState.NOT_ACCEPTED


def was_revoked_for_fraud(case: Case) -> bool:
    """Tell whether what was granted was revoked because it was got by fraud or bribery."""
    return EndProposal.objects.filter(
        case=case, ground="fraud", outcome=EndOutcome.ENDED.value
    ).exists()


def ban_problem(number: str, *, by: Actor) -> str:
    """Return why nobody may be barred because of a case yet; empty: one may.

    Raises:
        CaseNotFoundError: `by` may not read the case.

    Source:
        行政许可法 第七十八条, 第七十九条.
    """
    row = Case.objects.filter(number=number).first()
    if row is None or not may_read(row, by):
        raise CaseNotFoundError
    if was_refused(row) or was_revoked_for_fraud(row):
        return ""
    return (
        f"本办件现为“{CaseState(row.state).label}”，不能限制再次申请：提供虚假材料的，须先不予受理或者不予许可；"
        "以欺骗、贿赂取得许可的，须先以此为由撤销。"
    )


def bans(
    *, by: Actor, after: int | None = None, limit: int = PAGE_LIMIT
) -> tuple[list[BanView], int | None]:
    """List the bans of the departments in which `by` reads cases, newest first; one query."""
    codes = by.departments(Permission.CASE_READ)
    rows = Ban.objects.select_related("case")
    if EVERYWHERE not in codes:
        rows = rows.filter(department_code__in=sorted(codes))
    if after is not None:
        rows = rows.filter(id__lt=after)
    size = max(1, min(limit, PAGE_LIMIT))
    found = list(rows.order_by("-id")[: size + 1])
    return [_view(row) for row in found[:size]], found[size - 1].pk if len(found) > size else None


def _view(row: Ban) -> BanView:
    return BanView(
        case_number=row.case.number,
        query_code=row.case.query_code,
        applicant_name=row.applicant_name,
        item_slug=row.item_slug,
        item_name=row.item_name,
        department=row.department_code,
        kind=BanKind(row.kind),
        facts=row.facts,
        basis=row.basis,
        from_on=row.from_on,
        until_on=row.until_on,
        decided_by=row.decided_by,
        decided_by_name=row.decided_by_name,
        lifted_on=row.lifted_on,
        lift_reason=row.lift_reason,
    )
