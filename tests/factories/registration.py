"""A small registration of businesses, and the rules that link its scope with permits."""

from __future__ import annotations

import datetime as dt
from typing import Any

from tests.factories import cases
from yiwang.registration import services
from yiwang.registration.policy.notices import ChangeRule, NoticeKind, NoticeRules, ScopeRule, Stage

SHOP = "shop-registration"
CODE = "11310114XXXX01011H4310733001000"
SCOPE = "餐饮服务；软件开发；餐饮设备租赁；危险化学品经营"

RULES = NoticeRules(
    registrar="market",
    centre="centre",
    items=(SHOP,),
    scope_questions=("business_scope",),
    name_questions=("shop_name",),
    claim_workdays=3,
    follow_workdays=30,
    inspect_workdays=20,
    rules=(
        ScopeRule(
            keywords=("餐饮服务", "食品销售"),
            item=cases.RESTAURANT,
            item_name="餐饮服务许可",
            department="market",
            source="食品安全法 第三十五条",
        ),
        ScopeRule(
            keywords=("食品销售（仅销售预包装食品）",),
            item="packed-food",
            item_name="仅销售预包装食品备案",
            department="market",
        ),
        ScopeRule(
            keywords=("餐饮设备",),
            item="equipment",
            item_name="设备许可",
            department="housing",
        ),
        ScopeRule(
            keywords=("危险化学品经营",),
            item="hazardous",
            item_name="危险化学品经营许可",
            department="housing",
            stage=Stage.PRE,
        ),
    ),
    general=("软件开发", "餐饮管理", "技术服务、技术开发", "信息咨询（不含许可类信息咨询）"),
    changes=(
        ChangeRule(
            item=SHOP,
            question="request_kind",
            kind=NoticeKind.SCOPE,
            options=("change",),
            text="new_scope",
        ),
    ),
    source="上海市优化营商环境条例 第十七条（测试）",
)


def item(**changes: Any) -> dict[str, Any]:
    """Return the definition of a registration that persons and firms hand in."""
    return (
        cases.card()
        | {
            "slug": SHOP,
            "name": "示例设立登记",
            "task_code": CODE,
            "handling_code": f"{CODE}01",
            "audiences": ["person", "entity"],
            "questionnaire": [
                {
                    "id": "request_kind",
                    "label": "办哪一种？",
                    "kind": "choice",
                    "options": {"new": "新办", "change": "变更范围", "move": "搬地方"},
                }
            ],
            "sections": [
                {
                    "id": "business",
                    "title": "经营情况",
                    "questions": [
                        {"id": "shop_name", "label": "名称", "kind": "text", "optional": True},
                        {"id": "phone", "label": "电话", "kind": "phone", "optional": True},
                        {
                            "id": "business_scope",
                            "label": "经营范围",
                            "kind": "long_text",
                            "max_length": 1000,
                            "when": {"request_kind": "new"},
                        },
                        {
                            "id": "new_scope",
                            "label": "变更后的经营范围",
                            "kind": "long_text",
                            "max_length": 1000,
                            "when": {"request_kind": "change"},
                        },
                    ],
                }
            ],
        }
        | changes
    )


def prepare(at: dt.datetime = cases.FRIDAY) -> None:
    """Publish the registration and save the rules."""
    cases.publish(item())
    services.save_rules(RULES, by="system:test", at=at)
