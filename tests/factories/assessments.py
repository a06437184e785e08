"""Impact assessments that let the automatic items of tests go live."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

from yiwang.cases.models.assessing import ImpactAssessment
from yiwang.cases.policy.assessing import AssessmentState, Conclusion, Points
from yiwang.cases.services.replaying import rules_digest
from yiwang.catalogue.policy.items import ItemVersion

ASSESSED = dt.datetime(2026, 1, 1, 8, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
"""When the rules that tests publish were assessed."""

POINTS = Points(
    purpose="核对是否符合条件，符合的当时发卡。",
    manner="向登记库各问一次，只取是或否。",
    lawfulness="年龄和户籍是法定的条件，不核对就不能发。",
    effects="准予得快；不符的由工作人员办理。",
    risks="登记过期会使迁出的人仍然得卡。",
    measures="加密保存，每日抽查，可以马上停用，与风险相适应。",
)
"""Something on each point."""


def assess_if_automatic(version: ItemVersion) -> None:
    """Have an item assessed that goes live by machine, and the database look at it at once."""
    if version.auto_decide and version.auto_rules is not None:
        assess(version)
        connection.check_constraints()


def assess(version: ItemVersion, **changes: Any) -> ImpactAssessment:
    """Have somebody approved what the rules of a version do."""
    assert version.auto_rules is not None
    sources = list(dict.fromkeys(fact.source for fact in version.auto_rules.facts))
    values = {
        "item_slug": version.slug,
        "department": version.department,
        "item_version": version.version or 1,
        "rules_name": version.auto_rules.name,
        "rules_sha256": rules_digest(version.auto_rules),
        "reads": [{"source": one, "words": one} for one in sources],
        "sources": sources,
        "conclusion": Conclusion.FIT.value,
        "state": AssessmentState.APPROVED.value,
        "written_by": "user:owner",
        "written_by_name": "冯编写",
        "written_at": ASSESSED,
        "approved_by": "user:head",
        "approved_by_name": "周负责",
        "approved_at": ASSESSED,
        "review_on": dt.date(2027, 1, 1),
        **asdict(POINTS),
    }
    return ImpactAssessment.objects.create(**(values | changes))
