"""The restaurant of the cases, on notice and commitment, and how to walk it to its check."""

from __future__ import annotations

import datetime as dt
from typing import Any

from tests.factories import cases
from yiwang.cases import services
from yiwang.cases.policy.commitments import CheckOutcome, SignedBy
from yiwang.cases.queries import CaseView, DraftView
from yiwang.catalogue.policy.items import CheckMethod
from yiwang.organisations.permissions import Actor, Post

CHECKER = Actor(ref="user:checker", name="郑核查", posts={"market": frozenset({Post.SUPERVISOR})})
TOLD = ("place", "rules")

TERMS = {
    "consequences": ["不履行承诺的，责令限期改正；逾期不改正的，依法撤销许可。"],
    "check_method": "site",
    "check_months": 2,
    "correction_days": 30,
    "publish": True,
    "source": "示例清单",
}


def restaurant(**changes: Any) -> dict[str, Any]:
    """Return the restaurant item on commitment: the plan comes later, the rules are replaced."""
    whole = cases.restaurant(
        commitment="licence",
        commitment_terms=TERMS,
        commitment_conditions=[
            {"id": "place", "text": "有与经营品种相适应的场所。", "basis": "食品安全法 第三十三条"},
            {"id": "rules", "text": "有保证食品安全的规章制度。"},
        ],
        commitment_when={"kind": "catering"},
    )
    for material in whole["materials"]:
        if material["id"] == "layout":
            material |= {"on_commitment": "later", "commitment_days": 10}
        if material["id"] == "rules":
            material |= {"on_commitment": "replaced", "necessity": "required", "tolerance_days": 0}
    return whole | changes


def district(**changes: Any) -> None:
    """Make the district with the item on commitment."""
    cases.district(items=False)
    cases.publish(restaurant(**changes))
    cases.publish(cases.card())


def sign(draft: DraftView, **changes: Any) -> Any:
    """Sign the letter of a draft of the firm."""
    arguments: dict[str, Any] = {
        "draft_id": draft.id,
        "confirmed": TOLD,
        "accepted": True,
        "signed_how": SignedBy.ACCOUNT,
        "by": cases.FIRM,
        "at": cases.FRIDAY,
    }
    return services.sign_commitment(**(arguments | changes))


def submitted(**changes: Any) -> CaseView:
    """Return a case that was submitted with its letter."""
    draft = cases.draft()
    sign(draft)
    return cases.submit(draft.id, idempotency_key=f"commit-{draft.id}", **changes)


def accepted() -> CaseView:
    """Return a case on commitment that was accepted by a reviewer."""
    return services.accept_case(
        number=submitted().number, calendar=cases.CALENDAR, by=cases.REVIEWER, at=cases.FRIDAY
    )


def grant(number: str, **changes: Any) -> CaseView:
    """Grant a case on commitment."""
    arguments: dict[str, Any] = {
        "number": number,
        "calendar": cases.CALENDAR,
        "by": cases.APPROVER,
        "at": cases.FRIDAY,
    }
    return services.grant_on_commitment(**(arguments | changes))


def granted() -> CaseView:
    """Return a case that was granted on commitment."""
    return grant(accepted().number)


def check(number: str, **changes: Any) -> Any:
    """Record that a check found everything in order, unless told otherwise."""
    arguments: dict[str, Any] = {
        "number": number,
        "outcome": CheckOutcome.PASS,
        "method": CheckMethod.SITE,
        "facts": "场所和制度与承诺一致。",
        "second_officer": "冯同行",
        "by": CHECKER,
        "at": cases.FRIDAY + dt.timedelta(days=30),
    }
    return services.record_check(**(arguments | changes))
