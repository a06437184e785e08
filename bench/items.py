"""The invented items of the benchmarks, and a token per post."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from bench.district import District

if TYPE_CHECKING:
    from yiwang.catalogue.policy.items import ItemVersion

ORDINARY, COMMITMENT, AUTOMATIC, OUTSIDE = "bench", "bench-commit", "bench-auto", "bench-out"
STAFF = ("clerk", "reviewer", "approver", "head")
APPLICANT = "restaurant"
"""A demo account that leads a firm."""

RULES: Mapping[str, Any] = {
    "name": "食品经营许可（测速）",
    "note": "自2026年起",
    "facts": [
        {"name": "kind", "label": "经营方式", "kind": "choice", "source": "answer:business_type",
         "options": {"sales": "销售", "catering": "餐饮", "canteen": "食堂"}},
        {"name": "area", "label": "面积", "kind": "number", "source": "answer:area_m2",
         "minimum": 1, "maximum": 100000},
        {"name": "raw", "label": "生食类", "kind": "yes_no", "source": "answer:raw_food"},
        {"name": "channel", "label": "收件渠道", "kind": "text", "source": "case:channel"},
        {"name": "granted", "label": "已准予过", "kind": "yes_no",
         "source": "check:earlier_cases.granted_same_item"},
        {"name": "held", "label": "持有许可", "kind": "yes_no",
         "source": "check:licences.drug_business"},
    ],
    "rows": [
        {"id": "raw", "when": {"raw": True}, "outcome": "hand_over", "reason": "生食类须现场核查"},
        {"id": "small", "when": {"kind": "catering", "area": "≤ 100", "raw": False},
         "outcome": "grant", "reason": "小型餐饮，符合准予条件"},
        {"id": "large", "when": {"kind": "catering", "area": "> 100", "raw": False},
         "outcome": "hand_over", "reason": "面积较大，由工作人员核查"},
        {"id": "otherwise", "outcome": "hand_over", "reason": "其他情形由工作人员核对"},
    ],
    "tests": [
        {"name": "小店", "day": "2026-03-09", "expect": "grant", "row": "small",
         "facts": {"kind": "catering", "area": 80, "raw": False, "channel": "counter",
                   "granted": False, "held": False}},
        {"name": "大店", "day": "2026-03-09", "expect": "hand_over", "row": "large",
         "facts": {"kind": "catering", "area": 300, "raw": False, "channel": "counter",
                   "granted": False, "held": False}},
    ],
}  # fmt: skip
"""What rules do of an ordinary item: answers, the case itself, earlier cases, licences held."""

COMMITTED: Mapping[str, Any] = {
    "commitment": "licence",
    "commitment_terms": {
        "consequences": ["不履行承诺的，责令限期改正；逾期不改正的，依法撤销许可。"],
        "check_method": "site",
        "check_months": 2,
        "correction_days": 30,
        "publish": True,
        "source": "测速",
    },
    "commitment_conditions": [{"id": "place", "text": "有与经营品种相适应的场所。"}],
    "commitment_when": {},
}

UNSEEN: Mapping[str, Any] = {
    "flow": [
        {"role": "accept", "name": "受理", "workdays": 1, "text": "核对申请内容。"},
        {"role": "review", "name": "审查", "workdays": 4, "text": "审查资料。"},
        {"role": "decide", "name": "决定", "workdays": 2, "text": "由另一名审批人员作出决定。"},
        {"role": "decide", "name": "制证", "workdays": 1, "text": "生成并签章电子证照。"},
        {"role": "deliver", "name": "送达", "workdays": 0, "text": "电子证照即时送达。"},
    ],
    "special_steps": [],
}
"""Rules decide only where nobody has to look on the spot."""

UNUSED = (
    "english",
    "commitment_terms",
    "commitment_conditions",
    "commitment_when",
    "direct_safety",
)
"""What the item says of things that its copies leave out: commitment, and why it allows none."""

ANSWERS: Mapping[str, Any] = {
    "business_type": "catering",
    "hot_food": True,
    "raw_food": False,
    "online_sales": False,
    "premises_address": "上海市嘉定区南翔镇示例路11号",
    "area_m2": 80,
    "kitchen_area_m2": 30,
    "seats": 20,
    "manager_name": "张示例",
    "manager_training": True,
    "staff_count": 6,
    "catering_scope": ["hot", "drinks"],
    "entity_name": "上海示例餐饮管理有限公司",
    "legal_representative": "张示例",
    "registered_address": "上海市嘉定区南翔镇示例路11号",
    "contact_phone": "13900001234",
}


def answers_of(applicant: str) -> dict[str, Any]:
    """Return the form of one applicant."""
    return dict(ANSWERS) | {"entity_uscc": applicant.removeprefix("entity:")}


def prepare(district: District, *, licence: bool = False) -> None:
    """Publish the items, make a token per post and per applicant, and look firms up."""
    from django.utils import timezone
    from django.utils.timezone import localdate

    from yiwang.catalogue.services import refresh_search_index
    from yiwang.organisations import queries as organisations
    from yiwang.organisations import services
    from yiwang.organisations.permissions import Actor, Permission
    from yiwang.registers import queries as registers

    at = timezone.now()
    result = {} if licence else {"result": {"kind": "document", "name": "食品经营许可确认书"}}
    _publish(ORDINARY, result)
    _publish(OUTSIDE, result)
    _publish(COMMITMENT, dict(COMMITTED))
    _publish(AUTOMATIC, {"auto_decide": True, "auto_rules": RULES, **UNSEEN})
    for login in (*STAFF, APPLICANT):
        district.tokens[login] = services.issue_token(
            login=login,
            purpose="测速",
            scopes=list(Permission),
            expires_at=at + timedelta(days=1),
            by=Actor(ref=f"user:{login}"),
            at=at,
        ).token
    district.applicants = [one.ref for one in registers.search_entities("上海", limit=100).rows]
    assert district.applicants, "the demo population has firms"
    while refresh_search_index(on=localdate(at)) is not None:
        pass  # else the worker takes the new items into the index in the middle of a walk
    owner = organisations.authenticate_token(district.tokens[APPLICANT], at=at)
    assert owner is not None
    district.firm = next(ref for ref in sorted(owner.subjects) if ref.startswith("entity:"))


def _publish(slug: str, changes: Mapping[str, Any]) -> None:
    from django.db import transaction
    from django.utils import timezone

    from yiwang.catalogue import queries as catalogue
    from yiwang.catalogue import services
    from yiwang.catalogue.policy.parsing import parse_item, to_plain

    at = timezone.now()
    plain = to_plain(catalogue.item("food-business", on=timezone.localdate(at)))
    plain |= {"slug": slug, "name": f"食品经营许可（{slug}）"}
    for unused in UNUSED:
        plain.pop(unused, None)
    plain["materials"] = [
        one for one in plain["materials"] if one.get("waive_by") in {"generated", "register"}
    ]
    for material in plain["materials"]:
        for unused in ("on_commitment", "commitment_days"):
            material.pop(unused, None)
    plain |= {"commitment": "none"} | dict(changes)
    with transaction.atomic():
        version = services.publish_from_pack(
            version=parse_item(plain), pack="bench", by="system:bench", at=at
        )
        if version is not None and version.auto_decide:
            _assess(version, at)


def _assess(version: ItemVersion, at: datetime) -> None:
    """Have the rules assessed; without it they may not go live."""
    from yiwang.cases.policy.assessing import POINTS, Conclusion, Points
    from yiwang.cases.services.assessing import PackAssessment, keep_from_pack

    assert version.auto_rules is not None
    keep_from_pack(
        PackAssessment(
            item_slug=version.slug,
            points=Points(**dict.fromkeys(POINTS, "测速用的规则，只看虚构的申请。")),
            conclusion=Conclusion.FIT,
            sources=tuple(dict.fromkeys(fact.source for fact in version.auto_rules.facts)),
            written_by="测速编写人",
            approved_by="测速批准人",
            approved_at=at,
            source="测速",
            pack="bench",
            sha256="",
        ),
        version=version,
        by="system:bench",
        at=at,
    )
