"""Questions about proposals to end what was granted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from yiwang.cases.models import EndProposal
from yiwang.cases.policy.ending import GROUNDS, EndGround, EndKind, EndOutcome, NotEnded
from yiwang.cases.policy.states import CaseState
from yiwang.cases.queries import PAGE_LIMIT, CaseNotFoundError, may_read
from yiwang.organisations.permissions import EVERYWHERE, Actor, Permission


@dataclass(frozen=True, kw_only=True)
class EndView:
    """One proposal, what the holder said, and what was decided.

    Attributes:
        views_due_on: Last day for views; None: the holder is not heard before.
        outcome: None: waits for its decision.
    """

    number: str
    query_code: str
    item_name: str
    holder_name: str
    case_state: CaseState
    kind: EndKind
    ground: EndGround
    facts: str
    evidence: str
    compensation: str
    department: str
    proposed_by: str
    proposed_by_name: str
    proposed_at: datetime
    views_due_on: date | None
    statement: str
    stated_at: datetime | None
    outcome: EndOutcome | None
    not_ended: NotEnded | None
    reason: str
    public_interest: str
    decided_by_name: str
    decided_at: datetime | None

    def waits_for_views(self, today: date) -> bool:
        """Tell whether the holder still has time and has said nothing."""
        return (
            self.outcome is None
            and self.views_due_on is not None
            and self.stated_at is None
            and today <= self.views_due_on
        )


def end_proposal(number: str, *, by: Actor) -> EndView | None:
    """Return the newest proposal about a case, or None; one query.

    Raises:
        CaseNotFoundError: `by` may not read the case.
    """
    row = (
        EndProposal.objects.select_related("case")
        .filter(case__number=number)
        .order_by("-id")
        .first()
    )
    if row is None:
        return None
    if not may_read(row.case, by):
        raise CaseNotFoundError
    return _view(row)


def open_end_proposals(
    *, by: Actor, after: int | None = None, limit: int = PAGE_LIMIT
) -> tuple[list[EndView], int | None]:
    """List the proposals that wait for a decision where `by` proposes or decides, oldest first.

    One query. The second value is the key of the next page.
    """
    codes = by.departments(Permission.CASE_END) | by.departments(Permission.CASE_END_PROPOSE)
    rows = EndProposal.objects.select_related("case").filter(outcome="")
    if EVERYWHERE not in codes:
        rows = rows.filter(department_code__in=sorted(codes))
    if after is not None:
        rows = rows.filter(id__gt=after)
    size = max(1, min(limit, PAGE_LIMIT))
    found = list(rows.order_by("id")[: size + 1])
    key = found[size - 1].pk if len(found) > size else None
    return [_view(row) for row in found[:size]], key


def _view(row: EndProposal) -> EndView:
    case = row.case
    return EndView(
        number=case.number,
        query_code=case.query_code,
        item_name=case.item_name,
        holder_name=case.applicant_name,
        case_state=CaseState(case.state),
        kind=EndKind(row.kind),
        ground=GROUNDS[row.ground],
        facts=row.facts,
        evidence=row.evidence,
        compensation=row.compensation,
        department=row.department_code,
        proposed_by=row.proposed_by,
        proposed_by_name=row.proposed_by_name,
        proposed_at=row.proposed_at,
        views_due_on=row.views_due_on,
        statement=row.statement,
        stated_at=row.stated_at,
        outcome=EndOutcome(row.outcome) if row.outcome else None,
        not_ended=NotEnded(row.not_ended) if row.not_ended else None,
        reason=row.reason,
        public_interest=row.public_interest,
        decided_by_name=row.decided_by_name,
        decided_at=row.decided_at,
    )
