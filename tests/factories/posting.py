"""An item whose result may be posted, and cases of it from the portal and from the window."""

from __future__ import annotations

from typing import Any

from tests.factories import cases, steps
from yiwang.cases import services
from yiwang.cases.policy.terms import Outcome
from yiwang.cases.queries import CaseView

POSTED = "posted"
PLACE: dict[str, str] = {
    "to_name": "王经办",
    "phone": "139 0000 5678",
    "address": "嘉定区南翔镇示例路9号201室",
}


def publish() -> None:
    """Publish the item."""
    cases.publish(cases.without_materials(slug=POSTED, mail_result=True, **steps.coded(61)))


def online(**changes: Any) -> CaseView:
    """Return a case that the firm submitted on the portal."""
    draft = cases.draft(**({"item_slug": POSTED} | changes))
    return cases.submit(draft.id, idempotency_key=f"posted-{draft.id}")


def grant(number: str, outcome: Outcome = Outcome.GRANT) -> CaseView:
    """Have a case accepted, reviewed and decided; one of the portal is closed by it."""
    services.accept_case(number=number, calendar=cases.CALENDAR, by=cases.CLERK, at=cases.FRIDAY)
    services.propose(
        number=number, outcome=outcome, opinion="已审查", by=cases.REVIEWER, at=cases.FRIDAY
    )
    return services.decide(
        number=number,
        outcome=outcome,
        reason="" if outcome is Outcome.GRANT else "场所不符合要求",
        article="" if outcome is Outcome.GRANT else "食品安全法 第三十三条",
        calendar=cases.CALENDAR,
        by=cases.APPROVER,
        at=cases.FRIDAY,
    )
