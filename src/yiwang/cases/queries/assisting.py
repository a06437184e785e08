"""Who helped with an application."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from yiwang.cases.models.assisting import CaseAssistance
from yiwang.cases.policy.assisting import AssistanceKind


@dataclass(frozen=True, kw_only=True)
class AssistanceView:
    """Help that was given at the window; the agent's number masked."""

    kind: AssistanceKind
    assisted_by: str
    agent_name: str
    agent_number: str
    consented_at: datetime


def assistance_of(number: str) -> AssistanceView | None:
    """Return the help given with the case `number`, or None."""
    row = CaseAssistance.objects.filter(case__number=number).first()
    if row is None:
        return None
    return AssistanceView(
        kind=AssistanceKind(row.kind),
        assisted_by=row.assisted_by_name,
        agent_name=row.agent_name,
        agent_number=row.agent_number_masked,
        consented_at=row.consented_at,
    )
